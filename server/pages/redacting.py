"""Publishing with information left out: what is taken out and why, how the text looks then, and the seal."""

import time
from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.document import KIND_NAMES, PUBLISHABLE, Document, State
from minutes.errors import RecordError, WrongPin
from minutes.printed import printed, printed_annexes
from minutes.redaction import GROUNDS, Ground, Redacted, Removal, plain
from minutes.redaction.suggestions import Suggestion, suggested
from minutes.text import TextContent
from minutes.wording import long_date
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import PIN_ATTEMPTS, RECORDS
from server.pages import form, reader_of, see_other, wording
from server.pages.caching import private
from server.pages.desk import open_document
from server.pages.desk_acts import CHECKS, Unfilled, actor, pin_of, reason

BLANK = 8
"""Rows for what no pattern has found."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/desk/{id}/redact", show), web.post("/desk/{id}/redact", act)]


async def _open(request: web.Request) -> tuple[Account, Document]:
    account, document = await open_document(request, "document.redact")
    if document.state is not State.SEALED or document.kind not in PUBLISHABLE or document.published:
        raise Problem("not_found")
    return account, document


async def show(request: web.Request) -> web.Response:
    """GET /desk/{id}/redact: the text, and what in it looks like personal data."""
    _account, document = await _open(request)
    return await _page(request, document, {})


async def act(request: web.Request) -> web.Response:
    """POST /desk/{id}/redact: show the text without what is to be left out, or publish it so."""
    account, document = await _open(request)
    typed, reader, records = await form(request), reader_of(request), request.app[RECORDS]
    removals = removals_of(typed, await records.suggested_removals(document.id))
    try:
        made = await records.redacted(document.id, removals)
    except RecordError as error:
        return await _page(request, document, typed, wording.sentence(error, document.kind, reader))
    if typed.get("step") != "publish":
        return await _page(request, document, typed, made=made)
    attempts, now = request.app[PIN_ATTEMPTS], time.monotonic()
    try:
        if not all(f"check.{name}" in typed for name, _text in CHECKS):
            raise Unfilled(N_("Chưa đánh dấu đủ các điều kiện công khai."))
        why, pin = reason(typed), pin_of(typed)
        if not attempts.begin(account.id, now):
            raise Unfilled(N_("Đã nhập sai mã PIN nhiều lần. Xin đợi 15 phút rồi thử lại."))
    except Unfilled as unfilled:
        return await _page(request, document, typed, reader.gettext(str(unfilled)), made)
    try:
        personal = typed.get("personal", "")
        await records.publish_redacted(document.id, removals, by=actor(account), reason=why, pin=pin, personal=personal)
    except RecordError as error:
        if not isinstance(error, WrongPin):
            attempts.untried(account.id, now)
        return await _page(request, document, typed, wording.sentence(error, document.kind, reader), made)
    attempts.succeeded(account.id)
    return see_other(f"/desk/{document.id}")


def removals_of(typed: Mapping[str, str], suggestions: tuple[Suggestion, ...]) -> list[Removal]:
    """What a form asks to leave out: suggestions that are ticked, and words that were typed, each once."""
    found: dict[str, Removal] = {}
    for number, one in enumerate(suggestions):
        if f"take.{number}" in typed:
            found[one.words] = Removal(one.words, _ground(typed.get(f"take.{number}.ground", one.ground)))
    for row in range(BLANK):
        words = plain(typed.get(f"row.{row}.words", ""))
        if words:
            found[words] = Removal(words, _ground(typed.get(f"row.{row}.ground", "")))
    return list(found.values())


def _ground(typed: str) -> Ground:
    return Ground(typed) if typed in GROUNDS else Ground.PERSONAL


def lines_of(document: Document, content: object) -> tuple[str, ...]:
    """The text as it is printed, without its head."""
    if not isinstance(content, TextContent):
        return ()
    day = long_date(document.issued_on) if document.issued_on else ""
    annexes = printed_annexes(content, document.number_symbol, day)
    lines = [content.subject, *map(str, printed(content))]
    return (*lines, *(str(line) for one in annexes for line in (one.name, one.title, *one.lines)), *content.recipients)


async def _page(
    request: web.Request,
    document: Document,
    typed: Mapping[str, str],
    sentence: str = "",
    made: Redacted | None = None,
) -> web.Response:
    records = request.app[RECORDS]
    shown = made.content if made is not None else await records.content(document.id)
    return private(
        request,
        "desk/redact.html",
        status=422 if sentence else 200,
        document=document,
        kind_name=KIND_NAMES[document.kind],
        sentence=sentence,
        suggestions=await records.suggested_removals(document.id),
        grounds=[(ground.value, words) for ground, words in GROUNDS.items()],
        rows=range(BLANK),
        typed=defaultdict(str, typed),
        lines=lines_of(document, shown),
        made=made,
        personal=suggested(made.content) if made else (),
        checks=CHECKS,
    )
