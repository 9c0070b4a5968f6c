"""Strangers in numbers: not one octet goes to an address that has not proven the password, whatever it sends."""

import asyncio
import random
import socket
import struct
import time

from media.dtls import Association
from tests.media.stage import IDENTITY, Caller, Stage, carried
from tests.media.test_endpoint import stage

__all__ = ["stage"]  # the fixture

FLOOD = 2000  # datagrams


class Crowd:
    """Sockets of strangers. `said`: octets sent by all of them."""

    def __init__(self, port: int, size: int) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(size)]
        self.said = 0
        self._target = ("127.0.0.1", port)
        for each in self.sockets:
            each.setblocking(False)
            each.bind(("127.0.0.1", 0))

    def say(self, who: int, data: bytes) -> None:
        self.sockets[who % len(self.sockets)].sendto(data, self._target)
        self.said += len(data)

    def heard(self) -> int:
        octets = 0
        for each in self.sockets:
            while True:
                try:
                    octets += len(each.recv(65536))
                except BlockingIOError:
                    break
        return octets

    def close(self) -> None:
        for each in self.sockets:
            each.close()


def hello() -> bytes:
    [data] = Association(IDENTITY, True, ()).start(time.monotonic())
    return data


def hostile(caller: Caller, chance: random.Random) -> list[bytes]:
    """What a stranger may try who knows the ufrag, which travels in the clear."""
    good = caller.end.check()
    spoiled = bytearray(good)
    spoiled[chance.randrange(20, len(good) - 8)] ^= 1 << chance.randrange(8)
    return [
        caller.end.check(pwd="x" * 32), caller.end.check(ufrag="nobody"), bytes(spoiled), good[:-8], good[:28],
        b"\x01\x01" + good[2:], b"\x01\x11" + good[2:], b"\x00\x11" + good[2:], b"\x00\x03" + good[2:],
        hello(), hello()[:40], b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28", b"\x17\xfe\xfd" + bytes(200),
        struct.pack("!BBHII", 0x80, 111, 1, 1, 11) + bytes(100), struct.pack("!BBHI", 0x80, 201, 1, 1) + bytes(30),
        struct.pack("!BBHII", 0x81, 206, 2, 1, 22), chance.randbytes(chance.randrange(1, 1400)),
    ]  # fmt: skip


async def test_a_flood_of_strangers_gets_no_answer_and_costs_nobody_a_packet(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    viewer = await stage.watch("khach", "an")
    newcomer = stage.caller()
    newcomer.end.begin(stage.router.publish("binh", newcomer.end.offer("sendonly")).sdp)  # has not come yet
    crowd, chance = Crowd(stage.endpoint.port, 20), random.Random(8)
    for number in range(FLOOD):
        victim = publisher if number % 2 else newcomer
        crowd.say(number, chance.choice(hostile(victim, chance)))
        if number % 40 == 0:
            await asyncio.sleep(0)  # the endpoint's turn
    packets = await carried(publisher, viewer, 100)
    assert packets[-1][12:] == b"packet 119"
    counters = stage.endpoint.counters()
    assert counters["dropped_stranger"] > 0
    assert counters["stun_bad_integrity"] > 0
    assert counters["internal_errors"] == 0
    assert stage.router.publishers() == ["an"]
    assert crowd.said > 100_000
    assert crowd.heard() == 0
    crowd.close()


async def test_a_client_hello_before_ice_has_verified_the_address_is_ignored(stage: Stage) -> None:
    """A third party's hello must not become the association: the real peer comes later and is served."""
    late = stage.caller()
    session = stage.router.publish("an", late.end.offer("sendonly", ssrcs=(11, 22)))
    crowd = Crowd(stage.endpoint.port, 3)
    for number in range(30):
        crowd.say(number, hello())
    await stage.counted("dropped_stranger", 30)
    await late.connect(session)
    assert late.end.association is not None
    assert late.end.association.keys is not None
    for number in range(30):
        crowd.say(number, hello())
    viewer = await stage.watch("khach", "an")
    packets = await carried(late, viewer, 100)
    assert packets[-1][12:] == b"packet 119"
    assert crowd.heard() == 0
    crowd.close()


async def test_a_verified_peer_gets_no_more_for_a_check_than_it_sent(stage: Stage) -> None:
    """The reply to a binding request is the only thing sent on request before DTLS; it is shorter than the request."""
    caller = stage.caller()
    session = stage.router.publish("an", caller.end.offer("sendonly"))
    caller.server = ("127.0.0.1", stage.endpoint.port)
    caller.end.begin(session.sdp)
    loop, said, heard = asyncio.get_running_loop(), 0, 0
    for _ in range(50):
        check = caller.end.check()
        said += len(check)
        caller.send(check)
        async with asyncio.timeout(5):
            heard += len((await loop.sock_recvfrom(caller.socket, 2048))[0])
    assert 0 < heard <= said


async def test_forged_checks_with_the_right_ufrag_do_not_use_up_what_the_peer_may_say(stage: Stage) -> None:
    publisher = await stage.publish("an", 11, 22)
    crowd, forged = Crowd(stage.endpoint.port, 20), publisher.end.check(pwd="x" * 32)
    for number in range(FLOOD):
        crowd.say(number, forged)
        if number % 40 == 0:
            await asyncio.sleep(0)
    answered = stage.endpoint.counters()["sent_bytes"]
    publisher.send(publisher.end.check())
    await stage.counted("sent_bytes", answered + 1)
    assert stage.endpoint.counters()["peer_overdrawn"] + stage.endpoint.counters()["dropped_stranger"] > FLOOD / 2
    assert crowd.heard() == 0
    crowd.close()
