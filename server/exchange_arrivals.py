"""What comes from other authorities by the exchange axis: looked at, answered, received, refused, and destroyed where
its issuer recalls it. Every answer is written down in the transaction of the act that it tells of.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.casefiles import store as cases
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind as Deposited
from minutes.deposits.erasure import Erasure, Ground
from minutes.described.store import description_table
from minutes.document import KIND_NAMES, Kind, Official
from minutes.errors import N_, Damaged, InvalidContent, NotFound, Reason, Refused, SecretContent
from minutes.exchange import store
from minutes.exchange.arrival import (
    Arrival,
    ArrivalState,
    Kept,
    RecallState,
    refuse_decided,
    refuse_taken_back,
    refuse_unasked,
)
from minutes.exchange.edxml import Business, File, Message
from minutes.exchange.element import refuse_marked
from minutes.exchange.status import Code
from minutes.exchange.store import Outgoing
from minutes.exchange.tables import arrival_table
from minutes.reading import LINE, VIETNAM
from minutes.registers import entry
from minutes.registers import store as registers
from minutes.registers.entry import Incoming, Received
from minutes.searching import store as searching
from minutes.searching.entry import Subject as Found
from minutes.secrecy import refuse_secrets
from minutes.wording import short_date
from server import search_index
from server.config import ORGAN
from server.directing import parts_of_task
from server.directory import Unit
from server.erasing import Eraser
from server.errors import ANSWERS, Problem
from server.exchange_answers import answer
from server.exchange_package import media_of
from server.page_reader import PageReader
from server.received import Looked, looked_at, searched, texts_of
from server.records_reading import actor_of, reason_of
from server.registers import refuse_second
from server.strongbox import Part, take_out
from server.vault import Vault

_LATER = frozenset({"unseen_pages", "files_waiting"})
"""What is wrong on our side, and may be well another time."""
ASKED = "Nơi gửi yêu cầu lấy lại"


class Arrivals:
    """Given: the archive, who reads pictures of pages, who erases."""

    def __init__(self, vault: Vault, reader: PageReader, eraser: Eraser, now: Callable[[], datetime]) -> None:
        self._vault = vault
        self._database = vault.database
        self._reader = reader
        self._eraser = eraser
        self._now = now

    # What has come

    async def take(self, unit_id: str, own: str, message: Message, package: str, now: datetime) -> None:
        """Put a document on record that was sent to a unit; what must not be here is refused at once, and nothing of it
        kept. The same message again changes nothing. Raises Problem where it is to be tried another time."""
        async with self._database.read() as connection:
            if await store.came(connection, unit_id, package):
                return
        try:
            said = _entered(message, now.astimezone(VIETNAM).date())
            looked = await self._looked(message.files)
            files = [await self._kept(unit_id, said, one) for one in message.files]
        except (InvalidContent, Damaged, Problem) as error:
            why = _why(error)
            async with self._database.begin() as connection:
                await store.report(connection, f"{message.organ_id[:60]}-{package[:12]}", str(why), now)
                if ORGAN.fullmatch(message.organ_id):
                    refusal = _reply(unit_id, message, Code.REFUSED, str(why)[:500], "")
                    await store.put(connection, [refusal], now)
            return
        verdict, pages = (None, None) if looked is None else (looked.report, len(looked.texts))
        one = Arrival(
            secrets.token_hex(16), unit_id, message.organ_id, own, message.document_id, message.business,
            message.targets, said, tuple(files), verdict, pages, now,
        )  # fmt: skip
        async with self._database.begin() as connection:
            if await store.came(connection, unit_id, package):
                return
            await store.add(connection, one, package)
            await store.put(connection, [_reply(unit_id, message, Code.ARRIVED, "", "")], now)
            await self.wanted_back(connection, message.business, message.organ_id, message.targets, _named(said), now)

    async def _looked(self, files: Sequence[File]) -> Looked | None:
        """The judgement of the first PDF; every file is searched for marks of secrecy."""
        main = next((one for one in files if one.content.startswith(b"%PDF-")), None)
        for one in files:
            refuse_secrets("file", one.name)
            if one is not main:
                await searched(one.name, one.content, self._reader)
        return None if main is None else await looked_at(main.content, self._vault.trust, self._reader)

    async def _kept(self, unit_id: str, said: Received, file: File) -> Kept:
        label = f"{unit_id}/{said.arrived_on.year}/trục/{said.number_symbol}"
        kept = await self._vault.deposit(file.content, about=unit_id, kind=Deposited.ATTACHMENT, label=label)
        return Kept(file.name[:200] or "van-ban", media_of(file.content), kept.entry.digest)

    async def wanted_back(
        self, connection: AsyncConnection, business: Business, organ_id: str, keys: Sequence[str], by: str,
        now: datetime,
    ) -> bool:  # fmt: skip
        """Mark what its own sender revokes or replaces; whether there was anything of it."""
        if business not in (Business.REVOKES, Business.REPLACES):
            return False
        found = await store.sent_by(connection, organ_id, keys)
        for one in found:
            values = {"recall": RecallState.ASKED.value, "recall_by": by or ASKED, "recall_at": now}
            await store.change(connection, one.id, was={"recall": RecallState.NONE.value}, **values)
        return bool(found)

    # Questions

    async def waiting(self, unit_id: str) -> tuple[Arrival, ...]:
        """What waits to be received, the first first."""
        async with self._database.read() as connection:
            return await store.of_unit(connection, unit_id, ArrivalState.WAITING)

    async def recalled(self, unit_id: str) -> tuple[Arrival, ...]:
        """What senders want back and has had no answer."""
        async with self._database.read() as connection:
            return await store.recalled(connection, unit_id)

    async def get(self, unit_id: str, arrival_id: str) -> tuple[Arrival, Incoming | None]:
        """What came, and the line of the register that has the same document already. Raises NotFound."""
        async with self._database.read() as connection:
            one = await store.get(connection, unit_id, arrival_id)
            before = await registers.came_before(connection, unit_id, one.received)
        same = before is not None and (before.year, before.number) == (one.year, one.number)
        return one, None if same else before

    async def of_line(self, unit_id: str, year: int, number: int) -> Arrival | None:
        """What a line of the register came by."""
        async with self._database.read() as connection:
            return await store.of_line(connection, unit_id, year, number)

    async def file(self, one: Arrival, place: int) -> tuple[Kept, bytes]:
        """A file of it, `place` from 1. Raises NotFound, Damaged."""
        if not 1 <= place <= len(one.files):
            raise NotFound(Reason(N_("Không có tệp này.")))
        kept = one.files[place - 1]
        return kept, await asyncio.to_thread(self._vault.archive.fetch, kept.digest)

    # Acts

    async def receive(
        self, unit: Unit, arrival_id: str, note: str, *, by: Official, knowing: bool
    ) -> tuple[int, int]:  # fmt: skip
        """Give it its number; returns year and number. Raises NotFound, Refused, Refused("came_before") for a document
        that is in the register already unless `knowing`."""
        now = self._now()
        if len(note) > LINE:
            raise InvalidContent("note", Reason(N_("dài quá %(limit)s ký tự"), limit=LINE))
        texts = await self._texts(unit.id, arrival_id)
        async with self._database.begin() as connection:
            one = await store.get(connection, unit.id, arrival_id)
            refuse_decided(one)
            refuse_taken_back(one)
            today = now.astimezone(VIETNAM).date()
            said = replace(one.received, arrived_on=today, note=note.strip())
            if not knowing:
                await refuse_second(connection, unit.id, said)
            await self._decide(connection, one, ArrivalState.RECEIVED, by, now)
            digest = one.main.digest if one.main else None
            number = await registers.add_incoming(
                connection, unit.id, said, digest, one.verdict, one.pages, actor_of(by), now
            )
            await store.change(connection, one.id, year=today.year, number=number)
            await search_index.follow_received(connection, unit.id, today.year, number, texts)
            told = f"Số đến {number:02d} ngày {short_date(today)}"
            await answer(connection, one, Code.RECEIVED, told, by, now)
        return today.year, number

    async def _texts(self, unit_id: str, arrival_id: str) -> tuple[str, ...]:
        async with self._database.read() as connection:
            main = (await store.get(connection, unit_id, arrival_id)).main
        if main is None:
            return ()
        return await texts_of(await asyncio.to_thread(self._vault.archive.fetch, main.digest), self._reader)

    async def refuse(self, unit_id: str, arrival_id: str, reason: str, *, by: Official) -> None:
        """Send word that it is not received, and why. Raises NotFound, Refused."""
        why, now = reason_of(reason), self._now()
        async with self._database.begin() as connection:
            one = await store.get(connection, unit_id, arrival_id)
            refuse_decided(one)
            await self._decide(connection, one, ArrivalState.REFUSED, by, now, reason=why)
            await answer(connection, one, Code.REFUSED, why, by, now)

    async def _decide(
        self, connection: AsyncConnection, one: Arrival, state: ArrivalState, by: Official, now: datetime,
        **values: object,
    ) -> None:  # fmt: skip
        """Of two who decide at once the second is refused."""
        was = {"state": ArrivalState.WAITING.value, "recall": one.recall.value}
        told = {"state": state.value, "decided_by": by.name, "decided_at": now}
        if not await store.change(connection, one.id, was=was, **told, **values):
            refuse_decided(replace(one, state=state))

    async def keep(self, unit_id: str, arrival_id: str, reason: str, *, by: Official) -> None:
        """Say why what the sender wants back is kept. Raises NotFound, Refused."""
        why, now = reason_of(reason), self._now()
        async with self._database.begin() as connection:
            one = await store.get(connection, unit_id, arrival_id)
            refuse_unasked(one)
            await _settle(connection, one, RecallState.KEPT, f"{by.name}: {why}")
            await answer(connection, one, Code.KEPT, why, by, now)

    async def destroy(self, unit_id: str, arrival_id: str, *, by: Official) -> None:
        """Destroy what its issuer has recalled, its files and what the register says of its content; the line with its
        number, issuer and dates stays, and the record of it is in the archive. Raises NotFound, Refused, Damaged."""
        now = self._now()
        async with self._database.begin() as connection:
            one = await store.get(connection, unit_id, arrival_id)
            refuse_unasked(one)
            digests = await _unshared(connection, one)
            if one.state is ArrivalState.WAITING:
                await self._decide(connection, one, ArrivalState.REFUSED, by, now, reason=one.recall_by)
            await _settle(connection, one, RecallState.DESTROYED, by.name)
            said = f"[Đã hủy theo thu hồi của cơ quan ban hành: {one.recall_by}]"
            await take_out(connection, _parts(one, said))
            if one.number is not None:
                ref = f"{unit_id}/{one.year}/{one.number}"
                await searching.remove(connection, Found.RECEIVED, [ref])
            number = "" if one.number is None else f", số đến {one.number} năm {one.year}"
            basis = f"{one.recall_by}{number}"
            erasure = Erasure(Ground.RECALL, basis, by.name, now, digests)
            record = await self._eraser.record(connection, erasure, one.id)
            await answer(connection, one, Code.GIVEN_BACK, "Đã hủy văn bản thu hồi", by, now)
        await self._eraser.carry_out(record)
        tables = ("arrival", "incoming_document", "description", "task", "task_act", "mail", "search_entry",
                  "search_index")  # fmt: skip
        await self._database.rewrite(tables)


def _entered(message: Message, today: date) -> Received:
    """What the register would say of it. Raises InvalidContent, SecretContent."""
    refuse_marked(message.everything)
    if not ORGAN.fullmatch(message.organ_id) or len(message.document_id) > 200:
        raise InvalidContent("file", Reason(N_("thiếu hoặc sai mã định danh của nơi gửi hay của văn bản")))
    if not message.files:
        raise InvalidContent("file", Reason(N_("không có tệp văn bản")))
    letter = message.kind_name == KIND_NAMES[Kind.LETTER]
    fields = {
        "arrived_on": today.isoformat(),
        "author": message.organ_name or message.organ_id,
        "number_symbol": f"{message.number}/{message.notation}".strip("/"),
        "issued_on": message.issued_on.isoformat(),
        "kind_name": "" if letter else message.kind_name,
        "subject": message.subject,
        "note": "",
    }
    return entry.received(fields, today)


def _why(error: InvalidContent | Damaged | Problem) -> Reason | str:
    """Why it is refused, for its sender. Raises the error where it is to be tried another time."""
    if isinstance(error, Problem):
        if error.code in _LATER:
            raise error
        return ANSWERS[error.code].text
    if isinstance(error, SecretContent):
        return Reason(N_("Văn bản có dấu chỉ độ mật; không được gửi bí mật nhà nước qua hệ thống này."))
    return error.reason


def _named(said: Received) -> str:
    """A document in words."""
    return f"{said.kind_name or 'Công văn'} số {said.number_symbol} ngày {short_date(said.issued_on)}"


def _reply(unit_id: str, message: Message, code: Code, said: str, by: str) -> Outgoing:
    name = message.organ_name[:200]
    return Outgoing(unit_id, message.organ_id, name, message.document_id[:200], by, code=code, said=said)


async def _settle(connection: AsyncConnection, one: Arrival, to: RecallState, answer: str) -> None:
    """Of two who answer at once the second is refused."""
    was = {"recall": RecallState.ASKED.value}
    if not await store.change(connection, one.id, was=was, recall=to.value, recall_answer=answer):
        refuse_unasked(replace(one, recall=to))


async def _unshared(connection: AsyncConnection, one: Arrival) -> tuple[str, ...]:
    """The contents that are nobody else's. Raises Refused where a closed case file has it."""
    digests = {file.digest for file in one.files}
    for case in await cases.undisposed(connection):
        if any(item.digest in digests for item in case.items):
            text = N_("Văn bản đã nằm trong hồ sơ %(code)s đã kết thúc nên không hủy riêng được.")
            raise Refused("in_closed_case", Reason(text, code=case.code))
    mine = []
    for digest in sorted(digests):
        kept = await deposits.entries(connection, digest=digest)
        ours = all(found.entry.kind is Deposited.ATTACHMENT for found in kept)
        if ours and await store.holders(connection, digest) <= 1 and await registers.holders(connection, digest) <= 1:
            mine.append(digest)
    return tuple(mine)


def _parts(one: Arrival, said: str) -> Sequence[Part]:
    arrival, line = arrival_table, registers.incoming_table
    parts = [Part(arrival, arrival.c.id == one.id, {"subject": said, "files": "[]", "verdict": None})]
    if one.number is not None:
        same = (line.c.unit_id == one.unit_id) & (line.c.year == one.year) & (line.c.number == one.number)
        blank = {"subject": said, "note": "", "kind_name": "", "verdict": None, "digest": None, "pages": None,
                 "direction": "", "outcome": ""}  # fmt: skip
        parts += [Part(line, same, blank), *parts_of_task(one.unit_id, f"{one.year}/{one.number}", said)]
        about = description_table
        of_line = (about.c.unit_id == one.unit_id) & (about.c.ref == f"{one.year}/{one.number}")
        parts.append(Part(about, of_line & (about.c.subject == "received"), {"value": ""}))
    return parts
