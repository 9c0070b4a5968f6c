"""What was recorded in the clear, before recordings had keys or before a crash, is encrypted or goes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from minutes.archive import Archive
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind
from minutes.errors import Damaged
from rooms import store
from rooms.meeting import OVER
from server.database import Database
from server.recording_files import RecordingFiles
from server.recordings import listing

log = structlog.get_logger("giaoban.sealing")


async def seal_older(database: Database, archive: Archive, files: RecordingFiles, _now: datetime) -> int:
    """Look at all recordings, and at those that the archive has; how many files were encrypted. Begun anew it goes on;
    what is of no meeting that we know stays as it is. OSError."""
    sealed = 0
    async with database.read() as connection:
        deposited = await deposits.entries(connection, kind=Kind.RECORDING)
    for one in deposited:  # first: a file of one recording may be the archive's too
        try:
            sealed += await asyncio.to_thread(archive.seal, one.entry.digest)
        except Damaged as error:
            log.warning("a deposit stays in the clear", digest=one.entry.digest, reason=error.reason)
    for meeting in await asyncio.to_thread(_meetings, files):
        async with database.read() as connection:
            entry = await store.get_meeting(connection, meeting)
            kept = listing(await store.facts(connection, meeting, ("recording_segment",)))
        if entry is None:
            continue
        known = {one.file: one.sha256 for one in kept}
        done, left = await asyncio.to_thread(files.clear, meeting, known, over=entry.state in OVER)
        sealed += done
        if left:
            log.warning("files of a recording stay as they are", meeting=meeting, files=left)
    if sealed:
        log.info("what was in the clear is encrypted", files=sealed)
    return sealed


def _meetings(files: RecordingFiles) -> Sequence[str]:
    return sorted(path.name for path in files.root.iterdir() if path.is_dir()) if files.root.is_dir() else []
