"""What a person does in the meeting room, by the page's test hooks."""

import asyncio
import re
from typing import Any

from playwright.async_api import Page, expect

MISSING = re.compile("Chưa nhận được tín hiệu của |đã mất kết nối từ khi mở biểu quyết")
RECEIVING = """async (others) => {
  const now = await window.giaoban.stats();
  const first = (window.__first ??= {});
  return others.every((id) => {
    const b = now[id];
    if (b && !(first[id]?.framesDecoded <= b.framesDecoded)) first[id] = b; // new, or counted anew
    return b && b.framesDecoded > first[id].framesDecoded + 3 && b.totalAudioEnergy > first[id].totalAudioEnergy;
  });
}"""


def hook(name: str) -> str:
    return f'[data-test="{name}"]'


async def schedule(page: Page, url: str, *, title: str, agenda: list[str], communes: list[str]) -> str:
    """The secretary's form; `agenda`: "title | presenter | minutes" each. Returns the meeting's page."""
    await page.goto(f"{url}/meetings/new")
    await page.check(hook("secrecy-none"))
    await page.fill(hook("schedule-title"), title)
    for row, point in enumerate(agenda):
        if row:
            await page.click(hook("more-agenda"))
        for cell, value in zip(("title", "presenter", "minutes"), point.split("|"), strict=False):
            await page.fill(hook(f"agenda-{row}-{cell}"), value.strip())
    for commune in communes:
        await page.check(f'{hook("schedule-unit")}[value="{commune}"]')
    await page.click(hook("schedule-save"))
    await page.wait_for_selector(hook("enter-room"))
    return page.url


async def enter(page: Page, room_url: str, *, microphone: bool = True) -> None:
    """Through the device check into the meeting; with the microphone on, or as the page has it."""
    await page.goto(room_url)
    await expect(page.locator(hook("join"))).to_be_enabled()
    if microphone and await page.is_visible(hook("check-audio")):
        await page.check(hook("check-audio"))
    await page.click(hook("join"))
    await page.wait_for_selector(hook("tile"))


async def panel(page: Page, name: str) -> None:
    """Bring a panel to the front, unless it is there."""
    tab = page.locator(hook(f"tab-{name}"))
    if await tab.get_attribute("aria-expanded") != "true":
        await tab.click()


async def close_vote(chair: Page) -> None:
    """Close the vote, also without those who are not heard just then."""
    await chair.click(hook("vote-close"))
    result, anyway = chair.locator(hook("result-verdict")), chair.locator(hook("vote-close-anyway"))
    await expect(result.or_(anyway).filter(visible=True)).to_have_count(1)
    if await anyway.is_visible():
        await expect(chair.locator(hook("unheard-who"))).to_contain_text(MISSING)
        await anyway.click()
    await expect(result).to_be_visible()


async def until(page: Page, question: str, given: Any = None, *, every: float = 0.5, limit: float = 45.0) -> None:
    """Ask an async function of the page every so many seconds until it says true. Raises TimeoutError.

    Not by wait_for_function: that takes the promise itself for a yes.
    """
    async with asyncio.timeout(limit):
        while not await page.evaluate(question, given):
            await asyncio.sleep(every)  # what a browser counts has no event


async def sees_and_hears(page: Page, others: list[str]) -> None:
    """Wait until picture and sound of every one of `others` keep arriving."""
    await page.evaluate("() => { delete window.__first; }")
    await until(page, RECEIVING, others)


async def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("() => JSON.parse(JSON.stringify(window.giaoban.state()))")
    return found
