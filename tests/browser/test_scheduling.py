"""Chromium wants real-time threads for sound; with them it could hold every processor. It gets none."""

import os

from playwright.async_api import Browser

from tests import scheduling

SOUND = """async () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context);
    tone.connect(context.destination);
    tone.start();
    while (context.currentTime < 0.2) await new Promise(requestAnimationFrame);
}"""


async def test_no_thread_of_chromium_is_real_time_while_it_makes_sound(browser: Browser) -> None:
    page = await browser.new_page()
    await page.evaluate(SOUND)
    running = scheduling.descendants(os.getpid(), scheduling.processes())
    assert sum(one.name.startswith("chromium") for one in running) > 2, running
    assert {one.name: scheduling.real_time(one.pid) for one in running if scheduling.real_time(one.pid)} == {}
