"""Judging a file that somebody holds against the archive and its log."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import archive, store
from minutes.archive import Archive
from minutes.document import Document
from minutes.errors import N_, Damaged, NotFound, Reason
from minutes.signing import Trust
from minutes.validation import Expected, validate
from minutes.verification import Finding, Verdict, difference, fingerprint, likeliest_source, marked_ids
from server.database import Database

T = TypeVar("T")


class Verifier:
    """Given: the database, the archive and what is trusted."""

    def __init__(self, database: Database, archive: Archive, trust: Trust) -> None:
        self._database = database
        self._archive = archive
        self._trust = trust

    async def verify(self, data: bytes) -> Verdict:
        """Judge a file that somebody holds (the caller bounds its size)."""
        blocks = await asyncio.to_thread(fingerprint, data)
        digest = await asyncio.to_thread(archive.digest_of, data)
        async with self._database.read() as connection:
            issued = await archive.deposits(connection, [digest])
            if issued:
                document = await store.get(connection, issued[0].document_id)
            else:
                return await self._recognise(connection, data, blocks)
        report = await in_thread(lambda: validate(data, self._trust, expected_signatures(document)))
        if not report.ok:
            return Verdict(Finding.UNKNOWN, document, report, report.problems)
        return Verdict(Finding.GENUINE, document, report, ())

    async def _recognise(self, connection: AsyncConnection, data: bytes, blocks: tuple[bytes, ...]) -> Verdict:
        """Find out whether a file that was not issued was made from one that was."""
        matches = await archive.equal_blocks(connection, blocks)
        originals = {one.digest: one for one in await archive.deposits(connection, list(matches))}
        sizes = {digest: one.blocks for digest, one in originals.items()}
        source = likeliest_source(len(blocks), matches, sizes)
        if source is not None:
            document = await store.get(connection, originals[source].document_id)
            return await self._changed(document, data)
        for document_id in marked_ids(data)[:10]:
            try:
                document = await store.get(connection, document_id)
            except NotFound:
                continue
            return await self._changed(document, data)
        return Verdict(Finding.UNKNOWN, None, None, (Reason(N_("Không phải là tệp do hệ thống này phát hành")),))

    async def _changed(self, document: Document, data: bytes) -> Verdict:
        if document.digest is None:
            return Verdict(Finding.CHANGED, document, None, (Reason(N_("Đây là bản chưa phát hành của văn bản")),))
        try:
            original = await asyncio.to_thread(self._archive.fetch, document.digest)
        except Damaged as error:
            return Verdict(Finding.CHANGED, document, None, (error.reason,))
        return Verdict(Finding.CHANGED, document, None, (await asyncio.to_thread(difference, original, data),))

    async def damaged(self) -> tuple[str, ...]:
        """Digests of archived files that are missing or damaged."""
        async with self._database.read() as connection:
            log = await archive.deposits(connection)
        return await asyncio.to_thread(self._archive.verify, [one.digest for one in log])


async def in_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine that computes rather than waits (signing, validating) in a thread with a loop of its own."""
    return await asyncio.to_thread(lambda: asyncio.run(work()))


def expected_signatures(document: Document) -> list[Expected]:
    """The signatures that the database knows for a document."""
    return [Expected(one.signer.field, one.issuer, one.serial) for one in document.signed]
