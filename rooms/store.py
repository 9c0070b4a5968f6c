"""Rooms, meetings and facts in the database: the only SQL of this package.

Every function takes an open AsyncConnection; the caller owns the transaction, so that what must become durable
together does. Works alike on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
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
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from rooms.effects import Remembered
from rooms.facts import Fact, canonical, from_iso
from rooms.proceedings import Meeting

STATES = ("scheduled", "convened", "open", "adjourned", "closed", "cancelled")
"""A meeting is convened once its invitations have been sent; until it is opened that changes nothing in its room."""
COMING = ("scheduled", "convened")


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
    Column("unit_id", String(40), nullable=False, default=""),
    Column("chair_id", String(40), nullable=False, default=""),
    Column("secretary_id", String(40), nullable=False, default=""),
    Column("invites", Text, nullable=False, default="[]"),  # JSON list of units' ids
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
    Column("sequence", Integer, nullable=False, default=0),
    Column("reason", Text),
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

# What topics keep beside the facts until the meeting is over (`rooms.topic.Memory`).
beside_table = Table(
    "beside",
    metadata,
    Column("meeting_id", ForeignKey("meeting.id"), primary_key=True),
    Column("topic", String(40), primary_key=True),
    Column("id", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """A place to meet; `permanent` ones are not tied to one occasion but belong to the authority `unit`: `chair` and
    `secretary` are account ids, `invites` the ids of the units whose delegates come besides the authority's people."""

    id: str
    title: str
    permanent: bool
    unit: str = ""
    chair: str = ""
    secretary: str = ""
    invites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeetingEntry:
    """A meeting's sheet as invited to, and where it stands: `state` is one of STATES. `alive_at` is when a server
    last said that it was holding the meeting, None if none ever did. `sequence` counts the changes that those invited
    were told of; `reason` is why it was cancelled."""

    meeting: Meeting
    state: str
    opened_at: datetime | None
    closed_at: datetime | None
    ad_hoc: bool
    created_by: str
    created_at: datetime
    alive_at: datetime | None
    sequence: int = 0
    reason: str | None = None

    @property
    def begins(self) -> datetime:
        """When it was opened, which need not be when it was called for; until then, when it is to begin."""
        return self.opened_at or self.meeting.starts_at


async def add_room(conn: AsyncConnection, room: RoomEntry) -> None:
    """Raises sqlalchemy.exc.IntegrityError if the id is taken."""
    await conn.execute(insert(room_table).values(id=room.id, permanent=room.permanent, **_room_values(room)))


async def change_room(conn: AsyncConnection, room: RoomEntry) -> None:
    """Another title, chair, secretary or circle of invited for a permanent room, from its next meeting on."""
    await conn.execute(update(room_table).where(room_table.c.id == room.id).values(**_room_values(room)))


def _room_values(room: RoomEntry) -> dict[str, Any]:
    return {
        "title": room.title,
        "unit_id": room.unit,
        "chair_id": room.chair,
        "secretary_id": room.secretary,
        "invites": json.dumps(room.invites),
    }


async def get_room(conn: AsyncConnection, id: str) -> RoomEntry | None:
    row = (await conn.execute(select(room_table).where(room_table.c.id == id))).one_or_none()
    return _room(row) if row else None


async def permanent_rooms(conn: AsyncConnection) -> list[RoomEntry]:
    """All of them, in order of title."""
    rows = await conn.execute(select(room_table).where(room_table.c.permanent).order_by(room_table.c.title))
    return [_room(row) for row in rows]


def _room(row: Row[Any]) -> RoomEntry:
    return RoomEntry(
        row.id, row.title, row.permanent, row.unit_id, row.chair_id, row.secretary_id, tuple(json.loads(row.invites))
    )


async def add_meeting(
    conn: AsyncConnection, meeting: Meeting, *, created_by: str, created_at: datetime, ad_hoc: bool = False
) -> None:
    """A scheduled meeting. Raises sqlalchemy.exc.IntegrityError if the id is taken or the room unknown."""
    await conn.execute(
        insert(meeting_table).values(
            id=meeting.id,
            room_id=meeting.room,
            state="scheduled",
            **_sheet_values(meeting),
            ad_hoc=ad_hoc,
            created_by=created_by,
            created_at=created_at,
        )
    )


async def change_sheet(conn: AsyncConnection, meeting: Meeting) -> bool:
    """Put another sheet in the place of that of a meeting that has no facts yet. False if it is no longer to come."""
    return await _while_coming(conn, meeting.id, _sheet_values(meeting))


async def cancel(conn: AsyncConnection, meeting_id: str, reason: str) -> bool:
    """Cancel a meeting that has no facts yet. False if it is no longer to come."""
    return await _while_coming(conn, meeting_id, {"state": "cancelled", "reason": reason})


async def convene(conn: AsyncConnection, meeting_id: str) -> bool:
    """The invitations have been sent. False if the meeting is no longer to come."""
    return await _while_coming(conn, meeting_id, {"state": "convened"})


