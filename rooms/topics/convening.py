"""The course of the meeting as a whole: opening, breaks, closing; another sheet or the cancellation before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.errors import Refused
from rooms.facts import Fact, from_iso, iso
from rooms.fields import Command, read_by, up_to
from rooms.meeting import Meeting
from rooms.participant import CHAIR, DESK, Participant
from rooms.state import State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Said, Topic, View, the_one
from rooms.topics.agenda import AGENDA, Agenda

LONGEST_BREAK = 7 * 24 * 60
"""Minutes: a session of several days is one meeting."""


@dataclass(frozen=True, slots=True)
class OpenMeeting(Command):
    pass


@dataclass(frozen=True, slots=True)
class AdjournMeeting(Command):
    """A break; `minutes` is how long it is to be."""

    minutes: int | None = field(default=None, metadata=read_by(up_to(LONGEST_BREAK)))


@dataclass(frozen=True, slots=True)
class GoOnMeeting(Command):
    pass


@dataclass(frozen=True, slots=True)
class CloseMeeting(Command):
    pass


@dataclass(frozen=True, slots=True)
class ChangeSheet(Command):
    """The server's own: the office changed the sheet of a meeting whose room people have entered already."""

    sheet: Meeting


@dataclass(frozen=True, slots=True)
class CancelMeeting(Command):
    """The server's own: the meeting will not be held."""

    reason: str


def _open(state: State, actor: str, command: OpenMeeting, now: datetime) -> Found:
    state.session.next("opened")
    return [Draft("opened", actor, {})]


def _adjourn(state: State, actor: str, command: AdjournMeeting, now: datetime) -> Found:
    state.session.next("adjourned")
    until = now + timedelta(minutes=command.minutes) if command.minutes else None
    return [Draft("adjourned", actor, {"until": iso(until) if until else None})]


def _go_on(state: State, actor: str, command: GoOnMeeting, now: datetime) -> Found:
    state.session.next("went_on")
    return [Draft("went_on", actor, {})]


def _close(state: State, actor: str, command: CloseMeeting, now: datetime) -> Found:
    chair = state.session.sheet.chair.id
    if actor != chair and state.present(chair):
        raise Refused("not_allowed", "the secretary closes only if the chair has left")
    state.session.next("closed")
    return [Draft("closed", actor, {})]


def _change_sheet(state: State, actor: str, command: ChangeSheet, now: datetime) -> Found:
    state.session.next("sheet_changed")
    return [Draft("sheet_changed", actor, command.sheet.to_json())]


def _cancel(state: State, actor: str, command: CancelMeeting, now: datetime) -> Found:
    state.session.next("cancelled")
    return [Draft("cancelled", actor, {"reason": command.reason})]


def _opened(state: State, fact: Fact) -> State:
    return replace(state, session=state.session.opened(fact.at))


def _adjourned(state: State, fact: Fact) -> State:
    until = fact.data["until"]
    return replace(state, session=state.session.adjourned(from_iso(until) if until else None))


def _went_on(state: State, fact: Fact) -> State:
    return replace(state, session=state.session.went_on())


def _closed(state: State, fact: Fact) -> State:
    return replace(state, session=state.session.closed(fact.at))


def _sheet_changed(state: State, fact: Fact) -> State:
    """Who is there stays; who is no longer invited and not there either is forgotten."""
    sheet = replace(Meeting.from_json(fact.data), barred=state.session.sheet.barred)
    invited = {person.id: Participant(person) for person in sheet.people()}
    there = {id: one for id, one in state.people.items() if one.present}
    known = {id: replace(one, person=invited[id].person) if id in invited else one for id, one in there.items()}
    changed = replace(state, people={**invited, **known}).with_sheet(sheet)
    return AGENDA.put(changed, Agenda(sheet.agenda))


def _cancelled(state: State, fact: Fact) -> State:
    return replace(state, session=state.session.cancelled())


CONVENING = Topic(
    said=(
        Said("meeting.open", OpenMeeting, CHAIR, _open, UNTIL_CLOSED),
        Said("meeting.adjourn", AdjournMeeting, CHAIR, _adjourn, UNTIL_CLOSED),
        Said("meeting.go_on", GoOnMeeting, CHAIR, _go_on, UNTIL_CLOSED),
        Said("meeting.close", CloseMeeting, DESK, _close, UNTIL_CLOSED),
    ),
    own={ChangeSheet: _change_sheet, CancelMeeting: _cancel},
    folds={
        "opened": _opened,
        "adjourned": _adjourned,
        "went_on": _went_on,
        "closed": _closed,
        "sheet_changed": _sheet_changed,
        "cancelled": _cancelled,
    },
    views=(View("meeting", "meeting", lambda state: the_one(state.session), lambda state, _: state.session.to_json()),),
)
