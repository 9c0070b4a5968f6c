"""The forwarding worker in plain Python, and the choice between it and the native one.

`PyWorker` is the specification of `media._forward.Worker` and stands in for it where no compiler was: about
three times the CPU per forwarded packet (bench/forward.py). What it forwards, it forwards inside poll().
"""

import os
import socket
import time
from collections.abc import Callable, Sequence

from media import forwarder
from media.forwarder import (
    COUNTERS,
    DATAGRAM_SIZE,
    DTLS,
    MISSING,
    NEW_STREAM,
    RTCP,
    STUN,
    Address,
    Forwarder,
    Notice,
    Rewrite,
    SinkStats,
    SourceStats,
)
from media.rtp import RtpError, padding_size, parse_header
from media.srtp import Cipher, Refused
from media.stream import Packet, Sink, Source

try:
    from media import _forward
except ImportError:
    Native: Callable[..., Forwarder] | None = None
else:
    Native = _forward.Worker

__all__ = [
    "STUN", "DTLS", "RTCP", "NEW_STREAM", "MISSING",
    "Address", "Forwarder", "Notice", "PyWorker", "Rewrite", "SinkStats", "SourceStats", "make_worker",
]  # fmt: skip

_DRAIN = 256  # datagrams in one poll(), so that a flood does not keep the caller for ever
_BATCH = 32  # of them before what they carry is forwarded
_SHORTEST_RTCP = 8  # header and sender (RFC 3550 section 6.4.2: an empty receiver report)
_SRTCP_INDEX = 4


def make_worker(fd: int, *, history: int = 512, native: bool | None = None) -> Forwarder:
    """A worker on the bound, non-blocking UDP socket `fd`, keeping `history` packets of each source.

    `native`: True requires the native one (ImportError if it was not built), False refuses it, None prefers it.
    """
    if native is True and Native is None:
        raise ImportError("media._forward was not built")
    if Native is None or native is False:
        return PyWorker(fd, history=history)
    return Native(fd, history=history)


class _Transport:
    def __init__(self, number: int) -> None:
        self.number = number
        self.bound: list[Address] = []
        self.target: Address | None = None
        self.cipher: Cipher | None = None
        self.sources: dict[int, Source] = {}
        self.sinks: dict[int, Sink] = {}  # those that send to it
        self.announced: dict[int, int] = {}  # SSRC that is not registered: when a notice went out
        self.senders: set[int] = set()
        self.used: set[int] = set()  # outgoing SSRCs, never to begin again under these keys


