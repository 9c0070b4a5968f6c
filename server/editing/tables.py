"""The drafts that are being written, at rest: tables and queries. The caller opens the transaction."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, Text, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Actor
from minutes.tables import UtcDateTime
from server.editing.shapes import Part
from server.editing.sheet import Item, Sheet, remembered

metadata = MetaData()

sheet_table = Table(
    "draft_sheet",
    metadata,
    Column("document_id", String(32), primary_key=True),
    Column("version", Integer, nullable=False),  # of the document that the sheet is based on
    Column("state", Text, nullable=False),  # JSON: lists, removed, written, authors since that version
)

item_table = Table(
    "draft_item",
    metadata,
    Column("document_id", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

author_table = Table(
    "draft_author",
    metadata,
    Column("document_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("authors", Text, nullable=False),  # JSON: [id, name, title] of each who wrote in this version
)

remark_table = Table(
    "draft_remark",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("document_id", String(32), nullable=False, index=True),
    Column("block", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),  # JSON: [id, name, title]
    Column("at", UtcDateTime, nullable=False),
    Column("settled_by", Text),
    Column("settled_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody wrote in the margin of a block; it stays on record when it is settled."""

    id: str
    block: str
    text: str
    by: Actor
    at: datetime
    settled_by: Actor | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A remark and where it stands: the label of the part (a msgid), and how the block reads; "" where it is gone."""

    remark: Remark
    part: str
    words: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A sheet at rest: the version it is based on, and who has written in it since."""

    sheet: Sheet
    version: int
    authors: tuple[Actor, ...]


async def get(connection: AsyncConnection, document_id: str, parts: Mapping[str, Part]) -> Kept | None:
    """The sheet of a document, if it was ever opened."""
    found = (await connection.execute(select(sheet_table).where(sheet_table.c.document_id == document_id))).first()
    if found is None:
        return None
    rows = await connection.execute(select(item_table).where(item_table.c.document_id == document_id))
    items = {row.id: remembered(json.loads(row.value)) for row in rows}
    state = json.loads(found.state)
    lists = {name: tuple(ids) for name, ids in state["lists"].items()}
    sheet = Sheet(parts, lists, items, frozenset(state["removed"]), state["written"])
    return Kept(sheet, found.version, tuple(Actor(*one) for one in state["authors"]))


async def put(connection: AsyncConnection, document_id: str, kept: Kept, touched: Iterable[str]) -> None:
    """Keep a sheet of which the items `touched` are others now."""
    sheet = kept.sheet
    state = {
        "lists": sheet.lists,
        "removed": sorted(sheet.removed),
        "written": dict(sheet.written),
        "authors": [[one.id, one.name, one.title] for one in kept.authors],
    }
    await connection.execute(delete(sheet_table).where(sheet_table.c.document_id == document_id))
    await connection.execute(
        insert(sheet_table).values(document_id=document_id, version=kept.version, state=_dump(state))
    )
    await put_items(connection, document_id, {id: sheet.items[id] for id in touched})


async def put_items(connection: AsyncConnection, document_id: str, items: Mapping[str, Item]) -> None:
    """Keep these items as they are now."""
    for id in items:
        mine = (item_table.c.document_id == document_id) & (item_table.c.id == id)
        await connection.execute(delete(item_table).where(mine))
    if items:
        rows = [{"document_id": document_id, "id": id, "value": _dump(item.memory())} for id, item in items.items()]
        await connection.execute(insert(item_table), rows)


async def opened(connection: AsyncConnection, document_id: str) -> bool:
    """Whether a document has a sheet."""
    query = select(sheet_table.c.version).where(sheet_table.c.document_id == document_id)
    return await connection.scalar(query) is not None


async def put_authors(connection: AsyncConnection, document_id: str, version: int, authors: Iterable[Actor]) -> None:
    """Keep who wrote in a version."""
    names = _dump([[one.id, one.name, one.title] for one in authors])
    await connection.execute(insert(author_table).values(document_id=document_id, version=version, authors=names))


async def authors(connection: AsyncConnection, document_id: str) -> dict[int, tuple[Actor, ...]]:
    """Version -> who wrote in it, where more is known than who kept it."""
    rows = await connection.execute(select(author_table).where(author_table.c.document_id == document_id))
    return {row.version: tuple(Actor(*one) for one in json.loads(row.authors)) for row in rows}


async def add_remark(connection: AsyncConnection, document_id: str, remark: Remark) -> None:
    """Keep a remark."""
    values = {"id": remark.id, "document_id": document_id, "block": remark.block, "text": remark.text}
    by = _dump([remark.by.id, remark.by.name, remark.by.title])
    await connection.execute(insert(remark_table).values(**values, by=by, at=remark.at))


async def settle_remark(connection: AsyncConnection, document_id: str, remark: str, by: Actor, at: datetime) -> None:
    """A remark was dealt with, by whoever says so first."""
    open_one = (remark_table.c.id == remark) & (remark_table.c.document_id == document_id)
    who = _dump([by.id, by.name, by.title])
    await connection.execute(
        update(remark_table).where(open_one, remark_table.c.settled_by.is_(None)).values(settled_by=who, settled_at=at)
    )


async def remarks(connection: AsyncConnection, document_id: str) -> tuple[Remark, ...]:
    """All remarks, the oldest first."""
    query = select(remark_table).where(remark_table.c.document_id == document_id)
    rows = await connection.execute(query.order_by(remark_table.c.at, remark_table.c.id))
    return tuple(
        Remark(
            row.id,
            row.block,
            row.text,
            Actor(*json.loads(row.by)),
            row.at,
            Actor(*json.loads(row.settled_by)) if row.settled_by else None,
        )
        for row in rows
    )


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
