"""What lies in a case file, looked up where it is kept."""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pypdfium2  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.addressees import sent_to
from minutes.casefiles import store
from minutes.casefiles.case import Case, Item, ItemKind
from minutes.content import MinutesContent
from minutes.described import store as description
from minutes.described.field import Subject
from minutes.document import KIND_NAMES, Document, State
from minutes.errors import N_, NotFound, Reason
from minutes.exchange import store as exchange
from minutes.exchange.arrival import RecallState
from minutes.keyring import KeyState
from minutes.reading import VIETNAM
from minutes.registers import store as registers
from minutes.registers.entry import Incoming
from minutes.tasks import store as tasks
from minutes.text import URGENCIES
from rooms import store as rooms
from rooms.proceedings import Fact, Proceedings
from rooms.proceedings.exported import export
from server import papers_tables, task_proofs
from server.recording_files import RecordingFiles
from server.recordings import Kept, listing
from server.records_attaching import stored_files
from server.records_drafting import stored_content


async def of_meeting(connection: AsyncConnection, recordings: RecordingFiles, meeting_id: str) -> list[Item]:
    """What belongs to a meeting: its documents, proceedings, papers and what is left of its recordings."""
    facts = await rooms.facts(connection, meeting_id)
    documents = await records.search(connection, store.MOST, meeting_id=meeting_id)
    papers = await papers_tables.of_meeting(connection, meeting_id)
    kept = await asyncio.to_thread(_left, recordings, meeting_id, listing(facts))
    return [
        *[
            item
            for one in sorted(documents, key=lambda one: (one.created_at, one.id))
            for item in await with_files(connection, one)
        ],
        *_proceedings(meeting_id, facts),
        *(
            Item(ItemKind.PAPER, one.id, f"{one.name.removesuffix(f'.{one.kind}')}.{one.kind}", one.name,
                 one.sha256, {"PageAmount": str(len(one.pages))})
            for one in papers
        ),
        *(
            Item(ItemKind.RECORDING, one.file, one.file, _recorded(one), one.sha256)
            for one in kept
        ),
    ]  # fmt: skip


def _left(recordings: RecordingFiles, meeting_id: str, files: Sequence[Kept]) -> list[Kept]:
    """What the days of recordings have taken away (server.retention), or an incident, is in the proceedings alone."""
    if not recordings.folder(meeting_id).is_dir():
        return []
    shut = recordings.shut({one.file: one.sha256 for one in files})
    return [one for one in files if shut.get(one.file) is not KeyState.ERASED]


def _recorded(one: Kept) -> str:
    """Of whom or what, and when: what tells the files of one meeting from each other."""
    began = one.began.astimezone(VIETNAM)
    who = f" {one.name}" if one.name else ""
    return f"{_RECORDED.get(one.media, 'Ghi âm, ghi hình')}{who}, từ {began:%H:%M:%S} ngày {began:%d/%m/%Y}"


_RECORDED = {"audio": "Ghi âm", "video": "Ghi hình", "speaker": "Ghi lượt phát biểu của cuộc họp"}


async def named(connection: AsyncConnection, case: Case, what: str, issuer: str) -> tuple[ItemKind, str]:
    """What a clerk means by "07/TB-UBND" (issued by the unit `issuer`) or "đến 12" of the case file's year, or by "họp
    2026.03": the proceedings of the meeting whose own case file has this code. Raises NotFound."""
    if what.casefold().startswith("họp "):
        return ItemKind.PROCEEDINGS, await _meeting_of(connection, case.unit_id, what[4:].strip())
    if what.casefold().startswith("đến") and what[3:].strip().isdecimal() and len(what) < 12:
        one = await registers.one_incoming(connection, case.unit_id, case.year, int(what[3:]))
        return ItemKind.RECEIVED, f"{one.year}/{one.number}"
    for line in await registers.outgoing(connection, issuer, case.year):
        if _as_typed(line.number_symbol) == _as_typed(what) and line.document_id is not None:
            return ItemKind.DOCUMENT, line.document_id
    raise NotFound(Reason(N_("Trong sổ của năm %(year)s không có văn bản điện tử “%(what)s”."), year=case.year,
                          what=what[:60]))  # fmt: skip


