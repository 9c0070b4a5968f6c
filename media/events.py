"""News of the media plane, as values. Every event carries the room it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Track:
    """One m-line of a down offer: `mid` carries the `kind` ("audio" | "video") of `participant`."""

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
    """The participant's up transport is connected and carries this kind."""

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
    """Somebody else speaks now; None when the speaker has gone and nobody took over."""

    room: str
    participant: str | None


Event = OfferReady | Connected | Disconnected | Published | Unpublished | SpeakerChanged


class News(Protocol):
    """Where events are put: a list in tests, the endpoint's queue in life."""

    def append(self, event: Event, /) -> None: ...
