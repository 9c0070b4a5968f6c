"""A paper is read together: presenter, follower, one who reads on alone, and a phone."""

import asyncio
import os
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, schedule, until
from tests.installation import Installation
from tests.server.papers_files import pdf

PAGE = "(page) => document.querySelector('.paper-place')?.textContent.startsWith(`${page}/`)"
DRAWN = """() => {
  const image = document.querySelector('.paper-sheet img');
  const busy = document.querySelector('.paper-frame[aria-busy=true]');
  return Boolean(image) && image.complete && image.naturalWidth > 0 && !busy;
}"""
# How often an image of this page came over the line, and not out of the browser's own store.
CAME = """(page) => performance.getEntriesByType('resource')
  .filter((one) => one.name.includes(`/${page}-`) && one.transferSize > 0).length"""
PINCH = """() => {
  const frame = document.querySelector('.paper-frame');
  const { left, top, width, height } = frame.getBoundingClientRect();
  const fingers = (apart) => [-1, 1].map((side, identifier) => new Touch({ identifier, target: frame,
    clientX: left + width / 2 + side * apart, clientY: top + height / 2 }));
  const told = (type, touches) => frame.dispatchEvent(new TouchEvent(type,
    { touches, changedTouches: touches, cancelable: true, bubbles: true }));
  told('touchstart', fingers(20));
  told('touchmove', fingers(60));
  told('touchend', []);
}"""
WIDTH = "() => document.querySelector('.paper-sheet').getBoundingClientRect().width"


async def at(page: Page, number: int) -> None:
    """Wait until this page of the paper is drawn."""
    await until(page, f"() => ({PAGE})({number}) && ({DRAWN})()", every=0.1)


UNDER_PAGER = """() => {
  const pager = document.querySelector("#pager .page-turns").getBoundingClientRect();
  return [...document.querySelectorAll("#stage > .claimed, #stage > .tile:not(.away)")].filter((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return left < pager.right && right > pager.left && top < pager.bottom && bottom > pager.top;
  }).map((one) => one.className);
}"""


async def test_a_paper_is_turned_together_and_read_apart(
    installation: Installation, signed_in: Open, tmp_path: Path
) -> None:
    report = tmp_path / "Báo cáo mưa lũ.pdf"
    report.write_bytes(pdf(*(f"Trang số {number}" for number in range(1, 9))))
    secretary = await signed_in("binh")
    sheet = await schedule(
        secretary, installation.url, title="Họp về mưa lũ", agenda=["Tình hình mưa lũ | Văn phòng"],
        communes=["ta-nang", "hoa-phuoc"],
    )  # fmt: skip
    await secretary.check(hook("secrecy-none"))
    await secretary.set_input_files(hook("paper-file"), report)
    await secretary.click(hook("paper-send"))
    await secretary.wait_for_selector(hook("paper-read"))
    room = await secretary.get_attribute(hook("enter-room"), "href")
    assert room is not None
    address = installation.url + room

    chair, phone, alone = await asyncio.gather(
        signed_in("hanh"), signed_in("dung", width=360, height=740), signed_in("lan")
    )
    for page in (chair, secretary, phone, alone):
        await enter(page, address)
    await chair.click(hook("open-meeting"))
    await panel(secretary, "papers")
    await panel(phone, "people")
    await secretary.click(hook("paper-show"))
    for page in (chair, secretary, phone, alone):
        await at(page, 1)
    assert await chair.get_attribute(hook("paper-image"), "alt") == "Trang 1 trong 8"
    await expect(phone.locator("#panels")).to_be_hidden()  # on a phone the paper would lie under it
    assert await phone.evaluate("() => document.documentElement.scrollWidth <= 360")
    await expect(phone.locator(hook("page-place"))).to_have_text("Hình 1/2")
    assert await phone.evaluate(UNDER_PAGER) == [], "the strip's pager has a place of its own"
    await expect(chair.locator(hook("page-place"))).to_be_hidden()
    if shots := os.environ.get("SHOTS"):
        await phone.screenshot(path=f"{shots}/paper360.png")
        await chair.screenshot(path=f"{shots}/paper.png")

    # The secretary turns by the keyboard; everybody who follows sees the same page, fetched once and beforehand.
    for page in (chair, secretary, phone, alone):
        await until(page, f"() => ({CAME})(2) === 1", every=0.1)
    await secretary.focus(hook("paper-frame"))
    await secretary.keyboard.press("ArrowRight")
    for page in (chair, secretary, phone, alone):
        await at(page, 2)
        assert await page.evaluate(CAME, 2) == 1

    # Lan reads on alone, and finds back; her note is hers.
    await alone.click(hook("paper-after"))
    await at(alone, 3)
    await panel(alone, "papers")
    await alone.fill(hook("paper-note"), "hỏi lại số liệu")
    await alone.wait_for_selector(f"{hook('paper-note-word')}:has-text('Đã lưu')")
    await secretary.keyboard.press("End")
    await at(chair, 8)
    await at(phone, 8)
    await at(alone, 3)
    await alone.click(hook("paper-follow"))
    await at(alone, 8)

    # The pointer stands at the same place of the page on the phone.
    await secretary.click(hook("paper-point"))
    box = await secretary.locator(".paper-sheet").bounding_box()
    assert box is not None
    await secretary.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    await phone.wait_for_selector(hook("paper-pointer"), state="visible")
    await until(phone, "() => Math.abs(parseFloat(document.querySelector('.paper-pointer').style.left) - 25) < 2")

    # Two fingers make it larger.
    before = await phone.evaluate(WIDTH)
    await phone.evaluate(PINCH)
    assert await phone.evaluate(WIDTH) > 2 * before
    assert await phone.evaluate("() => document.documentElement.scrollWidth <= 360")

    await secretary.click(hook("paper-close"))
    for page in (chair, secretary, phone, alone):
        await page.wait_for_selector(hook("paper-view"), state="detached")
    await panel(alone, "papers")
    await alone.click(hook("paper-open"))
    await at(alone, 1)
    await alone.click(hook("paper-after"))
    await alone.click(hook("paper-after"))
    await at(alone, 3)
    assert await alone.input_value(hook("paper-note")) == "hỏi lại số liệu"
    assert sheet.startswith(installation.url)
