"""A screen is shared by one person at a time, and the desk may end it."""

import pytest

from rooms import (
    CloseMeeting,
    EndFloor,
    GiveFloor,
    Join,
    Leave,
    LockMicrophones,
    Media,
    MediaState,
    Refused,
    SetRole,
    StartSharing,
    StopSharing,
)
from rooms.topics.sharing import sends

NOBODY = {"by": None, "since": None, "sound": False}


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def paused(effects, kind):
    return [(one.participant, one.paused) for one in effects if isinstance(one, Media) and one.kind == kind]


def test_a_screen_goes_through_while_it_is_shared_and_everybody_is_told(open_hall):
    effects = open_hall.do(open_hall.dung, StartSharing(False))
    assert open_hall.told(effects, "sharing") == [{"by": "dung", "since": "2026-11-23T01:00:00Z", "sound": False}]
    assert paused(effects, "screen") == [("dung", False)]
    effects = open_hall.do(open_hall.dung, StopSharing())
    assert open_hall.told(effects, "sharing") == [NOBODY]
    assert paused(effects, "screen") == [("dung", True)]
    assert open_hall.kinds()[-2:] == ["sharing_started", "sharing_stopped"]


@pytest.mark.parametrize("who", ["hanh", "binh"])
def test_one_at_a_time_and_the_desk_may_end_it(open_hall, who):
    open_hall.do(open_hall.dung, StartSharing(False))
    assert refused(open_hall, open_hall.hanh, StartSharing(False)) == "sharing_busy"
    assert refused(open_hall, open_hall.lan, StopSharing()) == "not_allowed"
    assert paused(open_hall.do(who, StopSharing()), "screen") == [("dung", True)]
    assert open_hall.do(open_hall.lan, StopSharing()) == [], "it is over already"
    open_hall.do(open_hall.lan, StartSharing(False))


def test_the_computers_sound_is_heard_while_the_microphone_is_off(open_hall):
    open_hall.do(open_hall.dung, MediaState(True, True))
    effects = open_hall.do(open_hall.dung, StartSharing(True))
    assert paused(effects, "audio")[-1] == ("dung", False)
    effects = open_hall.do(open_hall.dung, MediaState(False, True))
    assert paused(effects, "audio")[-1] == ("dung", False), "the last word is for the router"
    assert sends(open_hall.room.state, "dung", "audio")
    effects = open_hall.do(open_hall.dung, StopSharing())
    assert paused(effects, "audio")[-1] == ("dung", True)
    assert not sends(open_hall.room.state, "dung", "audio")


def test_sharing_sound_is_no_way_around_locked_microphones(open_hall):
    """The page mixes the computer's sound with the microphone: nobody can tell which of them is heard."""
    open_hall.do(open_hall.hanh, LockMicrophones(True))
    effects = open_hall.do(open_hall.dung, StartSharing(True))
    assert paused(effects, "audio") == [("dung", True)]
    assert paused(effects, "screen") == [("dung", False)]
    assert not sends(open_hall.room.state, "dung", "audio")
    effects = open_hall.do(open_hall.hanh, GiveFloor("dung"))
    assert paused(effects, "audio")[-1] == ("dung", False)
    effects = open_hall.do(open_hall.dung, EndFloor())
    assert paused(effects, "audio")[-1] == ("dung", True)
    effects = open_hall.do(open_hall.hanh, LockMicrophones(False))
    assert paused(effects, "audio")[-1] == ("dung", False)


def test_who_becomes_an_observer_shares_no_longer(open_hall):
    open_hall.do(open_hall.dung, StartSharing(True))
    effects = open_hall.do(open_hall.hanh, SetRole("dung", "viewer"))
    assert open_hall.told(effects, "sharing") == [NOBODY]
    assert paused(effects, "screen") == [("dung", True)]
    assert paused(effects, "audio")[-1] == ("dung", True)
    assert open_hall.kinds()[-2:] == ["sharing_stopped", "role_changed"]


def test_without_the_computers_sound_the_microphone_decides_alone(open_hall):
    open_hall.do(open_hall.dung, MediaState(True, False))
    open_hall.do(open_hall.dung, StartSharing(False))
    effects = open_hall.do(open_hall.dung, MediaState(False, False))
    assert paused(effects, "audio")[-1] == ("dung", True)
    effects = open_hall.do(open_hall.dung, StartSharing(True))
    assert paused(effects, "audio")[-1] == ("dung", False), "the reader has shared another window, with sound"


@pytest.mark.parametrize(("person", "command"), [("dung", Leave()), ("hanh", CloseMeeting())], ids=repr)
def test_who_leaves_shares_no_longer(open_hall, person, command):
    open_hall.do(open_hall.dung, StartSharing(True))
    assert open_hall.told(open_hall.do(person, command), "sharing") == [NOBODY]


def test_a_restart_keeps_who_shares(open_hall):
    open_hall.do(open_hall.dung, StartSharing(True))
    again = open_hall.again()
    assert again.room.welcome("lan", again.now)["sharing"]["by"] == "dung"
    again.do(open_hall.dung, Join(open_hall.dung))
    again.do(open_hall.dung, StopSharing())
