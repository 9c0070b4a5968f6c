"""A meeting in session: commands in, effects out. No clock, no input or output, no randomness."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rooms.effects import Effect, Keep, Remembered, Tell
from rooms.errors import Refused
from rooms.facts import SYSTEM, BrokenChain, Fact, Json, chained, first_altered, iso
from rooms.fields import Command
from rooms.meeting import OVER, Meeting, MeetingState
from rooms.messages import CLIENT_TYPES
from rooms.participant import Participant
from rooms.proceedings import Proceedings, merkle_root
from rooms.state import State
from rooms.topic import Draft, Found
from rooms.topics import BEFORE, OWN, SAID, TOPICS, TYPE_OF, beginning, changes, fold, memories, recalled, welcomed
from rooms.topics.presence import Resume

# What time alone brings may bring more in turn (an ended turn, the next speaker); no topic goes on for ever.
ROUNDS = 8


class Room:
    """Owned: the state and the facts of one meeting. The caller gives the time and carries out the effects in
    their order: what is to be kept is kept before anybody is told."""

    def __init__(self, meeting: Meeting) -> None:
        self._state = beginning(meeting)
        self._facts: list[Fact] = []
        self._before = self._state, 0  # the state before the last step, and how many facts there were

    @classmethod
    def replay(cls, meeting: Meeting, facts: Iterable[Fact], beside: Iterable[Remembered] = ()) -> Room:
        """The room as the kept facts, and what was kept beside them, left it. Apply Resume next: nobody has a line yet.
        Raises BrokenChain if the facts were altered or belong to another meeting."""
        room = cls(meeting)
        room._facts = list(facts)
        altered = first_altered(room._facts)
        if altered is not None:
            raise BrokenChain(altered, "does not follow from the fact before it")
        if room._facts and (room._facts[0].kind != "convened" or room._facts[0].data.get("id") != meeting.id):
            raise BrokenChain(1, "these are not the facts of this meeting")
        for fact in room._facts:
            room._state = fold(room._state, fact)
        room._state = recalled(room._state, beside).with_lines_unknown()
        for topic in TOPICS:
            room._state = topic.replayed(room._state)
        room._before = room._state, len(room._facts)
        return room

    @property
    def meeting(self) -> Meeting:
        """The sheet, with the chair and secretary who act."""
        return self._state.session.sheet

    @property
    def meeting_state(self) -> MeetingState:
        return self._state.session.state

    @property
    def participants(self) -> tuple[Participant, ...]:
        """The invited and all who ever came."""
        return tuple(self._state.people.values())

    @property
    def state(self) -> State:
        return self._state

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(self._facts)

    @property
    def proceedings(self) -> Proceedings:
        if not self._facts:
            return Proceedings(self.meeting, (), None, None, merkle_root([]).hex())
        return Proceedings.from_facts(self._facts)

    def may(self, participant: str, type: str) -> bool:
        """Whether somebody who is present may, in their role, send messages of the type."""
        said = SAID.get(type)
        return said is not None and self._state.present(participant) and said.admits(self._state.people[participant])

    def apply(self, actor: str, command: Command, now: datetime) -> list[Effect]:
        """What `actor` (a person's id; SYSTEM for Resume) wants, at `now`. Raises Refused, and then nothing has
        changed. A repetition of what is already so (a hand raised twice) is not an error and has no effect."""
        batch = self._begin(now)
        if isinstance(command, Resume):
            command = Resume(self._moment_of_crash(command.since, batch.now))
        found = _handle(batch.state, actor, command, batch.now)
        if isinstance(found, State):
            batch.state = found
        else:
            batch.record(found)
        # A line may have been lost long ago: in the same step, for a second crash would not know of it.
        batch.expire()
        return self._commit(batch)

    def check(self, actor: str, command: Command, now: datetime) -> None:
        """Raises Refused if `apply` would; changes nothing."""
        batch = self._begin(now)
        _handle(batch.state, actor, command, batch.now)

    def tick(self, now: datetime) -> list[Effect]:
        """What time alone has brought: see the topics' `overdue`."""
        return self._commit(self._begin(now))

    def forget(self, facts: Iterable[Fact]) -> None:
        """Undo the last step, because its facts could not be kept: what is not kept has not happened. Raises
        ValueError if these are not the facts of the last step, and then nothing has changed."""
        state, count = self._before
        if list(facts) != self._facts[count:]:
            raise ValueError("only the last step can be forgotten")
        self._state = state
        del self._facts[count:]

    def next_tick(self) -> datetime | None:
        """When `tick` has something to do, unless something happens before."""
        return min((due for topic in TOPICS if (due := topic.due(self._state))), default=None)

    def welcome(self, participant: str, now: datetime) -> Json:
        """Everything that a client needs to begin, or to begin anew. The server knows, and puts in, the room's
        title, the loudest speaker, whose line is silent, how lines are, the meeting's document, and what concerns the
        media."""
        if participant not in self._state.people:
            raise Refused("unknown_participant")
        return {
            "type": "welcome",
            "you": participant,
            "room": {"id": self.meeting.room, "title": ""},
            **welcomed(self._state, participant),
            "units": [unit.to_json() for unit in self.meeting.units],
            "speaker": None,
            "silent": [],
            "lines": {},
            "may": [type for type in CLIENT_TYPES if self.may(participant, type)],
            "ice": [],
            "transports": [],
            "now": iso(now),
        }

    def _begin(self, now: datetime) -> _Batch:
        """Begins with what time alone has brought, so that nothing depends on how promptly `tick` is called."""
        last = self._facts[-1] if self._facts else None
        # A clock set back must not turn the record's order around.
        batch = _Batch(self._state, last, max(now, last.at) if last else now)
        batch.expire()
        return batch

    def _moment_of_crash(self, since: datetime, now: datetime) -> datetime:
        """Who was present by the last fact was there at its time, whatever the server knows of itself."""
        return min(max(since, self._facts[-1].at) if self._facts else since, now)

    def _commit(self, batch: _Batch) -> list[Effect]:
        before, self._state = self._state, batch.state
        self._before = before, len(self._facts)
        self._facts += batch.facts
        beside = tuple(memories(before, batch.state))
        kept: list[Effect] = [Keep(tuple(batch.facts), beside)] if batch.facts or beside else []
        news = [Tell(to, {"type": type, type: value}) for to, type, value in changes(before, batch.state)]
        media = [action for topic in TOPICS for action in topic.media(before, batch.state)]
        return [*kept, *news, *media]


class _Batch:
    """The facts of one step, folded as they come. The Room does not change until it takes them over."""

    def __init__(self, state: State, last: Fact | None, now: datetime) -> None:
        self.state = state
        self.now = now
        self.facts: list[Fact] = []
        self._last = last

    def record(self, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            if self._last is None:
                # The state begins with it, and may know more by now: who knocks before anybody has come.
                self._write(Draft("convened", SYSTEM, self.state.session.sheet.to_json()))
            for hook in BEFORE.get(draft.kind, ()):
                self.record(hook(self.state, draft, self.now))
            self.state = fold(self.state, self._write(draft))

    def expire(self) -> None:
        """Record what time alone has brought."""
        for _ in range(ROUNDS):
            known = len(self.facts)
            for topic in TOPICS:  # each sees what the one before has brought: nobody's turn ends twice
                self.record(topic.overdue(self.state, self.now))
            if len(self.facts) == known:
                return

    def _write(self, draft: Draft) -> Fact:
        self._last = chained(self._last, self.now, draft.kind, draft.actor, draft.data)
        self.facts.append(self._last)
        return self._last


def _handle(state: State, actor: str, command: Command, now: datetime) -> Found:
    if type(command) in OWN:
        return OWN[type(command)](state, actor, command, now)
    said = SAID.get(TYPE_OF.get(type(command), ""))
    if said is None or said.handle is None:
        raise Refused("bad_message", "not for the room")
    if actor not in state.people:
        raise Refused("not_allowed", "not in the room")
    if state.session.state in OVER:
        raise Refused(state.session.state.value)
    if not state.present(actor) or not said.admits(state.people[actor]):
        raise Refused("not_allowed")
    if state.session.state not in said.states:
        raise Refused("not_open")
    return said.handle(state, actor, command, now)
