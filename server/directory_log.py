"""The log of units, people and rights: who has changed what, when, and what it was before. Rows are only added.

A change of somebody's rights is warned of until somebody who may has confirmed it (Decree 30/2020, Appendix VI,
I.III.3); the confirmation is a row, too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Row, Select, String, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Actor
from minutes.tables import UtcDateTime
from server.directory import metadata

Values = Mapping[str, Any]
"""A person's or unit's values by the name of the field, as they were: `roles` is a list, the rest is text."""


class Deed(StrEnum):
    """What was done."""

    UNIT_NEW = "unit-new"
    UNIT_CHANGE = "unit-change"
    UNIT_END = "unit-end"
    NEW = "new"
    CHANGE = "change"
    END = "end"
    RESUME = "resume"
    LINK = "link"
    REVOKE = "revoke"
    """All sign-in links and sessions of an account were taken back."""
    CONFIRM = "confirm"


change_table = Table(
    "directory_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by_id", String(40), nullable=False),
    Column("by_name", Text, nullable=False),
    Column("deed", String(16), nullable=False),
    Column("subject_id", String(40), nullable=False, index=True),  # of an account or a unit
    Column("subject", Text, nullable=False),
    Column("unit_id", String(40), nullable=False, index=True),  # of the person after it, or the unit itself
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("rights", Boolean, nullable=False),
    Column("confirms", ForeignKey("directory_change.id"), unique=True),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a change is about, by the name at that time; `unit_id` is the person's unit, or the unit itself."""

    id: str
    name: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row. `before` and `after` have what differs. `rights`: somebody may do other things from then on.
    `confirmed`: by whom, and when."""

    id: int
    at: datetime
    by: Actor
    deed: Deed
    subject: Subject
    before: Values
    after: Values
    rights: bool
    confirmed: tuple[str, datetime] | None

    @property
    def waits(self) -> bool:
        """Whether it is warned of."""
        return self.rights and self.confirmed is None


async def note(
    connection: AsyncConnection, by: Actor, deed: Deed, subject: Subject, at: datetime, *,
    before: Values = MappingProxyType({}), after: Values = MappingProxyType({}), rights: bool = False,
    confirms: int | None = None,
) -> None:  # fmt: skip
    """Put a change on record."""
    await connection.execute(
        insert(change_table).values(
            at=at, by_id=by.id, by_name=by.name, deed=deed.value,
            subject_id=subject.id, subject=subject.name, unit_id=subject.unit_id,
            before=json.dumps(dict(before), ensure_ascii=False), after=json.dumps(dict(after), ensure_ascii=False),
            rights=rights, confirms=confirms,
        )
    )  # fmt: skip


_confirmation = change_table.alias("confirmation")
_CHANGES = (
    select(change_table, _confirmation.c.by_name.label("confirmer"), _confirmation.c.at.label("confirmed_at"))
    .select_from(change_table.outerjoin(_confirmation, _confirmation.c.confirms == change_table.c.id))
    .where(change_table.c.deed != Deed.CONFIRM.value)
)
_WAITING = (change_table.c.rights, _confirmation.c.id.is_(None))


def _of(query: Select[Any], unit_id: str | None) -> Select[Any]:
    return query if unit_id is None else query.where(change_table.c.unit_id == unit_id)


async def changes(
    connection: AsyncConnection, unit_id: str | None, limit: int, *, below: int | None = None
) -> list[Change]:
    """The newest changes (of a unit and its people), each with its confirmation; those whose number is below."""
    query = _of(_CHANGES, unit_id).order_by(change_table.c.id.desc()).limit(limit)
    if below is not None:
        query = query.where(change_table.c.id < below)
    return [_change(row) for row in await connection.execute(query)]


async def of_subject(connection: AsyncConnection, subject_id: str, limit: int) -> list[Change]:
    """The newest changes of one person or unit."""
    query = _CHANGES.where(change_table.c.subject_id == subject_id).order_by(change_table.c.id.desc()).limit(limit)
    return [_change(row) for row in await connection.execute(query)]


async def waiting(connection: AsyncConnection, unit_id: str | None = None) -> list[Change]:
    """Changes of rights that nobody has confirmed, the oldest first."""
    query = _of(_CHANGES, unit_id).where(*_WAITING).order_by(change_table.c.id)
    return [_change(row) for row in await connection.execute(query)]


async def one(connection: AsyncConnection, number: int) -> Change | None:
    """The change with this number."""
    row = (await connection.execute(_CHANGES.where(change_table.c.id == number))).first()
    return _change(row) if row else None


async def version(connection: AsyncConnection, subject_id: str) -> int:
    """The number of the last change of a person or unit; 0 where there is none."""
    wanted = change_table.c.subject_id == subject_id, change_table.c.deed != Deed.CONFIRM.value
    return await connection.scalar(select(func.max(change_table.c.id)).where(*wanted)) or 0


def differing(before: Values, after: Values) -> tuple[Values, Values]:
    """What differs between two states of the same thing."""
    names: Sequence[str] = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _change(row: Row[Any]) -> Change:
    return Change(
        row.id, row.at, Actor(row.by_id, row.by_name, ""), Deed(row.deed),
        Subject(row.subject_id, row.subject, row.unit_id), json.loads(row.before), json.loads(row.after), row.rights,
        (row.confirmer, row.confirmed_at) if row.confirmer is not None else None,
    )  # fmt: skip
