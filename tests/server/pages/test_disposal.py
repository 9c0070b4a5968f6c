"""Case files whose time is over are destroyed by a council's recorded decision, and by nothing else."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from minutes.casefiles.case import Case, Item, ItemKind
from minutes.casefiles.disposal import Fate, names
from minutes.casefiles.retention import Period
from minutes.casefiles.store import case_table
from minutes.deposits import store as deposits
from minutes.document import State
from minutes.keyring import Keyring
from rooms import store as rooms
from server import directory
from server.casefiles_disposal import recorded
from server.document_export import Export, Exported
from server.keys import CASE_FILES, DATABASE, DISPOSALS, VAULT
from server.recording_files import film_key
from server.vault_examination import Result
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, Page, Visitor
from tests.server.pages.test_incidents import WORD, proved, rows_with

WHERE = "/casefiles/disposal"


async def closed(office: Office, period: str = "hop-ky", ended: int = 2010, room: str = "hop-abcd1234") -> str:
    """The code of the closed case file of a meeting whose conclusion says the word; its matter ended in that year."""
    meeting = await office.meeting(room=room)
    await office.held(meeting, f"Rà soát {WORD} ở vùng cao")
    (document,) = await office.records.documents(meeting_id=meeting.id)
    await office.advance(document.id, State.SEALED)
    clerk, cases = await office.sign_in("cuc"), office.server.app[CASE_FILES]
    case = next(one for one in await cases.of_year("lam-son", cases.today.year) if one.meeting_id == meeting.id)
    await clerk.post(f"/casefiles/{case.id}/keep", {"period": period})
    assert (await clerk.post(f"/casefiles/{case.id}/close", {"sure": "yes"})).status == 303
    async with office.server.app[DATABASE].begin() as connection:
        long_ago = update(case_table).where(case_table.c.id == case.id).values(ended_on=date(ended, 5, 1))
        await connection.execute(long_ago)
    return case.code


async def decided(office: Office, *codes: str, until: State = State.SEALED) -> str:
    """The number of a decision that names these case files."""
    secretary, leader = await office.sign_in("binh"), await office.account("hanh")
    subject = f"Về việc hủy tài liệu hết giá trị của các hồ sơ {', '.join(codes)}"
    fields = {"kind": "QĐ", "subject": subject, "leader": leader.id, "secrecy": "none"}
    begun = await secretary.post("/desk/new", fields)
    document = begun.location.split("/")[2]
    await office.advance(document, until)
    return (await office.records.get(document)).number_symbol or "01/QĐ-UBND"


async def dispose(visitor: Visitor, office: Office, decision: str, *codes: str, **fields: str) -> Page:
    cases = await office.server.app[CASE_FILES].of_year("lam-son", office.server.app[CASE_FILES].today.year)
    year = str(office.server.app[CASE_FILES].today.year)
    chosen = {f"case.{one.id}": "1" for one in cases if one.code in codes[:1]}
    return await visitor.post(WHERE, {**chosen, "decision": decision, "year": year, "sure": "yes", **fields})


async def exported(office: Office, folder: Path) -> Exported:
    """What `giaoban export` makes of the office's documents."""
    archive = office.server.app[VAULT].archive
    async with office.server.app[DATABASE].read() as connection:
        units = await directory.units(connection)
    async for step in Export(office.server.app[DATABASE], archive, folder).run(units):
        if isinstance(step, Exported):
            return step
    raise AssertionError


