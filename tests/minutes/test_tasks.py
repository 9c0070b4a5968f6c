"""Tasks out of sealed documents: the transition table walked at random, rows that say a task anew, and the due days."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.blocks import ConclusionLine
from minutes.days.calendar import Own, calendar
from minutes.document import Actor, Kind
from minutes.errors import InvalidContent, Refused, SecretContent
from minutes.tasks import pressing
from minutes.tasks.issuing import Row, known_units, refuse_past_deadlines, refuse_several_owners, restated, unit_named
from minutes.tasks.pressing import Pressing, to_escalate, to_remind
from minutes.tasks.reviewing import reviewed, scores, sentences, standing, together
from minutes.tasks.task import (
    ACT_NAMES,
    DONE_NAMES,
    NEEDS_REASON,
    OPEN,
    STATE_NAMES,
    TRANSITIONS,
    Act,
    Correction,
    Source,
    State,
    Step,
    Task,
    acts_on,
    moved,
    said,
)
from rooms.proceedings import Unit
from tests.minutes.samples import text_of

TODAY = date(2026, 3, 2)
TA_NANG, HOA_PHUOC = Unit("ta-nang", "UBND xã Tà Năng"), Unit("hoa-phuoc", "UBND xã Hòa Phước")
DUNG = Actor("dung", "Lò Văn Dũng", "Chủ tịch UBND xã")
HANH = Actor("hanh", "Nguyễn Thị Hạnh", "Phó Chủ tịch UBND tỉnh")


def task(id: int = 1, text: str = "Rà soát các hộ ở vùng sạt lở", **values: object) -> Task:
    made = Task(
        id,
        Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn"),
        Source("d1", Kind.NOTICE, "07/TB-UBND", date(2026, 2, 6), "1", "Tình hình mưa lũ"),
        text,
        TA_NANG,
        (HOA_PHUOC,),
        date(2026, 3, 10),
        date(2026, 2, 6),
    )
    return replace(made, **values)  # type: ignore[arg-type]


def step(act: Act, by: Actor = DUNG, **values: object) -> Step:
    given = {"reason": "Vì mưa lũ kéo dài", "until": TODAY + timedelta(60), "level": 1, **values}
    return Step(act, by, **given)  # type: ignore[arg-type]


def test_a_later_deadline_that_is_asked_for_is_answered_before_the_work_is_confirmed() -> None:
    asked = moved(task(state=State.UNDER_WAY), step(Act.ASK, until=date(2026, 4, 1)), TODAY)
    reported = moved(asked, step(Act.REPORT), TODAY)
    assert reported.asked_until == date(2026, 4, 1)
    with pytest.raises(Refused, match="còn xin lùi thời hạn"):
        moved(reported, step(Act.CONFIRM, HANH), TODAY)
    for act, deadline in ((Act.REFUSE, date(2026, 3, 10)), (Act.GRANT, date(2026, 4, 1))):
        answered = moved(reported, step(act, HANH, until=None), date(2026, 4, 20))
        assert (answered.state, answered.deadline) == (State.REPORTED, deadline)
        assert moved(answered, step(Act.CONFIRM, HANH), date(2026, 4, 20)).state is State.CONFIRMED


def test_a_row_names_one_unit_that_leads() -> None:
    several = replace(text_of(Kind.PLAN), body=(ConclusionLine("Rà soát", "UBND xã A; UBND xã B", None),))
    with pytest.raises(InvalidContent, match=r"body\[0\].owner_unit.*một đơn vị chủ trì"):
        refuse_several_owners(several)
    refuse_several_owners(replace(several, body=(ConclusionLine("Rà soát", "UBND xã A", None, ("UBND xã B; C",)),)))


# --- the table ------------------------------------------------------------------------------------------------


def test_every_state_has_a_row_and_every_act_a_name_and_a_way() -> None:
    assert set(TRANSITIONS) == set(State) == set(STATE_NAMES)
    assert {act for row in TRANSITIONS.values() for act in row} == set(Act)
    assert set(ACT_NAMES) == set(DONE_NAMES) == {"assign", "answer", *Act}
    assert {state for state, row in TRANSITIONS.items() if row} == OPEN


@given(st.lists(st.tuples(st.sampled_from(Act), st.integers(-3, 40), st.booleans()), max_size=30))
def test_whatever_is_tried_the_table_alone_says_what_becomes_of_it(tried: list[tuple[Act, int, bool]]) -> None:
    now, today = task(), TODAY
    for act, days, by_unit in tried:
        today += timedelta(max(0, days // 4))
        code, after = "", now
        try:
            after = moved(now, step(act, DUNG if by_unit else HANH, until=today + timedelta(days)), today)
        except Refused as refused:
            code = refused.code
        if code:
            assert (
                code == "wrong_state" if act not in acts_on(now) else code in ("bad_day", "own_report", "still_asked")
            )
            continue
        assert after.state is TRANSITIONS[now.state][act]
        assert after.state is State.CANCELLED or after.done == (after.reported_on is not None)
        assert after.open or after.asked_until is None
        assert (after.deadline == now.deadline) == (act is not Act.GRANT)
        assert now.deadline is not None
        assert after.deadline is not None
        assert after.deadline >= now.deadline
        assert (after.text, after.owner, after.source) == (now.text, now.owner, now.source)
        now = after


@given(st.sampled_from(sorted(NEEDS_REASON)), st.sampled_from(sorted(State)))
def test_what_must_be_said_is_not_passed_over(act: Act, state: State) -> None:
    with pytest.raises(Refused) as refused:
        moved(task(state=state), step(act, reason=""), TODAY)
    assert refused.value.code in ("wrong_state", "reason_needed")


def test_from_the_assignment_to_the_confirmation() -> None:
    now = task()
    for act, by in ((Act.ACCEPT, DUNG), (Act.BEGIN, DUNG), (Act.REPORT, DUNG), (Act.RETURN, HANH), (Act.REPORT, DUNG)):
        now = moved(now, step(act, by), TODAY)
    assert (now.state, now.reported_on, now.reporter) == (State.REPORTED, TODAY, "dung")
    with pytest.raises(Refused, match="không tự xác nhận"):
        moved(now, step(Act.CONFIRM, DUNG), TODAY)
    assert moved(now, step(Act.CONFIRM, HANH), TODAY).state is State.CONFIRMED


def test_a_later_deadline_is_asked_for_once_and_ends_the_escalation() -> None:
    asked = moved(task(escalated=2), step(Act.ASK, until=date(2026, 4, 1)), TODAY)
    assert Act.ASK not in acts_on(asked)
    granted = moved(asked, step(Act.GRANT, HANH, until=None), TODAY)
    assert (granted.deadline, granted.asked_until, granted.escalated) == (date(2026, 4, 1), None, 0)
    refused = moved(asked, step(Act.REFUSE, HANH), TODAY)
    assert (refused.deadline, refused.asked_until) == (date(2026, 3, 10), None)
    with pytest.raises(Refused, match="sau thời hạn cũ"):
        moved(task(), step(Act.ASK, until=date(2026, 3, 10)), TODAY)


def test_a_task_that_goes_to_another_unit_begins_from_the_beginning() -> None:
    now = moved(task(), step(Act.ACCEPT, person=DUNG), TODAY)
    told = Correction(now.text, HOA_PHUOC, (), now.deadline)
    after = moved(now, step(Act.CORRECT, HANH, correction=told), TODAY)
    assert (after.state, after.owner, after.person) == (State.ASSIGNED, HOA_PHUOC, None)


@given(st.text(max_size=3000))
def test_what_is_typed_is_kept_or_refused(text: str) -> None:
    try:
        kept = said(text)
    except InvalidContent:
        return
    assert kept == text.replace("\r\n", "\n").strip()


def test_a_report_with_a_mark_of_secrecy_is_refused() -> None:
    with pytest.raises(SecretContent):
        said("Kèm báo cáo TUYỆT MẬT")


# --- rows and tasks -------------------------------------------------------------------------------------------


def row(place: str, text: str, owner: str | None = TA_NANG.name, item: str | None = "Tình hình mưa lũ") -> Row:
    return Row(place, ConclusionLine(text, owner, None, item=item))


def test_units_are_known_by_their_long_and_short_names_and_no_other() -> None:
    known = known_units([("ta-nang", "Ủy ban nhân dân xã Tà Năng", "UBND xã Tà Năng")])
    assert unit_named("ubnd xã  tà năng", known) == unit_named("Ủy ban nhân dân xã Tà Năng", known) == TA_NANG
    assert unit_named("Ban Quản lý dự án", known) == Unit("", "Ban Quản lý dự án")


def test_a_name_means_one_unit_or_none() -> None:
    """Who is named reads the document: a tone makes another commune, and two of one name are told apart by nobody."""
    known = known_units([("hoa", "UBND xã Hòa Phước", "xã Hòa Phước"), ("hoá", "UBND xã Hóa Phước", "xã Hóa Phước"),
                         ("1", "UBND xã Tân Lập", "xã Tân Lập"), ("2", "UBND xã Tân Lập", "xã Tân Lập (mới)"),
                         ("phu", "UBND xã Phú Thịnh", "xã Phú Thịnh")])  # fmt: skip
    names = ["xã Hoà Phước", "xã Hóa Phước", "xã Hoa Phước", "xa hoa phuoc", "UBND xã Tân Lập", "xã Tân Lập (mới)",
             "xã Phù Thịnh", "xa phu thinh"]  # fmt: skip
    assert [unit_named(name, known).id for name in names] == ["hoa", "hoá", "", "", "", "2", "", "phu"]


def test_the_notice_says_the_tasks_of_the_minutes_anew_and_makes_no_second_ones() -> None:
    first, second = task(1), task(2, "Báo cáo số hộ phải di dời", owner=HOA_PHUOC)
    rows = [row("1.", "Báo cáo  số hộ phải di dời"), row("2.", "Rà soát các hộ, kể cả ven suối"), row("3.", "Trực ban")]
    again, new, left = restated(rows, [first, second])
    assert [(one.place, found.id) for one, found in again] == [("1.", 2), ("2.", 1)]
    assert ([one.place for one in new], left) == (["3."], [])


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcde"), max_size=8))
def test_no_row_and_no_task_is_counted_twice_or_lost(rows: list[str], texts: list[str]) -> None:
    tasks = [task(number, text) for number, text in enumerate(texts)]
    again, new, left = restated([row(f"{n}.", text) for n, text in enumerate(rows)], tasks)
    assert sorted([one.place for one, _ in again] + [one.place for one in new]) == sorted(
        f"{n}." for n in range(len(rows))
    )
    assert sorted([found.id for _, found in again] + [one.id for one in left]) == list(range(len(texts)))


# --- days -----------------------------------------------------------------------------------------------------


def reminders(now: Task, days: int) -> list[int]:
    """Days before (negative) and after the deadline on which somebody who looks every day reminds."""
    assert now.deadline is not None
    told = []
    for offset in range(-days, days):
        today = now.deadline + timedelta(offset)
        if to_remind(now, Pressing(), today):
            told.append(offset)
            now = replace(now, reminded_on=today)
    return told


def test_people_are_reminded_before_on_the_day_and_weekly_when_it_is_late() -> None:
    assert reminders(task(), 20) == [-5, 0, 1, 8, 15], "a Saturday and a Sunday are no days for it"
    assert reminders(task(state=State.REPORTED, reported_on=TODAY), 20) == []
    assert reminders(task(deadline=date(2026, 3, 10), state=State.CONFIRMED), 20) == []


def test_who_was_not_looked_after_for_days_is_reminded_once() -> None:
    assert to_remind(task(), Pressing(), date(2026, 3, 9))
    assert not to_remind(task(reminded_on=date(2026, 3, 8)), Pressing(), date(2026, 3, 9))


def test_leaders_are_told_step_by_step_and_once() -> None:
    due = date(2026, 3, 10)
    levels = [to_escalate(task(), Pressing(), due + timedelta(days)) for days in (0, 2, 3, 13, 14)]
    assert levels == [0, 0, 1, 1, 2]
    assert to_escalate(task(escalated=1), Pressing(), due + timedelta(6)) == 0
    assert to_escalate(task(), Pressing(3, 0, 0), due + timedelta(50)) == 0


def test_a_deadline_on_a_day_off_ends_with_the_next_working_day() -> None:
    """Tet of 2026 is from Monday 16 February to Friday 20."""
    given = task(deadline=date(2026, 2, 17))
    assert reminders(given, 10) == [-6, 6, 7]
    local = replace(given, office=calendar([Own(date(2026, 2, 23), works=False, note="Lễ hội")]))
    assert not to_remind(local, Pressing(), date(2026, 2, 23))
    assert to_remind(local, Pressing(), date(2026, 2, 24))


def test_days_over_are_counted_from_the_day_with_which_the_term_ends() -> None:
    """28 November 2026 is a Saturday."""
    given, tuesday = task(deadline=date(2026, 11, 28)), date(2026, 12, 1)
    assert given.closes == date(2026, 11, 30)
    assert not given.overdue(date(2026, 11, 30))
    assert standing(given, date(2026, 11, 30)) == "mới giao, đến hạn hôm nay"
    assert standing(given, tuesday) == "mới giao, quá hạn 1 ngày"
    (row,) = scores([replace(given, state=State.CONFIRMED, reported_on=date(2026, 11, 30))], tuesday)
    assert (row.on_time, row.late) == (1, 0)
    closed = replace(given, office=calendar([Own(date(2026, 11, 30), works=False, note="Nghỉ")]))
    assert not closed.overdue(tuesday), "the authority's own day off"
    assert (
        "thời hạn ngày 28 tháng 11 năm 2026 (ngày nghỉ, tính đến hết ngày 30 tháng 11 năm 2026)"
        in sentences([given], tuesday)[1]
    )


def test_what_its_unit_asks_for_or_reports_late_stays_overdue_until_its_authority_decides() -> None:
    late = task(deadline=date(2026, 2, 20))
    asked = moved(late, Step(Act.ASK, DUNG, "Mưa lũ", until=date(2026, 3, 20)), TODAY)
    reported = moved(late, Step(Act.REPORT, DUNG, "Đã xong"), TODAY)
    assert all(one.undecided and one.overdue(TODAY) for one in (asked, reported))
    assert scores([asked, reported], TODAY)[0].overdue == 2
    granted = moved(asked, Step(Act.GRANT, HANH), TODAY)
    assert not granted.undecided
    assert not granted.overdue(TODAY)
    assert not moved(asked, Step(Act.CANCEL, HANH, "Thôi"), TODAY).undecided


@given(st.dictionaries(st.text(max_size=12), st.integers() | st.text(max_size=3), max_size=4))
def test_settings_are_read_or_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidContent):
        pressing.from_json(data)


@given(st.builds(Pressing, *[st.integers(0, 90)] * 3))
def test_settings_come_back(found: Pressing) -> None:
    assert pressing.from_json(pressing.to_json(found)) == found


# --- lists ----------------------------------------------------------------------------------------------------


def test_a_meeting_goes_through_the_overdue_ones_first() -> None:
    late = task(1, deadline=date(2026, 2, 24))
    found = [task(3, deadline=None), task(2), late, task(4, state=State.CONFIRMED, reported_on=TODAY)]
    assert [one.id for one in reviewed(found, TODAY)] == [1, 2, 3]
    first, *rest = sentences(found, TODAY)
    assert first == "Đến ngày 02 tháng 3 năm 2026 còn 3 nhiệm vụ chưa hoàn thành, trong đó 1 nhiệm vụ quá hạn:"
    assert rest[0] == (
        "1) Rà soát các hộ ở vùng sạt lở (Thông báo số 07/TB-UBND); đơn vị chủ trì: UBND xã Tà Năng; "
        "thời hạn ngày 24 tháng 02 năm 2026; mới giao, quá hạn 6 ngày."
    )
    assert sentences([], TODAY) == ("Không còn nhiệm vụ nào của các kỳ trước chưa hoàn thành.",)


def test_how_many_days_are_left_or_over_is_said() -> None:
    assert standing(task(), TODAY) == "mới giao, còn 8 ngày"
    assert standing(task(), date(2026, 3, 10)) == "mới giao, đến hạn hôm nay"
    assert standing(task(state=State.REPORTED, reported_on=TODAY), date(2026, 3, 30)) == "đã báo cáo hoàn thành"


def test_each_task_is_counted_once_for_its_unit() -> None:
    found = [
        task(1, state=State.CONFIRMED, reported_on=date(2026, 3, 10)),
        task(2, state=State.CONFIRMED, reported_on=date(2026, 3, 11)),
        task(3),
        task(4, deadline=date(2026, 2, 27)),
        task(5, state=State.CANCELLED),
        task(6, owner=HOA_PHUOC, deadline=None),
    ]
    first, second = scores(found, TODAY)
    assert (first.unit, first.on_time, first.late, first.open, first.overdue) == (TA_NANG.name, 1, 1, 1, 1)
    assert (second.unit, second.open, second.total) == (HOA_PHUOC.name, 1, 1)
    assert together([first, second]).total == 5


def test_nothing_is_due_before_it_is_given() -> None:
    given = task()
    for days, early in ((-1, True), (0, False)):
        until = given.assigned_on + timedelta(days)
        changed = Correction(given.text, given.owner, given.co_units, until)
        if early:
            with pytest.raises(Refused) as refused:
                moved(given, step(Act.CORRECT, HANH, correction=changed), TODAY)
            assert refused.value.reason.values["day"] == "06/02/2026"
        else:
            assert moved(given, step(Act.CORRECT, HANH, correction=changed), TODAY).deadline == until
    kept = Correction("Rà soát lại", given.owner, given.co_units, given.assigned_on - timedelta(5))
    over = replace(given, deadline=kept.deadline)
    assert moved(over, step(Act.CORRECT, HANH, correction=kept), TODAY).text == "Rà soát lại", "it was so before"


def test_a_document_gives_no_task_whose_time_is_over() -> None:
    row = ConclusionLine("Rà soát", "UBND xã A", TODAY - timedelta(1))
    text = replace(text_of(Kind.DIRECTIVE), body=(row,), minutes_id=None, relation=None)
    with pytest.raises(Refused) as refused:
        refuse_past_deadlines(text, TODAY)
    assert refused.value.reason.values["term"] == "01/03/2026"
    refuse_past_deadlines(text, TODAY - timedelta(1))
    refuse_past_deadlines(replace(text, minutes_id="m"), TODAY)
