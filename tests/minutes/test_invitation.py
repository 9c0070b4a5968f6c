"""The invitation (giấy mời) as the sheet gives it: wording and layout of Decree 30/2020, template 1.7."""

from dataclasses import replace
from datetime import date

import pytest

from minutes import invitation
from minutes.authority import council_of
from minutes.content import from_json, to_json
from minutes.document import Kind
from minutes.typeset import Heading, Typesetter
from minutes.wording import invitation_lines
from rooms.proceedings import AgendaItem, MeetingKind, Person, Role, Unit
from rooms.proceedings.values import OUTSIDE
from tests.minutes.conftest import CODE, URL
from tests.minutes.pages import Pages
from tests.minutes.sample_meeting import AUTHORITY, COMMUNES, LEADERS, MEETING, START

TEXT = invitation.draft(MEETING, "3" * 32, AUTHORITY)


def test_it_says_who_invites_whom_to_what_when_and_where_in_that_order() -> None:
    lines = invitation_lines(TEXT, AUTHORITY.unit.name)
    assert lines[0] == "Ủy ban nhân dân tỉnh Lâm Sơn trân trọng kính mời:"
    assert lines[1] == "- Đồng chí Lê Thị Ngọc Ưng, Chủ tịch UBND xã Hòa Phước;"
    assert lines[7] == "- Đồng chí Bùi Thị Ánh Nguyệt, Phó Chủ tịch UBND xã Tân Thượng."
    assert lines[8:13] == [
        "Tới dự: Họp giao ban trực tuyến tháng 02 năm 2026.",
        "Chủ trì: Đồng chí Nguyễn Văn Đường, Chủ tịch UBND tỉnh Lâm Sơn.",
        "Thời gian: 08 giờ 00 phút, ngày 05 tháng 02 năm 2026 (thứ Năm).",
        "Địa điểm: Phòng họp số 1, trụ sở UBND tỉnh.",
        "Nội dung, chương trình:",
    ]
    assert lines[14] == "2. Tiến độ giải ngân vốn đầu tư công (Sở Tài chính)."
    assert "đồng chí Trần Thị Quỳnh Như" in lines[-1]


def test_one_guest_is_invited_in_one_sentence() -> None:
    text = invitation.draft(replace(MEETING, invited=LEADERS[:1]), "3" * 32, AUTHORITY)
    assert invitation_lines(text, "UBND tỉnh")[0] == (
        "UBND tỉnh trân trọng kính mời: Đồng chí Lê Thị Ngọc Ưng, Chủ tịch UBND xã Hòa Phước."
    )


def test_who_comes_from_outside_is_no_comrade_and_of_no_unit_called_guest() -> None:
    outside = Unit(OUTSIDE, "Khách mời")
    farm = Unit(f"{OUTSIDE}-1", "HTX Sông Vàng")
    minh, tu = Person("g1", "Hoàng Minh", "Giám đốc", farm, Role.GUEST), Person("g2", "Bà Tư", "", outside, Role.GUEST)
    text = invitation.draft(replace(MEETING, invited=(*LEADERS[:1], minh, tu)), "3" * 32, AUTHORITY)
    assert text.invitees == (
        "Đồng chí Lê Thị Ngọc Ưng, Chủ tịch UBND xã Hòa Phước",
        "Ông (bà) Hoàng Minh, Giám đốc, HTX Sông Vàng",
        "Bà Tư",
    )
    assert text.closing == "Rất mong quý đại biểu thu xếp thời gian tham dự"


@pytest.mark.parametrize(
    ("committee", "council"),
    [
        ("Ủy ban nhân dân tỉnh Lâm Sơn", "Hội đồng nhân dân tỉnh Lâm Sơn"),
        ("Uỷ ban nhân dân xã Hòa Phước", "Hội đồng nhân dân xã Hòa Phước"),
        ("Văn phòng Ủy ban nhân dân tỉnh", "Văn phòng Ủy ban nhân dân tỉnh"),
    ],
)
def test_a_councils_session_is_called_by_the_council_of_the_place(committee: str, council: str) -> None:
    assert council_of(Unit("u", committee)) == Unit("u", council)


