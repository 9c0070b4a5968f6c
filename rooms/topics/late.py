"""Late statements and ballots: what who lost their line has to say afterwards, in a window that the chair opens.

They are late and stay so: shown and minuted as late, with the time at which they came. A late ballot is listed with
the vote and changes nothing in a result that was announced. Only who had a vote and no line when it closed
(dropped, or silent for some seconds) files one; while a window is open they may change it, and the last one is their
one ballot. That the line had been cut when a vote was closed is often found only afterwards: then, too, the vote was
missed, and the line is on record as lost at once, however soon it is back.

A secret vote takes none. Who may file late is known, and mostly it is one person: in whatever way their ballot came,
the list would have grown by it after the count, and everybody would know whose it is. They are told that they missed
the vote, and why nothing can be filed.

The window is open while the meeting is, breaks included, and ends with it at the latest. After the closing no fact is
added: the minutes are drafted then, with the root of all facts, and what came after would be outside what is signed.
A chair who wants to wait for a commune adjourns; what comes later still goes to the secretary on paper, who puts it
into the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.errors import Refused
from rooms.facts import SYSTEM, Fact, from_iso
from rooms.fields import Command, identifier, one_of, prose, read_by, up_to
from rooms.meeting import MeetingState
from rooms.participant import CHAIR, SPEAKERS, VOTERS
from rooms.proceedings import CHOICES, Json, iso
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View, the_one
from rooms.topics.agenda import AGENDA
from rooms.topics.presence import line_lost, line_of
from rooms.topics.voting import MAX_CHANGES, VOTES

MAX_MINUTES = 24 * 60
MAX_STATEMENTS = 10  # of one person
IN_SESSION = frozenset({MeetingState.OPEN, MeetingState.ADJOURNED})


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody has said too late to be heard."""

    id: str
    person: str
    text: str
    item: str | None
    at: datetime

    def to_json(self) -> Json:
        return {"id": self.id, "participant": self.person, "text": self.text, "item": self.item, "at": iso(self.at)}


@dataclass(frozen=True, slots=True)
class LateBallot:
    """`at` is when it was last changed, `changes` how often that was."""

    vote: str
    person: str
    choice: str
    at: datetime
    changes: int = 0

    def to_json(self) -> Json:
        return {"vote": self.vote, "participant": self.person, "choice": self.choice, "at": iso(self.at)}


@dataclass(frozen=True, slots=True)
class Late:
    """`until` is when the window closes, None while it is closed. `ballots`: one at most of each person in each vote.
    `missed`: by person the votes at whose closing they were not there; who has lost the line and missed none is there
    with none. `silent`: by vote who was held to be there at its closing and gave no ballot."""

    until: datetime | None = None
    statements: Mapping[str, Statement] = field(default_factory=dict)
    ballots: tuple[LateBallot, ...] = ()
    missed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silent: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def ballot(self, vote: str, person: str) -> LateBallot | None:
        return next((one for one in self.ballots if (one.vote, one.person) == (vote, person)), None)

    def to_json(self) -> Json:
        return {
            "until": iso(self.until) if self.until else None,
            "ballots": [ballot.to_json() for ballot in self.ballots],
        }


LATE = Part("late", lambda meeting: Late())


@dataclass(frozen=True, slots=True)
class OpenLate(Command):
    minutes: int = field(metadata=read_by(up_to(MAX_MINUTES)))


@dataclass(frozen=True, slots=True)
class CloseLate(Command):
    pass


@dataclass(frozen=True, slots=True)
class FileStatement(Command):
    text: str = field(metadata=read_by(prose))
    item: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class FileBallot(Command):
    vote: str = field(metadata=read_by(identifier))
    choice: str = field(metadata=read_by(one_of(*CHOICES)))


def _open(state: State, actor: str, command: OpenLate, now: datetime) -> Found:
    return [Draft("late_opened", actor, {"until": iso(now + timedelta(minutes=command.minutes))})]


def _close(state: State, actor: str, command: CloseLate, now: datetime) -> Found:
    return [Draft("late_closed", actor, {})] if LATE.of(state).until else []


def _before_closing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    return [Draft("late_closed", draft.actor, {})] if LATE.of(state).until else []


def _file(state: State, actor: str, command: FileStatement, now: datetime) -> Found:
    late = LATE.of(state)
    if late.until is None:
        raise Refused("not_late")
    if command.item is not None and command.item not in AGENDA.of(state):
        raise Refused("unknown_item")
    if sum(one.person == actor for one in late.statements.values()) >= MAX_STATEMENTS:
        raise Refused("limit_reached")
    data = {"statement": f"s{len(late.statements) + 1}", "text": command.text, "item": command.item}
    return [Draft("late_statement", actor, {"person": actor} | data)]


