"""A small country of network namespaces: a hub where the server runs, and sites, each on a line of its own to it.

Every site reaches the hub's one address by a default route over a veth pair. What the test does to a line happens in
the kernel: loss and cuts by nftables, a narrow line by a token bucket with a queue as a home router has it. (netem is
not in every kernel; delay, jitter and bursts are in `shim.py`.) Namespaces carry the test process's pid and start
time, and what a killed run left behind is removed by the next one. Needs root.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.scheduling import process

HUB_ADDRESS = "10.77.0.1"
PREFIX = "giaoban-lab"
NAMESPACES = Path("/run/netns")
QUEUE = 300  # milliseconds of traffic that wait before a narrow line; then it drops
LEAST_BURST = 1600  # octets: a token bucket must hold one full packet
CLONE_NEWNET = 0x40000000


class Unavailable(Exception):
    """Namespaces cannot be made here; the message is the system's."""


@dataclass(frozen=True)
class Line:
    """One direction of a line. `loss`: share of the packets that vanish, each for itself, 0 to 1. `kbps`: kbit/s."""

    loss: float = 0.0
    kbps: int | None = None
    cut: bool = False


GOOD = Line()


def _run(*command: str, given: str | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def _remove(namespace: str) -> None:
    """End what still runs in a namespace of ours, then the namespace; its veth pairs go with it."""
    for pid in _run("ip", "netns", "pids", namespace).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    _run("ip", "netns", "del", namespace)


def sweep() -> list[str]:
    """Remove the namespaces whose makers are dead; returns their names."""
    left = []
    for path in NAMESPACES.glob(f"{PREFIX}-*"):
        pid, started = path.name.removeprefix(f"{PREFIX}-").split("-")[:2]
        maker = process(int(pid))
        if maker is None or str(maker.started) != started:
            _remove(path.name)
            left.append(path.name)
    return left


@dataclass(frozen=True)
class Namespace:
    """One namespace by name."""

    name: str

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `arguments` in here; the process keeps its pid."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def socket(self, *arguments: int) -> socket.socket:
        """A socket that lives in here, though the calling thread stays where it is."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, (NAMESPACES / self.name).open() as here:
            if libc.setns(here.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"cannot enter {self.name}")
            try:
                return socket.socket(*arguments)
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)


@dataclass(frozen=True)
class Site(Namespace):
    """Where a participant sits. `hub`: the other end of the line; `device`: the line's name there."""

    hub: Namespace
    device: str

    def line(self, *, up: Line = GOOD, down: Line = GOOD) -> None:
        """From now on the line is like this; without arguments it is good again. `up` leads to the hub."""
        _filter(self.hub, self.device, up)
        _filter(self, "line", down)
        _shape(self, "line", up)
        _shape(self.hub, self.device, down)

    def leave(self) -> None:
        """The cable is pulled: the site has no address any more, until it `arrives`."""
        _run("ip", "-n", self.name, "address", "flush", "dev", "line")

    def arrive(self, last: int) -> None:
        """From now on the site's address ends in `last`, as at another mast."""
        network = f"10.77.{self.device.removeprefix('site')}"
        _run("ip", "-n", self.name, "address", "add", f"{network}.{last}/24", "dev", "line")
        _run("ip", "-n", self.name, "route", "add", "default", "via", f"{network}.1")


def _filter(where: Namespace, device: str, line: Line) -> None:
    """Drop at the receiving end, so that the sender's kernel sees nothing of it."""
    rules = []
    if line.cut:
        rules = [f'iifname "{device}" drop;']
    elif line.loss:
        rules = [f'iifname "{device}" numgen random mod 1000 < {round(line.loss * 1000)} drop;']
    chain = f"chain faults {{ type filter hook input priority 0; {' '.join(rules)} }};"
    table = f"table inet {device}"
    _run(*where.command("nft", "-f", "-"), given=f"{table}\ndelete {table}\n{table} {{ {chain} }}\n")


def _shape(where: Namespace, device: str, line: Line) -> None:
    if line.kbps is None:
        _run("tc", "-n", where.name, "qdisc", "replace", "dev", device, "root", "pfifo", "limit", "1000")
        return
    burst = max(LEAST_BURST, line.kbps * 125 // 100)  # ten milliseconds' worth
    _run(
        "tc", "-n", where.name, "qdisc", "replace", "dev", device, "root",
        "tbf", "rate", f"{line.kbps}kbit", "burst", str(burst), "latency", f"{QUEUE}ms",
    )  # fmt: skip


@dataclass
class Network:
    """Owned: all of its namespaces and what runs in them."""

    hub: Namespace
    sites: dict[str, Site] = field(default_factory=dict)

    @classmethod
    def make(cls, names: Sequence[str]) -> "Network":
        """A hub and one site a name. Raises Unavailable."""
        owner = f"{_mine()}{_count()}"
        sweep()
        network = cls(Namespace(f"{owner}-hub"))
        try:
            _run("ip", "netns", "add", network.hub.name)
            network._settle()
            for number, name in enumerate(names, 1):
                network.sites[name] = network._join(f"{owner}-{name}", number)
        except BaseException:
            network.close()
            raise
        return network

    def _settle(self) -> None:
        """The hub's address is on an interface of its own: some servers leave those of loopback out."""
        hub = self.hub.name
        _run("ip", "-n", hub, "link", "set", "lo", "up")
        _run("ip", "-n", hub, "link", "add", "hub", "type", "veth", "peer", "name", "nowhere")
        for device in ("hub", "nowhere"):
            _run("ip", "-n", hub, "link", "set", device, "up")
        _run("ip", "-n", hub, "address", "add", f"{HUB_ADDRESS}/32", "dev", "hub")

    def _join(self, name: str, number: int) -> Site:
        site = Site(name, self.hub, f"site{number}")
        _run("ip", "netns", "add", name)
        _run(
            "ip", "-n", self.hub.name, "link", "add", site.device, "type", "veth", "peer", "name", "line", "netns", name
        )
        for where, device, last in ((self.hub.name, site.device, 1), (name, "line", 2)):
            # One segment a packet: else a whole batch (UDP GSO) would pass, or be lost, as one.
            _run("ip", "-n", where, "link", "set", device, "gso_max_segs", "1", "up")
            _run("ip", "-n", where, "address", "add", f"10.77.{number}.{last}/24", "dev", device)
        _run("ip", "-n", name, "link", "set", "lo", "up")
        # Firefox gathers no candidate for a tab without a camera unless there is a default route.
        _run("ip", "-n", name, "route", "add", "default", "via", f"10.77.{number}.1")
        return site

    def close(self) -> None:
        """Remove everything; what still runs in there is killed."""
        for namespace in (*self.sites.values(), self.hub):
            if (NAMESPACES / namespace.name).exists():
                _remove(namespace.name)


def _mine() -> str:
    """What the names of this process's namespaces begin with: the pid and start time name a process for good."""
    me = process(os.getpid())
    assert me is not None
    return f"{PREFIX}-{me.pid}-{me.started}-"


def _count() -> int:
    """Number of this process's networks so far, from what exists: two at once must not share names."""
    mine = _mine()
    taken = {int(path.name.removeprefix(mine).split("-")[0]) for path in NAMESPACES.glob(f"{mine}*")}
    return next(number for number in range(len(taken) + 1) if number not in taken)


@contextlib.contextmanager
def network(*names: str) -> Iterator[Network]:
    """A network for the length of a `with` block. Raises Unavailable."""
    made = Network.make(names)
    try:
        yield made
    finally:
        made.close()
