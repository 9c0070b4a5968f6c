"""The text of a document as fields of a plain HTML form, and back.

Field names: "title", "course.0.text", "conclusions.2.unit".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from minutes.blocks import BLOCKS as BLOCKS_IN_A_BODY
from minutes.document import Kind
from minutes.templates import Part, template_of
from server.i18n import N_, Reader

Json = dict[str, Any]
MOST_ROWS = 500

Shape = Literal["line", "text", "lines", "paragraphs", "course", "conclusions", "body", "number", "choice"]


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a document that its secretary may change; `label` is a msgid, `choices` are (value, msgid)."""

    name: str
    label: str
    shape: Shape
    choices: tuple[tuple[str, str], ...] = ()


_CONCLUSIONS = Field("conclusions", N_("Kết luận"), "conclusions")
_RECIPIENTS = Field("recipients", N_("Nơi nhận (mỗi nơi một dòng)"), "lines")
_SUBJECT = Field("subject", N_("Trích yếu"), "text")
_CLOSING = Field("closing", N_("Câu kết"), "line")

_PARTS_OF_TEXTS: Mapping[Part, Field] = MappingProxyType(
    {
        "competence": Field("competence", N_("Thẩm quyền ban hành"), "line"),
        "addressees": Field("addressees", N_("Kính gửi (mỗi nơi một dòng)"), "lines"),
        "bases": Field("bases", N_("Căn cứ (mỗi căn cứ một dòng)"), "lines"),
        "intro": Field("intro", N_("Phần mở đầu (cách một dòng trống giữa hai đoạn)"), "paragraphs"),
        "closing": _CLOSING,
        "drafting_unit": Field("drafting_unit", N_("Chữ viết tắt của đơn vị soạn thảo"), "line"),
        "contact": Field("contact", N_("Địa chỉ, điện thoại, thư điện tử ở cuối trang (mỗi dòng một mục)"), "lines"),
    }
)
_URGENCY = Field(
    "urgency",
    N_("Độ khẩn"),
    "choice",
    (
        ("", N_("Không")),
        ("urgent", N_("Khẩn")),
        ("very_urgent", N_("Thượng khẩn")),
        ("express", N_("Hỏa tốc")),
    ),
)
_MARKS = (
    _URGENCY,
    Field(
        "circulation",
        N_("Phạm vi lưu hành"),
        "choice",
        (("", N_("Không hạn chế")), ("return", N_("Xem xong trả lại")), ("internal", N_("Lưu hành nội bộ"))),
    ),
    Field("drafter", N_("Ký hiệu người soạn thảo"), "line"),
    Field("copies", N_("Số lượng bản phát hành"), "number"),
)


def _of_text(kind: Kind) -> tuple[Field, ...]:
    parts = [field for part, field in _PARTS_OF_TEXTS.items() if part in template_of(kind).parts]
    before = [field for field in parts if field.name in ("competence", "addressees", "bases", "intro")]
    after = [field for field in parts if field not in before]
    return (_SUBJECT, *before, Field("body", N_("Nội dung"), "body"), *after, _RECIPIENTS, *_MARKS)


FIELDS: Mapping[Kind, tuple[Field, ...]] = MappingProxyType(
    {kind: _of_text(kind) for kind in Kind}
    | {
        Kind.MINUTES: (
            Field("title", N_("Tên cuộc họp"), "line"),
            Field("venue", N_("Địa điểm"), "line"),
            Field("course", N_("Diễn biến cuộc họp"), "course"),
            _CONCLUSIONS,
            _RECIPIENTS,
        ),
        Kind.INVITATION: (
            _SUBJECT,
            Field("invitees", N_("Kính mời (mỗi người hoặc đơn vị một dòng)"), "lines"),
            Field("chair_line", N_("Chủ trì"), "line"),
            Field("venue", N_("Địa điểm"), "line"),
            Field("agenda", N_("Nội dung, chương trình (mỗi nội dung một dòng)"), "lines"),
            Field("notes", N_("Lưu ý (cách một dòng trống giữa hai đoạn)"), "paragraphs"),
            _CLOSING,
            _RECIPIENTS,
            _URGENCY,
        ),
    }
)

