"""What happened in a meeting, as plain values, and what can be read from it.

This is all that the records side may see of a meeting: the value types that a record quotes (units, persons,
the meeting's sheet), the chain of facts, and the attendance, course, votes and conclusions read from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rooms.facts import (
    BrokenChain,
    Fact,
    Json,
    canonical,
    chained,
    first_altered,
    from_iso,
    iso,
    merkle_root,
)

__all__ = [
    "CHOICES",
    "AgendaItem",
    "Attendance",
    "BrokenChain",
    "Conclusion",
    "Fact",
    "Interval",
    "Json",
    "Meeting",
    "Person",
    "Proceedings",
    "Role",
    "Step",
    "Unit",
    "VoteResult",
    "canonical",
    "chained",
    "first_altered",
    "from_iso",
    "iso",
    "merkle_root",
]

Interval = tuple[datetime, datetime]

CHOICES = ("for", "against", "abstain")


class Role(StrEnum):
    """In which capacity somebody is in a meeting."""

    CHAIR = "chair"
    SECRETARY = "secretary"
    DELEGATE = "delegate"
    VIEWER = "viewer"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Unit:
    """An authority or office, named as it was called at the time."""

    id: str
    name: str

    def to_json(self) -> Json:
        return {"id": self.id, "name": self.name}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Unit:
        return cls(data["id"], data["name"])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with name, title, unit and role as they were at the meeting. `id` is the account, not a connection."""

    id: str
    name: str
    title: str
    unit: Unit
    role: Role

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "unit": self.unit.to_json(),
            "role": self.role.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Person:
        return cls(data["id"], data["name"], data["title"], Unit.from_json(data["unit"]), Role(data["role"]))


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One point of the agenda; `presenter` is free text, "" if nobody is named."""

    id: str
    title: str
    presenter: str

    def to_json(self) -> Json:
        return {"id": self.id, "title": self.title, "presenter": self.presenter}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AgendaItem:
        return cls(data["id"], data["title"], data["presenter"])


@dataclass(frozen=True, slots=True)
class Meeting:
    """The sheet of one meeting: what the invitation says. `units` are those that a conclusion may be given to."""

    id: str
    room: str
    title: str
    place: str
    authority: Unit
    starts_at: datetime
    chair: Person
    secretary: Person
    invited: tuple[Person, ...] = ()
    agenda: tuple[AgendaItem, ...] = ()
    units: tuple[Unit, ...] = ()

    def people(self) -> tuple[Person, ...]:
        """Chair, secretary and the invited, each once."""
        named: dict[str, Person] = {}
        for person in (self.chair, self.secretary, *self.invited):
            named.setdefault(person.id, replace(person, role=self.role_of(person)))
        return tuple(named.values())

    def role_of(self, person: Person) -> Role:
        """There is one chair and one secretary: anybody else who comes with such a role is a delegate."""
        if person.id == self.chair.id:
            return Role.CHAIR
        if person.id == self.secretary.id:
            return Role.SECRETARY
        return Role.DELEGATE if person.role in (Role.CHAIR, Role.SECRETARY) else person.role

    def chaired_by(self, person: Person) -> Meeting:
        """The sheet once `person` has taken the chair; the designated chair stays on it as a delegate."""
        return replace(self, chair=replace(person, role=Role.CHAIR), invited=self._inviting(self.chair))

    def recorded_by(self, person: Person) -> Meeting:
        """The sheet once `person` has taken the secretary's seat; the designated one stays on it as a delegate."""
        return replace(self, secretary=replace(person, role=Role.SECRETARY), invited=self._inviting(self.secretary))

    def _inviting(self, person: Person) -> tuple[Person, ...]:
        if any(one.id == person.id for one in self.invited):
            return self.invited
        return (replace(person, role=Role.DELEGATE), *self.invited)

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "room": self.room,
            "title": self.title,
            "place": self.place,
            "authority": self.authority.to_json(),
            "starts_at": iso(self.starts_at),
            "chair": self.chair.to_json(),
            "secretary": self.secretary.to_json(),
            "invited": [person.to_json() for person in self.invited],
            "agenda": [item.to_json() for item in self.agenda],
            "units": [unit.to_json() for unit in self.units],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Meeting:
        return cls(
            id=data["id"],
            room=data["room"],
            title=data["title"],
            place=data["place"],
            authority=Unit.from_json(data["authority"]),
            starts_at=from_iso(data["starts_at"]),
            chair=Person.from_json(data["chair"]),
            secretary=Person.from_json(data["secretary"]),
            invited=tuple(Person.from_json(one) for one in data["invited"]),
            agenda=tuple(AgendaItem.from_json(one) for one in data["agenda"]),
            units=tuple(Unit.from_json(one) for one in data["units"]),
        )


