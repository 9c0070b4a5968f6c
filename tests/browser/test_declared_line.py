"""What a site declares of its line holds both ways, and the room says so."""

import json

from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, sees_and_hears, state
from tests.installation import Installation

BEFORE = """
  if (!sessionStorage.getItem("giaoban.used")) {
    sessionStorage.setItem("giaoban.used", JSON.stringify({ meeting: %s, octets: 999999 }));
    localStorage.setItem("giaoban.line", JSON.stringify({ kbps: null, megabytes: 1 }));
  }"""


async def test_a_spent_cap_leaves_the_voices_and_says_how_to_have_pictures_again(
    installation: Installation, signed_in: Open
) -> None:
    room = f"{installation.url}/rooms/giao-ban"
    chair = await signed_in("hanh")
    await enter(chair, room)
    dung = await signed_in("dung")
    await dung.add_init_script(BEFORE % json.dumps((await state(chair))["meeting"]["id"]))
    await enter(dung, room)

    word, camera = dung.locator(hook("line-word")), dung.locator(hook("camera"))
    await expect(word).to_contain_text("Đã dùng hết dung lượng đã khai: chỉ còn nghe và nói.")
    await expect(camera).to_have_attribute("data-on", "false")
    await expect(chair.locator('[data-participant="dung"].seen')).to_have_count(0)
    await expect(dung.locator('[data-participant="hanh"].seen')).to_have_count(0)

    await dung.click("#line-change")
    await expect(dung.locator(hook("line-used"))).to_contain_text("1 MB")
    await dung.fill(hook("line-cap"), "-5")
    await dung.click(hook("line-done"))
    await expect(dung.locator("#line-dialog")).to_be_visible()  # the browser says why
    await dung.fill(hook("line-cap"), "500")
    await dung.click(hook("line-done"))
    await expect(dung.locator("#line-dialog")).to_be_hidden()
    await expect(word).to_be_hidden()
    await expect(camera).to_have_attribute("data-on", "true")
    await sees_and_hears(dung, ["hanh"])
    await sees_and_hears(chair, ["dung"])

    await dung.click(hook("line"))
    await dung.select_option(hook("line-rate"), "64")
    await dung.click(hook("line-done"))
    await expect(word).to_contain_text("Đường truyền đã khai là chỉ nghe và nói")
    await expect(camera).to_have_attribute("data-on", "false")
    await panel(chair, "people")
    graded = chair.locator(f"[data-person=dung] {hook('line-grade')}")
    await expect(graded).to_contain_text("nhận về yếu, chỉ còn tiếng")
    await expect(chair.locator("#lines-sum")).to_contain_text("đơn vị chưa tốt")
    await panel(dung, "people")
    await expect(dung.locator(hook("lines-meter"))).to_be_hidden()
    await dung.click("#line-change")
    await dung.select_option(hook("line-rate"), "300")
    await dung.click(hook("line-done"))
    await expect(word).to_be_hidden()
    await expect(camera).to_have_attribute("data-on", "true")