@ON_BOTH
async def test_what_a_council_has_decided_is_destroyed_and_the_register_says_so(office: Office, tmp_path: Path) -> None:
    code = await closed(office)
    leader, clerk = await office.sign_in("hanh"), await office.sign_in("cuc")
    page = await leader.get(WHERE)
    assert page.has("due")
    assert code in page.words
    number = await decided(office, code)
    done = await dispose(leader, office, number, code)
    assert done.status == 303, done.words

    page = await clerk.get(WHERE)
    assert page.has("none-due")
    assert f"số {number}" in page.words
    (made,) = await office.server.app[DISPOSALS].done("lam-son")
    assert (await clerk.get(f"{WHERE}/{made.id}.pdf")).body.startswith(b"%PDF-")
    (case,) = await office.server.app[CASE_FILES].of_year("lam-son", office.server.app[CASE_FILES].today.year)
    shown = await clerk.get(f"/casefiles/{case.id}")
    assert shown.has("disposed")
    assert "Biên bản 01/BB-UBND" in shown.words, "the list of contents stays"
    assert (await clerk.get(f"/casefiles/{case.id}/bag")).status == 422
    assert (await clerk.get(f"/casefiles/{case.id}/items/1")).status == 404
    minutes = next(one.ref for one in case.items if one.kind == "document")
    assert (await clerk.get(f"/desk/{minutes}")).status == 410
    assert "01/BB-UBND" in (await clerk.get("/registers/out")).words
    assert (await clerk.get(f"/meetings/{case.meeting_id}")).status in (200, 403)
    assert (await (await office.sign_in("binh")).get(f"/meetings/{case.meeting_id}/proceedings")).status == 410
    assert set(await rows_with(office, WORD)) <= {"task", "task_act"}, "what is still to be done is a record of its own"
    result: Result = await proved(office)
    assert not result.findings
    assert len(result.aside) == len(case.items)
    out = await exported(office, tmp_path / "out")
    assert not out.damaged, "what was erased is no damage"
    assert any("01/BB-UBND" in name and "đã được xóa" in reason for name, reason in out.left_out)
    assert not any("01-BB-UBND" in path.as_posix() for path in (tmp_path / "out").rglob("*"))
    assert any("QĐ-UBND" in path.as_posix() for path in (tmp_path / "out").rglob("*"))
    assert all(f"số {number}" in one.sentence for one in result.aside)


async def test_without_the_recorded_decision_nothing_is_destroyed(office: Office) -> None:
    code = await closed(office)
    leader = await office.sign_in("hanh")
    unsigned = await decided(office, code, until=State.APPROVED)
    other = await decided(office, "1999.01")
    year = str(office.server.app[CASE_FILES].today.year)
    for decision, fields, said in (
        ("99/QĐ-UBND", {}, "Không có văn bản điện tử số “99/QĐ-UBND”"),
        ("abc", {}, "Không có văn bản điện tử số"),
        (unsigned, {}, "đã ký số, cấp số và phát hành"),
        (other, {}, f"không nêu hồ sơ {code}"),
        ("01/BB-UBND", {}, f"không nêu hồ sơ {code}"),
        (other, {"sure": ""}, "xác nhận"),
        (other, {"year": "x"}, "năm của quyết định"),
        (other, {"case.": "1"}, "Không có hồ sơ này"),
    ):
        page = await dispose(leader, office, decision, code, **fields)
        assert page.status == 422
        assert said in page.words
        assert f'value="{fields.get("year", year)}"' in page.text, "nothing typed is lost"
    assert "ít nhất một hồ sơ" in (await dispose(leader, office, other)).words
    number = await decided(office, code)
    for who in ("binh", "cuc", "dung"):
        assert (await dispose(await office.sign_in(who), office, number, code)).status == 403
    assert (await office.stranger().get(WHERE)).status == 401
    assert not (await proved(office)).aside
    assert (await leader.get(WHERE)).has("due")


@pytest.mark.parametrize(("period", "ended"), [("hop-quan-trong", 1990), ("hop-ky", 2024)])
async def test_what_is_permanent_or_not_over_is_never_listed_nor_destroyed(
    office: Office, period: str, ended: int
) -> None:
    code = await closed(office, period, ended)
    leader = await office.sign_in("hanh")
    assert (await leader.get(WHERE)).has("none-due")
    page = await dispose(leader, office, await decided(office, code), code)
    assert page.status == 422
    assert f"Hồ sơ {code} chưa kết thúc, chưa hết thời hạn hoặc phải bảo quản vĩnh viễn" in page.words


