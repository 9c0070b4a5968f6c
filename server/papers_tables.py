"""Papers of meetings and private notes on them: tables and queries.

Every function takes an open connection; the caller owns the transaction.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms.store import UtcDateTime

metadata = MetaData()

paper_table = Table(
    "paper",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("meeting_id", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),  # of the file as it came; its folder's name
    Column("kind", String(4), nullable=False),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("pages", Text, nullable=False),  # JSON list of [width, height]
    Column("item", String(100)),
    Column("added_by", String(100), nullable=False),
    Column("added_by_name", String(200), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Index("paper_by_meeting", "meeting_id", "added_at"),
    Index("paper_by_sha256", "sha256"),
)

note_table = Table(
    "paper_note",
    metadata,
    Column("paper_id", ForeignKey("paper.id"), primary_key=True),
    Column("account_id", String(100), primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that can be shown. `kind` is the suffix of its file, `pages` are the widths and heights of its images,
    `item` the agenda item that it belongs to, `added_by` an account."""

    id: str
    meeting: str
    sha256: str
    kind: str
    name: str
    size: int
    pages: tuple[tuple[int, int], ...]
    item: str | None
    added_by: str
    added_by_name: str
    added_at: datetime


async def add(connection: AsyncConnection, paper: Paper) -> None:
    """Keep a paper."""
    await connection.execute(
        insert(paper_table).values(
            id=paper.id, meeting_id=paper.meeting, sha256=paper.sha256, kind=paper.kind, name=paper.name,
            size=paper.size, pages=json.dumps(paper.pages), item=paper.item, added_by=paper.added_by,
            added_by_name=paper.added_by_name, added_at=paper.added_at,
        )
    )  # fmt: skip


async def of_meeting(connection: AsyncConnection, meeting: str) -> list[Paper]:
    """The papers of a meeting in the order in which they came."""
    wanted = select(paper_table).where(paper_table.c.meeting_id == meeting)
    rows = await connection.execute(wanted.order_by(paper_table.c.added_at, paper_table.c.id))
    return [_paper(row) for row in rows]


async def get(connection: AsyncConnection, meeting: str, paper: str) -> Paper | None:
    """The paper of this meeting with this id."""
    wanted = select(paper_table).where(paper_table.c.id == paper, paper_table.c.meeting_id == meeting)
    row = (await connection.execute(wanted)).one_or_none()
    return _paper(row) if row else None


async def of_file(connection: AsyncConnection, sha256: str) -> list[tuple[str, str]]:
    """(meeting, paper) of every paper with this file."""
    query = select(paper_table.c.meeting_id, paper_table.c.id).where(paper_table.c.sha256 == sha256)
    return [(row.meeting_id, row.id) for row in await connection.execute(query)]


async def attach(connection: AsyncConnection, paper: str, item: str | None) -> None:
    """Let a paper belong to an agenda item, or to none."""
    await connection.execute(update(paper_table).where(paper_table.c.id == paper).values(item=item))


async def remove(connection: AsyncConnection, paper: Paper) -> bool:
    """Forget a paper and every note on it; whether its file has no more use."""
    await connection.execute(delete(note_table).where(note_table.c.paper_id == paper.id))
    await connection.execute(delete(paper_table).where(paper_table.c.id == paper.id))
    left = select(func.count()).select_from(paper_table).where(paper_table.c.sha256 == paper.sha256)
    return (await connection.execute(left)).scalar_one() == 0


async def files(connection: AsyncConnection) -> set[str]:
    """SHA-256 of every file in use."""
    return set((await connection.execute(select(paper_table.c.sha256).distinct())).scalars())


async def notes(connection: AsyncConnection, paper: str, account: str) -> Mapping[int, str]:
    """What `account` has written on this paper, by page."""
    mine = (note_table.c.paper_id == paper) & (note_table.c.account_id == account)
    rows = await connection.execute(
        select(note_table.c.page, note_table.c.text).where(mine).order_by(note_table.c.page)
    )
    return {row.page: row.text for row in rows}


async def note(connection: AsyncConnection, paper: str, account: str, page: int, text: str) -> None:
    """Keep what `account` writes on one page in place of what was there; "" forgets it."""
    key = {"paper_id": paper, "account_id": account, "page": page}
    await connection.execute(delete(note_table).filter_by(**key))
    if text:
        await connection.execute(insert(note_table).values(**key, text=text))


def _paper(row: Row[Any]) -> Paper:
    return Paper(
        id=row.id, meeting=row.meeting_id, sha256=row.sha256, kind=row.kind, name=row.name, size=row.size,
        pages=tuple((width, height) for width, height in json.loads(row.pages)), item=row.item,
        added_by=row.added_by, added_by_name=row.added_by_name, added_at=row.added_at,
    )  # fmt: skip
