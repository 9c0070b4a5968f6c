"""A question, its ballots, and how they decide it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.participant import Participant
from rooms.proceedings import CHOICES, Json, Outcome, Rule, iso, needed
from rooms.state import Part, State
from rooms.topics.proxies import PROXIES, represents


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote cast: `by` is whose hand cast it. Of a secret vote it has a `code` that the voter's client has drawn;
    only that client and the server's memory know it. `changes`: how often it was cast anew."""

    choice: str
    by: str
    code: str | None = None
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Vote:
    """One question put to the vote. While it is open, `tally` and `cast` count the ballots; their names and codes
    are there once it is closed: `ballots` are (person, choice, by whom) of a roll call, `codes` (code, choice) of a
    secret vote, `voters` whose votes they are, `unheard` who had no ballot, and no line at the closing or has lost the
    place with it while the vote was open, as far as is known. `dropped` are, while it is open, those whose line was
    lost since the opening, be they back or not. `began_at` is when its time began to run, `round` how often it had to
    begin anew. `interrupted`: the server was restarted, and it is not yet on record what that means for the vote."""

    id: str
    text: str
    item: str | None
    rule: Rule
    opened_at: datetime
    began_at: datetime
    round: int = 1
    tally: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(CHOICES, 0))
    cast: int = 0
    interrupted: bool = False
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    ballots: tuple[tuple[str, str, str], ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    voters: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def closes_at(self) -> datetime | None:
        """When it closes by itself."""
        return self.began_at + timedelta(seconds=self.rule.seconds) if self.rule.seconds else None

    def counted(self, ballot: Ballot, instead_of: Ballot | None) -> Vote:
        tally = dict(self.tally)
        tally[ballot.choice] += 1
        if instead_of:
            tally[instead_of.choice] -= 1
        return replace(self, tally=tally, cast=self.cast + (instead_of is None))

    def to_json(self, *, named: bool, waiting: int | None, cut: Collection[str]) -> Json:
        """For the wire. `named`: with the names or codes of its ballots, once it is closed. `waiting`, and who is
        `cut_off`: as below."""
        ends = self.closes_at
        ballots, codes = (self.ballots, self.codes) if named else ((), ())
        return {
            "id": self.id,
            "text": self.text,
            "item": self.item,
            "state": "open" if self.open else "closed",
            "rule": self.rule.to_json(),
            "round": self.round,
            "opened_at": iso(self.opened_at),
            "closes_at": iso(ends) if ends and self.open else None,
            "closed_at": iso(self.closed_at) if self.closed_at else None,
            "cast": self.cast,
            "waiting": waiting,
            "tally": _tally(self),
            "ballots": [{"participant": one, "choice": choice, "by": by} for one, choice, by in ballots],
            "codes": [{"code": code, "choice": choice} for code, choice in codes],
            "unheard": list(cut if self.open else self.unheard),
            "outcome": _without_tally(self.outcome) if self.outcome else None,
        }


def _without_tally(outcome: Outcome) -> Json:
    return {name: value for name, value in outcome.to_json().items() if name != "tally"}


def _tally(vote: Vote) -> Json | None:
    """Nobody is to see how a secret vote stands: who watches it after each ballot knows them all."""
    if vote.outcome:
        return dict(vote.outcome.tally)
    return None if vote.rule.secret else {**vote.tally, "none": None}


@dataclass(frozen=True, slots=True)
class Voting:
    """The votes of a meeting by id, in their order, and the ballots of the open one by whose vote they are (each by
    itself in a tuple, as View.made_of has it)."""

    votes: Mapping[str, Vote] = field(default_factory=dict)
    box: Mapping[str, tuple[Ballot]] = field(default_factory=dict)

    @property
    def last(self) -> Vote | None:
        return next(reversed(self.votes.values()), None)  # type: ignore[call-overload]  # it is a dict

    @property
    def open(self) -> Vote | None:
        """At most one vote is open at a time: the last."""
        last = self.last
        return last if last and last.open else None

    def ballot(self, whose: str) -> Ballot | None:
        return self.box[whose][0] if whose in self.box else None

    def voted(self, person: str) -> bool:
        """Whether somebody has a ballot in any of the votes, open or closed, or has cast one for another."""
        hands = {ballot.by for (ballot,) in self.box.values()}
        hands |= {by for vote in self.votes.values() for _whose, _choice, by in vote.ballots}
        return person in self.box or person in hands or any(person in vote.voters for vote in self.votes.values())

    def cast(self, whose: str, ballot: Ballot) -> Voting:
        """A later ballot of the same person replaces the earlier one."""
        vote, known = self.open, self.ballot(whose)
        assert vote is not None
        ballot = replace(ballot, changes=known.changes + 1 if known else 0)
        return Voting({**self.votes, vote.id: vote.counted(ballot, known)}, {**self.box, whose: (ballot,)})

    def unheard_too(self, person: str, votes: Collection[str]) -> Voting:
        """It turned out afterwards that somebody had no line when `votes` were closed."""
        told = {id: self.votes[id] for id in votes if person not in self.votes[id].unheard}
        more = {id: replace(one, unheard=tuple(sorted((*one.unheard, person)))) for id, one in told.items()}
        return replace(self, votes={**self.votes, **more})

    def put(self, vote: Vote, *, box: Mapping[str, tuple[Ballot]] | None = None) -> Voting:
        return Voting({**self.votes, vote.id: vote}, self.box if box is None else box)


VOTES = Part("votes", lambda meeting: Voting())


def interrupted(state: State) -> State:
    """What a replay cannot know: of a secret vote the ballots were in the memory that is gone, and of any the time in
    which nobody could vote."""
    voting = VOTES.of(state)
    vote = voting.open
    if vote is None or not (vote.rule.secret or vote.rule.seconds):
        return state
    if vote.rule.secret:
        vote = replace(vote, tally=dict.fromkeys(CHOICES, 0), cast=0)
    box = {} if vote.rule.secret else voting.box
    return VOTES.put(state, voting.put(replace(vote, interrupted=True), box=box))


def decide(voting: Voting, vote: Vote, people: Mapping[str, Participant]) -> Outcome:
    """There is who may vote and is present, or who has cast a ballot in person and left, or come back in a role without
    a vote: late comers until the end, and nobody is lost by leaving. Whose ballot a proxy has cast votes, but is not
    there: the quorum counts people. Members are all who were invited with a vote, or came with one."""
    there, cast, members = _counted(voting, people)
    eligible = {"present": cast, "voting": len(voting.box), "members": members}[vote.rule.base]
    majority, quorum = needed(vote.rule.majority, eligible), needed(vote.rule.quorum, members)
    result = "no_quorum" if there < quorum else "passed" if vote.tally["for"] >= majority else "rejected"
    tally = {**vote.tally, "none": eligible - len(voting.box)}
    represented = cast - there if vote.rule.proxies else 0
    return Outcome(tally, eligible, majority, there, members, quorum, result, represented)


def mute(voting: Voting, one: Participant) -> bool:
    """Whether somebody is there with a vote and has not given it."""
    return one.counted and one.votes and one.id not in voting.box


def cut_off(voting: Voting, people: Mapping[str, Participant]) -> tuple[str, ...]:
    """Who has lost the line since the open vote was opened, is counted no more, and has given no ballot."""
    dropped = [people[id] for id in sorted(voting.open.dropped)] if voting.open else []
    return tuple(one.id for one in dropped if one.votes and not one.counted and one.id not in voting.box)


def waiting(state: State) -> int | None:
    """Of how many a ballot in the open vote is still looked for: of the same people as will count at its closing, and
    of those for whom somebody there may vote by proxy."""
    voting = VOTES.of(state)
    if voting.open is None:
        return None
    rule = voting.open.rule
    _there, cast, members = _counted(voting, state.people)
    if rule.base == "members":
        return members - len(voting.box)
    return cast - len(voting.box) + (_proxies_to_come(state) if rule.proxies else 0)


def _proxies_to_come(state: State) -> int:
    voting, people = VOTES.of(state), state.people
    open_yet = [(whose, hand) for whose, hand in PROXIES.of(state).items() if whose not in voting.box]
    return sum(
        people[hand].counted and people[hand].votes and represents(state, hand, whose) for whose, hand in open_yet
    )


def _counted(voting: Voting, people: Mapping[str, Participant]) -> tuple[int, int, int]:
    """(who is there with a vote, or has voted in person; these and for whom was voted; all members)."""
    there = cast = members = 0
    for id, one in people.items():
        ballot = voting.ballot(id)
        here = (one.counted and one.votes) or (ballot is not None and ballot.by == id)
        there += here
        cast += here or ballot is not None
        members += one.votes or ballot is not None
    return there, cast, members


def turnout(people: Mapping[str, Participant]) -> tuple[int, int]:
    """(how many of those who may vote are there, how many there are)."""
    voters = [one for one in people.values() if one.votes]
    return sum(one.counted for one in voters), len(voters)
