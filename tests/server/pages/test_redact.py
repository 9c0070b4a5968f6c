"""A document with personal data is published without it: nothing of it is in the file, on a page, or in a search."""

import re
import subprocess
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest

from minutes.deposits import store as deposits
from minutes.document import Kind, Signer, State
from minutes.errors import Refused
from minutes.notice import authority_lines
from minutes.redaction import Ground, Removal
from rooms.proceedings import Unit
from server.keys import DATABASE
from tests.server.pages.conftest import PIN, Office, Page, Refuses, begins_with
from tests.server.pages.test_verify_page import check

PERSON = "Lò Thị Mai"
PHONE = "0912 345 678"
SUBJECT = f"Về việc hỗ trợ nhà ở cho bà {PERSON}"
TICKED = {"check.secret": "on", "check.personal": "on", "check.agreed": "on"}
CHOSEN = {"take.0": "on", "take.0.ground": "personal", "row.0.words": PERSON, "row.0.ground": "private"}
PUBLISH = {**CHOSEN, **TICKED, "reason": "Công khai danh sách hỗ trợ", "step": "publish"}


async def sealed(office: Office) -> str:
    """A sealed decision on a person: the name is in its subject, a table and its recipients, the number in its text."""
    if done := office.done(sealed):
        return done
    body = [
        {"block": "paragraph", "level": 0, "text": f"Hỗ trợ bà {PERSON}, số điện thoại {PHONE}, 50 triệu đồng."},
        {"block": "table", "header": ["Họ tên", "Số tiền"], "rows": [[PERSON, "50.000.000"]]},
    ]
    data = {
        "document_id": "", "subject": SUBJECT, "place_name": "Lâm Sơn", "bases": [], "intro": ["Thông báo:"],
        "body": body, "closing": "", "recipients": [f"Bà {PERSON}", "Lưu: VT"],
    }  # fmt: skip
    hanh = await office.account("hanh")
    leader = Signer("leader", hanh.id, hanh.name, authority_lines(hanh.title), hanh.title)
    made = await office.records.draft_text(
        Kind.NOTICE, data, await office.actor("binh"), unit=Unit(hanh.unit.id, hanh.unit.name), leader=leader
    )
    await office.advance(made, State.SEALED)
    return made


pytestmark = begins_with(sealed)


async def published(office: Office) -> tuple[str, Page]:
    """The document, published without the person, and the clerk's answer."""
    document = await sealed(office)
    page = await (await office.sign_in("cuc")).post(f"/desk/{document}/redact", {**PUBLISH, "pin": PIN})
    return document, page


def everything_in(pdf: bytes, folder: Path) -> str:
    """All bytes of a file, every stream and attachment unpacked by qpdf, as text of every encoding that PDF has."""
    packed, plain = folder / "packed.pdf", folder / "plain.pdf"
    packed.write_bytes(pdf)
    command = ["qpdf", "--qdf", "--object-streams=disable", "--decode-level=all", str(packed), str(plain)]
    assert subprocess.run(command, capture_output=True, check=False).returncode in (0, 3)
    parts = [pdf, plain.read_bytes()]
    for hexadecimal in re.findall(rb"<([0-9a-fA-F\s]{4,})>", parts[1]):
        digits = b"".join(hexadecimal.split())
        parts.append(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()))
    return "\n".join(part.decode(code, "ignore") for part in parts for code in ("utf-8", "utf-16-be", "latin-1"))


def words_of(pdf: bytes) -> str:
    """What a reader of the file sees and can copy."""
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


async def file_of(office: Office, document: str) -> bytes:
    found = await office.records.get(document)
    return (await office.stranger().get(f"/files/{found.public_digest}.pdf")).body


