"""Mail that has been written: one row a letter to one person, until it is sent or given up; and guests' addresses.

A row holds no secret: where the personal link stands in what is sent, the row has LINK.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, Row, String, Table, Text, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms.store import UtcDateTime

LINK = "⟦đường dẫn riêng của người nhận⟧"

metadata = MetaData()

mail_table = Table(
    "mail",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("meeting_id", String(100), nullable=False, index=True),
    Column("person_id", String(100), nullable=False),
    Column("room_id", String(100)),
    Column("link_until", UtcDateTime, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", String(320), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("method", String(10), nullable=False),
    Column("document_id", String(32)),
    Column("path", String(200)),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Index("mail_by_due", "state", "due_at"),
)

guest_table = Table(
    "guest_address",
    metadata,
    Column("meeting_id", String(100), primary_key=True),
    Column("person_id", String(100), primary_key=True),
    Column("address", String(320), nullable=False),
)
"""Apart from the meeting's sheet, which goes on record: an address is nobody's business there."""


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    """Written while this installation sends no mail; it is not sent later by itself either."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is to get. `room` is set for a guest, whose link leads into that room alone; without it the link
    signs the account `person_id` in and leads to `path`. `calendar` is iCalendar with the method `method`.
    `document_id`: a sealed document to go with it. `meeting_id` is "" where the letter is about no meeting."""

    meeting_id: str
    person_id: str
    room: str | None
    link_until: datetime
    sender_name: str
    name: str
    address: str
    subject: str
    text: str
    html: str
    calendar: str
    method: str
    document_id: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter and what has become of it. `error` is the last answer of the mail server."""

    id: int
    letter: Letter
    state: MailState
    tries: int
    error: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


async def put(connection: AsyncConnection, letters: Iterable[Letter], state: MailState, now: datetime) -> None:
    """Write letters down; WAITING ones are sent."""
    rows = [
        {
            "meeting_id": one.meeting_id,
            "person_id": one.person_id,
            "room_id": one.room,
            "link_until": one.link_until,
            "sender_name": one.sender_name,
            "name": one.name,
            "address": one.address,
            "subject": one.subject,
            "text": one.text,
            "html": one.html,
            "calendar": one.calendar,
            "method": one.method,
            "document_id": one.document_id,
            "path": one.path,
            "state": state.value,
            "tries": 0,
            "error": "",
            "created_at": now,
            "due_at": now,
        }
        for one in letters
    ]
    if rows:
        await connection.execute(insert(mail_table), rows)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Mail]:
    """Waiting mail whose time has come, the oldest first."""
    wanted = select(mail_table).where(mail_table.c.state == MailState.WAITING.value, mail_table.c.due_at <= now)
    return [_mail(row) for row in await connection.execute(wanted.order_by(mail_table.c.id).limit(limit))]


async def of_meeting(connection: AsyncConnection, meeting_id: str) -> list[Mail]:
    """All mail about a meeting, the newest first."""
    wanted = select(mail_table).where(mail_table.c.meeting_id == meeting_id).order_by(mail_table.c.id.desc())
    return [_mail(row) for row in await connection.execute(wanted)]


async def mark(connection: AsyncConnection, mail_id: int, **values: Any) -> None:
    """Write down what became of a mail: state, tries, error, due_at, sent_at."""
    await connection.execute(update(mail_table).where(mail_table.c.id == mail_id).values(**values))


async def again(connection: AsyncConnection, meeting_id: str, now: datetime) -> None:
    """Send once more what failed or was held of a meeting's mail."""
    await connection.execute(
        update(mail_table)
        .where(
            mail_table.c.meeting_id == meeting_id,
            mail_table.c.state.in_((MailState.FAILED.value, MailState.HELD.value)),
        )
        .values(state=MailState.WAITING.value, tries=0, due_at=now)
    )


async def drop_unsent(connection: AsyncConnection, meeting_id: str) -> None:
    """Take back what has not been sent yet and is out of date."""
    await connection.execute(
        delete(mail_table).where(
            mail_table.c.meeting_id == meeting_id, mail_table.c.state.in_((MailState.WAITING, MailState.HELD))
        )
    )


async def guests(connection: AsyncConnection, meeting_id: str) -> dict[str, str]:
    """Address by person, of a meeting's guests."""
    rows = await connection.execute(select(guest_table).where(guest_table.c.meeting_id == meeting_id))
    return {row.person_id: row.address for row in rows}


async def set_guests(connection: AsyncConnection, meeting_id: str, addresses: Mapping[str, str]) -> None:
    """Put `addresses` in the place of those that were there."""
    await connection.execute(delete(guest_table).where(guest_table.c.meeting_id == meeting_id))
    rows: Sequence[dict[str, str]] = [
        {"meeting_id": meeting_id, "person_id": person, "address": address} for person, address in addresses.items()
    ]
    if rows:
        await connection.execute(insert(guest_table), rows)


def _mail(row: Row[Any]) -> Mail:
    letter = Letter(
        meeting_id=row.meeting_id,
        person_id=row.person_id,
        room=row.room_id,
        link_until=row.link_until,
        sender_name=row.sender_name,
        name=row.name,
        address=row.address,
        subject=row.subject,
        text=row.text,
        html=row.html,
        calendar=row.calendar,
        method=row.method,
        document_id=row.document_id,
        path=row.path or f"/meetings/{row.meeting_id}",
    )
    return Mail(row.id, letter, MailState(row.state), row.tries, row.error, row.created_at, row.due_at, row.sent_at)
