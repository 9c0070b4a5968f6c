"""Whether what must be written can be written, and what it looks like when it could not."""

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.config import Config
from server.database import Database

ROOM_LEFT = 512 * 2**20
"""Octets that stay free on every disk: nothing large begins below."""
KNOWN = 5.0
"""Seconds for which an answer is given again: anybody may ask."""
PATIENCE = 5.0
"""Seconds that the database has to let a writer in."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def out_of_room(error: BaseException) -> bool:
    """Whether `error` says that a disk is full: a file's, SQLite's or PostgreSQL's."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if not isinstance(error, DBAPIError):
        return False
    full = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return full or getattr(error.orig, "sqlstate", "") == "53100"


class Disks:
    """Given: the configuration and the database. Owned: the last answer."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self._asking = asyncio.Lock()
        self._answer: tuple[float, tuple[str, ...]] | None = None

    async def wrong(self) -> tuple[str, ...]:
        """What cannot be written, as words for the operator: `no_room: archive`, `read_only: papers`, `database`."""
        now = asyncio.get_running_loop().time()
        async with self._asking:
            if self._answer is None or now - self._answer[0] >= KNOWN:
                found = await asyncio.to_thread(lambda: tuple(_folders(self._config)))
                self._answer = now, found if await self._writable() else (*found, "database")
            return self._answer[1]

    async def _writable(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE), self._database.begin() as connection:
                await connection.execute(text("UPDATE sequence SET last = last WHERE name = ''"))
        except (TimeoutError, OSError, DBAPIError):
            return False
        return True


def _folders(config: Config) -> Iterator[str]:
    for name, folder in (
        ("data", config.data), ("archive", config.archive), ("content-keys", config.keyring),
        ("papers", config.papers), ("recordings", config.recordings),
    ):  # fmt: skip
        place = _there(folder)
        if not os.access(place, os.W_OK | os.X_OK):
            yield f"read_only: {name}"
        elif shutil.disk_usage(place).free < ROOM_LEFT:
            yield f"no_room: {name}"


def _there(folder: Path) -> Path:
    """The folder, or the one in which it will be made."""
    return next(one for one in (folder, *folder.resolve().parents) if one.exists())
