"""WHIP (RFC 9725) and WHEP: publish into a room and watch it with one HTTP request, no trickle."""

import re
from collections.abc import Callable
from typing import ParamSpec

from aiohttp import web

from media import MediaError
from rooms import Person, Role, Unit
from rooms.participant import SENDERS
from server import rights
from server.directory import Account
from server.errors import Problem
from server.keys import SITTINGS
from server.signalling import account_of, seat
from server.sitting import Sitting
from server.streams import Source

SDP_LIMIT = 65_536
WATCHED_AT_ONCE = 16
"""WHIP and WHEP sessions of one token; a gateway, which stands for many, has no such bound."""
P = ParamSpec("P")
_NAME = re.compile(r"[A-Za-z0-9_.~-]{1,64}")


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.post("/whip/{room}", publish),
        web.post("/whip/{room}/{participant}", publish),
        web.post("/whep/{room}", watch),
        web.post("/whep/{room}/{participant}", watch),
        web.delete("/whip/{room}/sessions/{session}", end),
        web.delete("/whep/{room}/sessions/{session}", end),
        web.patch("/whip/{room}/sessions/{session}", no_trickle),
        web.patch("/whep/{room}/sessions/{session}", no_trickle),
    ]


async def publish(request: web.Request) -> web.Response:
    """POST /whip/{room}[/{participant}]: SDP offer in, 201 with the answer and Location out.

    Without a participant the token's own holder publishes; naming one needs a gateway token.
    """
    account, sitting = await _enter(request)
    name = request.match_info.get("participant")
    gateway = rights.may(account, "room.publish_any", sitting.room.meeting.room)
    if name is not None and not gateway:
        raise Problem("not_allowed")
    if name is not None and not _NAME.fullmatch(name):
        raise Problem("bad_message")
    own = name is None and not gateway
    person = seat(account, sitting)[0] if own else _device(sitting, name or account.id, account)
    if own and sitting.room.meeting.role_of(person) not in SENDERS:
        raise Problem("not_allowed")
    source = Source(person, by_gateway=gateway)
    return _created(request, "whip", *_media(sitting.whip, source, await _offer(request)))


def _device(sitting: Sitting, participant: str, account: Account) -> Person:
    """Who a gateway's media is shown for: somebody of the meeting (a codec in their place), or the device itself. They
    have agreed to nothing by it: it is neither recorded nor captioned (Streams.own)."""
    known = sitting.room.state.people.get(participant)
    if known is not None:
        return known.person
    name = account.name if participant == account.id else participant
    return Person(participant, name, "", Unit("", ""), Role.GATEWAY)


async def watch(request: web.Request) -> web.Response:
    """POST /whep/{room}[/{participant}]: watch one publisher, or the current speaker where none is named."""
    account, sitting = await _enter(request)
    feed = request.match_info.get("participant")
    gateway = rights.may(account, "room.publish_any", sitting.room.meeting.room)
    if not gateway and sitting.studio.streams.sessions_of(account.id) >= WATCHED_AT_ONCE:
        raise Problem("too_many")
    offer = await _offer(request)
    return _created(request, "whep", *_media(sitting.studio.streams.whep, account.id, feed, offer, many=gateway))


async def end(request: web.Request) -> web.Response:
    """DELETE the resource of a session: its media stops."""
    account = await account_of(request)
    room = request.match_info["room"]
    sitting = request.app[SITTINGS].running(room)
    if sitting is None:
        raise Problem("unknown_session")
    any_session = rights.may(account, "room.publish_any", room)
    sitting.studio.streams.end(request.match_info["session"], account.id, any_session=any_session)
    return web.Response()


async def no_trickle(request: web.Request) -> web.Response:
    """PATCH: trickle ICE and ICE restarts are not offered (RFC 9725 4.3.1): all candidates are in the answer."""
    await account_of(request)
    return web.Response(status=405, headers={"Allow": "DELETE"})


async def _enter(request: web.Request) -> tuple[Account, Sitting]:
    if request.content_type != "application/sdp":
        raise web.HTTPUnsupportedMediaType
    account = await account_of(request)
    if account.room is not None and account.room != request.match_info["room"]:
        raise Problem("not_allowed")
    sitting = await request.app[SITTINGS].get(request.match_info["room"])
    if not rights.may(account, "room.publish_any", sitting.room.meeting.room):
        seat(account, sitting)
    return account, sitting


async def _offer(request: web.Request) -> str:
    if request.content_length is not None and request.content_length > SDP_LIMIT:
        raise Problem("bad_sdp")
    body = await request.content.read(SDP_LIMIT + 1)
    while len(body) <= SDP_LIMIT and (more := await request.content.read(SDP_LIMIT + 1 - len(body))):
        body += more
    if len(body) > SDP_LIMIT:
        raise Problem("bad_sdp")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Problem("bad_sdp") from error


def _media(act: Callable[P, tuple[str, str]], *arguments: P.args, **named: P.kwargs) -> tuple[str, str]:
    try:
        return act(*arguments, **named)
    except MediaError as error:
        raise Problem(error.code) from error


def _created(request: web.Request, kind: str, session: str, answer: str) -> web.Response:
    location = f"/{kind}/{request.match_info['room']}/sessions/{session}"
    return web.Response(status=201, text=answer, content_type="application/sdp", headers={"Location": location})
