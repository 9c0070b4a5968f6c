"""The interface of a forwarding worker: what goes in, what comes out, and its bounds.

Two implementations with the same behaviour: `media._forward.Worker` (one native thread) and
`media.forward.PyWorker` (plain Python, the specification). A worker has no policy: it does what its tables say.
"""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple, Protocol

Address = tuple[str, int]  # numeric IPv4 or IPv6 host, port

STUN, DTLS, RTCP, NEW_STREAM, MISSING, SWITCHED = 1, 2, 3, 4, 5, 6  # Notice.kind

DATAGRAM_SIZE = 1500  # longer ones are nobody's honest media, STUN or DTLS
TRANSPORTS = 4096
ADDRESSES = 16  # a transport; the oldest gives way
SOURCES = 32  # registered on a transport
UNKNOWN = 32  # SSRCs of a transport that are not registered but have been announced
SENDERS = 64  # SSRCs of a transport that have sent RTCP
SINKS = 65536
NOTICES = 4096  # waiting for poll()
HEEDED = 128  # STUN, DTLS and RTCP datagrams of one transport between two polls: nobody may fill the queue alone
STRANGER_BUDGET = 256  # STUN datagrams from unbound addresses between two polls
ANNOUNCE_EVERY = 1_000_000  # microseconds between two NEW_STREAM of one SSRC
HISTORY = range(64, 8193)  # packets of a source kept at most, and no fewer than half a second of them
ARRIVALS = 512  # waiting for arrivals(), a transport
SENT = 1024  # waiting for sent(), a transport
PACED = 512  # packets of a transport that wait for their time
PAD_LIMIT = 1 << 14  # octets of padding in one call
TAPPED = 8192  # packets waiting for tapped()
CODECS = ("", "opus", "VP8", "H264", "VP9", "AV1")
CARRY = 8  # header extension elements that a source lets through

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
    "repaired",
    "restored",
    "padded",
    "tapped_lost",
)


class Notice(NamedTuple):
    """Something for the control plane. `transport` is 0 and `address` None where they are unknown or do not matter.

    STUN        a datagram with first byte 0 to 3 (RFC 7983), from any address
    DTLS        a datagram with first byte 20 to 63, from a bound address only
    RTCP        a decrypted compound packet of a transport with keys
    NEW_STREAM  a decrypted RTP packet of an SSRC that is not registered; once a second for each SSRC
    MISSING     big-endian uint16 sequence numbers lost on a source registered with `nack`
    SWITCHED    a sink that waited for a key frame has it: the transport it sends to, and its SSRC
    """

    kind: int
    transport: int
    address: Address | None
    ssrc: int
    data: bytes


class Rewrite(NamedTuple):
    """How the first packet of a sink shall look; `sequence` below 2**15 keeps late joiners' rollover count right.

    With an `rtx_ssrc`, resend() answers by RFC 4588; 0 for none. With a `red_payload_type`, red() has a meaning.
    `carry`: the header extension elements that the source lets through go along. `stamped`: with the transport-wide
    number, see congestion(); what has no `rtx_ssrc` then is never sent again, since it could not be as it was.
    """

    ssrc: int
    payload_type: int
    sequence: int
    timestamp: int
    rtx_ssrc: int = 0
    rtx_payload_type: int = 0
    rtx_sequence: int = 0
    red_payload_type: int = 0
    carry: bool = False
    stamped: bool = False


class Tapped(NamedTuple):
    """A packet of a tapped source: decrypted, `payload` without padding.

    `position` grows by one from each packet of the source to the next, without a wrap; `late`: a newer one came
    before it; `received` in microseconds of the monotonic clock.
    """

    transport: int
    ssrc: int
    position: int
    timestamp: int
    marker: bool
    late: bool
    received: int
    payload: bytes


class SourceStats(NamedTuple):
    """What a receiver report needs (RFC 3550 section 6.4.1, appendices A.3 and A.8).

    `packets` and `octets` (payload without padding) count what was accepted once; `highest` and `base` are
    extended sequence numbers, and a jump of the publisher moves both; `jitter` is in timestamp units;
    `level` is 0 (loudest) to 127 (silent or unknown), in -dBov; `temporal`: octets by VP8 temporal layer.
    """

    ssrc: int
    packets: int
    octets: int
    highest: int
    base: int
    jitter: int
    duplicates: int
    level: int
    temporal: tuple[int, int, int, int] = (0, 0, 0, 0)


class SinkStats(NamedTuple):
    """What a sender report needs. The offsets are outgoing minus incoming; `running`: has sent, and is not paused.

    `source`: (transport, SSRC) that feeds it now; `waiting`: another one will, from its next key frame on.
    """

    sink: int
    packets: int
    octets: int
    last_timestamp: int
    timestamp_offset: int
    sequence_offset: int
    resent: int
    running: bool
    source: tuple[int, int] = (0, 0)
    waiting: bool = False


