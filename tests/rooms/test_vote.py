"""Putting a question to the vote."""

from dataclasses import replace

import pytest

from rooms import (
    CastBallot,
    CloseVote,
    Drop,
    EndProxy,
    HandChair,
    Join,
    Leave,
    Meeting,
    NameProxy,
    OpenMeeting,
    OpenVote,
    Person,
    Refused,
    Resume,
    Role,
    SetRole,
    SetSigner,
    Tell,
)
from rooms.topics.voting import VOTES, open_vote
from rooms.topics.voting.vote import turnout
from tests.rooms.ballots import cast, closing, refused
from tests.rooms.conftest import BINH, DUNG, LAN


@pytest.fixture
def voting(vote_by):
    return vote_by()


@pytest.mark.parametrize(
    ("ballots", "result"),
    [
        ({"hanh": "for", "dung": "for"}, "passed"),
        ({"hanh": "for", "dung": "for", "lan": "against"}, "passed"),
        ({"hanh": "for", "dung": "against", "lan": "abstain"}, "rejected"),
        ({"hanh": "for"}, "rejected"),
        ({}, "rejected"),
    ],
)
def test_more_than_half_of_those_who_are_there_decide(voting, ballots, result):
    cast(voting, **ballots)
    vote = closing(voting)
    assert vote["state"] == "closed"
    assert vote["outcome"]["result"] == result
    assert (vote["outcome"]["eligible"], vote["outcome"]["needed"]) == (3, 2)
    assert vote["tally"]["none"] == 3 - len(ballots)


@pytest.mark.parametrize(
    ("majority", "base", "eligible", "needed", "result"),
    [
        ("half", "voting", 2, 2, "rejected"),
        ("half", "present", 3, 2, "rejected"),
        ("half", "members", 4, 3, "rejected"),
        ("two_thirds", "voting", 2, 2, "rejected"),
        ("two_thirds", "present", 3, 2, "rejected"),
        ("two_thirds", "members", 4, 3, "rejected"),
    ],
)
def test_a_majority_is_a_share_of_those_whom_the_rule_names(vote_by, majority, base, eligible, needed, result):
    hall = vote_by(majority=majority, base=base)
    cast(hall, hanh="for", dung="against")
    vote = closing(hall)
    assert (vote["outcome"]["eligible"], vote["outcome"]["needed"], vote["outcome"]["result"]) == (
        eligible,
        needed,
        result,
    )
    assert sum(vote["tally"].values()) == eligible


@pytest.mark.parametrize(
    ("base", "result"), [("voting", "passed"), ("present", "rejected"), ("members", "rejected")]
)  # fmt: skip
def test_who_keeps_silent_counts_only_where_the_rule_says_so(vote_by, base, result):
    hall = vote_by(base=base)
    cast(hall, lan="for")
    assert closing(hall)["outcome"]["result"] == result


def test_exactly_two_thirds_are_two_thirds_and_exactly_half_is_no_majority(vote_by):
    hall = vote_by(majority="two_thirds")
    cast(hall, hanh="for", dung="for", lan="against")
    assert closing(hall)["outcome"]["result"] == "passed"
    hall.join(hall.minh)
    hall.do(hall.hanh, OpenVote("Một câu khác?"))
    for person, choice in {"hanh": "for", "dung": "for", "lan": "against", "minh": "against"}.items():
        hall.do(person, CastBallot("v2", choice))
    assert closing(hall, "v2")["outcome"]["result"] == "rejected"


def test_without_enough_people_there_is_no_vote(open_hall):
    members = [Person(f"d{i}", f"Đại biểu {i}", "", open_hall.lan.unit, Role.DELEGATE) for i in range(3)]
    open_hall.join(*members)
    for one in members:
        open_hall.do(one, Leave())
    assert refused(open_hall, "hanh", OpenVote("Thông qua?", quorum="two_thirds")) == "no_quorum"
    assert refused(open_hall, "hanh", OpenVote("Thông qua?", quorum="half")) == "no_quorum"
    effects = open_hall.do(members[0], Join(members[0]))
    assert open_hall.told(effects, "turnout") == [{"present": 4, "members": 6}]
    open_hall.do("hanh", OpenVote("Thông qua?", quorum="two_thirds"))
    open_hall.do("hanh", CastBallot("v1", "for"))
    open_hall.do("dung", Leave())
    outcome = closing(open_hall)["outcome"]
    assert (outcome["present"], outcome["members"], outcome["quorum"]) == (3, 6, 4)
    assert outcome["result"] == "no_quorum", "too many have gone before the end"


