"""What a topic of the meeting is: one module that has all of it (`rooms.topics`), and the names of its pieces.

A handler looks at the state and raises Refused, or returns what is to be recorded (an empty list: nothing to do),
or, for what is not worth a fact, the new state itself. It changes nothing. A fold is the only way from a fact to the
state: a running meeting and a replay after a crash go through the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from rooms.effects import Media
from rooms.facts import Fact, Json
from rooms.fields import Command
from rooms.meeting import MeetingState
from rooms.participant import Participant, Role
from rooms.state import Part, State


class Draft(NamedTuple):
    """A fact to be: the Room gives it its time and its place in the chain."""

    kind: str
    actor: str
    data: Json


Found = list[Draft] | State
Handler = Callable[[State, str, Any, datetime], Found]
Fold = Callable[[State, Fact], State]
# (state, the fact to be, now) -> what must be on record before it
Before = Callable[[State, Draft, datetime], list[Draft]]

WHILE_OPEN = frozenset({MeetingState.OPEN})
UNDER_WAY = frozenset({MeetingState.OPEN, MeetingState.ADJOURNED})
UNTIL_CLOSED = frozenset({MeetingState.SCHEDULED, MeetingState.OPEN, MeetingState.ADJOURNED})


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a client: the name of its type on the wire, the roles that may send it, and the meeting's states in
    which they may. `voters`: whoever has a vote may, whatever their role; `roles` are those that have one by
    themselves. Without a handler the server's edge answers it and not the Room, unless the topic's `own` has it."""

    name: str
    command: type[Command]
    roles: Collection[Role]
    handle: Handler | None = None
    states: Collection[MeetingState] = WHILE_OPEN
    voters: bool = False

    def admits(self, one: Participant) -> bool:
        """Whether somebody who is present may say it."""
        return one.votes if self.voters else one.role in self.roles


def _everybody(state: State, id: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class View:
    """What clients see of a topic: messages of `type` that carry one object under the same name, and in the welcome all
    of them under `welcome` (`many`: a list, else the one object, whose id is "").

    `made_of`: id -> all that the object, and who may see it, is made from: objects whose sources are the same values
    are not looked at again. `audience`: who may see an object (None: everybody); who comes to be among them is told it.
    `step`: what is told of a change to who knew the object before (None: the whole object). An object that is gone is
    told as {"id": …, "gone": true}."""

    type: str
    welcome: str
    made_of: Callable[[State], Mapping[str, tuple[object, ...]]]
    show: Callable[[State, str], Json]
    many: bool = False
    audience: Callable[[State, str], Collection[str] | None] = _everybody
    step: Callable[[State, State, str], Json] | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What of a topic outlives a stop of the server without being a fact: items by id (another object: it has
    changed), how one is written, and how it is put back after a replay."""

    items: Callable[[State], Mapping[str, object]]
    write: Callable[[State, str], Json]
    recall: Callable[[State, str, Json], State]


def _nothing(before: State, after: State) -> Iterable[Media]:
    return ()


def _same(state: State) -> State:
    return state


def _never(state: State) -> datetime | None:
    return None


def _nothing_due(state: State, now: datetime) -> list[Draft]:
    return []


@dataclass(frozen=True, slots=True)
class Topic:
    """`said`: what clients may send. `own`: what is sound whoever the actor is, also when there is nothing to do; most
    of it only the server says. `folds`: by kind of fact. `before`: by kind of fact, what must be on record before it
    (so that nobody leaves with the floor). `due`: when time alone will bring something, and `overdue` what it has
    brought by now. `replayed`: the state that the facts left, without what they cannot know. `media`: what the media
    plane is to do because the state has changed. `memory`: what is kept beside the facts until the
    meeting is over."""

    part: Part[Any] | None = None
    said: tuple[Said, ...] = ()
    own: Mapping[type[Command], Handler] = field(default_factory=lambda: MappingProxyType({}))
    folds: Mapping[str, Fold] = field(default_factory=lambda: MappingProxyType({}))
    views: tuple[View, ...] = ()
    before: Mapping[str, Before] = field(default_factory=lambda: MappingProxyType({}))
    due: Callable[[State], datetime | None] = _never
    overdue: Callable[[State, datetime], list[Draft]] = _nothing_due
    replayed: Callable[[State], State] = _same
    media: Callable[[State, State], Iterable[Media]] = _nothing
    memory: Memory | None = None


def the_one(source: object) -> Mapping[str, tuple[object, ...]]:
    """For View.made_of, where there is one object."""
    return {"": (source,)}
