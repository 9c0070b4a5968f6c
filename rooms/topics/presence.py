"""Who is there: coming, losing the line, coming back, leaving. It belongs to the person, not to the connection.

Three things follow from a lost line, in this order. At once everybody sees it, and nothing else changes: a page that is
loaded anew costs nobody anything. After LOST, or as soon as it has cost somebody a vote (`topics.late`), it is on
record (`line_lost`, as of the time when the line dropped): from
then on who has lost it is counted in no quorum and no majority, unless they have voted already, and their attendance
is broken until the line is back (`line_back`); the place, the hand, the floor and the ballot wait. After GRACE they
have left. After a restart LOST begins anew, for nobody could come back before it; GRACE does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rooms.effects import Media
from rooms.errors import Refused
from rooms.facts import SYSTEM, Fact, from_iso, iso
from rooms.fields import Command
from rooms.meeting import OVER, MeetingState
from rooms.participant import ALL, Participant, Person, Role
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View
from rooms.topics import lobby

LOST = timedelta(seconds=10)  # how long somebody whose line dropped is counted as there
GRACE = timedelta(seconds=60)  # how long their place waits for them

# when the server last began anew
RESTARTED: Part[datetime | None] = Part("restarted", lambda meeting: None)


@dataclass(frozen=True, slots=True)
class Join(Command):
    """The server's own: a person's (newest) connection is there. The role is what their invitation says. `resumed`: it
    is the same page as before, whose microphone and camera are as they were. `vouched`: see `lobby.waits`."""

    person: Person
    resumed: bool = False
    vouched: bool = True


@dataclass(frozen=True, slots=True)
class Drop(Command):
    """The server's own: the person's line was lost. Place, hand, floor and ballot wait. `since`: when it was last
    heard, where it fell silent and that was found later; None: now."""

    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resume(Command):
    """The server's own, after a restart and `Room.replay`: everybody present has lost the line at `since`, the last
    moment at which the server is known to have run (taken as the last fact's time if that is later)."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Leave(Command):
    pass


def left(person: str, since: datetime, reason: str, actor: str) -> Draft:
    """Somebody leaves at `since`: left, lost, closed."""
    return Draft("left", actor, {"person": person, "since": iso(since), "reason": reason})


def line_lost(person: str, since: datetime) -> Draft:
    """Somebody's line is lost, and dropped at `since`."""
    return Draft("line_lost", SYSTEM, {"person": person, "since": iso(since)})


def at_seat(state: State, one: Participant) -> bool:
    """Whether somebody is there by a seat at a site whose device is."""
    return one.seat is not None and one.present and state.present(one.seat)


def line_of(state: State, one: Participant) -> Participant:
    """By whose line somebody is there: their own, else that of the device before which they sit."""
    return state.people[one.seat] if one.seat is not None and not one.connected and at_seat(state, one) else one


def _join(state: State, actor: str, command: Join, now: datetime) -> Found:
    person = command.person
    if person.role is Role.GATEWAY or person.id != actor:
        raise Refused("not_allowed", "only people join, each for themselves")
    if state.session.state in OVER:
        raise Refused(state.session.state.value)
    if lobby.waits(state, person.id, command.vouched):
        raise Refused("not_allowed", "knocks first")
    if state.present(person.id):
        known = state.people[person.id]
        if command.resumed:
            return state.with_participant(replace(known, connected=True, away_since=None))
        # The same person at another device: everything is theirs still, but this device starts switched off.
        fresh = Participant(known.person, True, True, hand=known.hand, lost=known.lost, seat=known.seat)
        return state.with_participant(fresh)
    taken = _seat_to_take(state, person)
    seat = person if taken else state.session.sheet.seat(person)
    drafts = [Draft("joined", person.id, {"person": seat.to_json()})]
    if not command.vouched and person.id not in state.people:
        if len(lobby.LOBBY.of(state).inside) >= lobby.MAX_INSIDE:
            raise Refused("limit_reached", "who has a guest link can be any number of people")
        drafts.insert(0, lobby.admission(person, SYSTEM))  # there is no lobby now: the door stands open
    return [*drafts, Draft(taken, person.id, {"person": person.id})] if taken else drafts


def _seat_to_take(state: State, person: Person) -> str | None:
    """A chair or secretary by invitation takes the seat of the designated one who is not there, until the
    meeting is opened."""
    sheet = state.session.sheet
    if state.session.state is not MeetingState.SCHEDULED or person.id in sheet.desk:
        return None
    if person.role is Role.CHAIR and not state.present(sheet.chair.id):
        return "chair_taken"
    shared = sheet.secretary.id == sheet.chair.id
    if person.role is Role.SECRETARY and (shared or not state.present(sheet.secretary.id)):
        return "secretary_taken"
    return None


def _drop(state: State, actor: str, command: Drop, now: datetime) -> Found:
    if not state.present(actor) or not state.people[actor].connected:
        return []
    one = state.people[actor]
    away = None if at_seat(state, one) else min(command.since or now, now)
    return state.with_participant(replace(one, connected=False, away_since=away))


def _leave(state: State, actor: str, command: Leave, now: datetime) -> Found:
    if state.present(actor) and at_seat(state, one := state.people[actor]):  # only the second screen goes
        return state.with_participant(replace(one, connected=False, audio=False, video=False))
    return [left(actor, now, "left", actor)] if state.present(actor) else []


def _resume(state: State, actor: str, command: Resume, now: datetime) -> Found:
    present = any(one.present for one in state.people.values())
    return [Draft("resumed", SYSTEM, {"since": iso(command.since)})] if present else []


def _everybody_leaves(state: State, draft: Draft, now: datetime) -> list[Draft]:
    # Who is away is not known to have been there since; who sits at a site goes before its device.
    there = sorted((one for one in state.people.values() if one.present), key=lambda one: one.seat is None)
    return [left(one.id, line_of(state, one).away_since or now, "closed", draft.actor) for one in there]


def _joined(state: State, fact: Fact) -> State:
    person = Person.from_json(fact.data["person"])
    known = state.people.get(person.id)
    hand, seat = (known.hand, known.seat) if known else (False, None)
    own = "site" not in fact.data  # else by a seat alone
    return state.with_participant(Participant(person, present=True, connected=own, hand=hand, seat=seat))


def _left(state: State, fact: Fact) -> State:
    one = state.people[fact.data["person"]]
    return state.with_participant(Participant(one.person, hand=one.hand, seat=one.seat))


def _chair_taken(state: State, fact: Fact) -> State:
    return state.with_sheet(state.session.sheet.chaired_by(state.people[fact.data["person"]].person))


def _secretary_taken(state: State, fact: Fact) -> State:
    return state.with_sheet(state.session.sheet.recorded_by(state.people[fact.data["person"]].person))


def _line_lost(state: State, fact: Fact) -> State:
    return state.with_participant(replace(state.people[fact.data["person"]], lost=from_iso(fact.data["since"])))


def _line_back(state: State, fact: Fact) -> State:
    return state.with_participant(replace(state.people[fact.data["person"]], lost=None))


def _resumed(state: State, fact: Fact) -> State:
    since = from_iso(fact.data["since"])

    def dropped(one: Participant) -> Participant:
        away = None if at_seat(state, one) else one.lost or since
        return Participant(one.person, True, hand=one.hand, away_since=away, lost=one.lost, seat=one.seat)

    people = {id: dropped(one) if one.present else one for id, one in state.people.items()}
    return RESTARTED.put(replace(state, people=people), fact.at)


def _lost_at(state: State, since: datetime) -> datetime:
    """When a line that dropped at `since` counts as lost."""
    restarted = RESTARTED.of(state)
    return (max(since, restarted) if restarted else since) + LOST


def _due(state: State) -> datetime | None:
    dropped = [(one, one.away_since) for one in state.people.values() if one.away_since]
    ends = (since + GRACE if one.lost else min(since + GRACE, _lost_at(state, since)) for one, since in dropped)
    return min(ends, default=None)


def _overdue(state: State, now: datetime) -> list[Draft]:
    """What has become of dropped lines, each fact as of the time when the line dropped: see the module."""
    drafts = []
    for one in state.people.values():
        if not one.present:
            continue
        since = line_of(state, one).away_since
        if since is None:
            drafts += [Draft("line_back", SYSTEM, {"person": one.id})] if one.lost else []
        elif one.away_since and one.away_since + GRACE <= now:
            drafts.append(left(one.id, one.away_since, "lost", SYSTEM))
        elif not one.lost and _lost_at(state, since) <= now:
            drafts.append(line_lost(one.id, since))
    return drafts


def _media(before: State, after: State) -> Iterator[Media]:
    for one in after.people.values():
        was = before.people.get(one.id)
        if was is one:
            continue
        was = was or Participant(one.person)
        if was.present and not one.present:
            yield Media("leave", one.id)
            continue
        if was.audio != one.audio:
            yield Media("pause", one.id, "audio", not one.audio)
        if was.video != one.video:
            yield Media("pause", one.id, "video", not one.video)


PRESENCE = Topic(
    part=RESTARTED,
    said=(Said("leave", Leave, ALL),),
    own={Join: _join, Drop: _drop, Resume: _resume, Leave: _leave},
    folds={
        "joined": _joined,
        "left": _left,
        "line_lost": _line_lost,
        "line_back": _line_back,
        "chair_taken": _chair_taken,
        "secretary_taken": _secretary_taken,
        "resumed": _resumed,
    },
    views=(
        View(
            "participant",
            "participants",
            lambda state: {id: (one,) for id, one in state.people.items() if not one.struck},
            lambda state, id: state.people[id].to_json(),
            many=True,
        ),
    ),
    before={"closed": _everybody_leaves, "cancelled": _everybody_leaves},
    due=_due,
    overdue=_overdue,
    media=_media,
)
