"""In which paragraphs of a Word file each part of a content is written (writing.py writes them)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from minutes.blocks import block_to_json, conclusion_to_json
from minutes.content import Content, InvitationContent, MinutesContent
from minutes.printed import (
    Piece,
    Printed,
    body_pieces,
    initials,
    letter_subject,
    printed_annexes,
    printed_files,
    printed_pieces,
)
from minutes.templates import template_of
from minutes.text import CIRCULATIONS, URGENCIES, TextContent
from minutes.word.line import Line, Place
from minutes.wording import closed, conclusion_sentences, invited, punctuated, stopped

Value = tuple[str, Any]
"""A part of a content's JSON, and one of the things in it. An "annex" is its name and title alone, "annexed" are the
blocks of the one before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Values of a content, and the lines in which they are written; without lines they are nowhere to be read."""

    values: tuple[Value, ...]
    lines: tuple[Line, ...]


def outline(content: Content, agency: str) -> tuple[Entry, ...]:
    """All that a document of the authority called `agency` says, in the order of the page."""
    match content:
        case MinutesContent():
            return tuple(_minutes(content))
        case InvitationContent():
            return tuple(_invitation(content, agency))
        case TextContent():
            return tuple(_text(content))
        case _:
            assert_never(content)


def _entry(part: str, value: Any, *texts: str, place: Place = "text") -> Entry:
    return Entry(((part, value),), _lines(texts, place))


def _lines(texts: Iterable[str], place: Place = "text") -> tuple[Line, ...]:
    return tuple(Line(text, place=place) for text in texts if text.strip())


def _recipients(recipients: Iterable[str]) -> Iterator[Entry]:
    rows = list(recipients)
    for value, line in zip(rows, punctuated(rows), strict=True):
        yield _entry("recipients", value, *f"- {line}".split("\n"), place="end")


# --- texts ----------------------------------------------------------------------------------------------------


def _text(content: TextContent) -> Iterator[Entry]:
    yield from _letterhead(content)
    pieces = printed_pieces(content)
    written = {part for piece in pieces for part, _value in piece.values}
    if "competence" not in written:
        yield _entry("competence", content.competence)
    if not content.closing:
        yield _entry("closing", "")
    yield from map(_of_piece, pieces)
    yield _entry("drafting_unit", content.drafting_unit)
    yield from _recipients(content.recipients)
    yield Entry((("drafter", content.drafter), ("copies", content.copies)), _lines([initials(content)], "end"))
    for annex, shown in zip(content.annexes, printed_annexes(content, None, ""), strict=True):
        named = {"name": annex.name, "title": annex.title}
        yield _entry("annex", named, shown.name, shown.title.upper())
        yield from (_of_piece(piece, "annexed") for piece in body_pieces(annex.body))
    for shown in printed_files(content, None, ""):  # files are attached and taken off elsewhere, never by a Word file
        yield _entry("files", "", shown.name, shown.title.upper())
        yield from (Entry((("files", ""),), _of_printed(line)) for line in shown.lines)
    for line in content.contact:
        yield _entry("contact", line, line, place="foot")


def _letterhead(content: TextContent) -> Iterator[Entry]:
    """What stands beside and below the number, then the title of those that have one."""
    place, subject = template_of(content.kind).subject, content.subject
    if place == "number":
        yield _entry("subject", subject, *letter_subject(subject).split("\n"), place="head")
    urgency, circulation = content.urgency, content.circulation
    yield _entry("urgency", urgency, URGENCIES[urgency] if urgency else "", place="head")
    yield _entry("circulation", circulation, CIRCULATIONS[circulation] if circulation else "", place="head")
    if place != "number":
        yield _entry("subject", subject, *(subject.split("\n") if place == "title" else ()))


def _of_piece(piece: Piece, body: str = "body") -> Entry:
    values = tuple(
        (body if part == "body" else part, value if isinstance(value, str) else block_to_json(value))
        for part, value in piece.values
    )
    return Entry(values, tuple(line for one in piece.lines for line in _of_printed(one)))


def _of_printed(line: Printed) -> tuple[Line, ...]:
    if line.table is not None:
        return (Line("", rows=(line.table.header, *line.table.rows), ruled=True),)
    if line.style in ("part", "chapter", "section"):
        return _lines([line.label, line.text])
    return _lines([f"{line.label} {line.text}"])


# --- of meetings ----------------------------------------------------------------------------------------------


def _minutes(content: MinutesContent) -> Iterator[Entry]:
    yield _entry("title", content.title, *content.title.split("\n"))
    yield _entry("venue", content.venue, f"Địa điểm: {stopped(content.venue)}")
    for at, part in enumerate(content.course, 1):
        rows = (row for text in part.paragraphs for row in text.split("\n"))
        value = {"heading": part.heading, "paragraphs": list(part.paragraphs)}
        yield _entry("course", value, f"{at}. {part.heading}", *rows)
    for at, line in enumerate(content.conclusions, 1):
        said = f"{at}. {conclusion_sentences(line)}"
        yield _entry("conclusions", conclusion_to_json(line), *said.split("\n"))
    yield from _recipients(content.recipients)


def _invitation(content: InvitationContent, agency: str) -> Iterator[Entry]:
    yield _entry("urgency", content.urgency, URGENCIES[content.urgency] if content.urgency else "", place="head")
    yield _entry("subject", content.subject, *content.subject.split("\n"))
    values = tuple(("invitees", line) for line in content.invitees)
    yield Entry(values, _lines(invited(content.invitees, agency)))
    yield _entry("chair_line", content.chair_line, f"Chủ trì: {stopped(content.chair_line)}")
    yield _entry("venue", content.venue, f"Địa điểm: {stopped(content.venue)}")
    for at, line in enumerate(content.agenda, 1):
        yield _entry("agenda", line, f"{at}. {stopped(line)}")
    yield from (_entry("notes", note, note) for note in content.notes)
    yield _entry("closing", content.closing, closed(content.closing))
    yield from _recipients(content.recipients)
