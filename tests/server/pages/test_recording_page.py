"""The recording on the meeting's page: for chair and secretary, with digests, and made into one file that plays."""

import asyncio
import base64
import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from media.recording import Writer
from minutes.casefiles import store as casefiles
from minutes.casefiles.case import Item, ItemKind
from minutes.casefiles.retention import Period
from minutes.deposits.entry import Kind
from minutes.document import Actor
from rooms import (
    SYSTEM,
    CloseMeeting,
    Join,
    Keep,
    KeepSegments,
    OpenMeeting,
    Room,
    Segment,
    StartRecording,
    store,
)
from rooms.proceedings import Meeting
from server import auth
from server.i18n import VIETNAM
from server.keys import CONFIG, DATABASE, EXPORTS, RECORDINGS, VAULT
from server.recording_files import RecordingFiles
from server.recordings import listing
from server.retention import Retention
from server.sealing import seal_older
from tests.server.pages.conftest import Office, Visitor
from tests.server.test_command_line import Giaoban, giaoban
from tests.server.test_export_recording import record

__all__ = ["giaoban"]


def written(files: RecordingFiles, meeting: str, *, seconds: int) -> tuple[Segment, ...]:
    """Files of Dũng as a recorder leaves them."""
    writer = Writer(files.under_way(meeting), 1)
    record(writer, "dung", seconds, 0)
    segments = tuple(
        Segment(one.file, one.participant, one.kind, one.codec, one.began, one.began + one.length, one.size, one.sha256)
        for one in writer.close()  # type: ignore[union-attr]
    )
    for one in segments:
        files.seal(meeting, one.file, one.sha256)
    files.let_go(meeting, [one.file for one in segments])
    files.under_way(meeting).rmdir()
    return segments


async def recorded(office: Office, *, seconds: int = 2, over: bool = True, title: str = "Giao ban") -> Meeting:
    """A meeting in which Dũng was recorded."""
    meeting = await office.meeting(title=title)
    segments = await asyncio.to_thread(written, office.server.app[RECORDINGS], meeting.id, seconds=seconds)
    room, now = Room(meeting), auth.utcnow() - timedelta(hours=1)
    commands = [(person.id, Join(person)) for person in meeting.people()]
    commands += [("hanh", OpenMeeting()), ("hanh", StartRecording()), (SYSTEM, KeepSegments(segments))]
    if over:
        commands.append(("hanh", CloseMeeting()))
    facts = [
        fact
        for actor, command in commands
        for effect in room.apply(actor, command, now)
        if isinstance(effect, Keep)
        for fact in effect.facts
    ]
    async with office.server.app[DATABASE].begin() as connection:
        await store.keep(connection, meeting.id, facts)
    return meeting


def folder_of(office: Office, meeting: Meeting) -> Path:
    return office.server.app[CONFIG].recordings / meeting.id


async def digests_of(office: Office, meeting: Meeting) -> dict[str, str]:
    """The SHA-256 of what was recorded, by the name of its file."""
    async with office.server.app[DATABASE].read() as connection:
        return {one.file: one.sha256 for one in listing(await store.facts(connection, meeting.id))}


def content(office: Office, meeting: Meeting, file: str, sha256: str) -> bytes:
    with office.server.app[RECORDINGS].open(meeting.id, file, sha256) as opened:
        return opened.read()


async def exported(visitor: Visitor, path: str, *, limit: float = 60.0) -> None:
    """Follow the export as the page's script does."""
    async with asyncio.timeout(limit):
        while '"done": null' not in (await visitor.get(f"{path}/recording/export")).text:
            await asyncio.sleep(0.1)  # another process's work


async def test_chair_and_secretary_see_every_file_with_its_digest_and_nobody_else_does(office: Office) -> None:
    meeting = await recorded(office)
    path = f"/meetings/{meeting.id}"
    files = await digests_of(office, meeting)
    assert len(files) == 2
    for account in ("hanh", "binh"):
        page = await (await office.sign_in(account)).get(path)
        assert page.has("recording")
        assert "Lò Văn Dũng" in page.words
        for file, digest in files.items():
            assert file in page.text
            assert digest in page.text
            assert hashlib.sha256(content(office, meeting, file, digest)).hexdigest() == digest
    for account in ("dung", "cuc"):
        page = await (await office.sign_in(account)).get(path)
        assert (page.status, page.has("recording")) == (200, False)
        assert not any(file in page.text for file in files)