def test_a_choice_may_be_changed_until_the_vote_is_closed_but_not_for_ever(voting):
    cast(voting, lan="for", dung="for")
    effects = voting.do(voting.lan, CastBallot("v1", "against"))
    assert voting.told(effects, "vote")[0]["tally"] == {"for": 1, "against": 1, "abstain": 0, "none": None}
    assert voting.do(voting.lan, CastBallot("v1", "against")) == []
    for _ in range(9):
        cast(voting, lan="for")
        cast(voting, lan="against")
    cast(voting, lan="abstain")
    assert refused(voting, "lan", CastBallot("v1", "for")) == "limit_reached"
    assert closing(voting)["ballots"] == [
        {"participant": "lan", "choice": "abstain", "by": "lan"},
        {"participant": "dung", "choice": "for", "by": "dung"},
    ]
    assert refused(voting, voting.lan, CastBallot("v1", "for")) == "vote_closed"
    assert refused(voting, voting.hanh, CloseVote("v1")) == "vote_closed"


def test_the_names_of_a_roll_call_come_at_its_end_and_ones_own_choice_at_once(voting):
    effects = voting.do(voting.lan, CastBallot("v1", "for"))
    told = [(effect.to, effect.message) for effect in effects if isinstance(effect, Tell)]
    assert [to for to, _ in told] == [None, "lan"]
    assert (told[0][1]["vote"]["ballots"], told[0][1]["vote"]["cast"]) == ([], 1)
    assert told[1][1]["ballot"]["choice"] == "for"
    assert [one["choice"] for one in voting.room.welcome("lan", voting.now)["ballots"]] == ["for"]
    assert voting.room.welcome("hanh", voting.now)["ballots"] == []


def test_a_person_has_one_ballot_whatever_devices_they_use(voting):
    cast(voting, lan="for")
    voting.join(voting.lan)  # on the phone now
    cast(voting, lan="against")
    vote = closing(voting)
    assert [(one["participant"], one["choice"]) for one in vote["ballots"]] == [("lan", "against")]


def test_the_ballot_of_somebody_who_left_still_counts(voting):
    cast(voting, lan="for")
    voting.do(voting.lan, Leave())
    voting.do(voting.dung, Leave())
    vote = closing(voting)
    assert vote["outcome"]["eligible"] == 2
    assert vote["tally"] == {"for": 1, "against": 0, "abstain": 0, "none": 1}


def test_a_ballot_counts_though_its_caster_came_back_only_to_look_on(voting):
    cast(voting, lan="for")
    voting.do(voting.lan, Leave())
    voting.join(replace(voting.lan, role=Role.VIEWER))
    assert closing(voting)["tally"] == {"for": 1, "against": 0, "abstain": 0, "none": 2}


def test_late_comers_vote_until_the_end(voting):
    voting.join(voting.minh)
    voting.do(voting.minh, CastBallot("v1", "against"))
    assert closing(voting)["outcome"]["eligible"] == 4


def test_a_dropped_line_does_not_take_the_right_to_vote(voting):
    voting.do(voting.lan, Drop())
    voting.wait(seconds=30)
    voting.join(voting.lan)
    cast(voting, lan="for")
    assert VOTES.of(voting.room.state).ballot("lan").choice == "for"


def test_votes_come_one_at_a_time_and_know_their_item(voting):
    assert refused(voting, voting.hanh, OpenVote("Một câu khác?")) == "vote_open"
    assert refused(voting, voting.lan, CastBallot("v9", "for")) == "unknown_vote"
    cast(voting, lan="for")
    assert closing(voting)["ballots"] != []
    effects = voting.do(voting.hanh, OpenVote("Một câu khác?"))
    assert [(one["id"], one["ballots"]) for one in voting.told(effects, "vote")] == [("v1", []), ("v2", [])]
    assert [one.item for one in VOTES.of(voting.room.state).votes.values()] == ["a2", "a2"]


