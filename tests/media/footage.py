"""Sound and pictures as RTP packets, made by encoders and packetisers that we did not write (FFmpeg, aiortc)."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

ENCODERS = {"VP8": "libvpx", "VP9": "libvpx-vp9", "H264": "libx264"}
RATE = {"opus": 48_000, "VP8": 90_000, "VP9": 90_000, "H264": 90_000}
STEP = {"opus": 960, "VP8": 3000, "VP9": 3000, "H264": 3000}  # 20 ms of sound, 30 pictures a second


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
    fast = {"tune": "zerolatency", "profile": "baseline", "x264-params": "scenecut=0:keyint_min=1"}
    encoder.options = fast if codec == "H264" else {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
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
    key = not frame[0] & 0x04  # profile 0, a frame that is shown
    parts = [frame[at : at + 1200] for at in range(0, len(frame), 1200)]
    last = len(parts) - 1
    return [
        bytes(((0x80 | (not key) << 6 | (at == 0) << 3 | (at == last) << 2), 0x80 | number >> 8 & 0x7F, number & 0xFF))
        + part
        for at, part in enumerate(parts)
    ]


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
