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

LITTLE, MUCH = 0.02, 0.10  # loss fractions between which the rate stays
GROWTH = 1.08  # a second, while loss is little
STEADY = 5.0  # seconds of the same loss, without a queue and at the same rate, that make it the line's own
ENOUGH = 40  # packets that one window must have
PROOF = 120  # packets that judge an experiment
WINDOW = 0.5  # seconds, at least
MOST = 0.5  # beyond this no loss is taken for the line's own


class LossControl:
    """`limit` is the rate that loss allows, None while it allows any."""

    def __init__(self) -> None:
        self.limit: float | None = None
        self.inherent = 0.0
        self._restart_window(0.0)
        self._trial: _Trial | None = None
        self._steady = 0.0  # since when loss has been as it is

    def restart(self, now: float) -> None:
        """Forget the window: what was lost was lost to a cut line, not to a full one."""
        self._restart_window(now)
        self._trial = None
        self._steady = now

    def _restart_window(self, now: float) -> None:
        self._since = now
        self._total = self._lost = 0

    def update(self, total: int, lost: int, rate: float, sent: float, queueing: bool, now: float) -> None:
        """`total` packets, of which `lost`, were reported on. `rate`: the present estimate; `sent`: bits/s really sent;
        `queueing`: the delay says that the line is full."""
        self._total += total
        self._lost += lost
        if self._total < ENOUGH or now - self._since < WINDOW:
            return
        total, lost, passed = self._total, self._lost, now - self._since
        self._restart_window(now)
        loss = lost / total
        if self._trial is not None:
            self._trial.add(total, lost, sent)
            self._decide(loss, now)
        if queueing or loss <= self.inherent + LITTLE:
            self._steady = now
        self._follow(loss, queueing)
        excess = max(0.0, (loss - self.inherent) / (1 - self.inherent))
        if excess > MUCH:
            if self._trial is None or loss > self._trial.loss + MUCH:
                before = min(rate, self.limit) if self.limit is not None else rate
                self.limit = before * (1 - 0.5 * excess)
                self._trial = _Trial(before, loss, sent)
        elif excess > LITTLE:
            if self.limit is None or self.limit > rate:
                self.limit = rate
        elif self.limit is not None:
            self.limit = max(self.limit, min(self.limit * GROWTH ** min(passed, 1.0), 1.5 * rate))
            if self.limit > 1.2 * rate:
                self.limit = None
        if self.limit is not None and now - self._steady > STEADY:
            self._accept(loss, now)

    def _decide(self, loss: float, now: float) -> None:
        trial = self._trial
        if trial is None or trial.total < PROOF:
            return
        verdict = trial.random()
        if verdict is None:
            return  # the rate has not fallen, so nothing was tried; time will tell
        self._trial = None
        if verdict and trial.after < MOST:
            self.inherent = max(self.inherent, trial.after)
            self.limit = max(self.limit or 0.0, trial.rate)
            self._steady = now

    def _accept(self, loss: float, now: float) -> None:
        if loss < MOST:
            self.inherent = max(self.inherent, loss)
        self._steady = now
        self._trial = None

    def _follow(self, loss: float, queueing: bool) -> None:
        """The line's own loss changes slowly; less is believed sooner than more."""
        if self.inherent:
            share = 0.2 if loss < self.inherent else 0.0 if queueing else 0.05
            self.inherent += share * (min(loss, self.inherent + LITTLE) - self.inherent)


class _Trial:
    """What was before a cut, and what came after it."""

    def __init__(self, rate: float, loss: float, sent: float) -> None:
        self.rate, self.loss, self.sent = rate, loss, sent
        self.total = self.lost = 0
        self._bits = 0.0

    def add(self, total: int, lost: int, sent: float) -> None:
        self.total += total
        self.lost += lost
        self._bits += sent * total

    @property
    def after(self) -> float:
        return self.lost / self.total

    def random(self) -> bool | None:
        """Is the loss the line's own? None if the lower rate was never sent."""
        sent = self._bits / self.total
        if sent > 0.95 * self.sent:
            return None
        congested = max(0.0, 1 - self.sent * (1 - self.loss) / sent) if sent else 0.0
        return self.after > (self.loss + congested) / 2
