"""Who interpreted into which language, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.proceedings.attendance import Interval, clipped
from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of


@dataclass(frozen=True, slots=True)
class Interpreted:
    """`language` as the channel is called."""

    person: Person
    language: str
    span: Interval


def interpreted_of(held: Held) -> tuple[Interpreted, ...]:
    """In the order of beginning: from the naming until another one, the end of the channel or of the meeting."""
    people = people_of(held.meeting, held.facts)
    languages: dict[str, str] = {}
    busy: dict[str, tuple[str, datetime]] = {}
    stretches: list[tuple[str, str, Interval]] = []

    def end(person: str, at: datetime) -> None:
        channel, since = busy.pop(person)
        stretches.append((person, languages[channel], (since, at)))

    for fact in held.facts:
        if fact.kind == "channel_opened":
            languages[fact.data["channel"]] = fact.data["language"]
        elif fact.kind == "channel_closed":
            for person in [one for one, (channel, _) in busy.items() if channel == fact.data["channel"]]:
                end(person, fact.at)
        elif fact.kind == "interpreter_named":
            person, named = fact.data["person"], fact.data["channel"]
            if person in busy:
                end(person, fact.at)
            if named is not None:
                busy[person] = (named, fact.at)
    for person in list(busy):
        end(person, held.facts[-1].at)
    found = [
        Interpreted(people[person], language, within)
        for person, language, span in stretches
        for within in clipped(held, [span])
    ]
    return tuple(sorted(found, key=lambda one: one.span))
