"""Signing in and out, and the reader's language."""

from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web

from server import accesses, clients
from server.accesses import Deed, Thing
from server.auth import utcnow
from server.errors import Problem, answer
from server.i18n import LANGUAGES
from server.keys import DATABASE, IDENTITY
from server.middleware import cookie_name, secure
from server.pages import current, form, reader_of, see_other
from server.pages.caching import private

YEAR = 365 * 24 * 3600


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/sign-in", show),
        web.post("/sign-in", sign_in),
        web.post("/sign-out", sign_out),
        web.post("/language", choose_language),
    ]


def local_path(wish: str) -> str:
    """`wish` if it is a path of this site, else "/": nobody is sent elsewhere by a link of ours."""
    try:
        parts = urlsplit(wish) if len(wish) <= 2000 and wish.isprintable() else None
    except ValueError:
        return "/"
    if parts is None or parts.scheme or parts.netloc or not wish.startswith("/") or wish.startswith(("//", "/\\")):
        return "/"
    return wish


async def show(request: web.Request) -> web.Response:
    """GET /sign-in: the form; a script fills it from what follows "#" in a sign-in link."""
    return private(request, "account/sign_in.html", sentence="", next=local_path(request.query.get("next", "/")))


async def sign_in(request: web.Request) -> web.Response:
    """POST /sign-in: open a session for a code; a whole pasted link will do."""
    fields = await form(request)
    code = fields.get("code", "").strip().rpartition("#")[2].removeprefix("code=").removeprefix("token=")
    next_path = local_path(fields.get("next", "/"))
    now = utcnow()
    identity = request.app[IDENTITY]
    try:
        cookie, expires = await identity.begin(code, now)
    except Problem as problem:
        found = answer("many_codes" if clients.guesses(request) else problem.code)
        sentence = reader_of(request).gettext(found.text)
        return private(request, "account/sign_in.html", status=found.status, sentence=sentence, next=next_path)
    older = request.cookies.get(cookie_name(request))
    if older:
        await identity.end(older)
    session = await identity.session(cookie, now)
    account = session.account if session else None
    if account is not None and account.room is None:
        async with request.app[DATABASE].begin() as connection:
            await accesses.note(connection, account, Thing.SYSTEM, "", Deed.SIGN_IN, now)
    place = f"/rooms/{account.room}" if account and account.room else "/meetings"
    response = see_other(place if next_path == "/" else next_path)
    keep_session(request, response, cookie, expires, now)
    return response


def keep_session(
    request: web.Request, response: web.Response, cookie: str, expires: datetime, now: datetime
) -> None:  # fmt: skip
    """Let the browser keep the cookie of a session, out of reach of scripts and other sites."""
    response.set_cookie(
        cookie_name(request),
        cookie,
        max_age=int((expires - now).total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=secure(request),
        path="/",
    )


async def sign_out(request: web.Request) -> web.Response:
    """POST /sign-out: forget the session."""
    await form(request)
    cookie = request.cookies.get(cookie_name(request))
    if cookie and current(request) is not None:
        await request.app[IDENTITY].end(cookie)
    response = see_other("/")
    # Pages of papers were kept by the browser; the next reader of a shared machine must not find them.
    response.headers["Clear-Site-Data"] = '"cache"'
    response.del_cookie(cookie_name(request), path="/", secure=secure(request), httponly=True, samesite="Lax")
    return response


async def choose_language(request: web.Request) -> web.Response:
    """POST /language: remember the reader's language for a year and go back."""
    fields = await form(request)
    language = fields.get("lang", "")
    if language not in LANGUAGES:
        raise Problem("bad_message")
    response = see_other(local_path(fields.get("back", "/")))
    response.set_cookie("lang", language, max_age=YEAR, httponly=True, samesite="Lax", secure=secure(request), path="/")
    return response
