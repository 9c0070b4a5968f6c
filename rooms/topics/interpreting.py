"""Channels of interpreters: a language beside the floor's, who interprets into it, and who listens to it.

A listener hears the floor too, softly; an interpreter is heard by the listeners of the channel alone. Which channels
there were and who interpreted are facts; who listens is told to nobody else, but outlives a restart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rooms.effects import Media
from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, identifier, line, read_by
from rooms.participant import ALL, DESK, SENDERS, Participant, Role
from rooms.proceedings import Json
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Memory, Said, Topic, View, the_one
from rooms.topics.floor import FLOOR

MAX_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Interpreting:
    """`channels`: id -> language. `interpreters` and `listeners`: person -> channel."""

    channels: Mapping[str, str] = field(default_factory=dict)
    interpreters: Mapping[str, str] = field(default_factory=dict)
    listeners: Mapping[str, str] = field(default_factory=dict)
    count: int = 0

    def to_json(self) -> Json:
        counts = Counter(self.listeners.values())
        return {
            "channels": [
                {"id": id, "language": language, "listeners": counts[id]} for id, language in self.channels.items()
            ],
            "interpreters": dict(self.interpreters),
        }


INTERPRETING = Part("interpreting", lambda meeting: Interpreting())


@dataclass(frozen=True, slots=True)
class OpenChannel(Command):
    language: str = field(metadata=read_by(line))


@dataclass(frozen=True, slots=True)
class CloseChannel(Command):
    channel: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class NameInterpreter(Command):
    """The participant interprets into the channel from now on; None: no longer."""

    participant: str = field(metadata=read_by(identifier))
    channel: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class Listen(Command):
    """To a channel, or (None) to the floor alone."""

    channel: str | None = field(default=None, metadata=read_by(identifier))


def _open(state: State, actor: str, command: OpenChannel, now: datetime) -> Found:
    known = INTERPRETING.of(state)
    if command.language in known.channels.values():
        return []
    if len(known.channels) >= MAX_CHANNELS:
        raise Refused("limit_reached", f"at most {MAX_CHANNELS} channels")
    return [Draft("channel_opened", actor, {"channel": f"k{known.count + 1}", "language": command.language})]


def _close(state: State, actor: str, command: CloseChannel, now: datetime) -> Found:
    if command.channel not in INTERPRETING.of(state).channels:
        raise Refused("unknown_channel")
    return [Draft("channel_closed", actor, {"channel": command.channel})]


def _name(state: State, actor: str, command: NameInterpreter, now: datetime) -> Found:
    known = INTERPRETING.of(state)
    if command.participant not in state.people:
        raise Refused("unknown_participant")
    if command.channel is not None and command.channel not in known.channels:
        raise Refused("unknown_channel")
    if command.channel is not None and not _has_microphone(state.people[command.participant]):
        raise Refused("no_microphone", "who interprets is heard by a device of their own")
    if command.channel is not None and command.participant == FLOOR.of(state).holder:
        raise Refused("interprets", "who has the floor is heard by all")
    if known.interpreters.get(command.participant) == command.channel:
        return []
    return [Draft("interpreter_named", actor, {"person": command.participant, "channel": command.channel})]


def _before_the_floor(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """Who interprets has no floor to speak on. Taking the interpreter away by itself would leave listeners unheard."""
    if draft.data["person"] in INTERPRETING.of(state).interpreters:
        raise Refused("interprets", "only the listeners of a channel would hear them")
    return []


def _has_microphone(one: Participant) -> bool:
    """Whether somebody's voice comes by itself, and so can go to one channel: the device of a site is for all who sit
    there, unless they have a microphone of their own on beside it."""
    return one.present and one.role in SENDERS - {Role.GATEWAY} and (one.seat is None or one.audio)


def _listen(state: State, actor: str, command: Listen, now: datetime) -> Found:
    known = INTERPRETING.of(state)
    if command.channel is not None and command.channel not in known.channels:
        raise Refused("unknown_channel")
    if known.listeners.get(actor) == command.channel:
        return []
    return INTERPRETING.put(state, replace(known, listeners=_with(known.listeners, actor, command.channel)))


def _with(people: Mapping[str, str], person: str, channel: str | None) -> Mapping[str, str]:
    others = {one: theirs for one, theirs in people.items() if one != person}
    return others if channel is None else {**others, person: channel}


def _opened(state: State, fact: Fact) -> State:
    known = INTERPRETING.of(state)
    channels = {**known.channels, fact.data["channel"]: fact.data["language"]}
    return INTERPRETING.put(state, replace(known, channels=channels, count=known.count + 1))


def _closed(state: State, fact: Fact) -> State:
    known, gone = INTERPRETING.of(state), fact.data["channel"]
    return INTERPRETING.put(
        state,
        replace(
            known,
            channels={id: language for id, language in known.channels.items() if id != gone},
            interpreters={one: channel for one, channel in known.interpreters.items() if channel != gone},
            listeners={one: channel for one, channel in known.listeners.items() if channel != gone},
        ),
    )


def _named(state: State, fact: Fact) -> State:
    known = INTERPRETING.of(state)
    interpreters = _with(known.interpreters, fact.data["person"], fact.data["channel"])
    return INTERPRETING.put(state, replace(known, interpreters=interpreters))


def _recall(state: State, person: str, value: Json) -> State:
    known = INTERPRETING.of(state)
    if value["channel"] not in known.channels:
        return state
    return INTERPRETING.put(state, replace(known, listeners=_with(known.listeners, person, value["channel"])))


def _media(before: State, after: State) -> Iterator[Media]:
    was, will_be = INTERPRETING.of(before), INTERPRETING.of(after)
    if was is will_be:
        return
    for old, new in ((was.interpreters, will_be.interpreters), (was.listeners, will_be.listeners)):
        yield from (Media("place", id) for id in sorted(old.keys() | new.keys()) if old.get(id) != new.get(id))


INTERPRETING_TOPIC = Topic(
    part=INTERPRETING,
    said=(
        Said("channel.open", OpenChannel, DESK, _open, UNTIL_CLOSED),
        Said("channel.close", CloseChannel, DESK, _close, UNTIL_CLOSED),
        Said("interpreter.name", NameInterpreter, DESK, _name, UNTIL_CLOSED),
        Said("channel.listen", Listen, ALL - {Role.GATEWAY}, _listen, UNTIL_CLOSED),
    ),
    folds={"channel_opened": _opened, "channel_closed": _closed, "interpreter_named": _named},
    before={"floor_given": _before_the_floor},
    views=(
        View(
            "interpreting",
            "interpreting",
            lambda state: the_one(INTERPRETING.of(state)),
            lambda state, _: INTERPRETING.of(state).to_json(),
        ),
        View(
            "listening",
            "listening",
            lambda state: {person: (channel,) for person, channel in INTERPRETING.of(state).listeners.items()},
            lambda state, person: {"id": person, "channel": INTERPRETING.of(state).listeners[person]},
            many=True,
            audience=lambda state, person: {person},
        ),
    ),
    memory=Memory(
        lambda state: INTERPRETING.of(state).listeners,
        lambda state, person: {"channel": INTERPRETING.of(state).listeners[person]},
        _recall,
    ),
    media=_media,
)
