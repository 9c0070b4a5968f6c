"""The interface of a forwarding worker: what goes in, what comes out, and its bounds.

Two implementations with the same behaviour: `media._forward.Worker` (one native thread) and
`media.forward.PyWorker` (plain Python, the specification). A worker has no policy: it does what its tables say.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

Address = tuple[str, int]  # numeric IPv4 host, port

STUN, DTLS, RTCP, NEW_STREAM, MISSING = 1, 2, 3, 4, 5  # Notice.kind

DATAGRAM_SIZE = 1500  # longer ones are nobody's honest media, STUN or DTLS
TRANSPORTS = 4096
ADDRESSES = 16  # a transport; the oldest gives way
SOURCES = 32  # registered on a transport
UNKNOWN = 32  # SSRCs of a transport that are not registered but have been announced
SENDERS = 64  # SSRCs of a transport that have sent RTCP
SINKS = 65536
NOTICES = 4096  # waiting for poll()
STRANGER_BUDGET = 256  # STUN datagrams from unbound addresses between two polls
ANNOUNCE_EVERY = 1_000_000  # microseconds between two NEW_STREAM of one SSRC
HISTORY = range(16, 8193)

COUNTERS = (
    "received",
    "received_bytes",
    "forwarded",
    "sent_bytes",
    "resent",
    "dropped_stranger",
    "dropped_malformed",
    "dropped_unprotect",
    "dropped_unknown_ssrc",
    "dropped_replay",
    "send_failed",
    "notices_lost",
)


class Notice(NamedTuple):
    """Something for the control plane. `transport` is 0 and `address` None where they are unknown or do not matter.

    STUN        a datagram with first byte 0 to 3 (RFC 7983), from any address
    DTLS        a datagram with first byte 20 to 63, from a bound address only
    RTCP        a decrypted compound packet of a transport with keys
    NEW_STREAM  a decrypted RTP packet of an SSRC that is not registered; once a second for each SSRC
    MISSING     big-endian uint16 sequence numbers lost on a source registered with `nack`
    """

    kind: int
    transport: int
    address: Address | None
    ssrc: int
    data: bytes


class Rewrite(NamedTuple):
    """How the first packet of a sink shall look; `sequence` below 2**15 keeps late joiners' rollover count right."""

    ssrc: int
    payload_type: int
    sequence: int
    timestamp: int


class SourceStats(NamedTuple):
    """What a receiver report needs (RFC 3550 section 6.4.1, appendices A.3 and A.8).

    `packets` and `octets` (payload without padding) count what was accepted once; `highest` and `base` are
    extended sequence numbers, and a jump of the publisher moves both; `jitter` is in timestamp units;
    `level` is 0 (loudest) to 127 (silent or unknown), in -dBov.
    """

    ssrc: int
    packets: int
    octets: int
    highest: int
    base: int
    jitter: int
    duplicates: int
    level: int


class SinkStats(NamedTuple):
    """What a sender report needs. The offsets are outgoing minus incoming; `running`: has sent, and is not paused."""

    sink: int
    packets: int
    octets: int
    last_timestamp: int
    timestamp_offset: int
    sequence_offset: int
    resent: int
    running: bool


class Forwarder(Protocol):
    """One worker on one bound, non-blocking UDP socket that the caller keeps.

    Commands raise ValueError for a value out of range or over a bound, KeyError for a transport, source or
    sink that does not exist; taking away what does not exist is harmless. After stop() nothing raises.
    """

    def start(self) -> None: ...

    def stop(self) -> None:
        """Idempotent."""

    def fileno(self) -> int:
        """Readable when poll() has something."""

    def poll(self) -> list[Notice]: ...

    def send(self, data: bytes, address: Address) -> None:
        """A plain datagram: STUN, DTLS."""

    def open(self, transport: int) -> None:
        """`transport` is the caller's number, 1 to 2**63 - 1."""

    def bind(self, transport: int, address: Address) -> None:
        """ICE has verified the address: its datagrams belong to this transport, and to no other any more."""

    def target(self, transport: int, address: Address) -> None:
        """Send media there from now on."""

    def keys(self, transport: int, profile: str, receive: bytes, send: bytes) -> None:
        """Once in a transport's life: a second SRTP context with the same key would repeat nonces.

        `profile` has OpenSSL's name for it; the keys are master key and salt joined (RFC 5764 section 4.2).
        """

    def close(self, transport: int) -> None:
        """Forget its keys, addresses and sources, the sinks that send to it, and the sinks that it feeds."""

    def source(self, transport: int, ssrc: int, *, clock_rate: int, nack: bool, level_id: int = 0) -> None:
        """Accept an SSRC. `level_id`: identifier of the RFC 6464 header extension, 0 for none."""

    def unsource(self, transport: int, ssrc: int) -> None:
        """Also takes away the sinks that it feeds."""

    def route(self, sink: int, transport: int, ssrc: int, to: int, rewrite: Rewrite) -> None:
        """Forward (transport, ssrc) to the transport `to`.

        ValueError if `rewrite.ssrc` was ever used on `to`: the numbers of an SSRC must not begin again under one key.
        """

    def switch(self, sink: int, transport: int, ssrc: int) -> None:
        """Feed the sink from another source; its sequence goes on, its timestamp by the time that has passed."""

    def pause(self, sink: int, paused: bool) -> None:
        """Paused: nothing is sent, and no hole in the sequence tells."""

    def unroute(self, sink: int) -> None: ...

    def resend(self, sink: int, sequences: Sequence[int]) -> int:
        """Send these outgoing sequence numbers once more, the same bytes; how many could be. 0 for an unknown sink."""

    def rtcp(self, transport: int, data: bytes) -> None:
        """Protect a compound packet and send it to the transport's target. Dropped while there is none."""

    def sources(self, transport: int) -> list[SourceStats]: ...

    def sinks(self, transport: int) -> list[SinkStats]:
        """The sinks that send to this transport."""

    def counters(self) -> dict[str, int]:
        """Totals since the beginning, by the names in COUNTERS."""


def check_ssrc(ssrc: int) -> None:
    if not 0 <= ssrc < 1 << 32:
        raise ValueError(f"an SSRC has 32 bits: {ssrc}")


def check_number(number: int, what: str) -> None:
    if not 1 <= number < 1 << 63:
        raise ValueError(f"a {what} has a number from 1 to 2**63 - 1: {number}")


def check_source(ssrc: int, clock_rate: int, level_id: int) -> None:
    check_ssrc(ssrc)
    if not 1000 <= clock_rate <= 192_000:
        raise ValueError(f"clock rate out of range: {clock_rate}")
    if not 0 <= level_id <= 255:
        raise ValueError(f"header extension identifier out of range: {level_id}")


def check_rewrite(rewrite: Rewrite) -> None:
    check_ssrc(rewrite.ssrc)
    if not 0 <= rewrite.payload_type < 128:
        raise ValueError(f"a payload type has seven bits: {rewrite.payload_type}")
    if not 0 <= rewrite.sequence < 1 << 15:
        raise ValueError(f"the first sequence number must be below 2**15: {rewrite.sequence}")
    if not 0 <= rewrite.timestamp < 1 << 32:
        raise ValueError(f"a timestamp has 32 bits: {rewrite.timestamp}")


def check_history(history: int) -> None:
    if history not in HISTORY:
        raise ValueError(f"history holds {HISTORY.start} to {HISTORY.stop - 1} packets: {history}")
