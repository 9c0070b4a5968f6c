"""Delay-based congestion control: does the queue on the way to a subscriber grow, and what rate follows from that.

Google Congestion Control as published: draft-ietf-rmcat-gcc-02 (sections 5.1 to 5.5) and G. Carlucci, L. De Cicco,
S. Holmer, S. Mascolo, "Congestion Control for Web Real-Time Communication", IEEE/ACM Transactions on Networking 25
(2017). In place of the draft's Kalman filter stands the trendline filter by which libwebrtc replaced it
(modules/congestion_controller/goog_cc/trendline_estimator.cc; the constants are from there and from
aimd_rate_control.cc and link_capacity_estimator.cc beside it).

Times of packets are microseconds, of which only differences count; `now` is in seconds; rates are bits a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from operator import mul

NORMAL, OVERUSE, UNDERUSE = "normal", "overuse", "underuse"

GROUP = 5000  # microseconds; packets sent within this time of the first belong together (draft section 5.2)
BURST = 100_000  # microseconds that a group may last when its packets arrive closer together than they were sent
WINDOW = 20  # groups in the line fit
SMOOTHING = 0.9
GAIN = 4.0
MAX_DELTAS = 60
OVERUSE_TIME = 10.0  # ms
THRESHOLD, LOWEST, HIGHEST = 12.5, 6.0, 600.0  # ms (draft section 5.4: del_var_th)
K_UP, K_DOWN = 0.0087, 0.039
SPIKE = 15.0  # ms beyond the threshold that do not move it


class Trendline:
    """`feed` it what arrived; `state` says whether the queue grows (OVERUSE), empties (UNDERUSE) or neither."""

    def __init__(self) -> None:
        self.state = NORMAL
        self.threshold = THRESHOLD
        self.trend = 0.0
        self._over_time = -1.0
        self._over_count = 0
        self._adapted = 0  # microseconds
        self.restart()

    def restart(self) -> None:
        """Forget the packets, after a time that none of them can explain."""
        self._first = self._last = self._begun = self._done = -(1 << 62)  # of the group in the making
        self._former: tuple[int, int] | None = None  # (sent, arrived) of the group before it
        self._deltas = 0
        self._sum = self._smooth = 0.0
        self._xs: deque[float] = deque(maxlen=WINDOW)
        self._ys: deque[float] = deque(maxlen=WINDOW)

    def feed(self, packets: Iterable[tuple[tuple[int, int, int], int]]) -> None:
        """((sequence, sent, octets), arrived) in the order of sequence numbers, times in microseconds.

        libwebrtc fits the line anew with every group; here it is once for each feedback, which is when anything can be
        done about it."""
        first, last, begun, done = self._first, self._last, self._begun, self._done
        before, former = self._deltas, self._former
        for (_, sent, _), arrived in packets:
            if sent - first <= GROUP or (
                arrived - done <= GROUP and arrived - done < sent - last and arrived - begun < BURST
            ):
                last = sent
                if arrived > done:
                    done = arrived
            else:
                if first >= 0:
                    self._group(last, done)
                first, last, begun, done = sent, sent, arrived, arrived
        self._first, self._last, self._begun, self._done = first, last, begun, done
        groups = self._deltas - before
        if groups and former is not None and self._former is not None:
            trend, self.trend = self.trend, self._slope()
            self._judge((self._former[0] - former[0]) / 1000, groups, trend)
            self._adapt(self._former[1])

    def _group(self, sent: int, arrived: int) -> None:
        if self._former is not None:
            delta = (arrived - self._former[1]) / 1000
            if delta < 0:
                return  # overtaken on the way: says nothing of a queue
            self._deltas += 1
            self._sum += delta - (sent - self._former[0]) / 1000
            self._smooth += (1 - SMOOTHING) * (self._sum - self._smooth)
            self._xs.append(arrived / 1000)
            self._ys.append(self._smooth)
        self._former = sent, arrived

    def _slope(self) -> float:
        """Least squares over the window; what it was while the window fills."""
        if len(self._xs) < WINDOW:
            return self.trend
        origin = self._xs[0]
        xs = [x - origin for x in self._xs]
        mean = sum(xs) / WINDOW
        spread: float = sum(map(mul, xs, xs)) - WINDOW * mean * mean
        if spread <= 0:
            return self.trend
        slope: float = (sum(map(mul, xs, self._ys)) - mean * sum(self._ys)) / spread
        return slope

    def _judge(self, passed: float, groups: int, former: float) -> None:
        """Draft section 5.4 with the trendline's counters: over the threshold for a time, and not falling."""
        value = self._value()
        if value > self.threshold:
            self._over_time = passed / 2 if self._over_time < 0 else self._over_time + passed
            self._over_count += groups
            if self._over_time > OVERUSE_TIME and self._over_count > 1 and self.trend >= former:
                self._over_time, self._over_count = 0.0, 0
                self.state = OVERUSE
            return
        self._over_time, self._over_count = -1.0, 0
        self.state = UNDERUSE if value < -self.threshold else NORMAL

    def _value(self) -> float:
        return min(self._deltas, MAX_DELTAS) * self.trend * GAIN

    def _adapt(self, arrived: int) -> None:
        """The threshold follows, so that loss-based flows on the same line do not starve this one."""
        value = abs(self._value())
        passed = min(100.0, (arrived - self._adapted) / 1000) if self._adapted else 0.0
        self._adapted = arrived
        if value <= self.threshold + SPIKE:
            k = K_DOWN if value < self.threshold else K_UP
            self.threshold = min(HIGHEST, max(LOWEST, self.threshold + k * (value - self.threshold) * passed))