class Forwarder(Protocol):
    """One worker on one bound, non-blocking UDP socket that the caller keeps: IPv4, or IPv6 that takes IPv4, too.

    Commands raise ValueError for a value out of range or over a bound, KeyError for a transport, source or
    sink that does not exist; taking away what does not exist is harmless. After stop() nothing raises.
    """

    def start(self) -> None: ...

    def stop(self) -> None:
        """Idempotent."""

    def fileno(self) -> int:
        """Readable when poll() has something that cannot wait. Reports (RTCP that asks for nothing) and consent that
        goes on may wait for a poll() that comes anyway, so call it about every 50 ms."""

    def poll(self) -> list[Notice]: ...

    def send(self, data: bytes, address: Address) -> None:
        """A plain datagram: STUN, DTLS."""

    def open(self, transport: int) -> None:
        """`transport` is the caller's number, 1 to 2**63 - 1."""

    def bind(self, transport: int, address: Address) -> None:
        """ICE has verified the address: its datagrams belong to this transport, and to no other any more."""

    def target(self, transport: int, address: Address | None) -> None:
        """Send media there from now on; None: nowhere."""

    def keys(self, transport: int, profile: str, receive: bytes, send: bytes) -> None:
        """Once in a transport's life: a second SRTP context with the same key would repeat nonces.

        `profile` has OpenSSL's name for it; the keys are master key and salt joined (RFC 5764 section 4.2).
        """

    def close(self, transport: int) -> None:
        """Forget its keys, addresses and sources, the sinks that send to it, and the sinks that it feeds."""

    def congestion(self, transport: int, *, receive: int = 0, send: int = 0) -> None:
        """Identifiers (1 to 14, 0 for none) of the transport-wide sequence number's header extension
        (draft-holmer-rmcat-transport-wide-cc-extensions-01): note it on what comes in; stamp with it what goes out from
        `stamped` sinks."""

    def arrivals(self, transport: int) -> list[tuple[int, int]]:
        """(transport-wide sequence number, microseconds) since the last call, in order of arrival."""

    def sent(self, transport: int) -> list[tuple[int, int, int]]:
        """(transport-wide sequence number, microseconds, octets of the datagram) since the last call."""

    def pace(self, transport: int, octets_per_second: int) -> None:
        """Spread video to this transport in time, at this rate; everything else overtakes it. 0: send at once."""

    def source(
        self, transport: int, ssrc: int, *, clock_rate: int, nack: bool, level_id: int = 0, codec: str = "",
        red: int = 0, gate: int = 127, carry: Sequence[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        """Accept an SSRC.

        `level_id`: identifier of the RFC 6464 header extension, 0 for none. `codec`: "opus", "VP8", "H264", "VP9",
        "AV1" or "". `red`: payload type of RED (RFC 2198) around it, 0 for none: the primary is forwarded, and what is
        missing restored. `gate`: level in -dBov; after a second without a packet as loud as this it is forwarded to
        nobody until the next one. `carry`: (identifier here, identifier sent) of elements for sinks that carry.
        """

    def repair(self, transport: int, ssrc: int, of: int) -> None:
        """Packets of `ssrc` are retransmissions (RFC 4588) of the source `of`, as long as that lives."""

    def unsource(self, transport: int, ssrc: int) -> None:
        """Also takes away the sinks that it feeds, and what repairs it."""

    def hold(self, transport: int, ssrc: int, held: bool) -> None:
        """Held: forwarded to nobody, and no hole in the sequence tells."""

    def align(self, transport: int, ssrc: int, offset: int) -> None:
        """The source's timestamps plus `offset` (modulo 2**32) are a clock that it shares with others; when a sink goes
        from one of them to another, its timestamps follow that clock."""

    def tap(self, transport: int, ssrc: int, tapped: bool) -> None:
        """Hand every packet of the source to tapped(), too."""

    def tapped(self) -> list[Tapped]:
        """Since the last call. What does not fit in between is counted as `tapped_lost`."""

    def route(self, sink: int, transport: int, ssrc: int, to: int, rewrite: Rewrite) -> None:
        """Forward (transport, ssrc) to the transport `to`.

        ValueError if `rewrite.ssrc` was ever used on `to`: the numbers of an SSRC must not begin again under one key.
        """

    def switch(self, sink: int, transport: int, ssrc: int, *, at_key: bool = False, hold: bool = False) -> None:
        """Feed the sink from another source; its sequence goes on, its timestamp by the time that has passed. What of
        the former one waits for its time is not sent any more, nor again.

        `at_key`: from that source's first key frame on, with a notice SWITCHED; until then the former one feeds it, or
        with `hold` nothing does.
        """

    def layers(self, sink: int, temporal: int) -> None:
        """Forward VP8's temporal layers up to this one (0 to 7): fewer from the next picture on, more as soon as a
        picture allows it. Neither the sequence nor the picture ids tell."""

    def red(self, sink: int, on: bool) -> None:
        """Send this Opus sink as RED, with the packet before in each. ValueError without a `red_payload_type`."""

    def pad(self, sink: int, octets: int) -> int:
        """Send about so many octets of padding; how many it was. It goes beside the sink's retransmissions, of a sink
        that is not `stamped` once it has sent anything; without an `rtx_ssrc` between the packets of sound that is
        `stamped` and has begun, in numbers of its own. 0 for any other sink."""

    def pause(self, sink: int, paused: bool) -> None:
        """Paused: nothing is sent, not even what waits for its time, and but for that no hole in the sequence tells."""

    def unroute(self, sink: int) -> None: ...

    def resend(self, sink: int, sequences: Sequence[int]) -> int:
        """Send these outgoing sequence numbers once more: the same bytes, or by RFC 4588; how many could be. 0 for a
        sink that is unknown, or stamped without an `rtx_ssrc`. Nothing of a source that fed it before: what came after
        began with a key frame."""

    def rtcp(self, transport: int, data: bytes) -> None:
        """Protect a compound packet and send it to the transport's target. Dropped while there is none."""

    def sources(self, transport: int) -> list[SourceStats]: ...

    def sinks(self, transport: int) -> list[SinkStats]:
        """The sinks that send to this transport."""

    def counters(self) -> dict[str, int]:
        """Totals since the beginning, by the names in COUNTERS."""


def check_address(address: Address, six: bool) -> Address:
    """The address in its one form, if a socket can send there; `six`: one of IPv6, which takes IPv4, too.

    An IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) is that IPv4 address. One with a zone ("fe80::1%eth0") is
    not taken, for it means something on one link only.
    """
    text, port = address
    try:
        host = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"not a numeric address: {text}") from None
    if host.version == 6 and host.scope_id is not None:
        raise ValueError(f"an address with a zone: {text}")
    host = (host.ipv4_mapped if host.version == 6 else None) or host
    if host.version == 6 and not six:
        raise ValueError(f"an IPv6 address, and the socket has IPv4 only: {text}")
    if not 1 <= port <= 65535:
        raise ValueError(f"not a port: {port}")
    return str(host), port


def check_ssrc(ssrc: int) -> None:
    if not 0 <= ssrc < 1 << 32:
        raise ValueError(f"an SSRC has 32 bits: {ssrc}")


def check_number(number: int, what: str) -> None:
    if not 1 <= number < 1 << 63:
        raise ValueError(f"a {what} has a number from 1 to 2**63 - 1: {number}")


def check_identifier(identifier: int, highest: int = 14) -> None:
    if not 0 <= identifier <= highest:
        raise ValueError(f"header extension identifier out of range: {identifier}")


def check_source(
    ssrc: int, clock_rate: int, level_id: int, codec: str = "", red: int = 0, gate: int = 127,
    carry: Sequence[tuple[int, int]] = (),
) -> None:  # fmt: skip
    check_ssrc(ssrc)
    if not 1000 <= clock_rate <= 192_000:
        raise ValueError(f"clock rate out of range: {clock_rate}")
    check_identifier(level_id, 255)
    if codec not in CODECS:
        raise ValueError(f"unknown codec: {codec}")
    if not 0 <= red < 128:
        raise ValueError(f"a payload type has seven bits: {red}")
    if not 0 <= gate < 128:
        raise ValueError(f"a level is 0 to 127: {gate}")
    if len(carry) > CARRY:
        raise ValueError(f"no more than {CARRY} header extension elements: {len(carry)}")
    if len({received for received, _ in carry}) < len(carry) or any(0 in pair for pair in carry):
        raise ValueError(f"each header extension element is carried once, and none has the identifier 0: {carry}")
    for received, sent in carry:
        check_identifier(received, 255)
        check_identifier(sent, 255)


def check_temporal(temporal: int) -> None:
    if not 0 <= temporal <= 7:
        raise ValueError(f"a temporal layer is 0 to 7: {temporal}")


def check_rewrite(rewrite: Rewrite) -> None:
    check_ssrc(rewrite.ssrc)
    check_ssrc(rewrite.rtx_ssrc)
    for payload_type in (rewrite.payload_type, rewrite.rtx_payload_type, rewrite.red_payload_type):
        if not 0 <= payload_type < 128:
            raise ValueError(f"a payload type has seven bits: {payload_type}")
    for sequence in (rewrite.sequence, rewrite.rtx_sequence):
        if not 0 <= sequence < 1 << 15:
            raise ValueError(f"the first sequence number must be below 2**15: {sequence}")
    if not 0 <= rewrite.timestamp < 1 << 32:
        raise ValueError(f"a timestamp has 32 bits: {rewrite.timestamp}")
    if rewrite.rtx_ssrc and rewrite.rtx_ssrc == rewrite.ssrc:
        raise ValueError("retransmissions need an SSRC of their own")


def check_history(history: int) -> None:
    if history not in HISTORY:
        raise ValueError(f"history holds {HISTORY.start} to {HISTORY.stop - 1} packets: {history}")
