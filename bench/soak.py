"""People come and go for half an hour: `make soak MINUTES=30`. Nothing may grow: memory, sockets, threads, tables.

Publishers and watchers of one room join, lose packets and ask for them, look larger or smaller, drop their lines and
leave, at random but seeded. Every SAMPLE seconds the process is measured at the same number of participants. How much
memory that takes depends on what they watch and on who has just dropped out, so it is the least of many samples that
must not rise: by no more than a join leaves behind on purpose, its facts in the meeting's proceedings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import time
from dataclasses import dataclass

import uvloop

from bench import process
from bench.servers import Giaoban, Seat
from media import rtcp

PEOPLE = 6
RIDS = ("q", "h", "f")
SAMPLE = 15.0  # seconds
WARM_UP = 0.25  # share of the time
LEFT = 20.0  # kB of memory that a join may leave behind


@dataclass(frozen=True)
class Sample:
    """What the server holds, `minutes` after the beginning, with PEOPLE seats taken."""

    minutes: float
    memory: int
    descriptors: int
    threads: int
    joins: int
    packets: int
    lost: int


class Life:
    """A room whose people change. Owned: the seats."""

    def __init__(self, server: Giaoban, seed: int) -> None:
        self.server = server
        self.seats: list[Seat] = []
        self.joins = self.failed = self.packets = self.lost = 0
        self._chance = random.Random(seed)

    async def fill(self) -> None:
        while len(self.seats) < PEOPLE:
            self.joins += 1
            # Names come again, as people do.
            taken = {seat.name for seat in self.seats}
            name = self._chance.choice([name for name in (f"p{n}" for n in range(3 * PEOPLE)) if name not in taken])
            rids = RIDS if self._chance.random() < 0.7 else ("h",)
            try:
                self.seats.append(await self.server.sit(name, rids=rids, publish=self._chance.random() < 0.7))
            except (ConnectionError, TimeoutError) as error:  # of a machine that is too busy to answer in time
                self.failed += 1
                print(f"a join failed: {error!r}", flush=True)

    async def step(self) -> None:
        """One thing happens."""
        seat = self._chance.choice(self.seats)
        await self._chance.choice(
            (self._leave, self._drop, self._watch, self._watch, self._nack, self._nack, self._ask)
        )(seat)
        await self.fill()

    async def empty(self) -> None:
        for seat in list(self.seats):
            await self._leave(seat)

    def count(self) -> tuple[int, int]:
        """Packets that have arrived, and holes in them, of all people there were."""
        packets, lost = self.packets, self.lost
        return packets + sum(s.down.packets for s in self.seats), lost + sum(s.down.lost for s in self.seats)

    def _forget(self, seat: Seat) -> None:
        self.seats.remove(seat)
        self.packets += seat.down.packets
        self.lost += seat.down.lost

    async def _leave(self, seat: Seat) -> None:
        self._forget(seat)
        await seat.leave()

    async def _drop(self, seat: Seat) -> None:
        self._forget(seat)
        await seat.drop()

    async def _watch(self, seat: Seat) -> None:
        await seat.watch({other.name: self._chance.choice((0, 90, 180, 360, 720)) for other in self.seats})

    async def _nack(self, seat: Seat) -> None:
        for ssrc, stream in list(seat.down.streams.items()):
            missing = sorted({(stream.highest - self._chance.randrange(1, 40)) & 0xFFFF for _ in range(5)})
            head = rtcp.receiver_report(seat.down.own_ssrc, ())
            seat.down.send_rtcp(head + rtcp.nack(seat.down.own_ssrc, ssrc, missing))

    async def _ask(self, seat: Seat) -> None:
        for ssrc in list(seat.down.streams):
            head = rtcp.receiver_report(seat.down.own_ssrc, ())
            seat.down.send_rtcp(head + rtcp.picture_loss(seat.down.own_ssrc, ssrc))


async def live(minutes: float, seed: int) -> list[Sample]:
    """The samples, a line printed for each."""
    server = Giaoban(wide=True)
    life = Life(server, seed)
    samples: list[Sample] = []
    began = time.monotonic()
    print(f"{'min':>6} {'PSS kB':>8} {'fds':>5} {'threads':>8} {'joins':>6} {'packets':>9} {'lost':>5}", flush=True)
    try:
        await life.fill()
        while time.monotonic() - began < 60 * minutes:
            until = time.monotonic() + SAMPLE
            while time.monotonic() < until:
                with contextlib.suppress(ConnectionError, TimeoutError):
                    await life.step()
                await asyncio.sleep(0.7)
            packets, lost = life.count()
            root = server.root
            sample = Sample(
                (time.monotonic() - began) / 60, process.memory(root), process.descriptors(root), process.threads(root),
                life.joins, packets, lost,
            )  # fmt: skip
            samples.append(sample)
            print(
                f"{sample.minutes:6.1f} {sample.memory:8} {sample.descriptors:5} {sample.threads:8} {sample.joins:6}"
                f" {sample.packets:9} {sample.lost:5}",
                flush=True,
            )
        await life.empty()
    finally:
        await server.close()
    return samples


def left_behind(samples: list[Sample]) -> float:
    """kB a join, by the least memory in the first and in the last third of the samples."""
    third = max(1, len(samples) // 3)
    first, last = (min(part, key=lambda sample: sample.memory) for part in (samples[:third], samples[-third:]))
    return (last.memory - first.memory) / max(1, last.joins - first.joins)


def verdict(samples: list[Sample]) -> list[str]:
    """What has grown; empty if nothing has."""
    settled = [sample for sample in samples if sample.minutes >= WARM_UP * samples[-1].minutes]
    first, last = settled[: max(1, len(settled) // 4)], settled[-max(1, len(settled) // 4) :]
    grown = []
    if left_behind(settled) > LEFT:
        grown.append(f"each join leaves {left_behind(settled):.0f} kB behind")
    for name in ("descriptors", "threads"):
        before, after = (max(getattr(sample, name) for sample in part) for part in (first, last))
        # Sockets of WebSockets that have just been closed may still be counted.
        if after > before + (PEOPLE if name == "descriptors" else 1):
            grown.append(f"{name} have grown from {before} to {after}")
    return grown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    samples = uvloop.run(live(arguments.minutes, arguments.seed))
    grown = verdict(samples)
    settled = [sample for sample in samples if sample.minutes >= WARM_UP * samples[-1].minutes]
    print(f"after the warm-up each join left {left_behind(settled):.1f} kB behind")
    print("; ".join(grown) or "nothing has grown")
    sys.exit(bool(grown))


if __name__ == "__main__":
    main()
