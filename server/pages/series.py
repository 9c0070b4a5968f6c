"""Regular meetings: the list of the office's series, their next dates, and what is other than the rule."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from aiohttp import web

from minutes.days import store as days
from minutes.days.calendar import day_off
from rooms import Meeting, store
from rooms.proceedings import MeetingKind
from rooms.series import ZONE, Mark, Phase, Series, Slot
from server import doors, outbox, series_tables
from server import series as keeping
from server.auth import utcnow
from server.calendar_event import calendar_of
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import CONFIG, DATABASE
from server.pages import form, reader_of, require, see_other
from server.pages.caching import PRIVATE, private
from server.pages.convening import REASON, blank, choices_of, sheet_form
from server.pages.meeting_sheet import PLANNED, Choices, Form, Sheet, typed_of
from server.pages.meetings import readable
from server.pages.series_rule import AHEAD, NTH, WEEKDAYS, RuleForm, in_words, rule_rows
from server.pages.texts import Unfit, on_record
from server.series import today
from server.sittings import HELD

SHOWN = 12
"""Coming dates that a series' page shows unasked."""
HALF_A_YEAR = timedelta(days=182)
USUAL_AHEAD = 7


def routes() -> list[web.RouteDef]:
    """The routes of this module; before those of one meeting, whose path would take "series"."""
    return [
        web.get("/meetings/series", index),
        web.get("/meetings/series/new", new),
        web.post("/meetings/series/new", begin),
        web.get("/meetings/series/{series}", show),
        web.get("/meetings/series/{series}/calendar.ics", download),
        web.get("/meetings/series/{series}/{day}", one_date),
        web.get("/meetings/series/{series}/{day}/change", edit),
        web.post("/meetings/series/{series}/{day}/change", change),
        web.post("/meetings/series/{series}/{day}/{act:move|drop|hold|prepare|end}", act),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """One date as it is shown: when it is held, and the meeting that was made of it."""

    slot: Slot
    entry: store.MeetingEntry | None

    @property
    def starts_at(self) -> datetime:
        """As the meeting's own sheet has it, once there is one."""
        return self.entry.meeting.starts_at if self.entry else self.slot.starts_at

    @property
    def held(self) -> bool:
        """Whether it takes place: neither dropped nor cancelled, and not over."""
        if self.entry is not None:
            return self.entry.state in (*store.COMING, *HELD)
        return self.slot.mark.dropped is None

    @property
    def moved(self) -> bool:
        """Whether it is at another time than the rule says."""
        return self.starts_at != self.slot.phase.rule.moment(self.slot.day)


async def lines_of(request: web.Request, series: Series) -> list[Line]:
    """Every date of a series, in order of the days that the rules give."""
    async with request.app[DATABASE].read() as connection:
        slots = series.slots(await series_tables.marks(connection, series.id))
        return [
            Line(one, await store.get_meeting(connection, one.mark.meeting) if one.mark.meeting else None)
            for one in slots
        ]


def coming(lines: list[Line], now: datetime) -> list[Line]:
    """Those to come, in order of their time."""
    return sorted((one for one in lines if one.starts_at > now), key=lambda one: one.starts_at)


async def _arranged(request: web.Request) -> tuple[Account, Series]:
    """The series of the path, for the secretaries of its office. Raises Problem."""
    async with request.app[DATABASE].read() as connection:
        series = await series_tables.get(connection, request.match_info["series"])
    if series is None:
        require(request, "meeting.schedule")
        raise Problem("unknown_series")
    return require(request, "series.arrange", series.unit), series


async def _dated(request: web.Request) -> tuple[Account, Series, Line]:
    """As _arranged, with a date of it. Raises Problem."""
    account, series = await _arranged(request)
    for line in await lines_of(request, series):
        if line.slot.day.isoformat() == request.match_info["day"]:
            return account, series, line
    raise Problem("date_not_held")


async def index(request: web.Request) -> web.Response:
    """GET /meetings/series: the office's series and the next date of each."""
    account = require(request, "meeting.schedule")
    async with request.app[DATABASE].read() as connection:
        every = await series_tables.every(connection, account.unit.id)
    now, reader = utcnow(), reader_of(request)
    found = []
    for series in every:
        following = next((one for one in coming(await lines_of(request, series), now) if one.held), None)
        found.append((series, in_words(phase_of(series, now).rule, reader), following))
    return private(request, "meetings/series_list.html", found=found)


def phase_of(series: Series, now: datetime) -> Phase:
    """The one that holds today, or the first to come."""
    begun = [one for one in series.phases if one.begins <= today(now)]
    return begun[-1] if begun else series.phases[0]


async def show(request: web.Request) -> web.Response:
    """GET /meetings/series/{series}: the rule and the next dates; ?all: every one of them."""
    account, series = await _arranged(request)
    now, reader = utcnow(), reader_of(request)
    lines = await lines_of(request, series)
    async with request.app[DATABASE].read() as connection:
        own = await days.days(connection, account.unit.id)
    ahead = coming(lines, now)
    shown = ahead if "all" in request.query else ahead[:SHOWN]
    return private(
        request,
        "meetings/series.html",
        series=series,
        phases=[
            (one, in_words(one.rule, reader))
            for one in series.phases
            if one is phase_of(series, now) or one.begins > today(now)
        ],
        coming=shown,
        more=len(ahead) - len(shown),
        address=f"{request.app[CONFIG].base_url}/series/{series.id}",
        held=[one for one in reversed(lines) if one.entry is not None and one.starts_at <= now][:SHOWN],
        off={line.slot.day: day_off(line.starts_at.astimezone(ZONE).date(), own) for line in shown},
        weekdays=WEEKDAYS,
        zone=ZONE,
    )


async def one_date(request: web.Request) -> web.Response:
    """GET /meetings/series/{series}/{day}: what can be done with one date, and from it on."""
    _account, series, line = await _dated(request)
    return _date_page(request, series, line, {})


def _date_page(
    request: web.Request, series: Series, line: Line, typed: Mapping[str, str], error: str = "", act: str = ""
) -> web.Response:
    local = line.starts_at.astimezone(ZONE)
    return private(
        request,
        "meetings/series_date.html",
        status=422 if error else 200,
        series=series,
        line=line,
        typed={"date": local.date().isoformat(), "time": local.strftime("%H:%M"), "reason": "", **typed},
        wrong=error,
        act=act,
        past=line.starts_at <= utcnow(),
    )


async def act(request: web.Request) -> web.Response:
    """POST /meetings/series/{series}/{day}/{act}: move, drop or hold one date, prepare it, or end the series there."""
    account, series, line = await _dated(request)
    typed, reader = await form(request), reader_of(request)
    what, slot, app = request.match_info["act"], line.slot, request.app
    if what == "prepare":
        return see_other(f"/meetings/{await keeping.prepare_now(app, series, slot.day, account)}")
    if line.starts_at <= utcnow():
        raise Problem("date_not_held")
    if what in ("drop", "end"):
        try:
            reason = on_record(typed.get("reason", ""), REASON)
        except Unfit as unfit:
            return _date_page(request, series, line, typed, reader.gettext(str(unfit), limit=REASON), what)
        if what == "end":
            await keeping.end_from(app, series, slot.day, reason, account)
        else:
            await keeping.mark(app, series, slot.day, replace(slot.mark, dropped=reason))
    elif what == "move":
        moved = _moment(typed)
        if moved is None or not timedelta() < moved - utcnow() < PLANNED:
            sentence = N_("Ngày, giờ không hợp lệ.") if moved is None else N_("Ngày họp đã qua.")
            if moved is not None and moved > utcnow():
                sentence = N_("Ngày họp cách hiện tại quá hai năm.")
            return _date_page(request, series, line, typed, reader.gettext(sentence), what)
        as_ruled = moved == slot.phase.rule.moment(slot.day)
        await keeping.mark(app, series, slot.day, Mark(None if as_ruled else moved))
    else:
        await keeping.mark(app, series, slot.day, replace(slot.mark, dropped=None))
    return see_other(f"/meetings/series/{series.id}")


def _moment(typed: Mapping[str, str]) -> datetime | None:
    try:
        day, clock = date.fromisoformat(typed.get("date", "")), time.fromisoformat(typed.get("time", ""))
        return datetime.combine(day, clock.replace(tzinfo=None), ZONE)
    except ValueError:
        return None


# --- the form -------------------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.Response:
    """GET /meetings/series/new?from=…: the empty form, or the one with the sheet of a meeting."""
    account = require(request, "meeting.schedule")
    choices = await choices_of(request, account)
    typed = blank(account, choices)
    earlier = request.query.get("from", "")
    if earlier:
        entry = await readable(request, account, earlier)
        async with request.app[DATABASE].read() as connection:
            guests = await outbox.guests(connection, entry.meeting.id)
        typed = typed_of(entry.meeting, guests, choices) | {"previous": entry.meeting.id}
        if entry.meeting.kind is MeetingKind.EMERGENCY:
            typed["kind"] = MeetingKind.BRIEFING
        first = entry.meeting.starts_at.astimezone(ZONE).date()
        while first <= today(utcnow()) or first == entry.meeting.starts_at.astimezone(ZONE).date():
            first += timedelta(days=7)
        typed["date"] = first.isoformat()
    first = date.fromisoformat(typed["date"])
    typed |= {"repeat": "week", f"weekday.{first.weekday()}": "1", "ahead": str(USUAL_AHEAD)}
    typed |= {"until": (first + HALF_A_YEAR).isoformat()}
    return _form(request, choices, typed, {})


def _form(
    request: web.Request,
    choices: Choices,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    series: Series | None = None,
    day: date | None = None,
    entries: int = 0,
) -> web.Response:
    path = f"/meetings/series/{series.id}" if series else "/meetings/series"
    repeats = {
        "path": path,
        "action": f"{path}/{day}/change" if day else f"{path}/new",
        "series": series,
        "day": day,
        "weekdays": WEEKDAYS,
        "nth": NTH,
        "ahead": AHEAD,
        "made": entries,
    }
    return sheet_form(request, choices, typed, errors, repeats=repeats)


def _read(
    request: web.Request, account: Account, choices: Choices, typed: Mapping[str, str], before: Sheet | None
) -> tuple[Phase | None, int, dict[str, str]]:
    """The phase that the form describes, from its own first day on; how many days ahead; what is wrong."""
    read, rule_form = Form(typed, choices, reader_of(request)), RuleForm(typed, reader_of(request))
    # Neither id nor room: each meeting gets its own.
    sheet = read.read(account, utcnow(), "", "", before)
    ahead = rule_form.ahead()
    # The rule's own faults are told also where the sheet has some.
    rule = rule_form.read(sheet.meeting.starts_at if sheet else _moment(typed) or utcnow())
    errors = {**rule_form.errors, **read.errors}
    if typed.get("kind") == MeetingKind.EMERGENCY:
        errors["kind"] = reader_of(request).gettext(N_("Họp khẩn không lập định kỳ: xin lập riêng từng cuộc họp."))
    if sheet is None or rule is None or errors:
        return None, ahead, errors
    return Phase(rule.first, rule, sheet.meeting, sheet.guests), ahead, {}


async def begin(request: web.Request) -> web.Response:
    """POST /meetings/series/new: put a series down; what was typed stays where it is wrong."""
    account = require(request, "meeting.schedule")
    typed = await form(request)
    choices = await choices_of(request, account)
    if "rows" in typed:
        return _form(request, choices, typed, {})
    phase, ahead, errors = _read(request, account, choices, typed, None)
    if doors.unasked(typed):
        errors[doors.FIELD] = reader_of(request).gettext(doors.UNASKED)
    if phase is None or errors:
        return _form(request, choices, typed, errors)
    series = Series(secrets.token_hex(8), account.unit.id, ahead, (phase,))
    await keeping.begin(request.app, series, account)
    return see_other(f"/meetings/series/{series.id}")


async def edit(request: web.Request) -> web.Response:
    """GET /meetings/series/{series}/{day}/change: the form for what holds from a date on."""
    account, series, line = await _dated(request)
    choices = await choices_of(request, account)
    phase, day = line.slot.phase, line.slot.day
    shown = replace(phase.sheet, starts_at=phase.rule.moment(day))
    typed = typed_of(shown, phase.guests, choices) | rule_rows(phase.rule, series.ahead)
    return _form(request, choices, typed, {}, series, day, await _made(request, series, day))


async def _made(request: web.Request, series: Series, day: date) -> int:
    """How many meetings are made from a day on, and would follow."""
    lines = await lines_of(request, series)
    return sum(one.slot.day >= day and one.entry is not None and one.entry.state in store.COMING for one in lines)


async def change(request: web.Request) -> web.Response:
    """POST /meetings/series/{series}/{day}/change: another rule or sheet for this date and all that follow."""
    account, series, line = await _dated(request)
    typed = await form(request)
    choices, day = await choices_of(request, account), line.slot.day
    made = await _made(request, series, day)
    if line.starts_at <= utcnow():
        raise Problem("date_not_held")
    if "rows" in typed:
        return _form(request, choices, typed, {}, series, day, made)
    before = Sheet(line.slot.phase.sheet, line.slot.phase.guests)
    phase, ahead, errors = _read(request, account, choices, typed, before)
    if phase is not None and phase.rule.first < day:
        errors = {"date": reader_of(request).gettext("Ngày bắt đầu không được trước kỳ đang sửa.")}
    if phase is None or errors:
        return _form(request, choices, typed, errors, series, day, made)
    # From the date on, also where the new rule begins later: what is between is held no more.
    phase = replace(phase, begins=day)
    await keeping.change_from(request.app, series, phase, ahead, "Lịch họp định kỳ thay đổi", account)
    return see_other(f"/meetings/series/{series.id}")


# --- calendar -------------------------------------------------------------------------------------------------


async def download(request: web.Request) -> web.Response:
    """GET /meetings/series/{series}/calendar.ics: all coming dates, each an event of its own."""
    _account, series = await _arranged(request)
    now, base = utcnow(), request.app[CONFIG].base_url
    events: list[tuple[Meeting, int, str, str]] = []
    for line in coming(await lines_of(request, series), now):
        slot, entry = line.slot, line.entry
        meeting = entry.meeting if entry else series.meeting(slot, slot.phase.sheet, "", "")
        reason = entry.reason if entry else slot.mark.dropped
        events.append((meeting, entry.sequence if entry else 0, f"{base}/meetings/{meeting.id}", reason or ""))
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="lich-hop-dinh-ky.ics"'}
    body = calendar_of(events, stamp=now)
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)
