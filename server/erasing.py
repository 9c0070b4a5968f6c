"""Erasing contents for good: the record of it becomes part of the archive's log, then the keys are destroyed.

In this order, so that nothing is ever gone without a record. What a crash left undone is done at the next start: the
record says which keys, and which files of recordings. Rows of the database are the caller's.
"""

import asyncio
import shutil
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.deposits import erasure, store
from minutes.deposits.entry import Entry, Kind
from minutes.deposits.erasure import Erasure, Ground
from minutes.errors import Damaged
from minutes.keyring import destroy
from server.vault import Vault

log = structlog.get_logger("giaoban.erasing")


class Eraser:
    """Given: the archive, and the folders of papers and of recordings."""

    def __init__(self, vault: Vault, papers: Path, recordings: Path) -> None:
        self._vault = vault
        self._papers = papers
        self._recordings = recordings

    async def record(self, connection: AsyncConnection, made: Erasure, about: str) -> str:
        """Put an erasure on record, in the transaction that decides it; the digest of the record. From its commit on
        it is to be carried out."""
        digest = await asyncio.to_thread(self._vault.archive.deposit, made.record)
        await store.append(connection, Entry(digest, Kind.ERASURE, about, made.basis, made.at))
        return digest

    async def carry_out(self, record: str) -> None:
        """Destroy the keys that a record names, and what they opened. Harmless where it is done. Raises Damaged."""
        made = erasure.read(await asyncio.to_thread(self._vault.archive.fetch, record))
        await asyncio.to_thread(self._destroy, made, record)
        log.info("contents erased", ground=made.ground.value, contents=len(made.digests), record=record)

    def _destroy(self, made: Erasure, record: str) -> None:
        archive = self._vault.archive
        for digest in made.digests:
            archive.keys.erase(digest, record, for_good=made.ground is Ground.INTAKE)
            archive.discard(digest)
            shutil.rmtree(self._papers / digest, ignore_errors=True)
        for file in made.files:
            destroy(self._recordings / file)

    async def finish(self) -> None:
        """At the start: carry out what a stop has interrupted. What cannot be is logged."""
        async with self._vault.database.read() as connection:
            records = await store.entries(connection, kind=Kind.ERASURE)
        for one in records:
            try:
                made = erasure.read(await asyncio.to_thread(self._vault.archive.fetch, one.entry.digest))
                if not await asyncio.to_thread(self._done, made):
                    await self.carry_out(one.entry.digest)
            except (Damaged, OSError):
                log.exception("an erasure could not be carried out", record=one.entry.digest)

    def _done(self, made: Erasure) -> bool:
        keys = self._vault.archive.keys
        return all(map(keys.erased, made.digests)) and not any((self._recordings / one).exists() for one in made.files)
