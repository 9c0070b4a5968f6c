"""What a Room answers with: values that the caller carries out in their order."""

from __future__ import annotations

from dataclasses import dataclass

from rooms.facts import Fact, Json


@dataclass(frozen=True, slots=True)
class Remembered:
    """An item of a topic's memory; None: it is gone."""

    topic: str
    id: str
    value: Json | None


@dataclass(frozen=True, slots=True)
class Keep:
    """The facts must be durable before any Tell after this is carried out; and, in the same transaction, what is kept
    beside them until the meeting is over: never part of the record, and gone with it."""

    facts: tuple[Fact, ...]
    memories: tuple[Remembered, ...] = ()


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to one participant's connection, or (None) to everybody in the room."""

    to: str | None
    message: Json


@dataclass(frozen=True, slots=True)
class Media:
    """`leave`: close the participant's transports. `pause`: stop or (paused false) go on forwarding what they send, of
    the kind audio, video or screen.
    `record`, `unrecord`: from now on keep what they send, or nothing of it. `hear`, `unhear`: the same for captions.
    `place`: the participant is in another group, or at another channel, than before.
    `hush`: the page is asked to switch off; "" are all who publish without a seat, and are switched off.
    `floor`: who speaks first in everybody's bandwidth; nobody is ""."""

    action: str
    participant: str
    kind: str | None = None
    paused: bool | None = None


Effect = Keep | Tell | Media
