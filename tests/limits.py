"""No test stands still for ever, and none leaves processes behind (a pytest plugin; see `scheduling.py`).

A test that takes longer than `timeout` is failed by a signal in the main thread, with the stacks of the others. Not by
pytest-timeout's method "thread": that ends the whole run, without a summary. Its method "signal" has two gaps, which
are closed here. Its signal comes once, so that what swallows the failure (asyncio does, in callbacks), or a teardown
that hangs after it, goes on for ever: ours repeats, in every phase of a test. And a main thread that stays inside
native code never hears a signal: after twice the time faulthandler, which needs no interpreter, prints all stacks and
ends the process. In a worker of pytest-xdist that costs one test: the worker is replaced.
"""

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import pytest_timeout  # type: ignore[import-untyped]

from tests import scheduling

ROOT = Path(__file__).parent.parent
LOOKS = 3.0  # seconds between two looks of the watcher
AGAIN = 0.25  # of the time limit: what a teardown may take after a timeout
PATIENCE = 2.0  # seconds for what has been told to end
OUTPUT = pytest.StashKey[int]()
LIMIT = pytest.StashKey[float]()
ENDS = pytest.StashKey[float]()
WATCHER = pytest.StashKey[subprocess.Popen[bytes]]()
SERVING = pytest.StashKey[set[int]]()
"""The processes that serve the tests of several directories; a fixture of the session starts and ends each."""


def pytest_configure(config: pytest.Config) -> None:
    capture = config.pluginmanager.getplugin("capturemanager")
    config.stash[SERVING] = set()
    with capture.global_and_fixture_disabled():
        config.stash[OUTPUT] = os.dup(2)
        if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
            return  # its workers run the tests
        scheduling.look(os.getpid(), os.getpid())
        command = [sys.executable, "-m", "tests.scheduling", str(os.getpid()), str(LOOKS)]
        # A session of its own: it outlives the run by the moment that it takes to clear up.
        config.stash[WATCHER] = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    scheduling.renounce()
    scheduling.adopt()


def pytest_unconfigure(config: pytest.Config) -> None:
    if WATCHER in config.stash:
        config.stash[WATCHER].terminate()
        config.stash[WATCHER].wait()


def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """In place of pytest-timeout's own timers."""
    item.stash[LIMIT] = settings.timeout
    item.stash[ENDS] = time.monotonic() + settings.timeout
    return True


@contextlib.contextmanager
def _bounded(item: pytest.Item) -> Iterator[None]:
    """Setup, call or teardown of a test; between them pytest writes its report and is not to be disturbed."""
    limit = item.stash.get(LIMIT, 0.0)

    def ring(_number: int, _frame: FrameType | None) -> None:
        __tracebackhide__ = True
        pytest_timeout.timeout_sigalrm(item, pytest_timeout.Settings(limit, "signal", False, False))

    if not limit:
        yield
        return
    first = max(item.stash[ENDS] - time.monotonic(), limit * AGAIN)
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, first, limit * AGAIN)
    faulthandler.dump_traceback_later(first + limit, exit=True, file=item.config.stash[OUTPUT])
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _bounded(item):
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _bounded(item):
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    with _bounded(item):
        yield
    if nextitem is None or nextitem.path.parent != item.path.parent:
        _clear(item)


def _clear(item: pytest.Item) -> None:
    """The last test of a directory is over, and its fixtures with it: end what runs on, and say so."""
    known = {item.config.stash[WATCHER].pid, *item.config.stash[SERVING]}
    limit = time.monotonic() + PATIENCE
    while True:
        others = {pid: one for pid, one in scheduling.processes().items() if pid not in known}
        if not (left := scheduling.descendants(os.getpid(), others)):
            return
        if time.monotonic() > limit:
            scheduling.end(left)
            named = ", ".join(map(str, left))
            item.warn(pytest.PytestWarning(f"the tests of {item.path.parent.name} left running: {named}"))
            return
        time.sleep(0.05)  # until other processes are gone
