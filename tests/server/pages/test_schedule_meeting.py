"""The secretary schedules a meeting; what was typed is never lost."""

import re
from datetime import timedelta

import pytest

from rooms import Meeting, store
from server.auth import utcnow
from server.i18n import VIETNAM
from server.keys import DATABASE
from server.pages.sheet_rows import BLANK, PARTS
from tests.server.pages.conftest import EVIL, Office, Refuses


def rows(kind: str, text: str) -> dict[str, str]:
    """The fields of rows that a story writes as lines: "nội dung | người trình bày | số phút"."""
    found = {}
    for row, line in enumerate(line for line in text.splitlines() if line.strip()):
        for part, value in zip(PARTS[kind], line.split("|"), strict=False):
            found[f"{kind}.{row}.{part}"] = value.strip()
    return found


def sheet(agenda: str = "Tình hình mưa lũ | Văn phòng UBND tỉnh\r\n\r\nÝ kiến của các xã\r\n", guests: str = "",
          **changes: str) -> dict[str, str]:  # fmt: skip
    """What a careful secretary types."""
    tomorrow = (utcnow().astimezone(VIETNAM) + timedelta(days=1)).date().isoformat()
    return {
        "secrecy": "none",
        "title": "Họp giao ban tháng 02",
        "date": tomorrow,
        "time": "08:30",
        "place": "Trụ sở UBND tỉnh",
        "chair": "hanh",
        "secretary": "binh",
        "unit.ta-nang": "ta-nang",
        "unit.hoa-phuoc": "hoa-phuoc",
        **rows("agenda", agenda),
        **rows("guest", guests),
        **changes,
    }


async def test_the_meeting_is_put_down_with_everybody_who_was_chosen(office: Office) -> None:
    page = await (await office.sign_in("binh")).post("/meetings/new", sheet())
    assert page.status == 303
    async with office.server.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, page.location.removeprefix("/meetings/"))
        assert entry is not None
        room = await store.get_room(connection, entry.meeting.room)
    meeting = entry.meeting
    assert (entry.state, meeting.title, meeting.place) == ("scheduled", "Họp giao ban tháng 02", "Trụ sở UBND tỉnh")
    assert (meeting.chair.id, meeting.secretary.id) == ("hanh", "binh")
    assert {person.id for person in meeting.invited} == {"dung", "lan"}
    assert [(item.title, item.presenter) for item in meeting.agenda] == [
        ("Tình hình mưa lũ", "Văn phòng UBND tỉnh"),
        ("Ý kiến của các xã", ""),
    ]
    assert meeting.starts_at.astimezone(VIETNAM).strftime("%H:%M") == "08:30"
    assert meeting.authority.name == "Ủy ban nhân dân tỉnh Lâm Sơn"
    assert room is not None
    assert not room.permanent
    assert re.fullmatch(r"hop-[a-z0-9]{8}", room.id)


async def test_two_meetings_get_two_rooms(office: Office) -> None:
    visitor = await office.sign_in("binh")
    locations = [(await visitor.post("/meetings/new", sheet())).location for _ in range(2)]
    pages = [await visitor.get(location) for location in locations]
    rooms = {re.search(r"/rooms/(hop-\w+)", page.text)[1] for page in pages}  # type: ignore[index]
    assert len(rooms) == 2


async def test_the_form_offers_me_as_secretary_and_a_time_to_come(office: Office) -> None:
    page = await (await office.sign_in("binh")).get("/meetings/new")
    assert '<option value="binh" selected>' in page.text
    assert page.value("date") >= utcnow().astimezone(VIETNAM).date().isoformat()
    assert page.text.count('data-test="schedule-unit"') == 7


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("title", "  ", "Nội dung này còn để trống."),
        ("title", "a" * 301, "Dài quá 300 ký tự."),
        ("place", "", "Nội dung này còn để trống."),
        ("date", "31/02/2027", "Ngày, giờ không hợp lệ."),
        ("date", "2020-01-01", "Ngày họp đã qua."),
        ("time", "25:99", "Ngày, giờ không hợp lệ."),
        ("chair", "dung", "Chưa chọn người chủ trì."),
        ("secretary", "hanh", "Chưa chọn thư ký, hoặc thư ký trùng với người chủ trì."),
        ("agenda", " \r\n ", "Chương trình họp còn để trống."),
        ("agenda", "| chỉ có người trình bày", "Dòng 1: Nội dung này còn để trống."),
        ("agenda", "Một\nHai | Sở | nhiều", "Dòng 2: Số phút là một số không quá 1440."),
        ("chair_wait", "0", "Thời gian chờ từ 10 đến 3600 giây."),
        ("agenda", "mục\n" * 61, "Chương trình họp có quá 60 nội dung."),
    ],
)
async def test_a_wrong_field_is_named_and_everything_typed_is_kept(
    office: Office, field: str, text: str, sentence: str
) -> None:
    page = await (await office.sign_in("binh")).post("/meetings/new", sheet(**{field: text}))
    assert page.status == 422
    assert sentence in page.words
    expected = sheet(**{field: text})
    if field != "agenda":
        assert page.value("agenda.0.presenter") == expected["agenda.0.presenter"]
        assert page.value("agenda.1.title") == expected["agenda.1.title"]
        assert page.value("place") == expected["place"]
    if field != "title":
        assert page.value("title") == expected["title"]
    assert re.search(r'name="unit.ta-nang"[^>]* checked', page.text)
    assert not re.search(r'name="unit.dak-rong"[^>]* checked', page.text)


