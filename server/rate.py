"""Bounds on how often somebody may do something."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from media.pace import Bucket
from server.errors import Problem

MANY = 10_000
"""Keys that are remembered before old ones are looked for: strangers have as many addresses as they like."""


class Attempts:
    """Failed attempts by key (an account, an address): after `allowed` of them within `seconds`, none until they are
    that old.

    An attempt counts from its beginning, so that many at the same time are no more than one after the other.
    """

    def __init__(self, allowed: int, seconds: float) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._failed: dict[str, list[float]] = {}

    def begin(self, key: str, now: float) -> bool:
        """Count one more attempt of `key`; False (and not counted) where it may not try."""
        if len(self._failed) >= MANY:
            self._failed = {
                one: tried for one, tried in self._failed.items() if tried and now - tried[-1] < self._seconds
            }
        recent = [at for at in self._failed.get(key, ()) if now - at < self._seconds]
        if recent:
            self._failed[key] = recent
        else:
            self._failed.pop(key, None)
        if len(recent) >= self._allowed:
            return False
        self._failed.setdefault(key, []).append(now)
        return True

    def untried(self, key: str, now: float) -> None:
        """Take back the attempt that began at `now`: it came to no trial."""
        with contextlib.suppress(KeyError, ValueError):
            self._failed[key].remove(now)

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        self._failed.pop(key, None)


class Paces:
    """How fast somebody may go on, by key (a person): `burst` at once, then `rate` a second, whatever they do it by."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[str, Bucket] = {}

    def take(self, key: str, now: float, weight: int = 1) -> bool:
        """Whether `key` may do one more, which counts for `weight`; see Bucket."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets = {one: known for one, known in self._buckets.items() if not known.idle(now)}
            bucket = self._buckets[key] = Bucket(self._rate, self._burst)
        return bucket.take(now, weight)


class Waiting:
    """A counter with a short queue for costly work that anybody may ask for: `served` at a time, `waiting` behind.
    Whoever finds it full is told so by Problem(`full`)."""

    def __init__(self, served: int, waiting: int, full: str = "too_many") -> None:
        self._turn = asyncio.Semaphore(served)
        self._room = served + waiting
        self._full = full

    def refuse_full(self) -> None:
        """Raises Problem where the queue is full."""
        if self._room == 0:
            raise Problem(self._full)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises Problem where the queue is full."""
        self.refuse_full()
        self._room -= 1
        try:
            async with self._turn:
                yield
        finally:
            self._room += 1
