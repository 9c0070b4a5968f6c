"""Whatever anybody may say in a room."""

from dataclasses import replace

from hypothesis import strategies as st

from rooms import (
    AdjournMeeting,
    Admit,
    AdmitAll,
    AnswerConsent,
    CastBallot,
    ClosePaper,
    CloseVote,
    Drop,
    EndFloor,
    EndProxy,
    GiveFloor,
    HandChair,
    Hush,
    Leave,
    LimitFloor,
    LockMicrophones,
    LowerHand,
    MediaState,
    MoveHand,
    NameProxy,
    OpenMeeting,
    OpenVote,
    Paper,
    Point,
    PutConclusion,
    PutPaper,
    RaiseHand,
    Reject,
    RemoveConclusion,
    RemovePaper,
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
    TakeChair,
    TurnAway,
    TurnPage,
)
from rooms.topics.agenda import AddItem, DropItem, EditItem, MoveItem
from rooms.topics.captions import AnswerCaptions, StartCaptions, StopCaptions
from rooms.topics.chat import ADDRESSEES, MinuteMessage, RemoveMessage, Say
from rooms.topics.convening import GoOnMeeting
from rooms.topics.grouping import EndGroups, EnterGroup, StartGroups
from rooms.topics.interpreting import CloseChannel, Listen, NameInterpreter, OpenChannel
from rooms.topics.late import CloseLate, FileBallot, FileStatement, OpenLate
from rooms.topics.sites import AddToSite, CheckIn, CloseSite, FreeSeat, OpenSite, SpokenBallot, StrikeFromSite, TakeSeat
from tests.rooms.conftest import MINH

WHO = st.sampled_from(["hanh", "binh", "dung", "lan", "tam", "minh"])
VOTE = st.sampled_from(["v1", "v2"])
CONCLUSION = st.sampled_from(["c1", "c2"])
CHOICE = st.sampled_from(["for", "against", "abstain"])
CODE = st.sampled_from(["A" * 12, "B" * 12, "C" * 12, "D" * 12])
SECONDS = st.sampled_from([None, None, 30, 600])
ITEM = st.sampled_from(["a1", "a2", "a9"])
TEXT = st.sampled_from(["Thông qua?", "Báo cáo."])
PAPER_ID = st.sampled_from(["p1", "p2", "p9"])
PAPER = Paper("p1", "Báo cáo.pdf", 2, "0" * 64, None, "Trần Văn Bình")
COMMANDS = st.one_of(
    st.builds(OpenMeeting),
    st.builds(MediaState, st.booleans(), st.booleans()),
    st.builds(StepAgenda, ITEM),
    st.builds(AdjournMeeting, st.sampled_from([None, 15])),
    st.builds(GoOnMeeting),
    st.builds(AddItem, TEXT, st.none(), st.none(), st.none() | ITEM),
    st.builds(EditItem, ITEM, TEXT),
    st.builds(MoveItem, ITEM, st.none() | ITEM),
    st.builds(DropItem, ITEM),
    st.builds(RaiseHand, st.none() | ITEM, st.none() | TEXT, st.booleans()),
    st.builds(MoveHand, WHO, st.none() | WHO),
    st.builds(LimitFloor, SECONDS, st.booleans()),
    st.builds(LowerHand, st.none() | WHO),
    st.builds(GiveFloor, WHO, SECONDS),
    st.builds(EndFloor),
    st.builds(
        OpenVote,
        TEXT,
        secret=st.booleans(),
        majority=st.sampled_from(["half", "two_thirds"]),
        base=st.sampled_from(["present", "voting", "members"]),
        quorum=st.sampled_from(["none", "half", "two_thirds"]),
        proxies=st.booleans(),
        seconds=st.sampled_from([None, None, 60]),
    ),
    st.builds(CastBallot, VOTE, CHOICE, st.none() | WHO),
    st.builds(CastBallot, VOTE, CHOICE, st.none() | WHO, CODE),
    st.builds(NameProxy, WHO, st.none() | WHO),
    st.builds(OpenLate, st.sampled_from([1, 60])),
    st.builds(CloseLate),
    st.builds(FileStatement, TEXT, st.none() | ITEM),
    st.builds(FileBallot, VOTE, CHOICE),
    st.builds(EndProxy, st.none() | WHO),
    st.builds(CloseVote, VOTE),
    st.builds(PutConclusion, TEXT, st.none() | CONCLUSION, st.sampled_from([None, "tan-lap", "so-y-te"])),
    st.builds(RemoveConclusion, CONCLUSION),
    st.builds(PutPaper, st.sampled_from([PAPER, replace(PAPER, item="a1"), replace(PAPER, id="p2", pages=1)])),
    st.builds(RemovePaper, PAPER_ID),
    st.builds(ShowPaper, PAPER_ID, st.integers(1, 3)),
    st.builds(TurnPage, st.integers(1, 3)),
    st.builds(Point, st.none() | st.just(5), st.just(7)),
    st.builds(ClosePaper),
    st.builds(StartSharing, st.booleans()),
    st.builds(StopSharing),
    st.builds(StartRecording),
    st.builds(StopRecording),
    st.builds(AnswerConsent, st.booleans()),
    st.builds(OpenSite, st.none() | WHO),
    st.builds(CloseSite, st.none() | WHO),
    st.builds(TakeSeat, WHO, WHO),
    st.builds(FreeSeat, WHO, WHO),
    st.builds(CheckIn, WHO),
    st.builds(AddToSite, WHO, st.sampled_from([MINH, replace(MINH, id="s-1", name="Đỗ Thị Sáu", vote=True)])),
    st.builds(StrikeFromSite, WHO, st.sampled_from(["minh", "s-1", "dung"])),
    st.builds(SpokenBallot, VOTE, WHO, CHOICE),
    st.builds(SetRole, WHO, st.sampled_from(["deputy", "secretary", "delegate", "viewer"])),
    st.builds(SetVote, WHO, st.booleans()),
    st.builds(SetSigner, WHO),
    st.builds(HandChair, WHO, st.booleans()),
    st.builds(TakeChair),
    st.builds(Admit, WHO),
    st.builds(AdmitAll),
    st.builds(Reject, WHO),
    st.builds(SwitchLobby, st.booleans()),
    st.builds(TurnAway),
    st.builds(Hush, st.none() | WHO),
    st.builds(StopPicture, WHO),
    st.builds(LockMicrophones, st.booleans()),
    st.builds(Spotlight, st.none() | WHO),
    st.builds(SendOut, WHO),
    st.builds(Leave),
    st.builds(Drop),
)

