"""Whatever was typed in a meeting, its minutes can be stored, read and edited."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from minutes import draft, fit
from minutes.content import MinutesContent, from_json, read_unmarked, texts, to_json
from minutes.document import Kind
from rooms.proceedings import AgendaItem, Meeting, Person, Proceedings, Role, Unit
from server.pages import FORM_LIMIT
from server.pages.desk_form import typed_of
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, MEETING, PROVINCE, SECRETARY, START, Story, held

GUEST = Person("t-1", "Khách", "", Unit("", ""), Role.CHAIR)


def told(meeting: Meeting, *facts: tuple[str, dict[str, object]], minutes: float = 1) -> Proceedings:
    """A meeting with the chair, a guest, and these facts `minutes` apart."""
    story = Story()
    story.tell(-20, "convened", **meeting.to_json())
    story.tell(-2, "joined", CHAIR.id, person=CHAIR.to_json())
    story.tell(-1, "joined", GUEST.id, person=GUEST.to_json())
    story.tell(0, "opened", CHAIR.id)
    for number, (kind, data) in enumerate(facts, 1):
        story.tell(number * minutes, kind, CHAIR.id, **data)
    story.tell((len(facts) + 1) * minutes, "closed", CHAIR.id)
    return Proceedings.from_facts(story.facts)


def drafted(proceedings: Proceedings) -> MinutesContent:
    """The draft, after the way through JSON that every stored text takes."""
    content = from_json(Kind.MINUTES, to_json(draft.minutes(proceedings, "0" * 32, AUTHORITY)))
    assert isinstance(content, MinutesContent)
    return content


def test_who_belongs_to_no_unit_is_a_guest() -> None:
    content = drafted(told(MEETING, ("floor_given", {"person": GUEST.id})))
    assert "Khách mời" in [group.unit for group in content.attendance]
    assert "ông (bà) Khách, khách mời, phát biểu." in " ".join(content.course[0].paragraphs)


def test_marks_of_direction_and_controls_are_dropped() -> None:
    title = "Họp \u202ekín\x07 tháng\u200b 02\r\n"
    assert drafted(told(replace(MEETING, title=title))).title == "Họp kín tháng 02"
    assert drafted(told(replace(MEETING, title="\u202e"))).title == "Cuộc họp"


def test_what_is_too_long_is_cut_visibly() -> None:
    title = drafted(told(replace(MEETING, title="x" * 900))).title
    assert (len(title), title[-1]) == (500, "…")


def test_the_presenter_is_named_as_planned_and_nothing_is_said_of_what_they_did() -> None:
    text = " ".join(drafted(held()).course[0].paragraphs)
    assert "(người trình bày theo chương trình: Văn phòng UBND tỉnh)" in text
    assert "Văn phòng UBND tỉnh trình bày" not in text


def test_a_thousand_steps_and_conclusions_still_fit_the_form() -> None:
    meeting = replace(
        MEETING, agenda=tuple(AgendaItem(str(n), f"Nội dung {n} " + "y" * 400, "z" * 400) for n in range(600))
    )
    steps = [("agenda_step", {"item": str(number % 600)}) for number in range(1000)]
    put = [
        ("concluded", {"conclusion": f"k{n}", "text": "t" * 1900, "owner": None, "deadline": None, "item": None})
        for n in range(700)
    ]
    content = drafted(told(meeting, *steps, *put, minutes=0.1))
    assert len(content.course) == 500
    assert content.course[-1].heading == "Các nội dung tiếp theo"
    assert len(content.conclusions) == 500
    typed = typed_of(Kind.MINUTES, to_json(content))
    # A browser sends each line end as two characters.
    assert sum(len(text.replace("\n", "\r\n")) for text in typed.values()) < FORM_LIMIT


def test_a_line_that_drops_six_hundred_times_is_no_obstacle() -> None:
    story = Story()
    story.tell(-20, "convened", **MEETING.to_json())
    story.tell(0, "opened", CHAIR.id)
    for number in range(600):
        story.tell(number * 1.2 + 0.1, "joined", CHAIR.id, person=CHAIR.to_json())
        story.left(number * 1.2 + 0.2, CHAIR, "lost")
    story.tell(800, "closed", CHAIR.id)
    people = drafted(Proceedings.from_facts(story.facts)).attendance[0].people
    assert len(people[0].intervals) == 600


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=6, max_size=6))
def test_no_text_makes_minutes_that_cannot_be_read(odd: list[str]) -> None:
    meeting = replace(MEETING, title=odd[0], place=odd[1], agenda=(AgendaItem("1", odd[2], odd[3]),))
    chair = replace(CHAIR, name=odd[4], title=odd[5])
    content = draft.minutes(
        told(replace(meeting, chair=chair), ("agenda_step", {"item": "1"}), minutes=3), "0" * 32, AUTHORITY
    )
    assert read_unmarked(Kind.MINUTES, to_json(content)) == content
    assert fit.plain(content).document_id == content.document_id


def test_a_sign_that_cannot_be_printed_is_replaced_everywhere() -> None:
    content = drafted(told(replace(MEETING, title="Họp 👍", place="Phòng 👍")))
    mended = fit.without(content, "👍")
    assert "👍" not in str(texts(to_json(mended)))
    assert to_json(mended)["title"] == "Họp □"


def test_who_has_no_key_leaves_the_signature_to_the_one_who_was_convened() -> None:
    proceedings = told(MEETING, ("chair_taken", {"person": GUEST.id}), ("secretary_taken", {"person": GUEST.id}))
    signers = draft.minutes_signers(proceedings, lambda account: account != GUEST.id)
    assert [signer.account for signer in signers] == [SECRETARY.id, CHAIR.id, PROVINCE.id]
    assert [one.account for one in draft.minutes_signers(proceedings, lambda _: True)][:2] == [GUEST.id, GUEST.id]
    assert drafted(proceedings).chair_line == "Ông (bà) Khách - khách mời"


def test_all_secretaries_are_named_and_one_who_has_a_key_signs() -> None:
    second = Person("lan", "Phạm Thị Lan", "Chuyên viên", PROVINCE, Role.SECRETARY)
    proceedings = told(replace(MEETING, invited=(*MEETING.invited, second)))
    names = [f"Đồng chí {one.name}" for one in (SECRETARY, second)]
    lines = drafted(proceedings).secretary_line.split("; ")
    assert [line.split(" - ")[0] for line in lines] == names
    signers = [draft.minutes_signers(proceedings, keys.__contains__)[0].account for keys in ({"lan"}, {SECRETARY.id})]
    assert signers == ["lan", SECRETARY.id]


def test_times_stay_in_order_whatever_the_clock_did() -> None:
    content = drafted(told(MEETING))
    assert content.ended_at - content.starts_at >= timedelta(0)
    assert content.starts_at == START
