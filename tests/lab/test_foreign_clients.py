"""Programs that we did not write meet in one room: Firefox by its page, GStreamer by WHIP and WHEP, Chromium."""

from collections.abc import Callable

import pytest

from tests.browser.room import hook, sees_and_hears, state, until
from tests.installation import Installation
from tests.lab.chromium import MEASURE
from tests.lab.conftest import ROOM, Enter
from tests.lab.firefox import Firefox, FirefoxPage
from tests.lab.gstreamer import gstreamer
from tests.lab.network import Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

ARRIVES = """(async () => {
  const now = (await window.giaoban.stats())["%s"];
  window.first ??= now;
  return now && now.framesDecoded > window.first.framesDecoded + 3 && now.audioPackets > window.first.audioPackets + 3;
})()"""

# A browser without a screen has none to choose: a canvas is what its dialog would have given.
DESKTOP = """(() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const pen = canvas.getContext("2d");
  setInterval(() => { pen.fillStyle = `hsl(${Date.now() / 20 % 360} 80% 50%)`; pen.fillRect(0, 0, 1280, 720); }, 100);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10);
})()"""
SCREEN = """async (who) => {
  const frames = (await window.giaoban.stats())[who]?.screenFrames ?? 0;
  window.__screen ??= frames;
  return frames > window.__screen + 3;
}"""
SIZES = """async () => {
  const sent = (await window.lab.sent()).filter((s) => s.kind === "video" && s.packetsSent > 0);
  return new Set(sent.map((s) => s.ssrc)).size >= 2;
}"""
LARGE = "async (who) => (await window.lab.received(who)).video?.frameHeight >= 360"


async def enter_by_firefox(firefox: Firefox, installation: Installation, who: str) -> FirefoxPage:
    await firefox.measure(MEASURE)
    page = await firefox.open(installation.links[who])
    await page.until("location.pathname === '/meetings'")
    await page.goto(installation.url + ROOM)
    await page.until(f"document.querySelector({hook('join')!r})?.disabled === false")
    await page.until(
        f"(box => box.checked || (box.click(), box.checked))(document.querySelector({hook('check-audio')!r}))"
    )
    await page.click(hook("join"))
    await page.until(f"document.querySelector({hook('tile')!r}) !== null")
    return page


async def test_firefox_and_chromium_see_and_hear_each_other_in_the_size_that_is_shown(
    installation: Installation, fox: Firefox, entered: Enter
) -> None:
    chair = await entered("hanh", "office")
    delegate = await enter_by_firefox(fox, installation, "dung")
    await sees_and_hears(chair, ["dung"])
    await delegate.until(ARRIVES % "hanh")
    # Two sizes of its picture leave it, and the chair, who shows it large, gets the large one.
    await delegate.until(f"({SIZES})()")
    await until(chair, LARGE, "dung")
    await delegate.goto("about:blank")


async def test_a_screen_that_firefox_shares_is_seen_in_chromium_until_it_is_ended(
    installation: Installation, fox: Firefox, entered: Enter
) -> None:
    chair = await entered("hanh", "office")
    delegate = await enter_by_firefox(fox, installation, "lan")
    if (await state(chair))["meeting"]["state"] != "open":
        await chair.click(hook("open-meeting"))
    await delegate.evaluate(DESKTOP)
    await delegate.click(hook("share"))
    await chair.wait_for_selector(hook("screen-view"))
    await until(chair, SCREEN, "lan")
    await delegate.click(hook("share"))
    await chair.wait_for_selector(hook("screen-view"), state="detached")
    await delegate.goto("about:blank")


async def test_what_gstreamer_publishes_is_seen_in_chromium_and_by_another_gstreamer(
    installation: Installation, commune: Site, entered: Enter, token: Callable[[str], str]
) -> None:
    chair = await entered("hanh", "office")
    published = f"{installation.url}/whip/giao-ban/phong-hop"
    async with gstreamer(commune, "publish", published, token("gateway")) as codec:
        await codec.connected()
        await sees_and_hears(chair, ["phong-hop"])
        watched = f"{installation.url}/whep/giao-ban/phong-hop"
        async with gstreamer(commune, "watch", watched, token("viewer")) as screen:
            await screen.decodes(10)


async def test_gstreamer_watches_what_a_browser_sends(
    installation: Installation, commune: Site, entered: Enter, token: Callable[[str], str]
) -> None:
    await entered("hanh", "office")
    watched = f"{installation.url}/whep/giao-ban/hanh"
    async with gstreamer(commune, "watch", watched, token("viewer")) as screen:
        await screen.decodes(10)
