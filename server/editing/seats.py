"""An open draft: its text as it stands, who sits at it, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from minutes.document import Act, Actor, Document
from minutes.errors import RecordError
from minutes.transitions import acts_in
from server.connection import Connection, Letter
from server.editing import layout
from server.editing.preview import Drawn, Preview
from server.editing.sheet import Sheet
from server.editing.tables import Kept, Remark
from server.i18n import Reader
from server.pages import wording

Json = dict[str, Any]


@dataclass(eq=False, slots=True)
class Seat:
    """A page that has a draft open. `at`: the block that its writer is in."""

    by: Actor
    connection: Connection
    reader: Reader
    at: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An operation that was not done; `number` is the page's."""

    number: int
    code: str


@dataclass(eq=False, slots=True)
class Live:
    """One open draft. `base`: the content of `version`, for what nobody writes here. `changed`: when (monotonic)
    somebody wrote last; None where nothing waits for a version. `problem`: why none could be made of what was written
    last at `tried`."""

    document: Document
    sheet: Sheet
    version: int
    authors: tuple[Actor, ...]
    base: Json
    changed: float | None = None
    tried: float | None = None
    problem: RecordError | None = None
    used: float = 0.0
    remarks: tuple[Remark, ...] = ()
    seats: list[Seat] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    preview: Preview = field(init=False)

    def kept(self) -> Kept:
        return Kept(self.sheet, self.version, self.authors)

    def content(self, base: Json) -> Json:
        """What the sheet says, as the JSON of a content."""
        return layout.content_of(self.sheet.parts.values(), layout.standing(self.sheet), base)

    def tell(self, message: Json) -> None:
        letter = Letter(message)
        for seat in self.seats:
            seat.connection.tell(letter)

    def tell_drawn(self, who: Hashable, drawn: Drawn) -> None:
        """To one of the seats, in their language."""
        if isinstance(who, Seat):
            problem = wording.sentence(drawn.error, self.document.kind, who.reader) if drawn.error else ""
            who.connection.tell(Letter({"type": "preview", "pages": list(drawn.pages), "problem": problem}))

    def told_version(self, reader: Reader) -> Json:
        """The last version, and why none can be made of what was written since, "" where it can."""
        problem = wording.sentence(self.problem, self.document.kind, reader) if self.problem else ""
        return {"type": "version", "version": self.version, "problem": problem}

    def tell_version(self) -> None:
        for seat in self.seats:
            seat.connection.tell(Letter(self.told_version(seat.reader)))

    def told_remarks(self) -> Json:
        """All remarks, as a page is told."""
        told = [
            {
                "id": one.id,
                "block": one.block,
                "text": one.text,
                "name": one.by.name,
                "at": one.at.isoformat(timespec="seconds"),
                "settled": one.settled_by.name if one.settled_by else "",
            }
            for one in self.remarks
        ]
        return {"type": "remarks", "remarks": told}

    def tell_people(self) -> None:
        people = [{"id": seat.connection.participant, "name": seat.by.name, "at": seat.at} for seat in self.seats]
        self.tell({"type": "people", "people": people})


def writable(document: Document) -> bool:
    """Whether its text may be changed in its state."""
    return Act.EDIT in acts_in(document.state, document.workflow)
