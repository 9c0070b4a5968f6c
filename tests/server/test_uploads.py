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


async def test_lines_left_open_by_one_address_keep_nobody_else_out() -> None:
    """Else sixteen unfinished requests of one machine close the page to everybody."""
    places, ends = Uploads(known=0, strangers=4), list[str]()

    async def hang(who: str) -> None:
        try:
            async with places.place(known=False, who=who):
                await asyncio.Event().wait()
        except Problem as problem:
            ends.append(f"{who}: {problem.code}")

    crowd = [asyncio.create_task(hang("203.0.113.5")) for _ in range(500)]
    while len(ends) < 496:  # an office that wants more than there is waits for itself
        await asyncio.sleep(0)
    async with places.place(known=False, who="198.51.100.7"), places.place(known=False, who="198.51.100.7"):
        with pytest.raises(Problem, match="too_many"):  # half of the places is as much as the others have
            await places.place(known=False, who="198.51.100.7").__aenter__()
        while len(ends) < 498:
            await asyncio.sleep(0)
    assert set(ends) == {"203.0.113.5: too_many"}
    for one in crowd:
        one.cancel()


async def test_who_sends_gives_way_after_who_only_holds_a_place() -> None:
    places, ends = Uploads(known=0, strangers=2), list[int]()

    async def send(octets: int) -> None:
        try:
            async with places.place(known=False, who="203.0.113.5") as reading:
                reading.got(octets)
                await asyncio.Event().wait()
        except Problem:
            ends.append(octets)

    sending, holding = (asyncio.create_task(send(octets)) for octets in (4096, 0))
    await asyncio.sleep(0)
    async with places.place(known=False, who="198.51.100.7"):
        await holding
    assert ends == [0]
    sending.cancel()
