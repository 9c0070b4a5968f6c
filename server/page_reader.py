"""The words in the picture of a page, by a program that the installation names ([secrecy.ocr] command).

It runs behind walls where this machine has them (server.sandbox): it sees the folder of the picture, the system's
programs and the files that its own command line names, and has no network.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server import sandbox

SECONDS = 120
"""For one page."""
OUTPUT = 1_000_000
"""Octets of the words of one page."""


class Unread(Exception):
    """The page could not be read; the text says why, to the operator."""


WORDLESS = 20
"""Letters and digits below which a page is a picture: a number that a scanner or a stamp has added is no text."""


def wordless(text: str) -> bool:
    """Whether a page with this text of its own is to be read as a picture."""
    return sum(letter.isalnum() for letter in text) < WORDLESS


@dataclass(frozen=True, slots=True)
class PageReader:
    """Given: the command line, with "{image}" where the picture is named; an empty one reads nothing."""

    command: Sequence[str] = ()

    async def words(self, picture: Path) -> str:
        """What is written in the picture. Raises Unread where the program fails, does not end, or says too much."""
        command = await asyncio.to_thread(self._line, picture)
        async with sandbox.turn():
            return await self._read(command)

    async def _read(self, command: Sequence[str]) -> str:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Unread(f"{self.command[0]} cannot be started: {error}") from error
        try:
            return await _answer(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and what it may have left running
            # Read to its end: while output that nobody takes waits in the pipe, the process does not count as over.
            await process.communicate()

    def _line(self, picture: Path) -> list[str]:
        picture = picture.resolve()
        command = [word.replace("{image}", str(picture)) for word in self.command]
        if not sandbox.walls():
            return command
        named = [Path(word) for word in self.command if word.startswith("/")]
        own = [path for path in named if path.exists() and not path.is_relative_to("/usr")]
        return sandbox.confined(command, writable=picture.parent, readable=own)


async def _answer(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    said = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            while chunk := await process.stdout.read(65_536):
                said += chunk
                if len(said) > OUTPUT:
                    raise Unread("it writes without end")
            ended = await process.wait()
    except TimeoutError as error:
        raise Unread(f"it takes longer than {SECONDS} seconds") from error
    if ended != 0:
        raise Unread(f"it ends with code {ended}")
    return said.decode("utf-8", "replace")
