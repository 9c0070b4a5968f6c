"""Searching: one box, filters, hits shown as written, and nothing of what the account may not read."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.document import State
from server import demo, search
from server.conformance.office import words
from server.keys import DATABASE
from server.pages.desk_acts import access
from server.pages.search import FILTERS, read
from server.rights import may
from server.search import Wanted
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import EVIL, Office, Page, begins_with, sealed_notice


def results(page: Page) -> list[str]:
    """Where the results lead."""
    found = re.search(r'(?s)<ol class="list" data-test="results".*?</ol>', page.text)
    return re.findall(r'<h3><a href="([^"]+)"', found[0]) if found else []


def marked(page: Page) -> set[str]:
    return set(map(html.unescape, re.findall(r"<mark>(.*?)</mark>", page.text)))


@begins_with(sealed_notice)
@ON_BOTH
async def test_minutes_and_notice_are_found_by_their_words_and_their_number(office: Office) -> None:
    notice = await office.posted()
    clerk = await office.sign_in("cuc")
    assert (await clerk.get("/desk")).has("query")
    page = await clerk.get('/search?q="ho o vung" sat+lo')
    assert set(results(page)) >= {f"/desk/{notice}"}
    assert marked(page) == {"hộ ở vùng", "sạt", "lở"}
    assert "Có 2 kết quả." in page.words
    page = await clerk.get('/search?q="vung co nguy co"&kind=TB')
    assert results(page) == [f"/desk/{notice}"]
    assert marked(page) == {"vùng có nguy cơ"}
    symbol = (await office.records.get(notice)).number_symbol or ""
    assert results(await clerk.get(f"/search?q={symbol.lstrip('0')}"))[0] == f"/desk/{notice}"


@begins_with(sealed_notice)
async def test_written_with_marks_only_these_marks_are_found(office: Office) -> None:
    await office.posted()
    clerk = await office.sign_in("cuc")
    assert results(await clerk.get("/search?q=sạt+lở"))
    page = await clerk.get("/search?q=sát+lơ")
    assert results(page) == []
    assert "Không tìm thấy gì" in page.words


@begins_with(sealed_notice)
@ON_BOTH
async def test_filters_narrow_and_are_kept_in_the_form(office: Office) -> None:
    notice = await office.posted()
    document = await office.records.get(notice)
    clerk = await office.sign_in("cuc")
    good = {
        "kind": "TB", "unit": document.unit.id, "state": "sealed", "signer": "hanh", "year": str(document.year),
        "meeting": document.meeting_id or "", "since": f"{document.issued_on:%Y-%m-%d}",
        "until": f"{document.issued_on:%d/%m/%Y}",
    }  # fmt: skip
    assert set(good) == set(FILTERS)
    page = await clerk.get('/search?q="ho o vung"&' + "&".join(f"{name}={value}" for name, value in good.items()))
    assert results(page) == [f"/desk/{notice}"]
    assert page.value("signer") == "hanh"
    assert '<option value="TB" selected>' in page.text
    bad = {
        "kind": "CT", "unit": "ta-nang", "state": "draft", "signer": "khanh", "year": "1999", "meeting": "m-khac",
        "since": "2999-01-01", "until": "1999-01-01",
    }  # fmt: skip
    for name, value in bad.items():
        assert results(await clerk.get(f'/search?q="ho o vung"&{name}={value}')) == [], name


async def test_a_day_that_is_none_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    page = await (await office.sign_in("cuc")).get("/search?q=rừng&since=31/2/2026")
    assert page.status == 200
    assert "Có ngày hoặc năm ghi chưa đúng" in page.words
    assert (page.value("since"), page.value("q")) == ("31/2/2026", "rừng")


@ON_BOTH
async def test_a_meeting_that_is_over_is_found_by_those_who_led_it(office: Office) -> None:
    meeting, server = await office.meeting(title="Họp bàn việc chống hạn"), office.server
    chair, writer = [await server.sit(server.person(one), room=meeting.room) for one in ("hanh", "binh")]
    assert (await chair.say("meeting.open"))["type"] == "ack"
    assert (await writer.say("conclusion.put", text="Nạo vét kênh mương nội đồng"))["type"] == "ack"
    page = await (await office.sign_in("binh")).get("/search?q=kênh+mương&kind=meeting")
    assert results(page) == []
    assert (await chair.say("meeting.close"))["type"] == "ack"
    for who in ("hanh", "binh"):
        page = await (await office.sign_in(who)).get("/search?q=kênh+mương&kind=meeting")
        assert results(page) == [f"/meetings/{meeting.id}"]
        assert "Họp bàn việc chống hạn" in page.words
        assert marked(page) == {"kênh", "mương"}
    for who in ("cuc", "dung", "lan"):
        page = await (await office.sign_in(who)).get("/search?q=kênh+mương&kind=meeting")
        assert "Họp bàn việc chống hạn" not in page.words


@ON_BOTH
async def test_nobody_finds_what_may_not_be_read(office: Office) -> None:
    await office.posted(room="hop-aaaaaaaa")
    await office.minutes(State.REVIEW, room="hop-bbbbbbbb", title="Họp bàn nhân sự")
    documents = await office.records.documents()
    assert len(documents) >= 4
    for account_id in [one[0] for one in demo.PEOPLE]:
        account = await office.account(account_id)
        readable = set()
        for one in documents:
            asked = await office.records.asked(one.id)
            if one.published or may(account, "document.read", access(one, asked)):
                readable.add(one.id)
        found = await search.search(office.server.app[DATABASE], account, Wanted(year=documents[0].created_at.year), 1)
        assert {one.document.id for one in found.items if one.document} == readable, account_id
        assert found.total == len(found.items)


@begins_with(sealed_notice)
async def test_what_others_have_posted_leads_to_the_public_page(office: Office) -> None:
    notice = await office.records.get(await office.posted())
    page = await (await office.sign_in("lan")).get('/search?q="ho o vung" sat+lo')
    assert results(page) == [f"/documents/{notice.unit.id}/{notice.year}/{notice.number_symbol}"]
    assert (await (await office.sign_in("lan")).get(results(page)[0])).status == 200


@begins_with(sealed_notice)
async def test_who_is_not_signed_in_searches_on_the_public_page_only(office: Office) -> None:
    await office.posted()
    stranger = office.stranger()
    assert (await stranger.get("/search?q=sat")).status == 401
    page = await stranger.get('/documents?q="ho o vung" sat lo')
    assert marked(page) == {"hộ ở vùng", "sạt", "lở"}
    assert "Có 1 kết quả." in page.words
    assert "Có 1 kết quả." in re.search(r"<title>(.*?)</title>", page.text)[1]  # type: ignore[index]
    assert (await stranger.get("/")).has("query")
    guest = await office.with_token(office.server.token("delegate"))
    assert (await guest.get("/search?q=sat")).status == 403


@pytest.mark.parametrize("language", ["vi", "en", "ja"])
async def test_what_was_typed_comes_back_as_text_in_every_language(office: Office, language: str) -> None:
    visitor = await office.sign_in("cuc", language)
    fields = "&".join(f"{name}={EVIL}" for name in (*FILTERS, "q", "sort", "page"))
    page = await visitor.get(f"/search?{fields}")
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


@given(st.fixed_dictionaries({name: st.text(max_size=20) for name in (*FILTERS, "q", "sort")}))
def test_any_fields_can_be_read(typed: dict[str, str]) -> None:
    wanted, wrong = read(typed)
    assert wrong <= {"since", "until", "year"}
    assert all(re.fullmatch(r"[a-z0-9]+", one) for one in wanted.marks)


@begins_with(sealed_notice)
@ON_BOTH
async def test_a_search_is_kept_asked_again_and_forgotten_by_whose_it_is(office: Office) -> None:
    notice = await office.posted()
    clerk, other = await office.sign_in("cuc"), await office.sign_in("binh")
    query = "q=sat+lo&kind=TB&show=signer&other=x"
    kept = await clerk.post("/search/saved", {"query": query, "name": EVIL})
    assert kept.location == "/search?kind=TB&q=sat+lo&show=signer"
    page = await clerk.get("/search")
    assert EVIL not in page.text
    address = html.unescape(re.findall(r'href="(/search\?[^"]+show=signer)"', page.text)[0])
    again = await clerk.get(address)
    assert results(again) == [f"/desk/{notice}"]
    assert again.has("signers")
    assert "Ủy ban nhân dân tỉnh Lâm Sơn ·" not in again.words, "only the chosen fields are shown"
    nameless = await clerk.post("/search/saved", {"query": query, "name": " "})
    assert nameless.status == 422
    assert results(nameless) == [f"/desk/{notice}"]
    (id,) = re.findall(r"/search/saved/(\d+)/remove", page.text)
    assert not (await other.get("/search")).has("saved")
    await other.post(f"/search/saved/{id}/remove")
    assert (await clerk.get("/search")).has("saved")
    await clerk.post(f"/search/saved/{id}/remove")
    assert not (await clerk.get("/search")).has("saved")


@begins_with(sealed_notice)
async def test_results_are_printed_with_the_chosen_fields_and_nothing_of_what_is_not_theirs(office: Office) -> None:
    await office.posted()
    hidden = await office.notice(room="hop-bbbb1234", title="Họp riêng của tỉnh")
    title = " ".join((await office.records.get(hidden)).title.split())
    clerk, outsider = await office.sign_in("cuc"), await office.sign_in("dung")
    mine, theirs = [
        words((await one.get("/search/results.pdf?q=sat+lo&kind=TB&show=signer&show=state")).body)
        for one in (clerk, outsider)
    ]
    assert "KẾT QUẢ TÌM KIẾM" in mine
    assert "Người ký" in mine
    assert "Cơ quan ban hành" not in mine
    assert title in mine
    assert title not in theirs
