"""By which rule a question is put to the vote, how it was decided, and what is on record of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rooms.facts import Fact, Json, from_iso
from rooms.proceedings.held import Held
from rooms.proceedings.values import Person, people_of

# More than half; at least two thirds.
MAJORITIES = ("half", "two_thirds")
# Of whom: who gave a ballot (abstaining, too); who is there with a vote; all members of the body.
BASES = ("present", "voting", "members")
# How many of all members must be there for a vote to count: anybody; more than half; at least two thirds.
QUORUMS = ("none", "half", "two_thirds")


def needed(share: str, number: int) -> int:
    """How many of `number` are more than half, or at least two thirds, of them; "none": nobody is needed."""
    if share == "none":
        return 0
    return number // 2 + 1 if share == "half" else max(1, -(-2 * number // 3))


@dataclass(frozen=True, slots=True)
class Rule:
    """By what a vote is held. `seconds`: it closes by itself after so long. What is absent in JSON is as here: so were
    the votes of before there were rules."""

    secret: bool = False
    majority: str = "half"
    base: str = "present"
    quorum: str = "none"
    proxies: bool = False
    seconds: int | None = None

    def to_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rule:
        return cls(**{name: data[name] for name in cls.__slots__ if name in data})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a vote was decided. `tally` has the keys for, against, abstain and none, and adds up to `eligible`, of whom
    `needed` had to be in favour. `present` of `members` were there, where `quorum` had to be; for `represented` more
    their proxies voted. `result`: passed, rejected, or no_quorum."""

    tally: Mapping[str, int]
    eligible: int
    needed: int
    present: int
    members: int
    quorum: int
    result: str
    represented: int = 0

    def to_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__} | {"tally": dict(self.tally)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """From a `vote_closed` fact; the oldest of them had a simple majority of those present and no more to say, and
        of others some do not say who was represented."""
        eligible = data["eligible"]
        more = {
            "needed": needed("half", eligible),
            "present": eligible,
            "members": eligible,
            "quorum": 0,
            "represented": 0,
        }
        return cls(**{name: data[name] if name in data else more[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class NamedBallot:
    """Of a roll call: whose vote, which choice, and who cast it for them, if they did not themselves. `spoken`: who
    wrote down what they said aloud at a site."""

    person: Person
    choice: str
    by: Person | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class VoteResult:
    """A closed vote. A roll call has `ballots`; a secret one `codes`, (code, choice) in the order of the codes, of
    which only its voter knows whose it is, and `voters`: who has voted. With a vote and without a ballot are: `silent`,
    who were there (of meetings that were held before that was on record: nobody); `cut`, who had a place and no line
    when it was closed, or one from which nothing came, among them `counted`, whom the result has as there, because that
    was not known yet; and `absent`, who were not there."""

    id: str
    text: str
    item: str | None
    opened_at: datetime
    closed_at: datetime
    rule: Rule
    outcome: Outcome
    ballots: tuple[NamedBallot, ...]
    codes: tuple[tuple[str, str], ...]
    voters: tuple[Person, ...]
    silent: tuple[Person, ...] = ()
    absent: tuple[Person, ...] = ()
    cut: tuple[Person, ...] = ()
    counted: tuple[Person, ...] = ()


def votes_of(held: Held) -> tuple[VoteResult, ...]:
    """The closed votes, in the order in which they were opened."""
    people = people_of(held.meeting, held.facts)
    ballots: dict[str, dict[str, NamedBallot]] = {}
    closed = {fact.data["vote"]: fact for fact in held.facts if fact.kind == "vote_closed"}
    for fact in held.facts:
        if fact.kind == "ballot_cast":
            whose = fact.data["person"]
            by = people[fact.actor] if fact.actor != whose else None
            ballot = NamedBallot(people[whose], fact.data["choice"], by, fact.data.get("spoken", False))
            ballots.setdefault(fact.data["vote"], {})[whose] = ballot
    cut = _cut(held)
    return tuple(
        _result(fact, end, tuple(ballots.get(fact.data["vote"], {}).values()), cut[fact.data["vote"]], people)
        for fact in held.facts
        if fact.kind == "vote_opened" and (end := closed.get(fact.data["vote"]))
    )


def _cut(held: Held) -> dict[str, set[str]]:
    """By vote whose line was lost when it was closed; that is often found, and on record, only afterwards."""
    found: dict[str, set[str]] = {}
    closed: dict[str, datetime] = {}
    lost: set[str] = set()
    for fact in held.facts:
        if fact.kind == "vote_closed":
            found[fact.data["vote"]] = lost | set(fact.data.get("unheard", ()))
            closed[fact.data["vote"]] = fact.at
        elif fact.kind in ("line_lost", "left"):
            person, since = fact.data["person"], from_iso(fact.data["since"])
            for vote in (vote for vote, at in closed.items() if at > since):
                found[vote].add(person)
            (lost.add if fact.kind == "line_lost" else lost.discard)(person)
        elif fact.kind == "line_back":
            lost.discard(fact.data["person"])
    return found


def _result(
    begin: Fact, end: Fact, ballots: tuple[NamedBallot, ...], lost: set[str], people: Mapping[str, Person]
) -> VoteResult:
    there, away = end.data.get("silent", ()), end.data.get("away", ())
    # Who had just lost the line and still counted as there is in both.
    counted = [id for id in there if id in lost or id in away]
    cut = [*counted, *(id for id in away if id in lost and id not in there)]
    return VoteResult(
        id=begin.data["vote"],
        text=begin.data["text"],
        item=begin.data["item"],
        opened_at=begin.at,
        closed_at=end.at,
        rule=Rule.from_json(begin.data),
        outcome=Outcome.from_json(end.data),
        ballots=ballots,
        codes=tuple((code, choice) for code, choice in end.data.get("codes", ())),
        voters=tuple(people[id] for id in end.data.get("voters", ())),
        silent=tuple(people[id] for id in there if id not in cut),
        absent=tuple(people[id] for id in away if id not in cut),
        cut=tuple(people[id] for id in cut),
        counted=tuple(people[id] for id in counted),
    )
