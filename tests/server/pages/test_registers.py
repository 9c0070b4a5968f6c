"""The clerk keeps the registers: numbers on paper and electronic ones, what comes, who has it, and the printed book."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData

from minutes.document import State
from minutes.exchange import edxml
from minutes.registers import store
from minutes.registers.rule import Rule
from server.auth import utcnow
from server.conformance.office import words
from server.keys import DATABASE, REGISTERS
from server.received import Looked, looked_at
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, Page, Visitor, begins_with, sealed_notice
from tests.server.papers_files import pdf


def today(office: Office) -> date:
    return office.server.app[REGISTERS].today


def paper(office: Office, **changes: str) -> dict[str, str]:
    return {
        "kind": "TB", "issued_on": today(office).isoformat(), "subject": "Về việc cắt điện",
        "signer": "Nguyễn Thị Hạnh",
        "recipients": "UBND các xã", "keeper": "VT", "copies": "12", "note": "", "act": "enter", "secrecy": "none",
        **changes,
    }  # fmt: skip


async def receive(office: Office, visitor: Visitor, file: bytes | None = None, **changes: str) -> Page:
    day = today(office).isoformat()
    fields = {
        "arrived_on": day, "author": "Bộ Nội vụ", "number_symbol": "123/BNV-TCBC", "issued_on": day, "kind_name": "",
        "subject": "V/v sắp xếp tổ chức", "note": "", "csrf": visitor.csrf, "secrecy": "none", **changes,
    }  # fmt: skip
    form = FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    if file is not None:
        form.add_field("file", BytesIO(file), filename="den.pdf", content_type="application/pdf")
    return await visitor.post("/registers/in", form)


@ON_BOTH
async def test_paper_and_electronic_documents_share_their_numbers(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    assert (await clerk.post("/registers/out", paper(office))).status == 303
    await office.notice(State.SEALED)
    reserved = await clerk.post("/registers/out", paper(office, subject="Về việc khác", act="reserve"))
    assert reserved.status == 303
    year = today(office).year
    voided = {"entry": f"{year}/TB/3", "act": "void", "reason": "Không phát hành"}
    assert (await clerk.post("/registers/out/end", voided)).status == 303
    page = await clerk.get("/registers/out?series=TB")
    assert [number in page.words for number in ("01/TB-UBND", "02/TB-UBND", "03/TB-UBND")] == [True] * 3
    assert "Đã hủy số Không phát hành" in page.words
    assert (await clerk.post("/registers/out/end", voided)).status == 422
    found = await clerk.get("/registers/out?q=cat+dien")
    assert "01/TB-UBND" in found.words
    assert "02/TB-UBND" not in found.words
    book = await clerk.get(f"/registers/out/{year}.pdf")
    assert book.headers["Content-Type"] == "application/pdf"
    assert book.body.startswith(b"%PDF-")


async def test_the_same_subject_of_a_day_is_asked_about_and_nothing_typed_is_lost(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await clerk.post("/registers/out", paper(office))
    again = await clerk.post("/registers/out", paper(office, subject="về việc CẮT ĐIỆN"))
    assert again.status == 422
    assert "số 01/TB-UBND" in again.words
    assert again.area("subject") == "về việc CẮT ĐIỆN"
    assert (await clerk.post("/registers/out", paper(office, knowing="on"))).status == 303


async def test_a_number_is_reserved_by_its_subject_and_the_rest_is_said_when_it_goes_out(
    office: Office,
) -> None:
    clerk, year = await office.sign_in("cuc"), today(office).year
    assert (await clerk.get("/registers/out")).value("issued_on") == today(office).isoformat()
    bare = paper(office, signer="", recipients="", copies="", act="reserve")
    assert (await clerk.post("/registers/out", bare)).status == 303
    ending = {"entry": f"{year}/TB/1", "act": "complete", "signer": "Nguyễn Thị Hạnh", "recipients": "", "copies": "x"}
    refused = await clerk.post("/registers/out/end", ending)
    assert refused.status == 422
    assert "Nơi nhận: để trống; Số lượng bản: phải là số nguyên" in refused.words
    assert 'value="Nguyễn Thị Hạnh"' in refused.text, "nothing typed is lost"
    assert (await clerk.post("/registers/out/end", {**ending, "recipients": "Các xã", "copies": "30"})).status == 303
    lines = await office.server.app[REGISTERS].outgoing("lam-son", year)
    (line,) = [one for one in lines if one.series == "TB"]
    assert (line.signer, line.recipients, line.copies) == ("Nguyễn Thị Hạnh", "Các xã", 30)


async def test_all_that_is_wrong_with_a_form_is_said_at_once(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    page = await clerk.post("/registers/out", paper(office, signer="", recipients="", copies="0"))
    assert page.status == 422
    assert "Người ký: để trống; Nơi nhận: để trống; Số lượng bản: phải là số nguyên" in page.words
    tomorrow, now = (today(office) + timedelta(days=1)).isoformat(), f"{today(office):%d/%m/%Y}"
    late = await receive(office, clerk, issued_on=tomorrow)
    assert f"Ngày văn bản: không được sau ngày đến ({now})" in late.words
    assert (await clerk.get("/registers/in")).value("arrived_on") == today(office).isoformat()


async def test_only_the_clerk_enters_and_only_the_head_decides(office: Office) -> None:
    for who in ("binh", "hanh"):
        assert (await (await office.sign_in(who)).post("/registers/out", paper(office))).status == 403
    assert (await (await office.sign_in("dung")).get("/registers/out")).status == 403
    assert (await office.stranger().get("/registers/in")).status == 401
    decision = {"valid_from": f"{today(office).year + 1}-01-01", "common": "yes"}
    assert (await (await office.sign_in("cuc")).post("/registers/numbering", decision)).status == 403
    leader = await office.sign_in("hanh")
    assert (await leader.post("/registers/numbering", decision)).status == 303
    assert "Đánh số chung cho mọi loại văn bản" in (await leader.get("/registers/numbering")).words


@begins_with(sealed_notice)
@ON_BOTH
async def test_what_comes_is_judged_and_numbered_once(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    signed = await office.records.pdf(await office.notice(State.SEALED))
    page = await receive(office, clerk, signed)
    assert page.status == 303
    seen = await clerk.get(page.location)
    assert seen.has("verdict-good")
    assert (await clerk.get(page.location + "/file")).body == signed
    twice = await receive(office, clerk, signed, author="BỘ NỘI VỤ")
    assert twice.status == 422
    assert "số đến 1." in twice.words
    second = await receive(office, clerk, signed[:-5] + b"00000", author="BỘ NỘI VỤ", knowing="on")
    assert second.location.endswith("/2")
    assert (await clerk.get(second.location)).has("verdict-bad")
    assert (await clerk.get(f"/registers/in/{today(office).year}.pdf")).body.startswith(b"%PDF-")


@ON_BOTH
async def test_what_two_clerks_enter_at_once_is_entered_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its file is looked at, somebody else may have entered the same document."""
    both, look = asyncio.Barrier(2), looked_at

    async def together(*asked: Any) -> Looked:
        found = await look(*asked)
        await both.wait()
        return found

    monkeypatch.setattr("server.registers.looked_at", together)
    one, other = await office.sign_in("cuc"), await office.sign_in("cuc")
    letter = pdf("Công văn")
    pages = await asyncio.gather(receive(office, one, letter), receive(office, other, letter))
    assert sorted(page.status for page in pages) == [303, 422]


