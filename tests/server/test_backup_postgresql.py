"""The same with PostgreSQL: its rows come along, and the archive is proved in the new database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from server import config
from server.backup import Made, backup
from server.commands import archive
from server.database import Database
from server.errors import SetupError
from server.vault import open_vault
from tests import postgresql

NOW = datetime(2026, 2, 5, 9, 30, tzinfo=UTC)
QUIET = Console(quiet=True)

pytestmark = pytest.mark.skipif(postgresql.installed() is None, reason="PostgreSQL is not installed")


async def filled(data: Path, demo_at: Callable[[Path], Awaitable[str]]) -> config.Config:
    settings = config.load(None, data=data, database={"url": await demo_at(data)})
    database = Database(settings.database_url)
    await open_vault(settings, database).anchor()
    await database.close()
    return settings


async def spoil(settings: config.Config) -> None:
    database = Database(settings.database_url)
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE register_entry SET number = 9")
    await database.close()


def test_an_office_on_postgresql_comes_back_in_an_empty_database(
    tmp_path: Path, postgresql_create: Callable[..., str], demo_on_postgresql: Callable[[Path], Awaitable[str]]
) -> None:
    old = asyncio.run(filled(tmp_path / "old", demo_on_postgresql))
    *_, made = backup(old, tmp_path / "office.tar", NOW)
    assert isinstance(made, Made)
    with pytest.raises(SetupError, match="sqlite"):
        archive.make_anew(config.load(None, data=tmp_path / "a"), tmp_path / "office.tar", QUIET)
    taken = config.load(None, data=tmp_path / "b", database={"url": old.database_url})
    with pytest.raises(SetupError, match="không trống"):
        archive.make_anew(taken, tmp_path / "office.tar", QUIET)
    new = config.load(None, data=tmp_path / "new", database={"url": postgresql_create()})
    result = archive.make_anew(new, tmp_path / "office.tar", QUIET)
    assert (result.findings, result.deposits, result.anchors) == ((), 2, 1)
    assert not list(new.data.glob("*.pgdump"))
    asyncio.run(spoil(new))
    assert "sổ đăng ký" in archive.prove(new, (), QUIET).findings[0].sentence
