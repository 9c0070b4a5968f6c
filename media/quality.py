"""How good the lines of a room are, in words, from what its table knows of them anyway. Looked at every few seconds."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from media.patchbay import Patchbay
from media.producer import Up

SILENT = 10.0  # seconds without a sign of life: checks come every five at most, reports more often
WEAK_LOSS, FAIR_LOSS = 0.1, 0.03  # share of packets
WEAK_RATE, FAIR_RATE = 150_000, 700_000  # bits a second of a line that bears less than is wanted of it


class Grade(StrEnum):
    """From best to worst."""

    GOOD = "good"
    FAIR = "fair"
    WEAK = "weak"
    LOST = "lost"


class Quality(NamedTuple):
    """One participant's line: what he sends, and what he receives; None where there is no such transport.
    `sound_only`: he gets no picture, though some are to be seen."""

    up: Grade | None
    down: Grade | None
    sound_only: bool


def grade(loss: float, rate: int | None) -> Grade:
    """`loss`: share of packets; `rate`: bits a second, None where all that is wanted fits."""
    if loss > WEAK_LOSS or (rate is not None and rate < WEAK_RATE):
        return Grade.WEAK
    return Grade.FAIR if loss > FAIR_LOSS or (rate is not None and rate < FAIR_RATE) else Grade.GOOD


def of_sender(up: Up, patchbay: Patchbay, now: float) -> Grade:
    """How that comes which he sends."""
    if up.transport.silence(now) > SILENT:
        return Grade.LOST
    camera = up.producers.get("video")
    if camera is not None and patchbay.watched(camera, now) and not any(one.flowing(now) for one in camera.encodings):
        return Grade.WEAK  # somebody waits for a picture that his line does not bear
    return grade(max((one.lost for _, one in up.encodings() if one.flowing(now)), default=0.0), None)
