"""Everything that an authority has issued and received, as open files in a folder, so that nobody is locked in.

    FOLDER/<unit>/di/<year>/<number symbol>/   van-ban.pdf, noi-dung.json, van-ban.edxml, dac-ta.json, and where
                                               information was left out of what was published, ban-cong-khai.pdf;
                                               kem-theo/ has the files that go with it
    FOLDER/<unit>/den/<year>/<number>/         van-ban.pdf, dac-ta.json
    FOLDER/<unit>/{di,den}.csv                 one line a document (UTF-8, RFC 4180)
    FOLDER/SHA256SUMS                          of every file, as sha256sum(1) checks it

A file is written beside its name and renamed when it is whole; what is there already and whole is not written again, so
whoever was interrupted begins anew. Files come out of the archive, which hashes them on the way.
"""

import asyncio
import csv
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.archive import Archive, digest_of, digest_of_file
from minutes.content import to_json
from minutes.described import store as description
from minutes.described.field import Subject
from minutes.document import Document, State
from minutes.errors import Damaged, Erased, Reason, Withheld
from minutes.exchange import edxml
from minutes.exchange.arrival import PDF
from minutes.registers import store as registers
from minutes.registers.entry import Incoming
from server.casefiles_contents import of_document, of_received, pages, told
from server.database import Database
from server.directory import Unit
from server.exchange_package import media_of, message, safe
from server.records_attaching import files_of
from server.records_drafting import stored_content

SUMS = "SHA256SUMS"
_ALL = 2**31 - 1
_OUT = ("CodeNumber", "CodeNotation", "IssuedDate", "TypeName", "Subject", "SignerInfo", "To", "Priority", "PageAmount",
        "DocCode", "SHA256", "File")  # fmt: skip
_IN = ("ArrivalNumber", "ArrivalDate", "OrganName", "CodeNumber", "CodeNotation", "IssuedDate", "TypeName", "Subject",
       "ToPlaces", "PageAmount", "SHA256", "File")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """So many of all documents are done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What there is now. `written`: files that were not there before; `damaged`: documents whose file the archive does
    not have as it was; `left_out`: documents that nobody may read, set aside or lawfully erased, and why."""

    documents: int
    files: int
    written: int
    damaged: tuple[str, ...]
    left_out: tuple[tuple[str, Reason], ...]


