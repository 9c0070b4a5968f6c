"""Real browsers: Debian's Chromium with fake camera and microphone, one context a person."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.installation import Installation

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=10",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

PATIENCE = 45_000  # milliseconds: two cores have browsers, a server and perhaps other people's work to do
expect.set_options(timeout=PATIENCE)

Open = Callable[..., Awaitable[Page]]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    running = Installation(tmp_path / "giaoban-data")
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture
async def signed_in(browser: Browser, installation: Installation) -> AsyncIterator[Open]:
    """Open a context for a person and sign in by the printed link. An error in a page's script fails the test."""
    faults: list[str] = []

    async def open_page(person: str, *, width: int = 1280, height: int = 800) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, permissions=["camera", "microphone"], locale="vi-VN"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(f"{person}: {error}"))
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(installation.links[person])
        await page.wait_for_url(f"{installation.url}/meetings")
        return page

    yield open_page
    assert not faults
