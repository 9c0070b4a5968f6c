"""Two machines write one draft at once, one of them a phone whose line breaks: both end with one text, all of it."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import hook
from tests.installation import Installation


async def begin(page: Page, url: str) -> str:
    """A new plan; returns its page."""
    await page.goto(f"{url}/desk/new")
    await page.select_option(hook("kind"), "KH")
    await page.fill("#subject", "Phòng, chống thiên tai năm 2027")
    await page.check(hook("secrecy-none"))
    await page.click(hook("begin"))
    await page.wait_for_selector(hook("editor"))
    return page.url.removesuffix("/edit")


def boxes(page: Page, part: str = "body") -> list[str]:
    return [f"{hook(f'part-{part}')} > li:nth-child({number}) textarea[data-field=text]" for number in range(1, 9)]


async def texts(page: Page) -> list[str]:
    script = """(all) => all.map((one) => {
      const label = one.querySelector(".label").textContent;
      return `${label} ${one.querySelector("textarea").value}`;
    })"""
    found: list[str] = await page.eval_on_selector_all(f"{hook('part-body')} > li", script)
    return found


async def empty(page: Page) -> None:
    """Take out what the template began with."""
    while await page.locator(f"{hook('part-body')} > li").count():
        await page.locator(f"{hook('part-body')} > li textarea").first.focus()
        await page.keyboard.press("Control+Delete")


async def test_two_write_one_draft_at_once(installation: Installation, signed_in: Open) -> None:
    desk, phone = await signed_in("binh", width=1440, height=900), await signed_in("binh", width=360, height=740)
    url = await begin(desk, installation.url)
    await empty(desk)
    first, second, *_ = boxes(desk)
    await desk.click(hook("add-body-prose"))
    await desk.keyboard.type("Rà soát các hồ chứa. Trực ban 24/24 giờ.")
    for _ in range(19):
        await desk.keyboard.press("ArrowLeft")
    await desk.keyboard.press("Enter")  # what stands behind the caret is a clause of its own
    await desk.keyboard.press("Control+End")
    await expect(desk.locator(second)).to_have_value("Trực ban 24/24 giờ.")

    recipient, warned = boxes(desk, "recipients")[0], desk.locator(hook("astray"))
    named = await desk.input_value(recipient)
    await desk.fill(recipient, "Như Điều 3;")
    await expect(warned).to_have_text("Nơi nhận ghi “Như Điều 3” nhưng văn bản không có điều đó; xin sửa nơi nhận.")
    await desk.fill(recipient, named)
    await expect(warned).to_be_hidden()

    await phone.goto(f"{url}/edit")
    await expect(phone.locator("header.site nav a").last).to_be_in_viewport(ratio=1)
    await expect(phone.locator(second)).to_have_value("Trực ban 24/24 giờ.")
    await phone.locator(first).press("Control+Home")
    await expect(desk.locator(f"{hook('part-body')} > li:nth-child(1) {hook('here')}")).to_be_visible()
    await phone.keyboard.type("Khẩn trương: ", delay=15)
    await desk.locator(first).press("Control+End")
    await desk.keyboard.type(" Báo cáo trước 15/01.", delay=15)
    both = "Khẩn trương: Rà soát các hồ chứa.  Báo cáo trước 15/01."
    for page in (desk, phone):
        await expect(page.locator(first)).to_have_value(both)
        await expect(page.locator(hook("status"))).to_have_text("Đã lưu.")

    # By keyboard: moved, numbered anew for both, taken out, and back again.
    await desk.locator(second).press("Alt+ArrowUp")
    for page in (desk, phone):
        await expect(page.locator(first)).to_have_value("Trực ban 24/24 giờ.")
    assert await texts(phone) == ["1. Trực ban 24/24 giờ.", f"2. {both}"]
    await desk.locator(first).press("Control+Delete")
    await expect(phone.locator(f"{hook('part-body')} > li")).to_have_count(1)
    await desk.keyboard.press("Control+z")
    await expect(phone.locator(first)).to_have_value("Trực ban 24/24 giờ.")

    # A table and a conclusion by mouse; the pages follow.
    await desk.wait_for_selector(f"{hook('pages')} img")
    drawn = await desk.get_attribute(f"{hook('pages')} img", "src")
    await desk.click(hook("add-body-table"))
    await desk.keyboard.type("Xã")
    await desk.click(hook("add-row"))
    await desk.keyboard.type("Tà Năng")
    await desk.click(hook("add-body-conclusion"))
    await desk.keyboard.type("Lập danh sách hộ phải di dời")
    await desk.fill(f"{hook('part-body')} .conclusion [data-field=owner_unit]", "UBND xã Tà Năng")
    await expect(desk.locator(f"{hook('pages')} img").first).not_to_have_attribute("src", drawn or "")
    await expect(phone.locator(f"{hook('part-body')} tbody tr")).to_have_count(3)
    await phone.click(hook("tab-pages"))
    await phone.wait_for_selector(f"{hook('pages')} img")
    await phone.click("#tab-text")

    # The server is gone: what is typed waits, outlives its page, and is merged with what the other wrote meanwhile.
    installation.kill()
    await phone.locator(first).press("Control+End")
    await phone.keyboard.type(" Gõ lúc mất mạng.")
    await expect(phone.locator(hook("status"))).to_contain_text("Mất kết nối")
    context = phone.context
    async with phone.expect_event("close"):  # what a page that lives keeps is left to it
        await phone.close(run_before_unload=True)
    phone = await context.new_page()
    await desk.locator(first).press("Control+Home")
    await desk.keyboard.type("Các xã: ")
    installation.start()
    await phone.goto(f"{url}/edit")
    for page in (desk, phone):
        await expect(page.locator(hook("status"))).to_have_text("Đã lưu.")
    for page in (desk, phone):
        await expect(page.locator(first)).to_have_value("Các xã: Trực ban 24/24 giờ. Gõ lúc mất mạng.")

    await phone.click(hook("save"))
    await phone.wait_for_url(url)
    for words in ("Các xã: Trực ban 24/24 giờ. Gõ lúc mất mạng.", both, "Tà Năng", "Đơn vị chủ trì: UBND xã Tà Năng"):
        await expect(phone.locator("main")).to_contain_text(words)
    await phone.goto(f"{url}/versions")
    await expect(phone.locator("ins").first).to_be_visible()


async def test_who_signs_out_leaves_no_line_on_the_machine(installation: Installation, signed_in: Open) -> None:
    page = await signed_in("binh")
    await page.goto(f"{installation.url}/desk")
    await page.evaluate("() => localStorage.setItem('giaoban-draft-binh-d1:p1', '{}')")
    await page.click("form[action='/sign-out'] button")
    await page.wait_for_url(f"{installation.url}/")
    assert (
        await page.evaluate("() => Object.keys(localStorage).filter((key) => key.startsWith('giaoban-draft-'))") == []
    )
