"""Debian's Firefox ESR at a site of the lab, by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over aiohttp.

On loopback Firefox finds no usable candidate; in a namespace with a default route it does.
"""

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.lab.network import Namespace

PORT = 9222  # in the namespace, where nobody else is
START_LIMIT = 40.0
COMMAND_LIMIT = 30.0
PREFERENCES: dict[str, Any] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.devices.insecure.enabled": True,
    "media.getusermedia.insecure.enabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "toolkit.telemetry.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "data:,",  # it is to talk to the hub only
    "intl.accept_languages": "vi-VN",
    "remote.prefs.recommended": True,
}


class Failed(Exception):
    """Firefox refused a command, or a script raised."""


class Firefox:
    """One session. Given: the socket. Owned: the task that reads it."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._line:
            said = json.loads(message.data)
            waiting = self._asked.pop(said.get("id"), None)
            if waiting is not None and not waiting.done():  # done: nobody waits any longer
                waiting.set_result(said)

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One BiDi command. Raises Failed."""
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        answer = self._asked[number]
        await self._line.send_json({"id": number, "method": method, "params": parameters})
        said = await asyncio.wait_for(answer, COMMAND_LIMIT)
        if said["type"] == "error":
            raise Failed(f"{method}: {said['error']}: {said['message']}")
        result: dict[str, Any] = said["result"]
        return result

    async def measure(self, script: Path) -> None:
        """Run `script` in every page from now on before the page's own."""
        await self.command("script.addPreloadScript", functionDeclaration=f"() => {{ {script.read_text()} }}")

    async def open(self, url: str) -> "FirefoxPage":
        context = (await self.command("browsingContext.create", type="tab"))["context"]
        page = FirefoxPage(self, context)
        await page.goto(url)
        return page

    async def close(self) -> None:
        self._reader.cancel()
        await self._line.close()


class FirefoxPage:
    """One tab."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox = firefox
        self._context = context

    async def goto(self, url: str) -> None:
        await self._firefox.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited. Raises Failed."""
        said = await self._firefox.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if said["type"] == "exception":
            raise Failed(f"{expression}: {said['exceptionDetails']['text']}")
        value = said["result"].get("value")
        return None if value is None else json.loads(value)

    async def until(self, expression: str, limit: float = 30.0) -> Any:
        """Ask until the expression is true. Raises TimeoutError."""
        async with asyncio.timeout(limit):
            while True:
                with contextlib.suppress(Failed):  # the page may just be changing
                    if found := await self.evaluate(expression):
                        return found
                await asyncio.sleep(0.1)  # another process's state: there is no event to wait for

    async def click(self, selector: str) -> None:
        await self.until(f"document.querySelector({json.dumps(selector)})?.getClientRects().length > 0")
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


@contextlib.asynccontextmanager
async def firefox(where: Namespace, folder: Path) -> AsyncIterator[Firefox]:
    """Firefox in namespace `where`, its profile in `folder`."""
    profile = folder / f"firefox-{where.name}"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    command = where.command(
        "env", f"HOME={profile}", "MOZ_DISABLE_CONTENT_SANDBOX=1",
        "firefox-esr", "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", str(PORT),
    )  # fmt: skip
    with (profile / "output.log").open("w") as output:
        process = await asyncio.create_subprocess_exec(*command, "about:blank", stdout=output, stderr=output)
    connector = aiohttp.TCPConnector(socket_factory=lambda found: _non_blocking(where.socket(*found[:3])))
    async with aiohttp.ClientSession(connector=connector) as http:
        try:
            driver = Firefox(await _connect(http))
            await driver.command("session.new", capabilities={})
            yield driver
            await driver.close()
        finally:
            process.terminate()
            await process.wait()


def _non_blocking(made: socket.socket) -> socket.socket:
    made.setblocking(False)
    return made


async def _connect(http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    async with asyncio.timeout(START_LIMIT):
        while True:
            try:
                return await http.ws_connect(f"ws://127.0.0.1:{PORT}/session", max_msg_size=0)
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)  # until it listens
