"""What a person does in the meeting room, by the page's test hooks."""

from typing import Any

from playwright.async_api import Page

RECEIVING = """async (others) => {
  const now = await window.giaoban.stats();
  const key = "__first";
  window[key] ??= now;
  return others.every((id) => {
    const a = window[key][id], b = now[id];
    return a && b && b.framesDecoded > a.framesDecoded + 3 && b.totalAudioEnergy > a.totalAudioEnergy;
  });
}"""


def hook(name: str) -> str:
    return f'[data-test="{name}"]'


async def schedule(page: Page, url: str, *, title: str, agenda: list[str], communes: list[str]) -> str:
    """The secretary's form; returns the meeting's page."""
    await page.goto(f"{url}/meetings/new")
    await page.fill(hook("schedule-title"), title)
    await page.fill(hook("schedule-agenda"), "\n".join(agenda))
    for commune in communes:
        await page.check(f'{hook("schedule-unit")}[value="{commune}"]')
    await page.click(hook("schedule-save"))
    await page.wait_for_selector(hook("enter-room"))
    return page.url


async def enter(page: Page, room_url: str) -> None:
    """Through the device check into the meeting."""
    await page.goto(room_url)
    await page.click(hook("join"))
    await page.wait_for_selector(hook("tile"))


async def sees_and_hears(page: Page, others: list[str]) -> None:
    """Wait until picture and sound of every one of `others` keep arriving."""
    await page.evaluate("() => { window.__first = undefined; }")
    await page.wait_for_function(RECEIVING, arg=others, polling=500, timeout=30_000)


async def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("() => JSON.parse(JSON.stringify(window.giaoban.state()))")
    return found
