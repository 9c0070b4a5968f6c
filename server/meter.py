"""How everybody's line is, for those who lead the meeting: grades of the media plane, told when they have lasted. And,
for everybody, whose line is probably cut."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from media import Quality
from rooms import Role
from server.connection import Message

WATCHERS = frozenset({Role.CHAIR, Role.DEPUTY, Role.SECRETARY, Role.TECHNICIAN})
EVERY = timedelta(seconds=3)
HELD_UP = 3.0
"""Seconds between two looks, of one a second, after which it is not the others who were silent."""


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


class Silence:
    """Whose line is probably cut, though nobody has closed it: `names`, for everybody to see."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._looked_at = 0.0

    def look(self, silent: list[str], now: float) -> bool:
        """Has anything changed? Once a second, at `now` by the loop's clock: a server held up itself hears first
        what has come meanwhile."""
        before, self._looked_at = self._looked_at, now
        if now - before > HELD_UP or silent == self.names:
            return False
        self.names = silent
        return True
