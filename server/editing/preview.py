"""Pictures of a draft's pages as they will be printed, a moment after each pause.

typst draws each page as SVG: sharp at every size, and in half the octets and time of a picture made of points
(bench/README.md). A page is named by its content, so that only those that have changed are fetched. There is one
drawing at a time for a document, and few in the whole installation; who types meanwhile makes a next one, of the newest
text.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

import structlog

from minutes import store
from minutes.content import Content, read_stored
from minutes.document import Document
from minutes.errors import InvalidContent, RecordError
from minutes.typeset import Heading, Typesetter
from server.database import Database

log = structlog.get_logger("giaoban.editing")

Json = dict[str, Any]
PAUSE = 0.08
"""Seconds without a change after which the pages are drawn."""
LONGEST = 0.6
"""Seconds after which they are drawn though somebody types on."""
DRAWN_AT_ONCE = 2
BLANK = "…"
"""What stands on the page where something must be written and is not yet."""
_MENDS = 40


class Typeset:
    """Draws pages: the fonts, and how many are drawn at once in the installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._typesetter = Typesetter()
        self._turn = asyncio.Semaphore(DRAWN_AT_ONCE)

    async def pages(self, document: Document, data: Json) -> tuple[bytes, ...]:
        """A picture of each page. Raises RecordError."""
        async with self._database.read() as connection:
            heading = Heading(await store.authority(connection, document.id), document.id, document.signers)
        async with self._turn:
            return await asyncio.to_thread(self._draw, document, data, heading)

    def _draw(self, document: Document, data: Json, heading: Heading) -> tuple[bytes, ...]:
        return self._typesetter.pictures(document.kind, legible(document, data), heading)


def legible(document: Document, data: Json) -> Content:
    """The content as far as it is written: what is blank and must not be is "…", what is no date is none. Raises
    InvalidContent for what cannot be mended so."""
    for _ in range(_MENDS):
        try:
            return read_stored(document.kind, data)
        except InvalidContent as error:
            data = _mended(data, error)
    return read_stored(document.kind, data)


def _mended(data: Json, error: InvalidContent) -> Json:
    steps: list[str | int] = []
    for part in error.field.replace("]", "").replace("[", ".").split("."):
        steps.append(int(part) if part.isdigit() else part)
    made: Any = _copied(data)
    place = made
    try:
        for step in steps[:-1]:
            place = place[step]
        old = place[steps[-1]]
        if steps[-1] == "deadline":
            place["deadline"] = None
        elif isinstance(old, str) and not old.strip():
            place[steps[-1]] = BLANK
        else:
            raise error
    except (LookupError, TypeError):
        raise error from None
    result: Json = made
    return result


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Drawn:
    """The newest pictures: names (digests) of the pages in order, or why there are none."""

    pages: tuple[str, ...] = ()
    error: RecordError | None = None


class Preview:
    """The pages of one draft. Given: how to draw what it says now, and whom to tell. Owned: the task that draws."""

    def __init__(
        self, draw: Callable[[], Awaitable[tuple[bytes, ...]]], tell: Callable[[Hashable, Drawn], None]
    ) -> None:
        self._draw = draw
        self._tell = tell
        self._watching: set[Hashable] = set()
        self._pictures: dict[str, bytes] = {}
        self._before: dict[str, bytes] = {}
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.drawn = Drawn()

    def watch(self, who: Hashable, *, wanted: bool) -> None:
        """`who` looks at the pages, or no longer does: nothing is drawn for nobody."""
        if not wanted:
            self._watching.discard(who)
            return
        self._watching.add(who)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        self._poked.set()

    def poke(self) -> None:
        """The text is another one."""
        if self._watching:
            self._poked.set()

    def picture(self, name: str) -> bytes | None:
        """A page of the newest pictures or of those before."""
        return self._pictures.get(name) or self._before.get(name)

    async def close(self) -> None:
        """Draw no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            await self._poked.wait()
            await self._pause()
            try:
                pages = await self._draw()
            except RecordError as error:
                self.drawn = Drawn(self.drawn.pages, error)
            except Exception:
                log.exception("pages not drawn")
                continue
            else:
                named = {hashlib.sha256(page).hexdigest()[:32]: page for page in pages}
                self._before, self._pictures = self._pictures, named
                self.drawn = Drawn(tuple(hashlib.sha256(page).hexdigest()[:32] for page in pages))
            for who in list(self._watching):
                self._tell(who, self.drawn)

    async def _pause(self) -> None:
        """Until nothing was poked for a moment."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + LONGEST
        while self._poked.is_set() and loop.time() < latest:
            self._poked.clear()
            await asyncio.sleep(PAUSE)
        self._poked.clear()
