"""A closed case file goes to the authority's archive by two acts of two people, and then to the historical one."""

import pypdfium2  # type: ignore[import-untyped]

from server.keys import CASE_FILES
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, begins_with, sealed_notice
from tests.server.pages.test_submitting import closed

pytestmark = begins_with(sealed_notice)


@ON_BOTH
async def test_one_hands_over_and_another_receives_and_both_stand_in_the_record(office: Office) -> None:
    where, binh, cuc = await closed(office, "hop-quan-trong"), await office.sign_in("binh"), await office.sign_in("cuc")
    assert "Giao nộp vào lưu trữ cơ quan" in (await cuc.get("/casefiles/handing")).words
    assert (await cuc.post(where + "/receive")).status == 422, "nobody has handed it over"
    assert (await binh.post(where + "/hand")).status == 303
    assert (await binh.post(where + "/hand")).status == 422
    assert "Chờ lưu trữ nhận" in (await cuc.get("/casefiles")).words
    assert "Nhận hồ sơ vào lưu trữ cơ quan" in (await binh.get("/casefiles/handing")).words
    assert not (await binh.get(where)).has("receive")
    assert (await binh.post(where + "/receive")).status == 403
    assert (await cuc.get(where + "/handing.pdf")).status == 422
    assert (await cuc.post(where + "/receive")).status == 303

    assert "Đã giao nộp" in (await cuc.get("/casefiles")).words
    record = pypdfium2.PdfDocument((await cuc.get(where + "/handing.pdf")).body)
    words = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in record).split())
    assert "BIÊN BẢN GIAO NHẬN HỒ SƠ, TÀI LIỆU" in words
    assert "Bên giao: Trần Văn Bình" in words
    assert "Bên nhận: Phạm Thu Cúc" in words
    assert (await binh.post(where + "/take-back")).status == 422


async def test_what_is_handed_over_is_taken_back_or_given_back_with_a_reason(office: Office) -> None:
    where, binh, cuc = await closed(office, "trao-doi"), await office.sign_in("binh"), await office.sign_in("cuc")
    await binh.post(where + "/hand")
    assert (await binh.post(where + "/take-back")).status == 303
    assert (await binh.get(where)).has("hand")
    await binh.post(where + "/hand")
    assert (await cuc.post(where + "/refuse", {"reason": " "})).status == 422
    assert (await cuc.post(where + "/refuse", {"reason": "Thiếu phụ lục"})).status == 303
    told = await binh.get(where)
    assert "Phạm Thu Cúc đã trả lại" in told.words
    assert "Thiếu phụ lục" in told.words
    assert told.has("hand")


async def test_what_is_kept_for_good_stays_on_the_list_until_the_historical_archive_has_it(office: Office) -> None:
    where, binh, cuc = await closed(office, "hop-quan-trong"), await office.sign_in("binh"), await office.sign_in("cuc")
    early = await cuc.post(where + "/submitted", {"receipt": "Biên bản số 12"})
    assert early.status == 422
    await binh.post(where + "/hand")
    await cuc.post(where + "/receive")
    until = f"31/12/{office.server.app[CASE_FILES].today.year + 5}"
    listed = (await cuc.get("/casefiles/handing")).words
    assert f"Nộp vào Lưu trữ lịch sử {until} Phạm Thu Cúc" in listed
    assert until in (await cuc.get(where)).words
    assert (await cuc.post(where + "/submitted", {"receipt": ""})).status == 422
    assert (await cuc.post(where + "/submitted", {"receipt": "Biên bản số 12/BB-LTLS"})).status == 303
    assert "Biên bản số 12/BB-LTLS" in (await cuc.get(where)).words
    assert "Đã nộp Lưu trữ lịch sử" in (await cuc.get("/casefiles")).words
    assert "Không có hồ sơ nào phải giao nộp" in (await cuc.get("/casefiles/handing")).words


async def test_a_leader_fetches_what_their_groups_let_them_open(office: Office) -> None:
    where, hanh = await closed(office, "trao-doi"), await office.sign_in("hanh")
    assert (await hanh.get(where)).has("bag")
    assert (await hanh.get(where + "/bag")).headers["Content-Type"] == "application/zip"
    assert (await hanh.post(where + "/hand")).status == 403
