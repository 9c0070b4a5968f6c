"""Sites (điểm cầu): one device in a hall, and who sits there. A seat makes its person present as long as the site's
device is, without a line of their own; who has both is still one person, with one ballot.

When the device has left, so have those who sat there, at the same time; they are there again when it comes back.

Whoever has come without being on the sheet is added to it by who operates the site, and marked as such. They attend,
and have no vote: the sheet says who is a member, and only the chair gives somebody else a vote. Who was written down
by mistake is struck from the record, unless they have voted: a ballot that counted keeps its person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from rooms.errors import Refused
from rooms.facts import SYSTEM, Fact, from_iso
from rooms.fields import Command, identifier, one_of, read_by
from rooms.meeting import OVER
from rooms.participant import SENDERS, Participant, Person, Role, Unit
from rooms.proceedings import CHOICES, Json, iso
from rooms.state import Part, State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Said, Topic, View
from rooms.topics.late import LATE
from rooms.topics.lobby import LOBBY, MAX_INSIDE, admission
from rooms.topics.presence import at_seat, left
from rooms.topics.voting.acts import MAX_CHANGES, still_open
from rooms.topics.voting.vote import VOTES

MAX_SITES = 300
MAX_SEATS = 60  # at one site
DEVICES = SENDERS - {Role.GATEWAY}


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits there since when, ticked by whom; `how`: by tick, by the person's own phone (qr), or added there."""

    since: datetime
    how: str
    by: str


@dataclass(frozen=True, slots=True)
class Site:
    """`seats` by person."""

    since: datetime
    seats: Mapping[str, Seat] = field(default_factory=lambda: MappingProxyType({}))


# by the participant whose device it is
SITES: Part[Mapping[str, Site]] = Part("sites", lambda meeting: {})


