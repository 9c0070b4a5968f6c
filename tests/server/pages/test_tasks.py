"""Tasks behind real pages: from the sealed notice to the confirmation, who may what, and the next meeting."""

import hashlib
from datetime import date, timedelta

from aiohttp import FormData
from sqlalchemy import update

from minutes.days import store as calendar
from minutes.days.calendar import Own
from minutes.deposits import store as deposits
from minutes.document import Kind
from minutes.document import State as Stage
from minutes.tasks.reviewing import REVIEW_ITEM
from minutes.tasks.tables import task_table
from minutes.tasks.task import State
from server.auth import utcnow
from server.keys import CASE_FILES, DATABASE, INCIDENTS, RECORDS, SITTINGS, TASKS
from server.pages.tasks import PERMISSIONS
from server.rights import TaskAccess, may
from server.tasks import day_of
from tests.server.pages.conftest import EVIL, Office, Visitor, begins_with, sealed_notice
from tests.server.papers_files import pdf


async def given(office: Office) -> int:
    """The id of the one task of a sealed notice; Dũng's commune leads it until 15/09/2028."""
    (task,) = await office.server.app[TASKS].of_document(await office.notice())
    return task.id


async def due_in(office: Office, task_id: int, days: int) -> None:
    """Put the deadline so many days from today, as an earlier notice would have; the authority works on that day."""
    until, clerk = day_of(utcnow()) + timedelta(days), await office.actor("cuc")
    async with office.server.app[DATABASE].begin() as connection:
        await connection.execute(update(task_table).where(task_table.c.id == task_id).values(deadline=until))
        await calendar.enter(connection, "lam-son", Own(until, works=True, note="Làm bù"), clerk, utcnow())


@begins_with(sealed_notice)
async def test_a_commune_does_what_the_notice_says_and_the_authority_confirms_it(office: Office) -> None:
    task = await given(office)
    commune, secretary = await office.sign_in("dung"), await office.sign_in("binh")
    page = await commune.get("/tasks")
    assert "Rà soát các hộ ở vùng có nguy cơ sạt lở" in page.words
    assert "Thông báo số 01/TB-UBND" in page.words
    page = await commune.get(f"/tasks/{task}")
    assert page.has("do-accept")
    assert not page.has("do-confirm")
    for act, fields in (("accept", {"person": "dung"}), ("begin", {}), ("report", {"reason": "Đã rà soát 42 hộ."})):
        assert (await commune.post(f"/tasks/{task}/{act}", fields)).status == 303
    assert "Chờ cơ quan quyết định (1)" in (await secretary.get("/tasks/board")).words
    assert "Đã rà soát 42 hộ." in (await secretary.get(f"/tasks/{task}")).words
    assert (await secretary.post(f"/tasks/{task}/return", {"reason": "Thiếu danh sách."})).status == 303
    await commune.post(f"/tasks/{task}/report", {"reason": "Gửi kèm danh sách 42 hộ."})
    assert (await secretary.post(f"/tasks/{task}/confirm")).status == 303
    acts = [one.act for one in await office.server.app[TASKS].history(task)]
    assert acts == ["assign", "restate", "accept", "begin", "report", "return", "report", "confirm"]
    assert "Không có nhiệm vụ nào chưa hoàn thành." in (await commune.get("/tasks")).words
    assert "Đã xác nhận hoàn thành" in (await commune.get("/tasks?all=1")).words


@begins_with(sealed_notice)
async def test_whom_a_document_charges_reads_it_as_it_was_issued_and_nothing_more(office: Office) -> None:
    notice = await office.notice()
    (task,) = await office.server.app[TASKS].of_document(notice)
    commune, other = await office.sign_in("dung"), await office.sign_in("lan")
    page = await commune.get(f"/tasks/{task.id}")
    assert f'href="/desk/{notice}"' in page.text
    page = await commune.get(f"/desk/{notice}")
    assert page.status == 200
    assert "Rà soát các hộ ở vùng có nguy cơ sạt lở" in page.words
    assert not page.has("history")
    assert (await commune.get(f"/desk/{notice}/pdf")).body.startswith(b"%PDF")
    assert (await commune.get(f"/incidents/report?thing=document&ref={notice}")).status == 200
    for inside in ("versions", "word", "edit"):
        assert (await commune.get(f"/desk/{notice}/{inside}")).status == 403, inside
    for path in ("", "/pdf"):
        assert (await other.get(f"/desk/{notice}{path}")).status == 403
    draft = await office.notice(Stage.APPROVED, room="hop-bbbb1234")
    assert (await commune.get(f"/desk/{draft}")).status == 403


