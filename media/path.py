"""The way of a packet through the Python worker: from the socket through the tables to the socket.

`media/_forward_{receiving,keeping,spreading,writing}.pxi` are the same in the native worker.
"""

import os
import socket
import time
from typing import Any

from media import forwarder
from media.forwarder import (
    COUNTERS,
    DATAGRAM_SIZE,
    DTLS,
    MISSING,
    NEW_STREAM,
    RTCP,
    STUN,
    SWITCHED,
    Address,
    Notice,
    Tapped,
)
from media.lane import Lane
from media.payload import VIDEO
from media.rtp import Header, RtpError, element, padding_size, parse_header
from media.sink import PADDING, Outgoing, Sink
from media.source import Packet, Source
from media.srtp import Cipher, Refused

_DRAIN = 256  # datagrams in one poll(), so that a flood does not keep the caller for ever
_BATCH = 32  # of them before what they carry is forwarded
SHORTEST_RTCP = 8  # header and sender (RFC 3550 section 6.4.2: an empty receiver report)
_SRTCP_INDEX = 4
_MAPPED = "::ffff:"  # before an IPv4 address in IPv6


class Path:
    """Tables and packets; the commands that change the tables are in media.forward.PyWorker."""

    def __init__(self, fd: int, *, history: int = 512) -> None:
        forwarder.check_history(history)
        # Given.
        self._fd = fd
        self._history = history
        # Owned. The duplicate keeps the socket usable until stop(), whatever the caller does with his.
        self._socket = socket.socket(fileno=os.dup(fd))
        self._six = self._socket.family == socket.AF_INET6
        self._stopped = False
        self._transports: dict[int, Lane] = {}
        self._bound: dict[Address, Lane] = {}
        self._fed: dict[Source, list[tuple[Sink, Lane]]] = {}
        self._sinks: dict[int, tuple[Sink, Lane]] = {}
        self._accepted: dict[Source, list[Packet]] = {}  # in the present batch
        self._notices: list[Notice] = []
        self._tapped: list[Tapped] = []
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._strangers_left = forwarder.STRANGER_BUDGET
        self._polls = 0

    def poll(self) -> list[Notice]:
        if self._stopped:
            return []
        self._strangers_left = forwarder.STRANGER_BUDGET
        self._polls += 1
        for count in range(1, _DRAIN + 1):
            try:
                data, name = self._socket.recvfrom(65536)
            except OSError:
                break
            self._receive(data, _address(name), now())
            if count % _BATCH == 0:
                self._spread(now())
        moment = now()
        self._spread(moment)
        for source in self._fed:
            self._ask(source, moment)
        for lane in self._transports.values():
            self._release(lane, moment)
        notices, self._notices = self._notices, []
        return notices

    # From the network.

    def _receive(self, data: bytes, address: Address, now: int) -> None:
        self._count("received")
        self._count("received_bytes", len(data))
        if not data or len(data) > DATAGRAM_SIZE or not address[1]:
            return self._count("dropped_malformed")
        transport = self._bound.get(address)
        # RFC 7983 section 7.
        if data[0] < 4:
            return self._receive_stun(data, address, transport)
        if 20 <= data[0] < 64:
            if transport is None:
                return self._count("dropped_stranger")
            if not self._heeds(transport):
                return self._count("notices_lost")
            return self._notify(Notice(DTLS, transport.number, address, 0, data))
        if not 128 <= data[0] < 192:
            return self._count("dropped_malformed")
        if transport is None or transport.cipher is None:
            return self._count("dropped_stranger")
        if len(data) > 1 and 192 <= data[1] < 224:  # RFC 5761 section 4
            return self._receive_rtcp(data, transport, transport.cipher)
        return self._receive_rtp(data, transport, transport.cipher, now)

    def _heeds(self, lane: Lane) -> bool:
        """May one more datagram of this peer go to the control plane before the next poll()?"""
        if lane.heeded_since != self._polls:
            lane.heeded_since, lane.heeded = self._polls, 0
        lane.heeded += 1
        return lane.heeded <= forwarder.HEEDED

    def _receive_stun(self, data: bytes, address: Address, transport: Lane | None) -> None:
        if transport is None:
            if not self._strangers_left:
                return self._count("dropped_stranger")
            self._strangers_left -= 1
        elif not self._heeds(transport):
            return self._count("notices_lost")
        return self._notify(Notice(STUN, transport.number if transport else 0, address, 0, data))

    def _receive_rtcp(self, data: bytes, transport: Lane, cipher: Cipher) -> None:
        if not self._heeds(transport):
            return self._count("notices_lost")
        if len(data) < SHORTEST_RTCP + _SRTCP_INDEX + cipher.tag_size:
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

    def _receive_rtp(self, data: bytes, transport: Lane, cipher: Cipher, now: int) -> None:
        try:
            header = parse_header(data)
        except RtpError:
            return self._count("dropped_malformed")
        if len(data) < header.size + cipher.tag_size:
            return self._count("dropped_malformed")
        source = transport.sources.get(header.ssrc)
        repaired = transport.repairs.get(header.ssrc) if source is None else None
        known = source is not None or repaired is not None
        if not known and self._announced_enough(transport, header.ssrc):
            return self._count("dropped_unknown_ssrc")
        try:
            plain = cipher.unprotect(data)
        except Refused as error:
            if error.replay and source is not None:
                source.duplicates += 1
            return self._count("dropped_replay" if error.replay else "dropped_unprotect")
        stamp = element(header, transport.receive_id) if transport.receive_id else None
        if stamp is not None and len(stamp) == 2:
            transport.arrivals.append((int.from_bytes(stamp, "big"), now))
        if not known:
            return self._announce(transport, header.ssrc, plain, now)
        try:
            padding = padding_size(plain, header)
        except RtpError:
            return self._count("dropped_malformed")
        if source is not None:
            return self._take(source, header, plain[header.size :], padding, now)
        assert repaired is not None
        return self._repair(repaired, header, plain[header.size : len(plain) - padding])

    def _take(self, source: Source, header: Header, body: bytes, padding: int, now: int) -> None:
        try:
            packets = source.accept(header, body, padding, now)
        except RtpError:
            return self._count("dropped_malformed")
        if not packets:
            return self._count("dropped_replay")
        self._count("restored", len(packets) - 1)
        self._ask(source, now, new_only=True)
        self._accepted.setdefault(source, []).extend(packets)
        return None

    def _repair(self, source: Source, header: Header, payload: bytes) -> None:
        packet = source.repair(header, payload)
        if packet is None:
            return self._count("dropped_replay")
        self._count("repaired")
        self._accepted.setdefault(source, []).append(packet)
        return None

    def _spread(self, now: int) -> None:
        """Forward what was accepted in this batch."""
        accepted, self._accepted = self._accepted, {}
        for source, packets in accepted.items():
            if source.tapped:
                self._tap(source, packets, now)
            even = source.even_out(packets)
            even = [packet for packet in even if source.recall(packet.position) is packet]
            if source.silent(now):
                self._hush(source)
                continue
            source.hushed = False
            for sink, to in list(self._fed[source]):
                for packet in even:
                    self._forward(source, sink, to, packet, now)

    def _hush(self, source: Source) -> None:
        """Tell its sinks, once, that nothing comes for a while."""
        for sink, _ in self._fed[source] if not source.hushed else ():
            if sink.source is source:
                sink.hold()
        source.hushed = True

    def _forward(self, source: Source, sink: Sink, to: Lane, packet: Packet, now: int) -> None:
        if sink.source is not source:
            if not packet.key or packet.late:
                return
            self._arrive(sink, to, source)
        if packet.hurried:
            sink.hold()
            return
        if to.cipher is None or to.target is None:
            return
        number = sink.place(packet, now)
        if number is not None:
            self._send_soon(sink, to, number, packet.octets, now)

    def _arrive(self, sink: Sink, to: Lane, source: Source) -> None:
        """The sink has waited for this key frame: the source feeds it now."""
        self._fed[sink.source].remove((sink, to))
        to.drop(sink)
        sink.switch(source)
        self._notify(Notice(SWITCHED, to.number, None, sink.rewrite.ssrc, b""))

    def _tap(self, source: Source, packets: list[Packet], now: int) -> None:
        for packet in packets:
            if len(self._tapped) >= forwarder.TAPPED:
                self._count("tapped_lost")
                continue
            stamps = packet.position, packet.timestamp, packet.marker, packet.late, now
            self._tapped.append(Tapped(source.transport, source.ssrc, *stamps, packet.payload))

    def _announced_enough(self, transport: Lane, ssrc: int) -> bool:
        return ssrc not in transport.announced and len(transport.announced) >= forwarder.UNKNOWN

    def _announce(self, transport: Lane, ssrc: int, plain: bytes, now: int) -> None:
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

    def _send_soon(self, sink: Sink, to: Lane, number: int, octets: int, now: int) -> None:
        """At once, unless it is video to a paced transport whose turn has not come."""
        if sink.source.kind.codec in VIDEO:
            if (to.waiting or not to.free(now)) and len(to.waiting) < forwarder.PACED:
                to.waiting.append((sink, number))
                return
            to.spend(octets)
        outgoing = sink.written(number)
        if outgoing is not None:
            self._send_rtp(outgoing, sink, to, "forwarded", now)

    def _release(self, lane: Lane, now: int) -> None:
        """Send what has waited long enough."""
        while lane.waiting and lane.free(now):
            sink, number = lane.waiting.popleft()
            outgoing = sink.written(number) if sink.number in self._sinks else None
            if outgoing is not None:
                lane.spend(len(outgoing.body))
                self._send_rtp(outgoing, sink, lane, "forwarded", now)

    def _send_rtp(self, outgoing: Outgoing, sink: Sink, to: Lane, counter: str, now: int) -> bool:
        if to.cipher is None or to.target is None:
            return False
        try:
            data = to.seal(outgoing, sink.rewrite.stamped, now)
        except Refused:
            self._count("send_failed")
            return False
        if self._transmit(data, to.target):
            self._count(counter)
        return True

    def _pad(self, sink: Sink, to: Lane, octets: int) -> int:
        moment, queued = now(), 0
        while queued < octets and to.cipher is not None and to.target is not None:
            size = min(PADDING, octets - queued)
            if not self._send_rtp(sink.padding(size), sink, to, "padded", moment):
                break
            queued += size
        return queued

    def _name(self, address: Address) -> Address:
        host, port = address
        return (_MAPPED + host, port) if self._six and ":" not in host else address

    def _transmit(self, data: bytes, address: Address) -> bool:
        try:
            self._socket.sendto(data, self._name(address))
        except OSError:
            self._count("send_failed")
            return False
        self._count("sent_bytes", len(data))
        return True

    def _count(self, name: str, by: int = 1) -> None:
        self._counters[name] += by


def _address(name: tuple[Any, ...]) -> Address:
    host, port = name[:2]
    return host.removeprefix(_MAPPED) if "." in host else host, port


def now() -> int:
    """Microseconds of the monotonic clock."""
    return time.monotonic_ns() // 1000
