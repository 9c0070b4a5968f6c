"""What forwarding knows of one transport: who it is, what comes from it, and how a packet is sent to it. No I/O.

Times are microseconds of any one monotonic clock.
"""

from __future__ import annotations

from collections import deque

from media import forwarder
from media.forwarder import Address
from media.rtp import write_extension
from media.sink import Outgoing, Sink
from media.source import Source
from media.srtp import Cipher

PACE_BURST = 10_000  # microseconds of the paced rate that may go out at once
_PACKET = 1200  # octets, so that one packet may always go


class Lane:
    """One transport in the worker's tables."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.bound: list[Address] = []
        self.target: Address | None = None
        self.cipher: Cipher | None = None
        self.sources: dict[int, Source] = {}
        self.repairs: dict[int, Source] = {}  # SSRC of retransmissions: what they repair
        self.sinks: dict[int, Sink] = {}  # those that send to it
        self.announced: dict[int, int] = {}  # SSRC that is not registered: when a notice went out
        self.senders: set[int] = set()
        self.heeded = self.heeded_since = 0  # datagrams passed on to the control plane since that poll
        self.used: set[int] = set()  # outgoing SSRCs, never to begin again under these keys
        self.receive_id = self.send_id = 0  # of the transport-wide sequence number
        self.arrivals: deque[tuple[int, int]] = deque(maxlen=forwarder.ARRIVALS)
        self.sent: deque[tuple[int, int, int]] = deque(maxlen=forwarder.SENT)
        self.waiting: deque[tuple[Sink, int]] = deque()  # paced packets: sink, outgoing number
        self._stamp = 0
        self._rate = 0  # octets a second, 0 for no pacing
        self._credit = 0  # octets times a million
        self._credit_at = 0

    def seal(self, outgoing: Outgoing, stamped: bool, now: int) -> bytes:
        """The datagram for a packet. Raises Refused. `stamped`: with the next transport-wide sequence number."""
        assert self.cipher is not None
        elements = outgoing.carried
        stamped = stamped and self.send_id > 0
        if stamped:
            elements = (*elements, (self.send_id, self._stamp.to_bytes(2, "big")))
        extension = write_extension(elements)
        first = 0x80 | outgoing.padding << 5 | (0x10 if extension else 0)
        header = bytes((first, outgoing.marker << 7 | outgoing.payload_type))
        header += outgoing.sequence.to_bytes(2, "big") + outgoing.timestamp.to_bytes(4, "big")
        data = self.cipher.protect(header + outgoing.ssrc.to_bytes(4, "big") + extension + outgoing.body)
        if stamped:
            self.sent.append((self._stamp, now, len(data)))
            self._stamp = (self._stamp + 1) & 0xFFFF
        return data

    def drop(self, sink: Sink) -> None:
        """What of the sink waits for its turn is of a picture that is over."""
        numbers = [number for waiting, number in self.waiting if waiting is sink]
        if numbers:
            self.waiting = deque(item for item in self.waiting if item[0] is not sink)
            sink.withhold(min(numbers))

    def take_arrivals(self) -> list[tuple[int, int]]:
        taken = list(self.arrivals)
        self.arrivals.clear()
        return taken

    def take_sent(self) -> list[tuple[int, int, int]]:
        taken = list(self.sent)
        self.sent.clear()
        return taken

    def pace(self, rate: int) -> None:
        """Octets a second; 0: no pacing."""
        self._rate = rate

    def spend(self, octets: int) -> None:
        """Note that so much was sent; what is beyond the rate is made up for by what waits."""
        if self._rate:
            self._credit -= octets * 1_000_000

    def free(self, now: int) -> bool:
        """May a paced packet go now?"""
        if not self._rate:
            return True
        most = max(_PACKET * 1_000_000, PACE_BURST * self._rate)
        self._credit = min(most, self._credit + (now - self._credit_at) * self._rate)
        self._credit_at = now
        return self._credit > 0
