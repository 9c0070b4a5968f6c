"""A file that came with a document: its text is searched for marks of secrecy and its signatures are judged.

What strangers wrote is opened by processes of their own, behind walls where this machine has them. Nothing is kept of a
file that is refused.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from minutes.report import Report
from minutes.secrecy import refuse_secrets
from minutes.trust import Trust
from server import office_words, sandbox
from server.errors import Problem
from server.judging import judge
from server.page_reader import WORDLESS, PageReader, Unread, wordless

log = structlog.get_logger("giaoban.received")

MAX_BYTES = 50 * 2**20
TIME = 120
_READER = Path(__file__).with_name("read_pdf.py")
_TEXT = 41 << 20


@dataclass(frozen=True, slots=True)
class Looked:
    """What is in a received file: the text of each page, and the judgement of its signatures."""

    texts: tuple[str, ...]
    report: Report


async def looked_at(data: bytes, trust: Trust, reader: PageReader) -> Looked:
    """Look into a received PDF; pages without words of their own are read by `reader`, where there is a program for it.
    Raises Problem("received_unreadable", "too_large", "unseen_pages", "secret_marking", "files_waiting"),
    SecretContent."""
    if len(data) > MAX_BYTES:
        raise Problem("too_large")
    if not data.startswith(b"%PDF-"):
        raise Problem("received_unreadable")
    async with sandbox.place():
        texts = tuple(await _texts(data, reader, search=True))
        await asyncio.to_thread(_refuse_secrets, texts)
        async with sandbox.turn():
            return Looked(texts, await judge(data, trust))


async def texts_of(data: bytes, reader: PageReader) -> tuple[str, ...]:
    """The text of each page of a file that was looked at when it came; none where it cannot be read now. Raises
    Problem("files_waiting")."""
    async with sandbox.place():
        try:
            return tuple(await _texts(data, reader))
        except Problem:
            return ()


async def searched(name: str, data: bytes, reader: PageReader) -> None:
    """Search a file that goes with a document for marks of secrecy: a PDF, or a file of an office program as zipped
    XML. Raises Problem("attachment_kind", "secret_marking", "too_large", "received_unreadable", "unseen_pages",
    "files_waiting"), SecretContent."""
    if len(data) > MAX_BYTES:
        raise Problem("too_large")
    async with sandbox.place():
        if data.startswith(b"%PDF-"):
            texts = await _texts(data, reader, search=True)
        else:
            texts = []
            await _search_office(data)
        await asyncio.to_thread(_refuse_secrets, (name, *texts))


async def words_in(data: bytes, reader: PageReader) -> list[str]:
    """What a file that goes with a document says, in pieces: of a PDF its pages, and what no page says. Raises Problem
    as `searched`."""
    async with sandbox.place(), _folder() as folder:
        if not data.startswith(b"%PDF-"):
            await asyncio.to_thread((folder / "original").write_bytes, data)
            return await office_words.texts(folder / "original", "attachment_kind")
        await asyncio.to_thread((folder / "original.pdf").write_bytes, data)
        return [
            *await _pages(folder, reader),
            *await office_words.texts_beside(folder / "original.pdf", "received_unreadable"),
        ]


def _refuse_secrets(texts: Iterable[str]) -> None:
    for text in texts:
        refuse_secrets("file", text)


@contextlib.asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="giaoban-received-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _search_office(data: bytes) -> None:
    async with _folder() as folder:
        await asyncio.to_thread((folder / "original").write_bytes, data)
        await office_words.refuse_marked(folder / "original", "attachment_kind")


async def _texts(data: bytes, reader: PageReader, *, search: bool = False) -> list[str]:
    """`search`: what no page says is searched, too."""
    async with _folder() as folder:
        await asyncio.to_thread((folder / "original.pdf").write_bytes, data)
        if search:
            await office_words.refuse_marked_beside(folder / "original.pdf", "received_unreadable")
        return await _pages(folder, reader)


async def _pages(folder: Path, reader: PageReader) -> list[str]:
    texts = await _read(folder, pictures=bool(reader.command))
    return [
        f"{text}\n{await _seen(folder, number, reader)}".strip() if wordless(text) else text
        for number, text in enumerate(texts)
    ]


async def _seen(folder: Path, number: int, reader: PageReader) -> str:
    """The words in the picture of a page."""
    if not reader.command:
        return ""
    try:
        return await reader.words(folder / f"{number:03d}.png")
    except Unread as error:
        log.error("a page of a received file cannot be read", reason=str(error))
        raise Problem("unseen_pages") from error


async def _read(folder: Path, *, pictures: bool) -> list[str]:
    async with sandbox.turn():
        return await _said(folder, pictures=pictures)


async def _said(folder: Path, *, pictures: bool) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *await asyncio.to_thread(_command, folder, *((str(WORDLESS),) if pictures else ())),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME):
            ended = await process.wait()
        found = await asyncio.to_thread(_result, folder / "text.json") if ended == 0 else None
    except (TimeoutError, OSError, ValueError) as error:
        raise Problem("received_unreadable") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not isinstance(found, list):
        raise Problem("received_unreadable")
    return [str(one) for one in found]


def _result(path: Path) -> object:
    """What a stranger's file made of the process is not believed either: no link, no endless file."""
    if path.is_symlink() or path.stat().st_size > _TEXT:
        raise Problem("received_unreadable")
    return json.loads(path.read_text(encoding="utf-8"))


def _command(folder: Path, *asked: str) -> list[str]:
    command = [str(Path(sys.prefix).resolve() / "bin" / "python"), "-I", str(_READER), str(folder), *asked]
    if not sandbox.walls():
        return command
    seen = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), _READER}
    return sandbox.confined(command, writable=folder, readable=sorted(seen))
