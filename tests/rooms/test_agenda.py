"""The agenda is amended as the meeting goes, and every amendment stands in its proceedings."""

from datetime import timedelta

import pytest

from rooms import CloseMeeting, Refused, StepAgenda
from rooms.topics.agenda import AGENDA, MAX_ITEMS, AddItem, DropItem, EditItem, MoveItem


def order(hall):
    return [item.title for item in AGENDA.of(hall.room.state).items]


def test_points_are_added_moved_edited_and_dropped(open_hall):
    first, second = order(open_hall)
    open_hall.do("hanh", AddItem("Việc gấp", "Sở Nội vụ", 5, "a1"))
    assert order(open_hall) == ["Việc gấp", first, second]
    open_hall.do("binh", MoveItem("a2", "a1"))
    assert order(open_hall) == ["Việc gấp", second, first]
    open_hall.do("binh", MoveItem("added-1"))
    assert order(open_hall) == [second, first, "Việc gấp"]
    open_hall.do("binh", EditItem("added-1", "Việc rất gấp", minutes=10))
    assert AGENDA.of(open_hall.room.state).items[2].minutes == 10
    open_hall.do("hanh", DropItem("a2"))
    assert order(open_hall) == [first, "Việc rất gấp"]
    assert AGENDA.of(open_hall.again().room.state) == AGENDA.of(open_hall.room.state)


def test_what_changes_nothing_is_no_fact(open_hall):
    known = len(open_hall.kept)
    open_hall.do("hanh", MoveItem("a1", "a2"))
    open_hall.do("hanh", MoveItem("a1", "a1"))
    open_hall.do("hanh", MoveItem("a2"))
    open_hall.do("hanh", EditItem("a2", "Phòng, chống lụt bão"))
    assert len(open_hall.kept) == known


def test_a_point_that_was_called_up_stays(open_hall):
    open_hall.do("hanh", StepAgenda("a1"))
    open_hall.do("hanh", StepAgenda("a2"))
    with pytest.raises(Refused) as refused:
        open_hall.do("hanh", DropItem("a1"))
    assert refused.value.code == "item_dealt_with"


@pytest.mark.parametrize(
    "command", [AddItem("x", before="a9"), EditItem("a9", "x"), MoveItem("a1", "a9"), DropItem("a9")]
)
def test_a_point_that_is_not_there_is_none(open_hall, command):
    with pytest.raises(Refused) as refused:
        open_hall.do("hanh", command)
    assert refused.value.code == "unknown_item"


def test_an_agenda_does_not_grow_for_ever(open_hall):
    for number in range(MAX_ITEMS - 2):
        open_hall.do("hanh", AddItem(f"Việc {number}"))
    with pytest.raises(Refused) as refused:
        open_hall.do("hanh", AddItem("một việc nữa"))
    assert refused.value.code == "agenda_full"


def test_before_the_opening_it_is_the_sheet_that_changes(hall):
    hall.join(hall.hanh)
    with pytest.raises(Refused) as refused:
        hall.do("hanh", AddItem("Việc gấp"))
    assert refused.value.code == "not_open"


def test_the_page_can_tell_how_long_a_point_has_taken(open_hall):
    at = open_hall.wait(minutes=3)
    effects = open_hall.do("hanh", StepAgenda("a1"))
    (agenda,) = open_hall.told(effects, "agenda")
    assert agenda["since"] == at.isoformat().replace("+00:00", "Z")


def test_the_proceedings_tell_who_changed_what_and_the_course_has_the_new_points(open_hall):
    open_hall.do("binh", AddItem("Việc gấp", before="a1"))
    open_hall.wait(minutes=1)
    open_hall.do("hanh", MoveItem("a2", "a1"))
    open_hall.do("hanh", EditItem("a1", "Thu, chi ngân sách"))
    open_hall.do("hanh", StepAgenda("added-1"))
    open_hall.do("hanh", StepAgenda("a1"))
    open_hall.do("hanh", DropItem("a2"))
    open_hall.do("hanh", CloseMeeting())
    proceedings = open_hall.room.proceedings
    told = [(one.by.id, one.kind, one.before and one.before.title, one.after and one.after.title)
            for one in proceedings.agenda_changes()]  # fmt: skip
    assert told == [
        ("binh", "agenda_added", None, "Việc gấp"),
        ("hanh", "agenda_moved", "Phòng, chống lụt bão", "Phòng, chống lụt bão"),
        ("hanh", "agenda_edited", "Tình hình thu ngân sách", "Thu, chi ngân sách"),
        ("hanh", "agenda_dropped", "Phòng, chống lụt bão", None),
    ]
    assert proceedings.agenda_changes()[0].next.id == "a1"
    assert [step.item.title for step in proceedings.course()] == ["Việc gấp", "Thu, chi ngân sách"]
    assert proceedings.closed_at - proceedings.opened_at == timedelta(minutes=1)
