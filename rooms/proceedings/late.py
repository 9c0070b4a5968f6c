"""What came late: said, or voted, after the time, in the window that the chair had opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of


@dataclass(frozen=True, slots=True)
class LateStatement:
    """`item` is the title of the agenda item that it is about, None if of none."""

    person: Person
    text: str
    item: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LateVote:
    """A ballot that is not counted; `vote` is the id, `at` when it was last changed."""

    vote: str
    person: Person
    choice: str
    at: datetime


def statements_of(held: Held) -> tuple[LateStatement, ...]:
    """In the order in which they came."""
    people = people_of(held.meeting, held.facts)
    titles = {item.id: item.title for item in held.meeting.agenda}
    found = []
    for fact in held.facts:
        if fact.kind in ("agenda_added", "agenda_edited"):
            titles[fact.data["item"]["id"]] = fact.data["item"]["title"]
        elif fact.kind == "late_statement":
            data = fact.data
            item = titles.get(data["item"]) if data["item"] else None
            found.append(LateStatement(people[data["person"]], data["text"], item, fact.at))
    return tuple(found)


def late_votes_of(held: Held) -> tuple[LateVote, ...]:
    """One of each person in each vote, the last; in the order in which these came."""
    people = people_of(held.meeting, held.facts)
    found: dict[tuple[str, str], LateVote] = {}
    for fact in held.facts:
        if fact.kind == "late_ballot":
            vote, person = fact.data["vote"], fact.data["person"]
            found.pop((vote, person), None)
            found[vote, person] = LateVote(vote, people[person], fact.data["choice"], fact.at)
    return tuple(found.values())
