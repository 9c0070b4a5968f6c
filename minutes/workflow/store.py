"""Rows of the workflow: plans by unit and kind, whose turn it is, remarks, delegations, what was done to documents."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store
from minutes.document import Actor, Document, Kind, State
from minutes.errors import N_, NotFound, Reason
from minutes.tables import document_table, version_table
from minutes.workflow import plan, tables
from minutes.workflow.capacity import Capacity
from minutes.workflow.consultation import Answer, Asked, Invited, Remark
from minutes.workflow.delegation import Delegation
from minutes.workflow.plan import SHORT_WAY, Workflow
from minutes.workflow.relation import Changed, Deed
from minutes.workflow.turns import Task, Turn, turns


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _actor(by: Actor) -> str:
    return _dump([by.id, by.name, by.title])


# --- plans ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One line of the log of plans."""

    at: datetime
    by: Actor
    kind: Kind
    before: Workflow
    after: Workflow


async def plan_of(connection: AsyncConnection, unit_id: str, kind: Kind) -> Workflow:
    """The way of `kind` at a unit; the short way if the unit has set none."""
    table = tables.plan_table
    query = select(table.c.plan).where(table.c.unit_id == unit_id, table.c.kind == kind.value)
    found = await connection.scalar(query)
    return plan.from_json(json.loads(found)) if found else SHORT_WAY


async def plans(connection: AsyncConnection, unit_id: str) -> dict[Kind, Workflow]:
    """What a unit has set."""
    table = tables.plan_table
    rows = await connection.execute(select(table.c.kind, table.c.plan).where(table.c.unit_id == unit_id))
    return {Kind(kind): plan.from_json(json.loads(text)) for kind, text in rows}


async def set_plan(
    connection: AsyncConnection, unit_id: str, kind: Kind, wanted: Workflow, by: Actor, at: datetime
) -> None:
    """Set the way of a kind and write down who did it; documents that are under way keep theirs."""
    before = await plan_of(connection, unit_id, kind)
    if before == wanted:
        return
    table, log = tables.plan_table, tables.plan_log_table
    await connection.execute(delete(table).where(table.c.unit_id == unit_id, table.c.kind == kind.value))
    text = _dump(plan.to_json(wanted))
    await connection.execute(insert(table).values(unit_id=unit_id, kind=kind.value, plan=text))
    before_text = _dump(plan.to_json(before))
    await connection.execute(
        insert(log).values(unit_id=unit_id, kind=kind.value, at=at, by=_actor(by), before=before_text, after=text)
    )


async def plan_changes(connection: AsyncConnection, unit_id: str, limit: int = 100) -> tuple[PlanChange, ...]:
    """The log of a unit's plans, the newest first."""
    log = tables.plan_log_table
    query = select(log).where(log.c.unit_id == unit_id).order_by(log.c.id.desc()).limit(limit)
    return tuple(
        PlanChange(
            row["at"],
            Actor(*json.loads(row["by"])),
            Kind(row["kind"]),
            plan.from_json(json.loads(row["before"])),
            plan.from_json(json.loads(row["after"])),
        )
        for row in (await connection.execute(query)).mappings()
    )


# --- turns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A turn as it is stored, and which document it is about."""

    id: int
    document_id: str
    turn: Turn


async def settle(connection: AsyncConnection, document_id: str) -> Document:
    """Write down anew whose turn it is, after anything that a document went through; the document as it is now.

    A turn that stays keeps what has been said to whoever has it. With a text that was taken out nobody can do anything.
    """
    document = await store.get(connection, document_id)
    lost = await connection.scalar(select(store.taken_out()).where(document_table.c.id == document_id))
    noticed = False
    if document.kind is Kind.MINUTES and document.state is State.SEALED and document.meeting_id:
        noticed = bool(await store.search(connection, 1, meeting_id=document.meeting_id, kind=Kind.NOTICE.value))
    asked = await open_round(connection, document_id) if document.state is State.COMMENTS else ()
    wanted = () if lost else turns(document, asked, noticed=noticed)
    table = tables.turn_table
    rows = (await connection.execute(select(table).where(table.c.document_id == document_id))).mappings().all()
    known = {_turn(row): row["id"] for row in rows}
    gone = [row_id for turn, row_id in known.items() if turn not in wanted]
    if gone:
        await connection.execute(delete(table).where(table.c.id.in_(gone)))
    new = [_turn_row(document_id, turn) for turn in wanted if turn not in known]
    if new:
        await connection.execute(insert(table), new)
    return document


