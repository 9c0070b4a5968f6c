"""How much a subscriber's line carries, estimated from his feedback.

Sources: draft-ietf-rmcat-gcc-02 and Carlucci et al. 2017 (media/delay.py and media/loss.py say what is from where),
draft-holmer-rmcat-transport-wide-cc-extensions-01 (feedback), draft-alvestrand-rmcat-remb-03 (fallback).
Rates are bits a second on the wire, IP and UDP headers included, since that is what a line of 64 kbit/s counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import accumulate, compress
from operator import itemgetter

from media import rtcp
from media.delay import BETA, NORMAL, OVERUSE, Aimd, Trendline
from media.loss import LossControl
from media.probe import Prober, Sent
from media.rtcp import Block, TransportFeedback

OVERHEAD = 28  # octets of IPv4 and UDP headers in front of each datagram


START = 300_000
FLOOR = 64_000
"""An estimate never falls below one audio stream: a line that does not carry it carries no meeting."""
CEILING = 20_000_000
THROUGHPUT_WINDOW = 500_000  # microseconds
SILENT = 1.5
"""Seconds without feedback on what was sent that mean a cut line; the estimate halves with each as many."""
GONE = 3.0  # seconds likewise after which nobody seems to be there
CALL, CALL_EVERY = 60, 0.25
"""Octets of padding, and seconds, with which somebody who has gone is called where nothing else is sent to him."""
IDLE = 3.0  # seconds in which nothing was sent, after which what was lost before does not count
FRESH = 5.0  # seconds for which transport-cc feedback rules REMB and receiver reports out
BACK = 0.8  # of the former estimate, once a cut line is back
REAL = 0.015  # seconds of waiting below which a growing delay is jitter, not a queue
GRACE = 0.3  # seconds in which the queue of a probe empties
QUEUE = 0.1  # seconds of waiting with which loss is no chance
PROBED = 25  # packets that a probe has, about
BASE = 60.0  # seconds
TOGETHER, PATIENCE = 0.09, 0.4
"""Seconds whose feedback is judged together: where anything waits, is lost or tried, and on a line at ease. Browsers
send it every 50 ms, and most of what judging costs does not depend on the number of packets."""
ROW = 2  # losses in a row that count where no queue stands: a shadow on a radio line says nothing of its width
MAX_LOG = 4096  # packets sent without feedback yet that are remembered
MAX_BLOCKS = 64  # SSRCs whose receiver reports are followed
SPARE = 10_000

_sent, _octets = itemgetter(0), itemgetter(2)


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
        self._loss = LossControl(FLOOR)
        self._prober = Prober(OVERHEAD)
        self._prober.rest(now, 1.0)  # the first packets find the line's delay
        self._log: list[Sent] = []
        self._reports: list[TransportFeedback] = []  # not judged yet
        self._reported = self._judged = -1.0
        self._window: deque[tuple[int, int]] = deque()  # (arrival of the last packet, octets) of each judgement
        self._in_window = 0  # octets, but those of the oldest
        self._lately = 0.0  # bits/s of the last two judgements
        self._reference: int | None = None  # of the last feedback, unwrapped
        self._heard: float | None = None
        self._decreased = self._grace = 0.0
        self._bases = (1 << 62, 1 << 62)  # least delay of the minute before, and of this one: microseconds, any zero
        self._base_since = now
        self._silent: float | None = None  # the estimate before the silence
        self._waited = 0.0  # seconds for feedback on what was sent first of what is still unanswered
        self._called = now
        self._row = 0  # losses, up to the last packet that was reported on
        self._since_probe = 0
        self._blocks: dict[int, tuple[int, int]] = {}
        self._remb: int | None = None

    @property
    def rate(self) -> int:
        rate = self._aimd.rate
        if self._silent is not None:
            rate = min(rate, self._silent * 0.5 ** (self._waited / SILENT))
        return self._bounded(rate)

    @property
    def probing(self) -> bool:
        """Does probe() have padding to send soon?"""
        return self._prober.active

    @property
    def loss(self) -> float:
        """The share of packets that the line has lost of late."""
        return self._loss.share

    @property
    def doubted(self) -> bool:
        """Is the estimate down only to find out whether the line is full?"""
        return self._loss.doubted

    @property
    def acquittals(self) -> int:
        """How often the estimate was cut for losses, and it was found that the line was not full."""
        return self._loss.acquittals

    @property
    def silent(self) -> bool:
        """Has feedback failed to come for so long that the estimate goes down for it?"""
        return self._silent is not None

    @property
    def gone(self) -> bool:
        """Is nobody there, by all that is heard?"""
        return self._silent is not None and self._waited > GONE

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

    def looks(self, now: float) -> bool:
        """Is feedback that comes now looked at? Else it waits for the next, and so may `sent`."""
        return now - self._judged >= TOGETHER

    def feedback(self, report: TransportFeedback, now: float) -> bool:
        """transport-cc feedback, as read; what it says of packets that nobody knows of is ignored. Whether the estimate
        may be another now."""
        self._reports.append(report)
        self._reported = now
        passed = now - self._judged
        if passed < TOGETHER or (passed < PATIENCE and self._at_ease(report)):
            return False
        self._judge(now)
        return True

    def _at_ease(self, report: TransportFeedback) -> bool:
        """Can this report wait? Its last packet did not, none is missing, and nothing is being tried."""
        if self._prober.active or self._silent is not None or self._loss.limit is not None:
            return False
        if self._trend.state != NORMAL or self.queue >= REAL or self._reference is None or not self._log:
            return False
        if rtcp.MISSING in report.statuses:
            return False
        last = report.base + len(report.statuses) - 1 - self._log[0][0] & 0xFFFF
        if last >= len(self._log):
            return False
        arrival = rtcp.TICK * (rtcp.TICKS * self._unwrapped(report.reference) + sum(report.deltas))
        return arrival - self._log[last][1] - min(self._bases) < 1e6 * REAL

    def _judge(self, now: float) -> None:
        """`now` is when; the last report came at `_reported`."""
        block: list[Sent] = []
        packets: list[tuple[Sent, int]] = []
        for report in self._reports:
            known, arrived = self._match(report)
            block += known
            packets += arrived
        self._reports.clear()
        self._judged = now
        if not block:
            return
        back = self._back(packets, now)
        self._heard = self._reported
        shadowed = self._shadowed(block, packets)
        if not packets:
            self._lose(len(block), len(block), shadowed, 0.0, now)
            return
        last, arrival = packets[-1]
        sample = self._reported - last[1] / 1e6
        if 0 <= sample < 10:
            self.round_trip += 0.2 * (sample - self.round_trip)
        if back:
            self._return(now)
        self._measure(arrival, sum(map(_octets, map(_sent, packets))) + OVERHEAD * len(packets))
        self._trend.feed(packets)
        self._note_delay(arrival - last[1], now)
        if not back and not self._prober.active and block[0][1] / 1e6 >= self._decreased:
            sent = (self.throughput or 0.0) * len(block) / len(packets)
            self._lose(len(block), len(block) - len(packets), shadowed, sent, now)
        self._adjust(block, packets, shadowed, now)

    def _note_delay(self, delay: int, now: float) -> None:
        """How long the last packet waited: its delay in microseconds over the least of the last minute or two."""
        if now - self._base_since > BASE:
            self._bases, self._base_since = (self._bases[1], delay), now
        self._bases = self._bases[0], min(self._bases[1], delay)
        self.queue = (delay - min(self._bases)) / 1e6

    def _shadowed(self, block: Sequence[Sent], packets: Sequence[tuple[Sent, int]]) -> int:
        """How many were lost in a row of losses beyond the first few."""
        if len(block) == len(packets):
            self._row = 0
            return 0
        arrived = {sent[0] for sent, _ in packets}
        found = 0
        for sequence, _, _ in block:
            self._row = 0 if sequence in arrived else self._row + 1
            found += self._row > ROW
        return found

    def _lose(self, total: int, lost: int, shadowed: int, sent: float, now: float) -> None:
        queueing = self._trend.state == OVERUSE or self.queue > QUEUE
        if not queueing:
            total, lost = total - shadowed, lost - shadowed
        self._aimd.rate = float(self._bounded(self._loss.update(total, lost, self._aimd.rate, sent, queueing, now)))

    def _match(self, report: TransportFeedback) -> tuple[list[Sent], list[tuple[Sent, int]]]:
        """The packets of the log that are reported on for the first time, and those of them that arrived, with the time
        in microseconds. What lies before them leaves the log: nothing will be reported on it."""
        log, statuses = self._log, report.statuses
        if not log:
            return [], []
        reference = self._unwrapped(report.reference)
        times = map(rtcp.TICK.__mul__, accumulate(report.deltas, initial=reference * rtcp.TICKS))
        next(times)
        base, offset = report.base, report.base - log[0][0] & 0xFFFF
        if offset >= 0x8000:  # begins with what was reported on before
            old = 0x10000 - offset
            for _ in range(min(len(report.deltas), old - statuses[:old].count(rtcp.MISSING))):
                next(times)
            base, offset, statuses = base + old, 0, statuses[old:]
        block = log[offset : offset + len(statuses)]
        if not block or block[-1][0] != base + len(block) - 1 & 0xFFFF:
            return [], []
        self._reference = reference
        del log[: offset + len(block)]
        return block, list(zip(compress(block, statuses), times, strict=False))

    def _unwrapped(self, reference: int) -> int:
        """The reference time of a report, near that of the last one."""
        former = self._reference
        return reference if former is None else former + ((reference - former + 0x800000 & 0xFFFFFF) - 0x800000)

    def _measure(self, arrived: int, octets: int) -> None:
        """Throughput over half a second; the oldest entry only says when the time began."""
        window = self._window
        if window and (arrived < window[-1][0] or arrived - window[-1][0] > 2 * THROUGHPUT_WINDOW):
            self._restart_window()
        if window:
            self._in_window += octets
        window.append((arrived, octets))
        while len(window) > 3 and arrived - window[1][0] >= THROUGHPUT_WINDOW:
            window.popleft()
            self._in_window -= window[0][1]
        passed = arrived - window[0][0]
        if passed >= THROUGHPUT_WINDOW // 2:
            self.throughput = 8e6 * self._in_window / passed
        if len(window) >= 3 and arrived > window[-3][0]:
            self._lately = 8e6 * (window[-2][1] + octets) / (arrived - window[-3][0])

    def _restart_window(self) -> None:
        self._window.clear()
        self._in_window = 0

    def _adjust(self, block: list[Sent], packets: list[tuple[Sent, int]], shadowed: int, now: float) -> None:
        aimd, prober, state = self._aimd, self._prober, self._trend.state
        if state == OVERUSE:
            self._trend.state = NORMAL  # once is enough; it will say so again
            if self.queue < REAL or now < self._grace:
                state = NORMAL
        found = None
        if prober.active:
            found = prober.take(block, packets, self._loss.by_chance(PROBED), shadowed, now)
        if found is not None:
            self._grace = now + GRACE
            if found.full:
                aimd.meet(max(found.rate, BETA * (self.throughput or 0.0)))
            elif state == NORMAL:
                aimd.rate = max(aimd.rate, found.rate)
                self._loss.prove(found.rate)
        elif state == OVERUSE and prober.active:
            prober.stop(now)  # of its own making: its end will tell how wide the line is
        else:
            carried = self.throughput
            if carried is not None:
                if state == OVERUSE:
                    # While a queue stood the line delivered what it bears, however little was sent before.
                    carried = max(carried, self._lately)
                # What the line lost by itself did get through its bottleneck, or would have.
                carried /= 1 - self._loss.inherent
            aimd.update(state, carried, self.round_trip, now)
            if state != NORMAL:
                prober.rest(now, 2.0)
            if state == OVERUSE:
                self._decreased = now  # what is lost of what was sent before has had its answer
        aimd.rate = float(self._bounded(aimd.rate))

    # A line that is cut.

    def tick(self, now: float) -> None:
        """Call about every 50 ms."""
        if self._reports and now - self._reported >= PATIENCE:
            self._judge(now)
        self._waited = now - self._log[0][1] / 1e6 if self._log and self._heard is not None else 0.0
        if self._silent is None and self._waited > SILENT:
            self._silent = float(self.rate)

    def _back(self, packets: list[tuple[Sent, int]], now: float) -> bool:
        """Is the line back? Not with packets that stood in a queue all the time."""
        return self._silent is not None and bool(packets) and now - packets[-1][0][1] / 1e6 < SILENT / 2

    def _return(self, now: float) -> None:
        former = self._silent or 0.0
        self._silent = None
        self._aimd.rate = float(self._bounded(BACK * former))
        self._trend.restart()
        self._bases = 1 << 62, 1 << 62  # it may have come back another way
        self._restart_window()
        self._loss.restart(now)
        self._prober.encourage(now)

    # Where no transport-cc is agreed.

    def remb(self, bits_per_second: int, now: float) -> None:
        """The receiver's own estimate; used while there is no transport-cc feedback."""
        if self.follows_reports(now):
            self._remb = bits_per_second
            self._aimd.rate = float(self._bounded(bits_per_second))

    def reports(self, blocks: Sequence[Block], sent: int, now: float) -> None:
        """Reception report blocks of one compound, while there is no transport-cc feedback; `sent`: bits/s sent of
        late.

        Without REMB the loss alone decides, and nothing grows beyond 1.5 times what was sent.
        """
        if not self.follows_reports(now):
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
            self._lose(total, lost, 0, float(sent), now)
        if self._remb is None and self._loss.limit is None:
            grown = min(self._aimd.rate * 1.08, 1.5 * sent + SPARE)
            self._aimd.rate = float(self._bounded(max(self._aimd.rate, grown)))

    def follows_reports(self, now: float) -> bool:
        """Is there no transport-cc feedback?"""
        return self._heard is None or now - self._heard > FRESH

    # Trying for more.

    def probe(self, now: float, wanted: int) -> int:
        """Octets of padding to send in this tick, 0 if none. `wanted`: bits/s that the budget would use next, all in
        all."""
        sent, self._since_probe = self._since_probe, 0
        if sent:
            self._called = now
        if self.gone and now - self._called >= CALL_EVERY:
            self._called = now
            return CALL
        if self._heard is None or self._silent is not None:
            return 0
        if self._loss.binding(self._aimd.rate):
            if self._log or now - self._heard < IDLE:
                return 0
            self._loss.forget(now)
        most = CEILING if self._line is None else min(self._line, CEILING)
        return self._prober.padding(now, self._aimd.rate, wanted, most, sent)
