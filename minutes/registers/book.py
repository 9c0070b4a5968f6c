"""A year's register as it is printed in the prescribed form, signed and bound (Decree 30/2020, Appendix IV).

The years before must be printable with all columns (art. 16, 22), so what is printed depends on the lines alone.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from minutes.reading import VIETNAM
from minutes.register import EntryState
from minutes.registers.entry import Incoming, Outgoing, kind_and_subject

LAYOUT = "book.typ"

_OUT = (
    ("Số, ký hiệu văn bản", 11),
    ("Ngày tháng văn bản", 9),
    ("Tên loại và trích yếu nội dung văn bản", 30),
    ("Người ký", 13),
    ("Nơi nhận văn bản", 20),
    ("Đơn vị, người nhận bản lưu", 11),
    ("Số lượng bản", 6),
    ("Ghi chú", 13),
)
_IN = (
    ("Ngày đến", 9),
    ("Số đến", 6),
    ("Tác giả", 15),
    ("Số, ký hiệu văn bản", 11),
    ("Ngày tháng văn bản", 9),
    ("Tên loại và trích yếu nội dung văn bản", 26),
    ("Đơn vị hoặc người nhận", 14),
    ("Ngày chuyển", 9),
    ("Ký nhận", 11),
    ("Ghi chú", 9),
)


def outgoing(letterhead: Sequence[str], year: int, lines: Sequence[Outgoing]) -> dict[str, Any]:
    """The data of LAYOUT for a year of outgoing documents, in the order given."""
    rows = [
        [
            one.number_symbol,
            _day(one.issued_on),
            kind_and_subject(one.kind_name, one.subject),
            one.signer,
            one.recipients,
            one.keeper,
            "" if one.copies is None else str(one.copies),
            _note(one),
        ]
        for one in lines
    ]
    marks = [one.number_symbol for one in lines]
    return _book("Sổ đăng ký văn bản đi", letterhead, year, _OUT, (0, 1, 6), rows, marks, [x.issued_on for x in lines])


def incoming(letterhead: Sequence[str], year: int, lines: Sequence[Incoming]) -> dict[str, Any]:
    """The same of incoming documents."""
    rows = [
        [
            _day(one.received.arrived_on),
            f"{one.number:02d}",
            one.received.author,
            one.received.number_symbol,
            _day(one.received.issued_on),
            kind_and_subject(one.received.kind_name, one.received.subject),
            one.received.handler,
            _day(one.transferred_on),
            _taken(one),
            one.received.note,
        ]
        for one in lines
    ]
    days = [one.received.arrived_on for one in lines]
    marks = [f"{one.number:02d}" for one in lines]
    return _book("Sổ đăng ký văn bản đến", letterhead, year, _IN, (0, 1, 3, 4, 7), rows, marks, days)


def _book(
    title: str,
    letterhead: Sequence[str],
    year: int,
    columns: Sequence[tuple[str, int]],
    centred: Sequence[int],
    rows: list[list[str]],
    marks: Sequence[str],
    days: Sequence[date],
) -> dict[str, Any]:
    span = f"Từ số {marks[0]} đến số {marks[-1]}" if marks else "Chưa có văn bản nào"
    dated = f"Từ ngày {_day(min(days))} đến ngày {_day(max(days))}" if days else ""
    return {
        "title": title,
        "agency": letterhead[-1],
        "letterhead": list(letterhead),
        "year_line": f"Năm {year}",
        "numbers_line": span,
        "days_line": dated,
        "volume_line": "Quyển số: ………",
        "columns": [name for name, _ in columns],
        "widths": [width for _, width in columns],
        "centred": list(centred),
        "rows": rows,
        "count_of_page": "Cộng trang này: {} văn bản",
        "closing": f"Cộng năm {year}: {len(rows)} văn bản. Khóa sổ ngày …… tháng …… năm ………",
        "signatures": ["Người giữ sổ", "Thủ trưởng cơ quan"],
        "signature_hint": "(Ký, ghi rõ họ tên)",
    }


def _note(one: Outgoing) -> str:
    if one.state is EntryState.VOID:
        return f"Số hủy: {one.reason or ''}"
    pending = "Đã cấp số, chưa phát hành" if one.state is EntryState.RESERVED else ""
    electronic = "Văn bản điện tử" if one.document_id is not None else ""
    return "; ".join(part for part in (pending, electronic, one.note) if part)


def _taken(one: Incoming) -> str:
    return "" if one.taken_at is None else f"{one.taken_by} {_day(one.taken_at.astimezone(VIETNAM).date())}"


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"
