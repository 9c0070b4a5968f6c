"""Papers in a meeting that is in session: the room hears at once of what is brought and taken away."""

import time

from rooms.proceedings import Meeting
from server.keys import PAPERS, SITTINGS
from server.pages.papers import CHUNK
from server.papers_tables import Paper
from tests.server.conftest import Seat
from tests.server.pages.conftest import Office
from tests.server.pages.test_guests import come, knock, link_for
from tests.server.pages.test_papers import brought


async def sit(office: Office, meeting: Meeting, who: str) -> Seat:
    return await office.server.sit(office.server.person(who), room=meeting.room)


async def test_what_was_brought_before_lies_on_the_table_and_what_comes_later_is_told(office: Office) -> None:
    meeting = await office.meeting()
    early = await brought(office, meeting, "Trước cuộc họp", item="item-1")
    chair = await sit(office, meeting, "hanh")
    on_table = {"id": early.id, "name": "Báo cáo.pdf", "pages": 1, "item": "item-1", "by": early.added_by_name}
    assert chair.welcome["papers"] == [on_table]
    later = await brought(office, meeting, "Trong cuộc họp", "Trang hai")
    told = await chair.hears("paper")
    assert (told["paper"]["id"], told["paper"]["pages"]) == (later.id, 2)


async def test_a_paper_that_is_taken_away_while_it_is_shown_is_closed_for_everybody(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Nhầm tệp")
    chair, delegate = await sit(office, meeting, "hanh"), await sit(office, meeting, "dung")
    await chair.say("meeting.open")
    assert (await chair.say("paper.show", paper=paper.id))["type"] == "ack"
    assert (await delegate.hears("shown"))["shown"]["paper"] == paper.id
    secretary = await office.sign_in("binh")
    assert (await secretary.post(f"/meetings/{meeting.id}/papers/{paper.id}/remove")).status == 303
    assert (await delegate.hears("paper"))["paper"] == {"id": paper.id, "gone": True}
    assert (await delegate.hears("shown"))["shown"]["paper"] is None


async def test_a_paper_that_went_while_nobody_was_there_is_gone_from_the_table(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Nhầm tệp")
    chair = await sit(office, meeting, "hanh")
    assert [one["id"] for one in chair.welcome["papers"]] == [paper.id]
    sittings = office.server.app[SITTINGS]
    await chair.socket.close()
    await sittings._drop(meeting.room)  # as a stop of the server does
    await office.server.app[PAPERS].remove(paper, "binh")
    assert (await sit(office, meeting, "hanh")).welcome["papers"] == []


async def test_the_paper_keeps_what_it_belongs_to_when_the_secretary_changes_it(office: Office) -> None:
    meeting = await office.meeting()
    paper: Paper = await brought(office, meeting, "Báo cáo")
    chair = await sit(office, meeting, "hanh")
    secretary = await office.sign_in("binh")
    page = await secretary.post(f"/meetings/{meeting.id}/papers/{paper.id}/item", {"item": "item-1"})
    assert page.status == 303
    assert (await chair.hears("paper"))["paper"]["item"] == "item-1"
    assert (await secretary.post(f"/meetings/{meeting.id}/papers/{paper.id}/item", {"item": "item-9"})).status == 404


async def test_a_page_takes_half_of_a_declared_line_and_leaves_the_rest_to_voices(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Báo cáo tình hình mưa lũ")
    path = f"/meetings/{meeting.id}/papers/{paper.id}/1-1600.webp"
    seat, delegate = await sit(office, meeting, "dung"), await office.sign_in("dung")
    whole = (await delegate.get(path)).body
    await seat.say("media.line", kbps=500)
    began = time.monotonic()
    page = await delegate.get(path)
    assert time.monotonic() - began >= 0.9 * 8 * (len(whole) - CHUNK) / 250_000
    assert (page.body, page.headers["Content-Type"]) == (whole, "image/webp")
    assert page.headers["Cache-Control"].startswith("private, ")


async def test_who_is_sent_out_reads_no_paper_and_a_guest_who_is_let_in_does(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Số liệu nội bộ")
    page = f"/meetings/{meeting.id}/papers/{paper.id}/1-720.webp"
    chair, dung = await sit(office, meeting, "hanh"), await office.sign_in("dung")
    await sit(office, meeting, "dung")
    assert (await dung.get(page)).status == 200
    await chair.say("participant.remove", participant="dung")
    assert (await dung.get(page)).status == 403

    guest = await come(office, await link_for(office))
    _, first = await knock(guest)
    assert first["type"] == "waiting"
    assert (await guest.get(page)).status == 403
    lobby = (await chair.until(lambda one: one["type"] == "lobby"))["lobby"]
    await chair.say("lobby.admit", participant=lobby["waiting"][0]["id"])
    assert (await guest.get(page)).status == 200
