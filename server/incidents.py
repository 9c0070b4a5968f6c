"""The incidents' use cases: a state secret that got in is set aside at once, reported, erased or given back.

What is held nobody reads, whoever decides included: content is never shown again before it is decided, and never after
it was erased. Whether the asker may is decided before (server.rights).
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content
from minutes import store as records_store
from minutes.deposits import store as deposits
from minutes.deposits.erasure import Erasure, Ground
from minutes.document import Kind, Official, Signer, State
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.incidents import store
from minutes.incidents.incident import Incident, IncidentState, Level, Origin, Thing, refuse_decided, seen
from minutes.incidents.report import report
from minutes.keyring import HELD, KeyState, names
from minutes.numbering import store as numbers
from minutes.reading import VIETNAM
from minutes.register import EntryState
from minutes.searching import store as searching
from minutes.searching.entry import Subject
from minutes.workflow import store as workflow
from rooms.proceedings import Unit
from server import directory, papers_tables
from server.directory import Account
from server.editing.live import Editing
from server.erasing import Eraser
from server.incident_things import TABLES, Found, find, parts, parts_of_cases
from server.papers import Gone, Papers
from server.recording_files import RecordingFiles, film_key
from server.records import Records
from server.records_drafting import authority_of
from server.records_reading import actor_of, reason_of
from server.registers import Registers
from server.strongbox import Strongbox, put_back, take_out
from server.vault import Vault

log = structlog.get_logger("giaoban.incidents")


class Incidents:
    """Given: archive, records, open drafts, papers, the files of recordings, who erases. Owned: the strongbox."""

    def __init__(
        self, vault: Vault, records: Records, registers: Registers, editing: Editing, papers: Papers,
        recordings: RecordingFiles, eraser: Eraser, boxes: Path, now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._database = vault.database
        self._keys = vault.archive.keys
        self._records = records
        self._registers = registers
        self._editing = editing
        self._papers = papers
        self._recordings = recordings
        self._eraser = eraser
        self._box = Strongbox(boxes, self._keys)
        self._now = now
        self._one_by_one = asyncio.Lock()

    async def start(self) -> None:
        """Bring keys and records together after a stop: held is what waits for a decision, and nothing else."""
        async with self._database.read() as connection:
            waiting = await store.held(connection)
        wanted = {name for one in waiting for name in self._names(one)}
        await asyncio.to_thread(self._settle, wanted)

    def _settle(self, wanted: set[str]) -> None:
        held = {name for name, endings in names(self._keys.root).items() if HELD in endings}
        for name in held - wanted:
            self._keys.release(name)
        for name in wanted - held:
            self._keys.hold(name)

    # Questions

    async def of_unit(self, unit_id: str) -> tuple[Incident, ...]:
        """All of a unit, the newest first."""
        async with self._database.read() as connection:
            return await store.of_unit(connection, unit_id)

    async def get(self, unit_id: str, incident_id: str) -> Incident:
        """One of them. Raises NotFound."""
        async with self._database.read() as connection:
            return await store.get(connection, unit_id, incident_id)

    async def officer(self, unit_id: str) -> tuple[str, str] | None:
        """(account, name) of whom the unit has named to decide; None: its leaders do."""
        async with self._database.read() as connection:
            return await store.officer(connection, unit_id)

    async def found(self, thing: Thing, ref: str) -> Found:
        """Where a thing belongs. Raises NotFound."""
        async with self._database.read() as connection:
            return await find(connection, thing, ref)

    # Acts

    async def name_officer(self, unit_id: str, account_id: str, *, by: Official) -> None:
        """Name who decides, "" for the leaders. Raises NotFound."""
        async with self._database.begin() as connection:
            known = {one.id: one for one in await directory.accounts(connection) if one.unit.id == unit_id}
            if account_id and account_id not in known:
                raise NotFound(Reason(N_("Không có cán bộ này trong cơ quan.")))
            who = (account_id, known[account_id].name) if account_id else None
            await store.name_officer(connection, unit_id, who, actor_of(by), self._now())

    async def report(self, thing: Thing, ref: str, level: Level, how: str, *, by: Official) -> Incident:
        """Set a thing aside: nobody reads it from now on. Raises NotFound, Refused, InvalidContent, SecretContent."""
        how = seen(how)
        id = secrets.token_hex(16)
        async with self._one_by_one:
            found = await self._open(await self.found(thing, ref))
            origin = found.origin
            await self._clear(origin)  # what is held cannot be encrypted
            await asyncio.to_thread(_each, self._keys.hold, _keys_of(origin))
            try:
                async with self._database.begin() as connection:
                    made, meetings = await self._take_aside(connection, id, found, level, how, by)
            except BaseException:
                await self.start()  # nothing was recorded, so nothing is held
                raise
        await self._tell(origin, meetings, by)
        log.warning("set aside as a state secret", incident=made.id, thing=thing.value)
        return made

    async def _open(self, found: Found) -> Found:
        """Of a recording, what can still be read: the meeting may have gone on after an incident. Raises Refused,
        Erased."""
        origin = found.origin
        if origin.thing is not Thing.RECORDING:
            return found
        known = dict(zip(origin.files, origin.digests, strict=True))
        shut = await asyncio.to_thread(self._recordings.shut, known)
        if KeyState.HELD in shut.values() and len(shut) == len(known):
            raise _known()
        left = {file: digest for file, digest in known.items() if file not in shut} or known
        return replace(found, origin=replace(origin, files=tuple(left), digests=tuple(left.values())))

    async def _take_aside(
        self, connection: AsyncConnection, id: str, found: Found, level: Level, how: str, by: Official
    ) -> tuple[Incident, Sequence[tuple[str, str]]]:
        origin, now = found.origin, self._now()
        same = (origin.thing, origin.ref)
        waiting = [one.origin for one in await store.held(connection) if (one.origin.thing, one.origin.ref) == same]
        apart = origin.thing is Thing.RECORDING and not any(set(one.digests) & set(origin.digests) for one in waiting)
        if waiting and not apart:
            raise _known()
        unit = await directory.unit(connection, found.unit.id)
        year = now.astimezone(VIETNAM).year
        number = await numbers.next_number(connection, f"incident/{found.unit.id}/{year}")
        name = unit.name if unit else found.unit.name
        made = Incident(id, found.unit.id, name, year, number, origin, level, how, actor_of(by), now)
        meetings = await papers_tables.of_file(connection, origin.digests[0]) if origin.thing is Thing.PAPER else ()
        said = f"[Đã cách ly theo sự cố số {made.code}]"
        listed = await parts_of_cases(connection, origin, said)
        taken = await take_out(connection, (*listed, *parts(origin, said, records_store.WITHHELD)))
        await asyncio.to_thread(self._box.put, id, taken)
        if origin.thing is Thing.DOCUMENT:
            await workflow.settle(connection, origin.ref)
            await searching.remove(connection, Subject.DOCUMENT, [origin.ref])
        if origin.thing is Thing.RECEIVED:
            await searching.remove(connection, Subject.RECEIVED, [origin.ref])
        await store.add(connection, made)
        return made, meetings

    async def _tell(self, origin: Origin, meetings: Sequence[tuple[str, str]], by: Official) -> None:
        """Whatever has it in memory lets go of it."""
        self._records.forget(origin.digests)
        if origin.thing is Thing.DOCUMENT:
            await self._editing.forget(origin.ref)
        for meeting, paper in meetings:
            self._papers.news.put_nowait(Gone(meeting, paper, by.id))
        await self._clear(origin)

    async def _clear(self, origin: Origin) -> None:
        """Nothing of a recording is plain, and there is no film of it: that can be made anew."""
        if origin.thing is Thing.RECORDING:
            known = dict(zip((Path(one).name for one in origin.files), origin.digests, strict=False))
            try:
                await asyncio.to_thread(self._recordings.let_go, origin.ref, known)
                await asyncio.to_thread(self._recordings.drop_film, origin.ref)
                await asyncio.to_thread(self._recordings.clear, origin.ref, known, over=False)
            except OSError:  # it is set aside all the same
                log.exception("files of a recording stay plain", meeting=origin.ref)

    async def erase(self, unit_id: str, incident_id: str, why: str, *, by: Official) -> Incident:
        """Destroy it for good, wherever it was copied to. Raises NotFound, Refused, Damaged."""
        why, now = reason_of(why), self._now()
        async with self._database.begin() as connection:
            made = await store.get(connection, unit_id, incident_id)
            refuse_decided(made)
            origin = made.origin
            said = f"[Đã xóa nội dung theo sự cố số {made.code}]"
            listed = await parts_of_cases(connection, origin, said)
            gone = parts(origin, said, records_store.ERASED) if origin.thing is not Thing.PAPER else ()
            await take_out(connection, (*listed, *gone))
            await deposits.forget_blocks(connection, origin.digests)
            if origin.thing is Thing.DOCUMENT:
                await self._void(connection, origin.ref, said, now)
            basis = f"Sự cố số {made.code} của {made.unit_name}"
            erasure = Erasure(Ground.INTAKE, basis, by.name, now, self._names(made), origin.files)
            record = await self._eraser.record(connection, erasure, made.id)
            await store.decide(connection, made, IncidentState.ERASED, actor_of(by), now, why, record)
        await self._eraser.carry_out(record)
        await self._clear(origin)
        await asyncio.to_thread(self._box.drop, made.id)
        await self._database.rewrite(sorted({"search_index", "search_entry", "fingerprint", *TABLES}))
        return await self.get(unit_id, incident_id)

    async def _void(self, connection: AsyncConnection, document_id: str, said: str, now: datetime) -> None:
        """A number that was given, and will not be used."""
        document = await records_store.get(connection, document_id)
        if document.number is not None and document.state is not State.SEALED:
            await numbers.end_entry(connection, document, EntryState.VOID, now, said)

    async def release(self, unit_id: str, incident_id: str, why: str, *, by: Official) -> Incident:
        """It is no secret: everything is where it was. Raises NotFound, Refused, Damaged."""
        why = reason_of(why)
        async with self._one_by_one:
            taken = await asyncio.to_thread(self._opened, await self.get(unit_id, incident_id))
            async with self._database.begin() as connection:
                made = await store.get(connection, unit_id, incident_id)
                refuse_decided(made)
                await put_back(connection, taken, TABLES)
                await store.decide(connection, made, IncidentState.RELEASED, actor_of(by), self._now(), why)
                waiting = {name for one in await store.held(connection) for name in self._names(one)}
                if made.origin.thing is Thing.DOCUMENT:
                    await workflow.settle(connection, made.origin.ref)
            await asyncio.to_thread(_each, self._keys.release, set(self._names(made)) - waiting)
            await asyncio.to_thread(self._box.drop, made.id)
        await self._found_again(made.origin)
        return await self.get(unit_id, incident_id)

    def _opened(self, incident: Incident) -> bytes:
        refuse_decided(incident)
        return self._box.open(incident.id)

    async def _found_again(self, origin: Origin) -> None:
        if origin.thing is Thing.DOCUMENT:
            await self._records.index_again(origin.ref)
        if origin.thing is Thing.RECEIVED:
            unit_id, year, number = origin.ref.rsplit("/", 2)
            await self._registers.index_again(unit_id, int(year), int(number))
        if origin.thing is Thing.PAPER:
            async with self._database.read() as connection:
                for meeting, paper in await papers_tables.of_file(connection, origin.digests[0]):
                    found = await papers_tables.get(connection, meeting, paper)
                    if found is not None:
                        self._papers.news.put_nowait(found)

    async def draft_report(self, unit_id: str, incident_id: str, *, by: Account, leader: Signer) -> str:
        """The draft of the report, once: its id. Raises NotFound."""
        made = await self.get(unit_id, incident_id)
        if made.report_id is not None:
            return made.report_id
        unit = Unit(by.unit.id, by.unit.name)
        async with self._database.read() as connection:
            authority = await authority_of(connection, unit)
        text = content.to_json(report(made, "-", authority))
        drafted = await self._records.draft_text(Kind.REPORT, text, by, unit=unit, leader=leader)
        async with self._database.begin() as connection:
            await store.reported(connection, made.id, drafted)
        return drafted

    def _names(self, incident: Incident) -> tuple[str, ...]:
        return (*_keys_of(incident.origin), Strongbox.key(incident.id))


def _known() -> Refused:
    return Refused("incident_known", Reason(N_("Tài liệu này đã được cách ly.")))


def _keys_of(origin: Origin) -> tuple[str, ...]:
    """The names of the keys of a thing: of its contents, and of what was made of them."""
    made = (film_key(origin.digests),) if origin.thing is Thing.RECORDING else ()
    return (*origin.digests, *made)


def _each(act: Callable[[str], None], names_of: Iterable[str]) -> None:
    for name in names_of:
        act(name)
