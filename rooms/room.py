"""A meeting in session: commands in, effects out. No clock, no input or output, no randomness."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rooms.errors import Refused
from rooms.facts import SYSTEM, BrokenChain, Fact, Json, chained, first_altered, iso, merkle_root
from rooms.handlers import Draft, departure, handle
from rooms.meeting import Meeting, MeetingState
from rooms.messages import CLIENT_TYPES, Command, Effect, Keep, Media, Resume, Tell
from rooms.participant import Participant, permitted
from rooms.proceedings import Proceedings
from rooms.state import State, changes, fold, snapshot

GRACE = timedelta(seconds=60)  # how long somebody whose line dropped counts as present


class Room:
    """Owned: the state and the facts of one meeting. The caller gives the time and carries out the effects in
    their order: what is to be kept is kept before anybody is told."""

    def __init__(self, meeting: Meeting) -> None:
        self._state = State.of(meeting)
        self._facts: list[Fact] = []
        self._before = self._state, 0  # the state before the last step, and how many facts there were

    @classmethod
    def replay(cls, meeting: Meeting, facts: Iterable[Fact]) -> Room:
        """The room as the kept facts left it. Apply Resume next: nobody has a line yet. Raises BrokenChain if the
        facts were altered or belong to another meeting."""
        room = cls(meeting)
        room._facts = list(facts)
        altered = first_altered(room._facts)
        if altered is not None:
            raise BrokenChain(altered, "does not follow from the fact before it")
        if room._facts and (room._facts[0].kind != "convened" or room._facts[0].data.get("id") != meeting.id):
            raise BrokenChain(1, "these are not the facts of this meeting")
        for fact in room._facts:
            room._state = fold(room._state, fact)
        room._state = room._state.with_lines_unknown()
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
        return self._state.present(participant) and permitted(self._state.people[participant].role, type)

    def apply(self, actor: str, command: Command, now: datetime) -> list[Effect]:
        """What `actor` (a person's id; SYSTEM for Resume) wants, at `now`. Raises Refused, and then nothing has
        changed. A repetition of what is already so (a hand raised twice) is not an error and has no effect."""
        batch = self._begin(now)
        if isinstance(command, Resume):
            command = Resume(self._moment_of_crash(command.since, batch.now))
        found = handle(batch.state, actor, command, batch.now)
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
        handle(batch.state, actor, command, batch.now)

    def tick(self, now: datetime) -> list[Effect]:
        """Those whose grace is over have left, at the time when their line dropped."""
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
        dropped = [one.away_since for one in self._state.people.values() if one.away_since]
        return min(dropped) + GRACE if dropped else None

    def welcome(self, participant: str, now: datetime) -> Json:
        """Everything that a client needs to begin, or to begin anew. The server knows, and puts in, the room's
        title, the loudest speaker, the meeting's document, and what concerns the media."""
        if participant not in self._state.people:
            raise Refused("unknown_participant")
        seen = snapshot(self._state)
        votes = list(seen["vote"].values())
        return {
            "type": "welcome",
            "you": participant,
            "room": {"id": self.meeting.room, "title": ""},
            "meeting": seen["meeting"][""],
            "participants": list(seen["participant"].values()),
            "agenda": seen["agenda"][""],
            "floor": seen["floor"][""],
            # Only one vote is open at a time, and it is the last.
            "vote": votes[-1] if votes else None,
            "votes": votes,
            "conclusions": list(seen["conclusion"].values()),
            "recording": seen["recording"][""],
            "units": [unit.to_json() for unit in self.meeting.units],
            "speaker": None,
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
        kept: list[Effect] = [Keep(tuple(batch.facts))] if batch.facts else []
        news: list[Effect] = [Tell(None, {"type": type, type: value}) for type, value in changes(before, batch.state)]
        return [*kept, *news, *_media(before, batch.state)]


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
                self._add(Draft("convened", SYSTEM, self.state.session.sheet.to_json()))
            self._add(draft)

    def expire(self) -> None:
        """Record the departure of those whose grace is over."""
        for one in self.state.people.values():
            if one.away_since and one.away_since + GRACE <= self.now:
                self.record(departure(self.state, one.id, one.away_since, "lost", SYSTEM))

    def _add(self, draft: Draft) -> None:
        self._last = chained(self._last, self.now, draft.kind, draft.actor, draft.data)
        self.facts.append(self._last)
        self.state = fold(self.state, self._last)


def _media(before: State, after: State) -> list[Effect]:
    effects: list[Effect] = []
    for one in after.people.values():
        was = before.people.get(one.id)
        if was is one:
            continue
        was = was or Participant(one.person)
        if was.present and not one.present:
            effects.append(Media("leave", one.id))
            continue
        if was.audio != one.audio:
            effects.append(Media("pause", one.id, "audio", not one.audio))
        if was.video != one.video:
            effects.append(Media("pause", one.id, "video", not one.video))
    recorded, will_be = before.recorded(), after.recorded()
    effects += [Media("unrecord", id) for id in sorted(recorded - will_be)]
    effects += [Media("record", id) for id in sorted(will_be - recorded)]
    return effects
