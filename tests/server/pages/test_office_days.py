"""The office's own days: entered by who lays down its ways, seen by the office, and counted in deadlines."""

from datetime import timedelta

from minutes.days import calendar
from minutes.document import State
from minutes.reading import VIETNAM
from server.auth import utcnow
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import EVIL, Office


@ON_BOTH
async def test_a_day_off_moves_the_deadlines_that_come_after_it(office: Office) -> None:
    leader = await office.sign_in("hanh")
    today = utcnow().astimezone(VIETNAM).date()
    for ahead in range(1, 15):
        day = (today + timedelta(ahead)).isoformat()
        assert (await leader.post("/workflow/days", {"day": day, "works": "no", "note": EVIL})).status == 303
    due = (await office.records.get(await office.minutes(State.REVIEW))).due_at
    assert due is not None
    assert due.astimezone(VIETNAM).date() > today + timedelta(15)
    page = await leader.get(f"/workflow/days?year={(today + timedelta(1)).year}")
    assert EVIL not in page.text
    assert page.has("own")
    assert (await leader.post("/workflow/days/remove", {"day": (today + timedelta(1)).isoformat()})).status == 303
    assert (await leader.get("/workflow/days?year=2026")).words.count("Tết Âm lịch") == 5


async def test_what_cannot_be_a_day_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    leader = await office.sign_in("hanh")
    bad = await leader.post("/workflow/days", {"day": "1900-01-01", "works": "no", "note": "Ngày hội của tỉnh"})
    assert bad.status == 422
    assert "Ngày: không phải là ngày của thế kỷ này" in bad.words
    assert bad.value("note") == "Ngày hội của tỉnh"
    clerk = await office.sign_in("cuc")
    assert (await clerk.get("/workflow/days")).status == 200
    assert (await clerk.post("/workflow/days", {"day": "2026-12-01", "works": "no", "note": "x"})).status == 403
    assert (await (await office.sign_in("dung")).get("/workflow/days")).status == 403


async def test_of_a_year_whose_holidays_are_not_known_or_decided_the_administration_is_told(office: Office) -> None:
    leader, administrator = await office.sign_in("hanh"), await office.sign_in("cuc")
    page = await leader.get("/workflow/days?year=2041")
    assert page.has("doubt")
    assert "chưa có ngày nghỉ Tết Âm lịch và Giỗ Tổ Hùng Vương năm 2041" in page.words
    assert "02/09/2041: Quốc khánh" in page.words
    assert "mới là dự kiến" in (await leader.get("/workflow/days?year=2029")).words
    assert not (await leader.get("/workflow/days?year=2026")).has("doubt")
    near = calendar.doubtful(utcnow().astimezone(VIETNAM).date())
    assert (await administrator.get("/people")).text.count('data-test="doubt"') == len(near)
