"""The list of case files, one of them with its contents and its closing; the retention periods."""

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import IO, Any
from urllib.parse import quote

from aiohttp import web

from minutes.casefiles.bag import file_name
from minutes.casefiles.case import NOTICE, Case, CaseState, ItemKind
from minutes.casefiles.handing import Handing, Step, submitted_by, waiting
from minutes.casefiles.retention import period
from minutes.errors import InvalidContent, NotFound, RecordError
from server import directory
from server.casefiles_handing import receivers
from server.directory import Account, Unit
from server.errors import Problem
from server.i18n import N_
from server.keys import CASE_FILES, CONFIG, DATABASE, HANDING, SUBMITTING
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, pdf, private
from server.pages.desk_acts import actor
from server.pages.heirs import unit_asked, unit_of, whose
from server.rights import CaseAccess, may

STATES = {CaseState.OPEN: N_("Đang lập"), CaseState.CLOSED: N_("Đã kết thúc"), CaseState.DISPOSED: N_("Đã tiêu hủy")}
KINDS = {
    ItemKind.DOCUMENT: N_("Văn bản"),
    ItemKind.PROCEEDINGS: N_("Diễn biến cuộc họp"),
    ItemKind.PAPER: N_("Tài liệu họp"),
    ItemKind.RECORDING: N_("Ghi âm, ghi hình"),
    ItemKind.RECEIVED: N_("Văn bản đến"),
    ItemKind.ATTACHMENT: N_("Tệp kèm theo"),
    ItemKind.PROOF: N_("Tệp chứng minh"),
}
LINE_LABELS = {"code": N_("Mã"), "title": N_("Nhóm hồ sơ"), "years": N_("Số năm"), "source": N_("Căn cứ")}
"""Of the fields of a retention period's form."""
SURE = N_("Xin đánh dấu rằng đã xem lại mục lục: hồ sơ đã kết thúc không mở lại được.")
_PIECE = 2**18


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = "/casefiles/{id:[0-9a-f]{32}}"
    return [
        web.get("/casefiles", index),
        web.post("/casefiles", begin),
        web.get("/casefiles/retention", retention),
        web.post("/casefiles/retention", set_period),
        web.get(r"/casefiles/{year:\d{4}}-{what:list|closed}.pdf", printed),
        web.get(one, show),
        web.get(one + "/{what:contents}.pdf", printed),
        web.post(one + "/keep", keep),
        web.post(one + "/group", move),
        web.post(one + "/add", put_in),
        web.post(one + "/take-out", take_out),
        web.post(one + "/close", close),
        web.post(one + "/submit", submit),
        web.post(one + "/supplement", supplement),
        web.get(one + "/bag", hand_over),
        web.get(one + r"/items/{number:[1-9]\d{0,4}}", download),
    ]


def account_for(request: web.Request, act: Any = "case.read") -> Account:
    """Whoever asks, if they may do `act` in their own unit. Raises Problem."""
    account = require(request, "desk.open")
    return require(request, act, account.unit.id)


def standing(case: Case, *, waiting: bool) -> str:
    """How far a case file has come (msgid); `waiting`: it is handed over and not yet received."""
    if case.state is CaseState.CLOSED and case.submission is not None and case.submission.accepted:
        return N_("Đã nộp Lưu trữ lịch sử")
    if case.state is CaseState.CLOSED and case.handed_on is not None:
        return N_("Đã giao nộp")
    return N_("Chờ lưu trữ nhận") if waiting else STATES[case.state]


def opens(account: Account, case: Case) -> bool:
    """Whether the group of the case file is one of theirs."""
    return may(account, "case.open", access(case))


def access(case: Case) -> CaseAccess:
    """The case file as `may` sees it."""
    return CaseAccess(case.unit_id, case.group.roles, open=case.state is CaseState.OPEN)


async def able_to_receive(
    request: web.Request, case: Case, steps: Sequence[Handing], giver: str = ""
) -> tuple[Account, ...]:
    """Who receives it for the archive after the `steps` by which it was handed over, else from the account `giver`."""
    async with request.app[DATABASE].read() as connection:
        accounts = await directory.accounts(connection, request.app[CASE_FILES].today.isoformat())
    offered = waiting(steps)
    return receivers(accounts, case, offered.by.id if offered else giver)


async def index(request: web.Request) -> web.Response:
    """GET /casefiles[?year=&unit=]: the list of case files of the unit's year."""
    return await _index(request, account_for(request), {})


