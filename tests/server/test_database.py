"""Migrations and transactions."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

import minutes.casefiles.store
import minutes.days.store
import minutes.described.store
import minutes.redaction.store
import minutes.registers.store
import minutes.tasks.tables
import minutes.workflow.tables  # noqa: F401 - declare tables in the records' metadata
from minutes.deposits import store as deposits
from minutes.deposits.entry import Entry, Kind
from minutes.interrupted.store import metadata as minutes_metadata
from rooms.store import metadata as rooms_metadata
from server.certificates import metadata as directory_metadata
from server.council import metadata as council_metadata
from server.database import MIGRATIONS, Database, sqlite_url
from server.editing.tables import metadata as editing_metadata
from server.inviting import metadata as inviting_metadata
from server.outbox import metadata as outbox_metadata
from server.papers_tables import metadata as papers_metadata
from server.series_tables import metadata as series_metadata
from tests.postgresql import ON_BOTH

METADATA = [
    rooms_metadata,
    minutes_metadata,
    directory_metadata,
    outbox_metadata,
    papers_metadata,
    inviting_metadata,
    editing_metadata,
    series_metadata,
    council_metadata,
]


def declared(name: str | None, kind: str, _parents: object) -> bool:
    """The index of the search is of each database's own kind (minutes.searching.store)."""
    return kind != "table" or not (name or "").startswith("search_index")


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "target_metadata": METADATA, "include_name": declared}
    context = MigrationContext.configure(connection, opts=options)
    found: list[object] = compare_metadata(context, METADATA)  # type: ignore[arg-type]
    return found


async def test_the_migrations_make_exactly_the_tables_that_the_code_declares(
    tmp_path: Path, new_database: Callable[[Path], str]
) -> None:
    database = Database(new_database(tmp_path / "db.sqlite3"))
    await database.migrate()
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


@ON_BOTH
async def test_migrating_twice_changes_nothing(tmp_path: Path, new_database: Callable[[Path], str]) -> None:
    database = Database(new_database(tmp_path / "db.sqlite3"))
    await database.migrate()
    await database.migrate()
    await database.close()


@ON_BOTH
async def test_a_failed_transaction_leaves_nothing(tmp_path: Path, new_database: Callable[[Path], str]) -> None:
    database = Database(new_database(tmp_path / "db.sqlite3"))
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
    try:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (1)"))
            raise RuntimeError
    except RuntimeError:
        pass
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar() == 0
    await database.close()


@ON_BOTH
async def test_concurrent_writers_wait_for_each_other(tmp_path: Path, new_database: Callable[[Path], str]) -> None:
    url = new_database(tmp_path / "db.sqlite3")
    database = Database(url)
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
        await connection.execute(text("INSERT INTO t VALUES (0)"))

    # On PostgreSQL another process may write as well (`giaoban backup` beside `giaoban serve`).
    other = Database(url)

    async def count_up(one: Database) -> None:
        async with one.begin() as connection:
            n = (await connection.execute(text("SELECT n FROM t"))).scalar()
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE t SET n = :n"), {"n": n + 1})

    await asyncio.gather(*(count_up(one) for one in (database, other) for _ in range(25)))
    await other.close()
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT n FROM t"))).scalar() == 50
    await database.close()


async def test_who_is_cancelled_while_a_slow_disk_keeps_the_connection_ends(tmp_path: Path) -> None:
    """As a loop that closes cancels whatever is left: here a query, and what closes its connection because of that."""
    database = Database(sqlite_url(tmp_path / "db"))
    reached, free = threading.Event(), threading.Event()

    def stand_still() -> None:
        reached.set()
        free.wait()

    async def look() -> None:
        async with database.read() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            await raw.create_function("stand_still", 0, stand_still)
            await connection.execute(text("SELECT stand_still()"))

    begun = asyncio.all_tasks()
    looking = asyncio.create_task(look())
    await asyncio.to_thread(reached.wait)
    looking.cancel()
    while len(left := asyncio.all_tasks() - begun) < 2:
        await asyncio.sleep(0)  # until the connection is being closed
    await asyncio.sleep(0)
    for task in left:
        task.cancel()
    await asyncio.sleep(0)  # both have heard it
    free.set()
    await asyncio.wait(left)
    assert looking.cancelled()
    await database.close()


async def test_deposits_from_before_the_log_get_the_leaves_of_their_entries(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "db"))
    columns = "id, kind, state, unit_id, unit_name, abbreviation, title, search, place, version, code, signers, "
    columns += "published, year, number, symbol, digest, created_at, changed_at"
    row = "'d1', 'BB', 'sealed', 'lam-son', 'U', 'UBND', 't', 't', 'p', 1, 'c', '[]', 0, 2026, 7, 'BB-UBND', "
    row += f"'{'a' * 64}', '2026-01-01T00:00:00.000000+00:00', '2026-01-01T00:00:00.000000+00:00'"
    async with database.begin() as connection:
        await connection.run_sync(migrate_to, "0007")
        for statement in (
            f"INSERT INTO document ({columns}) VALUES ({row})",
            'INSERT INTO document_act (document_id, at, act, "by") VALUES '
            "('d1', '2026-02-05T09:30:00.000000+00:00', 'seal', '[]')",
            f"INSERT INTO deposit VALUES (0, '{'a' * 64}', '{'b' * 64}', 'd1', 1)",
            f"INSERT INTO fingerprint VALUES ('{'a' * 64}', 0, x'0011223344556677')",
        ):
            await connection.exec_driver_sql(statement)
    await database.migrate()
    async with database.read() as connection:
        (logged,) = await deposits.entries(connection)
        assert await deposits.equal_blocks(connection, [bytes.fromhex("0011223344556677")]) == {"a" * 64: 1}
    at = datetime(2026, 2, 5, 9, 30, tzinfo=UTC)
    assert logged.entry == Entry("a" * 64, Kind.DOCUMENT, "d1", "lam-son/2026/07/BB-UBND", at)
    assert logged.leaf == logged.entry.leaf
    await database.close()


def migrate_to(connection: Connection, revision: str) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
