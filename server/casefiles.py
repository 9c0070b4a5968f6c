"""The case files' use cases: open, gather, close, hand over. What lies in a file stays where it is.

A meeting's case file gathers by itself what belongs to the meeting; the rest is added by hand. Until it is closed its
contents are looked up anew each time; closing deposits what the archive has not yet (papers, recordings, proceedings)
and freezes the list with the digest of everything. From then on it is the archive that is read.
"""

import asyncio
import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.casefiles import bag, lists, store
from minutes.casefiles.case import Case, CaseState, Item, ItemKind, Move, Removal, refuse_unfinished
from minutes.casefiles.group import Change, Group
from minutes.casefiles.retention import Period
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind as Deposited
from minutes.described import store as description
from minutes.described.field import Subject
from minutes.document import Official
from minutes.errors import N_, Damaged, NotFound, Reason, Refused
from minutes.reading import VIETNAM
from minutes.sheets import LAYOUT
from minutes.typeset import Typesetter
from server import casefiles_contents as contents
from server.database import Database
from server.directory import Unit
from server.recording_files import RecordingFiles
from server.records_reading import actor_of, reason_of
from server.vault import Vault

_DEPOSITED = {
    ItemKind.PROCEEDINGS: Deposited.PROCEEDINGS,
    ItemKind.PAPER: Deposited.PAPER,
    ItemKind.RECORDING: Deposited.RECORDING,
}
"""What is deposited when a case file is closed; documents were, when they were sealed or came."""
_DESCRIBED = {ItemKind.DOCUMENT: Subject.DOCUMENT, ItemKind.RECEIVED: Subject.RECEIVED}


