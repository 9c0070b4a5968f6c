"""The speakers' list: people ask for the floor, for a point or with a word on what, and queue; the chair gives it to
one at a time, for as long as the rule says. Points of order stand before everybody else.

Who has asked before the meeting stays on the list until it begins, there or not. A turn that is over is ended by
itself if the chair wants it so; otherwise the clock shows by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.effects import Media
from rooms.errors import Refused
from rooms.facts import SYSTEM, Fact
from rooms.fields import Command, flag, identifier, line, read_by, up_to
from rooms.meeting import MeetingState
from rooms.participant import ALL, CHAIR, SPEAKERS, Role
from rooms.proceedings import Json, iso
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Said, Topic, View, the_one
from rooms.topics.agenda import AGENDA
from rooms.topics.presence import at_seat

MAX_SECONDS = 2 * 3600


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody wants to speak, since when: to an agenda item, about something, or on a point of order."""

    person: str
    since: datetime
    item: str | None = None
    text: str | None = None
    order: bool = False

    def to_json(self) -> Json:
        return {
            "participant": self.person,
            "since": iso(self.since),
            "item": self.item,
            "text": self.text,
            "order": self.order,
        }


@dataclass(frozen=True, slots=True)
class Floor:
    """`requests` in the order in which they will be heard. `since` is when the holder got the floor, `until` when that
    time is over, `order` that it is a point of order. `seconds`: how long a turn is by the rule; `ends`: it is ended
    then. `timed_out`: so was the last one."""

    holder: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    order: bool = False
    timed_out: bool = False
    requests: tuple[Request, ...] = ()
    seconds: int | None = None
    ends: bool = False

    @property
    def queue(self) -> tuple[str, ...]:
        """The ids of raised hands."""
        return tuple(one.person for one in self.requests)

    def request(self, person: str) -> Request | None:
        return next((one for one in self.requests if one.person == person), None)

    def raised(self, request: Request) -> Floor:
        """Who asks again keeps the place."""
        known = self.request(request.person)
        if known is None:
            return self._lined_up((*self.requests, request))
        changed = replace(request, since=known.since)
        return self._lined_up(tuple(changed if one is known else one for one in self.requests))

    def lowered(self, person: str) -> Floor:
        return replace(self, requests=tuple(one for one in self.requests if one.person != person))

    def moved(self, person: str, before: str | None) -> Floor:
        request, rest = self.request(person), self.lowered(person).requests
        if request is None:
            return self
        place = next((at for at, one in enumerate(rest) if one.person == before), len(rest))
        return self._lined_up((*rest[:place], request, *rest[place:]))

    def _lined_up(self, requests: tuple[Request, ...]) -> Floor:
        return replace(self, requests=tuple(sorted(requests, key=lambda one: not one.order)))

    def given(self, person: str, at: datetime, seconds: int | None) -> Floor:
        request = self.request(person)
        until = at + timedelta(seconds=seconds) if seconds else None
        order = bool(request and request.order)
        given = replace(self, holder=person, since=at, until=until, order=order, timed_out=False)
        return given.lowered(person)

    def ended(self, *, timed_out: bool = False) -> Floor:
        return replace(self, holder=None, since=None, until=None, order=False, timed_out=timed_out)

    def to_json(self) -> Json:
        return {
            "holder": self.holder,
            "since": iso(self.since) if self.since else None,
            "until": iso(self.until) if self.until else None,
            "order": self.order,
            "timed_out": self.timed_out,
            "queue": [request.to_json() for request in self.requests],
            "seconds": self.seconds,
            "ends": self.ends,
        }


FLOOR = Part("floor", lambda meeting: Floor())


