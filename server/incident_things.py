"""What a state secret may be in: how it came, which contents it has, and which rows say something of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.casefiles.store import case_table
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind as Deposited
from minutes.described.store import description_table
from minutes.document import KIND_NAMES, Document
from minutes.errors import N_, NotFound, Reason
from minutes.exchange import store as exchange
from minutes.exchange.arrival import ArrivalState
from minutes.exchange.tables import arrival_table
from minutes.incidents.incident import Origin, Thing
from minutes.interrupted.store import interrupted_table
from minutes.redaction.store import rendition_table
from minutes.registers import store as registers
from minutes.tables import act_table, document_table, publication_table, version_table, working_table
from minutes.tasks import store as tasks
from minutes.tasks.tables import act_table as task_act_table
from minutes.tasks.tables import task_table
from minutes.workflow.tables import asked_table, remark_table
from rooms import store as rooms
from rooms.proceedings import Unit
from server.directing import parts_of_task
from server.editing import tables as editing
from server.outbox import mail_table
from server.papers_tables import note_table, paper_table
from server.recordings import listing
from server.records_attaching import stored_files
from server.strongbox import Part

SYSTEM_NAME = "Hệ thống"
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        case_table,
        description_table,
        document_table,
        mail_table, version_table, working_table, act_table, publication_table, rendition_table, interrupted_table,
        arrival_table, remark_table, task_table, task_act_table, editing.sheet_table, editing.item_table,
        editing.remark_table, registers.incoming_table, paper_table, note_table,
    )
}  # fmt: skip
"""Those that `parts` names, and that are written anew when something of them was erased."""


@dataclass(frozen=True, slots=True)
class Found:
    """A thing, whose unit has to deal with it, and the meeting that it is of ("" for none)."""

    origin: Origin
    unit: Unit
    meeting: str = ""


async def find(connection: AsyncConnection, thing: Thing, ref: str) -> Found:
    """A thing by the id that its page has. Raises NotFound."""
    return await _FINDERS[thing](connection, ref)


async def _document(connection: AsyncConnection, ref: str) -> Found:
    one = await records.get(connection, ref)
    writers = [by for _version, by, _at in reversed(await records.versions(connection, ref))]
    names = dict.fromkeys(by.name for by in writers if by.name != SYSTEM_NAME)
    kept = await deposits.entries(connection, about=ref)
    ours = (Deposited.DOCUMENT, Deposited.RENDITION, Deposited.ATTACHMENT)
    files = [file.digest for file in await stored_files(connection, one)]
    digests = tuple(dict.fromkeys([*(entry.entry.digest for entry in kept if entry.entry.kind in ours), *files]))
    origin = Origin(Thing.DOCUMENT, ref, _called(one), ", ".join(names) or SYSTEM_NAME, one.created_at, digests)
    return Found(origin, one.unit)


def _called(one: Document) -> str:
    kind = KIND_NAMES[one.kind]
    return f"{kind} số {one.number_symbol}" if one.number_symbol else f"Dự thảo {kind}, mã {one.code}"


async def _received(connection: AsyncConnection, ref: str) -> Found:
    unit_id, year, number = ref.rsplit("/", 2)
    one = await registers.one_incoming(connection, unit_id, int(year), int(number))
    came = one.received
    name = f"Văn bản đến số {one.number} năm {one.year}, số ký hiệu {came.number_symbol} của {came.author}"
    came_by = await exchange.of_line(connection, unit_id, one.year, one.number)
    kept = (one.digest, *(file.digest for file in came_by.files)) if came_by else (one.digest,)
    digests = tuple(dict.fromkeys(digest for digest in kept if digest))
    origin = Origin(Thing.RECEIVED, ref, name, one.entered_by, one.entered_at, digests)
    return Found(origin, Unit(unit_id, ""))


async def _arrival(connection: AsyncConnection, ref: str) -> Found:
    unit_id, _, id = ref.rpartition("/")
    one = await exchange.get(connection, unit_id, id)
    if one.number is not None:  # then it is a line of the register, and is reported as one
        raise NotFound(Reason(N_("Không có văn bản này trong các văn bản gửi đến qua trục.")))
    came = one.received
    name = f"Văn bản chờ tiếp nhận, số ký hiệu {came.number_symbol} của {came.author}"
    digests = tuple(dict.fromkeys(file.digest for file in one.files))
    origin = Origin(Thing.ARRIVAL, ref, name, came.author, one.came_at, digests)
    return Found(origin, Unit(unit_id, ""))


async def _paper(connection: AsyncConnection, ref: str) -> Found:
    row = (await connection.execute(select(paper_table).where(paper_table.c.id == ref))).one_or_none()
    entry = await rooms.get_meeting(connection, row.meeting_id) if row else None
    if row is None or entry is None:
        raise NotFound(Reason(N_("Không có tài liệu này trong cuộc họp.")))
    origin = Origin(Thing.PAPER, ref, row.name, row.added_by_name, row.added_at, (row.sha256,))
    return Found(origin, entry.meeting.authority, entry.meeting.id)


async def _recording(connection: AsyncConnection, ref: str) -> Found:
    entry = await rooms.get_meeting(connection, ref)
    kept = listing(await rooms.facts(connection, ref))
    if entry is None or not kept:
        raise NotFound(Reason(N_("Cuộc họp này không có bản ghi.")))
    digests = tuple(one.sha256 for one in kept)
    files = tuple(f"{ref}/{one.file}" for one in kept)
    began = min(one.began for one in kept)
    name = f"Bản ghi cuộc họp {entry.meeting.id}"
    by = entry.meeting.secretary.name if entry.meeting.secretary else SYSTEM_NAME
    return Found(Origin(Thing.RECORDING, ref, name, by, began, digests, files), entry.meeting.authority, ref)


async def _proof(connection: AsyncConnection, ref: str) -> Found:
    id, _, digest = ref.partition("/")
    task = await tasks.get(connection, int(id))
    for one in await tasks.history(connection, task.id):
        if one.detail.get("digest") == digest:
            name = f"Tệp chứng minh kết quả nhiệm vụ số {task.id}"
            return Found(
                Origin(Thing.PROOF, f"{task.id}/{digest}", name, one.by.name, one.at, (digest,)), task.authority
            )
    raise NotFound(Reason(N_("Nhiệm vụ này không có tệp chứng minh ấy.")))


_FINDERS = {
    Thing.DOCUMENT: _document,
    Thing.RECEIVED: _received,
    Thing.ARRIVAL: _arrival,
    Thing.PAPER: _paper,
    Thing.RECORDING: _recording,
    Thing.PROOF: _proof,
}


def parts(origin: Origin, said: str, text: str) -> Sequence[Part]:
    """The rows that say something of a thing; `said` stands in their place, `text` in that of a document's versions."""
    ref = origin.ref
    match origin.thing:
        case Thing.DOCUMENT:
            return _parts_of_document(ref, said, text)
        case Thing.RECEIVED:
            table = registers.incoming_table
            unit_id, year, number = ref.rsplit("/", 2)
            same = (table.c.unit_id == unit_id) & (table.c.year == int(year)) & (table.c.number == int(number))
            came = arrival_table
            sent = (came.c.unit_id == unit_id) & (came.c.year == int(year)) & (came.c.number == int(number))
            blank = {"subject": said, "kind_name": "", "verdict": None}
            line = {**blank, "note": "", "direction": "", "outcome": ""}
            about = parts_of_task(unit_id, f"{int(year)}/{int(number)}", said)
            return [Part(table, same, line), Part(came, sent, {**blank, "files": "[]"}), *about]
        case Thing.ARRIVAL:
            unit_id, _, id = ref.rpartition("/")
            same = (arrival_table.c.unit_id == unit_id) & (arrival_table.c.id == id)
            shut = {"state": ArrivalState.REFUSED.value, "reason": said}  # it takes no number meanwhile
            gone = {"subject": said, "kind_name": "", "verdict": None, "files": "[]"}
            return [Part(arrival_table, same, {**gone, **shut})]
        case Thing.PAPER:
            mine = paper_table.c.sha256 == origin.digests[0]
            noted = note_table.c.paper_id.in_(select(paper_table.c.id).where(mine))
            return [Part(note_table, noted), Part(paper_table, mine)]
        case Thing.PROOF:
            named = task_act_table.c.detail.contains(origin.digests[0], autoescape=True)
            return [Part(task_act_table, named, {"reason": said, "detail": "{}"})]
        case Thing.RECORDING:
            return []


