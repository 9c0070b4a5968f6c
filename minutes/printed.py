"""The text of a document as the lines that are printed: one list for the PDF, the desk's page and the public's.

Punctuation that the law asks for is added here: bases end with ";" and the last one with "." (Decree 30/2020, Appendix
I, section II.5), the text ends with "./.".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from minutes.blocks import Block, ConclusionLine, Heading, Paragraph, Table, labelled, roman
from minutes.content import Content, MinutesContent, kind_of, title_of
from minutes.document import KIND_NAMES, Kind
from minutes.templates import template_of
from minutes.text import CIRCULATIONS, URGENCIES, TextContent
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


@dataclass(frozen=True, slots=True)
class Titles:
    """How a document is called: the name of its type and the trích yếu as its title, or the trích yếu below its number
    ("V/v …"); "" for what its type does not have (Decree 30/2020, Appendix III). `urgency` and `circulation` are the
    words below the number, `code` is the drafter's at its end."""

    name: str
    title: str
    below_number: str
    urgency: str = ""
    circulation: str = ""
    code: str = ""


def titles(content: Content) -> Titles:
    """What stands around the text of a document."""
    kind, subject = kind_of(content), title_of(content)
    template = template_of(kind)
    found = Titles(
        KIND_NAMES[kind].upper() if template.titled else "",
        subject if template.subject == "title" else "",
        letter_subject(subject) if template.subject == "number" else "",
    )
    urgency = None if isinstance(content, MinutesContent) else content.urgency
    found = replace(found, urgency=URGENCIES[urgency] if urgency else "")
    if not isinstance(content, TextContent):
        return found
    return replace(
        found,
        circulation=CIRCULATIONS[content.circulation] if content.circulation else "",
        code=initials(content),
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of the text, and what of the content they say: (the part, a line of it or a block)."""

    values: tuple[tuple[str, str | Block], ...]
    lines: tuple[Printed, ...]


def printed(content: TextContent) -> tuple[Printed, ...]:
    """The lines between the head of the document and its signatures, without annexes."""
    return tuple(line for piece in printed_pieces(content) for line in piece.lines)


def printed_pieces(content: TextContent) -> tuple[Piece, ...]:
    """As `printed`, by what the lines are made of."""
    template = template_of(content.kind)
    pieces = _opening(content)
    for basis, said in zip(content.bases, punctuated(content.bases), strict=True):
        pieces.append(Piece((("bases", basis),), (Printed("basis", said),)))
    for text in content.intro:
        pieces.append(Piece((("intro", text),), tuple(Printed("paragraph", row) for row in text.split("\n"))))
    if template.order:
        pieces.append(Piece((), (Printed("order", template.order),)))
    pieces += body_pieces(content.body)
    if content.closing:
        pieces.append(Piece((("closing", content.closing),), (Printed("closing", closed(content.closing)),)))
    elif pieces and pieces[-1].lines[-1].table is None:
        *lines, last = pieces[-1].lines
        pieces[-1] = replace(pieces[-1], lines=(*lines, replace(last, text=closed(last.text))))
    return tuple(pieces)


def printed_annexes(content: TextContent, number_symbol: str | None, issued: str) -> tuple[PrintedAnnex, ...]:
    """The annexes, numbered where there are several; `issued` is the date in words."""
    goes_with = f"(Kèm theo {KIND_NAMES[content.kind]} số {number_symbol or '…'} {issued})"
    several = sum(not annex.name for annex in content.annexes) > 1
    found: list[PrintedAnnex] = []
    count = 0
    for annex in content.annexes:
        name = annex.name.upper()
        if not name:
            count += 1
            name = f"Phụ lục {roman(count)}" if several else "Phụ lục"
        found.append(PrintedAnnex(name, annex.title, goes_with, lines_of(annex.body)))
    return tuple(found)


def printed_files(content: TextContent, number_symbol: str | None, issued: str) -> tuple[PrintedAnnex, ...]:
    """The list of the files that go with a document, on a page like an annex: none where there is none."""
    if not content.files:
        return ()
    goes_with = f"(Kèm theo {KIND_NAMES[content.kind]} số {number_symbol or '      '} {issued})"
    rows = tuple(
        (str(number), one.name, " ".join(one.digest[at : at + 16] for at in range(0, 64, 16)))
        for number, one in enumerate(content.files, 1)
    )
    table = Table(("STT", "Tên tệp", "Mã kiểm tra của tệp (SHA-256)"), rows)
    title = "Các tệp là bộ phận của văn bản"
    return (PrintedAnnex("Danh mục tệp kèm theo", title, goes_with, (Printed("table", "", table=table),)),)


def _opening(content: TextContent) -> list[Piece]:
    """Who decides, and to whom it is written."""
    competence, names = content.competence, punctuated(content.addressees)
    decides, to = ("competence", competence), tuple(("addressees", name) for name in content.addressees)
    telegram = content.kind is Kind.TELEGRAM
    pieces = [Piece((decides,), (Printed("competence", competence.upper()),))] if competence and not telegram else []
    if not names:
        return pieces
    first = f"{competence or 'Cơ quan ban hành'} điện:" if telegram else "Kính gửi:"
    values = (decides, *to) if telegram else to
    if len(names) == 1:
        return [*pieces, Piece(values, (Printed("addressed", f"{first} {names[0]}"),))]
    rows = (Printed("addressed", first), *(Printed("addressee", f"- {name}") for name in names))
    return [*pieces, Piece(values, rows)]


def lines_of(body: Iterable[Block]) -> tuple[Printed, ...]:
    """The lines of a list of blocks."""
    return tuple(line for piece in body_pieces(body) for line in piece.lines)


def body_pieces(body: Iterable[Block]) -> list[Piece]:
    """The lines of a list of blocks, by block; an article without a title is run in before the block behind it."""
    pieces: list[Piece] = []
    article: tuple[str, Block] | None = None
    for label, block in labelled(body):
        if block == Heading("article", ""):
            pieces += _alone(article)
            article = (label, block)
            continue
        rows = _rows(label, block)
        values: tuple[tuple[str, Block], ...] = (("body", block),)
        if article is not None:
            values = (("body", article[1]), *values)
            if rows[0].style == "paragraph":
                rows[0] = Printed("article", rows[0].text, article[0])
            else:
                rows.insert(0, Printed("article", "", article[0]))
        article = None
        pieces.append(Piece(values, tuple(rows)))
    return pieces + _alone(article)


def _alone(article: tuple[str, Block] | None) -> list[Piece]:
    return [Piece((("body", article[1]),), (Printed("article", "", article[0]),))] if article else []


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


def letter_subject(subject: str) -> str:
    """The trích yếu of an official letter, as it stands below the number."""
    return "V/v " + re.sub(r"^(về việc|v/v)\s+", "", subject, flags=re.IGNORECASE)


def initials(content: TextContent) -> str:
    """The small code at the end: the drafter's initials and how many copies there are."""
    return ".".join([content.drafter] * bool(content.drafter) + [str(content.copies)] * bool(content.copies))
