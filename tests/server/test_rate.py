"""Bounds on how often: pace of messages, wrong PINs, costly checks."""

import asyncio
import contextlib

import pytest

from server.errors import Problem
from server.rate import Attempts, Bucket, Waiting


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
        assert attempts.open("hanh", now)
        attempts.failed("hanh", now)
    assert not attempts.open("hanh", 20)
    assert attempts.open("binh", 20), "one person's mistakes lock nobody else out"
    assert attempts.open("hanh", 61)


def test_success_forgets_failures() -> None:
    attempts = Attempts(allowed=1, seconds=60)
    attempts.failed("hanh", 0)
    attempts.succeeded("hanh")
    assert attempts.open("hanh", 1)


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
