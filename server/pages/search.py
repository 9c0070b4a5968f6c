"""Searching at the desk: one box for documents and proceedings, filters under it, and what was found."""

import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode

from aiohttp import web

from minutes.document import Document, Kind, State
from minutes.searching.entry import Subject
from minutes.searching.query import LONGEST
from server import directory, search
from server.i18n import N_
from server.keys import DATABASE
from server.pages import reader_of, require, wording
from server.pages.caching import private
from server.search import Result, Wanted

FILTERS = ("kind", "unit", "state", "signer", "meeting", "year", "since", "until")
LONGEST_FILTER = 200
BAD_DAY = N_("Có ngày hoặc năm ghi chưa đúng nên chưa được dùng để lọc; xin xem lại ô có dấu báo lỗi.")


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/search", index)]


async def index(request: web.Request) -> web.Response:
    """GET /search?q=…: what the account may read of what it looks for; filters are other fields of the query."""
    account = require(request, "desk.open")
    typed = {name: request.query.get(name, "").strip()[:LONGEST_FILTER] for name in (*FILTERS, "sort", "page")}
    typed["q"] = request.query.get("q", "").strip()[:LONGEST]
    wanted, wrong = read(typed)
    page = _count(typed["page"], 6) or 1
    found = await search.search(request.app[DATABASE], account, wanted, page)
    async with request.app[DATABASE].read() as connection:
        units = await directory.units(connection)
    asked = {name: value for name, value in typed.items() if value and name != "page"}
    return private(
        request,
        "search/index.html",
        typed=typed,
        wrong=wrong,
        sentence=reader_of(request).gettext(BAD_DAY) if wrong else "",
        asked=bool(asked),
        filtered=any(typed[name] for name in FILTERS),
        found=found,
        units=units,
        words=wording,
        path_of=path_of,
        address=lambda number: f"/search?{urlencode({**asked, 'page': number})}",
    )


def read(typed: Mapping[str, str]) -> tuple[Wanted, frozenset[str]]:
    """What is wanted, and the names of the fields that cannot be read and are left out."""
    since, until = _day(typed["since"]), _day(typed["until"])
    year = _count(typed["year"], 4)
    kinds = {*(kind.value for kind in Kind), Subject.MEETING.value}
    wanted = Wanted(
        text=typed["q"],
        kind=typed["kind"] if typed["kind"] in kinds else "",
        unit=typed["unit"],
        state=State(typed["state"]) if typed["state"] in {state.value for state in State} else None,
        signer=typed["signer"],
        meeting=typed["meeting"],
        year=year,
        since=since,
        until=until,
        newest=typed["sort"] == "date",
    )
    read = {"since": since, "until": until, "year": year}
    return wanted, frozenset(name for name, value in read.items() if typed[name] and value is None)


def _day(text: str) -> date | None:
    """2026-02-05, as browsers send a date, or 5/2/2026, as people write it."""
    written = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII)
    sent = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text, re.ASCII)
    parts = tuple(reversed(written.groups())) if written else sent.groups() if sent else ()
    try:
        year, month, day = map(int, parts)
        return date(year, month, day)
    except ValueError:
        return None


def _count(text: str, digits: int) -> int | None:
    good = text.isascii() and text.isdigit() and len(text) <= digits
    return int(text) or None if good else None


def path_of(result: Result) -> str:
    """Where it is read: at the desk, or on the page that everybody has."""
    if result.meeting is not None:
        return f"/meetings/{quote(result.meeting.meeting.id, safe='')}"
    document = result.document
    assert isinstance(document, Document)
    if result.posted and document.number_symbol is not None:
        return f"/documents/{quote(document.unit.id, safe='')}/{document.year}/{quote(document.number_symbol)}"
    return f"/desk/{document.id}"
