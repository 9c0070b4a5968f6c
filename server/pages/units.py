"""Units: made, renamed, merged into another one or dissolved, from a day on. Documents keep the names of their time."""

from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.tasks import store as tasks
from server import directory, directory_log
from server.directory import Holder, Standing
from server.errors import Problem, answer
from server.keys import ADMINISTRATION, DATABASE
from server.pages import form, reader_of, require, see_other
from server.pages.caching import private
from server.pages.people import HISTORY, day_of_form, open_units, version_of
from server.pages.people_form import Errors, read_unit
from server.pages.rights_log import words

_ID = "{id:[a-z0-9-]{1,40}}"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/people/units/new", blank),
        web.post("/people/units/new", add),
        web.get(f"/people/units/{_ID}", unit),
        web.post(f"/people/units/{_ID}", change),
        web.get(f"/people/units/{_ID}/end", ending),
        web.post(f"/people/units/{_ID}/end", end),
    ]


async def blank(request: web.Request) -> web.Response:
    """GET /people/units/new: the form of a new unit."""
    require(request, "people.manage")
    return _new(request, {}, {})


def _new(request: web.Request, typed: Mapping[str, str], errors: Errors) -> web.Response:
    status = 422 if errors else 200
    return private(request, "people/unit_new.html", status=status, typed=defaultdict(str, typed), errors=errors)


async def add(request: web.Request) -> web.Response:
    """POST /people/units/new: a new unit, from today on."""
    account, typed = require(request, "people.manage"), await form(request)
    read, errors = read_unit(typed, reader_of(request))
    if read is None:
        return _new(request, typed, errors)
    return see_other(f"/people#{await request.app[ADMINISTRATION].add_unit(read, by=account)}")


async def _found(request: web.Request) -> Standing:
    async with request.app[DATABASE].read() as connection:
        units = {one.unit.id: one for one in await directory.standings(connection)}
    if request.match_info["id"] not in units:
        raise Problem("unknown_unit")
    return units[request.match_info["id"]]


async def unit(request: web.Request) -> web.Response:
    """GET /people/units/{id}: one unit, with what was changed of it."""
    require(request, "people.manage")
    return await _unit(request, await _found(request))


async def _unit(
    request: web.Request, found: Standing, *, typed: Mapping[str, str] | None = None, errors: Errors | None = None,
    sentence: str = "", status: int = 200,
) -> web.Response:  # fmt: skip
    names = ("name", "short_name", "place", "symbol")
    async with request.app[DATABASE].read() as connection:
        changes = await directory_log.of_subject(connection, found.unit.id, HISTORY)
        version = await directory_log.version(connection, found.unit.id)
        units = {one.unit.id: one.unit for one in await directory.standings(connection)}
    return private(
        request, "people/unit.html", status=status, found=found, errors=errors or {}, sentence=sentence,
        typed=defaultdict(str, {name: getattr(found.unit, name) for name in names} if typed is None else typed),
        changes=changes, seen=version, **words(request), successor=units.get(found.successor or ""),
        over=found.over(request.app[ADMINISTRATION].today.isoformat()),
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """POST /people/units/{id}: another name, place or symbol. What was issued keeps those of its time."""
    account, typed = require(request, "people.manage"), await form(request)
    found, reader = await _found(request), reader_of(request)
    read, errors = read_unit(typed, reader)
    if read is None:
        return await _unit(request, found, typed=typed, errors=errors, status=422)
    try:
        await request.app[ADMINISTRATION].change_unit(found.unit.id, read, seen=version_of(typed), by=account)
    except Problem as problem:
        said = answer(problem.code)
        if said.status == 403:
            raise
        sentence = reader.gettext(said.text)
        return await _unit(request, await _found(request), typed=typed, sentence=sentence, status=said.status)
    return see_other(f"/people/units/{found.unit.id}")


async def ending(request: web.Request) -> web.Response:
    """GET /people/units/{id}/end: who is there and what is open, before it is merged or dissolved."""
    require(request, "people.manage")
    return await _ending(request, await _found(request), {})


async def _ending(
    request: web.Request, found: Standing, typed: Mapping[str, str], sentence: str = "", status: int = 200
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].read() as connection:
        people: list[Holder] = [
            one for one in await directory.holders(connection) if one.active and one.account.unit.id == found.unit.id
        ]
        leads = [one for one in await tasks.of_unit(connection, found.unit.id) if one.owner]
        version = await directory_log.version(connection, found.unit.id)
    return private(
        request, "people/unit_end.html", status=status, found=found, people=people, seen=version, sentence=sentence,
        tasks=[one for one in leads if one.owner is not None and one.owner.id == found.unit.id],
        others=[one for one in await open_units(request) if one.unit.id != found.unit.id and not one.valid_to],
        today=request.app[ADMINISTRATION].today, typed=defaultdict(str, typed),
    )  # fmt: skip


async def end(request: web.Request) -> web.Response:
    """POST /people/units/{id}/end: merged into another one, or dissolved, from a day on."""
    account, typed = require(request, "people.manage"), await form(request)
    found = await _found(request)
    try:
        await request.app[ADMINISTRATION].end_unit(
            found.unit.id, day_of_form(typed), typed.get("successor", ""), seen=version_of(typed), by=account
        )
    except Problem as problem:
        said = answer(problem.code)
        if said.status == 403:
            raise
        return await _ending(request, await _found(request), typed, reader_of(request).gettext(said.text), said.status)
    return see_other(f"/people/units/{found.unit.id}")
