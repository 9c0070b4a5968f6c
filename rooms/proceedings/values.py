"""What a record quotes of a meeting, as it was called at the time: units, persons, the sheet, conclusions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rooms.facts import Fact, Json, from_iso, iso

CHAIR_WAIT = 30
CHOICES = ("for", "against", "abstain")


class MeetingKind(StrEnum):
    """What sort of meeting it is; a conference, a session or a class is told of as such."""

    BRIEFING = "briefing"
    CONFERENCE = "conference"
    COUNCIL = "council"
    """A session of the people's council (kỳ họp Hội đồng nhân dân)."""
    TRAINING = "training"
    EMERGENCY = "emergency"


class Role(StrEnum):
    """In which capacity somebody is in a meeting."""

    CHAIR = "chair"
    DEPUTY = "deputy"
    SECRETARY = "secretary"
    CLERK = "clerk"
    DELEGATE = "delegate"
    GUEST = "guest"
    TECHNICIAN = "technician"
    VIEWER = "viewer"  # who observes
    GATEWAY = "gateway"  # no person: a codec, a bridge


OUTSIDE = "guest"
"""The unit of those who come from outside the authorities; ids of other units like it begin with it and "-"."""

VOTING = frozenset({Role.CHAIR, Role.DEPUTY, Role.DELEGATE})
"""Who has a vote by their role."""


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
    """Somebody with name, title, unit and role as they were at the meeting. `id` is the account, not a connection.
    `vote`: whether they have a vote where the sheet says so against the role; None: as the role has it."""

    id: str
    name: str
    title: str
    unit: Unit
    role: Role
    vote: bool | None = None

    @property
    def votes(self) -> bool:
        """Whether they may vote, and count where votes and quorums are counted."""
        return self.role in VOTING if self.vote is None else self.vote

    @property
    def outside(self) -> bool:
        """Whether they are no official of any authority: a guest, by whatever way they come."""
        return self.unit.id.split("-")[0] in ("", OUTSIDE)

    def acting(self, role: Role) -> Person:
        """In another role, with the vote that they have, or have not, now."""
        return replace(self, role=role, vote=None if (role in VOTING) is self.votes else self.votes)

    def to_json(self) -> Json:
        data = {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "unit": self.unit.to_json(),
            "role": self.role.value,
        }
        return data if self.vote is None else {**data, "vote": self.vote}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Person:
        unit, role = Unit.from_json(data["unit"]), Role(data["role"])
        return cls(data["id"], data["name"], data["title"], unit, role, data.get("vote"))


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One point of the agenda; `presenter` is free text, "" if nobody is named. `minutes` are those planned for it,
    0 if none are."""

    id: str
    title: str
    presenter: str
    minutes: int = 0

    def to_json(self) -> Json:
        return {"id": self.id, "title": self.title, "presenter": self.presenter, "minutes": self.minutes}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AgendaItem:
        return cls(data["id"], data["title"], data["presenter"], data.get("minutes", 0))


@dataclass(frozen=True, slots=True)
class Meeting:
    """The sheet of one meeting: what the invitation says. `units` are those that a conclusion may be given to.
    `secretary` is the one who signs the minutes; others of the `invited` may be secretaries too, with the same rights.
    `minutes`: how long it is planned to take, 0: as its agenda says. `previous` is the id of the one that it follows,
    or "".
    `quorum` (one of voting.QUORUMS) is what a vote is proposed with.
    `chair_wait`: seconds for which a chair who has lost the line is waited for before a deputy is offered the chair.
    `lobby`: who is not expected waits until somebody lets them in. `barred` are the ids of those who were sent out.
    """

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
    kind: MeetingKind = MeetingKind.BRIEFING
    minutes: int = 0
    previous: str = ""
    quorum: str = "none"
    chair_wait: int = CHAIR_WAIT
    lobby: bool = True
    barred: tuple[str, ...] = ()

    def planned_minutes(self) -> int:
        """How long it is planned to take, else what the points of the agenda take together; 0 if neither is known."""
        return self.minutes or sum(item.minutes for item in self.agenda)

    def people(self) -> tuple[Person, ...]:
        """Chair, secretary and the invited, each once."""
        named = {self.chair.id: replace(self.chair, role=Role.CHAIR)}
        named.setdefault(self.secretary.id, replace(self.secretary, role=Role.SECRETARY))
        for person in self.invited:
            named.setdefault(person.id, replace(person, role=Role.DELEGATE) if person.role is Role.CHAIR else person)
        return tuple(named.values())

    @property
    def deputies(self) -> tuple[str, ...]:
        """The ids of those who stand in for the chair, in their order."""
        return tuple(one.id for one in self.invited if one.role is Role.DEPUTY)

    @property
    def secretaries(self) -> tuple[str, ...]:
        """The ids of all secretaries; the first signs the minutes."""
        return (self.secretary.id, *(one.id for one in self.invited if one.role is Role.SECRETARY and self._other(one)))

    @property
    def desk(self) -> frozenset[str]:
        """The ids of those who lead the meeting: the chair and the secretaries."""
        return frozenset({self.chair.id, *self.secretaries})

    def seat(self, person: Person) -> Person:
        """`person` in the role and with the vote that the sheet gives them, and who is not on it as they come. Nobody
        becomes chair or secretary by coming: who is not on the sheet as such is a delegate."""
        found = self._named(person.id)
        if found is not None:
            return replace(person, role=found.role, vote=found.vote)
        return replace(person, role=Role.DELEGATE) if person.role in (Role.CHAIR, Role.SECRETARY) else person

    def role_of(self, person: Person) -> Role:
        """The role of `seat`."""
        return self.seat(person).role

    def chaired_by(self, person: Person) -> Meeting:
        """The sheet once `person` has taken the chair; the designated chair stays on it as a delegate. Nobody gains or
        loses a vote by it."""
        seat = (self._named(person.id) or person).acting(Role.CHAIR)
        return replace(self, chair=seat, invited=self._inviting(self.chair.acting(Role.DELEGATE)))

    def recorded_by(self, person: Person) -> Meeting:
        """The sheet once `person` is the secretary who signs; who was it stays a secretary."""
        seat, was = (self._named(person.id) or person).acting(Role.SECRETARY), self.secretary
        if was.id in (self.chair.id, person.id):
            return replace(self, secretary=seat)
        rest = tuple(one for one in self.invited if one.id != was.id)
        return replace(self, secretary=seat, invited=(was, *rest))

    def with_role(self, person: Person, role: Role) -> Meeting:
        """The sheet once `person` is in the meeting as `role`, which is not chair. The vote follows the role; only
        a member who writes, or who stands in for the chair, is still one."""
        known = self._named(person.id) or person
        kept = role is Role.SECRETARY or {known.role, role} <= VOTING
        seat = known.acting(role) if kept else replace(known, role=role, vote=None)
        if any(one.id == person.id for one in self.invited):
            return replace(self, invited=tuple(seat if one.id == person.id else one for one in self.invited))
        return replace(self, invited=(*self.invited, seat))

    def with_vote(self, person: Person, votes: bool) -> Meeting:
        """The sheet once `person`, of whatever role, has a vote or has none."""
        known = self._named(person.id) or person
        usual = replace(known, vote=None)
        seat = usual if usual.votes is votes else replace(known, vote=votes)
        if person.id == self.chair.id:
            return replace(self, chair=seat)
        if person.id == self.secretary.id:
            return replace(self, secretary=seat)
        if any(one.id == person.id for one in self.invited):
            return replace(self, invited=tuple(seat if one.id == person.id else one for one in self.invited))
        return replace(self, invited=(*self.invited, seat))

    def barring(self, person: str) -> Meeting:
        """The sheet once `person` was sent out: they come in again only if they are let in."""
        return replace(self, barred=(*(one for one in self.barred if one != person), person))

    def letting_in(self, person: Person) -> Meeting:
        """The sheet once `person` was let in: from now on they are expected, in the role that they have on it."""
        expected = person.id in {self.chair.id, self.secretary.id, *(one.id for one in self.invited)}
        sheet = self if expected else replace(self, invited=(*self.invited, self.seat(person)))
        return replace(sheet, barred=tuple(one for one in self.barred if one != person.id))

    def _named(self, id: str) -> Person | None:
        if id == self.chair.id:
            return replace(self.chair, role=Role.CHAIR)
        if id == self.secretary.id:
            return replace(self.secretary, role=Role.SECRETARY)
        found = next((one for one in self.invited if one.id == id), None)
        return replace(found, role=Role.DELEGATE) if found and found.role is Role.CHAIR else found

    def _other(self, person: Person) -> bool:
        return person.id not in (self.chair.id, self.secretary.id)

    def _inviting(self, person: Person) -> tuple[Person, ...]:
        if any(one.id == person.id for one in self.invited):
            return self.invited
        return (person, *self.invited)

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
            "kind": self.kind.value,
            "minutes": self.minutes,
            "previous": self.previous,
            "quorum": self.quorum,
            "chair_wait": self.chair_wait,
            "lobby": self.lobby,
            "barred": list(self.barred),
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
            kind=MeetingKind(data.get("kind", MeetingKind.BRIEFING)),
            minutes=data.get("minutes", 0),
            previous=data.get("previous", ""),
            quorum=data.get("quorum", "none"),
            chair_wait=data.get("chair_wait", CHAIR_WAIT),
            lobby=data.get("lobby", True),
            barred=tuple(data.get("barred", ())),
        )


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was decided: who does what by when."""

    id: str
    text: str
    owner: Unit | None
    deadline: date | None
    item: str | None
    helpers: tuple[Unit, ...] = ()
    """The units that help the owner."""

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "text": self.text,
            "owner": self.owner.to_json() if self.owner else None,
            "helpers": [unit.to_json() for unit in self.helpers],
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
            # Meetings of before there were helpers have none.
            helpers=tuple(Unit.from_json(unit) for unit in data.get("helpers", ())),
        )


def people_of(meeting: Meeting, facts: Iterable[Fact]) -> dict[str, Person]:
    """Everybody invited or ever present, by id; who came is described as on their last coming."""
    people = {person.id: person for person in meeting.people()}
    for fact in facts:
        if fact.kind == "joined":
            person = Person.from_json(fact.data["person"])
            people[person.id] = meeting.seat(person)
    return people
