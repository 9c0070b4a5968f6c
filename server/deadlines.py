"""Reminders of steps that are due tomorrow or late: one look over the turns, now and then; letters go into the outbox.

A turn is reminded of once before its deadline and once after it, in the transaction that writes the letters, so that a
restart neither repeats nor forgets one.
"""

from datetime import datetime

import structlog

from minutes import store
from minutes.document import KIND_NAMES, Document
from minutes.reading import VIETNAM
from minutes.workflow import store as workflow
from minutes.workflow.store import Waiting
from minutes.workflow.turns import REMINDED_BEFORE, TASKS, days_over
from server import casefile_reminders, directory, outbox, task_reminders
from server.database import Database
from server.directory import Account
from server.letters import Reminder, reminder
from server.mail import Postman

log = structlog.get_logger("giaoban.deadlines")


class Deadlines:
    """Given: the database, and the postman who is woken."""

    def __init__(self, database: Database, postman: Postman) -> None:
        self._database = database
        self._postman = postman

    async def look(self, now: datetime) -> int:
        """Write the reminders that are due; how many letters. Documents of before turns were get theirs."""
        async with self._database.begin() as connection:
            for document_id in await workflow.unsettled(connection):
                await workflow.settle(connection, document_id)
            due = await workflow.to_remind(connection, now, now + REMINDED_BEFORE)
            documents = await store.several(connection, [one.document_id for one in due])
            accounts = await directory.accounts(connection, now.astimezone(VIETNAM).date().isoformat())
            letters = await task_reminders.due(connection, accounts, now)
            letters += await casefile_reminders.due(connection, accounts, now)
            for one in due:
                told = _told(one, documents[one.document_id], now)
                letters += [reminder(told, account, now) for account in accounts if _whose(one, account)]
                await workflow.reminded(connection, one.id, now, over=told.late > 0)
            if not letters:
                return 0
            await outbox.put(connection, letters, self._postman.first_state, now)
        self._postman.wake()
        log.info("reminders written", turns=len(due), letters=len(letters))
        return len(letters)


def _told(waiting: Waiting, document: Document, now: datetime) -> Reminder:
    kind = KIND_NAMES[document.kind]
    assert waiting.turn.due_at is not None, "only turns with a deadline are due"
    return Reminder(
        task=TASKS[waiting.turn.task],
        document=f"{kind} số {document.number_symbol}" if document.number_symbol else f"Dự thảo {kind.lower()}",
        subject=document.title,
        authority=document.unit.name,
        due_at=waiting.turn.due_at,
        late=days_over(waiting.turn.due_at, now),
        path=f"/desk/{document.id}",
    )


def _whose(waiting: Waiting, account: Account) -> bool:
    """Whether mail reaches somebody who has this turn."""
    turn = waiting.turn
    if not account.address:
        return False
    if turn.account:
        return account.id == turn.account
    return account.unit.id == turn.unit and (not turn.role or turn.role in account.roles)