class Export:
    """Given: the installation's database and archive, and the folder. One export at a time in a folder."""

    def __init__(self, database: Database, archive: Archive, folder: Path) -> None:
        self._database = database
        self._archive = archive
        self._folder = folder
        self._sums: dict[str, str] = {}
        self._written = 0

    async def run(self, units: Sequence[Unit]) -> AsyncIterator[Step | Exported]:
        """Write all of it; the last value is the result. Raises OSError."""
        todo: list[tuple[Unit, str, str, Callable[[], Awaitable[Mapping[str, str]]]]] = []
        async with self._database.read() as connection:
            for unit in units:
                for one in await _issued(connection, unit):
                    todo.append((unit, "di", one.number_symbol or one.id, partial(self._outgoing, unit, one)))
                for came in await registers.all_incoming(connection, unit.id):
                    todo.append((unit, "den", f"đến {came.number:02d}", partial(self._incoming, unit, came)))
        damaged, left_out = list[str](), list[tuple[str, Reason]]()
        lists: dict[tuple[str, str], list[Mapping[str, str]]] = {}
        for done, (unit, which, name, work) in enumerate(todo):
            yield Step(done, len(todo))
            try:
                lists.setdefault((unit.id, which), []).append(await work())
            except (Withheld, Erased) as error:
                left_out.append((f"{unit.id}: {name}", error.reason))
            except Damaged:
                damaged.append(f"{unit.id}: {name}")
        for (unit_id, which), rows in lists.items():
            await self._put(f"{unit_id}/{which}.csv", _table(_OUT if which == "di" else _IN, rows))
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
        await self._put(SUMS, sums.encode())
        yield Step(len(todo), len(todo))
        done = len(todo) - len(damaged) - len(left_out)
        yield Exported(done, len(self._sums) - 1, self._written, tuple(damaged), tuple(left_out))

    async def _outgoing(self, unit: Unit, one: Document) -> Mapping[str, str]:
        item, folder = of_document(one), f"{unit.id}/di/{one.year}/{safe(one.number_symbol or one.id)}"
        pdf = await asyncio.to_thread(self._archive.fetch, one.digest or "")
        async with self._database.read() as connection:
            text = await stored_content(connection, one)
            said = {**item.said, **await told(connection, one)}
            own = await description.described(connection, unit.id, Subject.DOCUMENT, one.id)
            history = await records.history(connection, one.id)
        said["PageAmount"] = str(await asyncio.to_thread(pages, pdf))
        row = {**said, "DocCode": one.code, "Subject": " ".join(one.title.split()), "SHA256": one.digest or "",
               "File": f"{folder}/van-ban.pdf"}  # fmt: skip
        acts = [{"at": act.at.isoformat(), "act": act.act, "by": act.by.name, "reason": act.reason} for act in history]
        await self._put(f"{folder}/van-ban.pdf", pdf)
        if one.rendition is not None:
            rendition = await asyncio.to_thread(self._archive.fetch, one.rendition)
            await self._put(f"{folder}/ban-cong-khai.pdf", rendition)
        await self._put(f"{folder}/noi-dung.json", _json(to_json(text)))
        await self._put(f"{folder}/dac-ta.json", _json({**own, **row, "History": acts}))
        files = [edxml.File(f"{safe(one.number_symbol or one.id)}.pdf", PDF, pdf)]
        for place, file in enumerate(files_of(text), 1):
            attached = await asyncio.to_thread(self._archive.fetch, file.digest)
            await self._put(f"{folder}/kem-theo/{place:02d}-{safe(file.name)}", attached)
            files.append(edxml.File(file.name, media_of(attached), attached))
        await self._put(
            f"{folder}/van-ban.edxml", edxml.dump(message(unit.id, one, said, tuple(files)), one.changed_at)
        )
        return row

    async def _incoming(self, unit: Unit, one: Incoming) -> Mapping[str, str]:
        item, folder = of_received(one), f"{unit.id}/den/{one.year}/{one.number:04d}"
        async with self._database.read() as connection:
            own = await description.described(connection, unit.id, Subject.RECEIVED, item.ref)
        file = f"{folder}/van-ban.pdf" if one.digest else ""
        row = {**item.said, "Subject": one.received.subject, "SHA256": one.digest or "", "File": file}
        if one.digest:
            await self._put(file, await asyncio.to_thread(self._archive.fetch, one.digest))
        await self._put(f"{folder}/dac-ta.json", _json({**own, **row}))
        return row

    async def _put(self, name: str, content: bytes) -> None:
        self._written += await asyncio.to_thread(_kept, self._folder / name, content)
        self._sums[name] = digest_of(content)


def _kept(path: Path, content: bytes) -> bool:
    """Make the file what it is to be and look that it is; whether it was not before."""
    wanted = digest_of(content)
    if _digest(path) == wanted:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    if _digest(path) != wanted:
        raise OSError(f"{path} was not written as it should be")
    return True


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return digest_of_file(file)
    except FileNotFoundError:
        return ""


async def _issued(connection: AsyncConnection, unit: Unit) -> list[Document]:
    found = await records.search(connection, _ALL, unit_id=unit.id, state=State.SEALED.value)
    return sorted(found, key=lambda one: (one.year or 0, one.number or 0, one.id))


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    into = io.StringIO(newline="")
    writer = csv.DictWriter(into, columns, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return b"\xef\xbb\xbf" + into.getvalue().encode()  # office programs take it for UTF-8 by this mark


def _plain(value: str) -> str:
    """As a table's program shows it: what it would take for a formula is text."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def checked(folder: Path) -> Iterator[str]:
    """The names of files that are not as SHA256SUMS says. Raises OSError."""
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if hashlib.sha256((folder / name).read_bytes() if (folder / name).is_file() else b"").hexdigest() != digest:
            yield name
