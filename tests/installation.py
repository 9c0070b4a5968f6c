"""A real installation for tests: `giaoban demo` as a process of its own, on free ports, with its own data folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_LIMIT = 60.0
STOP_LIMIT = 15.0
PEOPLE = ("hanh", "binh", "cuc", "mai", "dung", "lan", "nhan")
PIN = "123456"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Installation:
    """Owned: the process and its output. `links`: sign-in link by the person's id.

    `host`: address of pages and media. `elsewhere`: makes a command line into one that runs elsewhere (a namespace).
    """

    data: Path
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    elsewhere: Callable[..., list[str]] = lambda *arguments: list(arguments)
    links: dict[str, str] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self, *arguments: str) -> None:
        """Start and wait until the sign-in links are printed."""
        self.links.clear()
        demo = [sys.executable, "-m", "server", "demo", "--port", str(self.port), "--data", str(self.data), *arguments]
        hosts = {"GIAOBAN_HTTP__HOST": self.host, "GIAOBAN_MEDIA__HOST": self.host}
        self.process = subprocess.Popen(
            self.elsewhere(*demo),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._log(),
            text=True,
            env={**os.environ, **hosts, "PYTHONUNBUFFERED": "1"},
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        ready.wait(START_LIMIT)
        if not set(self.links) >= set(PEOPLE):
            self.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.output[-30:]))

    def _log(self) -> int:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        order = iter(PEOPLE)
        for line in process.stdout:
            self.output.append(line)
            found = re.search(r"(http://\S+/sign-in#\S+)", line)
            if found:
                self.links[next(order)] = found.group(1)
            if "Ctrl+C" in line:
                ready.set()
        ready.set()

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            process, self.process = self.process, None
            try:
                process.send_signal(how)
                process.wait(STOP_LIMIT)
            finally:
                process.kill()

    def command(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run `giaoban ARGUMENTS --data DATA`."""
        return subprocess.run(
            [sys.executable, "-m", "server", *arguments, "--data", str(self.data)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def sign_in_token(self, person: str) -> str:
        return self.links[person].partition("#")[2]
