"""Every type's PDF measured against the dated table of Decree 30/2020, Appendix I (minutes/layouts/*.toml)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from minutes.document import KIND_NAMES, Kind
from minutes.layout import MM, all_layouts, layout_on
from minutes.printed import printed, printed_annexes
from minutes.templates import template_of
from minutes.text import URGENCIES, TextContent
from minutes.typeset import Typesetter
from minutes.wording import long_date
from tests.minutes.pages import Line, Pages, Stroke
from tests.minutes.sample_meeting import AUTHORITY, START
from tests.minutes.samples import ISSUED, sample

LAYOUT = layout_on(ISSUED)
LEFT, RIGHT = LAYOUT.page["left"], LAYOUT.page["width"] - LAYOUT.page["right"]
MIDDLE = (LEFT + RIGHT) / 2
STYLES_OF_LINES = {
    "addressee": "addressed", "chapter": "division", "section": "division", "part": "division",
    "roman": "article", "titled_article": "article", "clause": "paragraph", "point": "paragraph",
    "closing": "paragraph",
}  # fmt: skip


@cache
def pages_of(kind: Kind) -> Pages:
    content, head = sample(kind)
    return Pages(Typesetter().typeset(kind, content, head, at=START).pdf)


@dataclass(frozen=True)
class Component:
    """A text that must be on a page in a style of the table."""

    style: str
    text: str
    page: int = 0
    last: bool = False


def components(kind: Kind) -> Iterator[Component]:
    content, head = sample(kind)
    template = template_of(kind)
    yield Component("nation", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    yield Component("motto", "Độc lập - Tự do - Hạnh phúc")
    yield Component("agency", AUTHORITY.unit.name.upper())
    yield Component("number", f"Số: {head.number_symbol}")
    yield Component("place_date", f"Lâm Sơn, {long_date(ISSUED)}")
    if template.titled:
        yield Component("type", KIND_NAMES[kind].upper())
    pages = pages_of(kind)
    end = pages.page_of("Nơi nhận:")
    yield Component("recipients_head", "Nơi nhận:", end)
    yield Component("recipients", "- Lưu: VT", end)
    for signer in head.signers[:-1]:
        for line in signer.title_lines:
            yield Component("authority", line, end, last=True)
        yield Component("signer", signer.name, end, last=True)
    if isinstance(content, TextContent):
        yield from components_of_text(content)


def components_of_text(content: TextContent) -> Iterator[Component]:
    pages = pages_of(content.kind)
    if template_of(content.kind).subject == "title":
        yield Component("subject", content.subject)
    if content.kind is Kind.LETTER:
        yield Component("letter_subject", f"V/v {content.subject.removeprefix('Về việc ')}")
    if content.urgency:
        yield Component("urgency", URGENCIES[content.urgency])
    if content.circulation:
        yield Component("circulation", "LƯU HÀNH NỘI BỘ")
    if content.drafter:
        yield Component("drafter", "NVA.15", pages.page_of("NVA.15"))
    for line in content.contact:
        yield Component("contact", line)
    annexes = printed_annexes(content, sample(content.kind)[1].number_symbol, long_date(ISSUED))
    for annex in annexes:
        page = pages.page_of(annex.title.upper())
        yield Component("annex_name", annex.name, page)
        yield Component("annex_title", annex.title.upper(), page)
        yield Component("goes_with", annex.goes_with, page)
    for line in [*printed(content), *(line for annex in annexes for line in annex.lines)]:
        if line.style == "article":
            yield Component("article", line.label, pages.page_of(f"{line.label} {line.text}"))
            yield Component("paragraph", line.text, pages.page_of(line.text))
        elif line.style in ("chapter", "section"):
            yield Component("division", line.label, pages.page_of(line.label))
            yield Component("division_title", line.text.upper(), pages.page_of(line.text.upper()))
        elif line.table is None:
            style, text = STYLES_OF_LINES.get(line.style, line.style), str(line)
            # The authority's name stands in the letterhead, too.
            yield Component(style, text, pages.page_of(text), last=style == "competence")


@pytest.mark.parametrize("kind", Kind)
def test_every_component_has_the_size_and_style_of_the_table(kind: Kind) -> None:
    pages = pages_of(kind)
    for one in components(kind):
        style, line = LAYOUT.styles[one.style], pages.find(one.page, one.text, last=one.last)
        assert style.sizes[0] <= style.size <= style.sizes[1]
        assert line.sizes == {style.size}, (one, line.sizes)
        for font in line.fonts:
            assert ("Bold" in font, "Italic" in font) == (style.bold, style.italic), (one, font)
        if style.upper:
            assert one.text == one.text.upper()


@pytest.mark.parametrize("kind", Kind)
def test_every_component_stands_on_its_side(kind: Kind) -> None:
    pages = pages_of(kind)
    for one in components(kind):
        line, side = pages.find(one.page, one.text, last=one.last), LAYOUT.styles[one.style].side
        if one.style in ("authority", "signer") and kind is Kind.MINUTES:
            continue  # the secretary signs on the left: test_typeset.py
        if side == "centre":
            assert line.centre == pytest.approx(MIDDLE, abs=1), one
        elif side == "left":
            assert line.right < MIDDLE, one
        elif side == "right":
            assert line.left > LEFT + 0.4 * (RIGHT - LEFT), one


@pytest.mark.parametrize("kind", Kind)
def test_the_boxes_follow_each_other_as_in_the_laws_sketch(kind: Kind) -> None:
    pages = pages_of(kind)
    by_box: dict[str, list[Line]] = {}
    for one in components(kind):
        if one.page == 0:
            box = LAYOUT.styles[one.style].box
            by_box.setdefault(box, []).append(pages.find(0, one.text, last=one.last))

    def top(box: str) -> float:
        return min(line.top for line in by_box[box])

    def bottom(box: str) -> float:
        return max(glyph.bottom for line in by_box[box] for glyph in line.glyphs)

    assert top("1") == pytest.approx(top("2"), abs=1), "state and authority side by side"
    assert by_box["3"][0].glyphs[-1].bottom == pytest.approx(by_box["4"][0].glyphs[-1].bottom, abs=1.5)
    order = [box for box in ("2", "3", "5b", "10b", "11", "5a", "9a", "6", "9b", "12") if box in by_box]
    if "9b" in by_box and "7a" in by_box and kind is not Kind.MINUTES:
        assert top("9b") == pytest.approx(top("7a"), abs=1), "recipients beside the signature"
        assert bottom("7a") < top("7b")
    for above, below in pairwise(order):
        if (above, below) != ("9a", "6"):
            assert bottom(above) < top(below) + 0.5, (above, below)


@pytest.mark.parametrize("kind", Kind)
def test_the_pages_are_a4_with_the_margins_of_the_table(kind: Kind) -> None:
    pages, page = pages_of(kind), LAYOUT.page
    for name in ("top", "bottom", "left", "right"):
        least, most = page[f"{name}s"]
        assert least <= page[name] <= most
    for (width, height), glyphs in zip(pages.sizes, pages.glyphs, strict=True):
        assert (round(width, 1), round(height, 1)) == (page["width"], page["height"])
        body = [glyph for glyph in glyphs if glyph.char.strip() and glyph.top > page["top"] - 1]
        assert min(glyph.left for glyph in body) >= LEFT - 0.3
        assert max(glyph.right for glyph in body) <= RIGHT + 0.3
        assert max(glyph.bottom for glyph in body) <= page["height"] - page["bottom"] + 0.6


@pytest.mark.parametrize("kind", Kind)
def test_the_first_page_has_no_number_and_annexes_are_counted_anew(kind: Kind) -> None:
    pages, style = pages_of(kind), LAYOUT.styles["page_number"]
    numbers = []
    for glyphs in pages.glyphs:
        above = [glyph for glyph in glyphs if glyph.char.strip() and glyph.bottom < LAYOUT.page["top"] - 0.5]
        numbers.append("".join(glyph.char for glyph in above))
        if above:
            line = Line(tuple(above))
            assert line.sizes == {style.size}
            assert line.centre == pytest.approx(MIDDLE, abs=0.5)
            assert not any("Bold" in font or "Italic" in font for font in line.fonts)
    # The annexes of a decision here: one page, one page, and a regulation of two.
    counted = [1, 1, 1, 1, 2] if kind in (Kind.DECISION, Kind.RESOLUTION) else range(1, len(numbers) + 1)
    assert numbers == ["" if number == 1 else str(number) for number in counted]


def below(strokes: list[Stroke], line: Line) -> Stroke:
    bottom = max(glyph.bottom for glyph in line.glyphs)
    near = [one for one in strokes if 0 <= one.top - bottom < 4 and one.left - 30 < line.centre < one.right + 30]
    return min((one for one in near if one.height < 1), key=lambda one: abs(one.centre - line.centre) + one.top)


@pytest.mark.parametrize("kind", Kind)
def test_the_lines_below_names_have_their_lengths(kind: Kind) -> None:
    pages = pages_of(kind)
    lines = {"motto": "Độc lập - Tự do - Hạnh phúc", "agency": "TỈNH LÂM SƠN"}
    if kind is Kind.NOTICE:
        lines["subject"] = "tại cuộc họp giao ban tháng 02 năm 2026"
    for name, text in lines.items():
        style, line = LAYOUT.styles[name], pages.find(0, text)
        stroke = below(pages.strokes[0], line)
        share = stroke.width / (line.right - line.left)
        assert style.rules[0] - 0.02 <= share <= style.rules[1] + 0.02, (name, share)
        assert stroke.centre == pytest.approx(line.centre, abs=0.5)


def test_the_stamp_of_urgency_has_its_size_and_the_address_block_a_line_as_wide_as_the_text() -> None:
    telegram, words = pages_of(Kind.TELEGRAM), URGENCIES["very_urgent"]
    text = telegram.find(0, words)
    width, height = LAYOUT.data["frame"]["very_urgent"]
    around = [
        stroke
        for stroke in telegram.strokes[0]
        if stroke.left < text.left and stroke.right > text.right and stroke.top < text.top < stroke.bottom
    ]
    assert any((one.width, one.height) == pytest.approx((width, height), abs=0.8) for one in around), around
    letter = pages_of(Kind.LETTER)
    first = letter.find(0, "Số 4 đường Trần Hưng Đạo")
    rules = [one for one in letter.strokes[0] if one.height < 1 and 0 < first.top - one.bottom < 5]
    assert [one.width for one in rules] == [pytest.approx(RIGHT - LEFT, abs=0.5)]


@pytest.mark.parametrize("kind", [Kind.LETTER, Kind.PLAN, Kind.MINUTES])
def test_paragraphs_are_indented_justified_and_set_apart(kind: Kind) -> None:
    pages, body = pages_of(kind), LAYOUT.body
    text = "Thực hiện Chương trình công tác" if kind is not Kind.MINUTES else "Thư ký (người ghi biên bản)"
    inked = [glyph for glyph in pages.glyphs[0] if glyph.char.strip()]
    start = inked.index(pages.find(0, text).glyphs[0])
    lines: list[list] = [[inked[start]]]
    for glyph in inked[start + 1 :]:
        if glyph.left < lines[-1][-1].left:
            lines.append([])
        lines[-1].append(glyph)
        if len(lines) > 4:
            break
    assert lines[0][0].left - LEFT == pytest.approx(body["indent"], abs=0.5)
    assert max(glyph.right for glyph in lines[0]) == pytest.approx(RIGHT, abs=0.5)
    assert body["indents"][0] <= body["indent"] <= body["indents"][1]


@cache
def base_lines(kind: Kind) -> list[float]:
    """Of the full lines of body text, in points from the top."""
    pages = pages_of(kind)
    line = pages.find(0, "Thực hiện Chương trình công tác năm 2026, để chủ động ứng phó với thiên tai và hạn chế")
    flat = [glyph.bottom * MM for glyph in line.glyphs if glyph.char in "hnm"]
    return sorted({round(value) for value in flat})


def test_lines_are_as_far_apart_as_the_table_says() -> None:
    body, size = LAYOUT.body, LAYOUT.styles["paragraph"].size
    first, *_, second = base_lines(Kind.PLAN)
    single = 1.15 * size
    assert body["leadings"][0] - 0.05 <= (second - first) / single <= body["leadings"][1]
    assert (second - first) / single == pytest.approx(body["leading"], abs=0.06)
    assert body["gaps"][0] <= body["gap"] <= body["gaps"][1]


def test_each_layout_is_dated_without_gap_or_overlap() -> None:
    layouts = all_layouts()
    assert layouts[0].valid_from == date(2020, 3, 5)
    for one, following in pairwise(layouts):
        assert one.valid_to == following.valid_from - timedelta(days=1)
    assert layouts[-1].valid_to is None
    assert all(layout.source for layout in layouts)


def test_a_document_keeps_the_layout_of_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    later = replace(LAYOUT, valid_from=date(2030, 1, 1))
    earlier = replace(LAYOUT, valid_to=date(2029, 12, 31))
    monkeypatch.setattr("minutes.layout.all_layouts", lambda: (earlier, later))
    assert layout_on(date(2019, 1, 1)) is layout_on(date(2029, 12, 31)) is earlier
    assert layout_on(date(2030, 1, 1)) is layout_on(None) is later
