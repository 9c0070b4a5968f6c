"""The office's own days: entered by who lays down its ways, seen by the office, and counted in deadlines."""

from datetime import date, timedelta

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


async def test_an_office_enters_the_notice_of_a_year_and_is_told_which_are_missing(
    office: Office,
) -> None:
    leader, clerk = await office.sign_in("hanh"), await office.sign_in("cuc")
    year = utcnow().astimezone(VIETNAM).year + 1
    where, entered = f"/workflow/days?year={year}", {"year": str(year), "number": "12/TB-BNV", "decided_on": ""}
    assert calendar.known(year) is not calendar.Known.DECIDED, "then the test takes a later year"
    assert f"{year} : mới là dự kiến" in (await clerk.get(where)).words
    assert not (await clerk.get(where)).has("decide")
    assert (await clerk.post("/workflow/days/decision", entered)).status == 403
    for wrong in ({"decided_on": f"{year + 1}-01-01"}, {"decided_on": "x"}, {"number": " "}, {"year": "1999"}):
        page = await leader.post("/workflow/days/decision", {**entered, "decided_on": f"{year - 1}-10-01", **wrong})
        assert page.status == 422, wrong
    assert (await leader.post("/workflow/days/decision", {**entered, "number": EVIL})).value("number") == EVIL
    good = {**entered, "decided_on": f"{year - 1}-10-01"}
    assert (await leader.post("/workflow/days/decision", good)).location == where
    page = await clerk.get(where)
    assert f"12/TB-BNV , 01/10/{year - 1}" in page.words
    assert not page.has("doubt")
    assert "Tết Âm lịch dự kiến" not in page.words
    assert f"{year} : mới là dự kiến" not in page.words
    assert (await leader.get("/workflow/days?year=2026")).has("unnumbered")


def test_a_notice_settles_a_year_only_where_its_lunar_days_are_there_too() -> None:
    notice, day = calendar.Decision(2041, "1/TB", date(2040, 10, 1)), calendar.Own(date(2041, 2, 1), False, "Tết")
    assert calendar.standing(2041, [notice], []) is calendar.Known.UNKNOWN
    assert calendar.standing(2041, [], [day]) is calendar.Known.UNKNOWN
    assert calendar.standing(2041, [notice], [day]) is calendar.Known.DECIDED
    assert calendar.doubtful(date(2041, 3, 1), [notice], [day]) == ()
