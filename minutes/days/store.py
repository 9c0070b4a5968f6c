"""The days that an authority has entered. The caller opens the transaction."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, Date, String, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.days.calendar import Calendar, Own, calendar
from minutes.document import Actor
from minutes.tables import UtcDateTime, metadata

day_table = Table(
    "office_day",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("works", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


async def days(connection: AsyncConnection, unit_id: str) -> tuple[Own, ...]:
    """A unit's own days, in order."""
    query = select(day_table).where(day_table.c.unit_id == unit_id).order_by(day_table.c.day)
    return tuple(Own(row.day, row.works, row.note) for row in await connection.execute(query))


async def of_unit(connection: AsyncConnection, unit_id: str) -> Calendar:
    """When a unit works."""
    return calendar(await days(connection, unit_id))


async def enter(connection: AsyncConnection, unit_id: str, own: Own, by: Actor, at: datetime) -> None:
    """Enter a day, in place of what was entered for it. Deadlines that were set stay as they are."""
    await remove(connection, unit_id, own.day)
    values = {"unit_id": unit_id, "day": own.day, "works": own.works, "note": own.note, "by": by.name, "at": at}
    await connection.execute(insert(day_table).values(values))


async def remove(connection: AsyncConnection, unit_id: str, day: date) -> None:
    """The day is as for everybody again."""
    await connection.execute(delete(day_table).where(day_table.c.unit_id == unit_id, day_table.c.day == day))
