"""AV1 as far as a file asks: open bitstream units with their sizes, and what a sequence header says.

Sources: AV1 Bitstream & Decoding Process Specification (sections 5.3 to 5.5), AV1 Codec ISO Media File Format Binding
(section 2.3, av1C), Matroska's AV1 mapping. Everything here reads bytes from the network: every read is bounded, and
what cannot be read is None.
"""

from __future__ import annotations

from typing import NamedTuple

from media.picture import LARGEST, Bits, Size

SEQUENCE, FRAME_HEADER, FRAME = 1, 3, 6
LEFT_OUT = 2, 8, 15
"""Types of units; those that a file does without: temporal delimiters, tile lists, padding."""
_SRGB = 1, 13, 0  # primaries, transfer, matrix


class Unit(NamedTuple):
    """An open bitstream unit: its header (one octet, or two with an extension) and its payload."""

    head: bytes
    payload: bytes

    @property
    def kind(self) -> int:
        return self.head[0] >> 3 & 15

    def sized(self) -> bytes:
        """As a file has it: with its size."""
        return bytes((self.head[0] | 2, *self.head[1:])) + write_size(len(self.payload)) + self.payload


class Sequence(NamedTuple):
    """What a sequence header says: the largest picture, and av1C without its units."""

    size: Size
    configuration: bytes


def read_size(data: bytes, at: int) -> tuple[int, int] | None:
    """(value, where it ends) of a leb128() at `at`; None where there is none of up to four octets."""
    value = 0
    for count, octet in enumerate(data[at : at + 4]):
        value |= (octet & 0x7F) << 7 * count
        if not octet & 0x80:
            return value, at + count + 1
    return None


def write_size(value: int) -> bytes:
    """leb128()."""
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*octets, value))


def read_unit(data: bytes) -> Unit | None:
    """One unit, with or without its size."""
    if not data or data[0] & 0x80 or len(data) < (end := 2 if data[0] & 4 else 1):
        return None
    head = bytes((data[0] & ~2 & 0xFF, *data[1:end]))
    if not data[0] & 2:
        return Unit(head, data[end:])
    found = read_size(data, end)
    if found is None or found[1] + found[0] != len(data):
        return None
    return Unit(head, data[found[1] :])


def begins_key(unit: Unit) -> bool:
    """Is it the header of a key frame, which is shown (section 5.9.2)?"""
    # show_existing_frame, two bits of frame_type, show_frame.
    return bool(unit.payload) and unit.payload[0] >> 4 == 0b0001


def read_sequence(payload: bytes) -> Sequence | None:
    """The payload of a sequence header."""
    try:
        found = _sequence(Bits(payload[:128]))
    except (IndexError, ValueError):
        return None
    return found if all(0 < side <= LARGEST for side in found.size) else None


def _sequence(bits: Bits) -> Sequence:
    # Section 5.5.1.
    profile, _still, reduced = bits.take(3), bits.take(1), bits.take(1)
    level, tier = (bits.take(5), 0) if reduced else _operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    size = bits.take(across) + 1, bits.take(down) + 1
    if not reduced and bits.take(1):
        bits.take(4 + 3)  # lengths of frame ids
    bits.take(3)
    if not reduced:
        _skip_tools(bits)
    bits.take(3)
    return Sequence(size, bytes((0x81, profile << 5 | level, tier << 7 | _colours(bits, profile), 0)))


def _operating_points(bits: Bits) -> tuple[int, int]:
    """Level and tier of the first operating point, which is all of the picture."""
    delays = 0  # bits of a delay, where there is a decoder model
    if bits.take(1):  # timing_info()
        bits.take(64)
        if bits.take(1):
            bits.golomb()
        if bits.take(1):  # decoder_model_info()
            delays = bits.take(5) + 1
            bits.take(32 + 5 + 5)
    display = bits.take(1)
    points = []
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        level = bits.take(5)
        points.append((level, bits.take(1) if level > 7 else 0))
        if delays and bits.take(1):
            bits.take(2 * delays + 1)
        if display and bits.take(1):
            bits.take(4)
    return points[0]


def _skip_tools(bits: Bits) -> None:
    bits.take(4)
    ordered = bits.take(1)
    if ordered:
        bits.take(2)
    screen = 2 if bits.take(1) else bits.take(1)
    if screen and not bits.take(1):
        bits.take(1)
    if ordered:
        bits.take(3)


def _colours(bits: Bits, profile: int) -> int:
    """color_config() (section 5.5.2) as av1C has it: high, twelve, monochrome, subsampled across and down, position."""
    high = bits.take(1)
    twelve = bits.take(1) if profile == 2 and high else 0
    mono = 0 if profile == 1 else bits.take(1)
    described = (bits.take(8), bits.take(8), bits.take(8)) if bits.take(1) else (2, 2, 2)
    across, down, position = 1, 1, 0
    if mono:
        return high << 6 | twelve << 5 | 1 << 4 | across << 3 | down << 2
    if described == _SRGB:
        across = down = 0
    else:
        bits.take(1)
        if profile == 2 and twelve:
            across = bits.take(1)
            down = bits.take(1) if across else 0
        elif profile:
            across, down = profile - 1, 0
        if across and down:
            position = bits.take(2)
    return high << 6 | twelve << 5 | across << 3 | down << 2 | position
