"""How numbers are counted, what a line may say, and the book that is printed of them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.days.calendar import calendar
from minutes.document import Kind
from minutes.errors import InvalidContent, RecordError, Refused, SecretContent
from minutes.register import EntryState
from minutes.registers import book, entry, report, rule
from minutes.registers.entry import Incoming, Outgoing
from minutes.registers.rule import COMMON, ORIGINAL, Rule
from minutes.sheets import LAYOUT
from minutes.typeset import Typesetter

TODAY = date(2026, 6, 15)
PAPER = {
    "kind": "TB", "issued_on": "2026-06-15", "subject": "Về việc cắt điện", "signer": "Nguyễn Thị Hạnh",
    "recipients": "UBND các xã", "keeper": "VT", "copies": "12", "note": "",
}  # fmt: skip
RECEIVED = {
    "arrived_on": "2026-06-15", "author": "Bộ Nội vụ", "number_symbol": "123/BNV-TCBC", "issued_on": "2026-06-10",
    "kind_name": "", "subject": "V/v sắp xếp tổ chức", "note": "",
}  # fmt: skip


def test_without_a_decision_each_type_has_its_series() -> None:
    assert rule.on((), TODAY) == ORIGINAL
    assert {ORIGINAL.series(kind) for kind in Kind} == {kind.value for kind in Kind}


def test_a_decision_holds_from_its_day_until_the_next() -> None:
    decided = (Rule(date(2027, 1, 1), True), Rule(date(2029, 1, 1), False))
    held = {day: rule.on(decided, day).series(Kind.NOTICE) for day in (TODAY, date(2027, 1, 1), date(2030, 5, 5))}
    assert list(held.values()) == ["TB", COMMON, "TB"]


@pytest.mark.parametrize(
    ("wanted", "warned", "code"),
    [
        (Rule(TODAY, True), True, "rule_past"),
        (Rule(date(2027, 1, 1), False), False, "rule_same"),
        (Rule(date(2026, 7, 1), True), False, "rule_within_year"),
    ],
)
def test_a_hasty_decision_is_refused(wanted: Rule, warned: bool, code: str) -> None:
    with pytest.raises(Refused) as refused:
        rule.refuse_hasty(wanted, (), TODAY, warned=warned)
    assert refused.value.code == code


def test_a_decision_for_a_new_year_is_taken_and_within_a_year_from_who_was_warned() -> None:
    rule.refuse_hasty(Rule(date(2027, 1, 1), True), (), TODAY, warned=False)
    rule.refuse_hasty(Rule(date(2026, 7, 1), True), (), TODAY, warned=True)


def test_the_same_document_is_known_by_issuer_number_and_date_however_it_is_typed() -> None:
    one = entry.received(RECEIVED, TODAY)
    other = entry.received({**RECEIVED, "author": " BỘ  nội vụ", "number_symbol": "123 / bnv-tcbc"}, TODAY)
    assert one.mark == other.mark
    assert one.mark != entry.received({**RECEIVED, "issued_on": "2026-06-09"}, TODAY).mark


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"arrived_on": "2026-06-16"}, InvalidContent),
        ({"arrived_on": "2025-12-31"}, InvalidContent),
        ({"issued_on": "2026-06-16"}, InvalidContent),
        ({"author": ""}, InvalidContent),
        ({"subject": "TỐI MẬT: kế hoạch"}, SecretContent),
        ({"note": "Độ mật: Mật"}, SecretContent),
        ({"more": "x"}, InvalidContent),
    ],
)
def test_what_may_not_be_entered_is_refused(changed: Mapping[str, str], error: type[RecordError]) -> None:
    with pytest.raises(error):
        entry.received({**RECEIVED, **changed}, TODAY)


@given(st.dictionaries(st.sampled_from([*PAPER, *RECEIVED]), st.one_of(st.text(), st.none(), st.integers())))
def test_whatever_is_typed_is_a_line_or_an_error_of_ours(fields: dict[str, object]) -> None:
    for read in (lambda: entry.paper({**PAPER, **fields}), lambda: entry.received({**RECEIVED, **fields}, TODAY)):
        with suppress(RecordError):
            read()


def line(number: int, **changes: object) -> Outgoing:
    made = Outgoing(
        "TB", number, "TB-UBND", TODAY, "Thông báo", f"Về việc thứ {number} #strong[x] $", "Nguyễn Thị Hạnh",
        "UBND các xã, phường", "VT", 3, "", EntryState.COMPLETE, datetime(2026, 6, 15, 3, tzinfo=UTC),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def pages(data: dict[str, object]) -> list[str]:
    made = Typesetter().sheets(LAYOUT, data, at=datetime(2026, 12, 31, tzinfo=UTC))
    document = pdfium.PdfDocument(BytesIO(made))
    widths = {round(page.get_size()[0]) for page in document}
    assert widths == {842}
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def test_a_sign_that_the_typeface_lacks_keeps_no_book_from_being_printed() -> None:
    many = "".join(map(chr, range(0x1F600, 0x1F620)))
    rows = [
        line(1),
        line(2, subject="Về lễ hội 😀 \U000f0000 năm nay"),
        line(3, subject=f"Về {many} việc", recipients="\x00"),
    ]
    _cover, page, *_ = pages(book.outgoing(["Ủy ban nhân dân tỉnh Lâm Sơn"], 2026, rows))
    assert "Về việc thứ 1" in page
    assert "Về lễ hội ? ? năm nay" in page
    assert "Cộng trang này: 3" in page


def test_the_book_of_outgoing_documents_has_cover_columns_sums_and_places_to_sign() -> None:
    void = line(40, state=EntryState.VOID, reason="Trùng nội dung")
    cover, *rest = pages(book.outgoing(["Ủy ban nhân dân tỉnh Lâm Sơn"], 2026, [*map(line, range(1, 40)), void]))
    assert "SỔ ĐĂNG KÝ VĂN BẢN ĐI" in cover
    assert "Năm 2026" in cover
    assert "Từ số 01/TB-UBND đến số 40/TB-UBND" in cover
    assert len(rest) > 1
    for page in rest:
        if "01/TB-UBND" in page or "/TB-UBND" in page:
            assert "Đơn vị, người nhận bản lưu" in page
            assert "Cộng trang này:" in page
    assert [page.split()[0] for page in rest] == [str(number) for number in range(1, len(rest) + 1)]
    told = [int(page.split("Cộng trang này: ")[1].split()[0]) for page in rest if "Cộng trang này: " in page]
    assert sum(told) == 40
    assert "#strong[x] $" in rest[0]
    assert "Số hủy: Trùng nội dung" in rest[-1]
    assert "Cộng năm 2026: 40 văn bản" in rest[-1]
    assert "THỦ TRƯỞNG CƠ QUAN" in rest[-1]


def test_the_book_of_incoming_documents_has_its_ten_columns() -> None:
    came = Incoming(
        2026, 7, entry.received(RECEIVED, TODAY), "Cúc", datetime(2026, 6, 15, 3, tzinfo=UTC), TODAY, "Bình",
        datetime(2026, 6, 15, 18, tzinfo=UTC), deadline=date(2026, 6, 20), settled_on=date(2026, 6, 18),
        answer="15/UBND",
    )  # fmt: skip
    _cover, page = pages(book.incoming(["UBND"], 2026, [came]))
    for heading in ("Ngày đến", "Số đến", "Tác giả", "Ngày chuyển", "Ký nhận", "Ghi chú"):
        assert heading in page
    assert all(said in page for said in ("Hạn 20/06/2026;", "Giải quyết 18/06/2026: 15/"))
    assert "Bình 16/06/2026" in page  # one hour after midnight in Viet Nam
    assert "(10)" in page


def test_an_empty_year_has_a_book_too() -> None:
    assert "Chưa có văn bản nào" in pages(book.outgoing(["UBND"], 2026, []))[0]


def test_what_came_is_reported_as_far_as_it_has_come() -> None:
    at = datetime(2026, 6, 15, 3, tzinfo=UTC)
    came = [Incoming(2026, number, entry.received(RECEIVED, TODAY), "Cúc", at) for number in range(1, 6)]
    friday = TODAY - timedelta(days=3)
    came[0] = replace(came[0], deadline=TODAY)
    came[1] = replace(came[1], transferred_on=TODAY)
    came[2] = replace(came[2], transferred_on=TODAY, taken_by="Bình", taken_at=at)
    came[3] = replace(came[3], deadline=friday)
    came[4] = replace(came[4], deadline=friday, settled_on=TODAY, outcome="Đã trả lời", answer="15/UBND-VP")
    data = report.incoming(["UBND"], 2026, came, TODAY, calendar())
    assert [row[6] for row in data["rows"]] == [
        report.WAITING, report.PASSED, report.TAKEN, report.LATE, report.DONE,
    ]  # fmt: skip
    assert "Quá hạn: 1" in data["closing"]
    sunday = replace(came[3], deadline=TODAY - timedelta(days=1))
    assert report.state(sunday, TODAY, calendar()) == report.WAITING, "it ends with the Monday"
    assert "15/UBND-VP; Đã trả lời" in pages(data)[1]


def test_what_nobody_reads_any_more_waits_for_nobody_and_is_not_late() -> None:
    late = Incoming(2026, 7, entry.received(RECEIVED, TODAY), "Cúc", datetime(2026, 6, 15, 3, tzinfo=UTC))
    late = replace(late, deadline=TODAY - timedelta(days=9))
    assert report.state(late, TODAY, calendar(), {"2026/7": report.ERASED}) == "Đã xóa nội dung"
    assert report.state(late, TODAY, calendar(), {"2026/8": report.ERASED}) == report.LATE
    settled = replace(late, settled_on=TODAY)
    assert report.state(settled, TODAY, calendar(), {"2026/7": report.ERASED}) == report.DONE
