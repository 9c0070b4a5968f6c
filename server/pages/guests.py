"""Guest links: made, listed and taken back by chair and secretary; the personal links of those whom the sheet names and
mail does not reach; and the page where a guest says who they are."""

from datetime import datetime, timedelta

import segno
from aiohttp import web

from minutes.secrecy import secrecy_mark
from rooms import BadMessage, clean, store
from rooms.proceedings import Meeting
from server import clients, inviting
from server.auth import NAMED_GUEST, utcnow
from server.directory import Account
from server.errors import Problem, answer
from server.i18n import N_
from server.inviting import GuestLink
from server.keys import CONFIG, DATABASE, IDENTITY, SITTINGS, TOKENS
from server.letters import LINK_OUTLIVES
from server.middleware import cookie_name, secure
from server.pages import current, form, reader_of, see_other
from server.pages.caching import private
from server.rights import MeetingAccess, may

NAME = 200
HOURS = {"4": 4, "24": 24, "72": 72, "168": 168}
"""For how long a link may be made."""
DEFAULT_HOURS = "24"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/meetings/{id}/guests", show),
        web.post("/meetings/{id}/guests", make),
        web.post("/meetings/{id}/guests/{link}/revoke", revoke),
        web.post("/meetings/{id}/guests/{person}/link", hand_over),
        web.get("/guest", door),
        web.post("/guest", come),
    ]


