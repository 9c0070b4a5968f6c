"""A short soak: when everybody has left, the server holds what it held before. Half an hour of it: `make soak`."""

import contextlib
import gc
import threading
from pathlib import Path

from bench.servers import Giaoban, Seat
from media.endpoint import make_identity
from server.keys import ENDPOINT, SITTINGS, TOKENS
from tests.server.conftest import Server

ROUNDS, PEOPLE = 6, 4
GAUGES = ("transports", "producers", "consumers")


class House(Giaoban):
    """The load's way into a server that runs in this process."""

    def __init__(self, server: Server) -> None:
        self.wide = True
        self.identity = make_identity()
        self._http = server.client  # type: ignore[assignment]
        self._tokens = server.app[TOKENS]


def held(server: Server) -> dict[str, int]:
    """What a leak would show in: tables, descriptors, threads, and what the meeting keeps in memory."""
    counters = server.app[ENDPOINT].counters()
    sitting = server.app[SITTINGS].running("giao-ban")
    assert sitting is not None
    gc.collect()
    return {
        **{name: counters[name] for name in GAUGES},
        **outside_the_pool(),
        "connections": len(sitting.connections),
        "sources": len(sitting.studio.streams.sources),
    }


def outside_the_pool() -> dict[str, int]:
    """But for the database's connections, a thread and files each: the pool opens them as they are needed."""
    files = []
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            files.append(one.readlink().name)
    return {
        "descriptors": sum(".sqlite" not in file for file in files),
        "threads": sum("_connection_worker_thread" not in thread.name for thread in threading.enumerate()),
    }


async def flowing(seats: list[Seat]) -> None:
    """Until everybody receives."""
    for seat in seats:
        await seat.down.first_packet


async def come_and_go(house: House, number: int) -> None:
    """Some leave in good order, one comes again from another device while the first is still there."""
    names = [f"p{number}-{place}" for place in range(PEOPLE)]  # others each time: one alone would come too often
    seats = [await house.sit(name, rids=("q", "h") if number % 2 else ("h",)) for name in names]
    await flowing(seats)
    for seat in seats:
        await seat.watch({other.name: 180 * (number % 3) for other in seats})
    again = await house.sit(names[0], rids=("q",))
    await flowing([again])
    await seats[0].drop()  # whom the newcomer has replaced
    for seat in (*seats[1:], again):
        await seat.leave()


async def test_who_comes_and_goes_leaves_nothing_behind(server: Server) -> None:
    house = House(server)
    await come_and_go(house, 0)  # what is made once and kept
    before = held(server)
    assert [before[name] for name in GAUGES] == [0, 0, 0]
    for number in range(ROUNDS):
        await come_and_go(house, number)
    after = held(server)
    counters = server.app[ENDPOINT].counters()
    assert counters["forwarded"] > 0
    assert counters["internal_errors"] == counters["notices_lost"] == counters["events_lost"] == 0
    assert after == before