def test_the_record_names_each_ballot_of_a_roll_call(voting):
    cast(voting, lan="for")
    assert voting.room.proceedings.votes() == ()
    closing(voting)
    (result,) = voting.room.proceedings.votes()
    assert [(one.person.name, one.choice, one.by) for one in result.ballots] == [("Phạm Thị Lan", "for", None)]
    assert (result.outcome.result, result.outcome.eligible, result.item) == ("rejected", 3, "a2")
    assert (result.rule.secret, result.codes, result.voters) == (False, (), ())


def test_a_vote_with_a_time_closes_by_itself(vote_by):
    hall = vote_by(seconds=60)
    assert hall.told(hall.join(hall.lan), "vote") == []
    assert hall.room.welcome("lan", hall.now)["votes"][0]["closes_at"] == "2026-11-23T01:01:00Z"
    cast(hall, hanh="for", lan="for")
    hall.wait(seconds=59)
    assert hall.tick() == []
    hall.wait(seconds=1)
    assert hall.room.next_tick() == hall.now
    assert refused(hall, "dung", CastBallot("v1", "against")) == "vote_closed", "though no clock has rung yet"
    hall.tick()
    assert (hall.kept[-1].kind, hall.kept[-1].actor) == ("vote_closed", "system")
    assert hall.kept[-1].data["result"] == "passed"
    assert hall.room.next_tick() is None


# --- for somebody else ---------------------------------------------------------------------------------------------


def test_who_must_go_names_a_proxy_whose_ballot_counts_but_not_for_the_quorum(vote_by):
    hall = vote_by(proxies=True, quorum="half")
    hall.do("lan", NameProxy("dung"))
    assert refused(hall, "dung", CastBallot("v1", "for", "lan")) == "no_proxy", "she is still there"
    hall.do("lan", Leave())
    hall.do("dung", CastBallot("v1", "for", "lan"))
    hall.do("dung", CastBallot("v1", "against"))
    vote = closing(hall)
    assert vote["ballots"] == [
        {"participant": "lan", "choice": "for", "by": "dung"},
        {"participant": "dung", "choice": "against", "by": "dung"},
    ]
    assert vote["outcome"]["eligible"] == 3
    assert vote["outcome"]["present"] == 2
    assert vote["outcome"]["result"] == "no_quorum"
    (result,) = hall.room.proceedings.votes()
    assert [(one.person.id, one.by and one.by.id) for one in result.ballots] == [("lan", "dung"), ("dung", None)]


@pytest.mark.parametrize("base", ["present", "voting"])
def test_a_proxy_is_waited_for_from_the_start_and_named_in_the_outcome(vote_by, base):
    def awaited():
        return hall.room.welcome("hanh", hall.now)["votes"][-1]["waiting"]

    hall = vote_by(proxies=True, base=base)
    assert awaited() == 3
    hall.do("hanh", NameProxy("dung", "minh"))
    assert awaited() == 4
    hall.do("dung", Leave())
    assert awaited() == 2, "he holds the vote, and is not there either"
    hall.join(hall.dung)
    cast(hall, hanh="for", dung="for", lan="against")
    assert awaited() == 1
    hall.do("dung", CastBallot("v1", "for", "minh"))
    assert awaited() == 0
    outcome = closing(hall)["outcome"]
    assert (outcome["present"], outcome["represented"], outcome["eligible"], outcome["needed"]) == (3, 1, 4, 3)


def test_a_proxy_that_was_not_used_is_in_no_count(vote_by):
    hall = vote_by(proxies=True)
    hall.do("hanh", NameProxy("dung", "minh"))
    outcome = closing(hall)["outcome"]
    assert (outcome["present"], outcome["represented"], outcome["eligible"]) == (3, 0, 3)


