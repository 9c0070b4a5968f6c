"""Giao ban every week: put down once, prepared by itself, changed by hand where a week is not like the others."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from icalendar import Calendar

from minutes.days import store as days
from minutes.days.calendar import Own
from minutes.tasks.reviewing import REVIEW_ITEM
from rooms import store
from rooms.series import REVIEW, ZONE, Series
from server import outbox, series_tables
from server.auth import utcnow
from server.keys import DATABASE
from server.pages import series_door
from server.series import prepare_near
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, Page, Refuses, Visitor
from tests.server.pages.test_convene import GUESTS, edited, entry_of, mails
from tests.server.pages.test_schedule_meeting import sheet

TODAY = utcnow().astimezone(ZONE).date()
MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())
"""The next one: never today."""


def weekly(**changes: str) -> dict[str, str]:
    """What a careful secretary types for a giao ban on Mondays."""
    rule = {"repeat": "week", "weekday.0": "1", "number": "6", "until": "", "ahead": "8"}
    return {**sheet(guests=GUESTS, title="Giao ban tuần"), "date": MONDAY.isoformat(), **rule, **changes}


async def put_down(office: Office, **changes: str) -> tuple[Visitor, str]:
    """Bình has put the series down: his browser, and the series' path."""
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/series/new", weekly(**changes))
    assert page.status == 303, page.words
    return binh, page.location


def day(week: int) -> date:
    return MONDAY + timedelta(days=7 * week)


def meeting_path(path: str, week: int) -> str:
    return f"/meetings/{path.rsplit('/', 1)[1]}-{day(week):%Y%m%d}"


async def kept(office: Office, path: str) -> Series:
    async with office.server.app[DATABASE].read() as connection:
        found = await series_tables.get(connection, path.rsplit("/", 1)[1])
    assert found is not None
    return found


async def look(office: Office, week: int) -> list[str]:
    """The job's look in the first minute of the Monday before that of a week."""
    moment = datetime.combine(day(week - 1), time(0, 1), ZONE)
    return await prepare_near(office.server.app[DATABASE], moment)


def form_of(page: Page, **changes: str) -> dict[str, str]:
    """The form of a series as the browser would send it back."""
    fields = {name: page.value(name) for name in ("until", "number", "ahead", "day")}
    chosen = re.search(r'name="repeat" value="([a-z]+)"[^>]* checked', page.text)
    assert chosen is not None
    return {**edited(page), **fields, "repeat": chosen[1], **changes}


