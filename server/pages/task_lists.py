"""Tasks of a unit, of an authority, of a meeting that goes through them; the scoreboard; when reminders are sent."""

from collections.abc import Mapping
from datetime import date

from aiohttp import web

from minutes.errors import RecordError
from minutes.tasks import pressing
from minutes.tasks.reviewing import REVIEW_ITEM, reviewed, scores, together
from server.auth import utcnow
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import TASKS
from server.pages import current, form, reader_of, require, see_other
from server.pages.caching import private
from server.pages.heirs import unit_asked, whose
from server.pages.meetings import meeting_of
from server.pages.tasks import words
from server.rights import may
from server.tasks import day_of

DAYS: tuple[tuple[str, str], ...] = (
    ("before", N_("Nhắc trước hạn (ngày làm việc)")),
    ("unit_after", N_("Quá hạn bao nhiêu ngày làm việc thì báo lãnh đạo đơn vị chủ trì (0: không báo)")),
    ("authority_after", N_("Quá hạn bao nhiêu ngày làm việc thì báo lãnh đạo cơ quan giao việc (0: không báo)")),
)


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/tasks", mine),
        web.get("/tasks/board", board),
        web.get("/tasks/scores", scoreboard),
        web.get("/tasks/pressing", settings),
        web.post("/tasks/pressing", save),
        web.get("/meetings/{id}/tasks", review),
    ]


def _of_own_unit(request: web.Request, *, to_set: bool = False) -> Account:
    """The account, if it may see the board of its unit, or set its days. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    return require(request, "task.press" if to_set else "task.board", account.unit.id)


async def mine(request: web.Request) -> web.Response:
    """GET /tasks[?all&unit=]: what the account's unit leads or helps with, the overdue first."""
    account, today = require(request, "task.list"), day_of(utcnow())
    everything, unit = "all" in request.query, await unit_asked(request, account)
    found = await request.app[TASKS].of_unit(unit.id, only_open=not everything)
    return private(
        request,
        "tasks/mine.html",
        leading=reviewed((one for one in found if one.owner and one.owner.id == unit.id), today),
        helping=reviewed((one for one in found if not one.owner or one.owner.id != unit.id), today),
        over=[one for one in found if not one.open],
        everything=everything,
        **await whose(request, account, unit),
        **words(request),
    )


async def board(request: web.Request) -> web.Response:
    """GET /tasks/board[?unit=]: what an authority has given and is not done: what waits for a decision first. What is
    overdue stands with the overdue whatever else it waits for, until somebody has decided."""
    account, today = _of_own_unit(request), day_of(utcnow())
    unit = await unit_asked(request, account)
    found = reviewed(await request.app[TASKS].of_authority(unit.id, only_open=True), today)
    waiting = [one for one in found if one.undecided]
    nobody = [one for one in found if not one.undecided and (one.owner is None or not one.owner.id)]
    late = [one for one in found if one.overdue(today)]
    rest = [one for one in found if one not in waiting and one not in nobody and one not in late]
    return private(
        request,
        "tasks/board.html",
        groups=[
            (N_("Chờ cơ quan quyết định"), waiting),
            (N_("Chưa xác định được đơn vị chủ trì"), nobody),
            (N_("Quá hạn"), late),
            (N_("Đang thực hiện"), rest),
        ],
        count=len(found),
        late=len(late),
        may_press=may(account, "task.press", unit.id),
        **await whose(request, account, unit),
        **words(request),
    )


async def scoreboard(request: web.Request) -> web.Response:
    """GET /tasks/scores[?from=&to=&unit=]: how units have done what was given to them in a period."""
    account, today = _of_own_unit(request), day_of(utcnow())
    since = _day(request.query, "from", today.replace(month=1, day=1))
    until = _day(request.query, "to", today)
    unit = await unit_asked(request, account)
    rows = scores(await request.app[TASKS].of_authority(unit.id, since=since, until=until), today)
    return private(
        request,
        "tasks/scores.html",
        rows=rows,
        all=together(rows),
        widest=max((one.total for one in rows), default=0),
        since=since,
        until=until,
        **await whose(request, account, unit),
        **words(request),
    )


def _day(query: Mapping[str, str], name: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(query.get(name, ""))
    except ValueError:
        return otherwise


async def settings(request: web.Request) -> web.Response:
    """GET /tasks/pressing: when people are reminded and leaders are told, of the account's authority's tasks."""
    account = _of_own_unit(request, to_set=True)
    found = await request.app[TASKS].pressing(account.unit.id)
    return _settings(request, {name: str(days) for name, days in pressing.to_json(found).items()})


def _settings(request: web.Request, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    return private(
        request,
        "tasks/pressing.html",
        status=422 if sentence else 200,
        days=DAYS,
        typed=typed,
        most=pressing.MOST,
        sentence=sentence,
    )


async def save(request: web.Request) -> web.Response:
    """POST /tasks/pressing: holds from the next look at the deadlines on."""
    account = _of_own_unit(request, to_set=True)
    fields, reader = await form(request), reader_of(request)
    typed = {name: fields.get(name, "").strip() for name, _label in DAYS}
    whole = {
        name: int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1 for name, text in typed.items()
    }
    try:
        await request.app[TASKS].set_pressing(account.unit.id, pressing.from_json(whole))
    except RecordError:
        text = reader.gettext(N_("Chưa lưu được: số ngày phải là số từ 0 đến %(limit)s."), limit=pressing.MOST)
        return _settings(request, typed, text)
    return see_other("/tasks/board")


async def review(request: web.Request) -> web.Response:
    """GET /meetings/{id}/tasks: what the meeting goes through under its first item; to read, for who may enter it."""
    _account, entry = await meeting_of(request)
    today = day_of(utcnow())
    given = reviewed(
        await request.app[TASKS].of_authority(entry.meeting.authority.id, only_open=True, concluded=True), today
    )
    return private(
        request,
        "tasks/review.html",
        meeting=entry.meeting,
        item=REVIEW_ITEM,
        tasks=given,
        late=sum(one.overdue(today) for one in given),
        **words(request),
    )
