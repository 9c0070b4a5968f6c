"""A delegate shares a screen with its sound while his microphone is off; the chair ends it."""

import asyncio

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, until
from tests.installation import Installation

ARRIVES = """async () => {
  const now = (await window.giaoban.stats()).dung;
  const first = (window.__first = window.__first || now);
  return Boolean(now) && now.screenFrames > (first ? first.screenFrames : 0) + 3;
}"""
SOUNDS = """async () => {
  const now = (await window.giaoban.stats()).dung;
  const before = window.__sound;
  window.__sound = now && now.totalAudioEnergy;
  return before !== undefined && now.totalAudioEnergy > before;
}"""
SOUND = "() => window.giaoban.state().sharing.sound"
MUTED = "() => !window.giaoban.state().participants.find((p) => p.id === 'dung').audio"


async def test_a_screen_and_what_the_computer_plays_reach_the_others_until_the_chair_ends_it(
    installation: Installation, signed_in: Open
) -> None:
    chair, delegate, other = await asyncio.gather(
        signed_in("hanh"), signed_in("dung"), signed_in("lan", width=360, height=740)
    )
    for page in (chair, delegate, other):
        await enter(page, f"{installation.url}/rooms/giao-ban")
    await chair.click(hook("open-meeting"))
    if await delegate.get_attribute(hook("mic"), "data-on") == "true":
        await delegate.click(hook("mic"))
    await until(other, MUTED, every=0.1)

    await delegate.click(hook("share"))
    for page in (chair, other):
        await page.wait_for_selector(hook("screen-view"))
        await until(page, ARRIVES)
    assert await other.evaluate("() => document.documentElement.scrollWidth <= 360")
    assert await other.locator(hook("screen-end")).is_hidden()
    assert await delegate.evaluate(SOUND), "the browser offers a sound with its screen"
    await until(other, SOUNDS)
    assert await other.evaluate(MUTED)

    await chair.click(hook("screen-end"))
    for page in (chair, other):
        await page.wait_for_selector(hook("screen-view"), state="detached")
    await delegate.wait_for_selector(f'{hook("share")}[data-on="false"]')
    assert await delegate.evaluate("() => window.giaoban.state().sharing.by") is None
