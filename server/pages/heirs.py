"""Units that are no more, whose records are read, and unfinished work is done, by who has taken their place: which one
a page is asked about."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from server import directory
from server.directory import Account, Unit
from server.keys import DATABASE


async def unit_asked(request: web.Request, account: Account) -> Unit:
    """The unit whose records are asked for: the account's own, or one whose place it has taken (?unit=)."""
    return await unit_of(request, account, (request.query.get("unit", ""),)) or account.unit


async def unit_of(request: web.Request, account: Account, ids: Iterable[str]) -> Unit | None:
    """The first of the units `ids` that is the account's own, or one whose place it has taken."""
    for one in ids:
        if one == account.unit.id:
            return account.unit
        if one in account.inherits:
            async with request.app[DATABASE].read() as connection:
                return await directory.unit(connection, one)
    return None


async def whose(request: web.Request, account: Account, unit: Unit) -> dict[str, Any]:
    """What a page says of whose records it shows: the `unit`, those `before` the account's own, and what its links
    carry so that the next page is about the same one (behind a path, behind a query)."""
    async with request.app[DATABASE].read() as connection:
        found = [await directory.unit(connection, one) for one in sorted(account.inherits)]
    carried = "" if unit.id == account.unit.id else urlencode({"unit": unit.id})
    return {
        "unit": unit,
        "before": [one for one in found if one is not None],
        "of_unit": f"?{carried}" if carried else "",
        "and_unit": f"&{carried}" if carried else "",
    }