@dataclass(frozen=True, slots=True)
class Attendance:
    """A person and when they were in the meeting: disjoint, in order; none if invited and never came."""

    person: Person
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class VoteResult:
    """A closed roll-call vote. `tally` has the keys for, against, abstain, none; `result` is passed or rejected."""

    id: str
    text: str
    item: str | None
    opened_at: datetime
    closed_at: datetime
    tally: dict[str, int]
    eligible: int
    result: str
    ballots: tuple[tuple[Person, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the meeting under one agenda item (None: before the first): who got the floor when, which votes."""

    item: AgendaItem | None
    started_at: datetime
    speakers: tuple[tuple[Person, datetime], ...]
    votes: tuple[VoteResult, ...]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was decided: who does what by when."""

    id: str
    text: str
    owner: Unit | None
    deadline: date | None
    item: str | None

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "text": self.text,
            "owner": self.owner.to_json() if self.owner else None,
            "deadline": self.deadline.isoformat() if self.deadline else None,
            "item": self.item,
        }

    @classmethod
    def from_fact(cls, data: Mapping[str, Any]) -> Conclusion:
        """From the data of a `concluded` fact."""
        owner, deadline = data["owner"], data["deadline"]
        return cls(
            id=data["conclusion"],
            text=data["text"],
            owner=Unit.from_json(owner) if owner else None,
            deadline=date.fromisoformat(deadline) if deadline else None,
            item=data["item"],
        )


@dataclass(frozen=True, slots=True)
class Proceedings:
    """A meeting as it was held. `meeting` names the chair and secretary who acted, also where they took over
    from the designated ones; `root` is the Merkle root (hex) over the canonical JSON of all facts."""

    meeting: Meeting
    facts: tuple[Fact, ...]
    opened_at: datetime | None
    closed_at: datetime | None
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
        people = _people(meeting, facts)
        times: dict[str, datetime] = {}
        for fact in facts:
            if fact.kind in ("opened", "closed"):
                times[fact.kind] = fact.at
            elif fact.kind == "chair_taken":
                meeting = meeting.chaired_by(people[fact.data["person"]])
            elif fact.kind == "secretary_taken":
                meeting = meeting.recorded_by(people[fact.data["person"]])
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
        spans: dict[str, list[Interval]] = {}
        since: dict[str, datetime] = {}
        for fact in self.facts:
            if fact.kind == "joined":
                since.setdefault(fact.data["person"]["id"], fact.at)
            elif fact.kind == "left" and (start := since.pop(fact.data["person"], None)):
                spans.setdefault(fact.data["person"], []).append((start, from_iso(fact.data["since"])))
        for person, start in since.items():
            spans.setdefault(person, []).append((start, self.facts[-1].at))
        return tuple(
            Attendance(person, self._clipped(spans.get(person.id, ())))
            for person in _people(self.meeting, self.facts).values()
        )

    def _clipped(self, spans: Iterable[Interval]) -> tuple[Interval, ...]:
        if self.opened_at is None:
            return ()
        end_of_meeting = self.closed_at or self.facts[-1].at
        merged: list[Interval] = []
        for start, end in sorted(spans):
            start, end = max(start, self.opened_at), min(end, end_of_meeting)
            if start >= end:
                continue
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return tuple(merged)

    def interruptions(self) -> tuple[Interval, ...]:
        """When the server was down while the meeting was open and somebody in it: from the last moment at which it
        is known to have run until it ran again, in order. Nothing was recorded in that time."""
        return self._clipped((from_iso(fact.data["since"]), fact.at) for fact in self.facts if fact.kind == "resumed")

    def recordings(self) -> tuple[Interval, ...]:
        """When sound and picture were recorded, in order; whose, is in the facts."""
        spans: list[Interval] = []
        since: datetime | None = None
        for fact in self.facts:
            if fact.kind == "recording_started":
                since = fact.at
            elif fact.kind == "recording_stopped" and since is not None:
                spans.append((since, fact.at))
                since = None
        if since is not None:
            spans.append((since, self.facts[-1].at))
        return tuple(spans)

    def course(self) -> tuple[Step, ...]:
        """The steps in order. What came before the first item is a step only if somebody spoke or voted in it."""
        if self.opened_at is None:
            return ()
        people = _people(self.meeting, self.facts)
        items = {item.id: item for item in self.meeting.agenda}
        results = {vote.id: vote for vote in self.votes()}
        steps = [Step(None, self.opened_at, (), ())]
        for fact in self.facts:
            last = steps[-1]
            if fact.kind == "agenda_step":
                steps.append(Step(items[fact.data["item"]], fact.at, (), ()))
            elif fact.kind == "floor_given":
                speaker = (people[fact.data["person"]], fact.at)
                steps[-1] = replace(last, speakers=(*last.speakers, speaker))
            elif fact.kind == "vote_opened" and fact.data["vote"] in results:
                steps[-1] = replace(last, votes=(*last.votes, results[fact.data["vote"]]))
        return tuple(step for step in steps if step.item or step.speakers or step.votes)

    def votes(self) -> tuple[VoteResult, ...]:
        """The closed votes, in the order in which they were opened."""
        people = _people(self.meeting, self.facts)
        ballots: dict[str, dict[str, str]] = {}
        closed = {fact.data["vote"]: fact for fact in self.facts if fact.kind == "vote_closed"}
        for fact in self.facts:
            if fact.kind == "ballot_cast":
                ballots.setdefault(fact.data["vote"], {})[fact.data["person"]] = fact.data["choice"]
        return tuple(
            VoteResult(
                id=fact.data["vote"],
                text=fact.data["text"],
                item=fact.data["item"],
                opened_at=fact.at,
                closed_at=end.at,
                tally=dict(end.data["tally"]),
                eligible=end.data["eligible"],
                result=end.data["result"],
                ballots=tuple((people[who], choice) for who, choice in ballots.get(fact.data["vote"], {}).items()),
            )
            for fact in self.facts
            if fact.kind == "vote_opened" and (end := closed.get(fact.data["vote"]))
        )

    def conclusions(self) -> tuple[Conclusion, ...]:
        """In the order in which they were first put, as last edited, without the removed ones."""
        kept: dict[str, Conclusion] = {}
        for fact in self.facts:
            if fact.kind == "concluded":
                kept[fact.data["conclusion"]] = Conclusion.from_fact(fact.data)
            elif fact.kind == "conclusion_removed":
                kept.pop(fact.data["conclusion"], None)
        return tuple(kept.values())


def _people(meeting: Meeting, facts: Iterable[Fact]) -> dict[str, Person]:
    """Everybody invited or ever present, by id; who came is described as on their last coming."""
    people = {person.id: person for person in meeting.people()}
    for fact in facts:
        if fact.kind == "joined":
            person = Person.from_json(fact.data["person"])
            people[person.id] = replace(person, role=meeting.role_of(person))
    return people
