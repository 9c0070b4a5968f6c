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


def concealed(before: Reading, after: Reading) -> float:
    """Share of the sound that was invented between two readings of one track, silence apart."""
    names = ("concealedSamples", "silentConcealedSamples", "totalSamplesReceived")
    invented, silent, samples = (float(after["audio"].get(name, 0) - before["audio"].get(name, 0)) for name in names)
    return round((invented - silent) / max(1.0, samples), 4)


@dataclass(frozen=True)
class Voice:
    """`concealed` as in Stretch; `packets` a second; `kbps` of what they carry."""

    concealed: float
    packets: float
    kbps: float


async def hear(page: Page, participant: str, seconds: float) -> Voice:
    """What `page` hears of `participant` in the next `seconds`, whatever becomes of the picture. Raises MadeAnew."""
    before = await read(page, participant)
    await page.wait_for_timeout(seconds * 1000)  # the length of an observation, not a wait for something
    after = await read(page, participant)
    if before["audio"] is None or after["audio"] is None or before["audio"]["id"] != after["audio"]["id"]:
        raise MadeAnew("no voice arrives, or another one than before")
    passed = (after["at"] - before["at"]) / 1000
    packets, octets = (after["audio"][name] - before["audio"][name] for name in ("packetsReceived", "bytesReceived"))
    return Voice(concealed(before, after), round(packets / passed, 1), round(octets * 8 / passed / 1000, 1))


def between(before: Reading, after: Reading) -> Stretch:
    """Both readings must be of the same tracks. Raises MadeAnew."""
    seconds = (after["at"] - before["at"]) / 1000
    for kind in ("audio", "video"):
        if before[kind] is None or after[kind] is None or before[kind]["id"] != after[kind]["id"]:
            raise MadeAnew(f"no {kind} arrives, or another one than before")

    def grown(kind: str, name: str) -> float:
        return float(after[kind].get(name, 0) - before[kind].get(name, 0))

    packets = grown("audio", "packetsReceived") + grown("audio", "packetsLost")
    return Stretch(
        seconds=round(seconds, 1),
        concealed=concealed(before, after),
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
