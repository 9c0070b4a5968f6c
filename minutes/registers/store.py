"""Tables and queries of the registers. The caller opens the transaction.

Our own documents and those on paper share the numbers of `register_entry`; what a line says of a paper document stands
in `outgoing_paper`; for our own it is read from the document. Lines are never removed.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import judged, store
from minutes.addressees import bare, kept, sent_to
from minutes.content import Content, from_json
from minutes.document import KIND_NAMES, Actor, Kind
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.numbering import store as numbers
from minutes.reading import VIETNAM
from minutes.register import EntryState
from minutes.registers import rule
from minutes.registers.entry import Incoming, Outgoing, Paper, Received, kind_and_subject, paper, plain
from minutes.registers.rule import Rule
from minutes.report import Report
from minutes.tables import UtcDateTime, document_table, metadata, register_table, version_table
from minutes.text import TextContent
from minutes.workflow import store as workflow
from minutes.workflow.relation import Changed, Deed, doing

FILLED = ("signer", "recipients", "keeper", "copies", "note")
"""What may be said of a document on paper when it goes out, after its number was reserved."""
HANDLED = ("direction", "directed_by", "deadline", "outcome", "answer", "answer_id", "settled_on")
"""What a line says of how a document that came is dealt with."""
MOST = 20_000
"""Lines of a year that are listed or printed at once."""

rule_table = Table(
    "numbering_rule",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("common", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

paper_table = Table(
    "outgoing_paper",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("series", String(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(4), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("subject", Text, nullable=False),
    Column("signer", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("keeper", Text, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    ForeignKeyConstraint(
        ["unit_id", "year", "series", "number"],
        [
            "register_entry.unit_id",
            "register_entry.year",
            "register_entry.series",
            "register_entry.number",
        ],
    ),
)

incoming_table = Table(
    "incoming_document",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("arrived_on", Date, nullable=False),
    Column("author", Text, nullable=False),
    Column("number_symbol", String(100), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("kind_name", String(100), nullable=False),
    Column("subject", Text, nullable=False),
    Column("handler", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("transferred_on", Date),
    Column("taken_by", Text),
    Column("taken_at", UtcDateTime),
    Column("direction", Text, nullable=False),
    Column("directed_by", Text, nullable=False),
    Column("deadline", Date),
    Column("outcome", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answer_id", String(32), nullable=False),
    Column("settled_on", Date),
    Column("digest", String(64)),
    Column("verdict", Text),
    Column("pages", Integer),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("incoming_by_mark", "unit_id", "mark"),
)


async def rules(connection: AsyncConnection, unit_id: str) -> tuple[Rule, ...]:
    """What a unit's head has decided, the first first."""
    query = select(rule_table).where(rule_table.c.unit_id == unit_id).order_by(rule_table.c.valid_from)
    return tuple(Rule(row.valid_from, row.common) for row in await connection.execute(query))


async def set_rule(connection: AsyncConnection, unit_id: str, wanted: Rule, by: Actor, at: datetime) -> None:
    """Put a decision on record; one for the same day that does not hold yet is replaced."""
    same = (rule_table.c.unit_id == unit_id) & (rule_table.c.valid_from == wanted.valid_from)
    await connection.execute(rule_table.delete().where(same))
    await connection.execute(
        insert(rule_table).values(
            unit_id=unit_id, valid_from=wanted.valid_from, common=wanted.common, by=by.name, at=at
        )
    )


async def place(connection: AsyncConnection, unit_id: str, kind: Kind, day: date) -> tuple[str, int]:
    """The series in which a document of `day` is counted, and a number that was given in that year by another rule:
    the next one is greater."""
    holds = rule.on(await rules(connection, unit_id), day)
    series = holds.series(kind)
    if not holds.within_a_year or holds.valid_from.year != day.year:
        return series, 0
    others = select(func.max(register_table.c.number)).where(
        register_table.c.unit_id == unit_id, register_table.c.year == day.year, register_table.c.series != series
    )
    # Other series by this same rule go on by themselves; what counts is what was given before it.
    before = datetime.combine(holds.valid_from, datetime.min.time(), VIETNAM)
    return series, int(await connection.scalar(others.where(register_table.c.reserved_at < before)) or 0)