BLANK_ROWS: Mapping[str, int] = MappingProxyType({"course": 2, "conclusions": 4, "body": 4})
"""Empty rows offered below the filled ones, so that rows can be added without a script."""

_ROW_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "course": ("heading", "text"),
        "conclusions": ("text", "unit", "co", "deadline", "item"),
        "body": ("text", "unit", "co", "deadline", "item", "block"),
    }
)
"""What a row's fields are called: "body.3.text"."""

BLOCKS: Mapping[str, str] = MappingProxyType(
    {
        "clause": N_("Khoản: 1., 2., …"),
        "point": N_("Điểm: a), b), …"),
        "paragraph": N_("Đoạn văn không đánh số"),
        "article": N_("Điều"),
        "section": N_("Mục (I., II., … hoặc Mục 1, 2, …)"),
        "chapter": N_("Chương"),
        "part": N_("Phần"),
        "conclusion": N_("Kết luận, nhiệm vụ"),
        "table": N_("Bảng: mỗi hàng một dòng, các ô cách nhau bằng dấu gạch đứng"),
    }
)
"""What a row of the body may be: value and msgid."""

_LEVELS = ("paragraph", "clause", "point")


def typed_of(kind: Kind, content: Json) -> dict[str, str]:
    """What the form shows for `content`."""
    typed: dict[str, str] = {}
    for field in FIELDS[kind]:
        value = content[field.name]
        match field.shape:
            case "lines":
                typed[field.name] = "\n".join(value)
            case "paragraphs":
                typed[field.name] = "\n\n".join(value)
            case "course" | "conclusions" | "body":
                for index, row in enumerate(value):
                    typed |= {
                        f"{field.name}.{index}.{part}": text for part, text in _row_typed(field.name, row).items()
                    }
            case _:
                typed[field.name] = "" if value is None else str(value)
    return typed


def _row_typed(name: str, row: Json) -> dict[str, str]:
    if name == "course":
        return {"heading": row["heading"], "text": "\n\n".join(row["paragraphs"])}
    match row.get("block", "conclusion"):
        case "heading":
            return {"block": row["level"], "text": row["text"]}
        case "paragraph":
            return {"block": _LEVELS[row["level"]], "text": row["text"]}
        case "table":
            return {"block": "table", "text": "\n".join(_cells_typed(cells) for cells in (row["header"], *row["rows"]))}
    typed = {
        "text": row["text"],
        "unit": row["owner_unit"] or "",
        "co": "; ".join(row["co_units"]),
        "deadline": row["deadline"] or "",
        "item": row["item"] or "",
    }
    return typed | ({"block": "conclusion"} if "block" in row else {})


def _cells_typed(cells: list[str]) -> str:
    return " | ".join(" ".join(cell.split()) for cell in cells)


def read(kind: Kind, before: Json, typed: Mapping[str, str]) -> Json:
    """`before` with the form's fields put in; what the form did not send stays. Checked by minutes.content later."""
    clean = {name: text.replace("\r\n", "\n").replace("\r", "\n").strip() for name, text in typed.items()}
    content = dict(before)
    for field in FIELDS[kind]:
        if field.shape in _ROW_PARTS:
            content[field.name] = _rows(field.name, clean)
        elif field.name in clean:
            content[field.name] = _value(field.shape, clean[field.name])
    return content


def _value(shape: Shape, text: str) -> Any:
    match shape:
        case "line":
            return " ".join(text.split())
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "paragraphs":
            return _paragraphs(text)
        case "choice":
            return text or None
        case "number":
            return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text or None
        case _:
            return text


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[^\S\n]*\n\s*", text) if part.strip()]


def row_count(name: str, typed: Mapping[str, str]) -> int:
    """How many rows of the list `name` the form has sent or shows, blank ones between included."""
    pattern = re.compile(rf"{name}\.(\d{{1,4}})\.({'|'.join(_ROW_PARTS[name])})")
    found = [
        int(match[1])
        for key, text in typed.items()
        if text.strip() and (match := pattern.fullmatch(key)) and (match[2] != "block" or text == "article")
    ]
    return min(max(found, default=-1) + 1, BLOCKS_IN_A_BODY if name == "body" else MOST_ROWS)


