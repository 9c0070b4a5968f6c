"""What comes in: a Producer is one media of one publisher, an Up is the transport that carries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from media import rtcp
from media.errors import MediaError
from media.forwarder import SourceStats
from media.parameters import (
    AUDIO_LEVEL,
    FEEDBACK_UP,
    KINDS,
    MID,
    PREFERENCE,
    Codec,
    Description,
    Extension,
    Section,
    agreed,
    choose,
    turned,
)
from media.rtp import RtpError, element, parse_header
from media.transport import Transport

KEY_INTERVAL = 0.5  # seconds between two key frame requests to one source
CEILING = 2_500_000  # bits per second that a publisher may send


class Producer:
    """One media of one publisher. `ssrc` is None until its first packet, unless the offer named it."""

    def __init__(self, participant: str, kind: str, transport: int, mid: str | None, codec: Codec) -> None:
        self.participant = participant
        self.kind = kind
        self.transport = transport
        self.mid = mid
        self.codec = codec
        self.nack = "nack" in codec.feedback
        self.ssrc: int | None = None
        self.report: rtcp.SenderReport | None = None
        self.report_at = 0.0
        self._expected = 0
        self._received = 0
        self._key_wanted = False
        self._key_asked: float | None = None

    def start(self, ssrc: int) -> None:
        """The stream is this SSRC from now on."""
        self.ssrc = ssrc
        self.report = None
        self._expected = self._received = 0
        self._key_asked = None

    def want_key(self) -> None:
        """Somebody cannot decode without a key frame. Remembered until it can be asked for."""
        self._key_wanted = self.kind == "video"

    def key_due(self, now: float) -> int | None:
        """The SSRC to send a PLI for, if one is wanted and the last one is long enough ago."""
        if not self._key_wanted or self.ssrc is None:
            return None
        if self._key_asked is not None and now - self._key_asked < KEY_INTERVAL:
            return None
        self._key_wanted = False
        self._key_asked = now
        return self.ssrc

    def block(self, stats: SourceStats, now: float) -> rtcp.Block:
        """The report block since the last one (RFC 3550 appendix A.3)."""
        expected = stats.highest - stats.base + 1
        lost = expected - stats.packets
        interval = expected - self._expected
        interval_lost = interval - (stats.packets - self._received)
        self._expected, self._received = expected, stats.packets
        fraction = min(255, 256 * interval_lost // interval) if interval > 0 and interval_lost > 0 else 0
        lsr = dlsr = 0
        if self.report is not None:
            lsr = self.report.ntp >> 16 & 0xFFFFFFFF
            dlsr = int((now - self.report_at) * 65536) & 0xFFFFFFFF
        return rtcp.Block(stats.ssrc, fraction, lost, stats.highest, stats.jitter & 0xFFFFFFFF, lsr, dlsr)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an offer to publish leads to, before anything is opened."""

    sections: tuple[Section, ...]
    codecs: dict[str, tuple[Section, Codec]]
    extensions: dict[str, int]


def plan(offer: Description) -> Plan:
    """Which m-lines we take: the first usable audio and the first usable video. Raises MediaError."""
    if offer.transport.lite:
        raise MediaError("bad_sdp", "both ends are ICE-lite, so nobody would begin")
    taken: dict[str, tuple[Section, Codec]] = {}
    extensions: dict[str, int] = {}
    sections: list[Section] = []
    for section in offer.sections:
        kind = section.kind
        codec = choose(section, PREFERENCE[kind]) if kind in KINDS and not section.rejected else None
        if codec is None or kind in taken or section.direction not in ("sendrecv", "sendonly"):
            sections.append(replace(section, rejected=True))
            continue
        name = next(name for name in PREFERENCE[kind] if name.lower() == codec.name.lower())
        codec = agreed(codec, name, FEEDBACK_UP)
        taken[kind] = section, codec
        wanted = [turned(extension) for extension in section.extensions]
        accepted = tuple(item for item in wanted if item is not None and _suits(item, kind))
        extensions.update((item.uri, item.id) for item in accepted)
        sections.append(
            Section(kind, section.mid, section.protocol, direction="recvonly", codecs=(codec,), extensions=accepted)
        )
    if not taken:
        raise MediaError("no_codec", "neither Opus nor VP8 nor H.264 (packetization-mode=1, baseline) is offered")
    return Plan(tuple(sections), taken, extensions)


def _suits(extension: Extension, kind: str) -> bool:
    return extension.uri == MID or (extension.uri == AUDIO_LEVEL and kind == "audio")


class Up:
    """A publisher's transport with its producers. `ssrc` is the one under which we report to him."""

    def __init__(self, transport: Transport, agreed: Plan, ssrc: int) -> None:
        self.transport = transport
        self.ssrc = ssrc
        self.producers: dict[str, Producer] = {}
        self.declared: dict[str, int] = {}
        self.level_id = agreed.extensions.get(AUDIO_LEVEL, 0)
        self._mid_id = agreed.extensions.get(MID, 0)
        self._cname = f"u{transport.id}"
        for kind, (section, codec) in agreed.codecs.items():
            self.producers[kind] = Producer(transport.participant, kind, transport.id, section.mid, codec)
            if section.ssrcs:
                self.declared[kind] = section.ssrcs[0]

    def identify(self, packet: bytes) -> tuple[Producer, int] | None:
        """Whose packet is this new SSRC's (RFC 9143 section 9.2)? By mid if it says so, else by payload type.

        None when it cannot be told, or when the payload type was not agreed (probes, retransmission streams).
        """
        try:
            header = parse_header(packet)
        except RtpError:
            return None
        mid = element(header, self._mid_id) if self._mid_id else None
        found = [
            producer
            for producer in self.producers.values()
            if producer.codec.payload_type == header.payload_type
            and (mid is None or (producer.mid or "").encode() == mid)
        ]
        return (found[0], header.ssrc) if len(found) == 1 else None

    def producing(self, ssrc: int) -> Producer | None:
        return next((producer for producer in self.producers.values() if producer.ssrc == ssrc), None)

    def feedback(self, stats: Sequence[SourceStats], now: float) -> bytes:
        """The compound of every second: RR, SDES, and REMB where agreed."""
        blocks = []
        limited = []
        for item in stats:
            producer = self.producing(item.ssrc)
            if producer is None:
                continue
            if item.packets:
                blocks.append(producer.block(item, now))
            if "goog-remb" in producer.codec.feedback:
                limited.append(item.ssrc)
        compound = rtcp.receiver_report(self.ssrc, blocks) + rtcp.description([self.ssrc], self._cname)
        return compound + (rtcp.bandwidth(self.ssrc, CEILING, limited) if limited else b"")

    def key_requests(self, now: float) -> list[bytes]:
        """A compound with PLI for each producer that has one due."""
        due = [producer.key_due(now) for producer in self.producers.values()]
        head = rtcp.receiver_report(self.ssrc, ())
        return [head + rtcp.picture_loss(self.ssrc, ssrc) for ssrc in due if ssrc is not None]

    def repeat_requests(self, ssrc: int, missing: Sequence[int]) -> list[bytes]:
        """Compounds with NACK for these sequence numbers."""
        head = rtcp.receiver_report(self.ssrc, ())
        parts = [missing[start : start + 128] for start in range(0, len(missing), 128)]
        return [head + rtcp.nack(self.ssrc, ssrc, part) for part in parts]

    def note(self, report: rtcp.SenderReport, now: float) -> None:
        """The publisher's own sender report."""
        producer = self.producing(report.ssrc)
        if producer is not None:
            producer.report = report
            producer.report_at = now