@dataclass(frozen=True, slots=True)
class RaiseHand(Command):
    """`order`: a point of order, which is heard first."""

    item: str | None = field(default=None, metadata=read_by(identifier))
    text: str | None = field(default=None, metadata=read_by(line))
    order: bool = field(default=False, metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class LowerHand(Command):
    """One's own if nobody is named."""

    participant: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class MoveHand(Command):
    """To the place before somebody else's, or to the end; points of order stay before the others."""

    participant: str = field(metadata=read_by(identifier))
    before: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class LimitFloor(Command):
    """How long a turn is from now on; without `seconds`, as long as it takes."""

    seconds: int | None = field(default=None, metadata=read_by(up_to(MAX_SECONDS)))
    ends: bool = field(default=False, metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class GiveFloor(Command):
    """`seconds`: for so long and not as the rule says; who has the floor already has so much more from now."""

    participant: str = field(metadata=read_by(identifier))
    seconds: int | None = field(default=None, metadata=read_by(up_to(MAX_SECONDS)))


@dataclass(frozen=True, slots=True)
class EndFloor(Command):
    pass


def _raise(state: State, actor: str, command: RaiseHand, now: datetime) -> Found:
    if command.item is not None and command.item not in AGENDA.of(state):
        raise Refused("unknown_item")
    if command.order and state.session.state is not MeetingState.OPEN:
        raise Refused("not_open", "there is no order yet")
    known = FLOOR.of(state).request(actor)
    if known and (known.item, known.text, known.order) == (command.item, command.text, command.order):
        return []
    data = {"person": actor, "item": command.item, "text": command.text, "order": command.order}
    return [Draft("hand_raised", actor, data)]


def _lower(state: State, actor: str, command: LowerHand, now: datetime) -> Found:
    person = command.participant or actor
    if person != actor and state.people[actor].role is not Role.CHAIR:
        raise Refused("not_allowed", "only the chair lowers another's hand")
    if person not in state.people:
        raise Refused("unknown_participant")
    return [Draft("hand_lowered", actor, {"person": person})] if person in FLOOR.of(state).queue else []


def _move(state: State, actor: str, command: MoveHand, now: datetime) -> Found:
    floor = FLOOR.of(state)
    for person in (command.participant, command.before):
        if person is not None and person not in floor.queue:
            raise Refused("unknown_participant")
    if floor.moved(command.participant, command.before) == floor:
        return []
    return [Draft("hand_moved", actor, {"person": command.participant, "before": command.before})]


def _limit(state: State, actor: str, command: LimitFloor, now: datetime) -> Found:
    floor = FLOOR.of(state)
    if (floor.seconds, floor.ends) == (command.seconds, command.ends):
        return []
    return [Draft("floor_limited", actor, {"seconds": command.seconds, "ends": command.ends})]


def _give(state: State, actor: str, command: GiveFloor, now: datetime) -> Found:
    person, floor = command.participant, FLOOR.of(state)
    if not state.present(person):
        raise Refused("unknown_participant")
    if state.people[person].role not in SPEAKERS:
        raise Refused("not_eligible", "viewers do not speak")
    if person == floor.holder:
        extended = {"person": person, "seconds": command.seconds}
        return [Draft("floor_extended", actor, extended)] if command.seconds else []
    request = floor.request(person)
    data = {
        "person": person,
        "seconds": command.seconds or floor.seconds,
        "text": request.text if request else None,
        "order": bool(request and request.order),
    }
    ended = [Draft("floor_ended", actor, {"person": floor.holder})] if floor.holder else []
    return [*ended, Draft("floor_given", actor, data)]


def _end(state: State, actor: str, command: EndFloor, now: datetime) -> Found:
    holder = FLOOR.of(state).holder
    if actor != holder and state.people[actor].role is not Role.CHAIR:
        raise Refused("not_allowed", "only the chair or the holder ends a turn")
    return [Draft("floor_ended", actor, {"person": holder})] if holder else []


def _before_leaving(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """The floor does not stay with an empty chair; a hand does, unless somebody leaves a meeting that has begun."""
    person, floor = draft.data["person"], FLOOR.of(state)
    drafts = [Draft("floor_ended", draft.actor, {"person": person})] if floor.holder == person else []
    begun = state.session.state is not MeetingState.SCHEDULED
    if (draft.data["reason"] == "removed" or (draft.data["reason"] == "left" and begun)) and person in floor.queue:
        drafts.append(Draft("hand_lowered", draft.actor, {"person": person}))
    return drafts


def _before_adjourning(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """A break ends the turn; hands stay up."""
    holder = FLOOR.of(state).holder
    return [Draft("floor_ended", draft.actor, {"person": holder})] if holder else []


def _before_a_new_role(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """Who is no longer to speak has neither floor nor hand; the chair needs no hand."""
    person, floor = draft.data["person"], FLOOR.of(state)
    speaks = draft.kind == "chair_passed" or draft.data["role"] in SPEAKERS
    ended = not speaks and floor.holder == person
    lowered = person in floor.queue and (not speaks or draft.kind == "chair_passed")
    return [
        *([Draft("floor_ended", draft.actor, {"person": person})] if ended else []),
        *([Draft("hand_lowered", draft.actor, {"person": person})] if lowered else []),
    ]


def _with(state: State, floor: Floor) -> State:
    """A participant's raised hand is the same thing as their place in the queue."""
    moved = set(FLOOR.of(state).queue) ^ set(floor.queue)
    people = {**state.people, **{id: replace(state.people[id], hand=id in floor.queue) for id in moved}}
    return FLOOR.put(replace(state, people=people), floor)


def _due(state: State) -> datetime | None:
    floor = FLOOR.of(state)
    return floor.until if floor.ends else None


def _overdue(state: State, now: datetime) -> list[Draft]:
    due = _due(state)
    if due is None or due > now:
        return []
    return [Draft("floor_ended", SYSTEM, {"person": FLOOR.of(state).holder, "timed_out": True})]


def _raised(state: State, fact: Fact) -> State:
    data = fact.data
    request = Request(data["person"], fact.at, data.get("item"), data.get("text"), data.get("order", False))
    return _with(state, FLOOR.of(state).raised(request))


def _lowered(state: State, fact: Fact) -> State:
    return _with(state, FLOOR.of(state).lowered(fact.data["person"]))


def _moved(state: State, fact: Fact) -> State:
    return _with(state, FLOOR.of(state).moved(fact.data["person"], fact.data["before"]))


def _limited(state: State, fact: Fact) -> State:
    return _with(state, replace(FLOOR.of(state), seconds=fact.data["seconds"], ends=fact.data["ends"]))


def _given(state: State, fact: Fact) -> State:
    return _with(state, FLOOR.of(state).given(fact.data["person"], fact.at, fact.data.get("seconds")))


def _extended(state: State, fact: Fact) -> State:
    return _with(state, replace(FLOOR.of(state), until=fact.at + timedelta(seconds=fact.data["seconds"])))


def _ended(state: State, fact: Fact) -> State:
    return _with(state, FLOOR.of(state).ended(timed_out=fact.data.get("timed_out", False)))


def _closed(state: State, fact: Fact) -> State:
    return _with(state, Floor())


def microphone(state: State) -> str | None:
    """By whose microphone the holder speaks: who sits at a site and has none on, by the site's."""
    holder = FLOOR.of(state).holder
    one = state.people[holder] if holder else None
    return one.seat if one and at_seat(state, one) and not one.audio else holder


def _media(before: State, after: State) -> Iterator[Media]:
    if before is not after and microphone(before) != microphone(after):
        yield Media("floor", microphone(after) or "")


FLOOR_TOPIC = Topic(
    part=FLOOR,
    said=(
        Said("hand.raise", RaiseHand, SPEAKERS - {Role.CHAIR}, _raise, UNTIL_CLOSED),
        Said("hand.lower", LowerHand, ALL - {Role.GATEWAY}, _lower, UNTIL_CLOSED),
        Said("hand.move", MoveHand, CHAIR, _move, UNTIL_CLOSED),
        Said("floor.limit", LimitFloor, CHAIR, _limit, UNTIL_CLOSED),
        Said("floor.give", GiveFloor, CHAIR, _give),
        # All but the chair may end only their own turn.
        Said("floor.end", EndFloor, SPEAKERS, _end),
    ),
    folds={
        "hand_raised": _raised,
        "hand_lowered": _lowered,
        "hand_moved": _moved,
        "floor_limited": _limited,
        "floor_given": _given,
        "floor_extended": _extended,
        "floor_ended": _ended,
        "closed": _closed,
    },
    views=(View("floor", "floor", lambda state: the_one(FLOOR.of(state)), lambda state, _: FLOOR.of(state).to_json()),),
    before={
        "left": _before_leaving,
        "adjourned": _before_adjourning,
        "role_changed": _before_a_new_role,
        "chair_passed": _before_a_new_role,
    },
    due=_due,
    overdue=_overdue,
    media=_media,
)
