"""What comes late is late: in the chair's window, never as live, and no announced result changes."""

import pytest

from rooms import CastBallot, CloseMeeting, CloseVote, Drop, Join, Leave, OpenVote, Refused
from rooms.proceedings import iso
from rooms.topics.convening import AdjournMeeting
from rooms.topics.late import LATE, CloseLate, FileBallot, FileStatement, OpenLate
from rooms.topics.silence import FallSilent
from rooms.topics.sites import OpenSite, TakeSeat
from rooms.topics.voting import MAX_CHANGES, VOTES, lost, unheard


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


@pytest.fixture
def missed(open_hall):
    """Lan lost her line; v1 was voted without her, v2 in secret; now she is back."""
    hall = open_hall
    hall.do("lan", Drop())
    hall.wait(seconds=61)
    for number, code in ((1, None), (2, "A" * 12)):
        hall.do("hanh", OpenVote("Thông qua?", secret=code is not None))
        hall.do("hanh", CastBallot(f"v{number}", "for", code=code))
        hall.do("hanh", CloseVote(f"v{number}"))
    hall.join(hall.lan)
    return hall


def test_she_files_her_statement_and_her_vote_in_the_window(missed):
    assert refused(missed, "lan", FileStatement("Đề nghị cấp thêm phao cứu sinh.")) == "not_late"
    assert refused(missed, "lan", FileBallot("v1", "against")) == "not_late"
    effects = missed.do("hanh", OpenLate(30))
    assert missed.told(effects, "late") == [{"until": "2026-11-23T01:31:01Z", "ballots": []}]
    announced = VOTES.of(missed.room.state).votes["v1"]
    effects = missed.do("lan", FileStatement("Đề nghị cấp thêm phao cứu sinh.", "a2"))
    assert missed.told(effects, "statement") == [
        {"id": "s1", "participant": "lan", "text": "Đề nghị cấp thêm phao cứu sinh.", "item": "a2",
         "at": "2026-11-23T01:01:01Z"}
    ]  # fmt: skip
    effects = missed.do("lan", FileBallot("v1", "against"))
    (late,) = missed.told(effects, "late")
    assert [(one["vote"], one["participant"], one["choice"]) for one in late["ballots"]] == [("v1", "lan", "against")]
    assert VOTES.of(missed.room.state).votes["v1"] == announced, "what was announced stands"
    missed.do("hanh", CloseMeeting())
    held = missed.room.proceedings
    assert [(one.person.id, one.item) for one in held.late_statements()] == [("lan", "Phòng, chống lụt bão")]
    assert [(one.person.id, one.vote, one.choice) for one in held.late_votes()] == [("lan", "v1", "against")]
    assert held.votes()[0].outcome.tally == {"for": 1, "against": 0, "abstain": 0, "none": 1}


def test_who_lost_the_line_between_two_votes_is_told_that_they_may_file(open_hall):
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=20)
    open_hall.tick()
    open_hall.join(open_hall.lan)
    assert open_hall.room.welcome("lan", open_hall.now)["missed"] == [{"id": "lan", "votes": []}]
    assert open_hall.room.welcome("dung", open_hall.now)["missed"] == []


def test_a_late_ballot_is_changed_until_the_window_closes_and_stays_one(missed):
    missed.do("hanh", OpenLate(30))
    missed.do("lan", FileBallot("v1", "against"))
    missed.wait(minutes=5)
    assert missed.do("lan", FileBallot("v1", "against")) == [], "the same again is no change"
    effects = missed.do("lan", FileBallot("v1", "for"))
    ballot = {"vote": "v1", "participant": "lan", "choice": "for", "at": iso(missed.now)}
    assert missed.told(effects, "late")[-1]["ballots"] == [ballot]
    assert LATE.of(missed.again().room.state) == LATE.of(missed.room.state)
    missed.do("hanh", CloseLate())
    assert refused(missed, "lan", FileBallot("v1", "abstain")) == "not_late"
    missed.do("hanh", CloseMeeting())
    assert [(one.choice, one.at) for one in missed.room.proceedings.late_votes()] == [("for", missed.now)]


def test_nobody_changes_a_late_ballot_for_ever(missed):
    missed.do("hanh", OpenLate(30))
    for number in range(MAX_CHANGES + 1):
        missed.do("lan", FileBallot("v1", "for" if number % 2 else "against"))
    assert refused(missed, "lan", FileBallot("v1", "for")) == "limit_reached"


def test_only_who_was_not_there_votes_late_and_never_in_a_secret_vote(missed):
    missed.do("hanh", OpenLate(5))
    assert [one["votes"] for one in missed.room.welcome("lan", missed.now)["missed"]] == [["v1", "v2"]]
    assert missed.room.welcome("dung", missed.now)["missed"] == []
    assert refused(missed, "lan", FileBallot("v2", "for")) == "late_secret"
    assert refused(missed, "dung", FileBallot("v2", "for")) == "not_missed"
    assert refused(missed, "dung", FileBallot("v1", "for")) == "not_missed", "he kept silent, and was there"
    assert refused(missed, "hanh", FileBallot("v1", "against")) == "not_missed", "she has voted"
    assert refused(missed, "binh", FileBallot("v1", "for")) == "not_allowed"
    assert refused(missed, "lan", FileBallot("v7", "for")) == "unknown_vote"


