"""The body of a document as blocks: headings, numbered paragraphs, tables, conclusions, to and from JSON.

Numbers are never stored: `labelled` computes them (Decree 30/2020, Appendix I, section II.5), so a block that is moved
or taken out leaves no gap.

JSON of a block:

    {"block": "heading", "level": "part" | "chapter" | "section" | "article", "text": "…"}    an article's may be ""
    {"block": "paragraph", "level": 0 | 1 | 2, "text": "…"}                                   plain, "1.", "a)"
    {"block": "table", "header": ["…"], "rows": [["…"]]}                                      cells may be ""
    {"block": "conclusion", "text": "…", "owner_unit": "…" | null, "co_units": ["…"], "deadline": "2026-02-28" | null,
     "item": "…" | null}
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, assert_never, cast

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import PARAGRAPH, Reader

BLOCKS = 2000
"""Blocks in one body."""
COLUMNS = 20

Level = Literal["part", "chapter", "section", "article"]
LEVELS: tuple[Level, ...] = ("part", "chapter", "section", "article")

_LETTERS = "abcdđeghiklmnopqrstuvxy"
"""The Vietnamese alphabet without the letters with marks, as points (điểm) are counted."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Phần, chương, mục or điều. An article without a text of its own is run in before the paragraph that follows."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`level` 0 is plain, 1 a khoản ("1."), 2 a điểm ("a)"). Lines in `text` are separate paragraphs in print."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Every row is as long as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ConclusionLine:
    """What is to be done: which unit leads, which help, until when, and from which item of the agenda it comes."""

    text: str
    owner_unit: str | None
    deadline: date | None
    co_units: tuple[str, ...] = ()
    item: str | None = None


Block = Heading | Paragraph | Table | ConclusionLine


def labelled(body: Iterable[Block]) -> list[tuple[str, Block]]:
    """Each block with the number that is printed before it; "" where there is none.

    Parts ("Phần I"), chapters ("Chương I") and articles ("Điều 1.") run through; sections ("Mục 1") begin anew in each
    chapter or part, and where the text has neither they are "I.", as in plans and reports. Paragraphs ("1.") and
    conclusions begin anew below each heading, points ("a)") below each paragraph.
    """
    counts: dict[str | int, int] = dict.fromkeys((*LEVELS, 1, 2), 0)
    labels: list[tuple[str, Block]] = []
    for block in body:
        match block:
            case Heading(level):
                counts |= {level: counts[level] + 1, 1: 0, 2: 0}
                if level in ("part", "chapter"):
                    counts["section"] = 0
                labels.append((_heading_label(level, counts), block))
            case Paragraph(2):
                counts[2] += 1
                labels.append((f"{_letter(counts[2])})", block))
            case ConclusionLine() | Paragraph(1):
                counts |= {1: counts[1] + 1, 2: 0}
                labels.append((f"{counts[1]}.", block))
            case _:
                labels.append(("", block))
    return labels


def _heading_label(level: Level, counts: Mapping[str | int, int]) -> str:
    number = counts[level]
    match level:
        case "part":
            return f"Phần {roman(number)}"
        case "chapter":
            return f"Chương {roman(number)}"
        case "section":
            return f"Mục {number}" if counts["part"] or counts["chapter"] else f"{roman(number)}."
        case "article":
            return f"Điều {number}."


def roman(number: int) -> str:
    """4 is "IV"."""
    digits = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"))
    text = ""
    for value, letters in (*digits, (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        text += letters * (number // value)
        number %= value
    return text


def _letter(number: int) -> str:
    rounds, index = divmod(number - 1, len(_LETTERS))
    return _LETTERS[index] * (rounds + 1)


def block_to_json(block: Block) -> dict[str, Any]:
    """A JSON object; read_block gives `block` back."""
    match block:
        case Heading():
            return {"block": "heading", "level": block.level, "text": block.text}
        case Paragraph():
            return {"block": "paragraph", "level": block.level, "text": block.text}
        case Table():
            return {"block": "table", "header": list(block.header), "rows": [list(row) for row in block.rows]}
        case ConclusionLine():
            return {"block": "conclusion", **conclusion_to_json(block)}
        case _:
            assert_never(block)


def conclusion_to_json(line: ConclusionLine) -> dict[str, Any]:
    """A JSON object; read_conclusion gives `line` back."""
    return {
        "text": line.text,
        "owner_unit": line.owner_unit,
        "co_units": list(line.co_units),
        "deadline": line.deadline.isoformat() if line.deadline else None,
        "item": line.item,
    }


def read_block(reader: Reader) -> Block:
    """One block; raises InvalidContent."""
    return _READERS[reader.choice("block", tuple(_READERS))](reader)


def read_conclusion(reader: Reader) -> ConclusionLine:
    """A conclusion; those of before there were helping units have neither these nor their item."""
    return ConclusionLine(
        text=reader.text("text", PARAGRAPH),
        owner_unit=reader.optional_line("owner_unit"),
        deadline=reader.optional_date("deadline"),
        co_units=reader.later_lines("co_units"),
        item=reader.later_line("item"),
    )


def _read_heading(reader: Reader) -> Heading:
    level = cast(Level, reader.choice("level", LEVELS))
    return Heading(level, reader.line("text", empty=level == "article"))


def _read_paragraph(reader: Reader) -> Paragraph:
    level = reader.count("level")
    if level > 2:
        raise InvalidContent(reader.at("level"), Reason(N_("phải là một trong %(known)s"), known="0, 1, 2"))
    return Paragraph(level, reader.text("text", PARAGRAPH))


def _read_table(reader: Reader) -> Table:
    header = reader.lines("header", empty=True)
    if not 1 <= len(header) <= COLUMNS:
        raise InvalidContent(reader.at("header"), Reason(N_("phải có từ 1 đến %(limit)s cột"), limit=COLUMNS))
    return Table(header, reader.cells("rows", len(header)))


_READERS: Mapping[str, Callable[[Reader], Block]] = MappingProxyType(
    {"heading": _read_heading, "paragraph": _read_paragraph, "table": _read_table, "conclusion": read_conclusion}
)
