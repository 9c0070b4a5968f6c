"""A document's content to the page: PDF/A-3a in the layout of Decree 30/2020, with its data embedded.

typst sets the page from JSON, so no text can act as markup. The same input gives the same bytes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import segno
import typst

from minutes import typefaces
from minutes.authority import Authority
from minutes.content import Content, DirectiveContent, MinutesContent, texts, to_json
from minutes.document import FIELD_NAMES, KIND_NAMES, MARK, Kind, Signer, SignerRole
from minutes.errors import UnprintableContent
from minutes.wording import (
    attendance_summary,
    conclusion_sentences,
    long_date,
    long_time,
    spans,
    vote_sentence,
)

LAYOUTS = Path(__file__).parent / "layouts"

PAGE_HEIGHT = 841.89
POINTS_PER_MM = 72 / 25.4
SIGNATURE_SIZE = (46 * POINTS_PER_MM, 24 * POINTS_PER_MM)
SEAL_DIAMETER = 36 * POINTS_PER_MM
"""The real size of a commune's seal, which the picture must have."""

SOURCE_NAMES: Mapping[Kind, str] = MappingProxyType(
    {Kind.MINUTES: "bienban.json", Kind.NOTICE: "thongbao.json", Kind.DIRECTIVE: "chithi.json"}
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


class Typesetter:
    """Holds the fonts; safe to use from several threads."""

    def __init__(self) -> None:
        face = typefaces.choose(typst.Fonts().fonts())
        # Only the chosen directory: a second copy of the family elsewhere could lack letters.
        self._fonts = typst.Fonts(
            include_system_fonts=False, font_paths=[str(face.directory)] if face.directory else []
        )
        self.fonts = tuple(dict.fromkeys((face.family, typefaces.EMBEDDED)))
        """The typeface in use, then the one that would stand in for a sign that it lacks."""

    def typeset(self, kind: Kind, content: Content, heading: Heading, *, at: datetime) -> Typeset:
        """Set the document; `at` becomes the file's creation time.

        Raises UnprintableContent naming the field with a sign that the typeface lacks (an emoji, for example), since
        PDF/A allows no text without its letters.
        """
        data = {**_frame(kind, content, heading, self.fonts), **_page(content)}
        layout = LAYOUTS / ("minutes.typ" if kind is Kind.MINUTES else "letter.typ")
        compiler = typst.Compiler(
            input=layout,
            root=LAYOUTS,
            font_paths=self._fonts,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )
        try:
            pdf = compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=at.replace(microsecond=0))
        except typst.TypstError as error:
            raise _unprintable(content, error) from error
        if not isinstance(pdf, bytes):
            raise TypeError("typst returned no single PDF")
        places = json.loads(compiler.query("<field>", field="value"))
        # typst ends with %%EOF and no line end; an update appended to that breaks PDF/A (ISO 19005-3, 6.1.9).
        return Typeset(pdf + b"\n", _fields(places, heading.signers))


def _unprintable(content: Content, error: typst.TypstError) -> Exception:
    """What to say about a text that cannot be set; the error itself if the text is not to blame."""
    found = re.search(r'(?:the text|codepoint) `"(.+?)"`', error.message)
    if found is None:
        return error
    quoted = found.group(1)
    code = re.fullmatch(r"\\u\{([0-9a-f]+)\}", quoted)
    sign = chr(int(code.group(1), 16)) if code else quoted
    field = next((path for path, text in texts(to_json(content)) if sign in text), "")
    return UnprintableContent(field, sign)


def source_json(content: Content) -> bytes:
    """The bytes that are embedded in the PDF."""
    return json.dumps(to_json(content), ensure_ascii=False, indent=1).encode()


def _frame(kind: Kind, content: Content, heading: Heading, fonts: tuple[str, ...]) -> dict[str, Any]:
    authority, draft = heading.authority, heading.number_symbol is None
    people = [signer for signer in heading.signers if signer.role != "seal"]
    symbol = heading.number_symbol or f"     /{kind.value}-{authority.abbreviation}"
    day = f"{authority.place_name}, {long_date(heading.issued_on)}" if heading.issued_on else None
    return {
        "fonts": list(fonts),
        "document_title": f"{KIND_NAMES[kind]} {heading.number_symbol or '(dự thảo)'}: {_subject(content)}",
        "keywords": [MARK + heading.document_id],
        "head": {
            "parent": authority.parent,
            "agency": authority.unit.name,
            "agency_lines": _agency_lines(authority.unit.name),
            "number_line": f"Số: {symbol}",
            "place_date": day or f"{authority.place_name}, ngày      tháng      năm {_year(content)}",
        },
        "draft": draft,
        "kind_title": KIND_NAMES[kind].upper(),
        "subject": _subject(content),
        "recipients": _punctuated(content.recipients),
        "signers": [
            {"role": signer.role, "title_lines": list(signer.title_lines), "name": signer.name} for signer in people
        ],
        "qr": qr_svg(heading.check_url) if heading.check_url else None,
        "check_url": heading.check_url,
        "code": heading.code,
        "evidence": [],
        "source": source_json(content).decode(),
        "source_name": SOURCE_NAMES[kind],
    }


