"""Meetings: mine, scheduling a new one, one meeting's sheet, and the door to its room."""

import secrets
import string
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aiohttp import web

from minutes.document import Document, Kind
from minutes.secrecy import secrecy_mark
from rooms import BadMessage, messages, store
from rooms.proceedings import AgendaItem, Meeting, Person, Role, Unit
from server import directory
from server.auth import DocumentAccess, MeetingAccess, may, utcnow
from server.directory import Account
from server.errors import ANSWERS, Problem
from server.i18n import N_, VIETNAM, Reader, script_strings
from server.keys import CONFIG, DATABASE, RECORDS, SITTINGS
from server.pages import current, form, reader_of, require, see_other
from server.pages.caching import private
from server.pages.recordings import recording_of
from server.sittings import invited, person_of

STANDING_ROOM = "giao-ban"
TITLE, PLACE, ITEMS, PRESENTER = 300, 300, 60, 200
ENDED = 50
"""How many ended meetings the list shows, newest first; older ones are found by their record at the desk."""
PLANNED = timedelta(days=731)
KEPT_IN_VIEW = timedelta(days=120)
_OFFICE = frozenset({"leader", "secretary", "clerk"})
_ID = string.ascii_lowercase + string.digits


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/meetings", index),
        web.get("/meetings/new", new),
        web.post("/meetings/new", schedule),
        web.get("/meetings/{id}", show),
        web.get("/rooms/{room}", enter),
    ]


def access(meeting: Meeting, account: Account | None) -> MeetingAccess:
    """The meeting as `may` sees it when its sheet is read: those invited, and the office that holds it."""
    members = invited(meeting)
    if account is not None and account.unit.id == meeting.authority.id and account.roles & _OFFICE:
        members |= {account.id}
    return MeetingAccess(meeting.room, members)


async def index(request: web.Request) -> web.Response:
    """GET /meetings: running, coming and ended meetings of the account."""
    account = require(request, "meetings.list")
    async with request.app[DATABASE].read() as connection:
        coming = await store.meetings(connection, states=("open", "scheduled"), limit=500)
        held = await store.meetings(
            connection, states=("closed",), starts_from=utcnow() - KEPT_IN_VIEW, newest_first=True
        )
        standing = await store.get_room(connection, STANDING_ROOM)
    mine = [entry for entry in (*coming, *held) if may(account, "meeting.enter", access(entry.meeting, account))]
    ended = [entry.meeting for entry in mine if entry.state == "closed"][:ENDED]
    records = {meeting.id: await _minutes_of(request, account, meeting.id) for meeting in ended}
    return private(
        request,
        "meetings/list.html",
        running=[entry.meeting for entry in mine if entry.state == "open"],
        coming=[entry.meeting for entry in mine if entry.state == "scheduled"],
        ended=ended,
        records=records,
        standing=standing,
    )


async def _minutes_of(request: web.Request, account: Account, meeting_id: str) -> Document | None:
    """The minutes of a meeting, if the account may read them."""
    for document in await request.app[RECORDS].documents(meeting_id=meeting_id, kind=Kind.MINUTES):
        signers = frozenset(signer.account for signer in document.signers if signer.role != "seal")
        if may(account, "document.read", DocumentAccess(document.unit.id, signers)):
            return document
    return None


async def show(request: web.Request) -> web.Response:
    """GET /meetings/{id}: the sheet of one meeting, and the door to its room. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, request.match_info["id"])
    # The same answer for a meeting that does not exist and one that is not theirs.
    if entry is None or not may(account, "meeting.enter", access(entry.meeting, account)):
        raise Problem("not_invited")
    meeting = entry.meeting
    return private(
        request,
        "meetings/show.html",
        recording=await recording_of(request, account, entry),
        meeting=meeting,
        state=entry.state,
        closed_at=entry.closed_at,
        may_enter=may(account, "meeting.enter", MeetingAccess(meeting.room, invited(meeting))),
        minutes=await _minutes_of(request, account, meeting.id) if entry.state == "closed" else None,
    )


async def enter(request: web.Request) -> web.Response:
    """GET /rooms/{room}: the meeting room's page, for those who belong in it. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    room_id = request.match_info["room"]
    async with request.app[DATABASE].read() as connection:
        room = await store.get_room(connection, room_id)
        held = await store.meetings(connection, room_id=room_id, states=("closed",), newest_first=True, limit=1)
    if room is None:
        raise Problem("unknown_room")
    meeting = await request.app[SITTINGS].meeting(room_id)
    if meeting is None:
        if held and may(account, "meeting.enter", access(held[0].meeting, account)):
            return see_other(f"/meetings/{held[0].meeting.id}")
        raise Problem("not_invited")
    if not may(account, "meeting.enter", MeetingAccess(room_id, invited(meeting))):
        raise Problem("not_invited")
    reader = reader_of(request)
    return private(
        request,
        "meeting/room.html",
        room={"id": room.id, "title": room.title},
        meeting={
            "id": meeting.id,
            "title": meeting.title,
            "starts_at": meeting.starts_at,
            "place": meeting.place,
        },
        you={"id": account.id, "name": account.name, "role": role_of(account, meeting)},
        strings=script_strings(reader.language),
        socket_path=f"/rooms/{room.id}/ws",
        relay_only=request.app[CONFIG].turn.only,
    )


