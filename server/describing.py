"""Metadata of documents, case files and the fonds: what the System knows by itself, and what people add to it."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from minutes import store as records
from minutes.archive import Archive
from minutes.casefiles.case import Case, ItemKind
from minutes.described import field, store
from minutes.described.field import Subject
from minutes.described.store import Written
from minutes.document import Official
from minutes.errors import N_, NotFound, Reason
from minutes.registers import store as registers
from server import accesses
from server.accesses import Access, Thing
from server.casefiles import CaseFiles
from server.casefiles_contents import of_document, of_received, pages, told
from server.database import Database
from server.directory import Unit
from server.records_reading import actor_of

SEEN = 200
"""The last looks that are told."""
_THINGS = {Subject.DOCUMENT: Thing.DOCUMENT, Subject.CASE: Thing.CASE, Subject.RECEIVED: Thing.RECEIVED}


@dataclass(frozen=True, slots=True)
class Described:
    """A thing with its metadata. `known` by the System, `own` what people may write, `written` by whom so far; `where`
    is its own page. `cases`: the case files in which it lies, with its place in each."""

    title: str
    where: str
    known: Mapping[str, str]
    own: Mapping[str, str]
    written: tuple[Written, ...]
    cases: tuple[tuple[Case, int], ...] = ()
    seen: tuple[Access, ...] = ()
    """Who has looked at it, the last first."""


class Describing:
    """Given: the archive and the case files. Whether the asker may is decided before."""

    def __init__(
        self, database: Database, archive: Archive, cases: CaseFiles, now: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._database = database
        self._archive = archive
        self._cases = cases
        self._now = now

    async def read(self, unit: Unit, subject: Subject, ref: str) -> Described:
        """A thing of the unit; `ref` is the id of a document or case file, "year/number" of what came, the unit's id.
        Raises NotFound."""
        title, where, known, cases = await _KNOWN[subject](self, unit, ref)
        async with self._database.read() as connection:
            written = await store.written(connection, unit.id, subject, ref)
            own = await store.described(connection, unit.id, subject, ref)
            seen = await accesses.of(connection, _THINGS[subject], ref, SEEN) if subject in _THINGS else ()
        told = {name: value for name, value in known.items() if value}
        return Described(title, where, told, own, written, cases, seen)

    async def write(
        self, unit: Unit, subject: Subject, ref: str, typed: Mapping[str, object], *, by: Official
    ) -> None:  # fmt: skip
        """Fill in fields; what they were stays on record. Raises NotFound, InvalidContent."""
        values = field.read(subject, typed)
        await _KNOWN[subject](self, unit, ref)  # it is there, and of this unit
        async with self._database.begin() as connection:
            await store.write(connection, unit.id, subject, ref, values, actor_of(by), self._now())

    async def _document(self, unit: Unit, ref: str) -> "_Known":
        async with self._database.read() as connection:
            document = await records.get(connection, ref)
            if document.unit.id != unit.id:
                raise NotFound(Reason(N_("Không có văn bản này.")))
            said = await told(connection, document)
        cases = await self._cases.holding(unit.id, ItemKind.DOCUMENT, ref)
        item = of_document(document)
        if item.digest is not None:
            pdf = await asyncio.to_thread(self._archive.fetch, item.digest)
            said["PageAmount"] = str(await asyncio.to_thread(pages, pdf))
        known = {"DocCode": document.code, **_placed(cases), "Subject": document.title, **item.said, **said}
        return item.title, f"/desk/{ref}", known, cases

    async def _received(self, unit: Unit, ref: str) -> "_Known":
        if not re.fullmatch(r"\d{4}/\d{1,9}", ref):
            raise NotFound(Reason(N_("Không có văn bản đến này.")))
        year, number = map(int, ref.split("/"))
        async with self._database.read() as connection:
            one = await registers.one_incoming(connection, unit.id, year, number)
        item = of_received(one)
        cases = await self._cases.holding(unit.id, ItemKind.RECEIVED, ref)
        known = {**_placed(cases), "Subject": one.received.subject, **item.said}
        return item.title, f"/registers/in/{ref}", known, cases

    async def _case(self, unit: Unit, ref: str) -> "_Known":
        case = await self._cases.get(unit.id, ref)
        said = await self._cases.metadata(case)
        own = field.initial(Subject.CASE)
        known = {name: str(value) for name, value in said.items() if isinstance(value, str | int) and name not in own}
        return f"{case.code} {case.title}", f"/casefiles/{ref}", known, ()

    async def _fonds(self, unit: Unit, ref: str) -> "_Known":
        if ref != unit.id:
            raise NotFound(Reason(N_("Không có phông này.")))
        first, last, cases, documents = await self._cases.span(unit.id)
        known = {
            "OrganId": unit.id,
            "OrganName": unit.name,
            "ArchivesTime": f"{first} – {last}" if first else "",
            "FileTotal": str(cases),
            "DocTotal": str(documents),
        }
        return unit.name, "/casefiles", known, ()


_Known = tuple[str, str, dict[str, str], tuple[tuple[Case, int], ...]]
_KNOWN = {
    Subject.DOCUMENT: Describing._document,
    Subject.RECEIVED: Describing._received,
    Subject.CASE: Describing._case,
    Subject.FONDS: Describing._fonds,
}


def _placed(cases: tuple[tuple[Case, int], ...]) -> dict[str, str]:
    return {
        "FileCode": "; ".join(f"{case.unit_id}.{case.code}" for case, _ in cases),
        "DocOrdinal": "; ".join(str(place) for _, place in cases),
    }
