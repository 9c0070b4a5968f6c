"""Queries of tasks. The caller opens the transaction. Acts are only ever added to."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.days import store as days
from minutes.days.calendar import Calendar
from minutes.document import Actor, Kind
from minutes.errors import N_, NotFound, Reason
from minutes.tasks import pressing
from minutes.tasks.pressing import Pressing
from minutes.tasks.tables import act_table, helping_table, pressing_table, task_table
from minutes.tasks.task import OPEN, Entry, Source, State, Task
from rooms.proceedings import Unit

MOST = 5000
"""Tasks that one list reads."""
_OPEN = sorted(state.value for state in OPEN)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _values(task: Task) -> dict[str, Any]:
    source, owner, person = task.source, task.owner, task.person
    return {
        "authority_id": task.authority.id,
        "authority_name": task.authority.name,
        "document_id": source.document_id or None,
        "received": source.received,
        "kind": source.kind.value if source.kind else "",
        "symbol": source.symbol,
        "issued_on": source.issued_on,
        "place": source.place,
        "item": source.item,
        "text": task.text,
        "owner_id": owner.id if owner else "",
        "owner_name": owner.name if owner else None,
        "co_units": _dump([[one.id, one.name] for one in task.co_units]),
        "deadline": task.deadline,
        "assigned_on": task.assigned_on,
        "state": task.state.value,
        "person": _dump([person.id, person.name, person.title]) if person else None,
        "asked_until": task.asked_until,
        "escalated": task.escalated,
        "reported_on": task.reported_on,
        "reporter": task.reporter,
        "reminded_on": task.reminded_on,
    }


def _source(row: RowMapping) -> Source:
    kind = Kind(row["kind"]) if row["kind"] else None
    place = (row["symbol"], row["issued_on"], row["place"], row["item"], row["received"])
    return Source(row["document_id"] or "", kind, *place)


def _task(row: RowMapping, office: Calendar) -> Task:
    return Task(
        id=row["id"],
        authority=Unit(row["authority_id"], row["authority_name"]),
        source=_source(row),
        text=row["text"],
        owner=Unit(row["owner_id"], row["owner_name"]) if row["owner_name"] is not None else None,
        co_units=tuple(Unit(*pair) for pair in json.loads(row["co_units"])),
        deadline=row["deadline"],
        assigned_on=row["assigned_on"],
        state=State(row["state"]),
        person=Actor(*json.loads(row["person"])) if row["person"] else None,
        asked_until=row["asked_until"],
        escalated=row["escalated"],
        reported_on=row["reported_on"],
        reporter=row["reporter"],
        reminded_on=row["reminded_on"],
        office=office,
    )


async def add(connection: AsyncConnection, task: Task) -> int:
    """Insert a new task; its id is given here."""
    made = await connection.execute(insert(task_table).values(**_values(task)).returning(task_table.c.id))
    task_id = int(made.scalar_one())
    await _help(connection, task_id, task.co_units)
    return task_id


async def put(connection: AsyncConnection, task: Task) -> None:
    """Keep what an act has made of a task."""
    await connection.execute(update(task_table).where(task_table.c.id == task.id).values(**_values(task)))
    await _help(connection, task.id, task.co_units)


async def _help(connection: AsyncConnection, task_id: int, units: Sequence[Unit]) -> None:
    await connection.execute(delete(helping_table).where(helping_table.c.task_id == task_id))
    rows = [{"task_id": task_id, "unit_id": id} for id in dict.fromkeys(one.id for one in units if one.id)]
    if rows:
        await connection.execute(insert(helping_table), rows)


async def log(
    connection: AsyncConnection, task_id: int, act: str, by: Actor, at: datetime, reason: str, detail: Mapping[str, str]
) -> None:
    """Write one act to the history."""
    await connection.execute(
        insert(act_table).values(
            task_id=task_id, at=at, act=act, by=_dump([by.id, by.name, by.title]), reason=reason, detail=_dump(detail)
        )
    )


async def history(connection: AsyncConnection, task_id: int) -> tuple[Entry, ...]:
    """All acts, the oldest first."""
    rows = await connection.execute(select(act_table).where(act_table.c.task_id == task_id).order_by(act_table.c.id))
    return tuple(
        Entry(row["at"], row["act"], Actor(*json.loads(row["by"])), row["reason"], json.loads(row["detail"]))
        for row in rows.mappings()
    )


async def get(connection: AsyncConnection, task_id: int, *, lock: bool = False) -> Task:
    """One task; raises NotFound. `lock` keeps other writers off its row until the transaction ends."""
    query = select(task_table).where(task_table.c.id == task_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason(N_("Không có nhiệm vụ này.")))
    return _task(row, await days.of_unit(connection, row["authority_id"]))


async def _tasks(connection: AsyncConnection, query: Select[Any]) -> tuple[Task, ...]:
    rows = (await connection.execute(query.order_by(task_table.c.id).limit(MOST))).mappings().all()
    authorities = {row["authority_id"] for row in rows}
    offices = {unit: await days.of_unit(connection, unit) for unit in sorted(authorities)}
    return tuple(_task(row, offices[row["authority_id"]]) for row in rows)


async def of_document(connection: AsyncConnection, document_id: str, *, lock: bool = False) -> tuple[Task, ...]:
    """The tasks that stand in a document now, in its order."""
    query = select(task_table).where(task_table.c.document_id == document_id)
    return await _tasks(connection, query.with_for_update() if lock else query)


async def of_received(connection: AsyncConnection, authority_id: str, received: str) -> tuple[Task, ...]:
    """The tasks that were made of a line of the authority's register of incoming documents ("2026/5")."""
    table = task_table
    return await _tasks(
        connection, select(table).where(table.c.authority_id == authority_id, table.c.received == received)
    )


