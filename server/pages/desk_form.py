"""The text of a document as fields of a plain HTML form, and back.

Field names: "title", "course.0.text", "conclusions.2.unit".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from minutes.document import Kind
from server.i18n import N_, Reader

Json = dict[str, Any]
MOST_ROWS = 500

Shape = Literal["line", "text", "lines", "paragraphs", "course", "conclusions"]


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a document that its secretary may change; `label` is a msgid."""

    name: str
    label: str
    shape: Shape


_CONCLUSIONS = Field("conclusions", N_("Kết luận"), "conclusions")
_RECIPIENTS = Field("recipients", N_("Nơi nhận (mỗi nơi một dòng)"), "lines")
_SUBJECT = Field("subject", N_("Trích yếu"), "text")
_INTRO = Field("intro", N_("Phần mở đầu (cách một dòng trống giữa hai đoạn)"), "paragraphs")
_CLOSING = Field("closing", N_("Câu kết"), "line")

FIELDS: Mapping[Kind, tuple[Field, ...]] = MappingProxyType(
    {
        Kind.MINUTES: (
            Field("title", N_("Tên cuộc họp"), "line"),
            Field("venue", N_("Địa điểm"), "line"),
            Field("course", N_("Diễn biến cuộc họp"), "course"),
            _CONCLUSIONS,
            _RECIPIENTS,
        ),
        Kind.NOTICE: (_SUBJECT, _INTRO, _CONCLUSIONS, _CLOSING, _RECIPIENTS),
        Kind.DIRECTIVE: (
            _SUBJECT,
            Field("bases", N_("Căn cứ (mỗi căn cứ một dòng)"), "lines"),
            _INTRO,
            Field("paragraphs", N_("Nội dung chỉ đạo (cách một dòng trống giữa hai mục)"), "paragraphs"),
            _CLOSING,
            _RECIPIENTS,
        ),
    }
)

BLANK_ROWS: Mapping[str, int] = MappingProxyType({"course": 2, "conclusions": 4})
"""Empty rows offered below the filled ones, so that rows can be added without a script."""

_ROW_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"course": ("heading", "text"), "conclusions": ("text", "unit", "deadline")}
)


def typed_of(kind: Kind, content: Json) -> dict[str, str]:
    """What the form shows for `content`."""
    typed: dict[str, str] = {}
    for field in FIELDS[kind]:
        value = content[field.name]
        match field.shape:
            case "line" | "text":
                typed[field.name] = value
            case "lines":
                typed[field.name] = "\n".join(value)
            case "paragraphs":
                typed[field.name] = "\n\n".join(value)
            case "course":
                for index, part in enumerate(value):
                    typed[f"course.{index}.heading"] = part["heading"]
                    typed[f"course.{index}.text"] = "\n\n".join(part["paragraphs"])
            case "conclusions":
                for index, row in enumerate(value):
                    typed[f"conclusions.{index}.text"] = row["text"]
                    typed[f"conclusions.{index}.unit"] = row["owner_unit"] or ""
                    typed[f"conclusions.{index}.deadline"] = row["deadline"] or ""
    return typed


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
    if shape == "line":
        return " ".join(text.split())
    if shape == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    return _paragraphs(text) if shape == "paragraphs" else text


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[^\S\n]*\n\s*", text) if part.strip()]


def row_count(name: str, typed: Mapping[str, str]) -> int:
    """How many rows of the list `name` the form has sent or shows, blank ones between included."""
    pattern = re.compile(rf"{name}\.(\d{{1,3}})\.(?:{'|'.join(_ROW_PARTS[name])})")
    found = [int(match[1]) for key, text in typed.items() if text.strip() and (match := pattern.fullmatch(key))]
    return min(max(found, default=-1) + 1, MOST_ROWS)


def _rows(name: str, typed: Mapping[str, str]) -> list[Json]:
    rows: list[Json] = []
    for index in range(row_count(name, typed)):
        values = {part: typed.get(f"{name}.{index}.{part}", "") for part in _ROW_PARTS[name]}
        if f"{name}.{index}.drop" in typed or not any(values.values()):
            continue
        if name == "course":
            rows.append({"heading": " ".join(values["heading"].split()), "paragraphs": _paragraphs(values["text"])})
        else:
            unit, deadline = values["unit"] or None, values["deadline"] or None
            rows.append({"text": values["text"], "owner_unit": unit, "deadline": deadline})
    return rows


def differences(kind: Kind, typed: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Field name -> the text that somebody else has saved, where it is not what was typed."""
    names = {field.name for field in FIELDS[kind]}
    mine = {name: text.replace("\r\n", "\n").strip() for name, text in typed.items() if name.split(".")[0] in names}
    keys = [key for key in {**theirs, **mine} if not key.endswith(".drop")]
    return {key: theirs.get(key, "") for key in keys if theirs.get(key, "").strip() != mine.get(key, "")}


_OF_THE_MEETING: dict[str, str] = {
    "votes": N_("Biểu quyết"),
    "attendance": N_("Thành phần tham dự"),
    "chair_line": N_("Chủ trì"),
    "secretary_line": N_("Thư ký"),
}
"""What the meeting gives and no editor changes: name -> msgid."""

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "heading": N_("đề mục"),
        "paragraphs": N_("nội dung"),
        "text": N_("nội dung"),
        "owner_unit": N_("đơn vị chủ trì"),
        "deadline": N_("thời hạn"),
    }
)


def where(kind: Kind, path: str, reader: Reader) -> str:
    """A content path such as "conclusions[1].deadline" in words: "Kết luận 2, thời hạn"."""
    match = re.match(r"([a-z_]+)(?:\[(\d+)\])?(?:\.([a-z_]+))?", path)
    labels = {field.name: field.label for field in FIELDS[kind]} | _OF_THE_MEETING
    label = labels.get(match[1]) if match else None
    if match is None or label is None:
        return path
    words = reader.gettext(label).split(" (")[0]
    if match[2]:
        words += f" {int(match[2]) + 1}"
    part = _PARTS.get(match[3] or "")
    return f"{words}, {reader.gettext(part)}" if part else words
