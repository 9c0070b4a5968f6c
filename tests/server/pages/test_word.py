"""A Word file is looked at before it takes the place of a draft, and what was written here comes back whole."""

import io
from typing import Any

import docx
from aiohttp import FormData

from minutes.document import Kind
from tests.server.pages.conftest import Office, Page, Visitor
from tests.server.pages.test_drafting import sit
from tests.server.pages.test_edit_minutes import fields_of
from tests.server.pages.test_new_document import begun


async def bring(visitor: Visitor, document: str, data: bytes) -> Page:
    fields = FormData({"csrf": visitor.csrf, "secrecy": "none"}, quote_fields=False)
    fields.add_field("file", data, filename="quyet-dinh.docx")
    return await visitor.post(f"/desk/{document}/word", fields)


def changed(data: bytes, old: str, new: str) -> bytes:
    """As somebody changes a paragraph in Word."""
    word, out = docx.Document(io.BytesIO(data)), io.BytesIO()
    run = next(run for one in word.paragraphs for run in one.runs if old in run.text)
    run.text = run.text.replace(old, new)
    word.save(out)
    return out.getvalue()


async def test_a_decision_changed_in_word_is_looked_at_and_applied(office: Office) -> None:
    decision = await begun(office, Kind.DECISION)
    binh = await office.sign_in("binh")
    before = await office.records.content_json(decision)
    exported = (await binh.get(f"/desk/{decision}/word")).body
    page = await bring(binh, decision, changed(exported, "có hiệu lực kể từ ngày ký", "có hiệu lực từ 01/3/2026"))
    assert page.status == 200
    assert page.has("word-origin")
    assert "hiệu lực từ 01/3/2026" in page.words
    assert await office.records.content_json(decision) == before, "nothing is replaced before it was agreed to"
    assert (await binh.post(f"/desk/{decision}/word/apply", fields_of(page))).status == 303
    after: dict[str, Any] = await office.records.content_json(decision)
    said = [one["text"] for one in after["body"]]
    assert "Quyết định này có hiệu lực từ 01/3/2026." in said
    assert {**after, "body": None} == {**before, "body": None}
    assert [one["block"] for one in after["body"]] == [one["block"] for one in before["body"]]


async def test_what_was_looked_at_can_be_left(office: Office) -> None:
    decision = await begun(office, Kind.DECISION)
    binh = await office.sign_in("binh")
    before = await office.records.content_json(decision)
    exported = (await binh.get(f"/desk/{decision}/word")).body
    page = await bring(binh, decision, changed(exported, "ngày ký", "ngày mai"))
    fields = fields_of(page)
    assert (await binh.post(f"/desk/{decision}/word/drop", fields)).status == 303
    again = await binh.post(f"/desk/{decision}/word/apply", fields)
    assert again.status == 409
    assert "xin chọn lại tệp" in again.words
    assert await office.records.content_json(decision) == before


async def test_a_draft_that_was_changed_meanwhile_is_shown_again(office: Office) -> None:
    decision = await begun(office, Kind.DECISION)
    binh = await office.sign_in("binh")
    exported = (await binh.get(f"/desk/{decision}/word")).body
    page = await bring(binh, decision, changed(exported, "ngày ký", "ngày mai"))
    form = fields_of(await binh.get(f"/desk/{decision}/edit"))
    assert (await binh.post(f"/desk/{decision}/edit", {**form, "closing": "", "drafter": "NVB"})).status == 303
    again = await binh.post(f"/desk/{decision}/word/apply", fields_of(page))
    assert again.status == 409
    assert "đã được người khác sửa" in again.words
    assert (await binh.post(f"/desk/{decision}/word/apply", fields_of(again))).status == 303


def elsewhere() -> bytes:
    """What somebody wrote without knowing of us: text alone, no letterhead, no recipients."""
    word, out = docx.Document(), io.BytesIO()
    for line in ("Theo ý kiến của cấp trên, đề nghị các đơn vị:", "1. Rà soát các hồ chứa.", "2. Báo cáo kết quả."):
        word.add_paragraph(line)
    table = word.add_table(2, 2)
    for cell, said in zip(table._cells, ("Đơn vị", "Thời hạn", "Phòng Kinh tế", "15/09/2028"), strict=True):
        cell.text = said
    word.save(out)
    return out.getvalue()


