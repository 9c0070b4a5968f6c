"""Groups meet apart for a while and come back; interpreters have their channels."""

from datetime import timedelta

import pytest

from rooms import (
    BadMessage,
    CloseMeeting,
    Leave,
    Media,
    MediaState,
    Refused,
    Resume,
    Role,
    Room,
    StartRecording,
    Tell,
    parse,
)
from rooms.fields import texts
from rooms.topics.floor import FLOOR, GiveFloor
from rooms.topics.grouping import GROUPS, MAX_GROUPS, EndGroups, EnterGroup, StartGroups, group_of
from rooms.topics.interpreting import (
    INTERPRETING,
    MAX_CHANNELS,
    CloseChannel,
    Listen,
    NameInterpreter,
    OpenChannel,
)
from rooms.topics.sites import OpenSite, TakeSeat

TWO = (("Tổ 1", ("dung",)), ("Tổ 2", ("lan", "binh")))


def placed(effects):
    return sorted(one.participant for one in effects if isinstance(one, Media) and one.action == "place")


def refusal(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def test_groups_meet_apart_and_are_called_back(open_hall):
    effects = open_hall.do("hanh", StartGroups(TWO, 30))
    assert placed(effects) == ["binh", "dung", "lan"]
    assert open_hall.told(effects, "groups") == [
        {
            "groups": [
                {"id": "g1", "name": "Tổ 1", "members": ["dung"]},
                {"id": "g2", "name": "Tổ 2", "members": ["lan", "binh"]},
            ],
            "inside": {"dung": "g1", "lan": "g2", "binh": "g2"},
            "until": "2026-11-23T01:30:00Z",
        }
    ]
    assert refusal(open_hall, "hanh", StartGroups(TWO)) == "groups_running"
    assert placed(open_hall.do("binh", EndGroups())) == ["binh", "dung", "lan"]
    assert open_hall.do("binh", EndGroups()) == []


def test_when_the_time_is_over_all_come_back_by_themselves(open_hall):
    open_hall.do("hanh", StartGroups(TWO, 30))
    assert open_hall.room.next_tick() == open_hall.start + timedelta(minutes=30)
    open_hall.wait(minutes=30)
    open_hall.tick()
    assert (open_hall.kept[-1].kind, open_hall.kept[-1].actor) == ("groups_ended", "system")
    assert not GROUPS.of(open_hall.room.state).running


def test_one_goes_to_ones_own_group_and_to_the_others_and_the_chair_anywhere(open_hall):
    open_hall.do("hanh", StartGroups(TWO))
    known = len(open_hall.kept)
    assert placed(open_hall.do("dung", EnterGroup())) == ["dung"]
    assert placed(open_hall.do("dung", EnterGroup("g1"))) == ["dung"]
    assert refusal(open_hall, "dung", EnterGroup("g2")) == "not_allowed"
    assert refusal(open_hall, "dung", EnterGroup("g1", "lan")) == "not_allowed"
    assert refusal(open_hall, "hanh", EnterGroup("g9")) == "unknown_group"
    open_hall.do("hanh", EnterGroup("g2"))
    open_hall.do("hanh", EnterGroup("g2", "dung"))
    assert group_of(open_hall.room.state, "dung") == group_of(open_hall.room.state, "hanh") == "g2"
    assert len(open_hall.kept) == known, "a visit is no fact"


def test_after_a_crash_everybody_is_in_the_group_of_the_beginning(open_hall):
    open_hall.do("hanh", StartGroups(TWO, 30))
    again = open_hall.again()
    again.do("system", Resume(again.now))
    assert GROUPS.of(again.room.state).inside == {"dung": "g1", "lan": "g2", "binh": "g2"}


def test_a_recording_stops_before_people_meet_apart(open_hall):
    open_hall.do("hanh", StartRecording())
    open_hall.do("hanh", StartGroups(TWO))
    assert open_hall.kinds()[-2:] == ["recording_stopped", "groups_started"]


def test_nothing_is_recorded_while_people_meet_apart(open_hall):
    open_hall.do("hanh", StartGroups(TWO))
    with pytest.raises(Refused) as refused:
        open_hall.do("hanh", StartRecording())
    assert refused.value.code == "groups_running"
    open_hall.do("hanh", EndGroups())
    open_hall.do("hanh", StartRecording())
    assert "recording_started" in open_hall.kinds()


def test_no_meeting_ends_with_people_in_groups(open_hall):
    open_hall.do("hanh", StartGroups(TWO))
    open_hall.do("hanh", CloseMeeting())
    assert open_hall.kinds().index("groups_ended") < open_hall.kinds().index("closed")


def test_who_is_not_there_is_in_no_group(open_hall):
    assert refusal(open_hall, "hanh", StartGroups((("Tổ 1", ("nobody",)),))) == "unknown_participant"


@pytest.mark.parametrize(
    "groups",
    [
        [],
        "x",
        [{"name": "Tổ 1"}],
        [{"name": "", "members": []}],
        [{"name": "Tổ 1", "members": ["a"]}, {"name": "Tổ 2", "members": ["a"]}],
        [{"name": "Tổ", "members": []}] * (MAX_GROUPS + 1),
        [{"name": "Tổ 1", "members": [1]}],
        [{"name": "Tổ 1", "members": [], "more": 1}],
    ],
)
def test_an_arrangement_is_bounded_and_has_everybody_once(groups):
    with pytest.raises(BadMessage):
        parse({"type": "groups.start", "groups": groups})


def test_the_names_of_groups_are_searched_for_markings_of_secrets():
    command = parse({"type": "groups.start", "groups": [{"name": "Tổ 1", "members": []}]})
    assert list(texts(command)) == ["Tổ 1"]


def test_an_interpreter_is_named_and_listened_to(open_hall):
    open_hall.do("binh", OpenChannel("Tiếng Mông"))
    assert placed(open_hall.do("hanh", NameInterpreter("lan", "k1"))) == ["lan"]
    known = len(open_hall.kept)
    effects = open_hall.do("tam", Listen("k1"))
    assert placed(effects) == ["tam"]
    assert open_hall.told(effects, "interpreting") == [
        {
            "channels": [{"id": "k1", "language": "Tiếng Mông", "listeners": 1}],
            "interpreters": {"lan": "k1"},
        }
    ]
    private = [one for one in effects if isinstance(one, Tell) and one.message["type"] == "listening"]
    assert [(one.to, one.message["listening"]) for one in private] == [("tam", {"id": "tam", "channel": "k1"})]
    assert open_hall.room.welcome("tam", open_hall.now)["listening"] == [{"id": "tam", "channel": "k1"}]
    assert open_hall.room.welcome("hanh", open_hall.now)["listening"] == [], "nor is it told to the desk"
    assert len(open_hall.kept) == known, "who listens is no fact"
    assert placed(open_hall.do("tam", Listen())) == ["tam"]
    assert open_hall.do("tam", Listen()) == []


def test_a_channel_that_closes_leaves_nobody_in_it(open_hall):
    open_hall.do("binh", OpenChannel("Tiếng Mông"))
    open_hall.do("hanh", NameInterpreter("lan", "k1"))
    open_hall.do("dung", Listen("k1"))
    assert placed(open_hall.do("hanh", CloseChannel("k1"))) == ["dung", "lan"]
    assert refusal(open_hall, "dung", Listen("k1")) == "unknown_channel"
    open_hall.do("hanh", OpenChannel("Tiếng Thái"))
    assert list(INTERPRETING.of(open_hall.room.state).channels) == ["k2"], "a new one is not taken for the old"


def test_languages_are_few_and_each_once(open_hall):
    for number in range(MAX_CHANNELS):
        open_hall.do("hanh", OpenChannel(f"Tiếng {number}"))
    assert open_hall.do("hanh", OpenChannel("Tiếng 0")) == []
    assert refusal(open_hall, "hanh", OpenChannel("Nữa")) == "limit_reached"


def test_nobody_interprets_whose_voice_no_device_of_their_own_carries(open_hall):
    open_hall.do("hanh", OpenChannel("Tiếng Mông"))
    assert open_hall.of(open_hall.tam).role is Role.VIEWER
    assert refusal(open_hall, "hanh", NameInterpreter("tam", "k1")) == "no_microphone"
    open_hall.do("lan", OpenSite())
    open_hall.do("hanh", TakeSeat("lan", "dung"))
    assert refusal(open_hall, "hanh", NameInterpreter("dung", "k1")) == "no_microphone", "the site's is for all there"
    open_hall.do("dung", MediaState(audio=True, video=False))
    assert placed(open_hall.do("hanh", NameInterpreter("dung", "k1"))) == ["dung"]
    open_hall.do("lan", Leave())
    assert refusal(open_hall, "hanh", NameInterpreter("lan", "k1")) == "no_microphone", "she has gone"


def test_who_interprets_is_not_given_the_floor_and_who_has_it_does_not_interpret(open_hall):
    open_hall.do("hanh", OpenChannel("Tiếng Mông"))
    open_hall.do("hanh", NameInterpreter("lan", "k1"))
    open_hall.do("hanh", GiveFloor("dung"))
    assert refusal(open_hall, "hanh", GiveFloor("lan")) == "interprets"
    assert FLOOR.of(open_hall.room.state).holder == "dung", "his turn goes on"
    assert refusal(open_hall, "hanh", NameInterpreter("dung", "k1")) == "interprets"
    open_hall.do("hanh", NameInterpreter("lan"))
    open_hall.do("hanh", GiveFloor("lan"))
    assert placed(open_hall.do("hanh", NameInterpreter("dung", "k1"))) == ["dung"]


def test_who_has_gone_can_be_relieved_of_interpreting(open_hall):
    open_hall.do("hanh", OpenChannel("Tiếng Mông"))
    open_hall.do("hanh", NameInterpreter("lan", "k1"))
    open_hall.do("lan", Leave())
    assert placed(open_hall.do("hanh", NameInterpreter("lan"))) == ["lan"]


def test_after_a_restart_listeners_still_listen(open_hall):
    open_hall.do("hanh", OpenChannel("Tiếng Mông"))
    (kept,) = open_hall.do("dung", Listen("k1"))[0].memories
    again = Room.replay(open_hall.sheet, open_hall.kept, [kept])
    assert INTERPRETING.of(again.state).listeners == {"dung": "k1"}
    open_hall.do("dung", Leave())
    assert INTERPRETING.of(open_hall.room.state).listeners == {"dung": "k1"}
