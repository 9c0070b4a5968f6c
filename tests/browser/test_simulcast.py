"""A real browser sends three sizes; another gets the one it shows, over the real endpoint, without a stumble."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from media import Endpoint, LayersWanted, OfferReady, Router
from tests.browser.conftest import CHROMIUM, FLAGS

ROOM = "http://localhost/"
PUBLISH = """async () => {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
  const pc = (window.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
  pc.addTransceiver(media.getAudioTracks()[0], { direction: "sendonly" });
  pc.addTransceiver(media.getVideoTracks()[0], { direction: "sendonly", sendEncodings: [
    { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150000 },
    { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 400000 },
    { rid: "f", maxBitrate: 900000 },
  ] });
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""
ANSWERED = "(sdp) => window.pc.setRemoteDescription({ type: 'answer', sdp })"
WANTED = """async (rids) => {
  const sender = window.pc.getSenders()[1];
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = rids.includes(encoding.rid);
  await sender.setParameters(parameters);
}"""
SENT = """async () => {
  const sent = {};
  for (const s of (await window.pc.getStats()).values())
    if (s.type === "outbound-rtp" && s.kind === "video") sent[s.rid] = s.active && s.framesPerSecond > 0;
  return sent;
}"""
ANSWER = """async (sdp) => {
  const pc = (window.pc ??= new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
  pc.ontrack = ({ track, streams }) => {
    if (track.kind !== "video") return;
    const video = document.createElement("video");
    Object.assign(video, { muted: true, autoplay: true, srcObject: streams[0] });
    document.body.append(video);
  };
  await pc.setRemoteDescription({ type: "offer", sdp });
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""
SEEN = """async () => {
  for (const s of window.pc ? (await window.pc.getStats()).values() : [])
    if (s.type === "inbound-rtp" && s.kind === "video")
      return {
        height: s.frameHeight ?? 0, decoded: s.framesDecoded, received: s.packetsReceived, lost: s.packetsLost,
      };
  return { height: 0, decoded: 0, received: 0, lost: 0 };
}"""


@pytest_asyncio.fixture(loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    """One whose camera gives ten frames a second: of five, the middle size would fit into the line that is to be too
    narrow for it, and too few would come to count what is lost."""
    async with async_playwright() as playwright:
        flags = [*FLAGS, "--use-fake-device-for-media-stream=fps=10"]
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="package")
async def endpoint() -> AsyncIterator[Endpoint]:
    opened = await Endpoint.open()
    yield opened
    await opened.close()


async def page_of(browser: Browser) -> Page:
    context = await browser.new_context(permissions=["camera", "microphone"])
    page = await context.new_page()
    await page.route("**/*", lambda route: route.fulfill(body="<html><body>", content_type="text/html"))
    await page.goto(ROOM)
    return page


async def carry_on(endpoint: Endpoint, router: Router, publisher: Page, receiver: Page) -> None:
    """What signalling does."""
    while True:
        event = await endpoint.events.get()
        if isinstance(event, OfferReady):
            router.accept(event.participant, await receiver.evaluate(ANSWER, event.sdp))
        elif isinstance(event, LayersWanted):
            await publisher.evaluate(WANTED, list(event.rids))


async def until(page: Page, script: str, good: Callable[[Any], bool], seconds: float = 45) -> Any:
    found = None
    for _ in range(int(seconds * 10)):
        found = await page.evaluate(script)
        if good(found):
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"still {found}")


def about(height: int) -> Callable[[Any], bool]:
    """Chromium takes a quarter off each picture where its encoder falls behind, and may do so for minutes."""
    return lambda seen: 0.7 * height < seen["height"] <= height


async def test_the_size_that_is_shown_is_the_one_that_comes(browser: Browser, endpoint: Endpoint) -> None:
    router = endpoint.router("giao-ban")
    publisher, receiver = await page_of(browser), await page_of(browser)
    signalling = asyncio.create_task(carry_on(endpoint, router, publisher, receiver))
    await publisher.evaluate(ANSWERED, router.publish("an", await publisher.evaluate(PUBLISH)).sdp)
    router.subscribe("binh")
    router.watch_sizes("binh", {"an": 720})
    await until(receiver, SEEN, about(720))
    before = await receiver.evaluate(SEEN)
    for height in (180, 360):
        router.watch_sizes("binh", {"an": height})
        await until(receiver, SEEN, about(height))
    router.limit("binh", 140, None)
    after = await until(receiver, SEEN, about(180))
    assert after["decoded"] > before["decoded"] + 10
    # What still waits of the former picture is thrown away on purpose; a numbering that broke would lose it all.
    assert after["lost"] - before["lost"] < 0.2 * (after["received"] - before["received"]), (before, after)
    await until(publisher, SENT, lambda sent: [rid for rid in sent if sent[rid]] == ["q"])
    signalling.cancel()
