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
    ADJOURNED = "adjourned"
    """A break: it goes on later, with the same proceedings."""
    CLOSED = "closed"
    CANCELLED = "cancelled"


OVER = frozenset({MeetingState.CLOSED, MeetingState.CANCELLED})


KINDS = ("opened", "adjourned", "went_on", "closed", "sheet_changed", "cancelled")
# state -> kind of fact -> next state, or the code with which it is refused.
TRANSITIONS: Mapping[MeetingState, Mapping[str, MeetingState | str]] = MappingProxyType(
    {
        MeetingState.SCHEDULED: {
            "opened": MeetingState.OPEN,
            "adjourned": "not_open",
            "went_on": "not_open",
            "closed": "not_open",
            "sheet_changed": MeetingState.SCHEDULED,
            "cancelled": MeetingState.CANCELLED,
        },
        MeetingState.OPEN: {
            "opened": "already_open",
            "adjourned": MeetingState.ADJOURNED,
            "went_on": "already_open",
            "closed": MeetingState.CLOSED,
            "sheet_changed": "already_open",
            "cancelled": "already_open",
        },
        MeetingState.ADJOURNED: {
            "opened": "already_open",
            "adjourned": "not_open",
            "went_on": MeetingState.OPEN,
            "closed": MeetingState.CLOSED,
            "sheet_changed": "already_open",
            "cancelled": "already_open",
        },
        MeetingState.CLOSED: dict.fromkeys(KINDS, "closed"),
        MeetingState.CANCELLED: dict.fromkeys(KINDS, "cancelled"),
    }
)


@dataclass(frozen=True, slots=True)
class Session:
    """A meeting's sheet and how far the meeting has come."""

    sheet: Meeting
    state: MeetingState = MeetingState.SCHEDULED
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    until: datetime | None = None
    """When an adjourned meeting is to go on, if that was said."""

    def next(self, kind: str) -> MeetingState:
        """The state after a fact of one of KINDS; raises Refused if it cannot follow."""
        found = TRANSITIONS[self.state][kind]
        if isinstance(found, MeetingState):
            return found
        raise Refused(found)

    def opened(self, at: datetime) -> Session:
        return replace(self, state=self.next("opened"), opened_at=at)

    def adjourned(self, until: datetime | None) -> Session:
        return replace(self, state=self.next("adjourned"), until=until)

    def went_on(self) -> Session:
        return replace(self, state=self.next("went_on"), until=None)

    def closed(self, at: datetime) -> Session:
        return replace(self, state=self.next("closed"), closed_at=at, until=None)

    def cancelled(self) -> Session:
        return replace(self, state=self.next("cancelled"))

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
            "until": iso(self.until) if self.until else None,
            "chair": self.sheet.chair.id,
            "secretary": self.sheet.secretary.id,
            "secretaries": list(self.sheet.secretaries),
            "document": None,
        }
