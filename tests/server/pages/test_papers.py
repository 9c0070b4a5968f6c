"""Papers on the meeting's page: brought by its desk and its presenters, read by those who may enter, by nobody else."""

import asyncio
import json
import re

import pytest
from aiohttp import FormData

from rooms.proceedings import Meeting
from server.keys import PAPERS
from server.papers_tables import Paper
from tests.server.pages.conftest import EVIL, Office, Page, Visitor
from tests.server.papers_files import pdf


async def send(visitor: Visitor, meeting: Meeting, content: bytes, name: str = "Báo cáo.pdf", item: str = "") -> Page:
    fields = FormData({"csrf": visitor.csrf, "secrecy": "none", "item": item}, quote_fields=False)  # as browsers do
    fields.add_field("file", content, filename=name, content_type="application/pdf")
    return await visitor.post(f"/meetings/{meeting.id}/papers", fields)


async def brought(office: Office, meeting: Meeting, *pages: str, by: str = "binh", item: str = "") -> Paper:
    """A paper that is ready to be read."""
    page = await send(await office.sign_in(by), meeting, pdf(*pages), item=item)
    assert page.status == 303, page.words
    return await ready(office, meeting)


async def ready(office: Office, meeting: Meeting) -> Paper:
    async with asyncio.timeout(60):
        while any(not one.refused for one in office.server.app[PAPERS].pending(meeting.id)):
            await asyncio.sleep(0.02)  # another process's work
    return (await office.server.app[PAPERS].of_meeting(meeting.id))[-1]


