"""The agenda, and what is concluded under its items."""

from datetime import date, timedelta

import pytest

from rooms import PutConclusion, Refused, RemoveConclusion, StepAgenda
from rooms.proceedings import Conclusion
from rooms.series import ZONE


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def test_the_secretary_steps_through_the_agenda(open_hall):
    effects = open_hall.do(open_hall.binh, StepAgenda("a2"))
    assert open_hall.told(effects, "agenda")[0]["current"] == "a2"
    assert open_hall.do(open_hall.hanh, StepAgenda("a2")) == []
    assert refused(open_hall, open_hall.binh, StepAgenda("a9")) == "unknown_item"


def test_a_conclusion_says_who_does_what_by_when(open_hall):
    put = PutConclusion("Rà soát các hồ chứa.", owner="hoa-binh", deadline=date(2026, 11, 30), item="a2")
    effects = open_hall.do(open_hall.binh, put)
    assert open_hall.told(effects, "conclusion") == [
        {
            "id": "c1",
            "text": "Rà soát các hồ chứa.",
            "owner": {"id": "hoa-binh", "name": "Ủy ban nhân dân xã Hòa Bình"},
            "helpers": [],
            "deadline": "2026-11-30",
            "item": "a2",
            "removed": False,
        }
    ]


def test_a_deadline_that_has_passed_is_refused_and_one_that_was_said_in_time_may_stay(open_hall):
    today = open_hall.now.astimezone(ZONE).date()
    yesterday = today - timedelta(1)
    assert refused(open_hall, open_hall.binh, PutConclusion("Một", deadline=yesterday)) == "past_deadline"
    open_hall.do(open_hall.binh, PutConclusion("Một", deadline=today))
    open_hall.wait(days=1)
    open_hall.do(open_hall.binh, PutConclusion("Một, đã sửa", conclusion="c1", deadline=today))
    other = PutConclusion("Một, đã sửa", conclusion="c1", deadline=yesterday)
    assert refused(open_hall, open_hall.binh, other) == "past_deadline"


def test_units_that_help_are_named_once_and_not_beside_themselves(open_hall):
    put = PutConclusion("Rà soát", owner="hoa-binh", helpers=("tan-lap", "hoa-binh", "tan-lap"))
    (told,) = open_hall.told(open_hall.do(open_hall.binh, put), "conclusion")
    assert [unit["id"] for unit in told["helpers"]] == ["tan-lap"]
    (kept,) = open_hall.room.proceedings.conclusions()
    assert [unit.id for unit in kept.helpers] == ["tan-lap"]


def test_a_conclusion_of_before_there_were_helpers_has_none():
    data = {"conclusion": "c1", "text": "Rà soát", "owner": None, "deadline": None, "item": None}
    assert Conclusion.from_fact(data).helpers == ()


def test_an_edit_replaces_and_a_removal_takes_out_of_the_record(open_hall):
    open_hall.do(open_hall.binh, PutConclusion("Một"))
    open_hall.do(open_hall.binh, PutConclusion("Hai", owner="tan-lap"))
    open_hall.do(open_hall.hanh, PutConclusion("Một, đã sửa", conclusion="c1"))
    effects = open_hall.do(open_hall.binh, RemoveConclusion("c2"))
    assert open_hall.told(effects, "conclusion")[0]["removed"] is True
    assert [(one.id, one.text) for one in open_hall.room.proceedings.conclusions()] == [("c1", "Một, đã sửa")]
    open_hall.do(open_hall.binh, PutConclusion("Ba"))
    assert [one.id for one in open_hall.room.proceedings.conclusions()] == ["c1", "c3"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (PutConclusion("x", conclusion="c9"), "unknown_conclusion"),
        (PutConclusion("x", owner="so-y-te"), "unknown_unit"),
        (PutConclusion("x", helpers=("tan-lap", "so-y-te")), "unknown_unit"),
        (PutConclusion("x", item="a9"), "unknown_item"),
        (RemoveConclusion("c9"), "unknown_conclusion"),
    ],
)
def test_a_conclusion_refers_only_to_what_is_there(open_hall, command, code):
    assert refused(open_hall, open_hall.binh, command) == code


def test_a_removed_conclusion_is_gone_for_good(open_hall):
    open_hall.do(open_hall.binh, PutConclusion("Một"))
    open_hall.do(open_hall.binh, RemoveConclusion("c1"))
    assert refused(open_hall, open_hall.binh, PutConclusion("Lại", conclusion="c1")) == "unknown_conclusion"
    assert refused(open_hall, open_hall.binh, RemoveConclusion("c1")) == "unknown_conclusion"
