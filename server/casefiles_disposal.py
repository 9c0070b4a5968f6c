"""Disposal of case files by a council's decision: what is due, what would go, and the destruction with its record.

The same erasure as of secrets, but registers, titles and digests stay, and what another case file has is kept.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content
from minutes import store as records
from minutes.casefiles import store
from minutes.casefiles.case import Case, Item, ItemKind
from minutes.casefiles.disposal import (
    LAYOUT,
    Disposal,
    Fate,
    decision_name,
    ended,
    printed,
    refuse_undecided,
    refuse_undue,
    refuse_unnamed,
)
from minutes.deposits import store as deposits
from minutes.deposits.entry import Entry, Kind
from minutes.deposits.erasure import Erasure, Ground
from minutes.document import Document, Official
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.keyring import Keyring, KeyState
from minutes.numbering import store as numbers
from minutes.reading import VIETNAM
from minutes.register import parse_number_symbol
from minutes.searching import store as searching
from minutes.searching.entry import Subject
from minutes.tasks import store as tasks
from minutes.typeset import Typesetter
from rooms import store as rooms
from server.directory import Unit
from server.erasing import Eraser
from server.incident_things import TABLES, contents_of_document
from server.papers_tables import note_table, paper_table
from server.recording_files import FILM, film_key
from server.records import Records
from server.strongbox import Part, take_out
from server.vault import Vault

_OF_DOCUMENTS = frozenset({ItemKind.DOCUMENT, ItemKind.ATTACHMENT})
"""Their `ref` begins with the id of a document."""
Fates = Sequence[tuple[Case, Sequence[Fate]]]


class Disposals:
    """Given: archive, records, who erases. Whether the asker may is decided before."""

    def __init__(self, vault: Vault, records: Records, eraser: Eraser, now: Callable[[], datetime]) -> None:
        self._vault = vault
        self._database = vault.database
        self._records = records
        self._eraser = eraser
        self._now = now
        self._typesetter = Typesetter()

    async def due(self, unit_id: str) -> tuple[Case, ...]:
        """The case files of a unit whose time is over, and which may be put before a council."""
        today = self._now().astimezone(VIETNAM).date()
        async with self._database.read() as connection:
            return tuple(one for one in await store.of_unit(connection, unit_id) if ended(one, today))

    async def done(self, unit_id: str) -> tuple[Disposal, ...]:
        """The destructions of a unit, the newest first."""
        async with self._database.read() as connection:
            return await store.disposals(connection, unit_id)

    async def paper(self, unit_ids: Iterable[str], disposal_id: str) -> bytes:
        """The printed record of a destruction by one of these units. Raises NotFound, Damaged."""
        done = [one for unit_id in unit_ids for one in await self.done(unit_id)]
        found = next((one for one in done if one.id == disposal_id), None)
        if found is None:
            raise NotFound(Reason(N_("Không có biên bản tiêu hủy này.")))
        return await asyncio.to_thread(self._vault.archive.fetch, found.paper)

    async def dispose(
        self, unit: Unit, case_ids: Sequence[str], year: int, number_symbol: str, *, by: Official,
        former: Unit | None = None,
    ) -> Disposal:  # fmt: skip
        """Destroy the contents of case files of the unit by its decision with this number; or of the unit `former`,
        whose place it has taken: then the decision names that too. Raises NotFound, Refused, Damaged."""
        now, of = self._now(), former or unit
        decision = await self._decision(unit.id, year, number_symbol)
        refuse_undecided(decision)
        # What was signed, from the archive, and not what some table says.
        said = "\n".join(text for _, text in content.texts(content.to_json(await self._records.signed_text(decision))))
        async with self._database.begin() as connection:
            cases = [await store.get(connection, one) for one in dict.fromkeys(case_ids)]
            if any(one.unit_id != of.id for one in cases):
                raise NotFound(Reason(N_("Không có hồ sơ này.")))
            refuse_undue(cases, now.astimezone(VIETNAM).date())
            refuse_unnamed(decision, said, cases, former.name if former else "")
            fates = await self._fates(connection, cases)
            made = await self._write(connection, unit, decision, fates, by, now)
        await self._eraser.carry_out(made.record)
        await self._database.rewrite(sorted({"fact", "search_entry", "search_index", *TABLES}))
        for document_id in _documents(fates):
            await self._records.index_again(document_id)
        return made

    async def _decision(self, unit_id: str, year: int, number_symbol: str) -> Document:
        parsed = parse_number_symbol(number_symbol.strip())
        number, symbol = parsed or (0, "")
        async with self._database.read() as connection:
            found = await records.search(
                connection, 2, unit_id=unit_id, year=year, number=number, symbol=symbol
            )  # fmt: skip
        if len(found) != 1:
            text = N_("Không có văn bản điện tử số “%(number)s” của năm %(year)s.")
            raise NotFound(Reason(text, number=number_symbol.strip()[:60], year=year))
        return found[0]

    async def _fates(self, connection: AsyncConnection, cases: Sequence[Case]) -> Fates:
        going = {one.id for one in cases}
        others = [one for one in await store.undisposed(connection) if one.id not in going]
        elsewhere = {item.digest for one in others for item in one.items} - {None}
        named = {key for one in others for key in await store.added(connection, one.id)}
        named |= {(item.kind, item.ref) for one in others for item in one.items}
        meetings = {one.meeting_id for one in others}
        found = []
        for case in cases:
            fates = []
            for item in case.items:
                key = await _of(connection, item)
                document = key[1] if key[0] is ItemKind.DOCUMENT else ""
                kept = item.digest in elsewhere or key in named
                if document:
                    kept = kept or (await records.get(connection, document)).meeting_id in meetings - {None}
                if item.kind is ItemKind.PROCEEDINGS:
                    kept = kept or item.ref in meetings
                if item.kind in (ItemKind.ATTACHMENT, ItemKind.PROOF):
                    kept = kept or await records.names(connection, item.digest or "", but=document)
                if item.kind is ItemKind.PAPER:
                    query = select(paper_table.c.meeting_id).where(paper_table.c.sha256 == item.digest)
                    users = set(await connection.scalars(query))
                    kept = kept or bool(users - {one.meeting_id for one in cases})
                fates.append(Fate(item, kept))
                if self._vault.archive.keys.state(item.digest or "") is KeyState.HELD:
                    text = N_("Hồ sơ %(code)s có tài liệu đang được cách ly; xin xử lý sự cố trước.")
                    raise Refused("disposal_held", Reason(text, code=case.code))
            found.append((case, fates))
        return found

    async def _write(
        self, connection: AsyncConnection, unit: Unit, decision: Document, fates: Fates, by: Official, now: datetime
    ) -> Disposal:
        cases = [case for case, _ in fates]
        basis = decision_name(decision)
        films, files = recorded(fates, self._vault.archive.keys)
        digests = (*await _contents(connection, fates), *films)
        codes = tuple(one.code for one in cases)
        id = secrets.token_hex(16)
        erasure = Erasure(Ground.DISPOSAL, f"{basis}; hồ sơ {', '.join(codes)}", by.name, now, digests, files)
        record = await self._eraser.record(connection, erasure, id)
        year = now.astimezone(VIETNAM).year
        number = await numbers.next_number(connection, f"disposal/{unit.id}/{year}")
        made = Disposal(id, unit.id, unit.name, year, number, decision.id, basis, by.name, now, codes, record, "")
        paper = await asyncio.to_thread(
            self._typesetter.sheets, LAYOUT, printed(made, unit.place, fates), at=now
        )  # fmt: skip
        digest = await asyncio.to_thread(self._vault.archive.deposit, paper)
        label = f"{unit.id}/{year}/biên bản tiêu hủy {made.code}"
        await deposits.append(connection, Entry(digest, Kind.ATTACHMENT, id, label, now))
        made = Disposal(id, unit.id, unit.name, year, number, decision.id, basis, by.name, now, codes, record, digest)
        await store.dispose(connection, made, cases)
        await _forget(connection, fates)
        return made


async def _of(connection: AsyncConnection, item: Item) -> tuple[ItemKind, str]:
    """What an item goes with: a file with its document, a proof with what its task stands in; else itself."""
    if item.kind is ItemKind.PROOF:
        source = (await tasks.get(connection, int(item.ref.partition("/")[0]))).source
        return (ItemKind.RECEIVED, source.received) if source.received else (ItemKind.DOCUMENT, source.document_id)
    return (ItemKind.DOCUMENT, item.ref.partition("/")[0]) if item.kind in _OF_DOCUMENTS else (item.kind, item.ref)


def _documents(fates: Fates) -> list[str]:
    gone = [fate.item for _, found in fates for fate in found if not fate.kept]
    return [one.ref for one in gone if one.kind is ItemKind.DOCUMENT]


def recorded(fates: Fates, keys: Keyring) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of keys of films, and the files in the folder of recordings, that go with the recordings of meetings: a
    film goes if anything does of what it was made of."""
    films, files = [], list[str]()
    for case, found in fates:
        pieces = [fate for fate in found if case.meeting_id and fate.item.kind is ItemKind.RECORDING]
        going = [f"{case.meeting_id}/{fate.item.ref}" for fate in pieces if not fate.kept]
        if going:
            digests = [fate.item.digest or "" for fate in pieces]
            films.append(film_key(one for one in digests if keys.state(one) is not KeyState.ERASED))
            files += [*going, f"{case.meeting_id}/{FILM}"]
    return tuple(films), tuple(files)


