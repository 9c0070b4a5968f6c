"""Groups that meet apart for a while (breakout rooms), and come back.

Who is in which group is a fact once the groups begin; who visits another one meanwhile is not. Floor, votes and
conclusions are those of the whole meeting, and wait. Nothing is recorded while people meet in groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.effects import Media
from rooms.errors import BadMessage, Refused
from rooms.facts import SYSTEM, Fact, from_iso, iso
from rooms.fields import Command, identifier, identifiers, line, read_by, up_to
from rooms.participant import ALL, DESK, Role
from rooms.proceedings import Json
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View, the_one

MAX_GROUPS = 20
MAX_MEMBERS = 300
MAX_MINUTES = 480


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str
    members: tuple[str, ...]

    def to_json(self) -> Json:
        return {"id": self.id, "name": self.name, "members": list(self.members)}


@dataclass(frozen=True, slots=True)
class Groups:
    """`groups` while they meet, else none. `inside`: person -> the group where they are now. `until`: when all come
    back by themselves."""

    groups: Mapping[str, Group] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    until: datetime | None = None

    @property
    def running(self) -> bool:
        return bool(self.groups)

    def to_json(self) -> Json:
        return {
            "groups": [group.to_json() for group in self.groups.values()],
            "inside": dict(self.inside),
            "until": iso(self.until) if self.until else None,
        }


GROUPS = Part("groups", lambda meeting: Groups())


def _arrangement(name: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name, members) of each group; nobody is in two."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_GROUPS:
        raise BadMessage("bad_message", f'"{name}" has 1 to {MAX_GROUPS} groups')
    found = []
    for one in value:
        if not isinstance(one, dict) or set(one) != {"name", "members"}:
            raise BadMessage("bad_message", f'"{name}" has objects with "name" and "members"')
        found.append((line("name", one["name"]), identifiers(MAX_MEMBERS)("members", one["members"])))
    everybody = [person for _, members in found for person in members]
    if len(everybody) != len(set(everybody)):
        raise BadMessage("bad_message", "nobody is in two groups")
    return tuple(found)


def _names(arrangement: tuple[tuple[str, tuple[str, ...]], ...]) -> list[str]:
    return [name for name, _ in arrangement]


@dataclass(frozen=True, slots=True)
class StartGroups(Command):
    groups: tuple[tuple[str, tuple[str, ...]], ...] = field(metadata=read_by(_arrangement, _names))
    minutes: int | None = field(default=None, metadata=read_by(up_to(MAX_MINUTES)))


@dataclass(frozen=True, slots=True)
class EndGroups(Command):
    pass


@dataclass(frozen=True, slots=True)
class EnterGroup(Command):
    """Go into a group, or (None) to those who are in none. One's own self; chair and secretary may send anybody."""

    group: str | None = field(default=None, metadata=read_by(identifier))
    participant: str | None = field(default=None, metadata=read_by(identifier))


def group_of(state: State, person: str) -> str:
    """The group where somebody is; "" for none."""
    return GROUPS.of(state).inside.get(person, "")


def _start(state: State, actor: str, command: StartGroups, now: datetime) -> Found:
    if GROUPS.of(state).running:
        raise Refused("groups_running")
    for _, members in command.groups:
        if not all(person in state.people for person in members):
            raise Refused("unknown_participant")
    groups = [
        Group(f"g{number}", name, members).to_json() for number, (name, members) in enumerate(command.groups, start=1)
    ]
    until = iso(now + timedelta(minutes=command.minutes)) if command.minutes else None
    return [Draft("groups_started", actor, {"groups": groups, "until": until})]


def _end(state: State, actor: str, command: EndGroups, now: datetime) -> Found:
    return _ended(state, actor)


def _ended(state: State, actor: str) -> list[Draft]:
    return [Draft("groups_ended", actor, {})] if GROUPS.of(state).running else []


def _enter(state: State, actor: str, command: EnterGroup, now: datetime) -> Found:
    groups, person = GROUPS.of(state), command.participant or actor
    if person != actor and state.people[actor].role not in DESK:
        raise Refused("not_allowed", "only chair and secretary send somebody")
    if person not in state.people:
        raise Refused("unknown_participant")
    if command.group is None:
        inside = {one: group for one, group in groups.inside.items() if one != person}
    elif command.group not in groups.groups:
        raise Refused("unknown_group")
    elif person == actor and state.people[actor].role not in DESK and actor not in groups.groups[command.group].members:
        raise Refused("not_allowed", "one's own group only")
    else:
        inside = {**groups.inside, person: command.group}
    return GROUPS.put(state, replace(groups, inside=inside)) if inside != groups.inside else []


def _before_the_end(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """No meeting ends, and no break begins, with people in groups."""
    return _ended(state, draft.actor)


def _started(state: State, fact: Fact) -> State:
    groups = {one["id"]: Group(one["id"], one["name"], tuple(one["members"])) for one in fact.data["groups"]}
    inside = {person: group.id for group in groups.values() for person in group.members}
    until = from_iso(fact.data["until"]) if fact.data["until"] else None
    return GROUPS.put(state, Groups(groups, inside, until))


def _all_back(state: State, fact: Fact) -> State:
    return GROUPS.put(state, Groups())


def _overdue(state: State, now: datetime) -> list[Draft]:
    until = GROUPS.of(state).until
    return _ended(state, SYSTEM) if until is not None and until <= now else []


def _media(before: State, after: State) -> Iterator[Media]:
    was, will_be = GROUPS.of(before).inside, GROUPS.of(after).inside
    if was is not will_be:
        yield from (Media("place", id) for id in sorted(was.keys() | will_be.keys()) if was.get(id) != will_be.get(id))


GROUPING = Topic(
    part=GROUPS,
    said=(
        Said("groups.start", StartGroups, DESK, _start),
        Said("groups.end", EndGroups, DESK, _end),
        Said("groups.enter", EnterGroup, ALL - {Role.GATEWAY}, _enter),
    ),
    folds={"groups_started": _started, "groups_ended": _all_back},
    views=(
        View("groups", "groups", lambda state: the_one(GROUPS.of(state)), lambda state, _: GROUPS.of(state).to_json()),
    ),
    before={"closed": _before_the_end, "adjourned": _before_the_end},
    due=lambda state: GROUPS.of(state).until,
    overdue=_overdue,
    media=_media,
)
