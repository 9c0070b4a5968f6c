"""The chair gives somebody a vote, or takes it, whatever the role."""

import pytest

from rooms import CastBallot, CloseVote, NameProxy, OpenVote, Refused, Role, SetRole, SetVote
from rooms.proceedings import Proceedings
from rooms.topics.voting import VOTES


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def turnout(effects, hall):
    return hall.told(effects, "turnout")[-1]


def test_an_observer_who_is_a_member_votes_and_counts(open_hall):
    assert turnout(open_hall.do("hanh", SetVote("tam", True)), open_hall) == {"present": 4, "members": 4}
    open_hall.do("hanh", OpenVote("Thông qua?", base="members"))
    open_hall.do("tam", CastBallot("v1", "for"))
    open_hall.do("hanh", CloseVote("v1"))
    vote = VOTES.of(open_hall.room.state).last
    assert (vote.outcome.eligible, vote.outcome.tally["for"]) == (4, 1)
    assert open_hall.of(open_hall.tam).role is Role.VIEWER


def test_who_has_none_any_more_casts_no_ballot_and_holds_no_proxy(open_hall):
    open_hall.do("hanh", SetVote("dung", False))
    assert refused(open_hall, "lan", NameProxy("dung")) == "not_eligible"
    open_hall.do("hanh", OpenVote("Thông qua?"))
    assert refused(open_hall, "dung", CastBallot("v1", "for")) == "not_allowed"


@pytest.mark.parametrize(("person", "votes"), [("hanh", False), ("binh", True)])
def test_also_of_the_chair_and_of_who_writes(open_hall, person, votes):
    open_hall.do("hanh", SetVote(person, votes))
    assert {one.id: one.votes for one in open_hall.room.participants}[person] is votes
    assert refused(open_hall, "binh", SetVote("lan", False)) == "not_allowed"


def test_nobody_changes_it_while_people_vote(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    assert refused(open_hall, "hanh", SetVote("tam", True)) == "vote_open"
    open_hall.do("hanh", CloseVote("v1"))
    open_hall.do("hanh", SetVote("tam", True))


def test_what_is_so_already_is_no_fact_and_strangers_have_none(open_hall):
    assert open_hall.do("hanh", SetVote("dung", True)) == []
    assert refused(open_hall, "hanh", SetVote("phuc", True)) == "unknown_participant"


def test_it_is_on_record_and_holds_after_a_crash_and_until_another_role_is_given(open_hall):
    open_hall.do("hanh", SetVote("tam", True))
    assert (open_hall.kept[-1].kind, open_hall.kept[-1].data) == (
        "vote_right_changed",
        {"person": "tam", "votes": True},
    )
    again = open_hall.again()
    assert again.of(again.tam).votes
    assert {one.id: one.votes for one in Proceedings.from_facts(again.kept).meeting.people()}["tam"]
    again.join(again.hanh, again.tam)
    again.do("hanh", SetRole("tam", "guest"))
    assert not again.of(again.tam).votes