def role_of(account: Account, meeting: Meeting) -> str:
    """In which capacity `account` comes to `meeting`."""
    if account.room is not None:
        return account.room_role or "viewer"
    if account.id == meeting.chair.id:
        return "chair"
    return "secretary" if account.id == meeting.secretary.id else "delegate"


# --- scheduling -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choices:
    """Whom a new meeting may name: accounts by role, and the units that send delegates."""

    chairs: tuple[Account, ...]
    secretaries: tuple[Account, ...]
    delegates: Mapping[str, tuple[Account, ...]]
    units: tuple[directory.Unit, ...]
    owners: tuple[directory.Unit, ...]

    @classmethod
    def of(cls, account: Account, accounts: Sequence[Account], units: Sequence[directory.Unit]) -> "Choices":
        """The choices of `account`: chair and secretary from its own unit, delegates from every unit."""
        delegates = {
            unit.id: tuple(one for one in accounts if one.unit.id == unit.id and "delegate" in one.roles)
            for unit in units
        }
        return cls(
            chairs=tuple(one for one in accounts if "leader" in one.roles and one.unit.id == account.unit.id),
            secretaries=tuple(one for one in accounts if "secretary" in one.roles and one.unit.id == account.unit.id),
            delegates=delegates,
            units=tuple(unit for unit in units if delegates[unit.id]),
            owners=tuple(units),
        )


async def _choices(request: web.Request, account: Account) -> Choices:
    today = utcnow().astimezone(VIETNAM).date().isoformat()
    async with request.app[DATABASE].read() as connection:
        return Choices.of(account, await directory.accounts(connection), await directory.units(connection, today))


async def new(request: web.Request) -> web.Response:
    """GET /meetings/new: the empty form."""
    account = require(request, "meeting.schedule")
    choices = await _choices(request, account)
    soon = (utcnow().astimezone(VIETNAM) + timedelta(hours=1)).replace(minute=0)
    typed = {
        "secretary": account.id,
        "place": account.unit.short_name,
        "date": soon.date().isoformat(),
        "time": soon.strftime("%H:%M"),
    }
    return _sheet_form(request, choices, typed, {})


def _sheet_form(
    request: web.Request, choices: Choices, typed: Mapping[str, str], errors: Mapping[str, str]
) -> web.Response:
    return private(
        request,
        "meetings/new.html",
        status=422 if errors else 200,
        typed=defaultdict(str, typed),
        errors=defaultdict(str, errors),
        choices=choices,
    )


async def schedule(request: web.Request) -> web.Response:
    """POST /meetings/new: put the meeting down, in a room of its own; what was typed stays where it is wrong."""
    account = require(request, "meeting.schedule")
    typed = await form(request)
    choices = await _choices(request, account)
    now = utcnow()
    meeting, errors = read_sheet(typed, choices, account, now, _new_room(), secrets.token_hex(8), reader_of(request))
    if meeting is None:
        return _sheet_form(request, choices, typed, errors)
    async with request.app[DATABASE].begin() as connection:
        await store.add_room(connection, store.RoomEntry(meeting.room, meeting.title, permanent=False))
        await store.add_meeting(connection, meeting, created_by=account.id, created_at=now)
    return see_other(f"/meetings/{meeting.id}")


def _new_room() -> str:
    return "hop-" + "".join(secrets.choice(_ID) for _ in range(8))


