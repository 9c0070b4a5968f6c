"""A line that goes dead comes back by itself: same page, same seat, same connections, sound and picture."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.room import sees_and_hears
from tests.lab.conftest import Enter
from tests.lab.network import Line, Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

DEAD = Line(cut=True)
VOICE = 50  # packets a second
FEW = 10  # seconds of a voice that may have waited
GIVEN_UP_AFTER = 25.0  # seconds; how soon it should be is said in bench/README.md

SINCE = """({who, restored}) => {
  const first = (times) => times.find((at) => at > restored + 20) ?? null; // 20 ms: what was under way in the kernel
  return { seen: first(window.lab.shown[who]), heard: first(window.lab.heard[who]) };
}"""

MARK = """(who) => {
  window.unbroken = document.querySelector(`[data-participant="${who}"]`).unbroken = true;
  return window.lab.connections();
}"""
UNBROKEN = """(who) => [window.unbroken, document.querySelector(`[data-participant="${who}"]`).unbroken]"""


async def back(page: Page, who: str, restored: float) -> dict[str, Any]:
    """Seconds from `restored` (ms) until `page` sees and hears `who` again."""
    async with asyncio.timeout(GIVEN_UP_AFTER):
        while True:
            found: dict[str, Any] = await page.evaluate(SINCE, {"who": who, "restored": restored})
            if None not in found.values():
                return {name: round((at - restored) / 1000, 2) for name, at in found.items()}
            await asyncio.sleep(0.2)


async def spoken(page: Page) -> tuple[float, int]:
    """Seconds, and packets of the voice that have left the page until then."""
    packets = "window.lab.sent().then((all) => all.find((s) => s.kind === 'audio').packetsSent)"
    return time.monotonic(), await page.evaluate(packets)


async def meeting(entered: Enter) -> tuple[tuple[Page, str], ...]:
    """Two people who see and hear each other, with whom each looks at."""
    chair, delegate = await entered("hanh", "office"), await entered("dung", "commune")
    both = ((chair, "dung"), (delegate, "hanh"))
    for page, who in both:
        await sees_and_hears(page, [who])
        await page.evaluate("(who) => { window.lab.watch(who); window.lab.listen(who); }", who)
    return both


@contextlib.asynccontextmanager
async def survived(both: tuple[tuple[Page, str], ...]) -> AsyncIterator[None]:
    """What is done to the line inside is over: everybody sees and hears again, and goes on doing so, on the connections
    that there were, in the page that there was, where nobody has left."""
    made = [await page.evaluate(MARK, who) for page, who in both]
    yield
    restored = time.time() * 1000
    print("back after", await asyncio.gather(*(back(page, who, restored) for page, who in both)))
    for page, who in both:
        await sees_and_hears(page, [who])
        assert await page.evaluate(UNBROKEN, who) == [True, True]
    assert [await page.evaluate("window.lab.connections()") for page, _ in both] == made


@pytest.mark.parametrize("seconds", [5, 45])
async def test_after_a_cut_everybody_is_back_by_themselves(entered: Enter, commune: Site, seconds: int) -> None:
    both = await meeting(entered)
    async with survived(both):
        commune.line(up=DEAD, down=DEAD)
        await asyncio.sleep(seconds)  # the length of the cut
        at, said = await spoken(both[1][0])
        commune.line()
    now, since = await spoken(both[1][0])
    assert since - said < VOICE * (now - at + FEW), "what was said to nobody does not stand before what is said now"


async def test_another_address_in_the_middle_of_the_meeting_costs_no_reload(entered: Enter, commune: Site) -> None:
    both = await meeting(entered)
    try:
        async with survived(both):
            commune.leave()
            await asyncio.sleep(1)  # the length of the change
            commune.arrive(7)
    finally:
        commune.leave()
        commune.arrive(2)
