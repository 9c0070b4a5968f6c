"""The case files' use cases: open, gather, close, hand over. What lies in a file stays where it is.

A meeting's case file gathers by itself what belongs to the meeting; the rest is added by hand. Until it is closed its
contents are looked up anew each time; closing deposits what the archive has not yet (papers, recordings, proceedings)
and freezes the list with the digest of everything. From then on it is the archive that is read.
"""

import asyncio
import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.archive import digest_of_file
from minutes.casefiles import bag, store
from minutes.casefiles.case import Case, CaseState, Item, ItemKind, refuse_unfinished
from minutes.casefiles.retention import Period
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind as Deposited
from minutes.document import KIND_NAMES, Document, Official, State
from minutes.errors import N_, Damaged, NotFound, Reason, Refused
from minutes.reading import VIETNAM
from minutes.registers import store as registers
from rooms import store as rooms
from rooms.proceedings import Fact, Proceedings
from rooms.proceedings.exported import export
from server import papers_tables
from server.database import Database
from server.directory import Unit
from server.records_reading import actor_of
from server.vault import Vault

_DEPOSITED = {
    ItemKind.PROCEEDINGS: Deposited.PROCEEDINGS,
    ItemKind.PAPER: Deposited.PAPER,
    ItemKind.RECORDING: Deposited.RECORDING,
}
"""What is deposited when a case file is closed; documents were, when they were sealed or came."""


