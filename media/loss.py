"""Loss-based congestion control: draft-ietf-rmcat-gcc-02 section 6, and what keeps it from starving on a bad radio
line.

The rule of the draft: under 2 % loss the rate may grow, over 10 % it is cut by half of the loss fraction, between the
two it stays. On a line that loses packets at random that would end at nothing, since every cut is followed by as much
loss. So a cut is taken as an experiment: a full line that drops a share p of the rate r carries r(1 - p), and would
lose max(0, 1 - r(1 - p) / r') at the lower rate r'. If the loss stays nearer to p than to that, it is the line's own:
the cut is taken back, and the rule is applied to what exceeds it. (libwebrtc's LossBasedBweV2 separates "inherent" loss
with the same model, by maximum likelihood.)
"""

from __future__ import annotations

import math

LITTLE, MUCH = 0.02, 0.10  # loss fractions between which the rate stays
GROWTH = 1.08  # a second, while loss is little
TEST = 0.85  # of the rate, at most, is sent in an experiment
STEADY = 5.0  # seconds of loss in the middle range, without a queue, after which it is put to the test
ENOUGH = 40  # packets that one window must have
PROOF = 120  # packets that judge an experiment
CLEAR, AS_MANY = 4, 0.75
"""Losses, and share of the loss before, with which it need not go on: a full line would lose nothing any more."""
WINDOW = 0.5  # seconds, at least
MOST, UNTRIED = 0.3, 0.2  # beyond this no loss is taken for the line's own; or not without an experiment
HEAVY = 0.3  # excess that is believed at once
SMOOTHING, CLEAN = 0.4, 0.7  # weight of a window, else; and of one in which nothing was lost


