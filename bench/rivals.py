"""Giaoban beside rival servers: `make bench-peers`. Each is a process of its own on 127.0.0.1, built by bench/peers.sh;
and so is the kernel alone (bench/floor.py), below which nobody gets who sends by sockets.

All are joined first; then they are measured in turn, the publishers of the others being silent, and the median of the
rounds is taken. The subscribers send receiver reports and consent checks, no transport-wide feedback (the rivals are
set up without bandwidth estimation), and offer the SRTP profiles that browsers offer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from bench import descriptions
from bench.floor import Floor
from bench.load import crowd
from bench.peer import Peer, Remote, read_remote
from bench.publisher import AUDIO, VIDEO, Publisher
from bench.servers import LIMIT, Giaoban, Sender, Server, window
from media.endpoint import make_identity

HERE = Path(__file__).parent
START_LIMIT = 30.0


class Rival(ABC):
    """A server process: who is one says how to publish and to receive. Owned: the process, the HTTP session."""

    port: int

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        self.name = name
        self.identity = make_identity()
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT))
        self._process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.root = self._process.pid
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start")
            time.sleep(0.1)

    async def close(self) -> None:
        await self._http.close()
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @abstractmethod
    async def publish(self, name: str) -> Publisher: ...

    @abstractmethod
    async def receive(self, name: str, feeds: list[str]) -> Peer: ...

    async def watch(self, feed: str, *, media: bool = True) -> Peer:
        peer = await self.receive("viewer", [feed])
        await asyncio.wait_for(asyncio.shield(peer.first_packet if media else peer.connected), LIMIT)
        return peer

    async def meet(self, names: list[str]) -> tuple[list[Publisher], list[Peer]]:
        publishers = [await self.publish(name) for name in names]
        return publishers, [await self.receive(name, [one for one in names if one != name]) for name in names]


class Mediasoup(Rival):
    """One worker behind a small signalling front (bench/mediasoup_front.cjs)."""

    port = 9101

    def __init__(self, folder: Path) -> None:
        modules = folder / "build/node/node_modules"
        environment = {
            "NODE_PATH": str(modules), "MEDIASOUP_DIR": str(modules / "mediasoup"), "PORT": str(self.port),
            "MEDIASOUP_WORKER_BIN": str(folder / "build/mediasoup-worker-uring"),
            "LD_LIBRARY_PATH": str(folder / "build/srtp-openssl"),
        }  # fmt: skip
        super().__init__("mediasoup", ["node", str(HERE / "mediasoup_front.cjs")], environment)

    async def publish(self, name: str) -> Publisher:
        publisher = Publisher(Peer(self.identity))
        assert publisher.microphone is not None
        ssrcs = {"audio": publisher.microphone.ssrc, "video": publisher.cameras[0].track.ssrc}
        await self._start(publisher.peer, "/publish", {"name": name, **ssrcs, "types": [AUDIO, VIDEO]})
        return publisher

    async def receive(self, name: str, feeds: list[str]) -> Peer:
        peer = Peer(self.identity)
        await self._start(peer, "/subscribe", {"feeds": feeds})
        return peer

    async def _start(self, peer: Peer, path: str, body: dict[str, object]) -> None:
        body["fingerprint"] = peer.fingerprint
        async with self._http.post(f"http://127.0.0.1:{self.port}{path}", json=body) as response:
            told = await response.json()
        peer.start(Remote(told["ufrag"], told["pwd"], (told["ip"], told["port"]), told["fingerprint"]))
        await asyncio.wait_for(asyncio.shield(peer.connected), LIMIT)


class Janus(Rival):
    """The VideoRoom plugin over its WebSocket API, two event loops (the cheaper of its two modes)."""

    port = 9104

    def __init__(self, folder: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="janus-bench-")
        environment = {
            "LD_PRELOAD": str(folder / "build/lo_only.so"), "LD_LIBRARY_PATH": str(folder / "build/srtp-openssl"),
        }  # fmt: skip
        _configure_janus(Path(self._folder.name), self.port)
        super().__init__("janus", ["janus", "-F", self._folder.name, "-o"], environment)
        self._transactions = 0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._feeds: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sessions: list[int] = []

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await super().close()
        self._folder.cleanup()

    async def publish(self, name: str) -> Publisher:
        publisher = Publisher(Peer(self.identity))
        handle = await self._attach()
        offer = {"type": "offer", "sdp": descriptions.publish(publisher, wide=False)}
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": 1, "display": name}
        told = await self._message(handle, body, offer)
        self._feeds[name] = told["plugindata"]["data"]["id"]
        publisher.peer.start(read_remote(told["jsep"]["sdp"]))
        await asyncio.wait_for(asyncio.shield(publisher.peer.connected), LIMIT)
        return publisher

    async def receive(self, name: str, feeds: list[str]) -> Peer:
        peer = Peer(self.identity)
        handle = await self._attach()
        streams = [{"feed": self._feeds[feed]} for feed in feeds]
        told = await self._message(handle, {"request": "join", "ptype": "subscriber", "room": 1, "streams": streams})
        offer = told["jsep"]["sdp"]
        answer = {"type": "answer", "sdp": descriptions.mirror(peer, offer, wide=False)}
        peer.start(read_remote(offer))
        await self._message(handle, {"request": "start"}, answer)
        await asyncio.wait_for(asyncio.shield(peer.connected), LIMIT)
        return peer

    async def _attach(self) -> tuple[int, int]:
        first = self._socket is None
        if self._socket is None:
            url = f"ws://127.0.0.1:{self.port}"
            self._socket = await self._http.ws_connect(url, protocols=("janus-protocol",), max_msg_size=0)
            self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._stay())]
        session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._sessions.append(session)
        attach = {"janus": "attach", "session_id": session, "plugin": "janus.plugin.videoroom"}
        handle = session, (await self._ask(attach))["data"]["id"]
        if first:
            body = {
                "request": "create", "room": 1, "publishers": 64, "bitrate": 0, "fir_freq": 0, "audiocodec": "opus",
                "videocodec": "vp8", "transport_wide_cc_ext": False, "audiolevel_ext": False, "is_private": True,
            }  # fmt: skip
            await self._message(handle, body)
        return handle

    async def _message(
        self, handle: tuple[int, int], body: dict[str, object], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        message = {"janus": "message", "session_id": handle[0], "handle_id": handle[1], "body": body}
        told = await self._ask(message | ({"jsep": jsep} if jsep else {}))
        if told["janus"] == "error" or "error" in told["plugindata"]["data"]:
            raise ConnectionError(f"janus: {told}")
        return told

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        self._transactions += 1
        transaction = f"t{self._transactions}"
        answer = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message | {"transaction": transaction})
        return await asyncio.wait_for(answer, LIMIT)

    async def _read(self) -> None:
        assert self._socket is not None
        async for frame in self._socket:
            told = frame.json()
            if told["janus"] != "ack":
                waiting = self._waiting.pop(told.get("transaction", ""), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(25)
            for session in self._sessions:
                await self._ask({"janus": "keepalive", "session_id": session})


def _configure_janus(folder: Path, port: int) -> None:
    library = "/usr/lib/x86_64-linux-gnu/janus"
    others = "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail"
    disabled = ",".join(f"libjanus_{name}.so" for name in others.split())
    (folder / "janus.jcfg").write_text(
        f"""general: {{ configs_folder = "{folder}", plugins_folder = "{library}/plugins",
          transports_folder = "{library}/transports", events_folder = "{library}/events",
          loggers_folder = "{library}/loggers", debug_level = 2, session_timeout = 600, event_loops = 2 }}
        media: {{ rtp_port_range = "20000-29999" }}
        nat: {{ ice_enforce_list = "127.0.0.1" }}
        plugins: {{ disable = "{disabled}" }}
        transports: {{ disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so" }}
        """
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "127.0.0.1", wss = false }}\n'
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


Figures = dict[str, list[float]]


def start_all(folder: Path) -> list[Server]:
    """Our server, whichever rivals are built in `folder`, and the kernel alone."""
    makers: list[tuple[Path, Callable[[], Rival]]] = [
        (folder / "build/mediasoup-worker-uring", lambda: Mediasoup(folder)),
        (folder / "build/lo_only.so", lambda: Janus(folder)),
    ]
    return [Giaoban(), *(make() for built, make in makers if built.exists()), Floor()]


async def compare(title: str, servers: Sequence[Server], gather: Gather, rounds: int, seconds: float) -> Figures:
    """CPU microseconds per forwarded packet, a figure a round, by server."""
    crowds = [await gather(server) for server in servers]
    for publishers, _ in crowds:
        _pause(publishers, True)
    profiles = [f"{server.name} {peers[0].profile}" for server, (_, peers) in zip(servers, crowds, strict=True)]
    print(f"{title}: {', '.join(profiles)}")
    figures: Figures = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server, (publishers, peers) in zip(servers, crowds, strict=True):
            _pause(publishers, False)
            await asyncio.wait_for(asyncio.shield(peers[0].first_packet), LIMIT)
            await asyncio.sleep(1)
            seen = await window(server, peers, seconds)
            _pause(publishers, True)
            figures[server.name].append(seen.each)
            if seen.lost:
                print(f"  {server.name} lost {seen.lost} of {seen.packets} packets")
    for publishers, peers in crowds:
        for publisher in publishers:
            publisher.close()
        for peer in peers:
            peer.close()
    return figures


Gather = Callable[[Server], Awaitable[tuple[Sequence[Sender], list[Peer]]]]


def _pause(publishers: Sequence[Sender], paused: bool) -> None:
    for publisher in publishers:
        publisher.paused = paused


async def many(server: Server, subscribers: int) -> tuple[Sequence[Sender], list[Peer]]:
    publisher = await server.publish("camera")
    return [publisher], await crowd(lambda: server.watch("camera"), subscribers)


async def all_to_all(server: Server, count: int) -> tuple[Sequence[Sender], list[Peer]]:
    return await server.meet([f"p{number}" for number in range(count)])


async def main(folder: Path, rounds: int, seconds: float) -> None:
    cases: list[tuple[str, Gather]] = [
        ("50 subscribers", lambda server: many(server, 50)),
        ("all to all, 8", lambda server: all_to_all(server, 8)),
    ]
    for title, gather in cases:
        servers = start_all(folder)
        try:
            figures = await compare(title, servers, gather, rounds, seconds)
        finally:
            for server in servers:
                await server.close()
        medians = {name: statistics.median(values) for name, values in figures.items()}
        for name, median in medians.items():
            spread = ", ".join(f"{value:.1f}" for value in sorted(figures[name]))
            print(f"  {name:13} {median:6.2f} us/packet ({spread})")
        rivals = [median for name, median in medians.items() if name not in (Giaoban.name, Floor.name)]
        for name in (Giaoban.name, Floor.name) if rivals else ():
            print(f"  {name} is {medians[name] / min(rivals):.2f} of the best rival (target for giaoban: 0.25)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where bench/peers.sh has built the rivals")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    arguments = parser.parse_args()
    uvloop.run(main(arguments.folder, arguments.rounds, arguments.seconds))
