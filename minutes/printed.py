"""The text of a document as the lines that are printed: one list for the PDF, the desk's page and the public's.

Punctuation that the law asks for is added here: bases end with ";" and the last one with "." (Decree 30/2020, Appendix
I, section II.5), the text ends with "./.".
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from minutes.blocks import Block, ConclusionLine, Heading, Paragraph, Table, labelled, roman
from minutes.document import KIND_NAMES, Kind
from minutes.templates import template_of
from minutes.text import TextContent
from minutes.wording import closed, conclusion_sentences, punctuated

Style = Literal[
    "competence", "addressed", "addressee", "basis", "order", "part", "chapter", "section", "roman",
    "titled_article", "article", "clause", "point", "paragraph", "table", "closing",
]  # fmt: skip
"""What a line is; the layout has its size, weight and place. "section" is a mục within a chapter, "roman" is one of a
text without chapters; of an "article" only the label is bold, of a "titled_article" all."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One line (a paragraph) of the text. `label` is its number ("Điều 1.", "a)"), which is bold if it is an article's;
    `table` has what a table shows."""

    style: Style
    text: str
    label: str = ""
    table: Table | None = None

    def __str__(self) -> str:
        rows = [self.table.header, *self.table.rows] if self.table else []
        return "\n".join(" | ".join(row) for row in rows) or f"{self.label} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class PrintedAnnex:
    """An annex: "Phụ lục II" or "QUY CHẾ", what it is of, in brackets the document that it goes with, and its lines."""

    name: str
    title: str
    goes_with: str
    lines: tuple[Printed, ...]


def printed(content: TextContent) -> tuple[Printed, ...]:
    """The lines between the head of the document and its signatures, without annexes."""
    template = template_of(content.kind)
    lines = _opening(content)
    lines += [Printed("basis", line) for line in punctuated(content.bases)]
    lines += [Printed("paragraph", row) for text in content.intro for row in text.split("\n")]
    if template.order:
        lines.append(Printed("order", template.order))
    lines += _lines(content.body)
    if content.closing:
        lines.append(Printed("closing", closed(content.closing)))
    elif lines and lines[-1].table is None:
        lines[-1] = replace(lines[-1], text=closed(lines[-1].text))
    return tuple(lines)


def printed_annexes(content: TextContent, number_symbol: str | None, issued: str) -> tuple[PrintedAnnex, ...]:
    """The annexes, numbered where there are several; `issued` is the date in words."""
    goes_with = f"(Kèm theo {KIND_NAMES[content.kind]} số {number_symbol or '      '} {issued})"
    several = sum(not annex.name for annex in content.annexes) > 1
    found: list[PrintedAnnex] = []
    count = 0
    for annex in content.annexes:
        name = annex.name.upper()
        if not name:
            count += 1
            name = f"Phụ lục {roman(count)}" if several else "Phụ lục"
        found.append(PrintedAnnex(name, annex.title, goes_with, tuple(_lines(annex.body))))
    return tuple(found)


def _opening(content: TextContent) -> list[Printed]:
    """Who decides, and to whom it is written."""
    competence, names = content.competence, punctuated(content.addressees)
    telegram = content.kind is Kind.TELEGRAM
    lines = [Printed("competence", competence.upper())] if competence and not telegram else []
    if not names:
        return lines
    first = f"{competence or 'Cơ quan ban hành'} điện:" if telegram else "Kính gửi:"
    if len(names) == 1:
        return [*lines, Printed("addressed", f"{first} {names[0]}")]
    return [*lines, Printed("addressed", first), *(Printed("addressee", f"- {name}") for name in names)]


def _lines(body: Iterable[Block]) -> list[Printed]:
    lines: list[Printed] = []
    article = ""
    for label, block in labelled(body):
        if block == Heading("article", ""):
            lines += [Printed("article", "", article)] if article else []
            article = label
            continue
        rows = _rows(label, block)
        if article and rows[0].style == "paragraph":
            rows[0] = Printed("article", rows[0].text, article)
        elif article:
            rows.insert(0, Printed("article", "", article))
        article = ""
        lines += rows
    return [*lines, Printed("article", "", article)] if article else lines


def _rows(label: str, block: Block) -> list[Printed]:
    match block:
        case Heading("section", text) if label.endswith("."):
            return [Printed("roman", text, label)]
        case Heading("article", text):
            return [Printed("titled_article", text, label)]
        case Heading(level, text):
            return [Printed(level, text, label)]
        case Table():
            return [Printed("table", "", table=block)]
        case ConclusionLine():
            style: Style = "clause"
            first, *rest = conclusion_sentences(block).split("\n")
        case Paragraph(level, text):
            style = _LEVELS[level]
            first, *rest = text.split("\n")
    return [Printed(style, first, label), *(Printed("paragraph", row) for row in rest)]


_LEVELS: tuple[Style, ...] = ("paragraph", "clause", "point")