async def test_a_file_is_downloaded_whole_or_in_parts_and_says_what_it_is(office: Office) -> None:
    meeting = await recorded(office)
    name, sha256 = next(one for one in (await digests_of(office, meeting)).items() if "video" in one[0])
    plain = content(office, meeting, name, sha256)
    assert plain[:64] not in (folder_of(office, meeting) / name).read_bytes()
    path = f"/meetings/{meeting.id}/recording/{name}"
    secretary = await office.sign_in("binh")
    page = await secretary.get(path)
    assert (page.status, page.body) == (200, plain)
    assert page.headers["Content-Type"] == "video/webm"
    assert page.headers["Content-Disposition"] == f'attachment; filename="{meeting.id}-{name}"'
    assert page.headers["Cache-Control"] == "no-store"
    digest = base64.b64encode(hashlib.sha256(plain).digest()).decode()
    assert page.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    size, tag = len(plain), page.headers["ETag"]
    for asked, expected, said in (
        ("bytes=0-99", plain[:100], f"bytes 0-99/{size}"),
        ("bytes=-10", plain[-10:], f"bytes {size - 10}-{size - 1}/{size}"),
        (f"bytes={size - 5}-", plain[-5:], f"bytes {size - 5}-{size - 1}/{size}"),
        (f"bytes=10-{size * 2}", plain[10:], f"bytes 10-{size - 1}/{size}"),
    ):
        part = await secretary.get(path, **{"Range": asked, "If-Range": tag})
        assert (part.status, part.body, part.headers["Content-Range"]) == (206, expected, said)
    beyond = await secretary.get(path, Range=f"bytes={size}-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    for odd in ({"Range": "bytes=5-2"}, {"Range": "octets=1-2"}, {"Range": "bytes=0-9", "If-Range": '"another"'}):
        assert (await secretary.get(path, **odd)).body == plain


@pytest.mark.parametrize(
    "name", ["export.json", "none.webm", "..%2F..%2Fsecret.key", "%2e%2e%2f%2e%2e%2fsecret.key", "export.webm"]
)
async def test_only_what_the_proceedings_name_is_given_out(office: Office, name: str) -> None:
    meeting = await recorded(office)
    (folder_of(office, meeting) / "export.json").write_text("{}")
    assert (await (await office.sign_in("binh")).get(f"/meetings/{meeting.id}/recording/{name}")).status == 404


async def test_what_was_recorded_before_recordings_had_keys_is_encrypted_at_the_start_in_the_archive_too(
    office: Office,
) -> None:
    meeting, app = await recorded(office), office.server.app
    files = await digests_of(office, meeting)
    plain = {name: content(office, meeting, name, digest) for name, digest in files.items()}
    archive = app[VAULT].archive
    for name, digest in files.items():
        (folder_of(office, meeting) / name).write_bytes(plain[name])
        await app[VAULT].deposit(plain[name], about=meeting.id, kind=Kind.RECORDING, label=name)
        deposited = next(app[CONFIG].archive.rglob(digest))
        deposited.chmod(0o600)
        deposited.write_bytes(plain[name])
    (app[CONFIG].recordings / "of-nobody").mkdir()
    assert await seal_older(app[DATABASE], archive, app[RECORDINGS], auth.utcnow()) == 2 * len(files)
    said = [octets[:64] for octets in plain.values()]
    for folder in (app[CONFIG].recordings, app[CONFIG].archive):
        assert not any(one in path.read_bytes() for path in folder.rglob("*") if path.is_file() for one in said)
    for name, digest in files.items():
        assert content(office, meeting, name, digest) == plain[name] == archive.fetch(digest)
    assert await seal_older(app[DATABASE], archive, app[RECORDINGS], auth.utcnow()) == 0


async def test_files_go_after_their_days_and_the_page_still_has_their_digests(office: Office) -> None:
    old = await recorded(office)
    app, now = office.server.app, auth.utcnow()
    stray = app[CONFIG].recordings / "of-nobody"
    stray.mkdir()
    files = await digests_of(office, old)
    keep, forever = (Retention(app[DATABASE], app[CONFIG].recordings, app[EXPORTS], days) for days in (30, None))
    assert await forever.look(now + timedelta(days=4000)) == []
    assert await keep.look(now + timedelta(days=29)) == []
    secretary, path = await office.sign_in("binh"), f"/meetings/{old.id}"
    assert (await secretary.get(path)).has("export-start")

    assert await keep.look(now + timedelta(days=31)) == [old.id]
    assert list(app[CONFIG].recordings.iterdir()) == [stray]
    page = await secretary.get(path)
    assert page.has("recording-gone")
    assert not page.has("export-start")
    for name, digest in files.items():
        assert digest in page.text
        assert f"/recording/{name}" not in page.text
        assert (await secretary.get(f"{path}/recording/{name}")).status == 404


async def test_what_a_closed_case_file_lists_outlives_the_days_of_recordings(office: Office) -> None:
    meeting, now = await recorded(office), auth.utcnow()
    app, cuc = office.server.app, await office.actor("cuc")
    keep = Retention(app[DATABASE], app[CONFIG].recordings, app[EXPORTS], 30)
    file = next(folder_of(office, meeting).iterdir()).name
    async with app[DATABASE].begin() as connection:
        if await casefiles.of_meeting(connection, meeting.id) is None:
            period = Period("hop", "Hồ sơ hội nghị", 10, "thử")
            await casefiles.add(connection, "c1", "lam-son", "UBND", "Giao ban", period, now.date(), "x", meeting.id)
        case = await casefiles.of_meeting(connection, meeting.id)
        assert case is not None
        listed = (Item(ItemKind.RECORDING, file, file, "Ghi hình", "0" * 64),)
        by = Actor(cuc.id, cuc.name, cuc.title)
        await casefiles.close(connection, case, listed, now.date(), by, now)
    assert await keep.look(now + timedelta(days=31)) == []
    assert (folder_of(office, meeting) / file).exists()


async def test_what_is_recorded_of_a_meeting_that_goes_on_has_no_age(office: Office) -> None:
    meeting = await recorded(office, over=False)
    app = office.server.app
    keep = Retention(app[DATABASE], app[CONFIG].recordings, app[EXPORTS], 1)
    assert await keep.look(auth.utcnow() + timedelta(days=400)) == []
    assert folder_of(office, meeting).is_dir()


async def test_who_may_not_see_the_recording_gets_no_file_and_starts_nothing(office: Office) -> None:
    meeting = await recorded(office)
    file = next(folder_of(office, meeting).iterdir()).name
    for visitor in (await office.sign_in("dung"), await office.sign_in("cuc"), office.stranger()):
        for path in (file, "export"):
            assert (await visitor.get(f"/meetings/{meeting.id}/recording/{path}")).status in (401, 403)
        assert (await visitor.post(f"/meetings/{meeting.id}/recording/export", {})).status in (401, 403)
    assert office.server.app[EXPORTS].progress(meeting.id) is None


async def test_a_meeting_becomes_one_file_that_plays(office: Office) -> None:
    meeting = await recorded(office, title="Đợt 2: phòng, chống “lũ”")
    path = f"/meetings/{meeting.id}"
    secretary = await office.sign_in("binh")
    assert (await secretary.get(path)).has("export-start")
    assert (await secretary.post(f"{path}/recording/export", {})).status == 303
    assert (await secretary.get(path)).has("export-running")
    await exported(secretary, path)
    page = await secretary.get(path)
    assert page.has("export-file")
    answer = await secretary.get(f"{path}/recording/export.webm")
    film = answer.body
    disposition = answer.headers["Content-Disposition"]
    day = meeting.starts_at.astimezone(VIETNAM).date()
    plain, full = f"Dot-2-phong-chong-lu-{day}.webm", f"Đợt-2-phòng-chống-lũ-{day}.webm"
    assert disposition == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(full)}"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(film).digest()).decode()}:"
    assert hashlib.sha256(film).hexdigest() in page.text
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", "-"],
        input=film, check=True, capture_output=True,
    )  # fmt: skip
    assert told.stdout.split() == [b"vp8", b"opus"]


