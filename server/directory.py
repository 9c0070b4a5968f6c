"""Units, positions held by accounts, and sessions: tables and queries; the only SQL about who people are.

Units are rows with a period of validity and successors (two levels of local government since 01/7/2025, others before):
no level is written into the code. Records copy names out of here as values.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
)
from sqlalchemy import update as change
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.tables import UtcDateTime

metadata = MetaData()

unit_table = Table(
    "unit",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),  # as in a letterhead: Ủy ban nhân dân xã Tà Năng
    Column("short_name", String(100), nullable=False),  # as in a sentence: UBND xã Tà Năng
    Column("place", String(100), nullable=False),  # place of issue in a dateline: Tà Năng
    Column("symbol", String(20), nullable=False),  # in a document's symbol: UBND
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10)),
    Column("successor_id", ForeignKey("unit.id")),
)

account_table = Table(
    "account",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("title", String(200), nullable=False),
    Column("unit_id", ForeignKey("unit.id"), nullable=False),
    Column("roles", Text, nullable=False),  # JSON list
    Column("active", Boolean, nullable=False, default=True),
    Column("address", String(320), nullable=False, default=""),  # of mail; "" if none is known
    Column("ends_on", String(10)),  # from that day on they hold no office here; None: not known
    Column("links_from", UtcDateTime),  # sign-in links made before are good no more
)

session_table = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie: a stolen table opens no session
    Column("account_id", ForeignKey("account.id")),
    Column("guest", Text),  # JSON claims of a room token instead of an account
    Column("meeting_id", String(100)),  # of a phone at a site: ends with the meeting, and with the person's seat
    Column("person_id", String(100)),
    Index("session_by_meeting", "meeting_id"),
    Column("csrf", String(43), nullable=False),
    Column("expires_at", String(32), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """An authority or an office as it is today."""

    id: str
    name: str
    short_name: str
    place: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asking: an official, or the holder of a token for one room (`room` set)."""

    id: str
    name: str
    title: str
    unit: Unit
    roles: frozenset[str]  # of ROLES in server.administration; none for a token holder
    room: str | None = None
    room_role: str | None = None
    link: str = ""  # the guest link by which they came
    meeting: str = ""  # of a phone that was checked in at a site: the one meeting that it is good for
    address: str = ""
    inherits: frozenset[str] = frozenset()  # units that are no more, in whose place theirs is

    @property
    def official(self) -> bool:
        """Of an authority: by account, or at a site of one; and no guest."""
        return self.room is None or self.meeting != ""

    @property
    def places(self) -> frozenset[str]:
        """The units that theirs stands for: itself, and those whose place it has taken."""
        return self.inherits | {self.unit.id}


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    account: Account
    csrf: str


_UNIT_COLUMNS = [unit_table.c[name] for name in ("id", "name", "short_name", "place", "symbol")]


async def add_unit(connection: AsyncConnection, unit: Unit, valid_from: str) -> None:
    """Add `unit`, valid from the ISO date `valid_from`."""
    await connection.execute(
        insert(unit_table).values(
            id=unit.id,
            name=unit.name,
            short_name=unit.short_name,
            place=unit.place,
            symbol=unit.symbol,
            valid_from=valid_from,
        )
    )


async def units(connection: AsyncConnection, on: str | None = None) -> list[Unit]:
    """All units, or those valid on the ISO date `on`, in order of name."""
    query = select(*_UNIT_COLUMNS).order_by(unit_table.c.name)
    if on is not None:
        query = query.where(
            unit_table.c.valid_from <= on, (unit_table.c.valid_to.is_(None)) | (unit_table.c.valid_to >= on)
        )
    return [Unit(*row) for row in await connection.execute(query)]


async def unit(connection: AsyncConnection, unit_id: str) -> Unit | None:
    """The unit with this id."""
    row = (await connection.execute(select(*_UNIT_COLUMNS).where(unit_table.c.id == unit_id))).first()
    return Unit(*row) if row else None


