"""Tables and queries of the case files. The caller opens the transaction."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Date, Index, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.casefiles import group as groups
from minutes.casefiles.case import NOTICE, Case, CaseState, Item, ItemKind, Move, Removal, Submission
from minutes.casefiles.disposal import Disposal
from minutes.casefiles.group import Change, Group
from minutes.casefiles.handing import Handing, Step
from minutes.casefiles.retention import Period, proposed
from minutes.document import Actor
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.numbering import store as numbers
from minutes.tables import UtcDateTime, metadata

MOST = 2000

case_table = Table(
    "case_file",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("unit_id", String(64), nullable=False),
    Column("unit_name", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("meeting_id", String(100), unique=True),
    Column("retention", Text, nullable=False),  # the period's values as they were chosen
    Column("opened_on", Date, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("ended_on", Date),
    Column("closed_by", Text),
    Column("closed_at", UtcDateTime),
    Column("items", Text),
    Column("handed_on", Date),
    Column("handed_by", Text),
    Column("reminded_on", Date),
    Column("disposal_id", String(32)),
    Column("submission", Text),
    Column("group_code", String(32), nullable=False, server_default=groups.FIRST),
    Index("case_file_by_number", "unit_id", "year", "number", unique=True),
)

disposal_table = Table(
    "disposal",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("unit_id", String(64), nullable=False),
    Column("unit_name", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("decision_id", String(32), nullable=False),
    Column("decision", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("cases", Text, nullable=False),
    Column("record", String(64), nullable=False),
    Column("paper", String(64), nullable=False),
    Index("disposal_by_number", "unit_id", "year", "number", unique=True),
)

added_table = Table(
    "case_added",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("ref", String(100), primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

removed_table = Table(
    "case_removed",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("ref", String(100), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

moved_table = Table(
    "case_moved",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_id", String(32), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("old", Text, nullable=False),  # code and title of the group, as JSON
    Column("new", Text, nullable=False),
)

handing_table = Table(
    "case_handing",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_id", String(32), nullable=False, index=True),
    Column("step", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("account", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

period_table = Table(
    "retention_period",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("code", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("years", Integer),
    Column("source", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


group_table = Table(
    "case_group",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("code", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


regrouped_table = Table(
    "case_group_set",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False, index=True),
    Column("code", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("old", Text),  # title and roles of the group, as JSON; none of a new one
    Column("new", Text, nullable=False),
)


async def groups_of(connection: AsyncConnection, unit_id: str) -> tuple[Group, ...]:
    """A unit's groups: those that are proposed, as far as it has not set them otherwise, then its own."""
    query = select(group_table).where(group_table.c.unit_id == unit_id).order_by(group_table.c.code)
    rows = await connection.execute(query)
    own = {row.code: Group(row.code, row.title, frozenset(json.loads(row.roles)), row.by) for row in rows}
    first = tuple(own.pop(one.code, one) for one in groups.proposed())
    return first + tuple(own.values())


async def set_group(connection: AsyncConnection, unit_id: str, one: Group, at: datetime) -> None:
    """Add a group of a unit or change one, with what it was on record: its case files follow at once."""
    before = {each.code: each for each in await groups_of(connection, unit_id)}.get(one.code)
    if before is not None and (before.title, before.roles) == (one.title, one.roles):
        return
    table, values = group_table, {"title": one.title, "roles": json.dumps(sorted(one.roles)), "by": one.by, "at": at}
    await connection.execute(delete(table).where(table.c.unit_id == unit_id, table.c.code == one.code))
    await connection.execute(insert(table).values(unit_id=unit_id, code=one.code, **values))
    old = None if before is None else _said(before)
    values = {"unit_id": unit_id, "code": one.code, "at": at, "by": one.by, "old": old, "new": _said(one)}
    await connection.execute(insert(regrouped_table).values(**values))


def _said(one: Group) -> str:
    return json.dumps([one.title, sorted(one.roles)], ensure_ascii=False)


async def group_changes(connection: AsyncConnection, unit_id: str) -> tuple[Change, ...]:
    """How a unit's groups were set, the last change first."""
    query = select(regrouped_table).where(regrouped_table.c.unit_id == unit_id).order_by(regrouped_table.c.id.desc())
    return tuple(
        Change(None if row.old is None else _group(row.code, row.old, ""), _group(row.code, row.new, row.by), row.at)
        for row in await connection.execute(query.limit(MOST))
    )


