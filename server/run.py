"""Runs the application as one process until a signal asks it to stop."""

import asyncio
import errno
import fcntl
import gc
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

import structlog
import uvloop
from aiohttp import web

from server.app import build_app
from server.config import Config
from server.errors import SetupError
from server.heap import keep_one_heap

IDLE = 75.0
"""Seconds that a connection may stay without a whole head of a request. Longer than nginx keeps one to us (60 s), which
else could send on it while we close it."""
LOCK = ".lock"
"""File in the data folder that the running process holds locked."""
RESTORING = ".restoring"
"""File in a data folder into which a backup is being restored, until all of it is there."""


def set_up_logging(level: int = logging.INFO) -> None:
    """Log lines go to standard error; nothing in them is secret (paths without query strings, ids, codes)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # whatever standard error is by then
    )
    # pyHanko tells of ordinary failed validation paths with a traceback; the verdict says it better.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


def serve_forever(
    config: Config,
    *,
    prepare: Callable[[Config], Awaitable[None]] | None = None,
    announce: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM. Raises SetupError when the port or the folder cannot be had."""
    keep_one_heap()
    listener = _listen(config)
    lock = own(config.data)
    if (config.data / RESTORING).exists():
        lock.close()
        raise SetupError(f"The restore into {config.data} was not finished; run `giaoban restore` again.")
    set_up_logging()
    with lock, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, listener, prepare, announce))


def own(data: Path) -> BinaryIO:
    """The data folder, writable and ours alone while the returned file is open: two processes would tear it apart."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)  # notes, papers and recordings are nobody else's
        lock = (data / LOCK).open("ab")
    except OSError as error:
        raise SetupError(f"The data folder {data} cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SetupError(f"The data folder {data} is in use by another Giaoban.") from error
    return lock


def _listen(config: Config) -> socket.socket:
    # Bound before anything is prepared, so that a taken port is told at once and changes nothing.
    family = socket.AF_INET6 if ":" in config.http.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.http.host, config.http.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        where = f"{config.http.host}:{config.http.port}"
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"Port {config.http.port} is taken by another program; choose another with --port or PORT=…."
            ) from error
        raise SetupError(f"Cannot listen on {where}: {error.strerror}.") from error
    return listener


def runner_of(app: web.Application, idle: float = IDLE) -> web.AppRunner:
    """What serves `app`; lines on which nobody asks anything for `idle` seconds are closed."""
    return web.AppRunner(app, access_log=None, shutdown_timeout=2, keepalive_timeout=idle)


async def _serve(
    config: Config,
    listener: socket.socket,
    prepare: Callable[[Config], Awaitable[None]] | None,
    announce: Callable[[], None],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    if prepare is not None:
        await prepare(config)
    app = build_app(config)
    runner = runner_of(app)
    try:
        await runner.setup()
    except SetupError:
        await app.cleanup()  # what was opened before; the runner itself has not begun
        raise
    await web.SockSite(runner, listener).start()
    # What there is by now stays for good: modules, tables, templates. Looking through all of it again and again for
    # garbage held up everybody for a fifth of a second each time.
    gc.collect()
    gc.freeze()
    announce()
    await stop.wait()
    await runner.cleanup()
