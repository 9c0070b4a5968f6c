"""Judging a file that somebody holds against the archive and its log."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import archive, content, store
from minutes.archive import Archive
from minutes.attached import contradiction, embedded, printed_words
from minutes.authority import Authority
from minutes.content import Content
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind
from minutes.document import FIELD_NAMES, Document, State
from minutes.errors import N_, Damaged, InvalidContent, NotFound, Reason, UnprintableContent
from minutes.redaction import Rendition, notice_line
from minutes.redaction import store as renditions
from minutes.report import Expected, Fault, Report, fault_of
from minutes.trust import Trust
from minutes.typeset import Heading, Typesetter
from minutes.validation import validate
from minutes.verification import Finding, Verdict, difference, explained, fingerprint, likeliest_source, marked_ids
from minutes.workflow import store as workflow
from rooms.proceedings.exported import is_export
from server.database import Database
from server.judging import judge
from server.records_attaching import stored_files
from server.records_drafting import stored_content
from server.records_proceedings import verify_proceedings

T = TypeVar("T")

MOST_TOLD = 8
_NOT_YET_STAMPED = Reason(N_("Văn bản đã ký và đóng dấu nhưng còn chờ dấu thời gian, chưa được phát hành"))
_OTHER_SOURCE = N_("Dữ liệu dành cho máy đọc ở trong tệp khác với nội dung in trên trang, từ chỗ “%(words)s”")
_NOT_APPROVED = Reason(N_("Dữ liệu dành cho máy đọc ở trong tệp khác với nội dung đã được duyệt"))
_NO_SOURCE = Reason(N_("Tệp lưu trữ không mang nội dung của văn bản này."))
_NOT_OURS = Reason(N_("Không phải là tệp do hệ thống này phát hành"))
_GOOD_BUT_NOT_OURS = Reason(N_("Chữ ký số trong tệp hợp lệ, nhưng tệp không có trong kho lưu trữ của hệ thống này"))


class Verifier:
    """Given: the database, the archive, what is trusted, and what sets a text once more."""

    def __init__(self, database: Database, archive: Archive, trust: Trust, typesetter: Typesetter) -> None:
        self._database = database
        self._archive = archive
        self._trust = trust
        self._typesetter = typesetter

    async def verify(self, data: bytes) -> Verdict:
        """Judge a file that somebody holds (the caller bounds its size), and tell what has become of its document."""
        verdict = await self._judge(data)
        if verdict.document is None:
            return verdict
        async with self._database.read() as connection:
            changes = await workflow.changes(connection, [verdict.document.id])
        return replace(verdict, changes=changes.get(verdict.document.id, ()))

    async def _judge(self, data: bytes) -> Verdict:
        if is_export(data):
            return await verify_proceedings(self._database, data)
        blocks = await asyncio.to_thread(fingerprint, data)
        digest = await asyncio.to_thread(archive.digest_of, data)
        async with self._database.read() as connection:
            issued = await deposits.issued(connection, [digest])
            if not issued:
                return await self._attached(connection, digest) or await self._recognise(connection, data, blocks)
            document = await store.get(connection, issued[0].document_id)
            rendition = await renditions.get(connection, digest) if issued[0].kind is Kind.RENDITION else None
        own = rendition is not None or document.digest in (digest, None)
        newest = data if own else await self._newest(document)
        # A file whose time-stamp has been renewed is proved by the one that goes on from it: its own may have expired.
        judged = newest if newest.startswith(data) else data
        report = await in_thread(lambda: validate(judged, self._trust, expected_signatures(document, rendition)))
        problems = report.problems if not report.ok else await self._against_itself(data, document, rendition)
        if problems:
            fault = Fault.CONTENT if report.ok else fault_of(report)
            return Verdict(Finding.UNKNOWN, document, report, problems, rendition=rendition, fault=fault)
        return Verdict(Finding.GENUINE, document, report, (), renewed=judged is not data, rendition=rendition)

    async def _attached(self, connection: AsyncConnection, digest: str) -> Verdict | None:
        """The verdict on the document with which a file of this digest goes: what it names by digest is signed with it,
        so the file is as good as the document. Of several, one that is posted, else the newest; None: there is none."""
        found = await deposits.entries(connection, digest=digest, kind=Kind.ATTACHMENT)
        named = await store.several(connection, [one.entry.about for one in found])
        holders = [named[one.entry.about] for one in found if one.entry.about in named]
        for document in sorted(holders, key=lambda one: (one.published, one.changed_at), reverse=True):
            names = [one.name for one in await stored_files(connection, document) if one.digest == digest]
            if names and document.digest is not None:
                newest = await self._newest(document)
                if await asyncio.to_thread(archive.digest_of, newest) == document.digest:
                    return replace(await self._judge(newest), attached=names[0])
        return None

    async def _against_itself(self, data: bytes, document: Document, rendition: Rendition | None) -> tuple[Reason, ...]:
        """Whether what the file carries for machines is what its pages say, and what was approved."""
        async with self._database.read() as connection:
            authority = await store.authority(connection, document.id)
            approved = await stored_content(connection, document)
        if rendition is not None:
            approved = content.read_stored(document.kind, rendition.content)
        return await asyncio.to_thread(self._compared, data, document, authority, approved, rendition)

    def _compared(
        self, data: bytes, document: Document, authority: Authority, approved: Content, rendition: Rendition | None
    ) -> tuple[Reason, ...]:
        day, number = document.issued_on, document.number_symbol
        line = None if rendition is None or number is None or day is None else notice_line(number, day)
        heading = Heading(authority, document.id, document.signers, number, day, rendition=line)
        try:
            source = json.loads(embedded(data))
            carried = content.read_stored(document.kind, source)
            again = self._typesetter.typeset(document.kind, carried, heading, at=document.changed_at)
            texts = [text for _path, text in content.texts(source)]
            found = contradiction(printed_words(data), printed_words(again.pdf), texts)
        except (InvalidContent, UnprintableContent, ValueError):
            return (_NO_SOURCE,)
        if found is not None:
            return (Reason(_OTHER_SOURCE, words=found),)
        return () if carried == approved else (_NOT_APPROVED,)

    async def _newest(self, document: Document) -> bytes:
        try:
            return await asyncio.to_thread(self._archive.fetch, document.digest or "")
        except Damaged:
            return b""

    async def _recognise(self, connection: AsyncConnection, data: bytes, blocks: tuple[bytes, ...]) -> Verdict:
        """Find out whether a file that was not issued was made from one that was."""
        matches = await deposits.equal_blocks(connection, blocks)
        originals = {one.digest: one for one in await deposits.issued(connection, list(matches))}
        sizes = {digest: one.blocks for digest, one in originals.items()}
        source = likeliest_source(len(blocks), matches, sizes)
        if source is not None:
            document = await store.get(connection, originals[source].document_id)
            made = source if originals[source].kind is Kind.RENDITION else None
            return await self._changed(connection, document, data, made)
        for document_id in marked_ids(data)[:10]:
            try:
                document = await store.get(connection, document_id)
            except NotFound:
                continue
            return await self._changed(connection, document, data, document.rendition)
        return await self.unknown(data)

    async def unknown(self, data: bytes) -> Verdict:
        """What is said of a file that nobody here knows; and, to the letter, of one that somebody may not know of."""
        return Verdict(Finding.UNKNOWN, None, None, (_NOT_OURS, *_told(await self._signed(data, None))))

    async def _changed(self, connection: AsyncConnection, document: Document, data: bytes, made: str | None) -> Verdict:
        """`made`: the digest of the rendition that the file was made from, if it was. Where a rendition is published,
        it is what is named: a changed copy must tell nobody what was left out."""
        told = made or document.rendition
        rendition = await renditions.get(connection, told) if told else None
        return replace(await self._differs(document, data, made or document.digest), rendition=rendition)

    async def _differs(self, document: Document, data: bytes, issued: str | None) -> Verdict:
        if document.state is State.STAMPING:
            return Verdict(Finding.CHANGED, document, None, (_NOT_YET_STAMPED,))
        if issued is None:
            return Verdict(Finding.CHANGED, document, None, (Reason(N_("Đây là bản chưa phát hành của văn bản")),))
        try:
            original = await asyncio.to_thread(self._archive.fetch, issued)
        except Damaged as error:
            return Verdict(Finding.CHANGED, document, None, (error.reason,))
        fault, how = await asyncio.to_thread(difference, original, data)
        problems = [how]
        if not explained(original, data) and (report := await self._signed(data, document)) is not None:
            problems += _told(report)
            fault = fault_of(report) or fault
        return Verdict(Finding.CHANGED, document, None, tuple(problems), fault=fault)

    async def _signed(self, data: bytes, document: Document | None) -> Report | None:
        """What the signatures of a file that is none of ours say; they cannot make it genuine, but tell why not. None
        for what is no PDF."""
        if not data.startswith(b"%PDF-"):
            return None
        return await judge(data, self._trust, None if document is None else expected_signatures(document))


def _told(report: Report | None) -> tuple[Reason, ...]:
    """What is wrong with the signatures of a file that is none of ours, or that nothing is."""
    return () if report is None else report.problems[:MOST_TOLD] or (_GOOD_BUT_NOT_OURS,)


async def in_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine that computes rather than waits (signing, validating) in a thread with a loop of its own."""
    return await asyncio.to_thread(lambda: asyncio.run(work()))


def expected_signatures(document: Document, rendition: Rendition | None = None) -> list[Expected]:
    """The signatures that the database knows for a document, or for what was published in its place."""
    if rendition is not None:
        return [Expected(FIELD_NAMES["seal"], rendition.issuer, rendition.serial)]
    return [Expected(one.signer.field, one.issuer, one.serial) for one in document.signed]