def test_a_crowd_is_invited_by_unit() -> None:
    crowd = tuple(
        Person(f"p{number}", f"Người {number}", "", COMMUNES[number % 2], Role.DELEGATE) for number in range(60)
    )
    text = invitation.draft(replace(MEETING, invited=crowd), "3" * 32, AUTHORITY)
    assert text.invitees == ("Lãnh đạo Ủy ban nhân dân xã Hòa Phước", "Lãnh đạo Ủy ban nhân dân xã Đức Thịnh")


def test_a_later_one_says_which_it_replaces() -> None:
    text = invitation.draft(MEETING, "3" * 32, AUTHORITY, replaced=("05/GM-UBND", date(2026, 1, 30)))
    assert text.notes[0] == "Giấy mời này thay thế Giấy mời số 05/GM-UBND ngày 30 tháng 01 năm 2026."


def test_the_page_has_the_series_and_the_leaders_signature(typesetter: Typesetter) -> None:
    heading = Heading(AUTHORITY, "3" * 32, invitation.signers(MEETING), "05/GM-UBND", date(2026, 1, 30), URL, CODE)
    typeset = typesetter.typeset(Kind.INVITATION, replace(TEXT, invitees=TEXT.invitees[:3]), heading, at=START)
    pages = Pages(typeset.pdf)
    assert "Số: 05/GM-UBND" in pages.text(0)
    assert pages.find(0, "GIẤY MỜI").centre == pytest.approx(30 + 165 / 2, abs=1)
    assert "thu xếp thời gian tham dự./." in pages.text(0)
    assert pages.find(0, "Như trên;").left == pytest.approx(30, abs=4)
    assert [field.name for field in typeset.fields] == ["ChuKyNguoiCoThamQuyen", "DauCoQuan"]


def test_it_comes_back_from_json_as_it_was() -> None:
    assert from_json(Kind.INVITATION, to_json(TEXT)) == TEXT


def test_what_people_typed_never_makes_it_unreadable() -> None:
    sheet = replace(
        MEETING,
        title="Họp\u202e\n" + "a" * 900,
        place="\u200b",
        invited=(replace(LEADERS[0], name="", title=""),),
        agenda=(AgendaItem("1", "\x07", "x" * 600),),
    )
    text = invitation.draft(sheet, "3" * 32, AUTHORITY)
    assert from_json(Kind.INVITATION, to_json(text)) == text


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Chủ tịch UBND tỉnh", ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
        ("Phó Chủ tịch UBND tỉnh", ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")),
        ("Chánh Văn phòng", ("CHÁNH VĂN PHÒNG",)),
    ],
)
def test_a_committee_invites_and_its_chair_signs_for_it(title: str, lines: tuple[str, ...]) -> None:
    meeting = replace(MEETING, chair=replace(MEETING.chair, title=title))
    assert invitation.signers(meeting)[0].title_lines == lines


def test_an_invitation_to_an_emergency_bears_its_stamp_and_any_names_the_papers(typesetter: Typesetter) -> None:
    sudden = replace(MEETING, kind=MeetingKind.EMERGENCY, agenda=())
    text = invitation.draft(sudden, "3" * 32, AUTHORITY, papers=("Báo cáo lũ.pdf", "Phương án.pdf"))
    assert from_json(Kind.INVITATION, to_json(text)) == text
    signers = invitation.signers(sudden)
    heading = Heading(AUTHORITY, "3" * 32, signers, "07/GM-UBND", date(2026, 2, 5), URL, CODE)
    printed = Pages(typesetter.typeset(Kind.INVITATION, text, heading, at=START).pdf).text(0)
    assert "KHẨN" in printed
    said = "".join(printed.split())
    assert "Tài liệu họp: Báo cáo lũ.pdf; Phương án.pdf. Xem, tải về bằng".replace(" ", "") in said
    assert TEXT.urgency is None
