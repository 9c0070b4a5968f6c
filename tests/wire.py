"""A wire in memory: routers on one side, WebRTC ends on the other, a clock that only tests move, seeded loss between.

`Table` stands where the forwarding worker stands, keeps what it was told, and refuses what the worker would refuse. The
ends are real: ICE checks with integrity, DTLS with OpenSSL; only sockets and SRTP are missing.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aioice import stun

from media import dtls, ice, sdp, sdp_writing
from media.endpoint import make_identity
from media.errors import DtlsError, StunError
from media.events import Event
from media.forwarder import DTLS, RTCP, Address, Notice, Rewrite, SinkStats, SourceStats
from media.parameters import Description, Section, TransportParameters, own_codec
from media.router import Router
from media.transport import Port

SERVER = ("127.0.0.1", 5000)


@dataclass
class Route:
    source: tuple[int, int]
    to: int
    rewrite: Rewrite
    paused: bool = False


class Table:
    """A Forwarder that moves nothing."""

    def __init__(self) -> None:
        self.transports: dict[int, dict[int, dict[str, object]]] = {}
        self.bound: dict[Address, int] = {}
        self.targets: dict[int, Address | None] = {}
        self.keyed: dict[int, tuple[str, bytes, bytes]] = {}
        self.routes: dict[int, Route] = {}
        self.used: set[tuple[int, int]] = set()
        self.sent: list[tuple[bytes, Address]] = []
        self.rtcp_sent: list[tuple[int, bytes]] = []
        self.resends: list[tuple[int, list[int]]] = []
        self.levels: dict[tuple[int, int], int] = {}
        self.running: dict[int, SinkStats] = {}

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def fileno(self) -> int:
        return -1

    def poll(self) -> list[Notice]:
        return []

    def send(self, data: bytes, address: Address) -> None:
        self.sent.append((data, address))

    def open(self, transport: int) -> None:
        assert transport not in self.transports
        self.transports[transport] = {}

    def bind(self, transport: int, address: Address) -> None:
        assert transport in self.transports
        self.bound[address] = transport

    def target(self, transport: int, address: Address | None) -> None:
        assert transport in self.transports
        self.targets[transport] = address

    def keys(self, transport: int, profile: str, receive: bytes, send: bytes) -> None:
        assert transport not in self.keyed
        self.keyed[transport] = profile, receive, send

    def close(self, transport: int) -> None:
        del self.transports[transport]
        self.bound = {address: owner for address, owner in self.bound.items() if owner != transport}
        gone = [sink for sink, route in self.routes.items() if transport in (route.to, route.source[0])]
        for sink in gone:
            del self.routes[sink]

    def source(self, transport: int, ssrc: int, *, clock_rate: int, nack: bool, level_id: int = 0) -> None:
        assert ssrc not in self.transports[transport]
        self.transports[transport][ssrc] = {"clock_rate": clock_rate, "nack": nack, "level_id": level_id}

    def unsource(self, transport: int, ssrc: int) -> None:
        del self.transports[transport][ssrc]
        for sink in [sink for sink, route in self.routes.items() if route.source == (transport, ssrc)]:
            del self.routes[sink]

    def route(self, sink: int, transport: int, ssrc: int, to: int, rewrite: Rewrite) -> None:
        assert sink not in self.routes
        assert ssrc in self.transports[transport]
        assert (to, rewrite.ssrc) not in self.used, "an SSRC begins anew under the same key"
        assert rewrite.sequence < 1 << 15
        self.used.add((to, rewrite.ssrc))
        self.routes[sink] = Route((transport, ssrc), to, rewrite)

    def switch(self, sink: int, transport: int, ssrc: int) -> None:
        assert ssrc in self.transports[transport]
        self.routes[sink].source = (transport, ssrc)

    def pause(self, sink: int, paused: bool) -> None:
        self.routes[sink].paused = paused

    def unroute(self, sink: int) -> None:
        self.routes.pop(sink, None)

    def resend(self, sink: int, sequences: Sequence[int]) -> int:
        self.resends.append((sink, list(sequences)))
        return len(sequences)

    def rtcp(self, transport: int, data: bytes) -> None:
        assert transport in self.keyed, "RTCP before there are keys"
        assert 8 <= len(data) <= 1500
        self.rtcp_sent.append((transport, data))

    def sources(self, transport: int) -> list[SourceStats]:
        return [
            SourceStats(ssrc, 10, 1000, 65536 + 11, 65536, 3, 0, self.levels.get((transport, ssrc), 127))
            for ssrc in self.transports[transport]
        ]

    def sinks(self, transport: int) -> list[SinkStats]:
        return [
            self.running[sink] for sink, route in self.routes.items() if route.to == transport and sink in self.running
        ]

    def counters(self) -> dict[str, int]:
        return {}


def entropy(seed: int) -> Callable[[int], bytes]:
    source = random.Random(seed)
    return source.randbytes


@dataclass
class End:
    """A browser's end of one transport: offers or answers, checks, shakes hands."""

    identity: dtls.Identity
    address: Address
    ufrag: str = "theirufrag"
    pwd: str = "their-password-of-24-char"
    setup: str = "actpass"
    remote: TransportParameters | None = None
    association: dtls.Association | None = None
    error: str | None = None
    _count: int = field(default=0)

    def parameters(self, setup: str | None = None) -> TransportParameters:
        return TransportParameters(self.ufrag, self.pwd, (self.identity.fingerprint,), setup or self.setup)

    def offer(self, direction: str, *kinds: str, ssrcs: Sequence[int] = (), video: str = "VP8") -> str:
        """An offer of these kinds; `ssrcs` names the streams, as browsers do and WHIP clients may not; `video` lists
        codecs."""
        sections = []
        for index, kind in enumerate(kinds or ("audio", "video")):
            codecs = tuple(own_codec(name) for name in (["opus"] if kind == "audio" else video.split()))
            known = tuple(ssrcs[index : index + 1])
            sections.append(Section(kind, str(index), direction=direction, codecs=codecs, ssrcs=known, cname="c"))
        bundle = tuple(section.mid or "" for section in sections)
        text = sdp_writing.write(Description(self.parameters(), tuple(sections), bundle), 1, 1)
        return text.replace("a=ice-lite\r\n", "")

    def answer(self, offer: str, setup: str = "active") -> str:
        description = sdp.read_offer(offer)
        turned = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
        sections = tuple(
            Section(item.kind, item.mid, direction=turned[item.direction], codecs=item.codecs)
            for item in description.sections
        )
        self.begin(offer, active=setup == "active")
        text = sdp_writing.write(Description(self.parameters(setup), sections, description.bundle), 1, 1)
        return text.replace("a=ice-lite\r\n", "")

    def begin(self, remote: str, active: bool | None = None) -> None:
        """Take the server's SDP."""
        if self.association is None:
            self.remote = sdp.read_offer(remote).transport
            if active is None:
                active = self.remote.setup == "passive"
            self.association = dtls.Association(self.identity, active, self.remote.fingerprints)

    def check(self, *, nominate: bool = True, pwd: str | None = None, ufrag: str | None = None) -> bytes:
        assert self.remote is not None
        self._count += 1
        tid = hashlib.sha256(f"{self.address}{self._count}".encode()).digest()[:12]
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, tid)
        message.attributes["USERNAME"] = f"{ufrag or self.remote.ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((pwd or self.remote.pwd).encode())
        return bytes(message)

    def receive(self, data: bytes, now: float) -> list[bytes]:
        if data[0] < 4 or self.association is None:
            return []
        try:
            return self.association.receive(data, now)
        except DtlsError as error:
            self.error = error.reason
            return []