def _turn_row(document_id: str, turn: Turn) -> dict[str, Any]:
    return {
        "document_id": document_id,
        "task": turn.task.value,
        "account_id": turn.account,
        "unit_id": turn.unit,
        "role": turn.role,
        "name": turn.name,
        "due_at": turn.due_at,
    }


def _turn(row: RowMapping) -> Turn:
    return Turn(Task(row["task"]), row["account_id"], row["unit_id"], row["role"], row["name"], row["due_at"])


def _whose(account: str, unit: str, roles: Sequence[str]) -> ColumnElement[bool]:
    table = tables.turn_table
    of_unit = (table.c.account_id == "") & (table.c.unit_id == unit) & table.c.role.in_(["", *roles])
    return or_(table.c.account_id == account, of_unit)


async def turns_of(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[Turn, ...]]:
    """Whose turn it is, by document."""
    table = tables.turn_table
    query = select(table).where(table.c.document_id.in_(ids)).order_by(table.c.id)
    found: dict[str, tuple[Turn, ...]] = {}
    for row in (await connection.execute(query)).mappings():
        found[row["document_id"]] = (*found.get(row["document_id"], ()), _turn(row))
    return found


async def waiting_for(
    connection: AsyncConnection, account: str, unit: str, roles: Sequence[str], limit: int = 500
) -> tuple[Waiting, ...]:
    """What waits for `account` of `unit` with `roles`, the first due first, then the oldest."""
    table = tables.turn_table
    query = select(table).where(_whose(account, unit, roles)).order_by(table.c.due_at.is_(None), table.c.due_at)
    rows = (await connection.execute(query.order_by(table.c.id).limit(limit))).mappings()
    return tuple(Waiting(row["id"], row["document_id"], _turn(row)) for row in rows)


async def count_waiting(connection: AsyncConnection, account: str, unit: str, roles: Sequence[str]) -> int:
    """How many documents wait for them."""
    table = tables.turn_table
    query = select(func.count(table.c.document_id.distinct())).where(_whose(account, unit, roles))
    return await connection.scalar(query) or 0


async def to_remind(connection: AsyncConnection, now: datetime, soon: datetime) -> tuple[Waiting, ...]:
    """Turns that are due before `soon` and whose holders have not been reminded, or are over `now` and they were not
    told."""
    table = tables.turn_table
    nearly = (table.c.due_at <= soon) & table.c.reminded_at.is_(None) & (table.c.due_at > now)
    over = (table.c.due_at <= now) & table.c.overdue_at.is_(None)
    query = select(table).where(or_(nearly, over)).order_by(table.c.id)
    return tuple(
        Waiting(row["id"], row["document_id"], _turn(row)) for row in (await connection.execute(query)).mappings()
    )


async def reminded(connection: AsyncConnection, turn_id: int, at: datetime, *, over: bool) -> None:
    """Their holders have been told."""
    column = "overdue_at" if over else "reminded_at"
    table = tables.turn_table
    await connection.execute(update(table).where(table.c.id == turn_id).values({column: at}))


_NOBODYS = (State.SEALED.value, State.STAMPING.value, State.DISCARDED.value)


async def unsettled(connection: AsyncConnection) -> tuple[str, ...]:
    """Documents under way that nobody's turn is written down for, those of before turns were; and documents whose text
    was taken out and that somebody's turn still is."""
    held = select(tables.turn_table.c.id).where(tables.turn_table.c.document_id == document_table.c.id).exists()
    forgotten = document_table.c.state.not_in(_NOBODYS) & ~held & ~store.taken_out()
    query = select(document_table.c.id).where(forgotten | (held & store.taken_out()))
    return tuple((await connection.scalars(query)).all())


# --- remarks --------------------------------------------------------------------------------------------------


