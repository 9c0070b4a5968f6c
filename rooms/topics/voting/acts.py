"""Opening a vote, casting a ballot, closing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rooms.errors import BadMessage, Refused
from rooms.facts import SYSTEM, Fact
from rooms.fields import Command, flag, identifier, one_of, prose, read_by, string, up_to
from rooms.participant import CHAIR, VOTERS
from rooms.proceedings import BASES, CHOICES, MAJORITIES, QUORUMS, Json, Outcome, Person, Rule, needed
from rooms.state import State
from rooms.topic import Draft, Found, Said, Topic, View, the_one
from rooms.topics.agenda import AGENDA
from rooms.topics.presence import line_of
from rooms.topics.proxies import represents
from rooms.topics.silence import is_heard
from rooms.topics.voting.vote import VOTES, Ballot, Vote, Voting, cut_off, decide, interrupted, mute, turnout, waiting

MAX_VOTES = 200
MAX_CHANGES = 20  # of one ballot: each change of a roll call is a fact for ever
MAX_SECONDS = 4 * 3600
CODE = re.compile("[0-9A-HJKMNP-TV-Z]{12}")  # Crockford's base 32: 60 bits, no letter that is read for another
FILL = 8


def code(name: str, value: object) -> str:
    text = string(name, value, 12)
    if not CODE.fullmatch(text):
        raise BadMessage("bad_message", f'"{name}" is 12 characters of base 32')
    return text


def fill(name: str, value: object) -> str:
    if string(name, value, FILL).strip(" "):
        raise BadMessage("bad_message", f'"{name}" has nothing but spaces')
    return ""


@dataclass(frozen=True, slots=True)
class OpenVote(Command):
    text: str = field(metadata=read_by(prose))
    secret: bool = field(default=False, metadata=read_by(flag))
    majority: str = field(default="half", metadata=read_by(one_of(*MAJORITIES)))
    base: str = field(default="present", metadata=read_by(one_of(*BASES)))
    quorum: str = field(default="none", metadata=read_by(one_of(*QUORUMS)))
    proxies: bool = field(default=False, metadata=read_by(flag))
    seconds: int | None = field(default=None, metadata=read_by(up_to(MAX_SECONDS)))


@dataclass(frozen=True, slots=True)
class CastBallot(Command):
    """`principal`: whose vote it is, if not one's own. `code`: of a secret ballot. `fill`: spaces that make all ballots
    equally long on the wire, where they are encrypted but their length is to be seen."""

    vote: str = field(metadata=read_by(identifier))
    choice: str = field(metadata=read_by(one_of(*CHOICES)))
    principal: str | None = field(default=None, metadata=read_by(identifier))
    code: str | None = field(default=None, metadata=read_by(code))
    fill: str = field(default="", metadata=read_by(fill))


@dataclass(frozen=True, slots=True)
class CloseVote(Command):
    """`anyway`: without waiting for those who are `unheard` or `cut_off`, of whom the server tells otherwise."""

    vote: str = field(metadata=read_by(identifier))
    anyway: bool = field(default=False, metadata=read_by(flag))


def open_vote(state: State) -> Vote | None:
    return VOTES.of(state).open


def _open(state: State, actor: str, command: OpenVote, now: datetime) -> Found:
    voting = VOTES.of(state)
    if voting.open:
        raise Refused("vote_open")
    if len(voting.votes) >= MAX_VOTES:
        raise Refused("limit_reached")
    present, members = turnout(state.people)
    quorum = needed(command.quorum, members)
    if present < quorum:
        raise Refused("no_quorum", present=present, members=members, needed=quorum)
    rule = Rule(command.secret, command.majority, command.base, command.quorum, command.proxies, command.seconds)
    data = {"vote": f"v{len(voting.votes) + 1}", "text": command.text, "item": AGENDA.of(state).current}
    return [Draft("vote_opened", actor, data | rule.to_json())]


def unheard(state: State) -> tuple[Person, ...]:
    """Who counts as there, has given no ballot in the open vote, and may be unable to: their line is dropped or
    silent."""
    voting = VOTES.of(state)
    if voting.open is None:
        return ()
    mutes = [one for one in state.people.values() if mute(voting, one)]
    return tuple(one.person for one in mutes if not is_heard(state, one.id))


def lost(state: State) -> tuple[Person, ...]:
    """Who is `cut_off` from the open vote."""
    return tuple(state.people[id].person for id in cut_off(VOTES.of(state), state.people))


def still_open(state: State, id: str) -> Vote:
    vote = VOTES.of(state).votes.get(id)
    if vote is None:
        raise Refused("unknown_vote")
    if not vote.open:
        raise Refused("vote_closed")
    return vote


def _cast(state: State, actor: str, command: CastBallot, now: datetime) -> Found:
    voting, vote = VOTES.of(state), still_open(state, command.vote)
    whose = command.principal or actor
    known = voting.ballot(whose)
    if whose != actor:
        if not vote.rule.proxies or not represents(state, actor, whose):
            raise Refused("no_proxy")
        if known and known.by == whose:
            raise Refused("no_proxy", "they have voted themselves")
    if vote.rule.secret != (command.code is not None):
        raise Refused("bad_message", "a secret ballot, and no other, has a code")
    if known and (known.choice, known.by, known.code) == (command.choice, actor, command.code):
        return []
    if known and known.changes >= MAX_CHANGES:
        raise Refused("limit_reached")
    if not vote.rule.secret:
        return [Draft("ballot_cast", actor, {"vote": vote.id, "person": whose, "choice": command.choice})]
    if any(other.code == command.code for id, (other,) in voting.box.items() if id != whose):
        raise Refused("bad_message", "the code is another's")
    # No fact: see the package. Only memory ever has the voter and the choice together.
    return VOTES.put(state, voting.cast(whose, Ballot(command.choice, actor, command.code)))


def _close(state: State, actor: str, command: CloseVote, now: datetime) -> Found:
    return [_decided(state, still_open(state, command.vote), actor)]


def _before_adjourning(state: State, draft: Draft, now: datetime) -> list[Draft]:
    if open_vote(state):
        raise Refused("vote_open")
    return []


def _before_closing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """The meeting does not end with a question open."""
    vote = open_vote(state)
    return [_decided(state, vote, draft.actor)] if vote else []


def _decided(state: State, vote: Vote, actor: str) -> Draft:
    voting = VOTES.of(state)
    silent = sorted(one.id for one in state.people.values() if mute(voting, one))
    missing = sorted({*(one.id for one in unheard(state)), *cut_off(voting, state.people)})
    data: Json = {"vote": vote.id, "away": _away(state), "silent": silent, "unheard": missing}
    data |= decide(voting, vote, state.people).to_json()
    if vote.rule.secret:
        # Both sorted, and by nothing that the other knows of: the lists do not tell who goes with what.
        ballots = [ballot for (ballot,) in voting.box.values()]
        data |= {
            "codes": sorted([ballot.code or "", ballot.choice] for ballot in ballots),
            "voters": sorted(voting.box),
        }
    return Draft("vote_closed", actor, data)


def _away(state: State) -> list[str]:
    """Who could not answer: with a vote, without a line, and without a ballot. Facts do not know of lines, so that
    this is on record."""
    box = VOTES.of(state).box
    voters = [one for one in state.people.values() if one.votes and one.id not in box]
    return sorted(one.id for one in voters if not one.present or line_of(state, one).away_since)


def _due(state: State) -> datetime | None:
    vote = open_vote(state)
    if vote is None:
        return None
    return vote.began_at if vote.interrupted else vote.closes_at


def _overdue(state: State, now: datetime) -> list[Draft]:
    vote = open_vote(state)
    if vote is None:
        return []
    if vote.interrupted:
        return [Draft("vote_resumed", SYSTEM, {"vote": vote.id, "void": vote.rule.secret})]
    return [_decided(state, vote, SYSTEM)] if vote.closes_at and vote.closes_at <= now else []


def _opened(state: State, fact: Fact) -> State:
    vote = Vote(fact.data["vote"], fact.data["text"], fact.data["item"], Rule.from_json(fact.data), fact.at, fact.at)
    return VOTES.put(state, VOTES.of(state).put(vote, box={}))


def _ballot_cast(state: State, fact: Fact) -> State:
    ballot = Ballot(fact.data["choice"], fact.actor)
    return VOTES.put(state, VOTES.of(state).cast(fact.data["person"], ballot))


def _resumed(state: State, fact: Fact) -> State:
    """Nothing is lost unsaid: the ballots of a secret vote are void and all vote anew. Each vote has its whole time."""
    state = interrupted(state)
    voting = VOTES.of(state)
    vote = voting.votes[fact.data["vote"]]
    begun = replace(vote, interrupted=False, began_at=fact.at, round=vote.round + 1)
    return VOTES.put(state, voting.put(begun))


def _closed(state: State, fact: Fact) -> State:
    voting = VOTES.of(state)
    vote = replace(
        voting.votes[fact.data["vote"]],
        closed_at=fact.at,
        outcome=Outcome.from_json(fact.data),
        codes=tuple((code, choice) for code, choice in fact.data.get("codes", ())),
        voters=tuple(fact.data.get("voters", sorted(voting.box))),
        unheard=_had_no_line(state, fact),
        dropped=frozenset(),
    )
    if vote.rule.secret:
        # A replay has not seen the ballots; and what the server knew of them it forgets here.
        vote = replace(vote, cast=len(vote.codes), tally={**fact.data["tally"]})
    else:
        named = tuple((whose, ballot.choice, ballot.by) for whose, (ballot,) in voting.box.items())
        vote = replace(vote, ballots=named)
    return VOTES.put(state, voting.put(vote, box={}))


def _lost(state: State, fact: Fact) -> State:
    return _with_dropped(state, lambda dropped: dropped | {fact.data["person"]})


def _left(state: State, fact: Fact) -> State:
    if fact.data["reason"] == "lost":
        return _lost(state, fact)
    return _with_dropped(state, lambda dropped: dropped - {fact.data["person"]})  # who goes did not lose the line


def _with_dropped(state: State, change: Callable[[frozenset[str]], frozenset[str]]) -> State:
    voting, vote = VOTES.of(state), open_vote(state)
    return VOTES.put(state, voting.put(replace(vote, dropped=change(vote.dropped)))) if vote else state


def _had_no_line(state: State, fact: Fact) -> tuple[str, ...]:
    """Who had no line to answer by at the closing, and a place there, or has lost it with the line meanwhile."""
    away = [id for id in fact.data.get("away", ()) if state.present(id)]
    return tuple(sorted({*away, *fact.data.get("unheard", ())}))


def _made_of(state: State) -> Mapping[str, tuple[object, ...]]:
    voting = VOTES.of(state)
    return {id: (vote, vote is voting.last, *_missing(voting, state, vote)) for id, vote in voting.votes.items()}


def _missing(voting: Voting, state: State, vote: Vote) -> tuple[int | None, tuple[str, ...]]:
    """For how many ballots an open vote waits, and who is cut off from it."""
    return (waiting(state), cut_off(voting, state.people)) if vote.open else (None, ())


def _vote_seen(state: State, id: str) -> Json:
    """Names and codes are shown of the last vote; those of earlier ones are in the proceedings, and a welcome stays
    small."""
    voting = VOTES.of(state)
    vote = voting.votes[id]
    awaited, cut = _missing(voting, state, vote)
    return vote.to_json(named=vote is voting.last, waiting=awaited, cut=cut)


def _ballot_seen(state: State, whose: str) -> Json:
    voting = VOTES.of(state)
    vote, ballot = voting.open, voting.ballot(whose)
    assert vote is not None
    assert ballot is not None
    return {
        "id": whose,
        "vote": vote.id,
        "choice": ballot.choice,
        "code": ballot.code,
        "fill": " " * (FILL - len(ballot.choice)),
    }


def _caster(state: State, whose: str) -> set[str]:
    ballot = VOTES.of(state).ballot(whose)
    return {ballot.by} if ballot else set()


def _turnout_seen(state: State) -> Json:
    present, members = turnout(state.people)
    return {"present": present, "members": members}


VOTING = Topic(
    part=VOTES,
    said=(
        Said("vote.open", OpenVote, CHAIR, _open),
        Said("vote.cast", CastBallot, VOTERS, _cast, voters=True),
        Said("vote.close", CloseVote, CHAIR, _close),
    ),
    folds={
        "vote_opened": _opened,
        "ballot_cast": _ballot_cast,
        "vote_resumed": _resumed,
        "vote_closed": _closed,
        "line_lost": _lost,
        "left": _left,
    },
    views=(
        View("vote", "votes", _made_of, _vote_seen, many=True),
        View("ballot", "ballots", lambda state: VOTES.of(state).box, _ballot_seen, many=True, audience=_caster),
        View("turnout", "turnout", lambda state: the_one(state.people), lambda state, _: _turnout_seen(state)),
    ),
    before={"closed": _before_closing, "adjourned": _before_adjourning},
    due=_due,
    overdue=_overdue,
    replayed=interrupted,
)