async def test_what_another_case_file_has_is_kept(office: Office) -> None:
    code = await closed(office)
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    other = (await clerk.post("/casefiles", {"title": "Hồ sơ khác", "period": "chi-dao"})).location
    assert (await clerk.post(other + "/add", {"what": "01/BB-UBND"})).status == 303
    assert (await dispose(leader, office, await decided(office, code), code)).status == 303
    (case,) = [one for one in await office.server.app[CASE_FILES].of_year(
        "lam-son", office.server.app[CASE_FILES].today.year) if one.code == code]  # fmt: skip
    minutes = next(one for one in case.items if one.kind == "document")
    assert (await clerk.get(f"/desk/{minutes.ref}/pdf")).status == 200
    assert len((await proved(office)).aside) == len(case.items) - 1


async def test_proceedings_that_a_case_file_only_refers_to_stay_with_their_meeting(office: Office) -> None:
    meeting = await office.meeting()
    await office.held(meeting)
    cases = office.server.app[CASE_FILES]
    (own,) = await cases.of_year("lam-son", cases.today.year)
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ khác", "period": "hop-ky"})).location
    assert (await clerk.post(where + "/add", {"what": f"họp {own.code}"})).status == 303
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    other = await cases.get("lam-son", where.rpartition("/")[2])
    async with office.server.app[DATABASE].begin() as connection:
        long_ago = update(case_table).where(case_table.c.id == other.id).values(ended_on=date(2010, 5, 1))
        await connection.execute(long_ago)
    assert (await dispose(leader, office, await decided(office, other.code), other.code)).status == 303
    async with office.server.app[DATABASE].read() as connection:
        assert await rooms.facts(connection, meeting.id)
    assert not (await proved(office)).aside


async def test_the_record_of_a_destruction_is_in_the_archive_for_good(office: Office) -> None:
    code = await closed(office)
    leader = await office.sign_in("hanh")
    await dispose(leader, office, await decided(office, code), code)
    (made,) = await office.server.app[DISPOSALS].done("lam-son")
    async with office.server.app[DATABASE].read() as connection:
        for digest in (made.record, made.paper):
            assert await deposits.entries(connection, digest=digest)
    assert (await office.server.app[VAULT].proof(made.paper)).startswith("c2sp.org/")


def test_a_code_is_named_by_itself_alone() -> None:
    assert names("hồ sơ 2026.01, 2026.02.", "2026.01")
    assert names("hồ sơ 2026.01, 2026.02.", "2026.02")
    assert not names("hồ sơ 2026.012 và 12026.01, 2026.01.3", "2026.01")


def test_with_the_recordings_of_a_meeting_goes_the_film_that_was_made_of_them(tmp_path: Path) -> None:
    keys = Keyring(tmp_path)
    keys.erase("9" * 64, "0" * 64, for_good=True)

    def case(meeting: str | None, *fates: tuple[str, bool]) -> tuple[Case, list[Fate]]:
        period, day = Period("hop-ky", "Hồ sơ hội nghị", 10, "thử"), date(2010, 5, 1)
        made = Case("c", "lam-son", "UBND", 2010, 1, "Giao ban", meeting, period, day, "Cúc")
        return made, [Fate(Item(ItemKind.RECORDING, name, name, "Ghi âm", name[5] * 64), kept) for name, kept in fates]

    paper = Fate(Item(ItemKind.PAPER, "p", "p.pdf", "Tài liệu", "1" * 64), False)
    first = case("m-1", ("000001-a.webm", False), ("000002-b.webm", False), ("000009-c.webm", True))
    second = case("m-2", ("000001-a.webm", True))
    assert recorded([first, second, (first[0], [paper]), case(None)], keys) == (
        (film_key(["1" * 64, "2" * 64]),),
        ("m-1/000001-a.webm", "m-1/000002-b.webm", "m-1/export.webm"),
    )