class CaseFiles:
    """Given: the archive, the folder of papers, the files of recordings. Whether the asker may is decided before."""

    def __init__(
        self, database: Database, vault: Vault, papers: Path, recordings: RecordingFiles, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._vault = vault
        self._papers = papers
        self._recordings = recordings
        self._now = now
        self._typesetter = Typesetter()

    @property
    def today(self) -> date:
        """The day in Viet Nam."""
        return self._now().astimezone(VIETNAM).date()

    async def of_year(self, unit_id: str, year: int) -> tuple[Case, ...]:
        """The list of case files of a unit's year."""
        async with self._database.read() as connection:
            return await store.of_year(connection, unit_id, year)

    async def periods(self, unit_id: str) -> tuple[Period, ...]:
        """The unit's table of retention periods."""
        async with self._database.read() as connection:
            return await store.periods(connection, unit_id)

    async def set_period(self, unit_id: str, period: Period, *, by: Official) -> None:
        """Add or change a line of the table."""
        async with self._database.begin() as connection:
            await store.set_period(connection, unit_id, period, actor_of(by), self._now())

    async def groups(self, unit_id: str) -> tuple[Group, ...]:
        """The unit's groups of case files."""
        async with self._database.read() as connection:
            return await store.groups_of(connection, unit_id)

    async def set_group(self, unit_id: str, group: Group) -> None:
        """Add a group or change one; what is in it is opened by its roles from now on."""
        async with self._database.begin() as connection:
            await store.set_group(connection, unit_id, group, self._now())

    async def group_changes(self, unit_id: str) -> tuple[Change, ...]:
        """Who has set the unit's groups to what, the last change first."""
        async with self._database.read() as connection:
            return await store.group_changes(connection, unit_id)

    async def move(self, unit_id: str, case_id: str, code: str, *, by: Official) -> None:
        """Put a case file into another group; who has done it stays on record. Raises NotFound."""
        async with self._database.begin() as connection:
            case = await _own(connection, unit_id, case_id)
            found = {one.code: one for one in await store.groups_of(connection, unit_id)}.get(code)
            if found is None:
                raise NotFound(Reason(N_("Không có nhóm hồ sơ này.")))
            await store.move(connection, case, found, actor_of(by), self._now())

    async def moves(self, case: Case) -> tuple[Move, ...]:
        """Who has moved the case file from which group to which, the first move first."""
        async with self._database.read() as connection:
            return await store.moves(connection, case.id)

    async def open(self, unit: Unit, title: str, code: str, *, by: Official) -> str:
        """Open a case file by hand; returns its id. Raises Refused("case_title"), NotFound."""
        if not title.strip() or len(title) > 500:
            raise Refused("case_title", Reason(N_("Xin ghi tiêu đề hồ sơ, không quá 500 ký tự.")))
        id = secrets.token_hex(16)
        async with self._database.begin() as connection:
            period = _period(await store.periods(connection, unit.id), code)
            await store.add(connection, id, unit.id, unit.name, title.strip(), period, self.today, by.name)
        return id

    async def late(self, case: Case) -> tuple[Item, ...]:
        """What came after a case file was closed to prove what was done of its tasks, and lies in no other one."""
        async with self._database.read() as connection:
            return tuple(one for _, found in await self._late(connection, case) for one in found)

    async def supplement(self, unit: Unit, case_id: str, *, by: Official) -> str:
        """Open a case file that supplements a closed one of the unit, kept as long and opened by the same people; the
        documents of what has come late are put into it. Returns its id. Raises NotFound, Refused("case_open")."""
        id = secrets.token_hex(16)
        async with self._database.begin() as connection:
            case, now = await _own(connection, unit.id, case_id), self._now()
            if case.state is not CaseState.CLOSED:
                raise Refused("case_open", Reason(N_("Chỉ hồ sơ đã kết thúc mới có hồ sơ bổ sung.")))
            title = f"Bổ sung hồ sơ {case.code}: {case.title}"[:500]
            await store.add(connection, id, unit.id, unit.name, title, case.period, self.today, by.name)
            made = await store.get(connection, id)
            await store.move(connection, made, case.group, actor_of(by), now)
            for (kind, ref), _ in await self._late(connection, case):
                await store.put_in(connection, made, kind, ref, actor_of(by), now)
        return id

    async def get(self, unit_id: str, case_id: str) -> Case:
        """A case file of the unit, with what lies in it now. Raises NotFound."""
        async with self._database.read() as connection:
            return await self._whole(connection, unit_id, case_id)

    async def keep_for(self, unit_id: str, case_id: str, code: str) -> None:
        """Choose another retention period. Raises NotFound, Refused."""
        async with self._database.begin() as connection:
            case = await _own(connection, unit_id, case_id)
            await store.set_retention(connection, case, _period(await store.periods(connection, unit_id), code))

    async def put_in(self, unit_id: str, case_id: str, what: str, *, by: Official, issuer: str = "") -> None:
        """Add a document by its number and symbol ("07/TB-UBND", of this case file's year), or one that came by "đến"
        and its number. `issuer`: the unit that has issued it, where that is another which goes on with the case.
        Raises NotFound, Refused."""
        async with self._database.begin() as connection:
            case = await self._whole(connection, unit_id, case_id)
            kind, ref = await contents.named(connection, case, what.strip(), issuer or unit_id)
            if case.state is not CaseState.OPEN or all((one.kind, one.ref) != (kind, ref) for one in case.items):
                await store.put_in(connection, case, kind, ref, actor_of(by), self._now())

    async def take_out(self, unit_id: str, case_id: str, item: str, reason: str, *, by: Official) -> None:
        """Take out what was put in by hand; `item` is its kind and its id, as in "document/0123". Raises NotFound,
        Refused."""
        kind, _, ref = item.partition("/")
        if kind not in set(ItemKind):
            raise NotFound(Reason(N_("Không có tài liệu này.")))
        async with self._database.begin() as connection:
            case = await _own(connection, unit_id, case_id)
            why = reason_of(reason)
            await store.take_out(connection, case, ItemKind(kind), ref, why, actor_of(by), self._now())

    async def by_hand(self, case: Case) -> tuple[frozenset[tuple[ItemKind, str]], tuple[tuple[Item, Removal], ...]]:
        """What was put in by hand, and what was taken out again."""
        async with self._database.read() as connection:
            removed = [
                ((await contents.added(connection, case, one.kind, one.ref))[0], one)
                for one in await store.removals(connection, case.id)
            ]
            return frozenset(await store.added(connection, case.id)), tuple(removed)

    async def close(self, unit_id: str, case_id: str, *, by: Official) -> None:
        """Deposit what lies in it and freeze the list of contents. Raises NotFound, Refused, and Damaged where a file
        is not as it was when it came."""
        case = await self.get(unit_id, case_id)
        refuse_unfinished(case, case.items)
        await self._deposit(case)
        counted = await self._counted(case)
        async with self._database.begin() as connection:
            again = await self._whole(connection, unit_id, case_id)
            if again.items != case.items:
                raise Refused("case_changed", Reason(N_("Hồ sơ vừa có thêm tài liệu. Xin xem lại mục lục.")))
            await store.close(connection, case, counted, self.today, actor_of(by), self._now())
        await self._deposit_metadata(await self.get(unit_id, case_id))

    async def hand_over(self, unit_id: str, case_id: str) -> tuple[Case, IO[bytes]]:
        """A closed case file as a bag in a ZIP, in a file without a name that stands at its end: it is gone when it is
        closed. Raises NotFound, Refused, Damaged."""
        async with self._database.read() as connection:
            case = await _own(connection, unit_id, case_id)
        if case.state is not CaseState.CLOSED:
            raise Refused("case_open", Reason(N_("Chỉ giao nộp được hồ sơ đã kết thúc.")))
        await self._deposit(case)  # one that was closed when closing did not do it
        return case, await asyncio.to_thread(self._packed, case, await self._deposit_metadata(case))

    def read(self, item: Item) -> Iterator[bytes]:
        """What lies in a closed case file, piece by piece, from the archive. Raises Damaged."""
        return self._vault.archive.pieces(item.digest or "")

    async def holding(self, unit_id: str, kind: ItemKind, ref: str) -> tuple[tuple[Case, int], ...]:
        """The case files of the unit in which something lies, with its place in each (from 1)."""
        async with self._database.read() as connection:
            found = await contents.holding(connection, unit_id, kind, ref)
            cases = [await self._whole(connection, unit_id, one) for one in found]
        places = ((case, [(one.kind, one.ref) for one in case.items]) for case in cases)
        return tuple((case, listed.index((kind, ref)) + 1) for case, listed in places if (kind, ref) in listed)

    async def printed(
        self, unit: Unit, what: str, year: int, case_id: str = "", *, opens: Callable[[Case], bool] = lambda _: True
    ) -> bytes:
        """A list as PDF: `what` is "list" or "closed" of a year, as far as who asks `opens` them, or "contents" of a
        case file. Raises NotFound."""
        if what == "contents":
            data = lists.contents([unit.name], await self.get(unit.id, case_id))
        else:
            async with self._database.read() as connection:
                said = await description.written(connection, unit.id, Subject.CASE)
                cases = tuple(filter(opens, await store.of_year(connection, unit.id, year)))
            notes = {one.ref: one.value for one in said if one.field == "Description"}
            make = lists.of_year if what == "list" else lists.closed
            data = make([unit.name], year, cases, notes)
        return await asyncio.to_thread(self._typesetter.sheets, LAYOUT, data, at=self._now())

    async def span(self, unit_id: str) -> tuple[int, int, int, int]:
        """The first and last year of a unit's case files (0, 0: it has none), how many there are, and how many things
        lie in those that are closed."""
        async with self._database.read() as connection:
            cases = await store.of_unit(connection, unit_id)
        years = [one.year for one in cases] or [0]
        return min(years), max(years), len(cases), sum(len(one.items) for one in cases)

    async def metadata(self, case: Case) -> dict[str, Any]:
        """The metadata of a case file and of what lies in it, as it is now."""
        of_items = {}
        async with self._database.read() as connection:
            fonds = await description.described(connection, case.unit_id, Subject.FONDS, case.unit_id)
            own = await description.described(connection, case.unit_id, Subject.CASE, case.id)
            for one in case.items:
                if one.kind not in _DESCRIBED:
                    continue
                said = await description.described(connection, case.unit_id, _DESCRIBED[one.kind], one.ref)
                if one.kind is ItemKind.DOCUMENT:
                    said |= await contents.told(connection, await records.get(connection, one.ref))
                of_items[one.kind, one.ref] = said
        return bag.metadata(case, bag.Said(fonds, own, of_items))

    async def _deposit_metadata(self, case: Case) -> bytes:
        made = bag.encoded(await self.metadata(case))
        label = f"{case.unit_id}/{case.code}/{bag.METADATA}"
        await self._vault.deposit(made, about=case.id, kind=Deposited.ATTACHMENT, label=label)
        return made

    async def _counted(self, case: Case) -> tuple[Item, ...]:
        """What lies in it, with the pages of our own documents counted."""
        items = []
        for one in case.items:
            if one.kind is ItemKind.DOCUMENT:
                pdf = await asyncio.to_thread(self._vault.archive.fetch, one.digest or "")
                pages = await asyncio.to_thread(contents.pages, pdf)
                items.append(replace(one, said={**one.said, "PageAmount": str(pages)}))
            else:
                items.append(one)
        return tuple(items)

    def _packed(self, case: Case, about: bytes) -> IO[bytes]:
        into = tempfile.TemporaryFile(prefix="giaoban-bag-")  # noqa: SIM115 - whoever gets it closes it
        try:
            bag.write(case, about, into, self.read, self._now())
            into.seek(0, 2)
        except BaseException:
            into.close()
            raise
        return into

    async def _deposit(self, case: Case) -> None:
        """Put into the archive what of a case file is not there. Raises Damaged."""
        for item in case.items:
            if item.kind not in _DEPOSITED:
                continue
            async with self._database.read() as connection:
                there = await deposits.entries(connection, digest=item.digest)
            if not there:
                source = await self._source(case, item)
                about, label = case.meeting_id or case.id, f"{case.unit_id}/{case.code}/{item.name}"
                known = "" if isinstance(source, bytes) else item.digest or ""
                await self._vault.deposit(source, about=about, kind=_DEPOSITED[item.kind], label=label, known=known)

    async def _source(self, case: Case, item: Item) -> bytes | Path:
        if item.kind is not ItemKind.PROCEEDINGS:
            return await asyncio.to_thread(self._sound, case, item)
        async with self._database.read() as connection:
            return await contents.exported(connection, item.ref)

    def _sound(self, case: Case, item: Item) -> Path:
        """Where a paper's or a recording's file is, if it is as it was."""
        if item.kind is ItemKind.PAPER:
            path = self._papers / (item.digest or "") / f"original.{item.name.rpartition('.')[2]}"
        else:
            path = self._recordings.folder(case.meeting_id or "") / item.ref
        running = hashlib.sha256()
        try:
            with path.open("rb") as file:
                for piece in self._vault.archive.keys.opened(item.digest or "", file):
                    running.update(piece)
        except FileNotFoundError as error:
            raise Damaged(Reason(N_("Thiếu tệp “%(name)s” của hồ sơ"), name=item.name)) from error
        if running.hexdigest() != item.digest:
            raise Damaged(Reason(N_("Tệp “%(name)s” không còn đúng như khi được ghi nhận"), name=item.name))
        return path

    async def _late(self, connection: AsyncConnection, case: Case) -> list[tuple[tuple[ItemKind, str], list[Item]]]:
        """The documents of a closed case file of which something came late, each with that."""
        found = []
        for one in case.items if case.state is CaseState.CLOSED else ():
            proved = await contents.proofs(connection, case.unit_id, one.kind, one.ref)
            others = await contents.holding(connection, case.unit_id, one.kind, one.ref) if proved else []
            cases = [await self._whole(connection, case.unit_id, id) for id in others]
            there = {(item.kind, item.ref) for each in cases for item in each.items}
            late = [item for item in proved if (item.kind, item.ref) not in there]
            if late:
                found.append(((one.kind, one.ref), late))
        return found

    async def _whole(self, connection: AsyncConnection, unit_id: str, case_id: str) -> Case:
        case = await _own(connection, unit_id, case_id)
        if case.state is not CaseState.OPEN:
            return case
        items = (
            [] if case.meeting_id is None else await contents.of_meeting(connection, self._recordings, case.meeting_id)
        )
        known = {(one.kind, one.ref) for one in items}
        for kind, ref in await store.added(connection, case.id):
            if (kind, ref) not in known:
                items += await contents.added(connection, case, kind, ref)
        return replace(case, items=tuple(items))


def _period(table: tuple[Period, ...], code: str) -> Period:
    found = next((one for one in table if one.code == code), None)
    if found is None:
        raise NotFound(Reason(N_("Xin chọn thời hạn bảo quản trong bảng.")))
    return found


async def _own(connection: AsyncConnection, unit_id: str, case_id: str) -> Case:
    case = await store.get(connection, case_id)
    if case.unit_id != unit_id:
        raise NotFound(Reason(N_("Không có hồ sơ này.")))
    return case
