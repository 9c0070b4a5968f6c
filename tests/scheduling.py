"""Keeps a test run in its place: nothing it starts becomes a real-time process, and nothing outlives it.

A browser whose threads are real-time can hold every processor for minutes, and then nothing else runs, not even what
would end it. So a run gives up the capability for all that it starts (`renounce`), and a process beside it watches
(`python -m tests.scheduling PID SECONDS`): it puts whoever became real-time nevertheless back among the others, says
on stderr who that was and from whom it may have it, and ends what the run leaves behind when it dies. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 24, 36  # prctl(2)
CAP_SYS_NICE = 23  # capabilities(7)
SCHED_RESET_ON_FORK = 0x40000000
CLASSES = {0: "other", 1: "FIFO", 2: "RR", 3: "batch", 5: "idle", 6: "deadline"}
REAL_TIME = (1, 2, 6)
TOLD = 8  # processes named in one look; of a whole run that turned real-time a few are enough


@dataclass(frozen=True)
class Process:
    """`started` is in clock ticks since boot: with the pid it names a process for good (proc(5))."""

    pid: int
    parent: int
    started: int
    name: str

    def __str__(self) -> str:
        policy, priority = _class(self.pid)
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - self.started / os.sysconf("SC_CLK_TCK")
        began = time.strftime("%H:%M:%S", time.localtime(time.time() - age))
        return f"{self.name} {self.pid} ({CLASSES.get(policy, policy)} {priority}, since {began})"


def process(pid: int) -> Process | None:
    """None: there is no such process, or it has ended and only waits to be asked how."""
    try:
        head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = tail.split()
    return None if fields[0] in "ZX" else Process(pid, int(fields[1]), int(fields[19]), head.partition("(")[2])


def processes() -> dict[int, Process]:
    found = (process(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {one.pid: one for one in found if one is not None}


def ancestors(pid: int, among: dict[int, Process]) -> Iterator[Process]:
    """Nearest first."""
    while pid in among and (parent := among[pid].parent) in among:
        yield among[parent]
        pid = parent


def descendants(pid: int, among: dict[int, Process]) -> list[Process]:
    """Children first, theirs after them."""
    families: dict[int, list[Process]] = {}
    for one in among.values():
        families.setdefault(one.parent, []).append(one)
    found = list(families.get(pid, []))
    for one in found:  # grows while it is read
        found += families.get(one.pid, [])
    return found


def _class(thread: int) -> tuple[int, int]:
    """Scheduling policy and real-time priority of a thread; of one that has gone: of nobody."""
    try:
        return os.sched_getscheduler(thread) & ~SCHED_RESET_ON_FORK, os.sched_getparam(thread).sched_priority
    except ProcessLookupError:
        return os.SCHED_OTHER, 0


def real_time(pid: int) -> list[int]:
    """The threads of a process that are real-time."""
    try:
        threads = [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [thread for thread in threads if _class(thread)[0] in REAL_TIME]


def calm(pid: int) -> bool:
    """Put the real-time threads of a process back among the others; whether there were any."""
    threads = real_time(pid)
    for thread in threads:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kept = os.sched_getscheduler(thread) & SCHED_RESET_ON_FORK  # only the privileged may take it away
            os.sched_setscheduler(thread, os.SCHED_OTHER | kept, os.sched_param(0))
    return bool(threads)


def renounce() -> None:
    """Nothing that this process starts from now on can make itself, or others, real-time."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)  # refused where there is nothing to give up
    with contextlib.suppress(ValueError):  # already lower
        resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))


def adopt() -> None:
    """What its parent leaves alone becomes a child of this process, not of init: so it stays a descendant."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def look(run: int, by: int) -> list[Process]:
    """Calm a run and what it started, tell of it on stderr; returns what it started, without the watcher `by`."""
    among = processes()
    started = [one for one in descendants(run, among) if one.pid != by]
    told = 0
    for one in [among[run], *started] if run in among else started:
        line = f"{one}; its parents: {' < '.join(map(str, ancestors(one.pid, among)))}"
        if calm(one.pid):
            told += 1
            if told <= TOLD:
                print(f"put back from real-time scheduling: {line}", file=sys.stderr, flush=True)
    if told > TOLD:
        print(f"put back from real-time scheduling: {told - TOLD} more", file=sys.stderr, flush=True)
    return started


def alive(one: Process) -> bool:
    now = process(one.pid)
    return now is not None and now.started == one.started


def end(those: list[Process]) -> None:
    for one in those:
        if alive(one):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)


def watch(run: int, seconds: float) -> None:
    """Look at `run`, our parent, every so often; when it has ended, end what it had started."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # to have its turn beside those that it is to calm
    seen: dict[tuple[int, int], Process] = {}
    while os.getppid() == run:
        seen.update({(one.pid, one.started): one for one in look(run, os.getpid())})
        seen = {key: one for key, one in seen.items() if alive(one)}
        time.sleep(seconds)
    end(list(seen.values()))


if __name__ == "__main__":
    watch(int(sys.argv[1]), float(sys.argv[2]))
