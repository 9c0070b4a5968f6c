"""What a client says to the server's edge and not to the Room: its transports, what it shows, what its line bears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rooms.errors import BadMessage
from rooms.fields import Command, count, identifier, read_by, sdp, up_to
from rooms.participant import ALL, SENDERS
from rooms.topic import Said, Topic

MAX_SHOWN = 500  # participants whose picture a page shows
MAX_HEIGHT = 4320  # pixels of a picture
MAX_BOUND = 1_000_000  # kilobits a second, and megabytes


def _sizes(name: str, value: object) -> Mapping[str, int]:
    if not isinstance(value, dict) or len(value) > MAX_SHOWN:
        raise BadMessage("bad_message", f'"{name}" has at most {MAX_SHOWN} participants')
    return {identifier(name, key): count(name, height, MAX_HEIGHT) for key, height in value.items()}


@dataclass(frozen=True, slots=True)
class MediaOffer(Command):
    sdp: str = field(metadata=read_by(sdp))


@dataclass(frozen=True, slots=True)
class MediaSubscribe(Command):
    pass


@dataclass(frozen=True, slots=True)
class MediaAnswer(Command):
    sdp: str = field(metadata=read_by(sdp))


@dataclass(frozen=True, slots=True)
class MediaWatch(Command):
    """How high, in CSS pixels, the page shows the picture of each participant; who is absent is not shown."""

    sizes: Mapping[str, int] = field(metadata=read_by(_sizes))


@dataclass(frozen=True, slots=True)
class MediaLine(Command):
    """What the line of the site bears, for what it receives: kilobits a second, and megabytes from now on. None: there
    is no bound."""

    kbps: int | None = field(default=None, metadata=read_by(up_to(MAX_BOUND)))
    megabytes: int | None = field(default=None, metadata=read_by(up_to(MAX_BOUND)))


@dataclass(frozen=True, slots=True)
class Ping(Command):
    pass


WIRE = Topic(
    said=(
        Said("media.offer", MediaOffer, SENDERS),
        Said("media.subscribe", MediaSubscribe, ALL),
        Said("media.answer", MediaAnswer, ALL),
        Said("media.watch", MediaWatch, ALL),
        Said("media.line", MediaLine, ALL),
        Said("ping", Ping, ALL),
    ),
)
