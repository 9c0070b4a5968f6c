"""The registers' use cases: enter, reserve, void, receive, hand on, print; and how numbers are counted."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.days import store as days
from minutes.days.calendar import Calendar
from minutes.deposits.entry import Kind as Deposited
from minutes.document import Official
from minutes.errors import N_, Damaged, InvalidContent, Reason, Refused
from minutes.incidents.incident import IncidentState
from minutes.keyring import KeyState
from minutes.reading import VIETNAM
from minutes.register import EntryState, symbol
from minutes.registers import book, report, rule, store
from minutes.registers.entry import Direction, Incoming, Outgoing, Paper, Received
from minutes.registers.rule import Rule
from minutes.searching import store as searching
from minutes.searching.entry import Subject as Found
from minutes.sheets import LAYOUT
from minutes.typeset import Typesetter
from rooms.proceedings import Unit as Office
from server import directing, search_index
from server.database import Database
from server.directory import Unit
from server.page_reader import PageReader
from server.received import looked_at, texts_of
from server.records_reading import actor_of, reason_of
from server.vault import Vault


class Registers:
    """Each method is one act or one question; whether the asker may is decided before (server.rights)."""

    def __init__(self, database: Database, vault: Vault, now: Callable[[], datetime], reader: PageReader) -> None:
        self._database = database
        self._vault = vault
        self._now = now
        self._reader = reader
        self._typesetter = Typesetter()

    @property
    def today(self) -> date:
        """The day in Viet Nam."""
        return self._now().astimezone(VIETNAM).date()

    async def rules(self, unit_id: str) -> tuple[Rule, ...]:
        """How the unit has decided to count, the first decision first."""
        async with self._database.read() as connection:
            return await store.rules(connection, unit_id)

    async def set_rule(self, unit_id: str, wanted: Rule, *, by: Official, warned: bool) -> None:
        """Decide how numbers are counted from a day on. Raises Refused."""
        async with self._database.begin() as connection:
            rule.refuse_hasty(wanted, await store.rules(connection, unit_id), self.today, warned=warned)
            await store.set_rule(connection, unit_id, wanted, actor_of(by), self._now())

    # Out

    async def outgoing(self, unit_id: str, year: int) -> tuple[Outgoing, ...]:
        """The lines of a year."""
        async with self._database.read() as connection:
            return await store.outgoing(connection, unit_id, year)

    async def enter(
        self, unit: Unit, paper: Paper, *, by: Official, gone: bool, knowing: bool = False
    ) -> tuple[str, int]:
        """Give a document on paper its number: it has `gone` out, or the number is reserved for it. Returns series and
        number. Raises InvalidContent, Refused("entry_twice") for a subject of the same day unless `knowing`."""
        if paper.issued_on.year != self.today.year or paper.issued_on > self.today:
            raise InvalidContent("issued_on", Reason(N_("phải là một ngày trong năm nay, không sau hôm nay")))
        async with self._database.begin() as connection:
            if not knowing:
                twice = await store.same_subject(connection, unit.id, paper.issued_on, paper.subject)
                if twice is not None:
                    text = N_("Cùng ngày đã có văn bản số %(number)s với trích yếu này. Xin xác nhận nếu vẫn đăng ký.")
                    raise Refused("entry_twice", Reason(text, number=twice))
            sign = symbol(paper.kind, unit.symbol)
            state = EntryState.COMPLETE if gone else EntryState.RESERVED
            return await store.add_paper(connection, unit.id, paper, sign, actor_of(by), self._now(), state)

    async def complete(
        self, unit_id: str, year: int, series: str, number: int, typed: Mapping[str, str]
    ) -> None:  # fmt: skip
        """The document on paper has gone out; `typed` is what was not known when its number was reserved. Raises
        NotFound, Refused, InvalidContent, SeveralWrong."""
        async with self._database.begin() as connection:
            await store.fill_paper(connection, unit_id, year, series, number, typed)
            await store.end_paper(
                connection, unit_id, year, series, number, EntryState.COMPLETE, self._now(), None
            )  # fmt: skip

    async def void(self, unit_id: str, year: int, series: str, number: int, reason: str) -> None:
        """It will not go out: its number is never used again. Raises NotFound, Refused."""
        async with self._database.begin() as connection:
            why = reason_of(reason)
            await store.end_paper(connection, unit_id, year, series, number, EntryState.VOID, self._now(), why)

    # In

    async def incoming(self, unit_id: str, year: int) -> tuple[Incoming, ...]:
        """The lines of a year."""
        async with self._database.read() as connection:
            return await store.incoming(connection, unit_id, year)

    async def one_incoming(self, unit_id: str, year: int, number: int) -> Incoming:
        """One of them. Raises NotFound."""
        async with self._database.read() as connection:
            return await store.one_incoming(connection, unit_id, year, number)

    async def receive(
        self, unit: Unit, received: Received, file: bytes | None, *, by: Official, knowing: bool = False
    ) -> int:
        """Enter what has come, with its file; returns the number of arrival. The file is searched for marks of secrecy
        and judged before anything is kept. Raises Problem, SecretContent, Refused("came_before") unless `knowing`."""
        looked = None if file is None else await looked_at(file, self._vault.trust, self._reader)
        if not knowing:
            async with self._database.read() as connection:
                await refuse_second(connection, unit.id, received)
        digest = None
        if file is not None:
            label = f"{unit.id}/{received.arrived_on.year}/đến/{received.number_symbol}"
            kept = await self._vault.deposit(file, about=unit.id, kind=Deposited.ATTACHMENT, label=label)
            digest = kept.entry.digest
        async with self._database.begin() as connection:
            if not knowing:  # somebody else may have entered it while its file was looked at
                await refuse_second(connection, unit.id, received)
            verdict, pages = (None, None) if looked is None else (looked.report, len(looked.texts))
            number = await store.add_incoming(
                connection, unit.id, received, digest, verdict, pages, actor_of(by), self._now()
            )
            texts = () if looked is None else looked.texts
            await search_index.follow_received(connection, unit.id, received.arrived_on.year, number, texts)
            return number

    async def file(self, one: Incoming) -> bytes:
        """The received file as it came. Raises Damaged."""
        return await asyncio.to_thread(self._vault.archive.fetch, one.digest or "")

    async def index_again(self, unit_id: str, year: int, number: int) -> None:
        """Have a line found by its file's words once more."""
        async with self._database.read() as connection:
            one = await store.one_incoming(connection, unit_id, year, number)
        try:
            texts = await texts_of(await self.file(one), self._reader) if one.digest else ()
        except Damaged:
            texts = ()
        async with self._database.begin() as connection:
            await search_index.follow_received(connection, unit_id, year, number, texts)

    async def index_missing(self) -> int:
        """The same of all lines that no search finds; how many there were."""
        async with self._database.read() as connection:
            every = {f"{unit}/{year}/{number}": (unit, year, number)
                     for unit, year, number in await store.every_incoming(connection)}  # fmt: skip
            wanted = await searching.missing(connection, Found.RECEIVED, list(every))
        for one in wanted:
            await self.index_again(*every[one])
        return len(wanted)

    async def office(self, unit_id: str) -> Calendar:
        """When the unit works."""
        async with self._database.read() as connection:
            return await days.of_unit(connection, unit_id)

    async def undirected(self, unit_id: str) -> frozenset[str]:
        """The documents that wait for a leader to say who is to deal with them ("2026/5")."""
        async with self._database.read() as connection:
            return await directing.undirected(connection, unit_id)

    async def aside(self, unit_id: str, lines: Sequence[Incoming]) -> dict[str, str]:
        """Of these documents those that nobody reads any more, named alike, with what has become of them: set aside as
        a secret, erased, or destroyed when their time was over."""
        async with self._database.read() as connection:
            shut = await directing.shut(connection, unit_id)
        gone = await asyncio.to_thread(self._gone, lines)
        held = {ref: report.HELD if state is IncidentState.HELD else report.ERASED for ref, state in shut.items()}
        return {**dict.fromkeys(gone, report.ERASED), **held}

    def _gone(self, lines: Sequence[Incoming]) -> list[str]:
        keys = self._vault.archive.keys
        return [one.ref for one in lines if one.digest and keys.state(one.digest) is KeyState.ERASED]

    async def direct(self, unit: Unit, year: int, number: int, said: Direction, *, by: Official) -> int | None:
        """Put a leader's direction on record, and hand the document on: the task that comes of it. Raises NotFound,
        InvalidContent, Refused."""
        async with self._database.begin() as connection:
            authority = Office(unit.id, unit.name)
            return await directing.direct(connection, authority, year, number, said, by=by, now=self._now())

    # Both

    async def printed(self, unit: Unit, which: str, year: int) -> bytes:
        """A year's register as PDF, `which` is "out" or "in"."""
        if which == "out":
            data = book.outgoing([unit.name], year, await self.outgoing(unit.id, year))
        else:
            data = book.incoming([unit.name], year, await self.incoming(unit.id, year))
        return await asyncio.to_thread(self._typesetter.sheets, LAYOUT, data, at=self._now())

    async def reported(self, unit: Unit, which: str, year: int) -> bytes:
        """How far the documents of a year have come, as PDF."""
        now = self._now()
        async with self._database.read() as connection:
            if which == "out":
                documents = await records.search(connection, store.MOST, readable=True, unit_id=unit.id)
                mine = [one for one in documents if year in (one.year, one.created_at.astimezone(VIETNAM).year)]
                data = report.outgoing([unit.name], year, mine, now)
            else:
                lines, office = await store.incoming(connection, unit.id, year), await days.of_unit(connection, unit.id)
        if which == "in":
            aside = await self.aside(unit.id, lines)
            data = report.incoming([unit.name], year, lines, self.today, office, aside)
        return await asyncio.to_thread(self._typesetter.sheets, LAYOUT, data, at=now)


async def refuse_second(connection: AsyncConnection, unit_id: str, received: Received) -> None:
    """Raises Refused("came_before") where the register has the same document."""
    twice = await store.came_before(connection, unit_id, received)
    if twice is not None:
        text = N_("Văn bản này đã đến ngày %(day)s, số đến %(number)s. Xin xác nhận nếu vẫn đăng ký lần nữa.")
        day = f"{twice.received.arrived_on:%d/%m/%Y}"
        raise Refused("came_before", Reason(text, day=day, number=twice.number))
