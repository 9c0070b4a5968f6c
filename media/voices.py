"""Which voice publishers shall send: a full one, or a thin one while somebody's line bears no more. One per router.

On the wire a packet weighs nearly 70 octets before it says anything: a voice of 32 kbit/s in packets of 20 ms takes
about 68 kbit/s, one of 16 kbit/s in packets of 60 ms about 25 (RFC 7587 section 3.1.1: speech in full band from 28, in
wide band from 16 kbit/s). So a line of 64 kbit/s carries two thin voices and not one full one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from media.producer import Up


class Voice(NamedTuple):
    """What a publisher's encoder shall make: kilobits a second, and milliseconds a packet."""

    kbps: int
    ptime: int


FULL, THIN = Voice(32, 20), Voice(16, 60)
NARROW, ROOMY = 90_000, 140_000  # bits a second: a line under the one gets thin voices, over the other full ones
ONE_MORE = 70_000  # bits a second on the wire of every further voice
NARROW_FOR, ROOMY_FOR = 0.5, 10.0  # seconds


TRIED = 1.2  # times what full voices take is tried for, so that they are found to fit with something to spare


class Need:
    """What one line needs; `thin` is the answer. `wanted`: bits a second to try it for, 0 while voices are full."""

    def __init__(self) -> None:
        self.thin = False
        self._roomy = ROOMY
        self._since: float | None = None  # that it could be the other way round

    @property
    def wanted(self) -> int:
        return int(TRIED * self._roomy) if self.thin else 0

    def judge(self, available: int, voices: int, left_out: bool, now: float) -> None:
        """`available`: bits a second that the line bears; `voices` are audible now, and not all of them fit if
        `left_out`."""
        self._roomy = ROOMY + ONE_MORE * max(0, voices - 1)
        turn = available > self._roomy and not left_out if self.thin else left_out or available < NARROW
        if not turn:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= (ROOMY_FOR if self.thin else NARROW_FOR):
            self.thin, self._since = not self.thin, None

    def rest(self) -> None:
        """Nobody hears anything there."""
        self.thin, self._since = False, None


class Voices:
    """What every publisher was told; before that he sends a full voice."""

    def __init__(self) -> None:
        self._told: dict[int, Voice] = {}  # by transport

    def repeat(self, ups: Iterable[Up], participant: str) -> None:
        """He may have missed it."""
        for up in ups:
            if up.transport.participant == participant:
                self._told.pop(up.transport.id, None)

    def wanted(self, ups: Iterable[Up], thin: bool) -> list[tuple[str, Voice]]:
        """(participant, voice) of every publisher for whom it has changed."""
        voice = THIN if thin else FULL
        heard = [up for up in ups if "audio" in up.producers]
        news = [up.transport.participant for up in heard if self._told.get(up.transport.id, FULL) != voice]
        self._told = {up.transport.id: voice for up in heard}
        return [(participant, voice) for participant in news]
