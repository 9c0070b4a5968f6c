"""People meet in groups and come back; an interpreter is heard by who listens to the channel, and at once."""

from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, until
from tests.installation import Installation

HEARS = """async ([who, yes]) => {
  const stats = await window.giaoban.stats();
  const before = (window.__heard ??= {});
  const now = stats[who]?.audioPackets ?? 0;
  const grew = now > (before[who] ?? now);
  const known = who in before;
  before[who] = now;
  return known && grew === yes;
}"""


async def hears(page: Page, who: str, yes: bool = True) -> None:
    await page.evaluate("() => { delete window.__heard; }")
    await until(page, HEARS, [who, yes], every=0.7)


async def value(page: Page, script: str) -> Any:
    return await page.evaluate(script)


async def test_groups_meet_apart_and_an_interpreter_is_heard_by_who_wants(
    installation: Installation, signed_in: Open
) -> None:
    room = f"{installation.url}/rooms/giao-ban"
    pages = {}
    for person, width in (("hanh", 1280), ("dung", 1280), ("lan", 360)):
        pages[person] = await signed_in(person, width=width, height=740)
        await enter(pages[person], room)
    hanh, dung, lan = pages.values()
    await hanh.click(hook("open-meeting"))
    await hears(dung, "lan")

    await panel(hanh, "groups")
    await hanh.click(hook("groups-even"))
    await hanh.click(hook("groups-start"))
    await expect(dung.locator("#live")).to_contain_text("Đồng chí đang ở Tổ 1.")
    await expect(lan.locator("#live")).to_contain_text("Đồng chí đang ở Tổ 2.")
    await expect(dung.locator('[data-test=tile][data-participant="lan"]')).to_have_count(0)
    await hears(dung, "lan", False)
    await hears(hanh, "lan", False)
    await until(dung, "async () => [null, 'dung'].includes(giaoban.state().speaker)")  # the main room goes on talking
    await expect(dung.locator(".speaks-elsewhere")).to_be_hidden()
    await expect(dung.locator(hook("groups-here"))).to_have_text("Đồng chí đang ở Tổ 1.")
    await dung.click(hook("groups-back"))
    await hears(dung, "hanh")
    await until(dung, "async () => giaoban.state().speaker === 'hanh'")
    await dung.click(hook("groups-enter"))
    await expect(dung.locator('[data-test=tile][data-participant="hanh"]')).to_have_count(0)
    await hanh.locator(hook("visit-group")).nth(1).click()
    await hears(hanh, "lan")
    await expect(lan.locator(hook("groups-left"))).to_contain_text("Còn 19 phút")
    await hanh.click(hook("groups-end"))
    await expect(lan.locator(hook("groups-here"))).to_be_hidden()
    await hears(dung, "lan")

    await panel(hanh, "interpreting")
    await hanh.fill(hook("channel-language"), "Tiếng Mông")
    await hanh.click(hook("channel-open"))
    await hanh.locator(hook("channel-interpreter")).select_option("lan")
    await expect(lan.locator("#live")).to_contain_text("Đồng chí phiên dịch sang Tiếng Mông")
    await hears(dung, "lan", False)
    for page in (hanh, dung, lan):
        await expect(page.locator(hook("interpreting-badge"))).to_contain_text("Tiếng Mông – Hoàng Thị Lan")
        await expect(page.locator(f'[data-participant="lan"] {hook("mark-interprets")}')).to_contain_text("Tiếng Mông")
    await expect(lan.locator(hook("interprets"))).to_contain_text("mic chỉ đến kênh Tiếng Mông")
    await expect(lan.locator(hook("mic"))).to_contain_text("Tắt mic dịch")
    await lan.click(hook("mic"))
    await expect(lan.locator(hook("interprets"))).to_contain_text("mic đang tắt")
    await lan.click(hook("mic"))
    await expect(dung.locator(hook("interprets"))).to_be_hidden()
    await dung.click(hook("interpreting-badge"))
    took = await value(
        dung,
        """async () => {
      const count = async () => (await window.giaoban.stats()).lan?.audioPackets ?? 0;
      const before = await count(), began = performance.now();
      const select = document.getElementById("channel-listen");
      select.value = select.options[1].value;
      select.dispatchEvent(new Event("change"));
      while ((await count()) <= before) await new Promise((resolve) => setTimeout(resolve, 20));
      return performance.now() - began;
    }""",
    )
    print(f"from the click to the first packet of the interpreter: {took:.0f} ms")
    volumes = await value(
        dung,
        """() => Object.fromEntries([...document.querySelectorAll("[data-test=tile]")]
      .map((tile) => [tile.dataset.participant, tile.querySelector("audio")?.volume]))""",
    )
    assert (volumes["lan"], round(volumes["hanh"], 2)) == (1, 0.15), "the floor goes on, softly"
    await hears(hanh, "lan", False)
    await dung.locator(hook("channel-listen")).select_option("")
    await hears(dung, "lan", False)

    await hanh.click(hook("interpreters-end"))
    for page in (hanh, lan):
        await expect(page.locator(hook("interpreting-badge"))).to_be_hidden()
    await expect(lan.locator(hook("interprets"))).to_be_hidden()
    await expect(lan.locator(hook("mic"))).to_have_text("Tắt mic")
