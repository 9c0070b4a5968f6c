"""A PostgreSQL of the tests' own: a cluster in a folder that goes away, reached by its socket and by nothing else.

Tests that ask for `new_database` (or for a fixture that does) run on SQLite; those of a module with
`pytestmark = ON_BOTH` on each of the two, and all of them on the other with GIAOBAN_TEST_DATABASE=postgresql.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from server.database import sqlite_url
from tests import limits

PROGRAMS = Path("/usr/lib/postgresql")
OWNER = "postgres"


def installed() -> Path | None:
    """Where initdb and postgres are, of the newest version."""
    found = sorted(PROGRAMS.glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def cluster() -> Iterator[Path]:
    """Runs; the folder of its socket. PostgreSQL refuses to run as root, so there its own user runs it."""
    programs = installed()
    assert programs is not None
    root = Path(tempfile.mkdtemp(prefix="giaoban-pg-"))
    as_owner = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
    if as_owner:
        shutil.chown(root, OWNER)
    data = root / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_owner, *command], check=True, stdout=subprocess.DEVNULL, cwd=root, timeout=60)

    try:
        run(str(programs / "initdb"), "-D", str(data), "-U", OWNER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8",
            "--no-sync")  # fmt: skip
        options = f"-c listen_addresses= -c unix_socket_directories={root} -c fsync=off"
        run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(root / "log"), "start")
        try:
            yield root
        finally:
            run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def process_of(socket: Path) -> int:
    """The process of a cluster that runs."""
    return int((socket / "data" / "postmaster.pid").read_text().split()[0])


def create(socket: Path, name: str, *, like: str | None = None) -> str:
    """A new database, empty or with all that is in `like` (to which nobody is connected); its URL."""
    copied = [] if like is None else ["-T", like]
    subprocess.run(["createdb", "-h", str(socket), "-U", OWNER, *copied, name], check=True, timeout=60)
    return f"postgresql+asyncpg://{OWNER}@/{name}?host={socket}"


ON_BOTH = pytest.mark.parametrize(
    "database_kind",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.skipif(installed() is None, reason="PostgreSQL is not installed")),
    ],
)


@pytest.fixture
def database_kind() -> str:
    """On which of the two the test runs."""
    return os.environ.get("GIAOBAN_TEST_DATABASE", "sqlite")


@pytest.fixture(scope="session")
def postgresql_create(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Makes a database in a cluster that is started for the first; takes the name of one that it shall be like."""
    names = (f"test{number}" for number in count(1))
    with ExitStack() as running:
        socket: list[Path] = []

        def make(like: str | None = None) -> str:
            if not socket:
                socket.append(running.enter_context(cluster()))
                request.config.stash[limits.SERVING].add(process_of(socket[0]))
            return create(socket[0], next(names), like=like)

        yield make


@pytest.fixture
def new_database(database_kind: str, postgresql_create: Callable[..., str]) -> Callable[[Path], str]:
    """The URL of a new, empty database; of SQLite it is the file at the path."""
    return (lambda _path: postgresql_create()) if database_kind == "postgresql" else sqlite_url
