"""One RTP stream of a publisher: all of a media, or one size of a simulcast picture."""

from __future__ import annotations

import math
import struct
from itertools import accumulate

from media import budget, rtcp
from media.forwarder import SourceStats
from media.pace import Bucket
from media.rtp import RtpError, parse_header, payload

KEYS_A_SECOND, KEYS_AT_ONCE = 1.0, 5.0
"""Key frames are ten times as large as others: no more than these are asked for, whoever complains."""
STOPPED = 1.0  # seconds without a packet after which a stream counts as switched off
LINGER = 3.0  # seconds for which an encoding is still wanted after the last receiver has left it
EXPECTED = 5.0  # seconds from when it is wanted until it is here
SMOOTHING = 0.5  # share of the newest second in the measured rate
LOST_SMOOTHING = 0.3  # by the second
FASTEST = 110
"""Packets a second of a voice: Opus has shorter ones than of 10 ms, but nobody sends them. What comes faster has waited
somewhere (after a cut Chromium sends at once all that was said meanwhile), and says nothing of the rate."""


class Encoding:
    """What is known of it. `rid` is "" where the media has one encoding only. `ssrc` and `repair` (of its
    retransmissions, RFC 4588) are None until they are known; `height` in pixels is 0 until then."""

    def __init__(
        self, rid: str, clock_rate: int, *, picture: bool, levelled: bool, wishes: set[Encoding]
    ) -> None:  # fmt: skip
        self.rid = rid
        self.picture = picture
        self.levelled = levelled
        self.clock_rate = clock_rate
        self.ssrc: int | None = None
        self.repair: int | None = None
        self.height = 0
        self.rates: tuple[int, ...] = ()  # bits a second on the wire up to each temporal layer, as they came last
        self.level = 127 if levelled else 0  # -dBov, RFC 6464; as if it were loud where packets do not say
        self.kept = False  # whatever anybody watches: it is recorded
        self.report: rtcp.SenderReport | None = None
        self.report_at = 0.0
        self.lost = 0.0  # share of its packets, of late
        self._expected = self._received = 0
        self._last: tuple[float, SourceStats] | None = None
        self._seen = 0
        self._heard_at: float | None = None
        self._watched_since = self._watched_at = -math.inf
        self._wishes = wishes  # those of the publisher of which a key frame is wanted
        self._key_asked: float | None = None
        self._keys = Bucket(KEYS_A_SECOND, KEYS_AT_ONCE)

    def start(self, ssrc: int) -> None:
        """The stream is this SSRC from now on."""
        self.ssrc = ssrc
        self.repair = None
        self.report = None
        self._expected = self._received = 0
        self._last = self._key_asked = None

    def flowing(self, now: float) -> bool:
        """Does it arrive? A publisher switches off what his line does not bear, or what nobody watches."""
        return self.heard(now, STOPPED)

    def heard(self, now: float, seconds: float) -> bool:
        """Has anything arrived in the last so many seconds?"""
        return self._heard_at is not None and now - self._heard_at < seconds

    def watch(self, watched: bool, now: float) -> None:
        """Note whether anybody waits for it or gets it; at first it counts as watched. Call a few times a second."""
        if watched or self._watched_since == -math.inf:
            self._watched_since = self._watched_since if self.wanted(now) else now
            self._watched_at = now

    def wanted(self, now: float) -> bool:
        """Shall its publisher send it?"""
        return now - self._watched_at < LINGER

    def missing(self, now: float) -> bool:
        """Has its publisher been asked for it for so long that he cannot or will not send it? Of a low picture browsers
        send two of three sizes, and none that his line does not bear."""
        return self.wanted(now) and now - self._watched_since > EXPECTED and not self.heard(now, EXPECTED)

    def appear(self, packet: bytes, now: float) -> None:
        """Its first packet is here."""
        self._heard_at = now
        self.height = height_of(packet) or self.height

    def measure(self, stats: SourceStats, now: float) -> None:
        """Call a few times a second."""
        self.level = stats.level if self.levelled else 0
        if self._last is None:
            self._last = now, stats
            self._seen = stats.packets
            return
        if stats.packets != self._seen:
            self._seen, self._heard_at = stats.packets, now
        then, former = self._last
        if now - then < 1:
            return
        self._last = now, stats
        packets = stats.packets - former.packets
        if not packets or now - then > 2 or (not self.picture and packets > FASTEST * (now - then)):
            return
        total = budget.wire(stats.octets - former.octets, packets, now - then)
        layers = [after - before for after, before in zip(stats.temporal, former.temporal, strict=True)]
        while layers and not layers[-1]:
            layers.pop()
        newest = [int(total * part / sum(layers)) for part in accumulate(layers)] or [total]
        former_rates = self.rates if len(self.rates) == len(newest) else newest
        pairs = zip(former_rates, newest, strict=True)
        self.rates = tuple(int(before + SMOOTHING * (after - before)) for before, after in pairs)

    def want_key(self) -> None:
        """Somebody cannot decode without a key frame. Remembered until it can be asked for."""
        if self.picture:
            self._wishes.add(self)

    def key_came(self) -> None:
        """What was wanted is here."""
        self._wishes.discard(self)

    def key_due(self, now: float, pause: float) -> bool:
        """Shall a PLI go out? One is wanted, and the last one is longer ago than `pause`, in which an answer comes."""
        if self not in self._wishes or self.ssrc is None:
            return False
        if self._key_asked is not None and now - self._key_asked < pause:
            return False
        if not self._keys.take(now):
            return False
        self._wishes.discard(self)
        self._key_asked = now
        return True

    def block(self, stats: SourceStats, now: float) -> rtcp.Block:
        """The report block since the last one (RFC 3550 appendix A.3)."""
        expected = stats.highest - stats.base + 1
        lost = expected - stats.packets
        interval = expected - self._expected
        interval_lost = interval - (stats.packets - self._received)
        self._expected, self._received = expected, stats.packets
        fraction = min(255, 256 * interval_lost // interval) if interval > 0 and interval_lost > 0 else 0
        self.lost += LOST_SMOOTHING * (fraction / 256 - self.lost)
        lsr = dlsr = 0
        if self.report is not None:
            lsr = self.report.ntp >> 16 & 0xFFFFFFFF
            dlsr = int((now - self.report_at) * 65536) & 0xFFFFFFFF
        return rtcp.Block(stats.ssrc, fraction, lost, stats.highest, stats.jitter & 0xFFFFFFFF, lsr, dlsr)

    def note(self, report: rtcp.SenderReport, now: float) -> int:
        """Keep the publisher's sender report.

        What has to be added to this stream's timestamps (modulo 2**32) to have them in the publisher's wall clock,
        which all his encodings share.
        """
        self.report, self.report_at = report, now
        return (((report.ntp * self.clock_rate) >> 32) - report.timestamp) & 0xFFFFFFFF


def height_of(packet: bytes) -> int:
    """The picture's height in pixels if this is the first packet of a VP8 key frame (RFC 6386 section 9.1), else 0."""
    try:
        body = payload(packet, parse_header(packet))
    except RtpError:
        return 0
    start = body.find(
        b"\x9d\x01\x2a", 0, 16
    )  # the frame's start code, after at most 6 octets of descriptor and 3 of tag
    if start < 0 or len(body) < start + 7:
        return 0
    return int(struct.unpack_from("<H", body, start + 5)[0]) & 0x3FFF
