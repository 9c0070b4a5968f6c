"""RTP payloads to frames: Opus (RFC 7587), VP8 (RFC 7741), VP9 (RFC 9628), H.264 (RFC 6184), AV1 (AOM's
RTP payload format 1.0.0).

Given: payloads in the order in which they were sent, and where something between them is missing. A frame comes out
only if it is whole and everything that it needs to be decoded came out before it: after a loss the next frame is a key
frame. Everything here reads bytes from the network: every read is bounded, and nothing is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from media import av1
from media.picture import Size, size_of

LARGEST = 4 << 20  # octets of a frame; more is nobody's picture
MOST_UNITS = 256  # NAL units or layers of one frame


class Frame(NamedTuple):
    """A frame as a file holds it. `timestamp` is the RTP timestamp; for H.264 every NAL unit has its length before it.

    For a key frame of a picture `size` says how large it is, and for H.264 and AV1 `private` how to decode it (an
    AVCDecoderConfigurationRecord, an AV1CodecConfigurationRecord).
    """

    timestamp: int
    key: bool
    data: bytes
    size: Size | None = None
    private: bytes = b""


class Depacketiser(Protocol):
    """One stream. `starving`: there are packets, but nothing can be decoded until a key frame comes."""

    starving: bool

    def push(self, timestamp: int, marker: bool, payload: bytes, *, gap: bool) -> list[Frame]:
        """The next packet; `gap`: at least one is missing before it."""


class OpusFrames:
    """Every packet is a frame, and each can be decoded without another."""

    starving = False

    def push(self, timestamp: int, marker: bool, payload: bytes, *, gap: bool) -> list[Frame]:
        return [Frame(timestamp, True, payload)] if opus_samples(payload) else []


class Pictures:
    """What the video codecs share: frames end at the marker or where the timestamp changes."""

    def __init__(self, codec: str) -> None:
        self.starving = False
        self._parser = _PARSERS[codec]()
        self._timestamp: int | None = None
        self._broken = False
        self._waiting = True  # for a key frame
        self._octets = 0

    def push(self, timestamp: int, marker: bool, payload: bytes, *, gap: bool) -> list[Frame]:
        found: list[Frame] = []
        if gap:
            self._drop()
        if not payload:  # padding alone: a probe
            return found
        if timestamp != self._timestamp:
            found += self._finish()
            self._timestamp, self._broken, self._octets = timestamp, gap and not self._parser.begins(payload), 0
        self._octets += len(payload)
        if self._octets > LARGEST or not self._parser.add(payload):
            self._broken = True
        if marker:
            found += self._finish()
        return found

    def _drop(self) -> None:
        """Of the frame under way, or of one between, something is missing."""
        self._parser.take()
        self._timestamp = None
        self._waiting = True
        self.starving = True

    def _finish(self) -> list[Frame]:
        if self._timestamp is None:
            return []
        timestamp, self._timestamp = self._timestamp, None
        made = self._parser.take()
        if self._broken or made is None or (self._waiting and not made.key):
            self._waiting = self.starving = True
            return []
        self._waiting = self.starving = False
        return [made._replace(timestamp=timestamp)]


def depacketiser(codec: str) -> Depacketiser | None:
    """For one stream of "opus", "VP8", "VP9", "H264" or "AV1"; None for what cannot be kept."""
    if codec == "opus":
        return OpusFrames()
    return Pictures(codec) if codec in _PARSERS else None


def opus_samples(payload: bytes) -> int:
    """How long an Opus packet plays, in samples of 48 kHz (RFC 6716 section 3.1); 0 for what is none."""
    if not payload:
        return 0
    form, count = payload[0] >> 3, payload[0] & 3
    if form < 12:
        samples = (480, 960, 1920, 2880)[form & 3]
    elif form < 16:
        samples = (480, 960)[form & 1]
    else:
        samples = (120, 240, 480, 960)[form & 3]
    count = (payload[1] & 63 if len(payload) > 1 else 0) if count == 3 else (1, 2, 2)[count]
    return samples * count if samples * count <= 5760 else 0  # at most 120 ms


class _Parser(Protocol):
    def begins(self, payload: bytes) -> bool:
        """Does a frame begin with this packet?"""

    def add(self, payload: bytes) -> bool:
        """One packet of the frame under way; False if it makes the frame useless."""

    def take(self) -> Frame | None:
        """The frame that the packets since the last call make, None if they make none."""


class _Vp8:
    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def begins(self, payload: bytes) -> bool:
        return bool(payload[0] & 0x10) and not payload[0] & 0x07

    def add(self, payload: bytes) -> bool:
        at = _vp8_descriptor(payload)
        if at >= len(payload) or self.begins(payload) is bool(self._parts):
            return False
        self._parts.append(payload[at:])
        return True

    def take(self) -> Frame | None:
        data, self._parts = b"".join(self._parts), []
        if not data:
            return None
        key = not data[0] & 0x01  # RFC 7741 section 4.3: the inverse key frame flag
        size = size_of("VP8", data) if key else None
        return None if key and size is None else Frame(0, key, data, size)


def _vp8_descriptor(payload: bytes) -> int:
    """Octets of the payload descriptor (RFC 7741 section 4.2): X R N S R PID."""
    at = 1
    if payload[0] & 0x80 and len(payload) > 1:
        fields, at = payload[1], 2
        if fields & 0x80:
            at += 2 if at < len(payload) and payload[at] & 0x80 else 1
        at += bool(fields & 0x40) + bool(fields & 0x30)
    return at


class _Vp9:
    """A picture of several spatial layers becomes a superframe (VP9 bitstream specification, annex B)."""

    def __init__(self) -> None:
        self._layers: list[bytearray] = []
        self._key = False

    def begins(self, payload: bytes) -> bool:
        """B, and nothing below it in this picture."""
        return bool(payload[0] & 0x08) and _vp9_spatial(payload) == 0

    def add(self, payload: bytes) -> bool:
        first = payload[0]
        at = _vp9_descriptor(payload)
        if at is None or at >= len(payload):
            return False
        if first & 0x08:
            if not self._layers:
                self._key = self.begins(payload) and not first & 0x40
            if len(self._layers) >= 8:
                return False
            self._layers.append(bytearray())
        if not self._layers:
            return False
        self._layers[-1] += payload[at:]
        return True

    def take(self) -> Frame | None:
        layers, self._layers = [bytes(layer) for layer in self._layers], []
        if not layers:
            return None
        size = size_of("VP9", layers[0]) if self._key else None
        if self._key and size is None:
            return None
        if len(layers) == 1:
            return Frame(0, self._key, layers[0], size)
        width = max(1, (max(map(len, layers)).bit_length() + 7) // 8)
        mark = bytes((0xC0 | (width - 1) << 3 | (len(layers) - 1),))
        index = mark + b"".join(len(layer).to_bytes(width, "little") for layer in layers) + mark
        return Frame(0, self._key, b"".join(layers) + index, size)


def _vp9_spatial(payload: bytes) -> int:
    """The spatial layer; 0 where none is named (RFC 9628 section 4.2: I P L F B E V Z, then the picture id)."""
    if not payload[0] & 0x20:
        return 0
    at = 1
    if payload[0] & 0x80:
        at += 2 if len(payload) > 1 and payload[1] & 0x80 else 1
    return payload[at] >> 1 & 7 if at < len(payload) else 0


def _vp9_descriptor(payload: bytes) -> int | None:
    """Octets of the payload descriptor (RFC 9628 section 4.2), None if it is cut off."""
    first, at, end = payload[0], 1, len(payload)
    if first & 0x80:
        if at >= end:
            return None
        at += 2 if payload[at] & 0x80 else 1
    if first & 0x20:
        at += 1 if first & 0x10 else 2
    if first & 0x50 == 0x50:  # flexible mode and predicted: one to three reference indices
        for _ in range(3):
            if at >= end:
                return None
            at += 1
            if not payload[at - 1] & 1:
                break
    if first & 0x02:
        return _vp9_structure(payload, at)
    return at


def _vp9_structure(payload: bytes, at: int) -> int | None:
    """Where the scalability structure at `at` ends (RFC 9628 section 4.2.1: N_S Y G)."""
    end = len(payload)
    if at >= end:
        return None
    head, at = payload[at], at + 1
    if head & 0x10:
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:
        if at >= end:
            return None
        pictures, at = payload[at], at + 1
        for _ in range(pictures):
            if at >= end:
                return None
            at += 1 + (payload[at] >> 2 & 3)
    return at


_IDR, _SPS, _PPS, _STAP_A, _FU_A = 5, 7, 8, 24, 28


class _H264:
    def __init__(self) -> None:
        self._units: list[bytes] = []
        self._open: bytearray | None = None  # the NAL unit that comes in fragments
        self._sps = b""
        self._pps = b""

    def begins(self, payload: bytes) -> bool:
        """It cannot be told that nothing of the frame is missing; only parameter sets stand at a beginning."""
        kind = payload[0] & 0x1F
        return kind == _SPS or (kind == _STAP_A and len(payload) > 3 and payload[3] & 0x1F == _SPS)

    def add(self, payload: bytes) -> bool:
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            return self._fragment(payload)
        if self._open is not None:
            return False
        if kind == _STAP_A:
            return self._aggregate(payload)
        return self._unit(payload) if 1 <= kind <= 23 else False

    def _fragment(self, payload: bytes) -> bool:
        # RFC 6184 section 5.8: S E R, then the type of the whole.
        if len(payload) < 3:
            return False
        if payload[1] & 0x80:
            if self._open is not None:
                return False
            self._open = bytearray((payload[0] & 0xE0 | payload[1] & 0x1F,))
        if self._open is None:
            return False
        self._open += payload[2:]
        if payload[1] & 0x40:
            whole, self._open = bytes(self._open), None
            return self._unit(whole)
        return True

    def _aggregate(self, payload: bytes) -> bool:
        # RFC 6184 section 5.7.1: units with 16 bits of length before each.
        at = 1
        while at < len(payload):
            length = int.from_bytes(payload[at : at + 2], "big")
            unit = payload[at + 2 : at + 2 + length]
            if not length or len(unit) < length or not self._unit(unit):
                return False
            at += 2 + length
        return True

    def _unit(self, unit: bytes) -> bool:
        kind = unit[0] & 0x1F
        if kind == _SPS:
            self._sps = unit
        elif kind == _PPS:
            self._pps = unit
        self._units.append(unit)
        return len(self._units) <= MOST_UNITS

    def take(self) -> Frame | None:
        units, self._units = self._units, []
        cut, self._open = self._open is not None, None
        if cut or not units:
            return None
        data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
        if not any(unit[0] & 0x1F == _IDR for unit in units):
            return Frame(0, False, data)
        size = size_of("H264", self._sps) if self._sps and self._pps else None
        if size is None or len(self._sps) < 4 or len(self._sps) > 0xFFFF or len(self._pps) > 0xFFFF:
            return None
        return Frame(0, True, data, size, _configuration(self._sps, self._pps))


def _configuration(sps: bytes, pps: bytes) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1), four octets of length before each unit."""
    head = bytes((1, *sps[1:4], 0xFF, 0xE1)) + len(sps).to_bytes(2, "big") + sps
    return head + b"\x01" + len(pps).to_bytes(2, "big") + pps


