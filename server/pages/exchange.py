"""Documents between authorities: what came and waits, what senders want back; and sending one of ours."""

from collections.abc import Mapping

from aiohttp import web

from minutes.errors import InvalidContent, NotFound, RecordError
from minutes.exchange import status
from minutes.exchange.arrival import Arrival, RecallState
from minutes.exchange.edxml import Business
from minutes.exchange.store import MessageState
from minutes.registers.entry import Incoming
from minutes.report import UNSIGNED
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import EXCHANGE
from server.pages import desk, form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, pdf, private, saved
from server.pages.desk_acts import Unfilled, actor, reason
from server.pages.registers import LABELS
from server.rights import Act, may

DOES = {
    Business.NEW: N_("Văn bản mới"),
    Business.REVOKES: N_("Thu hồi văn bản đã gửi"),
    Business.UPDATES: N_("Sửa đổi, đính chính văn bản đã gửi"),
    Business.REPLACES: N_("Thay thế văn bản đã gửi"),
}
STATES = {
    MessageState.WAITING: N_("Chờ gửi"),
    MessageState.SENT: N_("Đã chuyển lên trục"),
    MessageState.FAILED: N_("Không gửi được"),
}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = "/registers/waiting/{id:[0-9a-f]{32}}"
    return [
        web.get("/registers/waiting", index),
        web.get(one, show),
        web.get(one + r"/files/{place:\d{1,2}}", file),
        web.post(one + "/{act:receive|refuse|destroy|keep}", act),
        web.post("/desk/{id}/dispatch", send),
    ]


def _account(request: web.Request, permission: Act = "register.read") -> Account:
    return require(request, permission, require(request, "desk.open").unit.id)


async def index(request: web.Request) -> web.Response:
    """GET /registers/waiting: what came by the exchange axis and waits, what is wanted back, and what is not sent."""
    account, exchange = _account(request), request.app[EXCHANGE]
    unsent, troubles = await exchange.state(account.unit.id)
    return private(
        request,
        "registers/waiting.html",
        connected=exchange.connected(account.unit.id),
        arrived=await exchange.arrivals.waiting(account.unit.id),
        recalled=await exchange.arrivals.recalled(account.unit.id),
        unsent=unsent,
        troubles=troubles,
        does=DOES,
        states=STATES,
        said=status.SAID,
    )


async def _one(request: web.Request, account: Account) -> tuple[Arrival, Incoming | None]:
    try:
        return await request.app[EXCHANGE].arrivals.get(account.unit.id, request.match_info["id"])
    except NotFound as error:
        raise Problem("not_found") from error


async def show(request: web.Request) -> web.Response:
    """GET /registers/waiting/{id}: one document that came, and what may be done with it."""
    return await _show(request, _account(request))


async def _show(
    request: web.Request, account: Account, sentence: str = "", typed: Mapping[str, str] | None = None,
    *, twice: bool = False,
) -> web.Response:  # fmt: skip
    one, before = await _one(request, account)
    reader = reader_of(request)
    return private(
        request,
        "registers/arrival.html",
        status=422 if sentence else 200,
        one=one,
        before=before,
        labels=LABELS,
        does=DOES,
        problems=[wording.told(problem, reader) for problem in one.verdict.problems] if one.verdict else [],
        unsigned=one.verdict is not None and [problem.text for problem in one.verdict.problems] == [UNSIGNED],
        typed={name: (typed or {}).get(name, "") for name in ("note", "reason")},
        sentence=sentence,
        twice=twice,
        asked=one.recall is RecallState.ASKED,
        may_enter=may(account, "register.enter", account.unit.id),
    )


async def file(request: web.Request) -> web.Response:
    """GET /registers/waiting/{id}/files/{place}: a file as it came."""
    one, _ = await _one(request, _account(request))
    try:
        kept, data = await request.app[EXCHANGE].arrivals.file(one, int(request.match_info["place"]))
    except NotFound as error:
        raise Problem("not_found") from error
    if kept is one.main:
        return pdf(data, "van-ban-den.pdf", headers=PRIVATE)
    return saved(data, kept.name, PRIVATE)


async def act(request: web.Request) -> web.Response:
    """POST /registers/waiting/{id}/{act}: receive or refuse it; destroy or keep what its sender wants back."""
    account, id = _account(request, "register.enter"), request.match_info["id"]
    typed, arrivals, by = await form(request), request.app[EXCHANGE].arrivals, actor(account)
    back = f"/registers/waiting/{id}"
    try:
        match request.match_info["act"]:
            case "receive":
                note = typed.get("note", "")
                year, number = await arrivals.receive(account.unit, id, note, by=by, knowing="knowing" in typed)
                back = f"/registers/in/{year}/{number}"
            case "refuse":
                await arrivals.refuse(account.unit.id, id, reason(typed), by=by)
            case "destroy":
                if "sure" not in typed:
                    raise Unfilled(N_("Xin đánh dấu vào ô xác nhận trước khi hủy."))
                await arrivals.destroy(account.unit.id, id, by=by)
            case _:
                await arrivals.keep(account.unit.id, id, reason(typed), by=by)
    except NotFound as error:
        raise Problem("not_found") from error
    except Unfilled as unfilled:
        return await _show(request, account, reader_of(request).gettext(str(unfilled)), typed)
    except RecordError as error:
        twice = getattr(error, "code", "") == "came_before"
        return await _show(request, account, wording.told(error.reason, reader_of(request)), typed, twice=twice)
    request.app[EXCHANGE].job.wake()
    return see_other(back)


async def send(request: web.Request) -> web.Response:
    """POST /desk/{id}/dispatch: send a document to authorities, or try once more what is not sent yet."""
    account, document = await desk.open_document(request, "document.send")
    typed, exchange = await form(request), request.app[EXCHANGE]
    try:
        if typed.get("act") == "again":
            await exchange.again(document.id)
        else:
            chosen = [name.removeprefix("organ.") for name in typed if name.startswith("organ.")]
            await exchange.send(document.id, chosen, by=actor(account))
    except InvalidContent as error:
        told = N_("Chưa gửi được: %(reason)s.")
        sentence = reader_of(request).gettext(told, reason=wording.told(error.reason, reader_of(request)))
        return await desk.document_page(request, account, document, sentence=sentence, failed="dispatch")
    except RecordError as error:
        sentence = wording.told(error.reason, reader_of(request))
        return await desk.document_page(request, account, document, sentence=sentence, failed="dispatch")
    return see_other(f"/desk/{document.id}#sent")
