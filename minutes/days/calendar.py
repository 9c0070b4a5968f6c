"""Working days, counted. Years that the data file does not have know weekends and what an authority has entered."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import LINE, Reader

FILE = Path(__file__).parent / "holidays.toml"
FURTHEST = 4000
"""Days that are looked through for a working one."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off. `decided`: it is fixed by law or decision, and not what is usual."""

    day: date
    name: str
    decided: bool = True


@dataclass(frozen=True, slots=True)
class Own:
    """A day of one authority's own: it is off (a local holiday), or is worked although others do not."""

    day: date
    works: bool
    note: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """When one office works."""

    own: Mapping[date, bool]

    def works(self, day: date) -> bool:
        """Whether the office works on a day."""
        return self.own.get(day, day.weekday() < 5 and day not in holidays())

    def after(self, day: date, days: int) -> date:
        """The working day that comes as the `days`-th after `day`. Raises ValueError where there is none for years."""
        left = days
        for _ in range(FURTHEST):
            if left <= 0:
                return day
            day += _DAY
            left -= self.works(day)
        raise ValueError("an office that does not work any more has no working days")

    def before(self, day: date, days: int) -> date:
        """The working day that is the `days`-th before `day`; looked for as far back as `after` looks ahead."""
        left = days
        for _ in range(FURTHEST):
            if left <= 0:
                break
            day -= _DAY
            left -= self.works(day)
        return day

    def closing(self, deadline: date) -> date:
        """The last day of a term that ends on `deadline`: on a day off it ends with the next working one (Civil Code
        91/2015/QH13, art. 148.5)."""
        return self.after(deadline - _DAY, 1)


def day_off(day: date, own: Iterable[Own]) -> str | None:
    """What a day is called that is off, "" where nobody has named it; None: it is worked, or a plain weekend."""
    entered = next((one for one in own if one.day == day), None)
    if entered is not None:
        return None if entered.works else entered.note
    return holidays()[day].name if day in holidays() else None


def calendar(own: Iterable[Own] = ()) -> Calendar:
    """The calendar of an authority with these days of its own."""
    return Calendar(MappingProxyType({one.day: one.works for one in own}))


@cache
def holidays() -> Mapping[date, Holiday]:
    """All holidays that are known, with the days off that stand in for those on a weekend (art. 111.3)."""
    found: dict[date, Holiday] = {}
    for year in tomllib.loads(FILE.read_text(encoding="utf-8"))["year"]:
        named = [
            Holiday(date(year["year"], 1, 1), "Tết Dương lịch"),
            *(Holiday(day, "Tết Âm lịch", year["decided"]) for day in year["off_tet"]),
            Holiday(year["hung"], "Giỗ Tổ Hùng Vương"),
            Holiday(date(year["year"], 4, 30), "Ngày Chiến thắng"),
            Holiday(date(year["year"], 5, 1), "Ngày Quốc tế lao động"),
            Holiday(date(year["year"], 9, 2), "Quốc khánh"),
            Holiday(year["beside"], "Quốc khánh", year["decided"]),
        ]
        for one in sorted(named, key=lambda one: one.day):
            found[one.day] = one
        taken = {one.day for one in named}
        for one in sorted(named, key=lambda one: one.day):
            if one.day.weekday() >= 5:
                instead = one.day
                while instead.weekday() >= 5 or instead in taken:
                    instead += _DAY
                taken.add(instead)
                found[instead] = Holiday(instead, f"Nghỉ bù {one.name}", one.decided)
    return MappingProxyType(found)


def of_year(year: int) -> tuple[Holiday, ...]:
    """The holidays of a year, in order."""
    return tuple(one for day, one in sorted(holidays().items()) if day.year == year)


def own(fields: Mapping[str, object]) -> Own:
    """Read a day as it is typed. Raises InvalidContent."""
    reader = Reader(fields, "")
    made = Own(reader.day("day"), reader.choice("works", ("yes", "no")) == "yes", reader.text("note", LINE).strip())
    reader.finish()
    if not 2000 <= made.day.year < 2100:
        raise InvalidContent("day", Reason(N_("không phải là ngày của thế kỷ này")))
    return made
