"""How everybody's line is, for those who lead the meeting: grades of the media plane, told when they have lasted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from media import Quality
from rooms import Role
from server.connection import Message

WATCHERS = frozenset({Role.CHAIR, Role.DEPUTY, Role.SECRETARY, Role.TECHNICIAN})
EVERY = timedelta(seconds=3)


class Meter:
    """One meeting's. `lines`: what is told, by participant."""

    def __init__(self, now: datetime) -> None:
        self.lines: Message = {}
        self._seen: Message = {}
        self._look_at = now

    def due(self, now: datetime) -> bool:
        """Is it time to look? Call often."""
        if now < self._look_at:
            return False
        self._look_at = now + EVERY
        return True

    def look(self, qualities: Mapping[str, Quality]) -> bool:
        """Has anything changed that is to be told? Only what two looks have seen: one bad moment is no bad line."""
        seen: Message = {
            name: {"up": one.up, "down": one.down, "sound_only": one.sound_only} for name, one in qualities.items()
        }
        lines = {
            name: one if one == self._seen.get(name) else self.lines[name]
            for name, one in seen.items()
            if one == self._seen.get(name) or name in self.lines
        }
        self._seen = seen
        changed, self.lines = lines != self.lines, lines
        return changed
