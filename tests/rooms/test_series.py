"""Regular meetings by their rule: which days there are, what differs, what follows a change."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.series import LAST, REVIEW, SPAN, ZONE, Mark, Phase, Rule, Series, carried
from tests.minutes.sample_meeting import MEETING

DAYS = st.dates(date(2026, 1, 1), date(2035, 12, 31))
WEEKDAYS = st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple)
CHOSEN = st.one_of(
    st.tuples(WEEKDAYS, st.just(0), st.just(0)),
    st.tuples(st.integers(0, 6).map(lambda one: (one,)), st.sampled_from((1, 2, 3, 4, LAST)), st.just(0)),
    st.tuples(st.just(()), st.just(0), st.integers(1, 31)),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    first, length = draw(DAYS), draw(st.integers(0, SPAN.days))
    at = draw(st.times()).replace(second=0, microsecond=0)
    return Rule(at, first, first + timedelta(days=length), *draw(CHOSEN))


@given(rules())
def test_dates_follow_each_other_within_the_bounds_at_the_time_of_the_clock(rule: Rule) -> None:
    days = rule.days()
    assert list(days) == sorted(set(days))
    assert all(rule.first <= day <= rule.until for day in days)
    for day in days:
        local = rule.moment(day).astimezone(ZONE)
        assert (local.date(), local.time(), local.utcoffset()) == (day, rule.at, timedelta(hours=7))
    # By counting through the calendar: every day that fits is there, and no other.
    every = [rule.first + timedelta(days=n) for n in range((rule.until - rule.first).days + 1)]
    assert list(days) == [day for day in every if fits(rule, day)]
    assert Rule.from_json(rule.to_json()) == rule


def fits(rule: Rule, day: date) -> bool:
    ends = (day + timedelta(days=1)).month != day.month
    if rule.day:
        return day.day == rule.day or (ends and day.day < rule.day)
    if day.weekday() not in rule.weekdays:
        return False
    if rule.nth == LAST:
        return (day + timedelta(days=7)).month != day.month
    return not rule.nth or (day.day - 1) // 7 + 1 == rule.nth


@given(rules(), st.integers(1, 60))
def test_a_number_of_dates_is_that_many(rule: Rule, number: int) -> None:
    most = len(replace(rule, until=rule.first + SPAN).days())
    assert len(rule.counting(number).days()) == min(number, most)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": ()},
        {"weekdays": (7,)},
        {"weekdays": (1, 1)},
        {"weekdays": (0, 1), "nth": 1},
        {"weekdays": (0,), "nth": 5},
        {"weekdays": (0,), "day": 3},
        {"weekdays": (), "day": 32},
        {"until": date(2026, 1, 1)},
        {"until": date(2036, 1, 1)},
    ],
)
def test_a_rule_that_says_nothing_cannot_be_made(wrong: dict[str, object]) -> None:
    sound = Rule(time(8), date(2026, 12, 7), date(2027, 6, 1), (0,))
    with pytest.raises(ValueError, match="no such rule"):
        replace(sound, **wrong)  # type: ignore[arg-type]


MONDAYS = Rule(time(8, 30), date(2026, 12, 7), date(2027, 1, 31), (0,))
WEEKLY = Series("s1", "lam-son", 7, (Phase(date(2026, 12, 7), MONDAYS, MEETING, {}),))


def test_one_date_is_moved_and_another_dropped_and_both_keep_their_day() -> None:
    moved = datetime(2026, 12, 15, 14, 0, tzinfo=ZONE)
    marks = {date(2026, 12, 14): Mark(moved_to=moved), date(2026, 12, 21): Mark(dropped="Nghỉ")}
    slots = WEEKLY.slots(marks)
    assert [slot.day.day for slot in slots] == [7, 14, 21, 28, 4, 11, 18, 25]
    assert (slots[1].starts_at, slots[2].mark.dropped) == (moved, "Nghỉ")


def test_from_a_date_on_another_rule_holds_and_before_it_the_old_one() -> None:
    tuesdays = Rule(time(14), date(2026, 12, 29), date(2027, 1, 31), (1,))
    changed = WEEKLY.changed_from(Phase(date(2026, 12, 28), tuesdays, MEETING, {}))
    assert [slot.day.isoformat() for slot in changed.slots({})] == [
        "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-29", "2027-01-05", "2027-01-12", "2027-01-19", "2027-01-26",
    ]  # fmt: skip
    ended = changed.ended_from(date(2027, 1, 5))
    assert len(ended.slots({})) == 4
    # A change before the end makes all of it anew.
    assert len(ended.changed_from(Phase(date(2026, 12, 21), MONDAYS, MEETING, {})).slots({})) == 8


def test_a_meeting_has_an_id_by_its_day_and_reviews_the_one_before() -> None:
    first, second, *_ = WEEKLY.slots({})
    sheet = replace(MEETING, previous="")
    assert WEEKLY.meeting(first, sheet, "", "r").agenda == MEETING.agenda
    made = WEEKLY.meeting(second, sheet, "s1-20261207", "r")
    assert (made.id, made.room, made.previous) == ("s1-20261214", "r", "s1-20261207")
    assert made.agenda == (REVIEW, *MEETING.agenda)
    assert made.starts_at == datetime(2026, 12, 14, 8, 30, tzinfo=ZONE)


def test_what_was_changed_by_hand_does_not_follow_the_series() -> None:
    was = WEEKLY.meeting(WEEKLY.slots({})[0], MEETING, "", "r")
    now = replace(was, place="Hội trường B", title="Giao ban tuần")
    edited = replace(was, title="Giao ban cuối năm")
    assert carried(edited, was, now) == replace(now, title="Giao ban cuối năm")
