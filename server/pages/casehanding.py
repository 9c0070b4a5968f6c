"""Handing case files over: what is due and whose turn it is, the acts of both sides, and the printed record."""

from aiohttp import web

from minutes.casefiles.handing import Step
from minutes.errors import RecordError
from server import directory
from server.errors import Problem
from server.keys import CASE_FILES, DATABASE, HANDING, SUBMITTING
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, pdf, private
from server.pages.casefiles import able_to_receive, access, account_for, case_named, show_case
from server.pages.desk_acts import actor


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = "/casefiles/{id:[0-9a-f]{32}}"
    return [
        web.get("/casefiles/handing", due),
        web.get(one + "/handing.pdf", record),
        web.post(one + "/hand", hand),
        web.post(one + "/take-back", take_back),
        web.post(one + "/receive", receive),
        web.post(one + "/refuse", refuse),
        web.post(one + "/submitted", submitted),
    ]


async def due(request: web.Request) -> web.Response:
    """GET /casefiles/handing: what is to be handed over, received and handed in, by when and by whom."""
    account = account_for(request)
    async with request.app[DATABASE].read() as connection:
        accounts = await directory.accounts(connection, request.app[CASE_FILES].today.isoformat())
    return private(
        request,
        "casefiles/handing.html",
        lines=await request.app[HANDING].due(account, accounts),
        today=request.app[CASE_FILES].today,
    )


async def record(request: web.Request) -> web.Response:
    """GET …/handing.pdf: the record of the handing over, to be signed by both sides."""
    account = account_for(request)
    case = await case_named(request, account)
    try:
        made = await request.app[HANDING].record(case)
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    return pdf(made, f"bien-ban-giao-nhan-{case.code}.pdf", headers=PRIVATE)


async def hand(request: web.Request) -> web.Response:
    """POST …/hand: whoever keeps the case file hands it over to the authority's archive."""
    return await _take(request, Step.OFFERED)


async def take_back(request: web.Request) -> web.Response:
    """POST …/take-back: it was handed over by mistake, and nobody has received it yet."""
    return await _take(request, Step.TAKEN_BACK)


async def receive(request: web.Request) -> web.Response:
    """POST …/receive: the authority's archive has it now."""
    return await _take(request, Step.RECEIVED)


async def refuse(request: web.Request) -> web.Response:
    """POST …/refuse: the archive gives it back, with a reason."""
    return await _take(request, Step.REFUSED)


async def _take(request: web.Request, step: Step) -> web.Response:
    account = account_for(request)
    typed, case = await form(request), await case_named(request, account)
    require(request, "case.hand", access(case))
    if step in (Step.RECEIVED, Step.REFUSED):
        steps = await request.app[HANDING].steps(case)
        if account.id not in {one.id for one in await able_to_receive(request, case, steps)}:
            raise Problem("not_allowed")
    try:
        await request.app[HANDING].take(
            case.unit_id, case.id, step, by=actor(account, case.unit_id), reason=typed.get("reason", "")
        )  # fmt: skip
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    return see_other(f"/casefiles/{case.id}")


async def submitted(request: web.Request) -> web.Response:
    """POST …/submitted: it was brought to the historical archive by hand, which has received it."""
    account = account_for(request)
    typed, case = await form(request), await case_named(request, account)
    require(request, "case.hand", access(case))
    try:
        await request.app[SUBMITTING].brought(
            case.unit_id, case.id, typed.get("receipt", ""), by=actor(account, case.unit_id)
        )
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    return see_other(f"/casefiles/{case.id}")
