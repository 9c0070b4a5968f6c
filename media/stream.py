"""What forwarding knows of one incoming stream (Source) and of one outgoing stream (Sink). No I/O, no clock.

Packets of a source are numbered by an *index*: its sequence number without the wrap at 2**16 and without
jumps, so that the index grows by one from each packet to the next. A sink maps stretches of indexes
(Segment) to its own sequence numbers. Segments never share an outgoing number, which is what makes a nonce
of AES-GCM never serve two different packets. Times are microseconds of any one monotonic clock.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from media.forwarder import Rewrite, SinkStats, SourceStats
from media.rtp import Header, distance, element

JUMP = 3000  # RFC 3550 appendix A.1, MAX_DROPOUT: a larger step is a new beginning, not a loss
WINDOW = 128  # packets that SRTP lets out again (media.srtp.SEND_WINDOW)
SEGMENTS = 32  # stretches a sink remembers
GAPS = 256  # missing packets a source remembers
ASKS = 4  # how often a missing packet is asked for
ASK_EVERY = 30_000  # microseconds between two requests
SILENT = 127  # RFC 6464: -127 dBov or less
EVEN = 8  # octets of padding added at most so that the packets of a frame have one length
EVEN_SHARE = 32  # and at most this part of the packet
DECAY = 30  # dB per second by which a remembered loudness falls

_BEFORE_FIRST = 1 << 16  # so that the packets just before the first one have an index above zero


class Packet(NamedTuple):
    """An accepted packet, decrypted; `body` is the payload with its padding, `empty` if nothing but padding."""

    position: int  # its index
    late: bool
    empty: bool
    marker: bool
    padding: bool
    timestamp: int
    body: bytes
    octets: int


@dataclass(slots=True)
class Gap:
    index: int
    asked: int
    asks: int


class Source:
    """An incoming SSRC: order, losses, statistics and the last packets."""

    def __init__(self, transport: int, ssrc: int, clock_rate: int, nack: bool, level_id: int, history: int) -> None:
        self.transport = transport
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.nack = nack
        self.level_id = level_id
        self.alive = True
        self.ring: list[Packet | None] = [None] * history
        self.gaps: list[Gap] = []
        self.started = False
        self.shift = 0  # extended sequence number minus index
        self.highest = self.floor = self.base = 0
        self.packets = self.octets = self.duplicates = 0
        self._jitter = self._transit = 0  # sixteenths of a timestamp unit; timestamp units
        self._peak, self._peak_at = SILENT, 0

    def accept(self, header: Header, body: bytes, padding: int, now: int) -> Packet | None:
        """Number a decrypted packet and keep it; None if it was here before or is too old."""
        index, late = self._number(header.sequence)
        if late and self._refuses(index):
            return None
        octets = len(body) - padding
        packet = Packet(index, late, not octets, header.marker, header.padding, header.timestamp, body, octets)
        self.ring[index % len(self.ring)] = packet
        self.packets += 1
        self.octets += octets
        if late:
            self.base = min(self.base, index)
            self.gaps = [gap for gap in self.gaps if gap.index != index]
        else:
            self._measure_jitter(header.timestamp, now)
        self._measure_level(header, now)
        return packet

    def even_out(self, packets: list[Packet]) -> list[Packet]:
        """Pad what was accepted together, frame by frame, to one length, and keep it so.

        Packets of one length can leave as one message, and browsers cut a frame evenly, the longer packets last.
        It must be done before anybody is sent one of them: a retransmission has the same octets.
        """
        even: list[Packet] = []
        for _, group in itertools.groupby(packets, key=lambda packet: packet.timestamp):
            frame = list(group)
            longest = max(0 if packet.empty else len(packet.body) for packet in frame)
            even += (self._padded(packet, longest - len(packet.body)) for packet in frame)
        return even

    def _padded(self, packet: Packet, lack: int) -> Packet:
        if not lack or packet.padding or packet.empty or lack > min(EVEN, len(packet.body) // EVEN_SHARE):
            return packet
        padded = packet._replace(padding=True, body=packet.body + bytes(lack - 1) + bytes((lack,)))
        if self.recall(packet.position) is packet:
            self.ring[packet.position % len(self.ring)] = padded
        return padded

    def _number(self, sequence: int) -> tuple[int, bool]:
        if not self.started:
            self.started = True
            self.shift = -_BEFORE_FIRST
            self.base = self.highest = sequence + _BEFORE_FIRST
            return self.highest, False
        step = distance(self.highest + self.shift, sequence)
        if step <= 0:
            return self.highest + step, True
        if step > JUMP:
            self.shift += step - 1
            self.floor = self.highest + 1
            self.gaps.clear()
            step = 1
        elif self.nack:
            first = max(self.highest + 1, self.highest + step - GAPS)
            self.gaps += [Gap(index, 0, 0) for index in range(first, self.highest + step)]
            del self.gaps[:-GAPS]
        self.highest += step
        return self.highest, False

    def _refuses(self, index: int) -> bool:
        if index < self.floor or self.highest - index >= len(self.ring):
            return True
        kept = self.ring[index % len(self.ring)]
        if kept is not None and kept.position == index:
            self.duplicates += 1
            return True
        return False

    def _measure_jitter(self, timestamp: int, now: int) -> None:
        arrival = now * self.clock_rate // 1_000_000
        transit = (arrival - timestamp) & 0xFFFFFFFF
        if self.packets > 1:
            change = (transit - self._transit) & 0xFFFFFFFF
            change = min(change, (1 << 32) - change)
            self._jitter += change - ((self._jitter + 8) >> 4)
        self._transit = transit

    def _measure_level(self, header: Header, now: int) -> None:
        value = element(header, self.level_id) if self.level_id else None
        if value and value[0] & 0x7F <= self._level(now):
            self._peak, self._peak_at = value[0] & 0x7F, now

    def _level(self, now: int) -> int:
        return min(SILENT, self._peak + (now - self._peak_at) * DECAY // 1_000_000)

    def due(self, now: int, *, new_only: bool = False) -> list[int]:
        """Sequence numbers to ask for now: new ones at once, old ones every ASK_EVERY, each at most ASKS times."""
        asked: list[int] = []
        kept: list[Gap] = []
        for gap in self.gaps:
            if gap.asks and (new_only or now - gap.asked < ASK_EVERY):
                kept.append(gap)
            elif gap.asks < ASKS:
                gap.asked, gap.asks = now, gap.asks + 1
                asked.append((gap.index + self.shift) & 0xFFFF)
                kept.append(gap)
        self.gaps = kept
        return asked

    def recall(self, index: int) -> Packet | None:
        packet = self.ring[index % len(self.ring)]
        return packet if packet is not None and packet.position == index else None

    def stats(self, now: int) -> SourceStats:
        return SourceStats(
            ssrc=self.ssrc,
            packets=self.packets,
            octets=self.octets,
            highest=max(0, self.highest + self.shift) if self.started else 0,
            base=max(0, self.base + self.shift) if self.started else 0,
            jitter=self._jitter >> 4,
            duplicates=self.duplicates,
            level=self._level(now),
        )


@dataclass(slots=True)
class Segment:
    """Indexes `start` to `end` (excluded; None while it grows) of a source, sent with these offsets added."""

    source: Source
    start: int
    end: int | None
    offset: int
    timestamp_offset: int


class Sink:
    """An outgoing SSRC: the mapping from its sources' indexes to its own sequence numbers and timestamps."""

    def __init__(self, number: int, source: Source, rewrite: Rewrite) -> None:
        self.number = number
        self.source = source
        self.rewrite = rewrite
        self.paused = False
        self.packets = self.octets = self.resent = 0
        self._segments: deque[Segment] = deque(maxlen=SEGMENTS)
        self._open = False
        self._next = rewrite.sequence  # every number below is taken, used or not
        self._last_timestamp = 0
        self._last_at = 0

    def place(self, packet: Packet, now: int) -> bytes | None:
        """The plain outgoing packet for a packet just accepted by the source, or None if it is not to be sent.

        A packet that is only padding leaves no hole in the numbers, unless it comes too late to close it.
        """
        if self.paused:
            return None
        if not self._open:
            if packet.late or packet.empty:
                return None
            self._begin(packet, now)
        segment = self._segments[-1]
        if packet.late:
            return self._place_late(packet)
        if packet.empty:
            self._skip(packet.position)
            return None
        self._next = packet.position + segment.offset + 1
        self._last_timestamp = (packet.timestamp + segment.timestamp_offset) & 0xFFFFFFFF
        self._last_at = now
        return self._sent(packet, segment)

    def _skip(self, index: int) -> None:
        """Give the number of a packet that is not sent to the one after it."""
        segment = self._segments[-1]
        self._next = index + segment.offset
        self._shut()
        if segment.start == segment.end:
            self._segments.pop()  # a burst of padding takes one place, not one each
        self._grow(index + 1, segment.timestamp_offset)

    def _place_late(self, packet: Packet) -> bytes | None:
        for segment in reversed(self._segments):
            number = packet.position + segment.offset
            if segment.source is self.source and self._covers(segment, number) and self._fresh(number):
                return self._sent(packet, segment)
        return None

    def _sent(self, packet: Packet, segment: Segment) -> bytes:
        self.packets += 1
        self.octets += packet.octets
        return self._write(packet, segment)

    def again(self, sequence: int) -> bytes | None:
        """The plain packet with this outgoing number, as it was or would have been sent; None if it is gone."""
        number = self._next - 1 - ((self._next - 1 - sequence) & 0xFFFF)
        if not self._fresh(number):
            return None
        for segment in reversed(self._segments):
            if self._covers(segment, number):
                packet = segment.source.recall(number - segment.offset) if segment.source.alive else None
                return self._write(packet, segment) if packet is not None else None
        return None

    def switch(self, source: Source) -> None:
        """Take packets from another source from now on."""
        if source is not self.source:
            self._shut()
            self.source = source

    def pause(self, paused: bool) -> None:
        if paused:
            self._shut()
        self.paused = paused

    def _begin(self, packet: Packet, now: int) -> None:
        if not self._segments:
            offset = self.rewrite.timestamp - packet.timestamp
        elif self._segments[-1].source is self.source:
            offset = self._segments[-1].timestamp_offset
        else:
            elapsed = max(1, (now - self._last_at) * self.source.clock_rate // 1_000_000)
            offset = self._last_timestamp + elapsed - packet.timestamp
        self._grow(packet.position, offset & 0xFFFFFFFF)

    def _grow(self, start: int, timestamp_offset: int) -> None:
        self._segments.append(Segment(self.source, start, None, self._next - start, timestamp_offset))
        self._open = True

    def _shut(self) -> None:
        if self._open:
            segment = self._segments[-1]
            segment.end = self._next - segment.offset
            self._open = False

    def _covers(self, segment: Segment, number: int) -> bool:
        end = self._next if segment.end is None else segment.end + segment.offset
        return segment.start + segment.offset <= number < end

    def _fresh(self, number: int) -> bool:
        # Older ones are outside libsrtp's transmit window, which refuses them.
        return self._next - 1 - number < WINDOW

    def _write(self, packet: Packet, segment: Segment) -> bytes:
        header = (
            bytes((0x80 | packet.padding << 5, packet.marker << 7 | self.rewrite.payload_type))
            + ((packet.position + segment.offset) & 0xFFFF).to_bytes(2, "big")
            + ((packet.timestamp + segment.timestamp_offset) & 0xFFFFFFFF).to_bytes(4, "big")
            + self.rewrite.ssrc.to_bytes(4, "big")
        )
        return header + packet.body

    def stats(self) -> SinkStats:
        segment = self._segments[-1] if self._segments else None
        return SinkStats(
            sink=self.number,
            packets=self.packets,
            octets=self.octets,
            last_timestamp=self._last_timestamp,
            timestamp_offset=segment.timestamp_offset if segment else 0,
            sequence_offset=(segment.offset - segment.source.shift) & 0xFFFF if segment else 0,
            resent=self.resent,
            running=segment is not None and not self.paused,
        )
