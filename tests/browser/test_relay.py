"""Behind a firewall that lets only web traffic through: sound and picture go through the relay, and only there."""

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.room import enter, sees_and_hears
from tests.installation import Installation
from tests.relay import SECRET, Relay


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    running = Relay.start(tmp_path / "relay")
    yield running
    running.stop()


@pytest.mark.parametrize("carrier", ["udp", "tls"])
async def test_two_people_meet_through_the_relay(
    tmp_path: Path,
    demo_data: Callable[[Path], Awaitable[None]],
    relay: Relay,
    carrier: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls = {
        "udp": f"turn:127.0.0.1:{relay.port}?transport=udp",
        "tls": f"turns:localhost:{relay.secure_port}?transport=tcp",
    }
    monkeypatch.setenv("GIAOBAN_TURN__URLS", json.dumps([urls[carrier]]))
    monkeypatch.setenv("GIAOBAN_TURN__SECRET", SECRET)
    monkeypatch.setenv("GIAOBAN_TURN__ONLY", "true")
    installation = Installation(tmp_path / "giaoban-data")
    await demo_data(installation.data)
    installation.start()
    try:
        async with async_playwright() as playwright:
            trusting = f"--ignore-certificate-errors-spki-list={relay.trust}"
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, trusting])
            pages = {}
            for person in ("hanh", "dung"):
                context = await browser.new_context(permissions=["camera", "microphone"], locale="vi-VN")
                pages[person] = await context.new_page()
                await pages[person].goto(installation.links[person])
                await pages[person].wait_for_url("**/meetings")
                await enter(pages[person], installation.url + "/rooms/giao-ban")
            await sees_and_hears(pages["hanh"], ["dung"])
            await sees_and_hears(pages["dung"], ["hanh"])
            path = await pages["dung"].evaluate("async () => (await window.giaoban.stats()).up.path")
            assert path == {"type": "relay", "relay": carrier}
            await browser.close()
    finally:
        installation.stop()
    assert SECRET not in installation.log.read_text() + "".join(installation.output)
    assert "credential" not in installation.log.read_text()
