"""The recording of a sitting: from the media plane's packets to segments for the proceedings, and back to pages.

Files lie where `server.recording_files` says. A file counts once its digest is a fact of the meeting; it is encrypted
before, on a thread of its own, so that neither the meeting nor what is being written waits for it.
"""

import asyncio
import shutil
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import structlog

from media import Failed, KeyWanted, Recorded, Recording, Written, recover
from rooms import Fact, Meeting, Refused, Role, Segment
from rooms.facts import from_iso
from server.disks import ROOM_LEFT
from server.recording_files import RecordingFiles

log = structlog.get_logger("giaoban.recordings")


class Recorder:
    """What one sitting records. Given: the files of all recordings, and which meeting's. Owned: the running Recording
    with its thread, and the thread that encrypts."""

    def __init__(self, files: RecordingFiles, meeting: str) -> None:
        self._files = files
        self._meeting = meeting
        self._folder = files.under_way(meeting)
        self._recording: Recording | None = None
        self._sealer = ThreadPoolExecutor(1, "sealing")
        self._sealing: deque[tuple[Segment, Future[None]]] = deque()
        self._segments: list[Segment] = []
        self._broken = False

    @property
    def running(self) -> bool:
        """Files are being written."""
        return self._recording is not None

    @property
    def broken(self) -> bool:
        """Nothing more could be written."""
        return self._broken

    async def start(self) -> None:
        """Begin. Raises Refused("recording_unavailable")."""
        if self._recording is not None:
            return
        try:
            self._recording = await asyncio.to_thread(self._begin)
        except OSError as error:
            log.error("recording cannot begin", folder=str(self._folder), reason=str(error))
            raise Refused("recording_unavailable") from error
        self._broken = False

    def _begin(self) -> Recording:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._folder).free < ROOM_LEFT:
            raise OSError("not enough room is left on the disk")
        return Recording(self._folder, self._files.next_number(self._meeting))

    def take(self, batch: Recorded) -> set[str]:
        """Packets to be kept. Whose picture waits for a key frame is returned."""
        if self._recording is None:
            return set()
        self._recording.take(batch)
        return self._collect(self._recording)

    def pause(self, participant: str, kind: str) -> None:
        """The participant has switched this off, perhaps for a moment only."""
        if self._recording is not None:
            self._recording.pause(participant, kind)

    def cut(self, participant: str) -> None:
        """What this participant sends ends here: gone, or no longer willing."""
        if self._recording is not None:
            self._recording.cut(participant)

    def speaker(self, participant: str | None, at: datetime) -> None:
        """Somebody else speaks."""
        if self._recording is not None:
            self._recording.speaker(participant, at)

    def segments(self) -> tuple[Segment, ...]:
        """Files that have become whole, and are encrypted, since the last call."""
        if self._recording is not None:
            self._collect(self._recording)
        while self._sealing and self._sealing[0][1].done():
            segment, sealing = self._sealing.popleft()
            error = sealing.exception()
            if error is None:
                self._segments.append(segment)
            else:
                log.error(
                    "a segment could not be encrypted", folder=str(self._folder), file=segment.file, exc_info=error
                )
                self._broken = True
        found, self._segments = tuple(self._segments), []
        return found

    def put_back(self, segments: Iterable[Segment]) -> None:
        """These could not be kept: they come again."""
        self._segments = [*segments, *self._segments]

    def kept(self, segments: Iterable[Segment]) -> None:
        """These are facts: nothing plain stays of them."""
        self._sealer.submit(self._files.let_go, self._meeting, [one.file for one in segments])

    async def finish(self) -> None:
        """End every segment; `segments` has the last ones then. Harmless when nothing runs."""
        recording, self._recording = self._recording, None
        if recording is not None:
            await asyncio.to_thread(recording.close)
            self._collect(recording)
            if recording.lost:
                log.warning("the disk was too slow for the recording", folder=str(self._folder), lost=recording.lost)
            await self._sealed()

    async def recover(self, known: Iterable[str]) -> None:
        """After a stop or crash: what is not among the `known` files becomes a segment, or is deleted if unreadable."""
        try:
            found = await asyncio.to_thread(self._mend, frozenset(known))
        except OSError:
            log.exception("recording cannot be recovered", folder=str(self._folder))
            return
        for one in found:
            if isinstance(one, Failed):
                log.error("a file of the recording was lost", folder=str(self._folder), reason=one.reason)
            else:
                self._seal(_segment(one))
        await self._sealed()

    def _mend(self, known: frozenset[str]) -> list[Written | Failed]:
        self._files.take_up(self._meeting, known)
        found = recover(self._folder, known)
        self._files.let_go(self._meeting, known)
        return found

    def _seal(self, segment: Segment) -> None:
        sealing = self._sealer.submit(self._files.seal, self._meeting, segment.file, segment.sha256)
        self._sealing.append((segment, sealing))

    async def _sealed(self) -> None:
        """Until what has ended is encrypted."""
        await asyncio.gather(*(asyncio.wrap_future(one) for _, one in self._sealing), return_exceptions=True)

    def _collect(self, recording: Recording) -> set[str]:
        wanted = set()
        for outcome in recording.poll():
            if isinstance(outcome, Written):
                self._seal(_segment(outcome))
            elif isinstance(outcome, KeyWanted):
                wanted.add(outcome.participant)
            else:
                log.error("recording failed", folder=str(self._folder), reason=outcome.reason)
                self._broken = True
        return wanted


def _segment(written: Written) -> Segment:
    return Segment(
        file=written.file,
        person=written.participant or None,
        media=written.kind,
        codec=written.codec,
        began=written.began,
        ended=written.began + written.length,
        size=written.size,
        sha256=written.sha256,
        recovered=written.recovered,
    )


# --- what pages show ------------------------------------------------------------------------------------------


KINDS = ("joined", "chair_taken", "secretary_taken", "role_changed", "recording_segment")
"""The kinds of facts that `listing` and `keepers` read."""


def keepers(meeting: Meeting, facts: Iterable[Fact]) -> frozenset[str]:
    """Who sees the recording: chair and secretaries, as invited and as they acted."""
    acted = {
        fact.data["person"]
        for fact in facts
        if fact.kind in ("chair_taken", "secretary_taken") or fact.data.get("role") == Role.SECRETARY
    }
    return frozenset({*meeting.desk, *acted})


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a recording as the proceedings have it. `name` is the person's, "" for who spoke when."""

    file: str
    name: str
    media: str
    began: datetime
    seconds: float
    size: int
    sha256: str
    recovered: bool


def listing(facts: Iterable[Fact]) -> list[Kept]:
    """The files of a meeting, in order of person and time."""
    names: dict[str, str] = {}
    found = []
    for fact in facts:
        if fact.kind == "joined":
            names[fact.data["person"]["id"]] = fact.data["person"]["name"]
        elif fact.kind == "recording_segment":
            found.append(_kept(fact.data, names))
    return sorted(found, key=lambda one: (one.name, one.media, one.began))


def _kept(data: Mapping[str, object], names: Mapping[str, str]) -> Kept:
    began, ended = from_iso(str(data["began"])), from_iso(str(data["ended"]))
    person = data["person"]
    return Kept(
        file=str(data["file"]),
        name=names.get(str(person), str(person)) if person else "",
        media=str(data["media"]),
        began=began,
        seconds=(ended - began).total_seconds(),
        size=int(str(data["size"])),
        sha256=str(data["sha256"]),
        recovered=bool(data["recovered"]),
    )
