"""Bounds on how often somebody may do something."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from server.errors import Problem


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


class Attempts:
    """Failed attempts by key (an account): after `allowed` of them within `seconds`, none until they are that old."""

    def __init__(self, allowed: int, seconds: float) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._failed: dict[str, list[float]] = {}

    def open(self, key: str, now: float) -> bool:
        """Whether `key` may try."""
        recent = [at for at in self._failed.get(key, ()) if now - at < self._seconds]
        if recent:
            self._failed[key] = recent
        else:
            self._failed.pop(key, None)
        return len(recent) < self._allowed

    def failed(self, key: str, now: float) -> None:
        """Count a failure."""
        self._failed.setdefault(key, []).append(now)

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        self._failed.pop(key, None)


class Waiting:
    """A counter with a short queue for costly work that anybody may ask for: `served` at a time, `waiting` behind."""

    def __init__(self, served: int, waiting: int) -> None:
        self._turn = asyncio.Semaphore(served)
        self._room = served + waiting

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises Problem("too_many") where the queue is full."""
        if self._room == 0:
            raise Problem("too_many")
        self._room -= 1
        try:
            async with self._turn:
                yield
        finally:
            self._room += 1