@begins_with(sealed_notice)
async def test_a_later_deadline_is_asked_for_and_granted(office: Office) -> None:
    task = await given(office)
    commune, leader = await office.sign_in("dung"), await office.sign_in("hanh")
    refused = await commune.post(f"/tasks/{task}/ask", {"until": "2028-09-15", "reason": "Mưa kéo dài"})
    assert refused.status == 422
    assert "Thời hạn mới phải sau thời hạn cũ" in refused.words
    assert ">Mưa kéo dài</textarea>" in refused.text
    assert (await commune.post(f"/tasks/{task}/ask", {"until": "2028-10-02", "reason": "Mưa kéo dài"})).status == 303
    assert "xin lùi đến 02/10/2028" in (await leader.get("/tasks/board")).words
    assert (await leader.post(f"/tasks/{task}/grant", {})).status == 303
    assert (await office.server.app[TASKS].get(task)).deadline == date(2028, 10, 2)


@begins_with(sealed_notice)
async def test_a_correction_by_hand_needs_a_reason_and_says_what_was_there(office: Office) -> None:
    task = await given(office)
    leader = await office.sign_in("hanh")
    fields = {"text": f"Rà soát 42 hộ {EVIL}", "owner": "hoa-phuoc", "until": "2028-09-20"}
    refused = await leader.post(f"/tasks/{task}/correct", fields)
    assert refused.status == 422
    assert refused.area("text") == fields["text"]
    assert (await leader.post(f"/tasks/{task}/correct", {**fields, "reason": "Ghi nhầm xã"})).status == 303
    page = await leader.get(f"/tasks/{task}")
    assert "UBND xã Tà Năng → UBND xã Hòa Phước" in page.words
    assert EVIL not in page.text
    assert (await (await office.sign_in("dung")).get(f"/tasks/{task}")).status == 403
    assert (await (await office.sign_in("lan")).get(f"/tasks/{task}")).status == 200


@begins_with(sealed_notice)
async def test_a_report_is_proved_by_a_document_that_its_unit_has_issued(office: Office) -> None:
    notice = await office.notice()
    (task,) = await office.server.app[TASKS].of_document(notice)
    commune = await office.sign_in("dung")
    refused = await commune.post(f"/tasks/{task.id}/report", {"reason": "Xong", "evidence": notice})
    assert "Không có văn bản đã phát hành này." in refused.words
    tasks, by = office.server.app[TASKS], await office.actor("binh")
    await tasks.correct(task.id, by, "Việc của văn phòng", owner="lam-son", text=task.text, deadline=None)
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    assert (await secretary.post(f"/tasks/{task.id}/report", {"reason": "Xong", "evidence": notice})).status == 303
    assert (await leader.get(f"/tasks/{task.id}/evidence/{notice}")).body.startswith(b"%PDF")
    assert (await commune.get(f"/tasks/{task.id}/evidence/{notice}")).status == 403
    assert (await leader.get(f"/tasks/{task.id}/evidence/{'0' * 32}")).status == 404
    own = await secretary.post(f"/tasks/{task.id}/confirm")
    assert "Người báo cáo không tự xác nhận kết quả của mình." in own.words
    assert (await leader.post(f"/tasks/{task.id}/confirm")).status == 303


def report(visitor: Visitor, data: bytes, *, secrecy: str = "none", name: str = "danh-sach.pdf") -> FormData:
    fields = FormData({"csrf": visitor.csrf, "reason": "Đã rà soát 42 hộ.", "secrecy": secrecy}, quote_fields=False)
    fields.add_field("file", data, filename=name, content_type="application/pdf")
    return fields


