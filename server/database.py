"""The one database of an installation: engine, pragmas, transactions and migrations.

SQLite (WAL, synchronous=FULL) is the embedded default; a PostgreSQL URL runs the same code. On both there is one writer
at a time, so that what a transaction has read still holds when it writes.
"""

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

_WRITER = 0x67_69_61_6F_62_61_6E
"""Of PostgreSQL's advisory locks, the one that a writer holds: another process may use the same database."""
MIGRATIONS = Path(__file__).parent / "migrations"


def sqlite_url(path: Path) -> str:
    """SQLAlchemy URL of the SQLite file at `path`."""
    return f"sqlite+aiosqlite:///{path}"


class Database:
    """Hands out connections; every write is one transaction, durable when its block ends. As a context it closes."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url)
        self._sqlite = self._engine.dialect.name == "sqlite"
        # Waiting here is fair, keeps no connection, and never ends in "database is locked".
        self._writer = asyncio.Lock()
        if self._sqlite:
            event.listen(self._engine.sync_engine, "do_connect", _sqlite_connect)
            event.listen(self._engine.sync_engine, "connect", _sqlite_pragmas)
            event.listen(self._engine.sync_engine, "begin", _sqlite_begin)

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction: committed when the block ends, rolled back when it raises."""
        async with self._writer, self._engine.connect() as connection:
            await connection.execution_options(giaoban_write=True)
            async with connection.begin():
                if not self._sqlite:
                    await connection.execute(select(func.pg_advisory_xact_lock(_WRITER)))
                yield connection

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent read, of one moment; what is written in it is rolled back."""
        async with self._engine.connect() as connection:
            if not self._sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    async def migrate(self) -> None:
        """Bring the schema to the newest revision (Alembic)."""
        async with self.begin() as connection:
            await connection.run_sync(_upgrade)

    async def rewrite(self, tables: Sequence[str]) -> None:
        """Write `tables` anew (SQLite: everything), so that what was deleted is in no free page and no log of writes
        any more. Others wait meanwhile."""
        async with self._writer, self._engine.connect() as connection:
            if self._sqlite:
                await connection.execution_options(giaoban_alone=True)
                await connection.exec_driver_sql("INSERT INTO search_index (search_index) VALUES ('optimize')")
                await connection.exec_driver_sql("VACUUM")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                return
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for name in tables:
                await connection.exec_driver_sql(f"VACUUM FULL {connection.dialect.identifier_preparer.quote(name)}")

    async def close(self) -> None:
        """Close every connection; SQLite folds its write-ahead log back in."""
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


def _upgrade(connection: Connection) -> None:
    if MigrationContext.configure(connection).get_current_heads() == _newest():
        return
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@functools.cache
def _newest() -> tuple[str, ...]:
    """The revision that this program needs; the modules of all migrations are read for it, so only once."""
    return tuple(ScriptDirectory.from_config(_alembic()).get_heads())


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


class _Connection(aiosqlite.Connection):
    """Tells its thread to end only once, for `close` waits for the answer and a thread that has ended gives none.

    Who is cancelled in a query has the connection closed by a task of SQLAlchemy's; when a loop cancels what is left,
    on a disk so slow that both still wait, both say it. The second would never end, nor would the server.
    """

    def stop(self) -> asyncio.Future[Any] | None:
        return super().stop() if self._running else None


def _sqlite_connect(_dialect: Dialect, _entry: ConnectionPoolEntry, _place: object, options: dict[str, Any]) -> None:
    options["async_creator_fn"] = _opened


def _opened(path: str, **options: Any) -> _Connection:
    connection = _Connection(functools.partial(sqlite3.connect, path, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy has it: what nobody closed keeps no process alive
    return connection


def _sqlite_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN is switched off so that _sqlite_begin decides between IMMEDIATE and DEFERRED.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("giaoban_alone", False):  # VACUUM is no part of a transaction
        return
    write = options.get("giaoban_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
