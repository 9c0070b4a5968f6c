"""Giaoban under load: a real server process with demo data, its doors WHIP, WHEP and the room's WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from bench import descriptions, process
from bench.peer import Peer, read_remote
from bench.publisher import Publisher
from media.endpoint import make_identity
from server import auth
from tests.installation import Installation

ROOM = "giao-ban"
LIMIT = 30.0  # seconds in which a step must be done
WINDOW = 3.0  # seconds of one measurement


class Sender(Protocol):
    """Whoever sends can be told not to."""

    @property
    def paused(self) -> bool: ...

    @paused.setter
    def paused(self, paused: bool) -> None: ...

    def close(self) -> None: ...


class Server(Protocol):
    """What a load asks of an SFU."""

    name: str
    root: int  # process id

    async def publish(self, name: str) -> Sender: ...

    async def watch(self, feed: str) -> Peer: ...

    async def meet(self, names: list[str]) -> tuple[Sequence[Sender], list[Peer]]:
        """Everybody sends to everybody: who sends, and who receives."""

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Window:
    """One stretch of forwarding. `lost`: holes in what arrived."""

    packets: int
    cpu: float
    seconds: float
    lost: int

    @property
    def each(self) -> float:
        """CPU microseconds per forwarded packet."""
        return self.cpu * 1e6 / max(1, self.packets)


async def window(server: Server, receivers: Sequence[Peer], seconds: float = WINDOW) -> Window:
    """Measure while media flows."""
    packets, lost = sum(peer.packets for peer in receivers), sum(peer.lost for peer in receivers)
    cpu, began = process.cpu(server.root), time.perf_counter()
    await asyncio.sleep(seconds)
    cpu, seconds = process.cpu(server.root) - cpu, time.perf_counter() - began
    packets, lost = sum(peer.packets for peer in receivers) - packets, sum(peer.lost for peer in receivers) - lost
    return Window(packets, cpu, seconds, lost)


class Seat:
    """A participant: WebSocket, a transport up, a transport down. `said`: messages of the server, by type."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, name: str, up: Publisher | None, down: Peer, *, wide: bool
    ) -> None:
        self.name, self.publisher, self.down = name, up, down
        self._wide = wide
        self.said: dict[str, dict[str, Any]] = {}
        self.offers = 0
        self._socket = socket
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def say(self, kind: str, **fields: object) -> None:
        await self._socket.send_json({"type": kind, **fields})

    async def hears(self, kind: str) -> dict[str, Any]:
        """Wait for the first message of a type. Raises ConnectionError where the server refuses something first."""
        async with asyncio.timeout(LIMIT), self._news:
            await self._news.wait_for(lambda: kind in self.said or "error" in self.said)
        if kind not in self.said:
            raise ConnectionError(f"{self.name}: {self.said['error']}")
        return self.said[kind]

    async def watch(self, sizes: dict[str, int]) -> None:
        """Say how high every participant's picture is shown, in pixels."""
        await self.say("media.watch", sizes={name: size for name, size in sizes.items() if name != self.name})

    async def leave(self) -> None:
        """Leave in good order; `drop` is the other way. The server's goodbye is waited for."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            await self.say("leave")
            await self.hears("bye")
        await self._close()

    async def drop(self) -> None:
        """Vanish: no goodbye on the WebSocket, nothing more from the media addresses."""
        for peer in (self.publisher.peer if self.publisher else None, self.down):
            if peer is not None:
                peer.forget()
        await self._close()

    async def _close(self) -> None:
        self._reader.cancel()
        if self.publisher is not None:
            self.publisher.close()
        self.down.close()
        await self._socket.close()

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type != aiohttp.WSMsgType.TEXT:
                continue
            message = json.loads(frame.data)
            if message["type"] == "media.offer":
                await self._take(message["sdp"])
            elif message["type"] == "media.wanted" and self.publisher is not None:
                self.publisher.want(message["rids"])
            elif message["type"] == "error" and not self.down.first_packet.done():
                self.down.first_packet.set_exception(ConnectionError(f"{self.name}: {message}"))
            async with self._news:
                self.said[message["type"]] = message
                self._news.notify_all()

    async def _take(self, offer: str) -> None:
        self.offers += 1
        if self.offers == 1:
            self.down.start(read_remote(offer))
        if self._wide:
            self.down.give_feedback(descriptions.wide_number(offer))
        await self.say("media.answer", sdp=descriptions.mirror(self.down, offer, wide=self._wide))


class Giaoban:
    """The server process and our tokens for it. Owned: the process and its data folder."""

    name = "giaoban"

    def __init__(self, *, wide: bool = False) -> None:
        self.wide = wide
        self.identity = make_identity()
        self._folder = tempfile.TemporaryDirectory(prefix="giaoban-bench-")
        self._installation = Installation(Path(self._folder.name) / "data")
        self._installation.start()
        assert self._installation.process is not None
        self.root = self._installation.process.pid
        self._tokens = auth.Tokens(auth.load_secret(self._installation.data / "secret.key"))
        self._http = aiohttp.ClientSession(
            self._installation.url, connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=LIMIT)
        )

    async def close(self) -> None:
        await self._http.close()
        self._installation.stop()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        return self._installation.log.read_text()

    async def publish(self, name: str) -> Publisher:
        """By WHIP."""
        publisher = Publisher(Peer(self.identity), wide=self.wide)
        answer = await self._post(f"/whip/{ROOM}/{name}", descriptions.publish(publisher, wide=self.wide))
        publisher.peer.start(read_remote(answer))
        await asyncio.wait_for(asyncio.shield(publisher.peer.connected), LIMIT)
        return publisher

    async def watch(self, feed: str, *, media: bool = True) -> Peer:
        """By WHEP; waits for the first packet, or without `media` for the keys."""
        peer = Peer(self.identity)
        answer = await self._post(f"/whep/{ROOM}/{feed}", descriptions.watch(peer, wide=self.wide))
        if self.wide:
            peer.give_feedback(descriptions.wide_number(answer))
        peer.start(read_remote(answer))
        await asyncio.wait_for(asyncio.shield(peer.first_packet if media else peer.connected), LIMIT)
        return peer

    async def visit(self) -> None:
        """Read a page again and again."""
        while True:
            async with self._http.get("/") as response:
                await response.read()

    async def meet(self, names: list[str]) -> tuple[list[Publisher], list[Peer]]:
        """As participants with a WebSocket each, who show everybody large."""
        seats = [await self.sit(name) for name in names]
        for seat in seats:
            await seat.watch(dict.fromkeys(names, 720))
        return [seat.publisher for seat in seats if seat.publisher is not None], [seat.down for seat in seats]

    async def enter(self, name: str, role: str = "delegate") -> aiohttp.ClientWebSocketResponse:
        """The room's WebSocket alone."""
        headers = {"Authorization": f"Bearer {self._token(role, name)}"}
        return await self._http.ws_connect(f"/rooms/{ROOM}/ws", headers=headers, max_msg_size=0)

    async def sit(self, name: str, *, rids: tuple[str, ...] = ("f",), publish: bool = True) -> Seat:
        """Enter the room, switch microphone and camera on, send and receive."""
        socket = await self.enter(name)
        publisher = Publisher(Peer(self.identity), rids=rids, wide=self.wide) if publish else None
        seat = Seat(socket, name, publisher, Peer(self.identity), wide=self.wide)
        await seat.hears("welcome")
        if publisher is not None:
            await seat.say("media.state", audio=True, video=True)
            await seat.say("media.offer", sdp=descriptions.publish(publisher, wide=self.wide))
            answer = await seat.hears("media.answer")
            publisher.peer.start(read_remote(answer["sdp"]))
            await asyncio.wait_for(asyncio.shield(publisher.peer.connected), LIMIT)
        await seat.say("media.subscribe")
        return seat

    def _token(self, role: str, name: str) -> str:
        return self._tokens.room(ROOM, name, role, name, auth.utcnow())

    async def _post(self, path: str, offer: str) -> str:
        headers = {"Authorization": f"Bearer {self._token('gateway', 'bench')}", "Content-Type": "application/sdp"}
        async with self._http.post(path, data=offer, headers=headers) as response:
            text = await response.text()
            if response.status != 201:
                raise ConnectionError(f"{path}: {response.status} {text}")
            return text