def test_who_voted_and_then_lost_the_line_has_voted(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", CastBallot("v1", "for"))
    open_hall.do("lan", Leave())
    open_hall.do("hanh", CloseVote("v1"))
    open_hall.do("hanh", OpenLate(5))
    open_hall.do(open_hall.lan, Join(open_hall.lan))
    assert refused(open_hall, "lan", FileBallot("v1", "for")) == "not_missed"


def test_who_had_no_line_at_the_closing_missed_it_though_still_counted_as_present(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=10)
    open_hall.do("hanh", CloseVote("v1"))
    open_hall.join(open_hall.lan)
    open_hall.do("hanh", OpenLate(5))
    assert LATE.of(open_hall.again().room.state).missed == {"lan": ("v1",)}
    open_hall.do("lan", FileBallot("v1", "for"))


def cut_off(hall):
    """Who is so by the domain, and by what everybody is told."""
    told = hall.room.welcome("hanh", hall.now)["votes"][-1]["unheard"]
    assert [one.id for one in lost(hall.room.state)] == told
    return told


def test_who_loses_the_line_while_the_vote_is_open_is_named_until_they_are_back_or_have_voted(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", Drop())
    assert ([one.id for one in unheard(open_hall.room.state)], cut_off(open_hall)) == (["lan"], [])
    open_hall.wait(seconds=10)
    (vote,) = open_hall.told(open_hall.tick(), "vote")
    assert (vote["state"], vote["unheard"], vote["waiting"]) == ("open", ["lan"], 2)
    assert unheard(open_hall.room.state) == ()
    open_hall.wait(seconds=50)
    open_hall.tick()
    assert not open_hall.room.state.present("lan")
    assert cut_off(open_hall) == cut_off(open_hall.again()) == ["lan"], "the place is gone, too"
    open_hall.join(open_hall.lan)
    assert cut_off(open_hall) == []
    open_hall.do("lan", CastBallot("v1", "for"))
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=11)
    open_hall.tick()
    assert cut_off(open_hall) == [], "she has voted"


def test_who_leaves_or_was_gone_before_the_vote_is_not_cut_off_from_it(open_hall):
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=11)
    open_hall.tick()
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("dung", Drop())
    open_hall.wait(seconds=11)
    open_hall.tick()
    assert cut_off(open_hall) == ["dung"]
    open_hall.do("dung", Leave())
    assert cut_off(open_hall) == []


def test_who_lost_the_place_with_the_line_during_a_vote_is_named_with_it_and_answers_late(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=61)
    open_hall.tick()
    (vote,) = open_hall.told(open_hall.do("hanh", CloseVote("v1", anyway=True)), "vote")
    assert (vote["unheard"], vote["outcome"]["eligible"]) == (["lan"], 2)
    open_hall.do("hanh", OpenLate(5))
    open_hall.join(open_hall.lan)
    open_hall.do("lan", FileBallot("v1", "for"))
    (held,) = open_hall.again().room.proceedings.votes()
    assert ([one.id for one in held.cut], held.counted, "lan" in [one.id for one in held.absent]) == (
        ["lan"],
        (),
        False,
    )


def test_a_line_that_is_found_lost_after_the_vote_has_missed_it(open_hall):
    """The server hears of silence later than a short vote takes."""
    open_hall.wait(seconds=1)
    silent_since = open_hall.now
    for number in (1, 2):
        open_hall.do("hanh", OpenVote("Thông qua?", secret=number == 2))
        open_hall.wait(seconds=2)
        open_hall.do("hanh", CastBallot(f"v{number}", "for", code="A" * 12 if number == 2 else None))
        open_hall.do("hanh", CloseVote(f"v{number}"))
    announced = [vote.outcome for vote in VOTES.of(open_hall.room.state).votes.values()]
    effects = open_hall.do("lan", Drop(silent_since))
    assert [(one["id"], one["unheard"]) for one in open_hall.told(effects, "vote")] == [
        ("v1", ["lan"]),
        ("v2", ["lan"]),
    ]
    assert open_hall.kept[-1].kind == "line_lost", "however soon she is back"
    open_hall.join(open_hall.lan)
    assert LATE.of(open_hall.again().room.state).missed == {"lan": ("v1", "v2")}
    assert [vote.outcome for vote in VOTES.of(open_hall.room.state).votes.values()] == announced
    open_hall.do("hanh", OpenLate(5))
    open_hall.do("lan", FileBallot("v1", "for"))
    first, second = open_hall.room.proceedings.votes()
    for vote in (first, second):
        assert [one.id for one in vote.cut] == [one.id for one in vote.counted] == ["lan"]
        assert [one.id for one in vote.silent] == ["dung"]


