"""One media of one participant on its way into files: order, time and cuts. Values in, values out; no file, no clock.

A tape is one SSRC. Its packets come in any order; its frames go out in order, on a time that is the publisher's own
(the RTP timestamps), so that a loss, a pause or jitter on the line moves nothing. Where a segment lies in the meeting's
time is said when it ends, from the sender reports if there were any (`Clock`), else from the arrivals.
"""

from __future__ import annotations

from typing import NamedTuple

from media.depacketise import Frame, depacketiser, opus_samples
from media.events import Packet
from media.pace import Bucket

PATIENCE = 1_000_000  # microseconds that a missing packet is waited for
WINDOW = 1024  # packets that wait for a missing one
SEGMENT = 60_000_000  # microseconds after which a segment ends, for pictures at the next key frame
SILENCE = 5_000_000  # microseconds without a packet that end a segment
JUMP = 5_000_000  # microseconds by which the publisher's time may leave ours before it counts as another time
ASK_EVERY = 1_000_000  # microseconds between two requests for a key frame
SEGMENTS_A_SECOND, SEGMENTS_AT_ONCE = 0.2, 10
"""Who changes the size of his picture, or his time, with every frame must not make as many files and facts."""
USUAL = 40_000  # microseconds that the last picture of a segment is taken to be seen


class Begin(NamedTuple):
    """A segment begins with this frame, which came at about `at` (microseconds of the monotonic clock)."""

    frame: Frame
    at: int


class Block(NamedTuple):
    """A frame, `at` microseconds after the beginning of its segment."""

    at: int
    frame: Frame


class End(NamedTuple):
    """The segment ends: when it began, in microseconds of the monotonic clock, and how long it is."""

    began: int
    length: int


class Ask(NamedTuple):
    """Nothing can be written without a key frame."""


Step = Begin | Block | End | Ask


