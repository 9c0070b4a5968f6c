"""What is left out of a published text is gone from all of it, and only that."""

import contextlib
import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.content import from_json, to_json
from minutes.document import Document, Kind, Signer, State
from minutes.errors import Refused
from minutes.redaction import GAP, Ground, Removal, plain, redact, told
from minutes.redaction.suggestions import suggested
from minutes.text import TextContent
from rooms.proceedings import Unit

PERSON = "Lò Thị Mai"
BODY = [
    {"block": "heading", "level": "section", "text": f"Trường hợp của bà {PERSON}"},
    {
        "block": "paragraph",
        "level": 0,
        "text": f"Bà {PERSON}, sinh ngày 05/11/1979, căn cước số 012345678901, số điện thoại 0912 345 678, "
        "thường trú tại số 12 bản Tà Năng, xã Tà Năng; thư điện tử mai.lo@example.vn.",
    },
    {"block": "table", "header": ["Họ tên", "Số tài khoản"], "rows": [[PERSON.upper(), "STK 0123456789"]]},
    {"block": "conclusion", "text": f"Hỗ trợ hộ bà {PERSON}", "owner_unit": None, "co_units": [], "deadline": None,
     "item": None},
]  # fmt: skip


def content(body: list[dict[str, object]] | None = None, subject: str = "Hỗ trợ nhà ở") -> TextContent:
    made = from_json(
        Kind.NOTICE,
        {
            "document_id": "0" * 32, "kind": "TB", "subject": subject, "place_name": "Lâm Sơn", "bases": [],
            "intro": ["Ủy ban nhân dân tỉnh thông báo:"], "body": BODY if body is None else body, "closing": "",
            "recipients": [f"Bà {PERSON}", "Lưu: VT"],
        },
    )  # fmt: skip
    assert isinstance(made, TextContent)
    return made


NOW = datetime(2026, 3, 2, tzinfo=UTC)
DOCUMENT = Document(
    "0" * 32, Kind.NOTICE, Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn"), None, State.SEALED, "Hỗ trợ nhà ở",
    "Lâm Sơn", 1, "ABC", NOW, NOW, (Signer("leader", "hanh", "Nguyễn Thị Hạnh", ("CHỦ TỊCH",), "Chủ tịch"),),
)  # fmt: skip


def all_text(made: TextContent) -> str:
    return json.dumps(to_json(made), ensure_ascii=False)


def test_a_name_is_gone_from_headings_tables_conclusions_and_recipients() -> None:
    made = redact(content(), [Removal(PERSON, Ground.PERSONAL)], DOCUMENT)
    assert PERSON.casefold() not in all_text(made.content).casefold()
    assert made.removed == {"personal": 5}
    assert GAP in made.content.recipients[0]
    assert made.content.recipients[1] == "Lưu: VT"


def test_a_name_within_a_longer_removal_does_not_keep_that_from_being_found() -> None:
    whole = f"Bà {PERSON}, sinh ngày 05/11/1979"
    made = redact(content(), [Removal(PERSON, Ground.PRIVATE), Removal(whole, Ground.PERSONAL)], DOCUMENT)
    assert made.removed == {"personal": 1, "private": 4}


def test_only_whole_words_are_taken() -> None:
    body = [{"block": "paragraph", "level": 0, "text": "Ông An ở Ban quản lý, An\nvà AN."}]
    made = redact(content(body), [Removal("An", Ground.PERSONAL)], DOCUMENT)
    assert "Ông […] ở Ban quản lý, […]\\nvà […]." in all_text(made.content)


def test_words_that_break_over_a_line_or_are_spaced_otherwise_are_found() -> None:
    body = [{"block": "paragraph", "level": 0, "text": "số 0912\n345  678 của bà"}]
    made = redact(content(body), [Removal(plain(" 0912  345 678 "), Ground.PERSONAL)], DOCUMENT)
    assert "số […] của bà" in all_text(made.content)


@pytest.mark.parametrize(
    ("removals", "code"),
    [
        ([], "nothing_removed"),
        ([Removal("không có chữ này", Ground.PERSONAL)], "not_in_text"),
        ([Removal("Nguyễn Thị Hạnh", Ground.PERSONAL)], "redacts_signer"),
        ([Removal("tỉnh Lâm Sơn", Ground.PERSONAL)], "redacts_signer"),
        ([Removal("x" * 3000, Ground.PERSONAL)], "too_many"),
    ],
)
def test_what_cannot_be_left_out_is_refused(removals: list[Removal], code: str) -> None:
    with pytest.raises(Refused) as refused:
        redact(content(), removals, DOCUMENT)
    assert refused.value.code == code


