"""The people's council of a place: its deputies, kept by the office that prepares its sessions.

A session is held where at least two thirds of all deputies take part, and a resolution needs more than half of all
deputies (Law 72/2025/QH15 on Organisation of Local Government, which took the place of Law 65/2025/QH15 of the same
year: art. 34 on sessions, art. 35 on voting). So all of them stand on the sheet of a session, present or not; whoever
else is invited listens and speaks, and has no vote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import Meeting, Person, Role, Unit
from rooms.proceedings.values import OUTSIDE
from server.auth import NAMED_GUEST
from server.directory import Account

metadata = MetaData()

deputy_table = Table(
    "council_deputy",
    metadata,
    Column("unit_id", String(40), primary_key=True),  # whose office prepares the sessions
    Column("id", String(100), primary_key=True),  # of the account, else of a guest whom sheets name
    Column("number", Integer, nullable=False),  # their order
    Column("name", String(200), nullable=False),  # "" with an account, which has it
    Column("title", String(200), nullable=False),
    Column("address", String(320), nullable=False),
)

OUTSIDERS = f"{NAMED_GUEST}hd-"
"""Begins the ids of deputies who have no account: they come by the personal links of named guests."""
_UNIT = Unit(f"{OUTSIDE}-hdnd", "Đại biểu Hội đồng nhân dân")


@dataclass(frozen=True, slots=True)
class Deputy:
    """A deputy of the council. Who has an account is known by its id, and by nothing else here."""

    id: str
    name: str = ""
    title: str = ""
    address: str = ""

    @property
    def outside(self) -> bool:
        """Whether they have no account."""
        return self.id.startswith(OUTSIDERS)

    def seat(self) -> Person:
        """As a sheet has a deputy without an account."""
        return Person(self.id, self.name, self.title, _UNIT, Role.DELEGATE)


async def deputies(connection: AsyncConnection, unit_id: str) -> tuple[Deputy, ...]:
    """Those of the council whose sessions the unit's office prepares, in their order."""
    columns = [deputy_table.c[name] for name in ("id", "name", "title", "address")]
    found = select(*columns).where(deputy_table.c.unit_id == unit_id).order_by(deputy_table.c.number)
    return tuple(Deputy(*row) for row in await connection.execute(found))


async def keep(connection: AsyncConnection, unit_id: str, every: Sequence[Deputy]) -> None:
    """Put `every` in the place of the list that there was."""
    await connection.execute(delete(deputy_table).where(deputy_table.c.unit_id == unit_id))
    names = ("id", "name", "title", "address")
    rows = [
        {"unit_id": unit_id, "number": number, **{name: getattr(one, name) for name in names}}
        for number, one in enumerate(every)
    ]
    if rows:
        await connection.execute(insert(deputy_table), rows)


def session(sheet: Meeting, council: Sequence[Deputy], officials: Sequence[Person]) -> Meeting:
    """The sheet of a session of the council: all of its deputies are on it, the `officials` among them as they usually
    come, and each of them has a vote in whatever role, and nobody else has."""
    named = {person.id for person in sheet.people()}
    deputies = (*officials, *(deputy.seat() for deputy in council if deputy.outside))
    voting = {deputy.id for deputy in council}
    sheet = replace(sheet, invited=(*(one for one in deputies if one.id not in named), *sheet.invited))
    for person in sheet.people():
        sheet = sheet.with_vote(person, person.id in voting)
    return sheet


def accounts_of(council: Iterable[Deputy], known: Iterable[Account]) -> tuple[Account, ...]:
    """The accounts of deputies who have one, in the order of the council."""
    by_id = {account.id: account for account in known}
    return tuple(by_id[one.id] for one in council if one.id in by_id)
