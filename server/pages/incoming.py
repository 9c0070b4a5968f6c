"""One document that came: what it says, what its signatures say, and who is to deal with it."""

from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from minutes.errors import NotFound, RecordError
from minutes.registers import entry
from minutes.report import UNSIGNED
from minutes.tasks.task import STATE_NAMES
from minutes.tasks.task import State as Progress
from server import directory
from server.directing import handlers
from server.directory import Account
from server.errors import Problem
from server.keys import DATABASE, EXCHANGE, REGISTERS, TASKS
from server.pages import form, reader_of, see_other, wording
from server.pages.caching import PRIVATE, pdf, private
from server.pages.desk_acts import actor
from server.pages.heirs import unit_asked
from server.pages.registers import LABELS, account_for, told
from server.rights import may


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = r"/registers/in/{year:\d{4}}/{number:\d{1,6}}"
    return [web.get(one, show), web.get(one + "/file", file), web.post(one + "/direct", direct)]


async def _one(request: web.Request, unit_id: str) -> entry.Incoming:
    year, number = int(request.match_info["year"]), int(request.match_info["number"])
    try:
        return await request.app[REGISTERS].one_incoming(unit_id, year, number)
    except NotFound as error:
        raise Problem("not_found") from error


async def show(request: web.Request) -> web.Response:
    """GET /registers/in/{year}/{number}[?unit=]: one document that came, what its signatures say, and who has it."""
    return await _show(request, account_for(request), {})


async def _show(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    unit = (await unit_asked(request, account)).id
    own, one = unit == account.unit.id, await _one(request, unit)
    reader = reader_of(request)
    tasks = await request.app[TASKS].of_received(unit, one.ref)
    given = [task for task in tasks if task.state is not Progress.CANCELLED]
    ended = [(task, await request.app[TASKS].history(task.id)) for task in tasks if task not in given]
    directs = own and not given and may(account, "register.direct", unit)
    aside = (await request.app[REGISTERS].aside(unit, [one])).get(one.ref, "")
    directs = directs and not aside
    async with request.app[DATABASE].read() as connection:
        accounts = await directory.accounts(connection) if directs else ()
        units = await directory.units(connection, request.app[REGISTERS].today.isoformat()) if directs else ()
    return private(
        request,
        "registers/incoming.html",
        status=422 if sentence else 200,
        one=one,
        aside=aside,
        labels=LABELS,
        problems=[wording.told(problem, reader) for problem in one.verdict.problems] if one.verdict else [],
        unsigned=one.verdict is not None and [problem.text for problem in one.verdict.problems] == [UNSIGNED],
        sentence=sentence,
        typed=defaultdict(str, typed),
        came=await request.app[EXCHANGE].arrivals.of_line(unit, one.year, one.number),
        may_enter=own and may(account, "register.enter", unit),
        own=own,
        unit=unit,
        of_unit="" if own else f"?{urlencode({'unit': unit})}",
        task=given[-1] if given else None,
        ended=[(task, history[0], history[-1]) for task, history in ended],
        states=STATE_NAMES,
        directs=directs,
        leaders=[] if _leads(account) else [who for who in accounts if who.unit.id == unit and "leader" in who.roles],
        handlers=handlers(accounts, units, unit),
        today=request.app[REGISTERS].today,
        longest=entry.OPINION,
    )


def _leads(account: Account) -> bool:
    """Whoever leads speaks for themselves."""
    return "leader" in account.roles


async def file(request: web.Request) -> web.Response:
    """GET /registers/in/{year}/{number}/file: the file as it came."""
    one = await _one(request, (await unit_asked(request, account_for(request))).id)
    if one.digest is None:
        raise Problem("not_found")
    return pdf(await request.app[REGISTERS].file(one), f"den-{one.year}-{one.number:02d}.pdf", headers=PRIVATE)


async def direct(request: web.Request) -> web.Response:
    """POST …/direct: what a leader says of it; it is handed to who is to deal with it."""
    account = account_for(request, "register.direct")
    typed, one = await form(request), await _one(request, account.unit.id)
    fields = {name: typed.get(name, "") for name in ("leader", "opinion", "handler", "deadline")}
    if _leads(account):
        fields["leader"] = account.id
    registers = request.app[REGISTERS]
    try:
        said = entry.direction(fields, registers.today)
        await registers.direct(account.unit, one.year, one.number, said, by=actor(account))
    except RecordError as error:
        return await _show(request, account, fields, told(error, reader_of(request)))
    return see_other(f"/registers/in/{one.year}/{one.number}")