def _group(code: str, said: str, by: str) -> Group:
    title, roles = json.loads(said)
    return Group(code, title, frozenset(roles), by)


async def move(connection: AsyncConnection, case: Case, one: Group, by: Actor, at: datetime) -> None:
    """Put a case file, open or closed, into a group of its unit, with who has done it on record."""
    if one.code == case.group.code:
        return
    old, new = (json.dumps([each.code, each.title], ensure_ascii=False) for each in (case.group, one))
    await connection.execute(insert(moved_table).values(case_id=case.id, at=at, by=by.name, old=old, new=new))
    await _change(connection, case.id, group_code=one.code)


async def moves(connection: AsyncConnection, case_id: str) -> tuple[Move, ...]:
    """In which groups a case file was, and who has moved it, the first move first."""
    query = select(moved_table).where(moved_table.c.case_id == case_id).order_by(moved_table.c.id)
    rows = await connection.execute(query)
    return tuple(Move(json.loads(row.old)[1], json.loads(row.new)[1], row.by, row.at) for row in rows)


async def periods(connection: AsyncConnection, unit_id: str) -> tuple[Period, ...]:
    """A unit's table; until it has set a line of its own, the proposed one."""
    query = select(period_table).where(period_table.c.unit_id == unit_id).order_by(period_table.c.code)
    own = tuple(Period(one.code, one.title, one.years, one.source) for one in await connection.execute(query))
    taken = {one.code for one in own}
    return own + tuple(one for one in proposed() if one.code not in taken)


async def set_period(connection: AsyncConnection, unit_id: str, one: Period, by: Actor, at: datetime) -> None:
    """Add a line to a unit's table or change one. Case files keep the values that they were given."""
    place = {"unit_id": unit_id, "code": one.code}
    same = (period_table.c.unit_id == unit_id) & (period_table.c.code == one.code)
    await connection.execute(period_table.delete().where(same))
    await connection.execute(
        insert(period_table).values(**place, title=one.title, years=one.years, source=one.source, by=by.name, at=at)
    )


async def add(
    connection: AsyncConnection, id: str, unit_id: str, unit_name: str, title: str, period: Period, day: date, by: str,
    meeting_id: str | None = None,
) -> None:  # fmt: skip
    """Open a case file; it takes the next number of the unit's year."""
    number = await numbers.next_number(connection, f"case/{unit_id}/{day.year}")
    await connection.execute(
        insert(case_table).values(
            id=id,
            unit_id=unit_id,
            unit_name=unit_name,
            year=day.year,
            number=number,
            title=title,
            meeting_id=meeting_id,
            retention=json.dumps(asdict(period), ensure_ascii=False),
            opened_on=day,
            opened_by=by,
            state=CaseState.OPEN.value,
        )
    )


async def of_meeting(connection: AsyncConnection, meeting_id: str) -> Case | None:
    """The case file of a meeting."""
    found = await _cases(connection, case_table.c.meeting_id == meeting_id)
    return found[0] if found else None


async def of_year(connection: AsyncConnection, unit_id: str, year: int) -> tuple[Case, ...]:
    """The list of case files of a unit's year (danh mục hồ sơ)."""
    return await _cases(connection, case_table.c.unit_id == unit_id, case_table.c.year == year)


async def of_unit(connection: AsyncConnection, unit_id: str) -> tuple[Case, ...]:
    """All case files of a unit, the oldest first."""
    return await _cases(connection, case_table.c.unit_id == unit_id)


async def undisposed(connection: AsyncConnection) -> tuple[Case, ...]:
    """All case files of all units whose contents are there."""
    return await _cases(connection, case_table.c.state != CaseState.DISPOSED.value, limit=None)


async def dispose(connection: AsyncConnection, disposal: Disposal, cases: Sequence[Case]) -> None:
    """Put a destruction on record, and that these case files' contents are gone by it."""
    await connection.execute(
        insert(disposal_table).values(**{**asdict(disposal), "cases": json.dumps(disposal.cases)})
    )  # fmt: skip
    for case in cases:
        await _change(connection, case.id, state=CaseState.DISPOSED.value, disposal_id=disposal.id)