async def add_paper(
    connection: AsyncConnection, unit_id: str, paper: Paper, symbol: str, by: Actor, at: datetime, state: EntryState
) -> tuple[str, int]:
    """Take the next number for a document on paper; returns series and number. Raises ClockBehind."""
    series, above = await place(connection, unit_id, paper.kind, paper.issued_on)
    year = paper.issued_on.year
    number = await numbers.take(connection, unit_id, year, series, symbol, None, at, above=above)
    place_ = {"unit_id": unit_id, "year": year, "series": series, "number": number}
    await connection.execute(
        insert(paper_table).values(
            **place_,
            kind=paper.kind.value,
            issued_on=paper.issued_on,
            subject=paper.subject,
            signer=paper.signer,
            recipients=paper.recipients,
            keeper=paper.keeper,
            copies=paper.copies or 0,  # 0: not known yet
            note=paper.note,
            by=by.name,
        )
    )
    if state is not EntryState.RESERVED:
        await _end(connection, place_, state, at, None)
    return series, number


async def end_paper(
    connection: AsyncConnection, unit_id: str, year: int, series: str, number: int, state: EntryState, at: datetime,
    reason: str | None,
) -> None:  # fmt: skip
    """A paper document has gone out, or will not: its number is complete or void. Raises NotFound, Refused."""
    place_ = {"unit_id": unit_id, "year": year, "series": series, "number": number}
    found = (await connection.execute(select(register_table).filter_by(**place_))).one_or_none()
    if found is None or found.document_id is not None:
        raise NotFound(Reason(N_("Không có văn bản giấy này trong sổ.")))
    if found.state != EntryState.RESERVED.value:
        raise Refused("entry_ended", Reason(N_("Số này đã dùng hoặc đã hủy, không đổi được nữa.")))
    await _end(connection, place_, state, at, reason)


async def fill_paper(
    connection: AsyncConnection, unit_id: str, year: int, series: str, number: int, typed: Mapping[str, str]
) -> None:
    """What is known of a document on paper now that it has gone out: `typed`, else as it was entered. Raises NotFound,
    InvalidContent, SeveralWrong, SecretContent."""
    place_ = {"unit_id": unit_id, "year": year, "series": series, "number": number}
    row = (await connection.execute(select(paper_table).filter_by(**place_))).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason(N_("Không có văn bản giấy này trong sổ.")))
    known = {name: row[name] for name in ("kind", "subject", *FILLED)}
    known |= {"issued_on": row["issued_on"].isoformat(), "copies": str(row["copies"] or "")}
    said = paper({**known, **{name: typed[name] for name in FILLED if name in typed}})
    values = {name: getattr(said, name) for name in FILLED}
    await connection.execute(update(paper_table).filter_by(**place_).values(**values))


async def _end(
    connection: AsyncConnection, place_: dict[str, Any], state: EntryState, at: datetime, reason: str | None
) -> None:
    await connection.execute(
        update(register_table).filter_by(**place_).values(state=state.value, ended_at=at, reason=reason)
    )


async def same_subject(connection: AsyncConnection, unit_id: str, day: date, subject: str) -> str | None:
    """The number and symbol of what went out on `day` about the same."""
    for one in await outgoing(connection, unit_id, day.year, on=day):
        if one.state is not EntryState.VOID and plain(one.subject) == plain(subject):
            return one.number_symbol
    return None


