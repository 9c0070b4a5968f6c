"""Sequences without gaps or doubles, and the register's entry that each number of a document is. The caller opens the
transaction.

Entries are only ever added; one additionally moves once from reserved to complete or void.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store
from minutes.document import Document
from minutes.errors import N_, Reason, Refused
from minutes.numbering.clock import behind, refuse_behind
from minutes.register import EntryState
from minutes.tables import clock_acceptance_table, clock_table, register_table, sequence_table


async def next_number(connection: AsyncConnection, name: str, *, above: int = 0) -> int:
    """The next number of a sequence, from 1, and greater than `above`; taken back if the transaction is, so there are
    no gaps and no doubles."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    last = sequence_table.c.last
    following = last + 1 if above == 0 else case((last < above, above), else_=last) + 1
    statement = dialect.insert(sequence_table).values(name=name, last=above + 1)
    statement = statement.on_conflict_do_update(index_elements=[sequence_table.c.name], set_={"last": following})
    return int((await connection.execute(statement.returning(sequence_table.c.last))).scalar_one())


async def take(
    connection: AsyncConnection, unit_id: str, year: int, series: str, symbol: str, document_id: str | None,
    at: datetime, *, above: int = 0,
) -> int:  # fmt: skip
    """Take the next number of a unit's year and series, for a document of ours or (None) one on paper. Raises
    ClockBehind."""
    await go_on(connection, at)
    number = await next_number(connection, f"register/{unit_id}/{year}/{series}", above=above)
    await connection.execute(
        insert(register_table).values(
            unit_id=unit_id,
            year=year,
            series=series,
            number=number,
            symbol=symbol,
            document_id=document_id,
            state=EntryState.RESERVED.value,
            reserved_at=at,
        )
    )
    return number


async def reserve(
    connection: AsyncConnection, document: Document, series: str, symbol: str, day: date, at: datetime, above: int = 0
) -> int:
    """Take the next number, greater than `above`, of the unit's year and series for a document. Raises ClockBehind."""
    number = await take(connection, document.unit.id, day.year, series, symbol, document.id, at, above=above)
    await store.change(connection, document.id, at, year=day.year, number=number, symbol=symbol, issued_on=day)
    return number


async def end_entry(
    connection: AsyncConnection, document: Document, state: EntryState, at: datetime, reason: str | None
) -> None:
    """Complete or void the number that a document holds."""
    await connection.execute(
        update(register_table)
        .where(
            register_table.c.document_id == document.id,
            register_table.c.year == document.year,
            register_table.c.number == document.number,
            register_table.c.state == EntryState.RESERVED.value,
        )
        .values(state=state.value, ended_at=at, reason=reason)
    )


@dataclass(frozen=True, slots=True)
class Acceptance:
    """At `at` `by` (a name; "" where none was asked for yet) has said, and why, that a clock had been ahead when it
    dated something `newest`: time goes on from `at` again."""

    at: datetime
    newest: datetime
    reason: str
    by: str


async def newest(connection: AsyncConnection) -> datetime | None:
    """The latest time that a document's number or a checkpoint bears, as far as it is believed."""
    found: datetime | None = await connection.scalar(select(clock_table.c.newest))
    return found


async def go_on(connection: AsyncConnection, at: datetime) -> None:
    """Something is dated `at`, and nothing may be dated before it any more. Raises ClockBehind."""
    last = await newest(connection)
    refuse_behind(at, last)
    if last is None or at > last:
        await _set(connection, at)


async def accept(connection: AsyncConnection, at: datetime, reason: str, by: str) -> Acceptance:
    """Go on from `at`, for the clock that has dated what is newest was ahead; that stays as it is, and this on record
    with the name of who says so. Raises Refused where the clock is not behind."""
    last = await newest(connection)
    if last is None or not behind(at, last):
        raise Refused("clock_right", Reason(N_("Đồng hồ máy chủ không chậm, nên không có gì phải chấp nhận.")))
    made = Acceptance(at, last, reason, by)
    await connection.execute(insert(clock_acceptance_table).values(at=at, newest=last, reason=reason, by=by))
    await _set(connection, at)
    return made


async def acceptances(connection: AsyncConnection) -> tuple[Acceptance, ...]:
    """What was accepted, in order."""
    table = clock_acceptance_table
    query = select(table.c.at, table.c.newest, table.c.reason, table.c.by).order_by(table.c.id)
    return tuple(Acceptance(*row) for row in await connection.execute(query))


async def _set(connection: AsyncConnection, at: datetime) -> None:
    await connection.execute(delete(clock_table))
    await connection.execute(insert(clock_table).values(id=1, newest=at))
