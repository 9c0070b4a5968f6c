"""The room as its people see it: the check before, the views, the hall's second screen, and the way back by itself."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.room import close_vote, enter, hook, panel, schedule, state
from tests.installation import Installation
from tests.server.papers_files import pdf

ROOM = "/rooms/giao-ban"
WATCH_FOR_ABSENCE = """(id) => {
  window.__gone = [];
  const absent = (p) => p.id === id && !p.present;
  const look = () => window.__gone.push(...window.giaoban.state().participants.filter(absent));
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
PLAYS = """(id) => {
  const video = document.querySelector(`[data-participant="${id}"] video`);
  return video && video.videoWidth > 0 && !video.paused && getComputedStyle(video).opacity === "1";
}"""


async def test_who_loads_the_page_anew_is_back_in_the_same_seat_without_pressing_anything(
    installation: Installation, signed_in: Open
) -> None:
    chair = await signed_in("hanh")
    await enter(chair, installation.url + ROOM)
    await chair.click(hook("open-meeting"))

    dung = await signed_in("dung", width=360, height=740)
    await dung.goto(installation.url + ROOM)
    await expect(dung.locator(hook("check-verdict"))).to_have_attribute("data-grade", "good")
    await expect(dung.locator(hook("check-heard"))).to_have_text("Micro nghe rõ, nhưng đang để tắt khi vào họp.")
    assert await dung.evaluate("() => document.activeElement.id") == "check-title"
    await dung.keyboard.press("Tab")
    await expect(dung.locator(hook("join"))).to_be_focused()
    await dung.click(hook("check-chime"))
    await expect(dung.locator(hook("check-chimed"))).to_contain_text("Không nghe thấy chuông")
    await expect(dung.locator(hook("check-audio"))).not_to_be_checked()  # who does not chair begins silent
    await dung.check(hook("check-audio"))
    await expect(dung.locator(hook("check-heard"))).to_have_text("Micro nghe rõ.")
    await dung.click(hook("join"))
    await panel(dung, "agenda")
    await dung.keyboard.press("Escape")
    await expect(dung.locator("#panels")).to_be_hidden()
    await expect(dung.locator(hook("tab-agenda"))).to_be_focused()
    await dung.click(hook("hand"))
    await dung.click(hook("camera"))
    await panel(dung, "people")
    await chair.wait_for_function("() => window.giaoban.state().floor.queue[0]?.participant === 'dung'")
    await chair.evaluate(WATCH_FOR_ABSENCE, "dung")

    await dung.reload()
    await dung.wait_for_function("() => window.giaoban?.state().welcomed")
    await expect(dung.locator(hook("check-audio"))).to_be_hidden()
    await expect(dung.locator(hook("people"))).to_be_visible()
    await expect(dung.locator(hook("mic"))).to_have_attribute("data-on", "true")
    await expect(dung.locator(hook("camera"))).to_have_attribute("data-on", "false")
    await expect(dung.locator(hook("hand"))).to_have_attribute("data-on", "true")
    mine = next(p for p in (await state(chair))["participants"] if p["id"] == "dung")
    assert (mine["present"], mine["hand"], mine["video"]) == (True, True, False)
    assert await chair.evaluate("() => window.__gone") == []

    await dung.click(hook("leave"))
    await dung.reload()
    await expect(dung.locator(hook("join"))).to_be_visible()  # who has left is asked again


async def test_the_button_into_the_room_cannot_be_pressed_before_it_listens(
    installation: Installation, signed_in: Open
) -> None:
    arrives = asyncio.Event()

    async def slowly(route: Route) -> None:
        await arrives.wait()
        await route.continue_()

    dung = await signed_in("dung", width=360, height=740)
    await dung.route("**/js/meeting/check.js*", slowly)
    await dung.goto(installation.url + ROOM, wait_until="commit")
    await expect(dung.locator(hook("join"))).to_be_disabled()
    await expect(dung.locator("#check-loading")).to_be_visible()
    arrives.set()
    await dung.click(hook("join"))
    await expect(dung.locator(hook("tile"))).to_be_visible()
    await expect(dung.locator(hook("mic"))).to_have_attribute("data-on", "false")


async def test_a_vote_comes_to_the_front_of_those_who_vote_and_gives_back_what_they_were_at(
    installation: Installation, signed_in: Open
) -> None:
    chair, secretary, dung = [await signed_in(person) for person in ("hanh", "binh", "dung")]
    for page in (chair, secretary, dung):
        await enter(page, installation.url + ROOM, microphone=False)
    await chair.click(hook("open-meeting"))
    await panel(secretary, "notes")
    await panel(dung, "agenda")
    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), "Thông qua phương án?")
    await chair.click(hook("vote-open"))
    await expect(dung.locator(hook("vote-for"))).to_be_visible()
    await expect(secretary.locator(hook("tab-vote"))).to_have_class("tab urgent")
    await expect(secretary.locator(hook("notes-text"))).to_be_visible()
    await close_vote(chair)
    await expect(dung.locator("#agenda")).to_be_visible()
    await expect(dung.locator("#vote")).to_be_hidden()
    await expect(secretary.locator(hook("tab-vote"))).to_have_class("tab")
    await expect(secretary.locator(hook("notes-text"))).to_be_visible()
    await expect(chair.locator(hook("vote-result"))).to_be_visible()


