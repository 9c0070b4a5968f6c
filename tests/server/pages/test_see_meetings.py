"""Who sees a meeting, and who comes into its room."""

from tests.server.pages.conftest import Office


async def test_the_invited_and_the_office_see_a_meeting_and_nobody_else(office: Office) -> None:
    meeting = await office.meeting(title="Họp kín về nhân sự")
    path = f"/meetings/{meeting.id}"
    for account in ("hanh", "binh", "dung", "cuc"):
        visitor = await office.sign_in(account)
        page = await visitor.get(path)
        assert page.status == 200, account
        assert "Họp kín về nhân sự" in (await visitor.get("/meetings")).words
    other = await office.sign_in("lan")
    refused = await other.get(path)
    assert refused.status == 403
    assert "Họp kín" not in refused.text
    assert "Họp kín" not in (await other.get("/meetings")).text
    assert (await office.stranger().get(path)).status == 401
    assert (await office.stranger().get("/meetings")).status == 401


async def test_a_meeting_that_does_not_exist_looks_like_one_that_is_not_mine(office: Office) -> None:
    meeting = await office.meeting()
    other = await office.sign_in("lan")
    mine, missing = await other.get(f"/meetings/{meeting.id}"), await other.get("/meetings/none")
    assert (mine.status, mine.words) == (missing.status, missing.words)


async def test_the_sheet_tells_who_when_where_and_what(office: Office) -> None:
    meeting = await office.meeting()
    page = await (await office.sign_in("dung")).get(f"/meetings/{meeting.id}")
    for text in ("Tình hình mưa lũ", "Nguyễn Thị Hạnh", "Trần Văn Bình", "Lò Văn Dũng", "Trụ sở UBND tỉnh", "Sắp họp"):
        assert text in page.words
    assert page.has("enter-room")


async def test_the_clerk_sees_the_sheet_and_may_only_knock_at_the_room(office: Office) -> None:
    meeting = await office.meeting()
    clerk = await office.sign_in("cuc")
    assert not (await clerk.get(f"/meetings/{meeting.id}")).has("enter-room")
    assert (await clerk.get(f"/rooms/{meeting.room}")).status == 200, "there she may knock"


async def test_the_invited_come_into_the_room_each_in_their_role(office: Office) -> None:
    meeting = await office.meeting()
    for account, role in (("hanh", "chair"), ("binh", "secretary"), ("dung", "delegate")):
        page = await (await office.sign_in(account)).get(f"/rooms/{meeting.room}")
        assert page.status == 200
        assert f'"role": "{role}"' in page.text
        assert f"/rooms/{meeting.room}/ws" in page.text
    assert (await (await office.sign_in("lan")).get(f"/rooms/{meeting.room}")).status == 403
    assert (await office.stranger().get(f"/rooms/{meeting.room}")).status == 401


async def test_a_room_token_opens_its_own_room_only(office: Office) -> None:
    meeting = await office.meeting()
    guest = await office.with_token(office.server.token("viewer", room=meeting.room, name="Khách mời"))
    page = await guest.get(f"/rooms/{meeting.room}")
    assert '"role": "viewer"' in page.text
    assert (await guest.get("/rooms/giao-ban")).status == 403


async def test_the_standing_room_is_open_to_those_of_the_authority(office: Office) -> None:
    visitor = await office.sign_in("dung")
    assert 'href="/rooms/giao-ban"' in (await visitor.get("/meetings")).text
    assert (await visitor.get("/rooms/giao-ban")).status == 200


async def test_an_unknown_room_is_not_found(office: Office) -> None:
    assert (await (await office.sign_in("binh")).get("/rooms/none")).status == 404


async def test_an_ended_meeting_leads_from_its_room_to_its_sheet_and_minutes(office: Office) -> None:
    meeting = await office.meeting()
    await office.held(meeting)
    (minutes,) = await office.records.documents(meeting_id=meeting.id)
    secretary = await office.sign_in("binh")
    page = await secretary.get(f"/rooms/{meeting.room}")
    assert (page.status, page.location) == (303, f"/meetings/{meeting.id}")
    shown = await secretary.get(page.location)
    assert f'href="/desk/{minutes.id}"' in shown.text
    assert not shown.has("enter-room")
    assert f'href="/desk/{minutes.id}"' in (await secretary.get("/meetings")).text


async def test_a_delegate_sees_that_the_meeting_ended_but_no_way_to_the_minutes(office: Office) -> None:
    meeting = await office.meeting()
    await office.held(meeting)
    page = await (await office.sign_in("dung")).get(f"/meetings/{meeting.id}")
    assert "Cuộc họp đã kết thúc" in page.words
    assert not page.has("minutes-link")
