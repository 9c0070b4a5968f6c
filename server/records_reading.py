"""What officials read of the records, and the parts that every use case of the records works with."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, store
from minutes.addressees import sent_to
from minutes.archive import Archive
from minutes.content import Content
from minutes.days import store as days
from minutes.document import Act, Actor, Document, HistoryEntry, Kind, Official, State
from minutes.errors import N_, Damaged, NotFound, Reason, RecordError, Refused, SigningFailed
from minutes.redaction.suggestions import Suggestion
from minutes.stamper import Believed
from minutes.tasks.issuing import known_units, unit_named
from minutes.transitions import after, deadline
from minutes.trust import Trust
from minutes.typeset import Heading, Typesetter
from minutes.word.writing import word_file
from minutes.workflow import store as workflow
from minutes.workflow.relation import Changed
from server import directory, search_index
from server.database import Database
from server.page_reader import PageReader
from server.records_drafting import stored_content
from server.records_keys import KeyStore
from server.records_public import PublicRecords

NO_READER = PageReader()


class Reading(PublicRecords):
    """Given: all that the records need. `now` returns an aware time. The classes of the acts stand on this one and have
    no parts of their own."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        trust: Trust,
        time_stamper: TimeStamper,
        keys: KeyStore,
        base_url: str,
        now: Callable[[], datetime],
        reader: PageReader = NO_READER,
    ) -> None:
        super().__init__(database, archive)
        self._reader = reader
        self._in_files: dict[str, tuple[Suggestion, ...]] = {}
        self._stamper = time_stamper
        self._keys = keys
        self._base_url = base_url.rstrip("/")
        self._now = now
        self.believe(trust)
        self._typesetter = Typesetter()
        self._held: dict[str, SigningFailed] = {}

    async def _take(
        self, connection: AsyncConnection, document: Document, act: Act, by: Official, reason: str | None = None,
        **values: Any,
    ) -> Document:  # fmt: skip
        """Write down one act: the state that the table leads to with its deadline, `values` of the row, the history,
        and whose turn it is now. Raises Refused where the table has no such row. The document as it is then."""
        now, state = self._now(), after(document.state, act, document.workflow)
        if state is not document.state:
            calendar = await days.of_unit(connection, document.unit.id)
            values["due_at"] = deadline(state, document.workflow, now, calendar)
        await store.change(connection, document.id, now, state=state.value, **values)
        await store.log(connection, document.id, act, actor_of(by), now, reason)
        moved = await workflow.settle(connection, document.id)
        await self._index(connection, moved)
        return moved

    async def _index(self, connection: AsyncConnection, document: Document) -> None:
        """Have the document found as it is now; of an issued one it is the archived file that is searched. One whose
        file is damaged is found by its name alone."""
        try:
            text = await stored_content(connection, document) if document.digest is None else await self._text(document)
        except (Damaged, NotFound):
            text = None
        await search_index.follow(connection, document, text)

    def held(self, document_id: str) -> SigningFailed | None:
        """What kept a sealed document from being issued when that was last tried; None: not tried since the start."""
        return self._held.get(document_id)

    @property
    def trust(self) -> Trust:
        """What is signed and judged by now, with the lists and answers that have come."""
        return self._trust

    def believe(self, trust: Trust) -> None:
        """Sign and judge by `trust` from now on: newer revocation lists have come. The service's word is looked at
        before it is taken."""
        self._trust = trust
        self._time_stamper = Believed(self._stamper, trust, self._now)

    async def get(self, document_id: str) -> Document:
        """One document; raises NotFound."""
        async with self._database.read() as connection:
            return await store.get(connection, document_id)

    async def content(self, document_id: str) -> Content:
        """The newest text; raises NotFound."""
        async with self._database.read() as connection:
            return await stored_content(connection, await store.get(connection, document_id))

    async def sent_to(self, document: Document) -> frozenset[str]:
        """The units that an issued document names as its recipients: who was called so on its day, else whoever ever
        was."""
        if document.state is not State.SEALED or document.issued_on is None:
            return frozenset()
        try:
            text = await self.content(document.id)
        except RecordError:  # it is held, or was erased
            return frozenset()
        async with self._database.read() as connection:
            that_day = await directory.units(connection, document.issued_on.isoformat())
            ever = await directory.units(connection)
        of_day, of_all = (
            known_units((one.id, one.name, one.short_name) for one in units) for units in (that_day, ever)
        )
        known = of_all | of_day
        return frozenset(unit_named(name, known).id for name in sent_to(text)) - {""}

    async def content_json(self, document_id: str) -> dict[str, Any]:
        """The newest text as JSON; raises NotFound."""
        return content.to_json(await self.content(document_id))

    async def history(self, document_id: str) -> tuple[HistoryEntry, ...]:
        """Every act on the document, the oldest first."""
        async with self._database.read() as connection:
            return await store.history(connection, document_id)

    async def changes(self, document_id: str) -> tuple[Changed, ...]:
        """What later documents have done to this one, the newest first."""
        async with self._database.read() as connection:
            return (await workflow.changes(connection, [document_id])).get(document_id, ())

    async def documents(
        self,
        *,
        kind: Kind | None = None,
        state: State | None = None,
        meeting_id: str | None = None,
        unit_id: str | None = None,
        limit: int = 200,
    ) -> tuple[Document, ...]:
        """Documents that match everything given, the last changed first; no draft whose text was taken out."""
        equal = {"kind": kind, "state": state, "meeting_id": meeting_id, "unit_id": unit_id}
        async with self._database.read() as connection:
            return await store.search(connection, limit, readable=True, **equal)

    async def pdf(self, document_id: str) -> bytes:
        """The archived file; before the seal the file as signed so far; before approval a page marked as a draft."""
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            if document.digest is not None:
                return await asyncio.to_thread(self._archive.fetch, document.digest)
            if document.number is not None:
                return await store.working(connection, document_id)
            text = await stored_content(connection, document)
            return await self._preview(connection, document, text)

    async def word(self, document_id: str) -> bytes:
        """The newest text as a Word file (.docx), which proves nothing."""
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            text = await stored_content(connection, document)
            authority = await store.authority(connection, document.id)
        heading = Heading(authority, document.id, document.signers, document.number_symbol, document.issued_on)
        return await asyncio.to_thread(word_file, document.kind, text, heading)

    async def _preview(self, connection: AsyncConnection, document: Document, text: Content) -> bytes:
        heading = Heading(await store.authority(connection, document.id), document.id, document.signers)
        page = await asyncio.to_thread(self._typesetter.typeset, document.kind, text, heading, at=document.changed_at)
        return page.pdf


def actor_of(by: Official) -> Actor:
    """An official as the history keeps them."""
    return Actor(by.id, by.name, by.title)


def reason_of(reason: str) -> str:
    """The reason for an act, at most content.LINE characters; raises Refused("reason_needed")."""
    text = reason.strip()
    if not text or len(text) > content.LINE:
        raise Refused("reason_needed", Reason(N_("Xin ghi lý do, không quá %(limit)s ký tự."), limit=content.LINE))
    return text


def reason_if_any(reason: str) -> str:
    """The reason for what need not be done, "" where none was given; raises Refused("reason_needed") if too long."""
    return reason_of(reason) if reason.strip() else ""