async def test_a_hall_shows_the_speaker_or_the_paper_on_its_second_screen_and_the_operator_as_he_likes(
    installation: Installation, signed_in: Open, tmp_path: Path
) -> None:
    report = tmp_path / "Báo cáo.pdf"
    report.write_bytes(pdf("Trang một", "Trang hai"))
    secretary, operator = await signed_in("binh"), await signed_in("hanh", width=1280, height=800)
    dung = await signed_in("dung", width=360, height=740)
    await schedule(secretary, installation.url, title="Họp", agenda=["Một"], communes=["ta-nang"])
    await secretary.check(hook("secrecy-none"))
    await secretary.set_input_files(hook("paper-file"), report)
    await secretary.click(hook("paper-send"))
    await secretary.wait_for_selector(hook("paper-read"))
    room = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    for page in (operator, dung):
        await enter(page, room)
    await operator.click(hook("open-meeting"))
    await operator.click(hook("mic"))

    await operator.keyboard.press("l")
    await expect(operator.locator("#stage")).to_have_attribute("data-kind", "grid")
    await expect(operator.locator(".tile.large")).to_have_count(0)
    await operator.locator('[data-participant="hanh"] .pin').focus()
    await operator.keyboard.press("ArrowRight")
    await operator.keyboard.press("Enter")
    await expect(operator.locator('[data-participant="dung"].large.pinned')).to_be_visible()
    await operator.keyboard.press("Enter")
    await expect(operator.locator(".tile.large")).to_have_count(0)

    await operator.keyboard.press("o")
    async with operator.expect_popup() as opened:
        await operator.click(hook("display-open"))
    hall: Page = await opened.value
    await hall.wait_for_function(PLAYS, arg="dung")
    await expect(hall.locator(".tile.large")).to_have_attribute("data-participant", "dung")
    assert await hall.locator("audio").count() == 0, "one sound for the whole hall"
    await operator.keyboard.press("Escape")
    await dung.click(hook("mic"))
    await operator.click(hook("mic"))
    await expect(hall.locator(".tile.large .name")).to_have_text(
        "Nguyễn Thị Hạnh"
    )  # to the hall the operator is one of all
    await operator.keyboard.press("o")
    await operator.select_option(hook("display-shows"), "stage")
    await operator.keyboard.press("Escape")
    await panel(operator, "vote")
    await operator.fill(hook("vote-text"), "Thông qua phương án?")
    await operator.click(hook("vote-open"))
    await dung.click(hook("vote-for"))
    await expect(hall.locator(hook("hall-vote"))).to_contain_text("Thông qua phương án?")
    await expect(hall.locator(".hall-counts div").first).to_have_text("Tán thành1")
    assert await hall.locator(hook("hall-vote")).locator("button").count() == 0
    await close_vote(operator)
    await expect(hall.locator(".hall-result")).to_contain_text("Có 1/2 đại biểu tán thành")
    await expect(operator.locator(f"{hook('tab-papers')} .count")).to_have_text("1")
    await panel(operator, "papers")
    await expect(operator.locator(f"{hook('tab-papers')} .count")).to_be_empty()
    await operator.click(hook("paper-show"))
    await expect(operator.locator("#stage")).to_have_attribute("data-kind", "beside")  # the grid, and the paper with it
    await operator.click(hook("layout"))
    await expect(operator.locator("#stage")).to_have_attribute("data-kind", "below")
    shown = hall.locator(".mirror .paper-sheet img")
    await expect(shown).to_have_attribute("alt", "Trang 1 trong 2")
    await operator.focus(hook("paper-frame"))
    await operator.keyboard.press("ArrowRight")
    await expect(shown).to_have_attribute("alt", "Trang 2 trong 2")
    assert await hall.locator(".mirror button").count() == 0

    await operator.reload()
    await hall.wait_for_function(PLAYS, arg="dung")
    await expect(operator.locator("#stage .claimed")).to_be_visible()
    await operator.keyboard.press("?")
    await expect(operator.locator(hook("help-dialog"))).to_be_visible()
    await operator.uncheck("#keys-wanted")
    await operator.keyboard.press("Escape")
    await operator.keyboard.press("o")
    await expect(operator.locator("#options-dialog")).to_be_hidden()
