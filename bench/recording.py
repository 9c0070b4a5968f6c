"""What recording costs: CPU of the thread that turns one participant's packets into files.

A second-long control in the same run does what cannot be left out: it writes as many octets to a file and digests them.
What another thread does with the files afterwards, encrypting them and writing over the plain ones, is counted apart.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aiortc.codecs.vpx import Vp8Encoder

from bench import clips
from media.events import Recorded
from media.recording import Writer, Written
from minutes.keyring import Keyring
from server.recording_files import RecordingFiles

SECONDS = 30
BATCH = 0.05  # seconds between two hand-overs, as the endpoint has them
ROUNDS = 3


class Packet(NamedTuple):
    position: int
    timestamp: int
    marker: bool
    received: int
    payload: bytes


@dataclass(frozen=True)
class Seen:
    """Microseconds of CPU a packet; shares of a core: for one participant, for the control, and for encrypting."""

    packet: float
    core: float
    control: float
    sealing: float


def _video() -> Iterator[Packet]:
    loop, position = clips.video("f"), 0
    for number in range(SECONDS * clips.FPS):
        at = number * 90_000 // clips.FPS
        parts = Vp8Encoder._packetize(loop[number % len(loop)].data, number & 0x7FFF)
        for index, part in enumerate(parts):
            received = at * 1_000_000 // 90_000
            yield Packet(position, at, index == len(parts) - 1, received, part)
            position += 1


def _audio() -> Iterator[Packet]:
    loop = clips.audio()
    for number in range(SECONDS * 50):
        yield Packet(number, number * clips.FRAME, False, number * 20_000, loop[number % len(loop)])


def _batches(kind: str, codec: str, rate: int, ssrc: int, packets: list[Packet]) -> list[Recorded]:
    step = int(BATCH * 1_000_000)
    groups: dict[int, list[Packet]] = {}
    for packet in packets:
        groups.setdefault(packet.received // step, []).append(packet)
    return [Recorded("bench", "an", kind, codec, rate, 1, ssrc, tuple(group), None) for group in groups.values()]


def measure() -> Seen:
    """The least of a few rounds."""
    video, audio = list(_video()), list(_audio())
    work = _batches("video", "VP8", 90_000, 2, video) + _batches("audio", "opus", 48_000, 1, audio)
    octets = b"".join(packet.payload for packet in (*video, *audio))
    best = control = sealing = float("inf")
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            files = RecordingFiles(Path(folder), Keyring(Path(folder) / "keys"))
            writer = Writer(files.under_way("m"), 1)
            start = time.process_time()
            for batch in work:
                writer.take(batch)
            written = [one for one in writer.close() if isinstance(one, Written)]
            best = min(best, time.process_time() - start)
            start = time.process_time()
            for one in written:
                files.seal("m", one.file, one.sha256)
            files.let_go("m", [one.file for one in written])
            sealing = min(sealing, time.process_time() - start)
            start = time.process_time()
            path = Path(folder) / "control"
            path.write_bytes(octets)
            hashlib.sha256(path.read_bytes())
            control = min(control, time.process_time() - start)
    return Seen(best / (len(video) + len(audio)) * 1e6, best / SECONDS, control / SECONDS, sealing / SECONDS)


if __name__ == "__main__":
    print(measure())
