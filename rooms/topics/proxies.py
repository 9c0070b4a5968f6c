"""Who votes for whom, where a vote allows it: one proxy a person, named by who is going to be absent, or by the chair.

A proxy holds while the other is not counted as there: while they have left, or their line is lost (`presence.LOST`).
So nobody is at any time neither counted nor represented. Who is back votes for themselves, and their ballot takes the
place of the proxy's. A proxy makes nobody present: see the quorum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, identifier, read_by
from rooms.participant import CHAIR, VOTERS
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View

# whose vote -> whose hand
PROXIES: Part[Mapping[str, str]] = Part("proxies", lambda meeting: {})


@dataclass(frozen=True, slots=True)
class NameProxy(Command):
    """`participant` is to vote for `principal`, or for the one who says so."""

    participant: str = field(metadata=read_by(identifier))
    principal: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class EndProxy(Command):
    """One's own if nobody is named."""

    principal: str | None = field(default=None, metadata=read_by(identifier))


def represents(state: State, hand: str, principal: str) -> bool:
    """Whether `hand` votes for `principal` now."""
    one = state.people.get(principal)
    return one is not None and one.votes and not one.counted and PROXIES.of(state).get(principal) == hand


def _principal(state: State, actor: str, named: str | None) -> str:
    principal = named or actor
    if principal != actor and state.people[actor].role not in CHAIR:
        raise Refused("not_allowed", "only the chair names a proxy for somebody else")
    if principal not in state.people:
        raise Refused("unknown_participant")
    return principal


def _name(state: State, actor: str, command: NameProxy, now: datetime) -> Found:
    principal, holder = _principal(state, actor, command.principal), command.participant
    proxies = PROXIES.of(state)
    if holder not in state.people:
        raise Refused("unknown_participant")
    if principal == holder or any(not state.people[one].votes for one in (principal, holder)):
        raise Refused("not_eligible", "one who votes is named for another who does")
    if proxies.get(principal) == holder:
        return []
    # Nobody holds two votes beside their own, and nobody passes on what was given to them.
    if holder in proxies.values() or holder in proxies or principal in proxies.values():
        raise Refused("proxy_taken")
    return [Draft("proxy_named", actor, {"person": principal, "holder": holder})]


def _end(state: State, actor: str, command: EndProxy, now: datetime) -> Found:
    principal = _principal(state, actor, command.principal)
    return [Draft("proxy_ended", actor, {"person": principal})] if principal in PROXIES.of(state) else []


def _named(state: State, fact: Fact) -> State:
    return PROXIES.put(state, {**PROXIES.of(state), fact.data["person"]: fact.data["holder"]})


def _ended(state: State, fact: Fact) -> State:
    left = {whose: hand for whose, hand in PROXIES.of(state).items() if whose != fact.data["person"]}
    return PROXIES.put(state, left)


PROXY_TOPIC = Topic(
    part=PROXIES,
    said=(
        Said("proxy.name", NameProxy, VOTERS, _name, voters=True),
        Said("proxy.end", EndProxy, VOTERS, _end, voters=True),
    ),
    folds={"proxy_named": _named, "proxy_ended": _ended},
    views=(
        View(
            "proxy",
            "proxies",
            lambda state: {whose: (hand,) for whose, hand in PROXIES.of(state).items()},
            lambda state, whose: {"id": whose, "holder": PROXIES.of(state)[whose]},
            many=True,
        ),
    ),
)