BETA = 0.85
MULTIPLY = 1.08  # a second
UNTESTED, SPARE = 1.05, 5_000
"""So many times the throughput and bits/s more the estimate may grow to. The draft has 1.5 times; but a step that the
line has not shown to carry would have to be taken back, and who watches would see it. Probing shows."""
LEAST = 4000.0  # bits/s, smallest additive increase a second
PACKET = 1200 * 8  # bits


class Aimd:
    """Draft section 5.5: multiplicative increase far from the line's capacity, additive near it, decrease on
    overuse."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._increasing = True
        self._at: float | None = None
        self._capacity: float | None = None  # kbit/s, where overuse was met
        self._variance = 0.4

    def update(self, state: str, throughput: float | None, round_trip: float, now: float) -> None:
        """`throughput`: what the receiver acknowledged of late, None while unknown."""
        passed = min(1.0, now - self._at) if self._at is not None else 0.0
        self._at = now
        if state == OVERUSE:
            if throughput is not None:
                self._decrease(throughput)
            self._increasing = False
        elif state == UNDERUSE:
            self._increasing = False  # the queue empties: wait until it has
        elif not self._increasing:
            self._increasing = True
        elif throughput is not None:
            self._increase(throughput, round_trip, passed)

    def _increase(self, throughput: float, round_trip: float, passed: float) -> None:
        if self._capacity is not None and throughput / 1000 > self._capacity + 3 * self._deviation():
            self._capacity = None  # the line has become wider
        if self._capacity is not None:
            frame = self.rate / 30
            packets = max(1.0, frame / PACKET)
            grown = self.rate + max(LEAST, frame / packets / (round_trip + 0.1)) * passed
        else:
            grown = self.rate * MULTIPLY**passed + 1000 * passed
        self.rate = max(self.rate, min(grown, UNTESTED * throughput + SPARE))

    def meet(self, rate: float) -> None:
        """The line is known to carry this, and not much more."""
        self.rate = rate
        self._capacity = rate / 1000
        self._increasing = False

    def _decrease(self, throughput: float) -> None:
        known = throughput / 1000
        if self._capacity is not None and known < self._capacity - 3 * self._deviation():
            self._capacity = None
        if self._capacity is None:
            self._capacity = known
        else:
            error = self._capacity - known
            self._capacity += 0.05 * (known - self._capacity)
            norm = max(self._capacity, 1.0)
            self._variance = min(2.5, max(0.4, 0.95 * self._variance + 0.05 * error * error / norm))
        self.rate = min(self.rate, BETA * throughput)

    def _deviation(self) -> float:
        return float((self._variance * (self._capacity or 0.0)) ** 0.5)
