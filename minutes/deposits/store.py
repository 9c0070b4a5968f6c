"""The log's rows: deposits in order, fingerprints of documents, checkpoints, and the results of examinations.

Nothing here is ever changed or removed, but the fingerprints of what was erased. Every function takes an open
connection; the caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.deposits.checkpoint import Kept
from minutes.deposits.entry import Entry, Kind, Logged
from minutes.deposits.examine import Sealed, label_of
from minutes.document import State
from minutes.numbering import store as numbers
from minutes.register import EntryState
from minutes.tables import UtcDateTime, document_table, metadata, register_table

SEQUENCE = "archive"
_BATCH = 500

deposit_table = Table(
    "deposit",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("leaf", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("about", String(100), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("blocks", Integer, nullable=False),
)

fingerprint_table = Table(
    "fingerprint",
    metadata,
    Column("digest", ForeignKey("deposit.digest"), primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("hash", LargeBinary(8), nullable=False),
    Index("fingerprint_by_hash", "hash"),
)

checkpoint_table = Table(
    "checkpoint",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("root", String(64), nullable=False),
    Column("note", Text, nullable=False),
)

examination_table = Table(
    "examination",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("began", UtcDateTime, nullable=False),
    Column("ended", UtcDateTime, nullable=False),
    Column("first", Integer, nullable=False),  # files from this position on were read…
    Column("beyond", Integer, nullable=False),  # …up to the one before this
    Column("whole", Boolean, nullable=False),  # the whole archive was
    Column("found", Integer, nullable=False),  # how many findings
    Column("position", Integer),  # of the first finding
    Column("problem", Text),  # and its sentence
)


@dataclass(frozen=True, slots=True)
class Source:
    """An issued file: whose, and how many whole blocks it has."""

    digest: str
    document_id: str
    blocks: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Examination:
    """One look through the archive: the files at positions from `first` up to `beyond` were read, and all rows.
    `position` and `problem` are of the first finding (None, "": all was well)."""

    began: datetime
    ended: datetime
    first: int
    beyond: int
    whole: bool
    found: int
    position: int | None
    problem: str


async def append(connection: AsyncConnection, entry: Entry, blocks: Sequence[bytes] = ()) -> Logged:
    """Put a deposit at the log's end; `blocks` are the hashes of a document's blocks. The same file again changes
    nothing: its first entry is returned. Two at once wait for each other, so that positions have no gap; of two that
    bring the same file, the second one's transaction fails (IntegrityError)."""
    known = await entries(connection, digest=entry.digest)
    if known:
        return known[0]
    position = await numbers.next_number(connection, SEQUENCE) - 1
    await connection.execute(
        insert(deposit_table).values(
            position=position,
            digest=entry.digest,
            leaf=entry.leaf.hex(),
            kind=entry.kind.value,
            about=entry.about,
            label=entry.label,
            at=entry.at,
            blocks=len(blocks),
        )
    )
    if blocks:
        rows = [{"digest": entry.digest, "block": block, "hash": value} for block, value in enumerate(blocks)]
        await connection.execute(insert(fingerprint_table), rows)
    return Logged(position, entry, entry.leaf)


async def entries(
    connection: AsyncConnection,
    *,
    digest: str | None = None,
    about: str | None = None,
    kind: Kind | None = None,
    newest: int | None = None,
) -> tuple[Logged, ...]:
    """The log in order, or of it what is given; `newest`: the last so many, the last first."""
    query = select(deposit_table)
    for name, value in (("digest", digest), ("about", about), ("kind", kind)):
        if value is not None:
            query = query.where(deposit_table.c[name] == value)
    order = deposit_table.c.position.desc() if newest is not None else deposit_table.c.position
    rows = (await connection.execute(query.order_by(order).limit(newest))).mappings()
    return tuple(_logged(row) for row in rows)


def _logged(row: RowMapping) -> Logged:
    entry = Entry(row["digest"], Kind(row["kind"]), row["about"], row["label"], row["at"])
    return Logged(row["position"], entry, bytes.fromhex(row["leaf"]))


async def leaves(connection: AsyncConnection, size: int) -> list[bytes]:
    """The leaves of the first `size` deposits."""
    table = deposit_table
    query = select(table.c.leaf).where(table.c.position < size).order_by(table.c.position)
    return [bytes.fromhex(leaf) for leaf in await connection.scalars(query)]


async def of_unit(connection: AsyncConnection, unit: str, offset: int, limit: int) -> tuple[tuple[Logged, ...], bool]:
    """The documents that a unit has deposited, the newest first, and whether there are more behind them."""
    table = deposit_table
    mine = table.c.label.startswith(f"{unit}/", autoescape=True) & (table.c.kind == Kind.DOCUMENT.value)
    query = select(table).where(mine).order_by(table.c.position.desc()).offset(offset).limit(limit + 1)
    found = [_logged(row) for row in (await connection.execute(query)).mappings()]
    return tuple(found[:limit]), len(found) > limit


