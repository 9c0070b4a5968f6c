"""A document as a Word file, for those who need one: the look of Decree 30/2020, Appendix I, and nothing that signs.

It says the same as the PDF (both are made from typeset.page_data), without check mark and evidence: a Word file proves
nothing. The content goes with it as a custom XML part, which Word keeps and shows nobody, so that what comes back is
what went out (taking.py).
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, tostring

from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import _Footer
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from minutes.content import Content
from minutes.document import Kind
from minutes.typeset import Heading, page_data, source_json

TYPEFACE = "Times New Roman"
BODY, SMALL, TITLE = Pt(13), Pt(12), Pt(14)
_RED = RGBColor(0xC0, 0, 0)
_TEXT_WIDTH = 165  # mm: A4 without its margins
_LEFT, _CENTRE, _JUSTIFIED = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY


def word_file(kind: Kind, content: Content, heading: Heading) -> bytes:
    """The bytes of a .docx file."""
    data = page_data(kind, content, heading)
    word = new_document()
    _page(word, data)
    _letterhead(word, data)
    _title(word, data)
    if kind is Kind.MINUTES:
        _minutes(word, data)
    else:
        for line in data["lines"]:
            _line(word, line)
    _ending(word, data)
    for annex in data["annexes"]:
        _annex(word, annex)
    _source(word, kind, content)
    made = BytesIO()
    word.save(made)
    return made.getvalue()


SOURCE = "urn:giaoban:content"
"""The namespace of the part that holds the content: <content kind="KH">its JSON</content>."""


def _source(word: Word, kind: Kind, content: Content) -> None:
    element = Element(f"{{{SOURCE}}}content", {"kind": kind.value})
    element.text = source_json(content).decode()
    name = PackURI("/customXml/item2.xml")
    part = Part(name, "application/xml", tostring(element, encoding="utf-8"), word.part.package)
    word.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)


def _page(word: Word, data: Mapping[str, Any]) -> None:
    section = word.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    # The number stands in the middle of the top margin, and not on the first page.
    section.different_first_page_header_footer = True
    section.header_distance = Mm(10)
    number = section.header.paragraphs[0]
    number.alignment = _CENTRE
    _field(number, "PAGE")
    for line in data["contact"]:
        _say(_first(section.first_page_footer), line, size=Pt(11), align=_CENTRE)
    style = word.styles["Normal"]
    style.font.name, style.font.size = TYPEFACE, BODY
    properties = style.element.get_or_add_rPr()
    for script in ("w:eastAsia", "w:cs"):
        properties.rFonts.set(qn(script), TYPEFACE)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    properties.append(language)
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    style.paragraph_format.line_spacing = 1.0
    word.core_properties.title = data["document_title"]
    word.core_properties.author = data["head"]["agency"]
    word.core_properties.language = "vi-VN"


def _field(paragraph: Paragraph, instruction: str) -> None:
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", instruction), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _say(
    paragraph: Paragraph,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: Pt | None = None,
    align: WD_ALIGN_PARAGRAPH | None = None,
) -> Paragraph:
    run = paragraph.add_run(text)
    run.bold, run.italic = bold or None, italic or None
    if size is not None:
        run.font.size = size
    if align is not None:
        paragraph.alignment = align
    return paragraph


def _first(place: _Cell | _Footer) -> Paragraph:
    """The empty paragraph that a new cell has, or another one below what is there."""
    found: Paragraph = place.paragraphs[0]
    return found if not found.runs else place.add_paragraph()


def _bare(word: Word, rows: int, widths: Sequence[float]) -> Table:
    """A table without lines, its columns `widths` millimetres wide."""
    table: Table = word.add_table(rows=rows, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _widen(table, widths)
    return table


def _widen(table: Table, widths: Sequence[float]) -> None:
    """Word looks at the cells, other programs at the grid."""
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)


def _rule(paragraph: Paragraph, indent: float) -> None:
    """A line below a paragraph, `indent` millimetres shorter on both sides."""
    properties = paragraph._p.get_or_add_pPr()
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "4"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    # Before what the order of the schema (CT_PPr) has behind it, as Word demands.
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr")
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(indent)


def _ruled(cell: _Cell, indent: float) -> None:
    line = cell.add_paragraph()
    line.paragraph_format.line_spacing = Pt(2)
    _rule(line, indent)


def _letterhead(word: Word, data: Mapping[str, Any]) -> None:
    head = data["head"]
    table = _bare(word, 2, (64, _TEXT_WIDTH - 64))
    left, right = table.rows[0].cells
    if head["parent"]:
        _say(_first(left), head["parent"].upper(), size=SMALL, align=_CENTRE)
    for line in head["agency_lines"]:
        _say(_first(left), line.upper(), bold=True, size=SMALL, align=_CENTRE)
    _ruled(left, 20)
    _say(_first(right), "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, size=SMALL, align=_CENTRE)
    _say(_first(right), "Độc lập - Tự do - Hạnh phúc", bold=True, size=BODY, align=_CENTRE)
    _ruled(right, 22)
    left, right = table.rows[1].cells
    _say(_first(left), head["number_line"], align=_CENTRE)
    if data["letter_subject"]:
        _say(_first(left), data["letter_subject"], size=SMALL, align=_CENTRE)
    for mark in (data["urgency"] and data["urgency"]["words"], data["circulation"]):
        if mark:
            line = _say(_first(left), mark, bold=True, align=_CENTRE)
            line.runs[-1].font.color.rgb = _RED if mark != data["circulation"] else None
    if data["draft"]:
        _say(_first(left), "DỰ THẢO", bold=True, align=_CENTRE)
    _say(_first(right), head["place_date"], italic=True, align=_CENTRE)


def _title(word: Word, data: Mapping[str, Any]) -> None:
    if not data["titled"]:
        return
    title = word.add_paragraph()
    title.paragraph_format.space_before = Pt(12)
    _say(title, data["kind_title"], bold=True, size=TITLE, align=_CENTRE)
    for line in (data["subject"] or "").split("\n"):
        _say(word.add_paragraph(), line, bold=True, size=TITLE, align=_CENTRE)
    end = word.add_paragraph()
    end.paragraph_format.space_after = Pt(10)
    end.paragraph_format.line_spacing = Pt(2)
    _rule(end, 60)


def _paragraph(word: Word, *, first: float = 10, before: float = 6) -> Paragraph:
    made = word.add_paragraph()
    made.alignment = _JUSTIFIED
    made.paragraph_format.first_line_indent = Mm(first)
    made.paragraph_format.space_before = Pt(before)
    made.paragraph_format.line_spacing = 1.15
    return made


def _line(word: Word, line: Mapping[str, Any]) -> None:
    """One line of the text, see minutes/printed.py."""
    style, label, text = line["style"], line["label"], line["text"]
    before = f"{label} " if label else ""
    if style == "table":
        _table(word, [line["table"]["header"], *line["table"]["rows"]])
    elif style in ("part", "chapter", "section"):
        _say(_paragraph(word, first=0), label, bold=True, align=_CENTRE)
        if text:
            _say(_paragraph(word, first=0, before=0), text, bold=True, align=_CENTRE)
    elif style in ("addressed", "addressee"):
        alone = style == "addressed" and not text.endswith(":")
        made = _say(_paragraph(word, first=0), text, align=_CENTRE if alone else _LEFT)
        made.paragraph_format.left_indent = Mm(0 if alone else 33 if style == "addressed" else 50)
    elif style in ("competence", "order"):
        _say(_paragraph(word, first=0), text, bold=True, align=_CENTRE)
    elif style in ("roman", "titled_article"):
        _say(_paragraph(word), before + text, bold=True)
    elif style == "article":
        paragraph = _paragraph(word)
        _say(paragraph, before, bold=True)
        _say(paragraph, text)
    else:
        _say(_paragraph(word), before + text, italic=style == "basis")


_ORDINALS = ("TT", "STT")


def _table(word: Word, rows: Sequence[Sequence[str]]) -> Table:
    table: Table = word.add_table(rows=len(rows), cols=len(rows[0]))
    table.style = "Table Grid"
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            bold = row is table.rows[0] or texts is rows[0]
            _say(_first(cell), text, bold=bold, size=SMALL, align=_CENTRE if bold else _LEFT)
    counts = [one in _ORDINALS for one in rows[0]]
    if any(counts) and not all(counts):
        share = (_TEXT_WIDTH - 12 * sum(counts)) / counts.count(False)
        _widen(table, [12 if one else share for one in counts])
    mark = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    return table


def _minutes(word: Word, data: Mapping[str, Any]) -> None:
    for label, text in data["opening"]:
        _say(_paragraph(word), f"{label}: {text}")
    _attendance(word, data["attendance"])
    sections = [
        ("Nội dung (theo diễn biến cuộc họp)", [(one["heading"], one["paragraphs"]) for one in data["course"]]),
        ("Biểu quyết", [("", lines) for lines in data["votes"]]),
        ("Kết luận", [("", [line]) for line in data["conclusions"]]),
    ]
    for title, parts in sections:
        if parts:
            _say(_paragraph(word), f"{title}:", bold=True)
        for heading, paragraphs in parts:
            if heading:
                _say(_paragraph(word), heading, bold=True)
            for text in (line for paragraph in paragraphs for line in paragraph.split("\n")):
                _say(_paragraph(word), text)
    _say(_paragraph(word), data["closing"])


def _attendance(word: Word, groups: Sequence[Mapping[str, Any]]) -> None:
    """A line across for each unit, then its people."""
    rows = [row for group in groups for row in ([group["unit"], "", "", ""], *group["people"])]
    if not rows:
        return
    table = _table(word, [["TT", "Họ và tên", "Chức vụ", "Thời gian dự họp"], *rows])
    _widen(table, (12, 55, 60, _TEXT_WIDTH - 127))
    at = 1
    for group in groups:
        unit = table.rows[at].cells
        across = unit[0].merge(unit[-1])
        for paragraph in across.paragraphs[1:]:
            paragraph._p.getparent().remove(paragraph._p)
        across.paragraphs[0].runs[0].bold = True
        at += 1 + len(group["people"])


def _ending(word: Word, data: Mapping[str, Any]) -> None:
    """Who signs, with room for it, and who receives the document."""
    word.add_paragraph().paragraph_format.line_spacing = Pt(6)
    signers = data["signers"]
    pairs = [signers[at : at + 2] for at in range(0, len(signers), 2)] if len(signers) > 1 else [[None, *signers]]
    table = _bare(word, len(pairs), (75, _TEXT_WIDTH - 75))
    for row, pair in zip(table.rows, pairs, strict=True):
        for cell, signer in zip(row.cells, pair, strict=False):
            if signer is None:
                _recipients(cell, data)
            else:
                _signer(cell, signer)
    if len(signers) > 1:
        _recipients(_bare(word, 1, (75, _TEXT_WIDTH - 75)).rows[0].cells[0], data)


def _signer(cell: _Cell, signer: Mapping[str, Any]) -> None:
    for line in signer["title_lines"]:
        _say(_first(cell), line, bold=True, align=_CENTRE)
    for _ in range(4):
        cell.add_paragraph().alignment = _CENTRE
    _say(cell.add_paragraph(), signer["name"], bold=True, align=_CENTRE)


def _recipients(cell: _Cell, data: Mapping[str, Any]) -> None:
    _say(_first(cell), "Nơi nhận:", bold=True, italic=True, size=SMALL, align=_LEFT)
    for line in data["recipients"]:
        _say(cell.add_paragraph(), f"- {line}", size=Pt(11), align=_LEFT)
    if data["drafter"]:
        _say(cell.add_paragraph(), data["drafter"], size=Pt(11), align=_LEFT)


def _annex(word: Word, annex: Mapping[str, Any]) -> None:
    section = word.add_section(WD_SECTION.NEW_PAGE)
    section.first_page_footer.is_linked_to_previous = False  # the contact stands on the document's first page
    counted = OxmlElement("w:pgNumType")  # an annex has its own pages (Decree 30/2020, Appendix I)
    counted.set(qn("w:start"), "1")
    for old in section._sectPr.findall(qn("w:pgNumType")):
        section._sectPr.remove(old)
    section._sectPr.find(qn("w:pgMar")).addnext(counted)
    _say(word.add_paragraph(), annex["name"], bold=True, size=TITLE, align=_CENTRE)
    _say(word.add_paragraph(), annex["title"].upper(), bold=True, align=_CENTRE)
    _say(word.add_paragraph(), annex["goes_with"], italic=True, align=_CENTRE)
    for line in annex["lines"]:
        _line(word, line)