class CaseFiles:
    """Given: the archive, the folders of papers and recordings. Whether the asker may is decided before."""

    def __init__(
        self, database: Database, vault: Vault, papers: Path, recordings: Path, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._vault = vault
        self._papers = papers
        self._recordings = recordings
        self._now = now

    @property
    def today(self) -> date:
        """The day in Viet Nam."""
        return self._now().astimezone(VIETNAM).date()

    async def of_year(self, unit_id: str, year: int) -> tuple[Case, ...]:
        """The list of case files of a unit's year."""
        async with self._database.read() as connection:
            return await store.of_year(connection, unit_id, year)

    async def periods(self, unit_id: str) -> tuple[Period, ...]:
        """The unit's table of retention periods."""
        async with self._database.read() as connection:
            return await store.periods(connection, unit_id)

    async def set_period(self, unit_id: str, period: Period, *, by: Official) -> None:
        """Add or change a line of the table."""
        async with self._database.begin() as connection:
            await store.set_period(connection, unit_id, period, actor_of(by), self._now())

    async def open(self, unit: Unit, title: str, code: str, *, by: Official) -> str:
        """Open a case file by hand; returns its id. Raises Refused("case_title"), NotFound."""
        if not title.strip() or len(title) > 500:
            raise Refused("case_title", Reason(N_("Xin ghi tiêu đề hồ sơ, không quá 500 ký tự.")))
        id = secrets.token_hex(16)
        async with self._database.begin() as connection:
            period = _period(await store.periods(connection, unit.id), code)
            await store.add(connection, id, unit.id, unit.name, title.strip(), period, self.today, by.name)
        return id

    async def get(self, unit_id: str, case_id: str) -> Case:
        """A case file of the unit, with what lies in it now. Raises NotFound."""
        async with self._database.read() as connection:
            return await self._whole(connection, unit_id, case_id)

    async def keep_for(self, unit_id: str, case_id: str, code: str) -> None:
        """Choose another retention period. Raises NotFound, Refused."""
        async with self._database.begin() as connection:
            case = await _own(connection, unit_id, case_id)
            await store.set_retention(connection, case, _period(await store.periods(connection, unit_id), code))

    async def put_in(self, unit_id: str, case_id: str, what: str, *, by: Official) -> None:
        """Add a document by its number and symbol ("07/TB-UBND", of this case file's year), or one that came by "đến"
        and its number. Raises NotFound, Refused."""
        async with self._database.begin() as connection:
            case = await _own(connection, unit_id, case_id)
            kind, ref = await _named(connection, case, what.strip())
            await store.put_in(connection, case, kind, ref, actor_of(by), self._now())

    async def close(self, unit_id: str, case_id: str, *, by: Official) -> None:
        """Deposit what lies in it and freeze the list of contents. Raises NotFound, Refused, and Damaged where a file
        is not as it was when it came."""
        case = await self.get(unit_id, case_id)
        refuse_unfinished(case, case.items)
        await self._deposit(case)
        async with self._database.begin() as connection:
            again = await self._whole(connection, unit_id, case_id)
            if again.items != case.items:
                raise Refused("case_changed", Reason(N_("Hồ sơ vừa có thêm tài liệu. Xin xem lại mục lục.")))
            await store.close(connection, case, case.items, self.today, actor_of(by), self._now())

    async def hand_over(self, unit_id: str, case_id: str) -> tuple[Case, IO[bytes]]:
        """A closed case file as a bag in a ZIP, in a file without a name that stands at its end: it is gone when it is
        closed. Raises NotFound, Refused, Damaged."""
        async with self._database.read() as connection:
            case = await _own(connection, unit_id, case_id)
        if case.state is CaseState.OPEN:
            raise Refused("case_open", Reason(N_("Chỉ giao nộp được hồ sơ đã kết thúc.")))
        await self._deposit(case)  # one that was closed when closing did not do it
        return case, await asyncio.to_thread(self._packed, case)

    def read(self, item: Item) -> Iterator[bytes]:
        """What lies in a closed case file, piece by piece, from the archive. Raises Damaged."""
        return self._vault.archive.pieces(item.digest or "")

    def _packed(self, case: Case) -> IO[bytes]:
        into = tempfile.TemporaryFile(prefix="giaoban-bag-")  # noqa: SIM115 - whoever gets it closes it
        try:
            bag.write(case, into, self.read, self._now())
            into.seek(0, 2)
        except BaseException:
            into.close()
            raise
        return into

    async def _deposit(self, case: Case) -> None:
        """Put into the archive what of a case file is not there. Raises Damaged."""
        for item in case.items:
            if item.kind not in _DEPOSITED:
                continue
            async with self._database.read() as connection:
                known = await deposits.entries(connection, digest=item.digest)
            if not known:
                source = await self._source(case, item)
                about, label = case.meeting_id or case.id, f"{case.unit_id}/{case.code}/{item.name}"
                await self._vault.deposit(source, about=about, kind=_DEPOSITED[item.kind], label=label)

    async def _source(self, case: Case, item: Item) -> bytes | Path:
        if item.kind is not ItemKind.PROCEEDINGS:
            return await asyncio.to_thread(self._sound, case, item)
        async with self._database.read() as connection:
            return await _exported(connection, item.ref)

    def _sound(self, case: Case, item: Item) -> Path:
        """Where a paper's or a recording's file is, if it is as it was."""
        if item.kind is ItemKind.PAPER:
            path = self._papers / (item.digest or "") / f"original.{item.name.rpartition('.')[2]}"
        else:
            path = self._recordings / (case.meeting_id or "") / item.ref
        try:
            with path.open("rb") as file:
                found = digest_of_file(file)
        except FileNotFoundError as error:
            raise Damaged(Reason(N_("Thiếu tệp “%(name)s” của hồ sơ"), name=item.name)) from error
        if found != item.digest:
            raise Damaged(Reason(N_("Tệp “%(name)s” không còn đúng như khi được ghi nhận"), name=item.name))
        return path

    async def _whole(self, connection: AsyncConnection, unit_id: str, case_id: str) -> Case:
        case = await _own(connection, unit_id, case_id)
        if case.state is not CaseState.OPEN:
            return case
        items = [] if case.meeting_id is None else await self._of_meeting(connection, case.meeting_id)
        known = {(one.kind, one.ref) for one in items}
        for kind, ref in await store.added(connection, case.id):
            if (kind, ref) not in known:
                items.append(await _added(connection, case, kind, ref))
        return _with(case, items)

    async def _of_meeting(self, connection: AsyncConnection, meeting_id: str) -> list[Item]:
        facts = await rooms.facts(connection, meeting_id)
        documents = await records.search(connection, store.MOST, meeting_id=meeting_id)
        papers = await papers_tables.of_meeting(connection, meeting_id)
        # What the days of recordings have taken away (server.retention) is in the proceedings alone.
        kept = await asyncio.to_thread((self._recordings / meeting_id).is_dir)
        return [
            *(_document(one) for one in sorted(documents, key=lambda one: (one.created_at, one.id))),
            *_proceedings(meeting_id, facts),
            *(
                Item(ItemKind.PAPER, one.id, f"{one.name.removesuffix(f'.{one.kind}')}.{one.kind}", one.name,
                     one.sha256)
                for one in papers
            ),
            *(
                Item(ItemKind.RECORDING, str(fact.data["file"]), str(fact.data["file"]), "Ghi âm, ghi hình cuộc họp",
                     str(fact.data["sha256"]))
                for fact in facts
                if kept and fact.kind == "recording_segment"
            ),
        ]  # fmt: skip


def _with(case: Case, items: list[Item]) -> Case:
    return Case(**{name: getattr(case, name) for name in Case.__dataclass_fields__ if name != "items"},
                items=tuple(items))  # fmt: skip


def _period(table: tuple[Period, ...], code: str) -> Period:
    found = next((one for one in table if one.code == code), None)
    if found is None:
        raise NotFound(Reason(N_("Xin chọn thời hạn bảo quản trong bảng.")))
    return found


async def _own(connection: AsyncConnection, unit_id: str, case_id: str) -> Case:
    case = await store.get(connection, case_id)
    if case.unit_id != unit_id:
        raise NotFound(Reason(N_("Không có hồ sơ này.")))
    return case


async def _named(connection: AsyncConnection, case: Case, what: str) -> tuple[ItemKind, str]:
    if what.casefold().startswith("đến") and what[3:].strip().isdecimal() and len(what) < 12:
        one = await registers.one_incoming(connection, case.unit_id, case.year, int(what[3:]))
        return ItemKind.RECEIVED, f"{one.year}/{one.number}"
    for line in await registers.outgoing(connection, case.unit_id, case.year):
        if line.number_symbol == what and line.document_id is not None:
            return ItemKind.DOCUMENT, line.document_id
    raise NotFound(Reason(N_("Trong sổ của năm %(year)s không có văn bản điện tử “%(what)s”."), year=case.year,
                          what=what[:60]))  # fmt: skip


def _proceedings(meeting_id: str, facts: list[Fact]) -> Iterator[Item]:
    if not facts:
        return
    done = facts[-1].kind == "closed" or any(fact.kind == "closed" for fact in facts)
    digest = hashlib.sha256(b"".join(export(Proceedings.from_facts(facts)))).hexdigest() if done else None
    yield Item(ItemKind.PROCEEDINGS, meeting_id, "dien-bien.jsonl", "Diễn biến cuộc họp", digest)


async def _exported(connection: AsyncConnection, meeting_id: str) -> bytes:
    return b"".join(export(Proceedings.from_facts(await rooms.facts(connection, meeting_id))))


def _document(one: Document) -> Item:
    kind = KIND_NAMES[one.kind]
    title = f"{kind} {one.number_symbol or ''} {one.title}".replace("\n", " ")
    if one.state is not State.SEALED or one.number_symbol is None or one.issued_on is None:
        return Item(ItemKind.DOCUMENT, one.id, f"{kind}.pdf", " ".join(title.split()), None)
    said = {
        "CodeNumber": f"{one.number:02d}",
        "CodeNotation": one.symbol or "",
        "IssuedDate": f"{one.issued_on:%d/%m/%Y}",
        "TypeName": kind,
        "OrganName": one.unit.name,
        "SignerInfo": "; ".join(signed.signer.name for signed in one.signed),
    }
    name = f"{kind} {one.number_symbol}.pdf"
    return Item(ItemKind.DOCUMENT, one.id, name, " ".join(title.split()), one.digest, said)


async def _added(connection: AsyncConnection, case: Case, kind: ItemKind, ref: str) -> Item:
    if kind is ItemKind.DOCUMENT:
        return _document(await records.get(connection, ref))
    year, number = map(int, ref.split("/"))
    one = await registers.one_incoming(connection, case.unit_id, year, number)
    came = one.received
    said = {
        "CodeNotation": came.number_symbol,
        "IssuedDate": f"{came.issued_on:%d/%m/%Y}",
        "TypeName": came.kind_name,
        "OrganName": came.author,
        "ArrivalDate": f"{came.arrived_on:%d/%m/%Y}",
        "ArrivalNumber": f"{one.number:02d}",
    }
    title = f"{came.author} {came.number_symbol} {came.subject}"
    return Item(kind, ref, f"den {one.number:02d} {came.number_symbol}.pdf", title, one.digest, said)
