"""Live captions: voices to a recogniser, sentences back. No recogniser is bundled; `[captions] command` names one.

The command runs once for a meeting. On its standard input come, for each piece of a voice, one line of JSON
`{"stream": ID, "bytes": N}` and then N octets of sound: 16,000 samples a second, one channel, signed 16 bits, little
endian. On its standard output it writes one line of JSON a guess, `{"stream": ID, "text": "…", "final": true|false}`:
what it takes the words since the last final guess to be. It ends when its input ends. docs/captions.md has more.
"""

import asyncio
import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import av
import structlog
from av.audio.resampler import AudioResampler

from media import Recorded
from media.depacketise import opus_samples
from media.events import Packet
from media.pace import Bucket
from media.tape import Reorder
from rooms import BadMessage, Refused, fields

log = structlog.get_logger("giaoban.captions")

RATE = 16_000
"""Samples a second that the recogniser hears."""
MAX_CAPTION = 500
"""Characters of one guess; a longer one is cut at the front."""
WAITING = 512
"""Batches on their way to the thread; a recogniser that is slower than speech loses words, not our memory."""
PAUSE = 0.8
"""Seconds without a packet (microphones are switched off, lines are lost) after which silence is put in, so that
sentences end. Voices that are silent send one in 0.4 s; what they leave out is filled in by their time stamps."""
SILENCE = bytes(2 * RATE)
"""One second: the most that is filled in at once."""
LINE = 65_536
"""Octets of one line of the recogniser."""
GUESSES_A_SECOND, GUESSES_AT_ONCE = 10, 20
"""A voice; more are passed over, but for final ones."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What a participant is heard to say. `final`: it will not be said better; the next one begins a new sentence."""

    participant: str
    text: str
    final: bool


class Captioner:
    """The recogniser of one sitting. Given: its command line. Owned: the process, and the thread that feeds it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._batches: queue.Queue[Recorded | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._paces: dict[str, Bucket] = {}
        self.lost = 0  # batches that the recogniser was too slow for

    @property
    def available(self) -> bool:
        """A recogniser is configured."""
        return bool(self._command)

    @property
    def running(self) -> bool:
        """The recogniser listens."""
        return self._process is not None

    async def start(self) -> None:
        """Begin. Raises Refused("captions_unavailable") where there is no recogniser, or it does not start."""
        if self._process is not None:
            return
        if not self._command:
            raise Refused("captions_unavailable")
        theirs, ours = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=theirs, stdout=asyncio.subprocess.PIPE, limit=LINE, start_new_session=True
            )
        except OSError as error:
            os.close(ours)
            log.error("the recogniser cannot be started", command=self._command[0], reason=str(error))
            raise Refused("captions_unavailable") from error
        finally:
            os.close(theirs)
        self._batches = queue.Queue(WAITING)
        self._thread = threading.Thread(target=_feed, args=(self._batches, ours), name="captions", daemon=True)
        self._thread.start()

    def take(self, batch: Recorded) -> None:
        """Somebody's voice."""
        if self._process is None:
            return
        try:
            self._batches.put_nowait(batch)
        except queue.Full:
            self.lost += 1

    async def captions(self) -> AsyncIterator[Caption]:
        """What is heard, until the recogniser ends."""
        process = self._process
        if process is None or process.stdout is None:
            return
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LINE
                log.error("the recogniser writes no lines", command=self._command[0])
                return
            if not line:
                return
            caption = read_caption(line)
            if caption is not None and (self._pace(caption.participant) or caption.final):
                yield caption

    def _pace(self, participant: str) -> bool:
        pace = self._paces.setdefault(participant, Bucket(GUESSES_A_SECOND, GUESSES_AT_ONCE))
        return pace.take(time.monotonic())

    async def finish(self) -> None:
        """End the recogniser. Harmless when none runs."""
        process, self._process = self._process, None
        thread, self._thread = self._thread, None
        if process is None or thread is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # what it would still say belongs to nothing; and a feeder that waits for it wakes up
        with contextlib.suppress(queue.Empty):
            while True:
                self._batches.get_nowait()
        self._batches.put_nowait(None)
        # What it wrote faster than we read holds its end of the pipe open, and the wait for it with that. Where
        # somebody reads already (RuntimeError), they come to the end by themselves.
        with contextlib.suppress(RuntimeError):
            while process.stdout is not None and await process.stdout.read(LINE):
                pass
        await process.wait()
        await asyncio.to_thread(thread.join)
        self._paces.clear()
        if self.lost:
            log.warning("the recogniser was slower than the speakers", lost=self.lost)
            self.lost = 0


