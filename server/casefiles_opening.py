"""The case file that every meeting gets, in the transaction that drafts its minutes."""

import secrets
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.casefiles import store
from minutes.casefiles.retention import of_meetings
from minutes.errors import N_
from minutes.reading import VIETNAM
from rooms.proceedings import Proceedings

BY = N_("Hệ thống")


async def open_for(connection: AsyncConnection, held: Proceedings, now: datetime) -> None:
    """Open the case file of a meeting, once; how long it is kept can be chosen until it is closed. Its day is that on
    which the meeting was held, for which it need not have been called."""
    meeting = held.meeting
    if await store.of_meeting(connection, meeting.id) is not None:
        return
    unit = meeting.authority
    period = of_meetings(await store.periods(connection, unit.id))
    day = (held.opened_at or now).astimezone(VIETNAM).date()
    title = f"Hồ sơ {meeting.title[0].lower()}{meeting.title[1:]}" if meeting.title else "Hồ sơ cuộc họp"
    await store.add(
        connection, secrets.token_hex(16), unit.id, unit.name, f"{title} ngày {day:%d/%m/%Y}", period, day, BY,
        meeting.id,
    )  # fmt: skip
