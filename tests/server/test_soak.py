"""A short soak: when everybody has left, the server holds what it held before. Half an hour of it: `make soak`."""

import gc
import os
import threading

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
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "connections": len(sitting.connections),
        "sources": len(sitting.studio.streams.sources),
    }


async def flowing(seats: list[Seat]) -> None:
    """Until everybody receives."""
    for seat in seats:
        await seat.down.first_packet


async def come_and_go(house: House, number: int) -> None:
    """Some leave in good order, one comes again from another device while the first is still there."""
    seats = [await house.sit(f"p{place}", rids=("q", "h") if number % 2 else ("h",)) for place in range(PEOPLE)]
    await flowing(seats)
    for seat in seats:
        await seat.watch({other.name: 180 * (number % 3) for other in seats})
    again = await house.sit("p0", rids=("q",))
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
