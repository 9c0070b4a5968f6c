"""Paragraphs as the parts of a text, by what they look like. Only what is plain to see is told apart; everything else
is a paragraph."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from minutes.blocks import conclusion_to_json
from minutes.document import KIND_NAMES, Kind
from minutes.reading import LINE
from minutes.starting import GAP
from minutes.templates import template_of
from minutes.text import CIRCULATIONS, URGENCIES
from minutes.word.line import Line, numbered
from minutes.word.outline import Value
from minutes.wording import conclusion_said

TITLES = frozenset(name.upper() for name in KIND_NAMES.values())
_BASIS = re.compile(r"(?i:căn cứ|theo đề nghị|xét)\s")
_GOES_WITH = re.compile(r"\(?(?i:ban hành )?(?i:kèm theo)\s")
_SENDS = re.compile(r"(.*)\s(?i:điện):\s*(.*)", re.DOTALL)
_INITIALS = re.compile(r"([^\W\d_]{2,10})(?:\.(\d{1,5}))?")
_MARKS: dict[str, Value] = {words: ("urgency", name) for name, words in URGENCIES.items()}
_MARKS |= {words: ("circulation", name) for name, words in CIRCULATIONS.items()}
_HEADINGS = ("part", "chapter", "section", "roman")
TITLE = 160
"""Signs of the longest title of an article that nothing but its length and its end gives away."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What some lines say; `at` are their numbers."""

    values: tuple[Value, ...]
    at: tuple[int, ...]


@dataclass(slots=True)
class _Found:
    """`stage`: "head" until the subject, then "bases", "body", "end" from the recipients, "annex". `waiting`: a heading
    whose text is the next line."""

    kind: Kind
    lines: Sequence[Line]
    ours: bool
    stage: str = "head"
    titled: bool = False
    subject: int = 0
    addressing: bool = False
    waiting: bool = False
    pieces: list[Piece] = field(default_factory=list)

    def has(self, part: str) -> bool:
        return part in template_of(self.kind).parts

    def say(self, at: int, *values: Value) -> None:
        self.pieces.append(Piece(values, (at,)))


def recognised(kind: Kind, lines: Sequence[Line], *, ours: bool) -> tuple[Piece, ...]:
    """The parts of a document of `kind`, none of minutes' or invitations' kind."""
    found = _Found(kind, lines, ours)
    for at, line in enumerate(lines):
        if found.pieces and at in found.pieces[-1].at:
            continue  # read with the one before
        match line.place:
            case "head":
                _letterhead(found, at, line.text)
            case "foot":
                if ours and found.has("contact"):
                    found.say(at, ("contact", line.text))
            case "end":
                found.stage = "end"
                _ending(found, at, line.text)
            case "text":
                _text(found, at, line)
    return tuple(_concluded(found))


def _letterhead(found: _Found, at: int, text: str) -> None:
    if text.upper() in _MARKS:
        found.say(at, _MARKS[text.upper()])
    elif text.casefold().startswith("v/v"):
        found.say(at, ("subject", text[3:].strip(" .:")))
        found.subject = at + 1
    elif found.subject == at and at and text[0].islower() and " ngày " not in text:  # the subject goes on
        *rest, before = found.pieces
        said = f"{before.values[0][1]} {text}"
        found.pieces = [*rest, Piece((("subject", said),), (*before.at, at))]
        found.subject = at + 1


def _ending(found: _Found, at: int, text: str) -> None:
    bare = text.lstrip("-–+ ").rstrip(" ;.").strip()
    if text.startswith(("-", "–", "+")) and bare:
        found.say(at, ("recipients", bare))
    elif found.ours and (match := _INITIALS.fullmatch(text)) is not None and text.split(".")[0].isupper():
        found.say(at, ("drafter", match[1]), ("copies", int(match[2]) if match[2] else None))


def _text(found: _Found, at: int, line: Line) -> None:
    lowered = line.text.casefold()
    if line.rows:
        if found.stage != "end":
            found.stage = "annex" if found.stage == "annex" else "body"
            found.say(at, (_body(found), _table(line)))
    elif found.stage != "head" and _begins_annex(found, at):
        _annex(found, at)
    elif found.stage == "annex" and _GOES_WITH.match(line.text) and line.text.startswith("("):
        return
    elif lowered.startswith("nơi nhận"):
        found.stage = "end"
        for row in line.text.split("\n")[1:]:
            _ending(found, at, row.strip())
    elif found.stage == "end":
        _ending(found, at, line.text)
    elif found.stage == "head":
        _head(found, at, line, lowered)
    else:
        _block(found, at, line)


