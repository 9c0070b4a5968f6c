"""The server was down while a meeting was open: nobody is recorded as present through it."""

from datetime import timedelta

import pytest

from rooms import LOST, CastBallot, CloseMeeting, CloseVote, GiveFloor, Join, Leave, OpenVote, RaiseHand, Resume
from rooms.topics.floor import FLOOR
from rooms.topics.voting import VOTES


def spans(hall, person):
    """The person's intervals in seconds after the start."""
    (found,) = [one for one in hall.room.proceedings.attendance() if one.person.id == person.id]
    return seconds(hall, found.intervals)


def seconds(hall, intervals):
    return [tuple((at - hall.start) // timedelta(seconds=1) for at in span) for span in intervals]


def left(hall):
    return {fact.data["person"]: fact.data["since"] for fact in hall.kept if fact.kind == "left"}


@pytest.fixture
def crashed(open_hall):
    """Lan holds the floor, Dũng's hand is up, both have voted. The server was last known to run at 01:10:00."""
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", CastBallot("v1", "for"))
    open_hall.do("dung", CastBallot("v1", "for"))
    open_hall.do("hanh", GiveFloor("lan"))
    open_hall.do("dung", RaiseHand())
    open_hall.wait(minutes=10)
    return open_hall.again()


def test_eight_hours_of_outage_are_nobodys_attendance(crashed):
    since = crashed.now
    crashed.wait(hours=8)
    crashed.do("system", Resume(since))
    crashed.wait(seconds=5)
    crashed.join(crashed.hanh, crashed.lan)
    crashed.wait(minutes=5)
    crashed.do("hanh", CloseMeeting())
    back, end = 8 * 3600 + 605, 8 * 3600 + 905
    assert spans(crashed, crashed.hanh) == [(0, 600), (back, end)]
    assert spans(crashed, crashed.lan) == [(0, 600), (back, end)]
    assert spans(crashed, crashed.dung) == [(0, 600)]
    assert seconds(crashed, crashed.room.proceedings.interruptions()) == [(600, 8 * 3600 + 600)]


def test_who_is_back_soon_after_the_restart_has_no_gap_and_the_others_left_at_the_crash(crashed):
    since = crashed.now
    crashed.wait(seconds=40)
    crashed.do("system", Resume(since))
    assert crashed.kept[-1].data == {"since": "2026-11-23T01:10:00Z"}
    assert crashed.room.next_tick() == crashed.now + LOST, "nobody could come back before"
    crashed.wait(seconds=9)
    crashed.join(crashed.hanh)
    crashed.wait(seconds=11)
    crashed.tick()
    assert left(crashed) == dict.fromkeys(["binh", "dung", "lan", "tam"], "2026-11-23T01:10:00Z")
    crashed.wait(minutes=1)
    crashed.do("hanh", CloseMeeting())
    assert spans(crashed, crashed.hanh) == [(0, 720)]
    assert spans(crashed, crashed.lan) == [(0, 600)]


def test_a_long_outage_does_to_floor_queue_and_vote_what_a_drop_does(crashed):
    since = crashed.now
    crashed.wait(hours=8)
    effects = crashed.do("system", Resume(since))
    state = crashed.room.state
    assert FLOOR.of(state).holder is None, "an empty chair does not keep the floor"
    assert FLOOR.of(state).queue == ("dung",), "a raised hand waits"
    assert VOTES.of(state).ballot("lan").choice == "for"
    (floor,) = crashed.told(effects, "floor")
    assert (floor["holder"], [one["participant"] for one in floor["queue"]]) == (None, ["dung"])
    crashed.join(crashed.hanh)
    crashed.do("hanh", CloseVote("v1"))
    (result,) = crashed.room.proceedings.votes()
    assert (result.outcome.eligible, result.outcome.tally["for"], result.outcome.result) == (3, 2, "passed")


def test_a_second_crash_right_after_the_restart_does_not_give_the_outage_back(crashed):
    since = crashed.now
    crashed.wait(hours=8)
    crashed.do("system", Resume(since))
    again = crashed.again()
    again.wait(seconds=1)
    again.do("system", Resume(crashed.now))
    again.join(again.hanh)
    again.do("hanh", CloseMeeting())
    assert spans(again, again.lan) == [(0, 600)]


def test_who_is_known_by_a_fact_to_have_been_there_was_there_until_then(crashed):
    heartbeat = crashed.now
    crashed.wait(seconds=7)
    crashed.do(crashed.minh, Join(crashed.minh))
    after = crashed.again()
    after.wait(hours=1)
    after.do("system", Resume(heartbeat))
    assert set(left(after).values()) == {"2026-11-23T01:10:07Z"}


def test_a_heartbeat_from_a_clock_that_ran_ahead_is_not_after_now(crashed):
    ahead = crashed.now + timedelta(days=1)
    crashed.wait(seconds=10)
    crashed.do("system", Resume(ahead))
    assert crashed.of(crashed.lan).away_since == crashed.now
    assert crashed.room.proceedings.interruptions() == ()


def test_a_restart_of_an_empty_room_or_before_the_opening_interrupts_no_meeting(hall):
    hall.join(hall.hanh)
    after = hall.again()
    after.wait(hours=1)
    after.do("system", Resume(hall.start))
    assert after.kinds()[-2:] == ["resumed", "left"]
    assert after.room.proceedings.interruptions() == ()
    after.join(after.hanh)
    after.do("hanh", Leave())
    assert after.do("system", Resume(hall.start)) == []
