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

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command("agent")
def agent(
    origin: Annotated[str, typer.Argument(help="The installation that may ask for signatures: https://…")],
    module: Annotated[str, typer.Option(help="Driver of the token (PKCS#11): the path of its library.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0: any.")] = AGENT_PORT,
) -> None:
    """On an official's own machine: let one installation ask for signatures by the token in it."""
    try:
        paired = origin_of(origin)
    except ValueError as error:
        raise SetupError(f"{origin!r} is no address of an installation, such as https://hop.lamson.gov.vn.") from error
    try:
        asyncio.run(_serve(paired, Token(module), port))
    except SigningFailed as error:
        raise SetupError(f"The driver {module} cannot be used.") from error
    except OSError as error:
        raise SetupError(f"Port {port} cannot be had: {error.strerror}; choose another with --port.") from error


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
        print(f"Giaoban agent for {origin}: http://127.0.0.1:{app[AGENT].port}/", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Entry point: one clear sentence and exit code 2 for what the operator must change."""
    try:
        cli()
    except SetupError as error:
        print(f"giaoban: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