def _vote(state: State, actor: str, command: FileBallot, now: datetime) -> Found:
    late, vote = LATE.of(state), VOTES.of(state).votes.get(command.vote)
    if vote is None:
        raise Refused("unknown_vote")
    if late.until is None:
        raise Refused("not_late")
    if vote.id not in late.missed.get(actor, ()):
        raise Refused("not_missed")
    if vote.rule.secret:
        raise Refused("late_secret")
    known = late.ballot(vote.id, actor)
    if known and known.choice == command.choice:
        return []
    if known and known.changes >= MAX_CHANGES:
        raise Refused("limit_reached")
    return [Draft("late_ballot", actor, {"vote": vote.id, "person": actor, "choice": command.choice})]


def _due(state: State) -> datetime | None:
    return LATE.of(state).until


def _overdue(state: State, now: datetime) -> list[Draft]:
    until = LATE.of(state).until
    ends = [Draft("late_closed", SYSTEM, {})] if until and until <= now else []
    dropped = [one for one in state.people.values() if one.present and not one.lost]
    found = [(one.id, since) for one in dropped if (since := line_of(state, one).away_since)]
    return ends + [line_lost(id, since) for id, since in found if _missed_since(state, id, since)]


def _missed_since(state: State, person: str, since: datetime) -> tuple[str, ...]:
    """The votes that were closed without a ballot of somebody who, as is known now, had had no line since `since`."""
    votes = VOTES.of(state).votes
    silent = [votes[id] for id, there in LATE.of(state).silent.items() if person in there]
    return tuple(vote.id for vote in silent if vote.closed_at and vote.closed_at > since)


def _opened(state: State, fact: Fact) -> State:
    return LATE.put(state, replace(LATE.of(state), until=from_iso(fact.data["until"])))


def _closed(state: State, fact: Fact) -> State:
    return LATE.put(state, replace(LATE.of(state), until=None))


def _filed(state: State, fact: Fact) -> State:
    late, data = LATE.of(state), fact.data
    statement = Statement(data["statement"], data["person"], data["text"], data["item"], fact.at)
    return LATE.put(state, replace(late, statements={**late.statements, statement.id: statement}))


def _voted(state: State, fact: Fact) -> State:
    late, person, vote = LATE.of(state), fact.data["person"], fact.data["vote"]
    known = late.ballot(vote, person)
    ballot = LateBallot(vote, person, fact.data["choice"], fact.at, known.changes + 1 if known else 0)
    others = tuple(one for one in late.ballots if one is not known)
    return LATE.put(state, replace(late, ballots=(*others, ballot)))


def _vote_closed(state: State, fact: Fact) -> State:
    late, away, vote = LATE.of(state), fact.data.get("away", ()), fact.data["vote"]
    without = {*away, *fact.data.get("unheard", ())}
    missed = {**late.missed, **{id: (*late.missed.get(id, ()), vote) for id in sorted(without)}}
    silent = {**late.silent, vote: frozenset(fact.data.get("silent", ())) - set(away)}
    return LATE.put(state, replace(late, missed=missed, silent=silent))


def _lost(state: State, fact: Fact) -> State:
    """Who has lost the line while the meeting went on may have something to say afterwards."""
    late, person = LATE.of(state), fact.data["person"]
    if state.session.state not in IN_SESSION:
        return state
    found = _missed_since(state, person, from_iso(fact.data["since"]))
    silent = {vote: there - {person} if vote in found else there for vote, there in late.silent.items()}
    known = late.missed.get(person, ())
    missed = {**late.missed, person: (*known, *(vote for vote in found if vote not in known))}
    state = LATE.put(state, replace(late, missed=missed, silent=silent))
    return VOTES.put(state, VOTES.of(state).unheard_too(person, found))


def _left(state: State, fact: Fact) -> State:
    return _lost(state, fact) if fact.data["reason"] == "lost" else state


LATE_TOPIC = Topic(
    part=LATE,
    said=(
        Said("late.open", OpenLate, CHAIR, _open, IN_SESSION),
        Said("late.close", CloseLate, CHAIR, _close, IN_SESSION),
        Said("late.file", FileStatement, SPEAKERS, _file, IN_SESSION),
        Said("late.vote", FileBallot, VOTERS, _vote, IN_SESSION, voters=True),
    ),
    folds={
        "late_opened": _opened,
        "late_closed": _closed,
        "late_statement": _filed,
        "late_ballot": _voted,
        "vote_closed": _vote_closed,
        "line_lost": _lost,
        "left": _left,
    },
    views=(
        View("late", "late", lambda state: the_one(LATE.of(state)), lambda state, _: LATE.of(state).to_json()),
        View(
            "statement",
            "statements",
            lambda state: {id: (one,) for id, one in LATE.of(state).statements.items()},
            lambda state, id: LATE.of(state).statements[id].to_json(),
            many=True,
        ),
        View(
            "missed",
            "missed",
            lambda state: {id: (votes,) for id, votes in LATE.of(state).missed.items()},
            lambda state, id: {"id": id, "votes": list(LATE.of(state).missed[id])},
            many=True,
            audience=lambda state, id: {id},
        ),
    ),
    before={"closed": _before_closing},
    due=_due,
    overdue=_overdue,
)