@begins_with(sealed_notice)
async def test_a_file_that_comes_after_the_case_file_was_closed_goes_into_a_supplementary_one(office: Office) -> None:
    task, file = await given(office), pdf("Danh sách 42 hộ")
    commune, clerk, secretary = [await office.sign_in(one) for one in ("dung", "cuc", "binh")]
    assert not (await commune.get(f"/tasks/{task}")).has("case-closed")
    cases = office.server.app[CASE_FILES]
    (case,) = await cases.of_year("lam-son", cases.today.year)
    where = f"/casefiles/{case.id}"
    assert (await clerk.post(f"{where}/supplement")).status == 422, "it is open"
    await clerk.post(f"{where}/group", {"group": "han-che"})
    assert (await clerk.post(f"{where}/close", {"sure": "yes"})).status == 303
    assert not (await clerk.get(where)).has("late")
    assert (await commune.get(f"/tasks/{task}")).has("case-closed")
    assert (await commune.post(f"/tasks/{task}/report", report(commune, file))).status == 303
    assert (await clerk.get(f"/tasks/{task}")).has("late")
    assert not (await commune.get(f"/tasks/{task}")).has("late"), "it keeps no case file of the authority"
    assert not (await secretary.get(f"/tasks/{task}")).has("late"), "the group shuts the secretary out"
    assert "danh-sach.pdf" in (await clerk.get(where)).words

    made = (await clerk.post(f"{where}/supplement")).location
    page = await clerk.get(made)
    assert f"Bổ sung hồ sơ {case.code}" in page.words
    assert "danh-sach.pdf" in page.words
    assert (await secretary.get(made)).status == 403, "it is in the same group"
    for path in (f"/tasks/{task}", where):
        assert not (await clerk.get(path)).has("late"), "it lies in a case file now"
    assert (await clerk.post(f"{made}/close", {"sure": "yes"})).status == 303
    assert not (await clerk.get(f"/tasks/{task}")).has("late")
    assert (await clerk.get(where)).has("supplement")


@begins_with(sealed_notice)
async def test_a_unit_proves_its_report_by_a_file_that_whoever_decides_reads_and_the_case_file_keeps(
    office: Office,
) -> None:
    task, file = await given(office), pdf("Danh sách 42 hộ")
    commune, secretary, other = [await office.sign_in(one) for one in ("dung", "binh", "lan")]
    assert (await commune.get(f"/tasks/{task}")).has("report-file")
    assert (await commune.post(f"/tasks/{task}/report", report(commune, file))).status == 303
    digest = hashlib.sha256(file).hexdigest()
    page = await secretary.get(f"/tasks/{task}")
    assert f'href="/tasks/{task}/proof/{digest}"' in page.text
    assert "danh-sach.pdf" in page.words
    assert (await secretary.get(f"/tasks/{task}/proof/{digest}")).body == file
    assert (await other.get(f"/tasks/{task}/proof/{digest}")).status == 403
    assert (await secretary.get(f"/tasks/{task}/proof/{'0' * 64}")).status == 404
    cases = office.server.app[CASE_FILES]
    (case,) = await cases.of_year("lam-son", cases.today.year)
    listed = (await (await office.sign_in("cuc")).get(f"/casefiles/{case.id}")).words
    assert f"Chứng minh kết quả nhiệm vụ số {task}: danh-sach.pdf" in listed


@begins_with(sealed_notice)
async def test_what_must_not_come_with_a_report_is_refused_and_kept_nowhere(office: Office) -> None:
    task, commune = await given(office), await office.sign_in("dung")
    async with office.server.app[DATABASE].read() as connection:
        before = await deposits.entries(connection, about=f"task/{task}")
    for sent, said in (
        (report(commune, pdf("Mưa lũ"), secrecy=""), "Xin trả lời trước: nội dung có chứa bí mật nhà nước không?"),
        (report(commune, pdf("Phương án TỐI MẬT")), "độ mật"),
        (report(commune, pdf("Mưa lũ"), name="TUYỆT MẬT.pdf"), "độ mật"),
        (report(commune, b"MZ"), "Chỉ nhận tệp PDF"),
    ):
        page = await commune.post(f"/tasks/{task}/report", sent)
        assert page.status == 422
        assert said in page.words
        assert "Đã rà soát 42 hộ." in page.text, "what was typed stays"
    assert (await commune.post(f"/tasks/{task}/report", report(commune, pdf("x"), secrecy="secret"))).status == 422
    async with office.server.app[DATABASE].read() as connection:
        assert await deposits.entries(connection, about=f"task/{task}") == before
    assert (await office.server.app[TASKS].get(task)).state is State.ASSIGNED


