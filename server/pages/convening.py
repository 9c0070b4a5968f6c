"""Scheduling, changing, inviting, cancelling: the office's pages about meetings to come, and the mail about them."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from minutes.document import Actor
from minutes.errors import RecordError
from minutes.tasks.reviewing import REVIEW_ITEM
from rooms import Refused, store
from rooms.proceedings import AgendaItem, MeetingKind
from rooms.proceedings.values import CHAIR_WAIT
from server import convening, council, directory, doors, outbox
from server.auth import utcnow
from server.calendar_event import calendar
from server.directory import Account
from server.errors import Problem
from server.i18n import N_, VIETNAM
from server.keys import CONFIG, DATABASE, POSTMAN, RECORDS, TASKS
from server.outbox import MailState
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, private
from server.pages.meeting_sheet import (
    KINDS,
    QUORUMS_NAMED,
    ROLES,
    VOTES,
    Choices,
    Form,
    Sheet,
    accounts_named,
    typed_of,
)
from server.pages.meetings import meeting_of
from server.pages.sheet_rows import BLANK, PARTS, agenda_rows, shown
from server.pages.texts import Unfit, on_record
from server.rights import may
from server.sittings import invited_as

REASON = 500
MAIL_STATES: Mapping[MailState, str] = {
    MailState.WAITING: N_("Chờ gửi"),
    MailState.SENT: N_("Đã gửi"),
    MailState.FAILED: N_("Không gửi được"),
    MailState.HELD: N_("Chưa gửi (hệ thống chưa nối máy chủ thư)"),
}


def routes() -> list[web.RouteDef]:
    """The routes of this module; before those of one meeting, whose path would take "new"."""
    return [
        web.get("/meetings/new", new),
        web.post("/meetings/new", schedule),
        web.get("/meetings/rooms/{room}", room),
        web.post("/meetings/rooms/{room}", arrange),
        web.get("/meetings/{id}/edit", edit),
        web.post("/meetings/{id}/edit", save),
        web.post("/meetings/{id}/invitation", draft),
        web.post("/meetings/{id}/invite", invite),
        web.post("/meetings/{id}/cancel", cancel),
        web.get("/meetings/{id}/mail", mail),
        web.post("/meetings/{id}/mail", send_again),
        web.get("/meetings/{id}/meeting.ics", download),
    ]


async def choices_of(request: web.Request, account: Account) -> Choices:
    """Whom a sheet of the account's office may name today."""
    today = utcnow().astimezone(VIETNAM).date().isoformat()
    async with request.app[DATABASE].read() as connection:
        accounts, units = await directory.accounts(connection), await directory.units(connection, today)
        return Choices.of(account, accounts, units, await council.deputies(connection, account.unit.id))


async def _managed(request: web.Request) -> tuple[Account, store.MeetingEntry]:
    """The meeting of the path, for those who may change it. Raises Problem."""
    account, entry = await meeting_of(request)
    if not may(account, "meeting.manage", convening.managers(entry.meeting, account)):
        raise Problem("not_allowed")
    return account, entry


async def _to_come(request: web.Request) -> tuple[Account, store.MeetingEntry]:
    """As _managed, of a meeting that has not been opened. Raises Problem."""
    account, entry = await _managed(request)
    if entry.state not in store.COMING:
        raise Problem(entry.state if entry.state in ("closed", "cancelled") else "already_open")
    return account, entry


# --- the form -------------------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.Response:
    """GET /meetings/new: the empty form."""
    account = require(request, "meeting.schedule")
    choices = await choices_of(request, account)
    typed = blank(account, choices)
    if await request.app[TASKS].of_authority(account.unit.id, only_open=True, concluded=True):
        typed |= agenda_rows([AgendaItem("", REVIEW_ITEM, "")])
    return sheet_form(request, choices, typed, {})


def blank(account: Account, choices: Choices) -> dict[str, str]:
    """What an empty form proposes; the chair, where the unit has one leader."""
    soon = (utcnow().astimezone(VIETNAM) + timedelta(hours=1)).replace(minute=0)
    return {
        "lobby": "on",
        "chair_wait": str(CHAIR_WAIT),
        "secretary": account.id,
        "chair": choices.leaders[0].id if len(choices.leaders) == 1 else "",
        "place": account.unit.short_name,
        "date": soon.date().isoformat(),
        "time": soon.strftime("%H:%M"),
    }


def sheet_form(
    request: web.Request,
    choices: Choices,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    entry: store.MeetingEntry | None = None,
    repeats: Mapping[str, object] | None = None,
) -> web.Response:
    """The form of a sheet: of a new meeting, of `entry`, or of a series, `repeats` being what is to say about it."""
    return private(
        request,
        "meetings/sheet.html",
        status=422 if errors else 200,
        typed=defaultdict(str, typed),
        errors=defaultdict(str, errors),
        choices=choices,
        kinds={kind: name for kind, name in KINDS.items() if not repeats or kind != MeetingKind.EMERGENCY},
        quorums=QUORUMS_NAMED,
        roles=ROLES,
        votes=VOTES,
        usual={one.id: invited_as(one) for one in choices.others},
        filled={kind: shown(typed, kind) for kind in PARTS},
        blanks={kind: BLANK * (2 if typed.get("rows") == kind else 1) for kind in PARTS},
        entry=entry,
        repeats=repeats,
    )


