"""Checks of what people and programs get to see: pages, files, the fields of a document."""

import re
from urllib.parse import quote

from minutes.blocks import Paragraph
from minutes.conformance.checklist import Outcome, judged
from minutes.reading import VIETNAM
from server import auth, saved_searches, search
from server.conformance.office import CLERK, SECRETARY, UNIT, Examined, words


async def plain_pages(seen: Examined) -> Outcome:
    """The public's pages say their language, fit a phone, and need no script of their own."""
    office = seen.office
    document = await office.posted()
    one = f"/documents/{document.unit.id}/{document.year}/{document.number_symbol}"
    paths, wrong = ("/", "/documents", one, "/verify", "/sign-in"), []
    for path in paths:
        page = await office.get(path, Accept="text/html")
        inline = re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=", page.text)
        fits = 'name="viewport"' in page.text and '<html lang="vi"' in page.text
        if page.status != 200 or inline or not fits or "<h1" not in page.text:
            wrong.append(path)
    return judged(
        not wrong,
        f"{len(paths)} trang công khai đọc được không cần mã lệnh, khai báo tiếng Việt và vừa màn hình điện thoại.",
        f"Trang chưa đạt: {', '.join(wrong)}.",
    )


async def interfaces(seen: Examined) -> Outcome:
    """Programs get a description of the interface, the feed of what was posted, and documents as files."""
    office = seen.office
    described = await office.get("/api/v1/openapi.json")
    feed = await office.get("/feed.atom")
    document = await office.posted()
    word = await office.get(f"/desk/{document.id}/word", SECRETARY)
    well = '"openapi"' in described.text and document.title in feed.text and word.body.startswith(b"PK")
    return judged(
        well and {described.status, feed.status, word.status} == {200},
        "Có giao diện lập trình được mô tả theo OpenAPI, nguồn tin Atom của văn bản công khai, tệp .docx và dữ "
        "liệu JSON "
        "trong PDF, tệp edXML khi xuất dữ liệu (xem III.5.g).",
        "Giao diện cho hệ thống khác không trả lời đúng.",
    )


async def download(seen: Examined) -> Outcome:
    """Who may read a document gets its file; what is posted, anybody."""
    office = seen.office
    mine, posted = await office.issued(), await office.posted()
    files = [
        (await office.get(f"/desk/{mine.id}/pdf", CLERK), await office.records.pdf(mine.id)),
        (await office.get(f"/files/{posted.digest}.pdf"), await office.records.pdf(posted.id)),
    ]
    return judged(
        all(page.status == 200 and page.body == file for page, file in files),
        "Người được đọc tải được tệp đã phát hành, đúng từng byte với kho lưu trữ; văn bản công khai thì ai cũng "
        "tải được.",
        "Tệp tải về khác với kho lưu trữ.",
    )


async def printed_mark(seen: Examined) -> Outcome:
    """What was issued carries its code on the page, a draft says that it is one."""
    office = seen.office
    document = await office.issued()
    issued = words(await office.records.pdf(document.id))
    draft = words(await office.records.pdf(await office.draft("Về việc thử bản in")))
    return judged(
        document.code in issued and "DỰ THẢO" in draft.upper() and document.code not in draft,
        f"Văn bản phát hành in ra có mã tra cứu ({document.code}) và mã QR; dự thảo in ra có chữ “Dự thảo”.",
        "Bản in không cho biết nguồn từ Hệ thống.",
    )


async def described(seen: Examined) -> Outcome:
    """The desk's page of a document has number, subject, signers, and every act with who did it."""
    office = seen.office
    document = await office.issued()
    page = await office.get(f"/desk/{document.id}", CLERK)
    history = await office.records.history(document.id)
    wanted = [document.number_symbol or "?", document.title, *(one.name for one in document.signers)]
    wanted += [one.by.name for one in history]
    missing = [text for text in wanted if text not in page.text]
    return judged(
        page.status == 200 and not missing,
        f"Trang của văn bản thử hiện số, ký hiệu, trích yếu, người ký và {len(history)} thao tác kèm người làm, "
        "thời gian.",
        f"Trang của văn bản thiếu: {', '.join(missing[:5]) or 'không mở được'}.",
    )


