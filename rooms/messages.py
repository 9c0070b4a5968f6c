"""The names and shapes of everything said over a meeting's WebSocket, and the effects that a Room answers with.

PROTOCOL.md describes the same, and a test compares the two. `parse` is the only door for what a client sends:
whatever the JSON, it returns a command with bounded fields or raises BadMessage.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from rooms.errors import BadMessage
from rooms.facts import Fact, Json
from rooms.proceedings import CHOICES, Person, iso

MAX_TEXT = 2000  # characters: a question put to the vote, a conclusion
MAX_ID = 100  # characters: any identifier
MAX_SDP = 100_000  # characters; the frame itself is bounded at 131,072 bytes
MAX_SHOWN = 500  # participants whose picture a page shows
MAX_HEIGHT = 4320  # pixels of a picture
MAX_LINE = 1_000_000  # kilobits a second, and megabytes
MAX_MESSAGE_ID = 2**53 - 1  # the largest integer that a browser counts exactly


# Soft hyphen, zero-width space, word joiner, byte order mark: they come along unseen when text is pasted, and mean
# nothing in it.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))

_SDP_SPACE = dict.fromkeys(map(ord, "\r\n\t"))

# Categories of Unicode that no record takes: control, format (among them the marks that turn the direction of
# writing, so that a record would read otherwise than it is), lone surrogate, private use, unassigned (with the
# noncharacters, which XML and PDF refuse), and the separators of lines and paragraphs.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Command:
    """What somebody wants. The subclasses are frozen values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Join(Command):
    """The server's own: a person's (newest) connection is there. The role is what their invitation says. `resumed`: it
    is the same page as before, whose microphone and camera are as they were."""

    person: Person
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Drop(Command):
    """The server's own: the person's line was lost. Place, hand, floor and ballot wait."""


@dataclass(frozen=True, slots=True)
class Resume(Command):
    """The server's own, after a restart and `Room.replay`: everybody present has lost the line at `since`, the last
    moment at which the server is known to have run (taken as the last fact's time if that is later)."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Leave(Command):
    pass


@dataclass(frozen=True, slots=True)
class MediaState(Command):
    audio: bool
    video: bool


@dataclass(frozen=True, slots=True)
class MediaOffer(Command):
    """For the server's edge, not for Room, as the next five."""

    sdp: str


@dataclass(frozen=True, slots=True)
class MediaSubscribe(Command):
    pass


@dataclass(frozen=True, slots=True)
class MediaAnswer(Command):
    sdp: str


@dataclass(frozen=True, slots=True)
class MediaWatch(Command):
    """How high, in CSS pixels, the page shows the picture of each participant; who is absent is not shown."""

    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MediaLine(Command):
    """What the line of the site bears, for what it receives: kilobits a second, and megabytes from now on. None: there
    is no bound."""

    kbps: int | None = None
    megabytes: int | None = None


@dataclass(frozen=True, slots=True)
class Ping(Command):
    pass


@dataclass(frozen=True, slots=True)
class OpenMeeting(Command):
    pass


@dataclass(frozen=True, slots=True)
class CloseMeeting(Command):
    pass


@dataclass(frozen=True, slots=True)
class StepAgenda(Command):
    item: str


@dataclass(frozen=True, slots=True)
class RaiseHand(Command):
    pass


@dataclass(frozen=True, slots=True)
class LowerHand(Command):
    """One's own if nobody is named."""

    participant: str | None = None


@dataclass(frozen=True, slots=True)
class GiveFloor(Command):
    participant: str


@dataclass(frozen=True, slots=True)
class EndFloor(Command):
    pass


@dataclass(frozen=True, slots=True)
class OpenVote(Command):
    text: str


@dataclass(frozen=True, slots=True)
class CastBallot(Command):
    vote: str
    choice: str


@dataclass(frozen=True, slots=True)
class CloseVote(Command):
    vote: str


@dataclass(frozen=True, slots=True)
class PutConclusion(Command):
    """With the id of a conclusion it is replaced as a whole, else a new one is made. `owner` is a unit's id."""

    text: str
    conclusion: str | None = None
    owner: str | None = None
    deadline: date | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveConclusion(Command):
    conclusion: str


