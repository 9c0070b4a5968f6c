"""Bounds on how often: pace of messages, wrong PINs, costly checks."""

import asyncio
import contextlib

import pytest

from media.pace import Bucket
from server import rate
from server.errors import Problem
from server.rate import Attempts, Paces, Waiting


def test_a_burst_passes_and_then_the_pace_counts() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(100.5), bucket.take(100.5)] == [True, False]


def test_a_bucket_is_never_fuller_than_its_burst() -> None:
    bucket = Bucket(rate=2, burst=3)
    bucket.take(0.0)
    assert [bucket.take(10_000.0) for _ in range(4)] == [True, True, True, False]


def test_failures_close_the_door_until_they_are_old() -> None:
    attempts = Attempts(allowed=2, seconds=60)
    for now in (0, 10):
        assert attempts.begin("hanh", now)
    assert not attempts.begin("hanh", 20)
    assert attempts.begin("binh", 20), "one person's mistakes lock nobody else out"
    assert attempts.begin("hanh", 61)


def test_success_forgets_failures() -> None:
    attempts = Attempts(allowed=1, seconds=60)
    assert attempts.begin("hanh", 0)
    attempts.succeeded("hanh")
    assert attempts.begin("hanh", 1)


def test_an_attempt_that_came_to_nothing_is_taken_back() -> None:
    attempts = Attempts(allowed=1, seconds=60)
    assert attempts.begin("hanh", 0)
    attempts.untried("hanh", 0)
    attempts.untried("hanh", 0)
    assert attempts.begin("hanh", 1)
    assert not attempts.begin("hanh", 2)


async def test_a_full_queue_refuses_and_empties_again() -> None:
    waiting, done = Waiting(served=1, waiting=1), asyncio.Event()

    async def check() -> None:
        async with waiting.turn():
            await done.wait()

    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(waiting.turn())
        second = asyncio.create_task(check())
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="too_many"):
            await stack.enter_async_context(waiting.turn())
    done.set()
    await second
    async with waiting.turn():
        pass


def test_each_person_has_a_pace_of_their_own_and_is_forgotten_when_quiet() -> None:
    paces = Paces(rate=2, burst=3)
    assert [paces.take("lan", 100.0, 2), paces.take("lan", 100.0, 2), paces.take("dung", 100.0, 2)] == [
        True,
        False,
        True,
    ]
    assert paces.take("lan", 100.5, 2)
    paces.take("pao", 1000.0)
    assert set(paces._buckets) == {"pao"}


def test_what_is_old_is_forgotten_where_many_have_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MANY", 3)
    attempts = Attempts(allowed=1, seconds=60)
    for now, key in enumerate(("a", "b", "c", "d")):
        assert attempts.begin(key, float(now))
    assert not attempts.begin("a", 30.0), "it is not old yet"
    assert attempts.begin("e", 100.0)
    assert attempts._failed.keys() == {"e"}
