"""A finished meeting as one file that plays: WebM with the picture of who speaks and the sound of everybody, mixed.

Runs as a process of its own (`python -m server.export_recording`), because it decodes and encodes: a plan as JSON on
standard input, one line of JSON for each bit of progress on standard output. What is missing or broken is left out, and
the result says so. Segments are decrypted a chunk at a time as they are decoded; until the film is encrypted it is a
file without a name, which is gone with the process.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
import numpy.typing as npt

from minutes.errors import Damaged, Erased, RecordError, Withheld
from minutes.keyring import Keyring, overwrite
from server.recording_files import FILM, Film, RecordingFiles, film_key

RATE = 48_000
PICTURES = 25  # a second
STEP = RATE // PICTURES  # samples
OPUS_FRAME = 960  # samples
NICENESS = 15
JOIN = RATE * 60 // 1000  # samples: what lies closer together than 60 ms is one sound
HOLD = RATE // 2  # samples that the last picture of a segment stays
CONTENT_SIZES = ((640, 360, 400_000), (1280, 720, 1_200_000))  # width, height, bits a second
RESERVE = 128 << 20  # octets that are left free on the disk, as when recording: what else is on it must not stop

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the recording. Times are samples of 48 kHz since the beginning of the first."""

    recording: str
    file: str
    person: str | None
    media: str
    began: int
    ended: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make one file of: pieces of a meeting's recording."""

    meeting: str
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, meeting: str, segments: Sequence[Mapping[str, Any]]) -> "Plan":
        """From the data of `recording_segment` facts."""
        times = [datetime.fromisoformat(one["began"]) for one in segments]
        first = min(times, default=None)

        def samples(text: str) -> int:
            assert first is not None
            return round((datetime.fromisoformat(text) - first).total_seconds() * RATE)

        return cls(
            meeting,
            tuple(
                Piece(
                    one["recording"], one["file"], one["person"], one["media"], samples(one["began"]),
                    samples(one["ended"]), one["sha256"],
                )
                for one in segments
            ),
        )  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Plan":
        """The inverse of `asdict`."""
        return cls(data["meeting"], tuple(Piece(**one) for one in data["pieces"]))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files of one meeting's recording."""

    files: RecordingFiles
    meeting: str

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.files.folder(self.meeting)

    def open(self, piece: Piece) -> BinaryIO:
        """A piece as it was recorded. Raises OSError, Withheld, Erased, Damaged."""
        return self.files.open(self.meeting, piece.file, piece.sha256)


class Sound:
    """One person's sound, read forward. Given: the pieces in order of time."""

    def __init__(self, shelf: Shelf, pieces: Sequence[Piece]) -> None:
        self._frames = self._decoded(shelf, pieces)
        self._held: list[tuple[int, Samples]] = []

    def read(self, at: int, into: Samples) -> None:
        """Add the sound from sample `at` on to `into` (samples x 2)."""
        end = at + len(into)
        while not self._held or self._held[-1][0] < end:
            frame = next(self._frames, None)
            if frame is None:
                break
            self._held.append(frame)
        for start, samples in self._held:
            low, high = max(start, at), min(start + len(samples), end)
            if low < high:
                into[low - at : high - at] += samples[low - start : high - start]
        self._held = [(start, samples) for start, samples in self._held if start + len(samples) > end]

    @staticmethod
    def _decoded(shelf: Shelf, pieces: Sequence[Piece]) -> Iterator[tuple[int, Samples]]:
        following: int | None = None
        for piece in pieces:
            origin = piece.began
            if following is not None and abs(origin - following) < JOIN:
                origin = following
            resampler = av.AudioResampler(format="flt", layout="stereo", rate=RATE)
            for frame in _frames(shelf, piece, "audio"):
                at = origin + round((frame.time or 0.0) * RATE)
                if following is not None and abs(at - following) < RATE // 500:
                    at = following  # the file has milliseconds, the sound has none missing
                for part in resampler.resample(frame):
                    samples = part.to_ndarray().reshape(-1, 2).astype(np.float32)
                    yield at, samples
                    at += len(samples)
                following = at


class Picture:
    """One person's picture, read forward; what is not asked for is not decoded. Given: the pieces in order of time."""

    def __init__(self, shelf: Shelf, pieces: Sequence[Piece]) -> None:
        self._shelf = shelf
        self._pieces = pieces
        self._begins = [piece.began for piece in pieces]
        self._open: Piece | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next: av.VideoFrame | None = None
        self._shown: av.VideoFrame | None = None

    def covers(self, at: int) -> bool:
        """Is there a picture at sample `at`?"""
        return self._piece(at) is not None

    def _piece(self, at: int) -> Piece | None:
        index = bisect_right(self._begins, at) - 1
        piece = self._pieces[index] if index >= 0 else None
        return piece if piece is not None and at < piece.ended + HOLD else None

    def frame(self, at: int) -> av.VideoFrame | None:
        """What is seen at sample `at`."""
        piece = self._piece(at)
        if piece is None:
            return None
        if piece is not self._open:
            self._open, self._shown = piece, None
            self._frames = _frames(self._shelf, piece, "video")
            self._next = next(self._frames, None)
        while self._next is not None and piece.began + (self._next.time or 0.0) * RATE <= at:
            self._shown, self._next = self._next, next(self._frames, None)
        return self._shown


