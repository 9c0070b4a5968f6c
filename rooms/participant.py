"""Who is in the room, and what each role may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from rooms.proceedings import Json, Person, Role, Unit

__all__ = ["Participant", "Person", "PERMISSIONS", "Role", "Unit", "VOTERS", "permitted"]

_ALL = frozenset(Role)
_CHAIR = frozenset({Role.CHAIR})
_DESK = frozenset({Role.CHAIR, Role.SECRETARY})
_SPEAKERS = frozenset({Role.CHAIR, Role.SECRETARY, Role.DELEGATE})

VOTERS = frozenset({Role.CHAIR, Role.DELEGATE})

PERMISSIONS: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "leave": _ALL,
        "media.state": _SPEAKERS | {Role.GATEWAY},
        "media.offer": _SPEAKERS | {Role.GATEWAY},
        "media.subscribe": _ALL,
        "media.answer": _ALL,
        "media.watch": _ALL,
        "media.line": _ALL,
        "meeting.open": _CHAIR,
        # The secretary only while the chair is not there: Room looks.
        "meeting.close": _DESK,
        "agenda.step": _DESK,
        "hand.raise": frozenset({Role.SECRETARY, Role.DELEGATE}),
        "hand.lower": _ALL - {Role.GATEWAY},
        "floor.give": _CHAIR,
        # A secretary or delegate may end only their own turn: Room looks at who holds the floor.
        "floor.end": _SPEAKERS,
        "vote.open": _CHAIR,
        "vote.cast": VOTERS,
        "vote.close": _CHAIR,
        "conclusion.put": _DESK,
        "conclusion.remove": _DESK,
        "recording.start": _DESK,
        "recording.stop": _DESK,
        "recording.consent": _SPEAKERS,
        "ping": _ALL,
    }
)


def permitted(role: Role, type: str) -> bool:
    """Whether the role may send messages of the type at all; unknown types are nobody's."""
    return role in PERMISSIONS.get(type, ())


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in the room. `present`: attendance runs. `connected` is false, and `away_since` set, while
    the line is dropped. `audio`, `video`: microphone and camera are on."""

    person: Person
    present: bool = False
    connected: bool = False
    audio: bool = False
    video: bool = False
    hand: bool = False
    away_since: datetime | None = None

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def role(self) -> Role:
        return self.person.role

    def to_json(self) -> Json:
        return self.person.to_json() | {
            "present": self.present,
            "connected": self.connected,
            "audio": self.audio,
            "video": self.video,
            "hand": self.hand,
        }
