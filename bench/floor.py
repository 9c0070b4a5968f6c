"""What the kernel alone takes for the same sends: `python -m bench.floor`. Whatever a server does comes on top of it.

The pattern is that of the load (bench.load): each frame of a camera to every subscriber as one segmented message, each
packet of Opus as a datagram, at the times at which they come, all that comes together by one sendmmsg. The datagrams
are ready, so nothing is computed. They go to the peers that the servers' go to, and their process is measured as the
servers are: a socket that nobody reads drops its packets early, and whom nobody waits for need not be woken.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import functools
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import clips
from bench.peer import Peer
from bench.ready import Order
from bench.servers import LIMIT, window
from media.endpoint import make_identity

MTU = 1130  # octets of a frame in one packet of the load
AROUND = 20  # octets of headers
RATE = 50  # packets of Opus a second
GATHER = 0.003
"""Seconds: where at least one frame more comes within them, what comes is sent together, as media/_forward_loop.pxi
does it."""


@functools.cache
def frame() -> tuple[int, int]:
    """Datagrams of a picture of our clip, and octets of each, on average."""
    frames = [frame.data for frame in clips.video("f")]
    count = max(1, round(statistics.mean(-(-len(data) // MTU) for data in frames)))
    return count, round(statistics.mean(len(data) for data in frames) / count) + AROUND


class Feeds:
    """Whatever is sent by the floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._paused = True

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        if paused != self._paused:
            self._floor.order([] if paused else self._floor.ports)
        self._paused = paused

    def close(self) -> None:
        self.paused = True


class Floor:
    """It as if it were a server (bench.servers.Server). Owned: the process that sends."""

    name = "kernel alone"

    def __init__(self, gather: float = GATHER) -> None:
        self.identity = make_identity()
        self.ports: list[list[int]] = []  # of those who receive each publisher
        self._gather = gather
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.ready"],
            stdin=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        self.root = self._process.pid

    def order(self, ports: list[list[int]]) -> None:
        """Send to these from now on; nobody: stop."""
        assert self._process.stdin is not None
        order = Order(ports, frame(), (clips.FPS, RATE), self._gather)
        print(json.dumps(dataclasses.asdict(order)), file=self._process.stdin, flush=True)

    async def publish(self, name: str) -> Feeds:
        self.ports.append([])
        return Feeds(self)

    async def watch(self, feed: str) -> Peer:
        peer = Peer(self.identity)
        self.ports[0].append(peer.port)
        return peer

    async def meet(self, names: Sequence[str]) -> tuple[list[Feeds], list[Peer]]:
        peers = [Peer(self.identity) for _ in names]
        self.ports = [[peer.port for peer in peers if peer is not own] for own in peers]
        return [Feeds(self)], peers

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # the sign to end
        await asyncio.to_thread(self._process.wait)


async def alone(subscribers: int, gather: float = GATHER) -> float:
    """CPU microseconds per packet that arrives at one of so many."""
    floor = Floor(gather)
    feeds = await floor.publish("camera")
    peers = [await floor.watch("camera") for _ in range(subscribers)]
    feeds.paused = False
    await asyncio.wait_for(peers[0].first_packet, LIMIT)
    await asyncio.sleep(1)
    seen = await window(floor, peers)
    feeds.close()
    await floor.close()
    for peer in peers:
        peer.close()
    return seen.each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs="*", default=[5, 20, 50, 100, 200])
    parser.add_argument("--gather", type=float, default=GATHER, help="seconds")
    arguments = parser.parse_args()
    for number in arguments.subscribers:
        figures = [uvloop.run(alone(number, arguments.gather)) for _ in range(3)]
        print(f"{number:4} subscribers {statistics.median(figures):6.2f} us/packet", flush=True)


if __name__ == "__main__":
    main()
