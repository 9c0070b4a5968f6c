"""Live captions: a recogniser hears those who agreed, while captions are on, and nobody else."""

import pytest

from rooms import CloseMeeting, Leave, Media, Refused, Resume, StartRecording
from rooms.topics.captions import CAPTIONS, AnswerCaptions, BreakCaptions, StartCaptions, StopCaptions, captioned
from rooms.topics.grouping import EndGroups, StartGroups
from rooms.topics.sites import FreeSeat, OpenSite, TakeSeat


def heard(effects):
    return [(one.action, one.participant) for one in effects if isinstance(one, Media) and "hear" in one.action]


@pytest.fixture
def captions(open_hall):
    """Hạnh has switched captions on; nobody else has answered yet."""
    open_hall.do("hanh", StartCaptions())
    return open_hall


def test_who_switches_them_on_is_heard_and_nobody_else(open_hall):
    effects = open_hall.do("hanh", StartCaptions())
    assert heard(effects) == [("hear", "hanh")]
    assert open_hall.told(effects, "captions")[-1] == {
        "running": True,
        "since": "2026-11-23T01:00:00Z",
        "by": "hanh",
        "consents": [{"participant": "hanh", "agreed": True}],
    }


def test_to_agree_to_the_recording_is_not_to_agree_to_captions(captions):
    captions.do("dung", AnswerCaptions(False))
    captions.do("binh", StartRecording())
    assert not captioned(captions.room.state, "binh")
    assert heard(captions.do("lan", AnswerCaptions(True))) == [("hear", "lan")]


def test_who_withdraws_is_no_longer_heard(captions):
    assert heard(captions.do("hanh", AnswerCaptions(False))) == [("unhear", "hanh")]


def test_who_leaves_is_no_longer_heard_and_is_heard_again_on_coming_back(captions):
    captions.do("lan", AnswerCaptions(True))
    assert ("unhear", "lan") in heard(captions.do("lan", Leave()))
    assert heard(captions.join(captions.lan)) == [("hear", "lan")]


def test_one_who_refuses_by_their_own_phone_ends_it_for_the_whole_site(captions):
    captions.join(captions.minh)
    captions.do("lan", OpenSite())
    captions.do("lan", AnswerCaptions(True))
    captions.do("lan", TakeSeat("lan", "minh"))
    assert captioned(captions.room.state, "lan")
    assert heard(captions.do("minh", AnswerCaptions(False))) == [("unhear", "lan")]
    assert heard(captions.do("lan", AnswerCaptions(True))) == []
    assert heard(captions.do("minh", AnswerCaptions(True))) == [("hear", "lan"), ("hear", "minh")]


def test_who_sits_down_having_refused_ends_it_and_who_gets_up_does_not_keep_it_ended(captions):
    captions.join(captions.minh)
    captions.do("minh", AnswerCaptions(False))
    captions.do("lan", OpenSite())
    captions.do("lan", AnswerCaptions(True))
    assert heard(captions.do("lan", TakeSeat("lan", "minh"))) == [("unhear", "lan")]
    assert heard(captions.do("lan", FreeSeat("lan", "minh"))) == [("hear", "lan")]


def test_switched_off_nobody_is_heard_and_the_answers_hold(captions):
    captions.do("lan", AnswerCaptions(True))
    assert heard(captions.do("binh", StopCaptions())) == [("unhear", "hanh"), ("unhear", "lan")]
    assert heard(captions.do("binh", StartCaptions())) == [("hear", "binh"), ("hear", "hanh"), ("hear", "lan")]


def test_nobody_is_heard_while_people_meet_in_groups(captions):
    captions.do("lan", AnswerCaptions(True))
    groups = StartGroups((("Tổ 1", ("dung", "lan")),))
    assert heard(captions.do("hanh", groups)) == [("unhear", "hanh"), ("unhear", "lan")]
    assert heard(captions.do("dung", AnswerCaptions(True))) == []
    back = heard(captions.do("hanh", EndGroups()))
    assert back == [("hear", "dung"), ("hear", "hanh"), ("hear", "lan")]


def test_a_recogniser_that_ends_switches_them_off(captions):
    captions.do("system", BreakCaptions())
    assert not CAPTIONS.of(captions.room.state).running
    assert captions.kept[-1].data == {"reason": "failed"}
    assert captions.do("system", BreakCaptions()) == []


def test_they_end_with_the_meeting(captions):
    captions.do("hanh", CloseMeeting())
    kinds = captions.kinds()
    assert kinds.index("captions_stopped") < kinds.index("closed")


def test_after_a_crash_the_same_people_have_agreed(captions):
    captions.do("lan", AnswerCaptions(True))
    again = captions.again()
    again.do("system", Resume(again.now))
    assert CAPTIONS.of(again.room.state) == CAPTIONS.of(captions.room.state)


def test_before_the_opening_there_are_none(hall):
    hall.join(hall.hanh)
    with pytest.raises(Refused) as caught:
        hall.do("hanh", StartCaptions())
    assert caught.value.code == "not_open"


def test_what_was_said_is_no_fact(captions):
    assert {fact.kind for fact in captions.kept if "caption" in fact.kind} == {"captions_started", "captions_consent"}
