"""How the agenda is amended while the meeting goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.facts import Fact
from rooms.proceedings.held import Held
from rooms.proceedings.values import AgendaItem, Person, people_of

CHANGES = ("agenda_added", "agenda_edited", "agenda_moved", "agenda_dropped")

Items = tuple[AgendaItem, ...]


@dataclass(frozen=True, slots=True)
class AgendaChange:
    """One amendment: `kind` is one of CHANGES. `before` is the point as it was (None: it is new), `after` as it is
    (None: it is dropped); `next` is the one that it now stands before (None: the end)."""

    at: datetime
    by: Person
    kind: str
    before: AgendaItem | None
    after: AgendaItem | None
    next: AgendaItem | None


def amended(items: Items, fact: Fact) -> Items:
    """The points after a fact of one of CHANGES."""
    data = fact.data
    if fact.kind == "agenda_dropped":
        return tuple(item for item in items if item.id != data["item"])
    if fact.kind == "agenda_edited":
        new = AgendaItem.from_json(data["item"])
        return tuple(new if item.id == new.id else item for item in items)
    moved = AgendaItem.from_json(data["item"]) if fact.kind == "agenda_added" else None
    item = moved or next(one for one in items if one.id == data["item"])
    others = [one for one in items if one.id != item.id]
    place = next((index for index, one in enumerate(others) if one.id == data["before"]), len(others))
    return (*others[:place], item, *others[place:])


def changes_of(held: Held) -> tuple[AgendaChange, ...]:
    """All of them, in order: before the opening it is the sheet that changes."""
    people, items = people_of(held.meeting, held.facts), held.meeting.agenda
    found = []
    for fact in held.facts:
        if fact.kind in CHANGES:
            id = fact.data["item"] if isinstance(fact.data["item"], str) else fact.data["item"]["id"]
            was, items = {item.id: item for item in items}, amended(items, fact)
            now = {item.id: item for item in items}
            beyond = now.get(fact.data.get("before") or "")
            found.append(AgendaChange(fact.at, people[fact.actor], fact.kind, was.get(id), now.get(id), beyond))
    return tuple(found)