@begins_with(sealed_notice)
async def test_a_file_of_a_report_that_has_a_secret_is_set_aside(office: Office) -> None:
    task, commune, leader = await given(office), await office.sign_in("dung"), await office.sign_in("hanh")
    file = pdf("Danh sách")
    await commune.post(f"/tasks/{task}/report", report(commune, file))
    path, digest = f"/tasks/{task}", hashlib.sha256(file).hexdigest()
    seen = {"thing": "proof", "ref": f"{task}/{digest}", "level": "first", "seen": "Trang 1 có dấu."}
    assert (await (await office.sign_in("lan")).post("/incidents/report", seen)).status == 404
    assert (await commune.post("/incidents/report", seen)).status in (200, 303)
    assert (await leader.get(f"{path}/proof/{digest}")).status in (403, 404)
    assert "danh-sach.pdf" not in (await leader.get(path)).words
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    assert (await leader.post(f"/incidents/{incident.id}/release", {"reason": "Không phải."})).status == 303
    assert (await leader.get(f"{path}/proof/{digest}")).body == file


@begins_with(sealed_notice)
async def test_what_one_may_do_nobody_else_may(office: Office) -> None:
    task = await given(office)
    visitors = {one: await office.sign_in(one) for one in ("hanh", "binh", "cuc", "dung", "lan")}
    for act, right in PERMISSIONS.items():
        path = f"/tasks/{task}/{act}"
        assert (await office.stranger().post(path)).status == 401
        others, who = (("lan", "binh", "hanh"), "dung") if right == "task.work" else (("lan", "dung", "cuc"), "hanh")
        if right == "task.order":
            others += ("binh",)
        for other in others:
            assert (await visitors[other].post(path)).status == 403, (act, other)
        assert (await visitors[who].post(path, csrf=False)).status == 403, act
    for name in ("escalate", "restate", "assign", "x"):
        assert (await visitors["hanh"].post(f"/tasks/{task}/{name}")).status == 404
    assert (await office.server.app[TASKS].get(task)).state is State.ASSIGNED
    assert not may(None, "task.work", TaskAccess("lam-son", ""))


@begins_with(sealed_notice)
async def test_days_left_and_over_are_said_and_the_scoreboard_counts_in_its_period(office: Office) -> None:
    task = await given(office)
    commune, secretary = await office.sign_in("dung"), await office.sign_in("binh")
    for days, said in ((2, "còn 2 ngày"), (0, "đến hạn hôm nay"), (-3, "quá hạn 3 ngày")):
        await due_in(office, task, days)
        assert said in (await commune.get("/desk")).words
        assert said in (await commune.get("/tasks")).words
    page = await secretary.get("/tasks/scores")
    counted = "UBND xã Tà Năng: Xong đúng hạn 0, Xong quá hạn 0, Đang thực hiện 0, Chưa xong, quá hạn 1"
    assert f'aria-label="{counted}"' in page.text
    assert "UBND xã Tà Năng 0 0 0 1 1" in page.words
    page = await secretary.get("/tasks/scores?from=2020-01-01&to=2020-02-01")
    assert "Không có nhiệm vụ nào được giao trong thời gian này." in page.words
    assert (await secretary.get("/tasks/scores?from=x&to=9999999")).status == 200
    assert (await commune.get("/tasks/scores")).status == (await commune.get("/tasks/board")).status == 403


@begins_with(sealed_notice)
async def test_a_term_that_ends_on_a_day_off_is_counted_the_same_way_everywhere(office: Office) -> None:
    task, today, clerk = await given(office), day_of(utcnow()), await office.actor("cuc")
    await due_in(office, task, -3)
    async with office.server.app[DATABASE].begin() as connection:
        for days in (-3, -2, -1):
            off = Own(today + timedelta(days), works=days == -1, note="Nghỉ lễ của tỉnh")
            await calendar.enter(connection, "lam-son", off, clerk, utcnow())
    meeting = await office.server.app[SITTINGS].meeting("giao-ban")
    assert meeting is not None
    commune, secretary = await office.sign_in("dung"), await office.sign_in("binh")
    ends = f"(ngày nghỉ, tính đến hết ngày {today - timedelta(1):%d/%m/%Y})"
    for page in ("/tasks", f"/tasks/{task}", "/desk", f"/meetings/{meeting.id}/tasks"):
        words = (await commune.get(page)).words
        assert "quá hạn 1 ngày" in words, page
        assert ends in words, page
    assert "quá hạn 1 ngày" in (await secretary.get("/tasks/board")).words


