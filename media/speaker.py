"""Who speaks: from audio levels, with enough inertia that a cough or a slammed door does not take the floor.

Each voice gathers or loses score with time; the challenger must be ahead without a break for HOLD seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

AUDIBLE = 50  # -dBov; RFC 6464 counts downwards from 0, the loudest. Rooms at rest are at 60 and beyond.
MARGIN = 6.0  # dB by which a challenger must be louder than the speaker, when both talk
HOLD = 1.0  # seconds
FIRST = 0.4  # seconds for the first speaker, when nobody has the floor
SMOOTHING = 0.3  # seconds, time constant of the level's moving average
GAP = 1.0  # seconds; a longer pause between updates counts as this much


class Speaker:
    """Feed `update` about five times a second; `current` is the participant who speaks."""

    def __init__(self) -> None:
        self.current: str | None = None
        self._levels: dict[str, float] = {}
        self._challenger: str | None = None
        self._ahead = 0.0
        self._last: float | None = None

    def update(self, levels: Mapping[str, int], now: float) -> bool:
        """`levels` in -dBov (0 loudest, 127 silent), of everybody who has an open microphone.

        True if `current` has changed. Whoever is missing from `levels` has gone.
        """
        elapsed = min(GAP, now - self._last) if self._last is not None else 0.0
        self._last = now
        share = elapsed / (SMOOTHING + elapsed)
        former = self._levels
        self._levels = {
            name: former.get(name, 127.0) + share * (level - former.get(name, 127.0)) for name, level in levels.items()
        }
        before = self.current
        if self.current is not None and self.current not in self._levels:
            self.current = None
        self._contest(elapsed)
        return self.current != before

    def _contest(self, elapsed: float) -> None:
        best = min(self._levels, key=lambda name: (self._levels[name], name), default=None)
        if best is None or best == self.current or not self._louder(best):
            self._challenger = None
            self._ahead = 0.0
            return
        if best != self._challenger:
            self._challenger = best
            self._ahead = 0.0
            return
        self._ahead += elapsed
        if self._ahead >= (HOLD if self.current is not None else FIRST):
            self.current = best
            self._challenger = None
            self._ahead = 0.0

    def _louder(self, name: str) -> bool:
        level = self._levels[name]
        if level > AUDIBLE:
            return False
        return self.current is None or level + MARGIN <= self._levels[self.current]