async def of_authority(
    connection: AsyncConnection,
    authority_id: str,
    *,
    only_open: bool = False,
    concluded: bool = False,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Task, ...]:
    """The tasks that an authority has given, from the day `since` to `until` where they are named; `concluded`: by its
    own documents alone."""
    query = select(task_table).where(task_table.c.authority_id == authority_id)
    if only_open:
        query = query.where(task_table.c.state.in_(_OPEN))
    if concluded:
        query = query.where(task_table.c.document_id.is_not(None))
    if since is not None:
        query = query.where(task_table.c.assigned_on >= since)
    if until is not None:
        query = query.where(task_table.c.assigned_on <= until)
    return await _tasks(connection, query)


async def of_unit(connection: AsyncConnection, unit_id: str, *, only_open: bool = True) -> tuple[Task, ...]:
    """The tasks that a unit leads or helps with."""
    helped = select(helping_table.c.task_id).where(helping_table.c.unit_id == unit_id)
    query = select(task_table).where(or_(task_table.c.owner_id == unit_id, task_table.c.id.in_(helped)))
    return await _tasks(connection, query.where(task_table.c.state.in_(_OPEN)) if only_open else query)


async def pressed(connection: AsyncConnection, until: date) -> tuple[Task, ...]:
    """Open tasks whose deadline is `until` or earlier."""
    query = select(task_table).where(task_table.c.state.in_(_OPEN), task_table.c.deadline <= until)
    return await _tasks(connection, query)


async def reminded(connection: AsyncConnection, task_id: int, day: date) -> None:
    """Its people were reminded on this day."""
    await connection.execute(update(task_table).where(task_table.c.id == task_id).values(reminded_on=day))


async def pressings(connection: AsyncConnection) -> dict[str, Pressing]:
    """What authorities have set, by the id of the unit."""
    rows = await connection.execute(select(pressing_table))
    return {row.unit_id: pressing.from_json(json.loads(row.pressing)) for row in rows}


async def set_pressing(connection: AsyncConnection, unit_id: str, value: Pressing) -> None:
    """Put another setting in the place of the unit's."""
    await connection.execute(delete(pressing_table).where(pressing_table.c.unit_id == unit_id))
    await connection.execute(insert(pressing_table).values(unit_id=unit_id, pressing=_dump(pressing.to_json(value))))