class PyWorker:
    """See `media.forwarder.Forwarder`."""

    def __init__(self, fd: int, *, history: int = 512) -> None:
        forwarder.check_history(history)
        # Given.
        self._fd = fd
        self._history = history
        # Owned. The duplicate keeps the socket usable until stop(), whatever the caller does with his.
        self._socket = socket.socket(fileno=os.dup(fd))
        self._stopped = False
        self._transports: dict[int, _Transport] = {}
        self._bound: dict[Address, _Transport] = {}
        self._fed: dict[Source, list[tuple[Sink, _Transport]]] = {}
        self._sinks: dict[int, tuple[Sink, _Transport]] = {}
        self._accepted: dict[Source, list[Packet]] = {}  # in the present batch
        self._notices: list[Notice] = []
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._strangers_left = forwarder.STRANGER_BUDGET

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

    def poll(self) -> list[Notice]:
        if self._stopped:
            return []
        self._strangers_left = forwarder.STRANGER_BUDGET
        for count in range(1, _DRAIN + 1):
            try:
                data, address = self._socket.recvfrom(65536)
            except OSError:
                break
            self._receive(data, address, _now())
            if count % _BATCH == 0:
                self._spread(_now())
        now = _now()
        self._spread(now)
        for source in self._fed:
            self._ask(source, now)
        notices, self._notices = self._notices, []
        return notices

    # From the network.

    def _receive(self, data: bytes, address: Address, now: int) -> None:
        self._count("received")
        self._count("received_bytes", len(data))
        if not data or len(data) > DATAGRAM_SIZE:
            return self._count("dropped_malformed")
        transport = self._bound.get(address)
        # RFC 7983 section 7.
        if data[0] < 4:
            return self._receive_stun(data, address, transport)
        if 20 <= data[0] < 64:
            if transport is None:
                return self._count("dropped_stranger")
            return self._notify(Notice(DTLS, transport.number, address, 0, data))
        if not 128 <= data[0] < 192:
            return self._count("dropped_malformed")
        if transport is None or transport.cipher is None:
            return self._count("dropped_stranger")
        if len(data) > 1 and 192 <= data[1] < 224:  # RFC 5761 section 4
            return self._receive_rtcp(data, transport, transport.cipher)
        return self._receive_rtp(data, transport, transport.cipher, now)

    def _receive_stun(self, data: bytes, address: Address, transport: _Transport | None) -> None:
        if transport is None:
            if not self._strangers_left:
                return self._count("dropped_stranger")
            self._strangers_left -= 1
        return self._notify(Notice(STUN, transport.number if transport else 0, address, 0, data))

    def _receive_rtcp(self, data: bytes, transport: _Transport, cipher: Cipher) -> None:
        if len(data) < _SHORTEST_RTCP + _SRTCP_INDEX + cipher.tag_size:
            return self._count("dropped_malformed")
        sender = int.from_bytes(data[4:8], "big")
        # libsrtp keeps a stream for every SSRC that it has decrypted, so their number needs a bound.
        if sender not in transport.senders and len(transport.senders) >= forwarder.SENDERS:
            return self._count("dropped_unknown_ssrc")
        try:
            plain = cipher.unprotect_rtcp(data)
        except Refused as error:
            return self._count("dropped_replay" if error.replay else "dropped_unprotect")
        transport.senders.add(sender)
        return self._notify(Notice(RTCP, transport.number, None, 0, plain))

    def _receive_rtp(self, data: bytes, transport: _Transport, cipher: Cipher, now: int) -> None:
        try:
            header = parse_header(data)
        except RtpError:
            return self._count("dropped_malformed")
        if len(data) < header.size + cipher.tag_size:
            return self._count("dropped_malformed")
        source = transport.sources.get(header.ssrc)
        if source is None and self._announced_enough(transport, header.ssrc):
            return self._count("dropped_unknown_ssrc")
        try:
            plain = cipher.unprotect(data)
        except Refused as error:
            if error.replay and source is not None:
                source.duplicates += 1
            return self._count("dropped_replay" if error.replay else "dropped_unprotect")
        if source is None:
            return self._announce(transport, header.ssrc, plain, now)
        try:
            padding = padding_size(plain, header)
        except RtpError:
            return self._count("dropped_malformed")
        packet = source.accept(header, plain[header.size :], padding, now)
        if packet is None:
            return self._count("dropped_replay")
        self._ask(source, now, new_only=True)
        self._accepted.setdefault(source, []).append(packet)
        return None

    def _announced_enough(self, transport: _Transport, ssrc: int) -> bool:
        return ssrc not in transport.announced and len(transport.announced) >= forwarder.UNKNOWN

    def _announce(self, transport: _Transport, ssrc: int, plain: bytes, now: int) -> None:
        self._count("dropped_unknown_ssrc")
        last = transport.announced.get(ssrc)
        if last is None or now - last >= forwarder.ANNOUNCE_EVERY:
            transport.announced[ssrc] = now
            self._notify(Notice(NEW_STREAM, transport.number, None, ssrc, plain))

    def _ask(self, source: Source, now: int, *, new_only: bool = False) -> None:
        sequences = source.due(now, new_only=new_only) if source.gaps else []
        if sequences:
            data = b"".join(sequence.to_bytes(2, "big") for sequence in sequences)
            self._notify(Notice(MISSING, source.transport, None, source.ssrc, data))

    def _notify(self, notice: Notice) -> None:
        if len(self._notices) < forwarder.NOTICES:
            self._notices.append(notice)
        else:
            self._count("notices_lost")

    # To the network.

    def send(self, data: bytes, address: Address) -> None:
        if not self._stopped:
            self._transmit(data, _checked(address))

    def _spread(self, now: int) -> None:
        accepted, self._accepted = self._accepted, {}
        for source, packets in accepted.items():
            even = source.even_out(packets)
            for sink, to in self._fed[source]:
                if to.cipher is not None and to.target is not None:
                    for packet in even:
                        outgoing = sink.place(packet, now)
                        if outgoing is not None:
                            self._send_rtp(outgoing, to.cipher, to.target, "forwarded")

    def _send_rtp(self, plain: bytes, cipher: Cipher, target: Address, counter: str) -> bool:
        try:
            data = cipher.protect(plain)
        except Refused:
            self._count("send_failed")
            return False
        if self._transmit(data, target):
            self._count(counter)
        return True

    def _transmit(self, data: bytes, address: Address) -> bool:
        try:
            self._socket.sendto(data, address)
        except OSError:
            self._count("send_failed")
            return False
        self._count("sent_bytes", len(data))
        return True

    # Commands.

    def open(self, transport: int) -> None:
        forwarder.check_number(transport, "transport")
        if self._stopped:
            return
        if transport in self._transports:
            raise ValueError(f"transport {transport} is open already")
        if len(self._transports) >= forwarder.TRANSPORTS:
            raise ValueError(f"no more than {forwarder.TRANSPORTS} transports")
        self._transports[transport] = _Transport(transport)

    def bind(self, transport: int, address: Address) -> None:
        address = _checked(address)
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

    def target(self, transport: int, address: Address) -> None:
        address = _checked(address)
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

    def source(self, transport: int, ssrc: int, *, clock_rate: int, nack: bool, level_id: int = 0) -> None:
        forwarder.check_source(ssrc, clock_rate, level_id)
        if self._stopped:
            return
        entry = self._transports[transport]
        if ssrc in entry.sources:
            raise ValueError(f"SSRC {ssrc} is registered already")
        if len(entry.sources) >= forwarder.SOURCES:
            raise ValueError(f"no more than {forwarder.SOURCES} sources on a transport")
        source = Source(transport, ssrc, clock_rate, nack, level_id, self._history)
        entry.announced.pop(ssrc, None)
        entry.sources[ssrc] = source
        self._fed[source] = []

    def unsource(self, transport: int, ssrc: int) -> None:
        entry = self._transports.get(transport)
        source = entry.sources.pop(ssrc, None) if entry is not None else None
        if source is not None:
            self._forget_source(source)

    def _forget_source(self, source: Source) -> None:
        source.alive = False
        for sink, _ in list(self._fed[source]):
            self.unroute(sink.number)
        del self._fed[source]

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
        if rewrite.ssrc in entry.used:
            raise ValueError(f"SSRC {rewrite.ssrc} was used on transport {to} before")
        entry.used.add(rewrite.ssrc)
        made = Sink(sink, source, rewrite)
        entry.sinks[sink] = made
        self._sinks[sink] = made, entry
        self._fed[source].append((made, entry))

    def switch(self, sink: int, transport: int, ssrc: int) -> None:
        if self._stopped:
            return
        made, entry = self._sinks[sink]
        source = self._transports[transport].sources[ssrc]
        self._fed[made.source].remove((made, entry))
        made.switch(source)
        self._fed[source].append((made, entry))

    def pause(self, sink: int, paused: bool) -> None:
        if not self._stopped:
            self._sinks[sink][0].pause(paused)

    def unroute(self, sink: int) -> None:
        made, entry = self._sinks.pop(sink, (None, None))
        if made is not None and entry is not None:
            self._fed[made.source].remove((made, entry))
            del entry.sinks[sink]

    def resend(self, sink: int, sequences: Sequence[int]) -> int:
        made, to = self._sinks.get(sink, (None, None))
        if made is None or to is None or to.cipher is None or to.target is None:
            return 0
        queued = 0
        for sequence in sequences:
            plain = made.again(sequence & 0xFFFF)
            if plain is not None and self._send_rtp(plain, to.cipher, to.target, "resent"):
                queued += 1
        made.resent += queued
        return queued

    def rtcp(self, transport: int, data: bytes) -> None:
        if not _SHORTEST_RTCP <= len(data) <= DATAGRAM_SIZE:
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
        now = _now()
        entry = self._transports.get(transport)
        return [source.stats(now) for source in entry.sources.values()] if entry is not None else []

    def sinks(self, transport: int) -> list[SinkStats]:
        entry = self._transports.get(transport)
        return [sink.stats() for sink in entry.sinks.values()] if entry is not None else []

    def counters(self) -> dict[str, int]:
        return dict(self._counters)

    def _count(self, name: str, by: int = 1) -> None:
        self._counters[name] += by


def _checked(address: Address) -> Address:
    host, port = address
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        raise ValueError(f"not a numeric IPv4 address: {host}") from None
    if not 1 <= port <= 65535:
        raise ValueError(f"not a port: {port}")
    return host, port


def _now() -> int:
    return time.monotonic_ns() // 1000
