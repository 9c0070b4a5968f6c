"""What the record says afterwards."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms import (
    CastBallot,
    CloseMeeting,
    CloseVote,
    Drop,
    GiveFloor,
    Leave,
    Meeting,
    OpenMeeting,
    OpenVote,
    Proceedings,
    Role,
    StepAgenda,
)
from rooms.proceedings import BrokenChain, chained, first_altered, iso, merkle_root


def root_by_the_book(leaves):
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root_by_the_book(leaves[:split]) + root_by_the_book(leaves[split:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_the_root_is_the_one_of_the_rfc(leaves):
    assert merkle_root(leaves) == root_by_the_book(leaves)


def test_known_roots():
    """Test vectors known from certificate transparency logs."""
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    assert merkle_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle_root(leaves).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"


def spans(hall, person):
    """The person's intervals in minutes after the start."""
    (found,) = [one for one in hall.room.proceedings.attendance() if one.person.id == person.id]
    return [tuple((at - hall.start) // timedelta(minutes=1) for at in span) for span in found.intervals]


@pytest.fixture
def held(hall):
    """Early birds, a late-comer, a lost line, a second coming, somebody who never came."""
    hall.join(hall.hanh, hall.binh, hall.dung)
    hall.wait(minutes=10)
    hall.do(hall.hanh, OpenMeeting())
    hall.wait(minutes=5)
    hall.join(hall.minh)
    hall.do(hall.hanh, GiveFloor("dung"))
    hall.do(hall.hanh, StepAgenda("a1"))
    hall.wait(minutes=5)
    hall.do(hall.dung, Drop())
    hall.wait(minutes=10)
    hall.tick()
    hall.join(hall.dung)
    hall.do(hall.hanh, StepAgenda("a2"))
    hall.do(hall.hanh, GiveFloor("minh"))
    hall.do(hall.hanh, OpenVote("Thông qua?"))
    hall.do(hall.minh, CastBallot("v1", "for"))
    hall.do(hall.dung, CastBallot("v1", "for"))
    hall.do(hall.minh, Leave())
    hall.do(hall.hanh, CloseVote("v1"))
    hall.wait(minutes=10)
    hall.do(hall.dung, Drop())
    hall.do(hall.hanh, CloseMeeting())
    return hall


def test_attendance_is_who_was_there_when_between_opening_and_closing(held):
    assert spans(held, held.hanh) == [(10, 40)]
    assert spans(held, held.dung) == [(10, 20), (30, 40)]
    assert spans(held, held.minh) == [(15, 30)]
    assert spans(held, held.lan) == [], "invited, did not come"
    people = [one.person.id for one in held.room.proceedings.attendance()]
    assert people == ["hanh", "binh", "dung", "lan", "minh"]


def test_who_loads_the_page_anew_was_there_all_the_time(open_hall):
    open_hall.wait(minutes=1)
    open_hall.do(open_hall.lan, Drop())
    open_hall.wait(seconds=9)
    open_hall.join(open_hall.lan)
    open_hall.wait(minutes=8, seconds=51)
    open_hall.do(open_hall.hanh, CloseMeeting())
    assert spans(open_hall, open_hall.lan) == [(0, 10)]


def test_a_lost_line_breaks_the_attendance_where_it_dropped_though_the_place_waited(open_hall):
    open_hall.wait(minutes=1)
    open_hall.do(open_hall.lan, Drop())
    open_hall.do(open_hall.hanh, Drop())
    open_hall.wait(seconds=59)
    open_hall.join(open_hall.lan, open_hall.hanh)
    open_hall.wait(minutes=1, seconds=1)
    open_hall.do(open_hall.lan, Drop())
    open_hall.wait(seconds=20)
    open_hall.do(open_hall.hanh, CloseMeeting())
    attendance = {one.person.id: one.intervals for one in open_hall.room.proceedings.attendance()}
    back = open_hall.start + timedelta(minutes=1, seconds=59)
    assert attendance["hanh"] == ((open_hall.start, open_hall.start + timedelta(minutes=1)), (back, open_hall.now))
    assert attendance["lan"] == (attendance["hanh"][0], (back, open_hall.now - timedelta(seconds=20)))
    assert [fact.kind for fact in open_hall.kept].count("left") == 5, "at the closing only"


def test_who_goes_out_and_in_at_once_has_one_interval(open_hall):
    open_hall.wait(minutes=5)
    open_hall.do(open_hall.lan, Leave())
    open_hall.join(open_hall.lan)
    open_hall.wait(minutes=5)
    open_hall.do(open_hall.hanh, CloseMeeting())
    assert spans(open_hall, open_hall.lan) == [(0, 10)]


def test_before_the_opening_nobody_attends(hall):
    hall.join(hall.hanh)
    assert all(one.intervals == () for one in hall.room.proceedings.attendance())
    assert hall.room.proceedings.course() == ()


def test_the_course_tells_who_spoke_and_what_was_voted_under_which_item(held):
    before, first, second = held.room.proceedings.course()
    assert before.item is None
    assert [turn.person.id for turn in before.speakers] == ["dung"]
    assert (first.item.id, first.speakers, first.votes) == ("a1", (), ())
    assert second.item.title == "Phòng, chống lụt bão"
    assert [turn.person.id for turn in second.speakers] == ["minh"]
    assert [vote.outcome.result for vote in second.votes] == ["passed"]
    assert second.votes[0].outcome.tally == {"for": 2, "against": 0, "abstain": 0, "none": 1}


def test_proceedings_travel_as_json(held):
    proceedings = held.room.proceedings
    travelled = Proceedings.from_json(json.loads(json.dumps(proceedings.to_json())))
    assert travelled == proceedings
    assert travelled.attendance() == proceedings.attendance()
    assert Meeting.from_json(json.loads(json.dumps(held.sheet.to_json()))) == held.sheet


def test_every_alteration_shows_at_its_place(held):
    for index, fact in enumerate(held.kept):
        for forged in (
            replace(fact, actor="minh2"),
            replace(fact, at=fact.at + timedelta(microseconds=1)),
            replace(fact, data={**fact.data, "x": 1}),
            replace(fact, digest="0" * 64),
        ):
            facts = [*held.kept[:index], forged, *held.kept[index + 1 :]]
            assert first_altered(facts) == fact.seq
            with pytest.raises(BrokenChain) as caught:
                Proceedings.from_facts(facts)
            assert caught.value.seq == fact.seq
    assert first_altered(held.kept) is None


def test_a_missing_fact_shows_at_the_next_and_a_missing_end_in_the_root(held):
    assert first_altered([*held.kept[:4], *held.kept[5:]]) == 6
    shortened = held.room.proceedings.to_json()
    shortened["facts"].pop()
    with pytest.raises(BrokenChain):
        Proceedings.from_json(shortened)


def test_an_altered_fact_with_a_digest_of_its_own_breaks_the_next(held):
    old = held.kept[4]
    forged = chained(held.kept[3], old.at, old.kind, "minh2", old.data)
    assert first_altered([*held.kept[:4], forged, *held.kept[5:]]) == old.seq + 1


def test_a_forger_who_links_the_chain_anew_has_another_root(held):
    forged = []
    for fact in held.kept:
        data = {**fact.data, "choice": "against"} if fact.kind == "ballot_cast" else fact.data
        forged.append(chained(forged[-1] if forged else None, fact.at, fact.kind, fact.actor, data))
    assert first_altered(forged) is None
    assert Proceedings.from_facts(forged).root != held.room.proceedings.root


def test_proceedings_begin_with_the_convening(held):
    for facts in ([], held.kept[1:]):
        with pytest.raises(BrokenChain):
            Proceedings.from_facts(facts)


def test_the_digest_does_not_change_with_the_version_of_the_program():
    fact = chained(None, datetime(2026, 11, 23, 1, tzinfo=UTC), "opened", "hạnh", {"b": 1, "a": None})
    text = '["",1,"2026-11-23T01:00:00Z","opened","hạnh",{"a":null,"b":1}]'
    assert fact.digest == hashlib.sha256(text.encode()).hexdigest()


def test_a_time_without_a_zone_does_not_come_on_record():
    with pytest.raises(ValueError, match="zone"):
        iso(datetime(2026, 11, 23, 1))


def test_a_sheet_that_lists_its_chair_as_a_delegate_too_has_the_chair_once(held):
    sheet = replace(held.sheet, invited=(replace(held.hanh, role=Role.DELEGATE), held.dung))
    assert [(one.id, one.role.value) for one in sheet.people()] == [
        ("hanh", "chair"),
        ("binh", "secretary"),
        ("dung", "delegate"),
    ]
