"""What the load's cameras and microphones send: a few seconds of real VP8 and Opus, encoded once and then repeated.

The picture moves and is noisy, so that the encoder has to spend its bits as it would on a camera's picture.
"""

from __future__ import annotations

import functools
import pickle
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FPS = 30
FRAME = 960  # samples of an Opus packet, 20 ms
SECONDS = 4
KEPT = Path(__file__).parent.parent / "build" / "clips"

SIZES = {"q": (160, 90, 120_000), "h": (320, 180, 350_000), "f": (640, 360, 1_200_000)}
"""Simulcast encodings by rid: width, height, bits a second."""
TEMPORAL = (0, 2, 1, 2)
"""Temporal layers of the frames, in turn, as browsers have them in simulcast (libvpx's layering mode 3)."""


@dataclass(frozen=True)
class Frame:
    """One encoded picture."""

    data: bytes
    key: bool
    layer: int


@functools.cache
def video(rid: str, *, layered: bool = False) -> tuple[Frame, ...]:
    """A loop that begins with its only key frame. `layered`: three temporal layers. Kept in a file between runs."""
    kept = KEPT / f"{rid}{'-layered' if layered else ''}.pickle"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(_encode(rid, layered)))
    frames: tuple[Frame, ...] = pickle.loads(kept.read_bytes())
    return frames


def _encode(rid: str, layered: bool) -> tuple[Frame, ...]:
    width, height, bits = SIZES[rid]
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.bit_rate = bits
    encoder.framerate, encoder.time_base = Fraction(FPS, 1), Fraction(1, FPS)
    encoder.gop_size = 10 * FPS * SECONDS
    encoder.options = {
        "deadline": "realtime", "cpu-used": "8", "minrate": str(bits), "maxrate": str(bits), "bufsize": str(bits // 2),
        "undershoot-pct": "5", "overshoot-pct": "5",
    }  # fmt: skip
    if layered:
        rates = ",".join(str(bits * share // 100_000) for share in (40, 60, 100))
        encoder.options |= {
            "ts-parameters": f"ts_number_layers=3:ts_target_bitrate={rates}:ts_rate_decimator=4,2,1:"
            "ts_periodicity=4:ts_layer_id=0,2,1,2:ts_layering_mode=3"
        }
    packets = [bytes(packet) for picture in _pictures(width, height) for packet in encoder.encode(picture)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(
        Frame(data, not data[0] & 1, TEMPORAL[number % len(TEMPORAL)] if layered else 0)
        for number, data in enumerate(packets)
    )


def _pictures(width: int, height: int) -> list[av.VideoFrame]:
    chance = np.random.default_rng(1)
    rows, columns = np.mgrid[0:height, 0:width]
    scene = (np.sin(columns / 23.0) + np.cos(rows / 17.0)) * 50 + 128
    made = []
    for number in range(SECONDS * FPS):
        light = np.roll(scene, number * 3, axis=1) + chance.normal(0, 14, (height, width))
        picture = av.VideoFrame(width, height, "yuv420p")
        planes = [np.clip(light, 0, 255), *(np.full((height // 2, width // 2), 100 + number % 60),) * 2]
        for plane, values in zip(picture.planes, planes, strict=True):
            padded = np.zeros((plane.height, plane.line_size), np.uint8)
            padded[:, : plane.width] = values
            plane.update(padded.tobytes())
        picture.pts, picture.time_base = number, Fraction(1, FPS)
        made.append(picture)
    return made


@functools.cache
def audio() -> tuple[bytes, ...]:
    """Opus packets of 20 ms at 32 kbit/s."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "s16"
    encoder.bit_rate = 32000
    chance, moments = np.random.default_rng(2), np.arange(FRAME)
    packets: list[bytes] = []
    for number in range(SECONDS * 50):
        tone = 6000 * np.sin(2 * np.pi * 220 * (moments + number * FRAME) / 48000) + chance.normal(0, 800, FRAME)
        sound = av.AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate, sound.pts = 48000, number * FRAME
        packets += [bytes(packet) for packet in encoder.encode(sound)]
    return tuple(packets)
