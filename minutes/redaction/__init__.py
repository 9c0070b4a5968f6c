"""What the public may not read is taken out of a document's text, not covered up (Law 91/2025/QH15 on personal data;
Law 104/2016/QH13, art. 7). What stays is typeset anew: the rendition that is published in place of the original.

Words are taken out wherever they stand, so that a name that is left out in one place cannot be read in another.

suggestions   what looks like a telephone number, an identity number, a date of birth, an address
store         the renditions that were made
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from minutes.content import Content, from_json, texts, title_of, to_json
from minutes.document import Actor, Document, Signer
from minutes.errors import N_, Reason, Refused
from minutes.text import TextContent
from minutes.wording import short_date

GAP = "[…]"
"""Stands where something was taken out."""
MOST, LONGEST = 200, 2000
"""Removals in one document; characters of one."""

_FIXED = frozenset(
    {
        "document_id", "kind", "minutes_id", "relation", "block", "level", "deadline", "urgency", "circulation",
        "drafting_unit",
    }
)  # fmt: skip
"""Fields that are no words of the text, or part of its number."""


class Ground(StrEnum):
    """Why something may not be published."""

    PERSONAL = "personal"
    PRIVATE = "private"
    BUSINESS = "business"


GROUNDS: Mapping[Ground, str] = MappingProxyType(
    {
        Ground.PERSONAL: N_("Dữ liệu cá nhân (Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15)"),
        Ground.PRIVATE: N_("Đời sống riêng tư, bí mật cá nhân, gia đình (Luật Tiếp cận thông tin, Điều 7)"),
        Ground.BUSINESS: N_("Bí mật kinh doanh (Luật Tiếp cận thông tin, Điều 7)"),
    }
)


@dataclass(frozen=True, slots=True)
class Removal:
    """Words that are taken out wherever they stand, and why."""

    words: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Rendition:
    """What was published in place of a document. `digest` is the hex SHA-256 of its file, `title` its subject; the
    certificate of its one signature, the agency's, is kept as issuer and serial number. `removed` counts the places by
    ground."""

    digest: str
    document_id: str
    title: str
    content: Any
    removed: Mapping[str, int]
    at: datetime
    by: Actor
    issuer: str
    serial: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without what was taken out, and in how many places, by ground."""

    content: TextContent
    removed: Mapping[str, int]


def redact(content: Content, removals: Sequence[Removal], document: Document) -> Redacted:
    """`content` without the words of `removals`. Raises Refused: "nothing_removed" where there are none,
    "not_in_text" for words that do not occur, "too_many", and "redacts_signer" for what stands around the text."""
    if not isinstance(content, TextContent):
        raise Refused("never_public", Reason(N_("Loại văn bản này không có bản công bố.")))
    if not removals:
        raise Refused("nothing_removed", Reason(N_("Chưa chọn thông tin nào để lược bỏ.")))
    if len(removals) > MOST or any(len(one.words) > LONGEST for one in removals):
        raise Refused("too_many", Reason(N_("Mỗi lần lược bỏ tối đa %(limit)s chỗ."), limit=MOST))
    # Files that go with it are not redacted, so they are not published either.
    data, counted = to_json(replace(content, files=())), Counter[str]()
    # The longest first: a name within an address must not break the address up.
    for removal in sorted(removals, key=lambda one: -len(one.words)):
        pattern = _pattern(removal.words)
        if pattern.search(_around(document.signers, document.unit.name)):
            text = N_(
                "Họ tên, chức vụ người ký và tên cơ quan là phần phải công khai, không lược bỏ được: “%(words)s”."
            )
            raise Refused("redacts_signer", Reason(text, words=removal.words))
        data, count = _without(data, pattern)
        if not count and not any(pattern.search(other.words) for other in removals if other != removal):
            raise Refused("not_in_text", Reason(N_("Không có “%(words)s” trong văn bản."), words=removal.words))
        counted[removal.ground] += count
    made = from_json(content.kind, data)
    assert isinstance(made, TextContent)
    return Redacted(made, MappingProxyType(dict(counted)))


def plain(typed: str) -> str:
    """Words as they are looked for: in one Unicode form, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


def notice_line(number_symbol: str, issued_on: date) -> str:
    """What is printed above a rendition."""
    day = short_date(issued_on)
    return f"Bản công bố đã lược bỏ thông tin không được công khai. Bản gốc: số {number_symbol} ngày {day}."


def told(removed: Mapping[str, int]) -> str:
    """What was taken out, for the history: how much and why, never what."""
    parts = [f"{GROUNDS[Ground(ground)]}: {count} chỗ" for ground, count in removed.items() if count]
    return f"Lược bỏ trước khi công bố: {'; '.join(parts)}."


def prose(content: Content) -> list[str]:
    """The words of a document, each text once, without what belongs to its number or form."""
    found = [text for path, text in texts(to_json(content)) if not _FIXED & set(re.split(r"[.\[\]]", path))]
    return list(dict.fromkeys(found))


def subject(content: Content) -> str:
    """The subject under which a rendition is listed."""
    return title_of(content)


def _around(signers: Iterable[Signer], unit: str) -> str:
    lines = [line for one in signers for line in (one.name, one.title, *one.title_lines)]
    return "\n".join([*lines, unit])


def _pattern(words: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in plain(words).split(" ")]
    before = r"(?<!\w)" if words[:1].isalnum() else ""
    after = r"(?!\w)" if words[-1:].isalnum() else ""
    return re.compile(before + r"\s+".join(parts) + after, re.IGNORECASE)


def _without(value: Any, pattern: re.Pattern[str]) -> tuple[Any, int]:
    """A JSON value in which GAP stands in place of what the pattern finds, and how often."""
    if isinstance(value, str):
        return pattern.subn(GAP, unicodedata.normalize("NFC", value))
    if isinstance(value, list):
        items = [_without(item, pattern) for item in value]
        return [item for item, _ in items], sum(count for _, count in items)
    if isinstance(value, dict):
        pairs = {key: (item, 0) if key in _FIXED else _without(item, pattern) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, sum(count for _, count in pairs.values())
    return value, 0
