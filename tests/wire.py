"""A wire in memory: routers on one side, WebRTC ends on the other, a clock that only tests move, seeded loss between.

A `Table` stands where the forwarding worker stands. The ends are real: ICE checks with integrity, DTLS with OpenSSL;
only sockets and SRTP are missing.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aioice import stun

from media import dtls, ice, rtcp, sdp, sdp_writing
from media.endpoint import make_identity
from media.errors import DtlsError, StunError
from media.events import Event, OfferReady
from media.forwarder import DTLS, RTCP, SWITCHED, Address, Notice
from media.parameters import (
    AUDIO_LEVEL,
    DEPENDENCY,
    MID,
    NUMBERS,
    REPAIRED_RID,
    RID,
    SCREEN,
    TRANSPORT_CC,
    Codec,
    Description,
    Extension,
    Layers,
    Section,
    TransportParameters,
    own_codec,
    protecting,
)
from media.router import Router
from media.transport import Port
from tests.table import Route, Table

SERVER = ("127.0.0.1", 5000)


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
    congestion: bool = False  # knows transport-wide congestion control
    levels: bool = False  # says how loud it is
    descriptors: bool = False  # sends the dependency descriptor
    _count: int = field(default=0)

    def parameters(self, setup: str | None = None) -> TransportParameters:
        return TransportParameters(self.ufrag, self.pwd, (self.identity.fingerprint,), setup or self.setup)

    def offer(
        self, direction: str, *kinds: str, ssrcs: Sequence[int] = (), video: str = "VP8", rids: Sequence[str] = ()
    ) -> str:  # fmt: skip
        """An offer of these media; `ssrcs` names the streams, as browsers do and WHIP clients may not; `video` lists
        codecs; `rids` the sizes in which pictures are sent."""
        sections = []
        for index, medium in enumerate(kinds or ("audio", "video")):
            kind = "video" if medium == SCREEN else medium
            codecs = [
                codec for name in (["opus"] if kind == "audio" else video.split()) for codec in self._codecs(name)
            ]
            several = medium == "video" and len(rids) > 0
            uris = {4: MID, 1: AUDIO_LEVEL} if self.levels and kind == "audio" else {4: MID} if several else {}
            uris |= {10: RID, 11: REPAIRED_RID} if several else {}
            uris |= {3: TRANSPORT_CC} if self.congestion else {}
            uris |= {12: DEPENDENCY} if self.descriptors and kind == "video" else {}
            sections.append(
                Section(
                    kind, str(index), direction=direction, codecs=tuple(codecs), ssrcs=tuple(ssrcs[index : index + 1]),
                    cname="c", layers=Layers("send", tuple(rids)) if several else None,
                    extensions=tuple(Extension(number, uri) for number, uri in uris.items()), slides=medium == SCREEN,
                )
            )  # fmt: skip
        bundle = tuple(section.mid or "" for section in sections)
        text = sdp_writing.write(Description(self.parameters(), tuple(sections), bundle), 1, 1)
        return text.replace("a=ice-lite\r\n", "")

    def answer(self, offer: str, setup: str = "active") -> str:
        description = sdp.read_offer(offer)
        turned = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
        sections = tuple(
            Section(
                item.kind,
                item.mid,
                direction=turned[item.direction],
                codecs=item.codecs,
                extensions=item.extensions if self.congestion else (),
            )
            for item in description.sections
        )
        self.begin(offer, active=setup == "active")
        text = sdp_writing.write(Description(self.parameters(setup), sections, description.bundle), 1, 1)
        return text.replace("a=ice-lite\r\n", "")

    def _codecs(self, name: str) -> list[Codec]:
        codec = own_codec(name)
        known = tuple(item for item in codec.feedback if self.congestion or item not in ("transport-cc", "goog-remb"))
        codec = replace(codec, feedback=known)
        return [codec, protecting(codec, NUMBERS[name][1])]

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

    def end(self, **changes: Any) -> End:
        self._next += 1
        end = End(self._identity, ("192.0.2.7", self._next), **changes)
        self._ends[end.address] = end
        return end

    def publish(
        self, name: str, *kinds: str, ssrcs: Sequence[int] = (), video: str = "VP8", rids: Sequence[str] = (),
        **changes: Any,
    ) -> End:  # fmt: skip
        """Publish and connect."""
        end = self.end(**changes)
        session = self.router.publish(name, end.offer("sendonly", *kinds, ssrcs=ssrcs, video=video, rids=rids))
        end.begin(session.sdp)
        self.connect(end)
        return end

    def offers(self, name: str) -> list[OfferReady]:
        """All that were made to a subscriber, the newest last."""
        return [event for event in self.news if isinstance(event, OfferReady) and event.participant == name]

    def subscribe(self, name: str, **changes: Any) -> End:
        """Subscribe, answer the first offer, connect."""
        self.router.subscribe(name)
        end = self.end(**changes)
        self.answer(name, end)
        self.connect(end)
        return end

    def answer(self, name: str, end: End) -> None:
        """Take the newest offer."""
        self.router.accept(name, end.answer(self.offers(name)[-1].sdp))

    def watch(self, name: str, feed: str | None, *kinds: str, video: str = "VP8", **changes: Any) -> End:
        end = self.end(**changes)
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
        self.table.posted.clear()
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
            self.table.flow(0.05)
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

    def key(self, end: End, ssrc: int) -> None:
        """A key frame begins on this stream of a publisher."""
        source = self.transport(end), ssrc
        for route in list(self.table.routes.values()):
            if route.waiting == source:
                route.source, route.waiting = source, None
                notice = Notice(SWITCHED, route.to, None, route.rewrite.ssrc, b"")
                transport = self.port.find(route.to)
                assert transport is not None
                self.router.receive(transport, notice, self.now)

    def keys_asked(self, end: End) -> list[int]:
        """SSRCs for which a PLI went to this end."""
        number = self.transport(end)
        sent = [read for to, data in self.table.rtcp_sent if to == number for read in rtcp.read(data)]
        return [read.media for read in sent if isinstance(read, rtcp.KeyRequest)]

    def transport(self, end: End) -> int:
        return self.table.bound[end.address]

    def routes_to(self, end: End) -> list[Route]:
        return [route for route in self.table.routes.values() if route.to == self.transport(end)]

    def events(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.news if isinstance(event, kind)]

    def _handshaking(self, end: End) -> bool:
        return end.error is None and end.association is not None and end.association.keys is None

    def _exchange(self) -> None:
        while self.table.posted:
            data, address = self.table.posted.pop(0)
            end = self._ends.get(address)
            if end is None or (data[0] >= 20 and self._random.random() < self._loss):
                continue
            for reply in end.receive(data, self.now):
                self.deliver(reply, end.address)


def packet(payload_type: int, ssrc: int, mid: str | None = None, mid_id: int = 0) -> bytes:
    """One of a stream that has just begun."""
    extension = b""
    if mid is not None:
        element = bytes((mid_id << 4 | len(mid) - 1,)) + mid.encode()
        element += bytes(-len(element) % 4)
        extension = struct.pack("!HH", 0xBEDE, len(element) // 4) + element
    return struct.pack("!BBHII", 0x90 if extension else 0x80, payload_type, 1, 2, ssrc) + extension + b"\x10payload"
