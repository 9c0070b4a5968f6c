"""The topics of a meeting: all that can be said in it, what it means, and what clients see of it.

A topic is one module; a new one is written here in one line. They stand in the order in which they build on each
other, and clients are told of changes in that order; what must be on record before a fact comes from the last first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from rooms.effects import Remembered
from rooms.facts import Fact, Json
from rooms.fields import Command
from rooms.meeting import Meeting, Session
from rooms.participant import Participant
from rooms.state import State
from rooms.topic import Before, Fold, Handler, Said, Topic, View
from rooms.topics.agenda import AGENDA_TOPIC
from rooms.topics.captions import CAPTIONING
from rooms.topics.chairing import CHAIRING_TOPIC
from rooms.topics.chat import CHATTING
from rooms.topics.conclusions import CONCLUDING
from rooms.topics.convening import CONVENING
from rooms.topics.floor import FLOOR_TOPIC
from rooms.topics.grouping import GROUPING
from rooms.topics.interpreting import INTERPRETING_TOPIC
from rooms.topics.late import LATE_TOPIC
from rooms.topics.lobby import LOBBY_TOPIC
from rooms.topics.moderation import MODERATION
from rooms.topics.notes import NOTES
from rooms.topics.papers import PAPERS_TOPIC
from rooms.topics.presence import PRESENCE
from rooms.topics.proxies import PROXY_TOPIC
from rooms.topics.recording import RECORDING_TOPIC
from rooms.topics.roles import ROLES
from rooms.topics.sharing import SHARING_TOPIC
from rooms.topics.silence import SILENCE
from rooms.topics.sites import SITES_TOPIC
from rooms.topics.voting import VOTING
from rooms.topics.wire import WIRE

TOPICS: tuple[Topic, ...] = (
    CONVENING,
    PRESENCE,
    SILENCE,
    LOBBY_TOPIC,
    CHAIRING_TOPIC,
    ROLES,
    AGENDA_TOPIC,
    FLOOR_TOPIC,
    PROXY_TOPIC,
    VOTING,
    SITES_TOPIC,
    MODERATION,  # after all that says who may speak
    LATE_TOPIC,
    CONCLUDING,
    CHATTING,
    GROUPING,
    INTERPRETING_TOPIC,
    NOTES,
    PAPERS_TOPIC,
    SHARING_TOPIC,
    RECORDING_TOPIC,
    CAPTIONING,
    WIRE,
)

SAID: Mapping[str, Said] = MappingProxyType({said.name: said for topic in TOPICS for said in topic.said})

TYPE_OF: Mapping[type[Command], str] = MappingProxyType({said.command: type for type, said in SAID.items()})

OWN: Mapping[type[Command], Handler] = MappingProxyType(
    {command: handler for topic in TOPICS for command, handler in topic.own.items()}
)

VIEWS: tuple[View, ...] = tuple(view for topic in TOPICS for view in topic.views)

_KINDS = {kind for topic in TOPICS for kind in (*topic.folds, *topic.before)}

FOLDS: Mapping[str, tuple[Fold, ...]] = MappingProxyType(
    {kind: tuple(topic.folds[kind] for topic in TOPICS if kind in topic.folds) for kind in _KINDS}
)

BEFORE: Mapping[str, tuple[Before, ...]] = MappingProxyType(
    {kind: tuple(topic.before[kind] for topic in reversed(TOPICS) if kind in topic.before) for kind in _KINDS}
)


def beginning(meeting: Meeting) -> State:
    """The state before the first fact."""
    people = {person.id: Participant(person) for person in meeting.people()}
    parts = {topic.part.name: topic.part.start(meeting) for topic in TOPICS if topic.part}
    return State(Session(meeting), people, parts)


def fold(state: State, fact: Fact) -> State:
    """The state after a fact. Raises KeyError for a kind that no topic knows."""
    if fact.kind == "convened":
        return beginning(Meeting.from_json(fact.data))
    for one in FOLDS[fact.kind]:
        state = one(state, fact)
    return state


def changes(before: State, after: State) -> Iterator[tuple[str | None, str, Json]]:
    """(to whom, None being everybody; type of message; object) of what clients see differently now. Objects are values
    and are shared by states that they do not differ in: only those that are not made of the same are written out."""
    if before is after:
        return
    for view in VIEWS:
        old, new = view.made_of(before), view.made_of(after)
        if old is new:
            continue
        for id, sources in new.items():
            was = old.get(id)
            if was is None or len(was) != len(sources) or any(a is not b for a, b in zip(was, sources, strict=True)):
                yield from _news(view, before if was is not None else None, after, id)
        for id in old.keys() - new.keys():
            readers = view.audience(before, id)
            for person in [None] if readers is None else sorted(readers):
                yield person, view.type, {"id": id, "gone": True}


def _news(view: View, before: State | None, after: State, id: str) -> Iterator[tuple[str | None, str, Json]]:
    value = view.show(after, id)
    changed = before is None or view.show(before, id) != value
    readers = view.audience(after, id)
    if readers is None:
        if changed:
            yield None, view.type, value
        return
    knew = () if before is None else view.audience(before, id)
    for person in sorted(readers):
        new = knew is not None and person not in knew
        if new or (changed and (view.step is None or before is None)):
            yield person, view.type, value
        elif changed and view.step is not None and before is not None:
            yield person, view.type, view.step(before, after, id)


def memories(before: State, after: State) -> Iterator[Remembered]:
    """What is to be kept beside the facts, of what has changed."""
    for topic in TOPICS:
        if topic.memory is None or topic.part is None or topic.part.of(before) is topic.part.of(after):
            continue
        old, new = topic.memory.items(before), topic.memory.items(after)
        for id, item in new.items():
            if old.get(id) is not item:
                yield Remembered(topic.part.name, id, topic.memory.write(after, id))
        for id in old.keys() - new.keys():
            yield Remembered(topic.part.name, id, None)


def recalled(state: State, kept: Iterable[Remembered]) -> State:
    """The state after a replay with what was kept beside the facts; of topics that are no more, nothing."""
    memory_of = {topic.part.name: topic.memory for topic in TOPICS if topic.part and topic.memory}
    for one in kept:
        if one.topic in memory_of and one.value is not None:
            state = memory_of[one.topic].recall(state, one.id, one.value)
    return state


def snapshot(state: State, viewer: str | None = None) -> dict[str, dict[str, Json]]:
    """What a client sees, as type of message -> id -> object; without a viewer, what everybody sees."""
    return {
        view.type: {
            id: view.show(state, id)
            for id in view.made_of(state)
            if (readers := view.audience(state, id)) is None or viewer in readers
        }
        for view in VIEWS
    }


def welcomed(state: State, viewer: str) -> dict[str, Json | list[Json] | None]:
    """The same by the names of the welcome: lists, or the one object."""
    seen = snapshot(state, viewer)
    return {view.welcome: list(seen[view.type].values()) if view.many else seen[view.type].get("") for view in VIEWS}
