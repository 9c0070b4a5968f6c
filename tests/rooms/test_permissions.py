"""Each command from each role: who may, may; everybody else is refused and nothing changes."""

import pytest

from rooms import (
    PERMISSIONS,
    AnswerConsent,
    CastBallot,
    CloseMeeting,
    CloseVote,
    Drop,
    EndFloor,
    GiveFloor,
    Leave,
    LowerHand,
    MediaState,
    MeetingState,
    OpenMeeting,
    OpenVote,
    PutConclusion,
    RaiseHand,
    Refused,
    RemoveConclusion,
    Role,
    StartRecording,
    StepAgenda,
    StopRecording,
    permitted,
)
from rooms.messages import CLIENT_TYPES, TYPE_OF

EVERYBODY = {"hanh", "binh", "dung", "tam"}

# command -> who may, with Dũng holding the floor, vote v1 open and conclusion c1 standing.
TABLE = [
    (Leave(), EVERYBODY),
    (MediaState(True, False), EVERYBODY - {"tam"}),
    (CloseMeeting(), {"hanh"}),
    (StepAgenda("a1"), {"hanh", "binh"}),
    (RaiseHand(), {"binh", "dung"}),
    (LowerHand(), EVERYBODY),
    (LowerHand("lan"), {"hanh"}),
    (GiveFloor("lan"), {"hanh"}),
    (EndFloor(), {"hanh", "dung"}),
    (CastBallot("v1", "for"), {"hanh", "dung"}),
    (CloseVote("v1"), {"hanh"}),
    (PutConclusion("Báo cáo trước thứ Sáu."), {"hanh", "binh"}),
    (RemoveConclusion("c1"), {"hanh", "binh"}),
    (StartRecording(), {"hanh", "binh"}),
    (StopRecording(), {"hanh", "binh"}),
    (AnswerConsent(True), EVERYBODY - {"tam"}),
]


@pytest.mark.parametrize("person", ["hanh", "binh", "dung", "tam", "minh"])
@pytest.mark.parametrize(("command", "may"), TABLE, ids=[repr(command) for command, _ in TABLE])
def test_only_the_right_roles_may(open_hall, command, may, person):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", GiveFloor("dung"))
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("binh", PutConclusion("Báo cáo."))
    before, facts = open_hall.room.state, open_hall.room.facts
    if person in may:
        open_hall.do(person, command)
        return
    if isinstance(command, Leave):
        assert open_hall.do(person, command) == []
    else:
        with pytest.raises(Refused) as caught:
            open_hall.do(person, command)
        assert caught.value.code == "not_allowed"
    assert (open_hall.room.state, open_hall.room.facts) == (before, facts)


@pytest.mark.parametrize("person", ["binh", "dung", "tam", "minh"])
@pytest.mark.parametrize("command", [OpenMeeting(), OpenVote("Thông qua?")], ids=repr)
def test_only_the_chair_opens(hall, command, person):
    hall.join(hall.hanh, hall.binh, hall.dung, hall.tam)
    if isinstance(command, OpenVote):
        hall.do("hanh", OpenMeeting())
    known = len(hall.kept)
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    assert caught.value.code == "not_allowed"
    assert len(hall.kept) == known
    hall.do("hanh", command)
    assert len(hall.kept) == known + 1


def test_the_table_covers_every_command_that_the_room_takes():
    tried = {TYPE_OF[type(command)] for command, _ in TABLE} | {"meeting.open", "vote.open"}
    assert tried == {type for type in CLIENT_TYPES if type != "ping" and type not in _MEDIA}


_MEDIA = {"media.offer", "media.answer", "media.subscribe", "media.watch", "media.line"}


def test_every_message_has_a_rule_and_unknown_ones_are_nobodys():
    assert set(PERMISSIONS) == set(CLIENT_TYPES)
    assert not any(permitted(role, "room.destroy") for role in Role)


@pytest.mark.parametrize(
    ("type", "roles"),
    [
        ("media.offer", {Role.CHAIR, Role.SECRETARY, Role.DELEGATE, Role.GATEWAY}),
        ("media.subscribe", set(Role)),
        ("media.answer", set(Role)),
        ("ping", set(Role)),
    ],
)
def test_who_may_do_what_the_edge_handles(type, roles):
    assert {role for role in Role if permitted(role, type)} == roles


def test_the_secretary_closes_only_when_the_chair_has_left(open_hall):
    def refusal():
        with pytest.raises(Refused) as caught:
            open_hall.do("binh", CloseMeeting())
        return caught.value.code

    assert refusal() == "not_allowed"
    open_hall.do("hanh", Drop())
    open_hall.wait(seconds=59)
    assert refusal() == "not_allowed", "the chair's place is kept while the line may come back"
    open_hall.wait(seconds=1)
    with pytest.raises(Refused):
        open_hall.do("dung", CloseMeeting())
    open_hall.do("binh", CloseMeeting())
    assert open_hall.room.meeting_state is MeetingState.CLOSED
    assert (open_hall.kept[-1].kind, open_hall.kept[-1].actor) == ("closed", "binh")


def test_a_chair_who_comes_back_has_the_closing_again(open_hall):
    open_hall.do("hanh", Leave())
    open_hall.join(open_hall.hanh)
    with pytest.raises(Refused):
        open_hall.do("binh", CloseMeeting())
    open_hall.do("hanh", CloseMeeting())


def test_before_the_opening_there_is_nothing_to_close_for_the_secretary_either(hall):
    hall.join(hall.binh)
    with pytest.raises(Refused) as caught:
        hall.do("binh", CloseMeeting())
    assert caught.value.code == "not_open"
    assert hall.room.may("binh", "meeting.close")


def test_an_absent_person_may_nothing(open_hall):
    assert open_hall.room.may("lan", "vote.cast")
    open_hall.do("lan", Leave())
    assert not open_hall.room.may("lan", "vote.cast")
    assert not open_hall.room.may("minh", "ping")
    with pytest.raises(Refused):
        open_hall.do("lan", RaiseHand())
