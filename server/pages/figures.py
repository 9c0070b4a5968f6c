"""An authority's year in figures, and its signing in."""

import re

from aiohttp import web

from server import figures
from server.accesses import Deed
from server.auth import utcnow
from server.casefiles_opening import BY
from server.i18n import VIETNAM
from server.keys import DATABASE
from server.pages import require
from server.pages.caching import private
from server.pages.casefiles import opens
from server.pages.heirs import unit_asked, whose


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/figures", show)]


async def show(request: web.Request) -> web.Response:
    """GET /figures[?year=&unit=]: documents, case files, and how often they were looked at."""
    account = require(request, "desk.open")
    require(request, "figures.read", account.unit.id)
    unit = await unit_asked(request, account)
    asked = re.fullmatch(r"[12][0-9]{3}", request.query.get("year", ""))
    year = int(asked[0]) if asked else utcnow().astimezone(VIETNAM).year
    found = await figures.of_year(request.app[DATABASE], unit, year, lambda case: opens(account, case))
    about = await whose(request, account, unit)
    return private(request, "records/figures.html", found=found, deed=Deed, system=BY, **about)
