"""What goes out: a Consumer carries one producer to one transport."""

from __future__ import annotations

from collections.abc import Sequence

from media import rtcp
from media.encoding import Encoding
from media.forwarder import SinkStats
from media.producer import Producer

REPORTS = 20  # sender reports in one compound, so that it fits a datagram
ALL_LAYERS = 7  # temporal layers, as the forwarder counts them


class Consumer:
    """One media on its way to one transport.

    `payload_types` says how the remote end numbers each codec and what protects it (0 for nothing), by name; empty
    until it has answered. `routed`: the forwarder has the sink. `repair`: the SSRC of its retransmissions.
    """

    def __init__(self, sink: int, to: int, ssrc: int, kind: str, repair: int) -> None:
        self.sink = sink
        self.to = to
        self.ssrc = ssrc
        self.repair = repair
        self.kind = kind
        self.producer: Producer | None = None
        self.payload_types: dict[str, tuple[int, int]] = {}
        self.carries: tuple[str, ...] = ()  # codecs whose header extensions the remote end numbers as we do
        self.stamped = False  # the remote end says when each packet came, by transport-wide numbers
        self.routed = False
        self.codec: str | None = None  # what it was routed with; a sink cannot change its payload type
        # What the receiver shall get, and what the forwarder was told.
        self.wish: Encoding | None = None  # None: the smallest
        self.shown = True
        self.pressed = False  # the line is full: what is too large for it had better not be sent on
        self.withheld = False  # nobody seems to be there; what he is shown is kept in readiness
        self.red = self.sent_red = False  # every Opus packet twice
        self.fed: Encoding | None = None
        self.switching: Encoding | None = None  # goes on with `fed` until this one has a key frame
        self.temporal = self.sent_temporal = ALL_LAYERS
        self.paused = False

    @property
    def numbers(self) -> tuple[int, int] | None:
        """Payload types of the producer's codec and of what protects it, at the remote end."""
        return self.payload_types.get(self.producer.codec.name) if self.producer is not None else None

    def plug(self, producer: Producer | None) -> None:
        """Carry this producer from now on, or none."""
        self.producer = producer
        self.wish = self.fed = self.switching = None

    def report(self, stats: SinkStats, now: float) -> rtcp.SenderReport | None:
        """The publisher's last sender report in this consumer's timestamps; None if there is none yet."""
        producer = self.producer
        feeding = [item for item in producer.encodings if item.ssrc == stats.source[1]] if producer is not None else []
        if not feeding or feeding[0].report is None or not stats.running:
            return None
        encoding, report = feeding[0], feeding[0].report
        ntp, timestamp = rtcp.later(report, now - encoding.report_at, encoding.clock_rate)
        timestamp = (timestamp + stats.timestamp_offset) & 0xFFFFFFFF
        return rtcp.SenderReport(self.ssrc, ntp, timestamp, stats.packets & 0xFFFFFFFF, stats.octets & 0xFFFFFFFF)


def sender_reports(consumers: Sequence[Consumer], stats: Sequence[SinkStats], cname: str, now: float) -> list[bytes]:
    """Compounds of SR and SDES for all running sinks of one transport."""
    by_sink = {consumer.sink: consumer for consumer in consumers}
    reports = [by_sink[item.sink].report(item, now) for item in stats if item.sink in by_sink]
    ready = [report for report in reports if report is not None]
    compounds = []
    for start in range(0, len(ready), REPORTS):
        part = ready[start : start + REPORTS]
        bodies = b"".join(rtcp.sender_report(report) for report in part)
        compounds.append(bodies + rtcp.description([report.ssrc for report in part], cname))
    return compounds
