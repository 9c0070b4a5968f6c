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
WORKS = (("no", N_("Nghỉ")), ("yes", N_("Làm việc")))


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/workflow/days", show),
        web.post("/workflow/days", enter),
        web.post("/workflow/days/remove", remove),
    ]


UNKNOWN = N_(
    "Hệ thống chưa có ngày nghỉ Tết Âm lịch và Giỗ Tổ Hùng Vương năm %(year)s, nên các hạn xử lý sẽ tính những ngày ấy "
    "là ngày làm việc. Xin ghi vào “Ngày của cơ quan”, hoặc cập nhật phần mềm."
)
EXPECTED = N_(
    "Ngày nghỉ Tết Âm lịch và ngày nghỉ liền kề Quốc khánh năm %(year)s mới là dự kiến. Khi có thông báo chính thức mà "
    "khác, xin ghi vào “Ngày của cơ quan”."
)


def told(year: int, known: calendar.Known, reader: Reader) -> str:
    """What is not certain of the holidays of a year; "" where all is."""
    text = {calendar.Known.UNKNOWN: UNKNOWN, calendar.Known.EXPECTED: EXPECTED}.get(known)
    return reader.gettext(text, year=year) if text else ""


def doubts(reader: Reader) -> list[tuple[int, str]]:
    """(year, what is not certain of its holidays) of the running year, and of the next one when it is near."""
    today = utcnow().astimezone(VIETNAM).date()
    return [(year, told(year, known, reader)) for year, known in calendar.doubtful(today)]


async def show(request: web.Request) -> web.Response:
    """GET /workflow/days[?year=]: holidays and the authority's own days."""
    account = require(request, "desk.open")
    return await _show(request, require(request, "workflow.read", account.unit.id), {})


async def _show(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    asked = re.fullmatch(r"20[0-9]{2}", request.query.get("year", ""))
    year = int(asked[0]) if asked else utcnow().astimezone(VIETNAM).year
    async with request.app[DATABASE].read() as connection:
        own = await store.days(connection, account.unit.id)
    return private(
        request,
        "desk/days.html",
        status=422 if sentence else 200,
        year=year,
        holidays=calendar.of_year(year),
        doubt=told(year, calendar.known(year), reader_of(request)),
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
