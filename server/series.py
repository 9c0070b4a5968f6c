"""Regular meetings: the sheet of the next one is made some days before, and what changes from a date on reaches the
meetings that are made already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import Meeting, Person, Refused, store
from rooms.series import ZONE, Mark, Phase, Series, Slot, carried
from server import convening, directory, outbox, series_tables
from server.auth import NAMED_GUEST, utcnow
from server.database import Database
from server.directory import Account
from server.errors import Problem
from server.keys import DATABASE
from server.sittings import invited_as, person_of

log = structlog.get_logger("giaoban.series")

BY_ITSELF = "system"


async def prepare_near(database: Database, now: datetime) -> list[str]:
    """Make what is near and not there yet; the meetings' ids. What is past is made no more."""
    made = []
    async with database.read() as connection:
        every = await series_tables.every(connection)
    for one in every:
        async with database.begin() as connection:
            # Anew: somebody may have changed it meanwhile.
            series = await series_tables.get(connection, one.id) or one
            marks = await series_tables.marks(connection, series.id)
            for slot in series.slots(marks):
                if open_for_making(slot, now) and today(slot.starts_at) <= today(now) + timedelta(series.ahead):
                    try:
                        made.append(await prepare(connection, series, slot, BY_ITSELF, now))
                    except Problem:
                        log.warning("not prepared: its chair or secretary is gone", series=series.id)
                        break
    if made:
        log.info("meetings prepared", meetings=made)
    return made


def open_for_making(slot: Slot, now: datetime) -> bool:
    """Whether the date is to be held and has no meeting yet."""
    return slot.mark.meeting is None and slot.mark.dropped is None and slot.starts_at > now


async def prepare(connection: AsyncConnection, series: Series, slot: Slot, by: str, now: datetime) -> str:
    """Put down the meeting of a date; its id. Nobody is told yet, and from now on it is a meeting like others. Raises
    Problem("unknown_participant") if its chair or secretary is no longer there."""
    meeting = await _made(connection, series, slot, convening.new_room())
    await store.add_room(connection, store.RoomEntry(meeting.room, meeting.title, permanent=False))
    await store.add_meeting(connection, meeting, created_by=by, created_at=now)
    await outbox.set_guests(connection, meeting.id, slot.phase.guests)
    await series_tables.set_mark(connection, series.id, slot.day, replace(slot.mark, meeting=meeting.id))
    return meeting.id


async def _made(connection: AsyncConnection, series: Series, slot: Slot, room: str) -> Meeting:
    sheet = renewed(slot.phase.sheet, await directory.accounts(connection))
    return series.meeting(slot, sheet, await _previous(connection, series, slot.day), room)


async def _previous(connection: AsyncConnection, series: Series, day: date) -> str:
    """The meeting before: the last one made that was not cancelled."""
    marks = await series_tables.marks(connection, series.id)
    for earlier in sorted((one for one in marks if one < day), reverse=True):
        meeting_id = marks[earlier].meeting
        entry = await store.get_meeting(connection, meeting_id) if meeting_id else None
        if entry is not None and entry.state != "cancelled":
            return entry.meeting.id
    return ""


def renewed(sheet: Meeting, accounts: Sequence[Account]) -> Meeting:
    """A sheet with its people as they are now: names, titles and units of today; who is gone is left out, and who
    has become delegate of a unit that is invited comes. Raises Problem if chair or secretary is gone."""
    known = {account.id: account for account in accounts}

    def now(person: Person) -> Person:
        account = known.get(person.id)
        if account is None:
            raise Problem("unknown_participant")
        return replace(person_of(account, person.role), vote=person.vote)

    delegates = {person.unit.id for person in sheet.invited if "delegate" in _roles(known.get(person.id))}
    named = {person.id for person in sheet.people()}
    invited = [now(one) if one.id in known else one for one in sheet.invited if one.id in known or _guest(one)]
    new = [one for one in accounts if "delegate" in one.roles and one.unit.id in delegates and one.id not in named]
    return replace(
        sheet,
        chair=now(sheet.chair),
        secretary=now(sheet.secretary),
        invited=(*invited, *(invited_as(account) for account in new)),
    )


