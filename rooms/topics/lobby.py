"""The lobby: who is not expected knocks and waits, the chair and the secretary let in or send away.

Who waits has no seat and no part in the meeting. Who was let in once is on the sheet from then on, so that no lost
line, other device or restart brings them back to the lobby. That somebody waits is no fact; it goes with the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, flag, identifier, line, read_by
from rooms.meeting import MeetingState
from rooms.participant import DESK, Participant, Person, Role
from rooms.proceedings import Json, iso
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Said, Topic, View

MAX_WAITING = 100
MAX_INSIDE = 500  # people whom the sheet did not name, who come in of themselves where there is no lobby
REFUSALS = 3  # after so many, the same person is not heard knocking any more


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in the lobby."""

    person: Person
    since: datetime


@dataclass(frozen=True, slots=True)
class Lobby:
    """`on`: who is not expected waits. `inside`: who was let in. `refused`: how often somebody was sent away from the
    lobby. `words`: the last sentence that somebody was sent away or out with."""

    on: bool
    waiting: Mapping[str, Waiting] = field(default_factory=lambda: MappingProxyType({}))
    inside: Mapping[str, Person] = field(default_factory=lambda: MappingProxyType({}))
    refused: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def without(self, person: str) -> Lobby:
        return replace(self, waiting={id: one for id, one in self.waiting.items() if id != person})

    def saying(self, person: str, words: str) -> Lobby:
        return replace(self, words={**self.words, person: words})


LOBBY = Part("lobby", lambda meeting: Lobby(meeting.lobby))


@dataclass(frozen=True, slots=True)
class Knock(Command):
    """The server's own: somebody who `waits` has come to the door."""

    person: Person


@dataclass(frozen=True, slots=True)
class TurnAway(Command):
    """The server's own: the actor does not wait any more; the line is gone."""


@dataclass(frozen=True, slots=True)
class Admit(Command):
    participant: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class AdmitAll(Command):
    pass


@dataclass(frozen=True, slots=True)
class Reject(Command):
    """`text` is said to who is sent away."""

    participant: str = field(metadata=read_by(identifier))
    text: str | None = field(default=None, metadata=read_by(line))


@dataclass(frozen=True, slots=True)
class SwitchLobby(Command):
    on: bool = field(metadata=read_by(flag))


def waits(state: State, person: str, vouched: bool) -> bool:
    """Whether somebody who comes now has to wait. `vouched`: the server knows that they are expected, from the sheet
    or by a token that is theirs. Who has been let in or has come before is not asked again, unless sent out. Who comes
    by the guest link of somebody who was sent out may be the same person in another browser, and waits."""
    barred = state.session.sheet.barred
    if person in barred:
        return True
    if person in state.people or vouched:
        return False
    link = link_of(person)
    return LOBBY.of(state).on or (link != "" and any(link_of(one) == link for one in barred))


def guest_id(link: str, number: str) -> str:
    """The id of one of those who come by a guest link; neither part has a "-"."""
    return f"guest-{link}-{number}"


def link_of(person: str) -> str:
    """The guest link by which a person of this id came; "" if it was none."""
    parts = person.split("-")
    return parts[1] if len(parts) == 3 and parts[0] == "guest" else ""


def admission(person: Person, actor: str) -> Draft:
    return Draft("admitted", actor, {"person": person.to_json()})


def _knock(state: State, actor: str, command: Knock, now: datetime) -> Found:
    person, lobby = command.person, LOBBY.of(state)
    if person.id != actor or person.role is Role.GATEWAY:
        raise Refused("not_allowed", "people knock, each for themselves")
    if state.session.state in (MeetingState.CLOSED, MeetingState.CANCELLED):
        raise Refused("closed")
    if lobby.refused.get(actor, 0) >= REFUSALS:
        raise Refused("not_allowed", "was sent away too often")
    if len(lobby.waiting) >= MAX_WAITING and actor not in lobby.waiting:
        raise Refused("busy")
    # A role that was given here is not lost by being sent out.
    known = state.people.get(actor)
    seat = known.person if known else state.session.sheet.seat(person)
    since = lobby.waiting[actor].since if actor in lobby.waiting else now
    waiting = {**lobby.waiting, actor: Waiting(replace(person, role=seat.role, vote=seat.vote), since)}
    return LOBBY.put(state, replace(lobby, waiting=waiting))


def _turn_away(state: State, actor: str, command: TurnAway, now: datetime) -> Found:
    return LOBBY.put(state, LOBBY.of(state).without(actor)) if actor in LOBBY.of(state).waiting else []


def _admit(state: State, actor: str, command: Admit, now: datetime) -> Found:
    return [admission(_waiting(state, command.participant).person, actor)]


