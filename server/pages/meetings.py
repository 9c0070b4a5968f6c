"""Meetings: mine, one meeting's sheet, and the door to its room."""

from datetime import timedelta

from aiohttp import web

from minutes.document import Document, Kind
from minutes.tasks.reviewing import REVIEW_ITEM
from rooms import OVER, store
from rooms.proceedings import Conclusion, Meeting, MeetingKind, Proceedings
from server import series_tables
from server.auth import utcnow
from server.convening import addressees, managers
from server.council import deputies
from server.directory import Account
from server.errors import Problem
from server.i18n import script_strings
from server.inviting import door
from server.keys import CONFIG, DATABASE, POSTMAN, RECORDS, SITTINGS
from server.pages import current, reader_of, require, see_other, wording
from server.pages.caching import private
from server.pages.meeting_sheet import KINDS, QUORUMS_NAMED, ROLES_NAMED
from server.pages.papers import papers_of
from server.pages.proceedings import keeps
from server.pages.recordings import recording_of
from server.rights import DocumentAccess, MeetingAccess, may
from server.sittings import access, seats

RUNNING = ("open", "adjourned")
ENDED = 50
"""How many ended meetings the list shows, newest first; older ones are found by their record at the desk."""
KEPT_IN_VIEW = timedelta(days=120)


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/meetings", index),
        web.get("/meetings/{id}", show),
        web.get("/rooms/{room}", enter),
    ]


async def index(request: web.Request) -> web.Response:
    """GET /meetings: running, coming, cancelled and ended meetings of the account."""
    account = require(request, "meetings.list")
    async with request.app[DATABASE].read() as connection:
        coming = await store.meetings(connection, states=(*RUNNING, *store.COMING), limit=500)
        cancelled = await store.meetings(
            connection, states=("cancelled",), starts_from=utcnow() - timedelta(days=1), limit=100
        )
        held = await store.meetings(
            connection, states=("closed",), starts_from=utcnow() - KEPT_IN_VIEW, newest_first=True
        )
        permanent = await store.permanent_rooms(connection)
    found = (*coming, *cancelled, *held)
    mine = [entry for entry in found if may(account, "meeting.enter", access(entry.meeting, account))]
    mine.sort(key=lambda entry: entry.meeting.starts_at)

    def of(*states: str) -> list[Meeting]:
        return [entry.meeting for entry in mine if entry.state in states]

    ended = of("closed")[::-1][:ENDED]
    records = {meeting.id: await _minutes_of(request, account, meeting.id) for meeting in ended}
    return private(
        request,
        "meetings/list.html",
        running=of(*RUNNING),
        coming=of(*store.COMING),
        cancelled=of("cancelled"),
        ended=ended,
        records=records,
        standing=[room for room in permanent if account.unit.id in (room.unit, *room.invites)],
    )


async def _minutes_of(request: web.Request, account: Account, meeting_id: str) -> Document | None:
    """The minutes of a meeting, if the account may read them."""
    for document in await request.app[RECORDS].documents(meeting_id=meeting_id, kind=Kind.MINUTES):
        if may(account, "document.read", _document_access(document)):
            return document
    return None


def _document_access(document: Document) -> DocumentAccess:
    signers = frozenset(signer.account for signer in document.signers if signer.role != "seal")
    return DocumentAccess(document.unit.id, signers)