async def test_a_file_without_signature_is_taken_and_the_page_says_so(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    page = await receive(office, clerk, pdf("Công văn"))
    assert (await clerk.get(page.location)).has("verdict-unsigned")


async def test_what_must_not_be_here_takes_no_number_and_leaves_no_file(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    before = sorted(office.server.data.joinpath("archive").rglob("*"))
    refused = [
        await receive(office, clerk, b"%PDF-1.7 nothing"),
        await receive(office, clerk, b"MZ"),
        await receive(office, clerk, pdf("Trang 1", "Độ mật: TỐI MẬT")),
        await receive(office, clerk, subject="Tuyệt mật: kế hoạch"),
    ]
    assert [page.status for page in refused] == [422, 422, 422, 400]
    assert "Chưa ghi sổ và không lưu lại gì: văn bản có dấu chỉ độ mật “TỐI MẬT”" in refused[2].words
    assert "Chuyển cho văn thư để đăng ký vào sổ riêng" in refused[2].words, "what to do instead"
    assert not refused[1].has("secret-instruction")
    assert sorted(office.server.data.joinpath("archive").rglob("*")) == before
    assert (await receive(office, clerk)).location.endswith("/1")


@pytest.mark.parametrize("common", [True, False])
async def test_numbers_go_on_above_the_greatest_where_the_rule_changes_within_a_year(
    office: Office, common: bool
) -> None:
    app, unit = office.server.app, (await office.account("cuc")).unit.id
    clerk = await office.sign_in("cuc")
    async with app[DATABASE].begin() as connection:
        await store.set_rule(connection, unit, Rule(date(2020, 1, 1), not common), await office.actor("hanh"), app[
            REGISTERS]._now())  # fmt: skip
    for subject in ("một", "hai", "ba"):
        await clerk.post("/registers/out", paper(office, subject=subject))
    async with app[DATABASE].begin() as connection:
        later = today(office) + timedelta(days=1)
        if (later.month, later.day) == (1, 1):
            return
        rule = Rule(later, common)
        await store.set_rule(connection, unit, rule, await office.actor("hanh"), app[REGISTERS]._now())
        series, above = await store.place(connection, unit, store.Kind.NOTICE, later)
    assert series == ("chung" if common else "TB")
    assert above == 3


@begins_with(sealed_notice)
async def test_the_years_documents_are_reported(office: Office) -> None:
    clerk, year = await office.sign_in("cuc"), today(office).year
    notice = await office.notice(State.SEALED)
    draft = await office.minutes(room="hop-bbbb1234", title="Họp thứ hai")
    text = words((await clerk.get(f"/registers/out/{year}-report.pdf")).body)
    for document_id, state in ((notice, "Đã phát hành"), (draft, "Dự thảo")):
        assert " ".join((await office.records.get(document_id)).title.split()) in text
        assert f"{state}: " in text
    assert (await (await office.sign_in("dung")).get(f"/registers/out/{year}-report.pdf")).status == 403


async def bring(visitor: Visitor, data: bytes, secrecy: str = "none") -> Page:
    form = FormData({"csrf": visitor.csrf, "secrecy": secrecy})
    form.add_field("file", BytesIO(data), filename="den.edxml", content_type="application/xml")
    return await visitor.post("/registers/in/edxml", form)


@begins_with(sealed_notice)
async def test_a_document_comes_as_an_edxml_file_with_what_it_says_of_itself(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    signed = await office.records.pdf(await office.notice(State.SEALED))
    message = edxml.Message(
        id="x", organ_id="H41", organ_name="Bộ Nội vụ", number="123", notation="BNV-TCBC", place="Hà Nội",
        issued_on=today(office), kind_name="Công văn", subject="V/v sắp xếp tổ chức", competence="", position="",
        signer="Lê Văn Thử", to_places=("UBND các tỉnh",), files=(edxml.File("a.pdf", "application/pdf", signed),),
    )  # fmt: skip
    sent = edxml.dump(message, utcnow())
    came = await bring(clerk, sent)
    assert came.status == 303, came.words
    page = await clerk.get(came.location)
    assert page.has("verdict-good")
    for said in ("Bộ Nội vụ", "123/BNV-TCBC", "V/v sắp xếp tổ chức"):
        assert said in page.words
    again = await bring(clerk, sent)
    assert again.status == 422
    assert "đã đến ngày" in again.words
    assert again.value("number_symbol") == "123/BNV-TCBC", "the clerk goes on from what the file said"
    assert "edXML" in (await bring(clerk, b"<x/>")).words
    assert (await bring(clerk, sent, secrecy="")).status == 422
    secret = edxml.dump(replace(message, number="9", subject="Tối mật: kế hoạch"), utcnow())
    assert (await bring(clerk, secret)).status == 422
    assert (await clerk.get("/registers/in")).words.count("BNV-TCBC") == 1