async def test_what_was_left_out_is_nowhere_in_the_published_file(office: Office, tmp_path: Path) -> None:
    document, page = await published(office)
    assert page.status == 303, page.words
    original, pdf = await office.records.pdf(document), await file_of(office, document)
    assert PERSON in everything_in(original, tmp_path)
    assert PERSON in words_of(original)
    inside = everything_in(pdf, tmp_path)
    for gone in (PERSON, PHONE, PERSON.upper(), "0912345678"):
        assert gone not in inside
        assert gone not in words_of(pdf)
    assert "[…]" in words_of(pdf)
    assert "Bản công bố đã lược bỏ thông tin" in words_of(pdf)
    number = (await office.records.get(document)).number_symbol
    assert f"Bản gốc: số {number} ngày" in words_of(pdf)


async def test_no_page_feed_or_search_tells_it(office: Office) -> None:
    document, _ = await published(office)
    found, citizen = await office.records.get(document), office.stranger()
    path = f"/documents/{found.unit.id}/{found.year}/{found.number_symbol}"
    for address in ("/", "/documents", "/feed.atom", path, f"/verify?code={found.code}", "/documents?q=ho+tro+nha+o"):
        page = await citizen.get(address)
        assert page.status == 200, address
        assert "[…]" in page.words, address
        assert PERSON not in page.words, address
    for words in ("Lò Thị Mai", "lo+thi+mai", "0912"):
        assert path not in (await citizen.get(f"/documents?q={words}")).text
    assert "đã lược bỏ thông tin" in (await citizen.get(path)).words
    assert (await citizen.get(f"/files/{found.digest}.pdf")).status == 404
    by_code = (await citizen.get(f"/verify?code={found.code}")).words
    assert "bản gốc đầy đủ cũng mang mã này và cũng là văn bản thật" in by_code
    assert "giống hệt" not in by_code, "whoever holds the original holds no forgery"


async def test_officials_of_other_units_find_the_rendition_and_its_subject(office: Office) -> None:
    """What is found by the words of the rendition is called what the rendition is called, not what the original is."""
    document, _ = await published(office)
    found = await (await office.sign_in("dung")).get("/search?q=ho+tro+nha+o")
    assert str((await office.records.get(document)).number_symbol) in found.words
    assert "[…]" in found.words
    assert PERSON not in found.words
    assert PERSON in (await (await office.sign_in("binh")).get("/search?q=ho+tro+nha+o")).words


async def test_a_check_says_what_either_file_is(office: Office) -> None:
    document, _ = await published(office)
    citizen, pdf = office.stranger(), await file_of(office, document)
    page = await check(citizen, pdf)
    assert 'data-verdict="genuine"' in page.text
    assert "bản công bố đã lược bỏ một số thông tin" in page.words
    assert PERSON not in page.words
    whole = await check(citizen, await office.records.pdf(document))
    assert 'data-verdict="genuine"' in whole.text
    assert whole.has("full-original")
    changed = await check(citizen, pdf[:-40] + b" " + pdf[-39:])
    assert 'data-verdict="changed"' in changed.text
    assert PERSON not in changed.words
    forged = await check(citizen, b"%PDF-1.7\ngiaoban:" + document.encode() + b"\n%%EOF\n")
    assert 'data-verdict="changed"' in forged.text
    assert PERSON not in forged.words


async def test_the_rendition_is_archived_and_its_reasons_are_on_record(office: Office) -> None:
    document, _ = await published(office)
    found = await office.records.get(document)
    async with office.server.app[DATABASE].read() as connection:
        (source,) = await deposits.issued(connection, [found.rendition or ""])
    assert (source.document_id, source.kind) == (document, "rendition")
    last = (await office.records.history(document))[-1]
    assert last.by.name == (await office.account("cuc")).name
    assert last.reason is not None
    assert "Công khai danh sách hỗ trợ" in last.reason
    assert "91/2025/QH15): 1 chỗ" in last.reason
    assert "Điều 7): 4 chỗ" in last.reason
    assert PERSON not in last.reason
    assert PHONE not in last.reason