async def schedule(request: web.Request) -> web.Response:
    """POST /meetings/new: put the meeting down, in a room of its own; what was typed stays where it is wrong."""
    account = require(request, "meeting.schedule")
    typed = await form(request)
    choices = await choices_of(request, account)
    if "rows" in typed:
        return sheet_form(request, choices, typed, {})
    read = Form(typed, choices, reader_of(request))
    if doors.unasked(typed):
        read.errors[doors.FIELD] = reader_of(request).gettext(doors.UNASKED)
    sheet = read.read(account, utcnow(), secrets.token_hex(8), convening.new_room())
    if sheet is None:
        return sheet_form(request, choices, typed, read.errors)
    await convening.schedule(request.app, sheet.meeting, sheet.guests, account)
    return await _put_down(request, sheet.meeting.id)


async def _put_down(request: web.Request, meeting_id: str) -> web.Response:
    """To the meeting's page; to an emergency people are called at once, and the page says who was."""
    entry = await _kept(request, meeting_id)
    if entry.meeting.kind is not MeetingKind.EMERGENCY or entry.state != "scheduled":
        return see_other(f"/meetings/{meeting_id}")
    await convening.invite(request.app, entry)
    return see_other(f"/meetings/{meeting_id}/mail")


async def _kept(request: web.Request, meeting_id: str) -> store.MeetingEntry:
    """The meeting as it is kept now. Raises Problem."""
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, meeting_id)
    if entry is None:
        raise Problem("not_invited")
    return entry


async def edit(request: web.Request) -> web.Response:
    """GET /meetings/{id}/edit: the sheet of a meeting to come, as a form."""
    account, entry = await _to_come(request)
    choices = await choices_of(request, account)
    async with request.app[DATABASE].read() as connection:
        guests = await outbox.guests(connection, entry.meeting.id)
    return sheet_form(request, choices, typed_of(entry.meeting, guests, choices), {}, entry=entry)


async def save(request: web.Request) -> web.Response:
    """POST /meetings/{id}/edit: another sheet; who was invited is told, if that is ticked."""
    account, entry = await _to_come(request)
    typed = await form(request)
    choices = await choices_of(request, account)
    async with request.app[DATABASE].read() as connection:
        guests = await outbox.guests(connection, entry.meeting.id)
    if "rows" in typed:
        return sheet_form(request, choices, typed, {}, entry=entry)
    read = Form(typed, choices, reader_of(request))
    before = Sheet(entry.meeting, guests)
    sheet = read.read(account, utcnow(), entry.meeting.id, entry.meeting.room, before)
    if sheet is None:
        return sheet_form(request, choices, typed, read.errors, entry=entry)
    try:
        await convening.change(request.app, entry, sheet.meeting, sheet.guests, account, tell="tell" in typed)
    except Refused as refused:
        raise Problem(refused.code) from refused
    return await _put_down(request, entry.meeting.id)


# --- inviting and cancelling ----------------------------------------------------------------------------------


async def draft(request: web.Request) -> web.Response:
    """POST /meetings/{id}/invitation: draft the typeset invitation from the sheet, and go to it at the desk."""
    account, entry = await _to_come(request)
    await form(request)
    by = Actor(account.id, account.name, account.title)
    try:
        document = await request.app[RECORDS].draft_invitation(
            entry.meeting, by, await convening.paper_names(request.app, entry.meeting)
        )
    except RecordError as error:
        return await _told(request, wording.told(error.reason, reader_of(request)))
    return see_other(f"/desk/{document}")


async def invite(request: web.Request) -> web.Response:
    """POST /meetings/{id}/invite: the invitations go out, and the meeting is convened."""
    _account, entry = await _to_come(request)
    await form(request)
    await convening.invite(request.app, entry)
    return see_other(f"/meetings/{entry.meeting.id}/mail")


async def cancel(request: web.Request) -> web.Response:
    """POST /meetings/{id}/cancel: the meeting is not held, and those who were invited are told why."""
    account, entry = await _to_come(request)
    typed = await form(request)
    reader = reader_of(request)
    try:
        reason = on_record(typed.get("reason", ""), REASON)
    except Unfit as unfit:
        return await _told(request, reader.gettext(str(unfit), limit=REASON))
    try:
        await convening.cancel(request.app, entry, reason, account)
    except Refused as refused:
        raise Problem(refused.code) from refused
    return see_other(f"/meetings/{entry.meeting.id}")


