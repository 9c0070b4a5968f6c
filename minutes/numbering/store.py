"""Sequences without gaps or doubles, and the register's entry that each number of a document is. The caller opens the
transaction.

Entries are only ever added; one additionally moves once from reserved to complete or void.
"""

from datetime import date, datetime

from sqlalchemy import case, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store
from minutes.document import Document
from minutes.register import EntryState
from minutes.tables import register_table, sequence_table


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
    """Take the next number of a unit's year and series, for a document of ours or (None) one on paper."""
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
    """Take the next number, greater than `above`, of the unit's year and series for a document."""
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
