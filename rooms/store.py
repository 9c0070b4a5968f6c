"""Rooms, meetings and facts in the database: the only SQL of this package.

Every function takes an open AsyncConnection; the caller owns the transaction, so that what must become durable
together does. Works alike on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from rooms.facts import Fact, canonical, from_iso
from rooms.proceedings import Meeting

STATES = ("scheduled", "open", "closed")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment as ISO text in UTC, always with microseconds, so that the text sorts as the time does. SQLite
    has no type that keeps a zone."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_iso(value)


metadata = MetaData()

room_table = Table(
    "room",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("title", Text, nullable=False),
    Column("permanent", Boolean, nullable=False),
)

meeting_table = Table(
    "meeting",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("room_id", ForeignKey("room.id"), nullable=False),
    Column("state", String(10), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("opened_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("alive_at", UtcDateTime),
    Column("ad_hoc", Boolean, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("meeting_by_room", "room_id", "state", "starts_at"),
)

fact_table = Table(
    "fact",
    metadata,
    Column("meeting_id", ForeignKey("meeting.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("data", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """A place to meet; `permanent` ones are not tied to one occasion."""

    id: str
    title: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class MeetingEntry:
    """A meeting's sheet as invited to, and where it stands: `state` is one of STATES. `alive_at` is when a server
    last said that it was holding the meeting, None if none ever did."""

    meeting: Meeting
    state: str
    opened_at: datetime | None
    closed_at: datetime | None
    ad_hoc: bool
    created_by: str
    created_at: datetime
    alive_at: datetime | None


async def add_room(conn: AsyncConnection, room: RoomEntry) -> None:
    """Raises sqlalchemy.exc.IntegrityError if the id is taken."""
    await conn.execute(insert(room_table).values(id=room.id, title=room.title, permanent=room.permanent))


async def get_room(conn: AsyncConnection, id: str) -> RoomEntry | None:
    row = (await conn.execute(select(room_table).where(room_table.c.id == id))).one_or_none()
    return RoomEntry(row.id, row.title, row.permanent) if row else None


async def add_meeting(
    conn: AsyncConnection, meeting: Meeting, *, created_by: str, created_at: datetime, ad_hoc: bool = False
) -> None:
    """A scheduled meeting. Raises sqlalchemy.exc.IntegrityError if the id is taken or the room unknown."""
    await conn.execute(
        insert(meeting_table).values(
            id=meeting.id,
            room_id=meeting.room,
            state="scheduled",
            sheet=canonical(meeting.to_json()).decode(),
            starts_at=meeting.starts_at,
            ad_hoc=ad_hoc,
            created_by=created_by,
            created_at=created_at,
        )
    )


async def get_meeting(conn: AsyncConnection, id: str) -> MeetingEntry | None:
    return await _first(conn, select(meeting_table).where(meeting_table.c.id == id))


async def current_meeting(conn: AsyncConnection, room_id: str) -> MeetingEntry | None:
    """The one that who enters the room comes to: the open one, else the earliest still to be held."""
    wanted = select(meeting_table).where(meeting_table.c.room_id == room_id)
    for state in ("open", "scheduled"):
        found = await _first(conn, wanted.where(meeting_table.c.state == state))
        if found:
            return found
    return None


async def meetings(
    conn: AsyncConnection,
    *,
    room_id: str | None = None,
    states: Sequence[str] | None = None,
    starts_from: datetime | None = None,
    newest_first: bool = False,
    limit: int = 200,
) -> list[MeetingEntry]:
    """By time of beginning, of which `starts_from` is the earliest wanted. What is over `limit` is left out at the
    end: the latest, or with `newest_first` the earliest."""
    wanted = select(meeting_table)
    if room_id is not None:
        wanted = wanted.where(meeting_table.c.room_id == room_id)
    if states is not None:
        wanted = wanted.where(meeting_table.c.state.in_(states))
    if starts_from is not None:
        wanted = wanted.where(meeting_table.c.starts_at >= starts_from)
    if newest_first:
        wanted = wanted.order_by(meeting_table.c.starts_at.desc(), meeting_table.c.id.desc())
    else:
        wanted = _in_order(wanted)
    rows = await conn.execute(wanted.limit(limit))
    return [_entry(row) for row in rows]


async def alive(conn: AsyncConnection, meeting_ids: Collection[str], at: datetime) -> None:
    """The server still holds these meetings at `at`: the heartbeat by which an outage is known afterwards."""
    if meeting_ids:
        await conn.execute(update(meeting_table).where(meeting_table.c.id.in_(meeting_ids)).values(alive_at=at))


async def keep(conn: AsyncConnection, meeting_id: str, facts: Sequence[Fact]) -> None:
    """Append facts, and follow with the meeting's row when it was opened or closed. Raises
    sqlalchemy.exc.IntegrityError if a seq is there already: then somebody else holds this meeting."""
    if not facts:
        return
    await conn.execute(
        insert(fact_table),
        [
            {
                "meeting_id": meeting_id,
                "seq": fact.seq,
                "at": fact.at,
                "kind": fact.kind,
                "actor": fact.actor,
                "data": canonical(fact.data).decode(),
                "digest": fact.digest,
            }
            for fact in facts
        ],
    )
    for fact in facts:
        changes: dict[str, Any] = {}
        if fact.kind == "opened":
            changes = {"state": "open", "opened_at": fact.at}
        elif fact.kind == "closed":
            changes = {"state": "closed", "closed_at": fact.at}
        if changes:
            await conn.execute(update(meeting_table).where(meeting_table.c.id == meeting_id).values(**changes))


async def facts(conn: AsyncConnection, meeting_id: str, kinds: Collection[str] | None = None) -> list[Fact]:
    """In their order, as kept, all or of some kinds; `first_altered` tells whether all are still what was kept."""
    wanted = select(fact_table).where(fact_table.c.meeting_id == meeting_id).order_by(fact_table.c.seq)
    if kinds is not None:
        wanted = wanted.where(fact_table.c.kind.in_(kinds))
    rows = await conn.execute(wanted)
    return [Fact(row.seq, row.at, row.kind, row.actor, json.loads(row.data), row.digest) for row in rows]


def _in_order(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(meeting_table.c.starts_at, meeting_table.c.id)


async def _first(conn: AsyncConnection, wanted: Select[Any]) -> MeetingEntry | None:
    row = (await conn.execute(_in_order(wanted).limit(1))).one_or_none()
    return _entry(row) if row else None


def _entry(row: Row[Any]) -> MeetingEntry:
    return MeetingEntry(
        meeting=Meeting.from_json(json.loads(row.sheet)),
        state=row.state,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        ad_hoc=row.ad_hoc,
        created_by=row.created_by,
        created_at=row.created_at,
        alive_at=row.alive_at,
    )
