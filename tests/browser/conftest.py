"""Real browsers: Debian's Chromium with fake camera and microphone, one context a person.

It is its headless shell: the same engine, media and network, without the windows of a browser, which took a second of a
processor for each new person's first pages; tests/lab has the whole browser. The camera gives five frames a second, for
each of them is encoded and drawn by the processor.

One Chromium serves all tests, so that all run in one loop; its contexts end with their test. Each test has a server of
its own, over its own copy of the demo authority.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.installation import Installation
from tests.server.conftest import demo_data

__all__ = ["demo_data"]

CHROMIUM = "/usr/bin/chromium-headless-shell"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=5",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

PATIENCE = 45_000  # milliseconds: two cores have browsers, a server and perhaps other people's work to do
expect.set_options(timeout=PATIENCE)

Open = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem != "test_whole_way")  # long, and by its name the last: others would wait
    for item in items:
        if item.path.parent == Path(__file__).parent and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


@pytest_asyncio.fixture(loop_scope="package")
async def installation(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> AsyncIterator[Installation]:
    running = Installation(tmp_path / "giaoban-data")
    await demo_data(running.data)
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="package")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """What a test opens in it is closed after it."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="package")
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
