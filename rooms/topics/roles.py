"""In which capacity somebody is in the meeting, and whether with a vote: the chair changes it, and it stays with the
person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, flag, identifier, one_of, read_by
from rooms.participant import CHAIR, SENDERS, Role
from rooms.state import State
from rooms.topic import UNTIL_CLOSED, Draft, Found, Said, Topic
from rooms.topics.chairing import CHAIRING
from rooms.topics.voting.acts import open_vote

GIVEN = (
    Role.DEPUTY,
    Role.SECRETARY,
    Role.CLERK,
    Role.DELEGATE,
    Role.GUEST,
    Role.TECHNICIAN,
    Role.VIEWER,
)


@dataclass(frozen=True, slots=True)
class SetRole(Command):
    participant: str = field(metadata=read_by(identifier))
    role: str = field(metadata=read_by(one_of(*GIVEN)))


@dataclass(frozen=True, slots=True)
class SetVote(Command):
    """Whether somebody has a vote, whatever their role."""

    participant: str = field(metadata=read_by(identifier))
    votes: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class SetSigner(Command):
    """Which of the secretaries signs the minutes."""

    participant: str = field(metadata=read_by(identifier))


def _set(state: State, actor: str, command: SetRole, now: datetime) -> Found:
    person, role = command.participant, Role(command.role)
    if person not in state.people:
        raise Refused("unknown_participant")
    if state.people[person].role is role:
        return []
    sheet = state.session.sheet
    if person in (sheet.chair.id, sheet.secretary.id) or state.people[person].role is Role.GATEWAY:
        raise Refused("wrong_person", "a meeting is never without chair, nor without who signs its minutes")
    if person == CHAIRING.of(state).regular:
        raise Refused("wrong_person", "whose chair it is may always take it back")
    return [Draft("role_changed", actor, {"person": person, "role": role.value})]


def _set_vote(state: State, actor: str, command: SetVote, now: datetime) -> Found:
    person = command.participant
    if person not in state.people:
        raise Refused("unknown_participant")
    if state.people[person].votes is command.votes:
        return []
    if open_vote(state):
        raise Refused("vote_open", "who may vote is settled before the question is put")
    return [Draft("vote_right_changed", actor, {"person": person, "votes": command.votes})]


def _sign(state: State, actor: str, command: SetSigner, now: datetime) -> Found:
    person = command.participant
    if person not in state.people:
        raise Refused("unknown_participant")
    if person == state.session.sheet.secretary.id:
        return []
    if person not in state.session.sheet.secretaries:
        raise Refused("wrong_person", "a secretary signs the minutes")
    return [Draft("secretary_taken", actor, {"person": person})]


def _changed(state: State, fact: Fact) -> State:
    one = state.people[fact.data["person"]]
    role = Role(fact.data["role"])
    if role not in SENDERS:
        state = state.with_participant(replace(one, audio=False, video=False))
    return state.with_sheet(state.session.sheet.with_role(one.person, role))


def _vote_changed(state: State, fact: Fact) -> State:
    one = state.people[fact.data["person"]]
    return state.with_sheet(state.session.sheet.with_vote(one.person, fact.data["votes"]))


ROLES = Topic(
    said=(
        Said("role.set", SetRole, CHAIR, _set, UNTIL_CLOSED),
        Said("vote_right.set", SetVote, CHAIR, _set_vote, UNTIL_CLOSED),
        Said("minutes.signer", SetSigner, CHAIR, _sign, UNTIL_CLOSED),
    ),
    folds={"role_changed": _changed, "vote_right_changed": _vote_changed},
)