class _Av1:
    """A temporal unit of open bitstream units (AOM, RTP Payload Format For AV1, section 4)."""

    def __init__(self) -> None:
        self._units: list[bytearray] = []
        self._open = False  # the last one goes on in the next packet

    def begins(self, payload: bytes) -> bool:
        """Only of the first packet of a coded video sequence (N) can that be told."""
        return bool(payload[0] & 0x08)

    def add(self, payload: bytes) -> bool:
        elements = _av1_elements(payload)
        goes_on = bool(payload[0] & 0x80)
        if not elements or goes_on is not self._open:
            return False
        if goes_on:
            self._units[-1] += elements.pop(0)
        self._units += map(bytearray, elements)
        self._open = bool(payload[0] & 0x40)
        return len(self._units) <= MOST_UNITS

    def take(self) -> Frame | None:
        parts, self._units = self._units, []
        cut, self._open = self._open, False
        units = [unit for unit in (av1.read_unit(bytes(part)) for part in parts) if unit is not None]
        frames = [unit for unit in units if unit.kind in (av1.FRAME_HEADER, av1.FRAME)]
        if cut or len(units) < len(parts) or not frames:
            return None
        data = b"".join(unit.sized() for unit in units if unit.kind not in av1.LEFT_OUT)
        header = next((unit for unit in units if unit.kind == av1.SEQUENCE), None)
        if header is None or not av1.begins_key(frames[0]):
            return Frame(0, False, data)
        found = av1.read_sequence(header.payload)
        return Frame(0, True, data, found.size, found.configuration + header.sized()) if found is not None else None


def _av1_elements(payload: bytes) -> list[bytes] | None:
    """The elements behind the aggregation header (section 4.4: Z Y W W N), None if they do not end where it does. Each
    has its size before it, but for the last of W."""
    found: list[bytes] = []
    count, at, end = payload[0] >> 4 & 3, 1, len(payload)
    while at < end:
        size = end - at
        if len(found) + 1 != count:
            read = av1.read_size(payload, at)
            if read is None or read[0] > end - read[1]:
                return None
            size, at = read
        found.append(payload[at : at + size])
        at += size
    return found if count in (0, len(found)) else None


_PARSERS: dict[str, Callable[[], _Parser]] = {"VP8": _Vp8, "VP9": _Vp9, "H264": _H264, "AV1": _Av1}
