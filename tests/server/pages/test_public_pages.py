"""What a citizen reads: only what was posted, kept by caches, without account and without JavaScript."""

import xml.etree.ElementTree as ET

from minutes.document import Kind, State
from tests.server.pages.conftest import EVIL, Office, begins_with, sealed_notice
from tests.server.pages.test_new_document import begun

ATOM = "{http://www.w3.org/2005/Atom}"


async def path_of(office: Office, document_id: str) -> str:
    document = await office.records.get(document_id)
    return f"/documents/{document.unit.id}/{document.year}/{document.number_symbol}"


async def test_a_citizen_reads_a_posted_document_and_its_status_in_one_sentence(office: Office) -> None:
    notice = await office.posted(title="Họp bàn phòng chống sạt lở")
    citizen = office.stranger()
    path = await path_of(office, notice)
    for page_path in ("/", "/documents", "/documents?q=hop+ban+phong+chong"):
        page = await citizen.get(page_path)
        assert page.status == 200
        assert f'href="{path}"' in page.text, page_path
    page = await citizen.get(path)
    assert "Rà soát các hộ ở vùng có nguy cơ sạt lở" in page.words
    assert "Đây là văn bản thật, do Ủy ban nhân dân tỉnh Lâm Sơn phát hành ngày" in page.words
    assert "Nguyễn Thị Hạnh" in page.words
    assert 'src="data:image/svg+xml' in page.text
    assert page.has("pdf-link")


async def test_nothing_unposted_is_seen_by_a_citizen(office: Office) -> None:
    notice = await office.notice(State.SEALED, title="Họp chưa công khai")
    citizen = office.stranger()
    document = await office.records.get(notice)
    assert document.digest is not None
    for path in (
        await path_of(office, notice),
        f"/files/{document.digest}.pdf",
    ):
        page = await citizen.get(path)
        assert page.status == 404, path
        assert "Họp chưa công khai" not in page.text
    by_code = await citizen.get(f"/verify?code={document.code}")
    assert "không được công khai" in by_code.words
    assert "Họp chưa công khai" not in by_code.text
    for path in ("/", "/documents", "/documents?q=hop", "/feed.atom"):
        assert "Họp chưa công khai".casefold() not in (await citizen.get(path)).text.casefold()
    for path in (f"/desk/{notice}", f"/desk/{notice}/pdf", f"/desk/{notice}/edit", "/desk"):
        assert (await citizen.get(path)).status == 401


@begins_with(sealed_notice)
async def test_the_file_is_the_archived_one_and_is_kept_for_good(office: Office) -> None:
    notice = await office.posted()
    document = await office.records.get(notice)
    citizen = office.stranger()
    page = await citizen.get(f"/files/{document.digest}.pdf")
    assert (page.status, page.headers["Content-Type"]) == (200, "application/pdf")
    assert page.body == await office.records.pdf(notice)
    assert page.headers["Cache-Control"] == "public, no-cache"
    known = await citizen.get(f"/files/{document.digest}.pdf", If_None_Match=page.headers["ETag"])
    assert (known.status, known.body) == (304, b"")


async def test_only_a_digest_addresses_a_file(office: Office) -> None:
    citizen = office.stranger()
    for name in ("0" * 64, "x", "%2e%2e%2fsecret.key", "A" * 64):
        assert (await citizen.get(f"/files/{name}.pdf")).status == 404


@begins_with(sealed_notice)
async def test_public_pages_are_cached_for_strangers_and_never_for_officials(office: Office) -> None:
    notice = await office.posted()
    citizen, official = office.stranger(), await office.sign_in("binh")
    for path in ("/", "/documents", "/verify", "/feed.atom", await path_of(office, notice)):
        page = await citizen.get(path)
        assert page.headers["Cache-Control"].startswith("public, max-age="), path
        assert "Set-Cookie" not in page.headers
        again = await citizen.get(path, If_None_Match=page.headers["ETag"])
        assert again.status == 304, path
        assert (await official.get(path)).headers["Cache-Control"] == "no-store", path


