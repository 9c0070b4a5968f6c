"""`make bench-quality`: what a listener gets over bad lines, from Giaoban and from Janus under the same faults.

Two Chromium at two sites of the lab's network, one speaks and one listens; the faults are on the listener's line, or on
the speaker's. Needs root, Chromium, and Debian's janus.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import itertools
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, Page

from bench.quality_servers import Giaoban, Janus, Server
from tests.lab.chromium import chromium
from tests.lab.network import HUB_ADDRESS, Line, Namespace, Network, network
from tests.lab.scene import Scene

PAGE_PORT = 8000
SCRIPT = Path(__file__).with_name("quality.js")
FROZEN = 1 / 15 + 0.15  # seconds without a new frame that are a freeze (W3C webrtc-stats, freezeCount)
SILENT = 0.003  # loudness under which the steady tone is not heard
CUT = 5.0
SOON = 2.0  # seconds after the line is back in which the meeting's page shall be, too
LOSSY = Line(loss=0.1)


@dataclass(frozen=True)
class Case:
    """A fault: lines of the speaker's and the listener's site, seconds to settle and to measure."""

    name: str
    apply: Callable[[Network], None]
    settle: float = 4.0
    seconds: float = 10.0
    cut: bool = False


def _listener(net: Network, *, up: Line = Line(), down: Line = Line()) -> None:  # noqa: B008 - a frozen value
    net.sites["listener"].line(up=up, down=down)


CASES = (
    Case("good line", lambda net: None),
    Case("10 % loss, listener", lambda net: _listener(net, up=LOSSY, down=LOSSY)),
    Case("10 % loss, speaker", lambda net: net.sites["speaker"].line(up=LOSSY, down=LOSSY)),
    Case("300 kbit/s, listener", lambda net: _listener(net, down=Line(kbps=300)), settle=6.0),
    Case("100 kbit/s, listener", lambda net: _listener(net, down=Line(kbps=100)), settle=6.0),
    Case("cut of 5 s, listener", lambda net: _listener(net, up=Line(cut=True), down=Line(cut=True)), 0, 10, cut=True),
)


@dataclass(frozen=True)
class Figures:
    """Of one case: `frozen` and `silent`: shares of the time; `concealed`: share of samples invented; the others in
    milliseconds, `back` from the end of the cut until picture and tone are there again; None where there is nothing."""

    frozen: float
    silent: float
    concealed: float
    glass: float | None
    glass95: float | None
    ear: float | None
    back: float | None


def frozen(times: Sequence[float], begin: float, end: float) -> float:
    """Share of begin…end (ms) in which the picture stood still."""
    marks = [begin, *(at for at in times if begin < at < end), end]
    gaps = [(after - before) / 1000 for before, after in itertools.pairwise(marks)]
    return sum(gap for gap in gaps if gap > FROZEN) / ((end - begin) / 1000)


def figures(before: dict[str, Any], after: dict[str, Any], restored: float | None) -> Figures:
    """From two readings of quality.js; times in ms."""
    begin, end = restored or before["at"], after["at"]
    frames = after["frames"]
    delays = sorted(delay for at, delay in frames if delay is not None and 0 <= delay < 60_000 and at > begin)
    loud = [volume for at, volume in after["loudness"] if at > begin]
    concealed = 0.0
    if before["audio"] and after["audio"] and before["audio"]["id"] == after["audio"]["id"]:
        grown = {
            name: after["audio"][name] - before["audio"][name] for name in ("concealedSamples", "totalSamplesReceived")
        }
        concealed = grown["concealedSamples"] / max(1, grown["totalSamplesReceived"])
    back = None
    if restored is not None:
        seen = min((at for at, _ in frames if at > restored + 20), default=end)
        heard = min((at for at, volume in after["loudness"] if at > restored + 20 and volume > SILENT), default=end)
        back = max(seen, heard) - restored
    return Figures(
        frozen([at for at, _ in frames], begin, end),
        sum(volume < SILENT for volume in loud) / max(1, len(loud)),
        concealed,
        statistics.median(delays) if delays else None,
        delays[int(len(delays) * 0.95)] if delays else None,
        statistics.median(after["beeps"]) if after["beeps"] else None,
        back,
    )


async def measure(case: Case, net: Network, listener: Page) -> Figures:
    """One case on a call that goes on; the lines are good before and after."""
    before = await listener.evaluate("window.quality.read()")
    case.apply(net)
    restored = None
    if case.cut:
        await asyncio.sleep(CUT)
        await listener.evaluate("window.quality.forget()")
        restore(net)
        restored = time.time() * 1000
    else:
        await asyncio.sleep(case.settle)
        await listener.evaluate("window.quality.forget()")
        before = await listener.evaluate("window.quality.read()")
    await asyncio.sleep(case.seconds)
    after = await listener.evaluate("window.quality.read()")
    restore(net)
    return figures(before, after, restored)


def restore(net: Network) -> None:
    for site in net.sites.values():
        site.line()


async def serve(hub: Namespace) -> web.AppRunner:
    """An empty page at the hub."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>call</title><body>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", page)])
    runner = web.AppRunner(app)
    await runner.setup()
    socket = hub.socket()
    socket.bind((HUB_ADDRESS, PAGE_PORT))
    await web.SockSite(runner, socket).start()
    return runner


