"""Reminders: one before the deadline, one after it, to whoever has the turn."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from minutes.workflow.tables import turn_table
from server import outbox
from server.auth import utcnow
from server.config import MailConfig
from server.deadlines import Deadlines
from server.keys import DATABASE, POSTMAN, RECORDS, TOKENS
from server.mail import Postman
from server.outbox import LINK, Mail
from tests.server.pages.conftest import Office, beginning, beginnings, office

__all__ = ["beginning", "beginnings", "office"]


def deadlines(office: Office) -> Deadlines:
    return Deadlines(office.server.app[DATABASE], office.server.app[POSTMAN])


async def written(office: Office) -> list[Mail]:
    async with office.server.app[DATABASE].read() as connection:
        return await outbox.of_meeting(connection, "")


async def submitted(office: Office) -> tuple[str, datetime]:
    """Minutes that wait for the leader, and until when."""
    minutes = await office.minutes()
    await office.records.submit(minutes, by=await office.actor("binh"))
    due = (await office.records.get(minutes)).due_at
    assert due is not None
    return minutes, due


async def test_nobody_is_reminded_long_before(office: Office) -> None:
    _minutes, due = await submitted(office)
    assert await deadlines(office).look(due - timedelta(days=1, minutes=1)) == 0
    assert await written(office) == []


async def test_whose_turn_it_is_hears_a_day_before_and_when_it_is_late_each_once(office: Office) -> None:
    minutes, due = await submitted(office)
    job = deadlines(office)
    assert [await job.look(due - timedelta(hours=hours)) for hours in (23, 22, 1)] == [1, 0, 0]
    (mail,) = await written(office)
    assert (mail.letter.person_id, mail.letter.path) == ("hanh", f"/desk/{minutes}")
    assert mail.letter.subject == "Sắp đến hạn: Duyệt Dự thảo biên bản"
    assert LINK in mail.letter.text
    assert [await job.look(due + timedelta(days=days, hours=1)) for days in (1, 2)] == [1, 0]
    late, _before = await written(office)
    assert late.letter.subject == "Quá hạn 2 ngày: Duyệt Dự thảo biên bản"
    app = office.server.app
    sender = MailConfig(host="127.0.0.1", sender="vanphong@lamson.gov.vn")
    postman = Postman(app[DATABASE], app[RECORDS], app[TOKENS], sender, "http://127.0.0.1")
    text = (await postman.message(late, utcnow())).get_body(("plain",))
    assert text is not None
    assert f"http://127.0.0.1/sign-in?next=%2Fdesk%2F{minutes}#" in text.get_content()


async def test_who_has_acted_is_not_reminded(office: Office) -> None:
    minutes, due = await submitted(office)
    await office.records.send_back(minutes, by=await office.actor("hanh"), reason="Sửa lại")
    assert await deadlines(office).look(due + timedelta(days=3)) == 0


async def test_the_desk_says_how_late_it_is(office: Office) -> None:
    minutes, due = await submitted(office)
    async with office.server.app[DATABASE].begin() as connection:
        late = utcnow() - timedelta(days=1, hours=1)
        await connection.execute(turn_table.update().values(due_at=late))
    leader = await office.sign_in("hanh")
    assert "Quá hạn 2 ngày." in (await leader.get("/desk")).words
    assert "Đang chờ lãnh đạo duyệt hoặc trả lại. Quá hạn 2 ngày." in (await leader.get(f"/desk/{minutes}")).words
    assert due > late


async def test_a_document_of_before_there_were_turns_gets_its_turn(office: Office) -> None:
    minutes, _due = await submitted(office)
    async with office.server.app[DATABASE].begin() as connection:
        await connection.execute(delete(turn_table))
    assert minutes not in (await (await office.sign_in("hanh")).get("/desk")).text.partition("waiting")[2][:2000]
    await deadlines(office).look(utcnow())
    assert (await office.records.turns([minutes]))[minutes][0].role == "leader"
