"""The speakers' list."""

import pytest

from rooms import (
    Drop,
    EndFloor,
    GiveFloor,
    Leave,
    LimitFloor,
    LowerHand,
    MoveHand,
    OpenMeeting,
    RaiseHand,
    Refused,
    Resume,
)
from rooms.topics.floor import FLOOR


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def test_hands_queue_in_the_order_of_raising(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    effects = open_hall.do(open_hall.dung, RaiseHand())
    assert [one["participant"] for one in open_hall.told(effects, "floor")[0]["queue"]] == ["lan", "dung"]
    assert open_hall.do(open_hall.lan, RaiseHand()) == []


def test_who_gets_the_floor_leaves_the_queue_and_the_last_speakers_turn_ends(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    open_hall.do(open_hall.hanh, GiveFloor("dung"))
    open_hall.wait(minutes=3)
    effects = open_hall.do(open_hall.hanh, GiveFloor("lan"))
    assert open_hall.kinds()[-2:] == ["floor_ended", "floor_given"]
    (floor,) = open_hall.told(effects, "floor")
    assert (floor["holder"], floor["since"], floor["until"], floor["queue"]) == (
        "lan",
        "2026-11-23T01:03:00Z",
        None,
        [],
    )
    assert not open_hall.of(open_hall.lan).hand
    assert open_hall.do(open_hall.hanh, GiveFloor("lan")) == []


def test_the_floor_goes_only_to_somebody_present_who_may_speak(open_hall):
    assert refused(open_hall, open_hall.hanh, GiveFloor("minh")) == "unknown_participant"
    assert refused(open_hall, open_hall.hanh, GiveFloor("tam")) == "not_eligible"


def test_only_the_holder_or_the_chair_ends_a_turn(open_hall):
    open_hall.do(open_hall.hanh, GiveFloor("lan"))
    assert refused(open_hall, open_hall.dung, EndFloor()) == "not_allowed"
    open_hall.do(open_hall.lan, EndFloor())
    assert FLOOR.of(open_hall.room.state).holder is None
    assert open_hall.do(open_hall.hanh, EndFloor()) == []
    assert refused(open_hall, open_hall.lan, EndFloor()) == "not_allowed"


def test_one_lowers_ones_own_hand_and_the_chair_anybodys(open_hall):
    for person in (open_hall.lan, open_hall.dung):
        open_hall.do(person, RaiseHand())
    assert refused(open_hall, open_hall.dung, LowerHand("lan")) == "not_allowed"
    open_hall.do(open_hall.dung, LowerHand())
    assert FLOOR.of(open_hall.room.state).queue == ("lan",)
    open_hall.do(open_hall.hanh, LowerHand("lan"))
    assert FLOOR.of(open_hall.room.state).queue == ()
    assert refused(open_hall, open_hall.hanh, LowerHand("minh")) == "unknown_participant"


def queue(hall):
    return FLOOR.of(hall.room.state).queue


def test_one_asks_for_a_point_of_the_agenda_and_says_about_what_and_may_think_again(open_hall):
    open_hall.do("lan", RaiseHand("a2", "Đường vào xã bị sạt lở"))
    open_hall.do("dung", RaiseHand())
    effects = open_hall.do("lan", RaiseHand("a1"))
    asked = open_hall.told(effects, "floor")[0]["queue"]
    assert [(one["participant"], one["item"], one["text"]) for one in asked] == [
        ("lan", "a1", None),
        ("dung", None, None),
    ]
    assert refused(open_hall, "dung", RaiseHand("a9")) == "unknown_item"


def test_a_point_of_order_is_heard_first(open_hall):
    open_hall.do("dung", RaiseHand())
    open_hall.do("binh", RaiseHand(order=True))
    open_hall.do("lan", RaiseHand(order=True))
    assert queue(open_hall) == ("binh", "lan", "dung")
    open_hall.do("hanh", MoveHand("dung", "binh"))
    assert queue(open_hall) == ("binh", "lan", "dung"), "nobody is put before it"
    open_hall.do("hanh", MoveHand("lan", "binh"))
    assert queue(open_hall) == ("lan", "binh", "dung")
    effects = open_hall.do("hanh", GiveFloor("lan"))
    assert open_hall.told(effects, "floor")[0]["order"] is True
    effects = open_hall.do("hanh", GiveFloor("dung"))
    assert open_hall.told(effects, "floor")[0]["order"] is False
    (step,) = open_hall.room.proceedings.course()
    assert [(turn.person.id, turn.order) for turn in step.speakers] == [("lan", True), ("dung", False)]


def test_the_chair_puts_the_list_in_another_order(open_hall):
    for person in ("lan", "dung", "binh"):
        open_hall.do(person, RaiseHand())
    open_hall.do("hanh", MoveHand("binh", "lan"))
    open_hall.do("hanh", MoveHand("lan"))
    assert queue(open_hall) == ("binh", "dung", "lan")
    assert open_hall.do("hanh", MoveHand("lan")) == []
    assert refused(open_hall, "hanh", MoveHand("hanh")) == "unknown_participant"
    assert refused(open_hall, "dung", MoveHand("dung", "binh")) == "not_allowed"


def test_who_asked_before_the_meeting_is_on_the_list_when_it_begins(hall):
    hall.join(hall.hanh, hall.lan, hall.dung)
    hall.do("lan", RaiseHand("a2"))
    hall.do("dung", RaiseHand())
    assert refused(hall, "dung", RaiseHand(order=True)) == "not_open"
    hall.do("lan", Leave())
    hall.do("hanh", OpenMeeting())
    assert queue(hall) == ("lan", "dung")
    assert refused(hall, "hanh", GiveFloor("lan")) == "unknown_participant"
    hall.join(hall.lan)
    hall.do("hanh", GiveFloor("lan"))
    hall.do("dung", Leave())
    assert queue(hall) == (), "who leaves a meeting that has begun does not wait"


def test_a_turn_that_is_over_is_ended_by_the_clock_if_the_chair_wants_it_so(open_hall):
    open_hall.do("hanh", LimitFloor(180, ends=True))
    assert open_hall.do("hanh", LimitFloor(180, ends=True)) == []
    open_hall.do("lan", RaiseHand())
    effects = open_hall.do("hanh", GiveFloor("lan"))
    assert open_hall.told(effects, "floor")[0]["until"] == "2026-11-23T01:03:00Z"
    open_hall.wait(seconds=179)
    assert open_hall.tick() == []
    open_hall.wait(seconds=1)
    assert open_hall.room.next_tick() == open_hall.now
    (floor,) = open_hall.told(open_hall.tick(), "floor")
    assert (floor["holder"], floor["timed_out"]) == (None, True)
    assert (open_hall.kept[-1].kind, open_hall.kept[-1].actor) == ("floor_ended", "system")
    assert open_hall.room.next_tick() is None


def test_otherwise_the_clock_only_shows_it(open_hall):
    open_hall.do("hanh", LimitFloor(60))
    open_hall.do("hanh", GiveFloor("lan"))
    open_hall.wait(minutes=10)
    assert open_hall.tick() == []
    assert FLOOR.of(open_hall.room.state).holder == "lan"


def test_the_chair_gives_somebody_more_time_or_another(open_hall):
    open_hall.do("hanh", LimitFloor(60, ends=True))
    open_hall.do("hanh", GiveFloor("lan", 120))
    open_hall.wait(seconds=110)
    assert open_hall.do("hanh", GiveFloor("lan")) == []
    effects = open_hall.do("hanh", GiveFloor("lan", 60))
    assert open_hall.told(effects, "floor")[0]["until"] == "2026-11-23T01:02:50Z"
    assert open_hall.again().room.next_tick() == open_hall.room.next_tick()


def test_a_turn_ends_once_when_line_and_time_run_out_together(open_hall):
    open_hall.do("hanh", LimitFloor(60, ends=True))
    open_hall.do("hanh", GiveFloor("lan"))
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=60)
    open_hall.tick()
    assert open_hall.kinds().count("floor_ended") == 1


def test_after_an_outage_a_turn_whose_time_is_over_is_over(open_hall):
    open_hall.do("hanh", LimitFloor(60, ends=True))
    open_hall.do("hanh", GiveFloor("lan"))
    again = open_hall.again()
    again.wait(minutes=5)
    again.do("system", Resume(open_hall.start))
    assert FLOOR.of(again.room.state).holder is None
