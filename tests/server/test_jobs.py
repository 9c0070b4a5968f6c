"""Jobs look now and then: at their rhythm, earlier when woken, again soon after a failure, and no more once closed.

The clock of these tests' event loop stands still while something is to be done, and then jumps to what comes next.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime

import pytest

from server.app import jobs
from server.auth import utcnow
from server.config import SigningConfig
from server.jobs import ENDING, LATEST, SOON, Job, pause_after
from server.keys import CONFIG, JOBS
from tests.server.conftest import Server


class Jumping(selectors.DefaultSelector):
    """Waits for nobody: where nothing is ready, the awaited time has come."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready:
            self.now += timeout or 0.0
        return ready


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = Jumping()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def told(story: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a story on a clock of its own."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(story())


class Seen:
    """When it was looked, in seconds of the story."""

    def __init__(self, during: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.at: list[float] = []
        self._during = during

    async def look(self, now: datetime) -> None:
        self.at.append(now.timestamp())
        if self._during is not None:
            await self._during(len(self.at))


def job(seen: Seen, *, every: float = 900.0, first: float = 0.0) -> Job:
    def now() -> datetime:
        return datetime.fromtimestamp(asyncio.get_running_loop().time(), UTC)

    return Job("test", seen.look, every=every, first=first, failing="nothing is seen", now=now)


def test_it_looks_at_its_rhythm_and_not_after_it_is_closed() -> None:
    async def story() -> None:
        seen = Seen()
        looking = job(seen, first=60.0)
        looking.start()
        await asyncio.sleep(2000)
        await looking.close()
        await asyncio.sleep(2000)
        await looking.close()
        assert seen.at == [60, 960, 1860]

    told(story)


def test_who_wakes_it_waits_neither_for_the_first_look_nor_for_the_next() -> None:
    async def story() -> None:
        seen = Seen()
        looking = job(seen, first=60.0)
        looking.start()
        await asyncio.sleep(10)
        looking.wake()
        await asyncio.sleep(100)
        looking.wake()
        await asyncio.sleep(1000)
        await looking.close()
        assert seen.at == [10, 110, 1010]

    told(story)


def test_what_comes_while_it_looks_is_seen_by_another_look() -> None:
    async def story() -> None:
        seen = Seen(lambda _: asyncio.sleep(50))
        looking = job(seen)
        looking.start()
        await asyncio.sleep(20)
        looking.wake()
        looking.wake()
        await asyncio.sleep(500)
        await looking.close()
        assert seen.at == [0, 50]

    told(story)


def test_a_failure_is_tried_again_soon_then_less_often_and_forgotten_after_a_success() -> None:
    async def fails(times: int) -> None:
        if times not in (4, 5):
            raise OSError("no database")

    async def story() -> None:
        seen = Seen(fails)
        looking = job(seen)
        looking.start()
        await asyncio.sleep(2100)
        await looking.close()
        assert seen.at == [0, 30, 90, 210, 210 + 900, 210 + 1800, 210 + 1800 + 30]

    told(story)


def test_pauses_after_failures_grow_to_its_own_rhythm_and_a_quick_job_becomes_slower() -> None:
    assert pause_after(0, 5.0) == 5.0
    assert [pause_after(times, 86_400.0) for times in (1, 2, 3)] == [SOON, 2 * SOON, 4 * SOON]
    for every in (1.0, 30.0, 900.0, 86_400.0):
        pauses = [pause_after(times, every) for times in range(1, 5000)]
        assert pauses == sorted(pauses)
        assert pauses[-1] == max(every, LATEST)


def test_closing_waits_as_long_as_it_was_told_and_then_ends_the_look() -> None:
    async def story() -> None:
        ended: list[float] = []
        clock = asyncio.get_running_loop().time

        async def long(_times: int) -> None:
            try:
                await asyncio.sleep(5)
            finally:
                ended.append(clock())

        for grace, end in ((0.0, 1.0), (2.0, 3.0), (10.0, 5.0)):
            looking, start = job(Seen(long)), clock()
            looking.start()
            await asyncio.sleep(1)
            await looking.close(grace)
            assert ended.pop() - start == pytest.approx(end)
            assert clock() - start == pytest.approx(end), "it is over when close returns"

    told(story)


def test_a_look_that_does_not_let_itself_be_ended_holds_nobody_up() -> None:
    async def story() -> None:
        async def clings(_times: int) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                await asyncio.sleep(3600)

        looking = job(Seen(clings))
        looking.start()
        await asyncio.sleep(1)
        await looking.close()
        assert asyncio.get_running_loop().time() == pytest.approx(1 + ENDING)

    told(story)


async def test_every_job_of_the_server_finds_what_it_looks_at(server: Server) -> None:
    running = server.app[JOBS]
    assert {one.name for one in running} == {
        "deadlines", "series", "stamping", "archive", "renewal", "retention", "sealing", "exchange", "offices", "index",
    }  # fmt: skip
    for one in running:
        await one.close()
        await one.look(utcnow())


async def test_revocation_lists_are_fetched_only_where_hosts_are_named(server: Server) -> None:
    signing = SigningConfig(revocation_hosts=["ca.example"])
    config = server.app[CONFIG].model_copy(update={"signing": signing})
    assert "revocation" in {one.name for one in jobs(server.app, config)}
