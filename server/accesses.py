"""Who has looked at what: every document, case file and received document that an official opens or takes away, and
every signing in (Decree 30/2020, Appendix VI). Rows are only added. What the public reads is counted nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Column, Index, Integer, String, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.tables import UtcDateTime
from server.directory import Account, metadata


class Thing(StrEnum):
    """What was looked at."""

    SYSTEM = "system"
    DOCUMENT = "document"
    CASE = "case"
    RECEIVED = "received"


class Deed(StrEnum):
    """What somebody did."""

    SIGN_IN = "sign-in"
    VIEW = "view"
    FILE = "file"
    """They took a file away, or printed it."""


access_table = Table(
    "access",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("unit_id", String(64), nullable=False),  # of the account
    Column("thing", String(16), nullable=False),
    Column("ref", String(100), nullable=False),
    Column("deed", String(16), nullable=False),
    Index("access_to", "thing", "ref"),
    Index("access_by", "unit_id", "at"),
)

_DOCUMENT, _CASE, _CAME = "/desk/{id}", "/casefiles/{id}", "/registers/in/{year}/{number}"
_WATCHED: Mapping[str, tuple[Thing, Deed]] = MappingProxyType(
    {
        _DOCUMENT: (Thing.DOCUMENT, Deed.VIEW),
        f"{_DOCUMENT}/edit": (Thing.DOCUMENT, Deed.VIEW),
        f"{_DOCUMENT}/pdf": (Thing.DOCUMENT, Deed.FILE),
        f"{_DOCUMENT}/word": (Thing.DOCUMENT, Deed.FILE),
        f"{_DOCUMENT}/files/{{place}}": (Thing.DOCUMENT, Deed.FILE),
        _CASE: (Thing.CASE, Deed.VIEW),
        f"{_CASE}/bag": (Thing.CASE, Deed.FILE),
        f"{_CASE}/items/{{number}}": (Thing.CASE, Deed.FILE),
        f"{_CASE}/{{what}}.pdf": (Thing.CASE, Deed.FILE),
        _CAME: (Thing.RECEIVED, Deed.VIEW),
        f"{_CAME}/file": (Thing.RECEIVED, Deed.FILE),
    }
)
"""By the path as the route is written."""


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked at something."""

    at: datetime
    name: str
    thing: Thing
    ref: str
    deed: Deed


@dataclass(frozen=True, slots=True)
class Reader:
    """How often an official came, opened something, and took a file."""

    account_id: str
    name: str
    times: Mapping[Deed, int]


def watched(canonical: str, match: Mapping[str, str]) -> tuple[Thing, str, Deed] | None:
    """What a page that is read is about; None: it is not watched."""
    found = _WATCHED.get(canonical)
    if found is None:
        return None
    ref = match["id"] if "id" in match else f"{int(match['year'])}/{int(match['number'])}"
    return found[0], ref[:100], found[1]


async def note(connection: AsyncConnection, by: Account, thing: Thing, ref: str, deed: Deed, at: datetime) -> None:
    """Put on record that `by` looks at something."""
    row = {"account_id": by.id[:100], "name": by.name, "unit_id": by.unit.id, "ref": ref, "at": at}
    await connection.execute(insert(access_table).values(**row, thing=thing.value, deed=deed.value))


async def of(connection: AsyncConnection, thing: Thing, ref: str, newest: int) -> tuple[Access, ...]:
    """Who has looked at a thing, the last first."""
    table = access_table
    query = select(table).where(table.c.thing == thing.value, table.c.ref == ref).order_by(table.c.id.desc())
    rows = await connection.execute(query.limit(newest))
    return tuple(Access(row.at, row.name, Thing(row.thing), row.ref, Deed(row.deed)) for row in rows)


async def readers(
    connection: AsyncConnection, unit_id: str, since: datetime, until: datetime
) -> tuple[Reader, ...]:  # fmt: skip
    """The people of a unit, by name."""
    table = access_table
    columns = (table.c.account_id, func.max(table.c.name), table.c.deed, func.count())
    query = select(*columns).where(table.c.unit_id == unit_id, table.c.at >= since, table.c.at < until)
    times: dict[str, dict[Deed, int]] = {}
    names = {}
    for account_id, name, deed, count in await connection.execute(query.group_by(table.c.account_id, table.c.deed)):
        names[account_id] = name
        times.setdefault(account_id, dict.fromkeys(Deed, 0))[Deed(deed)] = count
    ordered = sorted(names, key=lambda one: (names[one], one))
    return tuple(Reader(one, names[one], times[one]) for one in ordered)


async def counted(connection: AsyncConnection, thing: Thing, since: datetime, until: datetime) -> dict[str, int]:
    """How often each thing of a kind was looked at, by its ref."""
    table = access_table
    within = (table.c.thing == thing.value) & (table.c.at >= since) & (table.c.at < until)
    query = select(table.c.ref, func.count().label("times")).where(within).group_by(table.c.ref)
    return {row.ref: row.times for row in await connection.execute(query)}
