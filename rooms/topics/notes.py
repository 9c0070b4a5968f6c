"""Live minutes: what the desk writes down of each agenda item while it is dealt with, several hands in one text.

A pad is no fact while it is written (it is kept beside the facts at every change, so that nothing typed is lost); at
the closing each pad becomes one, and the draft minutes have it. Only the desk, deputies and clerks see them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rooms import delta
from rooms.delta import Delta
from rooms.errors import BadMessage, Refused
from rooms.facts import Fact
from rooms.fields import Command, clean, demand_fit, identifier, read_by
from rooms.meeting import MeetingState
from rooms.pad import Change, Pad, recalled
from rooms.participant import DESK, Role
from rooms.proceedings import Json
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Memory, Said, Topic, View
from rooms.topics.agenda import AGENDA

MAX_PAD = 20_000  # characters
GROWTH = 4  # more than any character becomes in normal form
WRITERS = DESK | {Role.CLERK, Role.DEPUTY}
GENERAL = "general"  # the pad that belongs to no item


Pads = Mapping[str, Pad]
PADS: Part[Pads] = Part("pads", lambda meeting: {})


def _delta(name: str, value: object) -> Delta:
    try:
        return delta.read(value, MAX_PAD)
    except ValueError as error:
        raise BadMessage("bad_message", f'"{name}": {error}') from error


def _number(name: str, value: object) -> int:
    if type(value) is not int or not 0 <= value <= 2**53 - 1:
        raise BadMessage("bad_message", f'"{name}" is an integer from 0')
    return value


@dataclass(frozen=True, slots=True)
class EditPad(Command):
    """A change of the text as it was at `revision`. `source` (a page) and `number` name it: told twice, it is made
    once."""

    pad: str = field(metadata=read_by(identifier))
    revision: int = field(metadata=read_by(_number))
    delta: Delta = field(metadata=read_by(_delta))
    source: str = field(metadata=read_by(identifier))
    number: int = field(metadata=read_by(_number))


def edited(state: State, actor: str, command: EditPad) -> Pad | None:
    """The pad after the command; None if it was made before. Raises Refused."""
    if command.pad != GENERAL and command.pad not in AGENDA.of(state):
        raise Refused("unknown_item")
    pad = PADS.of(state).get(command.pad, Pad())
    change = Change(command.delta, actor, command.source, command.number)
    return pad.merged(change, command.revision, MAX_PAD)


def _edit(state: State, actor: str, command: EditPad, now: datetime) -> Found:
    # Each character by itself: others may delete its neighbours, and at the closing nothing may be refused any more.
    demand_fit(delta.inserted(command.delta), name="delta")
    after = edited(state, actor, command)
    return [] if after is None else PADS.put(state, {**PADS.of(state), command.pad: after})


def _before_closing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """What was written down comes on record, in the order of the agenda."""
    pads = PADS.of(state)
    order = [GENERAL, *(item.id for item in AGENDA.of(state).items)]
    found = ((id, pads[id]) for id in (*order, *(id for id in pads if id not in order)) if id in pads)
    return [
        Draft(
            "noted",
            draft.actor,
            {"item": _item(id), "text": clean(pad.text, GROWTH * MAX_PAD, lines=True), "by": list(pad.authors)},
        )
        for id, pad in found
        if pad.text.strip()
    ]


def _item(pad: str) -> str | None:
    return None if pad == GENERAL else pad


def _noted(state: State, fact: Fact) -> State:
    return state


def _readers(state: State, id: str) -> Collection[str]:
    if state.session.state is MeetingState.CLOSED:
        return ()
    return {person for person, one in state.people.items() if one.role in WRITERS and one.present}


def _told(before: State, after: State, id: str) -> Json:
    """The changes since: a text grows long, and is typed letter by letter."""
    pad, was = PADS.of(after)[id], PADS.of(before)[id]
    return {"id": id, "revision": pad.revision, "changes": [one.to_json() for one in pad.since(was.revision)]}


def _recall(state: State, id: str, value: Json) -> State:
    return PADS.put(state, {**PADS.of(state), id: recalled(value)})


NOTES = Topic(
    part=PADS,
    said=(Said("pad.edit", EditPad, WRITERS, _edit, UNTIL_CLOSED),),
    folds={"noted": _noted},
    views=(
        View(
            "pad",
            "pads",
            lambda state: {id: (pad, state.people) for id, pad in PADS.of(state).items()},
            lambda state, id: {"id": id} | PADS.of(state)[id].to_json(),
            many=True,
            audience=_readers,
            step=_told,
        ),
    ),
    before={"closed": _before_closing},
    memory=Memory(
        PADS.of,
        lambda state, id: {"id": id} | PADS.of(state)[id].memory(),
        _recall,
    ),
)
