"""What the office does with a meeting that is to come: invite, change, cancel, and tell by mail what has happened."""

import secrets
import string
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiohttp import web

from minutes.document import Document, State
from rooms import CancelMeeting, ChangeSheet, Meeting, store
from server import directory, outbox
from server.auth import NAMED_GUEST, utcnow
from server.directory import Account
from server.errors import Problem
from server.keys import CONFIG, DATABASE, PAPERS, POSTMAN, RECORDS, SITTINGS
from server.letters import Addressee, Occasion, Occurrence, letters
from server.outbox import Letter
from server.rights import MeetingAccess

_ID = string.ascii_lowercase + string.digits


def new_room() -> str:
    """The id of a meeting's own room."""
    return "hop-" + "".join(secrets.choice(_ID) for _ in range(8))


def managers(meeting: Meeting, account: Account) -> MeetingAccess:
    """The meeting as `may` sees it when it is to be changed: for its secretaries, and those of its office."""
    office = "secretary" in account.roles and account.unit.id == meeting.authority.id
    return MeetingAccess(meeting.room, frozenset(meeting.secretaries) | ({account.id} if office else set()))


async def addressees(app: web.Application, meeting: Meeting) -> tuple[list[Addressee], list[str]]:
    """Those invited whom mail reaches, and the names of the others. The secretary, who sends it, gets it too."""
    async with app[DATABASE].read() as connection:
        accounts = {account.id: account.address for account in await directory.accounts(connection)}
        guests = await outbox.guests(connection, meeting.id)
    reached, others = [], []
    for person in meeting.people():
        address = guests.get(person.id) or accounts.get(person.id, "")
        if address:
            reached.append(Addressee(person, address, guest=person.id.startswith(NAMED_GUEST)))
        else:
            others.append(person.name)
    return reached, others


async def schedule(app: web.Application, meeting: Meeting, guests: Mapping[str, str], by: Account) -> None:
    """Put down a new meeting in a room of its own; `guests` are addresses by person. Nobody is told yet."""
    async with app[DATABASE].begin() as connection:
        await store.add_room(connection, store.RoomEntry(meeting.room, meeting.title, permanent=False))
        await store.add_meeting(connection, meeting, created_by=by.id, created_at=utcnow())
        await outbox.set_guests(connection, meeting.id, guests)


async def invite(app: web.Application, entry: store.MeetingEntry) -> None:
    """Send the invitations, with the typeset one if it is sealed; the meeting is convened. Raises Problem."""
    written = await to_send(app, entry)
    async with app[DATABASE].begin() as connection:
        if not await store.convene(connection, entry.meeting.id):
            raise Problem("already_open")
        await outbox.drop_unsent(connection, entry.meeting.id)
        await outbox.put(connection, written, app[POSTMAN].first_state, utcnow())
    app[POSTMAN].wake()


async def to_send(app: web.Application, entry: store.MeetingEntry) -> list[Letter]:
    """The very letters that `invite` would write now."""
    reached, _ = await addressees(app, entry.meeting)
    sealed = sealed_only(await app[RECORDS].invitation(entry.meeting.id))
    papers = await paper_names(app, entry.meeting)
    told = _occurrence(app, "invited", entry.meeting, entry.sequence, utcnow(), invitation=sealed, papers=papers)
    return letters(told, reached)


async def paper_names(app: web.Application, meeting: Meeting) -> tuple[str, ...]:
    """What there is to read before the meeting, by name."""
    return tuple(one.name for one in await app[PAPERS].of_meeting(meeting.id))


def sealed_only(invitation: Document | None) -> Document | None:
    """The invitation, if it has been issued."""
    return invitation if invitation is not None and invitation.state is State.SEALED else None


async def change(
    app: web.Application,
    entry: store.MeetingEntry,
    meeting: Meeting,
    guests: Mapping[str, str],
    by: Account,
    *,
    tell: bool,
) -> None:
    """Put another sheet in the place of the meeting's. With `tell`, those who were invited are told: who stays of the
    change, who is new is invited, who is no longer of the circle of that. Raises Refused, Problem."""
    before, _ = await addressees(app, entry.meeting)
    await app[SITTINGS].before_opening(entry.meeting, by.id, ChangeSheet(meeting))
    async with app[DATABASE].begin() as connection:
        await outbox.set_guests(connection, meeting.id, guests)
    if not tell or entry.state != "convened":
        return
    reached, _ = await addressees(app, meeting)
    knew, invited = {one.person.id for one in before}, {one.person.id for one in reached}
    groups: list[tuple[Occasion, list[Addressee]]] = [
        ("changed", [one for one in reached if one.person.id in knew]),
        ("invited", [one for one in reached if one.person.id not in knew]),
        ("dropped", [one for one in before if one.person.id not in invited]),
    ]
    await _tell(app, meeting, groups)


async def cancel(app: web.Application, entry: store.MeetingEntry, reason: str, by: Account) -> None:
    """Call the meeting off and tell those who were invited. Raises Refused."""
    await app[SITTINGS].before_opening(entry.meeting, by.id, CancelMeeting(reason))
    if entry.state == "convened":
        reached, _ = await addressees(app, entry.meeting)
        await _tell(app, entry.meeting, [("cancelled", reached)], reason)


async def _tell(
    app: web.Application, meeting: Meeting, groups: Sequence[tuple[Occasion, list[Addressee]]], reason: str = ""
) -> None:
    now = utcnow()
    papers = await paper_names(app, meeting)
    async with app[DATABASE].begin() as connection:
        sequence = await store.next_sequence(connection, meeting.id)
        # What has not gone out yet would tell of a meeting that is no more.
        await outbox.drop_unsent(connection, meeting.id)
        for occasion, people in groups:
            told = _occurrence(app, occasion, meeting, sequence, now, reason=reason, papers=papers)
            await outbox.put(connection, letters(told, people), app[POSTMAN].first_state, now)
    app[POSTMAN].wake()


def _occurrence(
    app: web.Application,
    occasion: Occasion,
    meeting: Meeting,
    sequence: int,
    at: datetime,
    *,
    reason: str = "",
    invitation: Document | None = None,
    papers: tuple[str, ...] = (),
) -> Occurrence:
    return Occurrence(
        occasion,
        meeting,
        sequence,
        at,
        url=f"{app[CONFIG].base_url}/meetings/{meeting.id}",
        organizer=app[CONFIG].mail.sender,
        reason=reason,
        number=invitation.number_symbol if invitation else None,
        document_id=invitation.id if invitation else None,
        papers=papers,
    )
