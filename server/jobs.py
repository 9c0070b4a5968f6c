"""What the server looks at by itself, now and then: one look, a pause, and so on until it is closed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from server.auth import utcnow

log = structlog.get_logger("giaoban.jobs")

SOON = 30.0
"""Seconds after which a look that failed is tried again; twice as many after each further failure."""
LATEST = 600.0
"""Seconds after which one that fails on and on is tried again, where its own rhythm is not slower still."""
ENDING = 2.0
"""Seconds that a look which is ended has to let go of what it holds; nobody waits longer for a peer that does not
answer any more."""


class Job:
    """Given: its name, the look, how often it is taken, when for the first time, and what it means that it fails, for
    the log. Owned: the task. Seconds all."""

    def __init__(
        self,
        name: str,
        look: Callable[[datetime], Awaitable[object]],
        *,
        every: float,
        failing: str,
        first: float = 0.0,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self.name = name
        self.look = look
        self._every = every
        self._failing = failing
        self._first = first
        self._now = now
        self._woken = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look. What was due before a restart is seen by the first look."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There is something to see: look now, or once more where a look is under way."""
        self._woken.set()

    async def close(self, grace: float = 0.0) -> None:
        """Take no further look, and end the one under way if it takes longer than `grace`. Idempotent."""
        self._closing = True
        self._woken.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=grace)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=ENDING)

    async def _run(self) -> None:
        await self._pause(self._first)
        failures = 0
        while not self._closing:
            self._woken.clear()
            try:
                await self.look(self._now())
                failures = 0
            except Exception:
                failures += 1
                log.exception("a job failed and is tried again", job=self.name, failing=self._failing, times=failures)
            await self._pause(pause_after(failures, self._every))

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


def pause_after(failures: int, every: float) -> float:
    """Seconds until the next look, after so many failures in a row."""
    if not failures:
        return every
    return min(SOON * 2.0 ** min(failures - 1, 32), max(every, LATEST))
