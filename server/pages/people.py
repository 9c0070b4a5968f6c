"""Units and people of an installation, for whoever administers it: the list, a person, their way in and their end."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from aiohttp import web

from server import directory, directory_log, letters, outbox
from server.administration import ROLES, weighty
from server.auth import utcnow
from server.directory import Account, Holder, Standing
from server.errors import Problem, answer
from server.keys import ADMINISTRATION, CONFIG, DATABASE, POSTMAN, TOKENS
from server.leaving import called, left_open
from server.pages import form, reader_of, require, see_other
from server.pages.caching import private
from server.pages.office_days import doubts
from server.pages.people_form import Errors, read_person
from server.pages.rights_log import words

LINK_DAYS = 30
CHOICES = (1, 7, LINK_DAYS, 90, 365)
"""For how many days a sign-in link may be made."""
HISTORY = 20
_ID = "{id:[a-z0-9-]{1,40}}"


def routes() -> list[web.RouteDef]:
    """The routes of this module; after those of pages whose paths would be taken for a person's id."""
    return [
        web.get("/people", show),
        web.get("/people/new", blank),
        web.post("/people/new", add),
        web.get(f"/people/{_ID}", person),
        web.post(f"/people/{_ID}", change),
        web.post(f"/people/{_ID}/link", link),
        web.post(f"/people/{_ID}/revoke", revoke),
        web.get(f"/people/{_ID}/end", leaving),
        web.post(f"/people/{_ID}/end", end),
        web.post(f"/people/{_ID}/resume", resume),
    ]


def lasting(now: datetime, days: int) -> datetime:
    """Until when a link is good that is made now."""
    return now + timedelta(days=days)


def link_of(request: web.Request, account_id: str, days: int, now: datetime) -> str:
    """A sign-in link for an account. The secret stands behind "#", which browsers do not send."""
    token = request.app[TOKENS].sign_in(account_id, now, timedelta(days=days))
    return f"{request.app[CONFIG].base_url}/sign-in#{token}"


def version_of(typed: Mapping[str, str]) -> int:
    """Which version of a person or unit was looked at; one that there never is where the form does not say."""
    seen = typed.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1


# --- the list -------------------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.Response:
    """GET /people[?all=1]: the units with their people; with `all` those too who are no more."""
    account = require(request, "people.manage")
    everybody, today = "all" in request.query, request.app[ADMINISTRATION].today.isoformat()
    async with request.app[DATABASE].read() as connection:
        holders, units = await directory.holders(connection), await directory.standings(connection)
        waiting = await directory_log.waiting(connection)
    people = defaultdict[str, list[Holder]](list)
    for one in holders:
        if one.active or everybody:
            people[one.account.unit.id].append(one)
    return private(
        request, "people/list.html", units=[one for one in units if everybody or not one.over(today)], people=people,
        roles=ROLES, today=today, everybody=everybody, unconfirmed=len(waiting), **words(request),
        doubts=await doubts(request, account.unit.id),
        gone=sum(not one.active for one in holders) + sum(one.over(today) for one in units),
    )  # fmt: skip


# --- a person -------------------------------------------------------------------------------------------------


async def open_units(request: web.Request) -> list[Standing]:
    """Those that take people in."""
    today = request.app[ADMINISTRATION].today.isoformat()
    async with request.app[DATABASE].read() as connection:
        return [one for one in await directory.standings(connection) if not one.over(today)]


async def blank(request: web.Request) -> web.Response:
    """GET /people/new[?unit=]: the form of somebody new."""
    require(request, "people.manage")
    return await _new(request, {"unit": request.query.get("unit", "")}, {})


async def _new(request: web.Request, typed: Mapping[str, str], errors: Errors) -> web.Response:
    return private(
        request, "people/new.html", status=422 if errors else 200, typed=defaultdict(str, typed), errors=errors,
        units=await open_units(request), roles=ROLES,
    )  # fmt: skip


async def add(request: web.Request) -> web.Response:
    """POST /people/new: a new account; its page offers the link."""
    account, typed = require(request, "people.manage"), await form(request)
    names = {one.unit.id: one.unit.short_name for one in await open_units(request)}
    read, errors = read_person(typed, names, reader_of(request))
    if read is None:
        return await _new(request, typed, errors)
    (account_id,) = await request.app[ADMINISTRATION].add_people([read], by=account)
    return see_other(f"/people/{account_id}")


async def person(request: web.Request) -> web.Response:
    """GET /people/{id}: one person, with what was changed lately."""
    require(request, "people.manage")
    return await _person(request, await _found(request))


async def _found(request: web.Request) -> Holder:
    async with request.app[DATABASE].read() as connection:
        found = await directory.holder(connection, request.match_info["id"])
    if found is None:
        raise Problem("not_found")
    return found


def _typed(found: Account) -> dict[str, str]:
    typed = {"name": found.name, "title": found.title, "unit": found.unit.id, "address": found.address}
    return typed | {f"role.{role}": "1" for role in found.roles}


