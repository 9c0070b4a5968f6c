"""Sound and pictures as RTP packets, made by encoders and packetisers that we did not write (FFmpeg, aiortc)."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

ENCODERS = {"VP8": "libvpx", "VP9": "libvpx-vp9", "H264": "libx264", "AV1": "libsvtav1"}
OPTIONS = {
    "H264": {"tune": "zerolatency", "profile": "baseline", "x264-params": "scenecut=0:keyint_min=1"},
    "AV1": {"preset": "12", "svtav1-params": "pred-struct=1:lookahead=0:lp=1:scd=0:enable-tf=0"},
}
RATE = {"opus": 48_000} | dict.fromkeys(ENCODERS, 90_000)
STEP = {"opus": 960} | dict.fromkeys(ENCODERS, 3000)  # 20 ms of sound, 30 pictures a second


class Packet(NamedTuple):
    """What the forwarder taps, as far as recording looks at it."""

    position: int
    timestamp: int
    marker: bool
    received: int
    payload: bytes


@cache
def pictures(
    codec: str, count: int, *, keys: int = 30, size: tuple[int, int] = (320, 240), grey: int | None = None
) -> tuple[bytes, ...]:
    """Encoded frames of a picture that moves, or of plain `grey` (0 to 255); a key frame every `keys`."""
    encoder = av.VideoCodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height = size
    encoder.thread_count = 1
    encoder.pix_fmt, encoder.time_base, encoder.gop_size = "yuv420p", Fraction(1, 30), keys
    encoder.options = OPTIONS.get(codec, {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"})
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    image = np.stack([across, down, across * down // 16], 2).astype(np.uint8)
    if grey is not None:
        image[:] = grey
    made: list[bytes] = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(np.roll(image, 3 * number, 1), format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        made += [bytes(packet) for packet in encoder.encode(frame)]
    made += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(made)


@cache
def tone(count: int, hertz: int = 440) -> tuple[bytes, ...]:
    """Opus packets of 20 ms."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    made: list[bytes] = []
    for number in range(count):
        at = (np.arange(960) + 960 * number) / 48_000
        wave = (np.sin(2 * np.pi * hertz * at) * 9000).astype(np.int16).repeat(2)[None, :]
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, 960 * number
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(made[:count])


def split(codec: str, frame: bytes, number: int) -> Sequence[bytes]:
    """One encoded frame as RTP payloads."""
    if codec == "opus":
        return [frame]
    if codec == "VP8":
        return Vp8Encoder._packetize(frame, number & 0x7FFF)
    if codec == "H264":
        return H264Encoder._packetize(H264Encoder._split_bitstream(frame))
    if codec == "AV1":
        return split_av1(frame)
    key = not frame[0] & 0x04  # profile 0, a frame that is shown
    parts = [frame[at : at + 1200] for at in range(0, len(frame), 1200)]
    last = len(parts) - 1
    return [
        bytes(((0x80 | (not key) << 6 | (at == 0) << 3 | (at == last) << 2), 0x80 | number >> 8 & 0x7F, number & 0xFF))
        + part
        for at, part in enumerate(parts)
    ]


def av1_units(frame: bytes) -> list[bytes]:
    """The open bitstream units of a temporal unit, but its delimiter, without their sizes."""
    found, at = [], 0
    while at < len(frame):
        head, size, shift = frame[at], 0, 0
        assert head & 6 == 2, "FFmpeg's have a size and no extension"
        at += 1
        while True:
            size |= (frame[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if frame[at - 1] < 128:
                break
        found.append(bytes((head & ~2,)) + frame[at : at + size])
        at += size
    return [unit for unit in found if unit[0] >> 3 != 2]


def split_av1(frame: bytes, room: int = 1200) -> list[bytes]:
    """AOM's RTP payload format: as many elements in a packet as fit, the last of which may go on in the next."""
    rows: list[list[bytes]] = [[]]
    goes_on = [False]
    key = False
    for unit in av1_units(frame):
        key = key or unit[0] >> 3 == 1
        while unit:
            left = room - sum(map(len, rows[-1]))
            rows[-1].append(unit[:left])
            unit = unit[left:]
            if unit or left <= len(rows[-1][-1]):
                rows.append([])
                goes_on.append(bool(unit))
    rows = [row for row in rows if row]
    made = []
    for number, row in enumerate(rows):
        more = number + 1 < len(rows) and goes_on[number + 1]
        count = len(row) if len(row) <= 3 else 0
        head = goes_on[number] << 7 | more << 6 | count << 4 | (key and number == 0) << 3
        sized = [part if index + 1 == count else leb128(len(part)) + part for index, part in enumerate(row)]
        made.append(bytes((head,)) + b"".join(sized))
    return made


def leb128(value: int) -> bytes:
    return bytes((value,)) if value < 128 else bytes((value & 127 | 128,)) + leb128(value >> 7)


def packets(
    codec: str,
    frames: Sequence[bytes],
    *,
    timestamp: int = 0,
    received: int = 0,
    position: int = 0,
    first: int = 0,
) -> Iterator[Packet]:
    """The frames on the line, each received when its time has come; `first`: the number of the first one."""
    for number, frame in enumerate(frames, first):
        parts = split(codec, frame, number)
        at = number * STEP[codec]
        for index, part in enumerate(parts):
            marker = index == len(parts) - 1
            time = received + at * 1_000_000 // RATE[codec]
            yield Packet(position, (timestamp + at) & 0xFFFFFFFF, marker, time, part)
            position += 1
