"""Who is in the room, and in which capacity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.proceedings import VOTING, Json, Person, Role, Unit

__all__ = ["ALL", "CHAIR", "DESK", "Participant", "Person", "Role", "SENDERS", "SPEAKERS", "Unit", "VOTERS"]

ALL = frozenset(Role)
CHAIR = frozenset({Role.CHAIR})
DESK = frozenset({Role.CHAIR, Role.SECRETARY})
# Who may ask to speak and be given the floor.
SPEAKERS = frozenset({Role.CHAIR, Role.DEPUTY, Role.SECRETARY, Role.CLERK, Role.DELEGATE, Role.GUEST})
# Who may send sound and picture: a technician tries the room's devices.
SENDERS = SPEAKERS | {Role.TECHNICIAN, Role.GATEWAY}
# Who has a vote by role; of the single person, `Person.votes` knows.
VOTERS = VOTING


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in the room. `present`: they have a place here. `connected` is false, and `away_since` set, while
    the line is dropped; `lost`: since when, once that has lasted. `audio`, `video`: microphone and camera are on.
    `struck`: they were written down by mistake, and are shown no more. `seat`: the site at whose device they sit; as
    long as that is there, so are they, and a line of their own is only beside it."""

    person: Person
    present: bool = False
    connected: bool = False
    audio: bool = False
    video: bool = False
    hand: bool = False
    away_since: datetime | None = None
    lost: datetime | None = None
    struck: bool = False
    seat: str | None = None

    @property
    def counted(self) -> bool:
        """Whether they are there for attendance, quorum and majorities: with a place here, and no line that is lost."""
        return self.present and self.lost is None

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def role(self) -> Role:
        return self.person.role

    @property
    def votes(self) -> bool:
        return self.person.votes

    def to_json(self) -> Json:
        data = {name: value for name, value in self.person.to_json().items() if name != "vote"}
        return data | {
            "votes": self.person.votes,
            "present": self.present,
            "connected": self.connected,
            "lost": self.lost is not None,
            "audio": self.audio,
            "video": self.video,
            "hand": self.hand,
            "site": self.seat,
            "stream": False,
        }
