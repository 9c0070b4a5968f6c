"""The check of a document that somebody holds: one plain sentence, and nothing told that is not for them."""

import io
from dataclasses import replace

import pytest
from aiohttp import FormData

from minutes.document import State
from minutes.verification import Finding, Verdict
from server.keys import CHECKS_RUNNING
from server.records_drafting import code_as_printed
from server.verdicts import sentence
from tests.minutes.test_publication import SEALED
from tests.server.pages.conftest import Office, Page, Visitor, begins_with, sealed_notice


async def check(visitor: Visitor, data: bytes, name: str = "van-ban.pdf") -> Page:
    form = FormData()
    form.add_field("csrf", visitor.csrf)
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/pdf")
    return await visitor.post("/verify", form)


def verdict(page: Page) -> str:
    return page.text.partition('data-verdict="')[2].partition('"')[0]


@begins_with(sealed_notice)
async def test_the_issued_file_is_genuine(office: Office) -> None:
    notice = await office.posted()
    page = await check(office.stranger(), await office.records.pdf(notice))
    assert (page.status, verdict(page)) == (200, "genuine")
    document = await office.records.get(notice)
    assert f"Văn bản số {document.number_symbol} do Ủy ban nhân dân tỉnh Lâm Sơn phát hành." in page.words
    assert "chưa bị thu hồi" in page.words
    assert "Nguyễn Thị Hạnh" in page.words
    assert page.headers["Cache-Control"] == "no-store"


@begins_with(sealed_notice)
async def test_one_changed_byte_is_found(office: Office) -> None:
    data = bytearray(await office.records.pdf(await office.posted()))
    data[len(data) // 3] ^= 1
    page = await check(office.stranger(), bytes(data))
    assert verdict(page) == "changed"
    assert "đã bị thay đổi" in page.words
    assert page.has("document-link"), "the reader is led to the genuine one"


async def test_something_else_is_unknown(office: Office) -> None:
    for data in (b"%PDF-1.7\n%%EOF\n", b"\x00" * 10_000, b"x"):
        page = await check(office.stranger(), data)
        assert (page.status, verdict(page)) == (200, "unknown")


@begins_with(sealed_notice)
async def test_a_withdrawn_document_is_genuine_but_no_longer_relied_on(office: Office) -> None:
    notice = await office.posted()
    data = await office.records.pdf(notice)
    await office.records.withdraw(notice, by=await office.actor("cuc"), reason="Sai số liệu")
    page = await check(office.stranger(), data)
    assert verdict(page) == "genuine"
    assert "đã được rút khỏi trang công khai" in page.words
    assert not page.has("document-link")


async def test_a_changed_copy_does_not_tell_a_stranger_the_subject_of_an_unposted_document(office: Office) -> None:
    minutes = await office.minutes(State.SEALED, title="Họp kín về nhân sự")
    data = bytearray(await office.records.pdf(minutes))
    data[len(data) // 3] ^= 1
    stranger = await check(office.stranger(), bytes(data))
    assert verdict(stranger) == "changed"
    assert "Họp kín về nhân sự" not in stranger.words
    official = await check(await office.sign_in("binh"), bytes(data))
    assert "Họp kín về nhân sự" in official.words


@begins_with(sealed_notice)
async def test_the_code_under_the_qr_leads_to_the_verdict_on_the_archived_file(office: Office) -> None:
    notice = await office.posted()
    document = await office.records.get(notice)
    page = await office.stranger().get(f"/verify?code={document.code.lower().replace('-', '')}")
    assert (page.status, verdict(page)) == (200, "genuine")
    assert "so bản đang cầm trên tay" in page.words
    assert page.has("document-link")


@pytest.mark.parametrize("between", ["", " ", "–", " - ", ".", "‑"])
def test_a_code_is_read_as_people_type_it(between: str) -> None:
    assert code_as_printed(f" {between.join(('w3bm', 'CSPU', '８ＧＶＱ'))} ") == "W3BM-CSPU-8GVQ"


def test_what_is_no_code_stays_what_it_is() -> None:
    for typed in ("", "W3BM", "W3BM-CSPU-8GVQ-7", "<script>", "%"):
        assert code_as_printed(typed) == typed


async def test_an_unknown_or_endless_code_is_answered_with_a_sentence(office: Office) -> None:
    for code in ("XXXX-XXXX-XXXX", "A" * 500, "<script>alert(1)</script>"):
        page = await office.stranger().get(f"/verify?code={code}")
        assert (page.status, verdict(page)) == (404, "unknown")
        assert "Không có văn bản công khai nào mang mã này." in page.words
        assert "<script>alert" not in page.text


async def test_without_a_file_the_form_comes_back_with_a_sentence(office: Office) -> None:
    visitor = office.stranger()
    for page in (
        await visitor.post("/verify"),
        await visitor.post("/verify", {"file": "x"}),
        await check(visitor, b""),
    ):
        assert page.status == 400
        assert "Chưa chọn tệp, hoặc tệp rỗng." in page.words


async def test_more_than_fifty_megabytes_are_refused(office: Office) -> None:
    for size in (50 * 2**20 + 1, 52 * 2**20):
        page = await check(office.stranger(), b"\x00" * size)
        assert page.status == 413
        assert "Tệp quá lớn (tối đa 50 MB)." in page.words


async def test_the_name_of_the_file_comes_out_as_text(office: Office) -> None:
    page = await check(office.stranger(), b"x", name='"><script>alert(1)</script>.pdf')
    assert "<script>alert" not in page.text


async def test_an_official_who_checks_a_file_sends_the_csrf_token(office: Office) -> None:
    visitor = await office.sign_in("binh")
    visitor.csrf = ""
    assert (await check(visitor, b"x")).status == 403


@begins_with(sealed_notice)
async def test_checks_by_code_and_by_file_wait_in_one_queue(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    document = await office.records.get(await office.posted())
    monkeypatch.setattr(office.server.app[CHECKS_RUNNING], "_room", 0)
    assert (await office.stranger().get(f"/verify?code={document.code}")).status == 429
    assert (await check(office.stranger(), b"x")).status == 429


@begins_with(sealed_notice)
async def test_the_details_are_told_in_the_readers_language(office: Office) -> None:
    data = await office.records.pdf(await office.posted())
    page = await check(office.stranger("en"), data + b"xyz")
    assert "Bytes added after the issued file: 3" in page.words
    assert "3バイト" in (await check(office.stranger("ja"), data + b"xyz")).words


def test_an_archived_file_that_does_not_hold_is_not_called_a_strangers() -> None:
    unknown = Verdict(Finding.UNKNOWN, None, None, ())
    ours = replace(unknown, document=SEALED)
    assert "không phải là văn bản do hệ thống này phát hành" in sentence(unknown)
    assert "kho lưu trữ" in sentence(ours)
