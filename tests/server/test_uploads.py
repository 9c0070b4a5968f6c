"""Places for those whose forms are being read."""

import asyncio

import pytest

from server import uploads
from server.errors import Problem
from server.uploads import Uploads


async def test_strangers_leave_the_places_of_officials_free() -> None:
    places = Uploads(known=1, strangers=1)
    async with places.place(known=False):
        with pytest.raises(Problem, match="too_many"):
            await places.place(known=False).__aenter__()
        async with places.place(known=True):
            pass
    async with places.place(known=False):
        pass


async def test_where_all_places_are_taken_the_slowest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who sends an octet now and then on sixteen lines keeps everybody out."""
    monkeypatch.setattr(uploads, "PATIENCE", 0.0)
    places, ends = Uploads(known=0, strangers=2), []

    async def send(octets: int) -> None:
        try:
            async with places.place(known=False) as reading:
                reading.got(octets)
                await asyncio.Event().wait()
        except Problem as problem:
            ends.append((octets, problem.code))

    slow, fast = (asyncio.create_task(send(octets)) for octets in (600 * uploads.PACE, 60_000 * uploads.PACE))
    await asyncio.sleep(0)
    async with places.place(known=False) as third:
        third.got(600 * uploads.PACE)
        await slow
    assert ends == [(600 * uploads.PACE, "too_slow")]
    fast.cancel()
