"""The way to the exchange axis and back: a folder that the axis' client picks messages up from, or one HTTP address.

Where it is says the configuration alone; nothing that comes in names an address. A message is taken off the axis only
after it was put on record here, so it may come twice and never gets lost.
"""

import asyncio
import os
import re
import stat
from collections.abc import Collection, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout

from minutes.exchange.element import LIMIT
from minutes.keyring import flush
from server.config import ExchangeConfig
from server.errors import SetupError

TIMEOUT = ClientTimeout(total=120, connect=10)
MOST = 500
"""Messages that are taken at one look."""
_ANSWER = 2**20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}")
ENDINGS = (".edxml", ".xml")


class LineDown(Exception):
    """The axis cannot be reached, or does not do as it should: in a few words, without secrets."""


class Line(Protocol):
    """What brings messages to the axis and fetches those that came. Any trouble is LineDown."""

    async def send(self, name: str, data: bytes) -> None:
        """Hand a message over; it is safe there when this returns. The same name again is the same message."""

    async def waiting(self, held: Collection[str] = ()) -> Sequence[str]:
        """Names of messages that came, the first first, at most MOST; what is `held` stands after all others, in the
        order of `held`."""

    async def fetch(self, name: str) -> bytes:
        """One of them; what is longer than a message can be is cut off after that."""

    async def taken(self, name: str) -> None:
        """It is on record here: the axis need not keep it."""

    async def put_aside(self, name: str) -> None:
        """It is nothing that could be put on record: somebody has to look at it."""


class FolderLine:
    """`folder`/outbox has what is to go, `folder`/inbox what came, its `refused` what was none. Files that are being
    written have another ending."""

    def __init__(self, folder: Path) -> None:
        self._out = folder / "outbox"
        self._in = folder / "inbox"

    async def send(self, name: str, data: bytes) -> None:
        """See Line."""
        await asyncio.to_thread(self._put, name, data)

    async def waiting(self, held: Collection[str] = ()) -> Sequence[str]:
        """See Line."""
        return _first(sorted(await asyncio.to_thread(self._names)), held)

    async def fetch(self, name: str) -> bytes:
        """See Line."""
        return await asyncio.to_thread(self._read, name)

    async def taken(self, name: str) -> None:
        """See Line."""
        await asyncio.to_thread(self._remove, name)

    async def put_aside(self, name: str) -> None:
        """See Line."""
        await asyncio.to_thread(self._move, name)

    def _put(self, name: str, data: bytes) -> None:
        part = self._out / f"{name}.part"
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._out / f"{name}.edxml")
            flush(self._out)
        except OSError as error:
            raise LineDown(f"outbox: {error.strerror}") from error

    def _names(self) -> list[str]:
        try:
            self._in.mkdir(parents=True, exist_ok=True)
            found = [one.name for one in self._in.iterdir() if _NAME.fullmatch(one.name) and one.suffix in ENDINGS]
        except OSError as error:
            raise LineDown(f"inbox: {error.strerror}") from error
        return found

    def _read(self, name: str) -> bytes:
        """No link is followed, and nothing but a file is read: whatever else is there is no message."""
        path = self._in / name
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return b""
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                return file.read(LIMIT + 1)
        except OSError as error:
            raise LineDown(f"inbox: {error.strerror}") from error

    def _remove(self, name: str) -> None:
        try:
            (self._in / name).unlink(missing_ok=True)
        except OSError as error:
            raise LineDown(f"inbox: {error.strerror}") from error

    def _move(self, name: str) -> None:
        """What was refused under the same name before stays: the second is called `name.2`, and so on."""
        aside = self._in / "refused"
        try:
            aside.mkdir(exist_ok=True)
            taken = {one.name for one in aside.iterdir()}
            names = chain([name], (f"{name}.{number}" for number in count(2)))
            (self._in / name).rename(aside / next(one for one in names if one not in taken))
        except OSError as error:
            raise LineDown(f"inbox: {error.strerror}") from error


class HttpLine:
    """POST {url}/outbox/{name}, GET {url}/inbox (names, one a line), GET and DELETE {url}/inbox/{name}, POST
    {url}/inbox/{name}/refused; who asks shows a bearer token. No redirect is followed. docs/exchange.md has it for
    whoever writes the other end."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def send(self, name: str, data: bytes) -> None:
        """See Line."""
        await self._ask("POST", f"outbox/{name}", data)

    async def waiting(self, held: Collection[str] = ()) -> Sequence[str]:
        """See Line."""
        said = await self._ask("GET", "inbox", limit=_ANSWER)
        names = said.decode("ascii", errors="replace").split("\n")
        return _first([one for one in names if _NAME.fullmatch(one)], held)

    async def fetch(self, name: str) -> bytes:
        """See Line."""
        return await self._ask("GET", f"inbox/{name}", limit=LIMIT + 1)

    async def taken(self, name: str) -> None:
        """See Line."""
        await self._ask("DELETE", f"inbox/{name}")

    async def put_aside(self, name: str) -> None:
        """See Line."""
        await self._ask("POST", f"inbox/{name}/refused", b"")

    async def _ask(self, method: str, path: str, data: bytes | None = None, limit: int = _ANSWER) -> bytes:
        headers = self._headers | ({"Content-Type": "application/xml"} if data is not None else {})
        address = f"{self._url}/{quote(path)}"
        try:
            async with (
                ClientSession(timeout=TIMEOUT, trust_env=False) as session,
                session.request(method, address, data=data, headers=headers, allow_redirects=False) as response,
            ):
                if response.status not in (200, 201, 202, 204):
                    raise LineDown(f"{method}: {response.status}")
                answer = bytearray()
                while len(answer) < limit and (piece := await response.content.read(limit - len(answer))):
                    answer += piece
                return bytes(answer)
        except (ClientError, OSError, ValueError) as error:
            raise LineDown(f"{method}: {type(error).__name__}") from error


def _first(names: Sequence[str], held: Collection[str]) -> list[str]:
    place = {name: number for number, name in enumerate(held)}
    return sorted(dict.fromkeys(names), key=lambda name: place.get(name, -1))[:MOST]


def line_of(config: ExchangeConfig, token_file: Path) -> Line | None:
    """What the configuration names; None: this installation exchanges nothing. Raises SetupError."""
    if config.folder is not None:
        return FolderLine(config.folder)
    if not config.url:
        return None
    try:
        token = token_file.read_text(encoding="ascii").strip() if token_file.exists() else ""
    except (OSError, ValueError) as error:
        raise SetupError(f"The token of the exchange axis in {token_file} cannot be read.") from error
    return HttpLine(config.url, token)
