"""What people wrote reads as it is stored."""

import unicodedata

import pytest

from server.written import as_seen
from tests.server.pages.conftest import Office

PLAIN = "Về việc tăng cường\r\nphòng cháy, chữa cháy\trừng; “đồ án” số 5 – 100 % – ổn. 日本語 😀"


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        (PLAIN, PLAIN),
        (unicodedata.normalize("NFD", PLAIN), PLAIN),
        ("Tờ\u200b trình\u00ad\ufeff", "Tờ trình"),
        ("Nguyễn\u202e Văn \u2066A\u2069", "Nguyễn Văn A"),
        ("\x1b[31mđỏ\x07\x9b", "[31mđỏ"),
        ("một\x0bhai\u2028ba", "một hai ba"),
        ("a\U000e0061\U000e007fb", "ab"),
        ("\u200b\u200e\u2060", ""),
    ],
)
def test_nothing_is_in_a_text_that_nobody_sees(typed: str, seen: str) -> None:
    assert as_seen(typed) == seen


async def test_every_form_is_taken_as_it_is_seen(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    unseen = await clerk.post("/casefiles", {"title": "\u200b\u202e", "period": "hop-ky"})
    assert unseen.status == 422
    assert "Xin ghi tiêu đề hồ sơ" in unseen.words
    made = await clerk.post("/casefiles", {"title": "Phòng\u202e cháy\u200b", "period": "hop-ky"})
    assert made.status == 303, made.words
    assert "Phòng cháy" in (await clerk.get(made.location)).words
