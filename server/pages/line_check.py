"""A look at one's line before the meeting: a little data each way, timed by the page (js/meeting/linecheck.js)."""

import secrets

from aiohttp import web

from server.errors import Problem
from server.inviting import door
from server.keys import DATABASE, SITTINGS
from server.pages import current
from server.pages.caching import PRIVATE
from server.rights import may
from server.sittings import seats

MOST = 262_144
"""Octets of one request, either way."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/rooms/{room}/line", down), web.post("/rooms/{room}/line", up)]


async def down(request: web.Request) -> web.Response:
    """GET ?octets=N: that many octets that nothing can compress, at most `MOST`. Raises Problem."""
    await _admit(request)
    wanted = request.query.get("octets", "0")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 7 and int(wanted) <= MOST):
        raise Problem("bad_form")
    headers = PRIVATE | {"Content-Encoding": "identity"}
    return web.Response(body=secrets.token_bytes(int(wanted)), content_type="application/octet-stream", headers=headers)


async def up(request: web.Request) -> web.Response:
    """POST: take at most `MOST` octets and throw them away. Raises Problem."""
    await _admit(request)
    taken = 0
    async for piece in request.content.iter_any():
        taken += len(piece)
        if taken > MOST:
            raise Problem("too_large")
    return web.Response(status=204, headers=PRIVATE)


async def _admit(request: web.Request) -> None:
    """Whoever may enter the room, or knock, may look at their way to it. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    room = request.match_info["room"]
    meeting = await request.app[SITTINGS].meeting(room)
    if meeting is None or not (
        may(account, "meeting.enter", seats(meeting))
        or may(account, "meeting.knock", await door(request.app[DATABASE], meeting))
    ):
        raise Problem("not_invited")
