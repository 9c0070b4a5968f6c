"""A meeting as it was held: its chain of facts, and what is read from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rooms.facts import BrokenChain, Fact, Json, canonical, first_altered
from rooms.proceedings.agenda import AgendaChange, changes_of
from rooms.proceedings.attendance import Attendance, Interval, attendance_of, breaks_of, interruptions_of
from rooms.proceedings.chairing import Chaired, chaired_of
from rooms.proceedings.conclusions import conclusions_of
from rooms.proceedings.course import Step, course_of
from rooms.proceedings.grouping import GroupsMet, groups_met_of
from rooms.proceedings.held import Held
from rooms.proceedings.interpreting import Interpreted, interpreted_of
from rooms.proceedings.late import LateStatement, LateVote, late_votes_of, statements_of
from rooms.proceedings.merkle import merkle_root
from rooms.proceedings.noted import Noted, noted_of
from rooms.proceedings.papers import PaperBrought, PaperShown, brought_of, papers_of
from rooms.proceedings.proxies import Proxy, proxies_of
from rooms.proceedings.recording import recordings_of
from rooms.proceedings.values import Conclusion, Meeting, Role, people_of
from rooms.proceedings.voting import VoteResult, votes_of
from rooms.proceedings.written import Written, written_of


@dataclass(frozen=True, slots=True)
class Proceedings(Held):
    """`root` is the Merkle root (hex) over the canonical JSON of all facts."""

    root: str

    @classmethod
    def from_facts(cls, facts: Iterable[Fact]) -> Proceedings:
        """Raises BrokenChain if the facts are not an unbroken chain that begins with `convened`."""
        facts = tuple(facts)
        if not facts or facts[0].kind != "convened":
            raise BrokenChain(facts[0].seq if facts else 0, "proceedings begin with the meeting being convened")
        altered = first_altered(facts)
        if altered is not None:
            raise BrokenChain(altered, "does not follow from the fact before it")
        meeting = Meeting.from_json(facts[0].data)
        people = people_of(meeting, facts)
        times: dict[str, datetime] = {}
        for fact in facts:
            if fact.kind in ("opened", "closed"):
                times[fact.kind] = fact.at
            elif fact.kind == "sheet_changed":
                meeting = Meeting.from_json(fact.data)
                people = people_of(meeting, facts)
            elif fact.kind == "chair_taken":
                meeting = meeting.chaired_by(people[fact.data["person"]])
            elif fact.kind == "secretary_taken":
                meeting = meeting.recorded_by(people[fact.data["person"]])
            elif fact.kind == "chair_passed" and fact.data["for_good"]:
                meeting = meeting.chaired_by(people[fact.data["person"]])
            elif fact.kind == "role_changed":
                meeting = meeting.with_role(people[fact.data["person"]], Role(fact.data["role"]))
            elif fact.kind == "vote_right_changed":
                meeting = meeting.with_vote(people[fact.data["person"]], fact.data["votes"])
        root = merkle_root([canonical(fact.to_json()) for fact in facts]).hex()
        return cls(meeting, facts, times.get("opened"), times.get("closed"), root)

    def to_json(self) -> Json:
        return {"facts": [fact.to_json() for fact in self.facts], "root": self.root}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Proceedings:
        """Everything is read again from the facts; raises BrokenChain if they or the root do not agree."""
        found = cls.from_facts(Fact.from_json(one) for one in data["facts"])
        if found.root != data["root"]:
            raise BrokenChain(0, "the Merkle root is not that of these facts")
        return found

    def attendance(self) -> tuple[Attendance, ...]:
        """Chair, secretary, the invited in their order, then others as they came."""
        return attendance_of(self)

    def chaired(self) -> tuple[Chaired, ...]:
        """Who chaired when, in order, from the opening on."""
        return chaired_of(self)

    def interruptions(self) -> tuple[Interval, ...]:
        """When the server was down while the meeting was open and somebody in it."""
        return interruptions_of(self)

    def convened(self) -> Meeting:
        """The sheet as it was when the meeting was opened, whoever took which seat."""
        sheets = [fact for fact in self.facts if fact.kind in ("convened", "sheet_changed")]
        return Meeting.from_json(sheets[-1].data)

    def breaks(self) -> tuple[Interval, ...]:
        """When the meeting was adjourned and went on, in order."""
        return breaks_of(self)

    def agenda_changes(self) -> tuple[AgendaChange, ...]:
        """How the agenda was amended in the meeting, in order."""
        return changes_of(self)

    def recordings(self) -> tuple[Interval, ...]:
        """When sound and picture were recorded, in order; whose, is in the facts."""
        return recordings_of(self)

    def groups_met(self) -> tuple[GroupsMet, ...]:
        """When people met in groups, in order."""
        return groups_met_of(self)

    def interpreted(self) -> tuple[Interpreted, ...]:
        """Who interpreted into which language when, in the order of beginning."""
        return interpreted_of(self)

    def papers(self) -> tuple[PaperShown, ...]:
        """The papers that were shown, in the order of their showing."""
        return papers_of(self)

    def papers_brought(self) -> tuple[PaperBrought, ...]:
        """The papers that everybody could read, shown or not, in the order in which they came."""
        return brought_of(self)

    def proxies(self) -> tuple[Proxy, ...]:
        """Who was named to vote for whom."""
        return proxies_of(self)

    def noted(self) -> tuple[Noted, ...]:
        """What the desk wrote down."""
        return noted_of(self)

    def written(self) -> tuple[Written, ...]:
        """What was written and put on record."""
        return written_of(self)

    def course(self) -> tuple[Step, ...]:
        """The steps in order. What came before the first item is a step only if somebody spoke or voted in it."""
        return course_of(self)

    def votes(self) -> tuple[VoteResult, ...]:
        """The closed votes, in the order in which they were opened."""
        return votes_of(self)

    def late_statements(self) -> tuple[LateStatement, ...]:
        """In the order in which they came."""
        return statements_of(self)

    def late_votes(self) -> tuple[LateVote, ...]:
        """In the order in which they came. They are in no count."""
        return late_votes_of(self)

    def conclusions(self) -> tuple[Conclusion, ...]:
        """In the order in which they were first put, as last edited, without the removed ones."""
        return conclusions_of(self)
