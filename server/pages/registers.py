"""The registers of a unit's year: looked through, searched, entered into, printed."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from minutes.document import KIND_NAMES, Kind
from minutes.errors import InvalidContent, RecordError, SecretContent, SeveralWrong
from minutes.exchange import edxml
from minutes.exchange.element import refuse_marked
from minutes.register import EntryState
from minutes.registers import entry, report, store
from minutes.registers import rule as numbering
from minutes.registers.rule import Rule
from server import doors
from server.directory import Account, Unit
from server.errors import ANSWERS, Problem
from server.i18n import N_, Reader
from server.keys import REGISTERS
from server.pages import form, reader_of, require, see_other, upload_of, wording
from server.pages.caching import PRIVATE, pdf, private
from server.pages.desk_acts import Unfilled, actor, day, reason
from server.pages.heirs import unit_asked, whose
from server.rights import may
from server.written import as_seen

STATES = {
    EntryState.RESERVED: N_("Đã cấp số"),
    EntryState.COMPLETE: N_("Đã phát hành"),
    EntryState.VOID: N_("Đã hủy số"),
}
LABELS = {
    "kind": N_("Loại văn bản"),
    "issued_on": N_("Ngày văn bản"),
    "subject": N_("Trích yếu"),
    "signer": N_("Người ký"),
    "recipients": N_("Nơi nhận"),
    "keeper": N_("Đơn vị, người nhận bản lưu"),
    "copies": N_("Số lượng bản"),
    "note": N_("Ghi chú"),
    "arrived_on": N_("Ngày đến"),
    "author": N_("Cơ quan ban hành"),
    "number_symbol": N_("Số, ký hiệu"),
    "kind_name": N_("Tên loại"),
    "handler": N_("Đơn vị hoặc người nhận"),
    "leader": N_("Người cho ý kiến"),
    "opinion": N_("Ý kiến phân phối, chỉ đạo"),
    "deadline": N_("Thời hạn giải quyết"),
    "file": N_("Tệp văn bản"),
}
_OUT = ("kind", "issued_on", "subject", "signer", "recipients", "keeper", "copies", "note")
_IN = ("arrived_on", "author", "number_symbol", "issued_on", "kind_name", "subject", "note")


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/registers/out", out),
        web.post("/registers/out", enter),
        web.post("/registers/out/end", end),
        web.get("/registers/in", arrived),
        web.post("/registers/in", receive),
        web.post("/registers/in/edxml", bring),
        web.get(r"/registers/{which:out|in}/{year:\d{4}}.pdf", printed),
        web.get(r"/registers/{which:out|in}/{year:\d{4}}-report.pdf", reported),
        web.get("/registers/numbering", rules),
        web.post("/registers/numbering", decide),
    ]


def account_for(request: web.Request, act: Any = "register.read") -> Account:
    account = require(request, "desk.open")
    return require(request, act, account.unit.id)


async def _whose(request: web.Request, account: Account, unit: Unit) -> dict[str, Any]:
    """What a page of a register says of whose it is."""
    entered = unit.id == account.unit.id and may(account, "register.enter", unit.id)
    return {**await whose(request, account, unit), "may_enter": entered}


def _year(request: web.Request) -> int:
    asked = re.fullmatch(r"[12][0-9]{3}", request.query.get("year", ""))
    return int(asked[0]) if asked else request.app[REGISTERS].today.year


def told(error: RecordError, reader: Reader) -> str:
    if isinstance(error, SecretContent):
        return wording.marked(error, reader)
    if not isinstance(error, InvalidContent):
        return wording.told(error.reason, reader)
    wrong = error.errors if isinstance(error, SeveralWrong) else (error,)
    labels = [reader.gettext(LABELS.get(one.field, one.field)) for one in wrong]
    said = (f"{label}: {wording.told(one.reason, reader)}" for label, one in zip(labels, wrong, strict=True))
    return reader.gettext(N_("Chưa lưu được. %(wrong)s."), wrong="; ".join(said))


# Out


async def out(request: web.Request) -> web.Response:
    """GET /registers/out[?year=&q=&series=]: the register of outgoing documents."""
    return await _out(request, account_for(request), {})


async def _out(
    request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "", twice: bool = False,
    ended: Mapping[str, str] = MappingProxyType({}),
) -> web.Response:  # fmt: skip
    year, words, series = _year(request), request.query.get("q", "")[:200], request.query.get("series", "")[:16]
    unit = await unit_asked(request, account)
    lines = await request.app[REGISTERS].outgoing(unit.id, year)
    known = sorted({one.series for one in lines})
    shown = [one for one in store.matching(lines, words) if not series or one.series == series]
    return private(
        request,
        "registers/out.html",
        status=422 if sentence else 200,
        year=year,
        lines=shown,
        total=len(lines),
        words=words,
        series=series,
        known=[(one, _series(one)) for one in known],
        states=STATES,
        kinds=[(kind.value, wording.KINDS[kind]) for kind in Kind],
        today=request.app[REGISTERS].today,
        labels=LABELS,
        typed=defaultdict(str, typed or {"issued_on": request.app[REGISTERS].today.isoformat()}),
        ended=defaultdict(str, ended),
        sentence=sentence,
        twice=twice,
        secret=False,
        **await _whose(request, account, unit),
    )


def _series(name: str) -> str:
    if name == numbering.COMMON:
        return N_("Đánh số chung")
    return KIND_NAMES[Kind(name)] if name in tuple(Kind) else name


async def enter(request: web.Request) -> web.Response:
    """POST /registers/out: give a document on paper its number."""
    account = account_for(request, "register.enter")
    typed = await form(request)
    if doors.unasked(typed):
        return await _out(request, account, typed, reader_of(request).gettext(doors.UNASKED))
    try:
        gone = typed.get("act") != "reserve"
        paper = entry.paper({name: typed.get(name, "") for name in _OUT}, gone=gone)
        await request.app[REGISTERS].enter(
            account.unit, paper, by=actor(account), gone=gone, knowing="knowing" in typed
        )
    except RecordError as error:
        twice = getattr(error, "code", "") == "entry_twice"
        return await _out(request, account, typed, told(error, reader_of(request)), twice)
    return see_other("/registers/out")


async def end(request: web.Request) -> web.Response:
    """POST /registers/out/end: a reserved number was used, or is given up with a reason."""
    account = account_for(request, "register.enter")
    typed, registers = await form(request), request.app[REGISTERS]
    found = re.fullmatch(r"([12][0-9]{3})/(\w{1,16})/([1-9][0-9]{0,6})", typed.get("entry", ""))
    if found is None:
        raise Problem("bad_form")
    place = (account.unit.id, int(found[1]), found[2], int(found[3]))
    try:
        if typed.get("act") == "void":
            await registers.void(*place, reason(typed))
        else:
            await registers.complete(*place, typed)
    except Unfilled as unfilled:
        return await _out(request, account, {}, reader_of(request).gettext(str(unfilled)), ended=typed)
    except RecordError as error:
        return await _out(request, account, {}, told(error, reader_of(request)), ended=typed)
    return see_other(f"/registers/out?{urlencode({'year': found[1]})}")


# In


async def arrived(request: web.Request) -> web.Response:
    """GET /registers/in[?year=&q=&waiting]: the register of incoming documents; `waiting`: what no leader has seen."""
    return await _in(request, account_for(request), {})


async def _in(
    request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "", *, twice: bool = False,
    secret: bool = False,
) -> web.Response:  # fmt: skip
    year, words, waiting = _year(request), request.query.get("q", "")[:200], "waiting" in request.query
    unit = await unit_asked(request, account)
    lines, office = await request.app[REGISTERS].incoming(unit.id, year), await request.app[REGISTERS].office(unit.id)
    undirected = await request.app[REGISTERS].undirected(unit.id) if waiting else frozenset()
    aside = await request.app[REGISTERS].aside(unit.id, lines)
    return private(
        request,
        "registers/in.html",
        status=422 if sentence else 200,
        year=year,
        lines=[one for one in store.arrived_matching(lines, words) if not waiting or one.ref in undirected],
        undirected=waiting,
        state=lambda one: report.state(one, request.app[REGISTERS].today, office, aside),
        late=report.LATE,
        total=len(lines),
        words=words,
        today=request.app[REGISTERS].today,
        labels=LABELS,
        typed=defaultdict(str, typed or {"arrived_on": request.app[REGISTERS].today.isoformat()}),
        sentence=sentence,
        twice=twice,
        secret=secret,
        **await _whose(request, account, unit),
    )


async def receive(request: web.Request) -> web.Response:
    """POST /registers/in: enter what has come, with its file."""
    account = account_for(request, "register.enter")
    typed, reader = await form(request), reader_of(request)
    sent = upload_of(request)
    registers = request.app[REGISTERS]
    if doors.unasked(typed):
        return await _in(request, account, typed, reader.gettext(doors.UNASKED))
    data = None if sent is None else await sent.octets()
    try:
        said = entry.received({name: typed.get(name, "") for name in _IN}, registers.today)
        number = await registers.receive(account.unit, said, data, by=actor(account), knowing="knowing" in typed)
    except RecordError as error:
        twice = getattr(error, "code", "") == "came_before"
        secret = isinstance(error, SecretContent)
        return await _in(request, account, typed, told(error, reader), twice=twice, secret=secret)
    except Problem as problem:
        return await _in(request, account, typed, reader.gettext(ANSWERS[problem.code].text))
    return see_other(f"/registers/in/{said.arrived_on.year}/{number}")


async def bring(request: web.Request) -> web.Response:
    """POST /registers/in/edxml: enter a document that another system has sent as an edXML file."""
    account = account_for(request, "register.enter")
    typed, reader = await form(request), reader_of(request)
    sent = upload_of(request)
    if doors.unasked(typed):
        return await _in(request, account, typed, reader.gettext(doors.UNASKED))
    fields: dict[str, str] = {}
    try:
        data = b"" if sent is None else await sent.octets()
        message = await asyncio.to_thread(edxml.load, data)
        refuse_marked(message.everything)
        fields = _fields(message, request.app[REGISTERS].today, typed.get("secrecy", ""))
        said = entry.received({name: fields[name] for name in _IN}, request.app[REGISTERS].today)
        attached = next((one.content for one in message.files if one.content.startswith(b"%PDF-")), None)
        number = await request.app[REGISTERS].receive(
            account.unit, said, attached, by=actor(account), knowing="knowing" in typed
        )
    except RecordError as error:
        return await _in(request, account, fields, told(error, reader), secret=isinstance(error, SecretContent))
    except Problem as problem:
        return await _in(request, account, fields, reader.gettext(ANSWERS[problem.code].text))
    return see_other(f"/registers/in/{said.arrived_on.year}/{number}")


def _fields(message: edxml.Message, today: date, secrecy: str) -> dict[str, str]:
    """The form as a clerk would fill it in from the message: where it is refused, it goes on from there."""
    said = {
        "secrecy": secrecy,
        "arrived_on": today.isoformat(),
        "author": message.organ_name,
        "number_symbol": f"{message.number}/{message.notation}".strip("/"),
        "issued_on": message.issued_on.isoformat(),
        "kind_name": message.kind_name,
        "subject": message.subject,
        "note": "",
    }
    return {name: as_seen(text) for name, text in said.items()}


# Both


async def printed(request: web.Request) -> web.Response:
    """GET /registers/{out|in}/{year}.pdf: the year in the prescribed form, to be signed and bound."""
    account, which, year = account_for(request), request.match_info["which"], int(request.match_info["year"])
    made = await request.app[REGISTERS].printed(await unit_asked(request, account), which, year)
    return pdf(made, f"so-van-ban-{'di' if which == 'out' else 'den'}-{year}.pdf", headers=PRIVATE)


async def reported(request: web.Request) -> web.Response:
    """GET /registers/{out|in}/{year}-report.pdf: how far the documents of the year have come."""
    account, which, year = account_for(request), request.match_info["which"], int(request.match_info["year"])
    made = await request.app[REGISTERS].reported(await unit_asked(request, account), which, year)
    return pdf(made, f"tinh-hinh-van-ban-{'di' if which == 'out' else 'den'}-{year}.pdf", headers=PRIVATE)


async def rules(request: web.Request) -> web.Response:
    """GET /registers/numbering: how numbers are counted, and what was decided."""
    return await _rules(request, account_for(request), {})


async def _rules(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "",
                 warn: bool = False) -> web.Response:  # fmt: skip
    registers = request.app[REGISTERS]
    decided = await registers.rules(account.unit.id)
    return private(
        request,
        "registers/numbering.html",
        status=422 if sentence else 200,
        now=numbering.on(decided, registers.today),
        decided=decided,
        new_year=registers.today.replace(year=registers.today.year + 1, month=1, day=1),
        typed=defaultdict(str, typed),
        sentence=sentence,
        warn=warn,
        may_set=may(account, "register.rule", account.unit.id),
    )


async def decide(request: web.Request) -> web.Response:
    """POST /registers/numbering: one series for all, or one for each type, from a day on."""
    account = account_for(request, "register.rule")
    typed, reader = await form(request), reader_of(request)
    try:
        wanted = Rule(day(typed.get("valid_from", "")), typed.get("common") == "yes")
        await request.app[REGISTERS].set_rule(
            account.unit.id, wanted, by=actor(account), warned="warned" in typed
        )  # fmt: skip
    except Unfilled as unfilled:
        return await _rules(request, account, typed, reader.gettext(str(unfilled)))
    except RecordError as error:
        warn = getattr(error, "code", "") == "rule_within_year"
        return await _rules(request, account, typed, told(error, reader), warn)
    return see_other("/registers/numbering")
