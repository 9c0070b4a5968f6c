"""What a participant heard and saw in a stretch of time, from two readings of measure.js."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

Reading = dict[str, Any]


@dataclass(frozen=True)
class Stretch:
    """`concealed`: share of the sound that was invented because packets lacked, silence apart. `frozen`: share of the
    time in which the picture stood still (W3C webrtc-stats, freezeCount). `rate`: frames decoded a second. `height`: of
    the picture at the end, in pixels. `kbps`: of the picture's packets. `lost`: share of the voice's packets."""

    seconds: float
    concealed: float
    frozen: float
    rate: float
    height: int
    kbps: float
    lost: float


async def read(page: Page, participant: str) -> Reading:
    """What arrives of a participant now."""
    reading: Reading = await page.evaluate("(id) => window.lab.received(id)", participant)
    return reading


class MadeAnew(AssertionError):
    """The connection was made anew between two readings, so nothing can be said of the stretch between them."""


def between(before: Reading, after: Reading) -> Stretch:
    """Both readings must be of the same tracks. Raises MadeAnew."""
    seconds = (after["at"] - before["at"]) / 1000
    for kind in ("audio", "video"):
        if before[kind] is None or after[kind] is None or before[kind]["id"] != after[kind]["id"]:
            raise MadeAnew(f"no {kind} arrives, or another one than before")

    def grown(kind: str, name: str) -> float:
        return float(after[kind].get(name, 0) - before[kind].get(name, 0))

    invented = grown("audio", "concealedSamples") - grown("audio", "silentConcealedSamples")
    packets = grown("audio", "packetsReceived") + grown("audio", "packetsLost")
    return Stretch(
        seconds=round(seconds, 1),
        concealed=round(invented / max(1.0, grown("audio", "totalSamplesReceived")), 4),
        frozen=round(grown("video", "totalFreezesDuration") / seconds, 3),
        rate=round(grown("video", "framesDecoded") / seconds, 1),
        height=after["video"].get("frameHeight", 0),
        kbps=round(grown("video", "bytesReceived") * 8 / seconds / 1000, 1),
        lost=round(grown("audio", "packetsLost") / max(1.0, packets), 4),
    )


async def observe(page: Page, participant: str, seconds: float) -> Stretch:
    """What `page` gets of `participant` in the next `seconds`."""
    before = await read(page, participant)
    await page.wait_for_timeout(seconds * 1000)  # the length of an observation, not a wait for something
    return between(before, await read(page, participant))
