"""When somebody is reminded of a task and when a leader is told, by working days that each authority sets."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import Reader
from minutes.tasks.task import State, Task

WEEK = 7
MOST = 90
_WORKING = frozenset({State.ASSIGNED, State.ACCEPTED, State.UNDER_WAY})


@dataclass(frozen=True, slots=True)
class Pressing:
    """Working days of one authority: before the deadline, and after it until the unit's leader and its own leader are
    told (0: never)."""

    before: int = 3
    unit_after: int = 3
    authority_after: int = 10


def to_json(pressing: Pressing) -> dict[str, Any]:
    """A JSON object; from_json gives it back."""
    return {
        "before": pressing.before,
        "unit_after": pressing.unit_after,
        "authority_after": pressing.authority_after,
    }


def from_json(data: object) -> Pressing:
    """Raises InvalidContent where a number of days is none from 0 to MOST."""
    reader = Reader(data, "")
    found = Pressing(*(_days(reader, name) for name in ("before", "unit_after", "authority_after")))
    reader.finish()
    return found


def _days(reader: Reader, name: str) -> int:
    days = reader.count(name)
    if days > MOST:
        raise InvalidContent(name, Reason(N_("phải là số từ 0 đến %(limit)s"), limit=MOST))
    return days


def to_remind(task: Task, pressing: Pressing, today: date) -> bool:
    """Whether its people are to be reminded today: once before the deadline, on the day, and weekly when it is late;
    on no day on which the authority does not work."""
    last, closes = task.reminded_on, task.closes
    if closes is None or task.state not in _WORKING or not task.office.works(today):
        return False
    if today < closes:
        first = task.office.before(closes, pressing.before)
        return today >= first and (last is None or last < first)
    if today == closes:
        return last is None or last < closes
    return last is None or last <= closes or (today - last).days >= WEEK


def to_escalate(task: Task, pressing: Pressing, today: date) -> int:
    """The level to which it has come since it was last told: 1 the unit's leader, 2 the authority's too; 0: no news."""
    closes, office, level = task.closes, task.office, 0
    if closes is None or task.state not in _WORKING or not office.works(today):
        return 0
    if pressing.unit_after and today >= office.after(closes, pressing.unit_after):
        level = 1
    if pressing.authority_after and today >= office.after(closes, pressing.authority_after):
        level = 2
    return level if level > task.escalated else 0
