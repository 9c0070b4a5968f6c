"""What the archive needs without anybody asking: checkpoints, a time-stamp a day, and a look through a part of the
files every night. What is found to be damaged stands on the desk until it is found to be mended."""

from datetime import datetime, timedelta

import structlog

from minutes.content import VIETNAM
from minutes.deposits import store
from minutes.deposits.store import Examination
from minutes.errors import ClockBehind, Damaged, SigningFailed
from minutes.numbering.clock import TOLERANCE
from server import auth
from server.vault import Vault
from server.vault_examination import REMEMBERED, Result, examination, on_record, standing

log = structlog.get_logger("giaoban.vault")

NIGHT = 2
"""The hour (Vietnamese time) after which the nightly look is due."""
NIGHTS = 30
"""Nights after which every file was read."""
AT_LEAST = 200
"""Files of one night."""


class Keeper:
    """Given: the archive."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def look(self, now: datetime) -> None:
        """Do what is due. What fails is tried again at the next look; a log that does not hold is never signed."""
        try:
            if await self._vault.anchor_due():
                await self._vault.anchor()
            elif await self._vault.checkpoint_due():
                await self._vault.checkpoint()
        except Damaged as error:
            log.error("the archive's log is damaged; nothing is signed", reason=str(error.reason))
            if await self.alarm() is None:
                await self.examine(now)
        except ClockBehind as error:
            log.error("this machine's clock is behind; no checkpoint is signed", **error.reason.values)
        except SigningFailed as error:
            log.error("no time-stamp for the archive", reason=str(error.reason))
        if await self._night_due(now):
            await self.examine(now)

    async def alarm(self) -> Examination | None:
        """The problem that stands, if one does."""
        return standing(await self.examinations())

    async def examinations(self) -> tuple[Examination, ...]:
        """The last ones, the newest first."""
        async with self._vault.database.read() as connection:
            return await store.examinations(connection, newest=REMEMBERED)

    async def _night_due(self, now: datetime) -> bool:
        """Whether the last look was before the last night began (or is yet to come: a
        clock that was ahead has dated it)."""
        here = now.astimezone(VIETNAM)
        night = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
        night -= timedelta(days=1) if here < night else timedelta()
        last = await self.examinations()
        return not last or not night <= last[0].began <= now + TOLERANCE

    async def examine(self, now: datetime) -> Result:
        """Read the next stretch of files, and everything else."""
        async with self._vault.database.read() as connection:
            last = await store.examinations(connection, newest=1)
            size = await store.size(connection)
        first = last[0].beyond if last and last[0].beyond < size else 0
        beyond = min(first + max(AT_LEAST, -(-size // NIGHTS)), size)
        vault, found = self._vault, None
        looking = examination(vault.database, vault.archive, vault.trust, vault.verifier, first=first, beyond=beyond)
        async for step in looking:
            found = step
        assert isinstance(found, Result)
        async with self._vault.database.begin() as connection:
            await store.add_examination(connection, on_record(found, now, auth.utcnow(), first, beyond))
        if found.findings:
            log.error("the archive is damaged", found=len(found.findings), first=str(found.findings[0].sentence))
        return found
