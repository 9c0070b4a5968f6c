"""Everything that is true in a room at one moment. Topics (`rooms.topics`) own its parts.

What is not worth a fact (line, microphone, camera) is in the state too, but a replay forgets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from rooms.meeting import Meeting, Session
from rooms.participant import Participant, Person

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class State:
    """A value: folding makes a new one. `people` are the invited and all who ever came, by id. `parts` is what each
    topic knows, to be read and replaced through its Part."""

    session: Session
    people: Mapping[str, Participant]
    parts: Mapping[str, object]

    def present(self, person: str) -> bool:
        return person in self.people and self.people[person].present

    def with_participant(self, participant: Participant) -> State:
        return replace(self, people={**self.people, participant.id: participant})

    def with_lines_unknown(self) -> State:
        """Facts do not tell who had a line at the end: whoever was dropped by an earlier restart may have come
        back since without a fact, and must not be counted as away from then on. A line that was lost is known."""

        def unknown(one: Participant) -> Participant:
            away = None if one.seat is not None and self.present(one.seat) else one.lost
            here = one.present and one.lost is None
            return replace(one, connected=here, audio=False, video=False, away_since=away)

        return replace(self, people={id: unknown(one) for id, one in self.people.items()})

    def with_sheet(self, sheet: Meeting) -> State:
        """The roles and votes follow the sheet."""

        people_of_it = {person.id: person for person in sheet.people()}

        def seated(person: Person) -> Person:
            found = people_of_it.get(person.id)
            return replace(person, role=found.role, vote=found.vote) if found else sheet.seat(person)

        people = {id: replace(one, person=seated(one.person)) for id, one in self.people.items()}
        return replace(self, session=replace(self.session, sheet=sheet), people=people)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One topic's share of the state: a value under a name. `start` makes the first one from the meeting's sheet."""

    name: str
    start: Callable[[Meeting], T]

    def of(self, state: State) -> T:
        return cast(T, state.parts[self.name])

    def put(self, state: State, value: T) -> State:
        return replace(state, parts={**state.parts, self.name: value})