async def _while_coming(conn: AsyncConnection, meeting_id: str, values: dict[str, Any]) -> bool:
    coming = (meeting_table.c.id == meeting_id, meeting_table.c.state.in_(COMING))
    return (await conn.execute(update(meeting_table).where(*coming).values(**values))).rowcount == 1


async def next_sequence(conn: AsyncConnection, meeting_id: str) -> int:
    """Count one more change that those invited are told of; returns how many there have been."""
    counted = update(meeting_table).where(meeting_table.c.id == meeting_id)
    counted = counted.values(sequence=meeting_table.c.sequence + 1)
    return int((await conn.execute(counted.returning(meeting_table.c.sequence))).scalar_one())


def _sheet_values(meeting: Meeting) -> dict[str, Any]:
    return {"sheet": canonical(meeting.to_json()).decode(), "starts_at": meeting.starts_at}


async def get_meeting(conn: AsyncConnection, id: str) -> MeetingEntry | None:
    return await _first(conn, select(meeting_table).where(meeting_table.c.id == id))


async def current_meeting(conn: AsyncConnection, room_id: str) -> MeetingEntry | None:
    """The one that who enters the room comes to: the open one, else the earliest still to be held."""
    wanted = select(meeting_table).where(meeting_table.c.room_id == room_id)
    for states in (("open", "adjourned"), COMING):
        found = await _first(conn, wanted.where(meeting_table.c.state.in_(states)))
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


async def over(conn: AsyncConnection) -> list[str]:
    """Ids of the meetings that were held and closed, the newest first."""
    closed = select(meeting_table.c.id).where(meeting_table.c.state == "closed")
    return list(await conn.scalars(closed.order_by(meeting_table.c.starts_at.desc())))


async def alive(conn: AsyncConnection, meeting_ids: Collection[str], at: datetime) -> None:
    """The server still holds these meetings at `at`: the heartbeat by which an outage is known afterwards."""
    if meeting_ids:
        await conn.execute(update(meeting_table).where(meeting_table.c.id.in_(meeting_ids)).values(alive_at=at))


async def keep(
    conn: AsyncConnection, meeting_id: str, facts: Sequence[Fact], beside: Sequence[Remembered] = ()
) -> None:
    """Append facts, and follow with the meeting's row. Raises
    sqlalchemy.exc.IntegrityError if a seq is there already: then somebody else holds this meeting. What is kept
    `beside` them takes the place of what was, and all of it goes when the meeting is over."""
    for one in beside:
        place = {"meeting_id": meeting_id, "topic": one.topic, "id": one.id}
        await conn.execute(delete(beside_table).filter_by(**place))
        if one.value is not None:
            await conn.execute(insert(beside_table).values(**place, value=canonical(one.value).decode()))
    if any(fact.kind in ("closed", "cancelled") for fact in facts):
        await conn.execute(delete(beside_table).filter_by(meeting_id=meeting_id))
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
        elif fact.kind == "adjourned":
            changes = {"state": "adjourned"}
        elif fact.kind == "cancelled":
            changes = {"state": "cancelled", "reason": fact.data["reason"]}
        elif fact.kind == "sheet_changed":
            changes = _sheet_values(Meeting.from_json(fact.data))
        elif fact.kind == "went_on":
            changes = {"state": "open"}
        elif fact.kind in ("removed", "admitted"):
            changes = await _with_barred(conn, meeting_id, fact)
        if changes:
            await conn.execute(update(meeting_table).where(meeting_table.c.id == meeting_id).values(**changes))


async def _with_barred(conn: AsyncConnection, meeting_id: str, fact: Fact) -> dict[str, Any]:
    """The sheet as it is on disk, and who was sent out: they stay barred when the meeting is over."""
    row = (await conn.execute(select(meeting_table.c.sheet).where(meeting_table.c.id == meeting_id))).one()
    sheet = Meeting.from_json(json.loads(row.sheet))
    if fact.kind == "removed":
        return _sheet_values(sheet.barring(fact.data["person"]))
    return _sheet_values(replace(sheet, barred=tuple(one for one in sheet.barred if one != fact.data["person"]["id"])))


async def remembered(conn: AsyncConnection, meeting_id: str) -> list[Remembered]:
    """What topics have kept beside the facts."""
    rows = await conn.execute(select(beside_table).filter_by(meeting_id=meeting_id).order_by(beside_table.c.id))
    return [Remembered(row.topic, row.id, json.loads(row.value)) for row in rows]


async def forget_facts(conn: AsyncConnection, meeting_id: str) -> None:
    """Take all facts of a meeting away, whose record was disposed of: some of them would be a broken chain."""
    await conn.execute(delete(fact_table).where(fact_table.c.meeting_id == meeting_id))


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
        sequence=row.sequence,
        reason=row.reason,
    )
