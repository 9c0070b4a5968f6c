"""The process of bench/floor.py that sends: ready datagrams, planned beforehand. It imports little, to begin soon."""

from __future__ import annotations

import ctypes
import functools
import itertools
import json
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.forward import SOL_UDP, UDP_SEGMENT, Message, Vector

SPEECH = 120  # octets of a packet of Opus
CYCLE = 2  # seconds, then all is sent again


@dataclass(frozen=True)
class Order:
    """What to send. `feeds`: the ports of those who receive each publisher; `frame`: datagrams of a picture and octets
    of each; `rates`: pictures and voices a second; `gather`: seconds within which what comes is sent together, where
    at least one frame more comes within them."""

    feeds: list[list[int]]
    frame: tuple[int, int]
    rates: tuple[int, int]
    gather: float


@dataclass(frozen=True)
class Parcel:
    """One message: `count` datagrams of `size` octets, and a shorter one of `tail` octets or none."""

    port: int
    count: int
    size: int
    tail: int = 0


def plan(order: Order) -> list[tuple[float, list[Parcel]]]:
    """When, in seconds from the beginning of a cycle, what is sent to all of them by one call."""
    chance = random.Random(1)
    events: list[tuple[float, bool, Sequence[int]]] = []
    for ports in order.feeds:
        for video, rate in zip((True, False), order.rates, strict=True):
            first = chance.random() / rate
            events += [(first + number / rate, video, ports) for number in range(CYCLE * rate)]
    events.sort(key=lambda event: event[0])
    waits = order.gather if len(events) / CYCLE * order.gather >= 1 else 0.0
    planned: list[tuple[float, list[Parcel]]] = []
    while events:
        together = list(itertools.takewhile(lambda event: event[0] <= events[0][0] + waits, events))
        planned.append((events[0][0] + waits, _parcels(together, *order.frame)))
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

    def __init__(self, order: Order) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self._made: dict[object, tuple[ctypes.Array[ctypes.c_char], Vector, ctypes.Array[ctypes.c_char]]] = {}
        self._names: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self.turns = [(at, self._messages(parcels)) for at, parcels in plan(order)]
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


def work() -> None:
    """Do as the lines of standard input say, until it ends; an empty order is to stop."""
    made = functools.cache(lambda line: Sending(Order(**json.loads(line))))
    for line in iter(sys.stdin.readline, ""):
        if json.loads(line)["feeds"]:
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


if __name__ == "__main__":
    work()
