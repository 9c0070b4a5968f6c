"""Fifty clerks who enter at once: numbers a second on either database, and whether any is missing or given twice.

`python -m bench.registers`. On PostgreSQL (a cluster of its own, without fsync) half of them come through a second
`Database`, as if of another process.
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from minutes.document import Actor
from minutes.register import EntryState
from minutes.registers import book, entry, store
from minutes.sheets import LAYOUT
from minutes.typeset import Typesetter
from server.database import Database, sqlite_url
from tests import postgresql
from tests.minutes.test_registers import PAPER

CLERKS, EACH = 50, 20
NOW = datetime(2026, 6, 15, 3, tzinfo=UTC)


async def crowd(databases: Sequence[Database]) -> tuple[float, float, bool]:
    """(numbers a second, our CPU milliseconds a number, whether they are 1, 2, 3…)."""
    await databases[0].migrate()

    async def work(clerk: int) -> None:
        for turn in range(EACH):
            paper = entry.paper({**PAPER, "subject": f"Việc {clerk}.{turn}"})
            async with databases[clerk % len(databases)].begin() as connection:
                by = Actor(f"c{clerk}", "Cúc", "Văn thư")
                await store.add_paper(connection, "u", paper, "TB-UBND", by, NOW, EntryState.COMPLETE)

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(work, range(CLERKS)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    async with databases[0].read() as connection:
        numbers = [one.number for one in await store.outgoing(connection, "u", 2026)]
    for one in databases:
        await one.close()
    total = CLERKS * EACH
    return total / seconds, 1000 * cpu / total, numbers == list(range(1, total + 1))


def printed(lines: int) -> tuple[float, int]:
    """(CPU seconds, pages' octets) of the printed register of a year."""
    paper = entry.paper(PAPER)
    rows = [
        entry.Outgoing("TB", number, "TB-UBND", paper.issued_on, "Thông báo", paper.subject, paper.signer,
                       paper.recipients, paper.keeper, paper.copies, "", EntryState.COMPLETE, NOW)
        for number in range(1, lines + 1)
    ]  # fmt: skip
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    made = Typesetter().sheets(LAYOUT, book.outgoing(["UBND"], 2026, rows), at=NOW)
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - used, len(made)


def main() -> None:
    """Print a line each."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": asyncio.run(crowd([Database(sqlite_url(Path(folder) / "db"))]))}
        if postgresql.installed() is not None:
            with postgresql.cluster() as socket:
                url = postgresql.create(socket, "bench")
                found["PostgreSQL"] = asyncio.run(crowd([Database(url), Database(url)]))
    for name, (each, cpu, whole) in found.items():
        value = f"{each:.0f} a second, {cpu:.1f} ms CPU each"
        sound = "met " if whole else "MISSED"
        print(f"{sound:7}{f'50 clerks at once, {name}':62} {value:34} no gap and no double", flush=True)
    seconds, octets = printed(2000)
    print(
        f"{'':7}{'a register of 2,000 lines, typeset':62} {f'{seconds:.1f} s CPU, {octets // 1000} kB':34}", flush=True
    )


if __name__ == "__main__":
    main()
