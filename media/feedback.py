"""transport-cc feedback for a publisher: what arrived from him, and when.

draft-holmer-rmcat-transport-wide-cc-extensions-01; his browser finds from it how much it may send.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from operator import lt, sub

from media import rtcp
from media.rtcp import TransportFeedback

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
        self._places: list[int] = []  # unwrapped numbers of the last arrivals, in order
        self._ticks: list[int] = []  # when they arrived, in 250 us

    def write(self, media: int, arrivals: Sequence[tuple[int, int]]) -> list[bytes]:
        """RTCP packets that report these (16-bit transport-wide sequence, microseconds), the fewest that hold them.

        `media` must be an SSRC that the publisher sends: Chromium discards feedback that names another. Packets
        between the last report and this one that are not in `arrivals` are reported as not received; what comes
        later is reported then, with all that came after it.
        """
        if not arrivals:
            return []
        begin = self._next if self._next is not None else arrivals[0][0]
        places = [begin + ((sequence - begin + 0x8000 & 0xFFFF) - 0x8000) for sequence, _ in arrivals]
        ticks = [at // rtcp.TICK for _, at in arrivals]
        if (self._next is not None and places[0] < begin) or not all(map(lt, places, islice(places, 1, None))):
            begin, places, ticks = self._sorted(places, ticks, begin)
            if not places:
                return []
        self._next = max(begin, places[-1] + 1)
        written = [
            self._packet(media, first, places[start:end], ticks[start:end])
            for first, start, end in _parts(begin, places, ticks)
        ]
        self._places = (self._places + places)[-KEPT:]
        self._ticks = (self._ticks + ticks)[-KEPT:]
        return written

    def _sorted(self, places: list[int], ticks: list[int], begin: int) -> tuple[int, list[int], list[int]]:
        """What to report when packets came late, twice, or not in order: (first number, numbers, times). What is to be
        reported again leaves the memory."""
        known = dict(zip(self._places, self._ticks, strict=True))
        oldest = begin - KEPT
        new: dict[int, int] = {}
        for place, at in zip(places, ticks, strict=True):
            if place > oldest and place not in known:
                new.setdefault(place, at)
        if not new:
            return begin, [], []
        begin = min(begin, min(new))
        new.update((place, at) for place, at in known.items() if place >= begin)
        keep = bisect_left(self._places, begin)
        del self._places[keep:], self._ticks[keep:]
        ordered = sorted(new)
        return begin, ordered, [new[place] for place in ordered]

    def _packet(self, media: int, first: int, places: Sequence[int], ticks: Sequence[int]) -> bytes:
        reference = ticks[0] // rtcp.TICKS
        deltas = (ticks[0] - reference * rtcp.TICKS, *map(sub, islice(ticks, 1, None), ticks))
        marks = bytes((rtcp.SMALL,)) * len(deltas)
        if min(deltas) < 0 or max(deltas) > 0xFF:
            marks = bytes(rtcp.SMALL if 0 <= delta <= 0xFF else rtcp.LARGE for delta in deltas)
        if places[-1] - first + 1 > len(places):
            statuses = bytearray(places[-1] - first + 1)
            for place, mark in zip(places, marks, strict=True):
                statuses[place - first] = mark
            marks = bytes(statuses)
        number, self._number = self._number, self._number + 1 & 0xFF
        feedback = TransportFeedback(media, first & 0xFFFF, number, reference & 0xFFFFFF, marks, deltas)
        return rtcp.transport_feedback(self._sender, feedback)


def _parts(begin: int, places: Sequence[int], ticks: Sequence[int]) -> list[tuple[int, int, int]]:
    """(first number spoken of, slice of what was received) of each feedback packet."""
    if len(places) <= MAX_RECEIVED and places[-1] - begin < MAX_GAP and max(ticks) - min(ticks) < 0x8000:
        return [(begin, 0, len(places))]
    parts: list[tuple[int, int, int]] = []
    first, start, expected = begin, 0, begin
    for index, place in enumerate(places):
        gap = place - expected
        if index > start and (
            gap > MAX_GAP
            or index - start >= MAX_RECEIVED
            or place - first >= rtcp.MAX_STATUSES
            or not -0x8000 <= ticks[index] - ticks[index - 1] < 0x8000
        ):
            parts.append((first, start, index))
            first, start = expected, index
        if index == start and gap > MAX_GAP:
            first = place
        expected = place + 1
    parts.append((first, start, len(places)))
    return parts
