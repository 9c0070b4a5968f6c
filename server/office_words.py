"""Files that come in: whatever stands in them, shown on a page or not, is searched for marks of secrecy before anything
else is made of them. Of a PDF the text of its pages is searched by who shows them."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from minutes.secrecy import secrecy_mark
from server import sandbox
from server.errors import Problem

TIME = 90
_READER, _BESIDE = (Path(__file__).with_name(name) for name in ("read_words.py", "read_beside.py"))
_WITHIN = "within-*"
_TEXT, _LINES = 17 << 20, 500
_LINE, _PIECE = 50_000, 100_000
"""Characters of a line, and of what is searched at once: while it is, nobody else gets on."""


async def refuse_marked(file: Path, unreadable: str) -> None:
    """Search an office file. Raises Problem("secret_marking"), or Problem(`unreadable`) where not all of it can be
    read."""
    await _refuse_marked(_READER, file, unreadable)


async def refuse_marked_beside(file: Path, unreadable: str) -> None:
    """Search a PDF, but for its pages: annotations, form fields, bookmarks, properties, and the files in it. Raises as
    refuse_marked."""
    try:
        await _refuse_marked(_BESIDE, file, unreadable)
        for within in await asyncio.to_thread(_within, file.parent):
            await refuse_marked(within, unreadable)
    finally:
        await asyncio.to_thread(_clear, file.parent)


async def texts(file: Path, unreadable: str) -> list[str]:
    """What an office file says, in pieces of some hundred lines. Raises Problem(`unreadable`)."""
    async with sandbox.turn():
        return await _read(_READER, file, unreadable, "texts")


async def texts_beside(file: Path, unreadable: str) -> list[str]:
    """The same of a PDF, but for its pages, as refuse_marked_beside."""
    try:
        async with sandbox.turn():
            found = await _read(_BESIDE, file, unreadable)
        for within in await asyncio.to_thread(_within, file.parent):
            found += await texts(within, unreadable)
        return found
    finally:
        await asyncio.to_thread(_clear, file.parent)


def _within(folder: Path) -> list[Path]:
    return sorted(folder.glob(_WITHIN))


def _clear(folder: Path) -> None:
    for one in folder.glob(_WITHIN):
        one.unlink()


async def _refuse_marked(reader: Path, file: Path, unreadable: str) -> None:
    async with sandbox.turn():
        pieces = await _read(reader, file, unreadable)
        # Piece by piece, for a search of all at once would hold up everybody.
        if await asyncio.to_thread(lambda: any(map(secrecy_mark, pieces))):
            raise Problem("secret_marking")


async def _read(reader: Path, file: Path, unreadable: str, *asked: str) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *await asyncio.to_thread(_command, reader, file, *asked),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME):
            ended = await process.wait()
        if ended != 0:
            raise Problem(unreadable)
        return await asyncio.to_thread(_said, file.with_name("words.txt"))
    except (TimeoutError, OSError, ValueError) as error:
        raise Problem(unreadable) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        file.with_name("words.txt").unlink(missing_ok=True)


def _said(path: Path) -> list[str]:
    """In pieces. What a stranger's file made of the process is not believed: no link, no endless file."""
    if path.is_symlink() or path.stat().st_size > _TEXT:
        raise ValueError("no text of ours")
    return list(_pieces(path.read_text(encoding="utf-8").split("\n")))


def _pieces(lines: Sequence[str]) -> Iterator[str]:
    """Each begins with the last two lines of the one before. Raises ValueError for a line that is none."""
    if max(map(len, lines)) > _LINE:
        raise ValueError("no line that anybody wrote")
    begin, size = 0, 0
    for at, line in enumerate(lines, 1):
        size += len(line)
        if at - begin >= _LINES or size >= _PIECE or at == len(lines):
            yield "\n".join(lines[max(begin - 2, 0) : at])
            begin, size = at, 0


def _command(reader: Path, file: Path, *asked: str) -> list[str]:
    file = file.resolve()
    command = [str(Path(sys.prefix).resolve() / "bin" / "python"), "-I", str(reader), str(file), *asked]
    if not sandbox.walls():
        return command
    seen = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), reader}
    return sandbox.confined(command, writable=file.parent, readable=sorted(seen))
