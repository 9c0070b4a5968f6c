"""A document that came goes its way (Decree 30/2020, art. 23, 24): a leader says who is to deal with it and by when;
that is a task, and whatever is done to the task stands in the line of the register too.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Actor, Official
from minutes.errors import N_, InvalidContent, Reason, Refused
from minutes.exchange.status import Code
from minutes.incidents import store as incidents
from minutes.incidents.incident import IncidentState, Thing
from minutes.reading import VIETNAM
from minutes.registers import store
from minutes.registers.entry import Direction, Incoming
from minutes.tasks import store as tasks
from minutes.tasks.tables import act_table, task_table
from minutes.tasks.task import Act, Source, State, Step, Task
from minutes.wording import short_date
from rooms.proceedings import Unit
from server import directory
from server.directory import Account
from server.exchange_answers import answer_of_line
from server.outbox import mail_table
from server.strongbox import Part

FILED = "Lưu tại Văn thư"


async def undirected(connection: AsyncConnection, unit_id: str) -> frozenset[str]:
    """The documents that wait for a leader to say who is to deal with them ("2026/5"); what is set aside as a secret
    or erased waits for nobody."""
    return (await store.undirected(connection, unit_id)).difference(await shut(connection, unit_id))


async def shut(connection: AsyncConnection, unit_id: str) -> dict[str, IncidentState]:
    """The documents that came and that nobody reads any more, named alike: set aside, or erased."""
    found = {}
    for ref, state in (await incidents.shut(connection, unit_id, Thing.RECEIVED)).items():
        _unit, year, number = ref.rsplit("/", 2)
        found[f"{int(year)}/{int(number)}"] = state
    return found


async def direct(
    connection: AsyncConnection, unit: Unit, year: int, number: int, said: Direction, *, by: Official, now: datetime
) -> int | None:
    """Put a leader's direction on record: the id of the task that comes of it, None where the document is only filed.
    Raises NotFound, InvalidContent, Refused("directed") where it is being dealt with already, ("set_aside") where
    nobody may read it."""
    one = await store.one_incoming(connection, unit.id, year, number)
    if one.ref in await shut(connection, unit.id):
        raise Refused("set_aside", Reason(N_("Văn bản này đã được cách ly hoặc đã xóa nội dung, không chuyển xử lý.")))
    before = await tasks.of_received(connection, unit.id, one.ref)
    if any(task.state is not State.CANCELLED for task in before):
        raise Refused("directed", Reason(N_("Văn bản này đã có ý kiến chỉ đạo.")))
    leader = await directory.account(connection, said.leader)
    if leader is None or leader.unit.id != unit.id or "leader" not in leader.roles:
        raise InvalidContent("leader", Reason(N_("phải là lãnh đạo của cơ quan")))
    owner, person = await _handler(connection, said, now)
    today = now.astimezone(VIETNAM).date()
    kept = {"direction": said.opinion, "directed_by": leader.name, "transferred_on": today}
    if owner is None:
        await store.handled(
            connection, unit.id, year, number, **kept, handler=FILED, outcome=FILED, settled_on=today
        )  # fmt: skip
        return None
    task = Task(
        0, unit, Source("", None, f"{one.number:02d}", one.received.arrived_on, "", received=one.ref),
        _text(one, said.opinion), owner, (), said.deadline, today, person=person,
    )  # fmt: skip
    made = await tasks.add(connection, task)
    told = {"leader": leader.name, **({"deadline": short_date(said.deadline)} if said.deadline else {})}
    await tasks.log(connection, made, "assign", Actor(by.id, by.name, by.title), now, said.opinion, told)
    await store.handled(
        connection, unit.id, year, number, **kept, handler=_named(task), deadline=said.deadline, taken_by=None,
        taken_at=None, outcome="", settled_on=None,
    )  # fmt: skip
    await answer_of_line(connection, unit.id, year, number, Code.ASSIGNED, _named(task), by, now)
    return made


async def _handler(
    connection: AsyncConnection, said: Direction, now: datetime
) -> tuple[Unit | None, Actor | None]:  # fmt: skip
    """Who is to deal with it. Raises InvalidContent."""
    if said.person:
        account = await directory.account(connection, said.person)
        if account is not None:
            return Unit(account.unit.id, account.unit.short_name), Actor(account.id, account.name, account.title)
    elif said.unit:
        known = await directory.units(connection, now.astimezone(VIETNAM).date().isoformat())
        for unit in known:
            if unit.id == said.unit:
                return Unit(unit.id, unit.short_name), None
    else:
        return None, None
    raise InvalidContent("handler", Reason(N_("phải là một đơn vị hoặc cán bộ trong danh mục")))


def _text(one: Incoming, opinion: str) -> str:
    came = one.received
    about = (
        f"{came.kind_name or 'Công văn'} số {came.number_symbol} của {came.author}: {' '.join(came.subject.split())}"
    )
    return "\n".join(part for part in (about, opinion) if part)


def _named(task: Task) -> str:
    """As the register's column "Đơn vị hoặc người nhận" says it."""
    names = [one.name for one in (task.person, task.owner) if one is not None]
    return ", ".join(names)


