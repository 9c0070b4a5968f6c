"""Debian's Chromium at a site of the lab, by Playwright; fake camera, and a microphone that speaks without a pause."""

import contextlib
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.conftest import FLAGS
from tests.lab.network import Namespace

MEASURE = Path(__file__).with_name("measure.js")
RATE = 48000
SPEECH_SECONDS = 10


def speech(file: Path) -> Path:
    """A voice that never falls silent for long: harmonics of a wandering pitch, four syllables a second; seeded.

    Only where there is always sound does every concealed sample count as one that was heard.
    """
    time = np.arange(RATE * SPEECH_SECONDS) / RATE
    pitch = 130 + 15 * np.sin(2 * np.pi * 0.3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    rng = np.random.default_rng(7)
    voice = sum(np.sin(n * phase + rng.uniform(0, 6)) / n for n in range(1, 20))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time)
    samples = voice * syllables
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples / np.abs(samples).max() * 16000).astype("<i2").tobytes())
    return file


@contextlib.asynccontextmanager
async def chromium(where: Namespace, origin: str, folder: Path) -> AsyncIterator[Browser]:
    """A browser in namespace `where` that takes the plain-HTTP `origin` for a safe one, so that it has a camera."""
    launcher = folder / f"chromium-{where.name}"
    launcher.write_text(f'#!/bin/sh\nexec {" ".join(where.command("/usr/bin/chromium"))} "$@"\n')
    launcher.chmod(0o755)
    flags = [
        *FLAGS,
        f"--unsafely-treat-insecure-origin-as-secure={origin}",
        f"--use-file-for-fake-audio-capture={speech(folder / f'speech-{where.name}.wav')}",
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
    page.set_default_timeout(20_000)
    await page.goto(link)
    await page.wait_for_url("**/meetings")
    return page
