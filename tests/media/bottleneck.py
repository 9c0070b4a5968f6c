"""A line that is too narrow, and a subscriber behind it: seeded, with a clock that only the test moves.

Everything between is real: what arrives is written as RTCP by FeedbackWriter, read by rtcp.read, judged by Estimator
and spent by Budget. Made up are the packets (speech every 20 ms, 15 pictures a second), the pacing and the line itself.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from media import rtcp
from media.bandwidth import OVERHEAD, Estimator
from media.budget import FLOOR, SHARED, THUMBNAIL, Audio, Budget, Encoding, Video
from media.feedback import FeedbackWriter

STEP = 0.005
TICK = 0.05
FEEDBACK = 0.1
SPEECH = 110  # octets of a datagram with Opus in it, 50 a second: 55 kbit/s on the wire
PACED = 2.5  # times the estimate
KEY = 6  # times the size of another picture
CAMERA = (
    Encoding(180, (60_000, 100_000, 150_000)),
    Encoding(360, (200_000, 330_000, 500_000)),
    Encoding(720, (700_000, 1_200_000, 1_800_000)),
)
VIDEOS = (
    Video("dung", FLOOR, 0, 720, CAMERA),
    Video("screen", SHARED, 0, 720, CAMERA),
    *(Video(name, THUMBNAIL, rank, 300, CAMERA) for rank, name in enumerate(("binh", "cuc", "hanh", "lan"))),
)


@dataclass
class Line:
    """`rate` bits/s, `queue` seconds of it in its buffer, `loss` at random, `delay` seconds one way; nothing
    arrives of what is sent in the first `shadow` of `every` so many seconds."""

    rate: int
    queue: float = 0.5
    loss: float = 0.0
    delay: float = 0.03
    shadow: float = 0.0
    every: float = 1.0
    cut: bool = False
    free_at: float = 0.0

    def carry(self, octets: int, now: float, chance: random.Random) -> float | None:
        """When so many octets arrive at the other end; None if never."""
        waiting = max(0.0, self.free_at - now)
        if self.cut or waiting > self.queue:
            return None
        self.free_at = now + waiting + octets * 8 / self.rate
        lost = now % self.every < self.shadow or chance.random() < self.loss
        return None if lost else self.free_at + self.delay


@dataclass
class Second:
    """What one second of the run was like. `queue` is the worst wait in the line, in seconds."""

    at: float
    rate: int
    sent: int = 0
    queue: float = 0.0
    speech: int = 0
    speech_lost: int = 0
    padding: int = 0
    pictures: dict[str, tuple[int, int]] = field(default_factory=dict)


class Subscriber:
    """Runs a meeting to one subscriber. `seconds` is the record; `switches` counts changes of a picture's step."""

    def __init__(
        self, line: Line, *, seed: int = 1, start: int = 300_000, declared: int | None = None, feedback: bool = True,
        videos: tuple[Video, ...] = VIDEOS,
    ) -> None:  # fmt: skip
        self.line = line
        self.now = 100.0
        self.estimator = Estimator(self.now, start=start, line=declared)
        self.budget = Budget()
        self.seconds: list[Second] = []
        self.switches = 0
        self.told: list[float] = []
        self._videos = videos
        self._feedback = feedback
        self._chance = random.Random(seed)
        self._writer = FeedbackWriter(1)
        self._sequence = 65_000
        self._log: list[tuple[int, int, int]] = []
        self._arriving: deque[tuple[float, int]] = deque()
        self._arrived: list[tuple[int, int]] = []
        self._returning: deque[tuple[float, bytes]] = deque()
        self._paced: deque[int] = deque()
        self._credit = 0.0
        self._steps = 0
        self._chosen: dict[str, tuple[int, int]] = {}
        self._rates: dict[str, int] = {}
        self._keyed: set[str] = set()  # whose next picture is a key frame
        self._wanted = 0

    def run(self, seconds: float) -> list[Second]:
        """So much longer; what these seconds were like."""
        before = len(self.seconds)
        for _ in range(round(seconds / STEP)):
            self._step()
        return self.seconds[before:]

    @property
    def steps(self) -> dict[str, tuple[int, int]]:
        """(encoding, temporal layer) of every picture sent now."""
        return self._chosen

    def _every(self, seconds: float) -> bool:
        return self._steps % round(seconds / STEP) == 0

    def _step(self) -> None:
        if self._every(1.0):
            self.seconds.append(Second(self.now, self.estimator.rate, pictures=dict(self._chosen)))
        if self._every(TICK):
            self._tick()
        if self._every(0.02):
            self._send(SPEECH, speech=True)
        if self._every(1 / 15):
            self._picture()
        pace = PACED * self.estimator.rate
        if self.estimator.line is not None:
            pace = min(pace, 0.9 * self.estimator.line)
        self._credit = min(self._credit + pace * STEP / 8, 1200)
        while self._paced and self._credit > 0:
            self._send(self._paced.popleft())
        self._receive()
        self._steps += 1
        self.now = 100.0 + self._steps * STEP

    def _tick(self) -> None:
        while self._returning and self._returning[0][0] <= self.now:
            for packet in rtcp.read(self._returning.popleft()[1]):
                assert isinstance(packet, rtcp.TransportFeedback)
                self.estimator.sent(self._log)
                self._log = []
                self.estimator.feedback(packet, self.now)
        self.estimator.sent(self._log)
        self._log = []
        self.estimator.tick(self.now)
        padding = self.estimator.probe(self.now, self._wanted)
        self.seconds[-1].padding += padding
        while padding >= 50:
            octets = min(300, padding)
            self._send(octets)
            padding -= octets
        if self._every(4 * TICK):
            division = self.budget.divide(self.estimator.rate, [Audio("dung", 55_000)], self._videos, self.now)
            self._wanted = division.wanted
            chosen = {key: (choice.encoding, choice.temporal) for key, choice in division.video.items()}
            self._rates = {key: choice.rate for key, choice in division.video.items()}
            self._keyed |= {key for key, step in chosen.items() if step[0] != self._chosen.get(key, (-1, 0))[0]}
            self.switches += sum(chosen.get(key) != step for key, step in self._chosen.items())
            self._chosen = chosen
            if not chosen:
                self._paced.clear()

    def _picture(self) -> None:
        for key, rate in self._rates.items():
            size = rate / 15 / 8 * (KEY if key in self._keyed else self._chance.uniform(0.6, 1.4))
            count = max(1, round(size / 1100))
            self._keyed.discard(key)
            self._paced.extend(max(60, round(size / count) - OVERHEAD) for _ in range(count))

    def _send(self, octets: int, *, speech: bool = False) -> None:
        second = self.seconds[-1]
        self._credit -= octets
        self._log.append((self._sequence, round(self.now * 1e6), octets))
        waiting = max(0.0, self.line.free_at - self.now)
        arrival = self.line.carry(octets + OVERHEAD, self.now, self._chance)
        if arrival is not None:
            self._arriving.append((arrival, self._sequence))
        second.sent += 8 * (octets + OVERHEAD)
        second.queue = max(second.queue, waiting)
        if speech:
            second.speech += 1
            second.speech_lost += arrival is None
        self._sequence = self._sequence + 1 & 0xFFFF

    def _receive(self) -> None:
        while self._arriving and self._arriving[0][0] <= self.now:
            at, sequence = self._arriving.popleft()
            self._arrived.append((sequence, 7_000_000 + round(at * 1e6)))
        if self._every(FEEDBACK) and self._feedback:
            for data in self._writer.write(5, self._arrived):
                if not self.line.cut:
                    self._returning.append((self.now + self.line.delay, data))
            self._arrived = []
