"""How far the documents of a year have come (Decree 30/2020, Appendix VI, part I, section V), as data of
minutes.sheets."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from minutes.days.calendar import Calendar
from minutes.document import KIND_NAMES, STATE_NAMES, Document, State
from minutes.errors import N_
from minutes.reading import VIETNAM
from minutes.registers.entry import Incoming, kind_and_subject
from minutes.sheets import Column, day, sheet

DONE, LATE, TAKEN = N_("Đã giải quyết"), N_("Quá hạn"), N_("Đang giải quyết")
PASSED, WAITING = N_("Đã chuyển"), N_("Chưa chuyển")
HELD, ERASED = N_("Đang cách ly"), N_("Đã xóa nội dung")

_IN = (
    Column("Số đến", 6, centred=True),
    Column("Ngày đến", 9, centred=True),
    Column("Tác giả; số, ký hiệu văn bản", 18),
    Column("Tên loại và trích yếu nội dung văn bản", 26),
    Column("Đơn vị hoặc người nhận; ý kiến chỉ đạo", 20),
    Column("Thời hạn", 9, centred=True),
    Column("Tình trạng", 10),
    Column("Kết quả", 18),
)
_OUT = (
    Column("Số, ký hiệu văn bản", 13),
    Column("Ngày", 9, centred=True),
    Column("Tên loại và trích yếu nội dung văn bản", 36),
    Column("Người ký", 16),
    Column("Tình trạng", 16),
    Column("Hạn xử lý", 10, centred=True),
    Column("Ghi chú", 12),
)


def state(one: Incoming, today: date, office: Calendar, aside: Mapping[str, str] = MappingProxyType({})) -> str:
    """How far it has come; a term that ends on a day off of the office ends with its next working day. `aside`: HELD or
    ERASED by the names of those that nobody reads any more, for they wait for nobody."""
    if one.settled_on is not None:
        return DONE
    if one.ref in aside:
        return aside[one.ref]
    if one.deadline is not None and office.closing(one.deadline) < today:
        return LATE
    return TAKEN if one.taken_at else PASSED if one.transferred_on else WAITING


def incoming(
    letterhead: Sequence[str], year: int, lines: Sequence[Incoming], today: date, office: Calendar,
    aside: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:  # fmt: skip
    """What came in a year; `aside` as of `state`."""
    rows = []
    for one in lines:
        came = one.received
        rows.append(
            [
                f"{one.number:02d}",
                day(came.arrived_on),
                f"{came.author}; {came.number_symbol}",
                kind_and_subject(came.kind_name, came.subject),
                "; ".join(part for part in (came.handler, one.direction) if part),
                day(one.deadline),
                state(one, today, office, aside),
                "; ".join(part for part in (one.answer, one.outcome) if part),
            ]
        )
    title = "Báo cáo tình hình giải quyết văn bản đến"
    return _report(title, letterhead, year, _IN, rows, Counter(row[6] for row in rows), today)


def outgoing(letterhead: Sequence[str], year: int, documents: Sequence[Document], now: datetime) -> dict[str, Any]:
    """Drafts and issued documents of a year."""
    rows = [
        [
            one.number_symbol or "Dự thảo",
            day(one.issued_on or one.created_at.astimezone(VIETNAM).date()),
            kind_and_subject(KIND_NAMES[one.kind], one.title),
            ", ".join(signer.name for signer in one.signers if signer.role != "seal"),
            STATE_NAMES[one.state],
            day(one.due_at.astimezone(VIETNAM).date()) if one.due_at and one.state is not State.SEALED else "",
            LATE if one.due_at and one.due_at < now and one.state is not State.SEALED else "",
        ]
        for one in sorted(documents, key=lambda one: (one.created_at, one.id))
    ]
    counts = Counter(row[4] for row in rows)
    late = sum(bool(row[6]) for row in rows)
    if late:
        counts[LATE.lower()] = late
    title = "Báo cáo tình hình giải quyết văn bản đi"
    return _report(title, letterhead, year, _OUT, rows, counts, now.astimezone(VIETNAM).date())


def _report(
    title: str, letterhead: Sequence[str], year: int, columns: Sequence[Column], rows: list[list[str]],
    counts: Mapping[str, int], today: date,
) -> dict[str, Any]:  # fmt: skip
    told = "; ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
    closing = f"Cộng: {len(rows)} văn bản. {told}."
    cover = (f"Năm {year}", "", f"Số liệu đến ngày {day(today)}")
    return sheet(title, letterhead, columns, rows, unit="văn bản", closing=closing, cover=cover)