class LossControl:
    """`limit` is the rate that loss allows, None while it allows any. `floor`: the least that is ever sent. Less is no
    limit, and would only have to grow back to that before anything more could be tried."""

    def __init__(self, floor: float = 0.0) -> None:
        self.limit: float | None = None
        self.acquittals = 0  # cuts that were taken back, since the line was not full
        self._floor = floor
        self.inherent = 0.0
        self._back = 0.0
        self._restart_window(0.0)
        self._trial: _Trial | None = None
        self._mean: tuple[float, float] | None = None  # smoothed loss and bits/s sent
        self._steady = 0.0  # since when the loss has been over the little

    def restart(self, now: float) -> None:
        """Forget the window: what was lost was lost to a cut line, not to a full one."""
        self._restart_window(now)
        self._trial = None
        self._mean = None
        self._steady = now

    def _restart_window(self, now: float) -> None:
        self._since = now
        self._total = self._lost = 0

    def update(self, total: int, lost: int, rate: float, sent: float, queueing: bool, now: float) -> float:
        """The estimate that follows from these reports: `rate`, or what loss leaves of it, or what it was before a cut
        that has turned out to be wrong.

        `total` packets, of which `lost`, were reported on. `sent`: bits/s really sent; `queueing`: the delay says that
        the line is full."""
        self._back = 0.0
        self._take(total, lost, rate, sent, queueing, now)
        rate = max(rate, self._back)
        return rate if self.limit is None else min(rate, self.limit)

    def _take(self, total: int, lost: int, rate: float, sent: float, queueing: bool, now: float) -> None:
        self._total += total
        self._lost += lost
        if self._total < ENOUGH or now - self._since < WINDOW:
            return
        total, lost, passed = self._total, self._lost, now - self._since
        self._restart_window(now)
        loss = lost / total
        self._follow(loss, queueing)
        weight = 1.0 if self._mean is None or self._excess(loss, total) > HEAVY else SMOOTHING if lost else CLEAN
        former = self._mean if self._mean is not None else (loss, sent)
        self._mean = former[0] + weight * (loss - former[0]), former[1] + weight * (sent - former[1])
        if queueing or not lost or self._excess(self._mean[0], 2 * total) <= LITTLE:
            self._steady = now
        if queueing and self._excess(loss, total) > MUCH:
            self._trial = None  # the line is full beyond doubt
        if self._trial is not None:
            self._trial.add(total, lost, sent)
            self._trial.queued = self._trial.queued or queueing
            self._judge(self._trial, loss, now)
        if self._trial is None:
            self._apply(self._excess(self._mean[0], 2 * total), rate, passed, queueing, now)
        if self.limit is not None:
            self.limit = max(self.limit, self._floor)

    def forget(self, now: float) -> None:
        """So long ago that it says nothing any more: a line on which nothing is sent does not lose anything."""
        self.limit = None
        self.restart(now)

    @property
    def share(self) -> float:
        """What is lost of late, of all that is sent."""
        return self._mean[0] if self._mean is not None else 0.0

    @property
    def doubted(self) -> bool:
        """Is less sent to see whether less is lost, while so little is that it may be the line's own?"""
        return self._trial is not None and not self._trial.queued and self.share < UNTRIED

    def binding(self, rate: float) -> bool:
        """Does loss keep the estimate where it is, or is the line on trial?"""
        return self._trial is not None or (self.limit is not None and self.limit <= rate)

    def _excess(self, loss: float, total: int) -> float:
        """The fraction lost beyond the line's own loss."""
        own = self.by_chance(total)
        return max(0.0, (loss - own) / (1 - own))

    def by_chance(self, total: int) -> float:
        """The share of so many packets that the line may well lose by itself: one standard deviation over the mean."""
        own = self.inherent
        return own + math.sqrt(own * (1 - own) / max(total, 1))

    def prove(self, rate: float) -> None:
        """So much has been carried."""
        if self.limit is not None and self._trial is None:
            self.limit = max(self.limit, rate)

    def _apply(self, excess: float, rate: float, passed: float, queueing: bool, now: float) -> None:
        """The rule of the draft; steady loss of the middle range is put to the test, too."""
        limit = min(rate, self.limit) if self.limit is not None else rate
        if excess > MUCH and queueing:
            self.limit = limit * (1 - 0.5 * excess)
        elif excess > MUCH or (excess > LITTLE and now - self._steady > STEADY):
            loss, sent = self._mean or (0.0, limit)
            # Less must really be sent than before, or the trial would show nothing.
            self.limit = min(limit, sent) * min(TEST, 1 - 0.5 * excess)
            self._trial = _Trial(limit, loss, sent, now)
        elif excess > LITTLE:
            self.limit = limit
        elif self.limit is not None:
            self.limit = self.limit * GROWTH ** min(passed, 1.0)
            if self.limit > 1.2 * rate:
                self.limit = None

    def _judge(self, trial: _Trial, loss: float, now: float) -> None:
        if loss > trial.loss + MUCH:
            self._trial = None  # it has become worse meanwhile
        elif trial.clear or trial.total >= PROOF:
            self._trial = None
            self._steady = now
            if trial.clear or trial.random:
                self._own(trial, trial.after)
        elif now - trial.since > STEADY:
            # What is sent did not fall, having been less than the estimate: nothing was tried. Where no queue says that
            # the line is full, the loss is taken for its own, and more will be tried.
            self._trial = None
            if not trial.queued and trial.meanwhile < UNTRIED:
                self._own(trial, trial.meanwhile)
            self._steady = now

    def _own(self, trial: _Trial, loss: float) -> None:
        if loss < MOST:
            self.inherent = max(self.inherent, loss)
            self.limit = max(self.limit or 0.0, trial.rate)
            self._back = trial.rate
            self.acquittals += 1

    def _follow(self, loss: float, queueing: bool) -> None:
        """The line's own loss changes slowly; of much more at once it is not the cause."""
        if self.inherent and not (queueing and loss > self.inherent):
            self.inherent += 0.1 * (min(loss, self.inherent + LITTLE) - self.inherent)


class _Trial:
    """What was before a cut, and what came after it: `total` and `after` of those windows in which less was sent."""

    def __init__(self, rate: float, loss: float, sent: float, since: float) -> None:
        self.rate, self.loss, self.since = rate, loss, since
        self.total = self._lost = 0
        self.queued = False
        self._all = self._all_lost = 0
        self._sent = sent
        self._bits = 0.0

    def add(self, total: int, lost: int, sent: float) -> None:
        self._all += total
        self._all_lost += lost
        if sent < 0.95 * self._sent:
            self.total += total
            self._lost += lost
            self._bits += sent * total

    @property
    def after(self) -> float:
        return self._lost / max(1, self.total)

    @property
    def meanwhile(self) -> float:
        """The loss since the cut, whatever was sent."""
        return self._all_lost / max(1, self._all)

    @property
    def clear(self) -> bool:
        """Is as much lost as before, beyond chance?"""
        return not self.queued and self._lost >= CLEAR and self.after >= AS_MANY * self.loss

    @property
    def random(self) -> bool:
        """Is the loss after the cut nearer to what it was than to what a full line would lose now?"""
        sent = self._bits / self.total
        full = max(0.0, 1 - self._sent * (1 - self.loss) / sent) if sent else 0.0
        return self.after > (self.loss + full) / 2
