"""The same with PostgreSQL: its rows come along, and the archive is proved in the new database."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from server import config, demo
from server.backup import Made, backup
from server.commands import archive
from server.database import Database
from server.errors import SetupError
from server.vault import open_vault
from tests import postgresql

NOW = datetime(2026, 2, 5, 9, 30, tzinfo=UTC)
QUIET = Console(quiet=True)

pytestmark = pytest.mark.skipif(postgresql.installed() is None, reason="PostgreSQL is not installed")


async def filled(settings: config.Config) -> None:
    settings.data.mkdir()
    await demo.prepare(settings)
    database = Database(settings.database_url)
    await open_vault(settings, database).anchor()
    await database.close()


async def spoil(settings: config.Config) -> None:
    database = Database(settings.database_url)
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE register_entry SET number = 9")
    await database.close()


def test_an_office_on_postgresql_comes_back_in_an_empty_database(tmp_path: Path) -> None:
    with postgresql.cluster() as socket:
        old = config.load(None, data=tmp_path / "old", database={"url": postgresql.create(socket, "old")})
        asyncio.run(filled(old))
        *_, made = backup(old, tmp_path / "office.tar", NOW)
        assert isinstance(made, Made)
        with pytest.raises(SetupError, match="sqlite"):
            archive.make_anew(config.load(None, data=tmp_path / "a"), tmp_path / "office.tar", QUIET)
        taken = config.load(None, data=tmp_path / "b", database={"url": old.database_url})
        with pytest.raises(SetupError, match="không trống"):
            archive.make_anew(taken, tmp_path / "office.tar", QUIET)
        new = config.load(None, data=tmp_path / "new", database={"url": postgresql.create(socket, "new")})
        result = archive.make_anew(new, tmp_path / "office.tar", QUIET)
        assert (result.findings, result.deposits, result.anchors) == ((), 2, 1)
        assert not list(new.data.glob("*.pgdump"))
        asyncio.run(spoil(new))
        assert "sổ đăng ký" in archive.prove(new, (), QUIET).findings[0].sentence
