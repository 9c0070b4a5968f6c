"""A step writes out what it changed, not the whole room."""

import json

import pytest

from rooms import (
    CastBallot,
    CloseVote,
    MediaState,
    OpenVote,
    Participant,
    Person,
    PutConclusion,
    RaiseHand,
    Role,
    StepAgenda,
    Tell,
)
from rooms.topics.voting import Vote


@pytest.fixture
def full_hall(open_hall):
    """Forty more delegates, five closed votes, an open one."""
    open_hall.join(*(Person(f"d{i}", f"Đại biểu {i}", "", open_hall.lan.unit, Role.DELEGATE) for i in range(40)))
    for number in range(1, 7):
        open_hall.do("hanh", OpenVote("Thông qua?"))
        open_hall.do("lan", CastBallot(f"v{number}", "for"))
        if number < 6:
            open_hall.do("hanh", CloseVote(f"v{number}"))
    return open_hall


@pytest.fixture
def written(monkeypatch):
    """The ids of participants and votes, as they are written out."""
    ids = []
    for kind in (Participant, Vote):

        def noted(self, *rest, plain=kind.to_json, **options):
            ids.append(self.id)
            return plain(self, *rest, **options)

        monkeypatch.setattr(kind, "to_json", noted)
    return ids


@pytest.mark.parametrize(
    ("person", "command", "changed"),
    [
        ("d7", MediaState(True, False), {"d7"}),
        ("d7", RaiseHand(), {"d7"}),
        ("lan", CastBallot("v6", "against"), {"v6"}),
        ("hanh", StepAgenda("a1"), set()),
        ("binh", PutConclusion("Báo cáo."), set()),
    ],
    ids=repr,
)
def test_only_what_may_have_changed_is_written_out(full_hall, written, person, command, changed):
    assert full_hall.do(person, command) != []
    assert set(written) == changed


def test_what_is_told_of_a_ballot_does_not_grow_with_the_number_of_ballots(full_hall):
    def told(person):
        return {to: len(json.dumps(message)) for to, message in tells(full_hall.do(person, CastBallot("v6", "for")))}

    first, *_, last = [told(f"d{i}") for i in range(40)]
    assert first.keys() == {None, "d0"}
    assert sum(last.values()) <= sum(first.values()) + 5


def tells(effects):
    return [(effect.to, effect.message) for effect in effects if isinstance(effect, Tell)]
