"""CPU per forwarded packet, next to what the kernel alone takes for as many datagrams: `python -m bench.forward`.

One publisher, N subscribers, 1184-byte packets, AES-128-GCM. The publisher's packets are protected beforehand,
the subscribers are loopback sockets that nobody reads. Native core: CPU time of its thread. Twin and control:
CPU time of the main thread. The rounds of the three are interleaved and the median is taken, because the
absolute figures move with the machine; judge the ratio.
"""

import argparse
import ctypes
import os
import select
import socket
import statistics
import struct
import threading
import time
from collections.abc import Callable

from pylibsrtp import Policy, Session

from media.forward import Forwarder, Rewrite, make_worker

PROFILE, KEY_SIZE = "SRTP_AEAD_AES_128_GCM", 28
SIZE = 1184  # of a packet before protection
BURST = 8  # packets of one frame, sent together
SSRC = 4242


class Publisher:
    """Sends bursts that were protected beforehand, and waits until the worker has taken each."""

    def __init__(self, native: bool, subscribers: int, packets: int) -> None:
        self.socket = _bound()
        self.socket.setblocking(False)
        self.worker: Forwarder = make_worker(self.socket.fileno(), native=native)
        self.native, self.subscribers = native, subscribers
        self._sender = _bound()
        self._fence = _bound()
        self._keep: list[socket.socket] = []
        key = os.urandom(KEY_SIZE)
        self.worker.open(1)
        self.worker.bind(1, self._sender.getsockname())
        self.worker.keys(1, PROFILE, key, os.urandom(KEY_SIZE))
        self.worker.source(1, SSRC, clock_rate=90000, nack=True)
        for number in range(subscribers):
            listener = _bound()
            self._keep.append(listener)
            self.worker.open(2 + number)
            self.worker.target(2 + number, listener.getsockname())
            self.worker.keys(2 + number, PROFILE, os.urandom(KEY_SIZE), os.urandom(KEY_SIZE))
            self.worker.route(1 + number, 1, SSRC, 2 + number, Rewrite(1000 + number, 96, 10, 20))
        self.worker.start()
        session = Session(
            Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
        )
        body = os.urandom(SIZE - 12)
        self._packets = [
            session.protect(struct.pack("!BBHII", 0x80, 96, i & 0xFFFF, 3000 * (i // BURST), SSRC) + body)
            for i in range(packets)
        ]
        self._at = 0
        self.clock = _thread_clock("forward") if native else time.thread_time

    def round(self, packets: int) -> float:
        """CPU microseconds per forwarded packet."""
        forwarded, spent = self.worker.counters()["forwarded"], 0.0
        for _ in range(packets // BURST):
            for data in self._packets[self._at : self._at + BURST]:
                self._sender.sendto(data, self.socket.getsockname())
            self._at += BURST
            self._fence.sendto(b"\0", self.socket.getsockname())
            # The native thread began to work with the first packet, so its clock is read outside of this.
            before = 0.0 if self.native else self.clock()
            while not self.worker.poll():
                select.select([self.worker.fileno()], [], [], 1)
            spent += 0.0 if self.native else self.clock() - before
        done = self._settled(forwarded + packets * self.subscribers) - forwarded
        return spent * 1e6 / done

    def _settled(self, expected: int) -> int:
        deadline = time.monotonic() + 2
        while (now := self.worker.counters()["forwarded"]) < expected and time.monotonic() < deadline:
            select.select([self.worker.fileno()], [], [], 0.001)
        return now

    def native_round(self, packets: int) -> float:
        forwarded, before = self.worker.counters()["forwarded"], self.clock()
        self.round(packets)
        return (self.clock() - before) * 1e6 / (self.worker.counters()["forwarded"] - forwarded)

    def close(self) -> None:
        self.worker.stop()
        for each in (*self._keep, self.socket, self._sender, self._fence):
            each.close()


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("sent", ctypes.c_uint))


class Control:
    """sendmmsg of ready datagrams of the protected size, as many at once and to as many addresses."""

    def __init__(self, subscribers: int) -> None:
        self.socket = _bound()
        self._keep = [_bound() for _ in range(subscribers)]
        self._data = ctypes.create_string_buffer(os.urandom(SIZE + 16))
        self._vector = _Vector(ctypes.addressof(self._data), SIZE + 16)
        self._names = [
            ctypes.create_string_buffer(
                struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", each.getsockname()[1], b"\x7f\0\0\1"), 16
            )
            for each in self._keep
        ]
        self._messages = (_Message * (subscribers * BURST))()
        for i, message in enumerate(self._messages):
            header = message.header
            header.name, header.name_length = ctypes.addressof(self._names[i // BURST]), 16
            header.vectors, header.vector_count = ctypes.pointer(self._vector), 1
        self._send = ctypes.CDLL(None, use_errno=True).sendmmsg

    def round(self, packets: int) -> float:
        before = time.thread_time()
        sent = 0
        for _ in range(packets // BURST):
            done = self._send(self.socket.fileno(), self._messages, len(self._messages), 0)
            if done != len(self._messages):
                raise OSError(ctypes.get_errno(), "sendmmsg stopped early")
            sent += done
        return (time.thread_time() - before) * 1e6 / sent

    def close(self) -> None:
        for each in (*self._keep, self.socket):
            each.close()


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    made.bind(("127.0.0.1", 0))
    return made


def _thread_clock(name: str) -> Callable[[], float]:
    thread = next(thread for thread in threading.enumerate() if thread.name == name)
    assert thread.ident is not None
    clock = time.pthread_getcpuclockid(thread.ident)
    return lambda: time.clock_gettime(clock)


def measure(subscribers: int = 50, packets: int = 400, rounds: int = 9) -> dict[str, float]:
    """Median CPU microseconds per datagram of "native", "twin" and "control"."""
    native, twin = (Publisher(kind, subscribers, packets * (rounds + 1)) for kind in (True, False))
    control = Control(subscribers)
    subjects = {"native": native.native_round, "twin": twin.round, "control": control.round}
    figures: dict[str, list[float]] = {name: [] for name in subjects}
    try:
        for turn in range(rounds + 1):
            for name, run in subjects.items():
                figure = run(packets)
                if turn:  # the first one warms up
                    figures[name].append(figure)
    finally:
        for each in (native, twin, control):
            each.close()
    return {name: statistics.median(values) for name, values in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--packets", type=int, default=400, help="of the publisher in one round")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    packets = max(BURST, arguments.packets // BURST * BURST)
    figures = measure(arguments.subscribers, packets, arguments.rounds)
    print(f"{arguments.subscribers} subscribers, {SIZE} B, {PROFILE}, bursts of {BURST}, median of {arguments.rounds}")
    for name, figure in figures.items():
        print(f"{name:8} {figure:6.3f} us/packet   ratio to control {figure / figures['control']:5.2f}")


if __name__ == "__main__":
    main()
