"""Pages: rendering, forms and the request's context. Each module of this package lists its routes in `routes()`."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, cast

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from minutes import printed
from minutes import wording as phrases
from server import auth, clients, doors, rights
from server.directory import Account, Session
from server.errors import Problem
from server.i18n import Reader, catalogue
from server.pages.statics import modules, static
from server.rights import Act
from server.uploads import PATIENCE, UNREAD, UPLOADS, Upload
from server.written import as_seen
from web import TEMPLATES

SESSION = web.RequestKey("session", Session)
WAITING = web.RequestKey("waiting", int)
"""How many documents wait for the account; told in the menu."""
READER = web.RequestKey("reader", Reader)
UPLOAD = web.RequestKey("upload", Upload)
FORM_LIMIT = 200_000
"""Characters of a form without files; uploads have their own limit."""
FORM_OCTETS = 2 << 20
"""The same as it is sent: a letter of Vietnamese takes up to nine octets in a form."""


_UNKEPT = re.compile("[\0\ud800-\udfff]")
"""What no database keeps: the sign of nothing, and halves of signs."""


@pass_context
def _local_time(context: Context, moment: Any, style: Any = "datetime") -> str:
    reader: Reader = context["reader"]
    return reader.local_time(moment, style)


@pass_context
def _local_day(context: Context, day: date) -> str:
    reader: Reader = context["reader"]
    return reader.local_day(day)


@cache
def _environment(language: str, official: bool = True) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    translations = catalogue(language, official)
    cast(Any, environment).install_gettext_translations(translations, newstyle=True)
    environment.globals.update(
        static=static, modules=modules, local_time=_local_time, local_day=_local_day, secrecy_classes=doors.CLASSES
    )
    environment.globals.update(printed=printed, phrases=phrases)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    return environment


def current(request: web.Request) -> Account | None:
    """The signed-in account."""
    session = request.get(SESSION)
    return session.account if session else None


def require(request: web.Request, act: Act, thing: Any = None) -> Account:
    """The signed-in account if it may do `act`. Raises Problem("sign_in") or Problem("not_allowed")."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    if not rights.may(account, act, thing):
        raise Problem("not_allowed")
    return account


def reader_of(request: web.Request) -> Reader:
    """The reader's language, and how they are addressed."""
    return request.get(READER) or Reader("vi", official=False)


def page(template: str, reader: Reader, **context: Any) -> str:
    """The text of `template` in the reader's language, for whoever has no session."""
    return _environment(reader.language).get_template(template).render(locale=reader.language, reader=reader, **context)


def render(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    content_type: str = "text/html",
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> web.Response:
    """The page `template` for this reader and account."""
    session, reader = request.get(SESSION), reader_of(request)
    account = session.account if session else None
    text = (
        _environment(reader.language, reader.official)
        .get_template(template)
        .render(
            account=account,
            locale=reader.language,
            reader=reader,
            csrf=session.csrf if session else "",
            path=request.path,
            waiting=request.get(WAITING, 0),
            may=lambda act, thing=None: rights.may(account, act, thing),
            **context,
        )
    )
    return web.Response(text=text, status=status, content_type=content_type, charset="utf-8", headers=headers)


async def form(request: web.Request) -> Mapping[str, str]:
    """Text fields of a posted form as they are seen (server.written), together at most FORM_LIMIT characters, its CSRF
    token checked against the session.

    What is declared as a state secret, or marked as one, gets no further (server.doors). Only where a file is to come
    is one taken (`upload_of`)."""
    route = request.match_info.route.resource
    path = route.canonical if route else ""
    if doors.door(request.method, path).file and request.content_type == "multipart/form-data":
        account = current(request)
        known = account is not None and bool(account.roles)
        who = account.id if account is not None and known else clients.address(request)
        fields, upload = await request.app[UPLOADS].read(request, known=known, who=who)
        if upload is not None:
            request[UPLOAD] = upload
    else:
        fields = await _typed(request)
    if sum(map(len, fields.values())) > FORM_LIMIT:
        raise Problem("too_long")
    if any(_UNKEPT.search(value) for value in fields.values()):
        raise Problem("bad_form")
    fields = {name: as_seen(value) for name, value in fields.items()}
    check_csrf(request, fields)
    doors.examine(request.method, path, fields)
    return fields


async def _typed(request: web.Request) -> dict[str, str]:
    """A form without a file: nobody makes us hold, or wait for, what only a file could fill."""
    try:
        async with asyncio.timeout(PATIENCE):
            posted = await request.post()
    except TimeoutError as error:
        raise Problem("too_slow") from error
    except UNREAD as error:
        raise Problem("bad_form") from error
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def upload_of(request: web.Request) -> Upload | None:
    """The file that came with the form that was read; None where none was chosen."""
    return request.get(UPLOAD)


def check_csrf(request: web.Request, fields: Mapping[str, str]) -> None:
    """Compare a form's CSRF token with the session's. Raises Problem("bad_csrf")."""
    session = request.get(SESSION)
    if session is not None and not auth.same(fields.get("csrf", ""), session.csrf):
        raise Problem("bad_csrf")


def see_other(location: str) -> web.Response:
    """Go on to `location` (own path) after a form: 303, RFC 9110 15.4.4."""
    return web.Response(status=303, headers={"Location": location})
