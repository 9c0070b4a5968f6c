"""What was written into the fields, by whom and when: rows are only added. The caller opens the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, Integer, String, Table, Text, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.described.field import Subject, initial
from minutes.document import Actor
from minutes.tables import UtcDateTime, metadata

description_table = Table(
    "description",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False),
    Column("subject", String(16), nullable=False),
    Column("ref", String(100), nullable=False),
    Column("field", String(32), nullable=False),
    Column("value", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("description_of", "unit_id", "subject", "ref"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody has written a field."""

    ref: str
    field: str
    value: str
    by: str
    at: datetime


async def written(
    connection: AsyncConnection, unit_id: str, subject: Subject, ref: str | None = None
) -> tuple[Written, ...]:
    """All that was ever written of a thing, or (None) of all things of this kind, in order."""
    table = description_table
    query = select(table).where(table.c.unit_id == unit_id, table.c.subject == subject.value)
    if ref is not None:
        query = query.where(table.c.ref == ref)
    rows = await connection.execute(query.order_by(table.c.id))
    return tuple(Written(row.ref, row.field, row.value, row.by, row.at) for row in rows)


async def described(connection: AsyncConnection, unit_id: str, subject: Subject, ref: str) -> dict[str, str]:
    """Every field of a thing as it is now."""
    said = {one.field: one.value for one in await written(connection, unit_id, subject, ref)}
    return {name: said.get(name, value) for name, value in initial(subject).items()}


async def write(
    connection: AsyncConnection, unit_id: str, subject: Subject, ref: str, values: Mapping[str, str], by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    """Put on record what is different from what holds."""
    known = await described(connection, unit_id, subject, ref)
    place = {"unit_id": unit_id, "subject": subject.value, "ref": ref, "by": by.name, "at": at}
    rows = [{**place, "field": name, "value": value} for name, value in values.items() if known[name] != value]
    if rows:
        await connection.execute(insert(description_table), rows)
