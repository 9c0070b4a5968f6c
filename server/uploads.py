"""Forms that bring a file, read part by part: bounded in size, in time, and in how many are read at once.

What a form's fields say is in memory, the file in a temporary file that has no name. Whoever sends too slowly is cut
off, and where all places are taken the slowest of those who have had their time gives way.
"""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from aiohttp import BodyPartReader, web

from server.errors import Problem
from server.written import as_seen

MOST = 50 * 2**20
"""Octets of a file."""
FIELDS, FIELD_OCTETS = 1000, 2 << 20
"""How many fields stand beside a file, and octets of all of them: a letter of Vietnamese takes up to three."""
NAME = 255
"""Letters of a file's name, as file systems have it."""
PATIENCE, PACE = 30.0, 4096
"""Seconds before anybody is hurried, and octets a second from then on: a line of 32 kbit/s gets through."""
_CHUNK = 1 << 16
_IN_MEMORY = 1 << 18

UNREAD = (ValueError, LookupError, TypeError, AssertionError, RuntimeError, zlib.error, web.RequestPayloadError)
"""What aiohttp's readers of hostile multipart, charsets and encodings leak."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came: its name as the sender gives it, and what is in it."""

    filename: str
    file: IO[bytes]

    async def octets(self, most: int = MOST) -> bytes:
        """What is in it, but no more than one octet over `most`."""
        self.file.seek(0)
        return await asyncio.to_thread(self.file.read, most + 1)


class Reading:
    """One form that is being read."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._got = 0
        self.scope = asyncio.timeout_at(began + PATIENCE)

    def got(self, octets: int) -> None:
        """So much more has come: there is time for the next."""
        self._got += octets
        self.scope.reschedule(self._began + PATIENCE + self._got / PACE)

    def pace(self, now: float) -> float:
        """Octets a second, endless while nobody is hurried."""
        lasted = now - self._began
        return self._got / lasted if lasted > PATIENCE else float("inf")


class Uploads:
    """Places for those whose forms are being read: some for people who have signed in, others for strangers."""

    def __init__(self, known: int, strangers: int) -> None:
        self._places: dict[bool, int] = {True: known, False: strangers}
        self._reading: dict[bool, set[Reading]] = {True: set(), False: set()}

    @contextlib.asynccontextmanager
    async def place(self, *, known: bool) -> AsyncIterator[Reading]:
        """A place, before anything is read. Raises Problem("too_many", "too_slow")."""
        others, now = self._reading[known], asyncio.get_running_loop().time()
        if len(others) >= self._places[known]:
            slowest = min(others, key=lambda one: one.pace(now))
            if slowest.pace(now) == float("inf"):
                raise Problem("too_many")
            others.discard(slowest)
            slowest.scope.reschedule(now)
        reading = Reading(now)
        others.add(reading)
        try:
            async with reading.scope:
                yield reading
        except TimeoutError as error:
            raise Problem("too_slow") from error
        finally:
            others.discard(reading)

    async def read(self, request: web.Request, *, known: bool) -> tuple[dict[str, str], Upload | None]:
        """The fields of a form and its file; None where none was chosen. Raises Problem."""
        async with self.place(known=known) as reading:
            try:
                return await _parts(request, reading)
            except UNREAD as error:
                raise Problem("bad_form") from error


UPLOADS = web.AppKey("uploads", Uploads)


async def _parts(request: web.Request, reading: Reading) -> tuple[dict[str, str], Upload | None]:
    fields: dict[str, str] = {}
    upload, parts, typed = None, 0, 0
    async for part in await request.multipart():
        parts += 1
        if not isinstance(part, BodyPartReader) or part.name is None or parts > FIELDS:
            raise Problem("bad_form")
        if part.filename:
            if upload is not None:
                raise Problem("bad_form")
            upload = Upload(as_seen(part.filename)[:NAME], await _file(part, reading))
            continue
        data = bytearray()
        while chunk := await part.read_chunk(_CHUNK):
            reading.got(len(chunk))
            typed += len(chunk)
            if typed > FIELD_OCTETS:
                raise Problem("too_long")
            data += chunk
        if part.filename is None:  # an empty name is that of no file
            fields[part.name] = data.decode()
    return fields, upload


async def _file(part: BodyPartReader, reading: Reading) -> IO[bytes]:
    kept: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - gone with the request
    size = 0
    while chunk := await part.read_chunk(_CHUNK):
        reading.got(len(chunk))
        size += len(chunk)
        if size > MOST:
            raise Problem("too_large")
        await asyncio.to_thread(kept.write, chunk)
    return kept