def _body(found: _Found) -> str:
    return "annexed" if found.stage == "annex" else "body"


def _table(line: Line) -> dict[str, Any]:
    width = max(map(len, line.rows))
    header, *rows = ([*row, *[""] * (width - len(row))] for row in line.rows)
    return {"block": "table", "header": [" ".join(cell.split()) for cell in header], "rows": rows}


# --- before the text ------------------------------------------------------------------------------------------


def _head(found: _Found, at: int, line: Line, lowered: str) -> None:
    text, place = line.text, template_of(found.kind).subject
    if text.upper() in TITLES:
        found.titled = True
    elif lowered.startswith("v/v"):
        _letterhead(found, at, text)
    elif lowered.startswith("kính gửi") or (found.kind is Kind.TELEGRAM and _SENDS.match(text)):
        _addressed(found, at, text)
    elif found.addressing and text.startswith("-"):
        _addressee(found, at, text)
    elif _BASIS.match(text):
        found.stage = "bases"
        _block(found, at, line)
    elif found.titled and found.subject and found.has("competence") and text.isupper():
        found.say(at, ("competence", text))
    elif place == "title" and found.titled and (not found.subject or (line.bold and found.subject < 3)):
        found.say(at, ("subject", text))
        found.subject += 1
    elif found.titled or found.subject or found.addressing or numbered(text)[0] or not _looks_like_head(text, lowered):
        found.stage = "body"
        _block(found, at, line)


def _looks_like_head(text: str, lowered: str) -> bool:
    """A line of the letterhead that stands outside a table: names, number, motto, date."""
    return text.isupper() or lowered.startswith(("số:", "độc lập", "---", "___")) or " ngày" in lowered[:60]


def _addressed(found: _Found, at: int, text: str) -> None:
    found.addressing = True
    rest = text.partition(":")[2]
    sends = _SENDS.match(text) if found.kind is Kind.TELEGRAM else None
    competence: tuple[Value, ...] = (("competence", sends[1].strip()),) if sends else ()
    if not found.has("addressees"):
        found.stage = "body"
        _block(found, at, Line(text))
    elif rest.strip() or sends:
        rest = sends[2] if sends else rest
        names = tuple(("addressees", row) for row in map(_bare, rest.split("\n")) if row)
        found.say(at, *competence, *names)


def _addressee(found: _Found, at: int, text: str) -> None:
    if found.has("addressees"):
        found.say(at, ("addressees", _bare(text)))


def _bare(text: str) -> str:
    return text.strip().lstrip("-–+ ").rstrip(" ;.").strip()


# --- the text -------------------------------------------------------------------------------------------------


def _block(found: _Found, at: int, line: Line) -> None:
    text = line.text
    if found.stage == "bases" and _BASIS.match(text) and found.has("bases"):
        found.say(at, *(("bases", row.strip().rstrip(";.,")) for row in text.split("\n") if row.strip()))
        return
    bare = text.rstrip(": ").upper()
    if found.stage in ("head", "bases", "body") and (bare in TITLES or bare == "QUYẾT NGHỊ"):
        return  # the order between bases and articles, which the layout has
    found.stage = "annex" if found.stage == "annex" else "body"
    label, rest = numbered(text)
    if found.waiting and not label and (line.bold or rest.isupper()) and len(rest) <= LINE:
        before = found.pieces[-1]
        part, block = before.values[0]
        found.pieces[-1] = Piece(((part, {**block, "text": rest}),), (*before.at, at))
        found.waiting = False
        return
    blocks = _blocks(found, at, line, label, rest)
    found.waiting = label in ("part", "chapter", "section") and not rest
    found.say(at, *((_body(found), one) for one in blocks))


def _blocks(found: _Found, at: int, line: Line, label: str, rest: str) -> list[dict[str, Any]]:
    heading = {"block": "heading", "level": "section" if label == "roman" else label, "text": " ".join(rest.split())}
    if label == "article":
        if _is_title(found, at, line, rest):
            return [heading]
        return [{**heading, "text": ""}, *([_paragraph(0, rest)] if rest else [])]
    if label in _HEADINGS and len(rest) <= LINE:
        return [heading]
    if line.heading and len(line.text) <= LINE:
        return [{"block": "heading", "level": "section", "text": " ".join(line.text.split())}]
    if label == "point":
        return [_paragraph(2, rest)]
    if label == "clause":
        task = conclusion_said(rest)
        return [{"block": "conclusion", **conclusion_to_json(task)} if task else _paragraph(1, rest)]
    return [_paragraph(0 if line.level is None else min(line.level + 1, 2), line.text)]


