"""The edge of the media plane: UDP sockets, the clock, randomness and the event loop. Everything else is values."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import socket
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from media import forwarder as kinds
from media import ice
from media.dtls import Identity
from media.errors import StunError
from media.events import Event
from media.forward import PyWorker, make_worker
from media.forwarder import Forwarder, Notice, Tapped
from media.router import Router
from media.sockets import EVERYWHERE, bind, plan
from media.transport import Port

TICK, CALM_TICK = 0.04, 0.1
"""Seconds that pass at least and at most between two looks at the clock: to wake up costs more than most of what there
is to do."""
MAX_EVENTS = 65536
VALIDITY = datetime.timedelta(days=365)  # nobody checks it: trust is in the fingerprint
OWN_COUNTERS = (
    "stun_bad_integrity", "stun_unknown_user", "stun_malformed", "stun_address_taken", "stun_replayed",
    "dtls_fingerprint_mismatch",
    "dtls_failed", "rtcp_malformed", "rtp_unknown_stream", "consent_expired", "down_full", "resends_refused",
    "events_lost", "internal_errors", "peer_overdrawn",
)  # fmt: skip


class EventQueue(asyncio.Queue[Event]):
    """Bounded; what does not fit is lost and counted, so that a stuck reader cannot eat the memory."""

    def __init__(self) -> None:
        super().__init__(MAX_EVENTS)
        self.lost = 0

    def append(self, event: Event) -> None:
        try:
            self.put_nowait(event)
        except asyncio.QueueFull:
            self.lost += 1


class Outlet(NamedTuple):
    """One bound socket, the worker that reads it, and the transports that are reached through it."""

    socket: socket.socket
    worker: Forwarder
    port: Port


class Endpoint:
    """The UDP ports of this machine, a worker at each, and all rooms, each at one of them.

    Use it only on the event loop that opened it.
    """

    def __init__(self, outlets: Sequence[Outlet]) -> None:
        self.port: int = outlets[0].socket.getsockname()[1]
        self.implementation = "python" if isinstance(outlets[0].worker, PyWorker) else "native"
        self.events: EventQueue = EventQueue()
        self._outlets = outlets
        self._routers: dict[str, Router] = {}
        self._places: dict[str, Outlet] = {}
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @classmethod
    async def open(
        cls, *, host: str = EVERYWHERE, port: int = 0, public_addresses: Sequence[str] = (), workers: int = 1,
        native: bool | None = None,
    ) -> Endpoint:  # fmt: skip
        """Bind the ports `port` to `port + workers - 1`, and start. `host` and `public_addresses` are numeric, of IPv4
        or IPv6; the latter are what clients are told to send to (media.sockets.plan). ValueError if they are not or do
        not go together, OSError as the system has it, ImportError if `native` is demanded and was not built.
        """
        host, told = plan(host, public_addresses)
        identity = make_identity()
        outlets: list[Outlet] = []
        sockets = bind(host, port, workers)
        try:
            for bound in sockets:
                worker = make_worker(bound.fileno(), native=native)
                candidates = [(address, bound.getsockname()[1]) for address in told]
                outlets.append(Outlet(bound, worker, Port(worker, identity, candidates, os.urandom)))
        except BaseException:
            for bound in sockets:
                bound.close()
            raise
        endpoint = cls(outlets)
        for outlet in outlets:
            outlet.worker.start()
            endpoint._loop.add_reader(outlet.worker.fileno(), endpoint._on_readable, outlet)
        endpoint._tick()
        return endpoint

    def router(self, room: str) -> Router:
        """The room's router; made when first asked for, where the fewest transports are."""
        router = self._routers.get(room)
        if router is None:
            places = list(self._places.values())
            outlet = min(self._outlets, key=lambda outlet: (len(outlet.port.transports()), places.count(outlet)))
            self._places[room] = outlet
            router = self._routers[room] = Router(room, outlet.port, self.events, self._loop.time())
        return router

    def drop_router(self, room: str) -> None:
        """End all transports of a room and forget it."""
        router = self._routers.pop(room, None)
        if router is not None:
            del self._places[room]
            router.shut()

    def counters(self) -> dict[str, int]:
        """The forwarders' totals, our own, and how much there is now (transports, producers, consumers)."""
        sizes = [router.sizes() for router in self._routers.values()]
        totals = Counter(dict.fromkeys(OWN_COUNTERS, 0))
        for outlet in self._outlets:
            totals.update(outlet.worker.counters())
            totals.update(outlet.port.counters)
        return {
            **totals,
            "events_lost": self.events.lost,
            "transports": sum(len(outlet.port.transports()) for outlet in self._outlets),
            "producers": sum(producers for producers, _ in sizes),
            "consumers": sum(consumers for _, consumers in sizes),
        }

    async def close(self) -> None:
        """End every transport, stop the workers, close the sockets. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for room in list(self._routers):
            self.drop_router(room)
        for outlet in self._outlets:
            self._loop.remove_reader(outlet.worker.fileno())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(outlet.worker.stop), 2)
            outlet.socket.close()

    def _on_readable(self, outlet: Outlet) -> None:
        now = self._loop.time()
        for notice in outlet.worker.poll():
            try:
                self._receive(notice, outlet.port, now)
            except Exception as error:
                self._isolate(error, outlet.port)

    def _isolate(self, error: Exception, port: Port) -> None:
        """What goes wrong with one peer or one room must not stop the others: report it to the loop and go on."""
        port.counters["internal_errors"] += 1
        self._loop.call_exception_handler({"message": "error in the media plane", "exception": error})

    def _receive(self, notice: Notice, port: Port, now: float) -> None:
        if notice.kind == kinds.STUN:
            self._receive_stun(notice, port, now)
            return
        transport = port.find(notice.transport)
        router = self._routers.get(transport.room) if transport is not None else None
        if transport is not None and router is not None:
            if port.admits(transport, now, len(notice.data)):
                router.receive(transport, notice, now)
            else:
                port.counters["peer_overdrawn"] += 1

    def _receive_stun(self, notice: Notice, port: Port, now: float) -> None:
        address = notice.address
        try:
            check = ice.read_check(notice.data)
            if check is None or address is None:
                return
            transport = port.asked(check, address, now)
            if not port.admits_check(transport, address, now):
                raise StunError("peer_overdrawn")
            self._routers[transport.room].check(transport, check, address, now)
        except StunError as error:
            port.counters[error.counter] += 1

    def _hand_over(self, outlet: Outlet) -> None:
        """What was tapped goes to the rooms that it belongs to."""
        tapped: dict[str, list[Tapped]] = {}
        for packet in outlet.worker.tapped():
            transport = outlet.port.find(packet.transport)
            if transport is not None:
                tapped.setdefault(transport.room, []).append(packet)
        for room, packets in tapped.items():
            try:
                self._routers[room].keep(packets)
            except Exception as error:
                self._isolate(error, outlet.port)

    def _tick(self) -> None:
        now = self._loop.time()
        for outlet in self._outlets:
            self._on_readable(outlet)
            self._hand_over(outlet)
        for room, router in list(self._routers.items()):
            try:
                router.tick(now)
            except Exception as error:
                self._isolate(error, self._places[room].port)
        due = min((router.due(now) for router in self._routers.values()), default=now + CALM_TICK)
        self._timer = self._loop.call_later(min(max(TICK, due - now), CALM_TICK), self._tick)


def make_identity() -> Identity:
    """A fresh P-256 key with a self-signed certificate that says nothing about anybody (RFC 8827 section 6.5)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "WebRTC")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + VALIDITY)
    return Identity.make(key, builder.sign(key, hashes.SHA256()))