async def open_page(browser: Browser, origin: str) -> Page:
    context = await browser.new_context()
    await context.add_init_script(path=SCRIPT)
    page = await context.new_page()
    await page.goto(origin)
    return page


async def call(server: Server, net: Network, browsers: Sequence[Browser], origin: str) -> list[Figures]:
    """Every case on a call of its own: what one fault did to the estimates is no part of the next."""
    found = []
    await server.open()
    try:
        for case in CASES:
            speaker, listener = [await open_page(browser, origin) for browser in browsers]
            await server.join(speaker, listener)
            await listener.wait_for_function("() => window.quality !== undefined")
            await asyncio.sleep(8)  # until the estimates have found their way up
            found.append(await measure(case, net, listener))
            print(f"{server.name:8} {case.name:22} {row(found[-1])}", flush=True)
            for page in (speaker, listener):
                await page.evaluate("window.quality.end()")
                await asyncio.sleep(1)  # the farewell must leave the browser
                await page.context.close()
    finally:
        await server.close()
    return found


def row(found: Figures) -> str:
    def share(value: float) -> str:
        return f"{100 * value:5.1f} %"

    def time_of(value: float | None) -> str:
        return "    -" if value is None else f"{value:5.0f}"

    return " | ".join(
        [share(found.frozen), share(found.concealed), share(found.silent), time_of(found.glass), time_of(found.glass95),
         time_of(found.ear), time_of(found.back)]
    )  # fmt: skip


def middle(rounds: Sequence[Figures]) -> Figures:
    """The median of every figure; of delays, of those that there are."""

    def of(name: str) -> Any:
        values = [value for found in rounds if (value := getattr(found, name)) is not None]
        return statistics.median(values) if values else None

    return Figures(*(of(name) for name in Figures.__dataclass_fields__))


def reconnect() -> None:
    """How soon the meeting's own page is back, which looks for its way by itself: as its test tells it, of a cut of 5 s
    and of 45 s and of another address, at both ends of the call."""
    changes = iter(("a cut of 5 s", "a cut of 45 s", "another address"))  # in the order of the test
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/lab/test_cuts.py"]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=SCRIPT.parent.parent).stdout
    for line in told.splitlines():
        _, found, ends = line.partition("back after ")
        times = [each for end in ast.literal_eval(ends) for each in end.values()] if found else []
        if times:
            met = "met" if max(times) <= SOON else "MISSED"
            print(f"{met:7}the meeting's page after {next(changes, 'a change')}: back in {max(times):.2f} s")


async def run(rounds: int, only: str | None) -> None:
    there: tuple[type[Giaoban] | type[Janus], ...] = (Giaoban, Janus) if shutil.which("janus") else (Giaoban,)
    with network("speaker", "listener") as net, tempfile.TemporaryDirectory(prefix="giaoban-quality-") as name:
        folder = Path(name)
        origin = f"http://{HUB_ADDRESS}:{PAGE_PORT}/"
        runner = await serve(net.hub)
        scene = Scene.make(folder)
        async with (
            chromium(net.sites["speaker"], origin.rstrip("/"), scene, folder) as speaking,
            chromium(net.sites["listener"], origin.rstrip("/"), scene, folder) as listening,
        ):
            results: dict[str, list[list[Figures]]] = {}
            for _ in range(rounds):
                for server in (kind(net.hub, folder) for kind in there if only in (None, kind.name)):
                    found = await call(server, net, (speaking, listening), origin)
                    results.setdefault(server.name, []).append(found)
        await runner.cleanup()
    print("\n| line | server | frozen | concealed | silent | glass to glass p50 | p95 | mouth to ear | back after |")
    print("|---|---|---|---|---|---|---|---|---|")
    for number, case in enumerate(CASES):
        for name, rows in results.items():
            print(f"| {case.name} | {name} | {row(middle([found[number] for found in rows]))} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="one server alone, by name")
    parser.add_argument("--rounds", type=int, default=1, help="the servers in turn, so often; medians are told")
    given = parser.parse_args()
    asyncio.run(run(given.rounds, given.only))
    reconnect()
