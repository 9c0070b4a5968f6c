"""A meeting's case file: it gathers by itself, is closed when all is finished, and is handed over as a bag."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bagit
import pytest

from minutes.casefiles import lists
from minutes.casefiles.case import ItemKind
from minutes.deposits import store as deposits
from minutes.described.field import FIELDS, Subject
from minutes.document import State
from minutes.errors import Damaged
from minutes.reading import VIETNAM
from minutes.registers.entry import Received
from rooms import store
from rooms.proceedings import Proceedings, chained
from server import auth
from server.keys import CASE_FILES, DATABASE, KEEPER, REGISTERS
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, begins_with, sealed_minutes, sealed_notice
from tests.server.pages.test_papers import brought
from tests.server.pages.test_recording_page import digests_of, folder_of, recorded


async def of_the_meeting(office: Office) -> str:
    cases = await office.server.app[CASE_FILES].of_year("lam-son", office.server.app[CASE_FILES].today.year)
    (case,) = [one for one in cases if one.meeting_id is not None]
    return f"/casefiles/{case.id}"


@ON_BOTH
async def test_a_case_file_is_opened_gathers_is_closed_and_handed_over(office: Office, tmp_path: Path) -> None:
    clerk = await office.sign_in("cuc")
    minutes = await office.minutes(State.REVIEW)
    where = await of_the_meeting(office)
    page = await clerk.get(where)
    assert "Diễn biến cuộc họp" in page.words
    early = await clerk.post(where + "/close", {"sure": "yes"})
    assert early.status == 422
    assert "còn tài liệu chưa xong (Biên bản" in early.words
    assert (await clerk.get(where + "/bag")).status == 422

    await office.advance(minutes, State.SEALED)
    assert (await clerk.post(where + "/keep", {"period": "hop-quan-trong"})).status == 303
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    closed = await clerk.get(where)
    assert "Đã kết thúc" in closed.words
    assert "Vĩnh viễn" in closed.words
    assert (await clerk.post(where + "/add", {"what": "01/BB-UBND"})).status == 422

    sent = await clerk.get(where + "/bag")
    assert sent.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(sent.body)) as bag:
        bag.extractall(tmp_path / "bag")
    (root,) = (tmp_path / "bag").iterdir()
    made = bagit.Bag(str(root))
    made.validate()
    assert set(made.algorithms) == {"sha256", "sha512"}
    assert any("Biên bản 01-BB-UBND.pdf" in name for name in made.payload_entries())
    said = json.loads((root / "metadata/ho-so.json").read_text())
    assert (said["Maintenance"], said["TotalDoc"]) == ("Vĩnh viễn", 2)
    assert said["Documents"][0]["CodeNotation"] == "BB-UBND"
    assert next(root.glob("data/*Biên bản*")).read_bytes() == await office.records.pdf(minutes)


async def test_what_came_on_paper_is_listed_with_the_place_where_it_lies(office: Office, tmp_path: Path) -> None:
    clerk, app = await office.sign_in("cuc"), office.server.app
    came = Received(app[CASE_FILES].today, "Bộ Nội vụ", "9/BNV", app[CASE_FILES].today, "", "V/v kê khai", "")
    account = await office.account("cuc")
    await app[REGISTERS].receive(account.unit, came, None, by=account)
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ kê khai", "period": "hop-quan-trong"})).location
    assert (await clerk.post(where + "/add", {"what": "đến 1"})).status == 303
    early = await clerk.post(where + "/close", {"sure": "yes"})
    assert early.status == 422
    assert "xin ghi nơi để bản giấy" in early.words
    about = f"/described/received/{came.arrived_on.year}/1"
    assert about in early.text
    fields = {one.name: one.initial for one in FIELDS[Subject.RECEIVED]}
    assert (await clerk.post(about, {**fields, "PaperPlace": "Kho VP, cặp 3"})).status == 303
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    closed = await clerk.get(where)
    assert "Kho VP, cặp 3" in closed.words
    assert (await clerk.get(where + "/items/1")).status == 404
    with zipfile.ZipFile(io.BytesIO((await clerk.get(where + "/bag")).body)) as bag:
        bag.extractall(tmp_path / "bag")
    (root,) = (tmp_path / "bag").iterdir()
    bagit.Bag(str(root)).validate()
    said = json.loads((root / "metadata/ho-so.json").read_text())
    assert (said["Mode"], said["Documents"][0]["File"]) == ("Hỗn hợp", "")
    assert said["Documents"][0]["PaperPlace"] == "Kho VP, cặp 3"


async def test_closing_deposits_papers_recordings_and_proceedings_which_the_archive_proves_from_then_on(
    office: Office,
) -> None:
    meeting, app = await recorded(office, over=False), office.server.app
    await brought(office, meeting, "Mưa lũ ở bảy xã")
    async with app[DATABASE].begin() as connection:
        facts = await store.facts(connection, meeting.id)
        facts.append(chained(facts[-1], auth.utcnow(), "closed", "hanh", {}))
        await store.keep(connection, meeting.id, facts[-1:])
    minutes = await office.records.draft_minutes(Proceedings.from_facts(facts))
    await office.advance(minutes, State.SEALED)
    clerk, where = await office.sign_in("cuc"), await of_the_meeting(office)
    recording = next(folder_of(office, meeting).iterdir())
    sound = recording.read_bytes()
    recorded_as = (await digests_of(office, meeting))[recording.name]
    recording.write_bytes(sound + b"x")
    with pytest.raises(Damaged):
        await app[CASE_FILES].close("lam-son", where.rpartition("/")[2], by=await office.actor("cuc"))
    recording.write_bytes(sound)

    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    case = await app[CASE_FILES].get("lam-son", where.rpartition("/")[2])
    async with app[DATABASE].read() as connection:
        kinds = [(await deposits.entries(connection, digest=item.digest))[0].entry.kind for item in case.items]
    assert kinds == ["document", "proceedings", "paper", "recording", "recording"]
    told = [item.title for item in case.items if item.kind is ItemKind.RECORDING]
    assert len(set(told)) == 2, "each is told from the others"
    assert all("Lò Văn Dũng, từ" in title for title in told)
    _, number, _, named, *_ = lists.contents(["UBND tỉnh"], case)["rows"][0]
    assert number.endswith("/BB-UBND")
    assert named.startswith("Biên bản")
    assert number not in named, "it has a column of its own"
    archived = next(office.server.data.joinpath("archive").rglob(recorded_as))
    assert archived.samefile(recording), "nothing was copied"
    for number, item in enumerate(case.items, 1):
        sent = await clerk.get(f"{where}/items/{number}")
        assert hashlib.sha256(sent.body).hexdigest() == item.digest
    assert (await (await office.sign_in("hanh")).get(f"{where}/items/1")).status == 200, "leaders open every group"
    assert (await (await office.sign_in("dung")).get(f"{where}/items/1")).status == 403
    assert (await clerk.get(f"{where}/items/6")).status == 404

    recording.unlink()
    archived.chmod(0o600)
    archived.write_bytes(sound[:-1])
    found = await app[KEEPER].examine(auth.utcnow())
    assert [str(one.what) for one in found.findings] == [f"Tệp “lam-son/{case.code}/{recording.name}”"]


@begins_with(sealed_minutes)
async def test_a_bag_with_a_damaged_file_is_not_handed_over(office: Office) -> None:
    clerk, minutes = await office.sign_in("cuc"), await office.minutes(State.SEALED)
    where = await of_the_meeting(office)
    await clerk.post(where + "/close", {"sure": "yes"})
    digest = (await office.records.get(minutes)).digest
    (file,) = office.server.data.joinpath("archive").rglob(str(digest))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(Damaged):
        await office.server.app[CASE_FILES].hand_over("lam-son", where.rpartition("/")[2])


async def test_a_meeting_that_was_held_before_its_day_is_filed_under_the_day_on_which_it_was_held(
    office: Office,
) -> None:
    meeting = await office.meeting()
    await office.held(replace(meeting, starts_at=meeting.starts_at + timedelta(14)))
    held = (auth.utcnow() - timedelta(hours=1)).astimezone(VIETNAM)
    page = (await (await office.sign_in("cuc")).get(await of_the_meeting(office))).words
    assert f"Hồ sơ họp giao ban tháng 02 ngày {held:%d/%m/%Y}" in page
    assert f"Hệ thống, {held:%d/%m/%Y}" in page


@begins_with(sealed_notice)
async def test_a_case_file_opened_by_hand_takes_documents_by_their_numbers(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ phòng, chống thiên tai", "period": "chi-dao"})).location
    empty = await clerk.post(where + "/close", {"sure": "yes"})
    assert "chưa có tài liệu nào" in empty.words
    notice = await office.notice(State.SEALED)
    assert (
        f"?year={office.server.app[CASE_FILES].today.year}&amp;add=01/TB-UBND"
        in (await clerk.get(f"/desk/{notice}")).text
    )
    assert f'href="{where}?add=01/TB-UBND#add"' in (await clerk.get("/casefiles?add=01/TB-UBND")).text
    assert (await clerk.get(where + "?add=01/TB-UBND")).value("what") == "01/TB-UBND"
    for typed in ("01/TB-UBND", "1/tb-ubnd", "1 / TB-UBND"):
        assert (await clerk.post(where + "/add", {"what": typed})).status == 303
    assert "không có văn bản điện tử “99/TB-UBND”" in (await clerk.post(where + "/add", {"what": "99/TB-UBND"})).words
    page = await clerk.get(where)
    assert page.text.count('data-test="take-out"') == 1
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303


@begins_with(sealed_minutes)
async def test_a_case_file_of_ones_own_refers_to_a_meeting_which_stays_in_its_own(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await office.minutes(State.SEALED)
    automatic = await of_the_meeting(office)
    case = await office.server.app[CASE_FILES].get("lam-son", automatic.rpartition("/")[2])
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ phòng, chống thiên tai", "period": "chi-dao"})).location
    refused = await clerk.post(where + "/add", {"what": "họp 2020.99"})
    assert "Không có cuộc họp nào có hồ sơ mã “2020.99”." in refused.words
    own = await office.server.app[CASE_FILES].get("lam-son", where.rpartition("/")[2])
    assert "Không có cuộc họp nào" in (await clerk.post(where + "/add", {"what": f"họp {own.code}"})).words
    assert (await clerk.post(where + "/add", {"what": f"họp {case.code}"})).status == 303
    assert "Diễn biến cuộc họp: Họp giao ban tháng 02" in (await clerk.get(where)).words
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    assert (await clerk.post(automatic + "/close", {"sure": "yes"})).status == 303
    digests = []
    for one in (where, automatic):
        closed = await office.server.app[CASE_FILES].get("lam-son", one.rpartition("/")[2])
        digests += [item.digest for item in closed.items if item.kind is ItemKind.PROCEEDINGS]
    assert len(digests) == 2
    assert len(set(digests)) == 1, "the same content, kept once"


@begins_with(sealed_notice)
async def test_what_was_put_in_by_mistake_is_taken_out_again_with_a_reason_on_record(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    notice = await office.notice(State.SEALED)
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ thử", "period": "chi-dao"})).location
    await clerk.post(where + "/add", {"what": "01/TB-UBND"})
    taken = {"item": f"document/{notice}", "reason": "Đưa nhầm hồ sơ"}
    assert (await clerk.post(where + "/take-out", {**taken, "reason": " "})).status == 422
    assert (await clerk.post(where + "/take-out", taken)).status == 303
    page = await clerk.get(where)
    assert "Hồ sơ chưa có tài liệu nào" in page.words
    assert (await office.account("cuc")).name in page.words
    assert "Lý do: Đưa nhầm hồ sơ" in page.words
    assert (await clerk.post(where + "/take-out", taken)).status == 422  # it is out already
    await clerk.post(where + "/add", {"what": "01/TB-UBND"})
    unsure = await clerk.post(where + "/close")
    assert unsure.status == 422
    assert "không mở lại được" in unsure.words
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    assert (await clerk.post(where + "/take-out", taken)).status == 422


@begins_with(sealed_minutes)
async def test_what_belongs_to_a_meeting_stays_in_its_case_file(office: Office) -> None:
    clerk, minutes = await office.sign_in("cuc"), await office.minutes(State.SEALED)
    where = await of_the_meeting(office)
    await clerk.post(where + "/add", {"what": "01/BB-UBND"})
    assert not (await clerk.get(where)).has("take-out")
    refused = await clerk.post(where + "/take-out", {"item": f"document/{minutes}", "reason": "Thử"})
    assert "thuộc về cuộc họp" in refused.words


async def test_the_retention_table_is_the_authoritys_own_and_open_files_keep_their_period(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ thử", "period": "chi-dao"})).location
    line = {"code": "chi-dao", "title": "Chỉ đạo", "years": "7", "source": "Quyết định 12"}
    assert (await clerk.post("/casefiles/retention", line)).status == 303
    assert "7 năm" in (await clerk.get("/casefiles/retention")).words
    assert "20 năm" in (await clerk.get(where)).words
    for years in ("0", "71", "x", "-1"):
        refused = await clerk.post("/casefiles/retention", {**line, "years": years})
        assert refused.status == 422
        assert "Chưa lưu được. Số năm: " in refused.words


async def test_others_see_nothing_of_it(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ thử", "period": "chi-dao"})).location
    assert (await (await office.sign_in("dung")).get(where)).status == 403
    assert (await office.stranger().get(where)).status == 401
    leader = await office.sign_in("hanh")
    assert (await leader.get(where)).status == 200
    assert (await leader.post(where + "/close", {"sure": "yes"})).status == 403
