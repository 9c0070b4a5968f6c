"""The edge of the media plane: one UDP socket, the clock, randomness and the event loop. Everything else is values."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import os
import socket
from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from media import forwarder as kinds
from media import ice
from media.dtls import Identity
from media.errors import StunError
from media.events import Event
from media.forward import PyWorker, make_worker
from media.forwarder import Forwarder, Notice
from media.router import Router
from media.transport import Port

ANYWHERE = "0.0.0.0"  # noqa: S104 - clients come from everywhere
TICK = 0.05  # seconds
BUFFER = 4 << 20  # bytes asked of the kernel in each direction; it may give less
MAX_EVENTS = 65536
VALIDITY = datetime.timedelta(days=365)  # nobody checks it: trust is in the fingerprint
OWN_COUNTERS = (
    "stun_bad_integrity", "stun_unknown_user", "stun_malformed", "stun_address_taken", "dtls_fingerprint_mismatch",
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


class Endpoint:
    """One UDP port with all its rooms. Use it only on the event loop that opened it."""

    def __init__(self, bound: socket.socket, worker: Forwarder, port: Port) -> None:
        self.port: int = bound.getsockname()[1]
        self.implementation = "python" if isinstance(worker, PyWorker) else "native"
        self.events: EventQueue = EventQueue()
        self._socket = bound
        self._worker = worker
        self._port = port
        self._routers: dict[str, Router] = {}
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @classmethod
    async def open(
        cls, *, host: str = ANYWHERE, port: int = 0, public_addresses: Sequence[str] = (), native: bool | None = None
    ) -> Endpoint:
        """Bind and start. `host` and `public_addresses` are numeric IPv4; the latter are what clients are told
        to send to. ValueError if they are not, OSError as the system has it, ImportError if `native` is demanded
        and was not built.

        Without public addresses clients are told `host`, or 127.0.0.1 if that is 0.0.0.0; the socket is then bound
        there, too: a socket bound to all would answer a browser on this machine from another of its addresses, and ICE
        does not take that.
        """
        for address in (host, *public_addresses):
            ipaddress.IPv4Address(address)
        host = "127.0.0.1" if host == ANYWHERE and not public_addresses else host
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            bound.bind((host, port))
            worker = make_worker(bound.fileno(), native=native)
            candidates = [(item, bound.getsockname()[1]) for item in public_addresses or (host,)]
            endpoint = cls(bound, worker, Port(worker, make_identity(), candidates, os.urandom))
        except BaseException:
            bound.close()
            raise
        worker.start()
        endpoint._loop.add_reader(worker.fileno(), endpoint._on_readable)
        endpoint._tick()
        return endpoint

    def router(self, room: str) -> Router:
        """The room's router; made when first asked for."""
        router = self._routers.get(room)
        if router is None:
            router = self._routers[room] = Router(room, self._port, self.events, self._loop.time())
        return router

    def drop_router(self, room: str) -> None:
        """End all transports of a room and forget it."""
        router = self._routers.pop(room, None)
        if router is not None:
            router.shut()

    def counters(self) -> dict[str, int]:
        """The forwarder's totals, our own, and how much there is now (transports, producers, consumers)."""
        sizes = [router.sizes() for router in self._routers.values()]
        return {
            **self._worker.counters(),
            **dict.fromkeys(OWN_COUNTERS, 0),
            **self._port.counters,
            "events_lost": self.events.lost,
            "transports": len(self._port.transports()),
            "producers": sum(producers for producers, _ in sizes),
            "consumers": sum(consumers for _, consumers in sizes),
        }

    async def close(self) -> None:
        """End every transport, stop the worker, close the socket. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for room in list(self._routers):
            self.drop_router(room)
        self._loop.remove_reader(self._worker.fileno())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(self._worker.stop), 2)
        self._socket.close()

    def _on_readable(self) -> None:
        now = self._loop.time()
        for notice in self._worker.poll():
            with self._isolated():
                self._receive(notice, now)

    @contextlib.contextmanager
    def _isolated(self) -> Iterator[None]:
        """What goes wrong with one peer or one room must not stop the others: report it to the loop and go on."""
        try:
            yield
        except Exception as error:
            self._port.counters["internal_errors"] += 1
            self._loop.call_exception_handler({"message": "error in the media plane", "exception": error})

    def _receive(self, notice: Notice, now: float) -> None:
        if notice.kind == kinds.STUN:
            self._receive_stun(notice, now)
            return
        transport = self._port.find(notice.transport)
        router = self._routers.get(transport.room) if transport is not None else None
        if transport is not None and router is not None:
            if transport.admits(now):
                router.receive(transport, notice, now)
            else:
                self._port.counters["peer_overdrawn"] += 1

    def _receive_stun(self, notice: Notice, now: float) -> None:
        address = notice.address
        try:
            check = ice.read_check(notice.data)
            if check is None or address is None:
                return
            transport = self._port.asked(check, address, now)
            if not transport.admits(now):
                raise StunError("peer_overdrawn")
            self._routers[transport.room].check(transport, check, address, now)
        except StunError as error:
            self._port.counters[error.counter] += 1

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(TICK, self._tick)
        self._on_readable()
        for router in list(self._routers.values()):
            with self._isolated():
                router.tick(now)


def make_identity() -> Identity:
    """A fresh P-256 key with a self-signed certificate that says nothing about anybody (RFC 8827 section 6.5)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "WebRTC")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + VALIDITY)
    return Identity.make(key, builder.sign(key, hashes.SHA256()))