async def test_an_emergency_is_not_put_down_as_a_series(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/series/new", weekly(kind="emergency"))
    assert page.status == 422
    assert "Họp khẩn không lập định kỳ" in page.words
    assert 'value="emergency"' not in page.text
    once = await binh.post("/meetings/new", sheet(kind="emergency"))
    earlier = once.location.removeprefix("/meetings/").removesuffix("/mail")
    like_it = await binh.get(f"/meetings/series/new?from={earlier}")
    assert 'value="briefing" selected' in like_it.text


@ON_BOTH
async def test_the_next_meeting_is_prepared_by_itself_once_and_is_a_meeting_like_others(office: Office) -> None:
    binh, path = await put_down(office)
    entry = await entry_of(office, meeting_path(path, 0))
    meeting = entry.meeting
    assert (entry.state, meeting.title) == ("scheduled", "Giao ban tuần")
    assert meeting.starts_at.astimezone(ZONE) == datetime.combine(day(0), time(8, 30), ZONE)
    assert {one.id for one in meeting.invited if not one.id.startswith("g-")} == {"dung", "lan"}
    async with office.server.app[DATABASE].read() as connection:
        assert list((await outbox.guests(connection, meeting.id)).values()) == ["minh@htx.example"]
        assert await outbox.of_meeting(connection, meeting.id) == [], "nobody is invited by itself"
    # Near enough or not: the second week comes with its time, and nothing comes twice.
    assert await look(office, 0) == []
    assert await look(office, 1) == [meeting_path(path, 1).removeprefix("/meetings/")]
    assert await look(office, 1) == []
    second = (await entry_of(office, meeting_path(path, 1))).meeting
    assert second.previous == meeting.id
    assert (second.agenda[0], REVIEW.title) == (REVIEW, REVIEW_ITEM)
    assert second.room != meeting.room
    saved = await binh.post(
        f"{meeting_path(path, 0)}/edit", edited(await binh.get(f"{meeting_path(path, 0)}/edit"), place="Hội trường A")
    )
    assert saved.status == 303
    assert (await entry_of(office, meeting_path(path, 0))).meeting.place == "Hội trường A"
    assert (await binh.get(meeting_path(path, 0))).has("series")


async def test_the_pages_say_what_is_held_when(office: Office) -> None:
    binh, path = await put_down(office)
    assert (await binh.get("/meetings")).has("all-series")
    listed = await binh.get("/meetings/series")
    assert "Hằng tuần, thứ Hai, 08:30" in listed.words
    assert f"{day(0):%d/%m/%Y}" in listed.words
    shown = await binh.get(path)
    assert shown.text.count('data-test="date-change"') == 6
    assert shown.text.count('data-test="date-meeting"') == 1
    async with office.server.app[DATABASE].begin() as connection:
        local = Own(day(1), works=False, note="Lễ hội của tỉnh")
        await days.enter(connection, "lam-son", local, await office.actor("binh"), utcnow())
    marked = await binh.get(path)
    assert marked.has("day-off")
    assert "Lễ hội của tỉnh" in marked.words
    assert (await binh.get(f"{path}/{day(1)}")).has("drop")
    assert (await binh.get(f"{path}/{day(1) + timedelta(days=1)}")).status == 409, "no such date"


async def test_one_date_is_moved_one_is_dropped_and_one_prepared_before_its_time(office: Office) -> None:
    binh, path = await put_down(office)
    moved = {"date": (day(1) + timedelta(days=1)).isoformat(), "time": "14:00"}
    assert (await binh.post(f"{path}/{day(1)}/move", moved)).location == path
    assert (await binh.post(f"{path}/{day(2)}/drop", {"reason": "Nghỉ Tết"})).location == path
    made = await binh.post(f"{path}/{day(3)}/prepare")
    assert made.location == meeting_path(path, 3)
    assert (await binh.post(f"{path}/{day(3)}/prepare")).location == made.location, "twice is once"
    shown = (await binh.get(path)).words
    assert "Nghỉ Tết" in shown
    assert f"14:00, ngày {day(1) + timedelta(days=1):%d/%m/%Y}" in shown
    assert await look(office, 2) == [meeting_path(path, 1).removeprefix("/meetings/")], "what is dropped is not made"
    second = (await entry_of(office, meeting_path(path, 1))).meeting
    assert second.starts_at.astimezone(ZONE).isoformat()[:16] == f"{moved['date']}T14:00"
    assert (await binh.post(f"{path}/{day(2)}/prepare")).status == 409
    assert (await binh.post(f"{path}/{day(3)}/drop", {"reason": "x"})).status == 409, "its own page cancels it"
    assert (await binh.post(f"{path}/{day(2)}/hold")).location == path
    assert "Nghỉ Tết" not in (await binh.get(path)).words


async def test_dropping_and_moving_say_what_is_missing_and_keep_what_was_typed(office: Office) -> None:
    binh, path = await put_down(office)
    refused = await binh.post(f"{path}/{day(1)}/drop", {"reason": " "})
    assert (refused.status, "Nội dung này còn để trống." in refused.words) == (422, True)
    late = await binh.post(f"{path}/{day(1)}/move", {"date": "2020-01-01", "time": "07:15"})
    assert (late.status, late.value("time")) == (422, "07:15")
    assert "Ngày họp đã qua." in late.words


async def test_this_and_all_following_change_and_what_was_edited_by_hand_stays(office: Office) -> None:
    binh, path = await put_down(office)
    await look(office, 1)
    await binh.post(f"{meeting_path(path, 1)}/invite")
    form = await binh.get(f"{meeting_path(path, 1)}/edit")
    await binh.post(f"{meeting_path(path, 1)}/edit", edited(form, title="Giao ban cuối tháng"))
    change = await binh.get(f"{path}/{day(1)}/change")
    assert change.value("date") == day(1).isoformat()
    assert "Số cuộc họp đã lập từ kỳ này trở đi: 1." in change.words
    saved = await binh.post(
        f"{path}/{day(1)}/change", form_of(change, time="14:00", place="Hội trường B", title="Giao ban")
    )
    assert saved.location == path, saved.words
    first, second = [(await entry_of(office, meeting_path(path, week))).meeting for week in (0, 1)]
    assert (first.place, first.starts_at.astimezone(ZONE).hour) == ("Trụ sở UBND tỉnh", 8)
    assert (second.place, second.starts_at.astimezone(ZONE).hour) == ("Hội trường B", 14)
    assert second.title == "Giao ban cuối tháng", "edited by hand"
    told = {mail.letter.person_id: mail.letter.subject for mail in await mails(office, meeting_path(path, 1))}
    assert told["dung"].startswith("Thay đổi lịch họp")
    assert len((await kept(office, path)).slots({})) == 6
    await look(office, 2)
    assert (await entry_of(office, meeting_path(path, 2))).meeting.title == "Giao ban"


async def test_another_day_of_the_week_cancels_what_was_prepared_for_the_old_one(office: Office) -> None:
    binh, path = await put_down(office)
    await look(office, 1)
    change = await binh.get(f"{path}/{day(1)}/change")
    fields = form_of(change, **{"weekday.1": "1"})
    del fields["weekday.0"]
    assert (await binh.post(f"{path}/{day(1)}/change", fields)).location == path
    assert (await entry_of(office, meeting_path(path, 0))).state == "scheduled"
    assert (await entry_of(office, meeting_path(path, 1))).state == "cancelled"
    days = [slot.day for slot in (await kept(office, path)).slots({})]
    assert days[:2] == [day(0), day(1) + timedelta(days=1)]


async def test_this_and_all_following_are_cancelled_with_a_reason(office: Office) -> None:
    binh, path = await put_down(office)
    await look(office, 1)
    await binh.post(f"{meeting_path(path, 1)}/invite")
    assert (await binh.post(f"{path}/{day(1)}/end", {"reason": ""})).status == 422
    assert (await binh.post(f"{path}/{day(1)}/end", {"reason": "Sắp xếp lại"})).location == path
    assert (await entry_of(office, meeting_path(path, 0))).state == "scheduled"
    second = await entry_of(office, meeting_path(path, 1))
    assert (second.state, second.reason) == ("cancelled", "Sắp xếp lại")
    assert any("Sắp xếp lại" in mail.letter.text for mail in await mails(office, meeting_path(path, 1)))
    assert await look(office, 5) == []
    assert (await binh.get(path)).has("series-ends")


async def test_the_calendar_of_the_series_and_the_invitation_name_the_same_event(office: Office) -> None:
    binh, path = await put_down(office)
    await binh.post(f"{path}/{day(2)}/drop", {"reason": "Nghỉ Tết"})
    file = await binh.get(f"{path}/calendar.ics")
    events = {str(one["UID"]).split("@")[0]: one for one in Calendar.from_ical(file.text).walk("VEVENT")}
    assert len(events) == 6
    assert "RRULE" not in file.text
    ids = [meeting_path(path, week).removeprefix("/meetings/") for week in range(6)]
    assert list(events) == ids
    assert [str(events[one]["STATUS"]) for one in ids] == ["CONFIRMED", "CONFIRMED", "CANCELLED", *["CONFIRMED"] * 3]
    await binh.post(f"{path}/{day(4)}/prepare")
    await binh.post(f"{meeting_path(path, 4)}/invite")
    (event,) = Calendar.from_ical((await mails(office, meeting_path(path, 4)))[0].letter.calendar).walk("VEVENT")
    assert event["UID"] == events[ids[4]]["UID"]
    assert "minh@htx.example" not in file.text


async def test_one_address_leads_to_the_day_of_the_next_meeting_and_on_that_day_into_its_room(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    binh, path = await put_down(office)
    shown = await binh.get(path)
    address = re.findall(r'value="http://[^/]*(/series/[0-9a-f]+)"', shown.text)[0]
    dung = await office.sign_in("dung")
    page = await dung.get(address)
    assert page.has("series-next"), page.words
    assert day(0).strftime("%d/%m/%Y") in page.words
    assert page.has("series-sheet"), "it has been made eight days ahead"

    def on(moment: datetime) -> None:
        monkeypatch.setattr(series_door, "utcnow", lambda: moment)

    async def room(week: int) -> str:
        entry = await entry_of(office, meeting_path(path, week).rsplit("/", 1)[1])
        return f"/rooms/{entry.meeting.room}"

    await look(office, 1)
    on(datetime.combine(day(0), time(0, 5), ZONE))
    assert (await dung.get(address)).location == await room(0)
    await binh.post(f"{meeting_path(path, 0)}/cancel", {"reason": "Bão"})
    assert day(1).strftime("%d/%m/%Y") in (await dung.get(address)).words
    on(datetime.combine(day(1), time(9), ZONE))
    assert (await dung.get(address)).location == await room(1), "not opened yet, an hour after its time"
    on(datetime.combine(day(7), time(9), ZONE))
    assert (await dung.get(address)).has("series-over")


async def test_the_address_of_a_series_tells_strangers_nothing_and_leads_back_after_signing_in(office: Office) -> None:
    _, path = await put_down(office)
    address = f"/series/{path.rsplit('/', 1)[1]}"
    asked = await office.stranger().get(address)
    assert (asked.status, f"/sign-in?next={address.replace('/', '%2F')}" in asked.text) == (401, True)
    pao = await office.sign_in("pao")
    for tried in (address, "/series/0123456789abcdef"):
        page = await pao.get(tried)
        assert (page.status, "không có tên trong thành phần" in page.words) == (403, True), page.words
        assert "Giao ban tuần" not in page.words


async def test_a_series_begins_from_a_meeting_that_there_is(office: Office) -> None:
    binh = await office.sign_in("binh")
    made = await binh.post("/meetings/new", sheet())
    assert (await binh.get(made.location)).has("make-regular")
    before = await entry_of(office, made.location)
    form = await binh.get(f"/meetings/series/new?from={before.meeting.id}")
    assert form.value("title") == before.meeting.title
    again = before.meeting.starts_at.astimezone(ZONE).date() + timedelta(days=7)
    assert form.value("date") == again.isoformat()
    saved = await binh.post("/meetings/series/new", form_of(form, ahead="10", secrecy="none"))
    series = await kept(office, saved.location)
    first = await entry_of(office, f"/meetings/{series.meeting_id(again)}")
    assert first.meeting.previous == before.meeting.id


async def test_the_next_meeting_shows_what_the_last_one_concluded(office: Office) -> None:
    binh, path = await put_down(office)
    await office.held((await entry_of(office, meeting_path(path, 0))).meeting, "Rà soát các hộ ở vùng sạt lở")
    await look(office, 1)
    shown = await binh.get(meeting_path(path, 1))
    assert "Rà soát các hộ ở vùng sạt lở" in shown.words
    assert REVIEW.title in shown.words


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"repeat": "year"}, "Chưa chọn họp hằng tuần hay hằng tháng."),
        ({"repeat": "nth", "nth": "9", "nth_weekday": "0"}, "Chưa chọn ngày họp trong tháng."),
        ({"repeat": "day", "day": "32"}, "Nhập một số từ 1 đến 31."),
        ({"number": "", "until": ""}, "Nhập ngày kết thúc hoặc số kỳ họp."),
        ({"number": "201"}, "Nhập một số từ 1 đến 200."),
        ({"number": "", "until": "2020-01-01"}, "Ngày kết thúc trước ngày bắt đầu."),
        ({"number": "", "until": "2099-01-01"}, "Lịch họp định kỳ dài nhất hai năm; hết hạn thì kéo dài tiếp."),
        ({"number": "", "until": MONDAY.isoformat(), "weekday.0": "", "repeat": "day", "day": "x"}, "Nhập một số"),
        ({"ahead": "61"}, "Nhập một số từ 0 đến 60."),
        ({"title": ""}, "Nội dung này còn để trống."),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_typed_is_lost(
    office: Office, changes: dict[str, str], sentence: str
) -> None:
    page = await (await office.sign_in("binh")).post("/meetings/series/new", weekly(**changes))
    assert page.status == 422
    assert sentence in page.words
    assert page.value("guest.0.name") == "Hoàng Minh"
    assert page.value("ahead") == changes.get("ahead", "8")


