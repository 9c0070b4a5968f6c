"""The days that an authority has entered. The caller opens the transaction."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, Date, Integer, String, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.days.calendar import Calendar, Decision, Own, calendar
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


year_table = Table(
    "office_year",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


async def decisions(connection: AsyncConnection, unit_id: str) -> tuple[Decision, ...]:
    """By what a unit knows the days off of years, in order."""
    query = select(year_table).where(year_table.c.unit_id == unit_id).order_by(year_table.c.year)
    return tuple(Decision(row.year, row.number, row.decided_on, row.by) for row in await connection.execute(query))


async def decide(connection: AsyncConnection, unit_id: str, one: Decision, by: Actor, at: datetime) -> None:
    """Enter the decision of a year, in place of what was entered for it."""
    same = (year_table.c.unit_id == unit_id) & (year_table.c.year == one.year)
    await connection.execute(delete(year_table).where(same))
    said = {"number": one.number, "decided_on": one.day, "by": by.name, "at": at}
    await connection.execute(insert(year_table).values(unit_id=unit_id, year=one.year, **said))


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
