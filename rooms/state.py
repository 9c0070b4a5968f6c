"""Everything that is true in a room at one moment, and how each kind of fact changes it.

`fold` is the only way from a fact to the state: a running meeting and a replay after a crash go through the
same table. What is not worth a fact (line, microphone, camera) is in the state too, but a replay forgets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import is_
from types import MappingProxyType

from rooms.agenda import Agenda
from rooms.facts import Fact, Json, from_iso
from rooms.floor import Floor
from rooms.meeting import Meeting, Session
from rooms.participant import Participant, Person
from rooms.proceedings import Conclusion
from rooms.recording import Recording
from rooms.vote import Outcome, Vote


@dataclass(frozen=True, slots=True)
class State:
    """A value: folding makes a new one. `people` are the invited and all who ever came, by id."""

    session: Session
    people: Mapping[str, Participant]
    agenda: Agenda
    floor: Floor
    votes: Mapping[str, Vote]
    conclusions: Mapping[str, Conclusion]
    removed: frozenset[str]
    recording: Recording

    @classmethod
    def of(cls, meeting: Meeting) -> State:
        people = {person.id: Participant(person) for person in meeting.people()}
        return cls(Session(meeting), people, Agenda(meeting.agenda), Floor(), {}, {}, frozenset(), Recording())

    @property
    def open_vote(self) -> Vote | None:
        return next((vote for vote in self.votes.values() if vote.open), None)

    def present(self, person: str) -> bool:
        return person in self.people and self.people[person].present

    def recorded(self) -> frozenset[str]:
        """Those whose sound and picture are being recorded."""
        return frozenset(id for id in self.people if self.records(id))

    def records(self, person: str) -> bool:
        """Whether the person's sound and picture are being recorded."""
        return self.recording.covers(person) and self.present(person)

    def with_participant(self, participant: Participant) -> State:
        return replace(self, people={**self.people, participant.id: participant})

    def with_floor(self, floor: Floor) -> State:
        """A participant's raised hand is the same thing as their place in the queue."""
        moved = set(self.floor.queue) ^ set(floor.queue)
        people = {**self.people, **{id: replace(self.people[id], hand=id in floor.queue) for id in moved}}
        return replace(self, floor=floor, people=people)

    def with_lines_unknown(self) -> State:
        """Facts do not tell who had a line at the end: whoever was dropped by an earlier restart may have come
        back since without a fact, and must not be counted as away from then on."""
        people = {
            id: Participant(one.person, present=one.present, connected=one.present, hand=one.hand)
            for id, one in self.people.items()
        }
        return replace(self, people=people)

    def with_vote(self, vote: Vote) -> State:
        return replace(self, votes={**self.votes, vote.id: vote})

    def with_sheet(self, sheet: Meeting) -> State:
        """The roles follow the sheet."""

        def seated(person: Person) -> Person:
            return replace(person, role=sheet.role_of(person))

        people = {id: replace(one, person=seated(one.person)) for id, one in self.people.items()}
        return replace(self, session=replace(self.session, sheet=sheet), people=people)


def fold(state: State, fact: Fact) -> State:
    return FOLDS[fact.kind](state, fact)


def snapshot(state: State) -> Mapping[str, Mapping[str, Json]]:
    """What clients see, as type of message -> id ("" if there is only one) -> the object that it carries."""
    return {type: {id: _shown(state, type, id) for id in objects} for type, objects in _sources(state).items()}


def changes(before: State, after: State) -> Iterator[tuple[str, Json]]:
    """(type of message, object) of what clients see differently now, in the order of `snapshot`. Objects are values
    and are shared by states that they do not differ in: only those that are not the same are written out."""
    if before is after:
        return
    old = _sources(before)
    for type, objects in _sources(after).items():
        for id, source in objects.items():
            was = old[type].get(id)
            if was is not None and all(map(is_, was, source)):
                continue
            value = _shown(after, type, id)
            if was is None or _shown(before, type, id) != value:
                yield type, value


def _sources(state: State) -> Mapping[str, Mapping[str, tuple[object, ...]]]:
    """Type of message -> id -> all that the object which clients see is made from."""
    return {
        "meeting": {"": (state.session,)},
        "participant": {id: (one,) for id, one in state.people.items()},
        "agenda": {"": (state.agenda,)},
        "floor": {"": (state.floor,)},
        # Who may vote follows who is there, until the vote is closed.
        "vote": {id: (vote, state.people if vote.open else None) for id, vote in state.votes.items()},
        "conclusion": {id: (one, id in state.removed) for id, one in state.conclusions.items()},
        "recording": {"": (state.recording,)},
    }


def _shown(state: State, type: str, id: str) -> Json:
    return _SHOWN[type](state, id)


