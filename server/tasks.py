"""The use cases of tasks: from the sealing of a document to what its authority confirms.

Each is one transaction: the row, locked, then its history. Who may do it was decided before (server.rights).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as documents
from minutes.content import Content
from minutes.document import Actor, Document, State
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.reading import VIETNAM
from minutes.tasks import store
from minutes.tasks.issuing import correction_of, issued, known_units, restated, rows_of
from minutes.tasks.pressing import Pressing
from minutes.tasks.reviewing import REVIEW_ITEM, sentences
from minutes.tasks.task import Act, Correction, Entry, Step, Task, moved, said
from minutes.text import TextContent
from minutes.wording import short_date
from minutes.workflow.relation import Deed
from rooms.proceedings import Meeting, Unit
from server import directory
from server.auth import utcnow
from server.database import Database
from server.directing import follow
from server.task_proofs import Proof

SYSTEM = Actor("system", "Hệ thống", "")


def day_of(now: datetime) -> date:
    """The day in Viet Nam."""
    return now.astimezone(VIETNAM).date()


async def assign(connection: AsyncConnection, document: Document, text: Content, now: datetime) -> None:
    """A document is being sealed: its conclusion rows become tasks, in the same transaction. What restates or ends
    tasks of an earlier document does it to them. `document` has its number."""
    rows, today = rows_of(text), day_of(now)
    units = await directory.units(connection, today.isoformat())
    known = known_units((one.id, one.name, one.short_name) for one in units)
    earlier = [one for id in _earlier(text) for one in await store.of_document(connection, id, lock=True)]
    again, new, left = restated(rows, [one for one in earlier if one.open])
    for row, task in again:
        step = Step(Act.RESTATE, SYSTEM, correction=correction_of(document, row, known))
        await taken(connection, task, step, now)
    for row in new:
        task = issued(document, row, known, today)
        task_id = await store.add(connection, task)
        await store.log(connection, task_id, "assign", SYSTEM, now, "", _quoted(task))
    if _ends(text):
        why = f"Văn bản nguồn đã bị thu hồi hoặc thay thế bởi văn bản số {document.number_symbol}."
        for task in left:
            await taken(connection, task, Step(Act.CANCEL, SYSTEM, why), now)


async def told(connection: AsyncConnection, meeting: Meeting, now: datetime) -> dict[str, tuple[str, ...]]:
    """What the minutes of a meeting that went through its authority's tasks say of them, by the item's title."""
    if all(item.title != REVIEW_ITEM for item in meeting.agenda):
        return {}
    given = await store.of_authority(connection, meeting.authority.id, only_open=True, concluded=True)
    return {REVIEW_ITEM: sentences(given, day_of(now))}


def _earlier(text: Content) -> list[str]:
    """The documents whose tasks this one may say anew."""
    if not isinstance(text, TextContent):
        return []
    found = [text.minutes_id] if text.minutes_id else []
    return [*found, text.relation.document_id] if text.relation else found


def _ends(text: Content) -> bool:
    deed = text.relation.act if isinstance(text, TextContent) and text.relation else None
    return deed in (Deed.REPLACES, Deed.RECALLS)


def _quoted(task: Task) -> dict[str, str]:
    """What a task says, as its history keeps it."""
    return {
        "text": task.text,
        "owner": task.owner.name if task.owner else "",
        "co_units": "; ".join(one.name for one in task.co_units),
        "deadline": short_date(task.deadline) if task.deadline else "",
        "source": task.source.symbol,
        "place": task.source.place,
    }


async def taken(
    connection: AsyncConnection, task: Task, step: Step, now: datetime, detail: Mapping[str, str] | None = None
) -> Task:
    """Do one act of the table to a row that is locked, and write it to the history; `detail` is written with it."""
    after = moved(task, step, day_of(now))
    await store.put(connection, after)
    told = dict(detail or {})
    if step.until:
        told["until"] = short_date(step.until)
    if step.person:
        told["person"] = step.person.name
    if step.level:
        told["level"] = str(step.level)
    if step.correction:
        before, then = _quoted(task), _quoted(after)
        for name in before:
            if before[name] != then[name]:
                told |= {f"{name}_before": before[name], name: then[name]}
    await store.log(connection, task.id, step.act, step.by, now, step.reason, told)
    if after.source.received:
        await follow(connection, after, step, told, now)
    return after


@dataclass(frozen=True, slots=True)
class Tasks:
    """Given: the database. Each method is one act or one question."""

    database: Database

    async def get(self, task_id: int) -> Task:
        """One task; raises NotFound."""
        async with self.database.read() as connection:
            return await store.get(connection, task_id)

    async def history(self, task_id: int) -> tuple[Entry, ...]:
        """Every act, the oldest first."""
        async with self.database.read() as connection:
            return await store.history(connection, task_id)

    async def of_unit(self, unit_id: str, *, only_open: bool = True) -> tuple[Task, ...]:
        """The tasks that a unit leads or helps with."""
        async with self.database.read() as connection:
            return await store.of_unit(connection, unit_id, only_open=only_open)

    async def of_authority(
        self, unit_id: str, *, only_open: bool = False, concluded: bool = False, since: date | None = None,
        until: date | None = None,
    ) -> tuple[Task, ...]:  # fmt: skip
        """The tasks that an authority has given, in a period where one is named; `concluded`: by its own documents."""
        async with self.database.read() as connection:
            return await store.of_authority(
                connection, unit_id, only_open=only_open, concluded=concluded, since=since, until=until
            )

    async def of_received(self, unit_id: str, received: str) -> tuple[Task, ...]:
        """The tasks that were made of a line of the unit's register of incoming documents."""
        async with self.database.read() as connection:
            return await store.of_received(connection, unit_id, received)

    async def of_document(self, document_id: str) -> tuple[Task, ...]:
        """The tasks that stand in a document."""
        async with self.database.read() as connection:
            return await store.of_document(connection, document_id)

    async def charged(self, document: Document) -> frozenset[str]:
        """The units that lead or help with what an issued document says."""
        given = await self.of_document(document.id) if document.state is State.SEALED else ()
        units = (unit for task in given for unit in (task.owner, *task.co_units))
        return frozenset(unit.id for unit in units if unit is not None and unit.id)

    async def take(
        self,
        task_id: int,
        act: Act,
        by: Actor,
        *,
        reason: str = "",
        until: date | None = None,
        person: str = "",
        evidence: str = "",
        proof: Proof | None = None,
    ) -> Task:
        """One act of the table. `person` is an account of the owner unit, `evidence` the id of a document that
        this unit has issued, `proof` a file in place of it. Raises Refused, NotFound, InvalidContent, SecretContent."""
        async with self.database.begin() as connection:
            task, now = await store.get(connection, task_id, lock=True), utcnow()
            named = await _person(connection, task, person) if person else None
            detail = await _evidence(connection, task, evidence) if evidence else {}
            if proof is not None:
                detail |= {"file": proof.name, "digest": proof.digest}
            if act is Act.GRANT and until is None:
                until = task.asked_until
            step = Step(act, by, said(reason), until=until, person=named)
            return await taken(connection, task, step, now, detail)

    async def correct(
        self, task_id: int, by: Actor, reason: str, *, owner: str, text: str, deadline: date | None
    ) -> Task:
        """Another text, owner (a unit's id, "" for none) or deadline, with the reason. Raises as `take`."""
        async with self.database.begin() as connection:
            task = await store.get(connection, task_id, lock=True)
            unit = await directory.unit(connection, owner) if owner else None
            if owner and unit is None:
                raise Refused("unknown_unit", Reason(N_("Không có đơn vị này.")))
            named = Unit(unit.id, unit.short_name) if unit else None
            if not said(text):
                raise Refused("empty_text", Reason(N_("Nội dung nhiệm vụ còn để trống.")))
            told = Correction(said(text), named, task.co_units, deadline)
            return await taken(connection, task, Step(Act.CORRECT, by, said(reason), correction=told), utcnow())

    async def answered(self, unit_id: str, received: str, document_id: str, by: Actor) -> None:
        """A draft was begun that answers a document that came ("2026/5"): the history of its open task says so."""
        async with self.database.begin() as connection:
            given = [one for one in await store.of_received(connection, unit_id, received) if one.open]
            for task in given:
                await store.log(connection, task.id, "answer", by, utcnow(), "", {"answer_id": document_id})

    async def pressing(self, unit_id: str) -> Pressing:
        """When an authority reminds and tells leaders."""
        async with self.database.read() as connection:
            return (await store.pressings(connection)).get(unit_id, Pressing())

    async def set_pressing(self, unit_id: str, value: Pressing) -> None:
        """Set it for the tasks of one authority."""
        async with self.database.begin() as connection:
            await store.set_pressing(connection, unit_id, value)


