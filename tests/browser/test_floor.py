"""The speakers' list: asked before the meeting, a point of order first, and a turn that the clock ends."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, schedule
from tests.installation import Installation

TURN = 5  # seconds
ON = "(on) => window.giaoban.state().participants.find((one) => one.id === window.giaoban.state().you).audio === on"


@pytest.mark.timeout(120)
async def test_the_floor_opens_the_microphone_and_the_clock_takes_it_back(
    installation: Installation, signed_in: Open
) -> None:
    secretary = await signed_in("binh")
    communes = ["ta-nang", "hoa-phuoc"]
    await schedule(secretary, installation.url, title="Giao ban", agenda=["Thu ngân sách"], communes=communes)
    room_url = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    chair, dung = await signed_in("hanh"), await signed_in("dung")
    lan = await signed_in("lan", width=360, height=740)
    await asyncio.gather(*(enter(page, room_url) for page in (chair, secretary, dung, lan)))
    for page in (dung, lan):
        await microphone(page, on=False)
        await panel(page, "floor")
        await page.click(hook("asking"))
    await dung.select_option(hook("ask-item"), label="Thu ngân sách")
    await dung.fill(hook("ask-text"), "Số thu ba tháng")
    await dung.click(hook("ask-send"))

    await limit_turns(chair)
    await chair.click(hook("open-meeting"))
    await lan.click(hook("ask-order"))
    waiting = chair.locator(f"{hook('floor-queue')} li")
    await expect(waiting).to_have_count(2)
    await expect(waiting.nth(0)).to_contain_text("Hoàng Thị Lan")
    await expect(waiting.nth(1)).to_contain_text("Thu ngân sách: Số thu ba tháng")
    await expect(chair.locator("#live")).to_contain_text("Hoàng Thị Lan xin có ý kiến về thủ tục.")

    await waiting.nth(0).locator(hook("give-floor")).click()
    await lan.wait_for_function(ON, arg=True)
    await expect(lan.locator(hook("turn-time"))).to_contain_text("Còn 0:0")
    await expect(secretary.locator(hook("floor-time"))).to_contain_text("Còn 0:0")
    over = "Đã hết giờ, phần phát biểu kết thúc."
    pages = (chair, secretary, dung, lan)  # all at once: what is said stands there for a moment only
    await asyncio.gather(*(expect(page.locator("#live")).to_contain_text(over) for page in pages))
    await lan.wait_for_function(ON, arg=False)

    await waiting.nth(0).locator(hook("give-floor")).click()
    await dung.wait_for_function(ON, arg=True)
    await chair.click(hook("floor-more"))
    await expect(dung.locator(hook("floor-time"))).to_contain_text("Còn 1:0")
    await expect(dung.locator(hook("turn"))).to_be_visible()
    await dung.click(hook("turn-end"))
    await dung.wait_for_function(ON, arg=False)
    await hold_the_space_bar(dung)


async def microphone(page: Page, *, on: bool) -> None:
    button = page.locator(hook("mic"))
    if (await button.get_attribute("data-on") == "true") is not on:
        await button.click()
    await page.wait_for_function(ON, arg=on)


async def limit_turns(chair: Page) -> None:
    """As the chair does, but in seconds, for nobody waits for minutes here."""
    await panel(chair, "floor")
    await chair.click(hook("turn-rule"))
    await chair.evaluate(f"document.querySelector('#turn-seconds option[value=\"60\"]').value = '{TURN}'")
    await chair.select_option(hook("turn-seconds"), str(TURN))
    await chair.check(hook("turn-ends"))


async def hold_the_space_bar(page: Page) -> None:
    await page.locator("#meeting-title").focus()
    await page.keyboard.down(" ")
    await page.wait_for_function(ON, arg=True)
    await page.keyboard.up(" ")
    await page.wait_for_function(ON, arg=False)
