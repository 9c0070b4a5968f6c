"""Guest links: who has no account comes to one meeting by a link that expires and can be taken back.

The link carries a secret after "#", which browsers never send; the table has its digest alone, so that it cannot be
made from a copy of the database, and nobody sees it a second time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, MetaData, Row, String, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import Meeting
from rooms.facts import from_iso, iso
from rooms.topics.lobby import guest_id
from server.auth import utcnow
from server.database import Database
from server.errors import Problem
from server.rights import Door

metadata = MetaData()

ROLES = ("guest", "viewer")
A_MEETING = 200
"""Links of one meeting."""

guest_link_table = Table(
    "guest_link",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("meeting_id", String(100), nullable=False, index=True),
    Column("room_id", String(100), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the secret
    Column("name", Text, nullable=False),  # for whom it is; "": whoever has it says who they are
    Column("role", String(10), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("made_by_name", Text, nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
)


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A link as it is listed: without its secret."""

    id: str
    meeting_id: str
    room_id: str
    name: str
    role: str
    made_by: str
    made_by_name: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def good(self, now: datetime) -> bool:
        """Whether it still leads to the meeting's door."""
        return self.revoked_at is None and now < self.expires_at


_LISTED = [column for column in guest_link_table.c if column.name != "digest"]


def _link(row: Row[Any]) -> GuestLink:
    values: dict[str, Any] = dict(row._mapping)
    times = {name: from_iso(values[name]) if values[name] else None for name in ("made_at", "expires_at", "revoked_at")}
    return GuestLink(**(values | times))


async def make(
    connection: AsyncConnection, meeting: Meeting, *, name: str, role: str, by: tuple[str, str], now: datetime,
    expires_at: datetime,
) -> str:  # fmt: skip
    """A new link; returns its secret, for the only time. `by`: an account's id and name. Raises Problem("too_many")."""
    if len(await links(connection, meeting.id)) >= A_MEETING:
        raise Problem("too_many")
    secret = secrets.token_urlsafe(32)
    await connection.execute(
        insert(guest_link_table).values(
            id=secrets.token_hex(8),
            meeting_id=meeting.id,
            room_id=meeting.room,
            digest=_digest(secret),
            name=name,
            role=role,
            made_by=by[0],
            made_by_name=by[1],
            made_at=iso(now),
            expires_at=iso(expires_at),
        )
    )
    return secret


async def links(connection: AsyncConnection, meeting_id: str) -> list[GuestLink]:
    """The links of a meeting, newest first."""
    query = select(*_LISTED).where(guest_link_table.c.meeting_id == meeting_id)
    rows = await connection.execute(query.order_by(guest_link_table.c.made_at.desc()))
    return [_link(row) for row in rows]


async def find(connection: AsyncConnection, secret: str) -> GuestLink | None:
    """The link with this secret, good or not."""
    query = select(*_LISTED).where(guest_link_table.c.digest == _digest(secret))
    row = (await connection.execute(query)).first()
    return _link(row) if row else None


async def revoke(connection: AsyncConnection, meeting_id: str, link_id: str, now: datetime) -> None:
    """Take a link back. Who was let in by it stays in the meeting; who waits is for `Sitting.turn_away`."""
    await connection.execute(
        update(guest_link_table)
        .where(
            guest_link_table.c.id == link_id,
            guest_link_table.c.meeting_id == meeting_id,
            guest_link_table.c.revoked_at.is_(None),
        )
        .values(revoked_at=iso(now))
    )


async def door(database: Database, meeting: Meeting) -> Door:
    """Who may knock at a meeting now."""
    async with database.read() as connection:
        found = await links(connection, meeting.id)
    now = utcnow()
    people = (meeting.chair, meeting.secretary, *meeting.invited)
    units = {meeting.authority.id, *(person.unit.id for person in people)}
    return Door(meeting.room, frozenset(link.id for link in found if link.good(now)), frozenset(units))


def claims(link: GuestLink, name: str) -> dict[str, str]:
    """What the session of a guest holds: see `auth.guest`."""
    return {
        "use": "room",
        "sub": guest_id(link.id, secrets.token_hex(8)),
        "room": link.room_id,
        "name": name,
        "role": link.role,
        "link": link.id,
    }


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
