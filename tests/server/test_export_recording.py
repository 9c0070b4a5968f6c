"""A recording becomes one file: who speaks is seen, everybody is heard, and what is broken is left out."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from media.events import Recorded
from media.recording import Writer, Written
from minutes.errors import Erased
from minutes.keyring import Keyring
from server.export_recording import Plan, run
from server.recording_files import ABOUT_FILM, FILM, Film, RecordingFiles
from tests.media import footage

GREY = {"dung": 200, "lan": 60}
HERTZ = {"dung": 440, "lan": 1000}


@dataclass
class Meeting:
    """Recorded files, and the facts that tell of them. What is made of them, as it is when it is decrypted, comes to
    `out`."""

    files: RecordingFiles
    out: Path
    facts: list[dict[str, object]]

    @property
    def folder(self) -> Path:
        return self.files.folder("m")

    @property
    def plan(self) -> Plan:
        return Plan.of("m", self.facts)

    @property
    def film(self) -> Film:
        found = self.files.film("m")
        assert found is not None
        return found

    def writer(self, first: int) -> Writer:
        return Writer(self.files.under_way("m"), first)

    def add(self, written: list[Written], recording: str = "r1") -> None:
        for one in written:
            self.files.seal("m", one.file, one.sha256)
            self.facts.append(
                {
                    "recording": recording, "file": one.file, "person": one.participant or None, "media": one.kind,
                    "codec": one.codec, "began": one.began.isoformat(), "ended": (one.began + one.length).isoformat(),
                    "size": one.size, "sha256": one.sha256, "recovered": False,
                }
            )  # fmt: skip

    def file(self, person: str, media: str) -> Path:
        name = next(fact["file"] for fact in self.facts if (fact["person"], fact["media"]) == (person, media))
        return self.folder / str(name)

    def digest(self, path: Path) -> str:
        return next(str(fact["sha256"]) for fact in self.facts if fact["file"] == path.name)


def record(writer: Writer, person: str, seconds: int, at: int, codec: str = "VP8") -> None:
    transport = len(person)
    pictures = footage.pictures(codec, 30 * seconds, grey=GREY[person])
    tone = footage.tone(50 * seconds, HERTZ[person])
    for name, frames, kind, ssrc in ((codec, pictures, "video", 2), ("opus", tone, "audio", 1)):
        packets = tuple(footage.packets(name, frames, received=at))
        writer.take(Recorded("r", person, kind, name, footage.RATE[name], transport, ssrc, packets, None))


@pytest.fixture
def meeting(tmp_path: Path) -> Meeting:
    """Dũng is there for six seconds; Lan comes after two, for three; the word goes to her in the fourth second."""
    made = Meeting(RecordingFiles(tmp_path / "recordings", Keyring(tmp_path / "keys")), tmp_path / "film.webm", [])
    writer = made.writer(1)
    record(writer, "dung", 6, 0)
    record(writer, "lan", 3, 2_000_000, "H264")
    began = datetime.fromtimestamp(writer._epoch / 1_000_000, UTC)
    writer.speaker("dung", began)
    writer.speaker("lan", began + timedelta(seconds=3))
    made.add(writer.close())  # type: ignore[arg-type]
    return made


def made_of(meeting: Meeting) -> Path:
    list(run(meeting.plan, meeting.files))
    with meeting.files.open_film("m", meeting.film) as film:
        meeting.out.write_bytes(film.read())
    return meeting.out


def brightness(path: Path) -> Iterator[tuple[float, float]]:
    """(second, mean) of each picture in the file, in its middle."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane = frame.to_ndarray(format="gray")
            yield float(frame.time), float(plane[plane.shape[0] // 2, plane.shape[1] // 2])


def heard(path: Path, second: float) -> set[str]:
    """Whose tone is in half a second of the sound."""
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    at = int(second * 48_000)
    strength = np.abs(np.fft.rfft(sound[at : at + 24_000]))
    return {who for who, hertz in HERTZ.items() if strength[hertz // 2 - 2 : hertz // 2 + 3].max() > 500}


def test_who_speaks_is_seen_and_everybody_is_heard(meeting: Meeting) -> None:
    path = made_of(meeting)
    seen = list(brightness(path))
    for second, expected in ((0.5, "dung"), (2.5, "dung"), (3.5, "lan"), (4.5, "lan")):
        level = min(seen, key=lambda entry: abs(entry[0] - second))[1]
        assert level == pytest.approx(GREY[expected], abs=15), second
    assert heard(path, 0.5) == {"dung"}
    assert heard(path, 3.0) == {"dung", "lan"}
    assert heard(path, 5.2) == {"dung"}


def test_when_the_speaker_has_gone_somebody_else_is_seen(meeting: Meeting) -> None:
    seen = list(brightness(made_of(meeting)))
    assert min(seen, key=lambda entry: abs(entry[0] - 5.8))[1] == pytest.approx(GREY["dung"], abs=15)


def test_the_file_is_what_its_digest_says_and_plays(meeting: Meeting) -> None:
    path = made_of(meeting)
    result = meeting.film
    assert result.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (result.size, result.left_out) == (path.stat().st_size, [])
    assert result.seconds == pytest.approx(6, abs=0.1)
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "json", path],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stderr == ""
    found = json.loads(told.stdout)
    assert [stream["codec_name"] for stream in found["streams"]] == ["vp8", "opus"]
    assert float(found["format"]["duration"]) == pytest.approx(6, abs=0.1)


def test_what_is_missing_or_changed_is_left_out_and_named(meeting: Meeting) -> None:
    meeting.file("lan", "video").unlink()
    changed = meeting.file("lan", "audio")
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    path = made_of(meeting)
    result = meeting.film
    assert set(result.left_out) == {meeting.file("lan", "video").name, changed.name}
    assert heard(path, 3.0) == {"dung"}


def test_a_file_that_breaks_off_is_used_as_far_as_it_goes(meeting: Meeting) -> None:
    broken = meeting.file("dung", "audio")
    with meeting.files.open("m", broken.name, meeting.digest(broken)) as file:
        whole = file.read()
    half = whole[: len(whole) // 2]
    digest = hashlib.sha256(half).hexdigest()
    broken.write_bytes(b"".join(meeting.files.keys.sealed(digest, (half,))))
    for fact in meeting.facts:
        if fact["file"] == broken.name:
            fact["sha256"] = digest
    path = made_of(meeting)
    assert heard(path, 0.5) == {"dung"}
    assert heard(path, 5.2) == set()


def test_the_time_between_two_recordings_is_not_in_the_file(meeting: Meeting) -> None:
    later = meeting.writer(50)
    later._epoch += 3_600_000_000
    record(later, "lan", 2, 0)
    meeting.add(later.close(), "r2")  # type: ignore[arg-type]
    made_of(meeting)
    result = meeting.film
    assert result.seconds == pytest.approx(8, abs=0.2)


def test_of_nothing_there_is_no_file(meeting: Meeting) -> None:
    before = set(meeting.folder.iterdir())
    with pytest.raises(ValueError, match="nothing"):
        list(run(Plan("m", ()), meeting.files))
    assert set(meeting.folder.iterdir()) == before
    assert meeting.files.film("m") is None


def test_it_runs_as_a_program_that_tells_how_far_it_is(meeting: Meeting) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "server.export_recording", meeting.files.root, meeting.files.keys.root],
        input=json.dumps(asdict(meeting.plan)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    steps = [json.loads(line)["done"] for line in told.stdout.splitlines()]
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    assert {path.name for path in meeting.folder.iterdir()} >= {FILM, ABOUT_FILM}
    assert not list(meeting.folder.glob("*.part"))


def test_it_ends_before_the_disk_is_full_and_leaves_nothing(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.export_recording.RESERVE", 1 << 62)
    with pytest.raises(OSError, match="No space left"):
        made_of(meeting)
    assert not list(meeting.folder.glob("export*"))


def test_what_a_killed_export_has_left_is_taken_away(meeting: Meeting) -> None:
    (meeting.folder / f"{FILM}.4711.part").write_bytes(b"half")
    made_of(meeting)
    assert not list(meeting.folder.glob("*.part"))


def test_the_film_is_encrypted_too_and_none_is_made_of_what_was_erased(meeting: Meeting) -> None:
    plain = made_of(meeting).read_bytes()
    kept = (meeting.folder / FILM).read_bytes()
    assert len(kept) > len(plain)
    assert b"\x1a\x45\xdf\xa3" not in kept
    assert not any(plain[at : at + 16] in kept for at in range(0, len(plain), len(plain) // 50))
    lan = meeting.file("lan", "video")
    meeting.files.keys.erase(meeting.digest(lan), "0" * 64, for_good=True)
    with pytest.raises(Erased):
        made_of(meeting)
