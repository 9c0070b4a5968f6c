"""Meetings that are held regularly: by which rule, with which sheet, and which of their dates are other than the rule.

A date of a series is named by the day that its rule gives, also when it was moved: so each is prepared once. What holds
"from this date on" begins another `Phase`; what was before stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday  # type: ignore[import-untyped]

from rooms.proceedings import AgendaItem, Json, Meeting

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SPAN = timedelta(days=2 * 366)
"""How far the last date of a rule may lie behind its first."""
LAST = -1
REVIEW = AgendaItem("review", "Kiểm điểm việc thực hiện kết luận kỳ trước", "")
"""The first point of a meeting that follows another."""


@dataclass(frozen=True, slots=True)
class Rule:
    """On which days, from `first` until `until` (both may be one), and at which time of the clock in Viet Nam.

    Weekly on `weekdays` (Monday is 0); monthly on the `nth` (1 to 4, or LAST) of its one weekday; or, without
    weekdays, monthly on `day` (1 to 31): a shorter month has its last day instead. Raises ValueError.
    """

    at: time
    first: date
    until: date
    weekdays: tuple[int, ...] = ()
    nth: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        known = set(self.weekdays) <= set(range(7)) and len(set(self.weekdays)) == len(self.weekdays)
        if self.day:
            fits = not self.weekdays and not self.nth and 1 <= self.day <= 31
        elif self.nth:
            fits = known and len(self.weekdays) == 1 and self.nth in (1, 2, 3, 4, LAST)
        else:
            fits = known and bool(self.weekdays)
        if not fits or not timedelta() <= self.until - self.first <= SPAN:
            raise ValueError("no such rule")

    def days(self) -> tuple[date, ...]:
        """Its dates in their order; none where `until` comes before the first."""
        begins, ends = datetime.combine(self.first, time()), datetime.combine(self.until, time())
        if self.day:
            # Of the days that there are, the last one up to it: the 31st of a short month is its last.
            found = rrule(
                MONTHLY, dtstart=begins.replace(day=1), until=ends, bymonthday=range(min(self.day, 28), self.day + 1),
                bysetpos=-1,
            )  # fmt: skip
        elif self.nth:
            found = rrule(MONTHLY, dtstart=begins, until=ends, byweekday=weekday(self.weekdays[0])(self.nth))
        else:
            found = rrule(WEEKLY, dtstart=begins, until=ends, byweekday=self.weekdays)
        return tuple(one.date() for one in found if one >= begins)

    def moment(self, day: date) -> datetime:
        """When the meeting of a day begins."""
        return datetime.combine(day, self.at, ZONE)

    def counting(self, number: int) -> Rule:
        """The rule that ends with its date of this number, or where SPAN ends."""
        days = replace(self, until=self.first + SPAN).days()[: max(number, 1)]
        return replace(self, until=days[-1] if days else self.first)

    def to_json(self) -> Json:
        return {
            "at": self.at.strftime("%H:%M"),
            "first": self.first.isoformat(),
            "until": self.until.isoformat(),
            "weekdays": list(self.weekdays),
            "nth": self.nth,
            "day": self.day,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rule:
        return cls(
            at=time.fromisoformat(data["at"]),
            first=date.fromisoformat(data["first"]),
            until=date.fromisoformat(data["until"]),
            weekdays=tuple(data["weekdays"]),
            nth=data["nth"],
            day=data["day"],
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """What holds from the day `begins` on: the rule, the sheet from which each meeting is made (its time is the
    rule's), and the addresses of its guests by person, which are nobody's business on a sheet."""

    begins: date
    rule: Rule
    sheet: Meeting
    guests: Mapping[str, str]

    def to_json(self) -> Json:
        return {
            "begins": self.begins.isoformat(),
            "rule": self.rule.to_json(),
            "sheet": self.sheet.to_json(),
            "guests": dict(self.guests),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Phase:
        sheet, guests = Meeting.from_json(data["sheet"]), data["guests"]
        return cls(date.fromisoformat(data["begins"]), Rule.from_json(data["rule"]), sheet, guests)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is other than the rule with one date, or has come of it: held at another time; not held, with the reason;
    the id of the meeting that was made."""

    moved_to: datetime | None = None
    dropped: str | None = None
    meeting: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One date of a series: `day` by the rule, and when it is held."""

    day: date
    starts_at: datetime
    phase: Phase
    mark: Mark


@dataclass(frozen=True, slots=True)
class Series:
    """`unit` is the id of the authority; `ahead` how many days before the next meeting its sheet is made by itself;
    `ends` the first day that is not held any more, None: as the rule says. The phases stand in order of `begins`."""

    id: str
    unit: str
    ahead: int
    phases: tuple[Phase, ...]
    ends: date | None = None

    @property
    def title(self) -> str:
        """As the last phase has it."""
        return self.phases[-1].sheet.title

    def slots(self, marks: Mapping[date, Mark]) -> tuple[Slot, ...]:
        """All dates, in order of the days that the rules give."""
        found = []
        for phase, following in pairwise((*self.phases, None)):
            assert phase is not None, "only the end is None"
            for day in phase.rule.days():
                held = day >= phase.begins and (following is None or day < following.begins)
                if held and (self.ends is None or day < self.ends):
                    mark = marks.get(day, Mark())
                    found.append(Slot(day, mark.moved_to or phase.rule.moment(day), phase, mark))
        return tuple(found)

    def changed_from(self, phase: Phase) -> Series:
        """With another phase from the day that it begins on; what would have come after that day is gone."""
        return replace(self, phases=(*(one for one in self.phases if one.begins < phase.begins), phase), ends=None)

    def ended_from(self, day: date) -> Series:
        """Without the dates from `day` on."""
        return replace(self, ends=min(day, self.ends or day))

    def meeting(self, slot: Slot, sheet: Meeting, previous: str, room: str) -> Meeting:
        """The meeting of a date from `sheet`, which follows the one with the id `previous` ("": the one that the sheet
        names). Its id is made of series and day: calendars know it by that before it is made. The room is its own: a
        meeting that was never opened would stand before the next one in a room of both."""
        previous = previous or sheet.previous
        agenda = sheet.agenda
        if previous and all(item.title != REVIEW.title for item in agenda):
            agenda = (REVIEW, *agenda)
        return replace(
            sheet, id=self.meeting_id(slot.day), room=room, starts_at=slot.starts_at, agenda=agenda, previous=previous,
        )  # fmt: skip

    def meeting_id(self, day: date) -> str:
        """The id of the meeting of a day."""
        return f"{self.id}-{day:%Y%m%d}"

    def to_json(self) -> Json:
        """But for id, unit and `ahead`, which are kept beside it."""
        ends = self.ends.isoformat() if self.ends else None
        return {"phases": [one.to_json() for one in self.phases], "ends": ends}


def carried(meeting: Meeting, was: Meeting, now: Meeting) -> Meeting:
    """A meeting that was made as `was` and would now be made as `now`: what nobody has changed by hand follows."""
    changes = {
        field.name: getattr(now, field.name)
        for field in fields(Meeting)
        if getattr(meeting, field.name) == getattr(was, field.name)
    }
    return replace(meeting, **changes)
