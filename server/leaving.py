"""What stays open when somebody's office ends: nothing of it is lost, and each thing says who goes on with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records
from minutes.document import KIND_NAMES, Document
from minutes.tasks import store as tasks
from minutes.tasks.task import Task
from minutes.workflow import store as workflow
from minutes.workflow.delegation import Delegation
from minutes.workflow.turns import Task as Turn
from rooms import store
from server import series_tables
from server.directory import Account

COMING = ("scheduled", "open", "adjourned")


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """Of one person: documents that wait for their signature or remarks, open tasks that name them, meetings and
    standing rooms that they lead or write for (title and path), rights to sign for the head."""

    signing: tuple[Document, ...]
    remarks: tuple[Document, ...]
    tasks: tuple[Task, ...]
    meetings: tuple[tuple[str, str], ...]
    delegations: tuple[Delegation, ...]

    def __bool__(self) -> bool:
        return bool(self.signing or self.remarks or self.tasks or self.meetings or self.delegations)


async def left_open(connection: AsyncConnection, account: Account, today: date) -> LeftOpen:
    """What is open of a person."""
    theirs = [one for one in await workflow.waiting_for(connection, account.id, "", ()) if one.turn.account]
    documents = await records.several(connection, [one.document_id for one in theirs])
    by_turn = {
        turn: tuple(documents[one.document_id] for one in theirs if one.turn.task is turn)
        for turn in (Turn.SIGN, Turn.REMARK)
    }
    of_unit = await tasks.of_unit(connection, account.unit.id)
    given = await workflow.delegations(connection, account.unit.id)
    return LeftOpen(
        by_turn[Turn.SIGN],
        by_turn[Turn.REMARK],
        tuple(one for one in of_unit if one.person is not None and one.person.id == account.id),
        tuple([one async for one in _meetings(connection, account.id)]),
        tuple(one for one in given if one.account == account.id and one.holds(today)),
    )


async def _meetings(connection: AsyncConnection, person: str) -> AsyncIterator[tuple[str, str]]:
    for entry in await store.meetings(connection, states=COMING, limit=1000):
        if person in entry.meeting.desk:
            yield entry.meeting.title, f"/meetings/{entry.meeting.id}"
    for room in await store.permanent_rooms(connection):
        if person in (room.chair, room.secretary):
            yield room.title, f"/meetings/rooms/{room.id}"
    for series in await series_tables.every(connection):
        if person in series.phases[-1].sheet.desk:
            yield series.phases[-1].sheet.title, f"/series/{series.id}"


def called(document: Document) -> str:
    """What a document is called in a list."""
    return f"{KIND_NAMES[document.kind]} {document.number_symbol or '(dự thảo)'}: {' '.join(document.title.split())}"