class Wire:
    """One port with one room, and ends connected to it by `connect` and `run`."""

    def __init__(self, seed: int = 1, loss: float = 0.0) -> None:
        self.now = 1000.0
        self.table = Table()
        self.news: list[Event] = []
        self.port = Port(self.table, make_identity(), [SERVER], entropy(seed))
        self.router = Router("giao-ban", self.port, self.news, self.now)
        self.refused: list[str] = []
        self._ends: dict[Address, End] = {}
        self._random = random.Random(seed)
        self._loss = loss
        self._identity = make_identity()
        self._next = 40000

    def end(self, **changes: str) -> End:
        self._next += 1
        end = End(self._identity, ("192.0.2.7", self._next), **changes)
        self._ends[end.address] = end
        return end

    def publish(
        self, name: str, *kinds: str, ssrcs: Sequence[int] = (), video: str = "VP8", setup: str = "actpass"
    ) -> End:
        """Publish and connect."""
        end = self.end(setup=setup)
        session = self.router.publish(name, end.offer("sendonly", *kinds, ssrcs=ssrcs, video=video))
        end.begin(session.sdp)
        self.connect(end)
        return end

    def watch(self, name: str, feed: str | None, *kinds: str, video: str = "VP8") -> End:
        end = self.end()
        session = self.router.watch(name, end.offer("recvonly", *kinds, video=video), feed)
        end.begin(session.sdp)
        self.connect(end)
        return end

    def connect(self, end: End) -> None:
        """Check, then run until DTLS is done; loss is made up for by moving the clock."""
        self.deliver(end.check(), end.address)
        if end.association is not None:
            for data in end.association.start(self.now):
                self.deliver(data, end.address)
        self.run()

    def connect_early(self, end: End) -> None:
        """The other end's checks and ClientHello, before the router has the answer."""
        assert end.association is not None
        self.deliver(end.check(), end.address)
        self.table.sent.clear()
        for data in end.association.start(self.now):
            self.deliver(data, end.address)

    def run(self, rounds: int = 100) -> None:
        """Move datagrams, then time, until both sides have their keys."""
        for _ in range(rounds):
            self._exchange()
            waiting = [end for end in self._ends.values() if self._handshaking(end)]
            if not waiting:
                return
            self.now += 0.05
            for end in waiting:
                assert end.association is not None
                for data in end.association.tick(self.now):
                    self.deliver(data, end.address)
            self.router.tick(self.now)

    def pass_time(self, seconds: float, checking: Sequence[End] = ()) -> None:
        """Ticks of 50 ms; the ends in `checking` keep their consent fresh."""
        for step in range(round(seconds / 0.05)):
            self.now += 0.05
            for end in checking if step % 50 == 0 else ():
                self.deliver(end.check(), end.address)
            self.router.tick(self.now)
            self._exchange()

    def deliver(self, data: bytes, address: Address) -> None:
        """What the endpoint does with a datagram from the network."""
        if self._random.random() < self._loss and data[0] >= 20:
            return
        if data[0] < 4:
            try:
                check = ice.read_check(data)
                if check is not None:
                    transport = self.port.asked(check, address, self.now)
                    self.router.check(transport, check, address, self.now)
            except StunError as error:
                self.refused.append(error.counter)
            return
        transport_id = self.table.bound.get(address)
        transport = self.port.find(transport_id) if transport_id is not None else None
        if transport is not None:
            self.router.receive(transport, Notice(DTLS, transport.id, address, 0, data), self.now)

    def notice(self, end: End, kind: int, data: bytes, ssrc: int = 0) -> None:
        """A notice of the forwarder about this end's transport."""
        transport = self.port.find(self.transport(end))
        assert transport is not None
        self.router.receive(transport, Notice(kind, transport.id, None, ssrc, data), self.now)

    def rtcp(self, end: End, data: bytes) -> None:
        self.notice(end, RTCP, data)

    def transport(self, end: End) -> int:
        return self.table.bound[end.address]

    def routes_to(self, end: End) -> list[Route]:
        return [route for route in self.table.routes.values() if route.to == self.transport(end)]

    def events(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.news if isinstance(event, kind)]

    def _handshaking(self, end: End) -> bool:
        return end.error is None and end.association is not None and end.association.keys is None

    def _exchange(self) -> None:
        while self.table.sent:
            data, address = self.table.sent.pop(0)
            end = self._ends.get(address)
            if end is None or (data[0] >= 20 and self._random.random() < self._loss):
                continue
            for reply in end.receive(data, self.now):
                self.deliver(reply, end.address)
