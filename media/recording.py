"""The edge of recording: a thread, files, the clocks. What is in the files is decided in `media.tape`.

A file grows under a temporary name. When its segment ends it is closed, synced, digested and renamed, so what has its
final name is whole, and a crash costs at most the segments under way; `recover` mends those.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import queue
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av

from media.depacketise import Frame
from media.events import Recorded
from media.tape import Ask, Begin, Block, Clock, End, Step, Tape
from media.webm import SUFFIXES, Webm

WAITING = 4096  # batches on their way to the thread; a disk that is slower than the meeting loses packets, not memory
PART = ".part"
SPEAKER = "speaker"
"""The kind of the file that says who spoke when: one JSON object a line, `at` (ISO 8601) and `participant`."""
RESERVE = 128 << 20  # octets that are left free
POLL = 0.1  # seconds; close() is heard that late at most


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is whole and on disk. `kind`: "audio", "video" or "speaker"; `participant` "" for the latter."""

    file: str
    participant: str
    kind: str
    codec: str
    began: datetime
    length: timedelta
    size: int
    sha256: str
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """The picture of this participant cannot be recorded until a key frame comes."""

    participant: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing more is recorded: the disk is full or gone."""

    reason: str


Outcome = Written | KeyWanted | Failed


class Writer:
    """Packets to files, on whatever thread calls it. Given: a folder and the number of its first file."""

    def __init__(self, folder: Path, first: int) -> None:
        self._folder = folder
        self._number = first
        # Monotonic time becomes time of day once, so that a clock that is set does not bend the recording.
        self._epoch = (time.time_ns() - time.monotonic_ns()) // 1000
        self._tapes: dict[tuple[str, str], tuple[tuple[int, int], Tape]] = {}
        self._clocks: dict[int, Clock] = {}  # by transport: one publisher's line
        self._files: dict[tuple[str, str], _File] = {}
        self._broken: list[tuple[tuple[str, str], _File]] = []  # there was no room for what came last
        self._speaker: _SpeakerLog | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take(self, batch: Recorded) -> list[Outcome]:
        """Packets of one source. Another SSRC of the same participant and kind goes on where the former ended."""
        track = batch.participant, batch.kind
        stream = batch.transport, batch.ssrc
        found: list[Outcome] = []
        if self._tapes.get(track, (None, None))[0] != stream:
            found += self._end(track)
            if batch.codec not in SUFFIXES:
                return found
            clock = self._clocks.setdefault(batch.transport, Clock())
            self._tapes[track] = stream, Tape(batch.ssrc, batch.codec, batch.clock_rate, clock)
        tape = self._tapes[track][1]
        steps = [step for packet in batch.packets for step in tape.push(packet)]
        found += self._carry_out(track, tape, steps)
        if batch.report is not None:
            tape.report(*batch.report)
        return found

    def pause(self, participant: str, kind: str) -> list[Outcome]:
        """The participant has switched this off. If he soon switches it on again the segment goes on, with a hole."""
        _, tape = self._tapes.get((participant, kind), (None, None))
        return self._carry_out((participant, kind), tape, tape.pause()) if tape is not None else []

    def cut(self, participant: str, kind: str | None = None) -> list[Outcome]:
        """The participant's segments end here: gone, or no longer willing."""
        tracks = [track for track in self._tapes if track[0] == participant and kind in (None, track[1])]
        return [outcome for track in tracks for outcome in self._end(track)]

    def speaker(self, participant: str | None, at: datetime) -> None:
        """Somebody else speaks from now on."""
        if self._speaker is None:
            self._speaker = _SpeakerLog(self._new_file(SPEAKER, SPEAKER, ".jsonl"), at)
        self._speaker.add(participant, at)

    def tick(self) -> list[Outcome]:
        """Time passes. OSError before the disk is full: what else is on it must not stop for want of room."""
        if shutil.disk_usage(self._folder).free < RESERVE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        now = time.monotonic_ns() // 1000
        return [
            outcome
            for track, (_, tape) in list(self._tapes.items())
            for outcome in self._carry_out(track, tape, tape.tick(now))
        ]

    def close(self) -> list[Outcome]:
        """Every segment ends, and what could not be written to its end is mended."""
        found: list[Outcome] = []
        for track in list(self._tapes):
            try:
                found += self._end(track)
            except OSError as error:  # the others may still fit
                found.append(Failed(str(error)))
        if self._speaker is not None:
            speaker, self._speaker = self._speaker, None
            found.append(speaker.close())
        for track, file in self._broken:
            mended = file.give_up(*track)
            found += [mended] if mended is not None else []
        self._broken.clear()
        return found

    def _end(self, track: tuple[str, str]) -> list[Outcome]:
        if track not in self._tapes:
            return []
        (transport, ssrc), tape = self._tapes[track]
        found = self._carry_out(track, tape, tape.end())
        del self._tapes[track]
        self._clocks[transport].forget(ssrc)
        if not any(other == transport for (other, _), _ in self._tapes.values()):
            del self._clocks[transport]
        return found

    def _carry_out(self, track: tuple[str, str], tape: Tape, steps: Sequence[Step]) -> list[Outcome]:
        try:
            return [outcome for step in steps for outcome in self._step(track, tape, step)]
        except OSError:
            file = self._files.pop(track, None)
            if file is not None:
                self._broken.append((track, file))
            raise

    def _step(self, track: tuple[str, str], tape: Tape, step: Step) -> list[Outcome]:
        match step:
            case Block(at, frame) if track in self._files:
                self._files[track].write(at, frame)
            case Begin(frame, at):
                tags = {"PARTICIPANT": track[0], "KIND": track[1], "BEGAN": self._moment(at).isoformat()}
                path = self._new_file(*track, SUFFIXES[tape.codec])
                self._files[track] = _File(path, tape.codec, self._moment(at), frame, tags)
            case End(began, length) if track in self._files:
                file = self._files[track]
                file.close(length)
                del self._files[track]
                return [_finish(file.path, *track, tape.codec, self._moment(began), timedelta(microseconds=length))]
            case Ask():
                return [KeyWanted(track[0])]
        return []

    def _new_file(self, participant: str, kind: str, suffix: str) -> Path:
        number, self._number = self._number, self._number + 1
        words = [re.sub(r"[^a-z0-9]+", "-", word.lower())[:40] for word in dict.fromkeys((participant, kind))]
        return self._folder / f"{number:06d}-{'-'.join(words)}{suffix}{PART}"

    def _moment(self, monotonic: int) -> datetime:
        return datetime.fromtimestamp((self._epoch + monotonic) / 1_000_000, UTC)


