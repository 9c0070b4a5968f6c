"""Whether the meeting is recorded, and who has agreed to be: nobody is recorded who has not.

Who operates the device of a site answers for those who sit there, after asking them; and whoever of them refuses by
their own phone ends the recording of the whole device, for one camera has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from rooms.consent import Consented
from rooms.effects import Media
from rooms.errors import Refused
from rooms.facts import SYSTEM, Fact
from rooms.fields import Command, flag, read_by
from rooms.meeting import MeetingState
from rooms.participant import DESK, SENDERS, Role
from rooms.proceedings import Json, iso
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View, the_one
from rooms.topics.grouping import GROUPS
from rooms.topics.sites import refused_beside


@dataclass(frozen=True, slots=True)
class Recording(Consented):
    """`count`: recordings so far, `segments`: files so far."""

    count: int = 0
    segments: int = 0

    @property
    def id(self) -> str:
        """The recording that runs, or ran last."""
        return f"r{self.count}"

    def started(self, by: str, at: datetime) -> Recording:
        return replace(self, since=at, by=by, count=self.count + 1)

    def grown(self) -> Recording:
        return replace(self, segments=self.segments + 1)


RECORDING = Part("recording", lambda meeting: Recording())


@dataclass(frozen=True, slots=True)
class StartRecording(Command):
    """Who starts it agrees to be recorded."""


@dataclass(frozen=True, slots=True)
class StopRecording(Command):
    pass


@dataclass(frozen=True, slots=True)
class AnswerConsent(Command):
    """Whether one's own sound and picture may be recorded, from now on."""

    agreed: bool = field(metadata=read_by(flag))


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the recording. `media` is audio, video or speaker (who spoke when, nobody's own: `person` None);
    `sha256` is hex, `size` in octets; `recovered`: it was mended after a crash."""

    file: str
    person: str | None
    media: str
    codec: str
    began: datetime
    ended: datetime
    size: int
    sha256: str
    recovered: bool = False

    def to_json(self) -> Json:
        return {
            "file": self.file,
            "person": self.person,
            "media": self.media,
            "codec": self.codec,
            "began": iso(self.began),
            "ended": iso(self.ended),
            "size": self.size,
            "sha256": self.sha256,
            "recovered": self.recovered,
        }


@dataclass(frozen=True, slots=True)
class KeepSegments(Command):
    """The server's own: these files are whole and on disk."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class BreakRecording(Command):
    """The server's own: nothing more can be recorded (the disk is full)."""


def records(state: State, person: str) -> bool:
    """Whether the person's sound and picture are being recorded."""
    recording = RECORDING.of(state)
    agreed = recording.covers(person) and not refused_beside(state, person, recording.consents)
    return agreed and state.present(person)


def recorded(state: State) -> frozenset[str]:
    """Those whose sound and picture are being recorded."""
    return frozenset(id for id in state.people if records(state, id)) if RECORDING.of(state).running else frozenset()


def _start(state: State, actor: str, command: StartRecording, now: datetime) -> Found:
    recording = RECORDING.of(state)
    if recording.running:
        return []
    if GROUPS.of(state).running:
        raise Refused("groups_running", "what is said in a group is said to it alone")
    # Agreed first, so that there is no moment in which the one who starts it is not in it.
    agreed = [] if recording.consents.get(actor) else _answer(state, actor, AnswerConsent(True), now)
    return [*agreed, Draft("recording_started", actor, {"recording": f"r{recording.count + 1}"})]


def _stop(state: State, actor: str, command: StopRecording, now: datetime) -> Found:
    return _end(state, actor, "stopped")


def _break(state: State, actor: str, command: BreakRecording, now: datetime) -> Found:
    return _end(state, SYSTEM, "failed")


def _before_closing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    return _end(state, draft.actor, "closed")


def _before_groups(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """What is said in a group is said to it alone."""
    return _end(state, draft.actor, "groups")


def _before_adjourning(state: State, draft: Draft, now: datetime) -> list[Draft]:
    """What is said in a break is nobody's business."""
    return _end(state, draft.actor, "adjourned")


def _end(state: State, actor: str, reason: str) -> list[Draft]:
    recording = RECORDING.of(state)
    return (
        [Draft("recording_stopped", actor, {"recording": recording.id, "reason": reason})] if recording.running else []
    )


def _answer(state: State, actor: str, command: AnswerConsent, now: datetime) -> list[Draft]:
    if RECORDING.of(state).consents.get(actor) is command.agreed:
        return []
    return [Draft("recording_consent", actor, {"person": actor, "agreed": command.agreed})]


def _keep(state: State, actor: str, command: KeepSegments, now: datetime) -> Found:
    if state.session.state is MeetingState.CLOSED:
        raise Refused("closed")  # the root of the facts is in the minutes
    recording = {"recording": RECORDING.of(state).id}
    return [Draft("recording_segment", SYSTEM, recording | segment.to_json()) for segment in command.segments]


def _started(state: State, fact: Fact) -> State:
    return RECORDING.put(state, RECORDING.of(state).started(fact.actor, fact.at))


def _stopped(state: State, fact: Fact) -> State:
    return RECORDING.put(state, RECORDING.of(state).stopped())


def _answered(state: State, fact: Fact) -> State:
    return RECORDING.put(state, RECORDING.of(state).answered(fact.data["person"], fact.data["agreed"]))


def _grown(state: State, fact: Fact) -> State:
    return RECORDING.put(state, RECORDING.of(state).grown())


def _media(before: State, after: State) -> Iterator[Media]:
    was, will_be = recorded(before), recorded(after)
    yield from (Media("unrecord", id) for id in sorted(was - will_be))
    yield from (Media("record", id) for id in sorted(will_be - was))


RECORDING_TOPIC = Topic(
    part=RECORDING,
    said=(
        Said("recording.start", StartRecording, DESK, _start),
        Said("recording.stop", StopRecording, DESK, _stop),
        Said("recording.consent", AnswerConsent, SENDERS - {Role.GATEWAY}, _answer),
    ),
    own={KeepSegments: _keep, BreakRecording: _break},
    folds={
        "recording_started": _started,
        "recording_stopped": _stopped,
        "recording_consent": _answered,
        "recording_segment": _grown,
    },
    views=(
        View(
            "recording",
            "recording",
            lambda state: the_one(RECORDING.of(state)),
            lambda state, _: RECORDING.of(state).to_json(),
        ),
    ),
    before={"closed": _before_closing, "adjourned": _before_adjourning, "groups_started": _before_groups},
    media=_media,
)