async def ask(
    connection: AsyncConnection, document_id: str, invited: Sequence[Invited], due_at: datetime, at: datetime
) -> None:
    """Begin a new round."""
    table = tables.asked_table
    last = await connection.scalar(select(func.max(table.c.round)).where(table.c.document_id == document_id)) or 0
    rows = [
        {
            "document_id": document_id,
            "round": last + 1,
            "account_id": one.account,
            "unit_id": one.unit,
            "name": one.name,
            "asked_at": at,
            "due_at": due_at,
        }
        for one in invited
    ]
    await connection.execute(insert(table), rows)


async def asked(connection: AsyncConnection, document_id: str) -> tuple[Asked, ...]:
    """Everybody who was ever asked about a document with what they said, by round."""
    table, said = tables.asked_table, tables.remark_table
    query = select(table).where(table.c.document_id == document_id).order_by(table.c.round, table.c.id)
    found = (await connection.execute(query)).mappings().all()
    ids = [row["id"] for row in found]
    remarks = {
        row["asked_id"]: _remark(row)
        for row in (await connection.execute(select(said).where(said.c.asked_id.in_(ids)))).mappings()
    }
    return tuple(
        Asked(
            row["id"],
            row["round"],
            row["account_id"],
            row["unit_id"],
            row["name"],
            row["due_at"],
            remarks.get(row["id"]),
        )
        for row in found
    )


async def open_round(connection: AsyncConnection, document_id: str) -> tuple[Asked, ...]:
    """Those of the newest round."""
    everybody = await asked(connection, document_id)
    last = max((one.round for one in everybody), default=0)
    return tuple(one for one in everybody if one.round == last)


def _remark(row: RowMapping) -> Remark:
    by = Actor(*json.loads(row["by"]))
    return Remark(
        by_name=by.name,
        by_title=by.title,
        at=row["at"],
        version=row["version"],
        agrees=row["agrees"],
        text=row["text"],
        answer=Answer(row["answer"]) if row["answer"] else None,
        reply=row["reply"],
        answered_by=Actor(*json.loads(row["answered_by"])).name if row["answered_by"] else "",
        answered_at=row["answered_at"],
    )


async def remark(
    connection: AsyncConnection, asked_id: int, version: int, by: Actor, at: datetime, text: str, *, agrees: bool
) -> None:
    """Keep what was said."""
    await connection.execute(
        insert(tables.remark_table).values(
            asked_id=asked_id, version=version, at=at, by=_actor(by), agrees=agrees, text=text, reply=""
        )
    )


async def answer(
    connection: AsyncConnection, asked_id: int, verdict: Answer, reply: str, by: Actor, at: datetime
) -> None:
    """Keep what the author makes of a remark; a later answer takes the place of an earlier one."""
    table = tables.remark_table
    values = {"answer": verdict.value, "reply": reply, "answered_by": _actor(by), "answered_at": at}
    await connection.execute(update(table).where(table.c.asked_id == asked_id).values(values))


# --- delegations ----------------------------------------------------------------------------------------------


async def delegations(connection: AsyncConnection, unit_id: str) -> tuple[Delegation, ...]:
    """All of a unit, the newest first."""
    table = tables.delegation_table
    query = select(table).where(table.c.unit_id == unit_id).order_by(table.c.id.desc())
    return tuple(_delegation(row) for row in (await connection.execute(query)).mappings())


def _delegation(row: RowMapping) -> Delegation:
    return Delegation(
        id=row["id"],
        unit=row["unit_id"],
        account=row["account_id"],
        name=row["name"],
        capacity=Capacity(row["capacity"]),
        kinds=frozenset(Kind(one) for one in json.loads(row["kinds"])),
        since=row["since"],
        until=row["until"],
        basis=row["basis"],
        by_name=Actor(*json.loads(row["by"])).name,
        at=row["at"],
        confirmed_at=row["confirmed_at"],
        confirmed_by=Actor(*json.loads(row["confirmed_by"])).name if row["confirmed_by"] else "",
        revoked_at=row["revoked_at"],
        revoked_by=Actor(*json.loads(row["revoked_by"])).name if row["revoked_by"] else "",
        reason=row["reason"] or "",
    )


