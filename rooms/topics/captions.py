"""Live captions: whether a recogniser listens, and who has agreed that it may. What it hears is shown and not kept.

Who operates the device of a site answers for all who sit there, as for the recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rooms.consent import Consented
from rooms.effects import Media
from rooms.facts import SYSTEM, Fact
from rooms.fields import Command, flag, read_by
from rooms.participant import DESK, SENDERS, Role
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View, the_one
from rooms.topics.grouping import GROUPS
from rooms.topics.sites import refused_beside

CAPTIONS = Part("captions", lambda meeting: Consented())
"""Their consents are others than those to the recording."""


@dataclass(frozen=True, slots=True)
class StartCaptions(Command):
    """Who switches them on agrees to be heard by the recogniser."""


@dataclass(frozen=True, slots=True)
class StopCaptions(Command):
    pass


@dataclass(frozen=True, slots=True)
class AnswerCaptions(Command):
    """Whether the recogniser may hear one's own voice, from now on."""

    agreed: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class BreakCaptions(Command):
    """The server's own: the recogniser has ended."""


def captioned(state: State, person: str) -> bool:
    """Whether the recogniser hears the person; of a site, whether nobody there has refused. What is said in a group is
    said to it alone: a recogniser that is slow would tell it to everybody afterwards."""
    captions = CAPTIONS.of(state)
    agreed = captions.covers(person) and not refused_beside(state, person, captions.consents)
    return agreed and state.present(person) and not GROUPS.of(state).running


def _heard(state: State) -> frozenset[str]:
    if not CAPTIONS.of(state).running:
        return frozenset()
    return frozenset(id for id in CAPTIONS.of(state).consents if captioned(state, id))


def _start(state: State, actor: str, command: StartCaptions, now: datetime) -> Found:
    captions = CAPTIONS.of(state)
    if captions.running:
        return []
    agreed = [] if captions.consents.get(actor) else _answer(state, actor, AnswerCaptions(True), now)
    return [*agreed, Draft("captions_started", actor, {})]


def _stop(state: State, actor: str, command: StopCaptions, now: datetime) -> Found:
    return _end(state, actor, "stopped")


def _break(state: State, actor: str, command: BreakCaptions, now: datetime) -> Found:
    return _end(state, SYSTEM, "failed")


def _before_the_end(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """They end with the meeting, and with its break."""
    return _end(state, draft.actor, draft.kind)


def _end(state: State, actor: str, reason: str) -> list[Draft]:
    return [Draft("captions_stopped", actor, {"reason": reason})] if CAPTIONS.of(state).running else []


def _answer(state: State, actor: str, command: AnswerCaptions, now: datetime) -> list[Draft]:
    if CAPTIONS.of(state).consents.get(actor) is command.agreed:
        return []
    return [Draft("captions_consent", actor, {"person": actor, "agreed": command.agreed})]


def _started(state: State, fact: Fact) -> State:
    return CAPTIONS.put(state, CAPTIONS.of(state).started(fact.actor, fact.at))


def _stopped(state: State, fact: Fact) -> State:
    return CAPTIONS.put(state, CAPTIONS.of(state).stopped())


def _answered(state: State, fact: Fact) -> State:
    return CAPTIONS.put(state, CAPTIONS.of(state).answered(fact.data["person"], fact.data["agreed"]))


def _media(before: State, after: State) -> Iterator[Media]:
    was, will_be = _heard(before), _heard(after)
    yield from (Media("unhear", id) for id in sorted(was - will_be))
    yield from (Media("hear", id) for id in sorted(will_be - was))


CAPTIONING = Topic(
    part=CAPTIONS,
    said=(
        Said("captions.start", StartCaptions, DESK, _start),
        Said("captions.stop", StopCaptions, DESK, _stop),
        Said("captions.consent", AnswerCaptions, SENDERS - {Role.GATEWAY}, _answer),
    ),
    own={BreakCaptions: _break},
    folds={
        "captions_started": _started,
        "captions_stopped": _stopped,
        "captions_consent": _answered,
    },
    views=(
        View(
            "captions",
            "captions",
            lambda state: the_one(CAPTIONS.of(state)),
            lambda state, _: CAPTIONS.of(state).to_json(),
        ),
    ),
    before={"closed": _before_the_end, "adjourned": _before_the_end},
    media=_media,
)
