"""The list of the deputies of a people's council: those with accounts ticked, the others written down."""

import secrets
from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.authority import council_of
from rooms import Unit
from server import council as keeping
from server import directory
from server.config import ADDRESS
from server.council import OUTSIDERS, Deputy
from server.directory import Account
from server.i18n import N_
from server.keys import DATABASE
from server.pages import form, reader_of, require, see_other
from server.pages.caching import private
from server.pages.sheet_rows import BLANK, NAME, numbered, shown, written
from server.pages.texts import Unfit, on_record

DEPUTIES = 200


def routes() -> list[web.RouteDef]:
    """The routes of this module; before those of one meeting, whose path would take "council"."""
    return [web.get("/meetings/council", show), web.post("/meetings/council", save)]


async def _known(request: web.Request, account: Account) -> tuple[list[Account], tuple[Deputy, ...]]:
    async with request.app[DATABASE].read() as connection:
        return await directory.accounts(connection), await keeping.deputies(connection, account.unit.id)


async def show(request: web.Request) -> web.Response:
    """GET /meetings/council: the deputies of the council whose sessions the reader's office prepares."""
    account = require(request, "meeting.schedule")
    accounts, every = await _known(request, account)
    typed = {f"person.{one.id}": "1" for one in every if not one.outside}
    typed |= written("deputy", ((one.name, one.title, one.address) for one in every if one.outside))
    return _page(request, account, accounts, typed, "")


def _page(
    request: web.Request, account: Account, accounts: list[Account], typed: Mapping[str, str], wrong: str
) -> web.Response:
    return private(
        request,
        "meetings/council.html",
        status=422 if wrong else 200,
        council=council_of(Unit(account.unit.id, account.unit.name)),
        accounts=sorted(accounts, key=lambda one: (one.unit.id != account.unit.id, one.unit.short_name, one.name)),
        typed=defaultdict(str, typed),
        filled=shown(typed, "deputy"),
        blanks=BLANK * (2 if "rows" in typed else 1),
        wrong=wrong,
    )


async def save(request: web.Request) -> web.Response:
    """POST /meetings/council: keep the list. It holds for the sheets that are made or changed from now on."""
    account = require(request, "meeting.schedule")
    typed = await form(request)
    accounts, before = await _known(request, account)
    if "rows" in typed:
        return _page(request, account, accounts, typed, "")
    reader, known = reader_of(request), {one.name: one.id for one in before if one.outside}
    found = [Deputy(one.id) for one in accounts if f"person.{one.id}" in typed]
    for number, row in enumerate(numbered(typed, "deputy").values(), 1):
        try:
            name, title = on_record(row["name"], NAME), on_record(row["title"], NAME) if row["title"] else ""
        except Unfit as unfit:
            said = reader.gettext(str(unfit), limit=NAME)
            wrong = reader.gettext(N_("Dòng %(row)s: %(said)s"), row=number, said=said)
            return _page(request, account, accounts, typed, wrong)
        if row["address"] and not ADDRESS.fullmatch(row["address"]):
            said = reader.gettext(N_("Địa chỉ thư “%(address)s” không hợp lệ."), address=row["address"][:100])
            wrong = reader.gettext(N_("Dòng %(row)s: %(said)s"), row=number, said=said)
            return _page(request, account, accounts, typed, wrong)
        # Who stays keeps the id: links that were sent stay good.
        found.append(Deputy(known.pop(name, "") or f"{OUTSIDERS}{secrets.token_hex(6)}", name, title, row["address"]))
    if len(found) > DEPUTIES:
        wrong = reader.gettext(N_("Có quá %(limit)s đại biểu."), limit=DEPUTIES)
        return _page(request, account, accounts, typed, wrong)
    async with request.app[DATABASE].begin() as connection:
        await keeping.keep(connection, account.unit.id, found)
    return see_other("/meetings")
