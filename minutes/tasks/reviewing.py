"""What the tasks of an authority come to: the list that opens its next meeting, and the scoreboard of its units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from minutes.tasks.task import STATE_NAMES, State, Task
from minutes.wording import long_date

REVIEW_ITEM = "Kiểm điểm việc thực hiện kết luận kỳ trước"
"""The item of the agenda with which a regular meeting begins."""


def reviewed(tasks: Iterable[Task], today: date) -> list[Task]:
    """The open tasks as a meeting goes through them: overdue first, the latest on top, then by deadline."""
    far = date.max
    return sorted(
        (one for one in tasks if one.open),
        key=lambda one: (not one.overdue(today), one.closes or far, one.id),
    )


def standing(task: Task, today: date) -> str:
    """How a task stands, as minutes say it."""
    said = STATE_NAMES[task.state].lower()
    late = task.late(today)
    if task.overdue(today):
        return f"{said}, quá hạn {late} ngày"
    if task.deadline is not None and task.state is not State.REPORTED:
        return f"{said}, {'đến hạn hôm nay' if late == 0 else f'còn {-late} ngày'}"
    return said


def sentences(tasks: Iterable[Task], today: date) -> tuple[str, ...]:
    """What the minutes say of the tasks that were gone through: how many there are, then one paragraph each."""
    found = reviewed(tasks, today)
    if not found:
        return ("Không còn nhiệm vụ nào của các kỳ trước chưa hoàn thành.",)
    late = sum(one.overdue(today) for one in found)
    counted = f"Đến {long_date(today)} còn {len(found)} nhiệm vụ chưa hoàn thành, trong đó {late} nhiệm vụ quá hạn:"
    return (counted, *(f"{number}) {_sentence(one, today)}" for number, one in enumerate(found, 1)))


def _sentence(task: Task, today: date) -> str:
    bare = task.text.rstrip(" .;\n")
    parts = [f"{bare} ({task.source.called})"]
    if task.owner:
        parts.append(f"đơn vị chủ trì: {task.owner.name}")
    if task.deadline:
        parts.append(f"thời hạn {_term(task.deadline, task.closes)}")
    return f"{'; '.join([*parts, standing(task, today)])}."


def _term(deadline: date, closes: date | None) -> str:
    if closes is None or closes == deadline:
        return long_date(deadline)
    return f"{long_date(deadline)} (ngày nghỉ, tính đến hết {long_date(closes)})"


@dataclass(frozen=True, slots=True)
class Score:
    """The tasks of one unit, each counted once: done in time or late, still open, or overdue."""

    unit: str
    on_time: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0

    @property
    def total(self) -> int:
        return self.on_time + self.late + self.open + self.overdue


def scores(tasks: Iterable[Task], today: date) -> tuple[Score, ...]:
    """One row a unit, the one with most overdue first; cancelled tasks count nowhere, ownerless ones under ""."""
    counts: dict[str, dict[str, int]] = {}
    for one in tasks:
        if one.state is State.CANCELLED:
            continue
        name = one.owner.name if one.owner else ""
        row = counts.setdefault(name, dict.fromkeys(("on_time", "late", "open", "overdue"), 0))
        row[_column(one, today)] += 1
    found = [Score(name, **row) for name, row in counts.items()]
    return tuple(sorted(found, key=lambda one: (-one.overdue, -one.late, one.unit)))


def _column(task: Task, today: date) -> str:
    late = task.late(today) > 0
    if task.state is State.CONFIRMED:
        return "late" if late else "on_time"
    return "overdue" if late else "open"


def together(found: Sequence[Score]) -> Score:
    """All units in one row."""
    return Score(
        "",
        sum(one.on_time for one in found),
        sum(one.late for one in found),
        sum(one.open for one in found),
        sum(one.overdue for one in found),
    )
