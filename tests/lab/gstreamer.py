"""Drives webrtcbin.py at a site of the lab."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from tests.lab.network import Namespace

SCRIPT = Path(__file__).with_name("webrtcbin.py")
LINE_LIMIT = 60.0  # seconds; GStreamer, a browser and the server share two cores, perhaps with others


class Gstreamer:
    """One connection to the server. Given: the process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line that is `wanted`. Raises AssertionError when it ended, reports an error or says nothing of the
        kind in time."""
        assert self._process.stdout is not None
        said: dict[str, Any] = {}
        try:
            async with asyncio.timeout(LINE_LIMIT):
                async for line in self._process.stdout:
                    said = json.loads(line)
                    assert "error" not in said, said
                    if wanted(said):
                        return said
        except TimeoutError as error:
            raise AssertionError(f"GStreamer said last: {said}") from error
        raise AssertionError("GStreamer ended")

    async def connected(self) -> None:
        await self.until(lambda said: said.get("state") == "connected")

    async def decodes(self, frames: int) -> None:
        """Wait until so many frames of picture, and as many of sound, were decoded."""
        await self.until(lambda said: min(said.get("decoded", {"none": -1}).values()) >= frames)


@contextlib.asynccontextmanager
async def gstreamer(where: Namespace, act: str, url: str, token: str) -> AsyncIterator[Gstreamer]:
    """`act`: publish (to a WHIP url) or watch (a WHEP url)."""
    command = where.command("/usr/bin/python3", str(SCRIPT), act, url, token)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield Gstreamer(process)
    finally:
        process.terminate()
        await process.wait()
