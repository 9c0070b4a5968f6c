"""The agenda and where the meeting is in it. It is amended as the meeting goes; every amendment is a fact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from rooms.errors import Refused
from rooms.facts import Fact, iso
from rooms.fields import Command, identifier, line, read_by, up_to
from rooms.participant import DESK
from rooms.proceedings import AgendaItem, Json
from rooms.proceedings.agenda import amended
from rooms.state import Part, State
from rooms.topic import UNDER_WAY, Draft, Found, Said, Topic, View, the_one

MAX_ITEMS = 100
MAX_AMENDED = 500
"""Amendments of one meeting: each is kept for ever."""
MAX_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Agenda:
    """The points in their order; `current` is the id of the one being dealt with, None before the first, since `since`.
    `dealt` are those that were called up at some time; `amendments` counts, so that a new point gets a name of its own.
    """

    items: tuple[AgendaItem, ...]
    current: str | None = None
    since: datetime | None = None
    dealt: frozenset[str] = frozenset()
    amendments: int = 0

    def __contains__(self, item: str) -> bool:
        return any(one.id == item for one in self.items)

    def step(self, item: str, at: datetime) -> Agenda:
        return replace(self, current=item, since=at, dealt=self.dealt | {item})

    def to_json(self) -> Json:
        return {
            "items": [item.to_json() for item in self.items],
            "current": self.current,
            "since": iso(self.since) if self.since else None,
        }


AGENDA = Part("agenda", lambda meeting: Agenda(meeting.agenda))


@dataclass(frozen=True, slots=True)
class StepAgenda(Command):
    item: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class AddItem(Command):
    """A new point, before the point `before` or at the end."""

    title: str = field(metadata=read_by(line))
    presenter: str | None = field(default=None, metadata=read_by(line))
    minutes: int | None = field(default=None, metadata=read_by(up_to(MAX_MINUTES)))
    before: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class EditItem(Command):
    item: str = field(metadata=read_by(identifier))
    title: str = field(metadata=read_by(line))
    presenter: str | None = field(default=None, metadata=read_by(line))
    minutes: int | None = field(default=None, metadata=read_by(up_to(MAX_MINUTES)))


@dataclass(frozen=True, slots=True)
class MoveItem(Command):
    """To the place before the point `before`, or to the end."""

    item: str = field(metadata=read_by(identifier))
    before: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class DropItem(Command):
    item: str = field(metadata=read_by(identifier))


def _known(state: State, *items: str | None) -> Agenda:
    agenda = AGENDA.of(state)
    if any(item is not None and item not in agenda for item in items):
        raise Refused("unknown_item")
    return agenda


def _changing(agenda: Agenda) -> None:
    if agenda.amendments >= MAX_AMENDED:
        raise Refused("agenda_full")


def _step(state: State, actor: str, command: StepAgenda, now: datetime) -> Found:
    agenda = _known(state, command.item)
    return [] if command.item == agenda.current else [Draft("agenda_step", actor, {"item": command.item})]


def _add(state: State, actor: str, command: AddItem, now: datetime) -> Found:
    agenda = _known(state, command.before)
    _changing(agenda)
    if len(agenda.items) >= MAX_ITEMS:
        raise Refused("agenda_full")
    item = AgendaItem(f"added-{agenda.amendments + 1}", command.title, command.presenter or "", command.minutes or 0)
    return [Draft("agenda_added", actor, {"item": item.to_json(), "before": command.before})]


def _edit(state: State, actor: str, command: EditItem, now: datetime) -> Found:
    agenda = _known(state, command.item)
    item = AgendaItem(command.item, command.title, command.presenter or "", command.minutes or 0)
    if item in agenda.items:
        return []
    _changing(agenda)
    return [Draft("agenda_edited", actor, {"item": item.to_json()})]


def _move(state: State, actor: str, command: MoveItem, now: datetime) -> Found:
    agenda = _known(state, command.item, command.before)
    order = [item.id for item in agenda.items]
    after = order[order.index(command.item) + 1 :]
    if command.before in (command.item, after[0] if after else None):
        return []
    _changing(agenda)
    return [Draft("agenda_moved", actor, {"item": command.item, "before": command.before})]


def _drop(state: State, actor: str, command: DropItem, now: datetime) -> Found:
    agenda = _known(state, command.item)
    if command.item in agenda.dealt:
        raise Refused("item_dealt_with")
    _changing(agenda)
    return [Draft("agenda_dropped", actor, {"item": command.item})]


def _stepped(state: State, fact: Fact) -> State:
    return AGENDA.put(state, AGENDA.of(state).step(fact.data["item"], fact.at))


def _amended(state: State, fact: Fact) -> State:
    agenda = AGENDA.of(state)
    return AGENDA.put(state, replace(agenda, items=amended(agenda.items, fact), amendments=agenda.amendments + 1))


AGENDA_TOPIC = Topic(
    part=AGENDA,
    said=(
        Said("agenda.step", StepAgenda, DESK, _step),
        Said("agenda.add", AddItem, DESK, _add, UNDER_WAY),
        Said("agenda.edit", EditItem, DESK, _edit, UNDER_WAY),
        Said("agenda.move", MoveItem, DESK, _move, UNDER_WAY),
        Said("agenda.drop", DropItem, DESK, _drop, UNDER_WAY),
    ),
    folds={
        "agenda_step": _stepped,
        "agenda_added": _amended,
        "agenda_edited": _amended,
        "agenda_moved": _amended,
        "agenda_dropped": _amended,
    },
    views=(
        View("agenda", "agenda", lambda state: the_one(AGENDA.of(state)), lambda state, _: AGENDA.of(state).to_json()),
    ),
)
