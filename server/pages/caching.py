"""What browsers and proxies may keep: public pages for a minute, issued files while posted, the rest not."""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from server.pages import current, render

PRIVATE = {"Cache-Control": "no-store"}
"""For pages that show what only one account may see."""

_PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# The browser's own PDF viewer styles its frame inline; nothing of ours runs there.


def private(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """The page `template`, kept nowhere."""
    return render(request, template, status=status, headers=PRIVATE, **context)


def public(
    request: web.Request, template: str, *, content_type: str = "text/html", max_age: int = 60, **context: Any
) -> web.Response:
    """The page `template`, for anonymous readers with ETag and `max_age` (RFC 9110 8.8.3), else kept nowhere."""
    response = render(request, template, content_type=content_type, **context)
    if current(request) is not None:
        response.headers.update(PRIVATE)
        return response
    tag = hashlib.sha256(response.body if isinstance(response.body, bytes) else b"").hexdigest()[:32]
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": f"public, max-age={max_age}",
        "Vary": "Cookie, Accept-Language",
    }
    if knows(request, tag):
        return web.Response(status=304, headers=headers)
    response.headers.update(headers)
    return response


def knows(request: web.Request, tag: str) -> bool:
    """Whether the asker has the version `tag` already (If-None-Match, RFC 9110 13.1.2: weak comparison)."""
    return any(known.value in (tag, "*") for known in request.if_none_match or ())


def pdf(data: bytes, name: str, *, headers: dict[str, str]) -> web.Response:
    """A PDF to be shown in the browser and saved as `name` (ASCII)."""
    disposition = {"Content-Disposition": f'inline; filename="{name}"', "Content-Security-Policy": _PDF_POLICY}
    return web.Response(body=data, content_type="application/pdf", headers={**disposition, **headers})


def saved(data: bytes, name: str, headers: Mapping[str, str]) -> web.Response:
    """A file of whatever kind, to be saved under its own name."""
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return web.Response(body=data, content_type="application/octet-stream", headers={**disposition, **headers})
