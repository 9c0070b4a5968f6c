"""A vote in secret: what is known of it, to whom, and what no record has."""

import json
import re
from datetime import timedelta

import pytest

from rooms import (
    CastBallot,
    CloseMeeting,
    CloseVote,
    Leave,
    OpenMeeting,
    OpenVote,
    Resume,
)
from rooms.facts import canonical
from rooms.topics.voting import VOTES
from tests.rooms.ballots import CODES, closing, drop_in, refused


@pytest.fixture
def secret(vote_by):
    return vote_by(secret=True)


def test_no_fact_is_made_of_a_secret_ballot_and_no_partial_count_is_shown(secret):
    known = len(secret.kept)
    effects = secret.do("lan", CastBallot("v1", "against", code=CODES["lan"]))
    effects += secret.do("lan", CastBallot("v1", "for", code=CODES["lan"]))
    drop_in(secret, dung="against")
    assert len(secret.kept) == known
    for vote in secret.told(effects, "vote"):
        assert (vote["tally"], vote["ballots"], vote["codes"]) == (None, [], [])
        assert vote["cast"] == 1
    own = [(effect.to, effect.message["ballot"]) for effect in effects if "ballot" in effect.message]
    assert [(to, ballot["choice"], ballot["code"]) for to, ballot in own] == [
        ("lan", "against", CODES["lan"]),
        ("lan", "for", CODES["lan"]),
    ]


def test_nothing_on_record_says_who_chose_what(secret):
    drop_in(secret, lan="against", hanh="for", dung="for")
    vote = closing(secret)
    assert vote["codes"] == [
        {"code": CODES["lan"], "choice": "against"},
        {"code": CODES["dung"], "choice": "for"},
        {"code": CODES["hanh"], "choice": "for"},
    ]
    assert (vote["ballots"], vote["tally"]["for"], vote["outcome"]["result"]) == ([], 2, "passed")
    end = secret.kept[-1]
    assert end.data["voters"] == ["dung", "hanh", "lan"]
    assert [fact.kind for fact in secret.kept if b"against" in canonical(fact.data)] == ["vote_closed"]
    # Who holds a code is nowhere; the two lists are sorted each by itself.
    assert sorted(end.data["codes"]) == end.data["codes"]
    assert not any(re.search(f"{person}[^,]*{code}", json.dumps(end.data)) for person, code in CODES.items())
    (result,) = secret.room.proceedings.votes()
    assert (result.ballots, len(result.codes), len(result.voters)) == ((), 3, 3)


def test_the_record_is_the_same_whoever_chose_what_and_whenever(new_hall):
    """The same codes and choices, cast by other people in another order at other times: the same facts."""

    def meeting(*ballots):
        hall = new_hall()
        hall.join(hall.hanh, hall.dung, hall.lan)
        hall.do("hanh", OpenMeeting())
        hall.do("hanh", OpenVote("Thông qua?", secret=True))
        for seconds, (person, choice, code) in enumerate(ballots):
            hall.wait(seconds=seconds)
            hall.do(person, CastBallot("v1", choice, code=code))
        hall.now = hall.start + timedelta(minutes=5)
        hall.do("hanh", CloseVote("v1"))
        return [fact.to_json() for fact in hall.kept]

    one, two, three = CODES["hanh"], CODES["dung"], CODES["lan"]
    first = meeting(("hanh", "for", one), ("dung", "for", two), ("lan", "against", three))
    other = meeting(
        ("lan", "abstain", one), ("lan", "for", one), ("dung", "against", three), ("hanh", "for", two)
    )  # fmt: skip
    assert first == other


def test_once_it_is_closed_the_server_has_forgotten_who_chose_what(secret):
    drop_in(secret, lan="against")
    effects = secret.do("hanh", CloseVote("v1"))
    assert [
        (effect.to, effect.message["ballot"]) for effect in effects if "ballot" in getattr(effect, "message", ())
    ] == [("lan", {"id": "lan", "gone": True})]
    assert VOTES.of(secret.room.state).box == {}
    assert secret.room.welcome("lan", secret.now)["ballots"] == []


def test_a_secret_ballot_needs_a_code_of_its_own(secret):
    assert refused(secret, "lan", CastBallot("v1", "for")) == "bad_message"
    drop_in(secret, lan="for")
    assert refused(secret, "dung", CastBallot("v1", "for", code=CODES["lan"])) == "bad_message"
    closing(secret)
    secret.do("hanh", OpenVote("Một câu khác?"))
    assert refused(secret, "lan", CastBallot("v2", "for", code=CODES["lan"])) == "bad_message"


def test_after_a_crash_a_secret_vote_begins_anew_and_says_so(vote_by):
    hall = vote_by(secret=True, seconds=60)
    drop_in(hall, lan="for", dung="for", hanh="for")
    hall.do("lan", Leave())
    again = hall.again()
    again.wait(seconds=90)
    effects = again.do("system", Resume(again.start))
    new = again.kinds()[len(hall.kept) :]
    assert new[:2] == ["vote_resumed", "resumed"]
    assert [fact.data for fact in again.kept if fact.kind == "vote_resumed"] == [{"vote": "v1", "void": True}]
    (vote,) = again.told(effects, "vote")
    assert (vote["round"], vote["cast"], vote["closes_at"]) == (2, 0, "2026-11-23T01:02:30Z")
    again.join(again.dung, again.hanh)
    drop_in(again, dung="for")
    ended = closing(again)
    assert (ended["cast"], ended["tally"]["for"]) == (1, 1)
    # And a second crash, after the closing, changes nothing any more.
    twice = again.again()
    twice.do("system", Resume(twice.now))
    assert VOTES.of(twice.room.state).votes["v1"] == VOTES.of(again.room.state).votes["v1"]


def test_a_crash_with_nobody_left_in_the_room_is_not_forgotten_either(secret):
    drop_in(secret, lan="for")
    for person in ("hanh", "binh", "dung", "lan", "tam"):
        secret.do(person, Leave())
    again = secret.again()
    again.do("system", Resume(again.now))
    assert again.kinds()[-1] == "vote_resumed"
    again.join(again.hanh)
    assert closing(again)["cast"] == 0


def test_a_closing_that_could_not_be_kept_leaves_the_ballots_in_the_box(secret):
    drop_in(secret, lan="for", dung="against")
    effects = secret.room.apply("hanh", CloseVote("v1"), secret.now)
    secret.room.forget(effects[0].facts)
    assert closing(secret)["cast"] == 2


def test_the_end_of_the_meeting_counts_the_open_vote(secret):
    drop_in(secret, lan="for", dung="for")
    secret.do("hanh", CloseMeeting())
    end = next(fact for fact in secret.kept if fact.kind == "vote_closed")
    assert (end.data["result"], end.data["eligible"]) == ("passed", 3)
