"""A text that several hands write at once, as its one writer in the middle keeps it: changes come against the text that
their page last heard of, and are carried past what others have changed since (rooms.delta)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rooms import delta
from rooms.delta import Delta
from rooms.errors import Refused

KEPT = 300  # changes that later ones may still be told against
SOURCES = 20  # pages of one person whose last change is known


@dataclass(frozen=True, slots=True)
class Change:
    """`source` (a page) and `number` name it: told twice, it is made once."""

    delta: Delta
    by: str
    source: str
    number: int

    def to_json(self) -> dict[str, Any]:
        return {"delta": list(self.delta), "by": self.by, "source": self.source, "number": self.number}


@dataclass(frozen=True, slots=True)
class Pad:
    """`revision`: how many changes there were; `changes` are the last of them. `written`: source -> the number of its
    last change (of the latest SOURCES of each person), by which a page that lost its line knows what arrived; `pages`:
    source -> whose it is. `authors`: who has written in it, in order."""

    text: str = ""
    revision: int = 0
    changes: tuple[Change, ...] = ()
    written: Mapping[str, int] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    authors: tuple[str, ...] = ()

    def since(self, revision: int) -> tuple[Change, ...]:
        """Raises Refused if that is longer ago than what is kept."""
        behind = self.revision - revision
        if not 0 <= behind <= len(self.changes):
            raise Refused("behind")
        return self.changes[len(self.changes) - behind :]

    def merged(self, change: Change, revision: int, limit: int) -> Pad | None:
        """The pad after a change of the text as it was at `revision`; None if it was made before. Raises Refused:
        behind, not_allowed, or limit_reached where more than `limit` characters would stand."""
        if self.pages.get(change.source, change.by) != change.by:
            raise Refused("not_allowed", "another's page: its own changes would be taken for told already")
        if self.written.get(change.source, -1) >= change.number:
            return None
        moved = change.delta
        try:
            for earlier in self.since(revision):
                # Not by arrival: who types on at one place must not have the other between two of his words.
                moved = delta.transform(moved, earlier.delta, first=change.source < earlier.source)
            text = delta.apply(self.text, moved)
        except ValueError as error:
            raise Refused("behind", str(error)) from error
        if len(text) > limit:
            raise Refused("limit_reached", f"a text has at most {limit} characters")
        made = replace(change, delta=moved)
        return replace(
            self,
            text=text,
            revision=self.revision + 1,
            changes=(*self.changes, made)[-KEPT:],
            **self._written(made),
            authors=self.authors if made.by in self.authors else (*self.authors, made.by),
        )

    def _written(self, change: Change) -> dict[str, Any]:
        own = [one for one, by in self.pages.items() if by == change.by and one != change.source]
        gone = {change.source, *own[: max(0, len(own) + 1 - SOURCES)]}
        written = {one: number for one, number in self.written.items() if one not in gone}
        pages = {one: by for one, by in self.pages.items() if one not in gone}
        return {
            "written": {**written, change.source: change.number},
            "pages": {**pages, change.source: change.by},
        }

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "revision": self.revision, "written": dict(self.written)}

    def memory(self) -> dict[str, Any]:
        """As to_json, whose the pages are, and who has written: `recalled` gives the pad back, without its changes."""
        return self.to_json() | {"pages": dict(self.pages), "authors": list(self.authors)}


def recalled(value: Mapping[str, Any]) -> Pad:
    """What `memory` gave."""
    pages = value.get("pages", {})
    return Pad(value["text"], value["revision"], (), value["written"], pages, tuple(value["authors"]))