def _rows(name: str, typed: Mapping[str, str]) -> list[Json]:
    rows: list[Json] = []
    for index in range(row_count(name, typed)):
        values = {part: typed.get(f"{name}.{index}.{part}", "") for part in _ROW_PARTS[name]}
        # A row of the body says what it is even where nothing was typed; only an article may stay without a text.
        filled = {part: text for part, text in values.items() if text and part not in ("block", "item")}
        if f"{name}.{index}.drop" in typed or not (filled or values.get("block") == "article"):
            continue
        if name == "course":
            rows.append({"heading": " ".join(values["heading"].split()), "paragraphs": _paragraphs(values["text"])})
        else:
            rows.append(_block(values) if name == "body" else _conclusion(values))
    return rows


def _block(values: Mapping[str, str]) -> Json:
    text = values["text"]
    match values["block"]:
        case "part" | "chapter" | "section" | "article" as level:
            return {"block": "heading", "level": level, "text": " ".join(text.split())}
        case "table":
            header, *rows = ([cell.strip() for cell in line.split("|")] for line in text.split("\n"))
            return {"block": "table", "header": header, "rows": rows}
        case "conclusion":
            return {"block": "conclusion", **_conclusion(values)}
        case "paragraph" | "point" as level:
            return {"block": "paragraph", "level": _LEVELS.index(level), "text": text}
    return {"block": "paragraph", "level": 1, "text": text}


def _conclusion(values: Mapping[str, str]) -> Json:
    return {
        "text": values["text"],
        "owner_unit": values["unit"] or None,
        "co_units": [unit.strip() for unit in re.split(r"[;\n]", values["co"]) if unit.strip()],
        "deadline": values["deadline"] or None,
        "item": values["item"] or None,
    }


def differences(kind: Kind, typed: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Field name -> the text that somebody else has saved, where it is not what was typed."""
    names = {field.name for field in FIELDS[kind]}
    mine = {name: text.replace("\r\n", "\n").strip() for name, text in typed.items() if name.split(".")[0] in names}
    keys = [
        key
        for key in {**theirs, **mine}
        # An empty row of the body says what it would be, and differs from nothing.
        if not key.endswith(".drop") and (not key.endswith(".block") or mine.get(f"{key.removesuffix('block')}text"))
    ]
    return {key: theirs.get(key, "") for key in keys if theirs.get(key, "").strip() != mine.get(key, "")}


_OUTSIDE: dict[str, str] = {
    "votes": N_("Biểu quyết"),
    "attendance": N_("Thành phần tham dự"),
    "chair_line": N_("Chủ trì"),
    "secretary_line": N_("Thư ký"),
    "annexes": N_("Phụ lục"),
}
"""What the form does not have: what the meeting gives, and what only the editor does. Name -> msgid."""

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "heading": N_("đề mục"),
        "body": N_("nội dung"),
        "paragraphs": N_("nội dung"),
        "text": N_("nội dung"),
        "title": N_("tên phụ lục"),
        "owner_unit": N_("đơn vị chủ trì"),
        "co_units": N_("đơn vị phối hợp"),
        "header": N_("hàng đầu của bảng"),
        "rows": N_("các hàng của bảng"),
        "deadline": N_("thời hạn"),
    }
)


def where(kind: Kind, path: str, reader: Reader) -> str:
    """A content path such as "conclusions[1].deadline" in words: "Kết luận 2, thời hạn"."""
    match = re.match(r"([a-z_]+)(?:\[(\d+)\])?(?:\.([a-z_]+))?", path)
    labels = {field.name: field.label for field in FIELDS[kind]} | _OUTSIDE
    label = labels.get(match[1]) if match else None
    if match is None or label is None:
        return path
    words = reader.gettext(label).split(" (")[0]
    if match[2]:
        words += f" {int(match[2]) + 1}"
    part = _PARTS.get(match[3] or "")
    return f"{words}, {reader.gettext(part)}" if part else words
