"""A year's register as it is printed in the prescribed form, signed and bound (Decree 30/2020, Appendix IV).

The years before must be printable with all columns (art. 16, 22), so what is printed depends on the lines alone.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from minutes.reading import VIETNAM
from minutes.register import EntryState
from minutes.registers.entry import Incoming, Outgoing, kind_and_subject
from minutes.sheets import Column, day, sheet

_OUT = (
    Column("Số, ký hiệu văn bản", 11, centred=True),
    Column("Ngày tháng văn bản", 9, centred=True),
    Column("Tên loại và trích yếu nội dung văn bản", 30),
    Column("Người ký", 13),
    Column("Nơi nhận văn bản", 20),
    Column("Đơn vị, người nhận bản lưu", 11),
    Column("Số lượng bản", 6, centred=True),
    Column("Ghi chú", 13),
)
_IN = (
    Column("Ngày đến", 9, centred=True),
    Column("Số đến", 6, centred=True),
    Column("Tác giả", 14),
    Column("Số, ký hiệu văn bản", 11, centred=True),
    Column("Ngày tháng văn bản", 9, centred=True),
    Column("Tên loại và trích yếu nội dung văn bản", 24),
    Column("Đơn vị hoặc người nhận", 13),
    Column("Ngày chuyển", 9, centred=True),
    Column("Ký nhận", 10),
    Column("Ghi chú", 13),
)


def outgoing(letterhead: Sequence[str], year: int, lines: Sequence[Outgoing]) -> dict[str, Any]:
    """The data of minutes.sheets for a year of outgoing documents, in the order given."""
    rows = [
        [
            one.number_symbol,
            day(one.issued_on),
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
    return _book("Sổ đăng ký văn bản đi", letterhead, year, _OUT, rows, marks, [x.issued_on for x in lines])


def incoming(letterhead: Sequence[str], year: int, lines: Sequence[Incoming]) -> dict[str, Any]:
    """The same of incoming documents."""
    rows = [
        [
            day(one.received.arrived_on),
            f"{one.number:02d}",
            one.received.author,
            one.received.number_symbol,
            day(one.received.issued_on),
            kind_and_subject(one.received.kind_name, one.received.subject),
            one.received.handler,
            day(one.transferred_on),
            _taken(one),
            _followed(one),
        ]
        for one in lines
    ]
    days = [one.received.arrived_on for one in lines]
    marks = [f"{one.number:02d}" for one in lines]
    return _book("Sổ đăng ký văn bản đến", letterhead, year, _IN, rows, marks, days)


def _book(
    title: str, letterhead: Sequence[str], year: int, columns: Sequence[Column], rows: list[list[str]],
    marks: Sequence[str], days: Sequence[date],
) -> dict[str, Any]:  # fmt: skip
    span = f"Từ số {marks[0]} đến số {marks[-1]}" if marks else "Chưa có văn bản nào"
    dated = f"Từ ngày {day(min(days))} đến ngày {day(max(days))}" if days else ""
    return sheet(
        title,
        letterhead,
        columns,
        rows,
        unit="văn bản",
        closing=f"Cộng năm {year}: {len(rows)} văn bản. Khóa sổ ngày …… tháng …… năm ………",
        cover=(f"Năm {year}", span, dated),
        volume="Quyển số: ………",
        signatures=("Người giữ sổ", "Thủ trưởng cơ quan"),
    )


def _note(one: Outgoing) -> str:
    if one.state is EntryState.VOID:
        return f"Số hủy: {one.reason or ''}"
    pending = "Đã cấp số, chưa phát hành" if one.state is EntryState.RESERVED else ""
    electronic = "Văn bản điện tử" if one.document_id is not None else ""
    return "; ".join(part for part in (pending, electronic, one.note) if part)


def _taken(one: Incoming) -> str:
    return "" if one.taken_at is None else f"{one.taken_by} {day(one.taken_at.astimezone(VIETNAM).date())}"


def _followed(one: Incoming) -> str:
    """The column "Ghi chú" says by when a document is to be dealt with, and by what it was answered."""
    until = f"Hạn {day(one.deadline)}" if one.deadline else ""
    settled = ""
    if one.settled_on is not None and one.transferred_on is not None and one.taken_at is not None:
        settled = f"Giải quyết {day(one.settled_on)}" + (f": {one.answer}" if one.answer else "")
    return "; ".join(part for part in (one.received.note, until, settled) if part)
