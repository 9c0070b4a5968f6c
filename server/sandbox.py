"""A place without network and without our files, for programs that open what strangers wrote (bubblewrap, Linux).

What runs there sees the system's programs, its own folder and nothing else; its whole process tree ends with us.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

_SYSTEM = ("/usr", "/etc/fonts", "/etc/libreoffice", "/etc/alternatives", "/etc/ld.so.cache")
_LINKS = ("bin", "lib", "lib64", "sbin")
AT_ONCE = 2
"""Files that are looked into: one may take two gigabytes of memory and a minute of a processor."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def turn() -> asyncio.Semaphore:
    """What is held while such a program runs that somebody waits for; nobody holds two."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


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