def _page(content: Content) -> dict[str, Any]:
    if isinstance(content, MinutesContent):
        return _minutes_page(content)
    if isinstance(content, DirectiveContent):
        numbered = [f"{index}. {text}" for index, text in enumerate(content.paragraphs, 1)]
        bases, rows = list(content.bases), numbered
    else:
        bases = []
        rows = [f"{index}. {conclusion_sentences(line)}" for index, line in enumerate(content.conclusions, 1)]
    return {"bases": bases, "intro": list(content.intro), "numbered": rows, "closing": _closed(content.closing)}


def _minutes_page(content: MinutesContent) -> dict[str, Any]:
    number = 0
    groups = []
    for group in content.attendance:
        rows = []
        for line in group.people:
            number += 1
            when = (spans(line.intervals).replace("; ", "\n") or "Có mặt") if line.present else "Vắng mặt"
            rows.append([str(number), line.name, line.title, when])
        groups.append({"unit": group.unit, "people": rows})
    votes = []
    for index, vote in enumerate(content.votes, 1):
        lines = [f"{index}. {vote.text}", vote_sentence(vote)]
        if vote.ballots:
            lines.append(_named_ballots(vote.ballots))
        votes.append(lines)
    return {
        "opening": [
            ["Thời gian bắt đầu", f"{long_time(content.starts_at)}."],
            ["Địa điểm", _stopped(content.venue)],
            ["Chủ trì (chủ tọa)", _stopped(content.chair_line)],
            ["Thư ký (người ghi biên bản)", _stopped(content.secretary_line)],
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


def _named_ballots(ballots: tuple[tuple[str, str], ...]) -> str:
    labels = {"for": "Tán thành", "against": "Không tán thành", "abstain": "Không có ý kiến"}
    parts = []
    for choice, label in labels.items():
        names = [name for name, cast in ballots if cast == choice]
        if names:
            parts.append(f"{label}: {', '.join(names)}")
    return f"{'. '.join(parts)}."


def _subject(content: Content) -> str:
    return content.title if isinstance(content, MinutesContent) else content.subject


def _year(content: Content) -> str:
    return str(content.ended_at.year) if isinstance(content, MinutesContent) else "    "


def _stopped(text: str) -> str:
    return text if text.rstrip().endswith(".") else f"{text}."


def _closed(text: str) -> str:
    return text if text.endswith("./.") else f"{text.rstrip('. ')}./."


def _punctuated(lines: tuple[str, ...]) -> list[str]:
    bare = [line.strip().rstrip(";.") for line in lines]
    return [f"{line};" for line in bare[:-1]] + [f"{line}." for line in bare[-1:]]


def _agency_lines(name: str) -> list[str]:
    """An authority's name breaks before the place: "Ủy ban nhân dân" / "xã Hòa Phước"."""
    found = re.match(r"(.{8,}?)\s+((?:xã|phường|đặc khu|thành phố|tỉnh)\s.+)$", name, re.IGNORECASE)
    return [found.group(1), found.group(2)] if found else [name]


def qr_svg(text: str) -> str:
    """A QR code as SVG, error correction M."""
    out = BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=1, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def _fields(places: Sequence[Mapping[str, Any]], signers: tuple[Signer, ...]) -> tuple[FieldBox, ...]:
    """The people's boxes as typeset; the seal's so that it covers a third of the last person's signature
    from the left (Decree 30/2020, Appendix I, on the agency's digital signature)."""
    column = (210 - 30 - 15) / 2 * POINTS_PER_MM
    width, height = SIGNATURE_SIZE
    boxes: dict[SignerRole, FieldBox] = {}
    for place in places:
        role: SignerRole = place["role"]
        left = place["x"] + (column - width) / 2
        top = PAGE_HEIGHT - place["y"] - POINTS_PER_MM
        box = (left, top - height, left + width, top)
        boxes[role] = FieldBox(FIELD_NAMES[role], f"Chữ ký số của {place['name']}", place["page"] - 1, box)
    last = boxes[[signer.role for signer in signers if signer.role != "seal"][-1]]
    right = last.box[0] + width / 3
    middle = (last.box[1] + last.box[3]) / 2
    seal = (right - SEAL_DIAMETER, middle - SEAL_DIAMETER / 2, right, middle + SEAL_DIAMETER / 2)
    boxes["seal"] = FieldBox(FIELD_NAMES["seal"], "Chữ ký số của cơ quan", last.page, seal)
    return tuple(boxes[signer.role] for signer in signers)
