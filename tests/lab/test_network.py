"""The lines of the lab do what the tests say of them, and nothing is left of them."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.network import GOOD, HUB_ADDRESS, NAMESPACES, Line, Network, Site, network, sweep
from tests.scheduling import process

PORT = 7000
UDP_SEGMENT = 103  # udp(7)
SO_RCVBUFFORCE = 33  # socket(7); not in Python's module
SO_TIMESTAMPNS = 35  # likewise
SIZE = 1000


def through(site: Site, count: int, *, upwards: bool = True) -> tuple[int, float]:
    """Send `count` datagrams of `SIZE` octets of payload: how many arrive, and seconds from first to last."""
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(site.socket(socket.AF_INET, socket.SOCK_DGRAM))
        there = stack.enter_context(site.hub.socket(socket.AF_INET, socket.SOCK_DGRAM))
        there.bind((HUB_ADDRESS, PORT))
        here.connect((HUB_ADDRESS, PORT))
        here.send(b"hello")
        there.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            there.connect(there.recvfrom(SIZE)[1])
        sender, receiver = (here, there) if upwards else (there, here)
        receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)  # all are sent before the first is read
        receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)  # when they came, not when we get round to reading
        receiver.settimeout(1.0)
        times = []
        for _ in range(count):
            with contextlib.suppress(ConnectionError):
                sender.send(bytes(SIZE))
        with contextlib.suppress(TimeoutError):
            while len(times) < count:
                _, [(_, _, stamp)], _, _ = receiver.recvmsg(SIZE, 64)
                seconds, nanoseconds = struct.unpack("ll", stamp)
                times.append(seconds + nanoseconds / 1e9)
        return len(times), times[-1] - times[0] if times else 0.0


@pytest.fixture(scope="module")
def lines() -> Iterator[Network]:
    with network("one", "two") as made:
        yield made


@pytest.fixture
def site(lines: Network) -> Iterator[Site]:
    yield lines.sites["one"]
    lines.sites["one"].line()


def test_a_good_line_loses_nothing_either_way(site: Site) -> None:
    assert through(site, 100)[0] == 100
    assert through(site, 100, upwards=False)[0] == 100


def test_a_lossy_line_loses_about_its_share_in_its_own_direction_only(site: Site) -> None:
    site.line(down=Line(loss=0.2))
    arrived, _ = through(site, 200, upwards=False)
    assert 120 <= arrived <= 190, arrived  # 160 on average, standard deviation 5.7
    assert through(site, 100)[0] == 100


def test_a_batch_handed_to_the_kernel_as_one_is_lost_packet_by_packet(site: Site) -> None:
    site.line(up=Line(loss=0.5))
    with (
        site.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        site.hub.socket(socket.AF_INET, socket.SOCK_DGRAM) as hub,
    ):
        hub.bind((HUB_ADDRESS, PORT))
        hub.settimeout(0.5)
        here.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 100)
        here.connect((HUB_ADDRESS, PORT))
        here.send(bytes(100 * 40))
        arrived = 0
        with contextlib.suppress(TimeoutError):
            while len(hub.recv(SIZE)) == 100:
                arrived += 1
    assert 5 <= arrived <= 35, arrived  # 20 on average, standard deviation 3.2


def test_a_narrow_line_is_as_slow_as_it_says(site: Site) -> None:
    site.line(up=Line(kbps=800))
    arrived, seconds = through(site, 20)
    assert arrived == 20
    # 20 packets of 1042 octets (Ethernet included) at 100 octets a millisecond; two of them pass at once
    assert seconds > 0.1, seconds


def test_a_narrow_line_drops_what_does_not_fit_into_its_queue(site: Site) -> None:
    site.line(down=Line(kbps=100))
    arrived, _ = through(site, 50, upwards=False)
    assert 2 <= arrived <= 10, arrived


def test_a_cut_line_carries_nothing_and_the_neighbours_line_goes_on(site: Site, lines: Network) -> None:
    site.line(up=Line(cut=True), down=Line(cut=True))
    assert through(site, 5) == (0, 0.0)
    assert through(lines.sites["two"], 20)[0] == 20
    site.line(up=GOOD)
    assert through(site, 5)[0] == 5


def test_what_a_killed_run_left_is_swept_away_with_its_programs_and_ours_stays(lines: Network) -> None:
    script = "import tests.lab.network as n, subprocess, time\n" \
             "made = n.Network.make(['x'])\n" \
             "held = subprocess.Popen(made.sites['x'].command('sleep', '600'))\n" \
             "print(made.hub.name, held.pid, flush=True); time.sleep(600)"  # fmt: skip
    root = Path(__file__).parents[2]
    maker = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)
    assert maker.stdout is not None
    hub, held = maker.stdout.readline().split()
    assert hub not in sweep(), "its maker lives"
    maker.send_signal(signal.SIGKILL)
    maker.wait()
    assert hub in sweep()
    assert not (NAMESPACES / hub).exists()
    assert process(int(held)) is None
    assert (NAMESPACES / lines.hub.name).exists()
    maker.stdout.close()


def test_nothing_of_a_network_is_left_after_use() -> None:
    with network("gone") as made:
        names = {made.hub.name, made.sites["gone"].name}
        assert names <= set(os.listdir(NAMESPACES))
    assert not names & set(os.listdir(NAMESPACES))
