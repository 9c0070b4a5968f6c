"""Amended, corrected, replaced, recalled: the old document says so once the new one is sealed, and not before."""

import pytest

from minutes import content
from minutes.document import Kind, State
from minutes.errors import Refused
from minutes.text import TextContent
from minutes.workflow.relation import Deed
from tests.server.pages.conftest import PIN, Office, begins_with, sealed_notice

pytestmark = begins_with(sealed_notice)


async def changed(office: Office, old: str, deed: str, until: State = State.SEALED) -> str:
    """The id of the document that does `deed` to `old`, as far as `until`."""
    page = await (await office.sign_in("binh")).post(f"/desk/{old}/change", {"secrecy": "none", "deed": deed})
    assert page.status == 303, page.words
    new = page.location.rpartition("/")[2]
    await office.advance(new, until)
    return new


async def number_of(office: Office, document: str) -> str:
    found = (await office.records.get(document)).number_symbol
    assert found is not None
    return found


async def test_a_replaced_document_says_so_everywhere_from_the_seal_on(office: Office) -> None:
    old = await office.posted()
    document = await office.records.get(old)
    path = f"/documents/lam-son/{document.year}/{document.number_symbol}"
    new = await changed(office, old, "replaces", State.SIGNED)
    citizen, secretary = office.stranger(), await office.sign_in("binh")
    assert "đã được thay thế" not in (await citizen.get(path)).words
    assert "Có hiệu lực khi được đóng dấu" in (await secretary.get(f"/desk/{new}")).words

    await office.advance(new, State.SEALED)
    said = f"Văn bản này đã được thay thế bởi thông báo số {await number_of(office, new)} ngày"
    page = await citizen.get(path)
    assert said in page.words
    assert "nhưng không còn hiệu lực" in page.words
    assert "đang có hiệu lực" not in page.words
    assert said in (await secretary.get(f"/desk/{old}")).words
    by_code = await citizen.get(f"/verify?code={document.code}")
    assert said in by_code.words
    assert '<p class="verdict good"' not in by_code.text
    assert "Không còn hiệu lực" in (await citizen.get("/documents")).words

    register = await (await office.sign_in("cuc")).get("/registers/out?series=TB")
    assert f"Được thay thế bởi Thông báo số {await number_of(office, new)} ngày" in register.words
    assert f"Thay thế văn bản số {document.number_symbol} ngày" in register.words

    text = await office.records.content(new)
    assert isinstance(text, TextContent)
    assert text.relation is not None
    assert (text.relation.act, text.relation.number_symbol) == ("replaces", document.number_symbol)


async def test_the_citizen_follows_the_link_once_the_new_one_is_posted(office: Office) -> None:
    old = await office.posted()
    document = await office.records.get(old)
    path = f"/documents/lam-son/{document.year}/{document.number_symbol}"
    new = await changed(office, old, "replaces")
    citizen = office.stranger()
    link = f"/documents/lam-son/{document.year}/{(await number_of(office, new)).replace('Đ', '%C4%90')}"
    assert f'href="{link}"' not in (await citizen.get(path)).text
    await office.records.publish(new, by=await office.actor("cuc"), reason="Thay thế văn bản đã công khai")
    assert f'href="{link}"' in (await citizen.get(path)).text
    page = await citizen.get(link)
    assert f"Văn bản này thay thế văn bản số {document.number_symbol} ngày" in page.words
    assert f'href="{path}"' in page.text, "and from the new one back to the old one"
    await office.records.withdraw(old, by=await office.actor("cuc"), reason="Đã thay thế")
    page = await citizen.get(link)
    assert page.has("relation")
    assert f'href="{path}"' not in page.text, "no link to what cannot be read"


async def test_a_recalled_document_is_listed_no_more_but_its_page_says_why(office: Office) -> None:
    old = await office.posted()
    document = await office.records.get(old)
    new = await changed(office, old, "recalls")
    citizen = office.stranger()
    path = f"/documents/lam-son/{document.year}/{document.number_symbol}"
    assert path not in (await citizen.get("/documents")).text
    assert path not in (await citizen.get("/feed.atom")).text
    page = await citizen.get(f"/documents/lam-son/{document.year}/{document.number_symbol}")
    assert f"đã bị thu hồi bởi thông báo số {await number_of(office, new)}" in page.words
    verdict = await office.records.verify(await office.records.pdf(old))
    assert verdict.kind == "genuine"
    assert [one.deed for one in verdict.changes] == [Deed.RECALLS]


async def test_an_error_of_form_is_corrected_by_a_letter(office: Office) -> None:
    old = await office.posted()
    new = await changed(office, old, "corrects")
    assert (await office.records.get(new)).kind is Kind.LETTER
    page = await (await office.sign_in("binh")).get(f"/desk/{old}")
    assert "đã được đính chính bởi công văn số" in page.words
    register = await (await office.sign_in("cuc")).get("/registers/out")
    assert "Công văn Về việc đính chính Thông báo số" in register.words


async def test_of_two_that_would_replace_one_document_the_second_is_refused(office: Office) -> None:
    old = await office.notice()
    second = await changed(office, old, "replaces", State.REVIEW)
    await changed(office, old, "replaces")
    page = await (await office.sign_in("hanh")).post(f"/desk/{second}/approve")
    assert page.status == 422
    assert "Văn bản mà dự thảo này nêu đã được thay thế bởi thông báo số" in page.words
    assert (await office.records.get(second)).number is None


