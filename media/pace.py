"""A bound on how often something may happen."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """A token bucket: `burst` at once, then `rate` a second. Time is the caller's, in seconds."""

    rate: float
    burst: float
    _level: float = 0.0
    _at: float = 0.0

    def take(self, now: float, weight: int = 1) -> bool:
        """Whether one more is within bounds; one that costs as much as `weight` others counts for as many."""
        self._level = max(0.0, self._level - (now - self._at) * self.rate)
        self._at = now
        if self._level + weight > self.burst:
            return False
        self._level += weight
        return True

    def idle(self, now: float) -> bool:
        """Whether it is as if nothing had ever been taken."""
        return (now - self._at) * self.rate >= self._level
