"""Paragraphs as the parts of minutes and invitations, which have words of their own in front of each."""

import re
from collections.abc import Callable, Mapping, Sequence

from minutes.blocks import ConclusionLine, conclusion_to_json
from minutes.document import KIND_NAMES, Kind
from minutes.reading import LINE
from minutes.text import URGENCIES
from minutes.word.line import Line, numbered
from minutes.word.outline import Value
from minutes.word.recognised import Piece
from minutes.wording import conclusion_said

_CALLS = re.compile(r".*(?i:kính mời)\s*:\s*(.*)", re.DOTALL)
_SECTIONS = (("nội dung", "course"), ("biểu quyết", "votes"), ("kết luận", "conclusions"))


def recognised_meeting(kind: Kind, lines: Sequence[Line]) -> tuple[Piece, ...]:
    """The parts of minutes or of an invitation."""
    pieces = _minutes(lines) if kind is Kind.MINUTES else _invitation(lines)
    ends = [
        Piece((("recipients", bare),), (at,))
        for at, line in enumerate(lines)
        if line.place == "end" and line.text.startswith("-") and (bare := line.text.lstrip("-– ").rstrip(" ;."))
    ]
    return (*pieces, *ends)


def _titled(kind: Kind, lines: Sequence[Line]) -> int:
    """The number of the first line below the name of the type."""
    name = KIND_NAMES[kind].upper()
    return next((at + 1 for at, line in enumerate(lines) if line.text.upper() == name), 0)


def _field(text: str) -> tuple[str, str]:
    """("địa điểm", "Trụ sở") of "Địa điểm: Trụ sở."."""
    name, colon, value = text.partition(":")
    return (name.strip().casefold(), value.strip().removesuffix("./.").rstrip(". ")) if colon else ("", text)


def _minutes(lines: Sequence[Line]) -> list[Piece]:
    pieces: list[Piece] = []
    stage = "title"
    for at in range(_titled(Kind.MINUTES, lines), len(lines)):
        line = lines[at]
        if line.place != "text" or line.rows:
            continue
        name, value = _field(line.text)
        section = next((part for word, part in _SECTIONS if name.startswith(word) and not value), None)
        if name == "thời gian bắt đầu":
            stage = "facts"
        elif stage == "title":
            pieces.append(Piece((("title", line.text),), (at,)))
        elif name == "địa điểm" and stage == "facts":
            pieces.append(Piece((("venue", value),), (at,)))
        elif line.text.startswith("Cuộc họp kết thúc"):
            stage = "closed"
        elif section is not None and line.bold:
            stage = section
        elif stage in _GROWING:
            _GROWING[stage](pieces, at, line)
    return pieces


def _before(pieces: list[Piece]) -> Value:
    return pieces[-1].values[0] if pieces else ("", None)


def _course(pieces: list[Piece], at: int, line: Line) -> None:
    part, value = _before(pieces)
    heads = line.bold and len(line.text) <= LINE  # a whole paragraph that is bold is none
    if heads or part != "course":
        heading = numbered(line.text)[1] if heads else "…"
        said = {"heading": heading, "paragraphs": [] if heads else [line.text]}
        pieces.append(Piece((("course", said),), (at,)))
    else:
        grown = {**value, "paragraphs": [*value["paragraphs"], line.text]}
        pieces[-1] = Piece((("course", grown),), (*pieces[-1].at, at))


def _conclusion(pieces: list[Piece], at: int, line: Line) -> None:
    label, text = numbered(line.text)
    before: tuple[int, ...] = ()
    part, value = _before(pieces)
    if label != "clause" and part == "conclusions":
        text = f"{value['text']}\n{line.text}"
        before = pieces.pop().at
    made = conclusion_said(text) or ConclusionLine(text, None, None)
    pieces.append(Piece((("conclusions", conclusion_to_json(made)),), (*before, at)))


_GROWING: Mapping[str, Callable[[list[Piece], int, Line], None]] = {"course": _course, "conclusions": _conclusion}


_STAMPS = {words: name for name, words in URGENCIES.items()}


def _invitation(lines: Sequence[Line]) -> list[Piece]:
    stamped = [(at, line.text.upper()) for at, line in enumerate(lines) if line.place == "head"]
    pieces = [Piece((("urgency", _STAMPS[text]),), (at,)) for at, text in stamped if text in _STAMPS]
    stage = "subject"
    for at in range(_titled(Kind.INVITATION, lines), len(lines)):
        text = lines[at].text
        if lines[at].place != "text" or not text:
            continue
        name, value = _field(text)
        calls = _CALLS.fullmatch(text)
        values: tuple[Value, ...] = ()
        if calls is not None:
            stage = "invitees"
            values = (("invitees", calls[1].rstrip(" .;")),) if calls[1].strip() else ()
        elif name in _FIELDS:
            stage, part = "facts", _FIELDS[name]
            values = ((part, value),) if part else ()
            stage = "agenda" if name == "nội dung, chương trình" else stage
        else:
            values, stage = _said(stage, text)
        pieces.append(Piece(values, (at,)))
    return pieces


_FIELDS: Mapping[str, str] = {
    "tới dự": "", "thời gian": "", "nội dung, chương trình": "", "chủ trì": "chair_line", "địa điểm": "venue",
}  # fmt: skip


def _said(stage: str, text: str) -> tuple[tuple[Value, ...], str]:
    if text.endswith("./."):
        return (("closing", text.removesuffix("./.").rstrip()),), "closed"
    if stage == "subject":
        return (("subject", text),), stage
    if stage == "invitees":
        return (("invitees", text.lstrip("-– ").rstrip(" ;.")),), stage
    label, rest = numbered(text)
    if stage == "agenda" and label == "clause":
        return (("agenda", rest.rstrip(". ")),), stage
    return (("notes", text),), "notes"
