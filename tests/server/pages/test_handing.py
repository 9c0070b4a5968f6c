"""A closed case file goes to the authority's archive by two acts of two people, and then to the historical one."""

from datetime import date

import pypdfium2  # type: ignore[import-untyped]

from minutes.casefiles.case import Case
from minutes.casefiles.retention import proposed
from server.casefiles_handing import receivers
from server.directory import Account, Unit
from server.keys import CASE_FILES
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, begins_with, sealed_notice
from tests.server.pages.test_submitting import closed

pytestmark = begins_with(sealed_notice)


@ON_BOTH
async def test_one_hands_over_and_another_receives_and_both_stand_in_the_record(office: Office) -> None:
    where, binh, mai = await closed(office, "hop-quan-trong"), await office.sign_in("binh"), await office.sign_in("mai")
    assert "Giao nộp vào lưu trữ cơ quan" in (await mai.get("/casefiles/handing")).words
    assert (await mai.post(where + "/receive")).status == 422, "nobody has handed it over"
    assert "Bên nhận: Phạm Thu Cúc." in (await mai.get(where)).words, "were she to hand it over"
    assert "Bên nhận: Đinh Thị Mai." in (await binh.get(where)).words
    assert (await binh.post(where + "/hand")).status == 303
    assert f'href="{where}"' in (await mai.get("/desk")).text.partition('data-test="receiving"')[2]
    assert not (await binh.get("/desk")).has("receiving")
    assert (await binh.post(where + "/hand")).status == 422
    assert "Chờ lưu trữ nhận" in (await mai.get("/casefiles")).words
    assert "Nhận hồ sơ vào lưu trữ cơ quan" in (await binh.get("/casefiles/handing")).words
    assert not (await binh.get(where)).has("receive")
    assert (await binh.post(where + "/receive")).status == 403
    assert (await mai.get(where + "/handing.pdf")).status == 422
    assert (await mai.post(where + "/receive")).status == 303

    assert "Đã giao nộp" in (await mai.get("/casefiles")).words
    assert "Bên giao: Trần Văn Bình; bên nhận: Đinh Thị Mai" in (await mai.get(where)).words
    assert not (await mai.get("/desk")).has("receiving")
    record = pypdfium2.PdfDocument((await mai.get(where + "/handing.pdf")).body)
    words = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in record).split())
    assert "BIÊN BẢN GIAO NHẬN HỒ SƠ, TÀI LIỆU" in words
    assert "Bên giao: Trần Văn Bình" in words
    assert "Bên nhận: Đinh Thị Mai" in words
    assert (await binh.post(where + "/take-back")).status == 422


async def test_what_is_handed_over_is_taken_back_or_given_back_with_a_reason(office: Office) -> None:
    where, binh, mai = await closed(office, "trao-doi"), await office.sign_in("binh"), await office.sign_in("mai")
    await binh.post(where + "/hand")
    assert (await binh.post(where + "/take-back")).status == 303
    assert (await binh.get(where)).has("hand")
    await binh.post(where + "/hand")
    assert (await mai.post(where + "/refuse", {"reason": " "})).status == 422
    assert (await mai.post(where + "/refuse", {"reason": "Thiếu phụ lục"})).status == 303
    told = await binh.get(where)
    assert "Đinh Thị Mai đã trả lại" in told.words
    assert "Thiếu phụ lục" in told.words
    assert told.has("hand")


async def test_what_is_kept_for_good_stays_on_the_list_until_the_historical_archive_has_it(office: Office) -> None:
    where, binh, mai = await closed(office, "hop-quan-trong"), await office.sign_in("binh"), await office.sign_in("mai")
    early = await mai.post(where + "/submitted", {"receipt": "Biên bản số 12"})
    assert early.status == 422
    await binh.post(where + "/hand")
    await mai.post(where + "/receive")
    until = f"31/12/{office.server.app[CASE_FILES].today.year + 5}"
    listed = (await mai.get("/casefiles/handing")).words
    assert f"Nộp vào Lưu trữ lịch sử {until} Đinh Thị Mai" in listed
    assert until in (await mai.get(where)).words
    assert (await mai.post(where + "/submitted", {"receipt": ""})).status == 422
    assert (await mai.post(where + "/submitted", {"receipt": "Biên bản số 12/BB-LTLS"})).status == 303
    assert "Biên bản số 12/BB-LTLS" in (await mai.get(where)).words
    assert "Đã nộp Lưu trữ lịch sử" in (await mai.get("/casefiles")).words
    assert "Không có hồ sơ nào phải giao nộp" in (await mai.get("/casefiles/handing")).words


async def test_a_leader_fetches_what_their_groups_let_them_open(office: Office) -> None:
    where, hanh = await closed(office, "trao-doi"), await office.sign_in("hanh")
    assert (await hanh.get(where)).has("bag")
    assert (await hanh.get(where + "/bag")).headers["Content-Type"] == "application/zip"
    assert (await hanh.post(where + "/hand")).status == 403


def test_where_an_authority_has_no_archivist_its_clerks_receive_but_not_who_has_handed_over() -> None:
    unit = Unit("xa", "", "", "", "")
    an, binh, minh = (
        Account(one, one, "", unit, frozenset({role}))
        for one, role in (("an", "clerk"), ("b", "clerk"), ("m", "leader"))
    )
    secretary = Account("s", "s", "", unit, frozenset({"secretary"}))
    case = Case("1", "xa", "", 2026, 1, "", None, proposed()[0], date(2026, 1, 1), "")
    assert receivers([an, binh, minh, secretary], case) == (an, binh)
    assert receivers([an, binh, minh, secretary], case, "an") == (binh,)
    assert receivers([an, secretary], case, "an") == (secretary,)
    assert receivers([an, minh], case, "an") == (an,), "nobody else can"
