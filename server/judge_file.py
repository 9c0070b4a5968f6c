"""Judges one file in a process of its own (`python -m server.judge_file`): what strangers send may be made to take any
time and memory. Reads the question (a line) and the file from standard input, writes the report (a line).
"""

import asyncio
import logging
import os
import resource
import sys

from minutes.judged import answer, asked
from minutes.validation import validate

MEMORY = 1 << 30
PROCESSOR = 10  # seconds
NICENESS = 5


def main() -> None:
    os.nice(NICENESS)
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))
    logging.disable(logging.CRITICAL)
    trust, expected = asked(sys.stdin.buffer.readline())
    report = asyncio.run(validate(sys.stdin.buffer.read(), trust, expected))
    sys.stdout.buffer.write(answer(report))


if __name__ == "__main__":
    main()