async def disposals(connection: AsyncConnection, unit_id: str) -> tuple[Disposal, ...]:
    """The destructions of a unit, the newest first."""
    table = disposal_table
    query = select(table).where(table.c.unit_id == unit_id).order_by(table.c.year.desc(), table.c.number.desc())
    rows = (await connection.execute(query)).mappings()
    return tuple(Disposal(**{**row, "cases": tuple(json.loads(row["cases"]))}) for row in rows)


async def get(connection: AsyncConnection, case_id: str) -> Case:
    """One case file. Raises NotFound."""
    found = await _cases(connection, case_table.c.id == case_id)
    if not found:
        raise NotFound(Reason(N_("Không có hồ sơ này.")))
    return found[0]


async def _cases(connection: AsyncConnection, *conditions: Any, limit: int | None = MOST) -> tuple[Case, ...]:
    query = select(case_table).where(*conditions).order_by(case_table.c.year, case_table.c.number).limit(limit)
    return await _read(connection, (await connection.execute(query)).mappings().all())


async def _read(connection: AsyncConnection, rows: Sequence[RowMapping]) -> tuple[Case, ...]:
    units = {row["unit_id"] for row in rows}
    known = {(unit, one.code): one for unit in units for one in await groups_of(connection, unit)}
    return tuple(_case(row, known[row["unit_id"], row["group_code"]]) for row in rows)


def _case(row: RowMapping, group: Group) -> Case:
    names = ("id", "unit_id", "unit_name", "year", "number", "title", "meeting_id", "opened_on", "opened_by")
    return Case(
        **{name: row[name] for name in names},
        period=Period(**json.loads(row["retention"])),
        state=CaseState(row["state"]),
        ended_on=row["ended_on"],
        closed_by=row["closed_by"] or "",
        closed_at=row["closed_at"],
        items=tuple(_item(one) for one in json.loads(row["items"] or "[]")),
        handed_on=row["handed_on"],
        handed_by=row["handed_by"] or "",
        disposal_id=row["disposal_id"],
        submission=_submission(json.loads(row["submission"])) if row["submission"] else None,
        group=group,
    )


def _submission(said: dict[str, Any]) -> Submission:
    return Submission(**{**said, "on": date.fromisoformat(said["on"])})


async def submit(connection: AsyncConnection, case: Case, submission: Submission) -> None:
    """Put on record that a case file was handed in to the historical archive, or what that has answered."""
    said = {**asdict(submission), "on": submission.on.isoformat()}
    await _change(connection, case.id, submission=json.dumps(said, ensure_ascii=False))


async def submitted(connection: AsyncConnection) -> tuple[Case, ...]:
    """Those of all units that were ever handed in to the historical archive."""
    return await _cases(connection, case_table.c.submission.is_not(None), limit=None)


def _item(said: dict[str, Any]) -> Item:
    return Item(ItemKind(said["kind"]), said["ref"], said["name"], said["title"], said["digest"], said["said"])


async def set_retention(connection: AsyncConnection, case: Case, period: Period) -> None:
    """Choose how long an open case file is kept. Raises Refused("case_closed")."""
    _refuse_closed(case)
    await _change(connection, case.id, retention=json.dumps(asdict(period), ensure_ascii=False))


async def put_in(connection: AsyncConnection, case: Case, kind: ItemKind, ref: str, by: Actor, at: datetime) -> None:
    """Add something by hand; what is there already stays once. Raises Refused("case_closed")."""
    _refuse_closed(case)
    if (kind, ref) not in await added(connection, case.id):
        values = {"case_id": case.id, "kind": kind.value, "ref": ref, "by": by.name, "at": at}
        await connection.execute(insert(added_table).values(**values))


async def added(connection: AsyncConnection, case_id: str) -> tuple[tuple[ItemKind, str], ...]:
    """What was added by hand, in the order of time."""
    query = select(added_table).where(added_table.c.case_id == case_id).order_by(added_table.c.at, added_table.c.ref)
    return tuple((ItemKind(row.kind), row.ref) for row in await connection.execute(query))


