"""The whole server under load: `python -m bench.load`. What is measured is CPU time of its process tree, packets that
arrive, and delays from a publisher's send() to the kernel's stamp at a subscriber.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench import floor, process
from bench.peer import Peer
from bench.publisher import Publisher
from bench.servers import WINDOW, Giaoban, Seat, window

LOADS = (5, 20, 50, 100, 200)
AT_ONCE = 4  # joins under way
SETTLE = 1.0


async def crowd(make: Callable[[], Awaitable[Peer]], count: int) -> list[Peer]:
    """So many subscribers, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> Peer:
        async with gate:
            return await make()

    return list(await asyncio.gather(*(one() for _ in range(count))))


@asynccontextmanager
async def giaoban(*, wide: bool = False) -> AsyncIterator[Giaoban]:
    server = Giaoban(wide=wide)
    try:
        yield server
    finally:
        await server.close()


@dataclass(frozen=True)
class Growth:
    """CPU per forwarded packet, ours and the kernel's floor, by number of subscribers."""

    ours: dict[int, float]
    floor: dict[int, float]
    lost: int


async def growth(loads: Sequence[int] = LOADS, *, wide: bool = False) -> Growth:
    """One publisher and more and more subscribers, then fewer and fewer: two windows for each number but the last."""
    ours: dict[int, list[float]] = {load: [] for load in loads}
    floors: dict[int, list[float]] = {load: [] for load in loads}
    lost = 0
    async with giaoban(wide=wide) as server:
        publisher = await server.publish("camera")
        peers: list[Peer] = []
        for load in (*loads, *reversed(loads[:-1])):
            peers += await crowd(lambda: server.watch("camera"), load - len(peers))
            for peer in peers[load:]:
                peer.close()
            del peers[load:]
            await asyncio.sleep(SETTLE)
            seen = await window(server, peers)
            ours[load].append(seen.each)
            lost += seen.lost
            publisher.paused = True
            floors[load].append(await floor.alone(load))
            publisher.paused = False
        for peer in peers:
            peer.close()
        publisher.close()
    means, floor_means = ({load: statistics.mean(values) for load, values in each.items()} for each in (ours, floors))
    return Growth(means, floor_means, lost)


@dataclass(frozen=True)
class Joins:
    """Milliseconds: CPU of a join, time from the offer to the first forwarded packet. `memory`: kB of one more."""

    cpu: float
    median: float
    p95: float
    memory: float


async def joins(count: int = 40) -> Joins:
    """CPU while no media flows, so that all of it is the join's; times while it does."""
    async with giaoban() as server:
        publisher = await server.publish("camera")
        times = [peer for _ in range(3) for peer in await crowd(lambda: server.watch("camera"), count // 3)]
        waits = sorted(1e3 * (peer.first_packet.result() - peer.began) for peer in times)
        publisher.paused = True
        await asyncio.sleep(SETTLE)
        cpu, began = process.cpu(server.root), time.perf_counter()
        quiet: list[Peer] = []
        memory = [process.memory(server.root)]
        while len(quiet) < count:
            quiet += await crowd(lambda: server.watch("camera", media=False), 10)
            memory.append(process.memory(server.root))
        cpu, passed = process.cpu(server.root) - cpu, time.perf_counter() - began
        await asyncio.sleep(SETTLE)
        idle = process.cpu(server.root)
        await asyncio.sleep(WINDOW)
        idle = (process.cpu(server.root) - idle) / WINDOW
        for peer in (*times, *quiet):
            peer.close()
        publisher.close()
    # The median, because what the server needed at its start is given back at some moment.
    more = statistics.median(after - before for before, after in itertools.pairwise(memory)) / 10
    cpu = 1e3 * (cpu - idle * passed) / len(quiet)
    return Joins(cpu, statistics.median(waits), waits[int(len(waits) * 0.95)], more)


class Stopwatch:
    """Delays of what some publishers send to some peers, in milliseconds."""

    def __init__(self, publishers: Sequence[Publisher], peers: Sequence[Peer]) -> None:
        self._sent: dict[bytes, int] = {}
        self.delays: list[float] = []
        for publisher in publishers:
            publisher.sent_at = self._sent
        for peer in peers:
            peer.listen(self._heard)

    def _heard(self, packet: bytes, stamp: int) -> None:
        end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
        sent = self._sent.get(packet[end - 16 : end])
        if sent is not None and stamp:
            self.delays.append((stamp - sent) / 1e6)

    def take(self, share: float) -> float:
        """That quantile of the delays since the last call."""
        delays, self.delays = sorted(self.delays), []
        return delays[min(len(delays) - 1, int(len(delays) * share))] if delays else float("nan")


async def busy(subscribers: int = 20, rounds: int = 4) -> tuple[float, float, float]:
    """p99 delay in ms while the server's Python is idle and while it renders pages without a pause; how busy it was."""
    idle, loaded, shares = [], [], []
    async with giaoban() as server:
        publisher = await server.publish("camera")
        peers = await crowd(lambda: server.watch("camera"), subscribers)
        watch = Stopwatch([publisher], peers[:2])
        await asyncio.sleep(SETTLE)
        for _ in range(rounds):
            watch.take(0)
            await asyncio.sleep(WINDOW)
            idle.append(watch.take(0.99))
            cpu, began = process.thread_cpu(server.root), time.perf_counter()
            visitors = [asyncio.create_task(server.visit()) for _ in range(4)]
            await asyncio.sleep(WINDOW)
            loaded.append(watch.take(0.99))
            shares.append((process.thread_cpu(server.root) - cpu) / (time.perf_counter() - began))
            for visitor in visitors:
                visitor.cancel()
            await asyncio.gather(*visitors, return_exceptions=True)
        for peer in peers:
            peer.close()
        publisher.close()
    return statistics.median(idle), statistics.median(loaded), statistics.median(shares)


@dataclass(frozen=True)
class Meeting:
    """All to all. `p99`: milliseconds; `core`: share of a core; `memory`: kB of each who joined the first two."""

    each: float
    p99: float
    lost: int
    core: float
    memory: float
    packets: float


async def meeting(
    count: int, rids: tuple[str, ...] = ("f",), *, wide: bool = True, apart: bool = True, seconds: float = 10.0
) -> Meeting:
    """Everybody's microphone and camera are on; two speak. With several rids a speaker is large, the rest thumbnails;
    with one, all are large. `apart`: the server has one core to itself and this process the other.
    """
    async with giaoban(wide=wide) as server:
        if apart:
            process.keep_apart(server.root)
        seats: list[Seat] = []
        before = 0
        for number in range(count):
            seats.append(await server.sit(f"p{number}", rids=rids))
            publisher = seats[-1].publisher
            assert publisher is not None
            publisher.speaking = number < 2
            if number == 1:
                await asyncio.sleep(2 * SETTLE)
                before = process.memory(server.root)
        names = [seat.name for seat in seats]
        small = 90 if len(rids) > 1 else 720
        for seat in seats:
            await seat.watch({name: 720 if name == "p0" else small for name in names})
        publishers = [seat.publisher for seat in seats if seat.publisher is not None]
        watch = Stopwatch(publishers, [seat.down for seat in seats[:: max(1, count // 4)]])
        await asyncio.sleep(4 * SETTLE)
        watch.take(0)
        seen = await window(server, [seat.down for seat in seats], seconds)
        p99 = watch.take(0.99)
        memory = (process.memory(server.root) - before) / (count - 2)
        for seat in seats:
            await seat.leave()
        process.share_cores()
    return Meeting(seen.each, p99, seen.lost, seen.cpu / seen.seconds, memory, seen.packets / seen.seconds)
