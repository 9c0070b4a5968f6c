"""Putting a question to the vote."""

from dataclasses import replace

import pytest

from rooms import CastBallot, CloseVote, Drop, Join, Leave, OpenVote, Refused, Role, StepAgenda


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


@pytest.fixture
def voting(open_hall):
    """Three may vote: Hạnh, Dũng and Lan."""
    open_hall.do(open_hall.hanh, StepAgenda("a2"))
    open_hall.do(open_hall.hanh, OpenVote("Thông qua phương án sơ tán?"))
    return open_hall


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
def test_more_than_half_of_those_who_may_vote_decide(voting, ballots, result):
    for person, choice in ballots.items():
        voting.do(person, CastBallot("v1", choice))
    effects = voting.do(voting.hanh, CloseVote("v1"))
    vote = voting.told(effects, "vote")[0]
    assert vote["state"] == "closed"
    assert vote["result"] == result
    assert vote["eligible"] == 3
    assert vote["tally"]["none"] == 3 - len(ballots)
    assert voting.kept[-1].data["rule"] == "simple_majority"


def test_half_is_not_a_majority(voting):
    voting.join(voting.minh)
    for person, choice in {"hanh": "for", "dung": "for", "lan": "against", "minh": "against"}.items():
        voting.do(person, CastBallot("v1", choice))
    voting.do(voting.hanh, CloseVote("v1"))
    assert voting.kept[-1].data["result"] == "rejected"


def test_a_choice_may_be_changed_until_the_vote_is_closed(voting):
    voting.do(voting.lan, CastBallot("v1", "for"))
    voting.do(voting.dung, CastBallot("v1", "for"))
    effects = voting.do(voting.lan, CastBallot("v1", "against"))
    assert voting.told(effects, "vote")[0]["ballots"] == [
        {"participant": "lan", "choice": "against"},
        {"participant": "dung", "choice": "for"},
    ]
    assert voting.do(voting.lan, CastBallot("v1", "against")) == []
    voting.do(voting.hanh, CloseVote("v1"))
    assert refused(voting, voting.lan, CastBallot("v1", "for")) == "vote_closed"
    assert refused(voting, voting.hanh, CloseVote("v1")) == "vote_closed"


def test_the_ballot_of_somebody_who_left_still_counts(voting):
    voting.do(voting.lan, CastBallot("v1", "for"))
    voting.do(voting.lan, Leave())
    voting.do(voting.dung, Leave())
    voting.do(voting.hanh, CloseVote("v1"))
    assert voting.kept[-1].data["eligible"] == 2
    assert voting.kept[-1].data["tally"] == {"for": 1, "against": 0, "abstain": 0, "none": 1}


def test_a_ballot_counts_though_its_caster_came_back_only_to_look_on(voting):
    voting.do(voting.lan, CastBallot("v1", "for"))
    voting.do(voting.lan, Leave())
    voting.join(replace(voting.lan, role=Role.VIEWER))
    voting.do(voting.hanh, CloseVote("v1"))
    assert voting.kept[-1].data["tally"] == {"for": 1, "against": 0, "abstain": 0, "none": 2}


def test_a_dropped_line_does_not_take_the_right_to_vote(voting):
    voting.do(voting.lan, Drop())
    voting.wait(seconds=30)
    voting.join(voting.lan)
    voting.do(voting.lan, CastBallot("v1", "for"))
    assert voting.room.state.votes["v1"].choice("lan") == "for"


def test_everybody_sees_the_number_of_voters_change_while_the_vote_is_open(voting):
    effects = voting.do(voting.minh, Join(voting.minh))
    assert voting.told(effects, "vote")[0]["eligible"] == 4


def test_votes_come_one_at_a_time_and_know_their_item(voting):
    assert refused(voting, voting.hanh, OpenVote("Một câu khác?")) == "vote_open"
    assert refused(voting, voting.lan, CastBallot("v9", "for")) == "unknown_vote"
    voting.do(voting.hanh, CloseVote("v1"))
    voting.do(voting.hanh, OpenVote("Một câu khác?"))
    assert list(voting.room.state.votes) == ["v1", "v2"]
    assert voting.room.state.votes["v1"].item == "a2"


def test_the_record_names_each_ballot(voting):
    voting.do(voting.lan, CastBallot("v1", "for"))
    assert voting.room.proceedings.votes() == ()
    voting.do(voting.hanh, CloseVote("v1"))
    (result,) = voting.room.proceedings.votes()
    assert [(person.name, choice) for person, choice in result.ballots] == [("Phạm Thị Lan", "for")]
    assert (result.result, result.eligible, result.item) == ("rejected", 3, "a2")