def _as_typed(number_symbol: str) -> str:
    """Equal for 01/CT-UBND, 1/ct-ubnd and 01 / CT-UBND."""
    return "".join(number_symbol.split()).casefold().lstrip("0")


async def _meeting_of(connection: AsyncConnection, unit_id: str, code: str) -> str:
    """The meeting that is over and whose case file has this code. Raises NotFound."""
    year = code.partition(".")[0]
    cases = await store.of_year(connection, unit_id, int(year)) if len(year) == 4 and year.isdecimal() else ()
    for one in cases:
        if one.code == code and one.meeting_id is not None:
            return one.meeting_id
    raise NotFound(Reason(N_("Không có cuộc họp nào có hồ sơ mã “%(code)s”."), code=code[:20]))


def _proceedings(meeting_id: str, facts: list[Fact]) -> Iterator[Item]:
    if not facts:
        return
    done = facts[-1].kind == "closed" or any(fact.kind == "closed" for fact in facts)
    digest = hashlib.sha256(b"".join(export(Proceedings.from_facts(facts)))).hexdigest() if done else None
    yield Item(ItemKind.PROCEEDINGS, meeting_id, "dien-bien.jsonl", "Diễn biến cuộc họp", digest)


async def exported(connection: AsyncConnection, meeting_id: str) -> bytes:
    """The proceedings of a meeting as a file."""
    return b"".join(export(Proceedings.from_facts(await rooms.facts(connection, meeting_id))))


def of_document(one: Document) -> Item:
    """A document of ours; without a digest until it is sealed."""
    kind = KIND_NAMES[one.kind]
    title = f"{kind} {one.number_symbol or ''} {one.title}".replace("\n", " ")
    if one.state is not State.SEALED or one.number_symbol is None or one.issued_on is None:
        return Item(ItemKind.DOCUMENT, one.id, f"{kind}.pdf", " ".join(title.split()), None)
    said = {
        "CodeNumber": f"{one.number:02d}",
        "CodeNotation": one.symbol or "",
        "IssuedDate": f"{one.issued_on:%d/%m/%Y}",
        "TypeName": kind,
        "Subject": " ".join(one.title.split()),
        "OrganName": one.unit.name,
        "SignerInfo": "; ".join(signed.signer.name for signed in one.signed),
    }
    name = f"{kind} {one.number_symbol}.pdf"
    return Item(ItemKind.DOCUMENT, one.id, name, " ".join(title.split()), one.digest, said)


DESTROYED = "không có; đã hủy theo thu hồi của nơi gửi"


async def with_files(connection: AsyncConnection, one: Document) -> list[Item]:
    """A document of ours, and once it is sealed the files that go with it and those that prove what was done of it."""
    item = of_document(one)
    files = await stored_files(connection, one) if item.digest is not None else ()
    about = f"Kèm theo {one.number_symbol}"
    proved = await proofs(connection, one.unit.id, ItemKind.DOCUMENT, one.id)
    return [item, *(Item(ItemKind.ATTACHMENT, f"{one.id}/{place}", file.name, f"{about}: {file.name}", file.digest)
                    for place, file in enumerate(files, 1)), *proved]  # fmt: skip


