"""A real relay for tests: Debian's coturn with the configuration that we hand out, on ports of loopback."""

import base64
import hashlib
import re
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.installation import ROOT, free_port

SECRET = "a secret that only tests know"
START_LIMIT = 20.0


@dataclass
class Relay:
    """Owned: the process. `trust` is the hash of its certificate's key, for Chromium."""

    folder: Path
    port: int
    secure_port: int
    trust: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path) -> "Relay":
        """coturn that relays to 127.0.0.1 only."""
        folder.mkdir()
        trust = _certificate(folder)
        port, secure_port = free_port(), free_port()
        text = (ROOT / "deploy" / "turnserver.conf").read_text()
        for key, value in {
            "listening-ip": "127.0.0.1", "listening-port": port, "tls-listening-port": secure_port,
            "static-auth-secret": SECRET, "cert": folder / "cert.pem", "pkey": folder / "key.pem",
            "allowed-peer-ip": "127.0.0.1",
        }.items():  # fmt: skip
            text, changed = re.subn(rf"(?m)^{key}=.*$", f"{key}={value}", text)
            assert changed == 1, key
        extra = f"allow-loopback-peers\npidfile={folder}/pid\nuserdb={folder}/db\nlog-file=stdout\nrelay-ip=127.0.0.1\n"
        (folder / "turnserver.conf").write_text(text + extra)
        log = (folder / "log").open("wb")
        process = subprocess.Popen(["turnserver", "-c", str(folder / "turnserver.conf")], stdout=log, stderr=log)
        relay = cls(folder, port, secure_port, trust, process)
        try:
            relay._wait()
        except BaseException:
            process.kill()
            raise
        return relay

    def _wait(self) -> None:
        limit = time.monotonic() + START_LIMIT
        while True:
            try:
                ssl.get_server_certificate(("127.0.0.1", self.secure_port), timeout=1)
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < limit, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()


def _certificate(folder: Path) -> str:
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*request, *names, *files], check=True, capture_output=True)
    key = subprocess.run(
        ["openssl", "x509", "-in", str(folder / "cert.pem"), "-pubkey", "-noout"], check=True, capture_output=True
    )
    der = base64.b64decode(b"".join(key.stdout.split(b"\n")[1:-2]))
    return base64.b64encode(hashlib.sha256(der).digest()).decode()
