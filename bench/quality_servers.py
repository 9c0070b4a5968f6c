"""What bench/quality.py compares: Giaoban and Janus at the hub of the lab's network, as browsers meet them."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from playwright.async_api import Page

from server import auth
from tests.installation import Installation
from tests.lab.network import HUB_ADDRESS, Namespace

LIMIT = 30.0  # seconds
JANUS_PORT = 8188
LINES = "10.77.1.1,10.77.2.1"  # the hub's ends: libnice binds to devices, so an address behind them answers nobody
PLUGINS = Path("/usr/lib/x86_64-linux-gnu/janus")
UNUSED = (
    "audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom", "videocall",
    "voicemail",
)  # fmt: skip


class Server(Protocol):
    """An SFU that carries the speaker's page to the listener's."""

    name: str

    async def open(self) -> None: ...

    async def join(self, speaker: Page, listener: Page) -> None: ...

    async def close(self) -> None: ...


def caller(hub: Namespace) -> aiohttp.ClientSession:
    """HTTP from within the hub."""

    def socket(found: Any) -> Any:
        made = hub.socket(*found[:3])
        made.setblocking(False)
        return made

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=socket))


class Giaoban:
    """By WHIP and WHEP. Owned: the process, its data."""

    name = "Giaoban"

    def __init__(self, hub: Namespace, folder: Path) -> None:
        self._http = caller(hub)
        self._running = Installation(folder / "giaoban-data", 8080, HUB_ADDRESS, hub.command)

    async def open(self) -> None:
        await asyncio.to_thread(self._running.start)

    async def join(self, speaker: Page, listener: Page) -> None:
        tokens = auth.Tokens(auth.load_secret(self._running.data / "secret.key"))
        for page, begin, door, role in ((speaker, "speak", "whip", "delegate"), (listener, "attend", "whep", "viewer")):
            token = tokens.room("giao-ban", "Người đo", role, f"quality-{role}", auth.utcnow())
            offer = await page.evaluate(f"window.quality.{begin}()")
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
            async with self._http.post(f"{self._running.url}/{door}/giao-ban", data=offer, headers=headers) as response:
                response.raise_for_status()
                await page.evaluate("(sdp) => window.quality.answered(sdp)", await response.text())

    async def close(self) -> None:
        await self._http.close()
        self._running.stop()


class Janus:
    """Debian's Janus, its VideoRoom plugin with its own defaults. Owned: the process, a WebSocket."""

    name = "Janus"

    def __init__(self, hub: Namespace, folder: Path) -> None:
        self._hub = hub
        self._http = caller(hub)
        self._folder = folder / "janus"
        self._process: asyncio.subprocess.Process | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._numbers = itertools.count()
        self._rooms = itertools.count(1)
        self._session = 0

    async def open(self) -> None:
        self._configure()
        command = self._hub.command("janus", "-F", str(self._folder), "-o")
        with tempfile.TemporaryFile() as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        async with asyncio.timeout(LIMIT):
            while self._socket is None:
                try:
                    url = f"ws://{HUB_ADDRESS}:{JANUS_PORT}"
                    self._socket = await self._http.ws_connect(url, protocols=("janus-protocol",), heartbeat=20)
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)  # until it listens
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]

    def _configure(self) -> None:
        self._folder.mkdir(exist_ok=True)
        plugins = ",".join(f"libjanus_{name}.so" for name in UNUSED)
        transports = ",".join(f"libjanus_{name}.so" for name in ("http", "mqtt", "nanomsg", "pfunix", "rabbitmq"))
        (self._folder / "janus.jcfg").write_text(
            f'general: {{ configs_folder = "{self._folder}"\nplugins_folder = "{PLUGINS}/plugins"\n'
            f'transports_folder = "{PLUGINS}/transports"\nevents_folder = "{PLUGINS}/events"\n'
            f'loggers_folder = "{PLUGINS}/loggers"\ndebug_level = 2\nsession_timeout = 0 }}\n'
            f'nat: {{ ice_enforce_list = "{LINES}" }}\nplugins: {{ disable = "{plugins}" }}\n'
            f'transports: {{ disable = "{transports}" }}\n'
        )
        (self._folder / "janus.transport.websockets.jcfg").write_text(
            f'general: {{ json = "compact"\nws = true\nws_port = {JANUS_PORT}\nws_ip = "{HUB_ADDRESS}"\n'
            "wss = false }\n"
            "admin: { admin_ws = false }\n"
        )
        (self._folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")

    async def join(self, speaker: Page, listener: Page) -> None:
        up, down = await self._attach(), await self._attach()
        room = next(self._rooms)
        await self._message(up, {"request": "create", "room": room, "videocodec": "vp8", "bitrate": 0})
        offer = {"type": "offer", "sdp": await speaker.evaluate("window.quality.speak()")}
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room}
        told = await self._message(up, body, offer)
        await speaker.evaluate("(sdp) => window.quality.answered(sdp)", told["jsep"]["sdp"])
        feed = told["plugindata"]["data"]["id"]
        # A publisher must be there before it is asked for.
        await speaker.wait_for_function("() => window.quality.state() === 'connected'")
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]}
        told = await self._message(down, body)
        answer = await listener.evaluate("(sdp) => window.quality.accept(sdp)", told["jsep"]["sdp"])
        await self._message(down, {"request": "start"}, {"type": "answer", "sdp": answer})

    async def _attach(self) -> int:
        attach = {"janus": "attach", "session_id": self._session, "plugin": "janus.plugin.videoroom"}
        handle: int = (await self._ask(attach))["data"]["id"]
        return handle

    async def _message(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        message = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        told = await self._ask(message | ({"jsep": jsep} if jsep else {}))
        if "error" in told["plugindata"]["data"]:
            raise ConnectionError(f"janus: {told}")
        return told

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """A request and what answers it; an "ack" only says that the answer comes later."""
        assert self._socket is not None
        number = str(next(self._numbers))
        await self._socket.send_json(message | {"transaction": number})
        async with asyncio.timeout(LIMIT):
            while True:
                said: dict[str, Any] = await self._socket.receive_json()
                if said.get("transaction") == number and said["janus"] != "ack":
                    if said["janus"] == "error":
                        raise ConnectionError(f"janus: {said}")
                    return said

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._http.close()
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