async def follow(
    connection: AsyncConnection, task: Task, step: Step, detail: dict[str, str], now: datetime
) -> None:  # fmt: skip
    """One act was done to the task of a document that came: its line says so from now on, and its sender hears."""
    year, number = map(int, task.source.received.split("/"))
    unit, today = task.authority.id, now.astimezone(VIETNAM).date()
    one = await store.one_incoming(connection, unit, year, number)
    await store.handled(connection, unit, year, number, **_after(one, task, step, detail, today, now))
    if task.state is State.CONFIRMED:
        await answer_of_line(connection, unit, year, number, Code.DONE, one.outcome, step.by, now)
    elif one.taken_at is None and step.act in (Act.ACCEPT, Act.BEGIN):
        await answer_of_line(connection, unit, year, number, Code.UNDER_WAY, "", step.by, now)


def _after(
    one: Incoming, task: Task, step: Step, detail: dict[str, str], today: date, now: datetime
) -> dict[str, Any]:  # fmt: skip
    if task.state is State.CANCELLED:  # it waits for another direction
        return {"handler": "", "direction": "", "directed_by": "", "deadline": None, "transferred_on": None,
                "taken_by": None, "taken_at": None, "outcome": "", "answer": "", "answer_id": "",
                "settled_on": None}  # fmt: skip
    values: dict[str, Any] = {"handler": _named(task), "deadline": task.deadline}
    if step.act in (Act.ACCEPT, Act.BEGIN, Act.REPORT) and one.taken_at is None:
        values |= {"taken_by": step.by.name, "taken_at": now}
    if step.act is Act.REPORT:
        values |= {"outcome": step.reason, "settled_on": today, "answer": detail.get("evidence", ""),
                   "answer_id": detail.get("evidence_id", "")}  # fmt: skip
    elif not task.done:
        values |= {"outcome": "", "answer": "", "answer_id": "", "settled_on": None}
    if task.state is State.ASSIGNED and step.act is Act.CORRECT and values["handler"] != one.received.handler:
        values |= {"transferred_on": today, "taken_by": None, "taken_at": None}
    return values


def handlers(accounts: Sequence[Account], units: Sequence[directory.Unit], own: str) -> list[tuple[str, str]]:
    """(value, label) of whom a leader of the unit `own` may name: its people, then units, its own the last."""
    people = [(f"person/{one.id}", f"{one.name}, {one.title}".strip(", ")) for one in accounts if one.unit.id == own]
    return [*people, *((f"unit/{one.id}", one.short_name) for one in units)]


def parts_of_task(unit_id: str, ref: str, said: str) -> Sequence[Part]:
    """The rows that say what a document that came is about, besides its line; `said` stands in their place."""
    of_line = (task_table.c.authority_id == unit_id) & (task_table.c.received == ref)
    ids = select(task_table.c.id).where(of_line)
    paths = select(literal("/tasks/") + cast(task_table.c.id, String)).where(of_line)
    return [
        Part(mail_table, mail_table.c.path.in_(paths), {"subject": said, "text": "", "html": ""}),
        Part(act_table, act_table.c.task_id.in_(ids), {"reason": "", "detail": "{}"}),
        Part(task_table, of_line, {"text": said}),
    ]
