"""The exchange of documents with other authorities: what is sent and answered, and one look at the axis after another.

A message is written down in the transaction that is its reason (durable before visible) and sent afterwards, again and
again until the axis has it. What comes is put on record before it is taken off the axis. What is done with that is in
server.exchange_arrivals. Whether the asker may is decided before.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.archive import Archive, digest_of
from minutes.document import Document, Official, State
from minutes.errors import N_, InvalidContent, Reason, RecordError, Refused
from minutes.exchange import edxml, status, store
from minutes.exchange.arrival import PDF
from minutes.exchange.edxml import Business, Message
from minutes.exchange.element import refuse_marked
from minutes.exchange.status import Code, Status
from minutes.exchange.store import MessageState, Outgoing, Sent, Trouble
from minutes.workflow import store as workflow
from minutes.workflow.relation import in_force
from server import casefiles_contents as contents
from server import directory, exchange_package
from server.config import ExchangeConfig
from server.database import Database
from server.errors import ANSWERS, Problem
from server.exchange_arrivals import Arrivals
from server.exchange_line import Line, LineDown
from server.jobs import Job
from server.records_attaching import files_of
from server.records_drafting import stored_content
from server.records_relations import business_of

log = structlog.get_logger("giaoban.exchange")

EVERY = 30.0
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
"""Before the second try and the following; the last one again and again, for the axis will be there some day."""
BATCH = 50
HELD = 10_000
"""Names of messages that could not be dealt with."""
SHOWN = 20
"""Troubles that a page tells."""


class Exchange:
    """Given: database, archive, the way to the axis (None: there is none), what came. Owned: the job that looks."""

    def __init__(
        self, database: Database, archive: Archive, line: Line | None, config: ExchangeConfig, arrivals: Arrivals,
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.arrivals = arrivals
        self.job = Job("exchange", self.look, every=EVERY, failing="no document is sent to others or taken in")
        self._database = database
        self._archive = archive
        self._line = line
        self._config = config
        self._now = now
        self._one_by_one = asyncio.Lock()
        self._held: dict[str, None] = {}

    def connected(self, unit_id: str) -> bool:
        """Whether a unit sends and receives by the axis."""
        return self._line is not None and unit_id in self._config.organs

    def partners(self, unit_id: str) -> list[tuple[str, str]]:
        """(identifier, name) of those to whom a unit can send, by name."""
        own = self._config.organs.get(unit_id)
        return sorted(
            ((id, name) for id, name in self._config.partners.items() if id != own), key=lambda one: (one[1], one[0])
        )

    # Out

    async def send(self, document_id: str, organs: Sequence[str], *, by: Official) -> None:
        """Put a sealed document down to be sent to these authorities; who has it already gets it no second time.
        Raises Refused, InvalidContent("organs")."""
        async with self._database.begin() as connection:
            document = await records.get(connection, document_id, lock=True)
            own = self._config.organs.get(document.unit.id)
            if self._line is None or own is None:
                raise Refused("not_connected", Reason(N_("Cơ quan chưa kết nối trục liên thông.")))
            if document.state is not State.SEALED:
                raise Refused("not_issued", Reason(N_("Chỉ gửi được văn bản đã phát hành.")))
            if not in_force((await workflow.changes(connection, [document_id])).get(document_id, ())):
                raise Refused("not_in_force", Reason(N_("Văn bản này không còn hiệu lực nên không gửi đi nữa.")))
            known = dict(self.partners(document.unit.id))
            chosen = [one for one in dict.fromkeys(organs) if one in known]
            if not chosen:
                raise InvalidContent("organs", Reason(N_("xin chọn ít nhất một nơi nhận")))
            done = {one.message.organ_id for one in await store.of_document(connection, document_id)}
            business, target = await business_of(connection, document)
            named = () if target is None else (exchange_package.key_of(own, target),)
            key = exchange_package.key_of(own, document)
            made = [
                Outgoing(document.unit.id, one, known[one], key, by.name, document_id, business, named)
                for one in chosen
                if one not in done
            ]
            await store.put(connection, made, self._now())
        self.job.wake()

    async def again(self, document_id: str) -> None:
        """Try at once what of a document is not sent yet."""
        async with self._database.begin() as connection:
            await store.again(connection, document_id, self._now())
        self.job.wake()

    async def sent(self, document_id: str) -> tuple[Sent, ...]:
        """To whom a document was sent, and what they say of it."""
        async with self._database.read() as connection:
            return await store.of_document(connection, document_id)

    async def state(self, unit_id: str) -> tuple[tuple[Sent, ...], tuple[Trouble, ...]]:
        """What of a unit waits to be sent, and which messages could not be taken."""
        async with self._database.read() as connection:
            return await store.unsent(connection, unit_id), await store.troubles(connection, SHOWN)

    # The look

    async def look(self, now: datetime) -> None:
        """Send what is due, take what has come, and send what that was answered with."""
        if self._line is None:
            return
        async with self._one_by_one:
            try:
                await self._deliver(self._line, now)
                if await self._collect(self._line, now):
                    await self._deliver(self._line, self._now())
            except LineDown as error:
                log.warning("the exchange axis cannot be reached", reason=str(error))

    async def _deliver(self, line: Line, now: datetime) -> None:
        while True:
            async with self._database.read() as connection:
                messages = await store.due(connection, now, BATCH)
            for one in messages:
                await self._send(line, one, now)
            if len(messages) < BATCH:
                return

    async def _send(self, line: Line, one: Sent, now: datetime) -> None:
        """Raises LineDown after it is on record that this try came to nothing."""
        own = self._config.organs.get(one.message.unit_id)
        try:
            if own is None:
                raise Refused("not_connected", Reason(N_("Cơ quan chưa kết nối trục liên thông.")))
            data = await self._package(own, one)
        except RecordError as error:
            log.error("a message cannot be written", message=one.id, reason=str(error))
            await self._mark(one, state=MessageState.FAILED.value, error=str(error.reason)[:500])
            return
        try:
            await line.send(f"{own}-{one.id:08d}", data)
        except LineDown as error:
            due = now + PAUSES[min(one.tries, len(PAUSES) - 1)]
            await self._mark(one, tries=one.tries + 1, error=str(error)[:500], due_at=due)
            raise
        await self._mark(one, state=MessageState.SENT.value, sent_at=self._now(), error="")

    async def _mark(self, one: Sent, **values: object) -> None:
        async with self._database.begin() as connection:
            await store.mark(connection, one.id, **values)

    async def _package(self, own: str, one: Sent) -> bytes:
        async with self._database.read() as connection:
            if one.message.document_id is None:
                unit = await directory.unit(connection, one.message.unit_id)
                return status.dump(exchange_package.answer(own, unit.name if unit else "", one))
            document = await records.get(connection, one.message.document_id)
            said = {**contents.of_document(document).said, **await contents.told(connection, document)}
            attached = files_of(await stored_content(connection, document))
        files = [await self._file(file.name, file.digest) for file in attached]
        made = exchange_package.addressed(await self._document(own, document, said, files), one.message)
        return await asyncio.to_thread(edxml.dump, made, one.at)

    async def _file(self, name: str, digest: str) -> edxml.File:
        data = await asyncio.to_thread(self._archive.fetch, digest)
        return edxml.File(name, exchange_package.media_of(data), data)

    async def _document(
        self, own: str, document: Document, said: dict[str, str], attached: Sequence[edxml.File]
    ) -> Message:  # fmt: skip
        pdf = await asyncio.to_thread(self._archive.fetch, document.digest or "")
        said["PageAmount"] = str(await asyncio.to_thread(contents.pages, pdf))
        name = f"{exchange_package.safe(document.number_symbol or document.id)}.pdf"
        return exchange_package.message(own, document, said, (edxml.File(name, PDF, pdf), *attached))

    async def _collect(self, line: Line, now: datetime) -> int:
        """Take what has come; how many messages that were. What could not be dealt with stands behind the others at the
        next look, whatever the reason was: so none of them holds up another."""
        taken = 0
        for name in await line.waiting(self._held):
            self._hold(name)
            data = await line.fetch(name)
            try:
                trouble = await self._take(data, now)
            except Problem as problem:  # what may be another time, as a program that reads pages and is not there
                await self._report(name, ANSWERS[problem.code].text, now)
                continue
            if trouble is not None:
                await self._report(name, trouble, now)
                await line.put_aside(name)
            else:
                await line.taken(name)
                taken += 1
            del self._held[name]
        return taken

    def _hold(self, name: str) -> None:
        self._held.pop(name, None)
        self._held[name] = None
        if len(self._held) > HELD:
            del self._held[next(iter(self._held))]

    async def _report(self, name: str, said: str, now: datetime) -> None:
        log.warning("a message of the exchange axis was not taken", name=name)
        async with self._database.begin() as connection:
            await store.report(connection, name, said, now)

    async def _take(self, data: bytes, now: datetime) -> str | None:
        """Put a message on record; else why it is none. Raises Problem."""
        try:
            message = await asyncio.to_thread(edxml.read, data)
            if isinstance(message, Status):
                refuse_marked(message.everything)
        except InvalidContent as error:
            return str(error.reason)
        if isinstance(message, Status):
            async with self._database.begin() as connection:
                return await self._heard(connection, message, now)
        units = [unit for unit, organ in self._config.organs.items() if organ in message.to_organs]
        for unit_id in units:
            await self.arrivals.take(unit_id, self._config.organs[unit_id], message, digest_of(data), now)
        return None if units else N_("Gói tin gửi cho cơ quan khác.")

    async def _heard(self, connection: AsyncConnection, said: Status, now: datetime) -> str | None:
        if said.code is Code.TAKING_BACK:
            known = await self.arrivals.wanted_back(
                connection, Business.REVOKES, said.organ_id, (said.document_id,), "", now
            )
        else:
            known = await store.answered(connection, said, now)
        return None if known else N_("Trạng thái của một văn bản mà cơ quan không gửi.")
