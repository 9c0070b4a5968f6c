"""The forwarding worker in plain Python, and the choice between it and the native one.

`PyWorker` is the specification of `media._forward.Worker` and stands in for it where no compiler was: about
three times the CPU per forwarded packet (bench/forward.py). What it forwards, it forwards inside poll().
"""

from collections.abc import Callable, Sequence

from media import forwarder
from media.forwarder import (
    DATAGRAM_SIZE,
    DTLS,
    MISSING,
    NEW_STREAM,
    RTCP,
    STUN,
    SWITCHED,
    Address,
    Forwarder,
    Notice,
    Rewrite,
    SinkStats,
    SourceStats,
    Tapped,
)
from media.lane import Lane
from media.path import SHORTEST_RTCP, Path, now
from media.sink import Sink
from media.source import Kind, Source
from media.srtp import Cipher, Refused

try:
    from media import _forward
except ImportError:
    Native: Callable[..., Forwarder] | None = None
else:
    Native = _forward.Worker

__all__ = [
    "STUN", "DTLS", "RTCP", "NEW_STREAM", "MISSING", "SWITCHED",
    "Address", "Forwarder", "Notice", "PyWorker", "Rewrite", "SinkStats", "SourceStats", "Tapped", "make_worker",
]  # fmt: skip


def make_worker(fd: int, *, history: int = 512, native: bool | None = None) -> Forwarder:
    """A worker on the bound, non-blocking UDP socket `fd`, keeping `history` packets of each source.

    `native`: True requires the native one (ImportError if it was not built), False refuses it, None prefers it.
    """
    if native is True and Native is None:
        raise ImportError("media._forward was not built")
    if Native is None or native is False:
        return PyWorker(fd, history=history)
    return Native(fd, history=history)


