"""A forwarding worker that moves nothing: it keeps what it was told, and refuses what the worker would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from media.forwarder import Address, Notice, Rewrite, SinkStats, SourceStats, Tapped


@dataclass
class Route:
    """`waiting`: where it will be fed from once a key frame begins there (`Wire.key`)."""

    source: tuple[int, int]
    to: int
    rewrite: Rewrite
    paused: bool = False
    held: bool = False
    waiting: tuple[int, int] | None = None
    temporal: int = 7
    red: bool = False
    padded: int = 0

    @property
    def heading(self) -> tuple[int, int]:
        return self.waiting or self.source


class Table:
    """A Forwarder that moves nothing."""

    def __init__(self) -> None:
        self.transports: dict[int, dict[int, dict[str, object]]] = {}
        self.bound: dict[Address, int] = {}
        self.targets: dict[int, Address | None] = {}
        self.keyed: dict[int, tuple[str, bytes, bytes]] = {}
        self.routes: dict[int, Route] = {}
        self.used: set[tuple[int, int]] = set()
        self.posted: list[tuple[bytes, Address]] = []
        self.rtcp_sent: list[tuple[int, bytes]] = []
        self.resends: list[tuple[int, list[int]]] = []
        self.levels: dict[tuple[int, int], int] = {}
        self.running: dict[int, SinkStats] = {}
        self.packets: dict[tuple[int, int], tuple[int, int]] = {}  # source: packets and octets that have come
        self.flows: dict[tuple[int, int], int] = {}  # bits a second that arrive
        self.repairs: dict[tuple[int, int], int] = {}
        self.held: set[tuple[int, int]] = set()
        self.taps: set[tuple[int, int]] = set()
        self.aligned: dict[tuple[int, int], int] = {}
        self.stamps: dict[int, tuple[int, int]] = {}
        self.arrived: dict[int, list[tuple[int, int]]] = {}
        self.went: dict[int, list[tuple[int, int, int]]] = {}
        self.paces: dict[int, int] = {}

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def fileno(self) -> int:
        return -1

    def poll(self) -> list[Notice]:
        return []

    def send(self, data: bytes, address: Address) -> None:
        self.posted.append((data, address))

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

    def source(
        self, transport: int, ssrc: int, *, clock_rate: int, nack: bool, level_id: int = 0, codec: str = "",
        red: int = 0, gate: int = 127, carry: Sequence[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        assert ssrc not in self.transports[transport]
        self.transports[transport][ssrc] = {
            "clock_rate": clock_rate, "nack": nack, "level_id": level_id, "codec": codec, "red": red, "gate": gate,
            "carry": tuple(carry),
        }  # fmt: skip

    def repair(self, transport: int, ssrc: int, of: int) -> None:
        assert of in self.transports[transport]
        assert ssrc not in self.transports[transport]
        assert (transport, ssrc) not in self.repairs
        self.repairs[transport, ssrc] = of

    def hold(self, transport: int, ssrc: int, held: bool) -> None:
        assert ssrc in self.transports[transport]
        (self.held.add if held else self.held.discard)((transport, ssrc))

    def align(self, transport: int, ssrc: int, offset: int) -> None:
        assert ssrc in self.transports[transport]
        self.aligned[transport, ssrc] = offset

    def congestion(self, transport: int, *, receive: int = 0, send: int = 0) -> None:
        assert transport in self.transports
        self.stamps[transport] = receive, send

    def arrivals(self, transport: int) -> list[tuple[int, int]]:
        return self.arrived.pop(transport, [])

    def sent(self, transport: int) -> list[tuple[int, int, int]]:
        return self.went.pop(transport, [])

    def pace(self, transport: int, octets_per_second: int) -> None:
        assert transport in self.transports
        self.paces[transport] = octets_per_second

    def layers(self, sink: int, temporal: int) -> None:
        self.routes[sink].temporal = temporal

    def red(self, sink: int, on: bool) -> None:
        assert self.routes[sink].rewrite.red_payload_type
        self.routes[sink].red = on

    def pad(self, sink: int, octets: int) -> int:
        rewrite = self.routes[sink].rewrite
        if not rewrite.rtx_ssrc and not (rewrite.stamped and rewrite.payload_type == 111):
            return 0
        self.routes[sink].padded += octets
        return octets

    def tap(self, transport: int, ssrc: int, tapped: bool) -> None:
        if ssrc not in self.transports[transport]:
            raise KeyError(ssrc)
        (self.taps.add if tapped else self.taps.discard)((transport, ssrc))

    def tapped(self) -> list[Tapped]:
        return []

    def unsource(self, transport: int, ssrc: int) -> None:
        del self.transports[transport][ssrc]
        self.repairs = {key: of for key, of in self.repairs.items() if (key[0], of) != (transport, ssrc)}
        self.taps.discard((transport, ssrc))
        for sink in [sink for sink, route in self.routes.items() if route.source == (transport, ssrc)]:
            del self.routes[sink]

    def route(self, sink: int, transport: int, ssrc: int, to: int, rewrite: Rewrite) -> None:
        assert sink not in self.routes
        assert ssrc in self.transports[transport]
        assert (to, rewrite.ssrc) not in self.used, "an SSRC begins anew under the same key"
        assert rewrite.sequence < 1 << 15
        self.used.add((to, rewrite.ssrc))
        self.routes[sink] = Route((transport, ssrc), to, rewrite)

    def switch(self, sink: int, transport: int, ssrc: int, *, at_key: bool = False, hold: bool = False) -> None:
        assert ssrc in self.transports[transport]
        route = self.routes[sink]
        route.waiting = (transport, ssrc) if at_key and route.source != (transport, ssrc) else None
        route.source = route.source if at_key else (transport, ssrc)
        route.held = hold and route.waiting is not None

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
            SourceStats(ssrc, packets, octets, 65536 + 11, 65536, 3, 0, self.levels.get((transport, ssrc), 127))
            for ssrc in self.transports[transport]
            for packets, octets in [self.packets.get((transport, ssrc), (10, 1000))]
        ]

    def sinks(self, transport: int) -> list[SinkStats]:
        still = SinkStats(0, 0, 0, 0, 0, 0, 0, False)
        return [
            self.running.get(sink, still)._replace(sink=sink, source=route.source, waiting=route.waiting is not None)
            for sink, route in self.routes.items()
            if route.to == transport
        ]

    def counters(self) -> dict[str, int]:
        return {}

    def flow(self, seconds: float) -> None:
        """Time passes: what is in `flows` arrives."""
        for source, bits in self.flows.items():
            packets, octets = self.packets.get(source, (10, 1000))
            more = max(1, int(bits * seconds / 8))
            self.packets[source] = packets + 1 + more // 1000, octets + more