def _admit_all(state: State, actor: str, command: AdmitAll, now: datetime) -> Found:
    return [admission(one.person, actor) for one in LOBBY.of(state).waiting.values()]


def _reject(state: State, actor: str, command: Reject, now: datetime) -> Found:
    person = _waiting(state, command.participant).person
    data = {"person": person.id, "name": person.name, "text": command.text or ""}
    return [Draft("rejected", actor, data)]


def _waiting(state: State, person: str) -> Waiting:
    found = LOBBY.of(state).waiting.get(person)
    if found is None:
        raise Refused("unknown_participant")
    return found


def _switch(state: State, actor: str, command: SwitchLobby, now: datetime) -> Found:
    if LOBBY.of(state).on is command.on:
        return []
    switched = Draft("lobby_switched", actor, {"on": command.on})
    if command.on:
        return [switched]
    barred = state.session.sheet.barred
    inside = [admission(one.person, actor) for id, one in LOBBY.of(state).waiting.items() if id not in barred]
    return [switched, *inside]


def _admitted(state: State, fact: Fact) -> State:
    person = Person.from_json(fact.data["person"])
    sheet = state.session.sheet.letting_in(person)
    state = replace(state, session=replace(state.session, sheet=sheet))
    if person.id not in state.people or state.people[person.id].struck:
        state = state.with_participant(Participant(sheet.seat(person)))
    lobby = LOBBY.of(state)
    return LOBBY.put(state, replace(lobby, inside={**lobby.inside, person.id: person}).without(person.id))


def _joined(state: State, fact: Fact) -> State:
    """Who comes in otherwise, with a token of their own, does not wait any more."""
    person, lobby = fact.data["person"]["id"], LOBBY.of(state)
    return LOBBY.put(state, lobby.without(person)) if person in lobby.waiting else state


def _sheet_changed(state: State, fact: Fact) -> State:
    """Another sheet shuts nobody out who was let in."""
    sheet = state.session.sheet
    for person in LOBBY.of(state).inside.values():
        sheet = sheet if person.id in sheet.barred else sheet.letting_in(person)
    return state if sheet is state.session.sheet else state.with_sheet(sheet)


def _rejected(state: State, fact: Fact) -> State:
    person, lobby = fact.data["person"], LOBBY.of(state)
    refused = {**lobby.refused, person: lobby.refused.get(person, 0) + 1}
    return LOBBY.put(state, replace(lobby, refused=refused).without(person).saying(person, fact.data["text"]))


def _removed(state: State, fact: Fact) -> State:
    person = fact.data["person"]
    session = replace(state.session, sheet=state.session.sheet.barring(person))
    return LOBBY.put(replace(state, session=session), LOBBY.of(state).saying(person, fact.data["text"]))


def _switched(state: State, fact: Fact) -> State:
    return LOBBY.put(state, replace(LOBBY.of(state), on=fact.data["on"]))


def _over(state: State, fact: Fact) -> State:
    return LOBBY.put(state, replace(LOBBY.of(state), waiting=MappingProxyType({})))


def _show(state: State, id: str) -> Json:
    lobby, barred = LOBBY.of(state), state.session.sheet.barred
    waiting = [
        {
            "id": one.person.id,
            "name": one.person.name,
            "title": one.person.title,
            "unit": one.person.unit.to_json(),
            "since": iso(one.since),
            "removed": one.person.id in barred,
        }
        for one in lobby.waiting.values()
    ]
    return {"on": lobby.on, "waiting": waiting}


def _desk(state: State, id: str) -> frozenset[str]:
    return state.session.sheet.desk


LOBBY_TOPIC = Topic(
    part=LOBBY,
    said=(
        Said("lobby.admit", Admit, DESK, _admit, UNTIL_CLOSED),
        Said("lobby.admit_all", AdmitAll, DESK, _admit_all, UNTIL_CLOSED),
        Said("lobby.reject", Reject, DESK, _reject, UNTIL_CLOSED),
        Said("lobby.switch", SwitchLobby, DESK, _switch, UNTIL_CLOSED),
    ),
    own={Knock: _knock, TurnAway: _turn_away},
    folds={
        "joined": _joined,
        "admitted": _admitted,
        "rejected": _rejected,
        "removed": _removed,
        "lobby_switched": _switched,
        "sheet_changed": _sheet_changed,
        "closed": _over,
        "cancelled": _over,
    },
    views=(
        View(
            "lobby",
            "lobby",
            lambda state: {"": (LOBBY.of(state), state.session.sheet)},
            _show,
            audience=_desk,
        ),
    ),
)