async def added(connection: AsyncConnection, case: Case, kind: ItemKind, ref: str) -> list[Item]:
    """What was added by hand."""
    if kind is ItemKind.DOCUMENT:
        return await with_files(connection, await records.get(connection, ref))
    if kind is ItemKind.PROCEEDINGS:
        facts = await rooms.facts(connection, ref)
        if not facts:  # they went with the meeting's own case file after this one had let go of them
            return [Item(ItemKind.PROCEEDINGS, ref, "dien-bien.jsonl", "Diễn biến cuộc họp", None)]
        called = Proceedings.from_facts(facts).meeting.title
        return [replace(one, title=f"{one.title}: {called}") for one in _proceedings(ref, facts)]
    year, number = map(int, ref.split("/"))
    one = of_received(await registers.one_incoming(connection, case.unit_id, year, number))
    proved = await proofs(connection, case.unit_id, kind, ref)
    if one.digest is not None:
        return [one, *proved]
    own = await description.described(connection, case.unit_id, Subject.RECEIVED, ref)
    came = await exchange.of_line(connection, case.unit_id, year, number)
    gone = came is not None and came.recall is RecallState.DESTROYED
    return [replace(one, said={**one.said, "PaperPlace": DESTROYED if gone else own["PaperPlace"]}), *proved]


def of_received(one: Incoming) -> Item:
    """A document that came."""
    came = one.received
    number, _, notation = came.number_symbol.partition("/")
    said = {
        "CodeNumber": number if notation else "",
        "CodeNotation": notation or came.number_symbol,
        "IssuedDate": f"{came.issued_on:%d/%m/%Y}",
        "TypeName": came.kind_name or "Công văn",
        "Subject": came.subject,
        "OrganName": came.author,
        "ArrivalDate": f"{came.arrived_on:%d/%m/%Y}",
        "ArrivalNumber": f"{one.number:02d}",
        "ToPlaces": came.handler,
        "TraceHeaderList": one.direction,
        "DueDate": "" if one.deadline is None else f"{one.deadline:%d/%m/%Y}",
        "Outcome": "; ".join(part for part in (one.answer, one.outcome) if part),
        "PageAmount": "" if one.pages is None else str(one.pages),
    }
    title = f"{came.author} {came.number_symbol} {came.subject}"
    name = f"Đến {one.number:02d} {came.number_symbol}.pdf"
    return Item(ItemKind.RECEIVED, f"{one.year}/{one.number}", name, title, one.digest, said)


async def proofs(connection: AsyncConnection, unit_id: str, kind: ItemKind, ref: str) -> list[Item]:
    """What proves what was done of the tasks that stand in a document of ours, or in one that came to the unit."""
    if kind is ItemKind.DOCUMENT:
        return await task_proofs.items(connection, await tasks.of_document(connection, ref))
    if kind is ItemKind.RECEIVED:
        return await task_proofs.items(connection, await tasks.of_received(connection, unit_id, ref))
    return []


async def holding(connection: AsyncConnection, unit_id: str, kind: ItemKind, ref: str) -> list[str]:
    """The ids of the unit's case files in which something may lie: it was added to them, or is of their meeting."""
    added_ids = select(store.added_table.c.case_id).where(
        store.added_table.c.kind == kind.value, store.added_table.c.ref == ref
    )
    meeting_id = (await records.get(connection, ref)).meeting_id if kind is ItemKind.DOCUMENT else None
    of_meeting = (store.case_table.c.meeting_id == meeting_id) & store.case_table.c.meeting_id.is_not(None)
    wanted = store.case_table.c.id.in_(added_ids) | of_meeting
    query = select(store.case_table.c.id).where(store.case_table.c.unit_id == unit_id, wanted)
    return list(await connection.scalars(query.order_by(store.case_table.c.year, store.case_table.c.number)))


async def told(connection: AsyncConnection, document: Document) -> dict[str, str]:
    """What the text of a document says for its metadata."""
    text = await stored_content(connection, document)
    urgency = None if isinstance(text, MinutesContent) else text.urgency
    return {
        "To": "; ".join(sent_to(text)),
        "Priority": URGENCIES[urgency].capitalize() if urgency else "Thường",
    }


def pages(pdf: bytes) -> int:
    """How many pages a document of ours has."""
    with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
        return len(document)
