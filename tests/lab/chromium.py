"""Debian's Chromium at a site of the lab, by Playwright; what its camera and microphone take is in `scene.py`."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.conftest import FLAGS
from tests.lab.network import Namespace
from tests.lab.scene import Scene

MEASURE = Path(__file__).with_name("measure.js")


@contextlib.asynccontextmanager
async def chromium(where: Namespace, origin: str, scene: Scene, folder: Path) -> AsyncIterator[Browser]:
    """A browser in namespace `where` that takes the plain-HTTP `origin` for a safe one, so that it has a camera.
    `folder` is for its launcher."""
    launcher = folder / f"chromium-{where.name}"
    launcher.write_text(f'#!/bin/sh\nexec {" ".join(where.command("/usr/bin/chromium"))} "$@"\n')
    launcher.chmod(0o755)
    flags = [
        *FLAGS,
        f"--unsafely-treat-insecure-origin-as-secure={origin}",
        f"--use-file-for-fake-audio-capture={scene.speech}",
        f"--use-file-for-fake-video-capture={scene.picture}",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=launcher, args=flags)
        yield browser
        await browser.close()


async def person(browser: Browser, link: str) -> Page:
    """A context of one's own, signed in by a printed link; the page is measured."""
    context: BrowserContext = await browser.new_context(permissions=["camera", "microphone"], locale="vi-VN")
    await context.add_init_script(path=MEASURE)
    page = await context.new_page()
    page.set_default_timeout(45_000)
    await page.goto(link)
    await page.wait_for_url("**/meetings")
    return page
