"""Letters about tasks: to who does one before its deadline, on the day and weekly after it; to leaders when it is late
for long. What was written is noted in the same transaction, so that a restart neither repeats nor forgets a letter."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import fit
from minutes.reading import VIETNAM
from minutes.tasks import store
from minutes.tasks.pressing import MOST, Pressing, to_escalate, to_remind
from minutes.tasks.task import Act, Step, Task
from minutes.workflow.plan import OFFICE_CLOSES
from server.directory import Account
from server.letters import Reminder, reminder
from server.outbox import Letter
from server.tasks import SYSTEM, day_of, taken

OFFICE_OPENS = time(7)
"""Nobody is written to earlier in the day, in Viet Nam's time."""


async def due(connection: AsyncConnection, accounts: Sequence[Account], now: datetime) -> list[Letter]:
    """The letters that are due now; that they are written is noted here."""
    if now.astimezone(VIETNAM).time() < OFFICE_OPENS:
        return []
    today = day_of(now)
    letters: list[Letter] = []
    settings = await store.pressings(connection)
    for task in await store.pressed(connection, today + timedelta(2 * MOST)):  # so many days hold MOST working ones
        pressing = settings.get(task.authority.id, Pressing())
        if to_remind(task, pressing, today):
            letters += _letters(task, _doing(task, accounts), "Thực hiện nhiệm vụ", now)
            await store.reminded(connection, task.id, today)
        level = to_escalate(task, pressing, today)
        if level:
            current = await store.get(connection, task.id, lock=True)
            what = f"Đôn đốc nhiệm vụ của {task.owner.name}" if task.owner else "Đôn đốc nhiệm vụ"
            letters += _letters(task, _leading(task, level, accounts), what, now)
            await taken(connection, current, Step(Act.ESCALATE, SYSTEM, level=level), now)
    return letters


def _doing(task: Task, accounts: Iterable[Account]) -> list[Account]:
    """Who does it; where nobody is named, everybody of the unit, or of the one that has taken its place."""
    person = task.person.id if task.person else ""
    unit = task.owner.id if task.owner else ""
    return [one for one in accounts if (one.id == person if person else bool(unit) and unit in one.places)]


def _leading(task: Task, level: int, accounts: Sequence[Account]) -> list[Account]:
    """The leaders of the unit, in whose place whoever stands for it where it has none here; then those of the
    authority too."""
    unit = task.owner.id if task.owner else ""
    found = [one for one in accounts if unit and unit in one.places and "leader" in one.roles]
    found = found or [one for one in accounts if unit and unit in one.places and "delegate" in one.roles]
    if level > 1:
        authority = task.authority.id
        found += [one for one in accounts if authority in one.places and "leader" in one.roles and one not in found]
    return found


def _letters(task: Task, people: Iterable[Account], what: str, now: datetime) -> list[Letter]:
    assert task.closes is not None, "only tasks with a deadline are due"
    told = Reminder(
        task=what,
        document=task.source.called,
        subject=fit.line(task.text, "", 300),
        authority=task.authority.name,
        due_at=datetime.combine(task.closes, OFFICE_CLOSES, VIETNAM),
        late=max(0, task.late(day_of(now))),
        path=f"/tasks/{task.id}",
    )
    return [reminder(told, one, now) for one in people if one.address]