def read_sheet(
    typed: Mapping[str, str],
    choices: Choices,
    account: Account,
    now: datetime,
    room: str,
    meeting_id: str,
    reader: Reader,
) -> tuple[Meeting | None, dict[str, str]]:
    """The meeting that a form describes, or None and a sentence for each field that is wrong."""
    errors: dict[str, str] = {}

    def wrong(field: str, sentence: str, **values: object) -> None:
        errors.setdefault(field, reader.gettext(sentence, **values))

    def line(name: str, limit: int) -> str:
        try:
            return _on_record(typed.get(name, ""), limit)
        except _Unfit as unfit:
            wrong(name, str(unfit), limit=limit)
            return ""

    title, place = line("title", TITLE), line("place", PLACE)
    starts_at = _moment(typed.get("date", ""), typed.get("time", ""))
    if starts_at is None:
        wrong("date", N_("Ngày, giờ không hợp lệ."))
    elif starts_at.date() < now.astimezone(VIETNAM).date():
        wrong("date", N_("Ngày họp đã qua."))
    elif starts_at - now > PLANNED:
        wrong("date", N_("Ngày họp cách hiện tại quá hai năm."))
    chair = _pick(choices.chairs, typed.get("chair", ""))
    secretary = _pick(choices.secretaries, typed.get("secretary", ""))
    if chair is None:
        wrong("chair", N_("Chưa chọn người chủ trì."))
    if secretary is None or secretary == chair:
        wrong("secretary", N_("Chưa chọn thư ký, hoặc thư ký trùng với người chủ trì."))
    units = [unit for unit in choices.units if f"unit.{unit.id}" in typed]
    if not units:
        wrong("units", N_("Chưa chọn đơn vị dự họp."))
    agenda = _agenda(typed.get("agenda", ""))
    if isinstance(agenda, str):
        wrong("agenda", agenda, items=ITEMS, limit=TITLE)
    if errors or starts_at is None or chair is None or secretary is None or isinstance(agenda, str):
        return None, errors
    delegates = (one for unit in units for one in choices.delegates[unit.id] if one not in (chair, secretary))
    return (
        Meeting(
            id=meeting_id,
            room=room,
            title=title,
            place=place,
            # The full name: it becomes the letterhead of what the meeting issues.
            authority=Unit(account.unit.id, account.unit.name),
            starts_at=starts_at,
            chair=person_of(chair, Role.CHAIR),
            secretary=person_of(secretary, Role.SECRETARY),
            invited=_people(delegates),
            agenda=agenda,
            units=tuple(Unit(unit.id, unit.short_name) for unit in choices.owners),
        ),
        {},
    )


def _people(accounts: Iterable[Account]) -> tuple[Person, ...]:
    return tuple(person_of(account, Role.DELEGATE) for account in accounts)


def _pick(accounts: Iterable[Account], account_id: str) -> Account | None:
    return next((account for account in accounts if account.id == account_id), None)


def _moment(day: str, clock: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), VIETNAM)
    except ValueError:
        return None


def _agenda(text: str) -> tuple[AgendaItem, ...] | str:
    """One item a line, "nội dung | người trình bày"; or the sentence that says what is wrong."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip(" |\t")]
    if not lines:
        return N_("Chương trình họp còn để trống.")
    if len(lines) > ITEMS:
        return N_("Chương trình họp có quá %(items)s nội dung.")
    items = []
    for number, line in enumerate(lines, 1):
        title, _, presenter = line.partition("|")
        try:
            by = _on_record(presenter, PRESENTER) if presenter.strip() else ""
            items.append(AgendaItem(f"item-{number}", _on_record(title, TITLE), by))
        except _Unfit as unfit:
            known = str(unfit) not in (EMPTY, TOO_LONG)
            return str(unfit) if known else N_("Mỗi dòng cần có nội dung, dài không quá %(limit)s ký tự.")
    return tuple(items)


EMPTY, TOO_LONG = N_("Nội dung này còn để trống."), N_("Dài quá %(limit)s ký tự.")


class _Unfit(Exception):
    """A text may not come on record; the message is a msgid."""


def _on_record(typed: str, limit: int) -> str:
    """One line as it may come on record: in one Unicode form, nothing unprintable, no mark of secrecy."""
    if secrecy_mark(typed):
        raise _Unfit(ANSWERS["secret_marking"].text)
    try:
        return messages.clean(typed, limit)
    except BadMessage as error:
        faults = {"empty_text": EMPTY, "too_long": TOO_LONG}
        raise _Unfit(faults.get(error.code, N_("Có ký tự không dùng được trong văn bản."))) from error
