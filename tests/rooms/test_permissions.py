"""Each command from each role: who may, may; everybody else is refused and nothing changes."""

from dataclasses import replace

import pytest

from rooms import (
    PERMISSIONS,
    AdjournMeeting,
    Admit,
    AdmitAll,
    AnswerConsent,
    CastBallot,
    CloseMeeting,
    ClosePaper,
    CloseVote,
    Drop,
    EndFloor,
    EndProxy,
    GiveFloor,
    HandChair,
    Hush,
    Knock,
    Leave,
    LimitFloor,
    LockMicrophones,
    LowerHand,
    MediaState,
    MeetingState,
    MoveHand,
    NameProxy,
    OpenMeeting,
    OpenVote,
    Paper,
    Point,
    PutConclusion,
    PutPaper,
    RaiseHand,
    Refused,
    Reject,
    RemoveConclusion,
    Role,
    SendOut,
    SetRole,
    SetSigner,
    SetVote,
    ShowPaper,
    Spotlight,
    StartRecording,
    StartSharing,
    StepAgenda,
    StopPicture,
    StopRecording,
    StopSharing,
    SwitchLobby,
    TurnPage,
    permitted,
)
from rooms.messages import CLIENT_TYPES
from rooms.topics import TYPE_OF
from rooms.topics.agenda import AddItem, DropItem, EditItem, MoveItem
from rooms.topics.captions import AnswerCaptions, StartCaptions, StopCaptions
from rooms.topics.chat import LockChat, MinuteMessage, RemoveMessage, Say
from rooms.topics.convening import GoOnMeeting
from rooms.topics.grouping import EndGroups, EnterGroup, StartGroups
from rooms.topics.interpreting import CloseChannel, Listen, NameInterpreter, OpenChannel
from rooms.topics.late import CloseLate, FileStatement, OpenLate
from rooms.topics.notes import EditPad
from rooms.topics.sites import AddToSite, CloseSite, FreeSeat, OpenSite, SpokenBallot, StrikeFromSite, TakeSeat

EVERYBODY = {"hanh", "binh", "dung", "tam"}

PAPER = Paper("p1", "Báo cáo.pdf", 12, "0" * 64, None, "Trần Văn Bình")

# command -> who may, with Dũng holding the floor, vote v1 open, conclusion c1 standing and paper p1 shown by Bình.
TABLE = [
    (Leave(), EVERYBODY),
    (MediaState(True, False), EVERYBODY - {"tam"}),
    (CloseMeeting(), {"hanh"}),
    (AdjournMeeting(15), {"hanh"}),
    (StepAgenda("a1"), {"hanh", "binh"}),
    (AddItem("Việc phát sinh"), {"hanh", "binh"}),
    (EditItem("a1", "Thu ngân sách"), {"hanh", "binh"}),
    (MoveItem("a1"), {"hanh", "binh"}),
    (DropItem("a2"), {"hanh", "binh"}),
    (RaiseHand(), {"binh", "dung"}),
    (LowerHand(), EVERYBODY),
    (LowerHand("lan"), {"hanh"}),
    (MoveHand("lan"), {"hanh"}),
    (LimitFloor(60), {"hanh"}),
    (GiveFloor("lan"), {"hanh"}),
    (EndFloor(), {"hanh", "dung"}),
    (CastBallot("v1", "for"), {"hanh", "dung"}),
    (CloseVote("v1"), {"hanh"}),
    (NameProxy("lan"), {"hanh", "dung"}),
    (OpenLate(5), {"hanh"}),
    (CloseLate(), {"hanh"}),
    (FileStatement("Báo cáo."), {"hanh", "binh", "dung"}),
    (NameProxy("hanh", "lan"), {"hanh"}),
    (EndProxy(), {"hanh", "dung"}),
    (PutConclusion("Báo cáo trước thứ Sáu."), {"hanh", "binh"}),
    (RemoveConclusion("c1"), {"hanh", "binh"}),
    (ShowPaper("p1"), {"hanh", "binh", "dung"}),
    (TurnPage(2), {"hanh", "binh", "dung"}),
    (Point(5, 5), {"hanh", "binh", "dung"}),
    (StartSharing(True), EVERYBODY - {"tam"}),
    (StopSharing(), EVERYBODY - {"tam"}),
    (ClosePaper(), {"hanh", "binh", "dung"}),
    (StartRecording(), {"hanh", "binh"}),
    (OpenSite(), EVERYBODY - {"tam"}),
    (OpenSite("dung"), EVERYBODY - {"tam"}),
    (CloseSite("lan"), {"hanh", "binh"}),
    (TakeSeat("lan", "tam"), {"hanh", "binh"}),
    (FreeSeat("lan", "phuc"), {"hanh", "binh"}),
    (StrikeFromSite("lan", "phuc"), {"hanh", "binh"}),
    (SpokenBallot("v1", "phuc", "for"), {"hanh", "binh"}),
    (StartGroups((("Tổ 1", ("dung",)),)), {"hanh", "binh"}),
    (EndGroups(), {"hanh", "binh"}),
    (EnterGroup(), EVERYBODY),
    (EnterGroup(participant="lan"), {"hanh", "binh"}),
    (OpenChannel("Tiếng Thái"), {"hanh", "binh"}),
    (CloseChannel("k1"), {"hanh", "binh"}),
    (NameInterpreter("lan", "k1"), {"hanh", "binh"}),
    (Listen("k1"), EVERYBODY),
    (EditPad("a1", 0, ("Ý kiến",), "p1", 1), {"hanh", "binh"}),
    (Say("Kính gửi số liệu."), EVERYBODY),
    (Say("Xin gặp thư ký.", to="desk"), EVERYBODY),
    (RemoveMessage("m1"), {"hanh", "binh"}),
    (MinuteMessage("m1"), {"hanh", "binh"}),
    (LockChat(True), {"hanh", "binh"}),
    (StartCaptions(), {"hanh", "binh"}),
    (StopCaptions(), {"hanh", "binh"}),
    (AnswerCaptions(True), EVERYBODY - {"tam"}),
    (StopRecording(), {"hanh", "binh"}),
    (AnswerConsent(True), EVERYBODY - {"tam"}),
    (SetRole("lan", "guest"), {"hanh"}),
    (SetSigner("binh"), {"hanh"}),
    (SetVote("phuc", False), {"hanh"}),
    (HandChair("lan"), {"hanh"}),
    (Admit("minh"), {"hanh", "binh"}),
    (AdmitAll(), {"hanh", "binh"}),
    (Reject("minh"), {"hanh", "binh"}),
    (SwitchLobby(False), {"hanh", "binh"}),
    (Hush("lan"), {"hanh", "binh"}),
    (StopPicture("lan"), {"hanh", "binh"}),
    (LockMicrophones(True), {"hanh"}),
    (Spotlight("lan"), {"hanh", "binh"}),
    (SendOut("lan"), {"hanh", "binh"}),
]