async def meeting_of(request: web.Request) -> tuple[Account, store.MeetingEntry]:
    """The signed-in account and the meeting of the path, if it may read its sheet. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    return account, await readable(request, account, request.match_info["id"])


async def readable(request: web.Request, account: Account, meeting_id: str) -> store.MeetingEntry:
    """The meeting with this id, if the account may read its sheet. Raises Problem("not_invited")."""
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, meeting_id)
    # The same answer for a meeting that does not exist and one that is not theirs.
    if entry is None or not may(account, "meeting.enter", access(entry.meeting, account)):
        raise Problem("not_invited")
    return entry


async def conclusions_of(request: web.Request, account: Account, meeting_id: str) -> tuple[Conclusion, ...]:
    """What was concluded in an earlier meeting, for who may read its sheet; nothing for others."""
    try:
        entry = await readable(request, account, meeting_id)
    except Problem:
        return ()
    async with request.app[DATABASE].read() as connection:
        facts = await store.facts(connection, entry.meeting.id)
    return Proceedings.from_facts(facts).conclusions() if facts else ()


async def show(request: web.Request) -> web.Response:
    """GET /meetings/{id}: the sheet of one meeting, and the door to its room. Raises Problem."""
    account, entry = await meeting_of(request)
    meeting = entry.meeting
    may_manage = may(account, "meeting.manage", managers(meeting, account))
    coming = entry.state in store.COMING
    invitation = await request.app[RECORDS].invitation(meeting.id) if coming else None
    async with request.app[DATABASE].read() as connection:
        series_id = await series_tables.of_meeting(connection, meeting.id)
        series = await series_tables.get(connection, series_id) if series_id else None
        council = await deputies(connection, meeting.authority.id)
    return private(
        request,
        "meetings/show.html",
        papers=await papers_of(request, account, entry),
        recording=await recording_of(request, account, entry),
        meeting=meeting,
        entry=entry,
        state=entry.state,
        kinds=KINDS,
        quorums=QUORUMS_NAMED,
        roles=ROLES_NAMED,
        may_manage=may_manage,
        coming=coming,
        undeputised=meeting.kind is MeetingKind.COUNCIL and not council,
        regular=series.id if series else None,
        base_url=request.app[CONFIG].base_url,
        series=series.id if series and may(account, "series.arrange", series.unit) else None,
        invitation=invitation if invitation and may(account, "document.read", _document_access(invitation)) else None,
        invitation_state=wording.STATES,
        sends_mail=request.app[POSTMAN].sends,
        unreached=(await addressees(request.app, meeting))[1] if may_manage and coming else [],
        previous=await conclusions_of(request, account, meeting.previous) if meeting.previous else (),
        closed_at=entry.closed_at,
        may_invite=entry.state not in ("closed", "cancelled")
        and may(account, "meeting.invite", MeetingAccess(meeting.room, meeting.desk)),
        may_enter=may(account, "meeting.enter", seats(meeting)),
        minutes=await _minutes_of(request, account, meeting.id) if entry.state == "closed" else None,
        keeps=await keeps(request, account, entry),
        reviews=any(item.title == REVIEW_ITEM for item in meeting.agenda),
    )


async def enter(request: web.Request) -> web.Response:
    """GET /rooms/{room}: the meeting room's page, for those who belong in it. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    room_id = request.match_info["room"]
    async with request.app[DATABASE].read() as connection:
        room = await store.get_room(connection, room_id)
        held = await store.meetings(connection, room_id=room_id, states=sorted(OVER), newest_first=True, limit=1)
    if room is None:
        raise Problem("unknown_room")
    meeting = await request.app[SITTINGS].meeting(room_id)
    if meeting is None:
        if held and may(account, "meeting.enter", access(held[0].meeting, account)):
            return see_other(f"/meetings/{held[0].meeting.id}")
        raise Problem("not_invited")
    expected = may(account, "meeting.enter", seats(meeting))
    if not expected and not may(account, "meeting.knock", await door(request.app[DATABASE], meeting)):
        raise Problem("not_invited")
    reader = reader_of(request)
    response = private(
        request,
        # The second screen of a hall: a window that only shows what the room's page draws in it.
        "meeting/display.html" if "display" in request.query else "meeting/room.html",
        room={"id": room.id, "title": room.title},
        meeting={
            "id": meeting.id,
            "title": meeting.title,
            "starts_at": meeting.starts_at,
            "place": meeting.place,
            "quorum": meeting.quorum,
            "kind": meeting.kind,
        },
        you={"id": account.id, "name": account.name, "role": role_of(account, meeting)},
        strings=script_strings(reader.language, reader.official),
        socket_path=f"/rooms/{room.id}/ws",
        reviews=any(item.title == REVIEW_ITEM for item in meeting.agenda),
        phone="phone" in request.query,  # silent, beside the device of a site
        relay_only=request.app[CONFIG].turn.only,
    )
    response.enable_compression()  # all its words in a fifth of the octets; nothing in it repeats what was asked
    return response


def role_of(account: Account, meeting: Meeting) -> str:
    """In which capacity `account` comes to `meeting`."""
    named = {person.id: person.role.value for person in meeting.people()}
    return named.get(account.id) or account.room_role or "guest"
