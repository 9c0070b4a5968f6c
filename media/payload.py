"""What payloads say about themselves: key frames, VP8 picture numbers and temporal layers, RED blocks.

Payload formats: VP8 RFC 7741, H.264 RFC 6184, VP9 RFC 9628, AV1 (AOM, RTP payload format v1.0.0 section 4.4),
RED RFC 2198. Everything here reads bytes from the network: every read is bounded, and nothing is raised.
"""

from typing import NamedTuple

VIDEO = ("VP8", "H264", "VP9", "AV1")
TEMPORAL_LAYERS = 4


class Picture(NamedTuple):
    """A VP8 payload descriptor (RFC 7741 section 4.2).

    `number_at` and `tl0_at` are offsets in the payload, 0 where the field is absent; `wide`: picture ids have 15 bits.
    `begins` a frame; `key`: that frame is a key frame; `sync`: it depends on the base layer only.
    """

    begins: bool
    key: bool
    number_at: int
    wide: bool
    number: int
    tl0_at: int
    tl0: int
    temporal: int
    sync: bool


def read_vp8(body: bytes) -> Picture | None:
    """The descriptor of a payload without padding; None if it is cut off."""
    size = len(body)
    if not size:
        return None
    first = body[0]
    number_at = tl0_at = number = tl0 = temporal = 0
    wide = sync = False
    at = 1
    if first & 0x80:
        if size < 2:
            return None
        fields, at = body[1], 2
        if fields & 0x80:
            if at >= size:
                return None
            number_at, wide = at, bool(body[at] & 0x80)
            if wide and at + 1 >= size:
                return None
            number = (body[at] & 0x7F) << 8 | body[at + 1] if wide else body[at]
            at += 2 if wide else 1
        if fields & 0x40:
            if at >= size:
                return None
            tl0_at, tl0 = at, body[at]
            at += 1
        if fields & 0x30:
            if at >= size:
                return None
            if fields & 0x20:
                temporal, sync = body[at] >> 6, bool(body[at] & 0x20)
            at += 1
    if at >= size:
        return None
    begins = bool(first & 0x10) and not first & 0x07
    # Section 4.3: the inverse key frame flag is the lowest bit of the payload header.
    return Picture(begins, begins and not body[at] & 0x01, number_at, wide, number, tl0_at, tl0, temporal, sync)


def renumber(body: bytes, picture: Picture, number_shift: int, tl0_shift: int) -> bytes:
    """The payload with its picture id and TL0PICIDX counted down by these shifts."""
    if not (number_shift and picture.number_at) and not (tl0_shift and picture.tl0_at):
        return body
    changed = bytearray(body)
    if picture.number_at and picture.wide:
        number = (picture.number - number_shift) & 0x7FFF
        changed[picture.number_at : picture.number_at + 2] = (number | 0x8000).to_bytes(2, "big")
    elif picture.number_at:
        changed[picture.number_at] = (picture.number - number_shift) & 0x7F
    if picture.tl0_at:
        changed[picture.tl0_at] = (picture.tl0 - tl0_shift) & 0xFF
    return bytes(changed)


def is_keyframe(codec: str, body: bytes) -> bool:
    """Whether this payload (without padding) begins a key frame. Codecs: VP8, H264, VP9, AV1; False for any other.

    For H.264 a parameter set (SPS) counts as the beginning, since a decoder can start there.
    """
    reader = _KEYFRAME.get(codec.upper())
    return reader is not None and reader(body)


def _vp8_keyframe(body: bytes) -> bool:
    picture = read_vp8(body)
    return picture is not None and picture.key


_SLICE_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28


def _h264_keyframe(body: bytes) -> bool:
    if not body:
        return False
    kind = body[0] & 0x1F
    if kind == _STAP_A:
        return _stap_a_keyframe(body)
    if kind == _FU_A:
        # RFC 6184 section 5.8: only the first fragment (S bit) begins the slice.
        return len(body) > 1 and bool(body[1] & 0x80) and body[1] & 0x1F in (_SLICE_IDR, _SPS)
    return kind in (_SLICE_IDR, _SPS)


def _stap_a_keyframe(body: bytes) -> bool:
    at = 1
    while at + 2 < len(body):
        length = int.from_bytes(body[at : at + 2], "big")
        if body[at + 2] & 0x1F in (_SLICE_IDR, _SPS) and length > 0 and at + 2 + length <= len(body):
            return True
        at += 2 + length
    return False


def _vp9_keyframe(body: bytes) -> bool:
    # RFC 9628 section 4.2: I P L F B E V Z; B begins a frame, P is inter-picture predicted.
    if not body or not body[0] & 0x08 or body[0] & 0x40:
        return False
    if not body[0] & 0x20:
        return True
    at = 1
    if body[0] & 0x80:
        if len(body) < 2:
            return False
        at += 2 if body[1] & 0x80 else 1
    # TID U SID D: a decoder begins at spatial layer 0.
    return at < len(body) and not body[at] & 0x0E


def _av1_keyframe(body: bytes) -> bool:
    # Z Y W W N - - -: N begins a coded video sequence.
    return bool(body) and bool(body[0] & 0x08)


_KEYFRAME = {"VP8": _vp8_keyframe, "H264": _h264_keyframe, "VP9": _vp9_keyframe, "AV1": _av1_keyframe}


MAX_BLOCKS = 8
"""Redundant blocks read from one RED packet; Chromium sends at most two."""


def read_red(body: bytes) -> tuple[bytes, list[tuple[int, bytes]]] | None:
    """(primary, redundant blocks as (timestamp offset, payload), newest first) of a RED payload; None if malformed."""
    headers: list[tuple[int, int]] = []
    at = 0
    while True:
        if at >= len(body):
            return None
        if not body[at] & 0x80:
            at += 1
            break
        if at + 4 > len(body) or len(headers) == MAX_BLOCKS:
            return None
        headers.append((body[at + 1] << 6 | body[at + 2] >> 2, (body[at + 2] & 0x03) << 8 | body[at + 3]))
        at += 4
    blocks = []
    for offset, length in headers:
        if at + length > len(body):
            return None
        blocks.append((offset, body[at : at + length]))
        at += length
    return body[at:], blocks[::-1]


RED_OFFSET = 1 << 14  # timestamp offsets and block lengths that RED can write
RED_LENGTH = 1 << 10
RED_ROOM = 1200  # octets of two payloads that go into one datagram


def write_red(payload_type: int, primary: bytes, former: tuple[int, bytes] | None) -> bytes:
    """A RED payload of one codec; `former`: (timestamp offset, payload) of the packet before, if it is to go along."""
    if former is None:
        return bytes((payload_type,)) + primary
    offset, body = former
    head = (0x80 | payload_type, offset >> 6, (offset & 0x3F) << 2 | len(body) >> 8, len(body) & 0xFF, payload_type)
    return bytes(head) + body + primary