@pytest.mark.parametrize("person", ["hanh", "binh", "dung", "tam", "minh"])
@pytest.mark.parametrize(("command", "may"), TABLE, ids=[repr(command) for command, _ in TABLE])
def test_only_the_right_roles_may(open_hall, command, may, person):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", GiveFloor("dung"))
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("binh", PutConclusion("Báo cáo."))
    open_hall.do("hanh", OpenLate(5))
    open_hall.do("binh", PutPaper(PAPER))
    open_hall.do("binh", ShowPaper("p1"))
    if isinstance(command, AdjournMeeting | SetVote):
        open_hall.do("hanh", CloseVote("v1"))
    open_hall.do("hanh", OpenChannel("Tiếng Mông"))
    open_hall.do("lan", Say("Xã Tân Lập đã gửi."))
    open_hall.do("minh", Knock(open_hall.minh))
    open_hall.join(replace(open_hall.minh, id="phuc"))
    open_hall.do("hanh", OpenSite("lan"))
    open_hall.do("hanh", TakeSeat("lan", "phuc"))
    if isinstance(command, StrikeFromSite):
        open_hall.do("hanh", FreeSeat("lan", "phuc"))
        open_hall.do("lan", AddToSite("lan", replace(open_hall.minh, id="s-1")))
        command = StrikeFromSite("lan", "s-1")
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
def test_only_the_chair_ends_a_break(open_hall, person):
    open_hall.do("hanh", AdjournMeeting())
    with pytest.raises(Refused) as caught:
        open_hall.do(person, GoOnMeeting())
    assert caught.value.code == "not_allowed"
    open_hall.do("hanh", GoOnMeeting())


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
    tried = {TYPE_OF[type(command)] for command, _ in TABLE} | {
        "meeting.open",
        "meeting.go_on",
        "vote.open",
        "late.vote",
        "chair.take",
        "mic.open",  # of who has no seat: the sitting's
    }
    assert tried == {type for type in CLIENT_TYPES if type != "ping" and type not in _MEDIA}


_MEDIA = {"react", "media.offer", "media.answer", "media.subscribe", "media.watch", "media.line"}


def test_every_message_has_a_rule_and_unknown_ones_are_nobodys():
    assert set(PERMISSIONS) == set(CLIENT_TYPES)
    assert not any(permitted(role, "room.destroy") for role in Role)


@pytest.mark.parametrize(
    ("type", "roles"),
    [
        ("media.offer", set(Role) - {Role.VIEWER}),
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
