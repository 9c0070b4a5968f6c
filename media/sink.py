"""What forwarding knows of one outgoing stream. No I/O, no clock.

A sink maps stretches of its sources' indexes (Segment) to its own sequence numbers. Segments never share an outgoing
number and fix everything else that differs from source to sink, which is what makes a nonce of AES-GCM never serve
two different packets: a packet that is written twice is written alike. Times are microseconds of one monotonic clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from media.forwarder import Rewrite, SinkStats
from media.payload import RED_LENGTH, RED_OFFSET, RED_ROOM, renumber, write_red
from media.rtp import Element
from media.source import Packet, Source

WINDOW = 128  # packets that SRTP lets out again (media.srtp.SEND_WINDOW)
SEGMENTS = 32  # stretches a sink remembers
ALL_LAYERS = 7
STEP_LIMIT = 10  # seconds that a timestamp may jump at a change of source and still be believed
PADDING = 255  # octets of the largest packet of padding


class Outgoing(NamedTuple):
    """A plain packet to be sent, without the header extension."""

    payload_type: int
    marker: bool
    padding: bool
    sequence: int
    timestamp: int
    ssrc: int
    body: bytes
    carried: tuple[Element, ...]


@dataclass(slots=True)
class Segment:
    """Indexes `start` to `end` (excluded; None while it grows) of a source, sent with these offsets added.

    The shifts are taken from VP8's picture id and TL0PICIDX; `red`: as RED.
    """

    source: Source
    start: int
    end: int | None
    offset: int
    timestamp_offset: int
    number_shift: int
    tl0_shift: int
    red: bool


class Sink:
    """An outgoing SSRC with its retransmissions."""

    def __init__(self, number: int, source: Source, rewrite: Rewrite) -> None:
        self.number = number
        self.source = source
        self.waiting: Source | None = None  # takes over at its next key frame
        self.rewrite = rewrite
        self.paused = False
        self.held = False  # nothing more of the source, until the one that waits takes over
        self.packets = self.octets = self.resent = 0
        self._red = False
        self._segments: deque[Segment] = deque(maxlen=SEGMENTS)
        self._open = False
        self._next = rewrite.sequence  # every number below is taken, used or not
        self._rtx_next = rewrite.rtx_sequence
        self._last_timestamp = 0
        self._last_at = 0
        self._wanted_layer = self._layer = ALL_LAYERS
        self._frame: tuple[int, bool] | None = None  # timestamp of the present picture, and whether it is sent
        self._dropped = -1  # timestamp of the last picture that was not sent
        self._last_number: int | None = None  # picture id and TL0PICIDX as sent, before they wrap
        self._last_tl0 = 0

    def place(self, packet: Packet, now: int) -> int | None:
        """The outgoing number of a packet just accepted by the source, or None if it is not to be sent.

        A packet that is only padding, or of a layer that is not wanted, leaves no hole in the numbers, unless it
        comes too late to close it.
        """
        if self.paused or self.held:
            return None
        if not self._open:
            if packet.late or packet.empty:
                return None
            self._begin(packet, now)
        if packet.late:
            return self._place_late(packet)
        segment = self._segments[-1]
        if packet.empty or not self._layer_wanted(packet):
            self._skip(packet)
            return None
        number = packet.position + segment.offset
        self._next = number + 1
        self._last_timestamp = (packet.timestamp + segment.timestamp_offset) & 0xFFFFFFFF
        self._last_at = now
        if packet.picture is not None:
            self._last_number = packet.picture.number - segment.number_shift
            self._last_tl0 = packet.picture.tl0 - segment.tl0_shift
        return self._count(packet, number)

    def _layer_wanted(self, packet: Packet) -> bool:
        """Decided once a picture, at its first packet here: down at once, up where a picture allows it."""
        picture = packet.picture
        if picture is None:
            return self._frame is None or self._frame[0] != packet.timestamp or self._frame[1]
        if self._frame is None or self._frame[0] != packet.timestamp:
            if picture.key or self._wanted_layer < self._layer:
                self._layer = self._wanted_layer
            elif picture.temporal == self._layer + 1 <= self._wanted_layer and picture.sync:
                self._layer = picture.temporal
            self._frame = packet.timestamp, picture.temporal <= self._layer
        return self._frame[1]

    def _skip(self, packet: Packet) -> None:
        """Give the number of a packet that is not sent to the one after it, and its picture's to the next picture."""
        segment = self._segments[-1]
        self._next = packet.position + segment.offset
        self._shut()
        if segment.start == segment.end:
            self._segments.pop()  # a burst of what is not sent takes one place, not one each
        number_shift = segment.number_shift
        if packet.picture is not None and packet.timestamp != self._dropped:
            self._dropped = packet.timestamp
            number_shift += 1
        self._grow(packet.position + 1, segment.timestamp_offset, number_shift, segment.tl0_shift)

    def _place_late(self, packet: Packet) -> int | None:
        for segment in reversed(self._segments):
            number = packet.position + segment.offset
            if segment.source is self.source and self._covers(segment, number) and self.fresh(number):
                return self._count(packet, number)
        return None

    def _count(self, packet: Packet, number: int) -> int:
        self.packets += 1
        self.octets += packet.octets
        return number

    def number_of(self, sequence: int) -> int:
        """The latest outgoing number that a receiver may mean by these 16 bits."""
        return self._next - 1 - ((self._next - 1 - sequence) & 0xFFFF)

    def written(self, number: int) -> Outgoing | None:
        """The packet with this outgoing number, always the same; None if it is gone."""
        found = self._find(number)
        if found is None:
            return None
        packet, segment = found
        payload_type, body = self.rewrite.payload_type, self._body(packet, segment)
        padding = packet.padding
        if segment.red:
            former = self._former(packet, segment.source)
            if former is None and packet.chained and segment.source.recall(packet.position - 1) is None:
                return None  # what it repeated is gone, and it must not be written differently
            body, padding = write_red(payload_type, packet.payload, former), False
            payload_type = self.rewrite.red_payload_type
        timestamp = (packet.timestamp + segment.timestamp_offset) & 0xFFFFFFFF
        carried = packet.carried if self.rewrite.carry else ()
        sequence = number & 0xFFFF
        return Outgoing(payload_type, packet.marker, padding, sequence, timestamp, self.rewrite.ssrc, body, carried)

    def repeated(self, number: int) -> Outgoing | None:
        """The packet with this outgoing number as a retransmission (RFC 4588 section 4); None if it is gone."""
        found = self._find(number)
        if found is None or found[1].source is not self.source:
            return None
        packet, segment = found
        timestamp = (packet.timestamp + segment.timestamp_offset) & 0xFFFFFFFF
        body = (number & 0xFFFF).to_bytes(2, "big") + self._body(packet, segment)[: packet.octets]
        return self._rtx(packet.marker, False, timestamp, body, packet.carried if self.rewrite.carry else ())

    @property
    def pads(self) -> bool:
        """May padding be sent? Beside the retransmissions; or between packets of sound, as libwebrtc does it and takes
        it (RTPSender::GeneratePadding, NetEq::InsertEmptyPacket). Between those of a picture it would break frames."""
        if self.rewrite.rtx_ssrc:
            return self.rewrite.stamped or self.packets > 0
        return self.rewrite.stamped and self.packets > 0 and self.source.kind.codec == "opus"

    def padding(self, octets: int) -> Outgoing:
        """A packet of nothing but padding; 1 to PADDING octets."""
        body, rewrite = bytes(octets - 1) + bytes((octets,)), self.rewrite
        if rewrite.rtx_ssrc:
            return self._rtx(False, True, self._last_timestamp, body, ())
        number, timestamp = self._insert(), self._last_timestamp
        return Outgoing(rewrite.payload_type, False, True, number & 0xFFFF, timestamp, rewrite.ssrc, body, ())

    def _insert(self) -> int:
        """A number for what is of no source, between what was sent and what follows."""
        number = self._next
        opened = self._segments[-1] if self._open else None
        self._shut()
        if opened is not None and opened.start == opened.end:
            self._segments.pop()  # a burst takes one place, not one each
        self._next += 1
        if opened is not None and opened.end is not None:
            self._grow(opened.end, opened.timestamp_offset, opened.number_shift, opened.tl0_shift)
        return number

    def _rtx(self, marker: bool, padding: bool, timestamp: int, body: bytes, carried: tuple[Element, ...]) -> Outgoing:
        number, self._rtx_next = self._rtx_next, self._rtx_next + 1
        rewrite = self.rewrite
        sequence = number & 0xFFFF
        return Outgoing(rewrite.rtx_payload_type, marker, padding, sequence, timestamp, rewrite.rtx_ssrc, body, carried)

    def _find(self, number: int) -> tuple[Packet, Segment] | None:
        for segment in reversed(self._segments):
            if self._covers(segment, number):
                packet = segment.source.recall(number - segment.offset) if segment.source.alive else None
                return (packet, segment) if packet is not None else None
        return None

    @staticmethod
    def _body(packet: Packet, segment: Segment) -> bytes:
        if packet.picture is None:
            return packet.body
        return renumber(packet.body, packet.picture, segment.number_shift, segment.tl0_shift)

    @staticmethod
    def _former(packet: Packet, source: Source) -> tuple[int, bytes] | None:
        """What RED repeats beside this packet: decided by what was there when it came."""
        former = source.recall(packet.position - 1) if packet.chained else None
        if former is None:
            return None
        offset = (packet.timestamp - former.timestamp) & 0xFFFFFFFF
        fits = offset < RED_OFFSET and former.octets < RED_LENGTH and former.octets + packet.octets <= RED_ROOM
        return (offset, former.payload) if fits else None

    def again(self, number: int) -> Outgoing | None:
        """The packet with this outgoing number once more; None if it is gone, or could not be written as it was."""
        if self.rewrite.rtx_ssrc:
            return self.repeated(number)
        return self.written(number) if self.fresh(number) and not self.rewrite.stamped else None

    # What the worker is told to change.

    def withhold(self, number: int) -> None:
        """Nothing of what was placed from this number on was sent, nor shall it be: the numbers stay taken."""
        self._shut()
        for segment in self._segments:
            if segment.end is not None:
                segment.end = min(segment.end, max(segment.start, number - segment.offset))

    def switch(self, source: Source) -> None:
        """Take packets from another source from now on."""
        self.waiting, self.held = None, False
        if source is not self.source:
            self._shut()
            self.source = source
            self._frame = None

    def keep_back(self, held: bool) -> None:
        """Send nothing until another source takes over; or do not wait for that any more."""
        if held:
            self._shut()
        self.held = held

    def pause(self, paused: bool) -> None:
        if paused:
            self._shut()
        self.paused = paused

    def hold(self) -> None:
        """The source sends to nobody for a while; what comes after that follows without a hole."""
        self._shut()

    def layers(self, temporal: int) -> None:
        self._wanted_layer = temporal

    def red(self, on: bool) -> None:
        if on != self._red:
            self._shut()
            self._red = on

    def _begin(self, packet: Packet, now: int) -> None:
        former = self._segments[-1] if self._segments else None
        number_shift = tl0_shift = 0
        picture = packet.picture
        if former is not None and former.source is self.source:
            number_shift, tl0_shift = former.number_shift, former.tl0_shift
        elif picture is not None and self._last_number is not None:
            number_shift, tl0_shift = picture.number - self._last_number - 1, picture.tl0 - self._last_tl0 - 1
        self._grow(packet.position, self._timestamp_offset(former, packet, now), number_shift, tl0_shift)

    def _timestamp_offset(self, former: Segment | None, packet: Packet, now: int) -> int:
        if former is None:
            return (self.rewrite.timestamp - packet.timestamp) & 0xFFFFFFFF
        if former.source is self.source:
            return former.timestamp_offset
        rate = self.source.kind.clock_rate
        if former.source.alive and former.source.align is not None and self.source.align is not None:
            offset = (former.timestamp_offset - former.source.align + self.source.align) & 0xFFFFFFFF
            step = (packet.timestamp + offset - self._last_timestamp) & 0xFFFFFFFF
            if 0 < step < STEP_LIMIT * rate:
                return offset
        elapsed = max(1, (now - self._last_at) * rate // 1_000_000)
        return (self._last_timestamp + elapsed - packet.timestamp) & 0xFFFFFFFF

    def _grow(self, start: int, timestamp_offset: int, number_shift: int, tl0_shift: int) -> None:
        red = self._red and self.rewrite.red_payload_type > 0
        self._segments.append(
            Segment(self.source, start, None, self._next - start, timestamp_offset, number_shift, tl0_shift, red)
        )
        self._open = True

    def _shut(self) -> None:
        if self._open:
            segment = self._segments[-1]
            segment.end = self._next - segment.offset
            self._open = False

    def _covers(self, segment: Segment, number: int) -> bool:
        end = self._next if segment.end is None else segment.end + segment.offset
        return segment.start + segment.offset <= number < end

    def fresh(self, number: int) -> bool:
        """May it be sent again as it was? Older ones are outside libsrtp's transmit window, which refuses them."""
        return self._next - 1 - number < WINDOW

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
            source=(self.source.transport, self.source.ssrc),
            waiting=self.waiting is not None,
        )