# What goes on beside the meeting: few commands, so that they meet each other.
BESIDE = st.one_of(
    st.builds(StartCaptions),
    st.builds(StopCaptions),
    st.builds(AnswerCaptions, st.booleans()),
    st.builds(AnswerCaptions, st.just(True)),
    st.builds(StartGroups, st.sampled_from([(("Tổ 1", ("dung", "lan")),), (("Tổ 1", ("dung",)), ("Tổ 2", ("lan",)))])),
    st.builds(EndGroups),
    st.builds(EnterGroup, st.none() | st.sampled_from(["g1", "g2"]), st.none() | WHO),
    st.builds(OpenChannel, st.just("Tiếng Mông")),
    st.builds(CloseChannel, st.just("k1")),
    st.builds(NameInterpreter, WHO, st.none() | st.just("k1")),
    st.builds(Listen, st.none() | st.just("k1")),
    st.builds(OpenSite),
    st.builds(TakeSeat, st.just("lan"), st.sampled_from(["dung", "tam"])),
    st.builds(FreeSeat, st.just("lan"), st.just("dung")),
    st.builds(Drop),
)

# Who votes, for whom and how late, and who reads what was meant for a few, while the roles change.
MESSAGE = st.sampled_from(["m1", "m2", "m3"])
ENTRUSTED = st.one_of(
    st.builds(
        OpenVote,
        TEXT,
        secret=st.booleans(),
        base=st.sampled_from(["present", "voting", "members"]),
        proxies=st.just(True),
        seconds=st.sampled_from([None, 60]),
    ),
    st.builds(CastBallot, VOTE, CHOICE, st.none() | WHO),
    st.builds(CastBallot, VOTE, CHOICE, st.none() | WHO, CODE),
    st.builds(CloseVote, VOTE),
    st.builds(NameProxy, WHO, st.none() | WHO),
    st.builds(EndProxy, st.none() | WHO),
    st.builds(OpenLate, st.sampled_from([1, 60])),
    st.builds(CloseLate),
    st.builds(FileBallot, VOTE, CHOICE),
    st.builds(Say, TEXT, st.sampled_from(("desk", "secretary"))),
    st.builds(Say, TEXT, st.sampled_from(ADDRESSEES)),
    st.builds(RemoveMessage, MESSAGE),
    st.builds(MinuteMessage, MESSAGE),
    st.builds(SetRole, WHO, st.sampled_from(["deputy", "secretary", "delegate", "viewer"])),
    st.builds(SetVote, WHO, st.booleans()),
    st.builds(SetSigner, WHO),
    st.builds(HandChair, WHO, st.booleans()),
    st.builds(TakeChair),
    st.builds(OpenSite, st.none() | WHO),
    st.builds(TakeSeat, WHO, WHO),
    st.builds(SpokenBallot, VOTE, WHO, CHOICE),
    st.builds(Leave),
    st.builds(Drop),
)
