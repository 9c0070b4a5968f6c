"""CPU per forwarded packet, next to what the kernel alone takes for as many datagrams: `python -m bench.forward`.

One publisher, N subscribers, AES-128-GCM, two kinds of frames: eight packets of one size, and four as browsers cut
them, the last two an octet longer. The publisher's packets are protected beforehand, the subscribers are loopback
sockets that nobody reads. The control sends ready datagrams of the same sizes to as many addresses, a frame to an
address as one message with segmentation offload (UDP_SEGMENT); "plain" does without. Native core: CPU time of its
thread. Twin and controls: CPU time of the main thread. The rounds are interleaved and the median is taken, because
the absolute figures move with the machine; judge the ratio.
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
from collections.abc import Callable, Sequence

from pylibsrtp import Policy, Session

from media.forward import Forwarder, Rewrite, make_worker

PROFILE, KEY_SIZE = "SRTP_AEAD_AES_128_GCM", 28
TAG = 16  # octets that protection adds
FRAMES = {"8 packets of one size": (1184,) * 8, "4 packets as browsers cut": (1049, 1049, 1050, 1050)}
SSRC = 4242
SOL_UDP, UDP_SEGMENT = 17, 103


class Publisher:
    """Sends frames that were protected beforehand, and waits until the worker has taken each."""

    def __init__(self, native: bool, subscribers: int, frame: Sequence[int], packets: int) -> None:
        self.socket = _bound()
        self.socket.setblocking(False)
        self.worker: Forwarder = make_worker(self.socket.fileno(), native=native)
        self.native, self.subscribers, self.frame = native, subscribers, len(frame)
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
        body = os.urandom(1500)
        self._packets = []
        for i in range(packets):
            turn, at = divmod(i, len(frame))
            marker = (at == len(frame) - 1) << 7
            header = struct.pack("!BBHII", 0x80, marker | 96, i & 0xFFFF, 3000 * turn, SSRC)
            self._packets.append(session.protect(header + body[12 : frame[at]]))
        self._at = 0
        self.clock = _thread_clock("forward") if native else time.thread_time

    def round(self, packets: int) -> float:
        """CPU microseconds per forwarded packet."""
        forwarded, spent = self.worker.counters()["forwarded"], 0.0
        began = self.clock()
        for _ in range(packets // self.frame):
            for data in self._packets[self._at : self._at + self.frame]:
                self._sender.sendto(data, self.socket.getsockname())
            self._at += self.frame
            self._fence.sendto(b"\0", self.socket.getsockname())
            before = self.clock()
            while not self.worker.poll():
                select.select([self.worker.fileno()], [], [], 1)
            spent += self.clock() - before
        done = self._settled(forwarded + packets * self.subscribers) - forwarded
        # The native thread begins to work with the first packet, so its clock is read around all of it.
        return (self.clock() - began if self.native else spent) * 1e6 / done

    def _settled(self, expected: int) -> int:
        deadline = time.monotonic() + 2
        while (now := self.worker.counters()["forwarded"]) < expected and time.monotonic() < deadline:
            select.select([self.worker.fileno()], [], [], 0.001)
        return now

    def close(self) -> None:
        self.worker.stop()
        for each in (*self._keep, self.socket, self._sender, self._fence):
            each.close()


class Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vectors", ctypes.POINTER(Vector)),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class Message(ctypes.Structure):
    _fields_ = (("header", Header), ("sent", ctypes.c_uint))


class Control:
    """sendmmsg of ready datagrams of the protected sizes, as many at once and to as many ports of this machine: those
    given, or of so many sockets that nobody reads."""

    def __init__(self, to: int | Sequence[int], frame: Sequence[int], *, segmented: bool) -> None:
        self.socket = _bound()
        self._keep = [_bound() for _ in range(to)] if isinstance(to, int) else []
        ports = [each.getsockname()[1] for each in self._keep] if isinstance(to, int) else to
        subscribers = len(ports)
        size = max(frame) + TAG
        self._data = ctypes.create_string_buffer(os.urandom(size * len(frame)))
        self._names = [
            ctypes.create_string_buffer(
                struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, b"\x7f\0\0\1"), 16
            )
            for port in ports
        ]
        control = struct.pack("@nii", struct.calcsize("@nii") + 2, SOL_UDP, UDP_SEGMENT) + struct.pack("=H6x", size)
        self._control = ctypes.create_string_buffer(control, len(control))
        self._vector = Vector(ctypes.addressof(self._data), size * (len(frame) if segmented else 1))
        self._datagrams = len(frame) * subscribers
        self._frame = len(frame)
        self._messages = (Message * (subscribers if segmented else self._datagrams))()
        for i, message in enumerate(self._messages):
            header = message.header
            name = self._names[i if segmented else i // len(frame)]
            header.name, header.name_length = ctypes.addressof(name), 16
            header.vectors, header.vector_count = ctypes.pointer(self._vector), 1
            if segmented:
                header.control, header.control_length = ctypes.addressof(self._control), len(control)
        self._send = ctypes.CDLL(None, use_errno=True).sendmmsg

    def round(self, packets: int) -> float:
        before = time.thread_time()
        for _ in range(packets // self._frame):
            self.send()
        return (time.thread_time() - before) * 1e6 / (packets // self._frame * self._datagrams)

    def send(self) -> None:
        """One frame to everybody."""
        if self._send(self.socket.fileno(), self._messages, len(self._messages), 0) != len(self._messages):
            raise OSError(ctypes.get_errno(), "sendmmsg stopped early")

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


def measure(frame: Sequence[int], subscribers: int = 50, packets: int = 400, rounds: int = 9) -> dict[str, float]:
    """Median CPU microseconds per datagram of "native", "twin", "control" and "plain"."""
    packets = max(1, packets // len(frame)) * len(frame)
    subjects: dict[str, Publisher | Control] = {
        "native": Publisher(True, subscribers, frame, packets * (rounds + 1)),
        "twin": Publisher(False, subscribers, frame, packets * (rounds + 1)),
        "control": Control(subscribers, frame, segmented=True),
        "plain": Control(subscribers, frame, segmented=False),
    }
    figures: dict[str, list[float]] = {name: [] for name in subjects}
    try:
        for turn in range(rounds + 1):
            for name, subject in subjects.items():
                figure = subject.round(packets)
                if turn:  # the first one warms up
                    figures[name].append(figure)
    finally:
        for subject in subjects.values():
            subject.close()
    return {name: statistics.median(values) for name, values in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--packets", type=int, default=400, help="of the publisher in one round")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    for kind, frame in FRAMES.items():
        figures = measure(frame, arguments.subscribers, arguments.packets, arguments.rounds)
        print(f"{arguments.subscribers} subscribers, {PROFILE}, frames of {kind}, median of {arguments.rounds}")
        for name, figure in figures.items():
            print(f"{name:8} {figure:6.3f} us/packet   ratio to control {figure / figures['control']:5.2f}")


if __name__ == "__main__":
    main()
