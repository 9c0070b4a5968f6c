"""What the meeting concludes: who does what by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, day, identifier, identifiers, prose, read_by
from rooms.participant import DESK
from rooms.proceedings import Conclusion, Json
from rooms.series import ZONE
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View
from rooms.topics.agenda import AGENDA

MOST_HELPERS = 50


@dataclass(frozen=True, slots=True)
class Conclusions:
    """By id, in the order in which they were first put, as last edited; the removed are still there, and named."""

    put: Mapping[str, Conclusion]
    removed: frozenset[str] = frozenset()

    def standing(self, conclusion: str) -> bool:
        return conclusion in self.put and conclusion not in self.removed


CONCLUSIONS = Part("conclusions", lambda meeting: Conclusions({}))


@dataclass(frozen=True, slots=True)
class PutConclusion(Command):
    """With the id of a conclusion it is replaced as a whole, else a new one is made. `owner` is a unit's id,
    `helpers` are those of other units."""

    text: str = field(metadata=read_by(prose))
    conclusion: str | None = field(default=None, metadata=read_by(identifier))
    owner: str | None = field(default=None, metadata=read_by(identifier))
    deadline: date | None = field(default=None, metadata=read_by(day))
    item: str | None = field(default=None, metadata=read_by(identifier))
    helpers: tuple[str, ...] = field(default=(), metadata=read_by(identifiers(MOST_HELPERS)))


@dataclass(frozen=True, slots=True)
class RemoveConclusion(Command):
    conclusion: str = field(metadata=read_by(identifier))


def _put(state: State, actor: str, command: PutConclusion, now: datetime) -> Found:
    conclusions = CONCLUSIONS.of(state)
    if command.conclusion is not None and not conclusions.standing(command.conclusion):
        raise Refused("unknown_conclusion")
    if command.deadline is not None and command.deadline < now.astimezone(ZONE).date():
        earlier = conclusions.put.get(command.conclusion or "")
        if earlier is None or earlier.deadline != command.deadline:  # what was in time when it was said stays as it was
            raise Refused("past_deadline")
    if command.item is not None and command.item not in AGENDA.of(state):
        raise Refused("unknown_item")
    units = {unit.id: unit for unit in state.session.sheet.units}
    owner = units.get(command.owner or "")
    if (command.owner is not None and owner is None) or not set(command.helpers) <= units.keys():
        raise Refused("unknown_unit")
    helpers = [units[id].to_json() for id in dict.fromkeys(command.helpers) if id != command.owner]
    data = {
        "conclusion": command.conclusion or f"c{len(conclusions.put) + 1}",
        "text": command.text,
        "owner": owner.to_json() if owner else None,
        "helpers": helpers,
        "deadline": command.deadline.isoformat() if command.deadline else None,
        "item": command.item,
    }
    return [Draft("concluded", actor, data)]


def _remove(state: State, actor: str, command: RemoveConclusion, now: datetime) -> Found:
    if not CONCLUSIONS.of(state).standing(command.conclusion):
        raise Refused("unknown_conclusion")
    return [Draft("conclusion_removed", actor, {"conclusion": command.conclusion})]


def _concluded(state: State, fact: Fact) -> State:
    conclusion, known = Conclusion.from_fact(fact.data), CONCLUSIONS.of(state)
    return CONCLUSIONS.put(state, replace(known, put={**known.put, conclusion.id: conclusion}))


def _removed(state: State, fact: Fact) -> State:
    known = CONCLUSIONS.of(state)
    return CONCLUSIONS.put(state, replace(known, removed=known.removed | {fact.data["conclusion"]}))


def _made_of(state: State) -> Mapping[str, tuple[object, ...]]:
    known = CONCLUSIONS.of(state)
    return {id: (one, id in known.removed) for id, one in known.put.items()}


def _show(state: State, id: str) -> Json:
    known = CONCLUSIONS.of(state)
    return known.put[id].to_json() | {"removed": id in known.removed}


CONCLUDING = Topic(
    part=CONCLUSIONS,
    said=(
        Said("conclusion.put", PutConclusion, DESK, _put),
        Said("conclusion.remove", RemoveConclusion, DESK, _remove),
    ),
    folds={"concluded": _concluded, "conclusion_removed": _removed},
    views=(View("conclusion", "conclusions", _made_of, _show, many=True),),
)
