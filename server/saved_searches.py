"""Searches that somebody keeps to ask them again (Decree 30/2020, Appendix VI): a name and the query of the page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, Integer, String, Table, Text, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.errors import N_, Reason, Refused
from minutes.tables import UtcDateTime
from server.directory import metadata

MOST, LONGEST_NAME = 50, 200

saved_table = Table(
    "saved_search",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account_id", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("saved_search_of", "account_id"),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """One that was kept; `query` is that of its address."""

    id: int
    name: str
    query: str


async def of(connection: AsyncConnection, account_id: str) -> tuple[Saved, ...]:
    """Those of an account, by name."""
    table = saved_table
    query = select(table).where(table.c.account_id == account_id).order_by(table.c.name, table.c.id)
    return tuple(Saved(row.id, row.name, row.query) for row in await connection.execute(query))


async def keep(connection: AsyncConnection, account_id: str, name: str, query: str, at: datetime) -> None:
    """Keep one. Raises Refused("search_name", "search_many")."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Refused("search_name", Reason(N_("Xin đặt tên cho yêu cầu tìm kiếm, không quá 200 ký tự.")))
    table = saved_table
    count = select(func.count()).select_from(table).where(table.c.account_id == account_id)
    if (await connection.scalar(count) or 0) >= MOST:
        raise Refused("search_many", Reason(N_("Đã lưu 50 yêu cầu tìm kiếm; xin bỏ bớt.")))
    await connection.execute(insert(table).values(account_id=account_id, name=name.strip(), query=query, at=at))


async def forget(connection: AsyncConnection, account_id: str, id: int) -> None:
    """Forget one of the account's own."""
    await connection.execute(delete(saved_table).where(saved_table.c.id == id, saved_table.c.account_id == account_id))