async def outgoing(
    connection: AsyncConnection, unit_id: str, year: int, *, on: date | None = None
) -> tuple[Outgoing, ...]:
    """The lines of a year, or of one day, in the order of their numbers."""
    entry, document, version, paper = register_table, document_table, version_table, paper_table
    same = and_(*(entry.c[name] == paper.c[name] for name in ("unit_id", "year", "series", "number")))
    joined = (
        entry.outerjoin(document, entry.c.document_id == document.c.id)
        .outerjoin(version, (version.c.document_id == document.c.id) & (version.c.version == document.c.version))
        .outerjoin(paper, same)
    )
    columns = [
        *entry.c,
        document.c.kind.label("own_kind"),
        document.c.title,
        document.c.signers,
        version.c.content,
        *(paper.c[name].label(f"paper_{name}") for name in ("kind", "issued_on", "subject", "signer", "recipients",
                                                             "keeper", "copies", "note")),
    ]  # fmt: skip
    query = select(*columns).select_from(joined).where(entry.c.unit_id == unit_id, entry.c.year == year)
    if on is not None:
        begins = datetime.combine(on, datetime.min.time(), VIETNAM)
        ours = entry.c.reserved_at.between(begins, begins + timedelta(days=1)) & entry.c.document_id.is_not(None)
        query = query.where(ours | (paper.c.issued_on == on))
    query = query.order_by(entry.c.series, entry.c.number).limit(MOST)
    rows = (await connection.execute(query)).mappings().all()
    ours_ = select(entry.c.document_id).where(entry.c.unit_id == unit_id, entry.c.year == year)
    changes = await workflow.changes(connection, ours_)
    return tuple(
        _on_paper(row) if (own := row["document_id"]) is None else _own(row, changes.get(own, ())) for row in rows
    )


def _own(row: RowMapping, changes: Sequence[Changed]) -> Outgoing:
    kind = Kind(row["own_kind"])
    aside = row["content"] in (store.WITHHELD, store.ERASED)
    text = None if aside else from_json(kind, json.loads(row["content"]))
    people = [one for one in json.loads(row["signers"]) if one[0] != "seal"]
    return Outgoing(
        series=row["series"],
        number=row["number"],
        symbol=row["symbol"],
        issued_on=row["reserved_at"].astimezone(VIETNAM).date(),
        kind_name=KIND_NAMES[kind],
        subject=row["title"],
        signer=", ".join(one[2] for one in people),
        recipients="; ".join(sent_to(text)) if text else "",
        keeper="; ".join(bare(one).split(":", 1)[-1].strip() for one in kept(text.recipients)) if text else "",
        copies=text.copies if isinstance(text, TextContent) else None,
        note="; ".join((*_done(text, EntryState(row["state"])), *(one.noted for one in changes))),
        state=EntryState(row["state"]),
        reserved_at=row["reserved_at"],
        reason=row["reason"],
        document_id=row["document_id"],
    )


def _done(text: Content | None, state: EntryState) -> tuple[str, ...]:
    """What an issued document has done to an earlier one."""
    found = text.relation if isinstance(text, TextContent) and state is EntryState.COMPLETE else None
    return (doing(Deed(found.act), found.number_symbol, found.issued_on),) if found else ()


def _on_paper(row: RowMapping) -> Outgoing:
    return Outgoing(
        series=row["series"],
        number=row["number"],
        symbol=row["symbol"],
        issued_on=row["paper_issued_on"],
        kind_name=KIND_NAMES[Kind(row["paper_kind"])],
        subject=row["paper_subject"],
        signer=row["paper_signer"],
        recipients=row["paper_recipients"],
        keeper=row["paper_keeper"],
        copies=row["paper_copies"] or None,
        note=row["paper_note"],
        state=EntryState(row["state"]),
        reserved_at=row["reserved_at"],
        reason=row["reason"],
    )


async def add_incoming(
    connection: AsyncConnection, unit_id: str, received: Received, digest: str | None, verdict: Report | None,
    pages: int | None, by: Actor, at: datetime,
) -> int:  # fmt: skip
    """Take the next number of arrival; returns it. Raises ClockBehind."""
    await numbers.go_on(connection, at)
    year = received.arrived_on.year
    number = await numbers.next_number(connection, f"incoming/{unit_id}/{year}")
    await connection.execute(
        insert(incoming_table).values(
            unit_id=unit_id,
            year=year,
            number=number,
            arrived_on=received.arrived_on,
            author=received.author,
            number_symbol=received.number_symbol,
            issued_on=received.issued_on,
            kind_name=received.kind_name,
            subject=received.subject,
            handler=received.handler,
            note=received.note,
            mark=received.mark,
            direction="",
            directed_by="",
            outcome="",
            answer="",
            answer_id="",
            digest=digest,
            verdict=None if verdict is None else judged.answer(verdict).decode(),
            pages=pages,
            by=by.name,
            at=at,
        )
    )
    return number


