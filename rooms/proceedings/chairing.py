"""Who was in the chair, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.proceedings.held import Held
from rooms.proceedings.values import Meeting, Person, people_of


@dataclass(frozen=True, slots=True)
class Chaired:
    """A stretch of the meeting under one chair. `why`: "" of the one who opened it, else handed, lost (a deputy took
    the chair of one whose line was lost) or returned."""

    person: Person
    started_at: datetime
    ended_at: datetime
    why: str


def chaired_of(held: Held) -> tuple[Chaired, ...]:
    """In order, from the opening on; none before it."""
    if held.opened_at is None:
        return ()
    people = people_of(held.meeting, held.facts)
    end = held.closed_at or held.facts[-1].at
    convened = Meeting.from_json(held.facts[0].data).chair.id
    changes = [(held.opened_at, convened, "")]
    for fact in held.facts:
        if fact.kind == "chair_taken" and fact.at <= held.opened_at:
            changes = [(held.opened_at, fact.data["person"], "")]
        elif fact.kind == "chair_passed":
            changes.append((fact.at, fact.data["person"], fact.data["why"]))
    ends = [*(at for at, _, _ in changes[1:]), end]
    return tuple(
        Chaired(people[person], at, until, why) for (at, person, why), until in zip(changes, ends, strict=True)
    )
