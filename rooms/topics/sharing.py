"""Who shares their screen: one at a time, and the desk may end it. The others see it in place of a large picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rooms.effects import Media
from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, flag, read_by
from rooms.participant import DESK, SENDERS, Participant, Role
from rooms.proceedings import Json, iso
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View, the_one
from rooms.topics.moderation import silenced


@dataclass(frozen=True, slots=True)
class Sharing:
    """`by` shares since `since`; None while nobody does. `sound`: what their computer plays is heard, too."""

    by: str | None = None
    since: datetime | None = None
    sound: bool = False

    def to_json(self) -> Json:
        return {"by": self.by, "since": iso(self.since) if self.since else None, "sound": self.sound}


SHARING = Part("sharing", lambda meeting: Sharing())


@dataclass(frozen=True, slots=True)
class StartSharing(Command):
    """`sound`: with what the computer plays."""

    sound: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class StopSharing(Command):
    pass


def sends(state: State, person: str, kind: str) -> bool:
    """Whether the person's sound ("audio", what their computer plays included), camera ("video") or "screen" may
    reach others. What the computer plays comes mixed with the microphone: where that is locked, so is the other."""
    sharing, one = SHARING.of(state), state.people[person]
    if kind == "video":
        return one.video
    shares = sharing.by == person
    return shares if kind == "screen" else one.audio or (shares and sharing.sound and not silenced(state, person))


def _start(state: State, actor: str, command: StartSharing, now: datetime) -> Found:
    sharing = SHARING.of(state)
    if sharing.by not in (None, actor):
        raise Refused("sharing_busy")
    if (sharing.by, sharing.sound) == (actor, command.sound):
        return []
    ended = [Draft("sharing_stopped", actor, {"person": actor})] if sharing.by else []
    return [*ended, Draft("sharing_started", actor, {"person": actor, "sound": command.sound})]


def _stop(state: State, actor: str, command: StopSharing, now: datetime) -> Found:
    sharing = SHARING.of(state)
    if sharing.by not in (None, actor) and state.people[actor].role not in DESK:
        raise Refused("not_allowed", "only who keeps order ends what somebody else shares")
    return [Draft("sharing_stopped", actor, {"person": sharing.by})] if sharing.by else []


def _before_leaving(state: State, draft: Draft, now: datetime) -> list[Draft]:
    person = draft.data["person"]
    return [Draft("sharing_stopped", draft.actor, {"person": person})] if SHARING.of(state).by == person else []


def _before_a_new_role(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """Who is only to look on shows nothing any more."""
    return _before_leaving(state, draft, now) if draft.data["role"] not in SENDERS else []


def _started(state: State, fact: Fact) -> State:
    return SHARING.put(state, Sharing(fact.data["person"], fact.at, fact.data["sound"]))


def _stopped(state: State, fact: Fact) -> State:
    return SHARING.put(state, Sharing())


def _media(before: State, after: State) -> Iterator[Media]:
    """A microphone that is off stops no sound of the computer; and a screen goes through while it is shared only."""
    was, now = SHARING.of(before), SHARING.of(after)
    for person in sorted({was.by or "", now.by or ""} & after.people.keys()):
        one = after.people[person]
        if not one.present:
            continue
        former = before.people.get(person, Participant(one.person))
        heard = former.present and sends(before, person, "audio")
        if former.audio != one.audio or was != now or heard != sends(after, person, "audio"):
            yield Media("pause", person, "audio", not sends(after, person, "audio"))
        if was.by != now.by:
            yield Media("pause", person, "screen", now.by != person)


SHARING_TOPIC = Topic(
    part=SHARING,
    said=(
        Said("share.start", StartSharing, SENDERS - {Role.GATEWAY}, _start),
        # All but the chair and the secretaries may end only what they share themselves.
        Said("share.stop", StopSharing, SENDERS - {Role.GATEWAY}, _stop),
    ),
    folds={"sharing_started": _started, "sharing_stopped": _stopped},
    views=(
        View(
            "sharing", "sharing", lambda state: the_one(SHARING.of(state)), lambda state, _: SHARING.of(state).to_json()
        ),
    ),
    before={"left": _before_leaving, "role_changed": _before_a_new_role},
    media=_media,
)
