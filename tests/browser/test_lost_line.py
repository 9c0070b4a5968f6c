"""The chair's page hangs, then its tab is killed: everybody sees and hears within seconds whom they wait for."""

import asyncio

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, sees_and_hears
from tests.installation import Installation

ROOM = "/rooms/giao-ban"
WORDS = "Mất kết nối với chủ trì Nguyễn Thị Hạnh, đang chờ nối lại…"


async def hang(page: Page, seconds: float) -> None:
    await page.evaluate(
        "(ms) => { const end = performance.now() + ms; while (performance.now() < end); }", seconds * 1000
    )


async def test_the_chairs_lost_line_is_told_at_once_and_no_microphone_is_shown_open_there(
    installation: Installation, signed_in: Open
) -> None:
    hanh, dung = await signed_in("hanh"), await signed_in("dung", width=360, height=740)
    for page in (hanh, dung):
        await enter(page, installation.url + ROOM)
    await hanh.click(hook("open-meeting"))
    strip, tile = dung.locator(hook("absence")), dung.locator('[data-test=tile][data-participant="hanh"]')
    await expect(tile.locator(".mark-mic")).to_have_text("Mic bật.")
    await expect(strip).to_be_hidden()
    await sees_and_hears(dung, ["hanh"])  # who sends nothing yet is not called lost: such a page may be asleep

    hanging = asyncio.create_task(hang(hanh, 20))
    await expect(strip).to_have_text(WORDS)
    assert not hanging.done(), "told while the page still hangs"
    await expect(tile.locator(".mark-mic")).to_have_text("Mic tắt.")
    await expect(tile.locator(".mark-lost")).to_be_visible()
    await expect(tile.locator(".mark-speaks")).to_be_hidden()
    await hanging
    await expect(strip).to_be_hidden()
    await expect(dung.locator("#live")).to_contain_text("Đã nối lại với Nguyễn Thị Hạnh.")

    devtools = await hanh.context.new_cdp_session(hanh)
    crash = asyncio.create_task(devtools.send("Page.crash"))  # answered by nobody
    await expect(strip).to_have_text(WORDS)
    await expect(tile.locator(".mark-mic")).to_have_text("Mic tắt.")
    crash.cancel()
    again = await hanh.context.new_page()
    await enter(again, installation.url + ROOM)
    await expect(strip).to_be_hidden()