class PyWorker(Path):
    """See `media.forwarder.Forwarder`."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self._stopped = True
        self._socket.close()
        self._transports.clear()
        self._bound.clear()
        self._fed.clear()
        self._sinks.clear()

    def fileno(self) -> int:
        return self._fd

    def send(self, data: bytes, address: Address) -> None:
        if not self._stopped:
            self._transmit(data, forwarder.check_address(address, self._six))

    # Commands.

    def open(self, transport: int) -> None:
        forwarder.check_number(transport, "transport")
        if self._stopped:
            return
        if transport in self._transports:
            raise ValueError(f"transport {transport} is open already")
        if len(self._transports) >= forwarder.TRANSPORTS:
            raise ValueError(f"no more than {forwarder.TRANSPORTS} transports")
        self._transports[transport] = Lane(transport)

    def bind(self, transport: int, address: Address) -> None:
        address = forwarder.check_address(address, self._six)
        if self._stopped:
            return
        entry = self._transports[transport]
        former = self._bound.get(address)
        if former is not None:
            former.bound.remove(address)
        elif len(entry.bound) >= forwarder.ADDRESSES:
            oldest = next(bound for bound in entry.bound if bound != entry.target)
            entry.bound.remove(oldest)
            del self._bound[oldest]
        entry.bound.append(address)
        self._bound[address] = entry

    def target(self, transport: int, address: Address | None) -> None:
        address = address and forwarder.check_address(address, self._six)
        if not self._stopped:
            self._transports[transport].target = address

    def keys(self, transport: int, profile: str, receive: bytes, send: bytes) -> None:
        cipher = Cipher(profile, receive, send)
        if self._stopped:
            return
        entry = self._transports[transport]
        if entry.cipher is not None:
            raise ValueError(f"transport {transport} has its keys already")
        entry.cipher = cipher

    def close(self, transport: int) -> None:
        entry = self._transports.pop(transport, None)
        if entry is None:
            return
        for address in entry.bound:
            del self._bound[address]
        for source in list(entry.sources.values()):
            self._forget_source(source)
        for number in list(entry.sinks):
            self.unroute(number)

    def congestion(self, transport: int, *, receive: int = 0, send: int = 0) -> None:
        forwarder.check_identifier(receive)
        forwarder.check_identifier(send)
        if not self._stopped:
            entry = self._transports[transport]
            entry.receive_id, entry.send_id = receive, send

    def arrivals(self, transport: int) -> list[tuple[int, int]]:
        entry = self._transports.get(transport)
        return entry.take_arrivals() if entry is not None else []

    def sent(self, transport: int) -> list[tuple[int, int, int]]:
        entry = self._transports.get(transport)
        return entry.take_sent() if entry is not None else []

    def pace(self, transport: int, octets_per_second: int) -> None:
        if not 0 <= octets_per_second < 1 << 31:
            raise ValueError(f"a rate out of range: {octets_per_second}")
        if not self._stopped:
            self._transports[transport].pace(octets_per_second)

    def source(
        self, transport: int, ssrc: int, *, clock_rate: int, nack: bool, level_id: int = 0, codec: str = "",
        red: int = 0, gate: int = 127, carry: Sequence[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        forwarder.check_source(ssrc, clock_rate, level_id, codec, red, gate, carry)
        if self._stopped:
            return
        entry = self._transports[transport]
        if ssrc in entry.sources or ssrc in entry.repairs:
            raise ValueError(f"SSRC {ssrc} is registered already")
        if len(entry.sources) >= forwarder.SOURCES:
            raise ValueError(f"no more than {forwarder.SOURCES} sources on a transport")
        kind = Kind(clock_rate, nack, level_id, codec, red, gate, tuple(carry))
        source = Source(transport, ssrc, kind, self._history)
        entry.announced.pop(ssrc, None)
        entry.sources[ssrc] = source
        self._fed[source] = []

    def repair(self, transport: int, ssrc: int, of: int) -> None:
        forwarder.check_ssrc(ssrc)
        if self._stopped:
            return
        entry = self._transports[transport]
        source = entry.sources[of]
        if ssrc in entry.sources or ssrc in entry.repairs:
            raise ValueError(f"SSRC {ssrc} is registered already")
        if len(entry.repairs) >= forwarder.SOURCES:
            raise ValueError(f"no more than {forwarder.SOURCES} repairing SSRCs on a transport")
        entry.announced.pop(ssrc, None)
        entry.repairs[ssrc] = source

    def unsource(self, transport: int, ssrc: int) -> None:
        entry = self._transports.get(transport)
        source = entry.sources.pop(ssrc, None) if entry is not None else None
        if source is not None:
            self._forget_source(source)

    def _forget_source(self, source: Source) -> None:
        source.alive = False
        entry = self._transports.get(source.transport)
        if entry is not None:
            entry.repairs = {ssrc: other for ssrc, other in entry.repairs.items() if other is not source}
        for sink, to in list(self._fed[source]):
            if sink.source is source:
                self.unroute(sink.number)
            else:
                sink.waiting = None
                self._fed[source].remove((sink, to))
        del self._fed[source]

    def hold(self, transport: int, ssrc: int, held: bool) -> None:
        if self._stopped:
            return
        source = self._transports[transport].sources[ssrc]
        if held:
            self._hush(source)
        source.held = held

    def align(self, transport: int, ssrc: int, offset: int) -> None:
        if not self._stopped:
            self._transports[transport].sources[ssrc].align = offset & 0xFFFFFFFF

    def tap(self, transport: int, ssrc: int, tapped: bool) -> None:
        if not self._stopped:
            self._transports[transport].sources[ssrc].tapped = tapped

    def tapped(self) -> list[Tapped]:
        tapped, self._tapped = self._tapped, []
        return tapped

    def route(self, sink: int, transport: int, ssrc: int, to: int, rewrite: Rewrite) -> None:
        forwarder.check_number(sink, "sink")
        forwarder.check_rewrite(rewrite)
        if self._stopped:
            return
        source, entry = self._transports[transport].sources[ssrc], self._transports[to]
        if sink in self._sinks:
            raise ValueError(f"sink {sink} exists already")
        if len(self._sinks) >= forwarder.SINKS:
            raise ValueError(f"no more than {forwarder.SINKS} sinks")
        fresh = [rewrite.ssrc, *([rewrite.rtx_ssrc] if rewrite.rtx_ssrc else [])]
        for ssrc in fresh:
            if ssrc in entry.used:
                raise ValueError(f"SSRC {ssrc} was used on transport {to} before")
        entry.used.update(fresh)
        made = Sink(sink, source, rewrite)
        entry.sinks[sink] = made
        self._sinks[sink] = made, entry
        self._fed[source].append((made, entry))

    def switch(self, sink: int, transport: int, ssrc: int, *, at_key: bool = False, hold: bool = False) -> None:
        if self._stopped:
            return
        made, entry = self._sinks[sink]
        source = self._transports[transport].sources[ssrc]
        if made.waiting is not None and made.waiting is not source:
            self._fed[made.waiting].remove((made, entry))
            made.waiting = None
        hold = hold and at_key and source is not made.source
        if hold:
            entry.drop(made)
        made.keep_back(hold)
        if source is made.source:
            return
        if made.waiting is None:
            self._fed[source].append((made, entry))
        made.waiting = source
        if not at_key:
            self._fed[made.source].remove((made, entry))
            entry.drop(made)
            made.switch(source)

    def layers(self, sink: int, temporal: int) -> None:
        forwarder.check_temporal(temporal)
        if not self._stopped:
            self._sinks[sink][0].layers(temporal)

    def red(self, sink: int, on: bool) -> None:
        if self._stopped:
            return
        made = self._sinks[sink][0]
        if on and not made.rewrite.red_payload_type:
            raise ValueError(f"sink {sink} has no payload type for RED")
        made.red(on)

    def pad(self, sink: int, octets: int) -> int:
        made, to = self._sinks.get(sink, (None, None))
        if made is None or to is None or not made.pads:
            return 0
        return self._pad(made, to, min(octets, forwarder.PAD_LIMIT))

    def pause(self, sink: int, paused: bool) -> None:
        if not self._stopped:
            made, entry = self._sinks[sink]
            if paused:
                entry.drop(made)
            made.pause(paused)

    def unroute(self, sink: int) -> None:
        made, entry = self._sinks.pop(sink, (None, None))
        if made is not None and entry is not None:
            self._fed[made.source].remove((made, entry))
            if made.waiting is not None:
                self._fed[made.waiting].remove((made, entry))
            del entry.sinks[sink]

    def resend(self, sink: int, sequences: Sequence[int]) -> int:
        made, to = self._sinks.get(sink, (None, None))
        if made is None or to is None or to.cipher is None or to.target is None:
            return 0
        moment, queued = now(), 0
        for sequence in sequences:
            outgoing = made.again(made.number_of(sequence & 0xFFFF))
            if outgoing is not None and self._send_rtp(outgoing, made, to, "resent", moment):
                queued += 1
        made.resent += queued
        return queued

    def rtcp(self, transport: int, data: bytes) -> None:
        if not SHORTEST_RTCP <= len(data) <= DATAGRAM_SIZE:
            raise ValueError(f"a compound RTCP packet of {len(data)} octets")
        if self._stopped:
            return
        entry = self._transports[transport]
        if entry.cipher is None or entry.target is None:
            return
        try:
            protected = entry.cipher.protect_rtcp(data)
        except Refused:
            self._count("send_failed")
            return
        self._transmit(protected, entry.target)

    def sources(self, transport: int) -> list[SourceStats]:
        moment = now()
        entry = self._transports.get(transport)
        return [source.stats(moment) for source in entry.sources.values()] if entry is not None else []

    def sinks(self, transport: int) -> list[SinkStats]:
        entry = self._transports.get(transport)
        return [sink.stats() for sink in entry.sinks.values()] if entry is not None else []

    def counters(self) -> dict[str, int]:
        return dict(self._counters)
