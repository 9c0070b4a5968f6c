"""Who is in the chair: handed over for a time or for good, offered to a deputy while the chair's line is lost, and to
the chair who is back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rooms.errors import Refused
from rooms.facts import SYSTEM, Fact, from_iso
from rooms.fields import Command, flag, identifier, read_by
from rooms.participant import CHAIR, SPEAKERS, Role
from rooms.proceedings import Json, iso
from rooms.state import Part, State
from rooms.topic import UNDER_WAY, Draft, Found, Said, Topic, View


@dataclass(frozen=True, slots=True)
class Chairing:
    """`regular`: whose chair it is while somebody else is in it for a time, and `lent` whether they gave it; None: it
    is the acting chair's own. `vacant`: since when the acting chair has been away; None while they are not, or nobody
    has waited long enough."""

    regular: str | None = None
    lent: bool = False
    vacant: datetime | None = None


CHAIRING = Part("chairing", lambda meeting: Chairing())


@dataclass(frozen=True, slots=True)
class HandChair(Command):
    participant: str = field(metadata=read_by(identifier))
    for_good: bool = field(default=False, metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class TakeChair(Command):
    """By whom it is offered to, or whose it is."""


def offered(state: State) -> tuple[str, str] | None:
    """Who may take the chair now, and why: returned or lent (it is theirs), lost (a deputy, by order)."""
    chairing, chair = CHAIRING.of(state), state.session.sheet.chair.id
    if state.session.state not in UNDER_WAY:
        return None
    if chairing.regular and _here(state, chairing.regular):
        return chairing.regular, "lent" if chairing.lent else "returned"
    if chairing.vacant and not _here(state, chair):
        deputy = next((id for id in state.session.sheet.deputies if id != chair and _here(state, id)), None)
        return (deputy, "lost") if deputy else None
    return None


def _here(state: State, person: str) -> bool:
    return state.present(person) and state.people[person].connected


def _hand(state: State, actor: str, command: HandChair, now: datetime) -> Found:
    person, regular = command.participant, CHAIRING.of(state).regular
    if person not in state.people or not _here(state, person):
        raise Refused("unknown_participant")
    if person == actor:
        return []
    if state.people[person].role not in SPEAKERS - {Role.SECRETARY}:
        raise Refused("wrong_person", "the secretary writes, and who does not speak does not chair")
    if command.for_good and regular and person != regular:
        raise Refused("not_allowed", "who chairs for a time does not give the chair away for good")
    return [_passed(state, actor, person, "returned" if person == regular else "handed", command.for_good)]


def _take(state: State, actor: str, command: TakeChair, now: datetime) -> Found:
    offer = offered(state)
    if actor == state.session.sheet.chair.id:
        return []
    if offer is None or offer[0] != actor:
        raise Refused("not_offered")
    return [_passed(state, actor, actor, "lost" if offer[1] == "lost" else "returned", False)]


def _passed(state: State, actor: str, person: str, why: str, for_good: bool) -> Draft:
    data = {"person": person, "of": state.session.sheet.chair.id, "why": why, "for_good": for_good}
    return Draft("chair_passed", actor, data)


def _chair_passed(state: State, fact: Fact) -> State:
    person, of, why = fact.data["person"], fact.data["of"], fact.data["why"]
    was = CHAIRING.of(state)
    regular = was.regular or of
    theirs = fact.data["for_good"] or person == regular
    state = state.with_sheet(state.session.sheet.chaired_by(state.people[person].person))
    return CHAIRING.put(state, Chairing() if theirs else Chairing(regular, was.lent or why == "handed"))


def _vacant(state: State, fact: Fact) -> State:
    return CHAIRING.put(state, replace(CHAIRING.of(state), vacant=from_iso(fact.data["since"])))


def _back(state: State, fact: Fact) -> State:
    return CHAIRING.put(state, replace(CHAIRING.of(state), vacant=None))


def _waited_for(state: State) -> datetime | None:
    """Since when the acting chair is away, where a deputy is to be asked; None: there is nothing to wait for."""
    sheet = state.session.sheet
    if state.session.state not in UNDER_WAY or not set(sheet.deputies) - {sheet.chair.id}:
        return None
    chair = state.people[sheet.chair.id]
    return chair.away_since if chair.present else None


def _due(state: State) -> datetime | None:
    since = _waited_for(state)
    if since is None or CHAIRING.of(state).vacant:
        return None
    return since + timedelta(seconds=state.session.sheet.chair_wait)


def _overdue(state: State, now: datetime) -> list[Draft]:
    sheet, vacant = state.session.sheet, CHAIRING.of(state).vacant
    if state.session.state not in UNDER_WAY or not set(sheet.deputies) - {sheet.chair.id}:
        return []
    if _here(state, sheet.chair.id):
        return [Draft("chair_back", SYSTEM, {"person": sheet.chair.id})] if vacant else []
    since, due = _waited_for(state), _due(state)
    if vacant or (due is not None and due > now):
        return []
    return [Draft("chair_vacant", SYSTEM, {"person": sheet.chair.id, "since": iso(since or now)})]


def _show(state: State, id: str) -> Json:
    offer = offered(state)
    return {
        "chair": state.session.sheet.chair.id,
        "regular": CHAIRING.of(state).regular,
        "offered": offer[0] if offer else None,
        "why": offer[1] if offer else None,
    }


CHAIRING_TOPIC = Topic(
    part=CHAIRING,
    said=(
        Said("chair.hand", HandChair, CHAIR, _hand, UNDER_WAY),
        # Only by whom it is offered to.
        Said("chair.take", TakeChair, SPEAKERS, _take, UNDER_WAY),
    ),
    folds={"chair_passed": _chair_passed, "chair_vacant": _vacant, "chair_back": _back},
    views=(
        View(
            "chairing",
            "chairing",
            lambda state: {"": (CHAIRING.of(state), state.session, state.people)},
            _show,
        ),
    ),
    due=_due,
    overdue=_overdue,
)
