"""A session of the people's council: all of its deputies, and nobody else, count and vote."""

import re

from rooms import store
from server import council, outbox
from server.keys import DATABASE
from tests.server.pages.conftest import Office, Refuses, Visitor
from tests.server.pages.test_convene import edited, entry_of
from tests.server.pages.test_schedule_meeting import sheet

LIST = {
    "person.dung": "1",
    "person.hanh": "1",
    "deputy.0.name": "Vàng Thị Sua",
    "deputy.0.title": "Trưởng bản Nà Lốc",
    "deputy.0.address": "sua@nha.example",
    "deputy.3.name": "Nguyễn Văn Tám",
}


async def listed(office: Office) -> Visitor:
    """Bình has written down the deputies."""
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/council", LIST)
    assert page.status == 303, page.words
    return binh


async def session_of(office: Office, binh: Visitor, **changes: str) -> store.MeetingEntry:
    page = await binh.post("/meetings/new", sheet(kind="council", **changes))
    assert page.status == 303, page.words
    return await entry_of(office, page.location)


async def test_a_session_has_all_deputies_and_only_they_vote(office: Office) -> None:
    entry = await session_of(office, await listed(office), **{"person.cuc": "1", "vote.lan": "yes"})
    meeting = entry.meeting
    voting = {person.name for person in meeting.people() if person.votes}
    assert voting == {"Nguyễn Thị Hạnh", "Lò Văn Dũng", "Vàng Thị Sua", "Nguyễn Văn Tám"}
    assert {"lan", "cuc"} <= {person.id for person in meeting.people()}, "invited, and without a vote"
    assert meeting.quorum == "two_thirds"
    async with office.server.app[DATABASE].read() as connection:
        [(whose, address)] = (await outbox.guests(connection, meeting.id)).items()
    assert (whose.startswith(council.OUTSIDERS), address) == (True, "sua@nha.example")


async def test_without_two_thirds_of_all_deputies_no_question_is_put(office: Office) -> None:
    entry = await session_of(office, await listed(office))
    room = entry.meeting.room
    chair = await office.server.sit(office.server.person("hanh"), room)
    await office.server.sit(office.server.person("lan"), room)
    await chair.say("meeting.open")
    question = {"text": "Thông qua nghị quyết?", "base": "members", "quorum": "two_thirds"}
    await office.server.sit(office.server.person("dung"), room)
    refused = await chair.say("vote.open", **question)
    assert refused["code"] == "no_quorum", "two of four, and a guest"
    assert "có mặt 2, cần ít nhất 3 trong tổng số 4 đại biểu" in refused["message"]


async def test_a_changed_sheet_keeps_its_deputies_and_takes_up_new_ones(office: Office) -> None:
    binh = await listed(office)
    entry = await session_of(office, binh)
    before = {one.name: one.id for one in entry.meeting.people()}
    await binh.post("/meetings/council", {**LIST, "deputy.5.name": "Lý Thị Mai"})
    path = f"/meetings/{entry.meeting.id}"
    form = await binh.get(f"{path}/edit")
    assert "Vàng Thị Sua" not in form.words
    assert (await binh.post(f"{path}/edit", edited(form))).status == 303
    after = {one.name: one.id for one in (await entry_of(office, path)).meeting.people()}
    assert after.pop("Lý Thị Mai").startswith(council.OUTSIDERS)
    assert after == before


async def test_a_session_is_not_prepared_before_there_is_a_list_and_nothing_typed_is_lost(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/new", sheet(kind="council"))
    assert (page.status, "Danh sách đại biểu Hội đồng nhân dân còn trống" in page.words) == (422, True)
    assert page.value("title") == sheet()["title"]
    assert 'href="/meetings/council"' in page.text


async def test_a_list_that_was_emptied_since_is_told_before_the_session_is_opened(office: Office) -> None:
    binh = await listed(office)
    entry = await session_of(office, binh)
    assert not (await binh.get(f"/meetings/{entry.meeting.id}")).has("no-deputies")
    await binh.post("/meetings/council", {})
    assert (await binh.get(f"/meetings/{entry.meeting.id}")).has("no-deputies")


async def test_a_deputy_of_another_unit_chairs_sessions_of_the_council_alone(office: Office) -> None:
    binh = await listed(office)
    form = await binh.get("/meetings/new")
    assert re.search(r'<option value="hanh" selected>', form.text), "the leader is proposed"
    page = await binh.post("/meetings/new", sheet(chair="dung"))
    assert (page.status, "chỉ chủ trì được kỳ họp" in page.words) == (422, True)
    assert (await session_of(office, binh, chair="dung")).meeting.chair.id == "dung"


async def test_a_deputy_without_account_and_mail_is_handed_a_link_of_their_own(office: Office) -> None:
    binh = await listed(office)
    meeting = (await session_of(office, binh)).meeting
    tam = next(person for person in meeting.people() if person.name == "Nguyễn Văn Tám")
    path = f"/meetings/{meeting.id}/guests"
    assert (await binh.post(f"{path}/dung/link", {})).status == 404, "who has an account signs in"
    assert (await (await office.sign_in("dung")).post(f"{path}/{tam.id}/link", {})).status == 403
    page = await binh.post(f"{path}/{tam.id}/link", {})
    found = re.search(r'/sign-in#([^"]+)"', page.text)
    assert found is not None, page.words
    assert "Đường dẫn riêng của Nguyễn Văn Tám" in page.words
    phone = office.stranger()
    assert (await phone.post("/sign-in", {"code": found[1]})).status == 303
    socket = await phone.session.ws_connect(f"/rooms/{meeting.room}/ws")
    welcome = await socket.receive_json(timeout=10)
    [me] = [one for one in welcome["participants"] if one["id"] == welcome["you"]]
    assert (me["name"], me["votes"], me["role"]) == ("Nguyễn Văn Tám", True, "delegate")


async def test_what_is_wrong_with_a_row_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/council", {**LIST, "deputy.3.address": "không phải thư"})
    assert (page.status, "Dòng 2: Địa chỉ thư “không phải thư” không hợp lệ." in page.words) == (422, True)
    assert page.value("deputy.0.name") == "Vàng Thị Sua"
    assert (await binh.post("/meetings/council", {**LIST, "rows": "deputy"})).value("deputy.3.name") == "Nguyễn Văn Tám"
    assert not (await binh.get("/meetings/council")).value("deputy.0.name")


async def test_only_secretaries_keep_the_list_of_their_own_council(office: Office, refuses: Refuses) -> None:
    await refuses(office, "/meetings/council", who="binh", others=("hanh", "cuc", "dung"))
