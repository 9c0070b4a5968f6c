"""News of the media plane, as values. Every event carries the room it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Track:
    """One m-line of a down offer: `mid` carries the `kind` ("audio" | "video" | "screen") of `participant`."""

    mid: str
    participant: str
    kind: str


@dataclass(frozen=True, slots=True)
class OfferReady:
    """The down transport of `participant` needs this offer answered (Router.accept)."""

    room: str
    participant: str
    sdp: str
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """ICE and DTLS are done. direction: "up" (we receive) or "down" (we send)."""

    room: str
    participant: str
    session: str
    direction: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The transport is gone. reason: "consent", "dtls", "closed", "replaced" or "fingerprint"."""

    room: str
    participant: str
    session: str
    direction: str
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """The participant's up transport is connected and carries this kind; a "screen" once it comes."""

    room: str
    participant: str
    kind: str


@dataclass(frozen=True, slots=True)
class Unpublished:
    """The participant no longer sends this kind."""

    room: str
    participant: str
    kind: str


@dataclass(frozen=True, slots=True)
class SpeakerChanged:
    """Somebody else speaks now in a group ("": all who are in none); None when the speaker has gone and nobody took
    over."""

    room: str
    participant: str | None
    group: str = ""


class Packet(Protocol):
    """A packet that the forwarder taps: its place among those of its source, without a wrap; its RTP timestamp and
    marker; when it came, in microseconds of the monotonic clock; its payload without padding."""

    @property
    def position(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def marker(self) -> bool: ...
    @property
    def received(self) -> int: ...
    @property
    def payload(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """Packets of a source that is being recorded (Router.record), in order of arrival.

    `report` is (NTP timestamp, RTP timestamp) of the publisher's last sender report for it, if there was one.
    """

    room: str
    participant: str
    kind: str
    codec: str
    clock_rate: int
    transport: int
    ssrc: int
    packets: Sequence[Packet]
    report: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class LayersWanted:
    """Of what `participant` publishes in several sizes (simulcast), anybody watches these, by rid, smallest first."""

    room: str
    participant: str
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoiceWanted:
    """`participant` shall send a voice of so many kilobits a second, in packets of so many milliseconds."""

    room: str
    participant: str
    kbps: int
    ptime: int


Event = (
    Recorded
    | OfferReady
    | Connected
    | Disconnected
    | Published
    | Unpublished
    | SpeakerChanged
    | LayersWanted
    | VoiceWanted
)


class News(Protocol):
    """Where events are put: a list in tests, the endpoint's queue in life."""

    def append(self, event: Event, /) -> None: ...
