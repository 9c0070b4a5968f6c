"""From what happened to the draft: nobody retypes anything."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from minutes import draft, notice
from minutes.blocks import ConclusionLine
from minutes.content import MinutesContent, from_json, to_json
from minutes.document import Kind, Signer
from minutes.errors import Refused
from minutes.printed import printed
from minutes.reading import LINE
from minutes.wording import (
    attendance_groups,
    attendance_summary,
    conclusion_sentences,
    long_date,
    long_time,
    office,
    vote_sentence,
)
from rooms.proceedings import Person, Proceedings, Role, Unit, iso
from rooms.proceedings.values import OUTSIDE
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, COMMUNES, LEADERS, MEETING, SECRETARY, START, Story


def test_everybody_stands_under_their_unit_with_their_times(content: MinutesContent) -> None:
    groups = {group.unit: group.people for group in content.attendance}
    assert list(groups) == ["Ủy ban nhân dân tỉnh Lâm Sơn", *(unit.name for unit in COMMUNES)]
    lost = groups["Ủy ban nhân dân xã Mỹ Lộc"][0]
    assert lost.name == LEADERS[3].name
    assert [(f"{start:%H:%M}", f"{end:%H:%M}") for start, end in lost.intervals] == [
        ("08:00", "08:25"),
        ("08:41", "10:30"),
    ]
    assert not groups["Ủy ban nhân dân xã Tân Thượng"][0].present
    assert attendance_summary(content.attendance) == (
        "07/08 đại biểu có mặt, thuộc 07/08 đơn vị; ngoài ra có 01 thư ký"
    )


def test_minutes_name_the_kind_of_meeting_first() -> None:
    assert draft.called("Giao ban tuần 49 năm 2026") == "Họp giao ban tuần 49 năm 2026"
    long = "Giao ban " + "x" * (LINE - 9)
    for title in ("Họp giao ban tuần 49", "Hội nghị giao ban quý IV", "Rà soát công tác phòng, chống thiên tai", long):
        assert draft.called(title) == title


def test_an_interval_goes_on_over_less_than_a_minute() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    story.tell(0, "opened", CHAIR.id)
    for back, gone in ((0, 5.2), (6.1, 16), (17, 30)):
        story.tell(back, "joined", CHAIR.id, person=CHAIR.to_json())
        story.left(gone, CHAIR, "lost")
    story.tell(60, "closed", CHAIR.id)
    (chair,) = [
        line
        for group in draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY).attendance
        for line in group.people
        if line.name == CHAIR.name
    ]
    assert [(f"{start:%H:%M}", f"{end:%H:%M}") for start, end in chair.intervals] == [
        ("08:00", "08:16"),
        ("08:17", "08:30"),
    ]


def test_a_guest_of_a_body_outside_is_listed_with_title_and_body_and_an_absent_secretary_as_absent() -> None:
    station = Unit(f"{OUTSIDE}-1", "Đài Khí tượng Thủy văn tỉnh")
    guest = Person("g1", "Trương Minh Khôi", "Giám đốc", station, Role.GUEST)
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    for person in (CHAIR, guest):
        story.tell(-1, "joined", person.id, person=person.to_json())
    story.tell(0, "opened", CHAIR.id)
    story.tell(60, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)
    listed = {line.name: line.title for group in content.attendance for line in group.people}
    assert listed[guest.name] == "Giám đốc, Đài Khí tượng Thủy văn tỉnh"
    assert content.secretary_line.endswith(" (vắng mặt)")


def test_the_counts_of_attendance_are_those_of_votes(content: MinutesContent, proceedings: Proceedings) -> None:
    members = [line for group in content.attendance for line in group.people if line.duty is None]
    assert len(members) == sum(one.votes for one in proceedings.meeting.people()) == 8
    assert sum(line.present for line in members) == content.votes[0].eligible == 7
    duties = {line.name: line.duty for group in content.attendance for line in group.people if line.duty}
    assert duties == {SECRETARY.name: "secretary"}


def test_the_tally_is_the_rooms_tally(content: MinutesContent) -> None:
    vote = content.votes[0]
    counts = (vote.in_favour, vote.against, vote.abstain, vote.none, vote.eligible, vote.result)
    assert counts == (4, 1, 1, 1, 7, "passed")
    assert (LEADERS[2].name, "against") in vote.ballots
    assert vote_sentence(vote) == (
        "Kết quả: 04/07 đại biểu tán thành (đạt 57,1%); không tán thành: 01; không có ý kiến: 01; "
        "không biểu quyết: 01. Nội dung biểu quyết được thông qua."
    )


def test_the_conclusions_say_who_does_what_by_when(content: MinutesContent) -> None:
    assert content.conclusions[1] == ConclusionLine(
        "Hoàn thành giải phóng mặt bằng dự án đường liên xã Mỹ Lộc - Quảng Ngọc",
        COMMUNES[3].name,
        date(2026, 3, 31),
        item=MEETING.agenda[2].title,
    )
    assert conclusion_sentences(content.conclusions[1]).endswith(
        "Đơn vị chủ trì: Ủy ban nhân dân xã Mỹ Lộc; chậm nhất ngày 31 tháng 3 năm 2026."
    )


def test_the_course_follows_the_agenda_with_speakers_and_votes(content: MinutesContent) -> None:
    assert [part.heading for part in content.course] == [
        "Tình hình phát triển kinh tế - xã hội tháng 01",
        "Tiến độ giải ngân vốn đầu tư công",
        "Công tác chuẩn bị Tết Nguyên đán Bính Ngọ",
    ]
    told = " ".join(content.course[1].paragraphs)
    assert "08 giờ 50: đồng chí Vũ Thị Bích Thủy, Chủ tịch UBND xã Mỹ Lộc, phát biểu." in told
    assert "được thông qua" in told


def test_the_draft_carries_the_root_of_the_proceedings(content: MinutesContent, proceedings: Proceedings) -> None:
    assert (content.proceedings_root, content.proceedings_count) == (proceedings.root, len(proceedings.facts))


def test_a_draft_is_valid_content(content: MinutesContent) -> None:
    assert from_json(Kind.MINUTES, to_json(content)) == content


def test_a_meeting_that_goes_on_has_no_minutes_yet(proceedings: Proceedings) -> None:
    running = Proceedings.from_facts(fact for fact in proceedings.facts if fact.kind != "closed")
    with pytest.raises(Refused) as refusal:
        draft.minutes(running, "0" * 32, AUTHORITY)
    assert refusal.value.code == "not_closed"


def test_the_notice_takes_over_the_conclusions(content: MinutesContent, signers: tuple[Signer, ...]) -> None:
    made = notice.draft(content, "1" * 32, number_symbol="07/BB-UBND", issued_on=date(2026, 2, 5), chair=signers[1])
    assert made.body == content.conclusions
    assert made.subject == (
        "Kết luận của đồng chí Chủ tịch UBND tỉnh Nguyễn Văn Đường\ntại cuộc họp giao ban trực tuyến tháng 02 năm 2026"
    )
    assert "Biên bản số 07/BB-UBND" in " ".join(made.intro)
    assert made.recipients[0] == COMMUNES[0].name
    assert from_json(Kind.NOTICE, to_json(made)) == made


def test_the_notice_says_who_helps_until_when(content: MinutesContent, signers: tuple[Signer, ...]) -> None:
    line = replace(content.conclusions[1], co_units=("Công an tỉnh", "Sở Tài chính"))
    source = replace(content, conclusions=(line,))
    made = notice.draft(source, "1" * 32, number_symbol="07/BB-UBND", issued_on=date(2026, 2, 5), chair=signers[1])
    assert made.body == (line,)
    assert line.item == MEETING.agenda[2].title
    assert str(printed(made)[-2]).endswith(
        "Đơn vị chủ trì: Ủy ban nhân dân xã Mỹ Lộc; đơn vị phối hợp: Công an tỉnh, Sở Tài chính; "
        "chậm nhất ngày 31 tháng 3 năm 2026."
    )


def test_minutes_without_conclusions_make_no_notice(content: MinutesContent, signers: tuple[Signer, ...]) -> None:
    bare = from_json(Kind.MINUTES, {**to_json(content), "conclusions": []})
    assert isinstance(bare, MinutesContent)
    with pytest.raises(Refused):
        notice.draft(bare, "1" * 32, number_symbol="07/BB-UBND", issued_on=date(2026, 2, 5), chair=signers[1])


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Chủ tịch UBND tỉnh", ("CHỦ TỊCH",)),
        ("Phó Chủ tịch UBND xã", ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")),
        ("Chánh Văn phòng", ("CHÁNH VĂN PHÒNG",)),
        ("", ("NGƯỜI CÓ THẨM QUYỀN",)),
    ],
)
def test_a_deputy_signs_for_the_head(title: str, lines: tuple[str, ...]) -> None:
    assert notice.authority_lines(title) == lines


def test_dates_are_written_as_an_office_writes_them() -> None:
    assert long_date(date(2026, 2, 5)) == "ngày 05 tháng 02 năm 2026"
    assert long_date(date(2026, 10, 15)) == "ngày 15 tháng 10 năm 2026"
    assert long_date(date(2026, 3, 1)) == "ngày 01 tháng 3 năm 2026"
    assert long_time(START) == "08 giờ 00 phút, ngày 05 tháng 02 năm 2026"


def test_a_title_is_completed_with_the_unit_but_never_doubled() -> None:
    assert office("Chủ tịch UBND xã", COMMUNES[0].name) == "Chủ tịch UBND xã Hòa Phước"
    assert office("Chủ tịch UBND xã Hòa Phước", COMMUNES[0].name) == "Chủ tịch UBND xã Hòa Phước"
    assert office("Kế toán", COMMUNES[0].name) == "Kế toán, UBND xã Hòa Phước"
    assert office("", COMMUNES[0].name) == "UBND xã Hòa Phước"
    assert office(CHAIR.title, CHAIR.unit.name) == "Chủ tịch UBND tỉnh Lâm Sơn"


def test_the_minutes_say_when_nothing_could_be_recorded() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    story.tell(-1, "joined", CHAIR.id, person=CHAIR.to_json())
    story.tell(0, "opened", CHAIR.id)
    for back, since in ((20.5, 20), (50, 30)):
        story.tell(back, "resumed", since=iso(START + timedelta(minutes=since)))
    story.left(60, CHAIR, "closed")
    story.tell(60, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)
    assert [text for part in content.course for text in part.paragraphs] == [
        "Từ 08 giờ 30 đến 08 giờ 50: cuộc họp bị gián đoạn do sự cố kỹ thuật, "
        "diễn biến trong thời gian này không được ghi lại."
    ]


def test_the_minutes_say_which_papers_were_shown_and_by_whom() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    story.tell(-1, "joined", CHAIR.id, person=CHAIR.to_json())
    paper = {"paper": "p1", "name": "Báo cáo mưa lũ.pdf", "pages": 12, "sha256": "0" * 64, "item": None, "by": "Bình"}
    story.tell(-1, "paper_added", "binh", **paper)
    story.tell(0, "opened", CHAIR.id)
    for minute in (5, 30):
        story.tell(minute, "paper_shown", CHAIR.id, paper="p1", page=1)
        story.tell(minute + 1, "paper_closed", CHAIR.id, paper="p1")
    story.left(65, CHAIR, "closed")
    story.tell(65, "closed", CHAIR.id)
    proceedings = Proceedings.from_facts(story.facts)
    assert len(proceedings.papers()) == 2
    (part,) = draft.minutes(proceedings, "0" * 32, AUTHORITY).course
    assert part.heading == "Tài liệu được trình chiếu"
    assert part.paragraphs == (
        f"08 giờ 05: đồng chí {CHAIR.name}, Chủ tịch UBND tỉnh Lâm Sơn, trình chiếu tài liệu “Báo cáo mưa lũ.pdf” "
        "(12 trang).",
    )


def test_the_minutes_name_the_papers_that_were_there_to_read_and_not_shown() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    story.tell(-1, "joined", CHAIR.id, person=CHAIR.to_json())
    for number, name in enumerate(("Báo cáo.pdf", "Dự thảo.pdf", "Gửi nhầm.pdf", "Phụ lục.pdf"), 1):
        paper = {"paper": f"p{number}", "name": name, "pages": number, "sha256": f"{number}" * 64, "item": None}
        story.tell(-1, "paper_added", "binh", **paper, by="Trần Văn Bình")
    story.tell(0, "opened", CHAIR.id)
    story.tell(5, "paper_shown", CHAIR.id, paper="p1", page=1)
    story.tell(6, "paper_closed", CHAIR.id, paper="p1")
    story.tell(7, "paper_removed", "binh", paper="p3")
    story.tell(8, "paper_added", "binh", **paper | {"name": "Phụ lục số liệu.pdf"}, by="Trần Văn Bình")
    story.left(65, CHAIR, "closed")
    story.tell(65, "closed", CHAIR.id)
    shown, read = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY).course
    assert "Báo cáo.pdf" in shown.paragraphs[0]
    assert read.heading == "Tài liệu gửi đại biểu, không trình chiếu"
    assert read.paragraphs == (
        "“Dự thảo.pdf” (02 trang), do Trần Văn Bình gửi.",
        "“Phụ lục số liệu.pdf” (04 trang), do Trần Văn Bình gửi.",
    )


def stepped(*items: str) -> MinutesContent:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    story.tell(-1, "joined", CHAIR.id, person=CHAIR.to_json())
    story.tell(0, "opened", CHAIR.id)
    for number, item in enumerate(items):
        story.tell(10 * number, "agenda_step", CHAIR.id, item=item)
        story.tell(10 * number + 5, "floor_given", CHAIR.id, person=CHAIR.id)
    story.left(65, CHAIR, "closed")
    story.tell(65, "closed", CHAIR.id)
    return draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)


def test_an_item_that_the_meeting_came_back_to_stands_once_and_what_never_came_up_is_named() -> None:
    first, second, left = stepped("1", "2", "1").course
    assert [first.heading, second.heading] == [item.title for item in MEETING.agenda[:2]]
    times = [text.split(":")[0] for text in "\n".join(first.paragraphs).split("\n")]
    assert times == ["Từ 08 giờ 00", "08 giờ 05", "Từ 08 giờ 20", "08 giờ 25"]
    assert "cuộc họp trở lại nội dung này." in " ".join(first.paragraphs)
    assert left.heading == "Nội dung chưa tiến hành"
    assert left.paragraphs == (
        f"Nội dung “{MEETING.agenda[2].title}” có trong chương trình, cuộc họp chưa tiến hành.",
    )  # fmt: skip


def test_who_never_stepped_through_the_agenda_has_left_nothing_out() -> None:
    assert stepped().course == ()


def test_the_minutes_say_when_sound_and_picture_were_recorded() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    story.tell(-1, "joined", CHAIR.id, person=CHAIR.to_json())
    story.tell(0, "opened", CHAIR.id)
    story.tell(5, "recording_started", CHAIR.id, recording="r1")
    story.tell(65, "recording_stopped", CHAIR.id, recording="r1", reason="closed")
    story.left(65, CHAIR, "closed")
    story.tell(65, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)
    assert [text for part in content.course for text in part.paragraphs] == [
        "Từ 08 giờ 05 đến 09 giờ 05: cuộc họp được ghi hình, ghi âm; chỉ ghi hình và tiếng của những người đồng ý."
    ]


def test_the_minutes_say_who_was_in_the_chair_when() -> None:
    story, deputy = Story(), LEADERS[0]
    story.tell(-5, "convened", **MEETING.to_json())
    for person in (CHAIR, deputy):
        story.tell(-1, "joined", person.id, person=person.to_json())
    story.tell(0, "opened", CHAIR.id)
    story.tell(20, "chair_passed", deputy.id, person=deputy.id, of=CHAIR.id, why="lost", for_good=False)
    story.tell(30, "chair_passed", CHAIR.id, person=CHAIR.id, of=deputy.id, why="returned", for_good=False)
    story.tell(60, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)
    [part] = [part for part in content.course if part.heading == "Chủ tọa cuộc họp"]
    assert [text.split(": ")[0] for text in part.paragraphs] == [
        "Từ 08 giờ 00 đến 08 giờ 20",
        "Từ 08 giờ 20 đến 08 giờ 30",
        "Từ 08 giờ 30 đến 09 giờ 00",
    ]
    assert f"{deputy.name}, " in part.paragraphs[1]
    assert "chủ tọa thay, do chủ tọa vắng mặt." in part.paragraphs[1]
    assert CHAIR.name in content.chair_line


def test_who_is_on_duty_is_listed_by_duty_and_in_no_count() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    for number, role in enumerate(("deputy", "guest", "clerk", "technician", "viewer")):
        person = LEADERS[0].to_json() | {"id": f"p{number}", "name": f"Người {role}", "title": "", "role": role}
        story.tell(-1, "joined", f"p{number}", person=person)
    story.tell(0, "opened", CHAIR.id)
    story.tell(60, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)
    listed = [(group.unit, line.name) for group in attendance_groups(content.attendance) for line in group.people]
    absent = {SECRETARY.name, CHAIR.name, *(one.name for one in LEADERS)}
    assert [(unit, name) for unit, name in listed if name not in absent] == [
        (LEADERS[0].unit.name, "Người deputy"),
        ("Văn thư", "Người clerk"),
        ("Khách mời", "Người guest"),
        ("Kỹ thuật", "Người technician"),
        ("Dự thính", "Người viewer"),
    ]
    assert attendance_summary(content.attendance) == (
        "01/09 đại biểu có mặt, thuộc 01/08 đơn vị; ngoài ra có 01 văn thư, 01 khách mời, "
        "01 người phụ trách kỹ thuật, 01 người dự thính"
    )


def test_the_minutes_say_who_met_in_groups_and_who_interpreted() -> None:
    interpreter = replace(LEADERS[0], id="pd", name="Vàng A Pó", title="Cán bộ Phòng Dân tộc", vote=False)
    story = Story()
    story.tell(-5, "convened", **replace(MEETING, invited=(*LEADERS, interpreter)).to_json())
    for person in (CHAIR, interpreter):
        story.tell(-1, "joined", person.id, person=person.to_json())
    story.tell(-1, "channel_opened", CHAIR.id, channel="k1", language="Tiếng Mông")
    story.tell(-1, "interpreter_named", CHAIR.id, person="pd", channel="k1")
    story.tell(0, "opened", CHAIR.id)
    groups = [
        {"id": "g1", "name": "Nhóm 1", "members": [CHAIR.id]},
        {"id": "g2", "name": "Nhóm 2", "members": ["pd", "x"]},
    ]
    story.tell(10, "groups_started", CHAIR.id, groups=groups, until=None)
    story.tell(30, "groups_ended", CHAIR.id)
    story.tell(40, "channel_closed", CHAIR.id, channel="k1")
    story.tell(60, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "0" * 32, AUTHORITY)
    told = {part.heading: part.paragraphs for part in content.course}
    assert told["Thảo luận theo nhóm"] == (
        "Từ 08 giờ 10 đến 08 giờ 30: cuộc họp chia thành 02 nhóm thảo luận: Nhóm 1 (01 người); Nhóm 2 (02 người).",
    )
    assert told["Phiên dịch"] == (
        "Từ 08 giờ 00 đến 08 giờ 40: đồng chí Vàng A Pó, Cán bộ Phòng Dân tộc, UBND xã Hòa Phước, phiên dịch sang "
        "tiếng Mông.",
    )
    [line] = [line for group in content.attendance for line in group.people if line.name == interpreter.name]
    assert (line.duty, line.title) == ("interpreter", "Cán bộ Phòng Dân tộc, UBND xã Hòa Phước")


def test_breaks_and_amendments_of_the_agenda_are_told_with_their_times() -> None:
    story = Story()
    story.tell(-5, "convened", **MEETING.to_json())
    for person in (CHAIR, LEADERS[0]):
        story.tell(0, "joined", person.id, person=person.to_json())
    story.tell(0, "opened", CHAIR.id)
    new = {"id": "added-1", "title": "Việc phát sinh", "presenter": "", "minutes": 10}
    story.tell(5, "agenda_added", CHAIR.id, item=new, before="2")
    story.tell(6, "agenda_moved", CHAIR.id, item="3", before="added-1")
    story.tell(7, "agenda_edited", CHAIR.id, item={**new, "title": "Việc gấp"})
    story.tell(8, "agenda_dropped", CHAIR.id, item="2")
    story.tell(30, "adjourned", CHAIR.id, until=None)
    story.tell(45, "went_on", CHAIR.id)
    story.tell(50, "adjourned", CHAIR.id, until=None)
    story.tell(24 * 60, "went_on", CHAIR.id)
    story.tell(24 * 60 + 5, "closed", CHAIR.id)
    content = draft.minutes(Proceedings.from_facts(story.facts), "4" * 32, AUTHORITY)
    course = {part.heading: "\n".join(part.paragraphs).split("\n") for part in content.course}
    assert course["Tạm nghỉ"] == [
        "Từ 08 giờ 30 đến 08 giờ 45: cuộc họp tạm nghỉ.",
        "Từ 08 giờ 50, ngày 05 tháng 02 năm 2026 đến 08 giờ 00, ngày 06 tháng 02 năm 2026: cuộc họp tạm nghỉ.",
    ]
    assert course["Điều chỉnh chương trình họp"] == [
        "08 giờ 05: đồng chí Nguyễn Văn Đường bổ sung nội dung “Việc phát sinh” trước nội dung “Tiến độ giải ngân vốn "
        "đầu tư công”.",
        "08 giờ 06: đồng chí Nguyễn Văn Đường chuyển nội dung “Công tác chuẩn bị Tết Nguyên đán Bính Ngọ” trước nội "
        "dung “Việc phát sinh”.",
        "08 giờ 07: đồng chí Nguyễn Văn Đường đổi tên nội dung “Việc phát sinh” thành “Việc gấp”.",
        "08 giờ 08: đồng chí Nguyễn Văn Đường bỏ nội dung “Tiến độ giải ngân vốn đầu tư công” khỏi chương trình.",
    ]
    there = content.attendance[1].people[0].intervals
    assert [(f"{start:%d %H:%M}", f"{end:%d %H:%M}") for start, end in there] == [
        ("05 08:00", "05 08:30"),
        ("05 08:45", "05 08:50"),
        ("06 08:00", "06 08:05"),
    ]