class _File:
    """One segment under way."""

    def __init__(self, path: Path, codec: str, began: datetime, first: Frame, tags: Mapping[str, str]) -> None:
        self.path = path
        self._codec, self._began = codec, began
        self._webm = Webm(codec, began)
        self._file = open(path, "wb", buffering=0, opener=_private)  # noqa: SIM115 - closed by close and give_up
        self._whole = 0  # octets up to the last cluster that is whole
        self._played = self._last = 0  # microseconds in them, and until the last frame
        self._add(self._webm.begin(first, tags))

    def write(self, at: int, frame: Frame) -> None:
        octets = self._webm.write(at, frame)
        if octets:
            self._add(octets)
            self._played = self._last
        self._last = at

    def close(self, length: int) -> None:
        rest, patches = self._webm.close(length)
        self._add(rest)
        self._patch(patches)
        self._file.close()

    def give_up(self, participant: str, kind: str) -> Written | None:
        """What could be written, without what could not; None, and no file, if that is nothing. Takes no more room."""
        try:
            if not self._played:
                self.path.unlink(missing_ok=True)
                return None
            self._file.truncate(self._whole)
            self._patch(self._webm.give_up(self._whole, self._played))
            length = timedelta(microseconds=self._played)
            return replace(_finish(self.path, participant, kind, self._codec, self._began, length), recovered=True)
        except OSError:
            return None  # it stays as it is, for `recover`
        finally:
            self._file.close()

    def _add(self, octets: bytes) -> None:
        """All of it: a disk without room for the whole takes a part, and says so only at the next try."""
        rest = memoryview(octets)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._whole += len(octets)

    def _patch(self, patches: Sequence[tuple[int, bytes]]) -> None:
        for offset, octets in patches:
            self._file.seek(offset)
            self._file.write(octets)


