"""Forms that bring a file, read part by part: bounded in size, in time, and in how many are read at once.

What a form's fields say is in memory, the file in a temporary file that has no name. Whoever sends too slowly is cut
off, and where all places are taken the slowest of those who have had their time gives way.
"""

import asyncio
import contextlib
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

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

UNREAD = (
    ValueError, LookupError, TypeError, AssertionError, RuntimeError, zlib.error, HttpProcessingError,
    web.RequestPayloadError,
)  # fmt: skip
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

    def __init__(self, began: float, who: str) -> None:
        self.who = who
        self.outdone = False
        """Its place went to somebody who had none."""
        self._began = began
        self._got = 0
        self.scope = asyncio.timeout_at(began + PATIENCE)

    def got(self, octets: int) -> None:
        """So much more has come: there is time for the next."""
        self._got += octets
        self.scope.reschedule(self._began + PATIENCE + self._got / PACE)

    @property
    def octets(self) -> int:
        """How much has come."""
        return self._got

    def pace(self, now: float) -> float:
        """Octets a second, endless while nobody is hurried."""
        lasted = now - self._began
        return self._got / lasted if lasted > PATIENCE else float("inf")


class Uploads:
    """Places for those whose forms are being read: some for people who have signed in, others for strangers.

    Nobody has a share of their own: one office behind one address may have all places. But where all are taken,
    whoever has most of them gives one up to who has two less, so that lines left open by one shut nobody else out.
    """

    def __init__(self, known: int, strangers: int) -> None:
        self._places: dict[bool, int] = {True: known, False: strangers}
        self._reading: dict[bool, set[Reading]] = {True: set(), False: set()}

    @contextlib.asynccontextmanager
    async def place(self, *, known: bool, who: str = "") -> AsyncIterator[Reading]:
        """A place, before anything is read; `who`: an account, or the address of a stranger. Raises Problem("too_many",
        "too_slow")."""
        others, now = self._reading[known], asyncio.get_running_loop().time()
        if len(others) >= self._places[known]:
            leaving = _leaving(others, who, now)
            others.discard(leaving)
            leaving.scope.reschedule(now)
        reading = Reading(now, who)
        others.add(reading)
        try:
            async with reading.scope:
                yield reading
        except TimeoutError as error:
            raise Problem("too_many" if reading.outdone else "too_slow") from error
        finally:
            others.discard(reading)

    async def read(self, request: web.Request, *, known: bool, who: str) -> tuple[dict[str, str], Upload | None]:
        """The fields of a form and its file; None where none was chosen. Raises Problem."""
        async with self.place(known=known, who=who) as reading:
            try:
                return await _parts(request, reading)
            except UNREAD as error:
                raise Problem("bad_form") from error


def _leaving(others: set[Reading], who: str, now: float) -> Reading:
    """Whose place goes to `who`: the slowest of those who have had their time; else, of whoever has most places, the
    one of which the least has come. Raises Problem("too_many")."""
    slowest = min(others, key=lambda one: one.pace(now), default=None)
    if slowest is not None and slowest.pace(now) < float("inf"):
        return slowest
    held = Counter(one.who for one in others)
    most, places = max(held.items(), key=lambda one: one[1], default=("", 0))
    if places < held[who] + 2:
        raise Problem("too_many")
    found = min((one for one in others if one.who == most), key=lambda one: one.octets)
    found.outdone = True
    return found


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
