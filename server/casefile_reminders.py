"""Letters about case files that are to be handed over to the authority's archive: once 30 days before the day, and once
when it is past, to those who keep them (Decree 30/2020, art. 30 and Appendix VI)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import fit
from minutes.casefiles import store
from minutes.reading import VIETNAM
from minutes.workflow.plan import OFFICE_CLOSES
from server.directory import Account
from server.letters import Reminder, reminder
from server.outbox import Letter
from server.rights import CaseAccess, may


async def due(connection: AsyncConnection, accounts: Sequence[Account], now: datetime) -> list[Letter]:
    """The letters that are due now; that they are written is noted here."""
    today, letters = now.astimezone(VIETNAM).date(), list[Letter]()
    for case in await store.to_remind(connection, today):
        assert case.due_on is not None, "only closed ones are due"
        told = Reminder(
            task="Giao nộp hồ sơ vào lưu trữ cơ quan",
            document=f"Hồ sơ số {case.code}",
            subject=fit.line(case.title, "", 300),
            authority=case.unit_name,
            due_at=datetime.combine(case.due_on, OFFICE_CLOSES, VIETNAM),
            late=max(0, (today - case.due_on).days),
            path=f"/casefiles/{case.id}",
        )
        access = CaseAccess(case.unit_id, case.group.roles)
        keepers = [one for one in accounts if one.address and may(one, "case.hand", access)]
        letters += [reminder(told, one, now) for one in keepers]
        await store.reminded(connection, case.id, today)
    return letters
