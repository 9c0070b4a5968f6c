"""The agent's command line: `giaoban agent ORIGIN --module DRIVER`."""

import asyncio
import signal
import sys
from typing import Annotated

import typer
from aiohttp import web

from minutes.errors import SigningFailed
from server.agent.app import AGENT, build_agent, origin_of
from server.agent.token import Token
from server.config import AGENT_PORT
from server.errors import SetupError
from server.i18n import N_
from server.terminal import Terminal, in_words, without_language

console = Terminal()
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command("agent", help=N_("Trên máy của người ký: cho một hệ thống xin chữ ký bằng thiết bị ký số đang cắm."))
def agent(
    origin: Annotated[str, typer.Argument(help=N_("Hệ thống được phép xin chữ ký: https://…"))],
    module: Annotated[
        str, typer.Option(help=N_("Trình điều khiển của thiết bị ký số (PKCS#11): đường dẫn tới thư viện."))
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help=N_("Cổng tại 127.0.0.1; 0 là cổng bất kỳ."))] = AGENT_PORT,
) -> None:
    try:
        paired = origin_of(origin)
    except ValueError as error:
        text = N_("%(origin)s không phải địa chỉ của một hệ thống, ví dụ https://hop.lamson.gov.vn.")
        raise SetupError(text, origin=origin) from error
    try:
        asyncio.run(_serve(paired, Token(module), port))
    except SigningFailed as error:
        raise SetupError(N_("Không dùng được trình điều khiển %(module)s."), module=module) from error
    except OSError as error:
        text = N_("Không mở được cổng %(port)s: %(why)s; xin chọn cổng khác bằng --port.")
        raise SetupError(text, port=port, why=error.strerror) from error


async def _serve(origin: str, token: Token, port: int) -> None:
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


def main() -> None:
    """Entry point: one clear sentence and exit code 2 for what the operator must change."""
    try:
        arguments, language = without_language(sys.argv[1:])
        console.begin(language)
        in_words(cli, console.reader)(arguments)
    except SetupError as error:
        print(f"giaoban: {console.reader.gettext(error.text, **error.values)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
