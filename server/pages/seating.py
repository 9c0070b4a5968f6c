"""Check-in at a site: the code for the site's screen, the phone's page, and the operator's tick."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

import segno
from aiohttp import web

from rooms import Person
from rooms.topics.sites import SITES, AddToSite, CheckIn
from server.auth import utcnow
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import CONFIG, DATABASE, IDENTITY, SEATING, SITTINGS, TOKENS
from server.middleware import cookie_name, secure
from server.pages import current, form, reader_of, see_other
from server.pages.caching import private
from server.pages.sheet_rows import NAME
from server.pages.texts import Unfit, on_record
from server.rights import may
from server.seating import SESSION, Phone, comer, roster, ticket
from server.sitting import Sitting
from server.sittings import seats

EMPTY: Mapping[str, str] = MappingProxyType({})


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/rooms/{room}/sites/{site}/code", code),
        web.post("/rooms/{room}/sites/{site}/phones", tick),
        web.get("/rooms/{room}/sites/{site}/people", people),
        web.post("/rooms/{room}/sites/{site}/people", add),
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
        "phones": [{"number": phone.number} | _shown(sitting, phone.person) for phone in phones],
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
    await sitting.apply(account.id, AddToSite(site, phone.person))
    seating.tick(phone)
    return web.json_response({})


def _shown(sitting: Sitting, person: Person) -> dict[str, object]:
    """`expected`: they are on the sheet."""
    expected = person.id in sitting.room.state.people
    return {"participant": person.id, "name": person.name, "title": person.title, "expected": expected}


async def people(request: web.Request) -> web.Response:
    """GET …/people: who may be picked at the site."""
    sitting, site, _account = await _site(request)
    return web.json_response(
        {"people": [_shown(sitting, one) for one in await _roster(request, sitting, site)]},
        headers={"Cache-Control": "no-store"},
    )


async def add(request: web.Request) -> web.Response:
    """POST …/people: the operator has seen somebody at the site whom the sheet does not name, and picks them from the
    directory or writes down name and title. Answers with their id."""
    sitting, site, account = await _site(request)
    typed = await form(request)
    if "person" in typed:
        found = next((one for one in await _roster(request, sitting, site) if one.id == typed["person"]), None)
        if found is None:
            raise Problem("unknown_participant")
    else:
        try:
            found = _comer(typed, sitting, site)
        except Unfit as unfit:
            sentence = reader_of(request).gettext(str(unfit), limit=NAME)
            return web.json_response({"sentence": sentence}, status=422)
    await sitting.apply(account.id, AddToSite(site, found))
    return web.json_response({"participant": found.id})


async def _roster(request: web.Request, sitting: Sitting, site: str) -> list[Person]:
    async with request.app[DATABASE].read() as connection:
        return await roster(connection, sitting, site)


def _comer(typed: Mapping[str, str], sitting: Sitting, site: str) -> Person:
    """Raises Unfit."""
    title = typed.get("title", "").strip()
    return comer(on_record(typed.get("name", ""), NAME), on_record(title, NAME) if title else "", sitting, site)


# --- the phone --------------------------------------------------------------------------------------------------


async def door(request: web.Request) -> web.Response:
    """GET /checkin: a script posts the code that follows "#" in the link."""
    return _page(request)


def _page(
    request: web.Request, *, sitting: Sitting | None = None, site: str = "", token: str = "",
    names: Iterable[Person] = (), phone: Phone | None = None, sentence: str = "", typed: Mapping[str, str] = EMPTY,
) -> web.Response:  # fmt: skip
    return private(
        request,
        "meetings/checkin.html",
        status=422 if sentence else 200,
        meeting=sitting.room.meeting if sitting else None,
        unit=sitting.room.state.people[site].person.unit.name if sitting else "",
        names=[(request.app[SEATING].alias(one.id), one.name) for one in names],
        typed=defaultdict(str, typed),
        token=token,
        phone=phone,
        name=phone.person.name if phone else "",
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
    seating, names = request.app[SEATING], await _roster(request, sitting, site)
    if "person" not in typed and "name" not in typed:
        return _page(request, sitting=sitting, site=site, token=token, names=names)
    try:
        person = next((one for one in names if seating.alias(one.id) == typed.get("person")), None)
        if person is None:
            person = _comer(typed, sitting, site) if "name" in typed else None
        sentence = N_("Tên này không còn trong danh sách. Xin chọn lại.")
    except Unfit as unfit:
        person, sentence = None, str(unfit)
    if person is None:
        wrong = reader_of(request).gettext(sentence, limit=NAME)
        return _page(request, sitting=sitting, site=site, token=token, names=names, sentence=wrong, typed=typed)
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
    person, room = sitting.room.state.people[phone.person.id].person, sitting.room.meeting.room
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
