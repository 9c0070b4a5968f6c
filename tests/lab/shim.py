"""A seeded UDP shim on loopback: loss alone or in bursts, delay, jitter, reordering, a narrow line with a queue, a cut.

For what the kernel of the test machine cannot do (no netem), and for whoever may not make namespaces. It stands in for
the server's address; each client keeps an address of its own behind it, so the server tells them apart. The fate of
the n-th packet of a client in a direction depends only on the seed, the fault and when it came.
"""

import asyncio
import contextlib
import heapq
import itertools
import random
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

Address = tuple[str, int]
LOOPBACK = "127.0.0.1"
LATE = 0.03  # seconds by which a reordered packet comes too late


@dataclass(frozen=True)
class Fault:
    """What a direction does to packets. `loss`: share of them, 0 to 1 (exclusive), in bursts of `burst` packets on
    average (Gilbert's two-state model). `delay`, `jitter`, `queue`: milliseconds; jitter is added evenly and keeps the
    order. `reorder`: share that comes 30 ms late. `kbps`: kbit/s of each client's line, None for no limit."""

    loss: float = 0.0
    burst: float = 1.0
    delay: float = 0.0
    jitter: float = 0.0
    reorder: float = 0.0
    kbps: float | None = None
    queue: float = 300.0
    cut: bool = False


GOOD = Fault()


class Lane:
    """One direction of one client's line; no clock and no socket."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._losing = False
        self._free = 0.0
        self._last = 0.0

    def admit(self, fault: Fault, now: float, octets: int) -> float | None:
        """When a packet that comes `now` (seconds) leaves again; None: never."""
        # All are drawn every time, so that one setting does not move the fate of packets under another.
        loss, jitter, reorder = (self._random.random() for _ in range(3))
        leave = 1 / max(fault.burst, 1.0)
        enter = leave * fault.loss / (1 - fault.loss) if fault.burst > 1 else fault.loss
        self._losing = (loss >= leave) if self._losing and fault.burst > 1 else (loss < enter)
        if fault.cut or self._losing:
            return None
        if fault.kbps is not None:
            start = max(self._free, now)
            if (start - now) * 1000 > fault.queue:
                return None
            now = self._free = start + octets * 8 / (fault.kbps * 1000)
        due = max(now + (fault.delay + jitter * fault.jitter) / 1000, self._last)
        if reorder < fault.reorder:
            return due + LATE
        self._last = due
        return due


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._receive(data, address)


class Shim:
    """Owned: the socket towards the clients and one a client towards the server. `up` and `down` may be set at any
    time; packets under way keep their fate. `lost`: how many packets so far, in both directions."""

    def __init__(self, server: Address, seed: int) -> None:
        self.up = self.down = GOOD
        self.lost = 0
        self.address: Address = (LOOPBACK, 0)
        self._server = server
        self._seed = seed
        self._loop = asyncio.get_running_loop()
        self._face: asyncio.DatagramTransport | None = None
        self._backs: dict[Address, asyncio.Future[asyncio.DatagramTransport]] = {}
        self._lanes: dict[tuple[Address, str], Lane] = {}
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        self._face, _ = await self._loop.create_datagram_endpoint(
            lambda: _Socket(self._upwards), local_addr=(LOOPBACK, 0)
        )
        self.address = self._face.get_extra_info("sockname")

    def through(self, sdp: str) -> str:
        """The server's session description with its candidates replaced by the shim's address."""
        return re.sub(r"(a=candidate:\S+ 1 udp \d+) \S+ \d+ (typ host)", rf"\1 {LOOPBACK} {self.address[1]} \2", sdp)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for back in self._backs.values():
            back.cancel() if not back.done() else back.result().close()
        if self._face is not None:
            self._face.close()

    def _upwards(self, data: bytes, client: Address) -> None:
        back = self._backs.get(client)
        if back is None:
            back = self._backs[client] = asyncio.ensure_future(self._join(client))
        lane = self._lanes.setdefault((client, "up"), Lane(f"{self._seed} {len(self._lanes)}"))
        self._pass(lane.admit(self.up, self._loop.time(), len(data)), lambda: self._send_up(back, data))

    async def _join(self, client: Address) -> asyncio.DatagramTransport:
        lane = self._lanes.setdefault((client, "down"), Lane(f"{self._seed} {len(self._lanes)}"))

        def downwards(data: bytes, _server: Address) -> None:
            self._pass(
                lane.admit(self.down, self._loop.time(), len(data)),
                lambda: self._face and self._face.sendto(data, client),
            )

        transport, _ = await self._loop.create_datagram_endpoint(lambda: _Socket(downwards), remote_addr=self._server)
        return transport

    def _send_up(self, back: asyncio.Future[asyncio.DatagramTransport], data: bytes) -> None:
        if back.done():
            back.result().sendto(data)
        else:
            back.add_done_callback(lambda done: None if done.cancelled() else done.result().sendto(data))

    def _pass(self, due: float | None, act: Callable[[], None]) -> None:
        if due is None:
            self.lost += 1
            return
        if due <= self._loop.time():
            act()
            return
        heapq.heappush(self._waiting, (due, next(self._numbers), act))
        if self._waiting[0][0] == due:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._waiting[0][0], self._release) if self._waiting else None

    def _release(self) -> None:
        self._timer = None
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            heapq.heappop(self._waiting)[2]()
        self._arm()


@contextlib.asynccontextmanager
async def shim(server: Address, *, seed: int = 1) -> AsyncIterator[Shim]:
    """A shim before `server` (address and port) for the length of a block."""
    made = Shim(server, seed)
    await made.open()
    try:
        yield made
    finally:
        made.close()
