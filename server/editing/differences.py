"""What became of a text between two versions, block by block and word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from minutes.text import CIRCULATIONS, URGENCIES
from server.editing.layout import Plain, plain_of
from server.editing.shapes import Part

Json = dict[str, Any]
Sort = Literal["same", "in", "out"]

MARKS: Mapping[str, str] = dict([*URGENCIES.items(), *CIRCULATIONS.items()])
"""Of a block that is one choice: in which words it is printed."""

ALIKE = 0.45
"""Share of words from which on two blocks at one place are one that was changed."""
_WORD = re.compile(r"\d+(?:[/.,-]\d+)+|\w+|\s+|[^\w\s]")
_LONGEST = 4000
"""Words of a block above which it is compared line by line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that stayed, was put in, or was taken out."""

    sort: Sort
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A block of one or both texts. `kind`: "same", "changed", "in" or "out"."""

    kind: Literal["same", "changed", "in", "out"]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A part of the document; `label` is a msgid."""

    label: str
    rows: tuple[Row, ...]

    @property
    def changed(self) -> bool:
        return any(row.kind != "same" for row in self.rows)


def compared(parts: Sequence[Part], old: Json, new: Json) -> tuple[Compared, ...]:
    """Each part of two contents of one kind of document."""
    found = []
    for part in parts:
        before, after = ([told(one) for one in plain_of(part, content.get(part.name))] for content in (old, new))
        found.append(Compared(part.label, tuple(_rows(before, after))))
    return tuple(found)


def told(one: Plain) -> str:
    """A block as text, a line for each of its fields."""
    if "value" in one.values:
        return MARKS.get(one.values["value"], "")
    if one.inside:
        return "\n".join([told(replace(one, inside=())), *map(told, one.inside)])
    if one.cells:
        return "\n".join(" | ".join(row) for row in one.cells)
    order: Mapping[str, str] = {
        **one.texts,
        **{name: value for name, value in one.values.items() if name == "deadline"},
    }
    return "\n".join(text for text in order.values() if text)


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from (Row("same", (Piece("same", text),)) for text in old[a:b])
        else:
            yield from _replaced(list(old[a:b]), list(new[c:d]))


def _replaced(old: list[str], new: list[str]) -> Iterator[Row]:
    """Of what stands at one place, in order: a block that has become another one, and those that are only in one."""
    while old and new:
        if alike(old[0], new[0]) >= ALIKE:
            yield Row("changed", words(old.pop(0), new.pop(0)))
        elif any(alike(one, new[0]) >= ALIKE for one in old[1:20]):
            yield _only("out", old.pop(0))
        else:
            yield _only("in", new.pop(0))
    yield from (_only("out", text) for text in old)
    yield from (_only("in", text) for text in new)


def _only(sort: Literal["in", "out"], text: str) -> Row:
    return Row(sort, (Piece(sort, text),))


def alike(one: str, other: str) -> float:
    """From 0 to 1: how many words two texts share."""
    matcher = SequenceMatcher(None, one.split(), other.split(), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def words(old: str, new: str) -> tuple[Piece, ...]:
    """What was put in and taken out between two texts, in whole words. The pieces that are not "in" make the old text,
    those that are not "out" the new one."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) + len(after) > _LONGEST:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[Piece] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Piece("same", "".join(before[a:b])))
            continue
        if b > a:
            found.append(Piece("out", "".join(before[a:b])))
        if d > c:
            found.append(Piece("in", "".join(after[c:d])))
    return tuple(_joined(found))


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """A single space between two changes belongs to them: a sentence that was rewritten reads as one."""
    out, put = "", ""
    for at, piece in enumerate(pieces):
        lonely = piece.sort == "same" and piece.text == " " and 0 < at < len(pieces) - 1
        if piece.sort == "same" and not lonely:
            yield from (one for one in (Piece("out", out), Piece("in", put)) if one.text)
            yield piece
            out, put = "", ""
            continue
        out += piece.text if piece.sort != "in" else ""
        put += piece.text if piece.sort != "out" else ""
    yield from (one for one in (Piece("out", out), Piece("in", put)) if one.text)
