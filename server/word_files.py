"""Word files that come in: the file goes to a process of its own, behind walls where this machine has them; what it
says waits here until whoever brought it has looked at it."""

import asyncio
import contextlib
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from server import sandbox
from server.errors import Problem
from server.office_words import refuse_marked

MAX_BYTES = 10 * 2**20
TIME = 40
_READER = Path(__file__).with_name("read_docx.py")
_TEXT = 16 * 2**20
_PARTS = 300_000
"""Lists and objects in what a file says: of more, reading alone would hold up everybody for seconds."""
WAITING = 30
"""Files that wait to be looked at; of more the oldest is forgotten."""


class WordFiles:
    """One file at a time is read. What one account has brought for one document waits, but not through a restart."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}

    def wait(self, account: str, document: str, parts: dict[str, Any]) -> str:
        """Keep what a file says until it is taken or another one is brought. Returns by what it is named."""
        name = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
        self._waiting.pop((account, document), None)
        self._waiting[account, document] = (name, parts)
        while len(self._waiting) > WAITING:
            self._waiting.pop(next(iter(self._waiting)))
        return name

    def waiting(self, account: str, document: str, name: str) -> dict[str, Any]:
        """What `wait` has kept. Raises Problem("word_gone")."""
        known, parts = self._waiting.get((account, document), ("", {}))
        if not known or known != name:
            raise Problem("word_gone")
        return parts

    def drop(self, account: str, document: str) -> None:
        """It was taken, or is not wanted."""
        self._waiting.pop((account, document), None)

    async def read(self, source: IO[bytes]) -> dict[str, Any]:
        """What a file says as JSON (server/read_docx.py), unchecked but for marks of secrecy, of which none is anywhere
        in the file. Raises Problem: secret_marking, word_unreadable, word_long, word_slow, word_busy."""
        if self._turn.locked():
            raise Problem("word_busy")
        async with self._turn:
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="giaoban-word-"))
            try:
                await asyncio.to_thread(_receive, source, folder / "original.docx")
                read = await _read(folder)
                await refuse_marked(folder / "original.docx", "word_unreadable")
                return read
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
    except TimeoutError as error:
        raise Problem("word_slow") from error
    except (OSError, ValueError) as error:
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
    """What a stranger's file made of the process is not believed either: no link, no endless file, no million of
    lists."""
    if path.is_symlink() or path.stat().st_size > _TEXT:
        raise Problem("word_unreadable")
    text = path.read_text(encoding="utf-8")
    if text.count("[") + text.count("{") > _PARTS:
        raise Problem("word_long")
    return json.loads(text)


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
