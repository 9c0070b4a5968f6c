"""What came goes its way: the clerk registers it, a leader says who is to deal with it and by when, and they do."""

from datetime import datetime, timedelta

from minutes.document import State
from minutes.reading import VIETNAM
from minutes.tasks.task import Act
from server import outbox
from server.conformance.office import words
from server.deadlines import Deadlines
from server.keys import DATABASE, POSTMAN, REGISTERS, TASKS
from server.outbox import Mail
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import EVIL, Office, begins_with, sealed_notice
from tests.server.pages.test_registers import receive, today
from tests.server.papers_files import pdf

OPINION = f"Giao tham mưu văn bản trả lời {EVIL}"


def said(office: Office, handler: str, **changes: str) -> dict[str, str]:
    """A direction whose deadline is a week from today."""
    until = (today(office) + timedelta(days=7)).isoformat()
    return {"opinion": OPINION, "handler": handler, "deadline": until, **changes}


async def task_of(office: Office, number: int = 1) -> int:
    found = await office.server.app[TASKS].of_received("lam-son", f"{today(office).year}/{number}")
    return found[-1].id


@begins_with(sealed_notice)
@ON_BOTH
async def test_what_came_goes_from_the_clerk_by_the_leader_to_its_handler_and_is_answered(office: Office) -> None:
    clerk, leader, handler = [await office.sign_in(who) for who in ("cuc", "hanh", "binh")]
    where = (await receive(office, clerk, pdf("Công văn"))).location
    assert (await leader.get("/desk")).has("undirected")
    assert where in (await leader.get("/registers/in?waiting=1")).text
    assert (await handler.post(where + "/direct", said(office, "person/binh"))).status == 403
    assert (await leader.post(where + "/direct", said(office, "person/binh"))).status == 303
    assert not (await leader.get("/desk")).has("undirected")
    task = await task_of(office)
    desk = await handler.get("/desk")
    assert f'href="/tasks/{task}"' in desk.text.partition('data-test="given"')[2].partition("</ul>")[0]
    assert not desk.has("duties"), "once is enough"
    assert f'href="/tasks/{task}"' in (await clerk.get("/desk")).text.partition('data-test="duties"')[2]
    assert "còn 7 ngày" in desk.words
    page = await handler.get(f"/tasks/{task}")
    assert "123/BNV-TCBC của Bộ Nội vụ: V/v sắp xếp tổ chức" in page.words
    assert EVIL not in page.text
    assert (await handler.post(f"/tasks/{task}/accept", {"person": "binh"})).status == 303
    notice = await office.records.get(await office.notice(State.SEALED))
    report = {"reason": "Đã trả lời Bộ Nội vụ", "evidence": notice.id}
    assert (await handler.post(f"/tasks/{task}/report", report)).status == 303
    line = await clerk.get(where)
    for told in (
        "Nguyễn Thị Hạnh",
        "Giao tham mưu văn bản trả lời",
        "Đã trả lời Bộ Nội vụ",
        notice.number_symbol or "?",
    ):
        assert told in line.words
    assert line.has("answer")
    book = words((await clerk.get(f"/registers/in/{today(office).year}.pdf")).body)
    assert f"Giải quyết {today(office):%d/%m/%Y}" in book
    assert "Trần Văn Bình" in book
    assert "Đã giải quyết" in (await clerk.get("/registers/in")).words
    assert (await leader.post(f"/tasks/{task}/confirm")).status == 303
    assert (await leader.post(where + "/direct", said(office, "person/cuc"))).status == 422


async def test_who_has_to_answer_it_changes_neither_its_deadline_nor_whether_it_stands(office: Office) -> None:
    clerk, leader, handler = [await office.sign_in(who) for who in ("cuc", "hanh", "binh")]
    where = (await receive(office, clerk)).location
    await leader.post(where + "/direct", said(office, "person/binh"))
    task = await office.server.app[TASKS].get(await task_of(office))
    path, later = f"/tasks/{task.id}", (today(office) + timedelta(days=30)).isoformat()
    changed = {"text": task.text, "owner": "lam-son", "until": later, "reason": "Thêm thời gian", "person": "cuc"}
    page = await handler.get(path)
    assert page.has("do-ask")
    for act in ("correct", "cancel", "grant", "refuse", "confirm", "return"):
        assert not page.has(f"do-{act}"), act
        assert (await handler.post(f"{path}/{act}", changed)).status == 403, act
    assert (await handler.post(f"{path}/ask", changed)).status == 303
    assert (await handler.post(f"{path}/grant", changed)).status == 403
    assert not (await handler.get("/desk")).has("undecided")
    assert (await leader.get("/desk")).has("undecided")
    assert (await office.server.app[TASKS].get(task.id)).deadline == task.deadline
    assert OPINION.partition(" <")[0] in (await clerk.get(where)).words
    assert (await leader.post(f"{path}/grant", {})).status == 303
    line = await office.server.app[REGISTERS].one_incoming("lam-son", today(office).year, 1)
    assert line.deadline == today(office) + timedelta(days=30)