_SHOWN: Mapping[str, Callable[[State, str], Json]] = MappingProxyType(
    {
        "meeting": lambda state, _: state.session.to_json(),
        "participant": lambda state, id: state.people[id].to_json(),
        "agenda": lambda state, _: state.agenda.to_json(),
        "floor": lambda state, _: state.floor.to_json(),
        "vote": lambda state, id: state.votes[id].to_json(state.people.values()),
        "conclusion": lambda state, id: state.conclusions[id].to_json() | {"removed": id in state.removed},
        "recording": lambda state, _: state.recording.to_json(),
    }
)


def _convened(state: State, fact: Fact) -> State:
    return State.of(Meeting.from_json(fact.data))


def _joined(state: State, fact: Fact) -> State:
    person = Person.from_json(fact.data["person"])
    hand = person.id in state.floor.queue
    return state.with_participant(Participant(person, present=True, connected=True, hand=hand))


def _left(state: State, fact: Fact) -> State:
    gone = state.people[fact.data["person"]]
    return state.with_participant(Participant(gone.person, hand=gone.hand))


def _chair_taken(state: State, fact: Fact) -> State:
    return state.with_sheet(state.session.sheet.chaired_by(state.people[fact.data["person"]].person))


def _secretary_taken(state: State, fact: Fact) -> State:
    return state.with_sheet(state.session.sheet.recorded_by(state.people[fact.data["person"]].person))


def _opened(state: State, fact: Fact) -> State:
    return replace(state, session=state.session.opened(fact.at))


def _closed(state: State, fact: Fact) -> State:
    return replace(state.with_floor(Floor()), session=state.session.closed(fact.at))


def _resumed(state: State, fact: Fact) -> State:
    since = from_iso(fact.data["since"])

    def dropped(one: Participant) -> Participant:
        return Participant(one.person, present=True, hand=one.hand, away_since=since) if one.present else one

    return replace(state, people={id: dropped(one) for id, one in state.people.items()})


def _agenda_step(state: State, fact: Fact) -> State:
    return replace(state, agenda=state.agenda.step(fact.data["item"]))


def _hand_raised(state: State, fact: Fact) -> State:
    return state.with_floor(state.floor.raised(fact.data["person"]))


def _hand_lowered(state: State, fact: Fact) -> State:
    return state.with_floor(state.floor.lowered(fact.data["person"]))


def _floor_given(state: State, fact: Fact) -> State:
    return state.with_floor(state.floor.given(fact.data["person"], fact.at))


def _floor_ended(state: State, fact: Fact) -> State:
    return state.with_floor(state.floor.ended())


def _vote_opened(state: State, fact: Fact) -> State:
    return state.with_vote(Vote(fact.data["vote"], fact.data["text"], fact.data["item"], fact.at))


def _ballot_cast(state: State, fact: Fact) -> State:
    return state.with_vote(state.votes[fact.data["vote"]].cast(fact.data["person"], fact.data["choice"]))


def _vote_closed(state: State, fact: Fact) -> State:
    outcome = Outcome(fact.data["tally"], fact.data["eligible"], fact.data["result"])
    return state.with_vote(state.votes[fact.data["vote"]].closed(fact.at, outcome))


def _concluded(state: State, fact: Fact) -> State:
    conclusion = Conclusion.from_fact(fact.data)
    return replace(state, conclusions={**state.conclusions, conclusion.id: conclusion})


def _conclusion_removed(state: State, fact: Fact) -> State:
    return replace(state, removed=state.removed | {fact.data["conclusion"]})


def _recording_started(state: State, fact: Fact) -> State:
    return replace(state, recording=state.recording.started(fact.actor, fact.at))


def _recording_stopped(state: State, fact: Fact) -> State:
    return replace(state, recording=state.recording.stopped())


def _recording_consent(state: State, fact: Fact) -> State:
    return replace(state, recording=state.recording.answered(fact.data["person"], fact.data["agreed"]))


def _recording_segment(state: State, fact: Fact) -> State:
    return replace(state, recording=state.recording.grown())


FOLDS: Mapping[str, Callable[[State, Fact], State]] = MappingProxyType(
    {
        "convened": _convened,
        "joined": _joined,
        "left": _left,
        "chair_taken": _chair_taken,
        "secretary_taken": _secretary_taken,
        "opened": _opened,
        "closed": _closed,
        "resumed": _resumed,
        "agenda_step": _agenda_step,
        "hand_raised": _hand_raised,
        "hand_lowered": _hand_lowered,
        "floor_given": _floor_given,
        "floor_ended": _floor_ended,
        "vote_opened": _vote_opened,
        "ballot_cast": _ballot_cast,
        "vote_closed": _vote_closed,
        "concluded": _concluded,
        "conclusion_removed": _conclusion_removed,
        "recording_started": _recording_started,
        "recording_stopped": _recording_stopped,
        "recording_consent": _recording_consent,
        "recording_segment": _recording_segment,
    }
)
