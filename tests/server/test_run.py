"""What the process does with those who connect to it and then say nothing."""

import asyncio

import pytest
from aiohttp import web

from server.run import runner_of

WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("said", [b"", WHOLE[:20], WHOLE, WHOLE + WHOLE[:20]])
async def test_whoever_asks_nothing_whole_is_let_go_of(said: bytes) -> None:
    runner = runner_of(web.Application(), idle=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(said)
    heard = await asyncio.wait_for(reader.read(), 10)  # until the line is closed
    assert heard.count(b"404 Not Found") == said.count(WHOLE)
    writer.close()
    await runner.cleanup()
