"""RTCP packets (RFC 3550 section 6, RFC 4585, RFC 5104, REMB, transport-cc): bytes to values and values to bytes.

What is read was decrypted, so its sender is known, but it may still be anything: every read is bounded, and the only
exception is RtcpError.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from media.errors import RtcpError

SR, RR, SDES, BYE, RTPFB, PSFB, XR = 200, 201, 202, 203, 205, 206, 207
_REFERENCE, _DLRR = 4, 5  # report blocks of XR, RFC 3611 section 4
MAX_COMPOUND = 1500
MAX_REPORTS = 31  # RFC 3550 section 6.4: a five-bit count


class SenderReport(NamedTuple):
    """RFC 3550 section 6.4.1; `ntp` is the 64-bit timestamp."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int


class Block(NamedTuple):
    """One reception report block, RFC 3550 section 6.4.1; `lsr` and `dlsr` in units of 1/65536 s."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    lsr: int
    dlsr: int


class Nack(NamedTuple):
    """Generic NACK, RFC 4585 section 6.2.1: these packets of `media` are missing."""

    media: int
    sequences: tuple[int, ...]


class KeyRequest(NamedTuple):
    """PLI (RFC 4585 section 6.3.1) or FIR (RFC 5104 section 4.3.1): `media` shall send a key frame."""

    media: int


class Bye(NamedTuple):
    """RFC 3550 section 6.6."""

    ssrcs: tuple[int, ...]


class Ceiling(NamedTuple):
    """REMB, draft-alvestrand-rmcat-remb-03 section 2.2: the sum of these SSRCs shall not exceed so many bits a
    second."""

    bits_per_second: int
    ssrcs: tuple[int, ...]


class TransportFeedback(NamedTuple):
    """Transport-wide congestion control feedback, draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.

    `base` is the 16-bit transport-wide sequence number of the first packet that it speaks of, `number` counts feedback
    packets (8 bits), `reference` is the receiver's time in units of 64 ms (24 bits). `statuses` has one octet a packet,
    in order of sequence: MISSING, SMALL or LARGE (which only says how wide its delta is written). `deltas` has one
    value for each packet that is not MISSING, in units of 250 us: arrival after that of the one before, the first after
    `reference`.
    """

    media: int
    base: int
    number: int
    reference: int
    statuses: bytes
    deltas: tuple[int, ...]


_BLOCK = struct.Struct("!6I")


class Delay(NamedTuple):
    """A DLRR sub-block, RFC 3611 section 4.5: how long ago the sender got the reference time `lrr` of `ssrc`, both in
    units of 1/65536 s; 0 if it has had none."""

    ssrc: int
    lrr: int
    dlrr: int


MISSING, SMALL, LARGE = 0, 1, 2
TICK = 250  # microseconds, unit of a delta
TICKS = 256  # in one unit of the reference time
MAX_STATUSES = 0x7FFF
"""Packets in one feedback, and in all of a compound; with more, half of the sequence numbers, older and newer could not
be told apart."""
MAX_ASKED = 300
"""Sequence numbers read from one NACK; the rest of it is not looked at."""

Packet = SenderReport | Block | Nack | KeyRequest | Bye | Ceiling | TransportFeedback | Delay


def read(data: bytes) -> list[Packet]:
    """The packets of a compound that mean something to us; unknown types are skipped.

    Reduced-size packets (RFC 5506) are accepted. Raises RtcpError if the lengths do not add up, or if its feedback
    speaks of more than MAX_STATUSES packets: by runs, a datagram could speak of millions.
    """
    if not 4 <= len(data) <= MAX_COMPOUND:
        raise RtcpError("length out of range")
    packets: list[Packet] = []
    at = statuses = 0
    while at < len(data):
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise RtcpError("no RTCP header where one should be")
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            raise RtcpError("longer than the datagram")
        body = data[at + 4 : end]
        if data[at] & 0x20:
            if not body or not 1 <= body[-1] <= len(body):
                raise RtcpError("padding does not fit")
            body = body[: -body[-1]]
        if data[at + 1] == RTPFB and data[at] & 0x1F == 15:
            statuses += int.from_bytes(body[10:12], "big")
            if statuses > MAX_STATUSES:
                raise RtcpError("packet status count out of range")
        reader = _READERS.get(data[at + 1])
        if reader is not None:
            packets.extend(reader(data[at] & 0x1F, body))
        at = end
    return packets


def is_calm(data: bytes) -> bool:
    """Is it a compound of nothing but receiver reports that nothing was lost of late, and descriptions? Most are; not
    to read them saves most of what they cost."""
    at, size = 0, len(data)
    while at + 8 <= size and data[at] >> 5 == 4:  # version 2, no padding
        kind, end = data[at + 1], at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
        count = data[at] & 0x1F if kind == RR else 0
        if kind not in (RR, SDES) or end > size or at + 8 + 24 * count > end:
            return False
        if any(data[at + 12 + 24 * block] for block in range(count)):
            return False
        at = end
    return 0 < at == size


def _read_sender_report(count: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 24 + 24 * count:
        raise RtcpError("sender report too short")
    yield SenderReport(*struct.unpack_from("!IQIII", body))
    yield from _blocks(body[24 : 24 + 24 * count])


def _read_receiver_report(count: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 4 + 24 * count:
        raise RtcpError("receiver report too short")
    yield from _blocks(body[4 : 4 + 24 * count])


def _blocks(data: bytes) -> Iterator[Block]:
    for ssrc, losses, highest, jitter, lsr, dlsr in _BLOCK.iter_unpack(data):
        lost = losses & 0xFFFFFF
        yield Block(ssrc, losses >> 24, lost - (lost >> 23 << 24), highest, jitter, lsr, dlsr)


def _read_extended_report(_count: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 4:
        raise RtcpError("extended report too short")
    at = 4
    while at + 4 <= len(body):
        end = at + 4 + 4 * int.from_bytes(body[at + 2 : at + 4], "big")
        if end > len(body):
            raise RtcpError("report block longer than the report")
        if body[at] == _DLRR:
            for start in range(at + 4, end - 11, 12):
                yield Delay(*struct.unpack_from("!III", body, start))
        at = end


def _read_bye(count: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 4 * count:
        raise RtcpError("bye too short")
    yield Bye(struct.unpack_from(f"!{count}I", body))


def _read_transport_feedback(form: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 8:
        raise RtcpError("feedback too short")
    if form == 15:
        yield _read_arrivals(body)
    if form != 1:
        return
    if len(body) % 4:
        raise RtcpError("NACK is not whole words")
    sequences: list[int] = []
    for at in range(8, len(body), 4):
        first, mask = struct.unpack_from("!HH", body, at)
        sequences.append(first)
        sequences += [(first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
        if len(sequences) >= MAX_ASKED:
            break  # more than the history could answer: nobody asks so much in good faith
    yield Nack(int.from_bytes(body[4:8], "big"), tuple(sequences))


def _read_payload_feedback(form: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 8:
        raise RtcpError("feedback too short")
    if form == 1:
        yield KeyRequest(int.from_bytes(body[4:8], "big"))
    elif form == 4:
        if len(body) % 8:
            raise RtcpError("FIR is not whole entries")
        for at in range(8, len(body), 8):
            yield KeyRequest(int.from_bytes(body[at : at + 4], "big"))
    elif form == 15 and body[8:12] == b"REMB":
        yield _read_ceiling(body)


def _read_ceiling(body: bytes) -> Ceiling:
    if len(body) < 16 or len(body) < 16 + 4 * body[12]:
        raise RtcpError("REMB too short")
    word = int.from_bytes(body[13:16], "big")
    # The exponent has six bits; nobody's line is wider than 2**40 bits a second.
    bits = min((word & 0x3FFFF) << (word >> 18), 1 << 40)
    return Ceiling(bits, struct.unpack_from(f"!{body[12]}I", body, 16))


# What the octets of a status vector chunk (section 3.1.4) stand for; the first two bits of the first are its type.
_ONE_BIT = tuple(bytes(octet >> bit & 1 for bit in range(7, -1, -1)) for octet in range(256))
_TWO_BITS = tuple(bytes(octet >> bit & 3 for bit in (6, 4, 2, 0)) for octet in range(256))
_WIDTHS = bytes.maketrans(bytes((SMALL, LARGE)), b"Bh")
_RESERVED = b"\x03"


def _read_arrivals(body: bytes) -> TransportFeedback:
    """Costs Python's time by the chunk, not by the packet, but where a delta is LARGE."""
    if len(body) < 16:
        raise RtcpError("transport feedback too short")
    _, media, base, count, word = struct.unpack_from("!IIHHI", body)
    if not 1 <= count <= MAX_STATUSES:
        raise RtcpError("packet status count out of range")
    parts: list[bytes] = []
    known, at, size = 0, 16, len(body)
    while known < count:
        if at + 2 > size:
            raise RtcpError("packet chunks run out")
        first, second = body[at], body[at + 1]
        at += 2
        if first < 0x80:
            part = bytes((first >> 5,)) * min((first & 0x1F) << 8 | second, count - known)
            if not part:
                raise RtcpError("empty run")
        elif first < 0xC0:
            part = _ONE_BIT[first][2:] + _ONE_BIT[second]
        else:
            part = _TWO_BITS[first][1:] + _TWO_BITS[second]
        parts.append(part)
        known += len(part)
    statuses = b"".join(parts)[:count]
    if _RESERVED in statuses:
        raise RtcpError("reserved packet status")
    large = statuses.count(LARGE)
    small = statuses.count(SMALL)
    if at + small + 2 * large > size:
        raise RtcpError("receive deltas run out")
    if large:
        widths = b"!" + statuses.translate(_WIDTHS, b"\0")
        deltas: tuple[int, ...] = struct.unpack_from(widths, body, at)
    else:
        deltas = tuple(body[at : at + small])
    return TransportFeedback(media, base, word & 0xFF, word >> 8, statuses, deltas)


