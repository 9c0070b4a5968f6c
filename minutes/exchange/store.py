"""Tables and queries of the exchange. The caller opens the transaction.

A row of `exchange_message` is one message to one receiver, written in the transaction that is its reason and sent
afterwards; what its receiver says of it are rows of `exchange_status`. What comes is a row of `arrival`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import judged
from minutes.document import Document
from minutes.errors import N_, NotFound, Reason
from minutes.exchange.arrival import Arrival, ArrivalState, Kept, RecallState
from minutes.exchange.edxml import Business
from minutes.exchange.edxml import document_id as named
from minutes.exchange.status import Code, Status
from minutes.exchange.tables import arrival_table, message_table, status_table, trouble_table
from minutes.registers.entry import Received


class MessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """It cannot even be written: its document is damaged or gone."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be: a document (`document_id`), or a status of one that came (`code`)."""

    unit_id: str
    organ_id: str
    organ_name: str
    key: str
    by: str
    document_id: str | None = None
    business: Business = Business.NEW
    targets: tuple[str, ...] = ()
    code: Code | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver has said of a document. `at` by their clock."""

    code: Code
    said: str
    staff: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and what has become of it. `error` says why the last try came to nothing."""

    id: int
    message: Outgoing
    at: datetime
    state: MessageState
    tries: int
    error: str
    due_at: datetime
    sent_at: datetime | None
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A message that came and could not be taken."""

    name: str
    said: str
    at: datetime


# --- what goes out ---------------------------------------------------------------------------------------------


async def put(connection: AsyncConnection, messages: Iterable[Outgoing], now: datetime) -> None:
    """Write messages down to be sent."""
    rows = [
        {
            **asdict(one),
            "targets": json.dumps(one.targets),
            "business": one.business.value,
            "code": one.code.value if one.code else "",
            "at": now,
            "state": MessageState.WAITING.value,
            "tries": 0,
            "error": "",
            "due_at": now,
        }
        for one in messages
    ]
    if rows:
        await connection.execute(insert(message_table), rows)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> tuple[Sent, ...]:
    """Messages whose time has come, the oldest first."""
    table = message_table
    query = select(table).where(table.c.state == MessageState.WAITING.value, table.c.due_at <= now)
    rows = (await connection.execute(query.order_by(table.c.id).limit(limit))).mappings()
    return tuple(_sent(row, ()) for row in rows)


async def mark(connection: AsyncConnection, message_id: int, **values: Any) -> None:
    """Write down what became of a message: state, tries, error, due_at, sent_at."""
    await connection.execute(update(message_table).where(message_table.c.id == message_id).values(**values))


async def again(connection: AsyncConnection, document_id: str, now: datetime) -> None:
    """Send what waits or failed of a document at once."""
    waits = message_table.c.state.in_((MessageState.WAITING.value, MessageState.FAILED.value))
    query = update(message_table).where(message_table.c.document_id == document_id, waits)
    await connection.execute(query.values(state=MessageState.WAITING.value, due_at=now))


async def of_document(connection: AsyncConnection, document_id: str) -> tuple[Sent, ...]:
    """To whom a document was sent, with what they have said of it."""
    return await _sents(connection, message_table.c.document_id == document_id)


async def pass_on(
    connection: AsyncConnection, document: Document, target_id: str, business: Business, by: str, now: datetime
) -> None:
    """Whoever was sent `target_id` is to get what revokes, updates or replaces it."""
    earlier = {one.message.organ_id: one.message for one in await of_document(connection, target_id)}
    assert document.issued_on is not None, "it has its number"
    made = []
    for one in earlier.values():
        key = named(one.key.partition(",")[0], document.issued_on, document.number_symbol or "")
        made.append(Outgoing(one.unit_id, one.organ_id, one.organ_name, key, by, document.id, business, (one.key,)))
    await put(connection, made, now)


async def unsent(connection: AsyncConnection, unit_id: str) -> tuple[Sent, ...]:
    """What a unit has put down to be sent, and is not."""
    return await _sents(
        connection, message_table.c.unit_id == unit_id, message_table.c.state != MessageState.SENT.value
    )


async def _sents(connection: AsyncConnection, *conditions: Any) -> tuple[Sent, ...]:
    query = select(message_table).where(*conditions).order_by(message_table.c.id)
    rows = list((await connection.execute(query)).mappings())
    answers: dict[int, list[Answer]] = {}
    ids = [row["id"] for row in rows]
    said = select(status_table).where(status_table.c.message_id.in_(ids)).order_by(status_table.c.at, status_table.c.id)
    for row in await connection.execute(said):
        answers.setdefault(row.message_id, []).append(Answer(Code(row.code), row.said, row.staff, row.at))
    return tuple(_sent(row, tuple(answers.get(row["id"], ()))) for row in rows)


def _sent(row: RowMapping, answers: tuple[Answer, ...]) -> Sent:
    message = Outgoing(
        unit_id=row["unit_id"],
        organ_id=row["organ_id"],
        organ_name=row["organ_name"],
        key=row["key"],
        by=row["by"],
        document_id=row["document_id"],
        business=Business(row["business"]),
        targets=tuple(json.loads(row["targets"])),
        code=Code(row["code"]) if row["code"] else None,
        said=row["said"],
    )
    state = MessageState(row["state"])
    return Sent(
        row["id"], message, row["at"], state, row["tries"], row["error"], row["due_at"], row["sent_at"], answers
    )  # fmt: skip


async def answered(connection: AsyncConnection, status: Status, now: datetime) -> bool:
    """Put on record what a receiver says of a document that it was sent; the same again changes nothing. False: nothing
    of the kind was ever sent to it."""
    table = message_table
    mine = (
        (table.c.key == status.document_id) & (table.c.organ_id == status.organ_id) & table.c.document_id.is_not(None)
    )
    about = await connection.scalar(select(table.c.id).where(mine).order_by(table.c.id.desc()).limit(1))
    if about is None:
        return False
    same = {"message_id": about, "code": status.code.value, "at": status.at}
    if (await connection.execute(select(status_table.c.id).filter_by(**same))).first() is None:
        values = {"said": status.said, "staff": status.staff, "came_at": now}
        await connection.execute(insert(status_table).values(**same, **values))
    return True


# --- what comes in ---------------------------------------------------------------------------------------------


async def came(connection: AsyncConnection, unit_id: str, package: str) -> bool:
    """Whether this very message was taken already."""
    table = arrival_table
    found = await connection.scalar(select(table.c.id).where(table.c.unit_id == unit_id, table.c.package == package))
    return found is not None


async def add(connection: AsyncConnection, one: Arrival, package: str) -> None:
    """Put on record what has come."""
    said = one.received
    await connection.execute(
        insert(arrival_table).values(
            id=one.id,
            unit_id=one.unit_id,
            package=package,
            organ_id=one.organ_id,
            to_organ=one.to_organ,
            key=one.document_id,
            business=one.business.value,
            targets=json.dumps(one.targets),
            arrived_on=said.arrived_on,
            author=said.author,
            number_symbol=said.number_symbol,
            issued_on=said.issued_on,
            kind_name=said.kind_name,
            subject=said.subject,
            files=json.dumps([asdict(file) for file in one.files], ensure_ascii=False),
            verdict=None if one.verdict is None else judged.answer(one.verdict).decode(),
            pages=one.pages,
            came_at=one.came_at,
            state=one.state.value,
            reason=one.reason,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            recall=one.recall.value,
            recall_by=one.recall_by,
            recall_at=one.recall_at,
            recall_answer=one.recall_answer,
        )
    )


async def change(
    connection: AsyncConnection, arrival_id: str, *, was: Mapping[str, Any] = MappingProxyType({}), **values: Any
) -> bool:
    """Write down what has become of it, if it still is what it `was`; whether it was."""
    same = [arrival_table.c[name] == value for name, value in was.items()]
    query = update(arrival_table).where(arrival_table.c.id == arrival_id, *same)
    return bool((await connection.execute(query.values(**values))).rowcount)


async def holders(connection: AsyncConnection, digest: str) -> int:
    """How many arrivals have this content."""
    has = arrival_table.c.files.contains(digest, autoescape=True)
    return int(await connection.scalar(select(func.count()).select_from(arrival_table).where(has)) or 0)


async def get(connection: AsyncConnection, unit_id: str, arrival_id: str) -> Arrival:
    """One of a unit. Raises NotFound."""
    found = await _arrivals(connection, arrival_table.c.unit_id == unit_id, arrival_table.c.id == arrival_id)
    if not found:
        raise NotFound(Reason(N_("Không có văn bản này trong các văn bản gửi đến qua trục.")))
    return found[0]


async def of_line(connection: AsyncConnection, unit_id: str, year: int, number: int) -> Arrival | None:
    """What a line of the register came by."""
    table = arrival_table
    found = await _arrivals(connection, table.c.unit_id == unit_id, table.c.year == year, table.c.number == number)
    return found[0] if found else None


async def of_unit(connection: AsyncConnection, unit_id: str, *states: ArrivalState) -> tuple[Arrival, ...]:
    """What has come to a unit and is in one of these states, the first first."""
    named = [one.value for one in states]
    return await _arrivals(connection, arrival_table.c.unit_id == unit_id, arrival_table.c.state.in_(named))


async def recalled(connection: AsyncConnection, unit_id: str) -> tuple[Arrival, ...]:
    """What senders want back and has had no answer."""
    asked = arrival_table.c.recall == RecallState.ASKED.value
    return await _arrivals(connection, arrival_table.c.unit_id == unit_id, asked)


async def sent_by(connection: AsyncConnection, organ_id: str, keys: Sequence[str]) -> tuple[Arrival, ...]:
    """What one sender has sent to units of ours under these names, and was not refused."""
    table = arrival_table
    mine = (table.c.organ_id == organ_id) & table.c.key.in_(keys)
    return await _arrivals(connection, mine, table.c.state != ArrivalState.REFUSED.value)


async def _arrivals(connection: AsyncConnection, *conditions: Any) -> tuple[Arrival, ...]:
    """What has come and meets these conditions, the first first."""
    query = select(arrival_table).where(*conditions).order_by(arrival_table.c.came_at, arrival_table.c.id)
    return tuple(_arrival(row) for row in (await connection.execute(query)).mappings())


def _arrival(row: RowMapping) -> Arrival:
    names = ("arrived_on", "author", "number_symbol", "issued_on", "kind_name", "subject")
    return Arrival(
        id=row["id"],
        unit_id=row["unit_id"],
        organ_id=row["organ_id"],
        to_organ=row["to_organ"],
        document_id=row["key"],
        business=Business(row["business"]),
        targets=tuple(json.loads(row["targets"])),
        received=Received(**{name: row[name] for name in names}, handler="", note=""),
        files=tuple(Kept(**one) for one in json.loads(row["files"])),
        verdict=judged.answered(row["verdict"].encode()) if row["verdict"] else None,
        pages=row["pages"],
        came_at=row["came_at"],
        state=ArrivalState(row["state"]),
        year=row["year"],
        number=row["number"],
        reason=row["reason"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        recall=RecallState(row["recall"]),
        recall_by=row["recall_by"],
        recall_at=row["recall_at"],
        recall_answer=row["recall_answer"],
    )


async def report(connection: AsyncConnection, name: str, said: str, now: datetime) -> None:
    """Put on record that a message could not be taken."""
    await connection.execute(trouble_table.delete().where(trouble_table.c.name == name))
    await connection.execute(insert(trouble_table).values(name=name, said=said, at=now))


async def troubles(connection: AsyncConnection, newest: int) -> tuple[Trouble, ...]:
    """The last messages that could not be taken."""
    query = select(trouble_table).order_by(trouble_table.c.at.desc()).limit(newest)
    return tuple(Trouble(row.name, row.said, row.at) for row in await connection.execute(query))
