"""Migrations and transactions."""

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from minutes.tables import metadata as minutes_metadata
from rooms.store import metadata as rooms_metadata
from server.database import Database, sqlite_url
from server.directory import metadata as directory_metadata

METADATA = [rooms_metadata, minutes_metadata, directory_metadata]


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": METADATA})
    found: list[object] = compare_metadata(context, METADATA)  # type: ignore[arg-type]
    return found


async def test_the_migrations_make_exactly_the_tables_that_the_code_declares(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    await database.migrate()
    await database.close()


async def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
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


async def test_concurrent_writers_wait_for_each_other(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
        await connection.execute(text("INSERT INTO t VALUES (0)"))

    async def count_up() -> None:
        async with database.begin() as connection:
            n = (await connection.execute(text("SELECT n FROM t"))).scalar()
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE t SET n = :n"), {"n": n + 1})

    await asyncio.gather(*(count_up() for _ in range(50)))
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT n FROM t"))).scalar() == 50
    await database.close()
