"""Order in the room: microphones hushed and locked, pictures stopped, one shown large to everybody, somebody sent out.

That a microphone was hushed or a picture is shown large is no fact; that microphones are locked, and that somebody
was sent out, is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from rooms.effects import Media
from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, flag, identifier, line, read_by
from rooms.participant import CHAIR, DESK, SENDERS, Role
from rooms.proceedings import Json
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Said, Topic, View, the_one
from rooms.topics.chairing import CHAIRING
from rooms.topics.floor import FLOOR, microphone
from rooms.topics.presence import left


@dataclass(frozen=True, slots=True)
class Order:
    """`locked`: only who has the floor, the chair and the secretary may switch a microphone on. `spotlight`: who is
    shown large to everybody. `asked`: how often somebody's microphone was hushed and picture stopped; `quiet`: how
    often everybody's was."""

    locked: bool = False
    spotlight: str | None = None
    asked: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    quiet: int = 0

    def to_json(self) -> Json:
        return {"locked": self.locked, "spotlight": self.spotlight}


ORDER = Part("order", lambda meeting: Order())


@dataclass(frozen=True, slots=True)
class MediaState(Command):
    audio: bool = field(metadata=read_by(flag))
    video: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class Hush(Command):
    """Everybody but the actor, the chair and who has the floor, if nobody is named."""

    participant: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class OpenMicrophone(Command):
    """Of who publishes without a seat in the meeting, and has no page to switch it on again."""

    participant: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class StopPicture(Command):
    participant: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class LockMicrophones(Command):
    on: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class Spotlight(Command):
    """Nobody if nobody is named."""

    participant: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class SendOut(Command):
    """`text` is the reason, said to who is sent out."""

    participant: str = field(metadata=read_by(identifier))
    text: str | None = field(default=None, metadata=read_by(line))


def silenced(state: State, person: str) -> bool:
    """Whether somebody may not switch their microphone on now."""
    exempt = {FLOOR.of(state).holder, microphone(state), *state.session.sheet.desk}
    return ORDER.of(state).locked and person not in exempt


def _media_state(state: State, actor: str, command: MediaState, now: datetime) -> Found:
    """While microphones are locked the page is asked to switch off again; the picture may go on."""
    seat = replace(state.people[actor], audio=command.audio, video=command.video)
    state = state.with_participant(seat)
    # Who switches on their own microphone speaks by it, and no more by that of the site.
    return _in_order(state, None)


def _hush(state: State, actor: str, command: Hush, now: datetime) -> Found:
    if command.participant is not None:
        _to_be_moderated(state, actor, command.participant)
        return _off(state, [command.participant], audio=True)
    spared = {actor, state.session.sheet.chair.id, FLOOR.of(state).holder, microphone(state)}
    state = _off(state, [id for id in state.people if id not in spared], audio=True)
    return ORDER.put(state, replace(ORDER.of(state), quiet=ORDER.of(state).quiet + 1))


def _open(state: State, actor: str, command: OpenMicrophone, now: datetime) -> Found:
    """Those without a seat are the server's own knowledge; whoever is known here has a page."""
    if command.participant not in state.people:
        raise Refused("unknown_participant")
    raise Refused("wrong_person", "everybody opens their own microphone")


def _stop_picture(state: State, actor: str, command: StopPicture, now: datetime) -> Found:
    _to_be_moderated(state, actor, command.participant)
    return _off(state, [command.participant], audio=False)


def _off(state: State, people: Iterable[str], *, audio: bool) -> State:
    """The microphones (else the pictures) of `people` are off, and their pages are asked to switch them off."""
    seats = {id: state.people[id] for id in people}
    on = {id: one for id, one in seats.items() if (one.audio if audio else one.video)}
    if not on:
        return state
    off = {id: replace(one, audio=False) if audio else replace(one, video=False) for id, one in on.items()}
    order = ORDER.of(state)
    counts = {id: order.asked.get(id, (0, 0)) for id in on}
    asked = {**order.asked, **{id: (a + audio, v + (not audio)) for id, (a, v) in counts.items()}}
    return ORDER.put(replace(state, people={**state.people, **off}), replace(order, asked=asked))


