"""The exports of recorded meetings: one at a time, each in a process of its own with low priority."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from server.errors import Problem
from server.export_recording import Plan
from server.recording_files import RecordingFiles

log = structlog.get_logger("giaoban.exports")

_PROJECT = Path(__file__).parent.parent
LINE = 65_536


class Exports:
    """Given: the files of all recordings. Owned: the process that runs, if one does."""

    def __init__(self, files: RecordingFiles) -> None:
        self._files = files
        self._meeting: str | None = None
        self._done = 0.0
        self._failed: set[str] = set()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def progress(self, meeting: str) -> float | None:
        """How much is done, 0 to 1; None if this meeting is not being exported."""
        return self._done if self._meeting == meeting else None

    def failed(self, meeting: str) -> bool:
        """The last attempt came to nothing."""
        return meeting in self._failed

    async def start(self, meeting: str, segments: Sequence[Mapping[str, Any]]) -> None:
        """Begin; harmless if this meeting is under way. Raises Problem("export_busy") while another one is."""
        if self._meeting == meeting:
            return
        if self._meeting is not None:
            raise Problem("export_busy")
        self._meeting, self._done = meeting, 0.0
        self._failed.discard(meeting)
        folders = [str(one.resolve()) for one in (self._files.root, self._files.keys.root)]
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.export_recording", *folders,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_PROJECT, limit=LINE,
            )  # fmt: skip
        except OSError:
            self._meeting = None
            raise
        self._task = asyncio.create_task(self._follow(meeting, self._process, asdict(Plan.of(meeting, segments))))

    def cancel(self, meeting: str) -> None:
        """Stop it; nothing stays of it. Harmless if it does not run."""
        if self._meeting == meeting and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def close(self) -> None:
        """Stop whatever runs."""
        if self._meeting is not None:
            self.cancel(self._meeting)
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, meeting: str, process: asyncio.subprocess.Process, plan: Mapping[str, Any]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        reason = ""
        try:
            process.stdin.write(json.dumps(plan).encode())
            process.stdin.close()
            async for line in process.stdout:
                told = json.loads(line)
                self._done = told.get("done", self._done)
                reason = told.get("failed", "")
        finally:
            code = await process.wait()
            self._meeting = self._process = None
        if code > 0:
            self._failed.add(meeting)
            log.error("export failed", meeting=meeting, reason=reason, code=code)
