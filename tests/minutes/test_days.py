"""Which days are worked: holidays by the sun and the moon, days off in exchange, and an authority's own days."""

import math
import tomllib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.days.calendar import FILE, Known, Own, calendar, doubtful, holidays, known, of_year, own
from minutes.errors import InvalidContent
from minutes.reading import VIETNAM

YEARS: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["year"]


def new_moon(after: date) -> date:
    """The day in Viet Nam of the first new moon on or after a day: J. Meeus, Astronomical Algorithms, chapter 49, with
    its greatest terms, good for some minutes."""
    k = math.floor((after.year + after.timetuple().tm_yday / 365.25 - 2000) * 12.3685) - 1
    while True:
        t = k / 1236.85
        jde = 2451550.09766 + 29.530588861 * k + 0.00015437 * t * t
        sun, moon, latitude, node = (
            math.radians(start + rate * k)
            for start, rate in (
                (2.5534, 29.1053567), (201.5643, 385.81693528), (160.7108, 390.67050284), (124.7746, -1.56375588),
            )
        )  # fmt: skip
        e = 1 - 0.002516 * t
        jde += (
            -0.4072 * math.sin(moon) + 0.17241 * e * math.sin(sun) + 0.01608 * math.sin(2 * moon)
            + 0.01039 * math.sin(2 * latitude) + 0.00739 * e * math.sin(moon - sun)
            - 0.00514 * e * math.sin(moon + sun) + 0.00208 * e * e * math.sin(2 * sun)
            - 0.00111 * math.sin(moon - 2 * latitude) - 0.00057 * math.sin(moon + 2 * latitude)
            + 0.00056 * e * math.sin(2 * moon + sun) - 0.00042 * math.sin(3 * moon) - 0.00017 * math.sin(node)
        )  # fmt: skip
        moment = datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=jde - 2451545, seconds=-71)
        day = moment.astimezone(VIETNAM).date()
        if day >= after:
            return day
        k += 1


@pytest.mark.parametrize("year", YEARS, ids=lambda year: str(year["year"]))
def test_tet_and_the_day_of_the_kings_are_those_of_the_moon(year: dict[str, Any]) -> None:
    # Tet is the new moon between 21 January and 20 February; none of these years has a leap month before the third.
    first = max(
        moon for moon in (date(year["year"], 1, 21) + timedelta(one) for one in range(31)) if moon == new_moon(moon)
    )
    assert year["tet"] == first
    third = new_moon(new_moon(first + timedelta(1)) + timedelta(1))
    assert year["hung"] == third + timedelta(9)
    assert year["tet"] in year["off_tet"]


def test_each_year_has_its_eleven_days_and_one_in_exchange_for_each_on_a_weekend() -> None:
    for year in YEARS:
        found = of_year(year["year"])
        weekend = [one for one in found if one.day.weekday() >= 5]
        assert len(found) == 11 + len(weekend), year["year"]
    assert [one.day for one in of_year(2026) if one.name.startswith("Nghỉ bù")] == [date(2026, 4, 27)]
    assert date(2027, 2, 11) in holidays(2027), "two days of Tet 2027 are on a weekend"


def test_of_a_year_that_is_not_known_the_fixed_days_are() -> None:
    assert {one.day for one in of_year(2041)} == {
        date(2041, 1, 1),
        date(2041, 4, 30),
        date(2041, 5, 1),
        date(2041, 9, 2),
    }
    assert [one.day for one in of_year(2040) if one.name == "Nghỉ bù Tết Dương lịch"] == [date(2040, 1, 2)]
    assert not calendar().works(date(2041, 9, 2))
    assert (known(2026), known(2027), known(2041)) == (Known.DECIDED, Known.EXPECTED, Known.UNKNOWN)


def test_the_next_year_is_doubted_when_it_is_near() -> None:
    assert doubtful(date(2026, 10, 1)) == ()
    assert doubtful(date(2026, 12, 1)) == ((2027, Known.EXPECTED),)
    assert doubtful(date(2030, 12, 1)) == ((2030, Known.EXPECTED), (2031, Known.UNKNOWN))


def test_an_authority_rests_and_works_on_days_of_its_own() -> None:
    friday, saturday = date(2026, 8, 21), date(2026, 8, 22)
    own_days = calendar([Own(saturday, works=True, note="làm bù"), Own(date(2026, 8, 31), works=False, note="nghỉ")])
    assert calendar().after(friday, 1) == date(2026, 8, 24)
    assert own_days.after(friday, 1) == saturday
    assert own_days.after(date(2026, 8, 28), 1) == date(2026, 9, 3)
    never = calendar(Own(friday + timedelta(one), works=False, note="") for one in range(5000))
    with pytest.raises(ValueError, match="no working days"):
        never.after(friday, 1)


@given(st.dates(date(2024, 1, 1), date(2031, 12, 31)), st.integers(0, 90))
def test_so_many_working_days_lie_between(day: date, days: int) -> None:
    office = calendar()
    until = office.after(day, days)
    between = [day + timedelta(one) for one in range(1, (until - day).days + 1)]
    assert sum(map(office.works, between)) == days
    assert not between or office.works(until)


def test_what_is_no_day_is_refused() -> None:
    right = {"day": "2026-08-22", "works": "yes", "note": "làm bù"}
    assert own(right) == Own(date(2026, 8, 22), works=True, note="làm bù")
    for wrong in ({"day": "22/8"}, {"works": "maybe"}, {"note": ""}, {"day": "1926-08-22"}, {"more": "x"}):
        with pytest.raises(InvalidContent):
            own({**right, **wrong})