async def test_of_two_corrections_drafted_at_once_the_second_is_told_of_the_first(office: Office) -> None:
    old, secretary, leader = await office.notice(), await office.sign_in("binh"), await office.sign_in("hanh")
    waiting = await changed(office, old, "corrects", State.REVIEW)
    approved = await changed(office, old, "amends", State.APPROVED)
    first = await changed(office, old, "corrects")
    said = f"văn bản mà nó nêu đã được đính chính bởi công văn số {await number_of(office, first)}"
    page = await leader.post(f"/desk/{waiting}/approve")
    assert page.status == 422
    assert said in page.words
    assert (await office.records.get(waiting)).number is None
    with pytest.raises(Refused, match="Xin đối chiếu, sửa dự thảo"):
        await office.records.sign(approved, by=await office.actor("hanh"), pin=PIN)
    assert (await office.records.get(approved)).state is State.APPROVED

    assert (await leader.post(f"/desk/{waiting}/return", {"reason": "Đối chiếu công văn đính chính"})).status == 303
    assert (await secretary.get(f"/desk/{waiting}")).has("overtaken")
    text = await office.records.content_json(waiting)
    version = (await office.records.get(waiting)).version
    text["body"][0]["text"] += " Nội dung này đã đối chiếu với công văn đính chính trước."
    await office.records.edit(waiting, text, by=await office.actor("binh"), expected_version=version)
    assert not (await secretary.get(f"/desk/{waiting}")).has("overtaken")
    await office.advance(waiting, State.SEALED)


async def test_a_draft_that_was_overtaken_says_so_before_anybody_submits_it(office: Office) -> None:
    old = await office.notice()
    recall = await changed(office, old, "recalls", State.DRAFT)
    secretary = await office.sign_in("binh")
    assert not (await secretary.get(f"/desk/{recall}")).has("overtaken")
    page = await secretary.get(f"/desk/{old}")
    assert page.has("rivals")
    assert f'href="/desk/{recall}"' in page.text
    await changed(office, old, "replaces")
    page = await secretary.get(f"/desk/{recall}")
    assert page.has("overtaken")
    assert "Văn bản mà dự thảo này nêu đã được thay thế bởi thông báo số" in page.words
    page = await secretary.get(f"/desk/{old}")
    assert not page.has("change"), "what is replaced is not changed any more"


async def test_what_is_not_issued_or_gone_is_not_changed(office: Office) -> None:
    minutes = await office.minutes(State.SIGNED, room="hop-bbbb1234")
    with pytest.raises(Refused, match="đã phát hành"):
        await office.records.draft_change(minutes, Deed.RECALLS, await office.actor("binh"))
    await office.advance(minutes, State.SEALED)
    with pytest.raises(Refused, match="chỉ đính chính hoặc thu hồi"):
        await office.records.draft_change(minutes, Deed.REPLACES, await office.actor("binh"))
    await changed(office, minutes, "recalls")
    page = await (await office.sign_in("binh")).post(f"/desk/{minutes}/change", {"secrecy": "none", "deed": "corrects"})
    assert page.status == 422
    assert "đã bị thu hồi" in page.words


async def test_only_the_units_secretary_begins_a_change(office: Office) -> None:
    old = await office.notice()
    for account in ("hanh", "cuc", "dung"):
        assert (
            await (await office.sign_in(account)).post(f"/desk/{old}/change", {"secrecy": "none", "deed": "recalls"})
        ).status == 403
    page = await (await office.sign_in("binh")).post(f"/desk/{old}/change", {"secrecy": "none", "deed": "burns"})
    assert "Xin chọn sửa đổi, đính chính, thay thế hay thu hồi" in page.words


async def test_the_recall_of_a_posted_document_is_posted_with_it(office: Office) -> None:
    old = await office.posted()
    document = await office.records.get(old)
    binh, citizen = await office.sign_in("binh"), office.stranger()
    assert "được đăng ngay khi đóng dấu" in (await binh.get(f"/desk/{old}")).words
    new = await changed(office, old, "recalls")
    found = await office.records.get(new)
    assert found.publication is not None
    assert found.publication.by.id == "hanh", "who approved the recall has decided that everybody reads it"
    page = await citizen.get(f"/documents/lam-son/{document.year}/{document.number_symbol}")
    assert f"/documents/lam-son/{found.year}/" in page.text.partition('data-test="changed"')[2].partition("</p>")[0]
    desk = await binh.get(f"/desk/{old}")
    assert desk.has("not-in-force")
    assert "Đang công khai" not in desk.words
    assert "đang được công khai." not in desk.words
    assert "không còn hiệu lực" in desk.words


async def test_a_recall_that_names_somebodys_number_waits_for_who_looks_at_it(office: Office) -> None:
    old = await office.posted()
    document = await office.records.get(old)
    new = await changed(office, old, "recalls", State.DRAFT)
    text = content.to_json(await office.records.content(new))
    text["body"].append({"block": "paragraph", "level": 0, "text": "Liên hệ: điện thoại 0987654321."})
    version = (await office.records.get(new)).version
    await office.records.edit(new, text, by=await office.actor("binh"), expected_version=version)
    await office.advance(new, State.SEALED)
    assert (await office.records.get(new)).publication is None
    page = await office.stranger().get(f"/documents/lam-son/{document.year}/{document.number_symbol}")
    assert "không còn hiệu lực" in page.words
    assert "0987654321" in (await (await office.sign_in("cuc")).get(f"/desk/{new}")).words


async def test_the_recall_of_what_nobody_may_read_is_not_posted(office: Office) -> None:
    new = await changed(office, await office.notice(), "recalls")
    assert (await office.records.get(new)).publication is None
