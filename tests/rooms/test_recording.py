"""The meeting is recorded by those who may say so, and in it is only who agreed."""

from datetime import timedelta

import pytest

from rooms import (
    SYSTEM,
    AnswerConsent,
    BreakRecording,
    CloseMeeting,
    Drop,
    KeepSegments,
    Leave,
    Media,
    Refused,
    Resume,
    Segment,
    StartRecording,
    StopRecording,
)
from rooms.topics.recording import RECORDING
from rooms.topics.recording import recorded as those_recorded


def media(effects):
    return [(effect.action, effect.participant) for effect in effects if isinstance(effect, Media)]


def segment(hall, **changes):
    values = {
        "file": "000001-lan-audio.webm", "person": "lan", "media": "audio", "codec": "opus", "began": hall.now,
        "ended": hall.now + timedelta(seconds=60), "size": 240_000, "sha256": "ab" * 32,
    }  # fmt: skip
    return KeepSegments((Segment(**(values | changes)),))


@pytest.fixture
def recorded(open_hall):
    """Hạnh has begun to record; nobody else has answered yet."""
    open_hall.do("hanh", StartRecording())
    return open_hall


def test_who_starts_agrees_and_is_the_only_one_recorded(open_hall):
    effects = open_hall.do("hanh", StartRecording())
    assert open_hall.kinds()[-2:] == ["recording_consent", "recording_started"]
    assert open_hall.told(effects, "recording") == [
        {
            "running": True,
            "since": "2026-11-23T01:00:00Z",
            "by": "hanh",
            "consents": [{"participant": "hanh", "agreed": True}],
        }
    ]
    assert media(effects) == [("record", "hanh")]
    assert open_hall.do("binh", StartRecording()) == []


def test_each_answers_for_themselves_and_may_take_it_back(recorded):
    assert media(recorded.do("lan", AnswerConsent(True))) == [("record", "lan")]
    assert recorded.do("lan", AnswerConsent(True)) == []
    assert media(recorded.do("dung", AnswerConsent(False))) == []
    effects = recorded.do("lan", AnswerConsent(False))
    assert media(effects) == [("unrecord", "lan")]
    assert recorded.kept[-1].data == {"person": "lan", "agreed": False}
    assert recorded.told(effects, "recording")[0]["consents"] == [
        {"participant": "hanh", "agreed": True},
        {"participant": "lan", "agreed": False},
        {"participant": "dung", "agreed": False},
    ]
    assert those_recorded(recorded.room.state) == {"hanh"}


def test_an_onlooker_sends_nothing_and_is_not_asked(recorded):
    with pytest.raises(Refused) as caught:
        recorded.do("tam", AnswerConsent(True))
    assert caught.value.code == "not_allowed"


def test_stopping_ends_it_for_everybody_and_the_answers_stay(recorded):
    recorded.do("lan", AnswerConsent(True))
    effects = recorded.do("binh", StopRecording())
    assert media(effects) == [("unrecord", "hanh"), ("unrecord", "lan")]
    assert recorded.kept[-1].data == {"recording": "r1", "reason": "stopped"}
    assert recorded.do("hanh", StopRecording()) == []
    again = recorded.do("binh", StartRecording())
    assert media(again) == [("record", "binh"), ("record", "hanh"), ("record", "lan")]
    assert recorded.kept[-1].data == {"recording": "r2"}


def test_who_leaves_is_recorded_no_more_and_again_on_coming_back(recorded):
    recorded.do("lan", AnswerConsent(True))
    assert media(recorded.do("lan", Leave())) == [("leave", "lan"), ("unrecord", "lan")]
    assert media(recorded.join(recorded.lan)) == [("record", "lan")]


def test_a_dropped_line_changes_nothing(recorded):
    recorded.do("lan", AnswerConsent(True))
    assert media(recorded.do("lan", Drop())) == []


def test_closing_the_meeting_ends_the_recording(recorded):
    effects = recorded.do("hanh", CloseMeeting())
    assert recorded.kept[-1].kind == "closed"
    assert [fact.data for fact in recorded.kept if fact.kind == "recording_stopped"] == [
        {"recording": "r1", "reason": "closed"}
    ]
    assert ("unrecord", "hanh") in media(effects)


def test_a_full_disk_ends_it_and_nobody_is_blamed(recorded):
    effects = recorded.do(SYSTEM, BreakRecording())
    assert recorded.told(effects, "recording")[0]["running"] is False
    assert (recorded.kept[-1].actor, recorded.kept[-1].data["reason"]) == (SYSTEM, "failed")
    assert recorded.do(SYSTEM, BreakRecording()) == []


def test_the_digest_of_every_file_goes_on_record(recorded):
    effects = recorded.do(SYSTEM, segment(recorded))
    assert recorded.told(effects, "recording") == []
    fact = recorded.kept[-1]
    assert (fact.kind, fact.actor) == ("recording_segment", SYSTEM)
    assert fact.data == {
        "recording": "r1", "file": "000001-lan-audio.webm", "person": "lan", "media": "audio", "codec": "opus",
        "began": "2026-11-23T01:00:00Z", "ended": "2026-11-23T01:01:00Z", "size": 240_000, "sha256": "ab" * 32,
        "recovered": False,
    }  # fmt: skip
    assert RECORDING.of(recorded.room.state).segments == 1


def test_after_the_closing_nothing_comes_on_record_any_more(recorded):
    recorded.do("hanh", CloseMeeting())
    with pytest.raises(Refused) as caught:
        recorded.do(SYSTEM, segment(recorded))
    assert caught.value.code == "closed"


def test_after_a_crash_it_is_known_who_is_to_be_recorded(recorded):
    recorded.do("lan", AnswerConsent(True))
    recorded.do(SYSTEM, segment(recorded))
    again = recorded.again()
    again.do(SYSTEM, Resume(again.now))
    assert RECORDING.of(again.room.state) == RECORDING.of(recorded.room.state)
    assert those_recorded(again.room.state) == {"hanh", "lan"}


def test_the_welcome_tells_and_a_check_changes_nothing(recorded):
    assert recorded.room.welcome("tam", recorded.now)["recording"]["running"] is True
    before = recorded.room.state, recorded.room.facts
    recorded.room.check("hanh", CloseMeeting(), recorded.now)
    with pytest.raises(Refused):
        recorded.room.check("binh", CloseMeeting(), recorded.now)
    assert (recorded.room.state, recorded.room.facts) == before


def test_the_proceedings_say_when_it_was_recorded(recorded):
    recorded.wait(minutes=5)
    recorded.do("hanh", StopRecording())
    recorded.wait(minutes=1)
    recorded.do("hanh", StartRecording())
    recorded.wait(minutes=2)
    recorded.do("hanh", CloseMeeting())
    start = recorded.start
    assert recorded.room.proceedings.recordings() == (
        (start, start + timedelta(minutes=5)),
        (start + timedelta(minutes=6), start + timedelta(minutes=8)),
    )
