"""The proceedings as a file: for chair and secretary, and whoever is given it can check it."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import FormData

from rooms import CloseMeeting, Join, Keep, OpenMeeting, PutConclusion, Room, store
from rooms.proceedings import Meeting
from rooms.proceedings.exported import export
from server import auth
from server.keys import CONFIG, DATABASE
from tests.server.pages.conftest import Office, Page, Visitor
from tests.server.test_command_line import Giaoban, giaoban

__all__ = ["giaoban"]


async def concluded(office: Office) -> Meeting:
    """A meeting that was held and concluded something, with its draft minutes."""
    meeting = await office.meeting(title="Giao ban")
    room, now = Room(meeting), auth.utcnow() - timedelta(hours=1)
    steps = [(person.id, Join(person)) for person in meeting.people()]
    steps += [("hanh", OpenMeeting()), ("binh", PutConclusion("Rà soát các hồ chứa.")), ("hanh", CloseMeeting())]
    effects = [effect for actor, command in steps for effect in room.apply(actor, command, now)]
    async with office.server.app[DATABASE].begin() as connection:
        for effect in effects:
            if isinstance(effect, Keep):
                await store.keep(connection, meeting.id, effect.facts)
    await office.records.draft_minutes(room.proceedings)
    return meeting


async def check(visitor: Visitor, data: bytes) -> Page:
    form = FormData()
    form.add_field("file", data, filename="dien-bien.jsonl", content_type="application/jsonl")
    return await visitor.post("/verify", form)


async def test_what_is_downloaded_is_genuine_and_an_altered_line_is_named(office: Office) -> None:
    meeting = await concluded(office)
    secretary = await office.sign_in("binh")
    assert (await secretary.get(f"/meetings/{meeting.id}")).has("proceedings-link")
    file = await secretary.get(f"/meetings/{meeting.id}/proceedings")
    assert file.headers["Content-Disposition"] == f'attachment; filename="dien-bien-{meeting.id}.jsonl"'
    citizen = office.stranger()
    page = await check(citizen, file.body)
    assert 'data-verdict="genuine"' in page.text
    assert "đúng với diễn biến do hệ thống này lưu giữ" in page.words
    lines = file.body.splitlines(keepends=True)
    (place,) = [number for number, line in enumerate(lines, start=1) if b'"concluded"' in line]
    page = await check(citizen, file.body.replace("Rà soát".encode(), "Bỏ qua".encode()))
    assert 'data-verdict="changed"' in page.text
    assert f"Dòng {place} đã bị sửa" in page.words


async def test_only_those_who_led_the_meeting_have_them_and_only_when_it_is_over(office: Office) -> None:
    meeting = await concluded(office)
    path = f"/meetings/{meeting.id}/proceedings"
    for visitor in (await office.sign_in("dung"), await office.sign_in("cuc"), office.stranger()):
        assert (await visitor.get(path)).status in (401, 403)
    assert not (await (await office.sign_in("dung")).get(f"/meetings/{meeting.id}")).has("proceedings-link")
    coming = await office.meeting(title="Tuần sau", room="hop-efgh5678")
    assert (await (await office.sign_in("hanh")).get(f"/meetings/{coming.id}/proceedings")).status == 404


async def test_a_lie_told_with_all_digests_made_anew_differs_from_what_is_kept(office: Office) -> None:
    meeting = await concluded(office)
    file = await (await office.sign_in("binh")).get(f"/meetings/{meeting.id}/proceedings")
    room, now = Room(meeting), auth.utcnow() - timedelta(hours=1)
    for person in meeting.people():
        room.apply(person.id, Join(person), now)
    room.apply("hanh", OpenMeeting(), now)
    room.apply("hanh", CloseMeeting(), now)
    forged = b"".join(export(room.proceedings))
    page = await check(office.stranger(), forged)
    assert 'data-verdict="changed"' in page.text
    assert "khác với diễn biến do hệ thống này lưu giữ" in page.words
    unknown = file.body.replace(meeting.id.encode(), b"f" * len(meeting.id))
    assert 'data-verdict="genuine"' not in (await check(office.stranger(), unknown)).text


async def test_the_command_line_writes_and_checks_the_same_file(
    office: Office, giaoban: Giaoban, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIAOBAN_DATABASE__URL", office.server.app[CONFIG].database_url)
    meeting = await concluded(office)
    data = office.server.app[CONFIG].data
    output = data / "dien-bien.jsonl"

    async def run(*arguments: str) -> "tuple[int, str]":
        result = await asyncio.to_thread(giaoban, *arguments, "--data", str(data))
        return result.returncode, result.stdout

    assert (await run("proceedings", meeting.id, "--output", str(output)))[0] == 0
    assert (await run("verify", str(output)))[0] == 0
    output.write_bytes(output.read_bytes().replace("Rà soát".encode(), "Bỏ qua".encode()))
    code, told = await run("verify", str(output))
    assert code == 1
    assert "Dòng" in told
    code, told = await run("verify", str(output), "--json")
    assert (code, '"subject": "proceedings"' in told) == (1, True)
    assert (await run("proceedings", "none"))[0] == 2


@pytest.mark.parametrize("end", [b"}", b"\xff", b"}\n[]\n"])
async def test_what_only_looks_like_them_is_no_fault_of_ours(office: Office, end: bytes) -> None:
    page = await check(office.stranger(), b'{"facts":1,"format":"giaoban-proceedings/1"' + end)
    assert (page.status, 'data-verdict="changed"' in page.text) == (200, True)
