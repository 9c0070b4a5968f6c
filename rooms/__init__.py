"""Meetings as law and custom know them: who is there, who has the floor, what is voted and concluded.

Given: commands, the time, and (in `store` alone) a database connection. Owned: the state of a meeting and the
chain of its facts. Knows nothing of media, records, sockets or clocks. A module imports only those before it:

    errors  facts  proceedings  participant  agenda  meeting  floor  vote  messages  state  handlers  room  store

Other packages import from here, and the records side from `rooms.proceedings` alone; `rooms.store` is named
by whoever has a database.
"""

from rooms.errors import ERROR_CODES, BadMessage, Refused, RoomError
from rooms.facts import SYSTEM
from rooms.meeting import MeetingState
from rooms.messages import (
    CLIENT_TYPES,
    SERVER_TYPES,
    CastBallot,
    CloseMeeting,
    CloseVote,
    Command,
    Drop,
    Effect,
    EndFloor,
    GiveFloor,
    Join,
    Keep,
    Leave,
    LowerHand,
    Media,
    MediaAnswer,
    MediaOffer,
    MediaState,
    MediaSubscribe,
    OpenMeeting,
    OpenVote,
    Ping,
    PutConclusion,
    RaiseHand,
    RemoveConclusion,
    Resume,
    StepAgenda,
    Tell,
    clean,
    message_id,
    parse,
)
from rooms.participant import PERMISSIONS, Participant, permitted
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
from rooms.room import GRACE, Room

__all__ = [
    "Room",
    "GRACE",
    "Meeting",
    "MeetingState",
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
    "Ping",
    "OpenMeeting",
    "CloseMeeting",
    "StepAgenda",
    "RaiseHand",
    "LowerHand",
    "GiveFloor",
    "EndFloor",
    "OpenVote",
    "CastBallot",
    "CloseVote",
    "PutConclusion",
    "RemoveConclusion",
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
