"""What the kernel alone takes for the same sends: `python -m bench.floor`. Whatever a server does comes on top of it.

The pattern is that of the load (bench.load): each frame of our clip to every subscriber as one segmented message, each
packet of Opus as a datagram, at the times at which they come, all to one of them by one sendmmsg. The datagrams are
ready, so nothing is computed; and another process reads them, as subscribers do, for a socket that nobody reads drops
its packets early, and whom nobody waits for need not be woken. It is the CPU time of the thread that sends.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import clips
from bench.forward import Control

MTU = 1130  # octets of a frame in one packet of the load
AROUND = 20  # octets of headers
SPEECH, RATE = 120, 50  # octets of a packet of Opus, packets a second


class Floor:
    """So many subscribers. Owned: the sockets, and the process that reads them."""

    def __init__(self, subscribers: int) -> None:
        self._reader = subprocess.Popen(
            [sys.executable, "-m", "bench.floor", "--read", str(subscribers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert self._reader.stdout is not None
        ports = [int(port) for port in self._reader.stdout.readline().split()]
        frames = [frame.data for frame in clips.video("f")]
        count = max(1, round(statistics.mean(-(-len(data) // MTU) for data in frames)))
        size = round(statistics.mean(len(data) for data in frames) / count) + AROUND
        self._frame = count
        self._video = Control(ports, [size] * count, segmented=True)
        self._audio = Control(ports, [SPEECH], segmented=False)
        self._subscribers = subscribers

    def each(self, seconds: float = 2.0) -> float:
        """CPU microseconds per packet, over so many seconds."""
        turns = sorted(
            [(number / clips.FPS, self._video, self._frame) for number in range(int(seconds * clips.FPS))]
            + [(number / RATE, self._audio, 1) for number in range(int(seconds * RATE))],
            key=lambda turn: turn[0],
        )
        began, spent, packets = time.monotonic(), time.thread_time(), 0
        for at, control, count in turns:
            time.sleep(max(0.0, began + at - time.monotonic()))
            control.send()
            packets += count * self._subscribers
        return (time.thread_time() - spent) * 1e6 / packets

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._video.close()
        self._audio.close()
        assert self._reader.stdin is not None
        self._reader.stdin.close()  # the sign to end
        self._reader.wait()


def read(subscribers: int) -> None:
    """Be the subscribers until standard input ends."""
    waiting = selectors.DefaultSelector()
    ports = []
    for _ in range(subscribers):
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.setblocking(False)
        bound.bind(("127.0.0.1", 0))
        ports.append(bound.getsockname()[1])
        waiting.register(bound, selectors.EVENT_READ, bound)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    print(*ports, flush=True)
    buffer = bytearray(2048)
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                return
            try:
                while True:
                    key.data.recv_into(buffer)
            except BlockingIOError:
                pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--read", type=int, metavar="SUBSCRIBERS", help="be the subscribers; used by this program itself"
    )
    parser.add_argument("--subscribers", type=int, nargs="*", default=[5, 20, 50, 100, 200])
    arguments = parser.parse_args()
    if arguments.read is not None:
        read(arguments.read)
        return
    for number in arguments.subscribers:
        with Floor(number) as floor:
            figure = statistics.median(floor.each() for _ in range(3))
        print(f"{number:4} subscribers {figure:6.2f} us/packet")


if __name__ == "__main__":
    main()
