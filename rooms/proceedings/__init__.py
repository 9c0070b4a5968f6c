"""What happened in a meeting, as plain values, and what can be read from it.

This is all that the records side may see of a meeting: the value types that a record quotes (units, persons,
the meeting's sheet), the chain of facts, and the attendance, course, votes and conclusions read from it. One module
reads one thing; `record` has them together.
"""

from rooms.facts import (
    BrokenChain,
    Fact,
    Json,
    canonical,
    chained,
    first_altered,
    from_iso,
    iso,
)
from rooms.proceedings.agenda import AgendaChange
from rooms.proceedings.attendance import Attendance, Interval
from rooms.proceedings.chairing import Chaired
from rooms.proceedings.course import Step, Turn
from rooms.proceedings.grouping import GroupsMet
from rooms.proceedings.interpreting import Interpreted
from rooms.proceedings.late import LateStatement, LateVote
from rooms.proceedings.merkle import merkle_root
from rooms.proceedings.noted import Noted
from rooms.proceedings.papers import PaperBrought, PaperShown
from rooms.proceedings.proxies import Proxy
from rooms.proceedings.record import Proceedings
from rooms.proceedings.values import CHOICES, VOTING, AgendaItem, Conclusion, Meeting, MeetingKind, Person, Role, Unit
from rooms.proceedings.voting import BASES, MAJORITIES, QUORUMS, NamedBallot, Outcome, Rule, VoteResult, needed
from rooms.proceedings.written import Written

__all__ = [
    "BASES",
    "CHOICES",
    "AgendaChange",
    "MAJORITIES",
    "QUORUMS",
    "AgendaItem",
    "Attendance",
    "BrokenChain",
    "Chaired",
    "Conclusion",
    "Fact",
    "GroupsMet",
    "Interpreted",
    "Interval",
    "Json",
    "LateStatement",
    "LateVote",
    "Meeting",
    "NamedBallot",
    "Outcome",
    "MeetingKind",
    "PaperBrought",
    "PaperShown",
    "Person",
    "Proceedings",
    "Role",
    "Rule",
    "Step",
    "Turn",
    "Unit",
    "VOTING",
    "VoteResult",
    "Noted",
    "Proxy",
    "Written",
    "canonical",
    "chained",
    "first_altered",
    "from_iso",
    "iso",
    "merkle_root",
    "needed",
]
