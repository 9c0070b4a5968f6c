"""What happens to every request: security headers, session, language, origin check, errors as sentences, access log."""

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from minutes.errors import ClockBehind, Damaged, Erased, Withheld
from server import accesses, auth, rights
from server.disks import out_of_room
from server.errors import Problem, answer
from server.i18n import Reader, choose
from server.keys import CONFIG, DATABASE, IDENTITY, RECORDS, REFUSED
from server.pages import READER, SESSION, WAITING, current, reader_of, render

log = structlog.get_logger("giaoban.http")

_ROUTER_CODES = {404: "not_found", 405: "bad_method", 413: "too_large", 415: "bad_type"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


def policy(*others: str) -> str:
    """The Content-Security-Policy of a page whose script may also talk to these programs on the reader's machine."""
    return _POLICY.replace("connect-src 'self'", " ".join(("connect-src 'self'", *others)))


_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
}
# Machine clients read JSON and bring a bearer token; browsers never send one by themselves, so no cross-site forgery.
_MACHINE_PATHS = ("/api/", "/whip/", "/whep/", "/healthz", "/readyz", "/metrics")


@web.middleware
async def surround(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: log one line a request (path only: query strings may hold codes), add headers, catch errors."""
    started = time.monotonic()
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status >= 400:
            response = _problem_page(request, Problem(_ROUTER_CODES.get(error.status, "bad_message")), error.status)
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
        else:
            response = error  # a redirect raised by the router
    except Problem as problem:
        response = _problem_page(request, problem)
    except ClockBehind as late:
        log.error("this machine's clock is behind", path=request.path, **late.reason.values)
        response = _problem_page(request, Problem(late.code, **late.reason.values))
    except (Withheld, Erased) as gone:
        response = _problem_page(request, Problem("withheld" if isinstance(gone, Withheld) else "erased"))
    except Damaged as damage:
        log.error("archive damaged", path=request.path, detail=str(damage))
        response = _problem_page(request, Problem("damaged"))
    except ConnectionResetError:
        raise
    except Exception as error:
        log.exception("request failed", method=request.method, path=request.path)
        response = _problem_page(request, Problem("no_room" if out_of_room(error) else "internal"))
    if not response.prepared:
        response.headers.setdefault("Cache-Control", "no-store")
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status,
        ms=round((time.monotonic() - started) * 1000, 1),
    )
    return response


def _problem_page(request: web.Request, problem: Problem, status: int | None = None) -> web.Response:
    # Who was signed out meanwhile has to hear what became of the form that was sent.
    lost = problem.code == "sign_in" and request.method == "POST"
    found = answer("sign_in_lost" if lost else problem.code)
    request.app[REFUSED][problem.code] += 1
    sentence = reader_of(request).gettext(found.text, **problem.values)
    status = status or found.status
    if request.path.startswith(_MACHINE_PATHS) or request.headers.get("Accept") == "application/json":
        return web.json_response({"error": problem.code, "message": sentence}, status=status)
    back = request.path_qs if request.method == "GET" else ""
    return render(request, "problem.html", status=status, code=problem.code, sentence=sentence, back=back)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Session from the cookie, language from cookie or header, and the origin check of unsafe methods."""
    language = choose(request.headers.get("Accept-Language"), request.cookies.get("lang"))
    cookie = request.cookies.get(cookie_name(request))
    session = await request.app[IDENTITY].session(cookie, auth.utcnow()) if cookie else None
    request[READER] = Reader(language, session is not None and session.account.official)
    if session is not None:
        request[SESSION] = session
    if session is not None and rights.may(session.account, "desk.open") and _shows_menu(request):
        request[WAITING] = await request.app[RECORDS].count_waiting(session.account)
    if request.method not in ("GET", "HEAD", "OPTIONS") and "Authorization" not in request.headers:
        check_origin(request)
    return await handler(request)


@web.middleware
async def remember(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put on record what an official opens or takes away, before it is sent (server.accesses)."""
    response = await handler(request)
    account, route = current(request), request.match_info.route.resource
    if request.method == "GET" and response.status == 200 and account is not None and route is not None:
        seen = accesses.watched(route.canonical, request.match_info)
        if seen is not None:
            async with request.app[DATABASE].begin() as connection:
                await accesses.note(connection, account, *seen, auth.utcnow())
    return response


def _shows_menu(request: web.Request) -> bool:
    """Whether a page may come of it: what browsers ask for when somebody goes to an address."""
    return request.headers.get("Accept", "").startswith("text/html")


def cookie_name(request: web.Request) -> str:
    """Session cookie: bound to the host under HTTPS (RFC 6265bis __Host- prefix)."""
    return "__Host-giaoban" if secure(request) else "giaoban"


def secure(request: web.Request) -> bool:
    """Whether people reach this installation by HTTPS."""
    return request.app[CONFIG].base_url.startswith("https:")


def check_origin(request: web.Request) -> None:
    """Refuse what another site made the browser send. Raises Problem("bad_origin")."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem("bad_origin")
    origin = request.headers.get("Origin")
    if origin is None or origin == request.app[CONFIG].base_url:
        return
    try:
        same = urlsplit(origin).netloc == request.host
    except ValueError:
        same = False
    if not same:
        raise Problem("bad_origin")