def _roles(account: Account | None) -> frozenset[str]:
    return account.roles if account else frozenset()


def _guest(person: Person) -> bool:
    return person.id.startswith(NAMED_GUEST)


async def begin(app: web.Application, series: Series, by: Account) -> None:
    """Put down a series; what is near of it is made at once."""
    now = utcnow()
    async with app[DATABASE].begin() as connection:
        await series_tables.add(connection, series, by.id, now)
    await prepare_near(app[DATABASE], now)


async def change_from(app: web.Application, series: Series, phase: Phase, ahead: int, reason: str, by: Account) -> None:
    """Another rule or sheet from a day on. Meetings that are made already and not opened follow where nobody has
    changed them by hand; those whose day is no longer held are cancelled for `reason`. Who was invited is told.

    The meetings come first: where this is interrupted, doing it again does the rest."""
    changed = replace(series.changed_from(phase), ahead=ahead)
    await _follow(app, series, changed, phase.begins, reason, by)
    async with app[DATABASE].begin() as connection:
        await series_tables.change(connection, changed)
    await prepare_near(app[DATABASE], utcnow())


async def end_from(app: web.Application, series: Series, day: date, reason: str, by: Account) -> None:
    """No meeting from a day on; those that are made already and not opened are cancelled for `reason`."""
    ended = series.ended_from(day)
    await _follow(app, series, ended, day, reason, by)
    async with app[DATABASE].begin() as connection:
        await series_tables.change(connection, ended)


async def _follow(app: web.Application, series: Series, changed: Series, day: date, reason: str, by: Account) -> None:
    async with app[DATABASE].read() as connection:
        marks = await series_tables.marks(connection, series.id)
        pairs = []
        now = {slot.day: slot for slot in changed.slots(marks)}
        for was in series.slots(marks):
            entry = await store.get_meeting(connection, was.mark.meeting) if was.mark.meeting else None
            if was.day < day or entry is None or entry.state not in store.COMING:
                continue
            slot = now.get(was.day)
            room = entry.meeting.room
            made = None
            if slot is not None:
                made = (await _made(connection, series, was, room), await _made(connection, changed, slot, room))
            pairs.append((entry, was, slot, made, await outbox.guests(connection, entry.meeting.id)))
    for entry, was, slot, made, guests in pairs:
        try:
            if slot is None or made is None:
                await convening.cancel(app, entry, reason, by)
                continue
            meeting = carried(entry.meeting, *made)
            addresses = slot.phase.guests if guests == was.phase.guests else guests
            if (meeting, addresses) != (entry.meeting, guests):
                await convening.change(app, entry, meeting, addresses, by, tell=True)
        except Refused as refused:  # opened at this very moment: it is held as it is
            log.info("a meeting was opened while its series changed", meeting=entry.meeting.id, code=refused.code)


async def mark(app: web.Application, series: Series, day: date, mark: Mark) -> None:
    """Move, drop or hold again one date for which no meeting is made yet."""
    async with app[DATABASE].begin() as connection:
        kept = (await series_tables.marks(connection, series.id)).get(day, Mark())
        if kept.meeting is not None:
            raise Problem("already_prepared")
        await series_tables.set_mark(connection, series.id, day, mark)


async def prepare_now(app: web.Application, series: Series, day: date, by: Account) -> str:
    """Make the meeting of a date before its time; the id, also where it is made already. Raises Problem."""
    now = utcnow()
    async with app[DATABASE].begin() as connection:
        slots = series.slots(await series_tables.marks(connection, series.id))
        slot = next((one for one in slots if one.day == day), None)
        if slot is not None and slot.mark.meeting is not None:
            return slot.mark.meeting
        if slot is None or not open_for_making(slot, now):
            raise Problem("date_not_held")
        return await prepare(connection, series, slot, by.id, now)


def today(now: datetime) -> date:
    """The day in Viet Nam."""
    return now.astimezone(ZONE).date()
