"""How large a picture is, read from the first octets of a key frame: VP8, VP9 and H.264.

Everything here reads bytes from the network: every read is bounded, and what cannot be read is None.
"""

from __future__ import annotations

Size = tuple[int, int]
"""Width and height in pixels."""

LARGEST = 16_384  # VP8 cannot say more (RFC 6386 section 9.1); nobody's camera has more
_GOLOMB = 32  # leading zeros of the longest Exp-Golomb code
_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def size_of(codec: str, data: bytes) -> Size | None:
    """The size of the picture in a key frame of VP8 or VP9, or in an H.264 sequence parameter set (NAL unit)."""
    try:
        found = _READERS[codec](data)
    except (IndexError, ValueError):
        return None
    if found is None or not all(0 < side <= LARGEST for side in found):
        return None
    return found


def _vp8(frame: bytes) -> Size | None:
    # RFC 6386 section 9.1: three octets of frame tag, a start code, two sizes of 14 bits with a scale above.
    if frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    return (frame[6] | frame[7] << 8) & 0x3FFF, (frame[8] | frame[9] << 8) & 0x3FFF


class Bits:
    """Bits from the highest of the first octet on; IndexError behind the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """An unsigned Exp-Golomb code (H.264 section 9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _GOLOMB:
                raise ValueError("an Exp-Golomb code without an end")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _vp9(frame: bytes) -> Size | None:
    # VP9 bitstream specification, section 6.2: uncompressed_header().
    bits = Bits(frame[:32])
    if bits.take(2) != 2:
        return None
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(1) or bits.take(1):  # shows an existing frame; not a key frame
        return None
    bits.take(2)
    if bits.take(24) != 0x498342:
        return None
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != 7:  # not sRGB
        bits.take(1)
        if profile in (1, 3):
            bits.take(3)
    elif profile in (1, 3):
        bits.take(1)
    return bits.take(16) + 1, bits.take(16) + 1


def _h264(sps: bytes) -> Size | None:
    # H.264 section 7.3.2.1.1. What follows the cropping does not matter here.
    if sps[0] & 0x1F != 7:
        return None
    bits = Bits(sps[1:256].replace(b"\x00\x00\x03", b"\x00\x00"))
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in _HIGH:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb(), bits.golomb(), bits.take(1)
        if bits.take(1):
            _skip_scaling(bits, 12 if chroma == 3 else 8)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1), bits.signed(), bits.signed()
        for _ in range(min(bits.golomb(), 255)):
            bits.signed()
    bits.golomb(), bits.take(1)
    width, rows = bits.golomb() + 1, bits.golomb() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    left = right = top = bottom = 0
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
    across = 2 if chroma in (1, 2) else 1
    down = (2 if chroma == 1 else 1) * (2 - frames_only)
    return 16 * width - across * (left + right), 16 * rows * (2 - frames_only) - down * (top + bottom)


def _skip_scaling(bits: Bits, lists: int) -> None:
    # Section 7.3.2.1.1.1.
    for index in range(lists):
        if bits.take(1):
            last = following = 8
            for _ in range(16 if index < 6 else 64):
                if following:
                    following = (last + bits.signed()) % 256
                last = following or last


_READERS = {"VP8": _vp8, "VP9": _vp9, "H264": _h264}
