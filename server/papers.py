"""Papers of meetings: taken in, made into images of their pages once, kept by their SHA-256 under `papers/`, where
file, images and texts of a paper are encrypted with its key (`minutes.keyring`).

A paper counts once its row is in the database: then its images are whole and on disk, and no mark of secrecy was found
in its text. What was under way when the server stopped is sent again by whoever sent it.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import structlog

from minutes.errors import Damaged, Reason, Withheld
from minutes.keyring import HELD, Keyring, names
from minutes.secrecy import secrecy_mark
from minutes.zipped import crowded
from rooms import SYSTEM, BadMessage, Command, PutPaper, RemovePaper, Room, clean
from rooms import Paper as OnTable
from rooms.topics.papers import PAPERS
from server import papers_tables, sandbox
from server.auth import utcnow
from server.database import Database
from server.disks import ROOM_LEFT
from server.errors import Problem
from server.i18n import N_
from server.office_words import refuse_marked, refuse_marked_beside
from server.page_reader import PageReader, Unread, wordless
from server.papers_tables import Paper

log = structlog.get_logger("giaoban.papers")

MAX_BYTES = 50 * 2**20
UNPACKED = 500 * 2**20
"""Octets that an office file may unpack to."""
NAME = 200
WIDTHS = (720, 1600)
"""Pixels of the images: for phones and thin lines, and for halls and a closer look."""
A_MEETING, WAITING = 100, 20
"""Papers of one meeting; papers that wait for their turn, in the whole installation."""
TIME = 900
"""Seconds after which a paper is given up."""
REFUSED_SHOWN = 20
_RENDERER = Path(__file__).with_name("render_paper.py")
_LINE = 65_536
_OFFICE = {"docx": "word/", "pptx": "ppt/", "xlsx": "xl/"}
_OPEN = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}


@dataclass(frozen=True, slots=True)
class Pending:
    """A paper on its way: `done` of `of` pages (0 while that is not known), or refused with an error's code."""

    id: str
    meeting: str
    name: str
    item: str | None
    by: str
    by_name: str
    done: int = 0
    of: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came, in a folder of its own."""

    folder: Path
    kind: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A paper that was taken from its meeting, by this account."""

    meeting: str
    paper: str
    by: str