@dataclass(frozen=True, slots=True)
class StartRecording(Command):
    """Who starts it agrees to be recorded."""


@dataclass(frozen=True, slots=True)
class StopRecording(Command):
    pass


@dataclass(frozen=True, slots=True)
class AnswerConsent(Command):
    """Whether one's own sound and picture may be recorded, from now on."""

    agreed: bool


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


def _names(command: type[Command]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(command))  # type: ignore[arg-type]  # every Command is a dataclass


# type -> (its class, the fields beside "type" and "id")
CLIENT_TYPES: Mapping[str, tuple[type[Command], tuple[str, ...]]] = MappingProxyType(
    {
        type: (command, _names(command))
        for type, command in {
            "leave": Leave,
            "media.state": MediaState,
            "media.offer": MediaOffer,
            "media.subscribe": MediaSubscribe,
            "media.answer": MediaAnswer,
            "media.watch": MediaWatch,
            "media.line": MediaLine,
            "meeting.open": OpenMeeting,
            "meeting.close": CloseMeeting,
            "agenda.step": StepAgenda,
            "hand.raise": RaiseHand,
            "hand.lower": LowerHand,
            "floor.give": GiveFloor,
            "floor.end": EndFloor,
            "vote.open": OpenVote,
            "vote.cast": CastBallot,
            "vote.close": CloseVote,
            "conclusion.put": PutConclusion,
            "conclusion.remove": RemoveConclusion,
            "recording.start": StartRecording,
            "recording.stop": StopRecording,
            "recording.consent": AnswerConsent,
            "ping": Ping,
        }.items()
    }
)

TYPE_OF: Mapping[type[Command], str] = MappingProxyType({command: type for type, (command, _) in CLIENT_TYPES.items()})

# type -> the fields beside "type"
SERVER_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "welcome": (
            "you",
            "room",
            "meeting",
            "participants",
            "agenda",
            "floor",
            "vote",
            "votes",
            "conclusions",
            "recording",
            "units",
            "speaker",
            "may",
            "ice",
            "transports",
            "now",
        ),
        "participant": ("participant",),
        "meeting": ("meeting",),
        "agenda": ("agenda",),
        "floor": ("floor",),
        "vote": ("vote",),
        "conclusion": ("conclusion",),
        "recording": ("recording",),
        "speaker": ("participant",),
        "media.answer": ("sdp",),
        "media.offer": ("sdp", "tracks"),
        "media.closed": ("direction", "reason"),
        "media.ice": ("ice",),
        "media.wanted": ("rids",),
        "ack": ("id",),
        "error": ("id", "code", "message"),
        "bye": ("reason",),
        "pong": (),
    }
)


@dataclass(frozen=True, slots=True)
class Keep:
    """The facts must be durable before any Tell after this is carried out."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to one participant's connection, or (None) to everybody in the room."""

    to: str | None
    message: Json


@dataclass(frozen=True, slots=True)
class Media:
    """`leave`: close the participant's transports. `pause`: stop or (paused false) go on forwarding what they send.
    `record`, `unrecord`: from now on keep what they send, or nothing of it."""

    action: str
    participant: str
    kind: str | None = None
    paused: bool | None = None


Effect = Keep | Tell | Media


def parse(payload: object) -> Command:
    """The command in the decoded JSON of one client message. Raises BadMessage."""
    type = payload.get("type") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(type, str):
        raise BadMessage("bad_message", 'a message is a JSON object with a string "type"')
    if type not in CLIENT_TYPES:
        raise BadMessage("bad_message", f"unknown type {type[:40]!a}")
    message_id(payload)
    command, names = CLIENT_TYPES[type]
    for name in payload:
        if name not in names and name not in ("type", "id"):
            raise BadMessage("bad_message", f"{type} has no field {str(name)[:40]!a}")
    # Null means the same as absent.
    return command(
        **{name: _READERS[name](name, payload.get(name)) for name in names if _given(command, name, payload)}
    )


