"""A test that hangs fails and the others go on; nothing that tests start is real-time, and nothing outlives them."""

import os
import re
import select
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import scheduling

ROOT = Path(__file__).parent.parent
PATIENCE = 20.0

HANGS = """
    import asyncio, threading
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def never_ready():
        await asyncio.get_running_loop().create_future()
        yield

    @pytest_asyncio.fixture
    async def never_over():
        yield
        await asyncio.get_running_loop().create_future()

    async def test_in_an_async_fixture(never_ready): ...

    async def test_in_the_end_of_a_fixture(never_over): ...

    async def test_in_a_callback_of_the_loop():
        asyncio.get_running_loop().call_soon(threading.Event().wait)
        await asyncio.sleep(0)
        await asyncio.get_running_loop().create_future()

    def test_behind_a_thread():
        thread = threading.Thread(target=threading.Event().wait, daemon=True)
        thread.start()
        thread.join()

    async def test_both_in_the_test_and_in_the_end_of_its_fixture(never_over):
        await asyncio.get_running_loop().create_future()

    def test_nothing(): ...
"""

LEAVES = """
    import subprocess

    def test_leaves():
        subprocess.run(["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $! > sleeper"], start_new_session=True)
"""

DEAF = """
    import signal, subprocess, threading

    def test_deaf():
        print(subprocess.Popen(["sleep", "600"], start_new_session=True).pid, file=open("sleeper", "w"))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        threading.Event().wait()
"""


def run(folder: Path, tests: str, timeout: int) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(textwrap.dedent(tests))
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.limits", "-o", f"timeout={timeout}", "-rA", "test_it.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, env=environment)


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)  # another process's state: there is no event to wait for


def gone(pid: int) -> Callable[[], bool]:
    return lambda: scheduling.process(pid) is None


def test_whatever_hangs_fails_by_name_and_the_others_go_on(tmp_path: Path) -> None:
    told = run(tmp_path, HANGS, 1).stdout
    for name in ("in_an_async_fixture", "in_a_callback_of_the_loop", "behind_a_thread"):
        assert re.search(rf"(FAILED|ERROR) test_it.py::test_{name} .*Timeout", told), told
    assert re.search(r"ERROR test_it.py::test_in_the_end_of_a_fixture .*Timeout", told), told
    for word in ("FAILED", "ERROR"):
        assert f"{word} test_it.py::test_both_in_the_test_and_in_the_end_of_its_fixture" in told, told
    assert "PASSED test_it.py::test_nothing" in told
    assert "Stack of" in told  # of the other thread


def test_what_tests_leave_running_is_ended_and_named(tmp_path: Path) -> None:
    told = run(tmp_path, LEAVES, 60).stdout
    sleeper = int((tmp_path / "sleeper").read_text())
    assert f"left running: sleep {sleeper}" in told
    until(gone(sleeper))


def test_a_test_that_hears_no_signal_ends_its_process_and_what_that_started(tmp_path: Path) -> None:
    done = run(tmp_path, DEAF, 3)
    assert done.returncode != 0
    assert re.search(r"Timeout \(0:00:0[56]", done.stderr), done.stderr
    assert "in test_deaf" in done.stderr
    until(gone(int((tmp_path / "sleeper").read_text())))


def test_nothing_that_tests_start_can_make_itself_real_time() -> None:
    done = subprocess.run(["chrt", "--fifo", "1", "true"], capture_output=True, text=True)
    assert done.returncode != 0
    assert "Operation not permitted" in done.stderr


def test_whoever_becomes_real_time_is_put_back_and_named_and_what_a_killed_run_started_ends() -> None:
    script = """
        import os, subprocess, sys, time
        watcher = subprocess.Popen([sys.executable, "-m", "tests.scheduling", str(os.getpid()), "0.02"])
        sleeper = subprocess.Popen(["sleep", "600"], stderr=subprocess.DEVNULL, start_new_session=True)
        print(watcher.pid, sleeper.pid, flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        watcher, sleeper = map(int, started.stdout.readline().split())
        try:
            os.sched_setscheduler(sleeper, os.SCHED_RR, os.sched_param(1))
            while not select.select([started.stderr], [], [], 1)[0]:  # the watcher of this very run was quicker
                os.sched_setscheduler(sleeper, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            started.kill()
            pytest.skip("only root can make a process real-time")
        told = started.stderr.readline()
        until(lambda: os.sched_getscheduler(sleeper) == os.SCHED_OTHER)
        started.kill()
        until(gone(sleeper))
        until(gone(watcher))
    assert re.search(rf"put back from real-time scheduling: sleep {sleeper} \(RR 1, since [0-9:]+\);", told), told
    assert re.search(rf"parents: python\S* {started.pid} \(other 0", told), told
