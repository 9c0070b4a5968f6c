"""What forwarding knows of one incoming stream. No I/O, no clock.

Packets of a source are numbered by an *index*: its sequence number without the wrap at 2**16 and without
jumps, so that the index grows by one from each packet to the next. Times are microseconds of any one monotonic clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from media.forwarder import CARRY, SourceStats
from media.payload import TEMPORAL_LAYERS, Picture, is_keyframe, read_red, read_vp8
from media.rtp import Element, Header, RtpError, distance, element, elements

JUMP = 3000  # RFC 3550 appendix A.1, MAX_DROPOUT: a larger step is a new beginning, not a loss
GAPS = 256  # missing packets a source remembers
ASKS = 5  # how often a missing packet is asked for
ASK_EVERY = 30_000  # microseconds between two requests, doubling
EVEN = 8  # octets of padding added at most so that the packets of a frame have one length
EVEN_SHARE = 32  # and at most this part of the packet
SILENT = 127  # RFC 6464: -127 dBov or less
DECAY = 30  # dB per second by which a remembered loudness falls
HANGOVER = 1_000_000  # microseconds that a gate stays open after the last loud packet
AHEAD = 2_000_000
"""Microseconds of a voice that may come faster than it was spoken. Browsers keep what is said while their line is cut,
and send it afterwards at once: forwarded, 45 seconds of it would stand in every thin line before what is said then."""
CARRIED = 96  # octets of header extension elements that go along with a packet

_BEFORE_FIRST = 1 << 16  # so that the packets just before the first one have an index above zero


class Packet(NamedTuple):
    """An accepted packet, decrypted; `body` is the payload with its padding, `empty` if nothing but padding.

    `chained`: the packet before it was there when it came, so RED may repeat that one.
    """

    position: int  # its index
    late: bool
    empty: bool
    marker: bool
    padding: bool
    timestamp: int
    body: bytes
    octets: int
    key: bool
    picture: Picture | None
    carried: tuple[Element, ...]
    chained: bool
    hurried: bool  # of a voice that comes too fast to be of use

    @property
    def payload(self) -> bytes:
        return self.body[: self.octets]


@dataclass(slots=True)
class Gap:
    index: int
    asked: int
    asks: int


@dataclass(frozen=True, slots=True)
class Kind:
    """What the source was registered with; see media.forwarder.Forwarder.source."""

    clock_rate: int
    nack: bool
    level_id: int = 0
    codec: str = ""
    red: int = 0
    gate: int = SILENT
    carry: tuple[tuple[int, int], ...] = ()


class Source:
    """An incoming SSRC: order, losses, statistics and the last packets."""

    def __init__(self, transport: int, ssrc: int, kind: Kind, history: int) -> None:
        self.transport = transport
        self.ssrc = ssrc
        self.kind = kind
        self.alive = True
        self.held = False
        self.hushed = False  # its sinks know that nothing comes for a while
        self.tapped = False
        self.align: int | None = None
        self.ring: list[Packet | None] = [None] * history
        self.gaps: list[Gap] = []
        self.started = False
        self.shift = 0  # extended sequence number minus index
        self.highest = self.floor = self.base = 0
        self.packets = self.octets = self.duplicates = 0
        self.temporal = [0] * TEMPORAL_LAYERS
        self._jitter = self._transit = 0  # sixteenths of a timestamp unit; timestamp units
        self._peak, self._peak_at = SILENT, 0
        self._loud_at: int | None = None
        self._ahead = 0  # microseconds
        self._spoken: tuple[int, int] | None = None  # timestamp and arrival of the newest packet

    def accept(self, header: Header, body: bytes, padding: int, now: int) -> list[Packet]:
        """Number a decrypted packet and keep it: it, and then what its redundancy restores; [] if it was here
        before or is too old. Raises RtpError for what should be RED and is not."""
        payload = body[: len(body) - padding]
        restored: Sequence[tuple[int, bytes]] = ()
        if self.kind.red and header.payload_type == self.kind.red and payload:
            read = read_red(payload)
            if read is None:
                raise RtpError("no RED where it was agreed")
            payload, restored = read
            body, padding = payload, 0
        index, late = self._number(header.sequence)
        if late and self._refuses(index):
            return []
        # What redundancy restores comes first into the ring, so that the packet finds the one before it.
        before = self._restore(index, header.timestamp, restored)
        if not late:
            self._measure_jitter(header.timestamp, now)
        hurried = not late and self.kind.codec == "opus" and self._hurries(header.timestamp, now)
        carried = self._read_extension(header, now)
        return [self._keep(index, late, header, body, padding, carried, hurried=hurried), *before]

    def repair(self, header: Header, payload: bytes) -> Packet | None:
        """A retransmitted packet (RFC 4588 section 4: original sequence number, then its payload); None if it is not
        missing here."""
        if len(payload) < 3 or not self.started:
            return None
        sequence = int.from_bytes(payload[:2], "big")
        step = distance((self.highest + self.shift) & 0xFFFF, sequence)
        if step > 0 or self._refuses(self.highest + step):
            return None
        carried = self._carried(header)
        return self._keep(self.highest + step, True, header, payload[2:], 0, carried)

    def _keep(
        self, index: int, late: bool, header: Header, body: bytes, padding: int, carried: tuple[Element, ...],
        *, hurried: bool = False,
    ) -> Packet:  # fmt: skip
        octets = len(body) - padding
        codec, payload = self.kind.codec, body[:octets]
        picture = read_vp8(payload) if codec == "VP8" else None
        key = picture.key if picture is not None else codec != "VP8" and is_keyframe(codec, payload)
        former = self.recall(index - 1)
        chained = former is not None and not former.empty
        packet = Packet(
            index, late, not octets, header.marker, padding > 0, header.timestamp, body, octets, key, picture, carried,
            chained, hurried,
        )  # fmt: skip
        self.ring[index % len(self.ring)] = packet
        self.packets += 1
        self.octets += octets
        self.temporal[picture.temporal if picture is not None else 0] += octets
        if late:
            self.base = min(self.base, index)
            self.gaps = [gap for gap in self.gaps if gap.index != index]
        return packet

    def _restore(self, index: int, timestamp: int, blocks: Sequence[tuple[int, bytes]]) -> list[Packet]:
        """The packets before `index` that are missing here and repeated in its redundancy, oldest first."""
        found = []
        for back, (offset, payload) in enumerate(blocks, 1):
            position = index - back
            if payload and position >= max(self.floor, self.base) and not self._refuses(position, count=False):
                head = Header(False, 0, 0, (timestamp - offset) & 0xFFFFFFFF, self.ssrc, False, 0, b"", 12)
                found.append((position, head, payload))
        return [self._keep(position, True, head, payload, 0, ()) for position, head, payload in reversed(found)]

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
        elif self.kind.nack:
            first = max(self.highest + 1, self.highest + step - GAPS)
            self.gaps += [Gap(index, 0, 0) for index in range(first, self.highest + step)]
            del self.gaps[:-GAPS]
        self.highest += step
        return self.highest, False

    def _refuses(self, index: int, *, count: bool = True) -> bool:
        if index < self.floor or self.highest - index >= len(self.ring):
            return True
        kept = self.ring[index % len(self.ring)]
        if kept is not None and kept.position == index:
            self.duplicates += count
            return True
        return False

    def _measure_jitter(self, timestamp: int, now: int) -> None:
        arrival = now * self.kind.clock_rate // 1_000_000
        transit = (arrival - timestamp) & 0xFFFFFFFF
        if self.packets:
            change = (transit - self._transit) & 0xFFFFFFFF
            change = min(change, (1 << 32) - change)
            self._jitter += change - ((self._jitter + 8) >> 4)
        self._transit = transit

    def _hurries(self, timestamp: int, now: int) -> bool:
        """Has more than AHEAD come faster than it was spoken? What comes in time is never held back, nor what is late
        by a little: time counts half as much again."""
        former, self._spoken = self._spoken, (timestamp, now)
        if former is None:
            return False
        step = (timestamp - former[0] + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
        spoken = max(0, step) * 1_000_000 // self.kind.clock_rate
        ahead = max(0, self._ahead + spoken - (now - former[1]) * 3 // 2)
        self._ahead = min(AHEAD, ahead)
        return ahead > AHEAD

    def _read_extension(self, header: Header, now: int) -> tuple[Element, ...]:
        """Measure the loudness; the elements to carry on."""
        level = None
        if self.kind.level_id:
            value = element(header, self.kind.level_id)
            level = value[0] & 0x7F if value else None
        if level is not None and level <= self._level(now):
            self._peak, self._peak_at = level, now
        if (self.kind.level_id or self.kind.gate < SILENT) and (level is None or level <= self.kind.gate):
            self._loud_at = now
        return self._carried(header)

    def _carried(self, header: Header) -> tuple[Element, ...]:
        if not self.kind.carry:
            return ()
        wanted = dict(self.kind.carry)
        kept: list[Element] = []
        room = CARRIED
        for number, value in elements(header.profile, header.extension):
            if number in wanted and len(value) + 2 <= room and len(kept) < CARRY:
                kept.append((wanted[number], value))
                room -= len(value) + 2
        return tuple(kept)

    def silent(self, now: int) -> bool:
        """Is it to be forwarded to nobody: held, or behind its gate?"""
        return self.held or (self._loud_at is not None and now - self._loud_at > HANGOVER)

    def _level(self, now: int) -> int:
        return min(SILENT, self._peak + (now - self._peak_at) * DECAY // 1_000_000)

    def due(self, now: int, *, new_only: bool = False) -> list[int]:
        """Sequence numbers to ask for now: new ones at once, old ones ever later, each at most ASKS times."""
        asked: list[int] = []
        kept: list[Gap] = []
        for gap in self.gaps:
            if gap.asks and (new_only or now - gap.asked < ASK_EVERY << gap.asks - 1):
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
        zero, one, two, three = self.temporal
        return SourceStats(
            ssrc=self.ssrc,
            packets=self.packets,
            octets=self.octets,
            highest=max(0, self.highest + self.shift) if self.started else 0,
            base=max(0, self.base + self.shift) if self.started else 0,
            jitter=self._jitter >> 4,
            duplicates=self.duplicates,
            level=self._level(now),
            temporal=(zero, one, two, three),
        )
