"""Which papers there were, and which of them were shown in the meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.proceedings.attendance import Interval
from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of


@dataclass(frozen=True, slots=True)
class PaperShown:
    """One showing of a paper, by its name at the time; `sha256` (hex) is that of the file as it was brought."""

    name: str
    sha256: str
    pages: int
    by: Person
    span: Interval


@dataclass(frozen=True, slots=True)
class PaperBrought:
    """A paper that was there for everybody to read; `by` is the name of whoever brought it."""

    name: str
    sha256: str
    pages: int
    by: str


def brought_of(held: Held) -> tuple[PaperBrought, ...]:
    """The papers that were there to the end, in the order in which they came, by their last names."""
    found: dict[str, PaperBrought] = {}
    for fact in held.facts:
        if fact.kind == "paper_added":
            data = fact.data
            found[data["paper"]] = PaperBrought(data["name"], data["sha256"], int(data["pages"]), data["by"])
        elif fact.kind == "paper_removed":
            found.pop(fact.data["paper"], None)
    return tuple(found.values())


def papers_of(held: Held) -> tuple[PaperShown, ...]:
    """The showings in their order. A paper that was turned to again is there again."""
    people = people_of(held.meeting, held.facts)
    brought: dict[str, dict[str, object]] = {}
    shown: list[PaperShown] = []
    since: tuple[str, Person, datetime] | None = None
    for fact in held.facts:
        if fact.kind == "paper_added":
            brought[fact.data["paper"]] = fact.data
        elif fact.kind == "paper_shown":
            since = fact.data["paper"], people[fact.actor], fact.at
        elif fact.kind == "paper_closed" and since is not None:
            paper = brought[since[0]]
            span = since[2], fact.at
            shown.append(PaperShown(str(paper["name"]), str(paper["sha256"]), int(str(paper["pages"])), since[1], span))
            since = None
    return tuple(shown)