def test_who_was_silent_when_a_vote_ended_by_its_time_is_named_with_it_and_may_answer_late(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?", seconds=60))
    open_hall.do("hanh", CastBallot("v1", "for"))
    open_hall.do("system", FallSilent(frozenset({"hanh", "lan"})))
    open_hall.wait(seconds=60)
    effects = open_hall.tick()
    (vote,) = open_hall.told(effects, "vote")
    assert (vote["state"], vote["unheard"]) == ("closed", ["lan"]), "the chair has voted, and Dũng is heard"
    open_hall.do("system", FallSilent(frozenset()))
    open_hall.wait(minutes=5)
    open_hall.do("hanh", OpenLate(5))
    open_hall.do("lan", FileBallot("v1", "against"))
    assert refused(open_hall, "dung", FileBallot("v1", "against")) == "not_missed"
    (held,) = open_hall.again().room.proceedings.votes()
    assert ([one.id for one in held.cut], [one.id for one in held.silent]) == (["lan"], ["dung"])


def test_who_is_found_lost_after_having_been_silent_has_missed_the_vote_once(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    since = open_hall.now
    open_hall.wait(seconds=6)
    open_hall.do("system", FallSilent(frozenset({"lan"})))
    open_hall.do("hanh", CloseVote("v1", anyway=True))
    open_hall.wait(seconds=6)
    open_hall.do("lan", Drop(since))
    assert VOTES.of(open_hall.room.state).votes["v1"].unheard == ("lan",)
    assert LATE.of(open_hall.room.state).missed == {"lan": ("v1",)}


def test_a_vote_that_ends_with_the_meeting_names_who_was_not_heard(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("system", FallSilent(frozenset({"lan"})))
    open_hall.do("hanh", CloseMeeting())
    (vote,) = open_hall.room.proceedings.votes()
    assert [one.id for one in vote.counted] == ["lan"]


def test_who_sits_before_a_silent_device_is_not_heard_either(open_hall):
    open_hall.do("lan", OpenSite())
    open_hall.do("hanh", TakeSeat("lan", "dung"))
    open_hall.do("dung", Leave())
    open_hall.do("hanh", OpenVote("Thông qua?", seconds=60))
    open_hall.do("system", FallSilent(frozenset({"lan"})))
    open_hall.wait(seconds=60)
    (vote,) = open_hall.told(open_hall.tick(), "vote")
    assert vote["unheard"] == ["dung", "lan"]


def test_a_line_that_dropped_after_the_vote_has_missed_nothing(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("hanh", CloseVote("v1"))
    open_hall.wait(seconds=1)
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=11)
    open_hall.tick()
    assert open_hall.kept[-1].kind == "line_lost"
    assert LATE.of(open_hall.room.state).missed == {"lan": ()}
    (vote,) = open_hall.room.proceedings.votes()
    assert (vote.cut, [one.id for one in vote.silent]) == ((), ["dung", "hanh", "lan"])


def test_a_line_that_was_back_before_the_closing_was_there(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=11)
    open_hall.tick()
    open_hall.join(open_hall.lan)
    open_hall.wait(seconds=1)
    open_hall.do("hanh", CloseVote("v1"))
    (vote,) = open_hall.room.proceedings.votes()
    assert (vote.cut, [one.id for one in vote.silent]) == ((), ["dung", "hanh", "lan"])


def test_who_had_lost_the_line_before_the_closing_is_named_so_and_counted_nowhere(open_hall):
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("lan", Drop())
    open_hall.wait(seconds=22)
    open_hall.do("hanh", CloseVote("v1"))
    (vote,) = open_hall.room.proceedings.votes()
    assert ([one.id for one in vote.cut], vote.counted, vote.absent) == (["lan"], (), ())
    assert vote.outcome.present == 2


def test_the_window_closes_by_itself_by_the_chair_or_with_the_meeting(missed):
    missed.do("hanh", OpenLate(5))
    missed.wait(minutes=5)
    assert missed.room.next_tick() == missed.now
    assert refused(missed, "lan", FileStatement("Muộn rồi.")) == "not_late"
    missed.tick()
    assert (missed.kept[-1].kind, missed.kept[-1].actor) == ("late_closed", "system")
    missed.do("hanh", OpenLate(5))
    missed.do("hanh", CloseLate())
    assert missed.do("hanh", CloseLate()) == []
    missed.do("hanh", OpenLate(60))
    missed.do("hanh", CloseMeeting())
    assert missed.kinds().count("late_closed") == 3
    assert LATE.of(missed.room.state).until is None
    assert missed.room.next_tick() is None


def test_the_chair_may_wait_for_a_commune_in_a_break(missed):
    missed.do("hanh", OpenLate(60))
    missed.do("hanh", AdjournMeeting())
    missed.do("lan", FileStatement("Xã đã sơ tán xong."))
    assert refused(missed, "lan", FileStatement("Về mục khác.", "a9")) == "unknown_item"
    for _ in range(9):
        missed.do("lan", FileStatement("Thêm một ý."))
    assert refused(missed, "lan", FileStatement("Quá nhiều.")) == "limit_reached"
    assert LATE.of(missed.again().room.state) == LATE.of(missed.room.state)
