"""RTCP packets (RFC 3550 section 6, RFC 4585, RFC 5104, REMB): bytes to values and values to bytes.

What is read was decrypted, so its sender is known, but it may still be anything: every read is bounded, and the only
exception is RtcpError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from media.errors import RtcpError

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
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


MAX_ASKED = 300
"""Sequence numbers read from one NACK; the rest of it is not looked at."""

Packet = SenderReport | Nack | KeyRequest | Bye


def read(data: bytes) -> list[Packet]:
    """The packets of a compound that mean something to us; unknown types are skipped.

    Reduced-size packets (RFC 5506) are accepted. Raises RtcpError if the lengths do not add up.
    """
    if not 4 <= len(data) <= MAX_COMPOUND:
        raise RtcpError("length out of range")
    packets: list[Packet] = []
    at = 0
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
        reader = _READERS.get(data[at + 1])
        if reader is not None:
            packets.extend(reader(data[at] & 0x1F, body))
        at = end
    return packets


def _read_sender_report(_count: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 24:
        raise RtcpError("sender report too short")
    yield SenderReport(*struct.unpack_from("!IQIII", body))


def _read_bye(count: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 4 * count:
        raise RtcpError("bye too short")
    yield Bye(struct.unpack_from(f"!{count}I", body))


def _read_transport_feedback(form: int, body: bytes) -> Iterator[Packet]:
    if len(body) < 8:
        raise RtcpError("feedback too short")
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


_READERS: dict[int, Callable[[int, bytes], Iterator[Packet]]] = {
    SR: _read_sender_report,
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
