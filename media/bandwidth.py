"""How much a line carries: transport-cc feedback to publishers, and an estimate for each subscriber from his feedback.

Sources: draft-holmer-rmcat-transport-wide-cc-extensions-01 (feedback), draft-ietf-rmcat-gcc-02 and Carlucci et al. 2017
(estimate; media/delay.py and media/loss.py say what is from where), draft-alvestrand-rmcat-remb-03 (fallback).
Rates are bits a second on the wire, IP and UDP headers included, since that is what a line of 64 kbit/s counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import accumulate, compress, islice
from operator import itemgetter

from media import rtcp
from media.delay import BETA, NORMAL, OVERUSE, Aimd, Trendline
from media.loss import LossControl
from media.probe import Prober, Sent
from media.rtcp import Block, TransportFeedback

OVERHEAD = 28  # octets of IPv4 and UDP headers in front of each datagram
MAX_GAP = 1000
"""Missing packets in a row that are reported as lost; more are a line that was cut, which tells nothing of its
width."""
MAX_RECEIVED = 400  # in one feedback packet, so that it fits a datagram
KEPT = 256  # arrivals remembered, so that what a late packet changes is reported whole


class FeedbackWriter:
    """Feedback for one publisher's transport. `sender`: the SSRC under which we report."""

    def __init__(self, sender: int) -> None:
        self._sender = sender
        self._number = 0
        self._next: int | None = None  # unwrapped number after the last one reported
        self._arrived: dict[int, int] = {}  # unwrapped -> ticks of 250 us

    def write(self, media: int, arrivals: Sequence[tuple[int, int]]) -> list[bytes]:
        """RTCP packets that report these (16-bit transport-wide sequence, microseconds), the fewest that hold them.

        `media` must be an SSRC that the publisher sends: Chromium discards feedback that names another. Packets
        between the last report and this one that are not in `arrivals` are reported as not received; what comes
        later is reported then.
        """
        if not arrivals:
            return []
        highest = self._next - 1 if self._next is not None else arrivals[0][0] + 0x10000
        lowest = None
        known = self._arrived
        for sequence, at in arrivals:
            place = highest + ((sequence - highest + 0x8000 & 0xFFFF) - 0x8000)
            if place not in known and place > highest - KEPT:
                known[place] = at // rtcp.TICK
                lowest = place if lowest is None or place < lowest else lowest
                highest = place if place > highest else highest
        if lowest is None:
            return []
        begin = lowest if self._next is None or lowest < self._next else self._next
        self._next = highest + 1
        places = sorted(place for place in known if place >= lowest)
        written = [self._packet(media, first, part) for first, part in _parts(begin, places, known)]
        for place in [place for place in known if place <= highest - KEPT]:
            del known[place]
        return written

    def _packet(self, media: int, first: int, places: Sequence[int]) -> bytes:
        ticks = [self._arrived[place] for place in places]
        reference = ticks[0] // rtcp.TICKS
        statuses, deltas = bytearray(), []
        expected, before = first, reference * rtcp.TICKS
        for place, at in zip(places, ticks, strict=True):
            delta = at - before
            statuses += bytes(place - expected)
            statuses.append(rtcp.SMALL if 0 <= delta <= 0xFF else rtcp.LARGE)
            deltas.append(delta)
            expected, before = place + 1, at
        number, self._number = self._number, self._number + 1 & 0xFF
        feedback = TransportFeedback(
            media, first & 0xFFFF, number, reference & 0xFFFFFF, bytes(statuses), tuple(deltas)
        )
        return rtcp.transport_feedback(self._sender, feedback)


def _parts(begin: int, places: Sequence[int], ticks: dict[int, int]) -> list[tuple[int, list[int]]]:
    """(first number spoken of, numbers received) of each feedback packet."""
    parts: list[tuple[int, list[int]]] = []
    expected = begin
    for place in places:
        part = parts[-1][1] if parts else []
        gap = place - expected
        if (
            not part
            or gap > MAX_GAP
            or len(part) >= MAX_RECEIVED
            or place - parts[-1][0] >= rtcp.MAX_STATUSES
            or not -0x8000 <= ticks[place] - ticks[part[-1]] < 0x8000
        ):
            parts.append((expected if gap <= MAX_GAP else place, [place]))
        else:
            part.append(place)
        expected = place + 1
    return parts