async def _contents(connection: AsyncConnection, fates: Fates) -> tuple[str, ...]:
    """The digests of all that goes: of documents also those of earlier files and of renditions."""
    digests = {fate.item.digest or "" for _, found in fates for fate in found if not fate.kept}
    for ref in _documents(fates):
        for one in await deposits.entries(connection, about=ref):
            if one.entry.kind in (Kind.DOCUMENT, Kind.RENDITION):
                digests.add(one.entry.digest)
    return tuple(sorted(digests - {""}))


async def _forget(connection: AsyncConnection, fates: Fates) -> None:
    """Rows that have contents: texts of documents, facts of meetings, papers and the notes on them."""
    for case, found in fates:
        for fate in found:
            item = fate.item
            if fate.kept:
                continue
            if item.kind is ItemKind.DOCUMENT:
                await take_out(connection, contents_of_document(item.ref, records.ERASED))
                await searching.remove(connection, Subject.DOCUMENT, [item.ref])
            elif item.kind is ItemKind.RECEIVED:
                await searching.remove(connection, Subject.RECEIVED, [f"{case.unit_id}/{item.ref}"])
            elif item.kind is ItemKind.PROCEEDINGS:
                await rooms.forget_facts(connection, item.ref)
                await searching.remove(connection, Subject.MEETING, [item.ref])
            elif item.kind is ItemKind.PAPER:
                mine = (paper_table.c.id == item.ref) & (paper_table.c.meeting_id == case.meeting_id)
                noted = note_table.c.paper_id == item.ref
                await take_out(connection, [Part(note_table, noted), Part(paper_table, mine)])
