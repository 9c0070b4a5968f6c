"""Speech first: what one subscriber's line is spent on.

`divide` is a pure function: audio by rank; then every video in rounds, each in order of place (floor, shared,
thumbnail) and rank: the floor and what is shared in any form; both until they can be read; the thumbnails in any form;
the floor and what is shared as large as it is shown; the thumbnails likewise. A step that does not fit is left out
together with the further steps of its video, and smaller ones behind it may still fit. So more bandwidth never costs an
earlier step.

`Budget` adds time: down at once; up only with a margin, after a while, and ever later after it had to go down.
Rates are bits a second on the wire (see `wire`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

FLOOR, SHARED, THUMBNAIL = range(3)
PACKET = 68
"""Octets that a packet weighs on the wire beside its payload: IPv4, UDP, RTP, header extensions, SRTP tag."""
ENOUGH = 0.75  # of the height shown: no larger encoding is worth its price
READABLE = 360  # lines; until then the floor and what is shared go before the thumbnails
LAST = 9  # thumbnails, by recent speech


@dataclass(frozen=True, slots=True)
class Audio:
    """A stream that is audible now; `rank` 0 is heard first."""

    key: str
    rate: int
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Encoding:
    """One simulcast encoding: lines of its picture, and cumulative rates by temporal layer, of which the last is all.

    Where nothing was measured (nobody watches it, so it is not sent): `nominal(height)`.
    """

    height: int
    rates: tuple[int, ...]


@dataclass(frozen=True)
class Video:
    """A picture offered. `encodings` from small to large; `height` is how large it is shown in lines, 0 not at all."""

    key: str
    place: int
    rank: int
    height: int
    encodings: tuple[Encoding, ...]

    @cached_property
    def steps(self) -> list[Choice]:
        """See `options`."""
        return options(self)


Step = tuple[int, int]
NOTHING: Step = (-1, -1)


class Choice(NamedTuple):
    """Index of an encoding, highest temporal layer (7: all there are), and what that takes."""

    encoding: int
    temporal: int
    rate: int

    @property
    def step(self) -> Step:
        """What can be compared: more is better."""
        return self.encoding, self.temporal


class Division(NamedTuple):
    """Who gets what: audio keys, and a choice for each video that is sent.

    `rate` is the sum; `wanted` is the sum with the first step that did not fit, `rate` itself if all did: what probing
    shall try for.
    """

    audio: tuple[str, ...]
    video: dict[str, Choice]
    rate: int
    wanted: int


ALL_LAYERS = 7


def wire(octets: int, packets: int, seconds: float) -> int:
    """Bits a second on the wire of so many payload octets and packets."""
    return int(8 * (octets + PACKET * packets) / seconds)


_NOMINAL = ((90, 80_000), (180, 180_000), (270, 350_000), (360, 600_000), (540, 1_200_000), (720, 2_000_000))


def nominal(height: int) -> int:
    """What an encoding of this height will take, for want of a measurement (about what browsers aim at)."""
    return next((rate for lines, rate in _NOMINAL if height <= lines), 3_500_000)


def options(video: Video) -> list[Choice]:
    """The steps of a video from cheap to good. A camera's larger pictures are not worth it at a quarter of their
    frames; what is shared is: it shall be sharp before it moves. What costs as much as something better is left out."""
    needed = next(
        (i for i, each in enumerate(video.encodings) if each.height >= ENOUGH * video.height), len(video.encodings) - 1
    )
    steps: list[Choice] = []
    for index, encoding in enumerate(video.encodings[: needed + 1] if video.height > 0 else ()):
        top = len(encoding.rates) - 1
        for layer, rate in enumerate(encoding.rates):
            if rate <= 0 or (index and layer < top - 1 and video.place != SHARED):
                continue
            while steps and steps[-1].rate >= rate:
                steps.pop()
            steps.append(Choice(index, ALL_LAYERS if layer == top else layer, rate))
    return steps


def divide(
    available: int, audio: Sequence[Audio], videos: Sequence[Video], last: int = LAST,
    limits: Mapping[str, Step] | None = None,
) -> Division:  # fmt: skip
    """Spend `available` bits/s, on no video more than its step in `limits`. Ties go by key. The sum never exceeds
    `available`."""
    left = available
    short = 0  # what the first step that did not fit would have needed
    heard = []
    for stream in sorted(audio, key=lambda each: (each.rank, each.key)):
        if stream.rate <= left:
            heard.append(stream.key)
            left -= stream.rate
        elif not short:
            short = stream.rate
    chosen: dict[str, Choice] = {}
    stuck: set[str] = set()
    for video, step in _ladder(_shown(videos, last)):
        if video.key in stuck or (limits is not None and step.step > limits[video.key]):
            continue
        former = chosen.get(video.key)
        cost = step.rate - (former.rate if former is not None else 0)
        if cost <= left:
            chosen[video.key] = step
            left -= cost
        else:
            stuck.add(video.key)
            short = short or cost
    rate = available - left
    return Division(tuple(heard), chosen, rate, rate + short)


def _shown(videos: Sequence[Video], last: int) -> list[Video]:
    ordered = sorted((each for each in videos if each.height > 0), key=lambda each: (each.place, each.rank, each.key))
    main = [each for each in ordered if each.place != THUMBNAIL]
    return main + [each for each in ordered if each.place == THUMBNAIL][:last]


def _ladder(videos: Sequence[Video]) -> Iterator[tuple[Video, Choice]]:
    """Every step of every video, in the order in which they are wanted."""
    ways = [(video, video.steps) for video in videos]
    main = [(video, steps) for video, steps in ways if video.place != THUMBNAIL and steps]
    rest = [(video, steps) for video, steps in ways if video.place == THUMBNAIL and steps]
    readable = {video.key: _readable(video, steps) for video, steps in main}
    for video, steps in main:
        yield video, steps[0]
    for video, steps in main:
        for step in steps[1 : readable[video.key]]:
            yield video, step
    for video, steps in rest:
        yield video, steps[0]
    for video, steps in main:
        for step in steps[max(1, readable[video.key]) :]:
            yield video, step
    for video, steps in rest:
        for step in steps[1:]:
            yield video, step


def _readable(video: Video, steps: Sequence[Choice]) -> int:
    """How many of the steps it takes until the picture can be read."""
    heights = [video.encodings[step.encoding].height for step in steps]
    return next((i + 1 for i, height in enumerate(heights) if height >= READABLE), len(steps))


MARGIN = 1.15  # an upgrade must fit with so much to spare
RISE = 1.0  # seconds for which it must have fitted
SLOWEST = 32.0  # seconds; the wait doubles each time a video had to go down
COLLAPSE = 5.0  # seconds in which all the steps down are one
CALM = 30.0  # seconds without going down after which the wait halves


class Budget:
    """The division as it changes in time; one for each subscriber. `borne`: the line has borne the first one before,
    so that it needs no margin."""

    def __init__(self, last: int = LAST, *, borne: bool = False) -> None:
        self._last = last
        self._margin = 1.0 if borne else MARGIN  # of the next division
        self._states: dict[str, _State] = {}

    def divide(self, available: int, audio: Sequence[Audio], videos: Sequence[Video], now: float) -> Division:
        """As the function; `wanted` has the margin that an upgrade needs."""
        careful = divide(int(available / self._margin), audio, videos, self._last)
        self._margin = MARGIN
        states: dict[str, _State] = {}
        limits: dict[str, Step] = {}
        for video in videos:
            state = self._states.get(video.key)
            if state is None or video.place < state.place:
                state = _State(now)  # new, or more important than it was: no reason to wait
            state.place = video.place
            states[video.key] = state
            limits[video.key] = state.limit(careful.video.get(video.key), video.steps, now)
        self._states = states
        division = divide(available, audio, videos, self._last, limits)
        for key, state in states.items():
            state.take(division.video.get(key), now)
        short = careful.wanted > careful.rate
        wanted = max(division.rate, int(careful.wanted * MARGIN)) if short else division.rate
        return division._replace(wanted=wanted)


class _State:
    """One video's present step, and how long a better one has been possible."""

    def __init__(self, now: float) -> None:
        self.place = THUMBNAIL
        self._step = NOTHING
        self._fresh = True
        self._wait = RISE
        self._better = NOTHING  # the least step that was possible ever since
        self._since = now
        self._moved = now

    def limit(self, safe: Choice | None, steps: Sequence[Choice], now: float) -> Step:
        """The best step that may be taken now: the present one, or the better one that has been possible long enough.
        `safe`: what fits with the margin."""
        # A picture that is shown smaller than before, or has lost its large encoding, goes on with what there is.
        present = self._step = max((each.step for each in steps if each.step <= self._step), default=NOTHING)
        if now - self._moved > CALM and self._wait > RISE:
            self._wait, self._moved = max(RISE, self._wait / 2), now
        better = safe.step if safe is not None else NOTHING
        if better <= present:
            self._better = NOTHING
            return present
        if self._better == NOTHING:
            self._better, self._since = better, now
        self._better = min(self._better, better)
        return self._better if self._fresh or now - self._since >= self._wait else present

    def take(self, choice: Choice | None, now: float) -> None:
        """What it came to."""
        step = choice.step if choice is not None else NOTHING
        if step < self._step:
            if now - self._moved > COLLAPSE:
                self._wait = min(SLOWEST, 2 * self._wait)
            self._moved, self._better = now, NOTHING
        elif step > self._step:
            self._better = NOTHING
        self._step, self._fresh = step, False


MEGABYTE = 1_000_000
PLANNED = 7200.0  # seconds that a meeting lasts, for want of a better word
AHEAD = 1800.0  # seconds for which what is left must last, however long the meeting has gone on
SPEECH = 64_000  # bits/s that the cap leaves to speech as long as anything is left


def allowance(megabytes: float, used: int, elapsed: float, planned: float = PLANNED) -> int:
    """Bits a second that a data cap allows now, `used` octets (on the wire) having gone out in `elapsed` seconds.

    The rule: what is left is spread evenly over the rest of the planned time, but over no less than half an hour;
    speech gets its 64 kbit/s until the last octet; then nothing is sent. So the cap is never exceeded by more than what
    is sent between two calls.
    """
    left = megabytes * MEGABYTE - used
    if left <= 0:
        return 0
    return max(SPEECH, int(8 * left / max(planned - elapsed, AHEAD)))