async def test_the_clerk_sees_suggestions_and_the_text_as_it_would_be(office: Office) -> None:
    document, clerk = await sealed(office), await office.sign_in("cuc")
    assert (await clerk.get(f"/desk/{document}")).has("redact-link")
    page = await clerk.get(f"/desk/{document}/redact")
    assert page.text.count(" data-blank>") == 8, "of which the script shows one"
    assert f"{PHONE} (Số điện thoại)" in page.words
    assert page.has("full-text")
    look = await clerk.post(f"/desk/{document}/redact", {**CHOSEN, "step": "look"})
    assert look.status == 200
    assert look.has("redacted-text")
    assert "Hỗ trợ bà […], số điện thoại […], 50 triệu đồng" in look.words
    assert look.value("row.0.words") == PERSON
    assert not (await office.records.get(document)).published


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, ""),
        ({"row.0.words": "Không có ai"}, "Không có “Không có ai” trong văn bản."),
        ({"check.agreed": None}, "Chưa đánh dấu đủ các điều kiện công khai."),
        ({"reason": ""}, "Xin ghi lý do."),
        ({"pin": "000000"}, "Mã PIN không đúng."),
        ({"row.0.words": "Nguyễn Thị Hạnh"}, "không lược bỏ được"),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_published(
    office: Office, fields: dict[str, str | None], sentence: str
) -> None:
    document, clerk = await sealed(office), await office.sign_in("cuc")
    sent = {**PUBLISH, "pin": PIN, **fields}
    if not sentence:
        sent, sentence = {"step": "publish", **TICKED}, "Chưa chọn thông tin nào để lược bỏ."
    page = await clerk.post(f"/desk/{document}/redact", {name: text for name, text in sent.items() if text is not None})
    assert page.status == 422
    assert sentence in page.words
    assert not (await office.records.get(document)).published


async def test_who_has_no_seal_redacts_nothing(office: Office, refuses: Refuses) -> None:
    document = await sealed(office)
    await refuses(office, f"/desk/{document}/redact", who="cuc", others=("binh", "dung", "hanh"))


async def test_minutes_have_no_rendition_and_what_is_public_is_withdrawn_first(office: Office) -> None:
    minutes = await office.minutes(State.SEALED, room="hop-bbbb1234")
    clerk = await office.sign_in("cuc")
    assert (await clerk.get(f"/desk/{minutes}/redact")).status == 404
    document, _ = await published(office)
    with pytest.raises(Refused):
        await office.records.redacted(document, [Removal(PERSON, Ground.PERSONAL)])


async def test_after_a_withdrawal_the_rendition_is_gone_and_the_whole_may_be_published(office: Office) -> None:
    document, _ = await published(office)
    rendition = (await office.records.get(document)).rendition
    clerk, citizen = await office.sign_in("cuc"), office.stranger()
    await clerk.post(f"/desk/{document}/withdraw", {"reason": "Lược bỏ thiếu"})
    assert (await citizen.get(f"/files/{rendition}.pdf")).status == 404
    agreed = "Người liên quan đã đồng ý"
    await office.records.publish(document, by=await office.actor("cuc"), reason=agreed, personal=agreed)
    found = await office.records.get(document)
    assert (await citizen.get(f"/files/{found.digest}.pdf")).status == 200
    assert (await citizen.get(f"/files/{rendition}.pdf")).status == 404
    assert f"{found.number_symbol}" in (await citizen.get("/documents?q=lo+thi+mai")).words


async def test_what_still_looks_like_personal_data_needs_a_reason_of_its_own(office: Office) -> None:
    document, clerk = await sealed(office), await office.sign_in("cuc")
    only_name = {name: text for name, text in PUBLISH.items() if not name.startswith("take.")}
    looked = await clerk.post(f"/desk/{document}/redact", {**only_name, "step": "look"})
    assert f"Có 1 chỗ giống thông tin cá nhân: {PHONE} (Số điện thoại)" in looked.words
    refused = await clerk.post(f"/desk/{document}/redact", {**only_name, "pin": PIN})
    assert refused.status == 422
    assert "Chưa công khai" in refused.words
    assert not (await office.records.get(document)).published
    reasoned = await clerk.post(f"/desk/{document}/redact", {**only_name, "pin": PIN, "personal": "Số của cơ quan"})
    assert reasoned.status == 303
    assert "lý do: Số của cơ quan" in (await clerk.get(f"/desk/{document}")).words
