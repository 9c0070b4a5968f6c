"""The whole media plane over loopback sockets, with the native forwarder and with its Python twin."""

import asyncio
import itertools
import random
import struct
import time
from collections.abc import AsyncIterator

import pytest

from media import Connected, Disconnected, Endpoint
from media.dtls import Association
from media.endpoint import EventQueue, make_identity
from media.events import SpeakerChanged
from tests.media.stage import IDENTITY, Stage, carried
from tests.wire import End


@pytest.fixture(params=["python", "native"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    native = request.param == "native"
    made = Stage(await Endpoint.open(host="127.0.0.1", native=native))
    assert made.endpoint.implementation == request.param
    yield made
    await made.close()


async def test_what_a_publisher_sends_reaches_a_viewer_under_the_viewers_own_key(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    packets = await carried(publisher, viewer, 30000)
    assert [packet[12:] for packet in packets] == [b"packet %d" % number for number in range(30000, 30020)]
    sequences = [int.from_bytes(packet[2:4], "big") for packet in packets]
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    assert sequences[0] < 1 << 15
    assert len({packet[8:12] for packet in packets}) == 1
    assert packets[0][8:12] != struct.pack("!I", 11)


async def test_a_stream_that_the_offer_did_not_name_is_found_and_forwarded(stage: Stage) -> None:
    publisher = await stage.publish("an")
    viewer = await stage.watch("khach", "an")
    publisher.rtp(11, 111, 1, b"announces itself")
    async with asyncio.timeout(5):
        for number in itertools.count(2):
            if stage.endpoint.counters()["forwarded"]:
                break
            publisher.rtp(11, 111, number, b"again")
            await asyncio.sleep(0.02)
    assert (await viewer.received.get())[12:] == b"again"


async def test_a_muted_microphone_is_silent_and_leaves_no_gap(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    before = await carried(publisher, viewer, 100)
    stage.router.pause("an", "audio", True)
    received = stage.endpoint.counters()["received"]
    for number in range(120, 140):
        publisher.rtp(11, 111, number, b"not for you")
    await stage.counted("received", received + 20)
    stage.router.pause("an", "audio", False)
    after = await carried(publisher, viewer, 140)
    assert viewer.received.empty()
    assert after[0][12:] == b"packet 140"
    assert int.from_bytes(after[0][2:4], "big") == int.from_bytes(before[-1][2:4], "big") + 1


async def test_garbage_from_strangers_is_counted_unanswered_and_disturbs_nobody(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    await carried(publisher, viewer, 100)
    chance = random.Random(5)
    stranger = stage.caller()
    stranger.end.remote = publisher.end.remote
    good = stranger.end.check()
    address = ("127.0.0.1", stage.endpoint.port)
    hostile = [chance.randbytes(chance.randrange(1, 1600)) for _ in range(300)]
    hostile += [
        b"",
        b"\x00",
        good[:-1],
        good[:20],
        good[:60],
        good + bytes(4),
        bytes(9000),
        b"\x16\xfe\xfd" + bytes(60),
    ]
    hostile += [stranger.end.check(pwd="x" * 32), stranger.end.check(ufrag="nobody")]
    for data in hostile:
        stranger.socket.sendto(data, address)
    await stage.counted("stun_bad_integrity", 1)
    await stage.counted("stun_unknown_user", 1)
    await stage.counted("stun_malformed", 1)
    await stage.counted("dropped_stranger", 1)
    await stage.counted("dropped_malformed", 1)
    packets = await carried(publisher, viewer, 120)
    assert packets[-1][12:] == b"packet 139"
    with pytest.raises(BlockingIOError):
        stranger.socket.recvfrom(2048)


async def test_garbage_from_a_verified_address_disturbs_nobody_else(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    hostile = await stage.publish("binh", 33, 44)
    chance = random.Random(6)
    for first in (0x15, 0x16, 0x17, 0x80, 0x90, 0xBF):
        for _ in range(50):
            hostile.send(bytes((first,)) + chance.randbytes(chance.randrange(0, 1400)))
    await stage.counted("dropped_unprotect", 1)
    packets = await carried(publisher, viewer, 100)
    assert packets[-1][12:] == b"packet 119"
    assert stage.router.publishers() == ["an", "binh"]


async def test_rtcp_that_does_not_parse_is_counted(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    assert publisher._out is not None
    publisher.send(publisher._out.protect_rtcp(b"\x80\xc8\x00\x01" + struct.pack("!I", 11)))
    assert await stage.counted("rtcp_malformed", 1) == 1


async def test_a_caller_with_another_certificate_is_refused_and_counted(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    liar = stage.caller()
    session = stage.router.publish("binh", liar.end.offer("sendonly"))
    liar.end.begin(session.sdp)
    assert liar.end.remote is not None
    liar.end.association = Association(make_identity(), True, liar.end.remote.fingerprints)
    await liar.connect(session)
    await stage.counted("dtls_fingerprint_mismatch", 1)
    gone = await stage.event(Disconnected)
    assert isinstance(gone, Disconnected)
    assert (gone.participant, gone.reason) == ("binh", "fingerprint")
    assert liar.received.empty()
    assert (await carried(publisher, viewer, 100))[-1][12:] == b"packet 119"


async def test_rooms_do_not_hear_each_other_and_can_be_dropped(stage: Stage) -> None:
    await stage.publish("an", 11, 22)
    other = stage.endpoint.router("kin")
    assert other is stage.endpoint.router("kin")
    assert other.publishers() == []
    assert stage.endpoint.counters()["transports"] == 1
    assert stage.endpoint.counters()["producers"] == 2
    stage.endpoint.drop_router("giao-ban")
    stage.endpoint.drop_router("giao-ban")
    assert stage.endpoint.counters()["transports"] == 0
    gone = await stage.event(Disconnected)
    assert isinstance(gone, Disconnected)
    assert gone.room == "giao-ban"


async def test_reports_come_every_second(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    publisher.rtp(11, 111, 1, b"x")
    async with asyncio.timeout(5):
        while not publisher.rtcp:
            await asyncio.sleep(0.05)
    assert publisher.rtcp[0][1] == 201


async def test_closing_says_goodbye_and_takes_less_than_two_seconds() -> None:
    stage = Stage(await Endpoint.open(host="127.0.0.1"))
    publisher = await stage.publish("an", 11, 22)
    await stage.event(Connected)
    began = time.monotonic()
    await stage.endpoint.close()
    await stage.endpoint.close()
    assert time.monotonic() - began < 2
    async with asyncio.timeout(5):
        while publisher.end.error is None:
            await asyncio.sleep(0.01)
    assert publisher.end.error == "closed"
    await stage.close()


async def test_a_port_in_use_is_an_os_error() -> None:
    endpoint = await Endpoint.open(host="127.0.0.1")
    try:
        with pytest.raises(OSError):
            await Endpoint.open(host="127.0.0.1", port=endpoint.port)
    finally:
        await endpoint.close()


async def test_public_addresses_are_what_clients_are_told() -> None:
    endpoint = await Endpoint.open(public_addresses=["192.0.2.1", "198.51.100.1"])
    try:
        offer = End(IDENTITY, ("127.0.0.1", 1)).offer("sendonly")
        answer = endpoint.router("x").publish("an", offer).sdp
        assert f" 192.0.2.1 {endpoint.port} typ host" in answer
        assert f" 198.51.100.1 {endpoint.port} typ host" in answer
    finally:
        await endpoint.close()


async def test_a_reader_that_is_stuck_loses_news_but_not_the_memory() -> None:
    queue = EventQueue()
    for _ in range(queue.maxsize + 3):
        queue.append(SpeakerChanged("x", None))
    assert queue.qsize() == queue.maxsize
    assert queue.lost == 3


async def test_an_address_that_is_not_numeric_is_refused_at_once() -> None:
    with pytest.raises(ValueError):
        await Endpoint.open(public_addresses=["media.example"])


async def test_an_error_about_one_room_does_not_stop_the_others(stage: Stage) -> None:
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context["message"]))
    broken = stage.endpoint.router("broken")
    broken._listen_at = None  # type: ignore[assignment]
    await stage.counted("internal_errors", 2)
    assert "error in the media plane" in reported
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    assert (await carried(publisher, viewer, 100))[-1][12:] == b"packet 119"
