"""A place without network and without our files, for programs that open what strangers wrote (bubblewrap, Linux).

What runs there sees the system's programs, its own folder and nothing else; its whole process tree ends with us.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

from server.rate import Waiting

_SYSTEM = ("/usr", "/etc/fonts", "/etc/libreoffice", "/etc/alternatives", "/etc/ld.so.cache")
_LINKS = ("bin", "lib", "lib64", "sbin")
AT_ONCE = 2
"""Programs that look into files: one may take two gigabytes of memory and a minute of a processor."""
FILES = 12
"""Files that are in memory, each with somebody who waits, while one program after the other looks into them."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_places: WeakKeyDictionary[asyncio.AbstractEventLoop, Waiting] = WeakKeyDictionary()


def turn() -> asyncio.Semaphore:
    """What is held while such a program runs that somebody waits for; nobody holds two. Whoever may be one of many has
    a `place` around all turns of a file: so nobody is sent away half-way."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


def place() -> AbstractAsyncContextManager[None]:
    """What is held for a file until all of it was looked into. Entering raises Problem("files_waiting") where as many
    as there may be have one; nobody holds two."""
    full = Waiting(served=FILES, waiting=0, full="files_waiting")
    return _places.setdefault(asyncio.get_running_loop(), full).turn()


@cache
def walls() -> bool:
    """Whether this machine can make such a place: bubblewrap is installed and namespaces are allowed."""
    if shutil.which("bwrap") is None:
        return False
    command = confined(["/usr/bin/true"], writable=Path("/usr"))
    tried = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own words
    return tried.returncode == 0


def confined(command: Sequence[str], *, writable: Path, readable: Iterable[Path] = ()) -> list[str]:
    """The command line that runs `command` there. `writable`: the only folder that outlives it; `readable` is seen
    at its own path. The environment is empty but for PATH, HOME and LANG."""
    line = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in (("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("LANG", "C.UTF-8")):  # noqa: S108
        line += ["--setenv", name, value]
    line += ["--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"]  # noqa: S108
    for path in _SYSTEM:
        line += ["--ro-bind-try", path, path]
    for name in _LINKS:
        # Debian has /bin -> usr/bin; elsewhere they are folders.
        where = Path("/", name)
        link = where.is_symlink()
        line += ["--symlink" if link else "--ro-bind-try", str(where.readlink() if link else where), str(where)]
    for seen in readable:
        line += ["--ro-bind", str(seen), str(seen)]
    return [*line, "--bind", str(writable), str(writable), "--chdir", str(writable), *command]
