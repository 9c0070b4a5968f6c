"""Pages of the office and of the public on a phone without a script: axe finds nothing serious, the keyboard is never
lost, and nothing is wider than the screen."""

import re

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser.conftest import PATIENCE
from tests.browser.room import hook
from tests.browser.test_accessibility import AXE, GRAVE
from tests.installation import Installation

WIDE = """() => document.documentElement.scrollWidth > innerWidth && [...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 3).map((one) => one.outerHTML.slice(0, 160))"""
# What is reached by the keyboard shows that it is, and stands where it can be seen.
HELD = """() => {
  const held = document.activeElement, box = held.getBoundingClientRect(), style = getComputedStyle(held);
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return held === document.body ? "nothing" : box.width && marked ? "" : held.outerHTML.slice(0, 160);
}"""
PHONE: ViewportSize = {"width": 360, "height": 740}
OFFICE = (
    "/meetings", "/meetings/new", "/meetings/rooms/new", "/meetings/rooms/giao-ban", "/meetings/series",
    "/meetings/series/new", "/meetings/council", "/tasks", "/tasks/board", "/tasks/pressing", "/tasks/scores",
    "/search", "/search?q=thiên+tai", "/desk", "/desk/new", "/workflow", "/workflow/TB", "/account", "/casefiles",
)  # fmt: skip
CLERK = (
    "/registers/out", "/registers/in", "/registers/numbering", "/casefiles", "/casefiles/retention", "/certificates",
    "/delegations", "/archive", "/signing",
)  # fmt: skip
SERIES = "/series/0123456789abcdef"
PUBLIC = ("/", "/documents", "/verify", "/sign-in", "/guest", "/checkin", SERIES, "/none")
REFUSED = {SERIES: 401, "/none": 404}


async def sign_in(page: Page, installation: Installation, person: str) -> None:
    """By what stands after "#": nothing reads that but a script."""
    await page.goto(f"{installation.url}/sign-in")
    await page.fill("#code", installation.links[person].partition("#")[2])
    await page.click("#sign-in button")
    await page.wait_for_url(f"{installation.url}/meetings")


async def look(page: Page, path: str, found: list[str]) -> None:
    await page.evaluate(AXE)
    found += [f"{path}: {what}" for what in await page.evaluate(GRAVE)]
    if wide := await page.evaluate(WIDE):
        found.append(f"{path} is wider than the screen: {wide}")
    for _ in range(4):
        await page.keyboard.press("Tab")
        if lost := await page.evaluate(HELD):
            found.append(f"{path}: the keyboard is lost at {lost}")
    if await page.locator("main h1").count() != 1:
        found.append(f"{path} has not one heading")


async def visit(page: Page, installation: Installation, paths: tuple[str, ...], found: list[str]) -> None:
    for path in paths:
        response = await page.goto(installation.url + path)
        if response is None or response.status != REFUSED.get(path, 200):
            found.append(f"{path} is not answered: {response}")
        await look(page, path, found)


@pytest.mark.timeout(240)
async def test_pages_need_no_script_no_mouse_and_no_wide_screen(installation: Installation, browser: Browser) -> None:
    context = await browser.new_context(viewport=PHONE, locale="vi-VN")
    # Scripts that never come, and not scripts switched off: axe needs the browser's own.
    await context.route("**/*.js*", lambda route: route.abort())
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    found: list[str] = []
    await visit(page, installation, PUBLIC, found)
    await sign_in(page, installation, "binh")
    await visit(page, installation, OFFICE, found)

    await page.goto(f"{installation.url}/meetings/series/new")
    await page.check(hook("secrecy-none"))
    await page.fill(hook("schedule-title"), "Giao ban tuần")
    await page.fill(hook("agenda-0-title"), "Tình hình chung")
    await page.check(f'{hook("schedule-unit")}[value="ta-nang"]')
    await page.click(hook("schedule-save"))
    await page.wait_for_selector(hook("series-address"))
    await look(page, "a series", found)
    series = re.sub(r".*/", "", page.url)
    date = str(await page.locator(hook("date-change")).nth(3).get_attribute("href"))
    await visit(page, installation, (f"/series/{series}", date, f"{date}/change"), found)
    await page.goto(installation.url + date)
    await page.click(hook("prepare"))
    await page.wait_for_selector(hook("enter-room"))
    await look(page, "a meeting to come", found)
    meeting = page.url.removeprefix(installation.url)
    await visit(page, installation, (f"{meeting}/edit", f"{meeting}/guests", f"{meeting}/mail"), found)

    await context.clear_cookies()
    await sign_in(page, installation, "cuc")
    await visit(page, installation, CLERK, found)
    await page.goto(f"{installation.url}/documents")
    await page.click("main li a")
    await look(page, "a public document", found)
    await context.close()
    assert found == []
