"""Series of regular meetings in the database, and what has come of their dates."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Date, Integer, MetaData, Row, String, Table, Text, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms.series import Mark, Phase, Series
from rooms.store import UtcDateTime

metadata = MetaData()

series_table = Table(
    "series",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("unit_id", String(40), nullable=False, index=True),
    Column("ahead", Integer, nullable=False),
    Column("plan", Text, nullable=False),  # JSON: the phases and the end
    Column("created_by", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

date_table = Table(
    "series_date",
    metadata,
    Column("series_id", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("moved_to", UtcDateTime),
    Column("dropped", Text),
    Column("meeting_id", String(100), index=True),
)
"""One row a date that is other than the rule, or for which a meeting was made."""


async def add(connection: AsyncConnection, series: Series, by: str, now: datetime) -> None:
    """A new one."""
    values = {"id": series.id, "unit_id": series.unit, "created_by": by, "created_at": now}
    await connection.execute(insert(series_table).values(**values, ahead=series.ahead, plan=_plan(series)))


async def change(connection: AsyncConnection, series: Series) -> None:
    """Another plan, another number of days ahead."""
    found = update(series_table).where(series_table.c.id == series.id)
    await connection.execute(found.values(ahead=series.ahead, plan=_plan(series)))


async def get(connection: AsyncConnection, series_id: str) -> Series | None:
    row = (await connection.execute(select(series_table).where(series_table.c.id == series_id))).one_or_none()
    return _series(row) if row else None


async def every(connection: AsyncConnection, unit: str | None = None) -> list[Series]:
    """All of them, or those of one unit, the newest first."""
    wanted = select(series_table).order_by(series_table.c.created_at.desc(), series_table.c.id)
    if unit is not None:
        wanted = wanted.where(series_table.c.unit_id == unit)
    return [_series(row) for row in await connection.execute(wanted)]


async def marks(connection: AsyncConnection, series_id: str) -> dict[date, Mark]:
    """What is other than the rule, by day."""
    rows = await connection.execute(select(date_table).where(date_table.c.series_id == series_id))
    return {row.day: Mark(row.moved_to, row.dropped, row.meeting_id) for row in rows}


async def set_mark(connection: AsyncConnection, series_id: str, day: date, mark: Mark) -> None:
    """Put `mark` in the place of what there was of a day."""
    await connection.execute(delete(date_table).where(date_table.c.series_id == series_id, date_table.c.day == day))
    values = {"moved_to": mark.moved_to, "dropped": mark.dropped, "meeting_id": mark.meeting}
    if mark != Mark():
        await connection.execute(insert(date_table).values(series_id=series_id, day=day, **values))


async def of_meeting(connection: AsyncConnection, meeting_id: str) -> str | None:
    """The id of the series that a meeting belongs to."""
    wanted = select(date_table.c.series_id).where(date_table.c.meeting_id == meeting_id)
    found: str | None = (await connection.execute(wanted)).scalar_one_or_none()
    return found


def _plan(series: Series) -> str:
    return json.dumps(series.to_json(), ensure_ascii=False)


def _series(row: Row[Any]) -> Series:
    plan: Mapping[str, Any] = json.loads(row.plan)
    phases = tuple(Phase.from_json(one) for one in plan["phases"])
    ends = date.fromisoformat(plan["ends"]) if plan["ends"] else None
    return Series(row.id, row.unit_id, row.ahead, phases, ends)
