"""What was written in the meeting and put on record by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.facts import from_iso
from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of


@dataclass(frozen=True, slots=True)
class Written:
    """A message to everybody, as it was written."""

    person: Person
    text: str
    at: datetime


def written_of(held: Held) -> tuple[Written, ...]:
    """In the order in which they were put on record."""
    people = people_of(held.meeting, held.facts)
    return tuple(
        Written(people[fact.data["person"]], fact.data["text"], from_iso(fact.data["at"]))
        for fact in held.facts
        if fact.kind == "message_minuted"
    )