@dataclass(slots=True)
class Papers:
    """Given: the folder, the database, the keys of contents, and who reads pages without words of their own. Owned:
    the tasks that make images, one at a time.

    `news` has what the meetings in session are to hear: papers that can be shown, or belong to another item now, or
    are gone.
    """

    folder: Path
    database: Database
    keys: Keyring
    reader: PageReader = field(default_factory=PageReader)
    news: asyncio.Queue[Paper | Gone] = field(default_factory=asyncio.Queue)
    _pending: dict[str, Pending] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _shelf: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Throw away what a stop interrupted and what no meeting has any more, but what is set aside."""
        async with self.database.read() as connection:
            used = await papers_tables.files(connection)
        known = await asyncio.to_thread(names, self.keys.root)
        held = {name for name, endings in known.items() if HELD in endings}
        await asyncio.to_thread(_sweep, self.folder, used | held)
        await asyncio.to_thread(sandbox.walls)  # known from now on

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def pending(self, meeting: str) -> list[Pending]:
        """What is on its way, and what was refused not long ago, in the order in which it came."""
        return [one for one in self._pending.values() if one.meeting == meeting]

    def dismiss(self, meeting: str, pending: str) -> None:
        """Say no more of what was refused."""
        found = self._pending.get(pending)
        if found is not None and found.meeting == meeting and found.refused:
            del self._pending[pending]

    async def of_meeting(self, meeting: str) -> list[Paper]:
        """The papers of a meeting in the order in which they came."""
        async with self.database.read() as connection:
            return await papers_tables.of_meeting(connection, meeting)

    async def get(self, meeting: str, paper: str) -> Paper:
        """Raises Problem("not_found")."""
        async with self.database.read() as connection:
            found = await papers_tables.get(connection, meeting, paper)
        if found is None:
            raise Problem("not_found")
        return found

    def pieces(self, paper: Paper, file: str) -> Iterator[bytes]:
        """A file of the paper, piece by piece: NNN-WIDTH.webp, NNN.txt, original.KIND. Blocks on the disk. Raises
        Withheld, Erased, Damaged."""
        return opened(self.folder / paper.sha256, file, self.keys)

    async def read(self, paper: Paper, file: str) -> bytes:
        """The same, whole: for images and texts. Raises Withheld, Erased, Damaged."""
        return await asyncio.to_thread(lambda: b"".join(self.pieces(paper, file)))

    async def take(
        self, meeting: str, name: str, source: IO[bytes], *, item: str | None, by: str, by_name: str
    ) -> Pending:
        """Begin with a file that was sent; it shows among `pending` until it is a paper. Raises Problem."""
        pending = Pending(secrets.token_hex(8), meeting, clean_name(name), item, by, by_name)
        under_way = [one for one in self._pending.values() if not one.refused]
        if len(under_way) >= WAITING:
            raise Problem("too_many")
        here = sum(one.meeting == meeting for one in under_way)
        if here + len(await self.of_meeting(meeting)) >= A_MEETING:
            raise Problem("papers_full")
        self._pending[pending.id] = pending
        try:
            sent = await asyncio.to_thread(_receive, self.folder, pending.id, source)
        except BaseException:
            self._pending.pop(pending.id, None)
            raise
        task = asyncio.create_task(self._work(pending, sent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return pending

    async def attach(self, paper: Paper, item: str | None) -> Paper:
        """Let it belong to an agenda item, or to none."""
        async with self.database.begin() as connection:
            await papers_tables.attach(connection, paper.id, item)
        changed = replace(paper, item=item)
        self.news.put_nowait(changed)
        return changed

    async def remove(self, paper: Paper, by: str) -> None:
        """Forget a paper, the notes on it, and its files where no other meeting has them."""
        async with self._shelf:
            async with self.database.begin() as connection:
                unused = await papers_tables.remove(connection, paper)
            if unused:
                await asyncio.to_thread(shutil.rmtree, self.folder / paper.sha256, ignore_errors=True)
        self.news.put_nowait(Gone(paper.meeting, paper.id, by))

    async def _work(self, pending: Pending, sent: Sent) -> None:
        outcome: Paper | str  # the code of a refusal
        try:
            async with self._turn:
                outcome = await self._shelve(pending, sent)
        except Problem as problem:
            log.info("paper refused", meeting=pending.meeting, code=problem.code)
            outcome = problem.code
        except Exception:
            log.exception("paper failed", meeting=pending.meeting)
            outcome = "internal"
        finally:
            await asyncio.to_thread(shutil.rmtree, sent.folder, ignore_errors=True)
        # Told only now: what was refused is gone when somebody hears of it.
        if isinstance(outcome, str):
            self._refuse(pending, outcome)
        else:
            del self._pending[pending.id]
            self.news.put_nowait(outcome)

    def _refuse(self, pending: Pending, code: str) -> None:
        self._pending[pending.id] = replace(pending, refused=code)
        refused = [one.id for one in self._pending.values() if one.refused]
        for old in refused[:-REFUSED_SHOWN]:
            del self._pending[old]

    async def _shelve(self, pending: Pending, sent: Sent) -> Paper:
        """Images first, then the row. Raises Problem."""
        shelf = self.folder / sent.sha256
        try:
            await asyncio.to_thread(self.keys.refuse_return, sent.sha256)
        except Damaged as error:
            raise Problem("withheld" if isinstance(error, Withheld) else "erased_return") from error
        if not shelf.exists():
            if sent.kind != "pdf":  # what no page of it shows is kept with it
                await refuse_marked(sent.folder / f"original.{sent.kind}", "paper_unreadable")
            await self._render(pending, sent)
            await self._read(sent.folder, await asyncio.to_thread(_check, sent.folder))
            if sent.kind == "pdf":
                await refuse_marked_beside(sent.folder / "original.pdf", "paper_unreadable")
        async with self._shelf:
            if not shelf.exists():
                if not (sent.folder / "pages.json").exists():  # taken away since we looked
                    raise Problem("busy")
                await asyncio.to_thread(_publish, sent.folder, shelf, self.keys)
            pages = json.loads(await asyncio.to_thread(lambda: b"".join(opened(shelf, "pages.json", self.keys))))
            paper = Paper(
                id=pending.id, meeting=pending.meeting, sha256=sent.sha256, kind=sent.kind, name=pending.name,
                size=sent.size, pages=tuple((width, height) for width, height in pages), item=pending.item,
                added_by=pending.by, added_by_name=pending.by_name, added_at=utcnow(),
            )  # fmt: skip
            async with self.database.begin() as connection:
                await papers_tables.add(connection, paper)
        return paper

    async def _read(self, folder: Path, pictures: Iterable[int]) -> None:
        """Look for marks of secrecy in the pictures of pages that have no words of their own. Raises Problem."""
        for number in pictures if self.reader.command else ():
            try:
                words = await self.reader.words(folder / f"{number:03d}-{max(WIDTHS)}.webp")
            except Unread as error:
                log.error("a page cannot be read", reason=str(error))
                raise Problem("unseen_pages") from error
            if secrecy_mark(words):
                raise Problem("secret_marking")

    async def _render(self, pending: Pending, sent: Sent) -> None:
        command = await asyncio.to_thread(_command, sent)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=_LINE,
        )  # fmt: skip
        code = "paper_unreadable"
        try:
            async with asyncio.timeout(TIME):
                assert process.stdout is not None
                async for line in process.stdout:
                    told = json.loads(line)
                    code = str(told.get("refused", code))
                    if "done" in told:
                        self._pending[pending.id] = replace(pending, done=int(told["done"]), of=int(told["of"]))
                if await process.wait() != 0:
                    raise Problem(code)
        except (TimeoutError, ValueError, TypeError, KeyError) as error:
            raise Problem("paper_unreadable") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def said_of(news: Paper | Gone) -> tuple[str, Command]:
    """(actor, command) by which a meeting in session hears of it."""
    if isinstance(news, Gone):
        return news.by, RemovePaper(news.paper)
    table = OnTable(news.id, news.name, len(news.pages), news.sha256, news.item, news.added_by_name)
    return news.added_by, PutPaper(table)


def news_for(room: Room, papers: Iterable[Paper]) -> list[tuple[str, Command]]:
    """What brings a room that nobody was in up to the `papers` that there are now."""
    kept = list(papers)
    gone = PAPERS.of(room.state).all.keys() - {one.id for one in kept}
    return [*((SYSTEM, RemovePaper(id)) for id in sorted(gone)), *map(said_of, kept)]


def clean_name(name: str) -> str:
    """The name under which a file was sent, as the meeting shows it. Raises Problem."""
    if secrecy_mark(name):
        raise Problem("secret_marking")
    try:
        return clean(Path(name.replace("\\", "/")).name, NAME)
    except BadMessage as error:
        raise Problem(error.code) from error


def office_files() -> bool:
    """Whether this machine can show more than PDF."""
    return shutil.which("soffice") is not None and sandbox.walls()


def kind_of(source: IO[bytes]) -> str:
    """What a file is, by its content: the suffix for it. Raises Problem."""
    source.seek(0)
    if b"%PDF-" in source.read(1024):
        return "pdf"
    if crowded(source):
        raise Problem("paper_kind")
    kind = ""
    # What zipfile leaks of hostile archives: then it is none of ours.
    with contextlib.suppress(zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        kind = _packed(zipfile.ZipFile(source))
    if not kind:
        raise Problem("paper_kind")
    if not office_files():
        raise Problem("paper_office")
    return kind


def _packed(archive: zipfile.ZipFile) -> str:
    names = {one.filename: one for one in archive.infolist()}
    if sum(one.file_size for one in names.values()) > UNPACKED:
        raise Problem("too_large")
    declared = names.get("mimetype")
    if declared is not None and declared.file_size < 200:
        return _OPEN.get(archive.read(declared).strip(), "")
    if "[Content_Types].xml" not in names:
        return ""
    return next((kind for kind, part in _OFFICE.items() if any(name.startswith(part) for name in names)), "")


def _receive(folder: Path, id: str, source: IO[bytes]) -> Sent:
    kind = kind_of(source)
    place = folder / "incoming" / id
    place.mkdir(parents=True)
    try:
        if shutil.disk_usage(place).free < ROOM_LEFT:
            raise Problem("no_room")
        source.seek(0)
        digest, size = hashlib.sha256(), 0
        with (place / f"original.{kind}").open("wb") as kept:
            while chunk := source.read(2**20):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise Problem("too_large")
                digest.update(chunk)
                kept.write(chunk)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return Sent(place, kind, digest.hexdigest(), size)


def _command(sent: Sent) -> list[str]:
    """What makes the images; behind walls where this machine has them."""
    python, folder = Path(sys.prefix).resolve() / "bin" / "python", sent.folder.resolve()
    command = [str(python), "-I", str(_RENDERER), str(folder), sent.kind, *map(str, WIDTHS)]
    if not sandbox.walls():
        return command
    seen = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), _RENDERER}
    return sandbox.confined(command, writable=folder, readable=sorted(seen))


def _check(folder: Path) -> list[int]:
    """What became of a stranger's file is not believed either: no links, no folders, no mark of secrecy. The pages
    that have no words of their own. Raises Problem."""
    pictures = []
    for path in _children(folder):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
    pages = json.loads((folder / "pages.json").read_text())
    for number, (width, height) in enumerate(pages, 1):
        if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
            raise Problem("paper_unreadable")
        words = (folder / f"{number:03d}.txt").read_text(encoding="utf-8")
        if secrecy_mark(words):
            raise Problem("secret_marking")
        if wordless(words):
            pictures.append(number)
    return pictures


def opened(shelf: Path, file: str, keys: Keyring) -> Iterator[bytes]:
    """A file on the shelf of a paper, piece by piece. Raises Withheld, Erased, Damaged."""
    keys.refuse(shelf.name)
    try:
        with (shelf / file).open("rb") as kept:
            yield from keys.opened(shelf.name, kept)
    except FileNotFoundError as error:
        raise Damaged(Reason(N_("Thiếu tệp lưu trữ %(digest)s"), digest=shelf.name)) from error


def _publish(folder: Path, shelf: Path, keys: Keyring) -> None:
    """Everything that is to stay is encrypted and on disk before the folder has its name."""
    for path in _children(folder):
        with path.open("rb") as plain, path.with_name("sealed").open("wb") as sealed:
            for piece in keys.sealed(shelf.name, (plain.read(),)):
                sealed.write(piece)
        path.with_name("sealed").replace(path)
        _sync(path)
    _sync(folder)
    folder.rename(shelf)
    _sync(shelf.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, used: Iterable[str]) -> None:
    keep = set(used)
    for path in _children(folder):
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)


def _children(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
