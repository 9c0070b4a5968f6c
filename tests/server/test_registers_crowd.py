"""Fifty clerks at once, in two processes on PostgreSQL: no number is missing and none is given twice."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from minutes.document import Actor
from minutes.register import EntryState
from minutes.registers import entry, store
from server.database import Database
from tests.minutes.test_registers import PAPER, RECEIVED, TODAY
from tests.postgresql import ON_BOTH

NOW = datetime(2026, 6, 15, 3, tzinfo=UTC)
CLERKS, EACH = 50, 4


@ON_BOTH
async def test_fifty_clerks_leave_no_gap_and_no_double(tmp_path: Path, new_database: Callable[[Path], str]) -> None:
    url = new_database(tmp_path / "db")
    # A SQLite file has one process.
    databases = [Database(url) for _ in range(2 if url.startswith("postgresql") else 1)]
    await databases[0].migrate()

    async def work(clerk: int) -> None:
        by = Actor(f"c{clerk}", f"Cúc {clerk}", "Văn thư")
        for turn in range(EACH):
            paper = entry.paper({**PAPER, "subject": f"Việc {clerk}.{turn}"})
            came = entry.received({**RECEIVED, "number_symbol": f"{clerk}/{turn}"}, TODAY)
            with suppress(InterruptedError):
                async with databases[clerk % len(databases)].begin() as connection:
                    await store.add_paper(connection, "u", paper, "TB-UBND", by, NOW, EntryState.RESERVED)
                    await store.add_incoming(connection, "u", came, None, None, None, by, NOW)
                    if turn == clerk % EACH:
                        raise InterruptedError  # the machine was switched off before the end

    await asyncio.gather(*map(work, range(CLERKS)))
    async with databases[0].read() as connection:
        out = [one.number for one in await store.outgoing(connection, "u", 2026)]
        came = [one.number for one in await store.incoming(connection, "u", 2026)]
    assert out == came == list(range(1, CLERKS * (EACH - 1) + 1))
    for one in databases:
        await one.close()
