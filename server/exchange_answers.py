"""What a sender is told of the document that they have sent, in the transaction of the act that it tells of."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Official
from minutes.exchange import store
from minutes.exchange.arrival import Arrival
from minutes.exchange.status import Code
from minutes.exchange.store import Outgoing


async def answer(
    connection: AsyncConnection, one: Arrival, code: Code, said: str, by: Official, now: datetime
) -> None:  # fmt: skip
    """Write the answer down; it is sent afterwards."""
    name = one.received.author
    told = Outgoing(one.unit_id, one.organ_id, name, one.document_id, by.name, code=code, said=said[:500])
    await store.put(connection, [told], now)


async def answer_of_line(
    connection: AsyncConnection, unit_id: str, year: int, number: int, code: Code, said: str, by: Official,
    now: datetime,
) -> None:  # fmt: skip
    """The same of a line of the register, where that came by the exchange axis."""
    one = await store.of_line(connection, unit_id, year, number)
    if one is not None:
        await answer(connection, one, code, said, by, now)
