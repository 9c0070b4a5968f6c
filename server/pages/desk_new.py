"""A new document: which type, about what, and who signs. It begins in the words of its template."""

import re
from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.document import Kind, Signer
from minutes.errors import NotFound, RecordError
from minutes.starting import STARTED, Answered, collective_of
from minutes.workflow.capacity import suggested, title_lines
from rooms.proceedings import Unit
from server import directory, doors
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import DATABASE, RECORDS, REGISTERS, TASKS
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import private
from server.pages.desk_acts import actor

OFTEN = (Kind.LETTER, Kind.DECISION, Kind.PLAN, Kind.REPORT, Kind.NOTICE, Kind.SUBMISSION, Kind.DIRECTIVE)
"""Offered first; the others follow in the order of the law."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/desk/new", new), web.post("/desk/new", begin)]


async def new(request: web.Request) -> web.Response:
    """GET /desk/new[?reply=YEAR/NUMBER]: the types of document; a letter, to answer a document that came."""
    account = require(request, "document.begin")
    reply = request.query.get("reply", "")
    answered = await _answered(request, account, reply)
    if answered is None:
        return await _page(request, account, {})
    subject = f"Về việc trả lời {answered.called}"[:500]
    return await _page(request, account, {"reply": reply, "kind": Kind.LETTER.value, "subject": subject})


async def _answered(request: web.Request, account: Account, ref: str) -> Answered | None:
    """The document of the account's register of incoming documents that `ref` names ("2026/5"). Raises Problem."""
    named = re.fullmatch(r"([0-9]{4})/([0-9]{1,6})", ref)
    if named is None:
        return None
    require(request, "register.read", account.unit.id)
    registers = request.app[REGISTERS]
    try:
        one = await registers.one_incoming(account.unit.id, int(named[1]), int(named[2]))
    except NotFound as error:
        raise Problem("not_found") from error
    if await registers.aside(account.unit.id, [one]):
        raise Problem("not_found")
    came = one.received
    return Answered(came.kind_name, came.number_symbol, came.issued_on, " ".join(came.author.split()))


async def begin(request: web.Request) -> web.Response:
    """POST /desk/new: a draft of the chosen type, and to its editor."""
    account = require(request, "document.begin")
    typed = await form(request)
    reader, records = reader_of(request), request.app[RECORDS]
    kind = next((kind for kind in STARTED if kind.value == typed.get("kind")), None)
    leader = next((one for one in await _leaders(request, account) if one.id == typed.get("leader")), None)
    subject = typed.get("subject", "").replace("\r\n", "\n").strip()
    if doors.unasked(typed):
        return await _page(request, account, typed, reader.gettext(doors.UNASKED))
    if kind is None:
        return await _page(request, account, typed, reader.gettext(N_("Xin chọn loại văn bản.")))
    if not subject:
        return await _page(request, account, typed, reader.gettext(N_("Xin ghi trích yếu nội dung.")))
    if leader is None:
        return await _page(request, account, typed, reader.gettext(N_("Xin chọn người ký.")))
    unit, by = Unit(account.unit.id, account.unit.name), actor(account)
    answered = await _answered(request, account, typed.get("reply", ""))
    try:
        made = await records.begin(kind, subject, by, unit=unit, leader=signer_of(kind, leader), answered=answered)
    except RecordError as error:
        return await _page(request, account, typed, wording.sentence(error, kind, reader))
    if answered is not None:
        year, _, number = typed["reply"].partition("/")
        await request.app[TASKS].answered(unit.id, f"{year}/{int(number)}", made, by)
    return see_other(f"/desk/{made}/edit")


def signer_of(kind: Kind, leader: Account) -> Signer:
    """A leader as the one who signs a document of `kind`, in the capacity that their title suggests."""
    lines = title_lines(suggested(leader.title or leader.name, collective_of(kind, leader.unit.name)))
    return Signer("leader", leader.id, leader.name, lines, leader.title)


async def _leaders(request: web.Request, account: Account) -> list[Account]:
    async with request.app[DATABASE].read() as connection:
        return directory.heads_first(await directory.accounts(connection), account.unit.id)


async def _page(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    return private(
        request,
        "desk/new.html",
        status=422 if sentence else 200,
        sentence=sentence,
        typed=defaultdict(str, typed),
        often=[(kind.value, wording.KINDS[kind]) for kind in OFTEN],
        others=[(kind.value, wording.KINDS[kind]) for kind in STARTED if kind not in OFTEN],
        leaders=await _leaders(request, account),
    )