class _SpeakerLog:
    def __init__(self, path: Path, began: datetime) -> None:
        self._path = path
        self._began = self._last = began
        self._file = open(path, "w", encoding="utf-8", buffering=1, opener=_private)  # noqa: SIM115 - closed by close

    def add(self, participant: str | None, at: datetime) -> None:
        self._last = max(self._last, at)
        self._file.write(json.dumps({"at": at.isoformat(), "participant": participant}) + "\n")

    def close(self) -> Written:
        self._file.close()
        return _finish(self._path, "", SPEAKER, "json", self._began, self._last - self._began)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _finish(path: Path, participant: str, kind: str, codec: str, began: datetime, length: timedelta) -> Written:
    """Sync, digest, and give the final name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    final = path.with_name(path.name.removesuffix(PART))
    path.rename(final)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Written(final.name, participant, kind, codec, began, length, size, digest)


class Recording:
    """A Writer on a thread of its own, so that no disk holds up the meeting. Calls return at once, but for close()."""

    def __init__(self, folder: Path, first: int) -> None:
        """OSError if nothing can be written to `folder`."""
        self._writer = Writer(folder, first)
        self.lost = 0  # calls that came faster than the disk
        self._work: queue.Queue[Callable[[], Sequence[Outcome] | None]] = queue.Queue(WAITING)
        self._ending = threading.Event()
        self._outcomes: deque[Outcome] = deque()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def take(self, batch: Recorded) -> None:
        """See `Writer.take`."""
        self._put(lambda: self._writer.take(batch))

    def pause(self, participant: str, kind: str) -> None:
        """See `Writer.pause`."""
        self._put(lambda: self._writer.pause(participant, kind))

    def cut(self, participant: str, kind: str | None = None) -> None:
        """See `Writer.cut`. What was taken before is written."""
        self._put(lambda: self._writer.cut(participant, kind))

    def speaker(self, participant: str | None, at: datetime) -> None:
        """See `Writer.speaker`."""
        self._put(lambda: self._writer.speaker(participant, at))

    def poll(self) -> list[Outcome]:
        """What has happened since the last call."""
        found = []
        while self._outcomes:
            found.append(self._outcomes.popleft())
        return found

    def close(self) -> None:
        """Write what was taken and end every segment; poll() has the rest then. Blocks; idempotent."""
        self._ending.set()
        self._thread.join()

    def _put(self, work: Callable[[], Sequence[Outcome] | None]) -> None:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            self.lost += 1

    def _run(self) -> None:
        try:
            ticked = time.monotonic()
            while not (self._ending.is_set() and self._work.empty()):
                with contextlib.suppress(queue.Empty):
                    self._outcomes.extend(self._work.get(timeout=POLL)() or ())
                if time.monotonic() - ticked >= 1:
                    ticked = time.monotonic()
                    self._outcomes.extend(self._writer.tick())
            self._outcomes.extend(self._writer.close())
        except Exception as error:  # whatever it is, the meeting must hear that nothing is recorded any more
            self._outcomes.append(Failed(f"{type(error).__name__}: {error}"))
            with contextlib.suppress(OSError):
                self._outcomes.extend(self._writer.close())


def recover(folder: Path, known: Collection[str]) -> list[Written | Failed]:
    """After a crash: mend the files that were under way, and find the whole ones that nobody has heard of (`known`).

    What cannot be read proves nothing: it is deleted, and Failed says so. Blocks. OSError if the folder cannot be
    written.
    """
    found: list[Written | Failed] = []
    suffixes = (*SUFFIXES.values(), ".jsonl")
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not path.name[:6].isdigit() or path.name in known or not path.name.removesuffix(PART).endswith(suffixes):
            continue
        part = path if path.name.endswith(PART) else path.rename(path.with_name(path.name + PART))
        try:
            found.append(_mend(part))
        except ValueError as error:
            found.append(Failed(str(error)))
    for left in folder.glob(f"*{PART}"):
        left.unlink()
    return found


def _mend(path: Path) -> Written:
    """ValueError if there is nothing in it."""
    if path.name.endswith(f".jsonl{PART}"):
        return _mend_speaker_log(path)
    whole = path.with_name(f"mended-{path.name}")
    try:
        with av.open(str(path)) as source:
            (stream,) = source.streams
            codec, frames = _read(source, stream)
            tags = dict(source.metadata)
            began, participant, kind = datetime.fromisoformat(tags["BEGAN"]), tags["PARTICIPANT"], tags["KIND"]
    except (av.FFmpegError, KeyError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    times = [at for at, _ in frames]
    length = times[-1] + (times[-1] - times[-2] if len(times) > 1 else 0)
    file = _File(whole, codec, began, frames[0][1], {name: tags[name] for name in ("PARTICIPANT", "KIND", "BEGAN")})
    for at, frame in frames:
        file.write(at, frame)
    file.close(length)
    whole.replace(path)
    found = _finish(path, participant, kind, codec, began, timedelta(microseconds=length))
    return replace(found, recovered=True)


def _read(source: av.container.InputContainer, stream: av.stream.Stream) -> tuple[str, list[tuple[int, Frame]]]:
    """The codec and the frames of a segment, each with its microseconds. ValueError if there is none."""
    context = stream.codec_context
    name = context.codec.canonical_name if context is not None else ""  # whatever decodes it
    codec = next((codec for codec in SUFFIXES if codec.lower() == name), None)
    if codec is None or context is None:
        raise ValueError("of no codec that we write")
    size = (context.width, context.height) if isinstance(context, av.VideoCodecContext) else None
    private = (context.extradata or b"") if codec in ("H264", "AV1") else b""
    frames = []
    with contextlib.suppress(av.FFmpegError):  # cut off in the middle of a frame
        for packet in source.demux(stream):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                at = int(packet.pts * (packet.time_base or 0) * 1_000_000)
                frames.append((at, Frame(0, packet.is_keyframe, bytes(packet), size, private)))
    if not frames:
        raise ValueError("without a frame")
    return codec, frames


def _mend_speaker_log(path: Path) -> Written:
    lines = path.read_bytes().split(b"\n")[:-1]  # the last one has no end where it was cut off
    times = [datetime.fromisoformat(json.loads(line)["at"]) for line in lines]
    if not times:
        raise ValueError(f"{path.name}: empty")
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return replace(_finish(path, "", SPEAKER, "json", times[0], times[-1] - times[0]), recovered=True)
