"""Where the media plane listens: addresses of both IP versions, and a port for every worker."""

import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from media import Endpoint
from media.sockets import plan
from tests.media.stage import IDENTITY, Stage, carried
from tests.wire import End


@contextlib.asynccontextmanager
async def opened(**options: object) -> AsyncIterator[Endpoint]:
    endpoint = await Endpoint.open(**options)  # type: ignore[arg-type]
    try:
        yield endpoint
    finally:
        await endpoint.close()


def candidates(endpoint: Endpoint, room: str = "giao-ban") -> list[tuple[str, int]]:
    offer = End(IDENTITY, ("127.0.0.1", 1)).offer("sendonly")
    answer = endpoint.router(room).publish(f"somebody in {room}", offer).sdp
    lines = [line.split() for line in answer.splitlines() if line.startswith("a=candidate:")]
    return sorted({(line[4], int(line[5])) for line in lines})


@pytest.mark.parametrize("native", [False, True], ids=["python", "native"])
async def test_callers_by_ipv6_hear_each_other(native: bool) -> None:
    async with opened(host="::1", native=native) as endpoint:
        assert candidates(endpoint, "another") == [("::1", endpoint.port)]
        stage = Stage(endpoint)
        publisher = await stage.publish("an", 11, 22, host="::1")
        viewer = await stage.watch("khach", "an", host="::1")
        packets = await carried(publisher, viewer, 100)
        assert packets[-1][12:] == b"packet 119"
        await stage.close()


@pytest.mark.parametrize("native", [False, True], ids=["python", "native"])
async def test_one_port_serves_both_ip_versions(native: bool) -> None:
    async with opened(public_addresses=["127.0.0.1", "::1"], native=native) as endpoint:
        stage = Stage(endpoint)
        publisher = await stage.publish("an", 11, 22)
        viewer = await stage.watch("khach", "an", host="::1")
        assert (await carried(publisher, viewer, 100))[-1][12:] == b"packet 119"
        await stage.close()


async def test_several_public_addresses_of_both_versions_are_told() -> None:
    addresses = ["192.0.2.1", "2001:DB8::1", "198.51.100.1", "2001:db8:0:0:0::2"]
    async with opened(public_addresses=addresses) as endpoint:
        assert candidates(endpoint) == [
            (host, endpoint.port) for host in ("192.0.2.1", "198.51.100.1", "2001:db8::1", "2001:db8::2")
        ]


def test_what_is_bound_and_told() -> None:
    assert plan("0.0.0.0", []) == ("127.0.0.1", ["127.0.0.1"])
    assert plan("::", []) == ("::1", ["::1"])
    assert plan("10.0.0.5", []) == ("10.0.0.5", ["10.0.0.5"])
    assert plan("10.0.0.5", ["192.0.2.1"]) == ("10.0.0.5", ["192.0.2.1"])
    assert plan("0.0.0.0", ["192.0.2.1"]) == ("0.0.0.0", ["192.0.2.1"])
    assert plan("0.0.0.0", ["192.0.2.1", "2001:db8::1"]) == ("::", ["192.0.2.1", "2001:db8::1"])
    assert plan("::", ["192.0.2.1"]) == ("::", ["192.0.2.1"])


@pytest.mark.parametrize(
    ("host", "told"),
    [("10.0.0.5", "2001:db8::1"), ("2001:db8::5", "192.0.2.1"), ("::1", "fe80::1%lo"), ("localhost", "192.0.2.1")],
)
def test_what_does_not_go_together_is_refused(host: str, told: str) -> None:
    with pytest.raises(ValueError):
        plan(host, [told])


async def test_rooms_go_to_the_worker_with_the_fewest_transports() -> None:
    async with opened(workers=3) as endpoint:
        ports = [candidates(endpoint, room)[0][1] for room in ("a", "b", "c")]
        assert sorted(ports) == [endpoint.port, endpoint.port + 1, endpoint.port + 2]
        offer = End(IDENTITY, ("127.0.0.1", 1)).offer("sendonly")
        for name in ("an", "binh"):
            endpoint.router("a").publish(name, offer)
            endpoint.router("c").publish(name, offer)
        assert candidates(endpoint, "d")[0][1] == ports[1]
        endpoint.drop_router("c")
        assert candidates(endpoint, "e")[0][1] == ports[2]
        assert endpoint.counters()["transports"] == 3 + 1 + 2


@pytest.mark.parametrize("native", [False, True], ids=["python", "native"])
async def test_rooms_on_different_workers_carry_media_at_the_same_time(native: bool) -> None:
    async with opened(workers=2, native=native) as endpoint:
        stages = [Stage(endpoint, room) for room in ("giao-ban", "hop-kin")]
        ports = set()
        for stage in stages:
            publisher = await stage.publish("an", 11, 22)
            viewer = await stage.watch("khach", "an")
            ports.add(publisher.server[1])
            assert (await carried(publisher, viewer, 100))[-1][12:] == b"packet 119"
        assert len(ports) == 2
        # A packet may arrive before its sender has counted it.
        assert await stages[0].counted("forwarded", 40) == 40
        for stage in stages:
            await stage.close()


async def test_a_port_in_use_among_those_of_the_workers_is_an_os_error_and_leaves_nothing_open() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError):
            await Endpoint.open(port=port - 1, workers=2)
    async with opened(port=port - 1, workers=2) as endpoint:
        assert endpoint.port == port - 1


async def test_more_workers_than_ports_are_refused() -> None:
    with pytest.raises(ValueError):
        await Endpoint.open(port=65535, workers=2)