async def _meeting(request: web.Request) -> tuple[Meeting, Account, bool]:
    """The meeting as it stands now, who asks, and whether it is still to come or goes on. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, request.match_info["id"])
    if entry is None:
        raise Problem("not_invited")
    sitting = request.app[SITTINGS].holding(entry.meeting)
    meeting = sitting.room.meeting if sitting is not None else entry.meeting
    desk = meeting.desk
    if not may(account, "meeting.invite", MeetingAccess(meeting.room, desk)):
        raise Problem("not_allowed")
    return meeting, account, entry.state not in ("closed", "cancelled")


async def _page(
    request: web.Request, meeting: Meeting, *, to_come: bool, made: str = "", whose: str = "", sentence: str = ""
) -> web.Response:
    async with request.app[DATABASE].read() as connection:
        found = await inviting.links(connection, meeting.id)
    now = utcnow()
    return private(
        request,
        "meetings/guests.html",
        status=422 if sentence else 200,
        meeting=meeting,
        links=[(link, _standing(link, now)) for link in found],
        to_come=to_come,
        made=made,
        whose=whose,
        image=segno.make(made, error="l", micro=False).svg_data_uri(scale=4, border=4, light="#fff") if made else "",
        named=[person for person in meeting.people() if person.id.startswith(NAMED_GUEST)],
        sentence=sentence,
        hours=tuple(HOURS),
        default_hours=DEFAULT_HOURS,
    )


def _standing(link: GuestLink, now: datetime) -> str:
    if link.revoked_at is not None:
        return "revoked"
    return "good" if link.good(now) else "expired"


async def show(request: web.Request) -> web.Response:
    """GET /meetings/{id}/guests: the links of a meeting."""
    meeting, _account, to_come = await _meeting(request)
    return await _page(request, meeting, to_come=to_come)


async def make(request: web.Request) -> web.Response:
    """POST /meetings/{id}/guests: a new link, shown this once."""
    meeting, account, to_come = await _meeting(request)
    typed = await form(request)
    if not to_come:
        raise Problem("closed")
    role, hours = typed.get("role", ""), HOURS.get(typed.get("hours", ""))
    if role not in inviting.ROLES or hours is None:
        raise Problem("bad_form")
    name, sentence = _name(request, typed.get("name", "")) if typed.get("name", "").strip() else ("", "")
    if sentence:
        return await _page(request, meeting, to_come=to_come, sentence=sentence)
    now = utcnow()
    async with request.app[DATABASE].begin() as connection:
        secret = await inviting.make(
            connection, meeting, name=name, role=role, by=(account.id, account.name), now=now,
            expires_at=now + timedelta(hours=hours),
        )  # fmt: skip
    link = f"{request.app[CONFIG].base_url}/guest#{secret}"
    return await _page(request, meeting, to_come=to_come, made=link)


async def hand_over(request: web.Request) -> web.Response:
    """POST /meetings/{id}/guests/{person}/link: the personal link of somebody whom the sheet names and who has no
    account, as their invitation has it: shown this once, to be handed over, good as long as the sheet names them."""
    meeting, _account, to_come = await _meeting(request)
    await form(request)
    if not to_come:
        raise Problem("closed")
    person = next((one for one in meeting.people() if one.id == request.match_info["person"]), None)
    if person is None or not person.id.startswith(NAMED_GUEST):
        raise Problem("unknown_participant")
    now = utcnow()
    lifetime = max(meeting.starts_at, now) + LINK_OUTLIVES - now
    token = request.app[TOKENS].room(meeting.room, person.name, "guest", person.id, now, lifetime)
    link = f"{request.app[CONFIG].base_url}/sign-in#{token}"
    return await _page(request, meeting, to_come=to_come, made=link, whose=person.name)


async def revoke(request: web.Request) -> web.Response:
    """POST /meetings/{id}/guests/{link}/revoke: take a link back."""
    meeting, _account, _to_come = await _meeting(request)
    await form(request)
    link = request.match_info["link"]
    async with request.app[DATABASE].begin() as connection:
        await inviting.revoke(connection, meeting.id, link, utcnow())
    sitting = request.app[SITTINGS].holding(meeting)
    if sitting is not None:
        await sitting.turn_away(link)
    return see_other(f"/meetings/{meeting.id}/guests")


def _name(request: web.Request, typed: str) -> tuple[str, str]:
    """A name as it may come on record, or a sentence that says what is wrong with it."""
    reader = reader_of(request)
    if secrecy_mark(typed):
        return "", reader.gettext(answer("secret_marking").text)
    try:
        return clean(typed, NAME), ""
    except BadMessage as error:
        if error.code == "too_long":
            return "", reader.gettext(answer("too_long").text)
        return "", reader.gettext(N_("Xin ghi họ và tên."))


# --- the guest --------------------------------------------------------------------------------------------------


async def door(request: web.Request) -> web.Response:
    """GET /guest: a script posts the secret that follows "#" in the link."""
    return _door(request, link=None, secret="", sentence="", name="")


def _door(
    request: web.Request,
    *,
    link: GuestLink | None,
    secret: str,
    sentence: str,
    name: str,
    meeting: Meeting | None = None,
) -> web.Response:
    status = 422 if sentence else 200
    return private(
        request, "meetings/guest.html", status=status, invitation=link, meeting=meeting, secret=secret, name=name,
        sentence=sentence,
    )  # fmt: skip


async def come(request: web.Request) -> web.Response:
    """POST /guest: first the secret alone, then with the guest's name: a session for that room and nothing else."""
    typed = await form(request)
    secret = typed.get("code", "").strip().rpartition("#")[2]
    async with request.app[DATABASE].read() as connection:
        link = await inviting.find(connection, secret)
        entry = await store.get_meeting(connection, link.meeting_id) if link else None
    reader, now = reader_of(request), utcnow()
    if link is None or entry is None or not link.good(now) or entry.state in ("closed", "cancelled"):
        if clients.guesses(request):
            raise Problem("many_codes")
        sentence = reader.gettext(N_("Đường dẫn mời không đúng, đã hết hạn hoặc đã bị thu hồi. Xin hỏi lại người mời."))
        return _door(request, link=None, secret="", sentence=sentence, name="")
    account = current(request)
    if account is not None and account.link == link.id:
        return see_other(f"/rooms/{link.room_id}")  # the same browser comes again: the same guest
    name, sentence = (link.name, "") if link.name else _name(request, typed.get("name", ""))
    if "name" not in typed or sentence:
        return _door(
            request, link=link, secret=secret, sentence=sentence if "name" in typed else "", name=link.name,
            meeting=entry.meeting,
        )  # fmt: skip
    cookie, expires = await request.app[IDENTITY].begin_guest(inviting.claims(link, name), now)
    response = see_other(f"/rooms/{link.room_id}")
    response.set_cookie(
        cookie_name(request), cookie, max_age=int((expires - now).total_seconds()), httponly=True, samesite="Lax",
        secure=secure(request), path="/",
    )  # fmt: skip
    return response