async def size(connection: AsyncConnection) -> int:
    """How many deposits there are."""
    return int(await connection.scalar(select(func.count()).select_from(deposit_table)) or 0)


async def issued(connection: AsyncConnection, digests: Sequence[str]) -> tuple[Source, ...]:
    """Those of `digests` that are sealed documents, or renditions of them."""
    table = deposit_table
    query = select(table.c.digest, table.c.about, table.c.blocks, table.c.kind).where(
        table.c.digest.in_(list(digests)), table.c.kind.in_((Kind.DOCUMENT.value, Kind.RENDITION.value))
    )
    rows = await connection.execute(query.order_by(table.c.position))
    return tuple(Source(digest, about, blocks, Kind(kind)) for digest, about, blocks, kind in rows)


async def equal_blocks(connection: AsyncConnection, blocks: Sequence[bytes]) -> dict[str, int]:
    """For every deposit that has any: how many of `blocks` it has at the same place."""
    found: dict[str, int] = {}
    table = fingerprint_table
    for start in range(0, len(blocks), _BATCH):
        batch = blocks[start : start + _BATCH]
        query = select(table.c.digest, table.c.block, table.c.hash).where(
            table.c.hash.in_(list(set(batch))), table.c.block >= start, table.c.block < start + len(batch)
        )
        for digest, block, value in await connection.execute(query):
            if blocks[block] == value:
                found[digest] = found.get(digest, 0) + 1
    return found


async def forget_blocks(connection: AsyncConnection, digests: Sequence[str]) -> None:
    """Forget the hashes of the blocks of files that are erased: by them a guess at their text could be confirmed."""
    await connection.execute(delete(fingerprint_table).where(fingerprint_table.c.digest.in_(list(digests))))


async def add_checkpoint(connection: AsyncConnection, kept: Kept) -> None:
    """Put a checkpoint on record. Raises ClockBehind where it would be older than the former."""
    await numbers.go_on(connection, kept.at)
    row = {"number": kept.number, "at": kept.at, "size": kept.size, "root": kept.root.hex(), "note": kept.note}
    await connection.execute(insert(checkpoint_table).values(row))


async def checkpoints(connection: AsyncConnection, *, newest: int | None = None) -> tuple[Kept, ...]:
    """All in order, or the `newest` so many, the last first."""
    table = checkpoint_table
    query = select(table).order_by(table.c.number.desc() if newest is not None else table.c.number).limit(newest)
    rows = (await connection.execute(query)).mappings()
    return tuple(Kept(row["number"], row["at"], row["size"], bytes.fromhex(row["root"]), row["note"]) for row in rows)


async def sealed(connection: AsyncConnection) -> tuple[Sealed, ...]:
    """Every sealed document, with whether the register has its number, completed."""
    document, entry = document_table, register_table
    joined = document.outerjoin(
        entry,
        (entry.c.document_id == document.c.id)
        & (entry.c.unit_id == document.c.unit_id)
        & (entry.c.year == document.c.year)
        & (entry.c.number == document.c.number)
        & (entry.c.symbol == document.c.symbol)
        & (entry.c.state == EntryState.COMPLETE.value),
    )
    columns = (
        document.c.id,
        document.c.digest,
        document.c.unit_id,
        document.c.unit_name,
        document.c.year,
        document.c.number,
    )
    query = (
        select(*columns, document.c.symbol, entry.c.series)
        .select_from(joined)
        .where(document.c.digest.is_not(None) | (document.c.state == State.SEALED.value))
        .order_by(document.c.issued_on, document.c.id)
    )
    return tuple(
        Sealed(
            row.id,
            row.digest or "",
            label_of(row.unit_id, row.year or 0, f"{row.number or 0:02d}/{row.symbol}"),
            row.unit_name,
            row.series is not None,
        )
        for row in await connection.execute(query)
    )


async def add_examination(connection: AsyncConnection, done: Examination) -> None:
    """Put the result of a look through the archive on record."""
    await connection.execute(
        insert(examination_table).values(
            began=done.began,
            ended=done.ended,
            first=done.first,
            beyond=done.beyond,
            whole=done.whole,
            found=done.found,
            position=done.position,
            problem=done.problem,
        )
    )


async def examinations(connection: AsyncConnection, *, newest: int) -> tuple[Examination, ...]:
    """The last ones, the newest first."""
    table = examination_table
    query = select(*(table.c[field.name] for field in fields(Examination))).order_by(table.c.id.desc()).limit(newest)
    return tuple(Examination(*row) for row in await connection.execute(query))
