"""Coming, going, opening and closing."""

from dataclasses import replace

import pytest

from rooms import (
    GRACE,
    LOST,
    BrokenChain,
    CastBallot,
    CloseMeeting,
    Drop,
    GiveFloor,
    Join,
    Keep,
    Leave,
    Media,
    MediaState,
    MeetingState,
    OpenMeeting,
    OpenVote,
    Ping,
    RaiseHand,
    Refused,
    Resume,
    Role,
    Room,
    StepAgenda,
    Tell,
)
from rooms.topics.floor import FLOOR
from rooms.topics.voting import VOTES


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def test_the_first_to_come_convenes_the_meeting_on_record(hall):
    effects = hall.join(hall.dung)
    assert hall.kinds() == ["convened", "joined"]
    assert hall.kept[0].data["title"] == "Giao ban tuần 47"
    assert isinstance(effects[0], Keep)
    assert [one["id"] for one in hall.told(effects, "participant")] == ["dung"]


def test_facts_are_kept_before_anybody_is_told(open_hall):
    for person, command in [
        (open_hall.hanh, OpenVote("Thông qua phương án?")),
        (open_hall.dung, CastBallot("v1", "for")),
        (open_hall.hanh, CloseMeeting()),
    ]:
        effects = open_hall.do(person, command)
        assert isinstance(effects[0], Keep)
        assert not any(isinstance(effect, Keep) for effect in effects[1:])
        assert any(isinstance(effect, Tell) for effect in effects)