def test_who_comes_back_votes_for_themselves_and_their_word_stands(vote_by):
    hall = vote_by(proxies=True)
    hall.do("hanh", NameProxy("dung", "minh"))
    hall.do("dung", CastBallot("v1", "for", "minh"))
    hall.join(hall.minh)
    assert refused(hall, "dung", CastBallot("v1", "for", "minh")) == "no_proxy"
    hall.do("minh", CastBallot("v1", "against"))
    hall.do("minh", Leave())
    assert refused(hall, "dung", CastBallot("v1", "for", "minh")) == "no_proxy"
    assert closing(hall)["tally"]["against"] == 1


def test_who_has_lost_the_line_is_represented_as_soon_as_they_are_not_counted(vote_by):
    hall = vote_by(proxies=True)
    hall.do("lan", NameProxy("dung"))
    hall.do("lan", Drop())
    hall.wait(seconds=9)
    assert refused(hall, "dung", CastBallot("v1", "for", "lan")) == "no_proxy", "a page that is loaded anew"
    hall.wait(seconds=1)
    hall.do("dung", CastBallot("v1", "for", "lan"))
    hall.join(hall.lan)
    assert refused(hall, "dung", CastBallot("v1", "abstain", "lan")) == "no_proxy"
    hall.do("lan", CastBallot("v1", "against"))
    assert closing(hall)["ballots"] == [{"participant": "lan", "choice": "against", "by": "lan"}]


def test_who_was_there_and_kept_silent_in_a_roll_call_is_on_record(vote_by):
    hall = vote_by()
    cast(hall, hanh="for")
    hall.do("lan", Drop())
    hall.wait(seconds=10)
    vote = closing(hall)
    assert vote["tally"]["none"] == 1
    (result,) = hall.room.proceedings.votes()
    assert [one.id for one in result.silent] == ["dung"]
    assert [one.id for one in result.cut] == ["lan"]
    assert [one.id for one in result.absent] == ["minh"]


def test_a_vote_that_allows_no_proxies_takes_none(voting):
    voting.do("hanh", NameProxy("dung", "minh"))
    assert refused(voting, "dung", CastBallot("v1", "for", "minh")) == "no_proxy"


def test_nobody_votes_for_two_others_and_nothing_is_passed_on(open_hall):
    hall = open_hall
    hall.join(hall.minh)
    hall.do("hanh", NameProxy("dung", "minh"))
    assert hall.do("minh", NameProxy("dung")) == []
    assert refused(hall, "lan", NameProxy("dung")) == "proxy_taken"
    assert refused(hall, "dung", NameProxy("lan")) == "proxy_taken"
    assert refused(hall, "lan", NameProxy("minh")) == "proxy_taken"
    assert refused(hall, "lan", NameProxy("binh")) == "not_eligible"
    assert refused(hall, "lan", NameProxy("lan")) == "not_eligible"
    assert refused(hall, "lan", NameProxy("dung", "minh")) == "not_allowed"
    assert refused(hall, "hanh", NameProxy("ai-day")) == "unknown_participant"
    effects = hall.do("minh", EndProxy())
    assert hall.told(effects, "proxy") == [{"id": "minh", "gone": True}]
    assert hall.do("minh", EndProxy()) == []
    hall.do("lan", NameProxy("dung"))


def test_a_crash_leaves_the_ballots_of_a_roll_call_and_gives_it_its_whole_time(vote_by):
    hall = vote_by(seconds=60)
    cast(hall, lan="for")
    again = hall.again()
    again.wait(seconds=59)
    again.do("system", Resume(again.start))
    again.join(again.lan, again.hanh, again.dung)
    again.wait(seconds=59)
    assert open_vote(again.room.state) is not None
    again.wait(seconds=1)
    again.tick()
    assert again.kept[-1].data["tally"] == {"for": 1, "against": 0, "abstain": 0, "none": 2}


# --- who has one ---------------------------------------------------------------------------------------------------


