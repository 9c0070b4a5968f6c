"""Plans, deadlines, turns, delegations and relations as values."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.days.calendar import calendar
from minutes.document import Document, Kind, Signed, Signer, State
from minutes.errors import InvalidContent, Refused
from minutes.reading import VIETNAM
from minutes.workflow import plan
from minutes.workflow.capacity import Capacity
from minutes.workflow.consultation import Asked, Invited, Remark, mine, remark_text, round_of, unanswered
from minutes.workflow.delegation import Delegation, refuse_without_right, sound
from minutes.workflow.plan import Comments, Workflow, due
from minutes.workflow.relation import Changed, Deed, in_force, refuse_wrong_relation
from minutes.workflow.turns import Task, days_over, turns
from tests.minutes.sample_meeting import PROVINCE

FRIDAY = datetime(2026, 2, 6, 9, 0, tzinfo=VIETNAM)

WORKFLOWS = st.builds(
    Workflow,
    comments=st.sampled_from(Comments),
    check=st.sampled_from(plan.CHECKERS),
    parallel=st.booleans(),
    comment_days=st.integers(0, plan.MAX_DAYS),
    check_days=st.integers(0, plan.MAX_DAYS),
)


@given(WORKFLOWS)
def test_a_plan_comes_back_as_it_was_stored(workflow: Workflow) -> None:
    assert plan.from_json(plan.to_json(workflow)) == workflow


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from([*plan.to_json(Workflow()), "other"]), JSON) | JSON)
def test_what_is_no_plan_is_refused_with_its_field(data: object) -> None:
    try:
        assert isinstance(plan.from_json(data), Workflow)
    except InvalidContent:
        assert data != plan.to_json(Workflow())


@pytest.mark.parametrize(("days", "day"), [(1, 9), (2, 10), (5, 13), (6, 23)])
def test_deadlines_count_working_days(days: int, day: int) -> None:
    assert due(FRIDAY, days, calendar()) == datetime(2026, 2, day, 17, 0, tzinfo=VIETNAM)


def test_no_days_are_no_deadline() -> None:
    assert due(FRIDAY, 0, calendar()) is None


def test_what_is_late_is_counted_in_days_begun() -> None:
    assert [days_over(FRIDAY, FRIDAY + timedelta(hours=hours)) for hours in (-1, 0, 1, 24, 25, 48)] == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert days_over(None, FRIDAY) == 0


LEADER = Signer("leader", "hanh", "Hạnh", ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), step=1)
SECOND = Signer("leader", "long", "Long", ("CHỦ TỊCH",), step=1, nth=2)
SEAL = Signer("seal", PROVINCE.id, PROVINCE.name, (), step=2)


def document(state: State, workflow: Workflow = plan.SHORT_WAY, kind: Kind = Kind.NOTICE, *signed: Signer) -> Document:
    made = Document(
        id="d" * 32,
        kind=kind,
        unit=PROVINCE,
        meeting_id=None,
        state=state,
        title="Thông báo",
        place="Lâm Sơn",
        version=1,
        code="AAAA",
        created_at=FRIDAY,
        changed_at=FRIDAY,
        signers=(LEADER, SECOND, SEAL),
        workflow=workflow,
        due_at=FRIDAY + timedelta(1),
    )
    return replace(made, signed=tuple(Signed(one, "issuer", 1, FRIDAY) for one in signed))


def test_somebody_has_the_turn_wherever_a_document_waits_for_people() -> None:
    asked = (Asked(1, 1, "dung", "", "Dũng", FRIDAY),)
    for state in State:
        if state not in (State.STAMPING, State.SEALED, State.DISCARDED):
            assert turns(document(state, Workflow(check="clerk")), asked), state


def test_all_who_may_sign_now_have_the_turn() -> None:
    both = turns(document(State.APPROVED))
    assert {(turn.task, turn.account) for turn in both} == {(Task.SIGN, "hanh"), (Task.SIGN, "long")}
    (left,) = turns(document(State.APPROVED, plan.SHORT_WAY, Kind.NOTICE, LEADER))
    assert left.account == "long"


REMARK = Remark("Dũng", "Chủ tịch", FRIDAY, 1, False, "Sửa câu thứ hai")


def test_who_has_answered_is_waited_for_no_more() -> None:
    dung, lan = Asked(1, 1, "dung", "", "Dũng", FRIDAY), Asked(2, 1, "", "hoa-phuoc", "UBND xã", FRIDAY)
    waiting = turns(document(State.COMMENTS), (replace(dung, remark=REMARK), lan))
    assert [(turn.task, turn.unit) for turn in waiting] == [(Task.REMARK, "hoa-phuoc")]
    (gathering,) = turns(document(State.COMMENTS), (replace(dung, remark=REMARK), replace(lan, remark=REMARK)))
    assert (gathering.task, gathering.role) == (Task.GATHER, "secretary")


def test_one_answers_for_oneself_before_ones_unit() -> None:
    own, unit = Asked(1, 1, "dung", "", "Dũng", FRIDAY), Asked(2, 1, "", "ta-nang", "UBND xã Tà Năng", FRIDAY)
    assert mine((unit, own), "dung", "ta-nang") == own
    assert mine((unit, replace(own, remark=REMARK)), "dung", "ta-nang") == unit
    assert mine((unit, own), "lan", "hoa-phuoc") is None


def test_a_round_asks_each_once_and_until_a_day_to_come() -> None:
    dung = Invited("dung", "", "Dũng")
    assert round_of((dung, dung), FRIDAY + timedelta(1), FRIDAY) == (dung,)
    for invited, until, code in (((), 1, "nobody_asked"), ((dung,), -1, "deadline_passed")):
        with pytest.raises(Refused) as refusal:
            round_of(invited, FRIDAY + timedelta(until), FRIDAY)
        assert refusal.value.code == code


@given(st.text(max_size=40), st.booleans())
def test_a_remark_says_something_or_agrees(text: str, agrees: bool) -> None:
    try:
        said = remark_text(text, agrees=agrees)
    except (Refused, InvalidContent):
        return
    assert said or agrees
    assert "\r\n" not in said


def test_agreement_without_a_text_needs_no_answer() -> None:
    agreed = Asked(1, 1, "dung", "", "Dũng", FRIDAY, replace(REMARK, agrees=True, text=""))
    assert unanswered((agreed,)) == ()
    assert len(unanswered((replace(agreed, remark=REMARK),))) == 1


GIVEN = Delegation(
    id=1,
    unit=PROVINCE.id,
    account="son",
    name="Sơn",
    capacity=Capacity.AUTHORISED,
    kinds=frozenset({Kind.NOTICE}),
    since=date(2026, 1, 1),
    until=date(2026, 3, 31),
    basis="Quyết định số 05/QĐ-UBND ngày 10/01/2026",
    by_name="Bình",
    at=FRIDAY.astimezone(UTC),
    confirmed_at=FRIDAY.astimezone(UTC),
)
BY_ORDER = Signer("leader", "son", "Sơn", ("TUQ. CHỦ TỊCH", "TRƯỞNG PHÒNG"))


def refusal_of(day: date, known: tuple[Delegation, ...], kind: Kind = Kind.NOTICE, signer: Signer = BY_ORDER) -> str:
    try:
        refuse_without_right(kind, (signer, SEAL), known, day)
    except Refused as refused:
        return f"{refused.code}: {refused.reason}"
    return ""


def test_a_right_holds_from_its_first_day_to_its_last() -> None:
    assert refusal_of(date(2026, 1, 1), (GIVEN,)) == refusal_of(date(2026, 3, 31), (GIVEN,)) == ""
    assert "đã hết hạn ngày 31/03/2026" in refusal_of(date(2026, 4, 1), (GIVEN,))
    assert "mới bắt đầu" in refusal_of(date(2025, 12, 31), (GIVEN,))


def test_a_right_that_is_missing_revoked_or_of_other_kinds_is_told_apart() -> None:
    day = date(2026, 2, 6)
    assert "chưa được giao quyền ký TUQ." in refusal_of(day, ())
    assert "bị thu hồi" in refusal_of(day, (replace(GIVEN, revoked_at=FRIDAY),))
    assert "không bao gồm loại văn bản Chỉ thị" in refusal_of(day, (GIVEN,), Kind.DIRECTIVE)
    assert refusal_of(day, (replace(GIVEN, kinds=frozenset()),), Kind.DIRECTIVE) == ""
    assert refusal_of(day, (replace(GIVEN, account="hai"),)) != ""


def test_a_deputy_needs_no_record_but_is_bound_by_one() -> None:
    day = date(2026, 4, 1)
    assert refusal_of(day, (), signer=LEADER) == ""
    lapsed = replace(GIVEN, account="hanh", capacity=Capacity.DEPUTY)
    assert "hết hạn" in refusal_of(day, (lapsed,), signer=LEADER)
    assert refusal_of(day, (lapsed, replace(lapsed, id=2, until=None)), signer=LEADER) == ""


@given(st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.integers(0, 500))
def test_nobody_signs_for_the_head_outside_a_right(day: date, since: date, length: int) -> None:
    given_right = replace(GIVEN, since=since, until=since + timedelta(length))
    assert (refusal_of(day, (given_right,)) == "") is (since <= day <= since + timedelta(length))


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GIVEN, capacity=Capacity.OWN),
        replace(GIVEN, basis="  "),
        replace(GIVEN, until=None),
        replace(GIVEN, until=date(2025, 12, 1)),
    ],
)
def test_a_right_that_the_decree_does_not_know_is_not_put_on_record(wrong: Delegation) -> None:
    assert sound(GIVEN) == GIVEN
    with pytest.raises(Refused):
        sound(wrong)


OLD = replace(document(State.SEALED), id="0" * 32)


def wrong_relation(deed: Deed, kind: Kind = Kind.NOTICE, target: Document = OLD, *done: Changed) -> str:
    try:
        refuse_wrong_relation(deed, document(State.REVIEW, kind=kind), target, done, frozenset({Kind.DIRECTIVE}))
    except Refused as refused:
        return refused.reason
    return ""


def test_content_is_put_right_by_the_same_form_and_form_by_a_letter() -> None:
    assert wrong_relation(Deed.REPLACES) == wrong_relation(Deed.AMENDS) == ""
    assert "cùng hình thức" in wrong_relation(Deed.REPLACES, Kind.DIRECTIVE)
    assert "bằng công văn" in wrong_relation(Deed.CORRECTS)
    assert wrong_relation(Deed.CORRECTS, Kind.DIRECTIVE) == wrong_relation(Deed.RECALLS, Kind.DIRECTIVE) == ""


def test_only_what_is_issued_and_in_force_and_ones_own_can_be_changed() -> None:
    assert "đã phát hành" in wrong_relation(Deed.RECALLS, Kind.NOTICE, replace(OLD, state=State.SIGNED))
    other = replace(OLD, unit=replace(PROVINCE, id="ta-nang"))
    assert "cơ quan khác" in wrong_relation(Deed.RECALLS, Kind.NOTICE, other)
    recalled = Changed(Deed.RECALLS, "9" * 32, Kind.NOTICE, "09/TB-UBND", 2026, date(2026, 2, 5), True, FRIDAY)
    assert "đã bị thu hồi bởi thông báo số 09/TB-UBND" in wrong_relation(Deed.REPLACES, Kind.NOTICE, OLD, recalled)
    assert not in_force((recalled,))
    assert in_force((replace(recalled, deed=Deed.AMENDS),))