async def test_a_series_without_its_chair_waits_until_another_one_is_named(office: Office) -> None:
    _, path = await put_down(office)
    async with office.server.app[DATABASE].begin() as connection:
        await connection.exec_driver_sql("UPDATE account SET active = false WHERE id = 'hanh'")
    assert await look(office, 1) == []
    async with office.server.app[DATABASE].begin() as connection:
        await connection.exec_driver_sql("UPDATE account SET active = true WHERE id = 'hanh'")
        await connection.exec_driver_sql("UPDATE account SET active = false WHERE id = 'lan'")
    assert await look(office, 1) == [meeting_path(path, 1).removeprefix("/meetings/")]
    invited = (await entry_of(office, meeting_path(path, 1))).meeting.invited
    assert "lan" not in {one.id for one in invited}, "who is gone is not invited"


async def test_only_secretaries_of_the_office_arrange_its_series(office: Office, refuses: Refuses) -> None:
    _, path = await put_down(office)
    for act in ("move", "drop", "hold", "prepare", "end", "change"):
        await refuses(office, f"{path}/{day(2)}/{act}", who="binh", others=("hanh", "dung"))
    await refuses(office, "/meetings/series/new", who="binh", others=("hanh", "cuc", "dung"))
    for who in ("hanh", "cuc", "dung"):
        visitor = await office.sign_in(who)
        for there in (path, f"{path}/{day(1)}", f"{path}/calendar.ics", "/meetings/series", "/meetings/series/none"):
            assert (await visitor.get(there)).status == 403, (who, there)
    async with office.server.app[DATABASE].begin() as connection:
        assert len(await store.meetings(connection)) == 1
        await connection.exec_driver_sql("UPDATE series SET unit_id = 'ta-nang'")
    assert (await (await office.sign_in("binh")).get(path)).status == 403