def read_caption(line: bytes) -> Caption | None:
    """A line of the recogniser; None for what is not one, or says nothing."""
    try:
        data = json.loads(line)
        stream, text, final = data["stream"], data["text"], data["final"]
        if not isinstance(stream, str) or not isinstance(text, str) or not isinstance(final, bool):
            return None
        return Caption(stream, fields.clean(text[-MAX_CAPTION:], MAX_CAPTION), final)
    except (ValueError, KeyError, TypeError, RecursionError, BadMessage):
        return None


def _feed(batches: "queue.Queue[Recorded | None]", pipe: int) -> None:
    """The thread: packets in order, decoded, into the recogniser's input, until None or the recogniser is gone."""
    voices: dict[str, _Voice] = {}
    with os.fdopen(pipe, "wb", buffering=0) as out, contextlib.suppress(BrokenPipeError):
        while True:
            try:
                batch = batches.get(timeout=PAUSE / 2)
            except queue.Empty:
                batch = None
            else:
                if batch is None:
                    return
            now = time.monotonic()
            if batch is not None and batch.codec == "opus":
                voice = voices.get(batch.participant)
                if voice is None or voice.ssrc != batch.ssrc:
                    voice = voices[batch.participant] = _Voice(batch.ssrc)
                _write(out.fileno(), batch.participant, voice.hear(batch, now))
            for name, voice in voices.items():
                if voice.pause(now):
                    _write(out.fileno(), name, SILENCE)


def _write(pipe: int, stream: str, sound: bytes) -> None:
    if sound:
        data = memoryview(json.dumps({"stream": stream, "bytes": len(sound)}).encode() + b"\n" + sound)
        while data:
            data = data[os.write(pipe, data) :]


class _Voice:
    """One stream of Opus on its way to samples."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self._order = Reorder()
        self._codec = av.CodecContext.create("opus", "r")
        self._resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        self._heard_at: float | None = None
        self._next: int | None = None  # the time stamp that follows what was heard

    def hear(self, batch: Recorded, now: float) -> bytes:
        """Packets to samples; what cannot be decoded is left out."""
        self._heard_at = now
        sound = bytearray()
        for packet in batch.packets:
            for ready, _gap in self._order.push(packet):
                sound += self._left_out(ready)
                sound += self._decode(ready.payload)
        return bytes(sound)

    def _left_out(self, packet: Packet) -> bytes:
        """The silence before a packet."""
        expected, self._next = self._next, packet.timestamp + opus_samples(packet.payload) & 0xFFFFFFFF
        missing = packet.timestamp - expected & 0xFFFFFFFF if expected is not None else 0
        if missing >= 1 << 31:  # behind what was heard
            return b""
        return bytes(min(2 * (missing * RATE // 48_000), len(SILENCE)))

    def _decode(self, payload: bytes) -> bytes:
        sound = bytearray()
        try:
            for frame in self._codec.decode(av.Packet(payload)):
                for part in self._resampler.resample(frame):
                    sound += bytes(part.planes[0])[: part.samples * 2]
        except av.FFmpegError:
            return b""
        return bytes(sound)

    def pause(self, now: float) -> bool:
        """Whether the voice has just fallen silent: said once."""
        if self._heard_at is None or now - self._heard_at < PAUSE:
            return False
        self._heard_at = None
        return True
