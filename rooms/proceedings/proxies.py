"""Who was named to vote for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of


@dataclass(frozen=True, slots=True)
class Proxy:
    """`holder` was named to vote for `person` while they are away; `ended_at` is None if that held to the end."""

    person: Person
    holder: Person
    named_at: datetime
    ended_at: datetime | None = None


def proxies_of(held: Held) -> tuple[Proxy, ...]:
    """In the order of naming."""
    people = people_of(held.meeting, held.facts)
    found: list[Proxy] = []
    for fact in held.facts:
        if fact.kind not in ("proxy_named", "proxy_ended"):
            continue
        for at, one in enumerate(found):
            if one.person.id == fact.data["person"] and one.ended_at is None:
                found[at] = Proxy(one.person, one.holder, one.named_at, fact.at)
        if fact.kind == "proxy_named":
            found.append(Proxy(people[fact.data["person"]], people[fact.data["holder"]], fact.at))
    return tuple(found)
