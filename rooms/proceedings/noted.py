"""What the desk wrote down while the meeting went on."""

from __future__ import annotations

from dataclasses import dataclass

from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of


@dataclass(frozen=True, slots=True)
class Noted:
    """The text of one agenda item (None: of the whole meeting), and who wrote in it."""

    item: str | None
    text: str
    by: tuple[Person, ...]


def noted_of(held: Held) -> tuple[Noted, ...]:
    """In the order of the agenda."""
    people = people_of(held.meeting, held.facts)
    return tuple(
        Noted(fact.data["item"], fact.data["text"], tuple(people[one] for one in fact.data["by"]))
        for fact in held.facts
        if fact.kind == "noted"
    )
