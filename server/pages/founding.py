"""Where an installation begins: the page whose address the server prints when it starts with nobody in it."""

from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from server import founding
from server.auth import utcnow
from server.errors import Problem
from server.keys import DATABASE, IDENTITY, TOKENS
from server.pages import form, reader_of
from server.pages.account import keep_session
from server.pages.caching import private
from server.pages.people import LINK_DAYS, lasting, link_of
from server.pages.people_form import Errors, read_person, read_unit


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/begin", show), web.post("/begin", begin)]


async def _demand_empty(request: web.Request) -> None:
    async with request.app[DATABASE].read() as connection:
        if not await founding.empty(connection):
            raise Problem("already_begun")


async def show(request: web.Request) -> web.Response:
    """GET /begin: the form; a script fills in the code from what follows "#"."""
    await _demand_empty(request)
    return _page(request, {}, {})


def _page(request: web.Request, typed: Mapping[str, str], errors: Errors) -> web.Response:
    status = 422 if errors else 200
    return private(request, "people/begin.html", status=status, typed=defaultdict(str, typed), errors=errors)


async def begin(request: web.Request) -> web.Response:
    """POST /begin: make the first unit and its administrator, who is signed in and given a link to come back by."""
    typed, reader, now = await form(request), reader_of(request), utcnow()
    await _demand_empty(request)
    request.app[TOKENS].read_founding(typed.get("code", "").strip().rpartition("#")[2], now)
    unit, errors = read_unit(typed, reader, "unit.")
    person, wrong = read_person({**typed, "unit": "-", "role.administrator": "1"}, {"-": ""}, reader)
    if unit is None or person is None:
        return _page(request, typed, errors | wrong)
    first = await founding.found(request.app[DATABASE], unit, person.name, person.title, person.address)
    link = link_of(request, first, LINK_DAYS, now)
    cookie, expires = await request.app[IDENTITY].begin(link.rpartition("#")[2], now)
    response = private(request, "people/begun.html", name=person.name, made=link, until=lasting(now, LINK_DAYS))
    keep_session(request, response, cookie, expires, now)
    return response