async def test_a_unit_that_is_to_deal_with_it_reads_it_by_its_task_and_no_other_line(office: Office) -> None:
    clerk, leader, unit, other = [await office.sign_in(who) for who in ("cuc", "hanh", "dung", "lan")]
    letter = pdf("Công văn")
    where = (await receive(office, clerk, letter)).location
    await leader.post(where + "/direct", said(office, "unit/ta-nang"))
    path = f"/tasks/{await task_of(office)}"
    page = await unit.get(path)
    assert page.has("received")
    assert where not in page.text
    assert (await unit.get(f"{path}/received/1")).body == letter
    assert (await unit.get(f"{path}/received/2")).status == 404
    assert (await unit.get(where)).status == 403
    for visitor in (other, office.stranger()):
        assert (await visitor.get(f"{path}/received/1")).status in (401, 403)
    assert (await leader.post(path + "/cancel", {"reason": "Giao nhầm đơn vị"})).status == 303
    assert (await unit.get(f"{path}/received/1")).status == 404, "it went to the wrong unit"
    assert not (await unit.get(path)).has("received")
    assert (await leader.get(f"{path}/received/1")).body == letter
    assert "Lò Văn Dũng: Tải, in" in (await clerk.get(where.replace("registers/in", "described/received"))).words


async def test_the_clerk_writes_down_what_a_leader_has_said_on_paper_and_whose_word_it_is(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    where = (await receive(office, clerk)).location
    for nobody in ("", "cuc", "dung"):
        refused = await clerk.post(where + "/direct", said(office, "person/binh", leader=nobody))
        assert refused.status == 422
        assert refused.area("opinion") == OPINION
    for wrong in ("person/nobody", "unit/nowhere", "binh"):
        assert (await clerk.post(where + "/direct", said(office, wrong, leader="hanh"))).status == 422
    yesterday = (today(office) - timedelta(days=1)).isoformat()
    late = await clerk.post(where + "/direct", said(office, "person/binh", leader="hanh", deadline=yesterday))
    assert "Thời hạn giải quyết: đã qua" in late.words
    assert (await clerk.post(where + "/direct", said(office, "person/binh", leader="hanh"))).status == 303
    assert "Nguyễn Thị Hạnh" in (await clerk.get(where)).words
    history = await office.server.app[TASKS].history(await task_of(office))
    assert history[0].by.id == "cuc"


async def test_its_handler_alone_is_reminded_before_the_deadline(office: Office) -> None:
    app = office.server.app
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    where = (await receive(office, clerk)).location
    await leader.post(where + "/direct", said(office, "person/binh"))
    due = datetime.combine(today(office) + timedelta(days=7), datetime.min.time(), VIETNAM)
    job = Deadlines(app[DATABASE], app[POSTMAN])
    for days in range(-5, 1):
        await job.look(due + timedelta(days=days, hours=9))

    async def written() -> list[Mail]:
        async with app[DATABASE].read() as connection:
            return await outbox.of_meeting(connection, "")

    told = [one.letter for one in await written() if one.letter.path == f"/tasks/{await task_of(office)}"]
    assert {one.person_id for one in told} == {"binh"}
    assert "Văn bản đến số 01" in told[0].subject
    assert "V/v sắp xếp tổ chức" in told[0].text
    secret = {"thing": "received", "ref": f"lam-son{where.removeprefix('/registers/in')}"}
    reported = {**secret, "level": "first", "seen": "Dấu độ mật ở trang đầu"}
    assert (await clerk.post("/incidents/report", reported)).status in (200, 303)
    task = await app[TASKS].get(await task_of(office))
    left = [await clerk.get(where), await clerk.get(f"/tasks/{task.id}")]
    for page in left:
        assert "sắp xếp tổ chức" not in page.words
        assert "Giao tham mưu" not in page.words
    assert all("sắp xếp" not in one.letter.text for one in await written())


async def test_what_is_only_filed_is_nobodys_task_and_may_be_given_to_somebody_later(office: Office) -> None:
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    where = (await receive(office, clerk)).location
    assert (await leader.post(where + "/direct", said(office, "", opinion="", deadline=""))).status == 422
    assert (await leader.post(where + "/direct", said(office, "", deadline=""))).status == 303
    assert "Lưu tại Văn thư" in (await clerk.get(where)).words
    assert not (await leader.get("/desk")).has("undirected")
    assert await office.server.app[TASKS].of_unit("lam-son") == ()
    assert (await leader.post(where + "/direct", said(office, "person/binh"))).status == 303
    assert len(await office.server.app[TASKS].of_unit("lam-son")) == 1


async def test_it_waits_for_a_direction_again_when_its_task_is_cancelled_and_follows_another_owner(
    office: Office,
) -> None:
    app = office.server.app
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    where = (await receive(office, clerk)).location
    await leader.post(where + "/direct", said(office, "unit/ta-nang"))
    task = await app[TASKS].get(await task_of(office))
    other = {"owner": "hoa-phuoc", "text": task.text, "reason": "Ghi nhầm xã", "until": ""}
    await app[TASKS].take(task.id, Act.ACCEPT, await office.actor("dung"))
    assert (await leader.post(f"/tasks/{task.id}/correct", other)).status == 303
    line = await app[REGISTERS].one_incoming("lam-son", today(office).year, 1)
    assert (line.received.handler, line.deadline, line.taken_at) == ("UBND xã Hòa Phước", None, None)
    assert (await leader.post(f"/tasks/{task.id}/cancel", {"reason": "Nhầm"})).status == 303
    assert (await leader.get("/desk")).has("undirected")
    page = await clerk.get(where)
    assert EVIL not in page.text
    ended = page.text.partition('data-test="ended"')[2].partition("</ul>")[0]
    for told in ("Nguyễn Thị Hạnh", "Giao tham mưu văn bản trả lời", "UBND xã Hòa Phước", "Đã hủy", "Nhầm"):
        assert told in ended
    assert (await leader.post(where + "/direct", said(office, "person/binh"))).status == 303
    line = await app[REGISTERS].one_incoming("lam-son", today(office).year, 1)
    assert line.received.handler.startswith("Trần Văn Bình")


async def test_no_meeting_goes_through_what_came(office: Office) -> None:
    clerk, leader, secretary = [await office.sign_in(who) for who in ("cuc", "hanh", "binh")]
    await leader.post((await receive(office, clerk)).location + "/direct", said(office, "person/binh"))
    assert "Văn bản đến số 01" in (await secretary.get("/tasks/board")).words
    meeting = await office.meeting()
    assert "Văn bản đến số 01" not in (await secretary.get(f"/meetings/{meeting.id}/tasks")).words


async def test_the_answer_to_what_came_begins_with_what_it_answers(office: Office) -> None:
    clerk, leader, handler = [await office.sign_in(who) for who in ("cuc", "hanh", "binh")]
    where = (await receive(office, clerk, author="Bộ Nội vụ")).location
    await leader.post(where + "/direct", said(office, "person/binh"))
    reply = f"/desk/new?reply={today(office).year}/1"
    for page in (where, f"/tasks/{await task_of(office)}"):
        assert f'href="{reply}"' in (await handler.get(page)).text
        assert f'href="{reply}"' not in (await clerk.get(page)).text, "who begins no documents"
    named = f"Công văn số 123/BNV-TCBC ngày {today(office):%d/%m/%Y} của Bộ Nội vụ"
    page = await handler.get(reply)
    assert page.area("subject") == f"Về việc trả lời {named}"
    typed = {"secrecy": "none", "kind": "CV", "subject": page.area("subject"), "leader": "hanh"}
    made = await handler.post("/desk/new", {**typed, "reply": page.value("reply")})
    id = made.location.split("/")[2]
    page = await handler.get(f"/tasks/{await task_of(office)}")
    assert f'href="/desk/{id}"' in page.text.partition('data-test="answers"')[2]
    assert page.text.count("<h3>Soạn văn bản trả lời</h3>") == 1, "its history says so"
    text = await office.records.content_json(id)
    assert text["addressees"] == ["Bộ Nội vụ"]
    assert text["intro"] == [f"Phúc đáp {named}, Ủy ban nhân dân tỉnh Lâm Sơn có ý kiến như sau:"]
    assert (await handler.get(reply + "99")).status == 404
    assert (await handler.post("/desk/new", {**typed, "reply": f"{today(office).year}/199"})).status == 404
    assert (await handler.get("/desk/new?reply=x/../1")).status == 200


@begins_with(sealed_notice)
async def test_the_answer_that_was_begun_is_chosen_for_the_report_when_it_is_issued(office: Office) -> None:
    clerk, leader, handler = [await office.sign_in(who) for who in ("cuc", "hanh", "binh")]
    notice, app = await office.notice(State.SEALED), office.server.app
    where = (await receive(office, clerk)).location
    await leader.post(where + "/direct", said(office, "person/binh"))
    path, chosen = f"/tasks/{await task_of(office)}", f'<option value="{notice}" selected>'
    assert chosen not in (await handler.get(path)).text
    await app[TASKS].answered("lam-son", f"{today(office).year}/1", notice, await office.actor("binh"))
    assert chosen in (await handler.get(path)).text
