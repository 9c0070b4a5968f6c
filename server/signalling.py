"""The WebSocket edge of a room: one reader and one bounded writer a socket. PROTOCOL.md has every message."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from media import MediaError
from media.pace import Bucket
from minutes.secrecy import secrecy_mark
from rooms import BadMessage, Command, Person, Refused, Role, Unit, messages
from server import auth
from server.auth import MeetingAccess, utcnow
from server.connection import Connection, Message
from server.directory import Account
from server.errors import Problem, answer
from server.keys import IDENTITY, REFUSED, SITTINGS
from server.middleware import check_origin
from server.pages import current, reader_of
from server.sitting import Sitting
from server.sittings import person_of

log = structlog.get_logger("giaoban.signalling")
_PAGE = re.compile(r"[A-Za-z0-9_-]{1,64}")

FRAME_LIMIT = 131_072
MISTAKES = 10
"""Bad messages after which a socket is closed: the client is broken or hostile."""
GUESTS = Unit("guest", "Khách mời")
"""The unit of those who come with a room token, as the minutes list them."""
COMMANDS_A_SECOND, COMMANDS_AT_ONCE = 10, 60
"""More than any hand does; facts are kept for ever, so nobody may pour them in."""
WRITE_TIMEOUT = 20.0
HEARTBEAT = 8.0
"""Seconds of silence after which we ask; half as much later a dead socket is found. Our pages speak every 3 s."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/rooms/{room}/ws", connect)]


async def account_of(request: web.Request) -> Account:
    """Who calls: a bearer token, or the session cookie of a page of ours. Raises Problem."""
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem("bad_token")
        return await request.app[IDENTITY].bearer(token, utcnow())
    check_origin(request)
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    return account


def seat(account: Account, sitting: Sitting) -> Person:
    """The person that `account` is in this meeting. Raises Problem("not_invited")."""
    meeting = sitting.room.meeting
    people = {person.id: person for person in (*meeting.invited, meeting.secretary, meeting.chair)}
    if not auth.may(account, "meeting.enter", MeetingAccess(meeting.room, frozenset(people))):
        raise Problem("not_invited")
    if account.room is None:
        return people.get(account.id) or person_of(account, Role.DELEGATE)
    if account.room_role == "gateway":
        raise Problem("not_allowed")  # a gateway brings media by WHIP; it is not a person
    return Person(account.id, account.name, account.title, GUESTS, Role(account.room_role or "viewer"))


async def connect(request: web.Request) -> web.StreamResponse:
    """GET /rooms/{room}/ws: sit down and talk until the socket ends."""
    account = await account_of(request)
    sitting = await request.app[SITTINGS].get(request.match_info["room"])
    person = seat(account, sitting)
    socket = web.WebSocketResponse(max_msg_size=FRAME_LIMIT, heartbeat=HEARTBEAT, compress=False)
    try:
        await socket.prepare(request)
    except ConnectionError:
        return socket  # gone before the upgrade was answered
    try:
        connection = await sitting.connect(person, _page_of(request))
    except Exception as error:
        # The upgrade is answered: from here on errors are told inside the conversation.
        if not isinstance(error, Refused):
            log.exception("joining failed", participant=person.id)
        await socket.send_json(_error(request, None, error.code if isinstance(error, Refused) else "busy"))
        await socket.close()
        return socket
    writer = asyncio.create_task(_write(socket, sitting, connection))
    talk = Talk(request, socket, sitting, connection)
    try:
        await talk.run()
        if talk.left:
            await asyncio.wait({writer}, timeout=WRITE_TIMEOUT)  # let the ack and the farewell out
    finally:
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
        await sitting.disconnect(connection)
    return socket


def _page_of(request: web.Request) -> str:
    """What the client calls its page by; "" where it does not, or not as a name."""
    page = request.query.get("page", "")
    return page if _PAGE.fullmatch(page) else ""