@dataclass(frozen=True, slots=True)
class OpenSite(Command):
    """The actor's own device if nobody is named."""

    participant: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class CloseSite(Command):
    participant: str | None = field(default=None, metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class TakeSeat(Command):
    site: str = field(metadata=read_by(identifier))
    participant: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class FreeSeat(Command):
    site: str = field(metadata=read_by(identifier))
    participant: str = field(metadata=read_by(identifier))


@dataclass(frozen=True, slots=True)
class SpokenBallot(Command):
    """What `participant`, who sits at a site, has said aloud in a roll call."""

    vote: str = field(metadata=read_by(identifier))
    participant: str = field(metadata=read_by(identifier))
    choice: str = field(metadata=read_by(one_of(*CHOICES)))


@dataclass(frozen=True, slots=True)
class CheckIn(Command):
    """The server's own: the actor is at the site by their own phone."""

    site: str


@dataclass(frozen=True, slots=True)
class AddToSite(Command):
    """The server's own: the actor has seen somebody at the site who is not on the sheet: an official of its unit, or
    who has said their name."""

    site: str
    person: Person


@dataclass(frozen=True, slots=True)
class StrikeFromSite(Command):
    """`participant` was added by mistake."""

    site: str = field(metadata=read_by(identifier))
    participant: str = field(metadata=read_by(identifier))


def same_unit(one: Unit, other: Unit) -> bool:
    """Whether two are one unit: guests have theirs as somebody has written it, in full or for short."""
    return one.id == other.id or _written(one) == _written(other)


def _written(unit: Unit) -> str:
    name = unicodedata.normalize("NFC", " ".join(unit.name.split())).casefold()
    return name.replace("uỷ", "ủy").replace("ủy ban nhân dân", "ubnd")


def refused_beside(state: State, device: str, consents: Mapping[str, bool]) -> bool:
    """Whether somebody who sits before the device has said no: one microphone and one camera have all of them. Who
    operates it answers for the others, after asking them."""
    site = SITES.of(state).get(device)
    return site is not None and any(consents.get(seated) is False for seated in site.seats)


def _leads(state: State, person: str) -> bool:
    return person in state.session.sheet.desk


def _operates(state: State, actor: str, site: str) -> None:
    """Raises Refused unless it is the actor's own site, or the actor leads the meeting."""
    if actor != site and not _leads(state, actor):
        raise Refused("not_allowed", "the site's own device, or who leads the meeting")


def _site(state: State, id: str) -> Site:
    if state.session.state in OVER:
        raise Refused(state.session.state.value)
    site = SITES.of(state).get(id)
    if site is None:
        raise Refused("unknown_site")
    return site


def _open(state: State, actor: str, command: OpenSite, now: datetime) -> Found:
    device = command.participant or actor
    _operates(state, actor, device)
    if device not in state.people:
        raise Refused("unknown_participant")
    if state.people[device].role not in DEVICES or state.people[device].seat:
        raise Refused("not_eligible", "a site has a microphone, and sits at no other")
    if device in SITES.of(state):
        return []
    if len(SITES.of(state)) >= MAX_SITES:
        raise Refused("limit_reached")
    return [Draft("site_opened", actor, {"person": device})]


def _close(state: State, actor: str, command: CloseSite, now: datetime) -> Found:
    device = command.participant or actor
    _operates(state, actor, device)
    if device not in SITES.of(state):
        return []
    freed = [draft for person in SITES.of(state)[device].seats for draft in _freed(state, person, actor, now)]
    return [*freed, Draft("site_closed", actor, {"person": device})]


def _freed(state: State, person: str, actor: str, now: datetime) -> list[Draft]:
    """Who has no line of their own is not there any more."""
    one = state.people[person]
    gone = [left(person, now, "left", actor)] if at_seat(state, one) and not one.connected else []
    return [*gone, Draft("unseated", actor, {"person": person, "site": one.seat})]


def _take(state: State, actor: str, command: TakeSeat, now: datetime) -> Found:
    _site(state, command.site)
    _operates(state, actor, command.site)
    known = state.people.get(command.participant)
    if known is None:
        raise Refused("unknown_participant")
    if not _leads(state, actor) and not same_unit(known.person.unit, state.people[command.site].person.unit):
        raise Refused("not_allowed", "of another unit")
    return _seating(state, actor, command.participant, command.site, "tick", now)


def _check_in(state: State, actor: str, command: CheckIn, now: datetime) -> Found:
    _site(state, command.site)
    if actor not in state.people:
        raise Refused("unknown_participant")
    return _seating(state, actor, actor, command.site, "qr", now)


def _add(state: State, actor: str, command: AddToSite, now: datetime) -> Found:
    site = _site(state, command.site)
    _operates(state, actor, command.site)
    known = state.people.get(command.person.id)
    if known is not None and known.connected:
        raise Refused("wrong_person", "who has a line of their own is taken over by nobody's phone")
    if known is not None and not known.struck:
        return _seating(state, actor, known.id, command.site, "tick", now)
    if len(site.seats) >= MAX_SEATS or len(LOBBY.of(state).inside) >= MAX_INSIDE:
        raise Refused("limit_reached")
    unit = state.people[command.site].person.unit
    person = replace(command.person, unit=unit, role=Role.DELEGATE, vote=False)
    return [
        admission(person, actor),
        Draft("seated", actor, {"person": person.id, "site": command.site, "how": "added"}),
    ]


def _strike(state: State, actor: str, command: StrikeFromSite, now: datetime) -> Found:
    site, person = _site(state, command.site), command.participant
    _operates(state, actor, command.site)
    if person not in site.seats or site.seats[person].how != "added":
        raise Refused("not_eligible", "who is on the sheet of the meeting stays on it")
    if VOTES.of(state).voted(person) or any(one.person == person for one in LATE.of(state).ballots):
        raise Refused("has_voted")
    gone = [left(person, now, "removed", actor)] if state.present(person) else []
    removed = Draft("removed", actor, {"person": person, "text": ""})
    return [*gone, removed, Draft("struck", actor, {"person": person, "site": command.site})]


def _seating(state: State, actor: str, person: str, site: str, how: str, now: datetime) -> list[Draft]:
    one = state.people[person]
    if one.seat == site:
        return []
    if person in state.session.sheet.barred or person in SITES.of(state) or one.role is Role.GATEWAY:
        raise Refused("not_eligible", "a person who is let in, and no device")
    if _leads(state, person):
        raise Refused("wrong_person", "who leads the meeting has a line of their own")
    if len(SITES.of(state)[site].seats) >= MAX_SEATS:
        raise Refused("limit_reached")
    # From one site to another nobody leaves the meeting.
    moved = [Draft("unseated", actor, {"person": person, "site": one.seat})] if one.seat else []
    return [*moved, Draft("seated", actor, {"person": person, "site": site, "how": how})]


def _free(state: State, actor: str, command: FreeSeat, now: datetime) -> Found:
    site = _site(state, command.site)
    _operates(state, actor, command.site)
    return _freed(state, command.participant, actor, now) if command.participant in site.seats else []


def _spoken(state: State, actor: str, command: SpokenBallot, now: datetime) -> Found:
    vote = still_open(state, command.vote)
    one = state.people.get(command.participant)
    if one is None or one.seat is None or not at_seat(state, one):
        raise Refused("unknown_participant", "sits at no site")
    _operates(state, actor, one.seat)
    if vote.rule.secret or not one.votes:
        raise Refused("not_eligible", "in a roll call, who has a vote")
    known = VOTES.of(state).ballot(one.id)
    if known and known.by == one.id:
        raise Refused("not_eligible", "they have voted themselves")
    if known and (known.choice, known.by) == (command.choice, actor):
        return []
    if known and known.changes >= MAX_CHANGES:
        raise Refused("limit_reached")
    data = {"vote": vote.id, "person": one.id, "choice": command.choice, "spoken": True}
    return [Draft("ballot_cast", actor, data)]


def _before_leaving(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """With the site's device, and at the same time, leaves who is there by nothing else."""
    device = draft.data["person"]
    site = SITES.of(state).get(device)
    if site is None or not state.present(device):
        return []
    since = from_iso(draft.data["since"])
    gone = [state.people[id] for id in site.seats]
    reason = "lost" if draft.data["reason"] == "removed" else draft.data["reason"]
    return [
        left(one.id, max(since, site.seats[one.id].since), reason, draft.actor)
        for one in gone
        if one.present and not one.connected
    ]


def _before_leading(state: State, draft: Draft, now: datetime) -> list[Draft]:
    person = draft.data["person"]
    return _freed(state, person, draft.actor, now) if state.people[person].seat else []


def _before_writing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    return _before_leading(state, draft, now) if draft.data["role"] == Role.SECRETARY else []


def _before_removing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """Who is sent out has no seat, and a device no seats."""
    person = draft.data["person"]
    site = SITES.of(state).get(person)
    freed = [one for id in (site.seats if site else ()) for one in _freed(state, id, draft.actor, now)]
    own = _freed(state, person, draft.actor, now) if state.people[person].seat else []
    return [*own, *freed, *([Draft("site_closed", draft.actor, {"person": person})] if site else [])]


def _overdue(state: State, now: datetime) -> list[Draft]:
    """Whoever has a seat at a device that is there is there too."""
    return [
        Draft("joined", SYSTEM, {"person": one.person.to_json(), "site": device})
        for device, site in SITES.of(state).items()
        if state.present(device)
        for id in site.seats
        if not (one := state.people[id]).present
    ]


def _opened(state: State, fact: Fact) -> State:
    return SITES.put(state, {**SITES.of(state), fact.data["person"]: Site(fact.at)})


def _closed(state: State, fact: Fact) -> State:
    return SITES.put(state, {id: site for id, site in SITES.of(state).items() if id != fact.data["person"]})


def _seated(state: State, fact: Fact) -> State:
    person, id = fact.data["person"], fact.data["site"]
    sites = SITES.of(state)
    seats = {**sites[id].seats, person: Seat(fact.at, fact.data["how"], fact.actor)}
    one = replace(state.people[person], seat=id)
    state = SITES.put(state.with_participant(one), {**sites, id: replace(sites[id], seats=seats)})
    return state.with_participant(replace(one, away_since=None)) if state.present(id) else state


def _unseated(state: State, fact: Fact) -> State:
    person, id = fact.data["person"], fact.data["site"]
    sites, one = SITES.of(state), state.people[person]
    seats = {who: seat for who, seat in sites[id].seats.items() if who != person}
    state = SITES.put(state, {**sites, id: replace(sites[id], seats=seats)})
    away = fact.at if one.present and not one.connected and not one.away_since else one.away_since
    return state.with_participant(replace(one, seat=None, away_since=away))


def _struck(state: State, fact: Fact) -> State:
    """The sheet does not name them any more, and nobody sees them."""
    person, session, lobby = fact.data["person"], state.session, LOBBY.of(state)
    invited = tuple(one for one in session.sheet.invited if one.id != person)
    one = state.people[person]
    one = replace(one, struck=True, person=replace(one.person, vote=False))
    state = replace(state, session=replace(session, sheet=replace(session.sheet, invited=invited)))
    state = LOBBY.put(state, replace(lobby, inside={id: in_ for id, in_ in lobby.inside.items() if id != person}))
    return state.with_participant(one)


def _device_back(state: State, fact: Fact) -> State:
    """Who had lost their own line meanwhile has the seat again."""
    site = SITES.of(state).get(fact.data["person"]["id"])
    if site is None:
        return state
    back = {id: replace(one, away_since=None) for id in site.seats if (one := state.people[id]).away_since}
    return replace(state, people={**state.people, **back}) if back else state


def _show(state: State, id: str) -> Json:
    site = SITES.of(state)[id]
    seats = [
        {"participant": person, "since": iso(seat.since), "how": seat.how, "by": seat.by}
        for person, seat in site.seats.items()
    ]
    return {"id": id, "since": iso(site.since), "seats": seats}


def seated_at(state: State, site: str) -> Iterator[Participant]:
    """The people of a site, in the order in which they sat down."""
    return (state.people[id] for id in (SITES.of(state)[site].seats if site in SITES.of(state) else ()))


SITES_TOPIC = Topic(
    part=SITES,
    said=(
        Said("site.open", OpenSite, DEVICES, _open, UNTIL_CLOSED),
        Said("site.close", CloseSite, DEVICES, _close, UNTIL_CLOSED),
        Said("site.seat", TakeSeat, DEVICES, _take, UNTIL_CLOSED),
        Said("site.unseat", FreeSeat, DEVICES, _free, UNTIL_CLOSED),
        Said("site.strike", StrikeFromSite, DEVICES, _strike, UNTIL_CLOSED),
        Said("site.vote", SpokenBallot, DEVICES, _spoken),
    ),
    own={CheckIn: _check_in, AddToSite: _add},
    folds={
        "site_opened": _opened,
        "site_closed": _closed,
        "seated": _seated,
        "unseated": _unseated,
        "struck": _struck,
        "joined": _device_back,
    },
    views=(
        View(
            "site",
            "sites",
            lambda state: {id: (site,) for id, site in SITES.of(state).items()},
            _show,
            many=True,
        ),
    ),
    before={
        "left": _before_leaving,
        "removed": _before_removing,
        "chair_passed": _before_leading,
        "chair_taken": _before_leading,
        "secretary_taken": _before_leading,
        "role_changed": _before_writing,
    },
    overdue=_overdue,
)
