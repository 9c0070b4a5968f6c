"""The lasting address of a series: always into the sitting that is held, or on the day of the next one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from aiohttp import web

from server import series_tables
from server.auth import utcnow
from server.errors import Problem
from server.keys import DATABASE
from server.pages import current, see_other
from server.pages.caching import private
from server.pages.series import Line, coming, lines_of, phase_of
from server.rights import may
from server.series import today
from server.sittings import HELD, access, seats

OVERDUE = timedelta(hours=12)
"""For how long a meeting that has not been opened is still the one that is meant."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/series/{series}", enter)]


def meant(lines: Sequence[Line], now: datetime) -> Line | None:
    """Of the dates of a series that for which somebody comes now: the one that is held, else the nearest that may be
    opened yet, else the next for which no meeting is made."""
    made = [(one, one.entry) for one in lines if one.entry is not None]
    held = [one for one, entry in made if entry.state in HELD]
    if held:
        return held[-1]
    to_come = [one for one in lines if one.held and one.starts_at > (now - OVERDUE if one.entry else now)]
    return min(to_come, key=lambda one: abs(one.starts_at - now), default=None)


async def enter(request: web.Request) -> web.Response:
    """GET /series/{series}: into the room; on another day, and where nothing is held any more, a page that says so."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    async with request.app[DATABASE].read() as connection:
        series = await series_tables.get(connection, request.match_info["series"])
    if series is None:
        raise Problem("not_invited")
    now, lines = utcnow(), await lines_of(request, series)
    line = meant(lines, now)
    entry = line.entry if line else None
    if line and entry and (entry.state in HELD or today(line.starts_at) <= today(now)):
        return see_other(f"/rooms/{entry.meeting.room}")
    sheet = entry.meeting if entry else (line.slot.phase if line else phase_of(series, now)).sheet
    # The same answer for a series that does not exist and one that is not theirs.
    if not may(account, "meeting.enter", access(sheet, account)):
        raise Problem("not_invited")
    following = [one for one in coming(lines, now) if one.held and one is not line]
    return private(
        request,
        "meetings/series_door.html",
        series=series,
        line=line,
        opens=entry is not None and may(account, "meeting.enter", seats(sheet)),
        following=following[:3],
    )
