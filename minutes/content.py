"""What a document says: minutes, invitations and (text.py) all others, to and from JSON, with every length bounded.

The JSON of a frozen document is embedded in its PDF, so it must hold all that the page shows.
Times are ISO 8601 in Vietnamese time; Viet Nam has no daylight saving, so the offset is always +07:00.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never, cast

from minutes.blocks import ConclusionLine, conclusion_to_json, read_conclusion
from minutes.document import Kind
from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import CROWD, LINE, PARAGRAPH, VIETNAM, Reader
from minutes.secrecy import refuse_secrets
from minutes.text import URGENCIES, TextContent, Urgency, as_written_now, read_text, text_to_json

__all__ = ["LINE", "VIETNAM", "Content"]

MAX_TEXT = 2_000_000
"""Characters in one document: about 700 pages."""

MAX_BASIS = 100_000
"""A line, and the names of all who voted late."""
RESULTS = ("passed", "rejected", "no_quorum")
DUTIES = ("secretary", "clerk", "attending", "guest", "interpreter", "technician", "viewer")
"""As what somebody was at a meeting without being one of its members, in the order in which minutes list them."""

FIXED_FIELDS = ("document_id", "kind", "minutes_id", "relation", "files", "proceedings_root", "proceedings_count")
"""What ties a text to its document, its meeting and other documents; no editor changes them."""

_OF_MEETINGS = (Kind.MINUTES, Kind.INVITATION)


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in the attendance table; `intervals` are the times in the meeting, in order. `duty` is one of DUTIES, of
    whoever is no member (đại biểu) and in no count; minutes of before there were duties have none."""

    name: str
    title: str
    intervals: tuple[tuple[datetime, datetime], ...]
    present: bool
    duty: str | None = None


@dataclass(frozen=True, slots=True)
class UnitAttendance:
    """The people of one unit."""

    unit: str
    people: tuple[PersonLine, ...]


@dataclass(frozen=True, slots=True)
class CoursePart:
    """One stretch of the course of the meeting, usually an item of the agenda."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoteLine:
    """A vote and its count; `none` are those entitled who gave no answer. JSON calls `in_favour` "for"."""

    text: str
    in_favour: int
    against: int
    abstain: int
    none: int
    eligible: int
    result: str
    ballots: tuple[tuple[str, str], ...] = ()
    """(name, "for" | "against" | "abstain") of an open vote; without a ballot, "none": was there, "lost": had lost the
    line, "absent": was not there."""
    basis: str = ""
    """By which rule it was decided, and who voted late, in sentences; minutes of before there were rules have none."""


@dataclass(frozen=True, slots=True)
class MinutesContent:
    """Minutes (biên bản), Decree 30/2020 Appendix III template 1.9."""

    document_id: str
    title: str
    place_name: str
    venue: str
    starts_at: datetime
    ended_at: datetime
    chair_line: str
    secretary_line: str
    attendance: tuple[UnitAttendance, ...]
    course: tuple[CoursePart, ...]
    votes: tuple[VoteLine, ...]
    conclusions: tuple[ConclusionLine, ...]
    recipients: tuple[str, ...]
    proceedings_root: str
    proceedings_count: int


@dataclass(frozen=True, slots=True)
class InvitationContent:
    """Invitation (giấy mời), template 1.7. `invitees` are whom it asks to come; `subject` is what they come to;
    `urgency` is its stamp. Those of before there were urgent ones have none."""

    document_id: str
    subject: str
    place_name: str
    invitees: tuple[str, ...]
    chair_line: str
    starts_at: datetime
    venue: str
    agenda: tuple[str, ...]
    notes: tuple[str, ...]
    closing: str
    recipients: tuple[str, ...]
    urgency: Urgency | None = None


Content = MinutesContent | InvitationContent | TextContent


def kind_of(content: Content) -> Kind:
    """The kind of document that `content` belongs to."""
    match content:
        case MinutesContent():
            return Kind.MINUTES
        case InvitationContent():
            return Kind.INVITATION
        case TextContent():
            return content.kind
        case _:
            assert_never(content)


def title_of(content: Content) -> str:
    """The subject (trích yếu) under which the document is listed."""
    return content.title if isinstance(content, MinutesContent) else content.subject


def drafting_unit(content: Content) -> str:
    """What ends an official letter's symbol; "" for any other document."""
    return content.drafting_unit if isinstance(content, TextContent) else ""


def to_json(content: Content) -> dict[str, Any]:
    """A JSON object; from_json(kind_of(content), …) gives `content` back."""
    match content:
        case MinutesContent():
            return _minutes_to_json(content)
        case TextContent():
            return text_to_json(content)
        case InvitationContent():
            return {
                "document_id": content.document_id,
                "subject": content.subject,
                "place_name": content.place_name,
                "invitees": list(content.invitees),
                "chair_line": content.chair_line,
                "starts_at": _time(content.starts_at),
                "venue": content.venue,
                "agenda": list(content.agenda),
                "notes": list(content.notes),
                "closing": content.closing,
                "recipients": list(content.recipients),
                "urgency": content.urgency,
            }
        case _:
            assert_never(content)


