"""Issues what only waited for a time-stamp, as soon as the service answers again."""

import asyncio

import structlog

from minutes.errors import NoTimeStamp, Refused, SigningFailed
from server.records import Records

log = structlog.get_logger("giaoban.stamping")

LOOK_EVERY = 30.0  # seconds


class StampingJob:
    """Given: records. Owned: the task that looks now and then."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what waited before a restart is looked at first."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("waiting documents could not be looked through")
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """Try to issue everything that waits; how many were. A service that fails is not asked for the rest."""
        done = 0
        for document_id in await self._records.waiting_for_a_stamp():
            try:
                await self._records.stamp(document_id)
                done += 1
            except NoTimeStamp:
                break
            except SigningFailed as error:
                log.error("a sealed document cannot be issued", document=document_id, reason=str(error.reason))
            except Refused:
                continue  # somebody was faster
        return done