async def test_the_secretary_brings_a_paper_and_the_invited_read_it_page_by_page(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ ở bảy xã", "Kiến nghị", item="item-1")
    delegate = await office.sign_in("dung")
    sheet = await delegate.get(f"/meetings/{meeting.id}")
    assert "Báo cáo.pdf" in sheet.words
    assert "2 trang" in sheet.words
    assert "Tình hình mưa lũ" in sheet.words
    read = await delegate.get(f"/meetings/{meeting.id}/papers/{paper.id}")
    assert "Kiến nghị" in read.words
    assert read.text.count('data-test="paper-page"') == 2
    assert 'alt="Trang 2 trong 2"' in read.text
    images = re.findall(r'src="([^"]+\.webp)"', read.text)
    for address in images:
        image = await delegate.get(address)
        assert (image.status, image.headers["Content-Type"]) == (200, "image/webp")
        assert image.headers["Cache-Control"].startswith("private, ")
    words = await delegate.get(f"/meetings/{meeting.id}/papers/{paper.id}/2.txt")
    assert words.text == "Kiến nghị"
    original = await delegate.get(f"/meetings/{meeting.id}/papers/{paper.id}/file")
    assert original.body.startswith(b"%PDF")
    assert original.headers["Content-Disposition"].startswith("attachment; ")
    assert original.headers["Content-Type"] == "application/octet-stream"


async def test_who_was_sent_out_reads_the_papers_no_more_when_the_meeting_is_over_either(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    chair = await office.server.sit(office.server.person("hanh"), meeting.room)
    await office.server.sit(office.server.person("dung"), meeting.room)
    await chair.say("meeting.open")
    await chair.say("participant.remove", participant="dung")
    dung = await office.sign_in("dung")
    addresses = [f"/meetings/{meeting.id}", f"/meetings/{meeting.id}/papers/{paper.id}"]
    while_open = [(await dung.get(address)).status for address in addresses]
    assert (await chair.say("meeting.close"))["type"] == "ack"
    assert [(await dung.get(address)).status for address in addresses] == while_open == [403, 403]
    assert (await (await office.sign_in("binh")).get(addresses[1])).status == 200


async def test_who_was_let_in_again_reads_them_again(office: Office) -> None:
    meeting = await office.meeting()
    chair = await office.server.sit(office.server.person("hanh"), meeting.room)
    await chair.say("meeting.open")
    await chair.say("participant.remove", participant="dung")
    dung = await office.sign_in("dung")
    await dung.session.ws_connect(f"/rooms/{meeting.room}/ws")
    await chair.until(lambda one: one["type"] == "lobby" and one["lobby"]["waiting"])
    assert (await chair.say("lobby.admit", participant="dung"))["type"] == "ack"
    assert (await chair.say("meeting.close"))["type"] == "ack"
    assert (await dung.get(f"/meetings/{meeting.id}")).status == 200


async def test_who_may_not_enter_the_meeting_sees_nothing_of_its_papers(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    path = f"/meetings/{meeting.id}/papers/{paper.id}"
    everything = (path, f"{path}/1-720.webp", f"{path}/1.txt", f"{path}/file", f"{path}/notes",
                  f"/meetings/{meeting.id}/papers")  # fmt: skip
    uninvited, stranger = await office.sign_in("lan"), office.stranger()
    for address in everything:
        assert (await uninvited.get(address)).status == 403, address
        assert (await stranger.get(address)).status == 401, address
    for address in (f"{path}/notes/1", f"{path}/remove", f"{path}/item", f"/meetings/{meeting.id}/papers"):
        assert (await uninvited.post(address)).status == 403, address
        assert (await stranger.post(address)).status == 401, address


@pytest.mark.parametrize("page", ["0-720", "2-720", "1-721", "1-0720", "999-1600"])
async def test_there_are_no_pages_but_those_of_the_paper(office: Office, page: str) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    delegate = await office.sign_in("dung")
    assert (await delegate.get(f"/meetings/{meeting.id}/papers/{paper.id}/{page}.webp")).status == (
        200 if page == "1-0720" else 404
    )
    assert (await delegate.get(f"/meetings/{meeting.id}/papers/{'0' * 16}/1-720.webp")).status == 404


async def test_a_paper_of_one_meeting_is_not_reached_through_another(office: Office) -> None:
    meeting, other = await office.meeting(), await office.meeting(room="hop-other")
    paper = await brought(office, meeting, "Mưa lũ")
    delegate = await office.sign_in("dung")
    assert (await delegate.get(f"/meetings/{other.id}/papers/{paper.id}/1-720.webp")).status == 404


@pytest.mark.parametrize(("who", "status"), [("hanh", 303), ("binh", 303), ("cuc", 303), ("dung", 403)])
async def test_the_desk_of_the_meeting_brings_papers(office: Office, who: str, status: int) -> None:
    meeting = await office.meeting()
    visitor = await office.sign_in(who)
    page = await send(visitor, meeting, pdf("Mưa lũ"))
    assert page.status == status
    assert (await visitor.get(f"/meetings/{meeting.id}")).has("paper-send") is (status == 303)


async def test_who_is_to_present_brings_papers_and_takes_back_only_their_own(office: Office) -> None:
    meeting = await office.meeting(presenter="Lò Văn Dũng")
    others = await brought(office, meeting, "Của văn phòng")
    own = await brought(office, meeting, "Của xã", by="dung")
    presenter = await office.sign_in("dung")
    assert (await presenter.post(f"/meetings/{meeting.id}/papers/{others.id}/remove")).status == 403
    assert (await presenter.post(f"/meetings/{meeting.id}/papers/{own.id}/remove")).status == 303
    assert (await office.server.app[PAPERS].of_meeting(meeting.id)) == [others]
    chair = await office.sign_in("hanh")
    assert (await chair.post(f"/meetings/{meeting.id}/papers/{others.id}/remove")).status == 303
    assert (await chair.get(f"/meetings/{meeting.id}/papers/{others.id}/1-720.webp")).status == 404


async def test_a_refusal_is_told_to_the_one_who_sent_the_paper_and_to_nobody_else(office: Office) -> None:
    meeting = await office.meeting()
    secretary = await office.sign_in("binh")
    await send(secretary, meeting, pdf("TUYỆT MẬT"))
    async with asyncio.timeout(60):
        while not (page := await secretary.get(f"/meetings/{meeting.id}")).has("paper-refused"):
            await asyncio.sleep(0.02)  # another process's work
    assert "Luật Bảo vệ bí mật nhà nước" in page.words
    assert not (await (await office.sign_in("hanh")).get(f"/meetings/{meeting.id}")).has("paper-refused")
    assert not page.has("paper")


async def test_a_script_gets_answers_that_it_can_read(office: Office) -> None:
    meeting = await office.meeting()
    secretary = await office.sign_in("binh")
    fields = FormData({"csrf": secretary.csrf, "secrecy": "none"})
    fields.add_field("file", b"MZ", filename="a.exe")
    async with secretary.session.post(
        f"/meetings/{meeting.id}/papers", data=fields, headers={"Accept": "application/json"}
    ) as response:
        assert response.status == 415
        assert (await response.json())["error"] == "paper_kind"


async def test_a_form_without_the_sessions_token_is_refused(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    secretary = await office.sign_in("binh")
    fields = FormData({})
    fields.add_field("file", pdf("x"), filename="a.pdf")
    assert (await secretary.post(f"/meetings/{meeting.id}/papers", fields)).status == 403
    for act in ("remove", "item", "notes/1"):
        assert (await secretary.post(f"/meetings/{meeting.id}/papers/{paper.id}/{act}", csrf=False)).status == 403


async def test_a_note_is_seen_by_its_writer_alone(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    path = f"/meetings/{meeting.id}/papers/{paper.id}"
    delegate, chair = await office.sign_in("dung"), await office.sign_in("hanh")
    assert (await delegate.post(f"{path}/notes/1", {"text": f"hỏi số liệu {EVIL}"})).status == 303
    assert "hỏi số liệu" in json.loads((await delegate.get(f"{path}/notes")).text)["notes"]["1"]
    assert (await chair.get(f"{path}/notes")).text == '{"notes": {}}'
    read = await delegate.get(path)
    assert "hỏi số liệu" in read.words
    assert EVIL not in read.text
    assert (await delegate.post(f"{path}/notes/2", {"text": "x"})).status == 404
    assert (await delegate.post(f"{path}/notes/1", {"text": "x" * 4001})).status == 400


async def test_after_the_meeting_papers_are_read_and_not_changed(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    await office.held(meeting)
    secretary = await office.sign_in("binh")
    assert (await secretary.get(f"/meetings/{meeting.id}/papers/{paper.id}/1-720.webp")).status == 200
    assert (await send(secretary, meeting, pdf("x"))).status == 409
    assert (await secretary.post(f"/meetings/{meeting.id}/papers/{paper.id}/remove")).status == 409
    assert not (await secretary.get(f"/meetings/{meeting.id}")).has("paper-send")
    guest = await office.with_token(office.server.token("chair", room=meeting.room))
    assert (await guest.get(f"/meetings/{meeting.id}/papers/{paper.id}/1-720.webp")).status == 403


async def test_a_guest_with_a_token_reads_the_papers_of_that_room_while_it_is_held(office: Office) -> None:
    meeting, other = await office.meeting(), await office.meeting(room="hop-other")
    here, there = await brought(office, meeting, "Mưa lũ"), await brought(office, other, "Khác")
    guest = await office.with_token(office.server.token("delegate", room=meeting.room))
    assert (await guest.get(f"/meetings/{meeting.id}/papers/{here.id}/1-720.webp")).status == 200
    assert (await guest.get(f"/meetings/{other.id}/papers/{there.id}/1-720.webp")).status == 403
    assert (await send(guest, meeting, pdf("x"))).status == 403
