"""A line that goes dead comes back by itself: same page, same seat, sound and picture within two seconds."""

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.room import sees_and_hears
from tests.lab.conftest import Enter
from tests.lab.network import Line, Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

DEAD = Line(cut=True)
BACK_WITHIN = 2.0
NOTICED_WITHIN = 2.0  # what Chromium needs to see that it is on the network again
GIVEN_UP_AFTER = 15.0

SINCE = """({who, restored}) => {
  const first = (times) => times.find((at) => at > restored + 20) ?? null; // 20 ms: what was under way in the kernel
  return { seen: first(window.lab.shown[who]), heard: first(window.lab.heard[who]) };
}"""


async def back(page: Page, who: str, restored: float) -> dict[str, Any]:
    """Seconds from `restored` (ms) until `page` sees and hears `who` again."""
    async with asyncio.timeout(GIVEN_UP_AFTER):
        while True:
            found: dict[str, Any] = await page.evaluate(SINCE, {"who": who, "restored": restored})
            if None not in found.values():
                return {name: round((at - restored) / 1000, 2) for name, at in found.items()}
            await asyncio.sleep(0.2)


async def meeting(entered: Enter) -> tuple[tuple[Page, str], ...]:
    """Two people who see and hear each other, with whom each looks at."""
    chair, delegate = await entered("hanh", "office"), await entered("dung", "commune")
    both = ((chair, "dung"), (delegate, "hanh"))
    for page, who in both:
        await sees_and_hears(page, [who])
        await page.evaluate("(who) => { window.lab.watch(who); window.lab.listen(who); }", who)
    return both


async def all_back(both: tuple[tuple[Page, str], ...], within: float = BACK_WITHIN) -> None:
    """The line is good from now on: everybody sees and hears again in time, and goes on doing so."""
    restored = time.time() * 1000
    found = await asyncio.gather(*(back(page, who, restored) for page, who in both))
    assert max(at for times in found for at in times.values()) <= within, found
    for page, who in both:
        await sees_and_hears(page, [who])


@pytest.mark.parametrize("seconds", [5, 45])
async def test_after_a_cut_everybody_is_back_within_two_seconds_by_themselves(
    entered: Enter, commune: Site, seconds: int
) -> None:
    both = await meeting(entered)
    commune.line(up=DEAD, down=DEAD)
    await asyncio.sleep(seconds)  # the length of the cut
    commune.line()
    await all_back(both)


async def test_another_address_in_the_middle_of_the_meeting_costs_seconds_and_no_reload(
    entered: Enter, commune: Site
) -> None:
    both = await meeting(entered)
    commune.leave()
    await asyncio.sleep(1)  # the length of the change
    commune.arrive(7)
    try:
        await all_back(both, BACK_WITHIN + NOTICED_WITHIN)
    finally:
        commune.leave()
        commune.arrive(2)
