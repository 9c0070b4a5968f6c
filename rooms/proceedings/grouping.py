"""When people met in groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.facts import Fact
from rooms.proceedings.attendance import Interval, clipped
from rooms.proceedings.held import Held


@dataclass(frozen=True, slots=True)
class GroupsMet:
    """`groups`: (name, how many people) of each."""

    span: Interval
    groups: tuple[tuple[str, int], ...]


def groups_met_of(held: Held) -> tuple[GroupsMet, ...]:
    """In order; what was over before the opening is none of the meeting's."""
    found: list[GroupsMet] = []
    started: Fact | None = None
    for fact in held.facts:
        if fact.kind == "groups_started":
            started = fact
        elif fact.kind == "groups_ended" and started is not None:
            found += _met(held, started, fact.at)
            started = None
    if started is not None:
        found += _met(held, started, held.facts[-1].at)
    return tuple(found)


def _met(held: Held, started: Fact, until: datetime) -> list[GroupsMet]:
    groups = tuple((one["name"], len(one["members"])) for one in started.data["groups"])
    return [GroupsMet(span, groups) for span in clipped(held, [(started.at, until)])]