class Reorder:
    """Packets by position; a missing one is waited for within bounds."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._held: dict[int, Packet] = {}
        self._paused = False

    def push(self, packet: Packet) -> list[tuple[Packet, bool]]:
        """The packets whose turn it is; with each, whether something is missing before it."""
        if self._next is None:
            self._next = packet.position
        if packet.position >= self._next:
            self._held.setdefault(packet.position, packet)
        ready: list[tuple[Packet, bool]] = []
        while self._held:
            gap = self._next not in self._held
            if gap and not self._paused and not self._overdue(packet.received):
                break
            self._paused = False
            self._next = min(self._held)
            ready.append((self._held.pop(self._next), gap))
            self._next += 1
        return ready

    def _overdue(self, now: int) -> bool:
        oldest = self._held[min(self._held)].received
        return len(self._held) > WINDOW or now - oldest >= PATIENCE

    def flush(self) -> list[tuple[Packet, bool]]:
        """All that is held; nothing is waited for."""
        ready = []
        for position in sorted(self._held):
            ready.append((self._held[position], position != self._next))
            self._next = position + 1
        self._held.clear()
        return ready

    def pause(self) -> None:
        """What comes next is not what was sent next: nothing is waited for between."""
        self._paused = True


class Clock:
    """One publisher's time in ours. His sender reports put all his streams on one time (RFC 3550 section 6.4.1); the
    least delay of any packet says how that time lies in ours."""

    def __init__(self) -> None:
        self._lags: dict[int, int] = {}  # stream -> least (arrival - time of the stream)
        self._offsets: dict[int, int] = {}  # stream -> his time - time of the stream

    def note(self, stream: int, elapsed: int, received: int) -> None:
        """A packet with this time of its stream has come; microseconds."""
        lag = received - elapsed
        self._lags[stream] = min(self._lags.get(stream, lag), lag)

    def report(self, stream: int, ntp: int, elapsed: int) -> None:
        """A sender report: the 64-bit NTP timestamp is this time of the stream."""
        self._offsets[stream] = (ntp * 1_000_000 >> 32) - elapsed

    def restart(self, stream: int) -> None:
        """Measure the delay anew: clocks drift."""
        self._lags.pop(stream, None)

    def forget(self, stream: int) -> None:
        self._lags.pop(stream, None)
        self._offsets.pop(stream, None)

    def moment(self, stream: int, elapsed: int) -> int:
        """When, on our clock, was this time of the stream?"""
        offset = self._offsets.get(stream)
        if offset is None:
            return elapsed + self._lags[stream]
        shift = min(lag - self._offsets[other] for other, lag in self._lags.items() if other in self._offsets)
        return elapsed + offset + shift


class Tape:
    """Given: the packets of one SSRC. Owned: the segment under way. ValueError for a codec that cannot be kept."""

    def __init__(self, stream: int, codec: str, clock_rate: int, clock: Clock) -> None:
        frames = depacketiser(codec)
        if frames is None:
            raise ValueError(f"cannot be recorded: {codec}")
        self.codec = codec
        self._stream = stream
        self._rate = clock_rate
        self._clock = clock
        self._frames = frames
        self._order = Reorder()
        self._ticks: int | None = None  # the last timestamp without its wrap
        self._at = 0  # microseconds of the stream, of the last packet
        self._received = 0
        self._asked: int | None = None
        self._segments = Bucket(SEGMENTS_A_SECOND, SEGMENTS_AT_ONCE)
        # The segment under way.
        self._first: int | None = None  # microseconds of the stream
        self._last = 0
        self._length = 0
        self._shape: tuple[object, bytes] = (None, b"")

    def push(self, packet: Packet) -> list[Step]:
        """The next packet of this SSRC, in order or not."""
        steps: list[Step] = []
        for ready, gap in self._order.push(packet):
            steps += self._take(ready, gap)
        return steps

    def report(self, ntp: int, timestamp: int) -> None:
        """The publisher's sender report of this SSRC; without effect before the first packet."""
        if self._ticks is not None:
            self._clock.report(self._stream, ntp, self._elapsed(self._unwrapped(timestamp)))

    def tick(self, now: int) -> list[Step]:
        """Time passes: a stream that has fallen silent ends its segment."""
        if self._first is not None and now - self._received >= SILENCE:
            return self.end()
        return []

    def pause(self) -> list[Step]:
        """Nothing comes for a while. The segment goes on if that is short (SILENCE): its time does in any case."""
        steps: list[Step] = []
        for ready, gap in self._order.flush():
            steps += self._take(ready, gap)
        self._order.pause()
        return steps

    def end(self) -> list[Step]:
        """Nothing more of this segment will come. What comes later begins another one."""
        steps: list[Step] = []
        for ready, gap in self._order.flush():
            steps += self._take(ready, gap)
        return [*steps, *self._close()]

    def _take(self, packet: Packet, gap: bool) -> list[Step]:
        self._ticks = self._unwrapped(packet.timestamp)
        elapsed = self._elapsed(self._ticks)
        steps: list[Step] = []
        if self._first is not None and abs((packet.received - self._received) - (elapsed - self._at)) > JUMP:
            steps += self._close()
            self._clock.forget(self._stream)
        self._received, self._at = packet.received, elapsed
        self._clock.note(self._stream, elapsed, packet.received)
        for frame in self._frames.push(packet.timestamp, packet.marker, packet.payload, gap=gap):
            steps += self._frame(frame, packet.received)
        if self._frames.starving:
            steps += self._ask()
        return steps

    def _frame(self, frame: Frame, received: int) -> list[Step]:
        elapsed = self._elapsed(self._unwrapped(frame.timestamp))
        steps: list[Step] = []
        if self._first is not None:
            if elapsed <= self._last:
                return []  # it was sent twice, or stands behind what was written
            old = elapsed - self._first >= SEGMENT
            if frame.key and (old or (frame.size, frame.private) != self._shape):
                steps += self._close()
            elif old:
                steps += self._ask()
        if self._first is None:
            if not frame.key or not self._segments.take(received / 1e6):
                return [*steps, *self._ask()]
            self._first, self._shape = elapsed, (frame.size, frame.private)
            self._clock.restart(self._stream)
            self._clock.note(self._stream, self._at, received)
            steps.append(Begin(frame, received))
        self._last = elapsed
        self._length = elapsed - self._first + self._duration(frame)
        return [*steps, Block(elapsed - self._first, frame)]

    def _ask(self) -> list[Step]:
        if self._asked is not None and self._received - self._asked < ASK_EVERY:
            return []
        self._asked = self._received
        return [Ask()]

    def _close(self) -> list[Step]:
        if self._first is None:
            return []
        first, self._first = self._first, None
        return [End(self._clock.moment(self._stream, first), self._length)]

    def _duration(self, frame: Frame) -> int:
        return opus_samples(frame.data) * 1_000_000 // 48_000 if self.codec == "opus" else USUAL

    def _unwrapped(self, timestamp: int) -> int:
        if self._ticks is None:
            return timestamp
        return self._ticks + ((timestamp - self._ticks + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)

    def _elapsed(self, ticks: int) -> int:
        return ticks * 1_000_000 // self._rate