def _minutes_to_json(content: MinutesContent) -> dict[str, Any]:
    return {
        "document_id": content.document_id,
        "title": content.title,
        "place_name": content.place_name,
        "venue": content.venue,
        "starts_at": _time(content.starts_at),
        "ended_at": _time(content.ended_at),
        "chair_line": content.chair_line,
        "secretary_line": content.secretary_line,
        "attendance": [
            {
                "unit": group.unit,
                "people": [
                    {
                        "name": line.name,
                        "title": line.title,
                        "intervals": [[_time(start), _time(end)] for start, end in line.intervals],
                        "present": line.present,
                        "duty": line.duty,
                    }
                    for line in group.people
                ],
            }
            for group in content.attendance
        ],
        "course": [{"heading": part.heading, "paragraphs": list(part.paragraphs)} for part in content.course],
        "votes": [
            {
                "text": line.text,
                "for": line.in_favour,
                "against": line.against,
                "abstain": line.abstain,
                "none": line.none,
                "eligible": line.eligible,
                "result": line.result,
                "ballots": [list(ballot) for ballot in line.ballots],
                "basis": line.basis,
            }
            for line in content.votes
        ],
        "conclusions": [conclusion_to_json(line) for line in content.conclusions],
        "recipients": list(content.recipients),
        "proceedings_root": content.proceedings_root,
        "proceedings_count": content.proceedings_count,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).isoformat(timespec="seconds")


def from_json(kind: Kind, data: object) -> Content:
    """Read and check the content of a document.

    Raises InvalidContent, which names the field, for a wrong type, a missing or unknown field or an excess
    of length, and SecretContent when any text bears a mark of state secrecy.
    """
    content = read_unmarked(kind, data)
    for path, text in texts(to_json(content)):
        refuse_secrets(path, text)
    return content


def read_unmarked(kind: Kind, data: object) -> Content:
    """As from_json, without the search for marks of secrecy: for a first draft, which its secretary must see."""
    content = read_stored(kind, data)
    if sum(len(text) for _, text in texts(to_json(content))) > MAX_TEXT:
        raise InvalidContent("", Reason(N_("dài quá %(limit)s ký tự"), limit=MAX_TEXT))
    return content


def read_stored(kind: Kind, data: object) -> Content:
    """As read_unmarked, without the bound on the whole: for reading what was let in before."""
    reader = Reader(data if kind in _OF_MEETINGS else as_written_now(data), "")
    content: Content
    match kind:
        case Kind.MINUTES:
            content = _read_minutes(reader)
        case Kind.INVITATION:
            content = _read_invitation(reader)
        case _:
            content = read_text(kind, reader)
    reader.finish()
    return content


def texts(value: object, path: str = "") -> list[tuple[str, str]]:
    """Every string in a JSON value with its path, in document order."""
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, Mapping):
        return [found for key, item in value.items() for found in texts(item, f"{path}.{key}" if path else str(key))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in texts(item, f"{path}[{index}]")]
    return []


def _read_minutes(reader: Reader) -> MinutesContent:
    content = MinutesContent(
        document_id=reader.line("document_id"),
        title=reader.line("title"),
        place_name=reader.line("place_name"),
        venue=reader.line("venue"),
        starts_at=reader.time("starts_at"),
        ended_at=reader.time("ended_at"),
        chair_line=reader.line("chair_line"),
        secretary_line=reader.line("secretary_line"),
        attendance=reader.rows("attendance", _read_unit, CROWD),
        course=reader.rows("course", _read_course),
        votes=reader.rows("votes", _read_vote),
        conclusions=reader.rows("conclusions", read_conclusion),
        recipients=reader.lines("recipients"),
        proceedings_root=reader.line("proceedings_root"),
        proceedings_count=reader.count("proceedings_count"),
    )
    if content.ended_at < content.starts_at:
        raise InvalidContent("ended_at", Reason(N_("trước thời gian bắt đầu")))
    return content


def _read_invitation(reader: Reader) -> InvitationContent:
    return InvitationContent(
        document_id=reader.line("document_id"),
        subject=reader.line("subject"),
        place_name=reader.line("place_name"),
        invitees=reader.lines("invitees"),
        chair_line=reader.line("chair_line"),
        starts_at=reader.time("starts_at"),
        venue=reader.line("venue"),
        agenda=reader.lines("agenda"),
        notes=reader.lines("notes", PARAGRAPH),
        closing=reader.line("closing"),
        recipients=reader.lines("recipients"),
        urgency=cast(Urgency | None, reader.later_choice("urgency", tuple(URGENCIES))),
    )


def _read_unit(reader: Reader) -> UnitAttendance:
    return UnitAttendance(reader.line("unit"), reader.rows("people", _read_person, CROWD))


def _read_person(reader: Reader) -> PersonLine:
    line = PersonLine(
        name=reader.line("name"),
        title=reader.line("title", empty=True),
        intervals=reader.intervals("intervals"),
        present=reader.flag("present"),
        duty=reader.later_choice("duty", DUTIES),
    )
    if line.intervals and not line.present:
        raise InvalidContent(reader.at("present"), Reason(N_("vắng mặt nhưng có thời gian tham dự")))
    return line


def _read_course(reader: Reader) -> CoursePart:
    return CoursePart(reader.line("heading"), reader.lines("paragraphs", PARAGRAPH))


def _read_vote(reader: Reader) -> VoteLine:
    line = VoteLine(
        text=reader.text("text", PARAGRAPH),
        in_favour=reader.count("for"),
        against=reader.count("against"),
        abstain=reader.count("abstain"),
        none=reader.count("none"),
        eligible=reader.count("eligible"),
        result=reader.choice("result", RESULTS),
        ballots=reader.ballots("ballots"),
        basis=reader.later_text("basis", MAX_BASIS),
    )
    if line.in_favour + line.against + line.abstain + line.none != line.eligible:
        reason = Reason(N_("tổng số phiếu không khớp số người có quyền biểu quyết"))
        raise InvalidContent(reader.at("eligible"), reason)
    return line
