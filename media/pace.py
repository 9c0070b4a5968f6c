"""A bound on how often something may happen."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """A token bucket: `burst` at once, then `rate` a second. Time is the caller's, in seconds."""

    rate: float
    burst: float
    _level: float = 0.0
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more is within bounds."""
        self._level = max(0.0, self._level - (now - self._at) * self.rate)
        self._at = now
        if self._level + 1 > self.burst:
            return False
        self._level += 1
        return True
