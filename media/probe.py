"""Probing: padding that tries whether a line carries more, in doses that its audio does not feel.

A probe sends for a fifth of a second at a rate over the estimate, by padding on top of the media, and compares how
fast the packets arrived with how fast they left (draft-ietf-rmcat-gcc-02 has none; the idea of a cluster is
libwebrtc's, modules/congestion_controller/goog_cc/probe_bitrate_estimator.cc). Were the estimate all that the line
carries, the excess would stand in its queue: THIN lines get a quarter more (50 ms of queue at worst), wide ones half
more (100 ms).
"""

from __future__ import annotations

from collections.abc import Sequence

THIN = 500_000  # bits/s
GENTLE, BOLD = 1.25, 1.5
LENGTH = 0.2  # seconds of one probe
PATIENCE = 0.8  # seconds after a probe until which its feedback may come, beside the round trip
PAUSE = 0.3  # seconds after a good one
BACKOFF, LONGEST = 4.0, 64.0  # seconds after one that failed; doubles
KEPT = 0.85  # of the rate of sending must arrive
MIN_PACKETS = 5
MAX_TICK = 0.1  # seconds; after a longer pause no padding makes up for it
MAX_PAD = 64_000  # octets in one tick


class Prober:
    """At most one probe at a time."""

    def __init__(self) -> None:
        self.rate = 0.0  # of the probe under way, bits/s
        self._begun = self._until = self._ticked = 0.0
        self._next = 0.0
        self._backoff = BACKOFF
        self._seen: list[tuple[int, int, int]] = []  # (sent, arrived, octets) of what was sent during the probe

    def padding(self, now: float, rate: float, goal: float, sent: int) -> int:
        """Octets to send now. `rate`: the estimate; `goal`: what shall be tried; `sent`: octets since the last call."""
        passed, self._ticked = min(MAX_TICK, now - self._ticked), now
        if self._until and now >= self._until + PATIENCE:
            self.fail(now)  # no feedback has told how it went
        if not self._until:
            if now < self._next or goal <= rate:
                return 0
            factor = GENTLE if rate < THIN else BOLD
            self.rate = min(goal, factor * rate)
            self._begun, self._until = now, now + LENGTH
            self._seen = []
            sent = 0
        elif now >= self._until:
            return 0
        return min(MAX_PAD, max(0, int(self.rate * passed / 8) - sent))

    def take(self, packets: Sequence[tuple[tuple[int, int, int], int]], overhead: int, now: float) -> float | None:
        """What feedback says, as for Trendline.feed. The rate that has been proven, once the probe is over."""
        if not self._until:
            return None
        begun, until = self._begun * 1e6, self._until * 1e6
        self._seen += [(sent, at, size + overhead) for (_, sent, size), at in packets if begun <= sent <= until]
        if now < self._until or (packets and packets[-1][0][1] < until and now < self._until + PATIENCE / 2):
            return None
        return self._conclude(now)

    def fail(self, now: float) -> None:
        """The line is full: no more for a time."""
        self._until = 0.0
        self._seen = []
        self._next = now + self._backoff
        self._backoff = min(LONGEST, 2 * self._backoff)

    def rest(self, now: float, seconds: float) -> None:
        """Nothing is tried for so long, and what is under way means nothing; but it is no failure either."""
        self._until = 0.0
        self._seen = []
        self._next = max(self._next, now + seconds)

    def encourage(self, now: float) -> None:
        """The line is new, or back: old failures mean nothing."""
        self._backoff = BACKOFF
        self._next = now

    @property
    def active(self) -> bool:
        return self._until > 0

    def _conclude(self, now: float) -> float | None:
        seen = self._seen
        if len(seen) < MIN_PACKETS:
            self.rest(now, PAUSE)
            return None
        first, last = seen[0], seen[-1]
        arrived = max(at for _, at, _ in seen) - first[1]
        bits = 8e6 * (sum(octets for _, _, octets in seen) - first[2])
        went = bits / max(1, last[0] - first[0])
        came = bits / max(1, arrived)
        if came < KEPT * went:
            self.fail(now)
            return None
        self._until = 0.0
        self._seen = []
        self._backoff = BACKOFF
        self._next = now + PAUSE
        return min(went, came, self.rate)
