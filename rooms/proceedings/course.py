"""The course of the meeting along its agenda."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rooms.proceedings.held import Held
from rooms.proceedings.values import AgendaItem, Person, people_of
from rooms.proceedings.voting import VoteResult, votes_of


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody got the floor, on a point of order or not."""

    person: Person
    at: datetime
    order: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the meeting under one agenda item (None: before the first): who got the floor when, which votes."""

    item: AgendaItem | None
    started_at: datetime
    speakers: tuple[Turn, ...]
    votes: tuple[VoteResult, ...]


def course_of(held: Held) -> tuple[Step, ...]:
    """The steps in order. What came before the first item is a step only if somebody spoke or voted in it."""
    if held.opened_at is None:
        return ()
    people = people_of(held.meeting, held.facts)
    items = {item.id: item for item in held.meeting.agenda}
    results = {vote.id: vote for vote in votes_of(held)}
    steps = [Step(None, held.opened_at, (), ())]
    for fact in held.facts:
        last = steps[-1]
        if fact.kind in ("agenda_added", "agenda_edited"):
            item = AgendaItem.from_json(fact.data["item"])
            items[item.id] = item
        elif fact.kind == "agenda_step":
            steps.append(Step(items[fact.data["item"]], fact.at, (), ()))
        elif fact.kind == "floor_given":
            speaker = Turn(people[fact.data["person"]], fact.at, fact.data.get("order", False))
            steps[-1] = replace(last, speakers=(*last.speakers, speaker))
        elif fact.kind == "vote_opened" and fact.data["vote"] in results:
            steps[-1] = replace(last, votes=(*last.votes, results[fact.data["vote"]]))
    return tuple(step for step in steps if step.item or step.speakers or step.votes)
