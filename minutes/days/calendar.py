"""Working days, counted. Of years that the data file does not have, weekends, the holidays that the sun fixes, and what
an authority has entered are known; `known` says so, and pages and `giaoban doctor` warn."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import LINE, Reader

FILE = Path(__file__).parent / "holidays.toml"
FURTHEST = 4000
"""Days that are looked through for a working one."""
_DAY = timedelta(days=1)


class Known(StrEnum):
    """How far the holidays of a year are known."""

    DECIDED = "decided"
    EXPECTED = "expected"
    """Which days are taken for Tet and beside 2 September has not been decided, or not come here yet."""
    UNKNOWN = "unknown"
    """Neither Tet nor the anniversary of the Hung Kings."""


AHEAD = timedelta(days=60)
"""How long before a year begins its holidays are looked for: deadlines reach into it."""


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
class Decision:
    """By what the days off of a year were decided, as an authority has entered it: number and symbol of the notice, its
    day, and who has entered it."""

    year: int
    number: str
    day: date
    by: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When one office works."""

    own: Mapping[date, bool]

    def works(self, day: date) -> bool:
        """Whether the office works on a day."""
        return self.own.get(day, day.weekday() < 5 and day not in holidays(day.year))

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
    found = holidays(day.year).get(day)
    return found.name if found else None


def calendar(own: Iterable[Own] = ()) -> Calendar:
    """The calendar of an authority with these days of its own."""
    return Calendar(MappingProxyType({one.day: one.works for one in own}))


@cache
def _years() -> Mapping[int, Mapping[str, Any]]:
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return MappingProxyType({year["year"]: year for year in data["year"]})


def known(year: int) -> Known:
    """How far the holidays of a year are known."""
    data = _years().get(year)
    if data is None:
        return Known.UNKNOWN
    return Known.DECIDED if data["decided"] else Known.EXPECTED


def doubtful(
    today: date, decisions: Collection[Decision] = (), own: Iterable[Own] = ()
) -> tuple[tuple[int, Known], ...]:
    """The running year, and the next one when it is near, as far as their holidays are not decided."""
    years, entered = sorted({today.year, (today + AHEAD).year}), tuple(own)
    stand = ((year, standing(year, decisions, entered)) for year in years)
    return tuple((year, how) for year, how in stand if how is not Known.DECIDED)


def standing(year: int, decisions: Collection[Decision], own: Iterable[Own]) -> Known:
    """How far the days off of a year are known to an authority that has entered these decisions and days. A decision
    alone says nothing of a year whose lunar days nobody has entered."""
    how = known(year)
    if all(one.year != year for one in decisions) or (
        how is Known.UNKNOWN and all(one.works or one.day.year != year for one in own)
    ):
        return how
    return Known.DECIDED


def known_until() -> int:
    """The last year whose lunar holidays are in the data file."""
    return max(_years())


@cache
def holidays(year: int) -> Mapping[date, Holiday]:
    """The holidays of a year as far as they are known (art. 112.1), with the days off that stand in for those on a
    weekend (art. 111.3)."""
    named = [
        Holiday(date(year, 1, 1), "Tết Dương lịch"),
        Holiday(date(year, 4, 30), "Ngày Chiến thắng"),
        Holiday(date(year, 5, 1), "Ngày Quốc tế lao động"),
        Holiday(date(year, 9, 2), "Quốc khánh"),
    ]
    if (data := _years().get(year)) is not None:
        named += [Holiday(day, "Tết Âm lịch", data["decided"]) for day in data["off_tet"]]
        named.append(Holiday(data["hung"], "Giỗ Tổ Hùng Vương"))
        named.append(Holiday(data["beside"], "Quốc khánh", data["decided"]))
    named.sort(key=lambda one: one.day)
    found = {one.day: one for one in named}
    for one in named:
        if one.day.weekday() >= 5:
            instead = one.day
            while instead.weekday() >= 5 or instead in found:
                instead += _DAY
            found[instead] = Holiday(instead, f"Nghỉ bù {one.name}", one.decided)
    return MappingProxyType(found)


def of_year(year: int) -> tuple[Holiday, ...]:
    """The holidays of a year, in order."""
    return tuple(one for _day, one in sorted(holidays(year).items()))


def own(fields: Mapping[str, object]) -> Own:
    """Read a day as it is typed. Raises InvalidContent."""
    reader = Reader(fields, "")
    made = Own(reader.day("day"), reader.choice("works", ("yes", "no")) == "yes", reader.text("note", LINE).strip())
    reader.finish()
    if not 2000 <= made.day.year < 2100:
        raise InvalidContent("day", Reason(N_("không phải là ngày của thế kỷ này")))
    return made


def decision(fields: Mapping[str, object]) -> Decision:
    """Read a decision as it is typed: `year`, `number`, `decided_on`. Raises InvalidContent."""
    reader = Reader(fields, "")
    year, number, day = reader.text("year", 4), reader.text("number", 100).strip(), reader.day("decided_on")
    reader.finish()
    if not re.fullmatch(r"20[0-9]{2}", year):
        raise InvalidContent("year", Reason(N_("không phải là một năm của thế kỷ này")))
    # Decided beforehand, or at the latest in the year itself.
    if not int(year) - 2 <= day.year <= int(year):
        raise InvalidContent("decided_on", Reason(N_("phải trong năm đó hoặc hai năm trước")))
    return Decision(int(year), number, day)