def test_the_clerk_and_who_looks_on_have_no_vote_and_are_in_no_count(new_hall):
    clerk, technician = (
        Person(id, id, "", BINH.unit, Role(role)) for id, role in (("cuc", "clerk"), ("phuc", "technician"))
    )
    hall = new_hall(invited=(DUNG, LAN, clerk, technician))
    hall.join(hall.hanh, hall.binh, hall.dung, hall.lan, clerk, technician, hall.tam)
    hall.do("hanh", OpenMeeting())
    assert turnout(hall.room.state.people) == (3, 3)
    assert "vote.cast" not in hall.room.welcome("cuc", hall.now)["may"]
    hall.do("hanh", OpenVote("Thông qua?"))
    for person in ("cuc", "phuc", "binh", "tam"):
        with pytest.raises(Refused):
            hall.do(person, CastBallot("v1", "for"))
    hall.do("hanh", SetRole("cuc", "delegate"))
    assert turnout(hall.room.state.people) == (4, 4), "the vote follows the role"
    hall.do("hanh", SetRole("cuc", "clerk"))
    assert turnout(hall.room.state.people) == (3, 3)


def test_the_sheet_gives_a_vote_to_a_member_who_writes_and_takes_it_from_a_delegate(new_hall):
    member, onlooker = replace(BINH, vote=True), replace(DUNG, vote=False)
    hall = new_hall(secretary=member, invited=(onlooker, LAN), quorum="half")
    assert Meeting.from_json(hall.room.meeting.to_json()) == hall.room.meeting
    hall.join(hall.hanh, member, onlooker, hall.lan)
    hall.do("hanh", OpenMeeting())
    hall.do("hanh", OpenVote("Thông qua?"))
    hall.do("binh", CastBallot("v1", "for"))
    with pytest.raises(Refused) as refused:
        hall.do("dung", CastBallot("v1", "against"))
    assert refused.value.code == "not_allowed"
    hall.do("hanh", CloseVote("v1"))
    outcome = hall.kept[-1].data
    assert (outcome["eligible"], outcome["members"], outcome["tally"]["for"]) == (3, 3, 1)
    assert [one.votes for one in hall.again().room.participants] == [True, True, False, True]


def test_a_member_who_becomes_secretary_or_chair_neither_gains_nor_loses_a_vote(open_hall):
    def votes(person):
        return open_hall.room.state.people[person].votes

    open_hall.do("hanh", SetRole("lan", "secretary"))
    assert votes("lan")
    assert not votes("binh")
    open_hall.do("hanh", SetSigner("lan"))
    assert (votes("lan"), votes("binh")) == (True, False)
    open_hall.do("hanh", SetRole("dung", "guest"))
    open_hall.do("hanh", HandChair("dung"))
    assert (votes("dung"), votes("hanh")) == (False, True)


def test_who_has_lost_the_line_is_in_no_quorum_and_no_majority_until_it_is_back(voting):
    voting.do(voting.lan, Drop())
    voting.wait(seconds=9)
    assert voting.tick() == [], "a page that is loaded anew changes nothing"
    voting.wait(seconds=1)
    effects = voting.tick()
    assert voting.told(effects, "turnout") == [{"present": 2, "members": 4}]
    assert voting.told(effects, "vote")[0]["waiting"] == 2
    effects = voting.join(voting.lan)
    assert voting.told(effects, "turnout") == [{"present": 3, "members": 4}]
    voting.do(voting.lan, Drop())
    voting.wait(seconds=10)
    outcome = closing(voting)["outcome"]
    assert (outcome["present"], outcome["eligible"]) == (2, 2)
    assert voting.room.proceedings.facts[-1].data["away"] == ["lan", "minh"]


def test_who_has_voted_and_lost_the_line_since_counts(voting):
    cast(voting, lan="for")
    voting.do(voting.lan, Drop())
    voting.wait(seconds=30)
    assert closing(voting)["outcome"]["present"] == 3


@pytest.mark.parametrize(("base", "before", "after"), [("present", 2, 2), ("voting", 2, 2), ("members", 3, 3)])
def test_for_how_many_a_vote_waits_does_not_jump_when_one_who_voted_leaves_or_at_the_end(vote_by, base, before, after):
    hall = vote_by(base=base)
    [told] = hall.told(hall.do(hall.lan, CastBallot("v1", "for")), "vote")
    assert told["waiting"] == before
    assert hall.told(hall.do(hall.lan, Leave()), "vote") == [], "nothing to tell"
    ended = closing(hall)
    assert ended["waiting"] is None
    assert max(ended["tally"]["none"], ended["outcome"]["present"] - ended["cast"]) == after