async def test_an_export_can_be_cancelled_and_another_one_waits_its_turn(office: Office) -> None:
    meeting = await recorded(office, seconds=20)
    path = f"/meetings/{meeting.id}"
    secretary = await office.sign_in("binh")
    await secretary.post(f"{path}/recording/export", {})
    with pytest.raises(Exception, match="export_busy"):
        await office.server.app[EXPORTS].start("another", [])
    assert (await secretary.post(f"{path}/recording/cancel", {})).status == 303
    await exported(secretary, path)
    page = await secretary.get(path)
    assert page.has("export-start")
    assert not page.has("export-file")
    assert {file.suffix for file in folder_of(office, meeting).iterdir()} == {".webm"}
    assert not list(folder_of(office, meeting).glob("export*"))


async def test_while_the_meeting_goes_on_there_is_nothing_to_export(office: Office) -> None:
    meeting = await recorded(office, over=False)
    secretary = await office.sign_in("binh")
    page = await secretary.get(f"/meetings/{meeting.id}")
    assert page.has("recording")
    assert not page.has("export-start")
    assert (await secretary.post(f"/meetings/{meeting.id}/recording/export", {})).status == 404


async def test_the_command_line_makes_the_same_file(
    office: Office, giaoban: Giaoban, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.nice", lambda _: 0)
    meeting = await recorded(office)
    data = str(office.server.data)
    made = await asyncio.to_thread(giaoban, "export", meeting.id, "--data", data, "--to", str(tmp_path / "phim.webm"))
    assert made.returncode == 0, made.stderr
    film = tmp_path / "phim.webm"
    assert film.read_bytes().startswith(b"\x1a\x45\xdf\xa3")
    assert hashlib.sha256(film.read_bytes()).hexdigest() in made.stdout
    again = await asyncio.to_thread(giaoban, "export", meeting.id, "--data", data, "--to", str(film))
    assert (again.returncode, "Đã có tệp" in again.stderr) == (2, True)
    unknown = await asyncio.to_thread(giaoban, "export", "none", "--data", data)
    assert (unknown.returncode, "Không có cuộc họp" in unknown.stderr) == (2, True)