async def test_a_file_from_elsewhere_changes_what_it_names_and_nothing_else(office: Office) -> None:
    letter = await begun(office, Kind.LETTER)
    binh = await office.sign_in("binh")
    before: dict[str, Any] = await office.records.content_json(letter)
    page = await bring(binh, letter, elsewhere())
    assert page.status == 200
    assert (await binh.post(f"/desk/{letter}/word/apply", fields_of(page))).status == 303
    after: dict[str, Any] = await office.records.content_json(letter)
    assert after["intro"] == ["Theo ý kiến của cấp trên, đề nghị các đơn vị:"]
    assert [one["block"] for one in after["body"]] == ["paragraph", "paragraph", "table"]
    own = ("subject", "addressees", "closing", "recipients")
    assert all(before[name] for name in own)
    assert {**after, "intro": None, "body": None} == {**before, "intro": None, "body": None}


async def test_a_file_goes_into_what_stands_in_the_editor_though_no_version_can_be_made_of_it(office: Office) -> None:
    letter = await begun(office, Kind.LETTER)
    binh = await office.sign_in("binh")
    hand = await sit(binh, letter, "binh-p1")
    await hand.write("the-closing", [-len(hand.text("the-closing")), "Xin cảm ơn."])
    await hand.do(do="put", list="body", id="long", after=None, kind="prose", values={"level": "article"})
    await hand.write("long", ["d" * 600])
    assert (await hand.asks("settle", "settled"))["problem"], "no article has so long a title"
    page = await bring(binh, letter, elsewhere())
    assert "Xin cảm ơn." in page.words
    assert (await binh.post(f"/desk/{letter}/word/apply", fields_of(page))).status == 303
    after: dict[str, Any] = await office.records.content_json(letter)
    assert after["closing"] == "Xin cảm ơn."
    assert [one["block"] for one in after["body"]] == ["paragraph", "paragraph", "table"]


async def test_a_file_that_says_the_same_has_nothing_to_apply(office: Office) -> None:
    minutes = await office.minutes()
    binh = await office.sign_in("binh")
    page = await bring(binh, minutes, (await binh.get(f"/desk/{minutes}/word")).body)
    assert "không khác dự thảo" in page.words
    assert not page.has("word-apply")


def paragraphs(*lines: str) -> bytes:
    word, out = docx.Document(), io.BytesIO()
    for line in lines:
        word.add_paragraph(line)
    word.save(out)
    return out.getvalue()


async def test_what_of_a_file_cannot_be_kept_is_shown_where_it_stands_and_the_draft_stays(office: Office) -> None:
    letter = await begun(office, Kind.LETTER)
    binh = await office.sign_in("binh")
    before = await office.records.content_json(letter)
    strange = paragraphs("Đề nghị các đơn vị:", "1. Rà soát các hồ chứa \U00013000.")
    long = paragraphs("Nơi nhận:", f"- Các đơn vị {'có liên quan ' * 60};", "- Lưu: VT.")
    for file, where, why in (
        (strange, "Nội dung 1, nội dung, đoạn “Rà soát các hồ chứa \U00013000.”", "không in được"),
        (long, "Nơi nhận 1, đoạn “Các đơn vị có liên quan", "dài quá 500 ký tự"),
    ):
        page = await bring(binh, letter, file)
        assert page.status == 422
        assert f"Chưa nhập được tệp Word, dự thảo giữ nguyên. Trong tệp, {where}" in page.words
        assert why in page.words
        assert "Xin sửa đoạn đó trong Word rồi chọn lại tệp." in page.words
        assert await office.records.content_json(letter) == before


async def test_what_of_the_draft_cannot_be_kept_is_not_laid_to_the_file(office: Office) -> None:
    letter = await begun(office, Kind.LETTER)
    binh = await office.sign_in("binh")
    hand = await sit(binh, letter, "binh-p1")
    await hand.write("the-closing", [-len(hand.text("the-closing")), "Xin cảm ơn \U00013000."])
    page = await bring(binh, letter, elsewhere())
    assert page.status == 422
    assert "có chỗ chưa lưu được, không phải do tệp" in page.words


async def test_a_file_that_cannot_be_read_says_what_to_do_with_it(office: Office) -> None:
    letter = await begun(office, Kind.LETTER)
    page = await bring(await office.sign_in("binh"), letter, b"%PDF-1.7")
    assert page.status == 400
    assert "dự thảo giữ nguyên: tệp không phải là tệp Word (.docx)" in page.words
