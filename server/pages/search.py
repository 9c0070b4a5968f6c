"""Searching at the desk: one box for documents and proceedings, filters under it, and what was found."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web
from multidict import MultiDict, MultiMapping

from minutes.document import KIND_NAMES, STATE_NAMES, Document, Kind, State
from minutes.errors import Refused
from minutes.searching.entry import Subject
from minutes.searching.query import LONGEST
from minutes.sheets import LAYOUT, Column, day, sheet
from minutes.typeset import Typesetter
from server import directory, saved_searches, search
from server.auth import utcnow
from server.directory import Account
from server.i18n import N_, VIETNAM
from server.keys import DATABASE
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, pdf, private
from server.search import Result, Wanted

FILTERS = ("kind", "unit", "state", "signer", "meeting", "year", "since", "until")
LONGEST_FILTER = 200
FIELDS = {
    "state": N_("Trạng thái"),
    "unit": N_("Cơ quan ban hành"),
    "day": N_("Ngày"),
    "signer": N_("Người ký"),
    "places": N_("Đoạn tìm thấy"),
}
"""Of a result, which are shown as chosen; what it is called always is."""
USUAL = ("state", "unit", "day", "places")
WIDTHS = {"state": 12, "unit": 20, "day": 10, "signer": 16, "places": 30}
PRINTED_PAGES = 25
LONGEST_QUERY = 4000
BAD_DAY = N_("Có ngày hoặc năm ghi chưa đúng nên chưa được dùng để lọc; xin xem lại ô có dấu báo lỗi.")


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/search", index),
        web.get("/search/results.pdf", printed),
        web.post("/search/saved", keep),
        web.post(r"/search/saved/{id:\d{1,9}}/remove", forget),
    ]


def _typed(query: MultiMapping[str]) -> dict[str, str]:
    typed = {name: query.get(name, "").strip()[:LONGEST_FILTER] for name in (*FILTERS, "sort", "page")}
    return {**typed, "q": query.get("q", "").strip()[:LONGEST]}


def _shown(query: MultiMapping[str]) -> tuple[str, ...]:
    """The fields of a result that are to be seen, in order."""
    chosen = query.getall("show", [])
    return tuple(name for name in FIELDS if name in chosen) or USUAL


def _query(typed: Mapping[str, str], shown: tuple[str, ...], **more: object) -> str:
    """The address of a search, without its path."""
    fields = {name: value for name, value in typed.items() if value and name != "page"}
    return urlencode({**fields, **({} if shown == USUAL else {"show": shown}), **more}, doseq=True)


async def index(request: web.Request) -> web.Response:
    """GET /search?q=…: what the account may read of what it looks for; filters are other fields of the query."""
    return await _index(request, require(request, "desk.open"), request.query)


async def _index(
    request: web.Request, account: Account, query: MultiMapping[str], refused: str = "", name: str = ""
) -> web.Response:
    typed, shown = _typed(query), _shown(query)
    wanted, wrong = read(typed)
    page = _count(typed["page"], 6) or 1
    found = await search.search(request.app[DATABASE], account, wanted, page)
    async with request.app[DATABASE].read() as connection:
        units = await directory.units(connection)
        saved = await saved_searches.of(connection, account.id)
    return private(
        request,
        "search/index.html",
        status=422 if refused else 200,
        typed=typed,
        wrong=wrong,
        sentence=reader_of(request).gettext(BAD_DAY) if wrong else "",
        refused=refused,
        name=name,
        asked=any(value for field, value in typed.items() if field != "page"),
        filtered=any(typed[name] for name in FILTERS),
        found=found,
        units=units,
        saved=saved,
        shown=shown,
        fields=FIELDS,
        words=wording,
        path_of=path_of,
        query=_query(typed, shown),
        address=lambda number: f"/search?{_query(typed, shown, page=number)}",
    )


async def keep(request: web.Request) -> web.Response:
    """POST /search/saved: keep a search under a name, to ask it again."""
    account = require(request, "desk.open")
    sent = await form(request)
    query = MultiDict(parse_qsl(sent.get("query", "")[:LONGEST_QUERY]))
    asked = _query(_typed(query), _shown(query))
    try:
        async with request.app[DATABASE].begin() as connection:
            await saved_searches.keep(connection, account.id, sent.get("name", ""), asked, utcnow())
    except Refused as error:
        told = wording.told(error.reason, reader_of(request))
        return await _index(request, account, query, told, sent.get("name", ""))
    return see_other(f"/search?{asked}")


async def forget(request: web.Request) -> web.Response:
    """POST /search/saved/{id}/remove: forget one of the account's own."""
    account = require(request, "desk.open")
    await form(request)
    async with request.app[DATABASE].begin() as connection:
        await saved_searches.forget(connection, account.id, int(request.match_info["id"]))
    return see_other("/search")


