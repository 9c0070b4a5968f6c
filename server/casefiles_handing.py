"""Handing case files over to the authority's archive, and what of that is to be done by whom."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from minutes.casefiles import handing, store
from minutes.casefiles.case import Case, CaseState
from minutes.casefiles.handing import Handing, Step
from minutes.document import Official
from minutes.errors import N_, NotFound, Reason
from minutes.reading import VIETNAM
from minutes.sheets import LAYOUT
from minutes.typeset import Typesetter
from server.database import Database
from server.directory import Account
from server.records_reading import actor_of, reason_of
from server.rights import CaseAccess, may

GIVE, RECEIVE, SUBMIT, ANSWER = (
    N_("Giao nộp vào lưu trữ cơ quan"),
    N_("Nhận hồ sơ vào lưu trữ cơ quan"),
    N_("Nộp vào Lưu trữ lịch sử"),
    N_("Chờ Lưu trữ lịch sử trả lời"),
)


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be done with a case file by `day`: what (a msgid), and the people whose turn it is."""

    case: Case
    what: str
    day: date
    turn: tuple[str, ...]


class HandingOver:
    """Whether the asker may is decided before."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._typesetter = Typesetter()

    async def steps(self, case: Case) -> tuple[Handing, ...]:
        """What was done to hand it over, the first first."""
        async with self._database.read() as connection:
            return (await store.handings(connection, [case.id])).get(case.id, ())

    async def waiting(self, cases: Iterable[Case]) -> frozenset[str]:
        """The ids of those that are handed over and not yet received."""
        async with self._database.read() as connection:
            found = await store.handings(connection, [one.id for one in cases])
        return frozenset(id for id, steps in found.items() if handing.waiting(steps) is not None)

    async def offered(self, account: Account) -> tuple[tuple[Case, tuple[Handing, ...]], ...]:
        """The case files that `account` opens and that are handed over and not yet received, with the steps of each."""
        async with self._database.read() as connection:
            cases = await store.on_their_way(connection, sorted(account.places))
            own = [one for one in cases if may(account, "case.open", CaseAccess(one.unit_id, one.group.roles))]
            steps = await store.handings(connection, [one.id for one in own])
        return tuple((one, steps[one.id]) for one in own if handing.waiting(steps.get(one.id, ())))

    async def take(self, unit_id: str, case_id: str, step: Step, *, by: Official, reason: str = "") -> None:
        """Take one step; to refuse it needs a reason. Raises NotFound, Refused."""
        why = reason_of(reason) if step is Step.REFUSED else ""
        now = self._now()
        async with self._database.begin() as connection:
            case = await store.get(connection, case_id)
            if case.unit_id != unit_id:
                raise NotFound(Reason(N_("Không có hồ sơ này.")))
            handing.refuse(case, (await store.handings(connection, [case_id])).get(case_id, ()), step)
            await store.hand(connection, case, Handing(step, actor_of(by), now, why), now.astimezone(VIETNAM).date())

    async def record(self, case: Case) -> bytes:
        """The record of the handing over, as PDF. Raises Refused."""
        data = handing.record([case.unit_name], case, await self.steps(case))
        return await asyncio.to_thread(self._typesetter.sheets, LAYOUT, data, at=self._now())

    async def due(self, account: Account, accounts: Collection[Account]) -> tuple[Due, ...]:
        """What is to be handed over, received and handed in of the case files that `account` opens, by day."""
        async with self._database.read() as connection:
            cases = [one for unit in sorted(account.places) for one in await store.of_unit(connection, unit)]
            own = [one for one in cases if may(account, "case.open", CaseAccess(one.unit_id, one.group.roles))]
            steps = await store.handings(connection, [one.id for one in own])
        found = (_due(one, steps.get(one.id, ()), accounts) for one in own)
        return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.day, one.case.code)))


def receivers(accounts: Iterable[Account], case: Case, giver: str = "") -> tuple[Account, ...]:
    """Who receives a case file for the authority's archive: its archivists, where it has none the clerks, else whoever
    keeps case files; the account that hands it over (`giver`) only where nobody else can."""
    access = CaseAccess(case.unit_id, case.group.roles)
    able = [one for one in accounts if may(one, "case.hand", access)]
    others = [one for one in able if one.id != giver] or able
    ranked = ([one for one in others if role in one.roles] for role in ("archivist", "clerk"))
    return tuple(next((found for found in ranked if found), others))


def _due(case: Case, steps: Sequence[Handing], accounts: Collection[Account]) -> Due | None:
    if case.state is not CaseState.CLOSED:
        return None
    access = CaseAccess(case.unit_id, case.group.roles)
    offered = handing.waiting(steps)
    names = tuple(one.name for one in receivers(accounts, case, offered.by.id if offered else ""))
    if case.due_on is not None:
        if offered is not None:
            return Due(case, RECEIVE, case.due_on, names)
        givers = (one for one in accounts if may(one, "case.hand", access))
        return Due(case, GIVE, case.due_on, tuple(one.name for one in givers if "archivist" not in one.roles) or names)
    until = handing.submitted_by(case)
    if until is None:
        return None
    if case.submission is not None and case.submission.accepted is None:
        return Due(case, ANSWER, until, ())
    return Due(case, SUBMIT, until, names)
