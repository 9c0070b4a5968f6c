"""A meeting is adjourned and goes on; until it is opened its sheet may change or it may be cancelled."""

from dataclasses import replace

import pytest

from rooms import (
    SYSTEM,
    AdjournMeeting,
    AgendaItem,
    CancelMeeting,
    ChangeSheet,
    CloseMeeting,
    GiveFloor,
    Join,
    MeetingState,
    OpenMeeting,
    OpenVote,
    RaiseHand,
    Refused,
    StartRecording,
    StepAgenda,
)
from rooms.meeting import KINDS, OVER, TRANSITIONS
from rooms.topics.convening import GoOnMeeting
from rooms.topics.floor import FLOOR


def test_the_table_has_an_answer_for_every_state_and_act():
    assert set(TRANSITIONS) == set(MeetingState)
    assert all(tuple(row) == KINDS for row in TRANSITIONS.values())
    assert all(isinstance(found, str) for state in OVER for found in TRANSITIONS[state].values())


def test_a_break_ends_the_turn_and_the_recording_but_lowers_no_hand(open_hall):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", GiveFloor("dung"))
    open_hall.do("hanh", StartRecording())
    open_hall.do("hanh", AdjournMeeting(15))
    assert open_hall.kinds()[-3:] == ["recording_stopped", "floor_ended", "adjourned"]
    assert FLOOR.of(open_hall.room.state).queue == ("lan",)
    session = open_hall.room.state.session
    assert (session.state, session.until) == (MeetingState.ADJOURNED, open_hall.wait(minutes=15))


def test_nobody_is_given_the_floor_in_a_break_and_hands_wait(open_hall):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", AdjournMeeting())
    with pytest.raises(Refused) as refused:
        open_hall.do("hanh", GiveFloor("lan"))
    assert refused.value.code == "not_open"
    open_hall.do("hanh", GoOnMeeting())
    open_hall.do("hanh", GiveFloor("lan"))
    assert FLOOR.of(open_hall.room.state).holder == "lan"


def test_there_is_no_break_while_people_vote(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    with pytest.raises(Refused) as refused:
        open_hall.do("hanh", AdjournMeeting())
    assert refused.value.code == "vote_open"
    assert open_hall.room.meeting_state is MeetingState.OPEN


def test_attendance_ends_at_the_break_and_begins_again_after_it(open_hall):
    begins = open_hall.now
    pause = open_hall.wait(minutes=30)
    open_hall.do("hanh", AdjournMeeting())
    open_hall.wait(minutes=5)
    open_hall.join(open_hall.minh)  # comes in the break, and is gone before the end
    open_hall.wait(minutes=5)
    on = open_hall.now
    open_hall.do("hanh", GoOnMeeting())
    ends = open_hall.wait(minutes=20)
    open_hall.do("hanh", CloseMeeting())
    proceedings = open_hall.room.proceedings
    spans = {one.person.id: one.intervals for one in proceedings.attendance()}
    assert spans["dung"] == ((begins, pause), (on, ends))
    assert spans["minh"] == ((on, ends),)
    assert proceedings.breaks() == ((pause, on),)


def test_who_was_there_only_in_the_break_did_not_attend(open_hall):
    open_hall.do("hanh", AdjournMeeting())
    open_hall.wait(minutes=1)
    open_hall.join(open_hall.minh)
    open_hall.wait(minutes=1)
    open_hall.do("hanh", CloseMeeting())
    spans = {one.person.id: one.intervals for one in open_hall.room.proceedings.attendance()}
    assert spans["minh"] == ()


def test_an_adjourned_meeting_is_so_after_a_crash(open_hall):
    open_hall.do("hanh", AdjournMeeting(60))
    again = open_hall.again()
    assert again.room.state.session == open_hall.room.state.session
    again.do("hanh", GoOnMeeting())
    assert again.room.meeting_state is MeetingState.OPEN


def test_another_sheet_before_the_opening_is_that_of_the_meeting(hall):
    hall.join(hall.hanh, hall.dung)
    sheet = replace(
        hall.sheet, title="Họp mới", invited=(hall.dung, hall.minh), agenda=(AgendaItem("n1", "Việc mới", "", 10),)
    )
    effects = hall.do(SYSTEM, ChangeSheet(sheet))
    assert hall.told(effects, "meeting")[0]["title"] == "Họp mới"
    assert [one.id for one in hall.room.participants] == ["hanh", "binh", "dung", "minh"]
    assert hall.of(hall.dung).present
    hall.do("hanh", OpenMeeting())
    hall.do("hanh", StepAgenda("n1"))
    hall.do("hanh", CloseMeeting())
    proceedings = hall.again().room.proceedings
    assert proceedings.meeting.title == proceedings.convened().title == "Họp mới"
    assert [step.item.title for step in proceedings.course()] == ["Việc mới"]


def test_once_opened_the_sheet_stands(open_hall):
    with pytest.raises(Refused) as refused:
        open_hall.do(SYSTEM, ChangeSheet(open_hall.sheet))
    assert refused.value.code == "already_open"
    with pytest.raises(Refused):
        open_hall.do(SYSTEM, CancelMeeting("bão"))


def test_a_cancelled_meeting_sends_everybody_home_and_nobody_comes_in(hall):
    hall.join(hall.hanh, hall.dung)
    hall.do(SYSTEM, CancelMeeting("Bão số 9"))
    assert hall.kept[-1].data == {"reason": "Bão số 9"}
    assert not any(one.present for one in hall.room.participants)
    with pytest.raises(Refused) as refused:
        hall.do("lan", Join(hall.lan))
    assert refused.value.code == "cancelled"
    with pytest.raises(Refused) as refused:
        hall.do("hanh", OpenMeeting())
    assert refused.value.code == "cancelled"