def _paragraph(level: int, text: str) -> dict[str, Any]:
    return {"block": "paragraph", "level": level, "text": text}


def _is_title(found: _Found, at: int, line: Line, rest: str) -> bool:
    """Whether what stands behind "Điều 3." is its title: it is bold like the number, or, where nothing in the file is
    bold, short, without an end, and followed by paragraphs of its own."""
    if not rest or len(rest) > LINE:
        return False
    if any(one.bold for one in found.lines):
        return line.bold
    behind = found.lines[at + 1 :][:1]
    goes_on = bool(behind) and not behind[0].rows and numbered(behind[0].text)[0] in ("clause", "point", "")
    return len(rest) <= TITLE and not rest.endswith((".", ";", ":", "./.")) and goes_on


# --- annexes --------------------------------------------------------------------------------------------------


def _begins_annex(found: _Found, at: int) -> bool:
    """ "Phụ lục II", or a name with "(Kèm theo …)" below."""
    text = found.lines[at].text
    if numbered(text)[0] == "annex" and len(text) <= LINE and (found.stage in ("end", "annex") or text.isupper()):
        return True
    if found.stage not in ("end", "annex") or numbered(text)[0] or not (text.isupper() or found.lines[at].bold):
        return False
    behind = found.lines[at + 1 : at + 4]
    place = next((n for n, one in enumerate(behind) if one.text.startswith("(") and _GOES_WITH.match(one.text)), None)
    started = found.stage == "annex" and any(at in piece.at for piece in found.pieces)
    return place is not None and place > 0 and not started


def _annex(found: _Found, at: int) -> None:
    found.stage = "annex"
    label, rest = numbered(found.lines[at].text)
    named = label == "annex"
    title = rest.strip(" .:") if named else ""
    rows: tuple[int, ...] = (at,)
    if not title and at + 1 < len(found.lines):
        title, rows = found.lines[at + 1].text, (at, at + 1)
    name = "" if named else found.lines[at].text.capitalize()
    said = {"name": name, "title": " ".join(title.split()) or GAP}
    found.pieces.append(Piece((("annex", said),), rows))


# --- the whole ------------------------------------------------------------------------------------------------


def _concluded(found: _Found) -> list[Piece]:
    """What only the whole shows: which sentence closes the text, and what introduces it."""
    pieces = found.pieces
    places = [n for n, piece in enumerate(pieces) if any(part == "body" for part, _value in piece.values)]
    if places:
        pieces[places[-1]] = _last(found, pieces[places[-1]], alone=len(places) == 1)
    plain = [n for n in places if _is_plain(pieces[n])]
    leading = [n for n, other in zip(plain, places, strict=False) if n == other]
    if found.has("intro") and len(leading) < len(places) and len(plain) < len(places):
        for n in leading:
            pieces[n] = replace(pieces[n], values=tuple(("intro", block["text"]) for _part, block in pieces[n].values))
    return [replace(piece, values=tuple(filter(_says_something, piece.values))) for piece in pieces]


def _says_something(value: Value) -> bool:
    """An article may be without a title; nothing else may be without a text."""
    part, one = value
    if part in ("body", "annexed"):
        return one["block"] == "table" or one.get("level") == "article" or bool(one["text"])
    return bool(one)


def _is_plain(piece: Piece) -> bool:
    return all(part == "body" and block["block"] == "paragraph" and block["level"] == 0 for part, block in piece.values)


def _last(found: _Found, piece: Piece, *, alone: bool) -> Piece:
    part, block = piece.values[-1]
    said = str(block.get("text", "")).rstrip()
    if not said.endswith("./."):
        return piece
    bare = said.removesuffix("./.").rstrip()
    if _is_plain(piece) and found.has("closing") and not alone and len(bare) <= LINE:
        return replace(piece, values=(("closing", bare),))
    ended = f"{bare.rstrip('. ')}." if bare else ""
    return replace(piece, values=(*piece.values[:-1], (part, {**block, "text": ended})))
