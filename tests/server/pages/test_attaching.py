"""Files of their own that go with a document: attached to the draft, signed by their digests, with it ever after."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from aiohttp import FormData

from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind
from minutes.document import State
from minutes.verification import Finding
from server import records_publishing
from server.conformance.office import words
from server.errors import Problem
from server.keys import CASE_FILES, DATABASE
from server.page_reader import PageReader
from tests.server.pages.conftest import Office, Page, Visitor, begins_with, sealed_minutes
from tests.server.papers_files import docx, pdf
from tests.server.test_office_words import as_a_watermark

SHEET = docx("Danh sách 120 hộ ở vùng có nguy cơ sạt lở")


async def send(visitor: Visitor, document: str, name: str, data: bytes, secrecy: str = "none") -> Page:
    form = FormData({"csrf": visitor.csrf, "secrecy": secrecy}, quote_fields=False)  # names as browsers send them
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
    return await visitor.post(f"/desk/{document}/files", form)


@begins_with(sealed_minutes)
async def test_what_is_attached_is_signed_posted_archived_and_handed_over_with_the_document(
    office: Office, tmp_path: Path
) -> None:
    notice = await office.notice(State.DRAFT)
    secretary, clerk = await office.sign_in("binh"), await office.sign_in("cuc")
    assert (await send(secretary, notice, "Biểu số 01.docx", SHEET)).status == 303
    plan = pdf("Phụ lục: sơ đồ sơ tán")
    assert (await send(secretary, notice, "so-do.pdf", plan)).status == 303
    page = await secretary.get(f"/desk/{notice}")
    assert "Biểu số 01.docx" in page.words
    assert (await secretary.get(f"/desk/{notice}/files/1")).body == SHEET

    await office.advance(notice, State.SEALED)
    file = await office.records.pdf(notice)
    printed = words(file).replace(" ", "")
    for data in (SHEET, plan):
        assert hashlib.sha256(data).hexdigest() in printed
    assert (await office.records.verify(file)).kind == Finding.GENUINE
    async with office.server.app[DATABASE].read() as connection:
        kept = [one.entry.digest for one in await deposits.entries(connection, about=notice, kind=Kind.ATTACHMENT)]
    assert kept == [hashlib.sha256(data).hexdigest() for data in (SHEET, plan)]
    assert not (await secretary.get(f"/desk/{notice}")).has("attach")
    assert (await send(secretary, notice, "nua.pdf", pdf("x"))).status == 422

    issued = await office.records.get(notice)
    assert (await office.stranger().get(f"/files/{issued.digest}/1")).status == 404
    await office.records.publish(notice, by=await office.actor("cuc"), reason="Liên quan đến người dân")
    public = await office.stranger().get(f"/documents/lam-son/{issued.year}/{issued.number_symbol}")
    assert f"/files/{issued.digest}/1" in public.text
    assert (await office.stranger().get(f"/files/{issued.digest}/1")).body == SHEET
    assert (await office.stranger().get(f"/files/{issued.digest}/2")).headers["Content-Type"] == "application/pdf"
    assert (await office.stranger().get(f"/files/{issued.digest}/3")).status == 404

    cases = await office.server.app[CASE_FILES].of_year("lam-son", office.server.app[CASE_FILES].today.year)
    where = f"/casefiles/{next(one.id for one in cases if one.meeting_id is not None)}"
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    with zipfile.ZipFile(io.BytesIO((await clerk.get(where + "/bag")).body)) as bag:
        names = [name for name in bag.namelist() if "Biểu số 01.docx" in name]
        assert bag.read(names[0]) == SHEET


@begins_with(sealed_minutes)
async def test_whoever_checks_a_file_hears_with_which_document_it_goes(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary, citizen = await office.sign_in("binh"), office.stranger()
    await send(secretary, notice, "Biểu số 01.docx", SHEET)

    async def told(who: Visitor, data: bytes) -> Page:
        form = FormData({"csrf": who.csrf})
        form.add_field("file", io.BytesIO(data), filename="tai-ve.docx", content_type="application/octet-stream")
        return await who.post("/verify", form)

    assert (await office.records.verify(SHEET)).kind == Finding.UNKNOWN, "a draft binds nothing"
    await office.advance(notice, State.SEALED)
    number = (await office.records.get(notice)).number_symbol
    said = f"Tệp “Biểu số 01.docx” kèm theo văn bản số {number}"
    assert said in (await told(secretary, SHEET)).words
    unposted = await told(citizen, SHEET)
    assert 'data-verdict="unknown"' in unposted.text
    assert number not in unposted.words, "who has the form need not know of the letter"

    await office.records.publish(notice, by=await office.actor("cuc"), reason="Liên quan đến người dân")
    page = await told(citizen, SHEET)
    assert 'data-verdict="genuine"' in page.text
    assert said in page.words
    assert page.has("document-link")
    assert 'data-verdict="unknown"' in (await told(citizen, SHEET + b" ")).text
    assert (await office.records.verify(SHEET)).attached == "Biểu số 01.docx"


@begins_with(sealed_minutes)
async def test_a_stranger_hears_of_a_file_of_an_unposted_document_what_they_hear_of_any_file(office: Office) -> None:
    """A plan that many could have: that it went with a letter shows in no word, no line more and none less."""
    notice, plan = await office.notice(State.DRAFT), pdf("Phương án sáp nhập")
    secretary, citizen = await office.sign_in("binh"), office.stranger()

    async def told() -> str:
        form = FormData({"csrf": citizen.csrf})
        form.add_field("file", io.BytesIO(plan), filename="tep.pdf", content_type="application/pdf")
        return (await citizen.post("/verify", form)).text

    before = await told()
    await send(secretary, notice, "phuong-an.pdf", plan)
    await office.advance(notice, State.SEALED)
    assert (await office.records.verify(plan)).attached == "phuong-an.pdf"
    assert await told() == before


@begins_with(sealed_minutes)
async def test_what_must_not_go_with_a_document_is_refused_and_nothing_of_it_is_kept(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary, archive = await office.sign_in("binh"), office.server.data / "archive"
    page, zipped = pdf("Trang"), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as bag:
        bag.writestr("a.txt", "không phải tệp văn phòng")
    files = {
        "mat.docx": docx("Độ mật: TỐI MẬT"),
        "TUYỆT MẬT.pdf": page,
        "dau-chim.docx": as_a_watermark("MẬT"),
        "goi.zip": zipped.getvalue(),
        "chay.exe": b"MZ",
        "hong.pdf": b"%PDF-1.7 nothing",
    }
    refused = [await send(secretary, notice, name, data) for name, data in files.items()]
    refused.append(await send(secretary, notice, "a.pdf", page, secrecy=""))
    assert [one.status for one in refused] == [422] * 7
    assert (await send(secretary, notice, "a.pdf", page, secrecy="secret")).status in (400, 403, 422)
    assert not [data for data in files.values() if list(archive.rglob(hashlib.sha256(data).hexdigest()))]
    assert not (await office.records.content_json(notice))["files"]


@begins_with(sealed_minutes)
async def test_a_file_is_taken_off_and_an_editor_changes_nothing_of_it(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary = await office.sign_in("binh")
    await send(secretary, notice, "C:\\Tài liệu\\bieu.docx", SHEET)
    assert (await send(secretary, notice, "khac.docx", SHEET)).status == 422, "the same file twice"
    text = await office.records.content_json(notice)
    digest = hashlib.sha256(SHEET).hexdigest()
    assert text["files"] == [{"name": "bieu.docx", "digest": digest}]
    wanted = {**text, "closing": "Xin nghiêm túc thực hiện", "files": [{"name": "x", "digest": "0" * 64}]}
    version = (await office.records.get(notice)).version
    await office.records.edit(notice, wanted, by=await office.actor("binh"), expected_version=version)
    assert (await office.records.content_json(notice))["files"] == text["files"]
    assert (await secretary.post(f"/desk/{notice}/files/remove", {"digest": "0" * 64})).status == 422
    assert (await secretary.post(f"/desk/{notice}/files/remove", {"digest": digest})).status == 303
    assert (await office.records.content_json(notice))["files"] == []


@begins_with(sealed_minutes)
async def test_a_word_file_of_the_draft_comes_back_without_a_difference(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary = await office.sign_in("binh")
    await send(secretary, notice, "bieu.docx", SHEET)
    word = (await secretary.get(f"/desk/{notice}/word")).body
    form = FormData({"csrf": secretary.csrf, "secrecy": "none"})
    form.add_field("file", io.BytesIO(word), filename="du-thao.docx", content_type="application/octet-stream")
    page = await secretary.post(f"/desk/{notice}/word", form)
    assert page.status == 200
    assert "không khác dự thảo" in page.words


async def test_minutes_take_no_files_and_others_see_none(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    assert not (await secretary.get(f"/desk/{minutes}")).has("attach")
    assert (await send(secretary, minutes, "a.pdf", pdf("Trang"))).status == 422
    notice = await office.notice(State.DRAFT, room="hop-bbbb1234")
    await send(secretary, notice, "bieu.docx", SHEET)
    assert (await (await office.sign_in("dung")).get(f"/desk/{notice}/files/1")).status == 403
    assert (await office.stranger().get(f"/desk/{notice}/files/1")).status == 401


async def test_what_looks_like_personal_data_in_a_file_is_posted_only_with_a_reason(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(_data: bytes, _reader: PageReader) -> list[str]:
        raise Problem("received_unreadable")

    notice = await office.notice(State.DRAFT)
    secretary, clerk = await office.sign_in("binh"), await office.sign_in("cuc")
    await send(secretary, notice, "danh-sach.docx", docx("Bà Lò Thị Mai, điện thoại 0912 345 678"))
    await send(secretary, notice, "so-do.pdf", pdf("Căn cước 001185012345"))
    await office.advance(notice, State.SEALED)
    fields = {f"check.{name}": "on" for name in ("secret", "personal", "agreed")} | {"reason": "Dân cần biết"}
    with monkeypatch.context() as broken:
        broken.setattr(records_publishing, "words_in", unreadable)
        page = await clerk.post(f"/desk/{notice}/publish", fields)
        assert "so-do.pdf (Tệp không đọc được để tìm thông tin cá nhân" in page.words
    page = await clerk.post(f"/desk/{notice}/publish", fields)
    assert page.status == 422
    assert "Chưa công khai: văn bản có 2 chỗ giống thông tin cá nhân." in page.words
    assert "0912 345 678 (Số điện thoại; tệp kèm theo “danh-sach.docx”)" in page.words
    assert "tệp kèm theo “so-do.pdf”" in page.words
    assert not (await office.records.get(notice)).published
    assert (await clerk.post(f"/desk/{notice}/publish", {**fields, "personal": "Đã đồng ý"})).status == 303
    assert "Công khai cả 2 chỗ giống thông tin cá nhân" in (await clerk.get(f"/desk/{notice}")).words