async def test_without_any_unit_the_form_comes_back(office: Office) -> None:
    fields = {name: text for name, text in sheet().items() if not name.startswith("unit.")}
    page = await (await office.sign_in("binh")).post("/meetings/new", fields)
    assert page.status == 422
    assert "Chưa chọn đơn vị dự họp." in page.words


async def test_only_the_secretary_schedules(office: Office, refuses: Refuses) -> None:
    await refuses(office, "/meetings/new", who="binh", others=("hanh", "cuc", "dung"))
    assert (await (await office.sign_in("dung")).get("/meetings/new")).status == 403


async def test_html_in_what_was_typed_comes_out_as_text(office: Office) -> None:
    visitor = await office.sign_in("binh")
    page = await visitor.post("/meetings/new", sheet(title=EVIL, place=EVIL, agenda=f"{EVIL} | {EVIL}"))
    shown = await visitor.get(page.location)
    assert EVIL in shown.words or "alert" in shown.words
    for text in (shown.text, (await visitor.get("/meetings")).text):
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    again = await visitor.post("/meetings/new", sheet(title=EVIL, chair=""))
    assert "<script>alert" not in again.text
    assert again.value("title") == EVIL


async def test_rows_are_added_without_a_script_and_nothing_is_saved_by_it(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await binh.get("/meetings/new")
    assert page.text.count('data-test="agenda-') == BLANK * len(PARTS["agenda"])
    more = await binh.post("/meetings/new", sheet(rows="agenda", title="Họp gấp"))
    assert (more.status, more.value("title"), more.value("agenda.1.title")) == (200, "Họp gấp", "Ý kiến của các xã")
    assert more.text.count('data-test="agenda-') == (2 + 2 * BLANK) * len(PARTS["agenda"])
    assert "Họp gấp" not in (await binh.get("/meetings")).words


async def test_the_sheet_says_who_waits_for_whom_and_whether_there_is_a_lobby(office: Office) -> None:
    binh = await office.sign_in("binh")
    usual = await binh.post("/meetings/new", sheet())
    other = await binh.post("/meetings/new", sheet(lobby="off", chair_wait="120"))
    for page, expected in ((usual, (True, 30)), (other, (False, 120))):
        meeting = await _sheet_of(office, page.location)
        assert (meeting.lobby, meeting.chair_wait) == expected
    form = await binh.get(f"{other.location}/edit")
    assert form.value("chair_wait") == "120"
    assert '<option value="off" selected>' in form.text


async def test_the_vote_follows_the_role_and_stands_on_the_sheet(office: Office) -> None:
    binh = await office.sign_in("binh")
    fields = sheet(secretary_votes="1", **{"person.cuc": "1", "vote.dung": "no", "vote.lan": ""})
    page = await binh.post("/meetings/new", fields)
    meeting = await _sheet_of(office, page.location)
    roles = {one.id: (str(one.role), one.votes) for one in meeting.people()}
    assert roles == {
        "hanh": ("chair", True),
        "binh": ("secretary", True),
        "dung": ("delegate", False),
        "lan": ("delegate", True),
        "cuc": ("clerk", False),
    }
    shown = (await binh.get(page.location)).words
    assert re.search(r"Văn thư Không", shown)
    assert re.search(r"Thư ký Có", shown)


async def test_a_second_secretary_is_invited_as_one_and_may_prepare_the_meeting(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/new", sheet(**{"person.cuc": "1", "role.cuc": "secretary"}))
    meeting = await _sheet_of(office, page.location)
    assert meeting.secretaries == ("binh", "cuc")
    cuc = await office.sign_in("cuc")
    assert (await cuc.get(page.location)).has("manage")
    assert (await cuc.get(f"{page.location}/edit")).status == 200
    seat = await office.server.sit(office.server.person("cuc"), meeting.room)
    assert "agenda.step" in seat.welcome["may"]


async def _sheet_of(office: Office, path: str) -> Meeting:
    async with office.server.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, path.removeprefix("/meetings/"))
    assert entry is not None
    return entry.meeting