async def printed(request: web.Request) -> web.Response:
    """GET /search/results.pdf?q=…: the first results as a list to keep, with the fields that were chosen."""
    account = require(request, "desk.open")
    typed, shown = _typed(request.query), _shown(request.query)
    wanted, _ = read(typed)
    rows, page, pages = list[list[str]](), 1, 1
    while page <= min(pages, PRINTED_PAGES):
        found = await search.search(request.app[DATABASE], account, wanted, page)
        rows += [[str(len(rows) + number), *_row(one, shown)] for number, one in enumerate(found.items, 1)]
        page, pages = page + 1, found.pages
    columns = [Column("STT", 5, centred=True), Column("Văn bản, cuộc họp", 40)]
    columns += [Column(FIELDS[name], WIDTHS[name]) for name in shown]
    closing = f"Cộng: {len(rows)} kết quả."
    about = (f"Tìm: {typed['q']}" if typed["q"] else "", "", f"Ngày {day(utcnow().astimezone(VIETNAM).date())}")
    data = sheet("Kết quả tìm kiếm", [account.unit.name], columns, rows, unit="kết quả", closing=closing, cover=about)
    made = await asyncio.to_thread(Typesetter().sheets, LAYOUT, data, at=utcnow())
    return pdf(made, "ket-qua-tim-kiem.pdf", headers=PRIVATE)


def _row(one: Result, shown: tuple[str, ...]) -> list[str]:
    """A result as printed: what it is called, then the fields."""
    head = "".join(part.text for part in one.shown.head)
    places = " … ".join("".join(part.text for part in place) for place in one.shown.places)
    if one.document is not None:
        document = one.document
        signers = ", ".join(signer.name for signer in document.signers if signer.role != "seal")
        issued = document.issued_on or document.created_at.astimezone(VIETNAM).date()
        name = f"{KIND_NAMES[document.kind]} {document.number_symbol or '(dự thảo)'} {head}"
        said = {"state": STATE_NAMES[document.state], "unit": document.unit.name, "day": day(issued)}
        return [" ".join(name.split()), *({**said, "signer": signers, "places": places}[field] for field in shown)]
    if one.received is not None:
        came = one.received.received
        said = {"state": "", "unit": came.author, "day": day(came.arrived_on), "signer": "", "places": places}
        name = f"Văn bản đến số {one.received.number:02d}: {came.kind_name} {came.number_symbol} {head}"
        return [" ".join(name.split()), *(said[field] for field in shown)]
    assert one.meeting is not None, "a result is a document, a meeting or what came"
    meeting = one.meeting.meeting
    when = day(one.meeting.begins.astimezone(VIETNAM).date())
    said = {"state": "", "unit": meeting.authority.name, "day": when, "signer": "", "places": places}
    return [f"Diễn biến cuộc họp {head}", *(said[field] for field in shown)]


def read(typed: Mapping[str, str]) -> tuple[Wanted, frozenset[str]]:
    """What is wanted, and the names of the fields that cannot be read and are left out."""
    since, until = _day(typed["since"]), _day(typed["until"])
    year = _count(typed["year"], 4)
    kinds = {*(kind.value for kind in Kind), Subject.MEETING.value, Subject.RECEIVED.value}
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
    if result.received is not None:
        of_unit = f"?unit={quote(result.unit, safe='')}" if result.unit else ""
        return f"/registers/in/{result.received.ref}{of_unit}"
    document = result.document
    assert isinstance(document, Document)
    if result.posted and document.number_symbol is not None:
        return f"/documents/{quote(document.unit.id, safe='')}/{document.year}/{quote(document.number_symbol)}"
    return f"/desk/{document.id}"
