"""The drafts that are open: who is there, what is told to whom, and when a version is cut.

Every operation is kept in the database before anybody hears of it. A version is cut after a minute without an
operation, before somebody else begins to write, when the last one leaves, and before whatever else is done to the
document; so the history has a line for what one person did at one time. Two who write at once share a version, which
names both.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from minutes import store
from minutes.content import to_json
from minutes.document import Actor, Document
from minutes.errors import RecordError
from minutes.secrecy import secrecy_mark
from rooms import BadMessage, Refused
from server.auth import utcnow
from server.connection import Connection, Letter, bye
from server.database import Database
from server.editing import layout, tables
from server.editing.preview import Preview, Typeset
from server.editing.seats import Live, Refusal, Seat, writable
from server.editing.shapes import parts_of
from server.editing.sheet import Operation, Write, done, refuse_secrets
from server.editing.tables import Kept, Noted, Remark
from server.errors import Problem
from server.i18n import Reader
from server.records import Records
from server.records_drafting import SYSTEM, stored_content

log = structlog.get_logger("giaoban.editing")

Json = dict[str, Any]
PAUSE = 60.0
"""Seconds without an operation after which a version is cut."""
SOON = 2.0
"""The same where no version could be made before: whoever mends the draft soon hears that it is kept."""
TURN = 15.0
"""Seconds after which somebody else who writes begins a version of their own."""
LOOK = 5.0
REST = 600.0
"""Seconds after which a draft that nobody has open is forgotten here."""
REMARKS = 500
SEATS = 50
"""Pages that may have one draft open."""


def new_id() -> str:
    """An id for a block that the server puts in."""
    return f"s{secrets.token_hex(6)}"


class Editing:
    """Given: database and records. Owned: the open drafts, one after the other in each of them."""

    def __init__(self, database: Database, records: Records, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._records = records
        self._clock = clock
        self._live: dict[str, Live] = {}
        self._opening = asyncio.Lock()
        self._typeset = Typeset(database)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to cut versions after pauses."""
        self._watch = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Cut what waits, and end."""
        if self._watch is not None:
            self._watch.cancel()
        for live in list(self._live.values()):
            for seat in live.seats:
                seat.connection.end(bye("restart"))
            await live.preview.close()
            await self._try_cut(live)
        self._live.clear()

    # Coming and going

    async def join(self, document_id: str, by: Actor, page: str, reader: Reader) -> tuple[Live, Seat]:
        """Sit down at a draft; what there is to know of it waits in the connection. Raises NotFound, Problem."""
        live = await self._open(document_id)
        async with live.lock:
            await self._follow(live)
            for old in [seat for seat in live.seats if seat.connection.participant == page]:
                # The page has come back over a new line, or its tab was doubled: its changes have one name.
                live.seats.remove(old)
                old.connection.end(bye("elsewhere"))
            if len(live.seats) >= SEATS:
                raise Problem("too_many")
            seat = Seat(by, Connection(page), reader)
            live.seats.append(seat)
            self.welcome(live, seat)
            live.tell_people()
        return live, seat

    def welcome(self, live: Live, seat: Seat) -> None:
        """Tell everything anew."""
        message = {
            "type": "welcome",
            "you": seat.connection.participant,
            "version": live.version,
            "open": writable(live.document),
            "sheet": live.sheet.to_json(),
        }
        seat.connection.resync(Letter(message))
        seat.connection.tell(Letter(live.told_remarks()))
        seat.connection.tell(Letter(live.told_version(seat.reader)))

    async def leave(self, live: Live, seat: Seat) -> None:
        """The page is gone."""
        live.preview.watch(seat, wanted=False)
        if seat in live.seats:
            live.seats.remove(seat)
            live.tell_people()
        if not live.seats:
            async with live.lock:
                if not live.seats:
                    await self._try_cut(live)

    def put_out(self, account_id: str) -> None:
        """Somebody may do other things than before, or nothing: their pages come again, and are asked again."""
        for live in self._live.values():
            for seat in live.seats:
                if seat.by.id == account_id:
                    seat.connection.end()

    def place(self, live: Live, seat: Seat, block: str) -> None:
        """The writer is in this block now, "" for none."""
        if seat.at != block:
            seat.at = block
            live.tell_people()

    # Remarks

    async def remark(self, live: Live, by: Actor, block: str, text: str) -> None:
        """Write something in the margin of a block. Raises Problem."""
        text = text.strip()
        if not text:
            raise Problem("empty_text")
        if secrecy_mark(text):
            raise Problem("secret_marking")
        async with live.lock:
            if block not in live.sheet.items:
                raise Problem("unknown_block")
            if len(live.remarks) >= REMARKS:
                raise Problem("limit_reached")
            made = Remark(secrets.token_hex(8), block, text, by, utcnow())
            async with self._database.begin() as connection:
                await tables.add_remark(connection, live.document.id, made)
            await self._tell_remarks(live)

    async def margin(self, document: Document) -> tuple[Noted, ...]:
        """What was written in the margin of a draft, with the place of each, the oldest first."""
        async with self._database.read() as connection:
            remarks = await tables.remarks(connection, document.id)
            parts = {part.name: part for part in parts_of(document.kind)}
            kept = await tables.get(connection, document.id, parts) if remarks else None
        return tuple(Noted(one, *layout.place(kept.sheet, one.block)) for one in remarks) if kept else ()

    async def resolve(self, live: Live, by: Actor, remark: str) -> None:
        """A remark was dealt with."""
        async with live.lock:
            async with self._database.begin() as connection:
                await tables.settle_remark(connection, live.document.id, remark, by, utcnow())
            await self._tell_remarks(live)

    async def _tell_remarks(self, live: Live) -> None:
        async with self._database.read() as connection:
            live.remarks = await tables.remarks(connection, live.document.id)
        live.tell(live.told_remarks())

    # Writing

    async def do(self, live: Live, seat: Seat, operations: Sequence[Operation]) -> list[Refusal]:
        """Carry operations out in order: kept, then told. Those that cannot be done come back."""
        async with live.lock:
            if self._live.get(live.document.id) is not live:  # it was taken away while this one waited
                raise Problem("draft_closed")
            await self._follow(live)
            if not writable(live.document):
                raise Problem("draft_closed")
            now = self._clock()
            if live.changed is not None and seat.by not in live.authors and now - live.changed > TURN:
                await self._try_cut(live)
            return await self._carry_out(live, operations, seat.by)

    async def _carry_out(self, live: Live, operations: Sequence[Operation], by: Actor) -> list[Refusal]:
        sheet, touched, news, refused = live.sheet, set[str](), list[Json](), list[Refusal]()
        structure = False
        for operation in operations:
            try:
                step = done(sheet, operation, by.id)
                if step is not None:
                    refuse_secrets(sheet, step.sheet, step.touched)
            except (Problem, BadMessage, Refused) as error:
                refused.append(Refusal(operation.number, error.code))
                continue
            if step is not None:
                structure = structure or not isinstance(operation, Write) or bool(step.news["revived"])
                sheet = step.sheet
                touched |= step.touched
                news.append(step.news)
        if not news:
            return refused
        authors = live.authors if by in live.authors or by == SYSTEM else (*live.authors, by)
        kept = Kept(sheet, live.version, authors)
        async with self._database.begin() as connection:
            # A row of the document is locked for as long as it takes to see that it is still a draft.
            document = await store.get(connection, live.document.id, lock=True)
            if document.version != live.version or not writable(document):
                raise Problem("busy")
            if structure or authors != live.authors:
                await tables.put(connection, document.id, kept, touched)
            else:
                await tables.put_items(connection, document.id, {id: sheet.items[id] for id in touched})
        live.sheet, live.authors = sheet, authors
        live.changed = live.used = self._clock()
        live.tell({"type": "done", "changes": news})
        live.preview.poke()
        return refused

    async def said(self, document_id: str) -> Json:
        """The JSON of what the draft says as it stands, unchecked: a version can be made of it or not. Raises
        NotFound."""
        live = await self._open(document_id)
        async with live.lock:
            await self._follow(live)
            return live.content(await self._base(live))

    async def become(self, document_id: str, content: Json, by: Actor) -> None:
        """Let the draft say what `content` says, as a version of its own: an older version, a file. What `content`
        does not name stays as it stands. Raises RecordError, Problem."""
        live = await self._open(document_id)
        async with live.lock:
            if self._live.get(live.document.id) is not live:  # it was taken away while this one waited
                raise Problem("draft_closed")
            await self._follow(live)
            if not writable(live.document):
                raise Problem("draft_closed")
            whole = {**live.content(await self._base(live)), **content}
            await self._records.refuse_unsound(document_id, whole)  # before anything is replaced
            await self._try_cut(live)
            operations = layout.becoming(live.sheet, whole, new_id, f"s-{secrets.token_hex(8)}")
            await self._carry_out(live, operations, by)
            await self._cut(live)

    # Versions

    async def settle(self, document_id: str) -> None:
        """Cut a version now if something waits for one. Raises RecordError: why what is written cannot be kept as it
        is, NotFound too."""
        async with self._database.read() as connection:
            known = document_id in self._live or await tables.opened(connection, document_id)
        if known:
            live = await self._open(document_id)
            async with live.lock:
                await self._follow(live)
                await self._cut(live)

    async def follow(self, document_id: str) -> None:
        """Something else was done to the document: whoever has it open hears of it."""
        live = self._live.get(document_id)
        if live is not None:
            async with live.lock:
                await self._follow(live)

    async def forget(self, document_id: str) -> None:
        """The draft is not to be read by anybody any more: whoever writes in it is sent out, and nothing is kept."""
        live = self._live.pop(document_id, None)
        if live is not None:
            async with live.lock:
                for seat in live.seats:
                    seat.connection.end(bye("closed"))
                live.seats.clear()
                live.changed = None
                await live.preview.close()

    def quiet(self, document_id: str) -> bool:
        """Whether nobody has the draft open."""
        live = self._live.get(document_id)
        return live is None or not live.seats

    def preview(self, document_id: str) -> Preview | None:
        """The pictures of an open draft."""
        live = self._live.get(document_id)
        return live.preview if live else None

    async def _base(self, live: Live) -> Json:
        return await self._records.content_json(live.document.id)

    async def _cut(self, live: Live) -> None:
        if live.changed is None or not writable(live.document):
            return
        try:
            await self._keep(live)
        except RecordError as error:
            # What is written stays where it is; whoever has it open and whoever submits it is told what is wrong.
            if str(error) != str(live.problem):
                log.info("no version yet", document=live.document.id, reason=type(error).__name__)
                live.problem = error
                live.tell_version()
            live.tried = live.changed
            raise

    async def _keep(self, live: Live) -> None:
        base = await self._base(live)
        content = live.content(base)
        if content != base:
            by = live.authors[-1] if live.authors else SYSTEM
            live.version = await self._records.edit(live.document.id, content, by=by, expected_version=live.version)
        else:
            live.authors = ()
        async with self._database.begin() as connection:
            if live.authors:
                await tables.put_authors(connection, live.document.id, live.version, live.authors)
            live.authors, live.changed, live.problem = (), None, None
            await tables.put(connection, live.document.id, live.kept(), ())
        live.tell_version()

    async def _try_cut(self, live: Live) -> None:
        with contextlib.suppress(RecordError):
            await self._cut(live)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            for live in list(self._live.values()):
                with contextlib.suppress(Exception):
                    await self._look_at(live)

    async def _look_at(self, live: Live) -> None:
        now = self._clock()
        async with live.lock:
            pause = SOON if live.problem else PAUSE
            if live.changed is not None and live.changed != live.tried and now - live.changed >= pause:
                await self._try_cut(live)
            if not live.seats and now - live.used >= REST:
                del self._live[live.document.id]
                await live.preview.close()

    # The database

    async def _open(self, document_id: str) -> Live:
        async with self._opening:
            live = self._live.get(document_id)
            if live is None:
                live = self._live[document_id] = await self._read(document_id)
            live.used = self._clock()
            return live

    async def _read(self, document_id: str) -> Live:
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id)
            parts = {part.name: part for part in parts_of(document.kind)}
            kept = await tables.get(connection, document_id, parts)
            remarks = await tables.remarks(connection, document_id)
            content = to_json(await stored_content(connection, document))
            if kept is None:
                sheet = layout.sheet_of(tuple(parts.values()), content, new_id)
                kept = Kept(sheet, document.version, ())
                await tables.put(connection, document_id, kept, sheet.items)
            elif any(name not in kept.sheet.lists for name in parts):
                sheet = layout.grown(kept.sheet, content, new_id)
                kept = Kept(sheet, kept.version, kept.authors)
                await tables.put(connection, document_id, kept, sheet.items.keys() - kept.sheet.items.keys())
        live = Live(document, kept.sheet, kept.version, kept.authors, base=content, remarks=remarks)
        live.preview = Preview(lambda: self._typeset.pages(live.document, live.content(live.base)), live.tell_drawn)
        if kept.authors:
            live.changed = self._clock()
        return live

    async def _follow(self, live: Live) -> None:
        """Bring the sheet up to a version that was not made from it."""
        async with self._database.read() as connection:
            live.document = await store.get(connection, live.document.id)
            if live.document.version != live.version:
                live.base = to_json(await stored_content(connection, live.document))
        if live.document.version != live.version:
            await self._catch_up(live, live.base)
        if not writable(live.document) and live.seats:
            live.tell({"type": "closed"})

    async def _catch_up(self, live: Live, content: Json) -> None:
        """Somebody saved another text: what was written here meanwhile becomes a version before it, so that both are
        in the history, and the saved one counts."""
        behind, live.version = live.version, live.document.version
        written = live.changed is not None
        if written:
            await self._try_cut(live)
        operations = layout.becoming(live.sheet, content, new_id, f"s-{secrets.token_hex(8)}")
        await self._carry_out(live, operations, SYSTEM)
        if not operations:
            async with self._database.begin() as connection:
                await tables.put(connection, live.document.id, live.kept(), ())
        if written and live.version != live.document.version:
            await self._try_cut(live)
        elif live.changed is not None and not written:
            live.changed = None
        log.info("draft follows", document=live.document.id, behind=behind, version=live.version)