def clean(text: str, limit: int, *, name: str = "text", lines: bool = False) -> str:
    """What somebody wrote, as it may come on record: in Unicode normal form C (one form for each Vietnamese letter,
    however the keyboard composed it), without outer white space, of 1 to `limit` characters. Only with `lines` may
    it have more than one line; otherwise each stretch of white space becomes one space. Raises BadMessage with the
    code too_long, empty_text, or bad_message (a character that may not be in it); the detail says `name`."""
    if len(text) > limit:  # before there is work to do
        raise BadMessage("too_long", f'"{name}" has at most {limit} characters')
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").translate(_UNSEEN)
    for character in text:
        if unicodedata.category(character) in _REFUSED and character not in "\t\n":
            raise BadMessage("bad_message", f'"{name}" has the character U+{ord(character):04X}')
    text = text.strip() if lines else " ".join(text.split())
    if not text:
        raise BadMessage("empty_text", f'"{name}" is empty')
    if len(text) > limit:  # a few characters become more in normal form
        raise BadMessage("too_long", f'"{name}" has at most {limit} characters')
    return text


def message_id(payload: object) -> int | None:
    """The id that the answer must carry, if the client gave one. Raises BadMessage if it is not a small integer."""
    value = payload.get("id") if isinstance(payload, dict) else None
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MAX_MESSAGE_ID:
        raise BadMessage("bad_message", '"id" is an integer from 0 to 2^53-1')
    return value


def _given(command: type[Command], name: str, payload: Mapping[str, object]) -> bool:
    return payload.get(name) is not None or (command, name) not in _OPTIONAL


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadMessage("bad_message", f'"{name}" is true or false')
    return value


def _string(name: str, value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise BadMessage("bad_message", f'"{name}" is a string')
    if len(value) > limit:
        raise BadMessage("too_long", f'"{name}" has at most {limit} characters')
    return value


def _id(name: str, value: object) -> str:
    text = _string(name, value, MAX_ID)
    if not text or not text.isprintable():
        raise BadMessage("bad_message", f'"{name}" is an identifier')
    return text


def _prose(name: str, value: object) -> str:
    return clean(_string(name, value, MAX_TEXT), MAX_TEXT, name=name, lines=True)


def _sdp(name: str, value: object) -> str:
    text = _string(name, value, MAX_SDP)
    if not text.startswith("v=0") or not text.translate(_SDP_SPACE).isprintable():
        raise BadMessage("bad_message", f'"{name}" is a session description')
    return text


def _sizes(name: str, value: object) -> Mapping[str, int]:
    if not isinstance(value, dict) or len(value) > MAX_SHOWN:
        raise BadMessage("bad_message", f'"{name}" has at most {MAX_SHOWN} participants')
    return {_id(name, key): _count(name, height, MAX_HEIGHT) for key, height in value.items()}


def _bound(name: str, value: object) -> int:
    return _count(name, value, MAX_LINE)


def _count(name: str, value: object, limit: int) -> int:
    if type(value) is not int or not 1 <= value <= limit:
        raise BadMessage("bad_message", f'"{name}" has integers from 1 to {limit}')
    return value


def _choice(name: str, value: object) -> str:
    if value not in CHOICES or not isinstance(value, str):
        raise BadMessage("bad_message", f'"{name}" is for, against or abstain')
    return value


def _day(name: str, value: object) -> date:
    text = _string(name, value, MAX_ID)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadMessage("bad_deadline", f'"{name}" is a day written YYYY-MM-DD')


_OPTIONAL = frozenset(
    {(LowerHand, "participant"), (MediaLine, "kbps"), (MediaLine, "megabytes")}
    | {(PutConclusion, name) for name in ("conclusion", "owner", "deadline", "item")}
)

_READERS: Mapping[str, Callable[[str, object], Any]] = MappingProxyType(
    {
        "audio": _flag,
        "video": _flag,
        "agreed": _flag,
        "sdp": _sdp,
        "sizes": _sizes,
        "kbps": _bound,
        "megabytes": _bound,
        "item": _id,
        "participant": _id,
        "vote": _id,
        "choice": _choice,
        "conclusion": _id,
        "owner": _id,
        "deadline": _day,
        "text": _prose,
    }
)
