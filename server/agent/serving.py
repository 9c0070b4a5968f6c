"""The agent at work; it needs drivers of tokens (`pkcs11`), an extra of the installation."""

import asyncio
import signal
import sys

from aiohttp import web

from minutes.errors import SigningFailed
from server.agent.app import AGENT, build_agent, origin_of
from server.agent.token import Token
from server.errors import SetupError
from server.i18n import N_
from server.terminal import Terminal


def run(console: Terminal, origin: str, module: str, port: int) -> None:
    """Serve `origin` with the tokens of the driver `module` until it is ended. Raises SetupError."""
    try:
        paired = origin_of(origin)
    except ValueError as error:
        text = N_("%(origin)s không phải địa chỉ của một hệ thống, ví dụ https://hop.lamson.gov.vn.")
        raise SetupError(text, origin=origin) from error
    try:
        asyncio.run(_serve(console, paired, Token(module), port))
    except SigningFailed as error:
        raise SetupError(N_("Không dùng được trình điều khiển %(module)s."), module=module) from error
    except OSError as error:
        text = N_("Không mở được cổng %(port)s: %(why)s; xin chọn cổng khác bằng --port.")
        raise SetupError(text, port=port, why=error.strerror) from error


async def _serve(console: Terminal, origin: str, token: Token, port: int) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        # Windows has no handlers in the loop; Ctrl+C ends asyncio.run there.
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    app = build_agent(origin, token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        app[AGENT].port = runner.addresses[0][1]
        console.print(f"Giaoban agent → {origin}: http://127.0.0.1:{app[AGENT].port}/", markup=False)
        await stop.wait()
    finally:
        await runner.cleanup()
