"""Letters about tasks: before the day, on it, weekly after it; then the leaders; each written once."""

from datetime import datetime, timedelta

from minutes.reading import VIETNAM
from minutes.tasks.pressing import Pressing
from minutes.tasks.task import Act
from server import outbox
from server.deadlines import Deadlines
from server.keys import DATABASE, POSTMAN, TASKS
from server.outbox import Mail
from tests.server.pages.conftest import Office, beginning, beginnings, office

__all__ = ["beginning", "beginnings", "office"]

DUE = datetime(2028, 9, 15, 9, 0, tzinfo=VIETNAM)
WHAT = "Thực hiện nhiệm vụ Thông báo số 01/TB-UBND"
PRESSED = "Đôn đốc nhiệm vụ của UBND xã Tà Năng Thông báo số 01/TB-UBND"


async def given(office: Office) -> int:
    (task,) = await office.server.app[TASKS].of_document(await office.notice())
    return task.id


async def written(office: Office) -> list[Mail]:
    async with office.server.app[DATABASE].read() as connection:
        return await outbox.of_meeting(connection, "")


async def looked(office: Office, days: int, hours: int = 0) -> list[tuple[str, str]]:
    """(to whom, subject) of what one look so many days after the deadline writes about tasks."""
    before = {mail.id for mail in await written(office)}
    job = Deadlines(office.server.app[DATABASE], office.server.app[POSTMAN])
    await job.look(DUE + timedelta(days, hours=hours))
    return [
        (mail.letter.person_id, mail.letter.subject)
        for mail in reversed(await written(office))
        if mail.id not in before and mail.letter.path.startswith("/tasks/")
    ]


async def test_the_unit_hears_before_the_day_on_it_and_weekly_after_it(office: Office) -> None:
    task = await given(office)
    await office.server.app[TASKS].set_pressing("lam-son", Pressing(3, 0, 0))
    assert await looked(office, 0, hours=-3) == []  # the office is not open yet
    told = {days: await looked(office, days) for days in (-4, -3, -2, 0, 1, 3, 4, 10)}

    def both(words: str) -> list[tuple[str, str]]:
        return [("dung", f"{words}: {WHAT}"), ("nhan", f"{words}: {WHAT}")]

    assert told == {
        -4: [],
        -3: both("Sắp đến hạn"),
        -2: [],
        0: both("Sắp đến hạn"),
        1: [],  # a Saturday
        3: both("Quá hạn 3 ngày"),
        4: [],
        10: both("Quá hạn 10 ngày"),
    }
    letter = (await written(office))[0].letter
    assert letter.path == f"/tasks/{task}"
    assert "Rà soát các hộ ở vùng có nguy cơ sạt lở" in letter.text


async def test_leaders_are_told_when_it_is_late_for_long_and_the_history_says_so(office: Office) -> None:
    task = await given(office)
    assert not any(PRESSED in subject for _to, subject in await looked(office, 4)), "two working days late"
    assert ("dung", f"Quá hạn 5 ngày: {PRESSED}") in await looked(office, 5)
    assert ("hanh", f"Quá hạn 14 ngày: {PRESSED}") in await looked(office, 14)
    assert all(to != "hanh" for to, _subject in await looked(office, 17))
    levels = [one.detail["level"] for one in await office.server.app[TASKS].history(task) if one.act == Act.ESCALATE]
    assert levels == ["1", "2"]


async def test_what_is_reported_is_not_pressed(office: Office) -> None:
    task = await given(office)
    await office.server.app[TASKS].take(task, Act.REPORT, await office.actor("dung"), reason="Đã xong")
    assert await looked(office, 20) == []