def _to_be_moderated(state: State, actor: str, person: str) -> None:
    if not state.present(person):
        raise Refused("unknown_participant")
    if person == state.session.sheet.chair.id and actor != person:
        raise Refused("wrong_person", "nobody hushes the chair")


def _lock(state: State, actor: str, command: LockMicrophones, now: datetime) -> Found:
    if ORDER.of(state).locked is command.on:
        return []
    return [Draft("microphones_locked", actor, {"on": command.on})]


def _spotlight(state: State, actor: str, command: Spotlight, now: datetime) -> Found:
    if command.participant is not None and not state.present(command.participant):
        raise Refused("unknown_participant")
    if ORDER.of(state).spotlight == command.participant:
        return []
    return ORDER.put(state, replace(ORDER.of(state), spotlight=command.participant))


def _send_out(state: State, actor: str, command: SendOut, now: datetime) -> Found:
    person = command.participant
    if person not in state.people or person in state.session.sheet.barred:
        raise Refused("unknown_participant")
    if state.people[person].role in (Role.CHAIR, Role.SECRETARY) or person == CHAIRING.of(state).regular:
        raise Refused("wrong_person", "the meeting cannot do without them")
    gone = [left(person, now, "removed", actor)] if state.present(person) else []
    return [*gone, Draft("removed", actor, {"person": person, "text": command.text or ""})]


def _locked(state: State, fact: Fact) -> State:
    return _in_order(ORDER.put(state, replace(ORDER.of(state), locked=fact.data["on"])), fact)


def _in_order(state: State, fact: Fact | None) -> State:
    """While microphones are locked none is on but those that may be, whatever it was that has made of somebody one who
    may not: the end of the floor, a seat given up, the chair handed on."""
    if not ORDER.of(state).locked:
        return state
    return _off(state, [id for id, one in state.people.items() if one.audio and silenced(state, id)], audio=True)


def _left(state: State, fact: Fact) -> State:
    order = ORDER.of(state)
    return ORDER.put(state, replace(order, spotlight=None)) if order.spotlight == fact.data["person"] else state


def _media(before: State, after: State) -> Iterator[Media]:
    """The pages that are to switch off: that nothing is forwarded any more follows from who is there. "": those who
    publish without one, all of them."""
    if ORDER.of(after).quiet > ORDER.of(before).quiet:
        yield Media("hush", "", "audio")
    was, now = ORDER.of(before).asked, ORDER.of(after).asked
    if was is now:
        return
    for id, (audio, video) in now.items():
        heard, seen = was.get(id, (0, 0))
        if audio > heard:
            yield Media("hush", id, "audio")
        if video > seen:
            yield Media("hush", id, "video")


# What may take from somebody the leave to have a microphone on.
_MOVES = (
    "floor_given",
    "floor_ended",
    "seated",
    "unseated",
    "chair_taken",
    "chair_passed",
    "secretary_taken",
    "role_changed",
    "sheet_changed",
)

MODERATION = Topic(
    part=ORDER,
    said=(
        Said("media.state", MediaState, SENDERS, _media_state, UNTIL_CLOSED),
        Said("mic.hush", Hush, DESK, _hush, UNTIL_CLOSED),
        Said("camera.stop", StopPicture, DESK, _stop_picture, UNTIL_CLOSED),
        Said("mic.open", OpenMicrophone, DESK, _open, UNTIL_CLOSED),
        Said("mic.lock", LockMicrophones, CHAIR, _lock, UNTIL_CLOSED),
        Said("spotlight", Spotlight, DESK, _spotlight, UNTIL_CLOSED),
        Said("participant.remove", SendOut, DESK, _send_out, UNTIL_CLOSED),
    ),
    folds={"microphones_locked": _locked, "left": _left, **dict.fromkeys(_MOVES, _in_order)},
    views=(View("order", "order", lambda state: the_one(ORDER.of(state)), lambda state, _: ORDER.of(state).to_json()),),
    media=_media,
)
