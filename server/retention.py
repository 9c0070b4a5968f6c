"""How long recordings are kept: after the days that the office has set, the files of a meeting go and its facts stay.

The proceedings still say what was recorded, when, of whom, and the digest of every file: so whoever has kept a copy can
prove that it is one.
"""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from minutes.casefiles import store as casefiles
from minutes.casefiles.case import ItemKind
from rooms import store
from server.database import Database
from server.exports import Exports

log = structlog.get_logger("giaoban.retention")


class Retention:
    """Given: the folder of the recordings, the exports that may be reading them, days (None: for ever)."""

    def __init__(self, database: Database, recordings: Path, exports: Exports, days: int | None) -> None:
        self._database = database
        self._recordings = recordings
        self._exports = exports
        self._days = days

    async def look(self, now: datetime) -> list[str]:
        """Delete the files of meetings that were closed so long ago; the meetings' ids. What is being exported stays,
        and so does what is of no closed meeting that we know, and what a closed case file lists: the file's own
        period of retention holds for it."""
        if self._days is None or not self._recordings.is_dir():
            return []
        gone = []
        for folder in sorted(self._recordings.iterdir()):
            async with self._database.read() as connection:
                entry = await store.get_meeting(connection, folder.name)
                case = await casefiles.of_meeting(connection, folder.name)
            old = entry is not None and entry.closed_at is not None and now - entry.closed_at > timedelta(self._days)
            listed = case is not None and any(item.kind is ItemKind.RECORDING for item in case.items)
            if not old or listed or self._exports.progress(folder.name) is not None:
                continue
            files, octets = await asyncio.to_thread(_delete, folder)
            log.info("recording deleted", meeting=folder.name, after_days=self._days, files=files, octets=octets)
            gone.append(folder.name)
        return gone


def _delete(folder: Path) -> tuple[int, int]:
    """(files, octets). OSError leaves the rest for the next time."""
    sizes = [path.stat().st_size for path in folder.iterdir()]
    shutil.rmtree(folder)
    return len(sizes), sum(sizes)
