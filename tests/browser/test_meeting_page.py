"""The page of a meeting, while a paper is being prepared: it follows, and takes nothing from whoever works on it."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.room import hook, schedule
from tests.installation import Installation
from tests.server.papers_files import pdf


async def test_what_was_opened_and_typed_stays_while_papers_come(
    installation: Installation, signed_in: Open, tmp_path: Path
) -> None:
    page = await signed_in("binh")
    await schedule(page, installation.url, title="Họp", agenda=["Một", "Hai"], communes=["ta-nang"])
    await page.click(hook("cancel-open"))
    await page.fill(hook("cancel-reason"), "Mưa lũ")
    for count, name in enumerate(("Báo cáo", "Phụ lục"), 1):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(pdf("Trang một", "Trang hai"))
        await page.check(hook("secrecy-none"))
        await page.set_input_files(hook("paper-file"), file)
        await page.click(hook("paper-send"))
        await expect(page.locator(hook("paper-read"))).to_have_count(count)
        if count == 1:
            await page.locator(f"{hook('paper')} summary").click()
            await page.locator(f"{hook('paper')} select").select_option(label="Hai")
    first = page.locator(hook("paper")).first
    await expect(first.locator("details")).to_have_attribute("open", "")
    await expect(first.locator("option:checked")).to_have_text("Hai")
    await expect(page.locator(hook("cancel-reason"))).to_be_visible()
    await expect(page.locator(hook("cancel-reason"))).to_have_value("Mưa lũ")
    await expect(page.locator(hook("papers-pending"))).to_have_count(0)


async def test_the_button_for_an_emergency_tells_of_the_letters(installation: Installation, signed_in: Open) -> None:
    page = await signed_in("binh")
    await page.goto(f"{installation.url}/meetings/new")
    button = page.locator(hook("schedule-save"))
    await expect(button).to_have_text("Lập cuộc họp", use_inner_text=True)
    await page.select_option(hook("schedule-kind"), "emergency")
    await expect(button).to_have_text("Lập cuộc họp và gửi thư mời ngay", use_inner_text=True)
    await page.select_option(hook("schedule-kind"), "briefing")
    await expect(button).to_have_text("Lập cuộc họp", use_inner_text=True)