async def came_before(connection: AsyncConnection, unit_id: str, received: Received) -> Incoming | None:
    """The same document, if it came already: of the same issuer, number and date."""
    found = await _incoming(connection, incoming_table.c.unit_id == unit_id, incoming_table.c.mark == received.mark)
    return found[0] if found else None


async def holders(connection: AsyncConnection, digest: str) -> int:
    """How many lines of incoming documents have this content."""
    same = select(func.count()).select_from(incoming_table).where(incoming_table.c.digest == digest)
    return int(await connection.scalar(same) or 0)


async def incoming(connection: AsyncConnection, unit_id: str, year: int) -> tuple[Incoming, ...]:
    """The lines of a year in the order of arrival."""
    return await _incoming(connection, incoming_table.c.unit_id == unit_id, incoming_table.c.year == year)


async def all_incoming(connection: AsyncConnection, unit_id: str) -> tuple[Incoming, ...]:
    """Everything that ever came to a unit, in the order of arrival."""
    return await _incoming(connection, incoming_table.c.unit_id == unit_id, limit=None)


async def every_incoming(connection: AsyncConnection) -> list[tuple[str, int, int]]:
    """Unit, year and number of all lines of all units."""
    columns = [incoming_table.c[name] for name in ("unit_id", "year", "number")]
    return [(row[0], row[1], row[2]) for row in await connection.execute(select(*columns).order_by(*columns))]


async def one_incoming(connection: AsyncConnection, unit_id: str, year: int, number: int) -> Incoming:
    """One line. Raises NotFound."""
    table = incoming_table
    found = await _incoming(connection, table.c.unit_id == unit_id, table.c.year == year, table.c.number == number)
    if not found:
        raise NotFound(Reason(N_("Không có văn bản đến này.")))
    return found[0]


async def _incoming(
    connection: AsyncConnection, *conditions: Any, limit: int | None = MOST
) -> tuple[Incoming, ...]:  # fmt: skip
    query = select(incoming_table).where(*conditions)
    query = query.order_by(incoming_table.c.year, incoming_table.c.number).limit(limit)
    return tuple(_arrived(row) for row in (await connection.execute(query)).mappings())


def _arrived(row: RowMapping) -> Incoming:
    names = ("arrived_on", "author", "number_symbol", "issued_on", "kind_name", "subject", "handler", "note")
    return Incoming(
        year=row["year"],
        number=row["number"],
        received=Received(**{name: row[name] for name in names}),
        entered_by=row["by"],
        entered_at=row["at"],
        transferred_on=row["transferred_on"],
        taken_by=row["taken_by"] or "",
        taken_at=row["taken_at"],
        digest=row["digest"],
        verdict=judged.answered(row["verdict"].encode()) if row["verdict"] else None,
        pages=row["pages"],
        **{name: row[name] for name in HANDLED},
    )


async def undirected(connection: AsyncConnection, unit_id: str) -> frozenset[str]:
    """The documents that nobody has handed on, as case files name them ("2026/5")."""
    table = incoming_table
    waits = (table.c.unit_id == unit_id) & table.c.transferred_on.is_(None) & table.c.settled_on.is_(None)
    rows = await connection.execute(select(table.c.year, table.c.number).where(waits))
    return frozenset(f"{row.year}/{row.number}" for row in rows)


async def handled(connection: AsyncConnection, unit_id: str, year: int, number: int, **values: Any) -> None:
    """Keep how a document that came is dealt with now: HANDLED, who it was handed to, who has taken it."""
    where = {"unit_id": unit_id, "year": year, "number": number}
    await connection.execute(update(incoming_table).filter_by(**where).values(**values))


def matching(lines: Sequence[Outgoing], words: str) -> tuple[Outgoing, ...]:
    """Those lines that hold `words`, whatever their marks and case."""
    wanted = plain(words)
    return tuple(
        one
        for one in lines
        if wanted in plain(f"{one.number_symbol} {kind_and_subject(one.kind_name, one.subject)} {one.recipients}")
    )


def arrived_matching(lines: Sequence[Incoming], words: str) -> tuple[Incoming, ...]:
    """The same of incoming documents."""
    wanted = plain(words)
    told = ((one, one.received) for one in lines)
    return tuple(
        one for one, said in told if wanted in plain(f"{one.number} {said.author} {said.number_symbol} {said.subject}")
    )