def _frames(shelf: Shelf, piece: Piece, kind: str) -> Iterator[Any]:
    """The decoded frames of a file; where it is broken, it ends."""
    try:
        with shelf.open(piece) as file, av.open(file, "r") as container:
            stream = (container.streams.audio if kind == "audio" else container.streams.video)[0]
            stream.codec_context.thread_count = 1
            yield from container.decode(stream)
    except (OSError, IndexError, ValueError, av.FFmpegError):
        return


class Canvas:
    """Pictures of any size onto one of the file's, whole and in proportion."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._blank = self._dark()
        self._last: tuple[int, av.VideoFrame] | None = None

    def _dark(self) -> npt.NDArray[np.uint8]:
        plane = np.full((self.height * 3 // 2, self.width), 128, np.uint8)
        plane[: self.height] = 24
        return plane

    def paint(self, frame: av.VideoFrame | None) -> av.VideoFrame:
        """The frame in the middle, dark around it."""
        if frame is None:
            return av.VideoFrame.from_ndarray(self._blank, format="yuv420p")
        if self._last is not None and self._last[0] == id(frame):
            return self._last[1]
        scale = min(self.width / frame.width, self.height / frame.height)
        # Even sizes and places, because the colours have half the resolution; the writer wants rows of 16.
        width = max(16, int(frame.width * scale) // 16 * 16)
        height = max(2, int(frame.height * scale) // 2 * 2)
        small = frame.reformat(width, height, "yuv420p").to_ndarray()
        left, top = (self.width - width) // 4 * 2, (self.height - height) // 4 * 2
        plane = self._blank.copy()
        plane[top : top + height, left : left + width] = small[:height]
        for index, first in enumerate((height, height * 5 // 4)):
            colours = small[first : first + height // 4].reshape(height // 2, width // 2)
            target = plane[self.height + index * self.height // 4 :][: self.height // 4]
            target = target.reshape(self.height // 2, self.width // 2)
            target[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = colours
        painted = av.VideoFrame.from_ndarray(plane, format="yuv420p")
        self._last = id(frame), painted
        return painted


class Switch:
    """Whose picture is shown: who speaks, as long as there is a picture; else who was shown before; else anybody."""

    def __init__(self, pictures: Mapping[str, Picture], speakers: Sequence[tuple[int, str | None]]) -> None:
        self._pictures = pictures
        self._speakers = speakers
        self._times = [at for at, _ in speakers]
        self._shown: str | None = None

    def frame(self, at: int) -> av.VideoFrame | None:
        index = bisect_right(self._times, at) - 1
        speaker = self._speakers[index][1] if index >= 0 else None
        for person in (speaker, self._shown, *self._pictures):
            picture = self._pictures.get(person) if person is not None else None
            if picture is not None and picture.covers(at):
                self._shown = person
                return picture.frame(at)
        return None


class Writer:
    """The file: encoders and muxer."""

    def __init__(self, out: BinaryIO, width: int, height: int, bits: int) -> None:
        self._container = av.open(out, "w", format="webm")
        self._video = self._container.add_stream("libvpx", rate=PICTURES)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        self._video.bit_rate, self._video.time_base = bits, Fraction(1, PICTURES)
        self._video.codec_context.thread_count = 1
        self._video.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
        self._audio = self._container.add_stream("libopus", rate=RATE)
        self._audio.layout, self._audio.bit_rate, self._audio.codec_context.format = "stereo", 64_000, "flt"
        self._pictures = self._samples = 0

    def picture(self, frame: av.VideoFrame) -> None:
        frame.pts, frame.time_base = self._pictures, Fraction(1, PICTURES)
        frame.pict_type = av.video.frame.PictureType.NONE
        self._pictures += 1
        self._container.mux(self._video.encode(frame))

    def sound(self, samples: Samples) -> None:
        for start in range(0, len(samples), OPUS_FRAME):
            part = np.clip(samples[start : start + OPUS_FRAME], -1, 1)
            frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="flt", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._samples, Fraction(1, RATE)
            self._samples += len(part)
            self._container.mux(self._audio.encode(frame))

    def close(self) -> None:
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()


def spans(pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    """From when to when something was recorded: between two recordings of a meeting there is nothing to show."""
    found: dict[str, tuple[int, int]] = {}
    for piece in pieces:
        if piece.media != "speaker":
            low, high = found.get(piece.recording, (piece.began, piece.ended))
            found[piece.recording] = min(low, piece.began), max(high, piece.ended)
    return sorted(found.values())


def export(plan: Plan, shelf: Shelf, out: BinaryIO, film: Film) -> Iterator[float]:
    """Make the film; yields how much of it is done, 0 to 1, and fills in what it is. ValueError if nothing is left.
    Raises Withheld, Erased where anything of it is."""
    pieces = []
    for piece in sorted(plan.pieces, key=lambda piece: piece.began):
        if _is_whole(shelf, piece):
            pieces.append(piece)
        else:
            film.left_out.append(piece.file)
    parts = spans(pieces)
    total = sum(high - low for low, high in parts)
    if not total:
        raise ValueError("nothing of the recording is left")
    people = sorted({piece.person for piece in pieces if piece.person is not None})
    of = {
        (person, media): [piece for piece in pieces if (piece.person, piece.media) == (person, media)]
        for person in people
        for media in ("audio", "video")
    }
    sounds = [Sound(shelf, of[person, "audio"]) for person in people if of[person, "audio"]]
    pictures = {person: Picture(shelf, of[person, "video"]) for person in people if of[person, "video"]}
    switch = Switch(pictures, _speakers(shelf, pieces))
    width, height, bits = CONTENT_SIZES[any(_is_large(shelf, of[person, "video"]) for person in people)]
    canvas, writer = Canvas(width, height), Writer(out, width, height, bits)
    done = 0
    try:
        for low, high in parts:
            for at in range(low, high, STEP):
                writer.picture(canvas.paint(switch.frame(at)))
                mixed = np.zeros((STEP, 2), np.float32)
                for sound in sounds:
                    sound.read(at, mixed)
                writer.sound(mixed)
                done += STEP
                if done % RATE == 0:
                    if shutil.disk_usage(shelf.folder).free < RESERVE:
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    yield min(1.0, done / total)
    finally:
        writer.close()
    film.seconds = done / RATE
    film.size, film.sha256 = out.seek(0, os.SEEK_END), _digest(out)
    yield 1.0


def _speakers(shelf: Shelf, pieces: Sequence[Piece]) -> list[tuple[int, str | None]]:
    """(from when, who) in order of time."""
    found: list[tuple[int, str | None]] = []
    for piece in pieces:
        if piece.media == "speaker":
            with shelf.open(piece) as file:
                lines = [json.loads(line) for line in file.read().decode().splitlines()]
            times = [datetime.fromisoformat(line["at"]) for line in lines]
            found += [
                (piece.began + round((at - times[0]).total_seconds() * RATE), line["participant"])
                for at, line in zip(times, lines, strict=True)
            ]
    return sorted(found, key=lambda entry: entry[0])


def _is_whole(shelf: Shelf, piece: Piece) -> bool:
    try:
        with shelf.open(piece) as file:
            return _digest(file) == piece.sha256
    except (Withheld, Erased):
        raise
    except (OSError, Damaged):
        return False


def _is_large(shelf: Shelf, pieces: Sequence[Piece]) -> bool:
    for piece in pieces:
        try:
            with shelf.open(piece) as file, av.open(file, "r") as container:
                if container.streams.video[0].height > CONTENT_SIZES[0][1]:
                    return True
        except (OSError, IndexError, ValueError, av.FFmpegError):
            continue
    return False


def _digest(file: BinaryIO) -> str:
    running = hashlib.sha256()
    file.seek(0)
    while piece := file.read(2**20):
        running.update(piece)
    return running.hexdigest()


def run(plan: Plan, files: RecordingFiles) -> Iterator[float]:
    """`export`, and keep the film with the recording. ValueError, OSError, Withheld, Erased, Damaged."""
    shelf, film = Shelf(files, plan.meeting), Film(film_key(piece.sha256 for piece in plan.pieces))
    for left in shelf.folder.glob(f"{FILM}.*.part"):  # by an export that was killed
        left.unlink()
    with tempfile.TemporaryFile(dir=shelf.folder) as file:
        out = cast(BinaryIO, file)
        try:
            yield from export(plan, shelf, out, film)
            files.seal_film(plan.meeting, out, film)
        finally:
            overwrite(out)


def main() -> None:
    """`python -m server.export_recording RECORDINGS KEYS`."""
    os.nice(NICENESS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what is half done is taken away
    files = RecordingFiles(Path(sys.argv[1]), Keyring(Path(sys.argv[2])))
    try:
        for done in run(Plan.from_json(json.load(sys.stdin)), files):
            print(json.dumps({"done": round(done, 4)}), flush=True)
    except (ValueError, OSError, RecordError, av.FFmpegError) as error:
        print(json.dumps({"failed": str(error)}), flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
