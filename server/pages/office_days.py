"""When the office works: the country's holidays, and the authority's own days."""

import re
from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.days import calendar, store
from minutes.errors import InvalidContent, RecordError
from minutes.reading import VIETNAM
from server.auth import utcnow
from server.directory import Account
from server.i18n import N_, Reader
from server.keys import DATABASE
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import private
from server.pages.desk_acts import Unfilled, actor, day
from server.pages.series_rule import WEEKDAYS
from server.records_reading import actor_of
from server.rights import may

LABELS = {"day": N_("Ngày"), "works": N_("Ngày này"), "note": N_("Lý do")}
DECISION = {"year": N_("Năm"), "number": N_("Số, ký hiệu thông báo hoặc quyết định"), "decided_on": N_("Ngày ban hành")}
AHEAD = 2
"""Years after the running one that the page looks through for what is missing."""
WORKS = (("no", N_("Nghỉ")), ("yes", N_("Làm việc")))


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/workflow/days", show),
        web.post("/workflow/days", enter),
        web.post("/workflow/days/remove", remove),
        web.post("/workflow/days/decision", decide),
    ]


UNKNOWN = N_(
    "Hệ thống chưa có ngày nghỉ Tết Âm lịch và Giỗ Tổ Hùng Vương năm %(year)s, nên các hạn xử lý sẽ tính những ngày ấy "
    "là ngày làm việc. Xin ghi những ngày ấy vào “Ngày của cơ quan” và ghi thông báo của Chính phủ, hoặc cập nhật "
    "phần mềm."
)
EXPECTED = N_(
    "Ngày nghỉ Tết Âm lịch và ngày nghỉ liền kề Quốc khánh năm %(year)s mới là dự kiến. Khi có thông báo chính thức, "
    "xin ghi số và ngày của thông báo; ngày nào khác thì ghi vào “Ngày của cơ quan”."
)


MISSING = {
    calendar.Known.EXPECTED: N_("mới là dự kiến, chưa ghi thông báo của Chính phủ"),
    calendar.Known.UNKNOWN: N_("chưa có ngày nghỉ Tết Âm lịch và Giỗ Tổ Hùng Vương"),
}


def told(year: int, known: calendar.Known, reader: Reader) -> str:
    """What is not certain of the holidays of a year; "" where all is."""
    text = {calendar.Known.UNKNOWN: UNKNOWN, calendar.Known.EXPECTED: EXPECTED}.get(known)
    return reader.gettext(text, year=year) if text else ""


async def doubts(request: web.Request, unit_id: str) -> list[tuple[int, str]]:
    """(year, what is not certain of its holidays) of the running year, and of the next one when it is near."""
    today, reader = utcnow().astimezone(VIETNAM).date(), reader_of(request)
    async with request.app[DATABASE].read() as connection:
        decisions, own = await store.decisions(connection, unit_id), await store.days(connection, unit_id)
    return [(year, told(year, known, reader)) for year, known in calendar.doubtful(today, decisions, own)]


async def show(request: web.Request) -> web.Response:
    """GET /workflow/days[?year=]: holidays and the authority's own days."""
    account = require(request, "desk.open")
    return await _show(request, require(request, "workflow.read", account.unit.id), {})


async def _show(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    this_year = utcnow().astimezone(VIETNAM).year
    asked = re.fullmatch(r"20[0-9]{2}", typed.get("year", "") or request.query.get("year", ""))
    year = int(asked[0]) if asked else this_year
    async with request.app[DATABASE].read() as connection:
        own = await store.days(connection, account.unit.id)
        decisions = await store.decisions(connection, account.unit.id)
    stand = {one: calendar.standing(one, decisions, own) for one in range(this_year, this_year + AHEAD + 1)}
    here = calendar.standing(year, decisions, own)
    return private(
        request,
        "desk/days.html",
        status=422 if sentence else 200,
        year=year,
        holidays=calendar.of_year(year),
        doubt=told(year, here, reader_of(request)),
        decided=here is calendar.Known.DECIDED,
        decision=next((one for one in decisions if one.year == year), None),
        missing=[(one, MISSING[how]) for one, how in stand.items() if how is not calendar.Known.DECIDED],
        until=calendar.known_until(),
        decision_labels=DECISION,
        own=[one for one in own if one.day.year == year],
        labels=LABELS,
        works=WORKS,
        weekdays=WEEKDAYS,
        typed=defaultdict(str, typed),
        sentence=sentence,
        may_set=may(account, "workflow.set", account.unit.id),
    )


async def enter(request: web.Request) -> web.Response:
    """POST /workflow/days: a day of the authority's own."""
    account = require(request, "desk.open")
    require(request, "workflow.set", account.unit.id)
    typed, reader = await form(request), reader_of(request)
    try:
        own = calendar.own({name: typed.get(name, "") for name in LABELS})
        async with request.app[DATABASE].begin() as connection:
            await store.enter(connection, account.unit.id, own, actor_of(actor(account)), utcnow())
    except InvalidContent as error:
        label = reader.gettext(LABELS.get(error.field, error.field))
        text = N_("Chưa lưu được. %(field)s: %(reason)s.")
        told = reader.gettext(text, field=label, reason=wording.told(error.reason, reader))
        return await _show(request, account, typed, told)
    except RecordError as error:
        return await _show(request, account, typed, wording.told(error.reason, reader))
    return see_other(f"/workflow/days?year={own.day.year}")


async def decide(request: web.Request) -> web.Response:
    """POST /workflow/days/decision: by what the government has decided the days off of a year."""
    account = require(request, "desk.open")
    require(request, "workflow.set", account.unit.id)
    typed, reader = await form(request), reader_of(request)
    try:
        made = calendar.decision({name: typed.get(name, "") for name in DECISION})
    except InvalidContent as error:
        label = reader.gettext(DECISION.get(error.field, error.field))
        text = N_("Chưa lưu được. %(field)s: %(reason)s.")
        told = reader.gettext(text, field=label, reason=wording.told(error.reason, reader))
        return await _show(request, account, typed, told)
    async with request.app[DATABASE].begin() as connection:
        await store.decide(connection, account.unit.id, made, actor_of(actor(account)), utcnow())
    return see_other(f"/workflow/days?year={made.year}")


async def remove(request: web.Request) -> web.Response:
    """POST /workflow/days/remove: the day is as for everybody again."""
    account = require(request, "desk.open")
    require(request, "workflow.set", account.unit.id)
    typed = await form(request)
    try:
        which = day(typed.get("day", ""))
    except Unfilled as unfilled:
        return await _show(request, account, {}, reader_of(request).gettext(str(unfilled)))
    async with request.app[DATABASE].begin() as connection:
        await store.remove(connection, account.unit.id, which)
    return see_other(f"/workflow/days?year={which.year}")