async def _index(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    asked = re.fullmatch(r"[12][0-9]{3}", request.query.get("year", ""))
    cases = request.app[CASE_FILES]
    year = int(asked[0]) if asked else cases.today.year
    unit = await unit_asked(request, account)
    listed = [one for one in await cases.of_year(unit.id, year) if opens(account, one)]
    waits = await request.app[HANDING].waiting(listed)
    return private(
        request,
        "casefiles/list.html",
        status=422 if sentence else 200,
        **await whose(request, account, unit),
        year=year,
        add=request.query.get("add", "")[:60],
        cases=listed,
        periods=await cases.periods(account.unit.id),
        state=lambda one: standing(one, waiting=one.id in waits),
        typed=defaultdict(str, typed),
        sentence=sentence,
        soon=cases.today + NOTICE,
        may_keep=may(account, "case.keep", unit.id),
    )


async def begin(request: web.Request) -> web.Response:
    """POST /casefiles: open one by hand."""
    account = account_for(request, "case.keep")
    typed = await form(request)
    try:
        made = await request.app[CASE_FILES].open(
            account.unit, typed.get("title", ""), typed.get("period", ""), by=actor(account)
        )  # fmt: skip
    except RecordError as error:
        return await _index(request, account, typed, wording.told(error.reason, reader_of(request)))
    return see_other(f"/casefiles/{made}")


async def case_of(request: web.Request, account: Account, id: str) -> Case:
    """The case file with this id, of the account's unit or of one whose place it has taken. Raises Problem."""
    for unit in (account.unit.id, *sorted(account.inherits)):
        with contextlib.suppress(NotFound):
            case = await request.app[CASE_FILES].get(unit, id)
            require(request, "case.open", access(case))
            return case
    raise Problem("not_found")


async def case_named(request: web.Request, account: Account) -> Case:
    """The case file that a path names. Raises Problem."""
    return await case_of(request, account, request.match_info["id"])


async def show(request: web.Request) -> web.Response:
    """GET /casefiles/{id}: what lies in it."""
    return await show_case(request, account_for(request))


async def show_case(request: web.Request, account: Account, sentence: str = "") -> web.Response:
    """Its page; `sentence` is what went wrong."""
    case = await case_named(request, account)
    by_hand, removed = await request.app[CASE_FILES].by_hand(case)
    steps = await request.app[HANDING].steps(case)
    able = await able_to_receive(request, case, steps, account.id)
    given = next((one for one in reversed(steps) if one.step is Step.OFFERED), None) if case.handed_on else None
    return private(
        request,
        "casefiles/show.html",
        status=422 if sentence else 200,
        case=case,
        periods=await request.app[CASE_FILES].periods(case.unit_id),
        groups=await request.app[CASE_FILES].groups(case.unit_id),
        state=standing(case, waiting=waiting(steps) is not None),
        kinds=KINDS,
        steps=steps,
        given=given,
        handing=waiting(steps),
        receivers=able,
        may_receive=account.id in {one.id for one in able},
        submitted_by=submitted_by(case),
        historical=request.app[CONFIG].historical.name if request.app[SUBMITTING].connected else "",
        by_hand=by_hand,
        removed=removed,
        late=await request.app[CASE_FILES].late(case),
        may_supplement=may(account, "case.keep", case.unit_id),
        moves=await request.app[CASE_FILES].moves(case),
        sentence=sentence,
        add=request.query.get("add", "")[:60],
        own=case.unit_id == account.unit.id,
        may_work=may(account, "case.work", access(case)),
        may_hand=may(account, "case.hand", access(case)),
        may_move=may(account, "case.move", access(case)),
        may_fetch=may(account, "case.fetch", access(case)),
    )


async def _acted(request: web.Request, act: str) -> web.Response:
    account = account_for(request)
    typed, cases = await form(request), request.app[CASE_FILES]
    case = await case_named(request, account)
    require(request, "case.hand" if act == "submit" else "case.work", access(case))
    unit, by = case.unit_id, actor(account, case.unit_id)
    try:
        if act == "keep":
            await cases.keep_for(unit, case.id, typed.get("period", ""))
        elif act == "add":
            issuer = account.unit.id if typed.get("issuer") == account.unit.id else unit
            await cases.put_in(unit, case.id, typed.get("what", ""), by=by, issuer=issuer)
        elif act == "take-out":
            await cases.take_out(unit, case.id, typed.get("item", ""), typed.get("reason", ""), by=by)
        elif act == "submit":
            await request.app[SUBMITTING].hand_in(unit, case.id, by=by)
        elif typed.get("sure") != "yes":
            return await show_case(request, account, reader_of(request).gettext(SURE))
        else:
            await cases.close(unit, case.id, by=by)
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    return see_other(f"/casefiles/{case.id}")


async def keep(request: web.Request) -> web.Response:
    """POST …/keep: choose how long it is kept."""
    return await _acted(request, "keep")


async def move(request: web.Request) -> web.Response:
    """POST …/group: put it into another group. Whom that group shuts out is back at the list."""
    account = account_for(request)
    typed, cases = await form(request), request.app[CASE_FILES]
    case = await case_named(request, account)
    require(request, "case.move", access(case))
    try:
        await cases.move(case.unit_id, case.id, typed.get("group", ""), by=actor(account, case.unit_id))
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    moved = await cases.get(case.unit_id, case.id)
    of_unit = "" if case.unit_id == account.unit.id else f"&unit={case.unit_id}"
    return see_other(f"/casefiles/{case.id}" if opens(account, moved) else f"/casefiles?year={case.year}{of_unit}")


async def put_in(request: web.Request) -> web.Response:
    """POST …/add: add a document by its number."""
    return await _acted(request, "add")


async def take_out(request: web.Request) -> web.Response:
    """POST …/take-out: take out what was added by hand."""
    return await _acted(request, "take-out")


async def close(request: web.Request) -> web.Response:
    """POST …/close: freeze the list of contents."""
    return await _acted(request, "close")


async def submit(request: web.Request) -> web.Response:
    """POST …/submit: hand it in to the historical archive."""
    return await _acted(request, "submit")


async def supplement(request: web.Request) -> web.Response:
    """POST …/supplement: open a case file for what came after this one was closed."""
    account = account_for(request, "case.keep")
    case = await case_named(request, account)
    require(request, "case.keep", case.unit_id)
    try:
        made = await request.app[CASE_FILES].supplement(account.unit, case.id, by=actor(account))
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    return see_other(f"/casefiles/{made}")


async def printed(request: web.Request) -> web.Response:
    """GET /casefiles/{year}-list.pdf, {year}-closed.pdf, /casefiles/{id}/contents.pdf: lists to be signed and kept."""
    account, asked = account_for(request), request.match_info
    what, year, case_id = asked["what"], int(asked.get("year", "0")), asked.get("id", "")
    unit: Unit | None = await unit_asked(request, account)
    if case_id:
        unit = await unit_of(request, account, ((await case_named(request, account)).unit_id,))
    try:
        made = await request.app[CASE_FILES].printed(
            unit or account.unit, what, year, case_id, opens=lambda case: opens(account, case)
        )
    except NotFound as error:
        raise Problem("not_found") from error
    return pdf(made, f"ho-so-{what}-{year or case_id[:8]}.pdf", headers=PRIVATE)


async def hand_over(request: web.Request) -> web.StreamResponse:
    """GET …/bag: the closed case file as a bag (RFC 8493) in a ZIP."""
    account = account_for(request)
    found = await case_named(request, account)
    require(request, "case.fetch", access(found))
    try:
        case, file = await request.app[CASE_FILES].hand_over(found.unit_id, found.id)
    except RecordError as error:
        return await show_case(request, account, wording.told(error.reason, reader_of(request)))
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="ho-so-{case.code}.zip"',
               "Content-Length": str(file.tell())}  # fmt: skip
    return web.Response(body=_streamed(file), content_type="application/zip", headers=headers)


