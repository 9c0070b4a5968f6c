"""What a process and its children cost, as the kernel counts it."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    found, todo = [], [root]
    while todo:
        process = todo.pop()
        found.append(process)
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                todo += [int(child) for child in children.read_text().split()]
    return found


def cpu(root: int) -> float:
    """utime + stime of the tree, in seconds (of 10 ms resolution)."""
    ticks = 0
    for process in tree(root):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def memory(root: int) -> int:
    """Memory of the tree that is of no file, in kilobytes. What programs and libraries take is left out: the kernel's
    proportional count of it moves with every other process that uses the same."""
    total = 0
    for process in tree(root):
        with contextlib.suppress(OSError):
            found = re.search(r"^Anonymous:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total


def threads(root: int) -> int:
    return sum(len(os.listdir(f"/proc/{process}/task")) for process in tree(root))


def descriptors(root: int) -> int:
    return sum(len(os.listdir(f"/proc/{process}/fd")) for process in tree(root))


def thread_cpu(root: int) -> float:
    """Seconds of CPU of the main thread: where the server's Python runs."""
    return int(Path(f"/proc/{root}/task/{root}/schedstat").read_text().split()[0]) / 1e9


def keep_apart(root: int) -> None:
    """Give the process (with all its threads) one core and ourselves the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return
    for process in tree(root):
        for thread in os.listdir(f"/proc/{process}/task"):
            os.sched_setaffinity(int(thread), cores[:1])
    os.sched_setaffinity(0, cores[1:])


def share_cores() -> None:
    """Undo keep_apart for ourselves."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