async def take_out(
    connection: AsyncConnection, case: Case, kind: ItemKind, ref: str, reason: str, by: Actor, at: datetime
) -> None:
    """Take out what was added by hand, with the reason on record. Raises Refused("case_closed"), NotFound."""
    _refuse_closed(case)
    place = {"case_id": case.id, "kind": kind.value, "ref": ref}
    gone = await connection.execute(delete(added_table).filter_by(**place))
    if not gone.rowcount:
        raise NotFound(Reason(N_("Tài liệu này không có trong hồ sơ, hoặc thuộc về cuộc họp.")))
    await connection.execute(insert(removed_table).values(**place, at=at, by=by.name, reason=reason))


async def removals(connection: AsyncConnection, case_id: str) -> tuple[Removal, ...]:
    """What was taken out again, the first first."""
    query = select(removed_table).where(removed_table.c.case_id == case_id).order_by(removed_table.c.at)
    rows = await connection.execute(query)
    return tuple(Removal(ItemKind(row.kind), row.ref, row.by, row.at, row.reason) for row in rows)


async def close(
    connection: AsyncConnection, case: Case, items: tuple[Item, ...], ended_on: date, by: Actor, at: datetime
) -> None:
    """Freeze the list of contents. Raises Refused("case_closed")."""
    _refuse_closed(case)
    await _change(
        connection,
        case.id,
        state=CaseState.CLOSED.value,
        items=json.dumps([asdict(one) for one in items], ensure_ascii=False),
        ended_on=ended_on,
        closed_by=by.name,
        closed_at=at,
    )


async def hand(connection: AsyncConnection, case: Case, one: Handing, day: date) -> None:
    """Put a step of handing over on record; what is received was handed over on that `day`."""
    who = {"account": one.by.id, "by": one.by.name, "title": one.by.title}
    await connection.execute(
        insert(handing_table).values(case_id=case.id, step=one.step.value, at=one.at, reason=one.reason, **who)
    )
    if one.step is Step.RECEIVED:
        await _change(connection, case.id, handed_on=day, handed_by=one.by.name)


async def on_their_way(connection: AsyncConnection, unit_ids: Sequence[str]) -> tuple[Case, ...]:
    """The closed case files of these units that were handed over once and are not received."""
    handed = case_table.c.id.in_(select(handing_table.c.case_id))
    closed = (case_table.c.state == CaseState.CLOSED.value) & case_table.c.handed_on.is_(None)
    return await _cases(connection, case_table.c.unit_id.in_(unit_ids), closed, handed)


async def handings(connection: AsyncConnection, case_ids: Sequence[str]) -> dict[str, tuple[Handing, ...]]:
    """The steps by which these case files were handed over, by id, the first first."""
    query = select(handing_table).where(handing_table.c.case_id.in_(case_ids)).order_by(handing_table.c.id)
    found: dict[str, tuple[Handing, ...]] = {}
    for row in await connection.execute(query):
        step = Handing(Step(row.step), Actor(row.account, row.by, row.title), row.at, row.reason)
        found[row.case_id] = (*found.get(row.case_id, ()), step)
    return found


async def to_remind(connection: AsyncConnection, today: date) -> tuple[Case, ...]:
    """Those that are to be handed over soon, or late, and of which nobody was told since that began."""
    table = case_table
    waiting = table.c.ended_on.is_not(None) & table.c.handed_on.is_(None) & (table.c.ended_on <= today)
    rows = (await connection.execute(select(table).where(waiting).order_by(table.c.id))).mappings().all()
    found = []
    for row, case in zip(rows, await _read(connection, rows), strict=True):
        told = row["reminded_on"]
        assert case.due_on is not None, "it is closed and was not handed over"
        begins = case.due_on + timedelta(days=1) if today > case.due_on else case.due_on - NOTICE
        if today >= begins and (told is None or told < begins):
            found.append(case)
    return tuple(found)


async def reminded(connection: AsyncConnection, case_id: str, today: date) -> None:
    """Somebody was told."""
    await _change(connection, case_id, reminded_on=today)


def _refuse_closed(case: Case) -> None:
    if case.state is not CaseState.OPEN:
        raise Refused("case_closed", Reason(N_("Hồ sơ này đã kết thúc.")))


async def _change(connection: AsyncConnection, case_id: str, **values: Any) -> None:
    await connection.execute(update(case_table).where(case_table.c.id == case_id).values(**values))
