"""What is written in the meeting: to everybody, or as a private note to the desk (chair and secretaries) or to the
secretaries alone.

A note is for those who hold these roles when it is sent, there or not: who comes into one later does not read it, and
who has left one still does. So its readers are named in it, once and for all.

It is talk and no record: the desk puts into the proceedings what matters, and its author sees that. Until the meeting
is over everything is kept beside the facts, so that a restart of the server loses none of it; then it is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, flag, identifier, one_of, prose, read_by
from rooms.participant import ALL, DESK, Role
from rooms.proceedings import Json, from_iso, iso
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Memory, Said, Topic, View, the_one

KEPT = 200  # messages; older ones go
AT_ONCE, SPAN = 5, timedelta(seconds=10)  # messages of one person in a while
ADDRESSEES = ("all", "desk", "secretary")
REACTIONS = ("applause", "agree", "thanks", "unclear")


@dataclass(frozen=True, slots=True)
class Message:
    """`readers`: of a private note its author and whom it was sent to; None: everybody. `minuted`: it is in the
    proceedings."""

    id: str
    author: str
    text: str
    at: datetime
    readers: frozenset[str] | None = None
    minuted: bool = False
    removed: bool = False

    def read_by(self, person: str) -> bool:
        return self.readers is None or person in self.readers

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "participant": self.author,
            "text": self.text,
            "at": iso(self.at),
            "readers": None if self.readers is None else sorted(self.readers),
            "minuted": self.minuted,
            "removed": self.removed,
        }

    @classmethod
    def from_json(cls, data: Json) -> Message:
        """What was kept before a note named its readers (as `desk`) is its author's alone: whose roles it was for is
        not in it."""
        readers = data.get("readers") or ([data["participant"]] if data.get("desk") else None)
        return cls(
            data["id"],
            data["participant"],
            data["text"],
            from_iso(data["at"]),
            None if readers is None else frozenset(readers),
            data["minuted"],
            data["removed"],
        )


@dataclass(frozen=True, slots=True)
class Chat:
    """`messages` in the order of writing; `count`: how many there ever were. `locked`: only the desk writes to all."""

    messages: Mapping[str, Message]
    count: int = 0
    locked: bool = False

    def with_message(self, message: Message) -> Chat:
        messages = {**self.messages, message.id: message}
        for oldest in list(messages)[: max(0, len(messages) - KEPT)]:
            del messages[oldest]
        return replace(self, messages=messages, count=max(self.count, int(message.id[1:])))


CHAT = Part("chat", lambda meeting: Chat({}))


@dataclass(frozen=True, slots=True)
class Say(Command):
    text: str = field(metadata=read_by(prose))
    to: str = field(default="all", metadata=read_by(one_of(*ADDRESSEES)))


@dataclass(frozen=True, slots=True)
class RemoveMessage(Command):
    message: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class MinuteMessage(Command):
    message: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class LockChat(Command):
    locked: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class React(Command):
    """For the server's edge: shown for a moment and forgotten."""

    reaction: str = field(metadata=read_by(one_of(*REACTIONS)))


def _addressed(state: State, to: str) -> frozenset[str] | None:
    """Who reads besides the author, by the roles of now; None: everybody."""
    sheet = state.session.sheet
    return {"all": None, "desk": sheet.desk, "secretary": frozenset(sheet.secretaries)}[to]


def _say(state: State, actor: str, command: Say, now: datetime) -> Found:
    chat = CHAT.of(state)
    if chat.locked and command.to == "all" and state.people[actor].role not in DESK:
        raise Refused("chat_locked")
    recent = [one for one in chat.messages.values() if one.author == actor and now - one.at < SPAN]
    if len(recent) >= AT_ONCE:
        raise Refused("busy", "too many messages")
    readers = _addressed(state, command.to)
    message = Message(f"m{chat.count + 1}", actor, command.text, now, None if readers is None else readers | {actor})
    return CHAT.put(state, chat.with_message(message))


def _standing(state: State, actor: str, id: str) -> Message:
    message = CHAT.of(state).messages.get(id)
    if message is None or message.removed or not message.read_by(actor):
        raise Refused("unknown_message")
    return message


def _remove(state: State, actor: str, command: RemoveMessage, now: datetime) -> Found:
    message = _standing(state, actor, command.message)
    if actor != message.author and state.people[actor].role not in DESK:
        raise Refused("not_allowed", "only the author and the desk remove a message")
    return CHAT.put(state, CHAT.of(state).with_message(replace(message, text="", removed=True)))


def _minute(state: State, actor: str, command: MinuteMessage, now: datetime) -> Found:
    message = _standing(state, actor, command.message)
    if message.readers is not None:
        raise Refused("not_eligible", "the note is private")
    if message.minuted:
        return []
    data = {"message": message.id, "person": message.author, "text": message.text, "at": iso(message.at)}
    return [Draft("message_minuted", actor, data)]


def _lock(state: State, actor: str, command: LockChat, now: datetime) -> Found:
    return CHAT.put(state, replace(CHAT.of(state), locked=command.locked))


def _minuted(state: State, fact: Fact) -> State:
    data = fact.data
    known = CHAT.of(state).messages.get(data["message"])
    message = known or Message(data["message"], data["person"], data["text"], from_iso(data["at"]))
    return CHAT.put(state, CHAT.of(state).with_message(replace(message, minuted=True)))


def _readers(state: State, id: str) -> Collection[str] | None:
    return CHAT.of(state).messages[id].readers


LOCK = "lock"  # among the memory's items, which are the messages by id


def _remembered(state: State, id: str) -> Json:
    chat = CHAT.of(state)
    return {"locked": chat.locked} if id == LOCK else chat.messages[id].to_json()


def _recalled(state: State, id: str, value: Json) -> State:
    chat = CHAT.of(state)
    if id == LOCK:
        return CHAT.put(state, replace(chat, locked=value["locked"]))
    chat = chat.with_message(Message.from_json(value))
    in_order = dict(sorted(chat.messages.items(), key=lambda one: int(one[0][1:])))
    return CHAT.put(state, replace(chat, messages=in_order))


WRITERS = ALL - {Role.GATEWAY}

CHATTING = Topic(
    part=CHAT,
    said=(
        Said("chat.say", Say, WRITERS, _say, UNTIL_CLOSED),
        Said("chat.remove", RemoveMessage, WRITERS, _remove, UNTIL_CLOSED),
        Said("chat.minute", MinuteMessage, DESK, _minute),
        Said("chat.lock", LockChat, DESK, _lock, UNTIL_CLOSED),
        Said("react", React, WRITERS),
    ),
    folds={"message_minuted": _minuted},
    views=(
        View(
            "chat",
            "chat",
            lambda state: the_one(CHAT.of(state).locked),
            lambda state, _: {"locked": CHAT.of(state).locked},
        ),
        View(
            "message",
            "messages",
            lambda state: {id: (one,) for id, one in CHAT.of(state).messages.items()},
            lambda state, id: CHAT.of(state).messages[id].to_json(),
            many=True,
            audience=_readers,
        ),
    ),
    memory=Memory(
        lambda state: {**CHAT.of(state).messages, LOCK: CHAT.of(state).locked},
        _remembered,
        _recalled,
    ),
)
