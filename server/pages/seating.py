"""Check-in at a site: the code for the site's screen, the phone's page, and the operator's tick."""

from datetime import datetime

import segno
from aiohttp import web

from rooms.topics.sites import SITES, CheckIn, TakeSeat
from server.auth import may, utcnow
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import CONFIG, IDENTITY, SEATING, SITTINGS, TOKENS
from server.middleware import cookie_name, secure
from server.pages import current, form, reader_of, see_other
from server.pages.caching import private
from server.seating import SESSION, Phone, free, ticket
from server.sitting import Sitting
from server.sittings import seats


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/rooms/{room}/sites/{site}/code", code),
        web.post("/rooms/{room}/sites/{site}/phones", tick),
        web.get("/checkin", door),
        web.post("/checkin", come),
    ]


async def _site(request: web.Request) -> tuple[Sitting, str, Account]:
    """The site, and its operator who asks. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    sitting = await request.app[SITTINGS].in_session(request.match_info["room"])
    if sitting is None or not may(account, "meeting.enter", seats(sitting.room.meeting)):
        raise Problem("not_invited")
    site, sheet = request.match_info["site"], sitting.room.meeting
    if site not in SITES.of(sitting.room.state):
        raise Problem("unknown_site")
    if account.id not in {site, *sheet.desk} or not sitting.room.state.present(account.id):
        raise Problem("not_allowed")
    return sitting, site, account


async def code(request: web.Request) -> web.Response:
    """GET …/code: what the site's screen shows now, and the phones that wait for a tick."""
    sitting, site, _account = await _site(request)
    now = utcnow()
    link = f"{request.app[CONFIG].base_url}/checkin#{ticket(request.app[TOKENS], sitting, site, now)}"
    phones = request.app[SEATING].waiting(sitting.room.meeting.id, site, now)
    answer = {
        "link": link,
        "image": segno.make(link, error="l", micro=False).svg_data_uri(scale=4, border=4, light="#fff"),
        "phones": [{"number": phone.number, "participant": phone.person} for phone in phones],
    }
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def tick(request: web.Request) -> web.Response:
    """POST …/phones: the operator has seen the number on a phone; its person has the seat, and the phone comes in."""
    sitting, site, account = await _site(request)
    typed = await form(request)
    seating = request.app[SEATING]
    phone = seating.numbered(sitting.room.meeting.id, site, typed.get("number", ""), utcnow())
    if phone is None:
        raise Problem("unknown_participant")
    await sitting.apply(account.id, TakeSeat(site, phone.person))
    seating.tick(phone)
    return web.json_response({})


# --- the phone --------------------------------------------------------------------------------------------------


async def door(request: web.Request) -> web.Response:
    """GET /checkin: a script posts the code that follows "#" in the link."""
    return _page(request)


def _page(
    request: web.Request, *, sitting: Sitting | None = None, site: str = "", token: str = "",
    phone: Phone | None = None, sentence: str = "",
) -> web.Response:  # fmt: skip
    people = sitting.room.state.people if sitting else {}
    return private(
        request,
        "meetings/checkin.html",
        status=422 if sentence else 200,
        meeting=sitting.room.meeting if sitting else None,
        unit=people[site].person.unit.name if site else "",
        names=[(request.app[SEATING].alias(one.id), one.person.name) for one in free(sitting, site)]
        if sitting and not phone
        else [],
        token=token,
        phone=phone,
        name=people[phone.person].person.name if phone else "",
        sentence=sentence,
    )


async def come(request: web.Request) -> web.Response:
    """POST /checkin: the code; then a name; then, again and again, the secret of the phone that waits."""
    typed, now = await form(request), utcnow()
    if "waits" in typed:
        return await _wait(request, typed["waits"], now)
    token = typed.get("code", "").strip().rpartition("#")[2]
    try:
        claims = request.app[TOKENS].read_check_in(token, now)
    except Problem:
        return _page(request, sentence=reader_of(request).gettext(OVER))
    sitting = await request.app[SITTINGS].in_session(claims["room"])
    here = sitting is not None and sitting.room.meeting.id == claims["meeting"]
    if sitting is None or not here or claims["site"] not in SITES.of(sitting.room.state):
        return _page(request, sentence=reader_of(request).gettext(OVER))
    site, account = claims["site"], current(request)
    if account is not None and account.room is None and may(account, "meeting.enter", seats(sitting.room.meeting)):
        await sitting.apply(account.id, CheckIn(site))
        return see_other(f"/rooms/{claims['room']}?phone")
    picked = typed.get("person")
    if picked is None:
        return _page(request, sitting=sitting, site=site, token=token)
    seating = request.app[SEATING]
    person = next((one.id for one in free(sitting, site) if seating.alias(one.id) == picked), None)
    if person is None:
        sentence = reader_of(request).gettext(N_("Tên này không còn trong danh sách. Xin chọn lại."))
        return _page(request, sitting=sitting, site=site, token=token, sentence=sentence)
    phone = seating.ask(claims["room"], claims["meeting"], site, person, now)
    return _page(request, sitting=sitting, site=site, phone=phone)


OVER = N_("Mã điểm danh đã hết hạn. Xin quét lại mã trên màn hình của điểm cầu.")


async def _wait(request: web.Request, secret: str, now: datetime) -> web.Response:
    seating = request.app[SEATING]
    phone = seating.find(secret, now)
    sitting = await request.app[SITTINGS].in_session(phone.room) if phone else None
    if phone is None or sitting is None or sitting.room.meeting.id != phone.meeting:
        return _page(request, sentence=reader_of(request).gettext(OVER))
    if not phone.ticked:
        return _page(request, sitting=sitting, site=phone.site, phone=phone)
    seating.spent(phone)
    person, room = sitting.room.state.people[phone.person].person, sitting.room.meeting.room
    claims = {
        "use": "room", "sub": person.id, "room": room, "name": person.name, "role": person.role.value,
        "link": f"site-{phone.meeting}", "meeting": phone.meeting,
    }  # fmt: skip
    cookie, expires = await request.app[IDENTITY].begin_guest(claims, now, SESSION)
    response = see_other(f"/rooms/{room}?phone")
    response.set_cookie(
        cookie_name(request), cookie, max_age=int((expires - now).total_seconds()), httponly=True, samesite="Lax",
        secure=secure(request), path="/",
    )  # fmt: skip
    return response
