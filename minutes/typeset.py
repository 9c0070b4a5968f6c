"""A document's content to the page: PDF/A-3a in the layout of Decree 30/2020, with its data embedded.

typst sets the page from JSON, so no text can act as markup. The same input gives the same bytes.
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any, assert_never

import segno
import typst

from minutes import register, typefaces
from minutes.authority import Authority
from minutes.content import Content, InvitationContent, MinutesContent, drafting_unit, texts, title_of, to_json
from minutes.document import FIELD_NAMES, KIND_NAMES, MARK, Kind, Signer
from minutes.errors import UnprintableContent
from minutes.layout import LAYOUTS, MM, Layout, layout_on
from minutes.printed import Printed, printed, printed_annexes, printed_files, titles
from minutes.text import URGENCIES, TextContent, Urgency
from minutes.wording import (
    attendance_groups,
    attendance_summary,
    capital,
    closed,
    conclusion_sentences,
    invitation_lines,
    long_date,
    long_time,
    named_ballots,
    punctuated,
    spans,
    stopped,
    vote_sentence,
)
from minutes.workflow.capacity import Capacity

SOURCE_NAMES: Mapping[Kind, str] = MappingProxyType(
    dict.fromkeys(Kind, "vanban.json")
    | {
        Kind.MINUTES: "bienban.json",
        Kind.NOTICE: "thongbao.json",
        Kind.DIRECTIVE: "chithi.json",
        Kind.INVITATION: "giaymoi.json",
    }
)
"""Of the embedded data."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FieldBox:
    """Where a visible signature goes: page from 0, box as (x1, y1, x2, y2) in points from the lower left corner.

    `label` is what a screen reader says.
    """

    name: str
    label: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Typeset:
    """The pages, and the places of the signatures in signing order."""

    pdf: bytes
    fields: tuple[FieldBox, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands around the content. Without `number_symbol` the page is a draft and says so."""

    authority: Authority
    document_id: str
    signers: tuple[Signer, ...]
    number_symbol: str | None = None
    issued_on: date | None = None
    check_url: str | None = None
    code: str | None = None
    rendition: str | None = None
    """What is said above a rendition from which information was left out: its people sign nothing, the agency does."""


LACKING = "?"
SIGNS_APART = 8
"""Different signs that a sheet may lack before all is taken out that is neither Latin nor a usual mark."""
_STRANGE = re.compile(r"[^\n -~\u00a0-\u024f\u1e00-\u1eff\u2010-\u2026\u2030-\u203a\u20ab\u20ac]")


@functools.cache
def _installed() -> tuple[typefaces.Typeface, typst.Fonts]:
    """The typeface in use and its files; looked for once, since that takes longer than setting a page."""
    face = typefaces.choose(typst.Fonts().fonts())
    # Only the chosen directory: a second copy of the family elsewhere could lack letters.
    paths = [str(face.directory)] if face.directory else []
    return face, typst.Fonts(include_system_fonts=False, font_paths=paths)


class Typesetter:
    """Holds the fonts; safe to use from several threads."""

    def __init__(self) -> None:
        face, self._fonts = _installed()
        self.fonts = tuple(dict.fromkeys((face.family, typefaces.EMBEDDED)))
        """The typeface in use, then the one that would stand in for a sign that it lacks."""

    def typeset(self, kind: Kind, content: Content, heading: Heading, *, at: datetime) -> Typeset:
        """Set the document; `at` becomes the file's creation time.

        Raises UnprintableContent naming the field with a sign that the typeface lacks (an emoji, for example), since
        PDF/A allows no text without its letters.
        """
        compiler = self._compiler(kind, content, heading)
        try:
            pdf = compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=at.replace(microsecond=0))
        except typst.TypstError as error:
            raise _unprintable(content, error) from error
        if not isinstance(pdf, bytes):
            raise TypeError("typst returned no single PDF")
        places = json.loads(compiler.query("<field>", field="value"))
        # typst ends with %%EOF and no line end; an update appended to that breaks PDF/A (ISO 19005-3, 6.1.9).
        return Typeset(pdf + b"\n", _fields(places, heading.signers, layout_on(heading.issued_on)))

    def _compiler(self, kind: Kind, content: Content, heading: Heading) -> typst.Compiler:
        data = {
            "layout": dict(layout_on(heading.issued_on).data),
            "fonts": list(self.fonts),
            **page_data(kind, content, heading),
        }
        return typst.Compiler(
            input=LAYOUTS / ("minutes.typ" if kind is Kind.MINUTES else "letter.typ"),
            root=LAYOUTS,
            font_paths=self._fonts,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )

    def sheets(self, layout: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
        """What is no document but is printed (a register, a list), by a file of minutes/layouts.

        A sign that the typeface lacks stands as LACKING: what one line says, perhaps as somebody else has written it,
        must not keep the whole book from being printed.
        """
        for _ in range(SIGNS_APART):
            try:
                return self._sheets(layout, data, at)
            except typst.TypstError as error:
                sign = _lacked(error)
                if sign is None:
                    raise
                data = _spelled(data, re.compile(re.escape(sign)))
        return self._sheets(layout, _spelled(data, _STRANGE), at)

    def _sheets(self, layout: str, data: Mapping[str, Any], at: datetime) -> bytes:
        compiler = typst.Compiler(
            input=LAYOUTS / layout,
            root=LAYOUTS,
            font_paths=self._fonts,
            sys_inputs={"data": json.dumps({**data, "fonts": list(self.fonts)}, ensure_ascii=False)},
        )
        pdf = compiler.compile(format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=at.replace(microsecond=0))
        if not isinstance(pdf, bytes):
            raise TypeError("typst returned no single PDF")
        return pdf + b"\n"

    def pictures(self, kind: Kind, content: Content, heading: Heading) -> tuple[bytes, ...]:
        """Each page as SVG, to look at. What the typeface lacks is left blank."""
        drawn = self._compiler(kind, content, heading).compile(format="svg")
        pages = drawn if isinstance(drawn, list) else [drawn]
        return tuple(page for page in pages if page is not None)


def _unprintable(content: Content, error: typst.TypstError) -> Exception:
    """What to say about a text that cannot be set; the error itself if the text is not to blame."""
    sign = _lacked(error)
    if sign is None:
        return error
    field = next((path for path, text in texts(to_json(content)) if sign in text), "")
    return UnprintableContent(field, sign)


def _lacked(error: typst.TypstError) -> str | None:
    """The sign that the typeface lacks, if that is what was wrong."""
    found = re.search(r'(?:the text|codepoint) `"(.+?)"`', error.message)
    if found is None:
        return None
    code = re.fullmatch(r"\\u\{([0-9a-f]+)\}", found[1])
    return chr(int(code[1], 16)) if code else found[1]


def _spelled(value: Any, strange: re.Pattern[str]) -> Any:
    """A JSON value with LACKING in place of what is strange in its texts; the names of fields stay."""
    if isinstance(value, str):
        return strange.sub(LACKING, value)
    if isinstance(value, Mapping):
        return {name: _spelled(one, strange) for name, one in value.items()}
    return [_spelled(one, strange) for one in value] if isinstance(value, list | tuple) else value


def source_json(content: Content) -> bytes:
    """The bytes that are embedded in the PDF."""
    return json.dumps(to_json(content), ensure_ascii=False, indent=1).encode()


def page_data(kind: Kind, content: Content, heading: Heading) -> dict[str, Any]:
    """What stands on the pages, as the layouts take it."""
    return {**_frame(kind, content, heading), **_page(content, heading)}


def _frame(kind: Kind, content: Content, heading: Heading) -> dict[str, Any]:
    authority, called = heading.authority, titles(content)
    people = [signer for signer in heading.signers if signer.role != "seal"]
    under_seal = people.index(competent(people)) if people else 0
    symbol = heading.number_symbol or f"     /{register.symbol(kind, authority.abbreviation, drafting_unit(content))}"
    day = f"{authority.place_name}, {long_date(heading.issued_on)}" if heading.issued_on else None
    return {
        "document_title": f"{KIND_NAMES[kind]} {heading.number_symbol or '(dự thảo)'}: {title_of(content)}",
        "keywords": [MARK + heading.document_id],
        "head": {
            "parent": authority.parent,
            "agency": authority.unit.name,
            "agency_lines": _agency_lines(authority.unit.name),
            "number_line": f"Số: {symbol}",
            "place_date": day or f"{authority.place_name}, ngày      tháng      năm {_year(content)}",
        },
        "draft": heading.number_symbol is None,
        "rendition": heading.rendition,
        "titled": bool(called.name),
        "kind_title": called.name,
        "subject": called.title or None,
        "letter_subject": called.below_number or None,
        "urgency": None if isinstance(content, MinutesContent) else _urgency(content.urgency),
        "circulation": called.circulation or None,
        "drafter": called.code,
        "contact": [],
        "annexes": [],
        "recipients": punctuated(content.recipients),
        "signers": [
            {
                "field": signer.field,
                "title_lines": list(signer.title_lines),
                "name": signer.name,
                "room": _room(heading, sealed=at // 2 == under_seal // 2),
            }
            for at, signer in enumerate(people)
        ],
        "qr": qr_svg(heading.check_url) if heading.check_url else None,
        "check_url": heading.check_url,
        "code": heading.code,
        "evidence": [],
        "source": source_json(content).decode(),
        "source_name": SOURCE_NAMES[kind],
    }


def _room(heading: Heading, *, sealed: bool) -> float:
    """Millimetres between position and name. In the row where the seal stands it is room for that, which is larger than
    a signature and runs into no words above or below."""
    ours = layout_on(heading.issued_on).data["ours"]
    return float(max(ours["signature"][1], ours["seal"] if sealed else 0) + 2)


def _page(content: Content, heading: Heading) -> dict[str, Any]:
    match content:
        case MinutesContent():
            return _minutes_page(content)
        case InvitationContent():
            lines = [Printed("paragraph", line) for line in invitation_lines(content, heading.authority.unit.name)]
            return {"lines": [asdict(line) for line in (*lines, Printed("closing", closed(content.closing)))]}
        case TextContent():
            return _text_page(content, heading)
        case _:
            assert_never(content)


def _urgency(chosen: Urgency | None) -> dict[str, str] | None:
    return {"name": chosen, "words": URGENCIES[chosen]} if chosen else None


def _text_page(content: TextContent, heading: Heading) -> dict[str, Any]:
    day = long_date(heading.issued_on) if heading.issued_on else "ngày      tháng      năm     "
    return {
        "lines": [asdict(line) for line in printed(content)],
        "contact": list(content.contact),
        "annexes": [
            asdict(annex)
            for annex in (
                *printed_annexes(content, heading.number_symbol, day),
                *printed_files(content, heading.number_symbol, day),
            )
        ],
    }


def _minutes_page(content: MinutesContent) -> dict[str, Any]:
    number = 0
    groups = []
    for group in attendance_groups(content.attendance):
        rows = []
        for line in group.people:
            number += 1
            when = (spans(line.intervals).replace("; ", "\n") or "Có mặt") if line.present else "Vắng mặt"
            rows.append([str(number), line.name, line.title and capital(line.title), when])
        groups.append({"unit": group.unit, "people": rows})
    votes = []
    for index, vote in enumerate(content.votes, 1):
        lines = [f"{index}. {vote.text}", *([vote.basis] if vote.basis else []), vote_sentence(vote)]
        if vote.ballots:
            lines.append(named_ballots(vote.ballots))
        votes.append(lines)
    return {
        "opening": [
            ["Thời gian bắt đầu", f"{long_time(content.starts_at)}."],
            ["Địa điểm", stopped(content.venue)],
            ["Chủ tọa", stopped(content.chair_line)],
            ["Thư ký (người ghi biên bản)", stopped(content.secretary_line)],
            ["Thành phần tham dự", f"{attendance_summary(content.attendance)}, cụ thể:"],
        ],
        "attendance": groups,
        "course": [
            {"heading": f"{index}. {part.heading}", "paragraphs": list(part.paragraphs)}
            for index, part in enumerate(content.course, 1)
        ],
        "votes": votes,
        "conclusions": [f"{index}. {conclusion_sentences(line)}" for index, line in enumerate(content.conclusions, 1)],
        "closing": f"Cuộc họp kết thúc vào {long_time(content.ended_at)}./.",
        "evidence": [
            f"Diễn biến cuộc họp được ghi bằng {content.proceedings_count} sự kiện, giá trị băm SHA-256 gốc: "
            f"{content.proceedings_root}"
        ],
    }


def _year(content: Content) -> str:
    return str(content.ended_at.year) if isinstance(content, MinutesContent) else "    "


def _agency_lines(name: str) -> list[str]:
    """An authority's name breaks before the place: "Ủy ban nhân dân" / "xã Hòa Phước"."""
    found = re.match(r"(.{8,}?)\s+((?:xã|phường|đặc khu|thành phố|tỉnh)\s.+)$", name, re.IGNORECASE)
    return [found.group(1), found.group(2)] if found else [name]


def qr_svg(text: str) -> str:
    """A QR code as SVG, error correction M."""
    out = BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=1, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def competent(people: Sequence[Signer]) -> Signer:
    """On whose signature the seal lies (Decree 30/2020, Appendix I, II.8: that of the competent person): the head, else
    who acts as head, a deputy, who signs by order or authorisation. Of equal ones the last, as the chair of minutes.
    All are of one authority, so there is one seal; of documents that several issue each would have its own."""
    standing = list(Capacity)
    return max(reversed(people), key=lambda one: -standing.index(one.capacity))


def _fields(places: Sequence[Mapping[str, Any]], signers: tuple[Signer, ...], layout: Layout) -> tuple[FieldBox, ...]:
    """The people's boxes as typeset; the seal's so that it covers a third of the competent person's signature
    from the left (Decree 30/2020, Appendix I, on the agency's digital signature)."""
    width, height = (edge * MM for edge in layout.data["ours"]["signature"])
    boxes: dict[str, FieldBox] = {}
    for place in places:
        left = place["x"] + (layout.half - width) / 2
        above = (place["room"] * MM - height) / 2
        top = layout.page["height"] * MM - place["y"] - above
        box = (left, top - height, left + width, top)
        boxes[place["field"]] = FieldBox(place["field"], f"Chữ ký số của {place['name']}", place["page"] - 1, box)
    first = boxes[competent([signer for signer in signers if signer.role != "seal"]).field]
    right, across = first.box[0] + width / 3, layout.data["ours"]["seal"] * MM
    middle = (first.box[1] + first.box[3]) / 2
    seal = (right - across, middle - across / 2, right, middle + across / 2)
    boxes[FIELD_NAMES["seal"]] = FieldBox(FIELD_NAMES["seal"], "Chữ ký số của cơ quan", first.page, seal)
    return tuple(boxes[signer.field] for signer in signers)
