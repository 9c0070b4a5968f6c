"""Meetings as law and custom know them: who is there, who has the floor, what is voted and concluded.

Given: commands, the time, and (in `store` alone) a database connection. Owned: the state of a meeting and the
chain of its facts. Knows nothing of media, records, sockets or clocks. A module imports only those before it:

    errors  facts  proceedings  participant  meeting  effects  fields  delta  pad  state  topic  topics.*  topics
    messages  room  series  store

Other packages import from here, and the records side from `rooms.proceedings` alone; `rooms.store` is named
by whoever has a database.
"""

from rooms.effects import Effect, Keep, Media, Tell
from rooms.errors import ERROR_CODES, BadMessage, Refused, RoomError
from rooms.facts import SYSTEM
from rooms.fields import Command, clean
from rooms.meeting import OVER, MeetingState
from rooms.messages import CLIENT_TYPES, PERMISSIONS, SERVER_TYPES, message_id, parse, permitted
from rooms.participant import Participant
from rooms.proceedings import (
    AgendaItem,
    BrokenChain,
    Conclusion,
    Fact,
    Meeting,
    Person,
    Proceedings,
    Role,
    Unit,
    first_altered,
    iso,
)
from rooms.room import Room
from rooms.topics.agenda import StepAgenda
from rooms.topics.chairing import HandChair, TakeChair
from rooms.topics.conclusions import PutConclusion, RemoveConclusion
from rooms.topics.convening import AdjournMeeting, CancelMeeting, ChangeSheet, CloseMeeting, OpenMeeting
from rooms.topics.floor import EndFloor, GiveFloor, LimitFloor, LowerHand, MoveHand, RaiseHand
from rooms.topics.lobby import Admit, AdmitAll, Knock, Reject, SwitchLobby, TurnAway
from rooms.topics.moderation import (
    Hush,
    LockMicrophones,
    MediaState,
    SendOut,
    Spotlight,
    StopPicture,
)
from rooms.topics.papers import ClosePaper, Paper, Point, PutPaper, RemovePaper, ShowPaper, TurnPage
from rooms.topics.presence import GRACE, LOST, Drop, Join, Leave, Resume
from rooms.topics.proxies import EndProxy, NameProxy
from rooms.topics.recording import AnswerConsent, BreakRecording, KeepSegments, Segment, StartRecording, StopRecording
from rooms.topics.roles import SetRole, SetSigner, SetVote
from rooms.topics.sharing import StartSharing, StopSharing
from rooms.topics.voting import CastBallot, CloseVote, OpenVote
from rooms.topics.wire import MediaAnswer, MediaLine, MediaOffer, MediaSubscribe, MediaWatch, Ping

__all__ = [
    "Room",
    "GRACE",
    "LOST",
    "Meeting",
    "MeetingState",
    "OVER",
    "Unit",
    "Person",
    "Role",
    "Participant",
    "AgendaItem",
    "Conclusion",
    "PERMISSIONS",
    "permitted",
    "Command",
    "Join",
    "Drop",
    "Leave",
    "Resume",
    "MediaState",
    "MediaOffer",
    "MediaSubscribe",
    "MediaAnswer",
    "MediaWatch",
    "MediaLine",
    "Ping",
    "OpenMeeting",
    "AdjournMeeting",
    "CancelMeeting",
    "ChangeSheet",
    "CloseMeeting",
    "SetRole",
    "SetSigner",
    "SetVote",
    "Knock",
    "Hush",
    "StopPicture",
    "LockMicrophones",
    "Spotlight",
    "SendOut",
    "TurnAway",
    "Admit",
    "AdmitAll",
    "Reject",
    "SwitchLobby",
    "HandChair",
    "TakeChair",
    "StepAgenda",
    "RaiseHand",
    "LowerHand",
    "MoveHand",
    "LimitFloor",
    "GiveFloor",
    "EndFloor",
    "OpenVote",
    "CastBallot",
    "CloseVote",
    "NameProxy",
    "EndProxy",
    "PutConclusion",
    "RemoveConclusion",
    "Paper",
    "PutPaper",
    "RemovePaper",
    "ShowPaper",
    "TurnPage",
    "Point",
    "ClosePaper",
    "StartSharing",
    "StopSharing",
    "StartRecording",
    "StopRecording",
    "AnswerConsent",
    "KeepSegments",
    "Segment",
    "BreakRecording",
    "parse",
    "clean",
    "message_id",
    "CLIENT_TYPES",
    "SERVER_TYPES",
    "Effect",
    "Keep",
    "Tell",
    "Media",
    "Fact",
    "Proceedings",
    "first_altered",
    "iso",
    "SYSTEM",
    "RoomError",
    "Refused",
    "BadMessage",
    "BrokenChain",
    "ERROR_CODES",
]
