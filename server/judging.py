"""The judgement of a file that a stranger has sent, made by a process that is bounded in time and memory."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence

from minutes.errors import N_, Reason
from minutes.judged import answered, question
from minutes.report import Expected, Report
from minutes.trust import Trust

TIME = 20.0
"""Seconds by the clock; the process's own bounds are in server.judge_file."""
_ANSWER = 1 << 20

TOO_MUCH = Report(
    (), False, False, (Reason(N_("Tệp có cấu trúc bất thường, không xét hết được trong giới hạn cho phép")),)
)


async def judge(data: bytes, trust: Trust, expected: Sequence[Expected] | None = None) -> Report:
    """As minutes.validation.validate, for files of strangers; what takes too much is not good."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.judge_file",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, limit=_ANSWER,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME):
            said, _ = await process.communicate(question(trust, expected) + data)
        return answered(said) if process.returncode == 0 else TOO_MUCH
    except (TimeoutError, ValueError, TypeError, KeyError):
        return TOO_MUCH
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
