"""A worker between people with real sockets on 127.0.0.1 and real SRTP sessions of pylibsrtp."""

import hashlib
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from pylibsrtp import Policy, Session

from media.forward import Forwarder, Notice, PyWorker, Rewrite, make_worker
from tests.wire import Wire

GCM128, GCM256, CM80 = "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_SHA1_80"
PROFILES = {
    GCM128: (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    GCM256: (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
    CM80: (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
}
DEADLINE = 10.0
LOOPBACK = "127.0.0.1"
USUAL = Rewrite(ssrc=700, payload_type=100, sequence=50, timestamp=9000)


def rtp(
    sequence: int, timestamp: int = 0, ssrc: int = 1, body: bytes = b"body", *, payload_type: int = 96,
    marker: bool = False, padding: int = 0, profile: int = 0xBEDE, extension: bytes = b"", csrcs: tuple[int, ...] = (),
) -> bytes:  # fmt: skip
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extension else 0) | len(csrcs)
    packet = struct.pack("!BBHII", first, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    packet += b"".join(struct.pack("!I", csrc) for csrc in csrcs)
    if extension:
        assert len(extension) % 4 == 0
        packet += struct.pack("!HH", profile, len(extension) // 4) + extension
    return packet + body + (bytes(padding - 1) + bytes([padding]) if padding else b"")


class Heard:
    """An RTP packet as it arrived, decrypted."""

    def __init__(self, plain: bytes, raw: bytes) -> None:
        first, second, self.sequence, self.timestamp, self.ssrc = struct.unpack("!BBHII", plain[:12])
        self.first = first
        self.marker = bool(second & 0x80)
        self.payload_type = second & 0x7F
        self.body = plain[12:]
        self.payload = self.body[: -self.body[-1]] if first & 0x20 else self.body
        self.raw = raw


class Person:
    """The far end of a transport."""

    def __init__(self, lab: "Lab", number: int, profile: str, host: str = LOOPBACK) -> None:
        self.lab, self.number, self.profile = lab, number, profile
        self.socket = lab.new_socket(host)
        self.address = self.socket.getsockname()[:2]
        self.server = host, lab.address[1]
        constant, size = PROFILES[profile]
        self.to_us, self.from_us = (
            (hashlib.sha512(f"{name}{number}".encode()).digest())[:size] for name in ("up", "down")
        )
        outgoing = Policy(key=self.to_us, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=constant)
        outgoing.window_size, outgoing.allow_repeat_tx = 1024, True
        self.out = Session(outgoing)
        incoming = Policy(key=self.from_us, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=constant)
        incoming.window_size = 1024
        self.incoming = Session(incoming)

    def say_raw(self, data: bytes) -> bytes:
        self.socket.sendto(data, self.server)
        return data

    def say(self, *args: object, **kwargs: object) -> bytes:
        return self.say_raw(self.out.protect(rtp(*args, **kwargs)))  # type: ignore[arg-type]

    def hear_raw(self) -> list[bytes]:
        self.lab.settle()
        found = []
        while True:
            try:
                found.append(self.socket.recv(65536))
            except BlockingIOError:
                return found

    def hear(self) -> list[Heard]:
        return [Heard(self.incoming.unprotect(raw), raw) for raw in self.hear_raw()]


class Lab:
    """One worker, its socket, and the people around it."""

    def __init__(self, native: bool, history: int = 512, *, started: bool = True, host: str = LOOPBACK) -> None:
        self.sockets: list[socket.socket] = []
        self.socket = self.new_socket(host)
        self.address = LOOPBACK, self.socket.getsockname()[1]
        self.worker: Forwarder = make_worker(self.socket.fileno(), history=history, native=native)
        assert isinstance(self.worker, PyWorker) is not native
        if started:
            self.worker.start()
        self.notices: list[Notice] = []
        self._fence = self.new_socket()
        self._fences = 0
        self._sinks = 0

    def new_socket(self, host: str = LOOPBACK) -> socket.socket:
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        made.bind((host, 0))
        made.setblocking(False)
        self.sockets.append(made)
        return made

    def person(self, number: int, profile: str = GCM128, host: str = LOOPBACK) -> Person:
        person = Person(self, number, profile, host)
        self.worker.open(number)
        self.worker.bind(number, person.address)
        self.worker.target(number, person.address)
        self.worker.keys(number, profile, person.to_us, person.from_us)
        return person

    def route(self, speaker: Person, ssrc: int, listener: Person, rewrite: Rewrite = USUAL) -> int:
        self._sinks += 1
        self.worker.route(self._sinks, speaker.number, ssrc, listener.number, rewrite)
        return self._sinks

    def wait(self, seen: Callable[[], bool]) -> None:
        """Poll as an event loop would, until it is so."""
        deadline = time.monotonic() + DEADLINE
        while not seen():
            left = deadline - time.monotonic()
            assert left > 0, "nothing came"
            # The twin repeats its requests inside poll(), so silence must not keep us long.
            select.select([self.worker.fileno()], [], [], min(left, 0.01))
            self.notices += self.worker.poll()

    def settle(self) -> None:
        """Everything sent before has gone through the worker and out of it.

        A datagram is noticed while its batch is under way; when a second one is, that batch has been sent.
        """
        for _ in range(2):
            self._fences += 1
            data = b"\0fence" + struct.pack("!I", self._fences)
            self._fence.sendto(data, self.address)
            self.wait(lambda data=data: any(notice.data == data for notice in self.notices))  # type: ignore[misc]
        self.notices = [notice for notice in self.notices if not notice.data.startswith(b"\0fence")]

    def wait_until_received(self, count: int) -> None:
        """Without polling: for what happens while nobody reads the notices."""
        deadline = time.monotonic() + DEADLINE
        while self.worker.counters()["received"] < count:
            assert time.monotonic() < deadline, "nothing was received"

    def told(self, kind: int) -> list[Notice]:
        self.settle()
        return [notice for notice in self.notices if notice.kind == kind]

    def count(self, name: str) -> int:
        self.settle()
        return self.worker.counters()[name]

    def close(self) -> None:
        self.worker.stop()
        for each in self.sockets:
            each.close()


@pytest.fixture(params=[True, False], ids=["native", "twin"])
def native(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def lab(native: bool) -> Iterator[Lab]:
    made = Lab(native)
    yield made
    made.close()


@pytest.fixture
def worker(lab: Lab) -> Forwarder:
    return lab.worker


@pytest.fixture
def wire() -> Wire:
    return Wire()
