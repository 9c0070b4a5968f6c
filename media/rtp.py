"""RTP packets (RFC 3550) and their header extensions (RFC 8285).

Everything here reads bytes from the network: every read is bounded, and the only exception is `RtpError`.
"""

from collections.abc import Sequence
from typing import NamedTuple

HEADER_SIZE = 12
ONE_BYTE = 0xBEDE  # RFC 8285 section 4.2
TWO_BYTE = 0x1000  # RFC 8285 section 4.3; the low four bits are the application's


class RtpError(ValueError):
    """The sender's packet is not RTP as RFC 3550 section 5.1 has it."""


class Header(NamedTuple):
    """The part of an RTP packet before its payload; `size` is its length in octets."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    padding: bool
    profile: int
    extension: bytes
    size: int


def parse_header(data: bytes) -> Header:
    """Read the header, which SRTP leaves in the clear: it may be read before the packet is authenticated.

    Raises RtpError if the packet is shorter than its header says, or not version 2.
    """
    if len(data) < HEADER_SIZE:
        raise RtpError("shorter than an RTP header")
    if data[0] >> 6 != 2:
        raise RtpError("not RTP version 2")
    size = HEADER_SIZE + 4 * (data[0] & 0x0F)
    profile, extension = 0, b""
    if data[0] & 0x10:
        if len(data) < size + 4:
            raise RtpError("extension header cut off")
        profile = int.from_bytes(data[size : size + 2], "big")
        length = 4 * int.from_bytes(data[size + 2 : size + 4], "big")
        extension = data[size + 4 : size + 4 + length]
        size += 4 + length
    if len(data) < size:
        raise RtpError("shorter than its header says")
    return Header(
        marker=bool(data[1] & 0x80),
        payload_type=data[1] & 0x7F,
        sequence=int.from_bytes(data[2:4], "big"),
        timestamp=int.from_bytes(data[4:8], "big"),
        ssrc=int.from_bytes(data[8:12], "big"),
        padding=bool(data[0] & 0x20),
        profile=profile,
        extension=extension,
        size=size,
    )


def padding_size(data: bytes, header: Header) -> int:
    """Octets of padding at the end of a decrypted packet; RtpError if the count is not one to `len(payload)`."""
    if not header.padding:
        return 0
    room = len(data) - header.size
    count = data[-1] if room > 0 else 0
    if not 1 <= count <= room:
        raise RtpError("padding count does not fit the packet")
    return count


def payload(data: bytes, header: Header) -> bytes:
    """The payload of a decrypted packet, without padding."""
    return data[header.size : len(data) - padding_size(data, header)]


def elements(profile: int, extension: bytes) -> list[tuple[int, bytes]]:
    """The (identifier, value) pairs of an extension block, in order.

    Reading stops at the first element that does not fit, and at identifier 15 of the one-byte form
    (RFC 8285 section 4.2); what came before it is good. An unknown profile has no elements.
    """
    one_byte = profile == ONE_BYTE
    if not one_byte and profile & 0xFFF0 != TWO_BYTE:
        return []
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(extension)
    while at < end:
        first = extension[at]
        if first == 0:
            at += 1
            continue
        if one_byte:
            identifier, length, start = first >> 4, (first & 0x0F) + 1, at + 1
            if identifier == 15:
                break
        else:
            if at + 1 >= end:
                break
            identifier, length, start = first, extension[at + 1], at + 2
        at = start + length
        if at > end:
            break
        if identifier:
            found.append((identifier, extension[start:at]))
    return found


def element(header: Header, identifier: int) -> bytes | None:
    """The value of the first element with this identifier, or None."""
    return next((value for number, value in elements(header.profile, header.extension) if number == identifier), None)


def distance(older: int, newer: int) -> int:
    """How far `newer` lies after `older` in 16-bit sequence numbers: -32768 to 32767 (RFC 1982)."""
    return (newer - older + 0x8000 & 0xFFFF) - 0x8000


Element = tuple[int, bytes]  # identifier, value


def write_extension(carried: Sequence[Element]) -> bytes:
    """A header extension block for these elements, in the one-byte form where that can hold them; b"" for none."""
    if not carried:
        return b""
    one_byte = all(identifier < 15 and 1 <= len(value) <= 16 for identifier, value in carried)
    if one_byte:
        block = b"".join(bytes((identifier << 4 | len(value) - 1,)) + value for identifier, value in carried)
    else:
        block = b"".join(bytes((identifier, len(value))) + value for identifier, value in carried)
    block += bytes(-len(block) % 4)
    profile = ONE_BYTE if one_byte else TWO_BYTE
    return profile.to_bytes(2, "big") + (len(block) // 4).to_bytes(2, "big") + block
