"""A Word file as the parts of a document.

One that was written here bears its content (writing.py). Where a paragraph still reads as that content was written, it
is that content, word for word: nothing is lost by the way through Word, not the unit that a conclusion names nor the
letters of a line that was printed in capitals. What somebody has changed since, and all of a file from elsewhere, goes
by what it looks like.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from minutes.content import Content, read_unmarked
from minutes.document import Kind
from minutes.errors import InvalidContent
from minutes.word.line import Line, flattened, key, read_lines
from minutes.word.meetings import recognised_meeting
from minutes.word.outline import Entry, Value, outline
from minutes.word.recognised import Piece, recognised

Json = dict[str, Any]

_MEETINGS = (Kind.MINUTES, Kind.INVITATION)
_SINGLE: Mapping[str, str | None] = {
    "competence": "", "closing": "", "urgency": None, "circulation": None, "drafting_unit": "", "drafter": "",
    "copies": None, "venue": "", "chair_line": "",
}  # fmt: skip
"""Parts that are one thing, and what they are where they were taken out."""
_IN_LINES = frozenset({"subject", "title"})
_LISTS: Mapping[Kind | None, tuple[str, ...]] = {
    None: ("addressees", "bases", "intro", "body", "recipients", "annexes", "contact"),
    Kind.MINUTES: ("course", "conclusions", "recipients"),
    Kind.INVITATION: ("invitees", "agenda", "notes", "recipients"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """The parts of a content's JSON that the file has. `ours`: it was written here, from a document of this kind."""

    parts: Json
    ours: bool


def taken(kind: Kind, data: object, agency: str) -> Taken:
    """What a file says as a document of `kind` of the authority called `agency`; `data` is what server/read_docx.py
    made of the file. Raises ValueError for data of another form. The parts are not checked (minutes.content)."""
    if not isinstance(data, dict):
        raise ValueError("no object")
    source = _source(kind, data)
    lines = flattened(read_lines(data.get("lines")), ours=source is not None)
    pieces = recognised_meeting(kind, lines) if kind in _MEETINGS else recognised(kind, lines, ours=source is not None)
    if source is None:
        return Taken({name: value for name, value in _gathered(kind, pieces).items() if value}, ours=False)
    entries = outline(source, agency)
    standing = _standing(entries, lines, pieces)
    covered = {at for places in standing.values() for at in places}
    unwritten = [Piece(entry.values, ()) for entry in entries if not entry.lines]
    known = [Piece(entries[n].values, places) for n, places in standing.items()]
    others = [piece for piece in pieces if covered.isdisjoint(piece.at)]
    ordered = sorted([*known, *others], key=lambda piece: piece.at[0])
    gone = {part: _SINGLE[part] for entry in entries for part, _value in entry.values if part in _SINGLE}
    return Taken(gone | _gathered(kind, [*unwritten, *ordered]), ours=True)


def _source(kind: Kind, data: Json) -> Content | None:
    if data.get("kind") != kind.value:
        return None
    try:
        return read_unmarked(kind, data.get("source"))
    except InvalidContent:
        return None


def _standing(entries: Sequence[Entry], lines: Sequence[Line], pieces: Sequence[Piece]) -> dict[int, tuple[int, ...]]:
    """Which entries (by number) still stand in the file, and in which lines. One to which something was added that
    belongs to it stands no more."""
    owners = [n for n, entry in enumerate(entries) for _ in entry.lines]
    wanted = [(line.place, key(line)) for entry in entries for line in entry.lines]
    matcher = SequenceMatcher(None, wanted, [(line.place, key(line)) for line in lines])
    places: dict[int, list[int]] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            places.setdefault(owners[block.a + step], []).append(block.b + step)
    standing = {n: tuple(at) for n, at in places.items() if len(at) == len(entries[n].lines) and _in_a_row(at)}
    while fallen := _grown(standing, pieces):
        standing = {n: at for n, at in standing.items() if n not in fallen}
    return standing


def _grown(standing: Mapping[int, tuple[int, ...]], pieces: Iterable[Piece]) -> set[int]:
    of_line = {at: n for n, found in standing.items() for at in found}
    mixed = (piece.at for piece in pieces if not all(at in of_line for at in piece.at))
    return {of_line[at] for places in mixed for at in places if at in of_line}


def _in_a_row(places: Sequence[int]) -> bool:
    return list(places) == list(range(places[0], places[0] + len(places)))


def _gathered(kind: Kind, pieces: Iterable[Piece]) -> Json:
    """The values of pieces, in their order, as the parts of a content."""
    parts: Json = {name: [] for name in _LISTS.get(kind, _LISTS[None])}
    said: dict[str, list[str]] = {}
    for piece in pieces:
        for part, value in piece.values:
            _put(parts, said, (part, value))
    return parts | {part: "\n".join(rows) for part, rows in said.items()}


def _put(parts: Json, said: dict[str, list[str]], value: Value) -> None:
    part, one = value
    if part in _IN_LINES:
        said.setdefault(part, []).append(one)
    elif part in _SINGLE:
        parts[part] = one
    elif part == "annex":
        parts["annexes"].append({**one, "body": []})
    elif part == "annexed":
        if parts["annexes"]:
            parts["annexes"][-1]["body"].append(one)
    elif part in parts:
        parts[part].append(one)
