"""Order in the room: hushing, locking, stopping pictures, showing one large."""

import pytest

from rooms import (
    EndFloor,
    GiveFloor,
    HandChair,
    Hush,
    Leave,
    LimitFloor,
    LockMicrophones,
    Media,
    MediaState,
    Refused,
    SendOut,
    SetRole,
    Spotlight,
    StopPicture,
)
from rooms.topics.moderation import ORDER
from rooms.topics.sites import FreeSeat, OpenSite, TakeSeat


def hushed(effects):
    return [(one.participant, one.kind) for one in effects if isinstance(one, Media) and one.action == "hush"]


def paused(effects):
    return [(one.participant, one.kind) for one in effects if isinstance(one, Media) and one.paused]


@pytest.fixture
def loud(open_hall):
    """Everybody who may has microphone and camera on."""
    for person in ("hanh", "binh", "dung", "lan"):
        open_hall.do(person, MediaState(True, True))
    return open_hall


def test_one_is_hushed_at_the_server_and_asked_at_the_page_and_may_speak_again(loud):
    effects = loud.do("binh", Hush("lan"))
    assert (hushed(effects), paused(effects)) == ([("lan", "audio")], [("lan", "audio")])
    assert loud.do("hanh", Hush("lan")) == []
    loud.do("lan", MediaState(True, True))
    assert loud.of(loud.lan).audio
    assert hushed(loud.do("hanh", Hush("lan"))) == [("lan", "audio")]


def test_all_are_hushed_but_the_chair_the_speaker_and_who_asks(loud):
    loud.do("hanh", GiveFloor("dung"))
    assert hushed(loud.do("binh", Hush())) == [("", "audio"), ("lan", "audio")]


def test_a_picture_is_stopped(loud):
    effects = loud.do("hanh", StopPicture("dung"))
    assert (hushed(effects), paused(effects)) == ([("dung", "video")], [("dung", "video")])
    assert loud.of(loud.dung).audio


def test_while_microphones_are_locked_the_end_of_the_floor_closes_its_microphone(loud):
    loud.do("hanh", LockMicrophones(True))
    loud.do("hanh", LimitFloor(60, ends=True))
    loud.do("hanh", GiveFloor("lan"))
    loud.do("lan", MediaState(True, True))
    assert loud.of(loud.lan).audio
    loud.wait(seconds=60)
    effects = loud.tick()
    assert (hushed(effects), paused(effects)) == ([("lan", "audio")], [("lan", "audio")])


def test_while_microphones_are_locked_only_the_speaker_and_the_desk_have_one(loud):
    loud.do("hanh", GiveFloor("dung"))
    assert hushed(loud.do("hanh", LockMicrophones(True))) == [("lan", "audio")]
    effects = loud.do("lan", MediaState(True, True))
    assert hushed(effects) == [("lan", "audio")]
    assert (loud.of(loud.lan).audio, loud.of(loud.lan).video) == (False, True)
    for person in (loud.hanh, loud.binh, loud.dung):
        loud.do(person, MediaState(True, False))
        assert loud.of(person).audio
    assert ORDER.of(loud.again().room.state).locked
    loud.do("hanh", LockMicrophones(False))
    loud.do("lan", MediaState(True, True))
    assert loud.of(loud.lan).audio


def at_one_site(hall):
    """Lan's device is a site, where Minh sits; microphones are locked and Minh has the floor."""
    hall.do("hanh", OpenSite("lan"))
    hall.join(hall.minh)
    hall.do("hanh", TakeSeat("lan", "minh"))
    hall.do("hanh", LockMicrophones(True))
    hall.do("hanh", GiveFloor("minh"))
    hall.do("lan", MediaState(True, True))
    assert hall.of(hall.lan).audio, "Minh speaks by it"


@pytest.mark.parametrize(
    ("person", "command"),
    [
        ("minh", MediaState(True, False)),
        ("hanh", FreeSeat("lan", "minh")),
        ("hanh", EndFloor()),
        ("hanh", GiveFloor("dung")),
    ],
    ids=repr,
)
def test_a_sites_microphone_closes_when_it_is_no_more_the_speakers(loud, person, command):
    at_one_site(loud)
    effects = loud.do(person, command)
    assert not loud.of(loud.lan).audio
    assert ("lan", "audio") in hushed(effects)


def test_who_gives_the_chair_away_has_no_open_microphone_while_they_are_locked(loud):
    loud.do("hanh", LockMicrophones(True))
    loud.do("hanh", HandChair("dung"))
    assert not loud.of(loud.hanh).audio
    loud.do("dung", SetRole("lan", "secretary"))
    loud.do("lan", MediaState(True, False))
    loud.do("dung", SetRole("lan", "delegate"))
    assert not loud.of(loud.lan).audio


def test_nobody_hushes_the_chair(loud):
    with pytest.raises(Refused) as caught:
        loud.do("binh", Hush("hanh"))
    assert caught.value.code == "wrong_person"


def test_one_is_shown_large_until_they_go(loud):
    [told] = loud.told(loud.do("binh", Spotlight("dung")), "order")
    assert told == {"locked": False, "spotlight": "dung"}
    loud.do("dung", Leave())
    assert ORDER.of(loud.room.state).spotlight is None


def test_who_is_sent_out_loses_floor_hand_and_media(loud):
    loud.do("hanh", GiveFloor("dung"))
    effects = loud.do("hanh", SendOut("dung", "Mất trật tự."))
    assert Media("leave", "dung") in effects
    assert loud.kinds()[-3:] == ["floor_ended", "left", "removed"]