_READERS: dict[int, Callable[[int, bytes], Iterator[Packet]]] = {
    SR: _read_sender_report,
    RR: _read_receiver_report,
    XR: _read_extended_report,
    BYE: _read_bye,
    RTPFB: _read_transport_feedback,
    PSFB: _read_payload_feedback,
}


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def receiver_report(ssrc: int, blocks: Sequence[Block]) -> bytes:
    """At most MAX_REPORTS blocks."""
    body = struct.pack("!I", ssrc)
    for block in blocks[:MAX_REPORTS]:
        lost = max(-0x800000, min(0x7FFFFF, block.lost)) & 0xFFFFFF
        body += struct.pack("!II", block.ssrc, block.fraction << 24 | lost)
        body += struct.pack("!IIII", block.highest & 0xFFFFFFFF, block.jitter, block.lsr, block.dlsr)
    return _packet(RR, min(len(blocks), MAX_REPORTS), body)


def sender_report(report: SenderReport) -> bytes:
    return _packet(SR, 0, struct.pack("!IQIII", *report))


def description(ssrcs: Sequence[int], cname: str) -> bytes:
    """SDES with one CNAME for each of at most MAX_REPORTS SSRCs (RFC 3550 section 6.5)."""
    name = cname.encode()[:255]
    item = bytes((1, len(name))) + name
    item += bytes(4 - len(item) % 4)  # at least one zero ends the list
    return _packet(SDES, len(ssrcs[:MAX_REPORTS]), b"".join(struct.pack("!I", s) + item for s in ssrcs[:MAX_REPORTS]))


