"""Metadata: what the System fills in, what people add, and what goes with a case file into the archive."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest

from minutes.deposits import store as deposits
from minutes.described.field import FIELDS, Subject, read
from minutes.document import State
from minutes.errors import InvalidContent
from server import auth, casefile_reminders, directory
from server.conformance.office import words
from server.keys import CASE_FILES, DATABASE
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import EVIL, Office, Visitor, begins_with, sealed_notice


def fields(subject: Subject, **changes: str) -> dict[str, str]:
    return {one.name: one.initial for one in FIELDS[subject]} | changes


async def opened(clerk: Visitor, title: str = "Hồ sơ phòng, chống thiên tai") -> str:
    page = await clerk.post("/casefiles", {"title": title, "period": "chi-dao"})
    return page.location.rpartition("/")[2]


@ON_BOTH
async def test_what_people_add_goes_with_the_case_file_and_into_the_archive(office: Office) -> None:
    clerk, case_id = await office.sign_in("cuc"), ""
    case_id = await opened(clerk)
    notice = await office.notice(State.SEALED)
    await clerk.post(f"/casefiles/{case_id}/add", {"what": "01/TB-UBND"})
    for path, subject, changes in (
        (f"document/{notice}", Subject.DOCUMENT, {"Keyword": "sạt lở", "DueDate": "2027-03-01", "Description": EVIL}),
        (f"case/{case_id}", Subject.CASE, {"Keyword": "mưa lũ", "Rights": "Không hạn chế"}),
        ("fonds/lam-son", Subject.FONDS, {"FondsCode": "P01", "FondsName": "Phông UBND tỉnh"}),
    ):
        assert (await clerk.post(f"/described/{path}", fields(subject, **changes))).status == 303
    page = await clerk.get(f"/described/document/{notice}")
    case = await office.server.app[CASE_FILES].get("lam-son", case_id)
    for known in (f"Mã hồ sơ lam-son.{case.code}", "Số trang 1", "Nơi nhận", case.title):
        assert known in page.words
    assert EVIL not in page.text
    assert page.area("Description") == EVIL
    assert f'href="/casefiles/{case_id}"' in page.text

    assert (await clerk.post(f"/casefiles/{case_id}/close", {"sure": "yes"})).status == 303
    with zipfile.ZipFile(BytesIO((await clerk.get(f"/casefiles/{case_id}/bag")).body)) as bag:
        (name,) = [name for name in bag.namelist() if name.endswith("ho-so.json")]
        said = json.loads(bag.read(name))
    document = said["Documents"][0]
    assert (said["Keyword"], said["Rights"], said["PageTotal"], said["TotalDoc"]) == ("mưa lũ", "Không hạn chế", 1, 1)
    assert said["Fonds"]["FondsCode"] == "P01"
    assert (document["Keyword"], document["DueDate"], document["PageAmount"]) == ("sạt lở", "2027-03-01", "1")
    assert document["ConfidenceLevel"] == "Gốc điện tử"
    async with office.server.app[DATABASE].read() as connection:
        (kept,) = await deposits.entries(connection, about=case_id)
    assert kept.entry.label.endswith(f"{case.code}/ho-so.json")


async def test_what_was_written_before_stays_on_record_and_only_what_changes_is_written(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    path = f"/described/case/{await opened(clerk)}"
    for keyword in ("mưa", "mưa", "lũ"):
        await clerk.post(path, fields(Subject.CASE, Keyword=keyword))
    page = await clerk.get(path)
    assert page.words.count("Phạm Thu Cúc: Từ khóa") == 2
    bad = await clerk.post(path, fields(Subject.CASE, Rights="Mọi người", Keyword="còn đây"))
    assert bad.status == 422
    assert "Quyền truy cập: phải là một trong" in bad.words
    assert bad.value("Keyword") == "còn đây"


async def test_others_read_and_write_nothing(office: Office) -> None:
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    path = f"/described/case/{await opened(clerk)}"
    for visitor in (await office.sign_in("dung"), office.stranger()):
        assert (await visitor.get(path)).status in (401, 403)
        assert (await visitor.post(path, fields(Subject.CASE))).status in (401, 403)
    assert (await leader.get(path)).status == 200
    assert (await leader.post(path, fields(Subject.CASE))).status == 403
    for other in ("fonds/ta-nang", f"document/{'0' * 32}", "received/2026/9", f"case/{'0' * 32}"):
        assert (await clerk.get(f"/described/{other}")).status == 404, other


@begins_with(sealed_notice)
async def test_the_lists_are_printed(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    case_id = await opened(clerk)
    await office.notice(State.SEALED)
    await clerk.post(f"/casefiles/{case_id}/add", {"what": "01/TB-UBND"})
    year = office.server.app[CASE_FILES].today.year
    await clerk.post(f"/casefiles/{case_id}/close", {"sure": "yes"})
    for path, said in (
        (f"{year}-list", ("DANH MỤC HỒ SƠ NĂM", "Hồ sơ phòng, chống thiên tai", "20 năm")),
        (f"{year}-closed", ("MỤC LỤC HỒ SƠ", "Cộng: 1 hồ sơ")),
        (f"{case_id}/contents", ("MỤC LỤC VĂN BẢN", "01/TB-UBND", "Cộng: 1 văn bản")),
    ):
        text = words((await clerk.get(f"/casefiles/{path}.pdf")).body)
        assert all(part in text for part in said), (path, text)


@begins_with(sealed_notice)
async def test_thirty_days_before_a_case_file_is_to_be_handed_over_its_keepers_are_told_once(office: Office) -> None:
    clerk, app = await office.sign_in("cuc"), office.server.app
    case_id = await opened(clerk)
    await office.notice(State.SEALED)
    await clerk.post(f"/casefiles/{case_id}/add", {"what": "01/TB-UBND"})
    assert (await clerk.post(f"/casefiles/{case_id}/hand")).status == 422
    await clerk.post(f"/casefiles/{case_id}/close", {"sure": "yes"})
    now = auth.utcnow()

    async def told(days: int) -> int:
        async with app[DATABASE].begin() as connection:
            accounts = await directory.accounts(connection)
            return len(await casefile_reminders.due(connection, accounts, now + timedelta(days=days)))

    assert [await told(days) for days in (334, 335, 336, 365, 366, 367)] == [0, 3, 0, 0, 3, 0]
    assert (await clerk.post(f"/casefiles/{case_id}/hand")).status == 303
    assert (await (await office.sign_in("mai")).post(f"/casefiles/{case_id}/receive")).status == 303
    assert "Đã giao nộp" in (await clerk.get(f"/casefiles/{case_id}")).words
    assert await told(900) == 0


def test_a_form_that_lacks_a_field_or_has_another_is_refused() -> None:
    for subject in Subject:
        assert read(subject, fields(subject)) == fields(subject)
        with pytest.raises(InvalidContent):
            read(subject, {**fields(subject), "Other": ""})
        with pytest.raises(InvalidContent):
            read(subject, {})
    with pytest.raises(InvalidContent):
        read(Subject.DOCUMENT, fields(Subject.DOCUMENT, DueDate="31/12/2026"))
