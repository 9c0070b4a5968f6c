"""Probing: padding that tries whether a line carries more, in doses that its audio does not feel.

A probe sends for a fifth of a second at a rate over the estimate, by padding on top of the media, and compares how
fast the packets arrived with how fast they left (draft-ietf-rmcat-gcc-02 has none; the idea of a cluster is
libwebrtc's, modules/congestion_controller/goog_cc/probe_bitrate_estimator.cc). Were the estimate all that the line
carries, the excess would stand in its queue: THIN lines get a quarter more (50 ms of queue at worst), wide ones half
more (100 ms).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

THIN = 500_000  # bits/s
GENTLE, BOLD = 1.25, 1.5
LENGTH = 0.2  # seconds of one probe
LEAST = 0.1  # seconds that can be judged
PATIENCE = 0.8  # seconds after a probe until which its feedback may come, beside the round trip
PAUSE = 0.3  # seconds after a good one
BACKOFF, LONGEST = 4.0, 20.0  # seconds after one that failed; doubles
KEPT = 0.85  # of the rate of sending must arrive
NEAR = 0.9
NO_QUEUE = 0.015  # seconds of it with which losses are not those of a full line
SAFE = 0.9  # of the rate at which a full line delivers
MIN_PACKETS = 5
FIRST = 0.05  # seconds whose padding goes out when a probe begins
MAX_TICK = 0.1  # seconds; after a longer pause no padding makes up for it
TAIL = 200  # octets in one tick after a probe where nothing else is sent: feedback on them tells that it is over
MAX_PAD = 64_000  # octets in one tick


Sent = tuple[int, int, int]  # sequence, microseconds, octets


class Found(NamedTuple):
    """What a probe has found: the line carries `rate`, and no more than that if it is `full`."""

    rate: float
    full: bool


class Prober:
    """At most one probe at a time. `overhead`: octets that a packet weighs beside its datagram's own."""

    def __init__(self, overhead: int) -> None:
        self._overhead = overhead
        self.rate = 0.0  # of the probe under way, bits/s
        self._begun = self._until = self._ticked = 0.0
        self._due = 0.0  # octets
        self._next = 0.0
        self._backoff = BACKOFF
        self._full = 0.0  # bits/s at which the line was found full, 0 while it was not
        self._sent = 0  # octets, of the probe
        self._shadowed = 0  # packets lost in a row of losses since the probe began
        self._seen: list[tuple[int, int, int]] = []  # (sent, arrived, octets) of what was sent during the probe

    def padding(self, now: float, rate: float, goal: float, most: float, sent: int) -> int:
        """Octets to send now. `rate`: the estimate; `goal`: what is wanted; `most`: what must not be exceeded; `sent`:
        octets since the last call."""
        passed, self._ticked = min(MAX_TICK, now - self._ticked), now
        if self._until and now >= self._until + PATIENCE:
            self.fail(now)  # no feedback has told how it went
        if not self._until:
            if now < self._next or min(goal, most) <= rate:
                return 0
            factor = GENTLE if rate < THIN else BOLD
            # Near where the line was found full no more is tried than is wanted; elsewhere few steps shall do.
            near = NEAR * self._full < rate < self._full / NEAR
            self.rate = min(goal, factor * rate) if near else factor * rate
            self.rate = min(self.rate, most)
            self._begun, self._until = now, now + LENGTH
            self._seen, self._sent, self._shadowed = [], 0, 0
            self._due, passed = 0.0, min(passed, FIRST)
        elif now >= self._until:
            return 0 if sent else TAIL
        else:
            self._due -= sent
        # What one tick could not send the next one makes up for.
        self._due += self.rate * passed / 8
        return min(MAX_PAD, max(0, int(self._due)))

    def take(
        self, block: Sequence[Sent], packets: Sequence[tuple[Sent, int]], own: float, shadowed: int, now: float
    ) -> Found | None:  # fmt: skip
        """What feedback says. Once the probe is over: what it has found.

        `block`: the packets reported on; `packets`: those that arrived, and when; `own`: the share that this line may
        lose however little is sent; `shadowed`: packets that were lost in a row of losses.
        """
        self._shadowed += shadowed
        begun, until = self._begun * 1e6, self._until * 1e6
        sizes = [octets for _, sent, octets in block if begun <= sent < until]
        self._sent += sum(sizes) + self._overhead * len(sizes)
        self._seen += [(sent, at, octets) for (_, sent, octets), at in packets if begun <= sent < until]
        if now < self._until or (block[-1][1] < until and now < self._until + PATIENCE / 2):
            return None
        return self._conclude(own, now)

    def stop(self, now: float) -> None:
        """The queue grows: no more padding; what was sent is still worth judging."""
        self._until = min(self._until, max(now, self._begun + LEAST))

    def fail(self, now: float) -> None:
        """Nothing came of it: no more for a time."""
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
        self._full = 0.0
        self._next = now

    @property
    def active(self) -> bool:
        return self._until > 0

    def _conclude(self, own: float, now: float) -> Found | None:
        seen = self._seen
        if len(seen) < MIN_PACKETS:
            self.rest(now, PAUSE)
            return None
        # What the last packet came later than the first, beyond what it left later, is the queue that has grown.
        grown = max(at for _, at, _ in seen) - seen[0][1] - (seen[-1][0] - seen[0][0])
        length = 1e6 * (self._until - self._begun)
        arrived = sum(octets for _, _, octets in seen) + self._overhead * len(seen)
        went = 8e6 * self._sent / length
        came = 8e6 * min(self._sent, arrived / (1 - own)) / (length + max(0, grown))
        if came < KEPT * went and self._shadowed and grown < 1e6 * NO_QUEUE:
            self.rest(now, BACKOFF)  # the shadow fell on it
            return None
        if came < KEPT * went:
            self.fail(now)
            self._full = came
            return Found(SAFE * came, True)
        self.rest(now, PAUSE)
        self._backoff = BACKOFF
        return Found(min(came, self.rate), False)
