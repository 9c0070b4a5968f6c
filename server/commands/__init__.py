"""The command line: a module for each group of commands, and here what they share. `__main__` joins them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection

from server import config
from server.database import Database
from server.errors import NO_INSTALLATION, SetupError
from server.i18n import N_
from server.terminal import Terminal

UNREADABLE = N_("Không đọc được %(file)s: %(why)s.")
DataOption = Annotated[Path | None, typer.Option("--data", help=N_("Thư mục dữ liệu của bản cài đặt."))]
FileOption = Annotated[Path | None, typer.Option("--config", help=N_("Tệp cấu hình (TOML)."))]

console = Terminal()


def load(data: Path | None, file: Path | None) -> config.Config:
    """The installation's configuration; from now on its language is spoken. Raises SetupError."""
    settings = config.load(file, **({"data": data} if data is not None else {}))
    console.speak(settings.language)
    return settings


def installed(data: Path | None, file: Path | None) -> config.Config:
    """As `load`. Raises SetupError where there is no data folder."""
    settings = load(data, file)
    if not settings.data.is_dir():
        raise SetupError(NO_INSTALLATION, place=settings.data)
    return settings


@contextlib.asynccontextmanager
async def reading(settings: config.Config) -> AsyncIterator[AsyncConnection]:
    """The installation's database, to look something up. Raises SetupError where it cannot be read."""
    try:
        async with Database(settings.database_url) as database, database.read() as connection:
            yield connection
    except DatabaseError as error:
        raise SetupError(N_("Không đọc được cơ sở dữ liệu: %(why)s."), why=error.orig) from error