def nack(sender: int, media: int, sequences: Iterable[int]) -> bytes:
    """The sequence numbers, which come in order, packed into as few (number, bit mask) pairs as that order allows."""
    pairs: list[list[int]] = []
    for sequence in sequences:
        if pairs and 1 <= (step := (sequence - pairs[-1][0]) & 0xFFFF) <= 16:
            pairs[-1][1] |= 1 << (step - 1)
        else:
            pairs.append([sequence, 0])
    body = struct.pack("!II", sender, media) + b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return _packet(RTPFB, 1, body)


def picture_loss(sender: int, media: int) -> bytes:
    return _packet(PSFB, 1, struct.pack("!II", sender, media))


def bandwidth(sender: int, bits_per_second: int, ssrcs: Sequence[int]) -> bytes:
    """REMB (draft-alvestrand-rmcat-remb-03 section 2.2): the ceiling for the sum of these SSRCs."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    word = len(ssrcs) << 24 | exponent << 18 | bits_per_second >> exponent
    body = struct.pack(f"!II4sI{len(ssrcs)}I", sender, 0, b"REMB", word, *ssrcs)
    return _packet(PSFB, 15, body)


def later(report: SenderReport, seconds: float, clock_rate: int) -> tuple[int, int]:
    """(ntp, timestamp) of a sender report carried forward by the time that has passed since it was written."""
    ntp = (report.ntp + int(seconds * 2**32)) & 0xFFFFFFFFFFFFFFFF
    return ntp, (report.timestamp + int(seconds * clock_rate)) & 0xFFFFFFFF


def receiver_reference(sender: int, ntp: int) -> bytes:
    """Our time, RFC 3611 section 4.4; who sends answers with Delay."""
    return _packet(XR, 0, struct.pack("!IBBHQ", sender, _REFERENCE, 0, 2, ntp & 0xFFFFFFFFFFFFFFFF))


def round_trip(block: Block | Delay, now: int) -> float | None:
    """Seconds to the receiver and back, RFC 3550 section 6.4.1; None if it has had no sender report of ours yet.

    `now`: the middle 32 bits of the 64-bit NTP time at which the block came, by the clock of our sender reports.
    """
    last, since = (block.lsr, block.dlsr) if isinstance(block, Block) else (block.lrr, block.dlrr)
    if not last:
        return None
    passed = (now - last - since) & 0xFFFFFFFF
    # The receiver rounds: a little less than nothing is nothing, and half of the circle is nonsense.
    return 0.0 if passed >= 0xFFFF0000 else passed / 65536 if passed < 1 << 31 else None


_RUN = re.compile(rb"(.)\1*", re.DOTALL)
_MAX_RUN = 0x1FFF


def transport_feedback(sender: int, feedback: TransportFeedback) -> bytes:
    """The reverse of reading. Raises struct.error or
    ValueError if a delta does not fit the width that `statuses` gives it."""
    statuses = feedback.statuses
    word = feedback.reference << 8 | feedback.number
    head = struct.pack("!IIHHI", sender, feedback.media, feedback.base, len(statuses), word)
    body = head + _chunks(statuses)
    if LARGE in statuses:
        body += struct.pack(b"!" + statuses.translate(_WIDTHS, b"\0"), *feedback.deltas)
    else:
        body += bytes(feedback.deltas)
    return _packet(RTPFB, 15, body + bytes(-len(body) % 4))


def _chunks(statuses: bytes) -> bytes:
    """Packet chunks, section 3.1.2: a run where a run is longer than what a vector would hold."""
    words: list[int] = []
    at, count = 0, len(statuses)
    while at < count:
        run = _RUN.match(statuses, at)
        length = min(run.end() - at, _MAX_RUN) if run is not None else 0
        if length >= 14 or length == count - at or (statuses[at] == LARGE and length >= 7):
            words.append(statuses[at] << 13 | length)
            at += length
            continue
        part = statuses[at : at + 14]
        wide = LARGE in part
        word = 0
        for status in part[:7] if wide else part:
            word = word << (2 if wide else 1) | status
        missing = max(0, 7 - len(part)) * 2 if wide else 14 - len(part)
        words.append((0xC000 if wide else 0x8000) | word << missing)
        at += 7 if wide else 14
    return struct.pack(f"!{len(words)}H", *words)