async def add_account(
    connection: AsyncConnection, account_id: str, name: str, title: str, unit_id: str, roles: Iterable[str],
    address: str = "",
) -> None:  # fmt: skip
    """Add an official's account; `address` is that of mail."""
    await connection.execute(
        insert(account_table).values(
            id=account_id,
            name=name,
            title=title,
            unit_id=unit_id,
            roles=json.dumps(sorted(roles)),
            active=True,
            address=address,
        )
    )


_ACCOUNT_COLUMNS = (
    account_table.c.id,
    account_table.c.name,
    account_table.c.title,
    account_table.c.roles,
    account_table.c.address,
)
_ACCOUNTS = (
    select(*_ACCOUNT_COLUMNS, *_UNIT_COLUMNS)
    .join_from(account_table, unit_table, account_table.c.unit_id == unit_table.c.id)
    .where(account_table.c.active)
)


def _account(row: Sequence[Any]) -> Account:
    values: list[Any] = list(row)
    account_id, name, title, roles, address = values[:5]
    return Account(account_id, name, title, Unit(*values[5:]), frozenset(json.loads(roles)), address=address)


@dataclass(frozen=True, slots=True)
class Holder:
    """An account as its administrator sees it. `active`: it may be used; `ends_on`: the ISO day from which on it may
    not."""

    account: Account
    active: bool
    ends_on: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit with the ISO days of its validity, both included, and what has taken its place."""

    unit: Unit
    valid_from: str
    valid_to: str | None
    successor: str | None

    def over(self, on: str) -> bool:
        """Whether it is a unit no more on the ISO date `on`."""
        return self.valid_to is not None and self.valid_to < on


_HOLDERS = select(*_ACCOUNT_COLUMNS, *_UNIT_COLUMNS, account_table.c.active, account_table.c.ends_on).join_from(
    account_table, unit_table, account_table.c.unit_id == unit_table.c.id
)


def _holder(row: Sequence[Any]) -> Holder:
    *account, active, ends_on = row
    return Holder(_account(account), active, ends_on)


async def holders(connection: AsyncConnection) -> list[Holder]:
    """All accounts that there ever were, by unit and name."""
    return [
        _holder(row) for row in await connection.execute(_HOLDERS.order_by(unit_table.c.name, account_table.c.name))
    ]


async def holder(connection: AsyncConnection, account_id: str) -> Holder | None:
    """The account with this id, whether it may be used or not."""
    row = (await connection.execute(_HOLDERS.where(account_table.c.id == account_id))).first()
    return _holder(row) if row else None


async def put_account(connection: AsyncConnection, account_id: str, **values: Any) -> None:
    """Change columns of an account; `roles` is a collection."""
    if "roles" in values:
        values["roles"] = json.dumps(sorted(values["roles"]))
    await connection.execute(change(account_table).where(account_table.c.id == account_id).values(**values))


async def links_from(connection: AsyncConnection, account_id: str) -> datetime | None:
    """When the oldest sign-in link that is still good was made; None: no link was ever taken back."""
    found: datetime | None = await connection.scalar(
        select(account_table.c.links_from).where(account_table.c.id == account_id)
    )
    return found


async def standings(connection: AsyncConnection) -> list[Standing]:
    """All units that there ever were, by name."""
    columns = (*_UNIT_COLUMNS, unit_table.c.valid_from, unit_table.c.valid_to, unit_table.c.successor_id)
    rows = await connection.execute(select(*columns).order_by(unit_table.c.name))
    return [Standing(Unit(*row[:5]), *row[5:]) for row in rows]


async def put_unit(connection: AsyncConnection, unit_id: str, **values: Any) -> None:
    """Change columns of a unit."""
    await connection.execute(change(unit_table).where(unit_table.c.id == unit_id).values(**values))


async def accounts(connection: AsyncConnection, on: str | None = None) -> list[Account]:
    """All active accounts, in order of id; with the ISO date `on` each knows what its unit has inherited by then."""
    found = [_account(row) for row in await connection.execute(_ACCOUNTS.order_by(account_table.c.id))]
    if on is None:
        return found
    over = await _over(connection, on)
    return [replace(one, inherits=_inherited(over, one.unit.id)) for one in found]


async def staff(connection: AsyncConnection, unit_id: str) -> list[Account]:
    """The active accounts of a unit, in order of name."""
    of_unit = _ACCOUNTS.where(account_table.c.unit_id == unit_id).order_by(account_table.c.name)
    return [_account(row) for row in await connection.execute(of_unit)]


def heads_first(known: Iterable[Account], unit_id: str) -> list[Account]:
    """Of `known` those who may sign in a unit: the head first, then the deputies."""
    found = [one for one in known if one.unit.id == unit_id and "leader" in one.roles]
    return sorted(found, key=lambda one: (one.title.casefold().startswith("phó "), one.name))


async def account(connection: AsyncConnection, account_id: str) -> Account | None:
    """The active account with this id."""
    row = (await connection.execute(_ACCOUNTS.where(account_table.c.id == account_id))).first()
    return _account(row) if row else None


async def heritage(connection: AsyncConnection, unit_id: str, on: str) -> frozenset[str]:
    """The units that are no more on the ISO date `on` and whose place this one has taken, at once or by others."""
    return _inherited(await _over(connection, on), unit_id)


async def _over(connection: AsyncConnection, on: str) -> list[tuple[str, str]]:
    """The units that are no more, each with its successor."""
    over = select(unit_table.c.id, unit_table.c.successor_id).where(
        unit_table.c.successor_id.is_not(None), unit_table.c.valid_to < on
    )
    return [(row[0], row[1]) for row in await connection.execute(over)]


def _inherited(over: list[tuple[str, str]], unit_id: str) -> frozenset[str]:
    found, last = set[str](), {unit_id}
    while last:
        last = {id for id, successor in over if successor in last} - found
        found |= last
    return frozenset(found - {unit_id})


async def add_session(
    connection: AsyncConnection,
    digest: str,
    csrf: str,
    expires_at: datetime,
    *,
    account_id: str | None = None,
    guest: Mapping[str, Any] | None = None,
) -> None:
    """Keep a session of an account, or of a token holder whose claims are `guest`."""
    await connection.execute(
        insert(session_table).values(
            digest=digest,
            account_id=account_id,
            guest=json.dumps(guest) if guest is not None else None,
            meeting_id=(guest or {}).get("meeting"),
            person_id=(guest or {}).get("sub"),
            csrf=csrf,
            expires_at=expires_at.isoformat(),
        )
    )


async def session(
    connection: AsyncConnection, digest: str, now: datetime
) -> tuple[str | None, dict[str, Any] | None, str] | None:
    """(account id, guest claims, CSRF token) of a session that has not expired."""
    row = (
        await connection.execute(
            select(session_table).where(session_table.c.digest == digest, session_table.c.expires_at > now.isoformat())
        )
    ).first()
    if row is None:
        return None
    return row.account_id, json.loads(row.guest) if row.guest else None, row.csrf


async def end_session(connection: AsyncConnection, digest: str) -> None:
    """Forget a session."""
    await connection.execute(delete(session_table).where(session_table.c.digest == digest))


async def end_sessions(connection: AsyncConnection, account_id: str) -> None:
    """Forget every session of an account, and of the phones with which its person has checked in."""
    theirs = or_(session_table.c.account_id == account_id, session_table.c.person_id == account_id)
    await connection.execute(delete(session_table).where(theirs))


async def end_phones(connection: AsyncConnection, meeting_id: str, people: Collection[str] | None) -> None:
    """Forget the phones that were checked in at the sites of a meeting: those of `people`, or (None) all."""
    ended = delete(session_table).where(session_table.c.meeting_id == meeting_id)
    if people is not None:
        ended = ended.where(session_table.c.person_id.in_(people))
    await connection.execute(ended)


async def purge_sessions(connection: AsyncConnection, now: datetime) -> None:
    """Forget expired sessions."""
    await connection.execute(delete(session_table).where(session_table.c.expires_at <= now.isoformat()))