def contents_of_document(ref: str, text: str) -> Sequence[Part]:
    """What a document says, and what was said of its drafts; its number, title and history stay. `text` stands in place
    of its versions."""
    asked = select(asked_table.c.id).where(asked_table.c.document_id == ref)
    return [
        Part(editing.remark_table, editing.remark_table.c.document_id == ref),
        Part(editing.item_table, editing.item_table.c.document_id == ref),
        Part(editing.sheet_table, editing.sheet_table.c.document_id == ref),
        Part(interrupted_table, interrupted_table.c.document_id == ref),
        Part(working_table, working_table.c.document_id == ref),
        Part(version_table, version_table.c.document_id == ref, {"content": text}),
        Part(rendition_table, rendition_table.c.document_id == ref, {"content": text, "removed": "{}"}),
        Part(remark_table, remark_table.c.asked_id.in_(asked), {"text": "", "reply": ""}),
        Part(document_table, document_table.c.id == ref, {"published": False}),
    ]


async def parts_of_cases(connection: AsyncConnection, origin: Origin, said: str) -> Sequence[Part]:
    """The frozen lists of closed case files that name a thing, with `said` in place of its title."""
    table, found = case_table, list[Part]()
    named = origin.ref if origin.thing is Thing.DOCUMENT else next(iter(origin.digests), "-")
    if origin.thing is Thing.RECORDING:  # whose files have no titles
        return found
    query = select(table.c.id, table.c["items"]).where(table.c["items"].contains(named, autoescape=True))
    for row in await connection.execute(query):
        items = json.loads(row[1])
        for one in items:
            if named in (one["ref"], one["digest"]):
                one["title"] = said
                one["name"] = f"{one['kind']}.{one['name'].rpartition('.')[2][:10]}"
        found.append(Part(table, table.c.id == row[0], {"items": json.dumps(items, ensure_ascii=False)}))
    return found


def _parts_of_document(ref: str, said: str, text: str) -> Sequence[Part]:
    """The same with all that could name the secret: of a state secret the title is one too."""
    asked = select(asked_table.c.id).where(asked_table.c.document_id == ref)
    mailed = (mail_table.c.document_id == ref) | mail_table.c.path.contains(ref, autoescape=True)
    tasks = select(task_table.c.id).where(task_table.c.document_id == ref)
    return [
        Part(rendition_table, rendition_table.c.document_id == ref, {"title": said}),
        Part(remark_table, remark_table.c.asked_id.in_(asked), {"text": said}),
        Part(act_table, act_table.c.document_id == ref, {"reason": None}),
        Part(publication_table, publication_table.c.document_id == ref, {"reason": said, "withdrawn_reason": None}),
        Part(task_act_table, task_act_table.c.task_id.in_(tasks), {"reason": "", "detail": "{}"}),
        Part(task_table, task_table.c.document_id == ref, {"text": said, "item": None}),
        Part(description_table, description_table.c.ref == ref, {"value": ""}),
        Part(mail_table, mailed, {"subject": said, "text": "", "html": ""}),
        Part(document_table, document_table.c.id == ref, {"title": said}),
        *contents_of_document(ref, text),
    ]
