"""Writes to a WebSocket what waits in its Connection, beside whoever reads from it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from server.connection import Connection

WRITE_TIMEOUT = 20.0
"""Seconds for one message; whose line takes longer is cut off."""


@contextlib.asynccontextmanager
async def writing(
    socket: web.WebSocketResponse, connection: Connection, afresh: Callable[[], None]
) -> AsyncIterator[asyncio.Task[None]]:
    """As long as the block lasts, or until the connection has ended; the task is done then. `afresh` puts everything
    into the connection of a reader who has lagged behind."""
    task = asyncio.create_task(_write(socket, connection, afresh))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _write(socket: web.WebSocketResponse, connection: Connection, afresh: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await connection.ready()
        if connection.lagging:
            afresh()
        text = connection.take(loop.time())
        if text is None:
            break
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await socket.send_str(text)
        except (TimeoutError, ConnectionError, RuntimeError):
            break
        del text  # an offer of media is long, and the next message may be far
    await socket.close()