async def download(request: web.Request) -> web.Response:
    """GET …/items/{number}: a file of the closed case file's list, from the archive."""
    case, number = await case_named(request, account_for(request)), int(request.match_info["number"])
    require(request, "case.fetch", access(case))
    if case.state is not CaseState.CLOSED or number > len(case.items) or case.items[number - 1].digest is None:
        raise Problem("not_found")
    name = file_name(number, case.items[number - 1])
    headers = {**PRIVATE, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    pieces = request.app[CASE_FILES].read(case.items[number - 1])
    first = await asyncio.to_thread(next, pieces, b"")
    return web.Response(body=_pieces(first, pieces), content_type="application/octet-stream", headers=headers)


async def _pieces(first: bytes, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    while piece := await asyncio.to_thread(next, rest, b""):
        yield piece


async def _streamed(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        await asyncio.to_thread(file.seek, 0)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def retention(request: web.Request) -> web.Response:
    """GET /casefiles/retention: the table of retention periods."""
    return await _retention(request, account_for(request), {})


async def _retention(
    request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = ""
) -> web.Response:
    return private(
        request,
        "casefiles/retention.html",
        status=422 if sentence else 200,
        periods=await request.app[CASE_FILES].periods(account.unit.id),
        typed=defaultdict(str, typed),
        sentence=sentence,
        may_keep=may(account, "case.keep", account.unit.id),
    )


async def set_period(request: web.Request) -> web.Response:
    """POST /casefiles/retention: add or change a line. Case files keep what they were given."""
    account = account_for(request, "case.keep")
    typed = await form(request)
    try:
        wanted = period({name: typed.get(name, "") for name in ("code", "title", "years", "source")})
        await request.app[CASE_FILES].set_period(account.unit.id, wanted, by=actor(account))
    except InvalidContent as error:
        reader = reader_of(request)
        label, reason = reader.gettext(LINE_LABELS.get(error.field, error.field)), wording.told(error.reason, reader)
        text = N_("Chưa lưu được. %(field)s: %(reason)s.")
        return await _retention(request, account, typed, reader.gettext(text, field=label, reason=reason))
    except RecordError as error:
        return await _retention(request, account, typed, wording.told(error.reason, reader_of(request)))
    return see_other("/casefiles/retention")
