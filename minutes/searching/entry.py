"""What is known of a document or of a meeting for searching: its words, and marks by which it is chosen or withheld.

Marks are words too, so that a filter, and who may read it, are part of the one question that the index answers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from minutes.content import VIETNAM, Content, InvitationContent, MinutesContent
from minutes.document import KIND_NAMES, Document
from minutes.printed import printed, printed_annexes
from minutes.registers.entry import Incoming
from minutes.searching.tokens import composed, tokens
from minutes.text import TextContent
from minutes.wording import conclusion_sentences
from minutes.workflow.consultation import Asked
from rooms.proceedings import Proceedings

PUBLIC = "pub"
"""The mark of what everybody may read."""


class Subject(StrEnum):
    DOCUMENT = "document"
    MEETING = "meeting"
    RECEIVED = "received"
    """What came from elsewhere and is a line of the register; its id is unit, year and number: "lam-son/2026/12"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`day` and `second` say when it was: the date of issue (else of the draft), and the second of the day in which it
    was begun. `head` is what it is called, `text` what it says, a paragraph a line. `source` is the hex SHA-256 of the
    archived file that the text is from, "" if none is."""

    subject: Subject
    id: str
    day: date
    second: int
    head: str
    text: str
    marks: frozenset[str]


def mark(kind: str, value: str) -> str:
    """One mark: letters and digits only, and different for different values."""
    return kind + value.encode().hex()


def office(unit: str) -> str:
    """Of the unit whose office may read it. The unit that a filter names is another mark ("n"): not all that is a
    unit's is for its whole office."""
    return mark("u", unit)


def reader(account: str) -> str:
    """Of one account that may read it, whatever its unit."""
    return mark("a", account)


def asked_unit(unit: str) -> str:
    """Of a unit whose remarks were asked for."""
    return mark("g", unit)


def signer_marks(name: str) -> frozenset[str]:
    """Of each word of a signer's name, without marks."""
    return frozenset(mark("i", word.folded) for word in tokens(composed(name)))


def of_document(document: Document, content: Content | None, asked: Iterable[Asked], *, public: bool) -> Entry:
    """`public`: everybody may find it. `content` is the newest text, of a sealed one that of the archived file (None:
    it cannot be read)."""
    begun = document.created_at.astimezone(VIETNAM)
    day = document.issued_on or begun.date()
    people = [one for one in document.signers if one.role != "seal"]
    asked = tuple(asked)
    marks = {
        office(document.unit.id),
        mark("n", document.unit.id),
        mark("k", document.kind.value),
        mark("s", document.state.value),
        mark("y", str(day.year)),
        *(reader(one.account) for one in people),
        *(reader(one.account) for one in asked if one.account),
        *(asked_unit(one.unit) for one in asked if one.unit),
        *(found for one in people for found in signer_marks(one.name)),
    }
    if document.meeting_id:
        marks.add(mark("m", document.meeting_id))
    if public:
        marks.add(PUBLIC)
    head = " ".join((KIND_NAMES[document.kind], document.number_symbol or "", document.title))
    lines = [
        *(_lines(content) if content else ()),
        document.unit.name,
        *(f"{one.title} {one.name}".strip() for one in people),
    ]
    second = begun.hour * 3600 + begun.minute * 60 + begun.second
    return Entry(Subject.DOCUMENT, document.id, day, second, head, _joined(lines), frozenset(marks))


def of_meeting(proceedings: Proceedings, readers: Iterable[str]) -> Entry:
    """What is on record of a meeting that is over; `readers` are the accounts that may read its proceedings."""
    meeting = proceedings.meeting
    when: datetime = (proceedings.opened_at or meeting.starts_at).astimezone(VIETNAM)
    lines = [f"{item.title} {item.presenter}".strip() for item in meeting.agenda]
    lines += [change.after.title for change in proceedings.agenda_changes() if change.after]
    lines += [f"{one.text} {one.owner.name if one.owner else ''}".strip() for one in proceedings.conclusions()]
    lines += [f"{one.person.name}: {one.text}" for one in proceedings.written()]
    lines += [one.text for one in proceedings.noted()]
    lines += [f"{one.person.name}: {one.text}" for one in proceedings.late_statements()]
    lines += [vote.text for vote in proceedings.votes()]
    lines += [f"{person.name}, {person.title}" for person in meeting.people()]
    lines += [meeting.place, meeting.authority.name]
    marks = {
        mark("n", meeting.authority.id),
        mark("k", Subject.MEETING.value),
        mark("y", str(when.year)),
        mark("m", meeting.id),
        *(reader(account) for account in readers),
    }
    second = when.hour * 3600 + when.minute * 60 + when.second
    return Entry(Subject.MEETING, meeting.id, when.date(), second, meeting.title, _joined(lines), frozenset(marks))


def of_received(unit_id: str, one: Incoming, texts: Iterable[str]) -> Entry:
    """What came to a unit; `texts` are those of its file's pages. It is for the unit's office, as the register is."""
    said, entered = one.received, one.entered_at.astimezone(VIETNAM)
    marks = {office(unit_id), mark("k", Subject.RECEIVED.value), mark("y", str(said.arrived_on.year))}
    head = f"{said.kind_name or 'Công văn'} {said.number_symbol} {said.subject}"
    second = entered.hour * 3600 + entered.minute * 60 + entered.second
    id, text = f"{unit_id}/{one.year}/{one.number}", _joined([said.author, said.note, *texts])
    return Entry(Subject.RECEIVED, id, said.arrived_on, second, head, text, frozenset(marks))


def _joined(lines: Iterable[str]) -> str:
    return composed("\n".join(line for line in lines if line))


def _lines(content: Content) -> Iterator[str]:
    match content:
        case TextContent():
            yield from map(str, printed(content))
            for annex in printed_annexes(content, None, ""):
                yield from (annex.name, annex.title, *map(str, annex.lines))
            yield from (file.name for file in content.files)
        case InvitationContent():
            yield from (*content.invitees, content.chair_line, content.venue, *content.agenda, *content.notes)
            yield content.closing
        case MinutesContent():
            yield from (content.venue, content.chair_line, content.secretary_line)
            for part in content.course:
                yield from (part.heading, *part.paragraphs)
            for vote in content.votes:
                yield from (vote.text, vote.basis)
            yield from map(conclusion_sentences, content.conclusions)
            for group in content.attendance:
                yield group.unit
                yield from (f"{line.name}, {line.title}" for line in group.people)
    yield from content.recipients