def test_a_line_that_drops_for_a_moment_is_seen_and_changes_nothing(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    open_hall.do(open_hall.dung, RaiseHand())
    known = len(open_hall.kept)
    effects = open_hall.do(open_hall.lan, Drop())
    assert open_hall.told(effects, "participant")[0]["connected"] is False
    open_hall.wait(seconds=9)
    assert open_hall.tick() == []
    effects = open_hall.join(open_hall.lan)
    assert open_hall.told(effects, "participant")[0]["connected"] is True
    assert FLOOR.of(open_hall.room.state).queue == ("lan", "dung")
    assert len(open_hall.kept) == known
    assert open_hall.room.next_tick() is None


def test_a_line_that_stays_lost_is_on_record_and_place_and_hand_wait(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    open_hall.do(open_hall.dung, RaiseHand())
    since = open_hall.wait(minutes=1)
    open_hall.do(open_hall.lan, Drop())
    assert open_hall.room.next_tick() == since + LOST
    open_hall.wait(seconds=10)
    effects = open_hall.tick()
    assert open_hall.told(effects, "participant")[0]["lost"] is True
    assert (open_hall.kept[-1].kind, open_hall.kept[-1].data["since"]) == ("line_lost", "2026-11-23T01:01:00Z")
    assert open_hall.tick() == [], "once"
    assert open_hall.room.next_tick() == since + GRACE
    open_hall.wait(seconds=40)
    effects = open_hall.join(open_hall.lan)
    assert open_hall.told(effects, "participant")[0]["lost"] is False
    assert open_hall.kept[-1].kind == "line_back"
    assert FLOOR.of(open_hall.room.state).queue == ("lan", "dung")
    assert open_hall.room.next_tick() is None


def test_who_was_lost_when_the_server_stopped_has_been_since_their_own_line_dropped(open_hall):
    open_hall.do(open_hall.lan, Drop())
    open_hall.wait(seconds=30)
    open_hall.tick()
    after = open_hall.again()
    after.wait(seconds=20)
    after.do("system", Resume(after.now))
    after.wait(seconds=10)
    after.tick()
    gone = next(fact for fact in after.kept if fact.kind == "left")
    assert gone.data == {"person": "lan", "since": "2026-11-23T01:00:00Z", "reason": "lost"}


def test_who_stays_away_has_left_when_the_line_dropped(open_hall):
    dropped = open_hall.wait(minutes=5)
    open_hall.do(open_hall.lan, RaiseHand())
    open_hall.do(open_hall.lan, Drop())
    assert open_hall.room.next_tick() == dropped + LOST
    open_hall.wait(seconds=60)
    effects = open_hall.tick()
    assert open_hall.kept[-1].kind == "left"
    assert open_hall.kept[-1].data == {"person": "lan", "since": "2026-11-23T01:05:00Z", "reason": "lost"}
    assert Media("leave", "lan") in effects
    assert not open_hall.of(open_hall.lan).present
    open_hall.wait(minutes=1)
    open_hall.join(open_hall.lan)
    assert open_hall.kept[-1].kind == "joined"
    assert open_hall.of(open_hall.lan).hand, "the place in the queue waited"


def test_the_grace_ends_also_if_the_timer_is_late(open_hall):
    open_hall.do(open_hall.lan, Drop())
    open_hall.wait(minutes=10)
    open_hall.join(open_hall.lan)
    assert open_hall.kinds()[-2:] == ["left", "joined"]


def test_who_leaves_gives_up_hand_and_floor(open_hall):
    open_hall.do(open_hall.dung, RaiseHand())
    open_hall.do(open_hall.hanh, GiveFloor("dung"))
    open_hall.do(open_hall.dung, RaiseHand())
    effects = open_hall.do(open_hall.dung, Leave())
    assert open_hall.kinds()[-3:] == ["floor_ended", "hand_lowered", "left"]
    (floor,) = open_hall.told(effects, "floor")
    assert (floor["holder"], floor["since"], floor["queue"]) == (None, None, [])
    assert open_hall.do(open_hall.dung, Leave()) == []


def test_a_lost_speaker_does_not_keep_the_floor(open_hall):
    open_hall.do(open_hall.hanh, GiveFloor("lan"))
    open_hall.do(open_hall.lan, Drop())
    assert FLOOR.of(open_hall.room.state).holder == "lan"
    open_hall.wait(minutes=2)
    open_hall.tick()
    assert FLOOR.of(open_hall.room.state).holder is None


def test_a_new_connection_of_the_same_person_starts_with_devices_off(open_hall):
    open_hall.do(open_hall.lan, MediaState(audio=True, video=True))
    effects = open_hall.join(open_hall.lan)
    assert Media("pause", "lan", "audio", True) in effects
    assert (open_hall.of(open_hall.lan).audio, open_hall.of(open_hall.lan).video) == (False, False)


def test_the_microphone_is_told_and_the_media_follow_without_a_fact(open_hall):
    effects = open_hall.do(open_hall.lan, MediaState(audio=True, video=False))
    assert effects == [
        Tell(None, {"type": "participant", "participant": open_hall.of(open_hall.lan).to_json()}),
        Media("pause", "lan", "audio", False),
    ]
    assert open_hall.do(open_hall.lan, MediaState(audio=True, video=False)) == []


def test_closing_ends_the_vote_the_turn_and_everybodys_attendance(open_hall):
    open_hall.do(open_hall.hanh, OpenVote("Thông qua?"))
    open_hall.do(open_hall.hanh, GiveFloor("lan"))
    open_hall.wait(minutes=30)
    effects = open_hall.do(open_hall.hanh, CloseMeeting())
    ending = open_hall.kinds()[open_hall.kinds().index("vote_closed") :]
    assert ending == ["vote_closed", "left", "left", "left", "floor_ended", "left", "left", "closed"]
    assert open_hall.told(effects, "meeting")[0]["closed_at"] == "2026-11-23T01:30:00Z"
    assert open_hall.room.meeting_state is MeetingState.CLOSED
    assert not any(one.present for one in open_hall.room.participants)
    assert open_hall.room.proceedings.closed_at == open_hall.now
    for command in (Join(open_hall.lan), OpenMeeting(), RaiseHand()):
        assert refused(open_hall, open_hall.lan, command) == "closed"
    assert open_hall.do(open_hall.lan, Drop()) == []
    assert open_hall.tick() == []


def test_raised_hands_go_down_with_the_closing(open_hall):
    open_hall.do(open_hall.lan, RaiseHand())
    effects = open_hall.do(open_hall.hanh, CloseMeeting())
    assert open_hall.told(effects, "floor")[0]["queue"] == []
    assert not open_hall.of(open_hall.lan).hand


def test_who_is_cut_off_at_the_closing_was_there_until_the_line_dropped(open_hall):
    open_hall.wait(minutes=5)
    open_hall.do(open_hall.lan, Drop())
    open_hall.wait(seconds=30)
    open_hall.do(open_hall.hanh, CloseMeeting())
    since = {fact.data["person"]: fact.data["since"] for fact in open_hall.kept if fact.kind == "left"}
    assert since["lan"] == "2026-11-23T01:05:00Z"
    assert since["dung"] == "2026-11-23T01:05:30Z"


def test_a_meeting_opens_once_and_closes_only_when_open(hall):
    hall.join(hall.hanh)
    assert refused(hall, hall.hanh, CloseMeeting()) == "not_open"
    assert refused(hall, hall.hanh, StepAgenda("a1")) == "not_open"
    hall.do(hall.hanh, OpenMeeting())
    assert refused(hall, hall.hanh, OpenMeeting()) == "already_open"


def test_whose_invitation_says_chair_takes_the_empty_chair_before_the_opening(hall):
    deputy = replace(hall.lan, role=Role.CHAIR)
    effects = hall.join(deputy)
    assert hall.kinds() == ["convened", "joined", "chair_taken"]
    assert hall.told(effects, "meeting")[0]["chair"] == "lan"
    hall.join(hall.hanh)
    assert hall.of(hall.hanh).role is Role.DELEGATE
    hall.do(deputy, OpenMeeting())
    hall.do(deputy, CloseMeeting())
    proceedings = hall.room.proceedings
    assert (proceedings.meeting.chair.id, proceedings.meeting.chair.role) == ("lan", Role.CHAIR)
    assert [one.person.role for one in proceedings.attendance()].count(Role.CHAIR) == 1
    assert "hanh" in [one.person.id for one in proceedings.attendance()]


def test_a_second_chair_by_invitation_is_a_delegate(hall):
    hall.join(hall.hanh, replace(hall.lan, role=Role.CHAIR))
    assert hall.of(hall.lan).role is Role.DELEGATE
    assert hall.room.meeting.chair.id == "hanh"


def test_nobody_takes_the_chair_once_the_meeting_is_open(open_hall):
    open_hall.do(open_hall.hanh, Leave())
    open_hall.join(replace(open_hall.minh, role=Role.CHAIR))
    assert open_hall.of(open_hall.minh).role is Role.DELEGATE
    open_hall.join(open_hall.hanh)
    assert open_hall.of(open_hall.hanh).role is Role.CHAIR


def test_a_stand_in_secretary_is_the_secretary_of_the_record(hall):
    hall.join(replace(hall.lan, role=Role.SECRETARY), hall.hanh)
    hall.do(hall.hanh, OpenMeeting())
    assert hall.room.proceedings.meeting.secretary.id == "lan"
    assert hall.of(hall.lan).role is Role.SECRETARY


def test_gateways_and_impostors_do_not_join(hall):
    gateway = replace(hall.minh, role=Role.GATEWAY)
    assert refused(hall, gateway, Join(gateway)) == "not_allowed"
    assert refused(hall, hall.minh, Join(hall.hanh)) == "not_allowed"
    assert hall.kept == []


def test_what_is_the_edges_business_is_refused_by_the_room(open_hall):
    assert refused(open_hall, open_hall.hanh, Ping()) == "bad_message"


def test_after_a_crash_the_kept_vote_is_there_and_lan_comes_back_to_her_place(open_hall):
    open_hall.do(open_hall.hanh, OpenVote("Thông qua?"))
    open_hall.do(open_hall.lan, CastBallot("v1", "for"))
    open_hall.do(open_hall.lan, RaiseHand())
    kept = list(open_hall.kept)
    for cut in range(len(kept) + 1):
        Room.replay(open_hall.sheet, kept[:cut])
    after = open_hall.again()
    after.wait(seconds=20)
    after.do("system", Resume(after.now))
    assert VOTES.of(after.room.state).ballot("lan").choice == "for"
    assert after.of(after.lan).present
    assert not after.of(after.lan).connected
    after.wait(seconds=9)
    known = len(after.kept)
    after.join(after.lan)
    assert len(after.kept) == known, "a prompt return is no fact"
    assert after.of(after.lan).hand
    after.wait(seconds=52)
    after.tick()
    assert [fact.data["person"] for fact in after.kept[known:]] == ["hanh", "binh", "dung", "tam"]


def test_every_ballot_that_was_kept_survives_a_crash_right_after_it(open_hall):
    open_hall.do(open_hall.hanh, OpenVote("Thông qua?"))
    for person, choice in [("dung", "for"), ("lan", "against"), ("hanh", "for"), ("dung", "abstain")]:
        open_hall.do(person, CastBallot("v1", choice))
        assert VOTES.of(open_hall.again().room.state).ballot(person).choice == choice


def test_a_second_crash_does_not_count_the_returned_as_away_since_the_first(open_hall):
    open_hall.do("system", Resume(open_hall.now))
    open_hall.join(open_hall.lan)
    open_hall.wait(hours=1)
    open_hall.tick()
    after = open_hall.again()
    after.do("system", Resume(after.now))
    assert after.of(after.lan).present
    assert "lan" not in [fact.data.get("person") for fact in after.kept if fact.kind == "left"]


def test_a_ballot_that_could_not_be_kept_was_not_cast(open_hall):
    room = open_hall.room
    open_hall.do(open_hall.hanh, OpenVote("Thông qua?"))
    before, facts = room.state, room.facts
    (keep, *_) = room.apply("lan", CastBallot("v1", "for"), open_hall.now)
    room.forget(keep.facts)
    assert (room.state, room.facts) == (before, facts)
    open_hall.do(open_hall.lan, CastBallot("v1", "against"))
    assert VOTES.of(room.state).ballot("lan").choice == "against"
    assert VOTES.of(open_hall.again().room.state).ballot("lan").choice == "against"


def test_what_was_kept_before_the_last_step_is_not_forgotten(open_hall):
    (keep, *_) = open_hall.do(open_hall.lan, RaiseHand())
    open_hall.do(open_hall.dung, RaiseHand())
    with pytest.raises(ValueError, match="last step"):
        open_hall.room.forget(keep.facts)
    with pytest.raises(ValueError, match="last step"):
        open_hall.again().room.forget(open_hall.kept[-1:])
    assert FLOOR.of(open_hall.room.state).queue == ("lan", "dung")


def test_altered_or_foreign_facts_are_not_replayed(open_hall):
    facts = list(open_hall.kept)
    facts[3] = replace(facts[3], actor="minh")
    with pytest.raises(BrokenChain) as caught:
        Room.replay(open_hall.sheet, facts)
    assert caught.value.seq == 4
    with pytest.raises(BrokenChain):
        Room.replay(replace(open_hall.sheet, id="m2"), open_hall.kept)


def test_a_clock_set_back_does_not_turn_the_record_around(open_hall):
    open_hall.wait(minutes=-10)
    open_hall.do(open_hall.lan, RaiseHand())
    times = [fact.at for fact in open_hall.kept]
    assert times == sorted(times)


def test_the_welcome_is_the_whole_room(open_hall):
    open_hall.do(open_hall.hanh, StepAgenda("a1"))
    open_hall.do(open_hall.hanh, OpenVote("Thông qua?"))
    welcome = open_hall.room.welcome("lan", open_hall.now)
    assert welcome["you"] == "lan"
    assert welcome["agenda"]["current"] == "a1"
    assert welcome["votes"][-1]["text"] == "Thông qua?"
    assert [one["id"] for one in welcome["participants"]] == ["hanh", "binh", "dung", "lan", "tam"]
    assert "vote.cast" in welcome["may"]
    assert "vote.open" not in welcome["may"]
    assert welcome["now"] == "2026-11-23T01:00:00Z"
    with pytest.raises(Refused):
        open_hall.room.welcome("minh", open_hall.now)
