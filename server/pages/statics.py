"""Scripts, styles and pictures: under a path that names the content of all of them, so that a browser keeps them and
never asks again. Scripts import each other by relative paths and so stay within it."""

import gzip
import hashlib
import re
from functools import cache

from aiohttp import web

from server.errors import Problem
from web import STATIC

_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
KEPT = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r'^(?:import|export) (?:[^;"]* from )?"(\.[^"]+)";', re.MULTILINE)


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get(r"/static/{version:[0-9a-f]{12}}/{name:.+}", serve)]


@cache
def _names() -> frozenset[str]:
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.suffix[1:] in _TYPES)


@cache
def version() -> str:
    """Twelve hexadecimal digits of all that lies in the folder, as it was when first asked for."""
    digest = hashlib.sha256()
    for name in sorted(_names()):
        digest.update(f"{name}\0".encode() + hashlib.sha256(_content(name)[0]).digest())
    return digest.hexdigest()[:12]


def static(name: str) -> str:
    """Where `name` is fetched from."""
    return f"/static/{version()}/{name}"


@cache
def modules(name: str) -> tuple[str, ...]:
    """The scripts that the script `name` imports, and those that they import: named at once by the page, else a browser
    finds them one layer after the other, a round trip each."""
    found = [name]
    for one in found:
        folder = (STATIC / one).parent
        texts = _IMPORT.findall((STATIC / one).read_text(encoding="utf-8"))
        for path in ((folder / text).resolve().relative_to(STATIC).as_posix() for text in texts):
            if path not in found:
                found.append(path)
    return tuple(found[1:])


@cache
def _content(name: str) -> tuple[bytes, bytes]:
    """As it is, and as gzip: nothing in it is anybody's secret, and a thin line has it in a third of the time."""
    data = (STATIC / name).read_bytes()
    return data, gzip.compress(data, mtime=0)


async def serve(request: web.Request) -> web.Response:
    """GET /static/{version}/{name}. A page from before an update gets what there is now, and does not keep it."""
    name = request.match_info["name"]
    if name not in _names():
        raise Problem("not_found")
    plain, packed = _content(name)
    kept = request.match_info["version"] == version()
    headers = {"Cache-Control": KEPT if kept else "no-cache", "Vary": "Accept-Encoding"}
    headers["Content-Type"] = _TYPES[name.rpartition(".")[2]]
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=plain, headers=headers)
    return web.Response(body=packed, headers={**headers, "Content-Encoding": "gzip"})