async def test_another_language_is_another_page_to_a_cache(office: Office) -> None:
    vi, en = [await office.stranger(language).get("/documents") for language in ("vi", "en")]
    assert vi.headers["ETag"] != en.headers["ETag"]
    assert "Accept-Language" in vi.headers["Vary"]


async def test_html_in_a_subject_comes_out_as_text_everywhere(office: Office) -> None:
    notice = await office.posted(title=EVIL)
    citizen = office.stranger()
    for path in ("/", "/documents", await path_of(office, notice), "/feed.atom"):
        page = await citizen.get(path)
        assert "alert(" in page.text, path
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


async def test_what_was_searched_for_comes_back_as_text(office: Office) -> None:
    page = await office.stranger().get(f"/documents?q={EVIL}")
    assert page.value("q") == EVIL
    assert "<script>alert" not in page.text
    assert "Không có văn bản nào khớp" in page.words


async def test_odd_addresses_are_answered_with_a_page(office: Office) -> None:
    citizen = office.stranger()
    for path in (
        "/documents/none/2026/01/TB-UBND",
        "/documents/lam-son/2026/x",
        "/documents/lam-son/9999/%00",
        "/documents/lam-son/20/1",
        "/nothing-here",
    ):
        page = await citizen.get(path)
        assert page.status == 404, path
        assert "Không tìm thấy trang này." in page.words
    for query in ("page=-1", "page=999999999999", "page=x", "page=0", "page=²", "q=" + "a" * 5000):
        assert (await citizen.get(f"/documents?{query}")).status == 200, query


async def test_the_feed_lists_the_newest_documents_with_absolute_links(office: Office) -> None:
    notice = await office.posted(title="Họp & bàn <việc>")
    page = await office.stranger().get("/feed.atom")
    assert page.headers["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(page.text)
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 2, "the demo's own directive, and this notice"
    entry = entries[0]
    title = entry.findtext(f"{ATOM}title")
    assert title is not None
    assert "bàn <việc>" in title
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href", "").startswith("http://")
    assert link.get("href", "").endswith(await path_of(office, notice))
    assert feed.findtext(f"{ATOM}updated") == entry.findtext(f"{ATOM}updated")


@begins_with(sealed_notice)
async def test_no_page_of_the_public_needs_a_script_or_carries_one_inline(office: Office) -> None:
    notice = await office.posted()
    citizen = office.stranger()
    for path in ("/", "/documents", "/verify", await path_of(office, notice)):
        text = (await citizen.get(path)).text
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<style" not in text
        for script in text.split("<script")[1:]:
            assert script.split(">")[0].find("src=") >= 0


async def test_a_posted_letter_looks_like_one(office: Office) -> None:
    letter = await begun(office, Kind.LETTER)
    await office.advance(letter, State.SEALED)
    await office.records.publish(letter, by=await office.actor("cuc"), reason="Liên quan đến người dân")
    found = await office.records.get(letter)
    page = await office.stranger().get(f"/documents/lam-son/{found.year}/{found.number_symbol}")
    record = page.text.partition('data-test="record"')[2].partition("</article>")[0]
    for said in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", f"Số: {found.number_symbol}", "V/v ", "Nguyễn Thị Hạnh"):
        assert said in record
    assert "<h2>" not in record, "an official letter has no name of its type above it"


@begins_with(sealed_notice)
async def test_days_are_written_as_the_reader_writes_them(office: Office) -> None:
    day = (await office.records.get(await office.posted())).issued_on
    assert day is not None
    for language, written in (("vi", f"{day:%d/%m/%Y}"), ("en", f"{day:%d/%m/%Y}"), ("ja", f"{day:%Y/%m/%d}")):
        assert written in (await office.stranger(language).get("/documents")).words
