"""A receiver's line between the table and him, so wide and so lossy as the test says."""

import random
from collections import deque

from media import bandwidth, rtcp
from media.feedback import FeedbackWriter
from tests.wire import End, Wire


class Link:
    """Between the table and a receiver: so many bits a second, half a second of queue, feedback ten times a second."""

    def __init__(self, wire: Wire, end: End, bits: float, *, voice: int = 800) -> None:
        self.wire, self.end, self.bits = wire, end, bits
        self.voice = voice  # octets of a packet of sound
        self.number = wire.transport(end)
        self.free = wire.now  # when the line has sent what it has
        self.lost = 0
        self.cut = False
        self.loss = 0.0
        self._chance = random.Random(3)
        self._writer = FeedbackWriter(7)
        self._sequence = 0
        self._arrivals: deque[tuple[int, float]] = deque()
        self._padded = 0
        self._left: dict[int, float] = {}

    def run(self, seconds: float) -> None:
        for step in range(round(seconds / 0.05)):
            for octets in self._packets():
                self._send(octets)
            # The estimate hears of what was sent when it was sent, and of what came half a tick later.
            self.wire.pass_time(0.05, checking=[self.end] if step % 100 == 0 else [])
            if step % 2:
                self._acknowledge()

    def _packets(self) -> list[int]:
        found = []
        for sink, route in self.wire.table.routes.items():
            if route.to != self.number:
                continue
            octets = 0.0 if route.paused or route.held else self.wire.table.flows.get(route.source, 0) * 0.05 / 8
            found += [255] * (route.padded // 255) + [route.padded % 255] * (route.padded % 255 > 0)
            route.padded = 0
            self._left[sink] = self._left.get(sink, 0.0) + octets
            size = self.voice if route.rewrite.payload_type == 111 else 800
            while self._left[sink] >= size:
                self._left[sink] -= size
                found.append(size)
        return found

    def _send(self, octets: int) -> None:
        now = self.wire.now
        self._sequence = self._sequence + 1 & 0xFFFF
        self.wire.table.went.setdefault(self.number, []).append((self._sequence, int(now * 1e6), octets))
        begin = max(now, self.free)
        if self.cut or begin - now > 0.5 or self._chance.random() < self.loss:
            self.lost += 1
            return
        self.free = begin + 8 * (octets + bandwidth.OVERHEAD) / self.bits
        self._arrivals.append((self._sequence, self.free + 0.02))

    def _acknowledge(self) -> None:
        arrived = []
        while self._arrivals and self._arrivals[0][1] <= self.wire.now:
            sequence, at = self._arrivals.popleft()
            arrived.append((sequence, int(at * 1e6)))
        for packet in self._writer.write(1, arrived):
            self.wire.rtcp(self.end, packet)


def block(ssrc: int, fraction: float, highest: int = 100) -> bytes:
    return rtcp.receiver_report(1, [rtcp.Block(ssrc, int(256 * fraction), 0, highest, 0, 0, 0)])
