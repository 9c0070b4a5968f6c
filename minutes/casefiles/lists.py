"""The lists that a system must give (Decree 30/2020, Appendices V and VI): the case files of a year as they are
opened, those that are closed, and the documents in one of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from minutes.casefiles.case import Case, CaseState, Item
from minutes.sheets import Column, day, sheet

_YEAR = (
    Column("Số và ký hiệu hồ sơ", 12, centred=True),
    Column("Tiêu đề hồ sơ", 40),
    Column("Thời hạn bảo quản", 14, centred=True),
    Column("Người lập hồ sơ", 16),
    Column("Ghi chú", 14),
)
_CLOSED = (
    Column("Số TT", 6, centred=True),
    Column("Số, ký hiệu hồ sơ", 12, centred=True),
    Column("Tiêu đề hồ sơ", 36),
    Column("Thời gian tài liệu", 16),
    Column("Thời hạn bảo quản", 12),
    Column("Số văn bản, tài liệu", 9, centred=True),
    Column("Số trang", 8, centred=True),
    Column("Ghi chú", 14),
)
_CONTENTS = (
    Column("STT", 5, centred=True),
    Column("Số, ký hiệu văn bản", 12, centred=True),
    Column("Ngày, tháng, năm văn bản", 11, centred=True),
    Column("Tên loại và trích yếu nội dung văn bản", 40),
    Column("Tác giả văn bản", 18),
    Column("Số trang", 7, centred=True),
    Column("Ghi chú", 12),
)


def of_year(letterhead: Sequence[str], year: int, cases: Sequence[Case], notes: Mapping[str, str]) -> dict[str, Any]:
    """Danh mục hồ sơ, as data of minutes.sheets. `notes` are by the ids of the case files."""
    rows = [[one.code, one.title, kept_for(one), one.opened_by, notes.get(one.id, "")] for one in cases]
    title, closing = f"Danh mục hồ sơ năm {year}", f"Cộng: {len(rows)} hồ sơ."
    return sheet(title, letterhead, _YEAR, rows, unit="hồ sơ", closing=closing)


def closed(letterhead: Sequence[str], year: int, cases: Sequence[Case], notes: Mapping[str, str]) -> dict[str, Any]:
    """Mục lục hồ sơ, of those of the year that are closed."""
    rows = [
        [
            str(number),
            one.code,
            one.title,
            f"{day(one.opened_on)} – {day(one.ended_on)}",
            kept_for(one),
            str(len(one.items)),
            str(pages(one) or ""),
            notes.get(one.id, ""),
        ]
        for number, one in enumerate((one for one in cases if one.state is CaseState.CLOSED), 1)
    ]
    closing = f"Cộng: {len(rows)} hồ sơ."
    return sheet("Mục lục hồ sơ", letterhead, _CLOSED, rows, unit="hồ sơ", closing=closing, cover=(f"Năm {year}",))


def contents(letterhead: Sequence[str], case: Case) -> dict[str, Any]:
    """Mục lục văn bản, tài liệu trong hồ sơ."""
    rows = [
        [
            str(number),
            "/".join(part for part in (one.said.get("CodeNumber"), one.said.get("CodeNotation")) if part),
            one.said.get("IssuedDate", ""),
            _named(one),
            one.said.get("OrganName", ""),
            one.said.get("PageAmount", ""),
            f"Bản giấy: {one.paper}" if one.paper else "",
        ]
        for number, one in enumerate(case.items, 1)
    ]
    title, unit, about = "Mục lục văn bản, tài liệu", "văn bản, tài liệu", f"Hồ sơ số {case.code}: {case.title}"
    return sheet(title, letterhead, _CONTENTS, rows, unit=unit, closing=f"Cộng: {len(rows)} {unit}.", cover=(about,))


def _named(one: Item) -> str:
    """Kind and subject: number and author have columns of their own."""
    subject = one.said.get("Subject")  # what was closed before it was written down has a title alone
    return f"{one.said.get('TypeName', '')} {subject}".strip() if subject else one.title


def kept_for(case: Case) -> str:
    """How long, in words."""
    return "Vĩnh viễn" if case.period.years is None else f"{case.period.years} năm"


def pages(case: Case) -> int:
    """Of all documents that have pages."""
    return sum(int(one.said.get("PageAmount") or 0) for one in case.items)