START = 300_000
FLOOR = 64_000
"""An estimate never falls below one audio stream: a line that does not carry it carries no meeting."""
CEILING = 20_000_000
THROUGHPUT_WINDOW = 500_000  # microseconds
SILENT = 1.5
"""Seconds without feedback on what was sent that mean a cut line."""
IDLE = 3.0  # seconds in which nothing was sent, after which what was lost before does not count
FRESH = 5.0  # seconds for which transport-cc feedback rules REMB and receiver reports out
BACK = 0.8  # of the former estimate, once a cut line is back
REAL = 0.015  # seconds of waiting below which a growing delay is jitter, not a queue
GRACE = 0.3  # seconds in which the queue of a probe that found the line full empties
QUEUE = 0.1  # seconds of waiting with which loss is no chance
PROBED = 25  # packets that a probe has, about
BASE = 60.0  # seconds
MAX_LOG = 4096  # packets sent without feedback yet that are remembered
MAX_BLOCKS = 64  # SSRCs whose receiver reports are followed
SPARE = 10_000

_octets = itemgetter(2)


class Estimator:
    """What one subscriber's line carries. Give it `sent` before `feedback` and before `probe`, in each tick.

    `now` is in seconds by the clock whose microseconds the packets bear. `rate` is the estimate in bits/s; it never
    exceeds `line`, the declared limit, nor falls below FLOOR while the line allows that. `start`: the first estimate,
    from an earlier connection of the same subscriber if there was one.
    """

    def __init__(self, now: float, *, start: int = START, line: int | None = None) -> None:
        self.round_trip = 0.2  # seconds, smoothed
        self.throughput: float | None = None  # bits/s that arrived of late
        self.queue = 0.0  # seconds that the last packet waited in the line
        self._line = line
        self._aimd = Aimd(float(self._bounded(start)))
        self._trend = Trendline()
        self._loss = LossControl()
        self._prober = Prober(OVERHEAD)
        self._prober.rest(now, 1.0)  # the first packets find the line's delay
        self._log: list[Sent] = []
        self._window: deque[tuple[int, int]] = deque()  # (arrival of the last packet, octets) of each feedback
        self._reference: int | None = None  # of the last feedback, unwrapped
        self._heard: float | None = None
        self._decreased = self._grace = 0.0
        self._bases = (1 << 62, 1 << 62)  # least delay of the minute before, and of this one: microseconds, any zero
        self._base_since = now
        self._silent: float | None = None  # the estimate before the silence
        self._since_probe = 0
        self._blocks: dict[int, tuple[int, int]] = {}
        self._remb: int | None = None

    @property
    def rate(self) -> int:
        rate = self._aimd.rate
        if self._silent is not None:
            rate = min(rate, self._silent / 2)
        return self._bounded(rate)

    @property
    def line(self) -> int | None:
        return self._line

    @line.setter
    def line(self, bits_per_second: int | None) -> None:
        """Declared by the site; None: as much as there is."""
        self._line = bits_per_second
        self._aimd.rate = float(self._bounded(self._aimd.rate))

    def _bounded(self, rate: float) -> int:
        return int(min(max(rate, FLOOR), CEILING if self._line is None else min(self._line, CEILING)))

    # What was sent.

    def sent(self, packets: Sequence[Sent]) -> None:
        """(16-bit transport-wide sequence, microseconds, octets of the datagram), from Forwarder.sent(), in order."""
        if not packets:
            return
        log = self._log
        if log and packets[0][0] != log[-1][0] + 1 & 0xFFFF:
            log.clear()  # a hole in what we know: feedback on what was before it comes too late
        log.extend(packets)
        if len(log) > MAX_LOG:
            del log[:-MAX_LOG]
        self._since_probe += sum(map(_octets, packets)) + OVERHEAD * len(packets)

    # What came back.

    def feedback(self, report: TransportFeedback, now: float) -> None:
        """transport-cc feedback, as read; what it says of packets that nobody knows of is ignored."""
        block, statuses, arrivals = self._match(report)
        if not block:
            return
        received = list(compress(block, statuses))
        packets = list(zip(received, arrivals, strict=False))
        back = self._back(received, now)
        self._heard = now
        if not packets:
            self._lose(len(block), len(block), 0.0, now)
            return
        sample = now - received[-1][1] / 1e6
        if 0 <= sample < 10:
            self.round_trip += 0.2 * (sample - self.round_trip)
        if back:
            self._return(now)
        octets = sum(map(_octets, received)) + OVERHEAD * len(received)
        self._measure(packets[-1][1], octets)
        self._trend.feed(packets)
        self._note_delay(packets[-1], now)
        if not back and not self._prober.active and block[0][1] / 1e6 >= self._decreased:
            share = len(received) / len(block)
            self._lose(len(block), len(block) - len(received), (self.throughput or 0.0) / share, now)
        self._adjust(block, packets, now)

    def _note_delay(self, packet: tuple[Sent, int], now: float) -> None:
        """How long the last packet waited: its delay over the least of the last minute or two."""
        delay = packet[1] - packet[0][1]
        if now - self._base_since > BASE:
            self._bases, self._base_since = (self._bases[1], delay), now
        self._bases = self._bases[0], min(self._bases[1], delay)
        self.queue = (delay - min(self._bases)) / 1e6

    def _lose(self, total: int, lost: int, sent: float, now: float) -> None:
        queueing = self._trend.state == OVERUSE or self.queue > QUEUE
        self._aimd.rate = float(self._bounded(self._loss.update(total, lost, self._aimd.rate, sent, queueing, now)))

    def _match(self, report: TransportFeedback) -> tuple[list[Sent], bytes, list[int]]:
        """The packets of the log that are reported on for the first time, their statuses, and when those that did
        arrive arrived, in microseconds. What lies before them leaves the log: nothing will be reported on it."""
        log = self._log
        reference = report.reference
        if self._reference is not None:
            reference = self._reference + ((reference - self._reference + 0x800000 & 0xFFFFFF) - 0x800000)
        arrivals = [tick * rtcp.TICK for tick in accumulate(report.deltas, initial=reference * rtcp.TICKS)]
        statuses, skip = report.statuses, 0
        offset = report.base - log[0][0] & 0xFFFF if log else 0
        if offset >= 0x8000:
            skip = 0x10000 - offset
            offset = 0
            del arrivals[: skip - statuses[:skip].count(rtcp.MISSING)]
            statuses = statuses[skip:]
        block = log[offset : offset + len(statuses)]
        if not block or block[-1][0] != report.base + skip + len(block) - 1 & 0xFFFF:
            return [], b"", []
        self._reference = reference
        del log[: offset + len(block)]
        return block, statuses, arrivals[1:]

    def _measure(self, arrived: int, octets: int) -> None:
        """Throughput over half a second; the oldest entry only says when the time began."""
        window = self._window
        if window and (arrived < window[-1][0] or arrived - window[-1][0] > 2 * THROUGHPUT_WINDOW):
            window.clear()
        window.append((arrived, octets))
        while len(window) > 3 and arrived - window[1][0] >= THROUGHPUT_WINDOW:
            window.popleft()
        passed = arrived - window[0][0]
        if passed >= THROUGHPUT_WINDOW // 2:
            self.throughput = 8e6 * sum(octets for _, octets in islice(window, 1, None)) / passed

    def _adjust(self, block: list[Sent], packets: list[tuple[Sent, int]], now: float) -> None:
        aimd, prober, state = self._aimd, self._prober, self._trend.state
        if state == OVERUSE:
            self._trend.state = NORMAL  # once is enough; it will say so again
            if self.queue < REAL or now < self._grace:
                state = NORMAL
        found = None
        if prober.active:
            found = prober.take(block, packets, self._loss.by_chance(PROBED), now)
        if found is not None:
            if found.full:
                aimd.meet(max(found.rate, BETA * (self.throughput or 0.0)))
                self._grace = now + GRACE
            elif state == NORMAL:
                aimd.rate = max(aimd.rate, found.rate)
                self._loss.prove(found.rate)
        elif state == OVERUSE and prober.active:
            prober.stop(now)  # of its own making: its end will tell how wide the line is
        else:
            # What the line lost by itself did get through its bottleneck, or would have.
            carried = self.throughput / (1 - self._loss.inherent) if self.throughput is not None else None
            aimd.update(state, carried, self.round_trip, now)
            if state != NORMAL:
                prober.rest(now, 2.0)
            if state == OVERUSE:
                self._decreased = now  # what is lost of what was sent before has had its answer
        aimd.rate = float(self._bounded(aimd.rate))

    # A line that is cut.

    def tick(self, now: float) -> None:
        """Call about every 50 ms."""
        if self._silent is None and self._heard is not None and self._log and now - self._log[0][1] / 1e6 > SILENT:
            self._silent = float(self.rate)

    def _back(self, received: list[Sent], now: float) -> bool:
        """Is the line back? Not with packets that stood in a queue all the time."""
        if self._silent is None and self._heard is not None:
            self.tick(now)
        return self._silent is not None and bool(received) and now - received[-1][1] / 1e6 < SILENT / 2

    def _return(self, now: float) -> None:
        former = self._silent or 0.0
        self._silent = None
        self._aimd.rate = float(self._bounded(BACK * former))
        self._trend.restart()
        self._bases = 1 << 62, 1 << 62  # it may have come back another way
        self._window.clear()
        self._loss.restart(now)
        self._prober.encourage(now)

    # Where no transport-cc is agreed.

    def remb(self, bits_per_second: int, now: float) -> None:
        """The receiver's own estimate; used while there is no transport-cc feedback."""
        if self._follows_reports(now):
            self._remb = bits_per_second
            self._aimd.rate = float(self._bounded(bits_per_second))

    def reports(self, blocks: Sequence[Block], sent: int, now: float) -> None:
        """Reception report blocks of one compound, while there is no transport-cc feedback; `sent`: bits/s sent of
        late.

        Without REMB the loss alone decides, and nothing grows beyond 1.5 times what was sent.
        """
        if not self._follows_reports(now):
            return
        total = lost = 0
        for block in blocks:
            former = self._blocks.get(block.ssrc)
            if former is None and len(self._blocks) >= MAX_BLOCKS:
                continue
            self._blocks[block.ssrc] = block.highest, block.lost
            expected = block.highest - former[0] if former is not None else 0
            if former is not None and 0 < expected < 0x8000:
                total += expected
                lost += min(max(0, block.lost - former[1]), expected)
        if total:
            self._lose(total, lost, float(sent), now)
        if self._remb is None and self._loss.limit is None:
            grown = min(self._aimd.rate * 1.08, 1.5 * sent + SPARE)
            self._aimd.rate = float(self._bounded(max(self._aimd.rate, grown)))

    def _follows_reports(self, now: float) -> bool:
        return self._heard is None or now - self._heard > FRESH

    # Trying for more.

    def probe(self, now: float, wanted: int) -> int:
        """Octets of padding to send in this tick, 0 if none. `wanted`: bits/s that the budget would use next, all in
        all."""
        sent, self._since_probe = self._since_probe, 0
        if self._heard is None or self._silent is not None:
            return 0
        if self._loss.binding(self._aimd.rate):
            if self._log or now - self._heard < IDLE:
                return 0
            self._loss.forget(now)
        most = CEILING if self._line is None else min(self._line, CEILING)
        return self._prober.padding(now, self._aimd.rate, wanted, most, sent)
