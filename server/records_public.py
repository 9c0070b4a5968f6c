"""What everybody may read: posted documents, shown as the archived file has them and not as some table does."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, register, store
from minutes.archive import Archive
from minutes.attached import embedded
from minutes.content import Content
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind
from minutes.document import Document
from minutes.errors import N_, Damaged, InvalidContent, NotFound, Reason
from minutes.publication import PAGE_SIZE, PublicDocument, PublicPage, public_view
from minutes.redaction import store as renditions
from minutes.searching import store as searching
from minutes.searching.entry import PUBLIC
from minutes.searching.query import parse
from minutes.searching.shown import shown
from minutes.searching.store import Ask, Hit
from minutes.text import Attached, TextContent
from minutes.workflow import store as workflow
from server.database import Database
from server.records_drafting import code_as_printed, stored_content

KEPT = 200
"""Texts kept in memory; the digest is the key, so they are never stale."""


class PublicRecords:
    """The public side of the records. Given: database, archive."""

    def __init__(self, database: Database, archive: Archive) -> None:
        self._database = database
        self._archive = archive
        self._texts: dict[str, Content] = {}

    async def public_list(self, *, query: str = "", page: int = 1, newest: bool = False) -> PublicPage:
        """Published documents that were not recalled: without a query the last posted first, else those whose words
        `query` has (minutes.searching.query), by likeness or (`newest`) by date."""
        page, terms = max(page, 1), parse(query)
        offset = (page - 1) * PAGE_SIZE
        texts: dict[str, Hit] = {}
        async with self._database.read() as connection:
            if terms:
                keys = await searching.find(connection, Ask(terms, frozenset({PUBLIC})), newest=newest)
                total = len(keys)
                texts = {one.id: one for one in await searching.hits(connection, keys[offset : offset + PAGE_SIZE])}
                by_id = await store.several(connection, list(texts))
                found = tuple(by_id[one] for one in texts if one in by_id and by_id[one].published)
            elif query.strip():
                found, total = (), 0
            else:
                found, total = await store.published(connection, offset, PAGE_SIZE)
            changes = await workflow.changes(connection, [one.id for one in found])
            items = [
                replace(public_view(one, await _posted(connection, one)), changes=changes.get(one.id, ()))
                for one in found
            ]
        places = tuple(shown(one.subject, texts[one.id].text, terms) for one in items) if terms else ()
        more = bool(terms) and total > searching.MOST
        total = min(total, searching.MOST) if terms else total
        return PublicPage(tuple(items), page, max(1, -(-total // PAGE_SIZE)), total, places, more)

    async def public_document(self, unit_id: str, year: int, number_symbol: str) -> PublicDocument:
        """The published document with this number, as in ("lam-son", 2026, "07/TB-UBND"). Raises NotFound, Damaged."""
        parsed = register.parse_number_symbol(number_symbol)
        if parsed is None:
            raise NotFound(Reason(N_("Không có văn bản công khai này.")))
        number, symbol = parsed
        return await self._public(unit_id=unit_id, year=year, number=number, symbol=symbol)

    async def by_code(self, code: str) -> PublicDocument:
        """The published document that carries this code under its QR. Raises NotFound, Damaged."""
        return await self._public(code=code_as_printed(code))

    async def is_issued(self, code: str) -> bool:
        """Whether an issued document carries this code, posted or not."""
        async with self._database.read() as connection:
            return await store.issued(connection, code_as_printed(code))

    async def public_pdf(self, digest: str) -> bytes:
        """The file of a published document, by digest. Raises NotFound for every other file, and Damaged."""
        async with self._database.read() as connection:
            found = await self._published_with(connection, digest)
        await self._text(found)  # the file is this document's
        return await asyncio.to_thread(self._archive.fetch, found.public_digest or "")

    async def public_attached(self, digest: str, place: int) -> tuple[Attached, bytes]:
        """A file that goes with the published document of this digest, `place` from 1. Raises NotFound, Damaged."""
        async with self._database.read() as connection:
            text = await self._text(await self._published_with(connection, digest))
        files = text.files if isinstance(text, TextContent) else ()
        if not 1 <= place <= len(files):
            raise NotFound(Reason(N_("Không có tệp này.")))
        return files[place - 1], await asyncio.to_thread(self._archive.fetch, files[place - 1].digest)

    async def signed_text(self, document: Document) -> Content:
        """The text inside the archived file of an issued document, whatever tables say. Raises NotFound, Damaged."""
        return await self._text(replace(document, rendition=None))

    def forget(self, digests: Iterable[str]) -> None:
        """Have nothing of these files in memory."""
        for digest in digests:
            self._texts.pop(digest, None)

    async def _published_with(self, connection: AsyncConnection, digest: str) -> Document:
        """The published document with this file, or with an earlier one before its time-stamp was renewed."""
        earlier = await deposits.issued(connection, [digest])
        if not earlier:
            raise NotFound(Reason(N_("Không có văn bản công khai này.")))
        found = await store.find_published(connection, id=earlier[0].document_id)
        posted = found.rendition is None if earlier[0].kind is Kind.DOCUMENT else found.rendition == digest
        if not posted:  # the one of the two that the public may not read
            raise NotFound(Reason(N_("Không có văn bản công khai này.")))
        return found

    async def _public(self, **equal: object) -> PublicDocument:
        async with self._database.read() as connection:
            found = await store.find_published(connection, **equal)
            changes = await workflow.changes(connection, [found.id])
            text = await self._text(found)
            earlier = await _earlier(connection, text)
        return replace(public_view(found, text), changes=changes.get(found.id, ()), earlier=earlier)

    async def _text(self, document: Document) -> Content:
        """The text inside the archived file: what was signed, whatever the tables say. Raises Damaged where the file
        is not this document's."""
        if document.public_digest is None:
            raise NotFound(Reason(N_("Không có văn bản công khai này.")))
        # Read each time, for the page says that the archived file is whole; only the reading of the PDF is kept.
        data = await asyncio.to_thread(self._archive.fetch, document.public_digest)
        text = self._texts.get(document.public_digest)
        if text is None:
            try:
                source = await asyncio.to_thread(embedded, data)
                text = content.read_stored(document.kind, json.loads(source))
            except (InvalidContent, ValueError) as error:
                raise Damaged(Reason(N_("Tệp lưu trữ không mang nội dung của văn bản này."))) from error
            if len(self._texts) >= KEPT:
                self._texts.pop(next(iter(self._texts)))
            self._texts[document.public_digest] = text
        if text.document_id != document.id:
            raise Damaged(Reason(N_("Tệp lưu trữ không mang nội dung của văn bản này.")))
        return text


async def _earlier(connection: AsyncConnection, text: Content) -> PublicDocument | None:
    """The published document to which one with this text has done something; None: there is none."""
    if not isinstance(text, TextContent) or text.relation is None:
        return None
    try:
        found = await store.find_published(connection, id=text.relation.document_id)
    except NotFound:
        return None
    return public_view(found, await _posted(connection, found))


async def _posted(connection: AsyncConnection, document: Document) -> Content:
    """The text that was published, as the tables have it: for lists, which read no file."""
    if document.rendition is None:
        return await stored_content(connection, document)
    return content.read_stored(document.kind, (await renditions.get(connection, document.rendition)).content)