def test_the_history_says_how_much_and_why_but_not_what() -> None:
    made = redact(content(), [Removal(PERSON, Ground.PERSONAL), Removal("Hỗ trợ nhà ở", Ground.BUSINESS)], DOCUMENT)
    said = told(made.removed)
    assert "91/2025/QH15): 5 chỗ" in said
    assert "Bí mật kinh doanh" in said
    assert PERSON not in said


def test_numbers_dates_of_birth_and_addresses_are_suggested() -> None:
    found = {one.words: one.what for one in suggested(content())}
    assert found == {
        "05/11/1979": "Ngày sinh, năm sinh",
        "012345678901": "Số định danh, căn cước, chứng minh nhân dân",
        "0912 345 678": "Số điện thoại",
        "số 12 bản Tà Năng, xã Tà Năng": "Địa chỉ nhà",
        "mai.lo@example.vn": "Thư điện tử",
        "0123456789": "Số tài khoản",
    }


@pytest.mark.parametrize(
    "number",
    [
        "0912\u00a0345\u00a0678", "0912  345  678", "(0912) 345 678", "(0263) 3822 123", "0912–345–678",
        "079 090 001 234", "079-090-001-234", "sinh ngày 01 / 02 / 1980", "CMND 024 123 456", "STK 0123.4567.8901",
        unicodedata.normalize("NFD", "thường trú tại 12 Lê Lợi"), "hộ chiếu B1234567", "P12345678",
        "hộ chiếu: c 123 4567",
        "BHXH 7912345678", "mã số bảo hiểm xã hội: 79 1234 5678", "7912345678 (số sổ BHXH)", "0084 912 345 678",
        "0084912345678", "+84 (0) 912 345 678", "(+84) 912345678", "０９１２ ３４５ ６７８", "Ｂ１２３４５６７",
        "＋８４９１２３４５６７８", "căn cước ０７９０９０００１２３４",
    ],
)  # fmt: skip
def test_a_number_is_suggested_however_its_digits_are_set_apart(number: str) -> None:
    body = content([{"block": "paragraph", "level": 0, "text": f"Ông Nguyễn Văn A, {number}"}])
    (found,) = suggested(body)
    removed = redact(body, [Removal(found.words, found.ground)], DOCUMENT)
    assert suggested(removed.content) == ()


@pytest.mark.parametrize(
    "ordinary",
    [
        "Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05/3/2020",
        "Kinh phí 1.200.000.000 đồng",
        "Từ 08:30 ngày 28/02/2026",
        "Năm 2024 2025 2026",
        "Kinh phí 100 000 000 000 đồng",
        "Chi BHXH 1234567890 đồng",
        "Chi BHXH, BHYT 1.234.567.890 đồng",
        "Mã hồ sơ 1234567890",
        "Ký hiệu AB1234567, mẫu C-1234567, Sheet1!$A$1:$A1048576",
    ],
)
def test_ordinary_numbers_are_not_suggested(ordinary: str) -> None:
    assert suggested(content([{"block": "paragraph", "level": 0, "text": ordinary}])) == ()


WORDS = st.lists(st.sampled_from(["An", "Mai", "lo", "Ban", "0912", "345", "xã", "(", "số.", "MAI"]), min_size=1)


@given(WORDS, st.lists(st.sampled_from(["An", "Mai", "0912 345", "xã", "lo Ban"]), min_size=1, unique=True))
def test_whatever_is_removed_is_nowhere_afterwards(words: list[str], removed: list[str]) -> None:
    text = content([{"block": "paragraph", "level": 0, "text": " ".join(words)}], subject=" ".join(words[:5]))
    removals = [Removal(one, Ground.PERSONAL) for one in removed]
    with contextlib.suppress(Refused):  # words that do not occur
        assert_gone(redact(text, removals, DOCUMENT).content, removed)


def assert_gone(made: TextContent, removed: list[str]) -> None:
    left = f" {' '.join(json.loads(all_text(made))['body'][0]['text'].split())} ".casefold()
    assert not any(f" {one.casefold()} " in left for one in removed)


@given(st.text(min_size=1, max_size=300))
def test_suggestions_stand_in_the_text(typed: str) -> None:
    body = replace(content(), intro=(f"Số điện thoại {typed} địa chỉ: {typed}",))
    for one in suggested(body):
        assert one.words in plain("\n".join([body.intro[0], all_text(body)]))
