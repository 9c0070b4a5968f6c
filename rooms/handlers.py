"""What each command means: one function a command, in one table.

A handler looks at the state and raises Refused, or returns what is to be recorded (an empty list: nothing to
do), or, for what is not worth a fact, the new state itself. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from rooms.errors import Refused
from rooms.facts import SYSTEM, Json, iso
from rooms.meeting import MeetingState
from rooms.messages import (
    TYPE_OF,
    AnswerConsent,
    BreakRecording,
    CastBallot,
    CloseMeeting,
    CloseVote,
    Command,
    Drop,
    EndFloor,
    GiveFloor,
    Join,
    KeepSegments,
    Leave,
    LowerHand,
    MediaState,
    OpenMeeting,
    OpenVote,
    PutConclusion,
    RaiseHand,
    RemoveConclusion,
    Resume,
    StartRecording,
    StepAgenda,
    StopRecording,
)
from rooms.participant import Participant, Person, Role, permitted
from rooms.state import State
from rooms.vote import RULE, Vote


class Draft(NamedTuple):
    """A fact to be: the Room gives it its time and its place in the chain."""

    kind: str
    actor: str
    data: Json


Found = list[Draft] | State

# These are sound whoever sends them, also when there is nothing to do; the server's edge sends all but Leave.
UNCHECKED = frozenset({Join, Drop, Leave, Resume, KeepSegments, BreakRecording})

# All other commands need an open meeting.
BEFORE_OPENING = frozenset({MediaState, OpenMeeting, CloseMeeting})


def handle(state: State, actor: str, command: Command, now: datetime) -> Found:
    kind = type(command)
    if kind not in HANDLERS:
        raise Refused("bad_message", "not for the room")
    if kind not in UNCHECKED:
        _check(state, actor, kind)
    return HANDLERS[kind](state, actor, command, now)


def departure(state: State, person: str, since: datetime, reason: str, actor: str) -> list[Draft]:
    """Somebody leaves: the floor does not stay with an empty chair, a hand may (see `reason`)."""
    drafts = []
    if state.floor.holder == person:
        drafts.append(Draft("floor_ended", actor, {"person": person}))
    if reason == "left" and person in state.floor.queue:
        drafts.append(Draft("hand_lowered", actor, {"person": person}))
    return [*drafts, Draft("left", actor, {"person": person, "since": iso(since), "reason": reason})]


def _check(state: State, actor: str, kind: type[Command]) -> None:
    if actor not in state.people:
        raise Refused("not_allowed", "not in the room")
    if state.session.state is MeetingState.CLOSED:
        raise Refused("closed")
    if not state.present(actor) or not permitted(state.people[actor].role, TYPE_OF[kind]):
        raise Refused("not_allowed")
    if state.session.state is MeetingState.SCHEDULED and kind not in BEFORE_OPENING:
        raise Refused("not_open")


def _join(state: State, actor: str, command: Join, now: datetime) -> Found:
    person = command.person
    if person.role is Role.GATEWAY or person.id != actor:
        raise Refused("not_allowed", "only people join, each for themselves")
    if state.session.state is MeetingState.CLOSED:
        raise Refused("closed")
    if state.present(person.id):
        known = state.people[person.id]
        if command.resumed:
            return state.with_participant(replace(known, connected=True, away_since=None))
        # The same person at another device: everything is theirs still, but this device starts switched off.
        return state.with_participant(Participant(known.person, present=True, connected=True, hand=known.hand))
    taken = _seat_to_take(state, person)
    role = person.role if taken else state.session.sheet.role_of(person)
    drafts = [Draft("joined", person.id, {"person": replace(person, role=role).to_json()})]
    return [*drafts, Draft(taken, person.id, {"person": person.id})] if taken else drafts


def _seat_to_take(state: State, person: Person) -> str | None:
    """A chair or secretary by invitation takes the seat of the designated one who is not there, until the
    meeting is opened."""
    sheet = state.session.sheet
    if state.session.state is not MeetingState.SCHEDULED or person.id in (sheet.chair.id, sheet.secretary.id):
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
    return state.with_participant(replace(state.people[actor], connected=False, away_since=now))


def _leave(state: State, actor: str, command: Leave, now: datetime) -> Found:
    return departure(state, actor, now, "left", actor) if state.present(actor) else []


def _resume(state: State, actor: str, command: Resume, now: datetime) -> Found:
    present = any(one.present for one in state.people.values())
    return [Draft("resumed", SYSTEM, {"since": iso(command.since)})] if present else []


def _media_state(state: State, actor: str, command: MediaState, now: datetime) -> Found:
    return state.with_participant(replace(state.people[actor], audio=command.audio, video=command.video))


def _open_meeting(state: State, actor: str, command: OpenMeeting, now: datetime) -> Found:
    state.session.next("opened")
    return [Draft("opened", actor, {})]


def _close_meeting(state: State, actor: str, command: CloseMeeting, now: datetime) -> Found:
    chair = state.session.sheet.chair.id
    if actor != chair and state.present(chair):
        raise Refused("not_allowed", "the secretary closes only if the chair has left")
    state.session.next("closed")
    drafts = [_decided(state, state.open_vote, actor)] if state.open_vote else []
    drafts += _recording_end(state, actor, "closed")
    for one in state.people.values():
        if one.present:
            # Who is away is not known to have been there since.
            drafts += departure(state, one.id, one.away_since or now, "closed", actor)
    return [*drafts, Draft("closed", actor, {})]


def _step_agenda(state: State, actor: str, command: StepAgenda, now: datetime) -> Found:
    if command.item not in state.agenda:
        raise Refused("unknown_item")
    return [] if command.item == state.agenda.current else [Draft("agenda_step", actor, {"item": command.item})]


def _raise_hand(state: State, actor: str, command: RaiseHand, now: datetime) -> Found:
    return [] if actor in state.floor.queue else [Draft("hand_raised", actor, {"person": actor})]


def _lower_hand(state: State, actor: str, command: LowerHand, now: datetime) -> Found:
    person = command.participant or actor
    if person != actor and state.people[actor].role is not Role.CHAIR:
        raise Refused("not_allowed", "only the chair lowers another's hand")
    if person not in state.people:
        raise Refused("unknown_participant")
    return [Draft("hand_lowered", actor, {"person": person})] if person in state.floor.queue else []


def _give_floor(state: State, actor: str, command: GiveFloor, now: datetime) -> Found:
    person, holder = command.participant, state.floor.holder
    if not state.present(person):
        raise Refused("unknown_participant")
    if state.people[person].role is Role.VIEWER:
        raise Refused("not_eligible", "viewers do not speak")
    if person == holder:
        return []
    ended = [Draft("floor_ended", actor, {"person": holder})] if holder else []
    return [*ended, Draft("floor_given", actor, {"person": person})]


def _end_floor(state: State, actor: str, command: EndFloor, now: datetime) -> Found:
    holder = state.floor.holder
    if actor != holder and state.people[actor].role is not Role.CHAIR:
        raise Refused("not_allowed", "only the chair or the holder ends a turn")
    return [Draft("floor_ended", actor, {"person": holder})] if holder else []


def _open_vote(state: State, actor: str, command: OpenVote, now: datetime) -> Found:
    if state.open_vote:
        raise Refused("vote_open")
    data = {"vote": f"v{len(state.votes) + 1}", "text": command.text, "item": state.agenda.current}
    return [Draft("vote_opened", actor, data)]


def _still_open(state: State, vote: str) -> Vote:
    if vote not in state.votes:
        raise Refused("unknown_vote")
    if not state.votes[vote].open:
        raise Refused("vote_closed")
    return state.votes[vote]


def _cast_ballot(state: State, actor: str, command: CastBallot, now: datetime) -> Found:
    vote = _still_open(state, command.vote)
    if vote.choice(actor) == command.choice:
        return []
    return [Draft("ballot_cast", actor, {"vote": vote.id, "person": actor, "choice": command.choice})]


def _close_vote(state: State, actor: str, command: CloseVote, now: datetime) -> Found:
    return [_decided(state, _still_open(state, command.vote), actor)]


def _decided(state: State, vote: Vote, actor: str) -> Draft:
    outcome = vote.decide(state.people.values())
    data = {
        "vote": vote.id,
        "tally": dict(outcome.tally),
        "eligible": outcome.eligible,
        "result": outcome.result,
        "rule": RULE,
    }
    return Draft("vote_closed", actor, data)


def _put_conclusion(state: State, actor: str, command: PutConclusion, now: datetime) -> Found:
    if command.conclusion is not None:
        _standing(state, command.conclusion)
    if command.item is not None and command.item not in state.agenda:
        raise Refused("unknown_item")
    owner = next((unit for unit in state.session.sheet.units if unit.id == command.owner), None)
    if command.owner is not None and owner is None:
        raise Refused("unknown_unit")
    data = {
        "conclusion": command.conclusion or f"c{len(state.conclusions) + 1}",
        "text": command.text,
        "owner": owner.to_json() if owner else None,
        "deadline": command.deadline.isoformat() if command.deadline else None,
        "item": command.item,
    }
    return [Draft("concluded", actor, data)]


def _remove_conclusion(state: State, actor: str, command: RemoveConclusion, now: datetime) -> Found:
    _standing(state, command.conclusion)
    return [Draft("conclusion_removed", actor, {"conclusion": command.conclusion})]


def _standing(state: State, conclusion: str) -> None:
    if conclusion not in state.conclusions or conclusion in state.removed:
        raise Refused("unknown_conclusion")


def _start_recording(state: State, actor: str, command: StartRecording, now: datetime) -> Found:
    if state.recording.running:
        return []
    # Agreed first, so that there is no moment in which the one who starts it is not in it.
    agreed = [] if state.recording.consents.get(actor) else _answer_consent(state, actor, AnswerConsent(True), now)
    return [*agreed, Draft("recording_started", actor, {"recording": f"r{state.recording.count + 1}"})]


def _stop_recording(state: State, actor: str, command: StopRecording, now: datetime) -> Found:
    return _recording_end(state, actor, "stopped")


def _break_recording(state: State, actor: str, command: BreakRecording, now: datetime) -> Found:
    return _recording_end(state, SYSTEM, "failed")


def _recording_end(state: State, actor: str, reason: str) -> list[Draft]:
    data = {"recording": state.recording.id, "reason": reason}
    return [Draft("recording_stopped", actor, data)] if state.recording.running else []


def _answer_consent(state: State, actor: str, command: AnswerConsent, now: datetime) -> list[Draft]:
    if state.recording.consents.get(actor) is command.agreed:
        return []
    return [Draft("recording_consent", actor, {"person": actor, "agreed": command.agreed})]


def _keep_segments(state: State, actor: str, command: KeepSegments, now: datetime) -> Found:
    if state.session.state is MeetingState.CLOSED:
        raise Refused("closed")  # the root of the facts is in the minutes
    recording = {"recording": state.recording.id}
    return [Draft("recording_segment", SYSTEM, recording | segment.to_json()) for segment in command.segments]


# Any: each handler takes its own class of command, which is the key that it is found by.
HANDLERS: Mapping[type[Command], Callable[[State, str, Any, datetime], Found]] = MappingProxyType(
    {
        Join: _join,
        Drop: _drop,
        Leave: _leave,
        Resume: _resume,
        MediaState: _media_state,
        OpenMeeting: _open_meeting,
        CloseMeeting: _close_meeting,
        StepAgenda: _step_agenda,
        RaiseHand: _raise_hand,
        LowerHand: _lower_hand,
        GiveFloor: _give_floor,
        EndFloor: _end_floor,
        OpenVote: _open_vote,
        CastBallot: _cast_ballot,
        CloseVote: _close_vote,
        PutConclusion: _put_conclusion,
        RemoveConclusion: _remove_conclusion,
        StartRecording: _start_recording,
        StopRecording: _stop_recording,
        AnswerConsent: _answer_consent,
        KeepSegments: _keep_segments,
        BreakRecording: _break_recording,
    }
)
