"""The editor of a draft: its socket, and the pictures of its pages. The page itself is the form of pages.desk."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from media.pace import Bucket
from minutes.errors import RecordError
from rooms import BadMessage, Refused
from server.auth import utcnow
from server.connection import Letter
from server.editing import messages
from server.editing.live import Editing
from server.editing.seats import Live, Seat
from server.errors import Problem, answer
from server.keys import EDITING, IDENTITY, REFUSED
from server.middleware import check_origin, cookie_name
from server.pages import reader_of, wording
from server.pages.caching import PRIVATE
from server.pages.desk import open_document
from server.pages.desk_acts import access, actor
from server.rights import may
from server.writer import writing

log = structlog.get_logger("giaoban.editing")

FRAME_LIMIT = 2**20
REMARK = 2000
MISTAKES = 10
MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 20, 100
WEIGHED, HEAVIEST = 5000, 50
"""Letters that count as one more message, and as how many the longest counts: it takes long to look through, and
everybody waits meanwhile."""
HEARTBEAT = 15.0
ASKED_AGAIN = 60.0
"""Seconds after which a socket asks whether its session is still good."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/desk/{id}/ws", connect), web.get("/desk/{id}/pages/{name}.svg", picture)]


async def connect(request: web.Request) -> web.StreamResponse:
    """GET /desk/{id}/ws: write in a draft until the socket ends."""
    check_origin(request)
    account, document = await open_document(request, "document.edit")
    page = messages.name(request.query.get("page"))
    if not page.startswith(f"{account.id}-"):
        raise Problem("bad_message")  # the name of a page is its writer's alone: by it his changes are known
    socket = web.WebSocketResponse(max_msg_size=FRAME_LIMIT, heartbeat=HEARTBEAT)
    try:
        await socket.prepare(request)
    except ConnectionError:
        return socket  # gone before the upgrade was answered
    editing = request.app[EDITING]
    live, seat = await editing.join(document.id, actor(account), page, reader_of(request))
    try:
        async with writing(socket, seat.connection, partial(editing.welcome, live, seat)):
            await Talk(request, socket, editing, live, seat).run()
    finally:
        await editing.leave(live, seat)
    return socket


class Talk:
    """One page's side of the conversation."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, editing: Editing, live: Live, seat: Seat
    ) -> None:
        self._request = request
        self._socket = socket
        self._editing = editing
        self._live = live
        self._seat = seat
        self._mistakes = 0
        self._pace = Bucket(rate=MESSAGES_A_SECOND, burst=MESSAGES_AT_ONCE)
        self._asked = asyncio.get_running_loop().time()
        self._handlers: Mapping[str, Callable[[messages.Message], Awaitable[None]]] = {
            "do": self._do,
            "at": self._at,
            "look": self._look,
            "settle": self._settle,
            "again": self._again,
            "remark": self._remark,
            "resolve": self._resolve,
        }

    async def run(self) -> None:
        """Read until the socket closes."""
        async for frame in self._socket:
            try:
                if frame.type is not WSMsgType.TEXT:
                    raise Problem("bad_message")
                await self._message(frame.data)
            except (Problem, BadMessage, Refused) as error:
                self._refuse(error.code)
                if error.code == "bad_message":
                    self._mistakes += 1
                if error.code in ("sign_in", "not_allowed") or self._mistakes >= MISTAKES:
                    await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                    return

    async def _message(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if not self._pace.take(now, min(1 + len(text) // WEIGHED, HEAVIEST)):
            raise Problem("busy")
        message = messages.decoded(text)
        handler = self._handlers.get(message["type"])
        if handler is None:
            raise Problem("bad_message")
        if now - self._asked > ASKED_AGAIN:
            await self._still_signed_in()
            self._asked = now
        await handler(message)

    async def _still_signed_in(self) -> None:
        """A socket outlives its session, and its holder's right to write here, by a minute at most. Raises
        Problem("sign_in", "not_allowed")."""
        cookie = self._request.cookies.get(cookie_name(self._request), "")
        session = await self._request.app[IDENTITY].session(cookie, utcnow())
        if session is None or session.account.id != self._seat.by.id:
            raise Problem("sign_in")
        if not may(session.account, "document.edit", access(self._live.document)):
            raise Problem("not_allowed")

    async def _do(self, message: messages.Message) -> None:
        if message.get("source") != self._seat.connection.participant:
            raise Problem("bad_message")
        operations = messages.operations(message)
        for refusal in await self._editing.do(self._live, self._seat, operations):
            self._refuse(refusal.code, refusal.number)

    async def _at(self, message: messages.Message) -> None:
        block = message.get("block")
        self._editing.place(self._live, self._seat, messages.name(block) if block else "")

    async def _look(self, message: messages.Message) -> None:
        self._live.preview.watch(self._seat, wanted=message.get("wanted") is True)

    async def _settle(self, _message: messages.Message) -> None:
        problem = ""
        try:
            await self._editing.settle(self._live.document.id)
        except RecordError as error:
            problem = wording.sentence(error, self._live.document.kind, self._seat.reader)
        self._tell({"type": "settled", "problem": problem})

    async def _again(self, _message: messages.Message) -> None:
        self._editing.welcome(self._live, self._seat)

    async def _remark(self, message: messages.Message) -> None:
        words = messages.text(message.get("text"), REMARK)
        await self._editing.remark(self._live, self._seat.by, messages.name(message.get("block")), words)

    async def _resolve(self, message: messages.Message) -> None:
        await self._editing.resolve(self._live, self._seat.by, messages.name(message.get("remark")))

    def _refuse(self, code: str, number: int | None = None) -> None:
        self._request.app[REFUSED][code] += 1
        sentence = self._seat.reader.gettext(answer(code).text)
        self._tell({"type": "refused", "number": number, "code": code, "message": sentence})

    def _tell(self, message: dict[str, Any]) -> None:
        self._seat.connection.tell(Letter(message))


async def picture(request: web.Request) -> web.Response:
    """GET /desk/{id}/pages/{name}.svg: a page of an open draft, named by its content."""
    _account, document = await open_document(request, "document.edit")
    preview = request.app[EDITING].preview(document.id)
    found = preview.picture(request.match_info["name"]) if preview else None
    if found is None:
        raise Problem("not_found")
    response = web.Response(body=found, content_type="image/svg+xml", headers=PRIVATE)
    response.enable_compression()
    return response
