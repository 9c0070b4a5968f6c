"""What a Word file says, paragraph by paragraph (server/read_docx.py reads it), and where each stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
LINES = 20_000
"""Paragraphs and tables of one file."""

Place = Literal["text", "head", "end", "foot"]
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, or a table (`rows`, the header first). `bold`: all of it is. `level`: of an automatic number, from
    0. `heading`: it has a style of that name. `ruled`: the table has lines. `place`: in the text, in the letterhead,
    beside the signatures, or in the foot of the first page."""

    text: str
    bold: bool = False
    level: int | None = None
    heading: bool = False
    rows: Rows = ()
    ruled: bool = False
    place: Place = "text"


def read_lines(data: object) -> tuple[Line, ...]:
    """The lines out of JSON, as the reader of strangers' files wrote it. Raises ValueError for anything else."""
    if not isinstance(data, list) or len(data) > LINES:
        raise ValueError("no lines")
    return tuple(map(_line, data))


def _line(one: Any) -> Line:
    if not isinstance(one, dict):
        raise ValueError("no line")
    if "rows" in one:
        rows = tuple(tuple(map(_text, _list(row))) for row in _list(one["rows"]))
        return Line("", rows=rows, ruled=one.get("ruled") is True)
    level = one.get("level")
    place: Place = "foot" if one.get("foot") is True else "text"
    return Line(
        _text(one.get("text")),
        one.get("bold") is True,
        level if type(level) is int and 0 <= level < 10 else None,
        one.get("heading") is True,
        place=place,
    )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValueError("no list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def flattened(lines: Sequence[Line], *, ours: bool) -> tuple[Line, ...]:
    """The tables that are none but hold letterhead, recipients and signatures side by side become their lines. In a
    file of `ours` these are the tables without lines."""
    found: list[Line] = []
    for line in lines:
        place = _place_of(line, found, ours=ours) if line.rows else None
        if place is None:
            found.append(line)
        else:
            found += (Line(text, place=place) for text in _cells(line.rows))
    return tuple(found)


def _place_of(line: Line, before: Sequence[Line], *, ours: bool) -> Place | None:
    whole = " ".join(map(" ".join, line.rows)).upper()
    first = all(one.place == "head" for one in before)
    if first and COUNTRY in whole:
        return "head"
    if line.ruled:
        return None
    if ours or "NƠI NHẬN" in whole:
        return "head" if first else "end"
    texts = [one for one in before if one.place == "text" and one.text]
    return "end" if texts and texts[-1].text.endswith("./.") else None


def _cells(rows: Rows) -> Iterator[str]:
    """Recipients stand on the left and signatures on the right: cell by cell."""
    for row in rows:
        for cell in row:
            yield from (text for part in cell.split("\n") if (text := part.strip()))


_LABELS = (
    ("article", re.compile(r"(?i:điều)\s+\d+\s*[.:]?\s*")),
    ("part", re.compile(r"(?i:phần)\s+(?:thứ\s+\w+|[IVXLC]+|\d+)\s*[.:]?\s*")),
    ("chapter", re.compile(r"(?i:chương)\s+(?:[IVXLC]+|\d+)\s*[.:]?\s*")),
    ("section", re.compile(r"(?i:mục)\s+(?:[IVXLC]+|\d+)\s*[.:]?\s*")),
    ("annex", re.compile(r"(?i:phụ lục)(?:\s+(?:[IVXLC]+|\d+))?\s*[.:]?\s*")),
    ("roman", re.compile(r"[IVX]+\.\s+")),
    ("clause", re.compile(r"\d{1,4}[.)]\s+")),
    ("point", re.compile(r"[a-zđ]{1,3}\)\s+")),
)


def numbered(text: str) -> tuple[str, str]:
    """What kind of number a paragraph begins with ("article", "clause", … or ""), and the text behind it."""
    for label, pattern in _LABELS:
        if (match := pattern.match(text)) is not None:
            return label, text[match.end() :]
    return "", text


_HIDDEN = re.compile("[\u00ad\u200b\u2060\ufeff]")


def key(line: Line) -> tuple[Any, ...]:
    """By what a paragraph is known again: its text, whatever number it has now."""
    label, text = numbered(_plain(line.text))
    return tuple(tuple(map(_plain, row)) for row in line.rows), label, text


def _plain(text: str) -> str:
    return " ".join(_HIDDEN.sub("", text).split())
