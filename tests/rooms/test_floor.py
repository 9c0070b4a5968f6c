"""The speakers' list."""

import pytest

from rooms import EndFloor, GiveFloor, LowerHand, RaiseHand, Refused


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def test_hands_queue_in_the_order_of_raising(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    effects = open_hall.do(open_hall.dung, RaiseHand())
    assert open_hall.told(effects, "floor")[0]["queue"] == ["lan", "dung"]
    assert open_hall.do(open_hall.lan, RaiseHand()) == []


def test_who_gets_the_floor_leaves_the_queue_and_the_last_speakers_turn_ends(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    open_hall.do(open_hall.hanh, GiveFloor("dung"))
    open_hall.wait(minutes=3)
    effects = open_hall.do(open_hall.hanh, GiveFloor("lan"))
    assert open_hall.kinds()[-2:] == ["floor_ended", "floor_given"]
    assert open_hall.told(effects, "floor") == [{"holder": "lan", "since": "2026-11-23T01:03:00Z", "queue": []}]
    assert not open_hall.of(open_hall.lan).hand
    assert open_hall.do(open_hall.hanh, GiveFloor("lan")) == []


def test_the_floor_goes_only_to_somebody_present_who_may_speak(open_hall):
    assert refused(open_hall, open_hall.hanh, GiveFloor("minh")) == "unknown_participant"
    assert refused(open_hall, open_hall.hanh, GiveFloor("tam")) == "not_eligible"


def test_only_the_holder_or_the_chair_ends_a_turn(open_hall):
    open_hall.do(open_hall.hanh, GiveFloor("lan"))
    assert refused(open_hall, open_hall.dung, EndFloor()) == "not_allowed"
    open_hall.do(open_hall.lan, EndFloor())
    assert open_hall.room.state.floor.holder is None
    assert open_hall.do(open_hall.hanh, EndFloor()) == []
    assert refused(open_hall, open_hall.lan, EndFloor()) == "not_allowed"


def test_one_lowers_ones_own_hand_and_the_chair_anybodys(open_hall):
    for person in (open_hall.lan, open_hall.dung):
        open_hall.do(person, RaiseHand())
    assert refused(open_hall, open_hall.dung, LowerHand("lan")) == "not_allowed"
    open_hall.do(open_hall.dung, LowerHand())
    assert open_hall.room.state.floor.queue == ("lan",)
    open_hall.do(open_hall.hanh, LowerHand("lan"))
    assert open_hall.room.state.floor.queue == ()
    assert refused(open_hall, open_hall.hanh, LowerHand("minh")) == "unknown_participant"
