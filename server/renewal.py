"""Archive time-stamps are renewed before the certificate that they are signed with expires: once a day it is looked
which are near their end. What is not renewed in time cannot be proved any more by itself."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from minutes.archive import Archive
from minutes.errors import Damaged, NoTimeStamp, Refused, SigningFailed
from minutes.evidence import last_stamp
from server.auth import utcnow
from server.records import Records

log = structlog.get_logger("giaoban.renewal")


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a look has done: ids of renewed documents, and of those that could not be."""

    done: tuple[str, ...]
    failed: tuple[str, ...]


class Renewal:
    """Given: records, the files, how many days before the end. Owned: until when each file is good."""

    def __init__(self, records: Records, archive: Archive, days: int) -> None:
        self._records = records
        self._archive = archive
        self._before = timedelta(days)
        self._good_until: dict[str, datetime] = {}

    async def look(self, now: datetime) -> Renewed:
        """Renew what ends soon. A service that does not answer is not asked for the rest."""
        done: list[str] = []
        failed: list[str] = []
        for document_id, digest in await self._records.archived():
            if await self._ends(digest) - now > self._before:
                continue
            try:
                await self._records.renew(document_id)
                done.append(document_id)
            except NoTimeStamp:
                failed.append(document_id)
                break
            except (SigningFailed, Damaged) as error:
                log.error("an archive time-stamp could not be renewed", document=document_id, reason=str(error.reason))
                failed.append(document_id)
            except Refused:
                continue  # somebody was faster
        log.info("archive time-stamps looked through", renewed=len(done), failed=len(failed))
        return Renewed(tuple(done), tuple(failed))

    async def _ends(self, digest: str) -> datetime:
        """Until when the last time-stamp in a file is good; read once, for a file never changes."""
        if digest not in self._good_until:
            self._good_until[digest] = await asyncio.to_thread(self._read, digest)
        return self._good_until[digest]

    def _read(self, digest: str) -> datetime:
        try:
            stamp = last_stamp(self._archive.fetch(digest))
        except (Damaged, ValueError):
            stamp = None  # told by the nightly look through the archive
        return stamp.good_until if stamp is not None else datetime.max.replace(tzinfo=utcnow().tzinfo)
