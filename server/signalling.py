"""The WebSocket edge of a room: one reader and one bounded writer a socket. PROTOCOL.md has every message."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from media import MediaError
from media.pace import Bucket
from minutes.secrecy import secrecy_mark
from rooms import BadMessage, Command, Leave, Person, Refused, Role, Unit, fields, messages
from rooms.topics import wire
from rooms.topics.chat import React
from rooms.topics.notes import EditPad, edited
from server import rights
from server.auth import utcnow
from server.connection import HEARTBEAT, SILENCE, Connection, Letter, Message, bye
from server.directory import Account
from server.errors import Problem, answer
from server.inviting import door
from server.keys import DATABASE, IDENTITY, REFUSED, SITTINGS
from server.middleware import check_origin
from server.pages import current, reader_of
from server.rights import Door
from server.sitting import Sitting
from server.sittings import person_of, seats
from server.writer import WRITE_TIMEOUT, writing

log = structlog.get_logger("giaoban.signalling")
_PAGE = re.compile(r"[A-Za-z0-9_-]{1,64}")

FRAME_LIMIT = 131_072
MISTAKES = 10
"""Bad messages after which a socket is closed: the client is broken or hostile."""
GUESTS = Unit("guest", "Khách mời")
NONE: Mapping[str, object] = MappingProxyType({})
"""The unit of those who come with a room token, as the minutes list them."""
WEIGHED = 4096
"""Characters of a message that count as one frame more."""
COMING = 10
"""As many frames counts a connection."""


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


def seat(account: Account, sitting: Sitting, lobby: Door | None = None) -> tuple[Person, bool]:
    """The person that `account` is in this meeting, and whether they are expected: who is not may knock, where there
    is a lobby. Raises Problem("not_invited")."""
    meeting = sitting.room.meeting
    expected = rights.may(account, "meeting.enter", seats(meeting))
    if not expected and (lobby is None or not rights.may(account, "meeting.knock", lobby)):
        raise Problem("not_invited")
    if account.room_role == "gateway":
        raise Problem("not_allowed")  # a gateway brings media by WHIP; it is not a person
    named = {person.id: person for person in (*meeting.invited, meeting.secretary, meeting.chair)}.get(account.id)
    if named is not None:
        return named, expected
    if account.room is None:
        return person_of(account, Role.GUEST), expected
    person = Person(account.id, account.name, account.title, GUESTS, Role(account.room_role or "viewer"))
    return person, expected


async def connect(request: web.Request) -> web.StreamResponse:
    """GET /rooms/{room}/ws: sit down and talk until the socket ends."""
    account = await account_of(request)
    sitting = await request.app[SITTINGS].get(request.match_info["room"])
    person, expected = seat(account, sitting, await door(request.app[DATABASE], sitting.room.meeting))
    socket = web.WebSocketResponse(max_msg_size=FRAME_LIMIT, heartbeat=HEARTBEAT, compress=False, autoping=False)
    try:
        await socket.prepare(request)
    except ConnectionError:
        return socket  # gone before the upgrade was answered
    try:
        if not sitting.frames.take(person.id, asyncio.get_running_loop().time(), COMING):
            raise Refused("busy", "comes again and again")
        connection = await sitting.connect(
            person, _page_of(request), vouched=expected, link=account.link, phone=account.meeting != ""
        )
    except Exception as error:
        # The upgrade is answered: from here on errors are told inside the conversation.
        if not isinstance(error, Refused):
            log.exception("joining failed", participant=person.id)
        await socket.send_json(_error(request, None, error.code if isinstance(error, Refused) else "busy"))
        await socket.close()
        return socket
    talk = Talk(request, socket, sitting, connection)
    try:
        async with writing(socket, connection, partial(sitting.resync, connection)) as writer:
            await talk.run()
            if talk.left:
                await asyncio.wait({writer}, timeout=WRITE_TIMEOUT)  # let the ack and the farewell out
    finally:
        given_up = isinstance(socket.exception(), TimeoutError)  # nobody answered: see HEARTBEAT
        await sitting.disconnect(connection, SILENCE if given_up else timedelta())
    return socket


def _page_of(request: web.Request) -> str:
    """What the client calls its page by; "" where it does not, or not as a name."""
    page = request.query.get("page", "")
    return page if _PAGE.fullmatch(page) else ""


def _error(request: web.Request, message_id: int | None, code: str, values: Mapping[str, object] = NONE) -> Message:
    request.app[REFUSED][code] += 1
    sentence = reader_of(request).gettext(answer(code).text, **values)
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
        self._reactions = Bucket(rate=0.5, burst=3)
        self._edge: dict[type[Command], Callable[[Any], None]] = {
            wire.Ping: self._ping,
            wire.MediaOffer: self._media_offer,
            wire.MediaAnswer: self._media_answer,
            wire.MediaSubscribe: self._media_subscribe,
            wire.MediaWatch: self._media_watch,
            wire.MediaLine: self._media_line,
            React: self._react,
        }

    async def run(self) -> None:
        """Read until the socket closes or the person leaves."""
        async for frame in self._socket:
            # Frames that have come together are handed over without a pause: everybody else has a turn between them.
            await asyncio.sleep(0)
            weight = 1 + len(frame.data) // WEIGHED
            if not self._sitting.frames.take(self._connection.participant, asyncio.get_running_loop().time(), weight):
                await self._cut_off()
                return
            await self._frame(frame)
            if self.left:
                self._connection.end(bye("left"))
                return
            if self._mistakes >= MISTAKES:
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return

    async def _cut_off(self) -> None:
        """Say so and read no more: `close` alone would go through all that comes, for ten seconds, for its answer."""
        closing = asyncio.create_task(self._socket.close(code=WSCloseCode.POLICY_VIOLATION))
        await asyncio.sleep(0)  # its frame is written
        if self._request.transport is not None:
            self._request.transport.close()
        await closing

    async def _frame(self, frame: WSMessage) -> None:
        if frame.type is WSMsgType.TEXT:
            await self._message(frame.data)
        elif frame.type is WSMsgType.PING:
            with contextlib.suppress(ConnectionError):
                await self._socket.pong(frame.data)
        elif frame.type is not WSMsgType.PONG:
            self._mistakes += 1
            self._tell(_error(self._request, None, "bad_message"))

    async def _message(self, text: str) -> None:
        message_id: int | None = None
        try:
            payload = _decode(text)
            message_id = messages.message_id(payload)
            command = messages.parse(payload)
            self._pace(command)
            if not isinstance(command, wire.Ping | Leave) and not self._sitting.seated(self._connection):
                raise Refused("not_allowed")
            if any(secrecy_mark(text) for text in self._words(command)):
                raise Refused("secret_marking")
            edge = self._edge.get(type(command))
            if edge is not None:
                edge(command)
            else:
                await self._sitting.apply(self._connection.participant, command)
                self.left = isinstance(command, Leave)
        except BadMessage as error:
            if error.code == "bad_message":
                self._mistakes += 1
            self._tell(_error(self._request, message_id, error.code))
        except Refused as refusal:
            self._tell(_error(self._request, message_id, refusal.code, refusal.values))
        except MediaError as error:
            log.info("media refused", participant=self._connection.participant, code=error.code)
            self._tell(_error(self._request, message_id, "media_refused"))
        except Exception:
            log.exception("message failed", participant=self._connection.participant)
            self._tell(_error(self._request, message_id, "busy"))
        else:
            if message_id is not None:
                self._tell({"type": "ack", "id": message_id})

    def _pace(self, command: Command) -> None:
        """Raises Refused("busy"). An answer is owed to the server, which offers anew for everybody who comes."""
        if isinstance(command, wire.MediaAnswer):
            return
        if not self._sitting.commands.take(self._connection.participant, asyncio.get_running_loop().time()):
            raise Refused("busy")

    def _words(self, command: Command) -> Iterator[str]:
        """What the command would bring on record; of a pad all of it, for a marking may be typed letter by letter."""
        yield from fields.texts(command)
        if isinstance(command, EditPad) and self._sitting.room.may(self._connection.participant, "pad.edit"):
            pad = edited(self._sitting.room.state, self._connection.participant, command)
            if pad is not None:
                yield pad.text

    def _tell(self, message: Message) -> None:
        self._connection.tell(Letter(message))

    def _ping(self, _command: wire.Ping) -> None:
        self._connection.pinged_at = asyncio.get_running_loop().time()
        self._tell({"type": "pong"})

    def _react(self, command: React) -> None:
        if not self._sitting.room.may(self._connection.participant, "react"):
            raise Refused("not_allowed")
        if not self._reactions.take(asyncio.get_running_loop().time()):
            raise Refused("busy")
        participant = self._connection.participant
        self._sitting.tell_all({"type": "reaction", "participant": participant, "reaction": command.reaction})

    def _media_offer(self, command: wire.MediaOffer) -> None:
        participant = self._connection.participant
        if not self._sitting.room.may(participant, "media.offer"):
            raise Refused("not_allowed")
        self._tell({"type": "media.answer", "sdp": self._sitting.offer(participant, command.sdp)})

    def _media_answer(self, command: wire.MediaAnswer) -> None:
        self._sitting.router.accept(self._connection.participant, command.sdp)

    def _media_subscribe(self, _command: wire.MediaSubscribe) -> None:
        self._sitting.router.subscribe(self._connection.participant)

    def _media_watch(self, command: wire.MediaWatch) -> None:
        self._sitting.router.watch_sizes(self._connection.participant, command.sizes)

    def _media_line(self, command: wire.MediaLine) -> None:
        self._sitting.studio.limit(self._connection.participant, command.kbps, command.megabytes)


def _decode(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("bad_message", "not JSON") from error
