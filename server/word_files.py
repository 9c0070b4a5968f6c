"""Texts out of Word files: the file goes to a process of its own, behind walls where this machine has them."""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from server import sandbox
from server.errors import Problem

MAX_BYTES = 10 * 2**20
TIME = 40
_READER = Path(__file__).with_name("read_docx.py")
_TEXT = 8 * 2**20


class WordFiles:
    """One file at a time is read."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def read(self, source: IO[bytes]) -> dict[str, Any]:
        """The parts of the text as JSON (server/read_docx.py), unchecked. Raises Problem: word_unreadable, word_long,
        too_large, too_many."""
        if self._turn.locked():
            raise Problem("too_many")
        async with self._turn:
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="giaoban-word-"))
            try:
                await asyncio.to_thread(_receive, source, folder / "original.docx")
                return await _read(folder)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _receive(source: IO[bytes], target: Path) -> None:
    source.seek(0)
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Problem("word_long")
    if not data.startswith(b"PK"):
        raise Problem("word_unreadable")
    target.write_bytes(data)


async def _read(folder: Path) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *await asyncio.to_thread(_command, folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(TIME):
            told, _ = await process.communicate()
        if process.returncode != 0:
            raise Problem(_code(told))
        text = await asyncio.to_thread(_result, folder / "text.json")
    except (TimeoutError, OSError, ValueError) as error:
        raise Problem("word_unreadable") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not isinstance(text, dict):
        raise Problem("word_unreadable")
    return text


def _result(path: Path) -> Any:
    """What a stranger's file made of the process is not believed either: no link, no endless file."""
    if path.is_symlink() or path.stat().st_size > _TEXT:
        raise Problem("word_unreadable")
    return json.loads(path.read_text(encoding="utf-8"))


def _code(told: bytes) -> str:
    try:
        code = json.loads(told)["refused"]
    except (ValueError, LookupError, TypeError):
        return "word_unreadable"
    return code if code == "word_long" else "word_unreadable"


def _command(folder: Path) -> list[str]:
    python = Path(sys.prefix).resolve() / "bin" / "python"
    command = [str(python), "-I", str(_READER), str(folder)]
    if not sandbox.walls():
        return command
    seen = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), _READER}
    return sandbox.confined(command, writable=folder, readable=sorted(seen))