@begins_with(sealed_notice)
async def test_leaders_see_on_their_desk_that_a_unit_asks_or_reports_and_it_stays_overdue(office: Office) -> None:
    task = await given(office)
    await due_in(office, task, -3)
    commune, leader, clerk = [await office.sign_in(one) for one in ("dung", "hanh", "cuc")]
    assert not (await leader.get("/desk")).has("undecided")
    later = (day_of(utcnow()) + timedelta(20)).isoformat()
    assert (await commune.post(f"/tasks/{task}/ask", {"reason": "Mưa lũ", "until": later})).status == 303
    desk = await leader.get("/desk")
    assert "1 nhiệm vụ chờ cơ quan quyết định." in desk.words
    assert 'href="/tasks/board"' in desk.text
    assert not (await clerk.get("/desk")).has("undecided"), "who may not decide"
    board = (await leader.get("/tasks/board")).words
    assert "Chờ cơ quan quyết định (1)" in board
    assert "Quá hạn (1)" in board
    assert "Còn 1 nhiệm vụ chưa hoàn thành, trong đó 1 nhiệm vụ quá hạn." in board
    assert "UBND xã Tà Năng 0 0 0 1 1" in (await leader.get("/tasks/scores")).words
    assert (await leader.post(f"/tasks/{task}/grant", {})).status == 303
    assert not (await leader.get("/desk")).has("undecided")
    assert "Quá hạn (" not in (await leader.get("/tasks/board")).words


async def test_an_authority_sets_its_days(office: Office) -> None:
    secretary = await office.sign_in("binh")
    wrong = await secretary.post("/tasks/pressing", {"before": "5", "unit_after": "x", "authority_after": "91"})
    assert wrong.status == 422
    assert wrong.value("unit_after") == "x"
    fields = {"before": "5", "unit_after": "0", "authority_after": "30"}
    assert (await secretary.post("/tasks/pressing", fields)).status == 303
    found = await office.server.app[TASKS].pressing("lam-son")
    assert (found.before, found.unit_after, found.authority_after) == (5, 0, 30)
    assert (await (await office.sign_in("cuc")).post("/tasks/pressing", fields)).status == 403


async def test_the_next_meeting_begins_with_what_is_open_and_its_minutes_say_it(office: Office) -> None:
    app, secretary = office.server.app, await office.sign_in("binh")
    assert REVIEW_ITEM not in (await secretary.get("/meetings/new")).text
    await due_in(office, await given(office), -3)
    assert REVIEW_ITEM in (await secretary.get("/meetings/new")).text
    meeting = await app[SITTINGS].meeting("giao-ban")
    assert meeting is not None
    assert [item.title for item in meeting.agenda] == [REVIEW_ITEM]
    assert f'href="/meetings/{meeting.id}/tasks"' in (await secretary.get("/rooms/giao-ban")).text
    page = await (await office.sign_in("dung")).get(f"/meetings/{meeting.id}/tasks")
    assert "quá hạn 3 ngày" in page.words
    assert "<form" not in page.text.partition("<article")[2].partition("</article>")[0]
    assert (await office.stranger().get(f"/meetings/{meeting.id}/tasks")).status == 401
    await office.held(meeting)
    (minutes,) = await app[RECORDS].documents(meeting_id=meeting.id, kind=Kind.MINUTES)
    content = await app[RECORDS].content_json(minutes.id)
    (part,) = [part for part in content["course"] if part["heading"] == REVIEW_ITEM]
    told = "\n".join(part["paragraphs"])
    assert "còn 1 nhiệm vụ chưa hoàn thành, trong đó 1 nhiệm vụ quá hạn:" in told
    assert "1) Rà soát các hộ ở vùng có nguy cơ sạt lở (Thông báo số 01/TB-UBND)" in told