async def _told(request: web.Request, sentence: str) -> web.Response:
    """What kept an act from being done, on a page with the way back."""
    _account, entry = await meeting_of(request)
    return private(request, "meetings/refused.html", status=422, sentence=sentence, meeting=entry.meeting)


# --- mail and calendar ----------------------------------------------------------------------------------------


async def mail(request: web.Request) -> web.Response:
    """GET /meetings/{id}/mail: what was sent about a meeting, and before that the very letters that would be."""
    _account, entry = await _managed(request)
    async with request.app[DATABASE].read() as connection:
        mails = await outbox.of_meeting(connection, entry.meeting.id)
    sends = request.app[POSTMAN].sends
    _, unreached = await convening.addressees(request.app, entry.meeting)
    return private(
        request,
        "meetings/mail.html",
        meeting=entry.meeting,
        mails=mails,
        to_send=await convening.to_send(request.app, entry) if entry.state == "scheduled" else [],
        states=MAIL_STATES,
        counts=Counter(one.state for one in mails),
        unreached=unreached,
        sends=sends,
        may_send=sends and any(one.state in (MailState.FAILED, MailState.HELD) for one in mails),
    )


async def send_again(request: web.Request) -> web.Response:
    """POST /meetings/{id}/mail: try once more what failed or was held."""
    _account, entry = await _managed(request)
    await form(request)
    if request.app[POSTMAN].sends:
        async with request.app[DATABASE].begin() as connection:
            await outbox.again(connection, entry.meeting.id, utcnow())
        request.app[POSTMAN].wake()
    return see_other(f"/meetings/{entry.meeting.id}/mail")


async def download(request: web.Request) -> web.Response:
    """GET /meetings/{id}/meeting.ics: the meeting for the reader's calendar."""
    _account, entry = await meeting_of(request)
    data = calendar(
        entry.meeting,
        method="PUBLISH" if entry.state != "cancelled" else "CANCEL",
        sequence=entry.sequence,
        stamp=utcnow(),
        url=f"{request.app[CONFIG].base_url}/meetings/{entry.meeting.id}",
        reason=entry.reason or "",
    )
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="cuoc-hop.ics"'}
    return web.Response(body=data, content_type="text/calendar", charset="utf-8", headers=headers)


# --- permanent rooms ------------------------------------------------------------------------------------------


async def room(request: web.Request) -> web.Response:
    """GET /meetings/rooms/{room}: who chairs, records and comes to a permanent room; "new": to a new one."""
    account, found = await _room(request)
    typed = {"title": found.title, "chair": found.chair, "secretary": found.secretary or account.id}
    typed |= {f"unit.{unit}": unit for unit in found.invites}
    return await _room_form(request, account, found, typed, {})


async def _room(request: web.Request) -> tuple[Account, store.RoomEntry]:
    room_id = request.match_info["room"]
    if room_id == "new":
        account = require(request, "meeting.schedule")
        return account, store.RoomEntry("", "", permanent=True, unit=account.unit.id)
    async with request.app[DATABASE].read() as connection:
        found = await store.get_room(connection, room_id)
    if found is None or not found.permanent:
        raise Problem("unknown_room")
    return require(request, "room.arrange", found.unit), found


async def _room_form(
    request: web.Request, account: Account, found: store.RoomEntry, typed: Mapping[str, str], errors: Mapping[str, str]
) -> web.Response:
    choices = await choices_of(request, account)
    return private(
        request,
        "meetings/room.html",
        status=422 if errors else 200,
        room=found,
        typed=defaultdict(str, typed),
        errors=defaultdict(str, errors),
        choices=choices,
    )


async def arrange(request: web.Request) -> web.Response:
    """POST /meetings/rooms/{room}: keep it; it holds from the room's next meeting on."""
    account, found = await _room(request)
    typed = await form(request)
    choices, reader = await choices_of(request, account), reader_of(request)
    errors: dict[str, str] = {}
    title = ""
    try:
        title = on_record(typed.get("title", ""), 200)
    except Unfit as unfit:
        errors["title"] = reader.gettext(str(unfit), limit=200)
    chair, secretary = typed.get("chair", ""), typed.get("secretary", "")
    if chair not in [one.id for one in choices.chairs]:
        errors["chair"] = reader.gettext(N_("Chưa chọn người chủ trì."))
    if secretary not in [one.id for one in choices.secretaries] or secretary == chair:
        errors["secretary"] = reader.gettext(N_("Chưa chọn thư ký, hoặc thư ký trùng với người chủ trì."))
    if errors:
        return await _room_form(request, account, found, typed, errors)
    invites = accounts_named(typed, "unit", (unit.id for unit in choices.units))
    async with request.app[DATABASE].begin() as connection:
        if found.id:
            changed = store.RoomEntry(found.id, title, True, found.unit, chair, secretary, invites)
            await store.change_room(connection, changed)
        else:
            made = store.RoomEntry(convening.new_room(), title, True, account.unit.id, chair, secretary, invites)
            await store.add_room(connection, made)
    return see_other("/meetings")
