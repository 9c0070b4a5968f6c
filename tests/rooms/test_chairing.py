"""The chair is handed over, offered while its line is lost, and given back."""

from dataclasses import replace

import pytest

from rooms import (
    AdjournMeeting,
    Drop,
    HandChair,
    Join,
    Leave,
    OpenMeeting,
    OpenVote,
    RaiseHand,
    Refused,
    Resume,
    Role,
    SetRole,
    SetSigner,
    StepAgenda,
    TakeChair,
    Tell,
)
from rooms.proceedings import Meeting, Proceedings
from rooms.topics.chairing import offered
from rooms.topics.chat import Say
from rooms.topics.convening import GoOnMeeting
from rooms.topics.notes import EditPad
from rooms.topics.sites import OpenSite, TakeSeat


def refusal(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


@pytest.fixture
def deputised(new_hall):
    """Dũng and Lan are deputies, in this order; all but Minh are there, and Hạnh has opened."""
    hall = new_hall(invited=tuple(replace(one, role=Role.DEPUTY) for one in (new_hall().dung, new_hall().lan)))
    hall.join(hall.hanh, hall.binh, hall.dung, hall.lan, hall.tam)
    hall.do("hanh", OpenMeeting())
    return hall


def roles(hall):
    return {one.id: one.role.value for one in hall.room.participants}


def test_a_deputy_has_no_command_of_the_chair(deputised):
    assert refusal(deputised, "dung", OpenVote("Thông qua?")) == "not_allowed"
    assert refusal(deputised, "dung", TakeChair()) == "not_offered"


def test_the_first_deputy_who_is_there_is_offered_the_chair_after_the_set_time(deputised):
    deputised.do("hanh", Drop())
    deputised.wait(seconds=29)
    deputised.tick()
    assert offered(deputised.room.state) is None
    deputised.wait(seconds=1)
    assert deputised.room.next_tick() <= deputised.now
    [told] = deputised.told(deputised.tick(), "chairing")
    assert (told["offered"], told["why"]) == ("dung", "lost")
    assert refusal(deputised, "lan", TakeChair()) == "not_offered"
    deputised.do("dung", Leave())
    deputised.do("lan", TakeChair())
    assert roles(deputised) | {"minh": ""} == {
        "hanh": "delegate", "binh": "secretary", "dung": "deputy", "lan": "chair", "tam": "viewer", "minh": "",
    }  # fmt: skip
    deputised.do("lan", OpenVote("Thông qua?"))


def test_the_sheet_says_how_long_the_chair_is_waited_for(new_hall):
    hall = new_hall(chair_wait=5, invited=(replace(new_hall().dung, role=Role.DEPUTY),))
    hall.join(hall.hanh, hall.dung)
    hall.do("hanh", OpenMeeting())
    hall.do("hanh", Drop())
    hall.wait(seconds=5)
    hall.do("dung", TakeChair())
    assert hall.room.meeting.chair.id == "dung"


def test_a_chair_who_is_back_in_time_is_asked_nothing(deputised):
    deputised.do("hanh", Drop())
    deputised.wait(seconds=20)
    deputised.join(deputised.hanh)
    deputised.wait(seconds=60)
    deputised.tick()
    assert "chair_vacant" not in deputised.kinds()


def test_an_offer_ends_when_the_chair_comes_back_before_it_is_taken(deputised):
    deputised.do("hanh", Drop())
    deputised.wait(seconds=31)
    deputised.tick()
    told = deputised.told(deputised.join(deputised.hanh), "chairing")
    assert told[-1]["offered"] is None
    assert refusal(deputised, "dung", TakeChair()) == "not_offered"
    assert deputised.kinds()[-4:] == ["line_lost", "chair_vacant", "line_back", "chair_back"]


def test_the_chair_who_returns_is_offered_the_chair_and_takes_it_back(deputised):
    deputised.do("hanh", Drop())
    deputised.wait(minutes=5)
    deputised.do("dung", TakeChair())
    deputised.wait(minutes=5)
    told = deputised.told(deputised.join(deputised.hanh), "chairing")
    assert (told[-1]["offered"], told[-1]["why"], told[-1]["regular"]) == ("hanh", "returned", "hanh")
    assert refusal(deputised, "hanh", OpenVote("Thông qua?")) == "not_allowed"
    deputised.do("hanh", TakeChair())
    assert roles(deputised)["dung"] == "deputy"
    assert roles(deputised)["hanh"] == "chair"
    assert offered(deputised.room.state) is None


def test_a_chair_who_leaves_for_good_leaves_it_to_the_deputy_at_once(deputised):
    deputised.do("hanh", Leave())
    deputised.do("dung", TakeChair())
    assert deputised.room.meeting.chair.id == "dung"


def test_handed_over_for_a_time_it_may_be_taken_back_at_any_time(open_hall):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", HandChair("lan"))
    assert not open_hall.of(open_hall.lan).hand, "the chair needs no hand to speak"
    assert refusal(open_hall, "hanh", HandChair("dung")) == "not_allowed"
    assert refusal(open_hall, "lan", HandChair("dung", for_good=True)) == "not_allowed"
    assert refusal(open_hall, "lan", SetRole("hanh", "viewer")) == "wrong_person"
    open_hall.do("lan", HandChair("dung"))
    assert offered(open_hall.room.state) == ("hanh", "lent")
    open_hall.do("hanh", TakeChair())
    assert open_hall.room.meeting.chair.id == "hanh"


def test_handed_over_for_good_it_is_not_theirs_any_more(open_hall):
    open_hall.do("hanh", HandChair("lan", for_good=True))
    assert refusal(open_hall, "hanh", TakeChair()) == "not_offered"
    assert Proceedings.from_facts(open_hall.kept).meeting.chair.id == "lan"


@pytest.mark.parametrize(
    ("person", "code"),
    [("tam", "wrong_person"), ("binh", "wrong_person"), ("minh", "unknown_participant")],
)
def test_the_chair_goes_to_somebody_who_is_there_and_may_speak(open_hall, person, code):
    assert refusal(open_hall, "hanh", HandChair(person)) == code


def test_the_chair_is_kept_over_a_restart(deputised):
    deputised.do("hanh", HandChair("lan"))
    again = deputised.again()
    again.do("system", Resume(again.now))
    again.join(again.hanh, again.lan)
    assert again.room.meeting.chair.id == "lan"
    assert offered(again.room.state) == ("hanh", "lent")


def test_the_record_says_who_chaired_when(deputised):
    deputised.wait(minutes=10)
    deputised.do("hanh", Drop())
    deputised.wait(minutes=1)
    deputised.do("dung", TakeChair())
    deputised.wait(minutes=9)
    deputised.join(deputised.hanh)
    deputised.do("hanh", TakeChair())
    deputised.wait(minutes=10)
    deputised.do("hanh", HandChair("lan"))
    proceedings = Proceedings.from_facts(deputised.kept)
    found = [
        (one.person.id, (one.started_at - deputised.start).seconds // 60, one.why) for one in proceedings.chaired()
    ]
    assert found == [("hanh", 0, ""), ("dung", 11, "lost"), ("hanh", 20, "returned"), ("lan", 30, "handed")]
    assert proceedings.meeting.chair.id == "hanh", "who chairs for a time does not sign as the chair"


def test_the_chair_changes_somebodys_role_and_it_stays_with_the_person(open_hall):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", SetRole("lan", "viewer"))
    assert not open_hall.of(open_hall.lan).hand
    assert refusal(open_hall, "lan", RaiseHand()) == "not_allowed"
    open_hall.do("lan", Leave())
    open_hall.do(open_hall.lan, Join(open_hall.lan))  # as the invitation had it
    assert open_hall.of(open_hall.lan).role is Role.VIEWER
    open_hall.do("hanh", SetRole("tam", "delegate"))
    again = open_hall.again()
    assert roles(again) == roles(open_hall)
    attended = {one.person.id: one.person.role for one in Proceedings.from_facts(open_hall.kept).attendance()}
    assert (attended["lan"], attended["tam"]) == (Role.VIEWER, Role.DELEGATE)


def test_a_second_secretary_is_named_beside_the_first_with_the_same_rights(open_hall):
    assert refusal(open_hall, "hanh", SetRole("binh", "delegate")) == "wrong_person"
    open_hall.do("hanh", SetRole("lan", "secretary"))
    for person in (open_hall.binh, open_hall.lan):
        assert open_hall.of(person).role is Role.SECRETARY
        open_hall.do(person, StepAgenda("a1"))
        open_hall.do(person, EditPad("a1", 0, (f"{person.id} ghi.",), person.id, 1))
    assert open_hall.room.meeting.secretaries == ("binh", "lan"), "and Bình signs"
    assert roles(open_hall.again()) == roles(open_hall)
    open_hall.do("hanh", SetRole("lan", "delegate"))
    assert open_hall.room.meeting.secretaries == ("binh",)


def test_the_chair_says_which_of_the_secretaries_signs(open_hall):
    assert refusal(open_hall, "hanh", SetSigner("lan")) == "wrong_person"
    open_hall.do("hanh", SetRole("lan", "secretary"))
    assert open_hall.do("hanh", SetSigner("binh")) == []
    open_hall.do("hanh", SetSigner("lan"))
    assert open_hall.room.meeting.secretaries == ("lan", "binh")
    assert open_hall.of(open_hall.binh).role is Role.SECRETARY, "stays secretary"
    assert open_hall.again().room.meeting.secretaries == ("lan", "binh")
    held = Proceedings.from_facts(open_hall.kept)
    assert held.meeting.secretaries == ("lan", "binh")
    assert [one.person.role for one in held.attendance()[:3]] == [Role.CHAIR, Role.SECRETARY, Role.SECRETARY]
    open_hall.do("hanh", SetRole("binh", "delegate"))
    assert open_hall.room.meeting.secretaries == ("lan",)


def test_who_writes_has_no_place_at_a_site_and_reads_what_is_said_to_the_desk(open_hall):
    open_hall.do("hanh", OpenSite("lan"))
    open_hall.join(replace(open_hall.minh, unit=open_hall.lan.unit))
    open_hall.do("hanh", TakeSeat("lan", "minh"))
    open_hall.do("hanh", SetRole("minh", "secretary"))
    assert open_hall.of(open_hall.minh).seat is None
    told = open_hall.do("dung", Say("Xin gặp thư ký.", to="desk"))
    assert {effect.to for effect in told if isinstance(effect, Tell)} >= {"hanh", "binh", "minh"}


def test_an_older_sheet_waits_the_usual_time(hall):
    data = hall.sheet.to_json()
    del data["chair_wait"]
    assert Meeting.from_json(data).chair_wait == 30


def test_the_chair_is_replaced_in_a_break_too(deputised):
    deputised.do("hanh", AdjournMeeting())
    deputised.do("hanh", Drop())
    deputised.wait(seconds=31)
    deputised.tick()
    assert offered(deputised.room.state) == ("dung", "lost")
    deputised.do("dung", TakeChair())
    deputised.do("dung", GoOnMeeting())
    assert deputised.room.meeting.chair.id == "dung"
    deputised.do("dung", AdjournMeeting())
    deputised.do("dung", HandChair("lan"))
    assert deputised.again().room.meeting.chair.id == "lan"