async def _person(
    request: web.Request, found: Holder, *, typed: Mapping[str, str] | None = None, errors: Errors | None = None,
    sentence: str = "", status: int = 200, link: str = "", until: datetime | None = None, sent: bool = False,
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].read() as connection:
        changes = await directory_log.of_subject(connection, found.account.id, HISTORY)
        version = await directory_log.version(connection, found.account.id)
    units = await open_units(request)
    if found.account.unit.id not in {one.unit.id for one in units}:
        units.insert(0, Standing(found.account.unit, "", None, None))
    return private(
        request, "people/person.html", status=status, found=found, errors=errors or {}, units=units, roles=ROLES,
        typed=defaultdict(str, _typed(found.account) if typed is None else typed), changes=changes, seen=version,
        sentence=sentence, choices=CHOICES, usual=LINK_DAYS, made=link, until=until, sent=sent,
        weighty=weighty(found.account, require(request, "people.manage").id),
        **words(request), mail=request.app[POSTMAN].sends and found.account.address,
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """POST /people/{id}: other values or rights."""
    account, typed = require(request, "people.manage"), await form(request)
    found, reader = await _found(request), reader_of(request)
    names = {one.unit.id: one.unit.short_name for one in await open_units(request)}
    read, errors = read_person(typed, names | {found.account.unit.id: ""}, reader)
    if read is None:
        return await _person(request, found, typed=typed, errors=errors, status=422)
    try:
        await request.app[ADMINISTRATION].change_person(found.account.id, read, seen=version_of(typed), by=account)
    except Problem as problem:
        return await _refused(request, problem, typed)
    return see_other(f"/people/{found.account.id}")


async def _refused(request: web.Request, problem: Problem, typed: Mapping[str, str] | None = None) -> web.Response:
    """The page of the person as it is now, with what was wrong, and what was typed still in the form."""
    said = answer(problem.code)
    if said.status == 403:
        raise problem
    sentence = reader_of(request).gettext(said.text)
    return await _person(request, await _found(request), typed=typed, sentence=sentence, status=said.status)


# --- the way in -----------------------------------------------------------------------------------------------


async def link(request: web.Request) -> web.Response:
    """POST /people/{id}/link: a sign-in link for some days, shown once, or sent by mail."""
    account, typed, postman = require(request, "people.manage"), await form(request), request.app[POSTMAN]
    chosen = typed.get("days", "")
    days = int(chosen) if chosen in map(str, CHOICES) else LINK_DAYS
    to = await request.app[ADMINISTRATION].link_given(
        request.match_info["id"], days, by=account, told=postman.first_state
    )
    postman.wake()
    now = utcnow()  # later than what has ended the links of before
    found, until = await _found(request), lasting(now, days)
    if "mail" in typed and postman.sends and to.address:
        async with request.app[DATABASE].begin() as connection:
            await outbox.put(connection, [letters.welcome(to, until, account.name)], postman.first_state, now)
        postman.wake()
        return await _person(request, found, sent=True, until=until)
    return await _person(request, found, link=link_of(request, to.id, days, now), until=until)


async def revoke(request: web.Request) -> web.Response:
    """POST /people/{id}/revoke: all links and sessions of the account end."""
    account = require(request, "people.manage")
    await form(request)
    await request.app[ADMINISTRATION].revoke(request.match_info["id"], by=account)
    return see_other(f"/people/{request.match_info['id']}")


# --- the end of an office -------------------------------------------------------------------------------------


async def leaving(request: web.Request) -> web.Response:
    """GET /people/{id}/end: what is open of the person, and who goes on with it."""
    require(request, "people.manage")
    return await _leaving(request, await _found(request))


async def _leaving(request: web.Request, found: Holder, sentence: str = "", status: int = 200) -> web.Response:
    today = request.app[ADMINISTRATION].today
    async with request.app[DATABASE].read() as connection:
        left = await left_open(connection, found.account, today)
        version = await directory_log.version(connection, found.account.id)
    return private(
        request, "people/end.html", status=status, found=found, left=left, called=called, today=today, seen=version,
        sentence=sentence, **words(request),
    )  # fmt: skip


async def end(request: web.Request) -> web.Response:
    """POST /people/{id}/end: from a day on they hold no office here."""
    account, typed = require(request, "people.manage"), await form(request)
    found = await _found(request)
    try:
        on = day_of_form(typed)
        await request.app[ADMINISTRATION].end_office(found.account.id, on, seen=version_of(typed), by=account)
    except Problem as problem:
        said = answer(problem.code)
        if said.status == 403:
            raise
        return await _leaving(request, await _found(request), reader_of(request).gettext(said.text), said.status)
    return see_other(f"/people/{found.account.id}" if found.account.id != account.id else "/")


def day_of_form(typed: Mapping[str, str]) -> date:
    """The day of an end. Raises Problem("bad_end")."""
    try:
        return date.fromisoformat(typed.get("on", ""))
    except ValueError as error:
        raise Problem("bad_end") from error


async def resume(request: web.Request) -> web.Response:
    """POST /people/{id}/resume: they hold the office again, or still."""
    account, typed = require(request, "people.manage"), await form(request)
    try:
        await request.app[ADMINISTRATION].resume_office(
            request.match_info["id"], seen=version_of(typed), by=account
        )  # fmt: skip
    except Problem as problem:
        return await _refused(request, problem)
    return see_other(f"/people/{request.match_info['id']}")
