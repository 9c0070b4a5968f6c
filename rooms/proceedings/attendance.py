"""Who was in the meeting, and when: person x interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rooms.facts import from_iso
from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Attendance:
    """A person and when they were in the meeting, with a line: disjoint, in order; none if invited and never came.
    `site`: at whose site they (last) sat, if at one. `added_by`: who wrote them down there, not being on the sheet."""

    person: Person
    intervals: tuple[Interval, ...]
    site: Person | None = None
    added_by: Person | None = None


def attendance_of(held: Held) -> tuple[Attendance, ...]:
    """Chair, secretary, the invited in their order, then others as they came, but nobody written down by mistake."""
    spans: dict[str, list[Interval]] = {}
    since: dict[str, datetime] = {}
    for fact in held.facts:
        if fact.kind == "joined":
            since.setdefault(fact.data["person"]["id"], fact.at)
        elif fact.kind == "line_back":
            since.setdefault(fact.data["person"], fact.at)
        elif fact.kind in ("left", "line_lost") and (start := since.pop(fact.data["person"], None)):
            spans.setdefault(fact.data["person"], []).append((start, from_iso(fact.data["since"])))
    for person, start in since.items():
        spans.setdefault(person, []).append((start, held.facts[-1].at))
    breaks, people = breaks_of(held), people_of(held.meeting, held.facts)
    sites = {fact.data["person"]: people.get(fact.data["site"]) for fact in held.facts if fact.kind == "seated"}
    added = _added(held)
    return tuple(
        Attendance(
            person,
            _without(clipped(held, spans.get(person.id, ())), breaks),
            sites.get(person.id),
            people.get(added.get(person.id) or ""),
        )
        for person in people.values()
        if added.get(person.id, "") is not None
    )


def _added(held: Held) -> dict[str, str | None]:
    """By person who added them at a site; None: they were struck from the record."""
    found: dict[str, str | None] = {}
    for fact in held.facts:
        if fact.kind == "seated" and fact.data["how"] == "added":
            found[fact.data["person"]] = fact.actor
        elif fact.kind == "struck":
            found[fact.data["person"]] = None
        elif fact.kind == "admitted" and found.get(fact.data["person"]["id"], "") is None:
            del found[fact.data["person"]["id"]]
    return found


def breaks_of(held: Held) -> tuple[Interval, ...]:
    """From each adjournment until the meeting went on; one that was closed in the break ended with it."""
    spans: list[Interval] = []
    since = None
    for fact in held.facts:
        if fact.kind == "adjourned":
            since = fact.at
        elif fact.kind in ("went_on", "closed") and since is not None:
            spans.append((since, fact.at))
            since = None
    if since is not None:
        spans.append((since, held.facts[-1].at))
    return tuple(span for span in spans if span[0] < span[1])


def interruptions_of(held: Held) -> tuple[Interval, ...]:
    """When the server was down while the meeting was open and somebody in it: from the last moment at which it
    is known to have run until it ran again, in order. Nothing was recorded in that time."""
    spans = ((from_iso(fact.data["since"]), fact.at) for fact in held.facts if fact.kind == "resumed")
    return _without(clipped(held, spans), breaks_of(held))


def _without(spans: tuple[Interval, ...], breaks: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """`spans` less the `breaks`: a break is not part of the meeting."""
    for pause, on in breaks:
        spans = tuple(
            part
            for start, end in spans
            for part in ((start, min(end, pause)), (max(start, on), end))
            if part[0] < part[1]
        )
    return spans


def clipped(held: Held, spans: Iterable[Interval]) -> tuple[Interval, ...]:
    """`spans` in order as far as they lie between opening and closing, those that touch joined."""
    if held.opened_at is None:
        return ()
    end_of_meeting = held.closed_at or held.facts[-1].at
    merged: list[Interval] = []
    for start, end in sorted(spans):
        start, end = max(start, held.opened_at), min(end, end_of_meeting)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
