"""The shim spoils packets as it says, the same way each time."""

import asyncio
import socket

from hypothesis import given
from hypothesis import strategies as st

from tests.lab.shim import GOOD, LATE, Fault, Lane, shim

LIMIT = 30.0
FAULTS = st.builds(
    Fault, loss=st.floats(0, 0.9), burst=st.floats(1, 20), delay=st.floats(0, 500), jitter=st.floats(0, 200),
    reorder=st.floats(0, 1), kbps=st.none() | st.floats(1, 1e6), cut=st.booleans(),
)  # fmt: skip
PACKETS = st.lists(st.tuples(st.floats(0, 0.1), st.integers(1, 1500)), max_size=50)


def fates(fault: Fault, count: int, *, seed: str = "1", gap: float = 0.02, octets: int = 1000) -> list[float | None]:
    """What becomes of `count` packets that come every `gap` seconds: seconds on the way, None for the lost."""
    lane = Lane(seed)
    due = [lane.admit(fault, number * gap, octets) for number in range(count)]
    return [None if when is None else round(when - number * gap, 6) for number, when in enumerate(due)]


@given(FAULTS, PACKETS, st.text(max_size=3))
def test_the_same_seed_gives_the_same_fate_and_nothing_leaves_before_it_came(
    fault: Fault, packets: list[tuple[float, int]], seed: str
) -> None:
    one, two = Lane(seed), Lane(seed)
    now = 0.0
    for gap, octets in packets:
        now += gap
        due = one.admit(fault, now, octets)
        assert two.admit(fault, now, octets) == due
        assert due is None or due >= now
        assert due is None or not fault.cut


def test_a_good_line_passes_everything_at_once() -> None:
    assert fates(GOOD, 100) == [0] * 100


def test_the_share_is_lost_alone_or_in_bursts() -> None:
    def runs(of: list[float | None]) -> float:
        lost = [when is None for when in of]
        return sum(lost) / sum(now and not before for before, now in zip([False, *lost], lost, strict=False))

    alone, bursts = fates(Fault(loss=0.1), 20_000), fates(Fault(loss=0.1, burst=5), 20_000)
    assert 0.09 < alone.count(None) / 20_000 < 0.11
    assert 0.085 < bursts.count(None) / 20_000 < 0.115
    assert runs(alone) < 1.2
    assert 4 < runs(bursts) < 6


def test_jitter_keeps_the_order_and_a_reordered_packet_comes_after_its_successors() -> None:
    lane = Lane("1")
    due = [lane.admit(Fault(delay=50, jitter=100), number * 0.01, 100) or 0 for number in range(500)]
    assert due == sorted(due)
    late = fates(Fault(reorder=0.1), 1000, gap=0.001)
    assert 50 < late.count(LATE) < 150


def test_a_narrow_line_queues_and_then_drops() -> None:
    # 1000 octets take 80 ms at 100 kbit/s; one comes every 20 ms, and the queue holds 300 ms.
    came = fates(Fault(kbps=100), 100)
    assert came[:3] == [0.08, 0.14, 0.2]
    assert 0.7 < came.count(None) / 100 < 0.8
    assert max(when for when in came if when is not None) <= 0.38


async def test_each_client_reaches_the_server_from_an_address_of_its_own_and_hears_its_answer() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        async with shim(server.getsockname()) as between, asyncio.timeout(LIMIT):
            between.down = Fault(delay=30)
            clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
            seen = {}
            for number, client in enumerate(clients):
                client.setblocking(False)
                client.connect(between.address)
                client.send(bytes([number]))
                data, address = await loop.sock_recvfrom(server, 100)
                seen[data[0]] = address
            assert seen[0] != seen[1]
            began = loop.time()
            for number in (1, 0):
                server.sendto(bytes([number + 10]), seen[number])
            assert [(await loop.sock_recv(client, 100))[0] for client in clients] == [10, 11]
            assert loop.time() - began >= 0.03
            for client in clients:
                client.close()


async def test_a_cut_swallows_everything_until_it_is_mended() -> None:
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        async with shim(server.getsockname()) as between, asyncio.timeout(LIMIT):
            client.connect(between.address)
            between.up = Fault(cut=True)
            client.send(b"swallowed")
            while between.lost == 0:
                await asyncio.sleep(0.001)  # until the shim has read it
            between.up = GOOD
            client.send(b"passed")
            assert await loop.sock_recv(server, 100) == b"passed"


def test_candidates_lead_through_the_shim() -> None:
    async def rewritten() -> tuple[str, int]:
        async with shim(("127.0.0.1", 9)) as between:
            sdp = "a=candidate:1 1 udp 2130706431 10.0.0.1 5004 typ host\r\na=end-of-candidates\r\n"
            return between.through(sdp), between.address[1]

    sdp, port = asyncio.run(rewritten())
    assert sdp == f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\na=end-of-candidates\r\n"
