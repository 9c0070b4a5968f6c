"""The states of one meeting, all in the table below; nothing else decides what may follow what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from rooms.errors import Refused
from rooms.proceedings import Json, Meeting, iso

__all__ = ["Meeting", "MeetingState", "Session", "TRANSITIONS"]


class MeetingState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


# state -> kind of fact -> next state, or the code with which it is refused.
TRANSITIONS: Mapping[MeetingState, Mapping[str, MeetingState | str]] = MappingProxyType(
    {
        MeetingState.SCHEDULED: {"opened": MeetingState.OPEN, "closed": "not_open"},
        MeetingState.OPEN: {"opened": "already_open", "closed": MeetingState.CLOSED},
        MeetingState.CLOSED: {"opened": "closed", "closed": "closed"},
    }
)


@dataclass(frozen=True, slots=True)
class Session:
    """A meeting's sheet and how far the meeting has come."""

    sheet: Meeting
    state: MeetingState = MeetingState.SCHEDULED
    opened_at: datetime | None = None
    closed_at: datetime | None = None

    def next(self, kind: str) -> MeetingState:
        """The state after a fact of the kind `opened` or `closed`; raises Refused if it cannot follow."""
        found = TRANSITIONS[self.state][kind]
        if isinstance(found, MeetingState):
            return found
        raise Refused(found)

    def opened(self, at: datetime) -> Session:
        return replace(self, state=self.next("opened"), opened_at=at)

    def closed(self, at: datetime) -> Session:
        return replace(self, state=self.next("closed"), closed_at=at)

    def to_json(self) -> Json:
        """The meeting for the wire. The server puts in `document` once there are minutes."""
        return {
            "id": self.sheet.id,
            "title": self.sheet.title,
            "state": self.state.value,
            "place": self.sheet.place,
            "starts_at": iso(self.sheet.starts_at),
            "opened_at": iso(self.opened_at) if self.opened_at else None,
            "closed_at": iso(self.closed_at) if self.closed_at else None,
            "chair": self.sheet.chair.id,
            "secretary": self.sheet.secretary.id,
            "document": None,
        }
