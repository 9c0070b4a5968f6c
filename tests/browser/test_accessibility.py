"""axe-core finds nothing serious on any state of the pages: in three languages, on a phone and on a laptop."""

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.conftest import Open
from tests.browser.room import close_vote, enter, hook, panel, schedule
from tests.installation import Installation
from tests.server.papers_files import pdf

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
GRAVE = """async () => {
  // What is only being faded in has another contrast for a moment.
  const ending = document.getAnimations().filter((a) => a.effect.getTiming().iterations === 1);
  await Promise.all(ending.map((a) => a.finished.catch(() => 0)));
  const { violations } = await axe.run({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    rules: { "label-content-name-mismatch": { enabled: true } },
  });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
SIZES = ((360, 740), (1440, 900))
ROOM = "/rooms/giao-ban"
LANGUAGES = ("vi", "en", "ja")


class Inspector:
    """Collects what axe finds, by page, size and language."""

    def __init__(self) -> None:
        self.found: list[str] = []

    async def look(self, page: Page, where: str) -> None:
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            if not await page.evaluate("() => 'axe' in window"):
                await page.evaluate(AXE)
            self.found += [f"{where} at {width}: {what}" for what in await page.evaluate(GRAVE)]


@pytest_asyncio.fixture(loop_scope="package")
async def inspector() -> AsyncIterator[Inspector]:
    inspector = Inspector()
    yield inspector
    assert inspector.found == []


async def speak(page: Page, language: str) -> None:
    await page.click(f'button[name=lang][value="{language}"]')
    await page.wait_for_selector(f'html[lang="{language}"]')


async def dialogs(page: Page, inspector: Inspector, where: str) -> None:
    """Every dialog of the room, though nobody has asked for it now."""
    for name in await page.eval_on_selector_all("dialog", "(all) => all.map((dialog) => dialog.id)"):
        await page.evaluate("(id) => document.getElementById(id).showModal()", name)
        await inspector.look(page, f"{where} {name}")
        await page.evaluate("(id) => document.getElementById(id).close()", name)


async def notices_a_fault(page: Page) -> None:
    """A button without a name: were that not found, nothing would be."""
    inspector = Inspector()
    await page.evaluate("""() => document.body.insertAdjacentHTML("beforeend", '<button class="bad"></button>')""")
    await inspector.look(page, "fault")
    await page.evaluate("() => document.querySelector('button.bad').remove()")
    assert [what for what in inspector.found if "button-name" in what]
    misnamed = '<button class="bad" aria-label="Rời khỏi đây">Vào phòng họp</button>'
    await page.evaluate("(bad) => document.body.insertAdjacentHTML('beforeend', bad)", misnamed)
    await inspector.look(page, "fault")
    await page.evaluate("() => document.querySelector('button.bad').remove()")
    assert [what for what in inspector.found if "label-content-name-mismatch" in what]


@pytest.mark.timeout(150)
async def test_the_meeting_room_keeps_nobody_out(
    installation: Installation, signed_in: Open, inspector: Inspector
) -> None:
    chair, dung = await signed_in("hanh"), await signed_in("dung")
    for language in LANGUAGES:
        await dung.goto(f"{installation.url}/meetings")
        await speak(dung, language)
        await dung.goto(installation.url + ROOM)
        await dung.click("#check-guide summary")
        await dung.click("#declared-fold summary")
        await inspector.look(dung, f"check {language}")
    await notices_a_fault(dung)
    await enter(chair, installation.url + ROOM)
    await dung.click(hook("join"))
    await dung.wait_for_selector(hook("tile"))
    await inspector.look(dung, "before the opening")
    await chair.click(hook("open-meeting"))
    await dung.click(hook("hand"))
    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), "Thông qua phương án?")
    await chair.click(hook("vote-open"))
    await dung.click(hook("vote-for"))
    await chair.click(hook("record-start"))
    await chair.click(hook("record-confirm"))
    await dung.wait_for_selector(hook("consent-yes"))
    await inspector.look(dung, "vote and consent")
    for tab in await chair.locator("#tabs [data-panel]:visible").all():
        if await tab.get_attribute("aria-expanded") != "true":
            await tab.click()
        await inspector.look(chair, str(await tab.get_attribute("data-panel")))
    await dialogs(chair, inspector, "chair")
    await dung.evaluate("() => document.getElementById('notice').hidden = false")
    await dung.click(hook("leave"))
    await dung.wait_for_selector(hook("take-back"))
    await inspector.look(dung, "left")
    await chair.click(hook("close-meeting"))
    await chair.click(hook("confirm"))
    await chair.wait_for_selector(hook("minutes-link"))
    await inspector.look(chair, "closed")


async def guest(browser: Browser, host: Page, meeting: str, room: str) -> Page:
    """Somebody who came by a link, and waits."""
    await host.goto(f"{meeting}/guests")
    await host.click(hook("make-guest-link"))
    page = await (await browser.new_context(permissions=["camera", "microphone"], locale="vi-VN")).new_page()
    await page.goto(await host.input_value(hook("guest-link")))
    await page.fill(hook("guest-name"), "Hoàng Minh")
    await page.click(hook("guest-enter"))
    await page.wait_for_url(room)
    await page.click(hook("join"))
    await page.wait_for_selector(hook("waiting-status"))
    return page


@pytest.mark.timeout(150)
async def test_what_a_meeting_has_beside_its_agenda_keeps_nobody_out(
    installation: Installation, browser: Browser, signed_in: Open, inspector: Inspector, tmp_path: Path
) -> None:
    report = tmp_path / "Báo cáo.pdf"
    report.write_bytes(pdf("Trang một", "Trang hai"))
    binh, chair, dung = await asyncio.gather(*(signed_in(person) for person in ("binh", "hanh", "dung")))
    meeting = await schedule(binh, installation.url, title="Họp", agenda=["Một"], communes=["ta-nang", "hoa-phuoc"])
    room = installation.url + str(await binh.get_attribute(hook("enter-room"), "href"))
    await binh.check(hook("secrecy-none"))
    await binh.set_input_files(hook("paper-file"), report)
    await binh.click(hook("paper-send"))
    await binh.wait_for_selector(hook("paper-read"))
    await asyncio.gather(enter(chair, room), enter(dung, room))
    await chair.click(hook("open-meeting"))
    minh = await guest(browser, binh, meeting, room)
    await inspector.look(minh, "in the lobby")
    await panel(chair, "lobby")
    await chair.wait_for_selector(hook("admit"))
    await inspector.look(chair, "somebody in the lobby")
    await minh.context.close()

    await panel(chair, "papers")
    await chair.click(hook("paper-show"))
    await panel(dung, "papers")
    await dung.click(hook("paper-open"))
    await dung.click(hook("paper-after"))
    await dung.fill(hook("paper-note"), "Hỏi lại số liệu.")
    await inspector.look(dung, "paper on one's own, with a note")
    await dung.click(hook("paper-close"))
    await chair.click(hook("paper-close"))
    await dung.click(hook("paper-open"))
    await chair.click(hook("share"))
    await dung.wait_for_selector(f"{hook('paper-follow')}:visible")
    await inspector.look(dung, "reading while a screen is shared")
    await dung.click(hook("paper-follow"))
    await dung.wait_for_selector(hook("screen-view"))
    await inspector.look(dung, "screen")
    await chair.click(hook("share"))

    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), "Bầu trưởng đoàn?")
    await chair.click(hook("vote-ways"))
    await chair.select_option(hook("vote-way"), "secret")
    await chair.click(hook("vote-open"))
    await dung.click(hook("vote-for"))
    await inspector.look(dung, "secret ballot")
    await close_vote(chair)
    await dung.wait_for_selector(f"{hook('vote-result')}:not([hidden])", state="attached")
    await panel(dung, "vote")
    await inspector.look(dung, "result")

    await panel(chair, "interpreting")
    await chair.fill(hook("channel-language"), "Tiếng Mông")
    await chair.click(hook("channel-open"))
    await chair.wait_for_selector(hook("channel-interpreter"))
    await inspector.look(chair, "a channel")
    await panel(chair, "groups")
    await chair.click(hook("groups-even"))
    await inspector.look(chair, "arranging groups")
    await chair.click(hook("groups-start"))
    await dung.wait_for_selector(f"{hook('tab-groups')}:not([hidden])")
    await panel(dung, "groups")
    await inspector.look(dung, "in a group")
    await chair.click(hook("groups-end"))
    await chair.click(hook("pause-meeting"))
    await chair.click(hook("pause-open"))
    await dung.wait_for_selector(f"{hook('pause-text')}:visible")
    await inspector.look(dung, "in a break")
    await chair.click(hook("go-on"))
    await dung.wait_for_selector(f"{hook('pause-on')}:visible")
    await inspector.look(dung, "after a break")
    await dung.evaluate("() => { document.getElementById('absence-text').hidden = false; }")
    await inspector.look(dung, "while the chair is missed")
    await chair.set_viewport_size({"width": 360, "height": 740})
    await chair.click(hook("conduct"))
    await chair.wait_for_selector(hook("close-meeting"))
    await inspector.look(chair, "the menu of who leads")


@pytest.mark.timeout(150)
async def test_the_other_pages_keep_nobody_out(
    installation: Installation, signed_in: Open, inspector: Inspector
) -> None:
    page = await signed_in("binh")
    for language in LANGUAGES:
        await page.goto(installation.url)
        await speak(page, language)
        paths = ["/", "/meetings", "/meetings/new", "/desk", "/documents", "/verify", f"{ROOM}?display=1", "/none"]
        for path in paths if language == "vi" else paths[1:3]:
            await page.goto(installation.url + path)
            await inspector.look(page, f"{path} {language}")
    await page.goto(f"{installation.url}/meetings/new")
    await page.click("form[action='/sign-out'] button")
    await page.goto(f"{installation.url}/sign-in")
    await inspector.look(page, "/sign-in")


@pytest.mark.timeout(150)
async def test_the_pages_of_units_and_people_keep_nobody_out(
    installation: Installation, signed_in: Open, inspector: Inspector
) -> None:
    page = await signed_in("cuc")
    people = f"{installation.url}/people"
    await page.goto(f"{people}/dung")
    await page.check(hook("role-leader"))
    await page.click(hook("save"))
    for language in LANGUAGES:
        await speak(page, language)
        paths = ("", "/new", "/dung", "/units/ta-nang", "/log", "/dung/end", "/units/ta-nang/end", "/units/new")
        for path in paths if language == "vi" else paths[:5]:
            await page.goto(people + path)
            await inspector.look(page, f"/people{path} {language}")
    await page.goto(f"{people}/dung")
    await page.click(hook("make-link"))
    await page.wait_for_selector(hook("link"))
    await inspector.look(page, "a link that was made")
    await page.goto(f"{people}/import")
    await page.fill(hook("list"), "Vũ Đức Minh; Chuyên viên; Sở Lạ; ; vua")
    await page.click(hook("look"))
    await page.wait_for_selector(hook("wrong-row"))
    await inspector.look(page, "a list with a wrong line")
    await page.goto(f"{people}/units/new")
    await page.fill(hook("name"), "Sở Y tế")
    await page.eval_on_selector_all("main form", "(all) => all.forEach((form) => (form.noValidate = true))")
    await page.click(hook("save"))
    await page.wait_for_selector(hook("failure"))
    await inspector.look(page, "a unit that is not whole")


@pytest.mark.timeout(150)
async def test_the_editor_of_drafts_keeps_nobody_out(
    installation: Installation, signed_in: Open, inspector: Inspector
) -> None:
    page = await signed_in("binh")
    await page.goto(f"{installation.url}/desk/new")
    await page.select_option(hook("kind"), "KH")
    await page.fill("#subject", "Phòng, chống thiên tai")
    await page.check(hook("secrecy-none"))
    await page.click(hook("begin"))
    await page.wait_for_selector(hook("editor"))
    url = page.url
    for kind in ("prose", "table", "conclusion"):
        await page.locator(hook(f"add-body-{kind}")).first.click()
        await page.keyboard.type("Nội dung")
        await inspector.look(page, f"in a {kind}")
    await page.click(f".block.active {hook('remark')}")
    await page.fill(hook("remark-text"), "Ghi rõ thời hạn")
    await inspector.look(page, "writing a remark")
    await page.click(hook("remark-save"))
    await page.wait_for_selector(f"{hook('remarks')}:visible")
    for fold in await page.locator("#editing summary:visible").all():
        await fold.click()
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.click(hook("tab-pages"))
    await page.wait_for_selector(f"{hook('pages')} img")
    await inspector.look(page, "pages")
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.click("#tab-text")
    for language in LANGUAGES:
        await speak(page, language)
        await page.goto(url)
        await page.wait_for_selector(hook("editor"))
        await inspector.look(page, f"editor {language}")
    await page.click(hook("save"))
    await page.wait_for_url(url.removesuffix("/edit"))
    await page.goto(url.removesuffix("/edit") + "/versions")
    await inspector.look(page, "versions")
