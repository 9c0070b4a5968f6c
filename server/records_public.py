"""What everybody may read: posted documents, shown as the archived file has them and not as some table does."""

import asyncio
import json

from minutes import content, register, store
from minutes.archive import Archive
from minutes.content import Content
from minutes.document import Document
from minutes.errors import N_, Damaged, InvalidContent, NotFound, Reason
from minutes.publication import PAGE_SIZE, PublicDocument, PublicPage, folded, public_view
from minutes.validation import embedded
from server.database import Database
from server.records_drafting import stored_content

KEPT = 200
"""Texts kept in memory; the digest is the key, so they are never stale."""


class PublicRecords:
    """The public side of the records. Given: database, archive."""

    def __init__(self, database: Database, archive: Archive) -> None:
        self._database = database
        self._archive = archive
        self._texts: dict[str, Content] = {}

    async def public_list(self, *, query: str | None = None, page: int = 1) -> PublicPage:
        """Published documents, the newest first; `query` matches subjects without regard to case and marks."""
        words = folded(query or "").split()[:10]
        offset = (max(page, 1) - 1) * PAGE_SIZE
        async with self._database.read() as connection:
            found, total = await store.published(connection, words, offset, PAGE_SIZE)
            items = [public_view(one, await stored_content(connection, one)) for one in found]
        return PublicPage(tuple(items), max(page, 1), max(1, -(-total // PAGE_SIZE)), total)

    async def public_document(self, unit_id: str, year: int, number_symbol: str) -> PublicDocument:
        """The published document with this number, as in ("lam-son", 2026, "07/TB-UBND"). Raises NotFound, Damaged."""
        parsed = register.parse_number_symbol(number_symbol)
        if parsed is None:
            raise NotFound(Reason(N_("Không có văn bản công khai này.")))
        number, symbol = parsed
        return await self._public(unit_id=unit_id, year=year, number=number, symbol=symbol)

    async def by_code(self, code: str) -> PublicDocument:
        """The published document that carries this code under its QR. Raises NotFound, Damaged."""
        return await self._public(code=code.strip().upper())

    async def is_issued(self, code: str) -> bool:
        """Whether an issued document carries this code, posted or not."""
        async with self._database.read() as connection:
            return await store.issued(connection, code.strip().upper())

    async def public_pdf(self, digest: str) -> bytes:
        """The file of a published document, by digest. Raises NotFound for every other file, and Damaged."""
        async with self._database.read() as connection:
            found = await store.find_published(connection, digest=digest)
        await self._text(found)  # the file is this document's
        return await asyncio.to_thread(self._archive.fetch, digest)

    async def _public(self, **equal: object) -> PublicDocument:
        async with self._database.read() as connection:
            found = await store.find_published(connection, **equal)
        return public_view(found, await self._text(found))

    async def _text(self, document: Document) -> Content:
        """The text inside the archived file: what was signed, whatever the tables say. Raises Damaged where the file
        is not this document's."""
        if document.digest is None:
            raise NotFound(Reason(N_("Không có văn bản công khai này.")))
        # Read each time, for the page says that the archived file is whole; only the reading of the PDF is kept.
        data = await asyncio.to_thread(self._archive.fetch, document.digest)
        text = self._texts.get(document.digest)
        if text is None:
            try:
                source = await asyncio.to_thread(embedded, data)
                text = content.read_stored(document.kind, json.loads(source))
            except (InvalidContent, ValueError) as error:
                raise Damaged(Reason(N_("Tệp lưu trữ không mang nội dung của văn bản này."))) from error
            if len(self._texts) >= KEPT:
                self._texts.pop(next(iter(self._texts)))
            self._texts[document.digest] = text
        if text.document_id != document.id:
            raise Damaged(Reason(N_("Tệp lưu trữ không mang nội dung của văn bản này.")))
        return text
