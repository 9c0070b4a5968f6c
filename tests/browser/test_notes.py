"""Two secretaries write the minutes at once, one over a line that breaks; nothing is lost, and the draft has it."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel
from tests.installation import Installation


async def write(page: Page, words: str) -> None:
    """At the end of the text, key by key."""
    await page.locator(hook("notes-text")).press("Control+End")
    await page.keyboard.type(words, delay=15)


async def test_two_write_at_once_and_the_draft_minutes_have_it(installation: Installation, signed_in: Open) -> None:
    room = f"{installation.url}/rooms/giao-ban"
    hanh, binh = await signed_in("hanh"), await signed_in("binh", width=360, height=740)
    for page in (hanh, binh):
        await enter(page, room)
        await panel(page, "notes")
    await hanh.click(hook("open-meeting"))
    await write(binh, "Xã Hòa Bình báo cáo. ")
    await expect(hanh.locator(hook("notes-text"))).to_have_value("Xã Hòa Bình báo cáo. ")
    await hanh.locator(hook("notes-text")).press("Control+Home")
    await hanh.keyboard.type("Có mặt 12 người. ", delay=15)
    await write(binh, "Phường Tân Lập bổ sung. ")
    both = "Có mặt 12 người. Xã Hòa Bình báo cáo. Phường Tân Lập bổ sung. "
    for page in (hanh, binh):
        await expect(page.locator(hook("notes-text"))).to_have_value(both)
        await expect(page.locator(hook("notes-status"))).to_have_text("Đã lưu.")

    # The server is gone: what is typed waits, outlives a reload, and is merged with what the other wrote meanwhile.
    installation.kill()
    await write(binh, "Gõ lúc mất mạng. ")
    await expect(binh.locator(hook("notes-status"))).to_contain_text("Mất kết nối")
    await hanh.locator(hook("notes-text")).press("Control+Home")
    await hanh.keyboard.type("Chủ trì kết luận. ", delay=15)
    installation.start()
    await binh.reload()
    await binh.wait_for_selector(hook("tile"))
    await panel(binh, "notes")
    for page in (hanh, binh):
        text = page.locator(hook("notes-text"))
        await expect(text).to_have_value("Chủ trì kết luận. " + both + "Gõ lúc mất mạng. ")

    # A conclusion in one line, its unit found by the name.
    await binh.fill(hook("notes-what"), "Rà soát các hồ chứa")
    await binh.fill(hook("notes-who"), "Không có xã này")
    await binh.click(hook("notes-conclude"))
    await expect(binh.locator("#notes-hint")).to_contain_text("hãy chọn trong danh sách")
    unit = await binh.locator("#notes-units option").first.get_attribute("value")
    await binh.fill(hook("notes-who"), unit or "")
    await binh.locator(hook("notes-who")).press("Enter")
    await expect(binh.locator("#notes-hint")).to_have_text("Đã ghi kết luận.")

    await hanh.click(hook("close-meeting"))
    await hanh.click("#close-dialog button[value=yes]")
    await hanh.click(hook("minutes-link"))
    await expect(hanh.locator("main")).to_contain_text("Có mặt 12 người.")
    await expect(hanh.locator("main")).to_contain_text("Gõ lúc mất mạng.")