async def add_delegation(connection: AsyncConnection, delegation: Delegation, by: Actor) -> None:
    """Put one on record, by whom it is confirmed too if it is; its id is given here."""
    await connection.execute(
        insert(tables.delegation_table).values(
            unit_id=delegation.unit,
            account_id=delegation.account,
            name=delegation.name,
            capacity=delegation.capacity.value,
            kinds=_dump(sorted(kind.value for kind in delegation.kinds)),
            since=delegation.since,
            until=delegation.until,
            basis=delegation.basis,
            at=delegation.at,
            by=_actor(by),
            confirmed_at=delegation.confirmed_at,
            confirmed_by=_actor(by) if delegation.confirmed_at else None,
        )
    )


async def confirm_delegation(
    connection: AsyncConnection, unit_id: str, delegation_id: int, by: Actor, at: datetime
) -> None:
    """Let one count from now on; raises NotFound for none that waits."""
    table = tables.delegation_table
    waits = table.c.confirmed_at.is_(None) & table.c.revoked_at.is_(None)
    confirmed = await connection.execute(
        update(table)
        .where(table.c.id == delegation_id, table.c.unit_id == unit_id, waits)
        .values(confirmed_at=at, confirmed_by=_actor(by))
    )
    if confirmed.rowcount != 1:
        raise NotFound(Reason(N_("Không có quyền ký này, hoặc không còn chờ xác nhận.")))


async def revoke_delegation(
    connection: AsyncConnection, unit_id: str, delegation_id: int, by: Actor, at: datetime, reason: str
) -> None:
    """End one before its time; raises NotFound for none that is good."""
    table = tables.delegation_table
    ended = await connection.execute(
        update(table)
        .where(table.c.id == delegation_id, table.c.unit_id == unit_id, table.c.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=_actor(by), reason=reason)
    )
    if ended.rowcount != 1:
        raise NotFound(Reason(N_("Không có quyền ký này, hoặc đã bị thu hồi.")))


# --- relations ------------------------------------------------------------------------------------------------


async def relate(connection: AsyncConnection, document_id: str, target_id: str, deed: Deed, at: datetime) -> None:
    """From now on `document_id` has done `deed` to `target_id`."""
    await connection.execute(
        insert(tables.relation_table).values(
            document_id=document_id, target_id=target_id, act=deed.value, effective_at=at
        )
    )


async def changing(connection: AsyncConnection, target: Document) -> tuple[Document, ...]:
    """What its authority has under way to amend, correct, replace or recall a document."""
    rows = await connection.execute(
        select(version_table.c.document_id, version_table.c.content)
        .join_from(version_table, document_table, document_table.c.id == version_table.c.document_id)
        .where(
            document_table.c.version == version_table.c.version,
            document_table.c.unit_id == target.unit.id,
            document_table.c.state.not_in(_NOBODYS),
            version_table.c.content.contains(target.id),
        )
    )
    ids = [id for id, text in rows if (json.loads(text).get("relation") or {}).get("document_id") == target.id]
    return tuple((await store.several(connection, ids)).values())


async def changes(
    connection: AsyncConnection, target_ids: Sequence[str] | Select[tuple[str | None]]
) -> dict[str, tuple[Changed, ...]]:
    """What has been done to documents (ids, or a query of them), the newest first."""
    table, source = tables.relation_table, document_table
    query = (
        select(table, source)
        .join_from(table, source, source.c.id == table.c.document_id)
        .where(table.c.target_id.in_(target_ids))
        .order_by(table.c.effective_at.desc(), source.c.id)
    )
    found: dict[str, tuple[Changed, ...]] = {}
    for row in (await connection.execute(query)).mappings():
        symbol = f"{row['number']:02d}/{row['symbol']}"
        one = Changed(
            Deed(row["act"]),
            row["document_id"],
            Kind(row["kind"]),
            symbol,
            row["year"],
            row["issued_on"],
            row["published"],
            row["effective_at"],
        )
        found[row["target_id"]] = (*found.get(row["target_id"], ()), one)
    return found