async def searched(seen: Examined) -> Outcome:
    """A posted document is found by words of its text, its number, its signer and its unit, with and without marks; one
    that is not posted is not found by strangers."""
    office, clerk = seen.office, seen.office.people[CLERK]
    phrase = "tuần tra rừng đầu nguồn Suối Thầu"
    body = (Paragraph(0, f"Lực lượng kiểm lâm tổ chức {phrase}."),)
    posted = await office.issue(await office.draft("Về việc thử tìm kiếm", body=body))
    await office.records.publish(posted.id, by=clerk, reason="Thử Hệ thống")
    hidden = await office.issue(await office.draft("Về việc thử tìm kiếm văn bản chưa công khai", body=body))
    wrong = []
    signer = posted.signers[0].name
    for query in (f'"{phrase}"', "tuan tra rung dau nguon", posted.number_symbol or "?", signer, posted.unit.name):
        page = await office.get(f"/documents?q={quote(query)}")
        if posted.title not in page.text or hidden.title in page.text:
            wrong.append(query)
    return judged(
        not wrong,
        "Văn bản công khai thử được tìm thấy theo nội dung (có dấu và không dấu), số, ký hiệu, người ký và cơ "
        "quan; văn "
        "bản chưa công khai không lộ ra.",
        f"Tìm không thấy, hoặc thấy văn bản chưa công khai, với: {'; '.join(wrong)}.",
    )


async def result_fields(seen: Examined) -> Outcome:
    """What is shown of a result is what was chosen."""
    office = seen.office
    pages = [await office.get(f"/search?q=th%E1%BB%AD{more}", CLERK) for more in ("&show=signer", "&show=unit")]
    has = [('data-test="signers"' in page.text, f'<p class="soft">{UNIT.name}' in page.text) for page in pages]
    return judged(
        has == [(True, False), (False, True)],
        "Chọn trường nào (trạng thái, cơ quan, ngày, người ký, đoạn tìm thấy) thì kết quả tìm kiếm chỉ hiện trường đó.",
        "Trường hiển thị không theo lựa chọn.",
    )


async def search_kept(seen: Examined) -> Outcome:
    """A search is kept under a name and stands on the page to be asked again."""
    office = seen.office
    async with office.database.begin() as connection:
        await saved_searches.keep(connection, CLERK, "Yêu cầu thử", "q=th%E1%BB%AD&sort=date", auth.utcnow())
    page = await office.get("/search", CLERK)
    again = await office.get("/search?q=th%E1%BB%AD&sort=date", CLERK)
    return judged(
        "Yêu cầu thử" in page.text and 'data-test="results"' in again.text,
        "Yêu cầu tìm kiếm thử được lưu với tên riêng và dùng lại được.",
        "Yêu cầu tìm kiếm không lưu hoặc không dùng lại được.",
    )


async def results_sorted(seen: Examined) -> Outcome:
    """By date the newest comes first."""
    office = seen.office
    clerk = office.people[CLERK]
    wanted = search.Wanted(text="thử", newest=True)
    found = await search.search(office.database, clerk, wanted, 1)
    begun = [one.document.created_at for one in found.items if one.document is not None]
    days = [(one.document.issued_on or one.document.created_at.astimezone(VIETNAM).date()) for one in found.items
            if one.document is not None]  # fmt: skip
    return judged(
        len(begun) > 1 and days == sorted(days, reverse=True),
        f"Sắp xếp theo ngày: {len(begun)} kết quả thử từ mới đến cũ; hoặc theo mức sát với từ tìm.",
        "Kết quả không theo thứ tự đã chọn.",
    )


async def results_printed(seen: Examined) -> Outcome:
    """The results come out as a file."""
    office, document = seen.office, await seen.office.issued()
    made = words((await office.get(f"/search/results.pdf?q={quote(document.number_symbol or '')}", CLERK)).body)
    return judged(
        (document.number_symbol or "?") in made and "KẾT QUẢ TÌM KIẾM" in made,
        f"Kết quả tìm kiếm thử xuất ra tệp PDF, có văn bản số {document.number_symbol}.",
        "Kết quả tìm kiếm không xuất ra tệp được.",
    )


CHECKS = {
    one.__name__: one
    for one in (
        plain_pages,
        interfaces,
        download,
        printed_mark,
        described,
        searched,
        result_fields,
        search_kept,
        results_sorted,
        results_printed,
    )
}
