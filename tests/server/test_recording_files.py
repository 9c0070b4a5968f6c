"""What is recorded is plain only while it is written: encrypted once it is whole, after a crash too, and gone for good
with its key."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media.recording import Writer, Written
from minutes.archive import Archive
from minutes.errors import Damaged, Erased, Withheld
from minutes.keyring import Keyring, KeyState
from rooms import Segment
from server.recording_files import FILM, Film, RecordingFiles, film_key
from server.recordings import Recorder
from tests.media import footage
from tests.server.test_export_recording import record

EBML = b"\x1a\x45\xdf\xa3"
"""With these octets every WebM file begins."""
VOICE = footage.tone(50, 440)[20]
"""A frame of what Dũng says."""


@pytest.fixture
def files(tmp_path: Path) -> RecordingFiles:
    return RecordingFiles(tmp_path / "recordings", Keyring(tmp_path / "content-keys"))


def begun(files: RecordingFiles, first: int = 1, seconds: int = 1) -> Writer:
    """Dũng is heard and seen; nothing is whole yet."""
    writer = Writer(files.under_way("m"), first)
    record(writer, "dung", seconds, 0)
    writer.speaker("dung", datetime.now(UTC))
    return writer


def whole(files: RecordingFiles) -> list[Written]:
    return [one for one in begun(files).close() if isinstance(one, Written)]


def sealed(files: RecordingFiles) -> list[Written]:
    found = whole(files)
    for one in found:
        files.seal("m", one.file, one.sha256)
    return found


def read(files: RecordingFiles, one: Written | Segment) -> bytes:
    with files.open("m", one.file, one.sha256) as file:
        return file.read()


def there_are(files: RecordingFiles) -> set[str]:
    return {path.name for path in files.folder("m").rglob("*") if path.is_file()}


def plain(files: RecordingFiles) -> set[str]:
    """Files anywhere that say something of what was said."""
    marks = (EBML, VOICE, b'{"at": ')
    paths = [path for path in files.root.parent.rglob("*") if path.is_file()]
    return {path.name for path in paths if any(mark in path.read_bytes() for mark in marks)}


async def recovered(files: RecordingFiles, *known: str) -> tuple[Recorder, tuple[Segment, ...]]:
    """The next start after a crash."""
    recorder = Recorder(files, "m")
    await recorder.recover(known)
    return recorder, recorder.segments()


def kept(recorder: Recorder, segments: tuple[Segment, ...]) -> None:
    """They are facts."""
    recorder.kept(segments)
    recorder._sealer.shutdown()


async def test_only_what_is_under_way_is_plain_and_nobody_else_on_the_machine_reads_it(files: RecordingFiles) -> None:
    writer = begun(files)
    there = list(files.under_way("m").iterdir())
    assert plain(files) == {path.name for path in there}
    assert {path.stat().st_mode & 0o777 for path in there} == {0o600}
    assert files.under_way("m").stat().st_mode & 0o077 == 0
    written = [one for one in writer.close() if isinstance(one, Written)]
    before = {one.file: (files.under_way("m") / one.file).read_bytes() for one in written}
    for one in written:
        files.seal("m", one.file, one.sha256)
    files.let_go("m", [one.file for one in written])
    assert plain(files) == set()
    assert there_are(files) == set(before)
    assert {one.file: read(files, one) for one in written} == before
    assert all(hashlib.sha256(before[one.file]).hexdigest() == one.sha256 for one in written)


async def test_a_recorder_tells_of_files_that_are_encrypted_and_nothing_plain_outlives_the_fact(
    files: RecordingFiles,
) -> None:
    recorder = Recorder(files, "m")
    await recorder.start()
    recorder.speaker("dung", datetime.now(UTC))
    await recorder.finish()
    (segment,) = recorder.segments()
    assert b"dung" in read(files, segment)
    assert plain(files) == {segment.file}
    kept(recorder, (segment,))
    assert plain(files) == set()
    assert there_are(files) == {segment.file}


async def test_after_a_crash_what_was_open_is_mended_and_encrypted(files: RecordingFiles) -> None:
    begun(files, seconds=3)
    recorder, segments = await recovered(files)
    assert {one.media for one in segments} == {"audio", "video", "speaker"}
    assert all(one.recovered for one in segments)
    kept(recorder, segments)
    assert plain(files) == set()
    sound = next(one for one in segments if one.media == "audio")
    assert VOICE in read(files, sound)
    assert (await recovered(files, *(one.file for one in segments)))[1] == ()


async def test_a_crash_between_encryption_and_fact_loses_nothing(files: RecordingFiles) -> None:
    written = sealed(files)
    recorder, segments = await recovered(files)
    assert {one.file for one in segments} == {one.file for one in written}
    assert all(len(read(files, one)) == one.size for one in segments)
    kept(recorder, segments)
    assert plain(files) == set()


async def test_a_crash_after_the_fact_leaves_a_plain_file_that_the_next_start_takes_away(
    files: RecordingFiles,
) -> None:
    written = sealed(files)
    _, segments = await recovered(files, *(one.file for one in written))
    assert segments == ()
    assert plain(files) == set()
    assert [read(files, one)[:1] for one in written]


async def test_what_a_server_of_before_has_left_open_in_a_crash_is_mended_too(files: RecordingFiles) -> None:
    writer = Writer(files.folder("m"), 1)
    record(writer, "dung", 3, 0)
    recorder, segments = await recovered(files)
    assert {one.media for one in segments} == {"audio", "video"}
    kept(recorder, segments)
    assert plain(files) == set()


async def test_what_a_restored_folder_has_and_no_fact_names_can_be_read_by_nobody_and_goes(
    files: RecordingFiles,
) -> None:
    written = sealed(files)
    files.let_go("m", [one.file for one in written])
    assert (await recovered(files))[1] == ()
    assert there_are(files) == set()


def test_no_file_gets_the_number_of_another(files: RecordingFiles) -> None:
    assert files.next_number("m") == 1
    written = sealed(files)
    files.let_go("m", [one.file for one in written])
    assert files.next_number("m") == 4
    begun(files, 4)
    assert files.next_number("m") == 7


def test_what_is_not_what_was_digested_is_not_encrypted_under_its_name(files: RecordingFiles) -> None:
    one = whole(files)[0]
    path = files.under_way("m") / one.file
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(Damaged):
        files.seal("m", one.file, one.sha256)
    assert not (files.folder("m") / one.file).exists()
    assert not list(files.folder("m").glob("*.part"))


def older(files: RecordingFiles) -> dict[str, str]:
    """A recording of before recordings had keys, with its film."""
    writer = Writer(files.folder("m"), 1)
    record(writer, "dung", 1, 0)
    written = [one for one in writer.close() if isinstance(one, Written)]
    (files.folder("m") / FILM).write_bytes(EBML + VOICE)
    (files.folder("m") / "export.json").write_text('{"seconds": 1.0, "size": 4, "sha256": "", "left_out": []}')
    return {one.file: one.sha256 for one in written}


def test_what_was_recorded_in_the_clear_is_encrypted_where_it_lies_and_a_second_look_finds_nothing(
    files: RecordingFiles,
) -> None:
    known = older(files)
    first, *_ = known
    before = (files.folder("m") / first).read_bytes()
    held = os.open(files.folder("m") / first, os.O_RDONLY)
    assert files.clear("m", known, over=True) == (2, [])
    assert VOICE not in os.pread(held, 1 << 20, 0), "its place on the disk is written over"
    os.close(held)
    assert plain(files) == set()
    with files.open("m", first, known[first]) as file:
        assert file.read() == before
    assert not list(files.folder("m").glob("export*")), "the film can be made anew"
    assert files.clear("m", known, over=True) == (0, [])


def test_what_the_archive_has_under_the_same_roof_is_not_written_over(files: RecordingFiles, tmp_path: Path) -> None:
    known = older(files)
    first, *_ = known
    archive = Archive(tmp_path / "archive", files.keys)
    digest = known[first]
    deposited = tmp_path / "archive" / digest[:2] / digest[2:4] / digest
    deposited.parent.mkdir(parents=True)
    os.link(files.folder("m") / first, deposited)  # as closing a case file did
    deposited.chmod(0o444)
    files.clear("m", known, over=True)
    assert archive.fetch(digest).startswith(EBML)
    assert archive.seal(digest)
    assert plain(files) == set()
    assert archive.fetch(digest).startswith(EBML)


def test_what_is_held_or_altered_stays_as_it_is_and_is_named(files: RecordingFiles) -> None:
    known = older(files)
    first, second = known
    files.keys.hold(known[first])
    (files.folder("m") / second).write_bytes(EBML + b"altered")
    assert files.clear("m", known, over=False) == (0, [first, second])
    assert plain(files) == {first, second}


def test_what_no_fact_names_goes_with_a_meeting_that_is_over_and_stays_in_one_that_goes_on(
    files: RecordingFiles,
) -> None:
    begun(files)
    files.clear("m", {}, over=False)
    assert plain(files)
    files.clear("m", {}, over=True)
    assert list(files.folder("m").iterdir()) == []


def test_what_is_held_or_erased_is_read_by_nobody(files: RecordingFiles) -> None:
    one, other, *_ = sealed(files)
    digests = [one.sha256, other.sha256]
    known = dict(zip((one.file, other.file), digests, strict=True))
    assert files.shut(known) == {}
    files.keys.hold(one.sha256)
    assert files.shut(known) == {one.file: KeyState.HELD}
    with pytest.raises(Withheld):
        read(files, one)
    files.keys.erase(one.sha256, "0" * 64, for_good=True)
    assert files.shut(known) == {one.file: KeyState.ERASED}
    with pytest.raises(Erased):
        read(files, one)
    assert read(files, other)
    with pytest.raises(FileNotFoundError):
        files.open("m", "000099-none.webm", "0" * 64)


def test_no_film_is_kept_once_its_key_is_gone(files: RecordingFiles, tmp_path: Path) -> None:
    key = film_key(one.sha256 for one in sealed(files))
    film = Film(key, 1.0, 4, hashlib.sha256(EBML).hexdigest())
    (tmp_path / "plain").write_bytes(EBML)
    with (tmp_path / "plain").open("rb") as made:
        files.seal_film("m", made, film)
        assert files.film("m") == film
        with files.open_film("m", film) as kept_film:
            assert kept_film.read() == EBML
        files.drop_film("m")
        assert files.film("m") is None
        files.keys.erase(key, "0" * 64, for_good=True)
        with pytest.raises(Erased):
            files.seal_film("m", made, film)
    assert not list(files.folder("m").glob("export*"))


async def test_encryption_that_fails_ends_the_recording_and_the_file_waits_for_the_next_start(
    files: RecordingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(files, "m")
    await recorder.start()
    recorder.speaker("dung", datetime.now(UTC))

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(files, "seal", full)
    await recorder.finish()
    assert recorder.segments() == ()
    assert recorder.broken
    monkeypatch.undo()
    assert len((await recovered(files))[1]) == 1
