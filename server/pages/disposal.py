"""Disposal of case files: what is due, the decision that is named, and the records of what was destroyed."""

import re
from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.errors import NotFound, RecordError
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import DISPOSALS
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, pdf, private
from server.pages.casefiles import opens
from server.pages.desk_acts import actor
from server.pages.heirs import unit_asked, whose
from server.rights import may


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/casefiles/disposal", index),
        web.post("/casefiles/disposal", dispose),
        web.get("/casefiles/disposal/{id:[0-9a-f]{32}}.pdf", paper),
    ]


def _account(request: web.Request) -> Account:
    account = require(request, "desk.open")
    return require(request, "case.read", account.unit.id)


async def index(request: web.Request) -> web.Response:
    """GET /casefiles/disposal[?unit=]: what is due, and what was done."""
    return await _index(request, _account(request), {}, frozenset())


async def _index(
    request: web.Request, account: Account, typed: Mapping[str, str], chosen: frozenset[str], sentence: str = ""
) -> web.Response:
    disposals, unit = request.app[DISPOSALS], await unit_asked(request, account)
    return private(
        request,
        "casefiles/disposal.html",
        status=422 if sentence else 200,
        due=[one for one in await disposals.due(unit.id) if opens(account, one)],
        done=await disposals.done(unit.id),
        typed=defaultdict(str, typed),
        chosen=chosen,
        sentence=sentence,
        may_dispose=may(account, "case.dispose", unit.id),
        **await whose(request, account, unit),
    )


async def dispose(request: web.Request) -> web.Response:
    """POST /casefiles/disposal[?unit=]: destroy the contents of the chosen case files by the decision that is named."""
    account = require(request, "desk.open")
    unit = await unit_asked(request, account)
    require(request, "case.dispose", unit.id)
    typed, reader = await form(request), reader_of(request)
    chosen = frozenset(name.removeprefix("case.") for name in typed if name.startswith("case."))
    year = typed.get("year", "").strip()
    if not re.fullmatch(r"[12][0-9]{3}", year):
        return await _index(request, account, typed, chosen, reader.gettext(N_("Xin ghi năm của quyết định.")))
    if typed.get("sure") != "yes":
        sentence = reader.gettext(N_("Xin đánh dấu xác nhận: nội dung bị xóa không khôi phục được."))
        return await _index(request, account, typed, chosen, sentence)
    try:
        await request.app[DISPOSALS].dispose(
            account.unit,
            sorted(chosen),
            int(year),
            typed.get("decision", ""),
            by=actor(account),
            former=None if unit.id == account.unit.id else unit,
        )
    except RecordError as error:
        return await _index(request, account, typed, chosen, wording.told(error.reason, reader))
    return see_other("/casefiles/disposal")


async def paper(request: web.Request) -> web.Response:
    """GET /casefiles/disposal/{id}.pdf: the record of a destruction, which is kept for good."""
    account = _account(request)
    try:
        made = await request.app[DISPOSALS].paper(account.places, request.match_info["id"])
    except NotFound as error:
        raise Problem("not_found") from error
    return pdf(made, "bien-ban-tieu-huy.pdf", headers=PRIVATE)
