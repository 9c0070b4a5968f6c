"""What the kernel alone takes for the same sends: `python -m bench.floor`. Whatever a server does comes on top of it.

The pattern is that of the load (bench.load): each frame of a camera to every subscriber as one segmented message, each
packet of Opus as a datagram, at the times at which they come, all that comes together by one sendmmsg. The datagrams
are ready, so nothing is computed. They go to the peers that the servers' go to, and their process is measured as the
servers are: a socket that nobody reads drops its packets early, and whom nobody waits for need not be woken.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import functools
import itertools
import json
import random
import select
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import clips
from bench.forward import SOL_UDP, UDP_SEGMENT, Message, Vector
from bench.peer import Peer
from bench.servers import LIMIT, window
from media.endpoint import make_identity

MTU = 1130  # octets of a frame in one packet of the load
AROUND = 20  # octets of headers
SPEECH, RATE = 120, 50  # octets of a packet of Opus, packets a second
GATHER = 0.003
"""Seconds: where at least one frame more comes within them, what comes is sent together, as media/_forward_loop.pxi
does it."""
CYCLE = 2  # seconds, then all is sent again


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
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.floor", "--send", str(gather)],
            stdin=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        self.root = self._process.pid

    def order(self, ports: Sequence[Sequence[int]]) -> None:
        """Send to these from now on; nobody: stop."""
        assert self._process.stdin is not None
        print(json.dumps(ports), file=self._process.stdin, flush=True)

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


# The process that sends.


@dataclass(frozen=True)
class Parcel:
    """One message: `count` datagrams of `size` octets, and a shorter one of `tail` octets or none."""

    port: int
    count: int
    size: int
    tail: int = 0


def plan(feeds: Sequence[Sequence[int]], gather: float) -> list[tuple[float, list[Parcel]]]:
    """When, in seconds from the beginning of a cycle, what is sent to all of them by one call."""
    chance = random.Random(1)
    frames = [frame.data for frame in clips.video("f")]
    count = max(1, round(statistics.mean(-(-len(data) // MTU) for data in frames)))
    size = round(statistics.mean(len(data) for data in frames) / count) + AROUND
    events: list[tuple[float, bool, Sequence[int]]] = []
    for ports in feeds:
        for video, rate in ((True, clips.FPS), (False, RATE)):
            first = chance.random() / rate
            events += [(first + number / rate, video, ports) for number in range(CYCLE * rate)]
    events.sort(key=lambda event: event[0])
    waits = gather if len(events) / CYCLE * gather >= 1 else 0.0
    planned: list[tuple[float, list[Parcel]]] = []
    while events:
        together = list(itertools.takewhile(lambda event: event[0] <= events[0][0] + waits, events))
        planned.append((events[0][0] + waits, _parcels(together, count, size)))
        del events[: len(together)]
    return planned


def _parcels(events: Sequence[tuple[float, bool, Sequence[int]]], count: int, size: int) -> list[Parcel]:
    """The fewest messages: a frame has one, a voice is the last of a frame's, further voices have one together."""
    pictures: dict[int, int] = {}
    voices: dict[int, int] = {}
    for _, video, ports in events:
        for port in ports:
            found = pictures if video else voices
            found[port] = found.get(port, 0) + 1
    parcels = []
    for port in {**pictures, **voices}:
        shown, heard = pictures.get(port, 0), voices.get(port, 0)
        tails = min(shown, heard, 1)
        parcels += [Parcel(port, count, size, SPEECH if number < tails else 0) for number in range(shown)]
        parcels += [Parcel(port, heard - tails, SPEECH)] if heard > tails else []
    return parcels


class Sending:
    """The plan as the kernel takes it. Owned: the socket."""

    def __init__(self, feeds: Sequence[Sequence[int]], gather: float) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self._made: dict[object, tuple[ctypes.Array[ctypes.c_char], Vector, ctypes.Array[ctypes.c_char]]] = {}
        self._names: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self.turns = [(at, self._messages(parcels)) for at, parcels in plan(feeds, gather)]
        self._send = ctypes.CDLL(None, use_errno=True).sendmmsg

    def send(self, messages: ctypes.Array[Message]) -> None:
        if self._send(self.socket.fileno(), messages, len(messages), 0) != len(messages):
            raise OSError(ctypes.get_errno(), "sendmmsg stopped early")

    def _messages(self, parcels: Sequence[Parcel]) -> ctypes.Array[Message]:
        messages = (Message * len(parcels))()
        for message, parcel in zip(messages, parcels, strict=True):
            data, vector, control = self._template(parcel.count, parcel.size, parcel.tail)
            header = message.header
            header.name, header.name_length = ctypes.addressof(self._name(parcel.port)), 16
            header.vectors, header.vector_count = ctypes.pointer(vector), 1
            if len(data) > parcel.size:
                header.control, header.control_length = ctypes.addressof(control), len(control)
        return messages

    def _template(
        self, count: int, size: int, tail: int
    ) -> tuple[ctypes.Array[ctypes.c_char], Vector, ctypes.Array[ctypes.c_char]]:
        key = count, size, tail
        if key not in self._made:
            octets = b"".join(b"\x80" + bytes(length - 1) for length in (*[size] * count, *([tail] if tail else [])))
            data = ctypes.create_string_buffer(octets, len(octets))
            asked = struct.pack("@nii", struct.calcsize("@nii") + 2, SOL_UDP, UDP_SEGMENT) + struct.pack("=H6x", size)
            control = ctypes.create_string_buffer(asked, len(asked))
            self._made[key] = data, Vector(ctypes.addressof(data), len(data)), control
        return self._made[key]

    def _name(self, port: int) -> ctypes.Array[ctypes.c_char]:
        if port not in self._names:
            name = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, b"\x7f\0\0\1")
            self._names[port] = ctypes.create_string_buffer(name, 16)
        return self._names[port]


def work(gather: float) -> None:
    """Do as the lines of standard input say, until it ends."""
    made = functools.cache(lambda line: Sending(json.loads(line), gather))
    for line in iter(sys.stdin.readline, ""):
        if json.loads(line):
            run(made(line))


def run(sending: Sending) -> None:
    """Send until another order comes."""
    began = time.monotonic()
    for cycle in itertools.count():
        for at, messages in sending.turns:
            left = began + CYCLE * cycle + at - time.monotonic()
            if select.select([0], [], [], max(0.0, left))[0]:
                return
            sending.send(messages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--send", type=float, metavar="GATHER", help="be the process that sends")
    parser.add_argument("--subscribers", type=int, nargs="*", default=[5, 20, 50, 100, 200])
    parser.add_argument("--gather", type=float, default=GATHER, help="seconds")
    arguments = parser.parse_args()
    if arguments.send is not None:
        work(arguments.send)
    for number in arguments.subscribers if arguments.send is None else ():
        figures = [uvloop.run(alone(number, arguments.gather)) for _ in range(3)]
        print(f"{number:4} subscribers {statistics.median(figures):6.2f} us/packet", flush=True)


if __name__ == "__main__":
    main()