async def _write(socket: web.WebSocketResponse, sitting: Sitting, connection: Connection) -> None:
    while (message := await connection.next()) is not None:
        try:
            await asyncio.wait_for(socket.send_str(json.dumps(message, ensure_ascii=False)), WRITE_TIMEOUT)
        except (TimeoutError, ConnectionError, RuntimeError):
            break
        if connection.lagging and connection.drained:
            sitting.resync(connection)
    await socket.close()


def _error(request: web.Request, message_id: int | None, code: str) -> Message:
    request.app[REFUSED][code] += 1
    sentence = reader_of(request).gettext(answer(code).text)
    return {"type": "error", "id": message_id, "code": code, "message": sentence}


class Talk:
    """One client's side of the conversation. Given: request, socket, sitting, connection."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, sitting: Sitting, connection: Connection
    ) -> None:
        self.left = False
        self._request = request
        self._socket = socket
        self._sitting = sitting
        self._connection = connection
        self._mistakes = 0
        self._pace = Bucket(rate=COMMANDS_A_SECOND, burst=COMMANDS_AT_ONCE)
        self._edge: dict[type[Command], Callable[[Any], None]] = {
            messages.Ping: self._ping,
            messages.MediaOffer: self._media_offer,
            messages.MediaAnswer: self._media_answer,
            messages.MediaSubscribe: self._media_subscribe,
            messages.MediaWatch: self._media_watch,
            messages.MediaLine: self._media_line,
        }

    async def run(self) -> None:
        """Read until the socket closes or the person leaves."""
        async for frame in self._socket:
            if frame.type is not WSMsgType.TEXT:
                self._mistakes += 1
                self._tell(_error(self._request, None, "bad_message"))
            else:
                await self._message(frame.data)
            if self.left:
                self._connection.end({"type": "bye", "reason": "left"})
                return
            if self._mistakes >= MISTAKES:
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return

    async def _message(self, text: str) -> None:
        message_id: int | None = None
        try:
            payload = _decode(text)
            message_id = messages.message_id(payload)
            if not self._pace.take(asyncio.get_running_loop().time()):
                raise Refused("busy")
            command = messages.parse(payload)
            if isinstance(command, messages.OpenVote | messages.PutConclusion) and secrecy_mark(command.text):
                raise Refused("secret_marking")
            edge = self._edge.get(type(command))
            if edge is not None:
                edge(command)
            else:
                await self._sitting.apply(self._connection.participant, command)
                self.left = isinstance(command, messages.Leave)
        except BadMessage as error:
            if error.code == "bad_message":
                self._mistakes += 1
            self._tell(_error(self._request, message_id, error.code))
        except Refused as refusal:
            self._tell(_error(self._request, message_id, refusal.code))
        except MediaError as error:
            log.info("media refused", participant=self._connection.participant, code=error.code)
            self._tell(_error(self._request, message_id, "media_refused"))
        except Exception:
            log.exception("message failed", participant=self._connection.participant)
            self._tell(_error(self._request, message_id, "busy"))
        else:
            if message_id is not None:
                self._tell({"type": "ack", "id": message_id})

    def _tell(self, message: Message) -> None:
        self._connection.tell(message)

    def _ping(self, _command: messages.Ping) -> None:
        self._tell({"type": "pong"})

    def _media_offer(self, command: messages.MediaOffer) -> None:
        participant = self._connection.participant
        if not self._sitting.room.may(participant, "media.offer"):
            raise Refused("not_allowed")
        self._tell({"type": "media.answer", "sdp": self._sitting.offer(participant, command.sdp)})

    def _media_answer(self, command: messages.MediaAnswer) -> None:
        self._sitting.router.accept(self._connection.participant, command.sdp)

    def _media_subscribe(self, _command: messages.MediaSubscribe) -> None:
        self._sitting.router.subscribe(self._connection.participant)

    def _media_watch(self, command: messages.MediaWatch) -> None:
        self._sitting.router.watch_sizes(self._connection.participant, command.sizes)

    def _media_line(self, command: messages.MediaLine) -> None:
        self._sitting.router.limit(self._connection.participant, command.kbps, command.megabytes)


def _decode(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("bad_message", "not JSON") from error