async def _person(connection: AsyncConnection, task: Task, account_id: str) -> Actor:
    """Somebody of the unit that leads, or of the one that has taken its place. Raises Refused."""
    found = await directory.account(connection, account_id)
    if found is None or task.owner is None or task.owner.id not in await _places(connection, found.unit.id):
        raise Refused("unknown_person", Reason(N_("Xin chọn người thực hiện trong đơn vị chủ trì.")))
    return Actor(found.id, found.name, found.title)


async def _places(connection: AsyncConnection, unit_id: str) -> frozenset[str]:
    """The units that a unit stands for today."""
    return await directory.heritage(connection, unit_id, day_of(utcnow()).isoformat()) | {unit_id}


async def _evidence(connection: AsyncConnection, task: Task, document_id: str) -> dict[str, str]:
    """The document that proves a report: one that the unit has issued, or, as the answer to what came, its authority,
    or who has taken the place of them. Raises Refused."""
    try:
        document = await documents.get(connection, document_id)
    except NotFound:
        document = None
    sealed = document is not None and document.state is State.SEALED
    able = await _places(connection, document.unit.id) if document is not None and sealed else frozenset()
    issuers = {task.owner.id if task.owner else "", task.authority.id if task.source.received else ""} - {""}
    if document is None or not able & issuers:
        raise Refused("unknown_document", Reason(N_("Không có văn bản đã phát hành này.")))
    return {"evidence": document.number_symbol or "", "evidence_id": document.id}
