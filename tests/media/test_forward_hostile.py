"""Strangers, forgers and floods: counted, bounded, harmless. And the two workers agree, whatever comes."""

import random
import struct

import pytest

from media.forward import DTLS, NEW_STREAM, RTCP, STUN, PyWorker, Rewrite
from media.forwarder import HEEDED, NOTICES, SENDERS, STRANGER_BUDGET
from tests.media.conftest import CM80, GCM128, Lab, Person, rtp

AN, BINH = 1, 2  # transports
CAMERA, VOICE = 12, 11  # SSRCs


def test_stun_is_passed_on_from_anybody(lab: Lab):
    an, stranger = lab.person(AN), lab.new_socket()
    stranger.sendto(b"\x00\x01hello", lab.address)
    an.say_raw(b"\x03")
    from_stranger, from_an = lab.told(STUN)
    assert from_stranger == (STUN, 0, stranger.getsockname(), 0, b"\x00\x01hello")
    assert from_an == (STUN, AN, an.address, 0, b"\x03")


def test_dtls_is_passed_on_from_a_bound_address_only(lab: Lab):
    an, stranger = lab.person(AN), lab.new_socket()
    stranger.sendto(b"\x16\xfe\xfd", lab.address)
    an.say_raw(b"\x16\xfe\xfd")
    assert lab.told(DTLS) == [(DTLS, AN, an.address, 0, b"\x16\xfe\xfd")]
    assert lab.count("dropped_stranger") == 1


def test_worker_sends_plain_datagrams_for_others(lab: Lab):
    an = lab.person(AN)
    lab.worker.send(b"\x00\x01binding", an.address)
    assert an.hear_raw() == [b"\x00\x01binding"]
    assert lab.count("sent_bytes") == 9
    with pytest.raises(ValueError):
        lab.worker.send(b"x", ("example.org", 80))


def test_datagram_that_cannot_be_sent_is_counted(lab: Lab):
    lab.worker.send(bytes(65_508), ("127.0.0.1", 9))
    assert lab.count("send_failed") == 1


@pytest.mark.parametrize(
    ("data", "counter"),
    [
        (b"", "dropped_malformed"),
        (b"\x05", "dropped_malformed"),
        (b"\x40" * 100, "dropped_malformed"),
        (b"\xff" * 100, "dropped_malformed"),
        (b"\x80" + bytes(99), "dropped_stranger"),
        (b"\x80\xc8" + bytes(98), "dropped_stranger"),
        (b"\x80", "dropped_stranger"),
        (b"\x16", "dropped_stranger"),
        (bytes(65_507), "dropped_malformed"),
        (b"\x80" + bytes(65_506), "dropped_malformed"),
        (bytes(1501), "dropped_malformed"),
    ],
)
def test_stranger_is_counted_and_does_no_harm(lab: Lab, data: bytes, counter: str):
    an, binh, stranger = lab.person(AN), lab.person(BINH), lab.new_socket()
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    before = lab.count("received_bytes")
    stranger.sendto(data, lab.address)
    an.say(1, 0, CAMERA, b"still here")
    assert [h.body for h in binh.hear()] == [b"still here"]
    assert lab.notices == []
    counters = lab.worker.counters()
    assert counters[counter] == 1
    assert counters["received_bytes"] - before >= len(data) + 30
    assert sum(value for name, value in counters.items() if name.startswith("dropped")) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x80" + bytes(10),
        b"\x80" + bytes(11 + 15),  # no room for the tag
        b"\x8f" + bytes(11 + 60),  # CSRCs up to the end
        b"\x90" + bytes(13 + 16),  # extension header cut off
        b"\x90" + bytes(11) + b"\xbe\xde\xff\xff" + bytes(100),  # extension longer than the packet
        b"\x80\xc8" + bytes(25),  # RTCP without room for index and tag
    ],
)
def test_malformed_media_of_a_known_person_is_counted(lab: Lab, data: bytes):
    lab.person(AN).say_raw(data)
    assert lab.count("dropped_malformed") == 1


def test_padding_count_that_does_not_fit_is_malformed(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    for sequence, body in enumerate((b"", b"\x00", b"12\x04")):
        packet = rtp(sequence, 0, CAMERA, body)
        an.say_raw(an.out.protect(bytes([packet[0] | 0x20]) + packet[1:]))
    assert lab.count("dropped_malformed") == 3
    assert lab.worker.sources(AN)[0].packets == 0


def test_media_before_the_keys_is_a_strangers(lab: Lab):
    lab.worker.open(AN)
    socket = lab.new_socket()
    lab.worker.bind(AN, socket.getsockname())
    socket.sendto(rtp(1), lab.address)
    assert lab.count("dropped_stranger") == 1


@pytest.mark.parametrize("profile", [GCM128, CM80])
def test_wrong_key_is_counted(lab: Lab, profile: str):
    lab.person(AN, profile)
    mallory = Person(lab, 99, profile)  # keys of nobody
    lab.worker.bind(AN, mallory.address)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    mallory.say(1, 0, CAMERA)
    mallory.say(1, 0, VOICE)
    mallory.say_raw(mallory.out.protect_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 1)))
    assert lab.count("dropped_unprotect") == 3
    assert lab.notices == []


def test_address_bound_anew_leaves_its_former_transport(lab: Lab):
    an = lab.person(AN)
    lab.person(BINH)
    lab.worker.bind(BINH, an.address)
    an.say(1, 0, 5)
    assert lab.count("dropped_unprotect") == 1
    lab.worker.bind(AN, an.address)
    an.say(2, 0, 5)
    assert [notice.transport for notice in lab.told(NEW_STREAM)] == [AN]


def test_oldest_of_too_many_addresses_gives_way_but_never_the_target(lab: Lab):
    an = lab.person(AN)
    second = lab.new_socket()
    lab.worker.bind(AN, second.getsockname())
    for port in range(2000, 2015):
        lab.worker.bind(AN, ("127.0.0.1", port))
    second.sendto(b"\x16", lab.address)
    an.say_raw(b"\x17")
    assert [notice.data for notice in lab.told(DTLS)] == [b"\x17"]
    assert lab.count("dropped_stranger") == 1


def test_many_addresses_come_and_go(lab: Lab):
    """The address table stays whole through collisions and removals."""
    order = random.Random(5)
    for number in range(1, 500):
        lab.worker.open(number)
        for port in order.sample(range(1024, 65536), 8):
            lab.worker.bind(number, ("127.0.0.1", port))
    for number in order.sample(range(1, 500), 499):
        lab.worker.close(number)
    an = lab.person(AN)
    an.say_raw(b"\x16")
    assert [notice.transport for notice in lab.told(DTLS)] == [AN]


def test_strangers_stun_is_rate_bounded_and_the_flood_ends():
    # The twin reads no more in one poll than it may pass on, so only the native one can be flooded.
    lab = Lab(native=True)
    flood, an = lab.new_socket(), lab.person(AN)
    for i in range(STRANGER_BUDGET + 50):
        flood.sendto(b"\0flood", lab.address)
        lab.wait_until_received(i + 1)
    an.say_raw(b"\x16last")
    lab.wait(lambda: any(notice.kind == DTLS for notice in lab.notices))
    assert len([notice for notice in lab.notices if notice.kind == STUN]) == STRANGER_BUDGET
    assert lab.count("dropped_stranger") == 50
    lab.close()


def test_more_notices_than_anybody_reads_are_lost_and_counted():
    lab = Lab(native=True)  # the twin reads no more in one poll than it may queue
    people = [lab.person(number) for number in range(1, 2 + NOTICES // HEEDED)]
    for i in range(NOTICES + 10):
        people[i // HEEDED].say_raw(b"\x16%d" % i)
        lab.wait_until_received(i + 1)
    lab.wait(lambda: bool(lab.notices))
    assert [notice.data for notice in lab.notices] == [b"\x16%d" % i for i in range(NOTICES)]
    assert lab.count("notices_lost") == 10
    lab.close()


def test_nobody_fills_the_queue_alone(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    for i in range(HEEDED + 20):
        an.say_raw(b"\x16%d" % i)
    if isinstance(lab.worker, PyWorker):
        lab.notices += lab.worker.poll()
    lab.wait_until_received(HEEDED + 20)
    assert lab.worker.counters()["notices_lost"] == 20
    binh.say_raw(b"\x16heard")
    assert [notice.data for notice in lab.told(DTLS)][-1] == b"\x16heard"
    an.say_raw(b"\x16again")
    assert [notice.data for notice in lab.told(DTLS)][-1] == b"\x16again"


def test_rtcp_senders_of_a_transport_are_bounded(lab: Lab):
    an = lab.person(AN)
    for ssrc in range(SENDERS + 6):
        an.say_raw(an.out.protect_rtcp(struct.pack("!BBHI", 0x80, 201, 1, ssrc)))
    assert len(lab.told(RTCP)) == SENDERS
    assert lab.count("dropped_unknown_ssrc") == 6


def test_day_long_enough_for_garbage_leaves_the_worker_alive(lab: Lab):
    chance = random.Random(1)
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True, level_id=1)
    lab.route(an, CAMERA, binh)
    for i in range(20_000):
        data = bytearray(chance.randbytes(chance.randrange(80)))
        if data:
            data[0] = chance.choice((0x80, 0x90, 0x9F, 0xB0, 0xA0, data[0] | 0x40))
        if len(data) > 12 and i % 2:
            data[2:4] = struct.pack("!H", i & 0xFFFF)
            data[8:12] = struct.pack("!I", CAMERA)
            # Authentic nonsense: the sender is known, his header is not.
            data[0] &= 0xEF
            data = bytearray(an.out.protect(bytes(data[:12]) + bytes(60) + bytes(data[12:])))
        an.say_raw(bytes(data))
        if i % 100 == 0:
            lab.settle()
    assert lab.count("received") > 20_000
    lab.person(5).say(1, 0, 77, b"alive")
    assert any(notice.transport == 5 for notice in lab.told(NEW_STREAM))


def test_tables_change_while_packets_flow(lab: Lab):
    """Nothing waits for ever, and nothing that was taken away is used."""
    chance = random.Random(3)
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    packets = [an.out.protect(rtp(i, i, CAMERA, bytes(1000))) for i in range(12_000) if i % 7]
    listeners: dict[int, Person] = {}
    sinks: dict[int, int] = {}
    for turn in range(600):
        for data in packets[turn * 17 : turn * 17 + 17]:
            an.say_raw(data)
        number = 10 + chance.randrange(20)
        if number in listeners:
            lab.worker.resend(sinks[number], [turn % 60 + i for i in range(30)])
            lab.worker.rtcp(number, bytes(8))
            lab.worker.close(number)
            del listeners[number]
        else:
            listeners[number] = lab.person(number)
            sinks[number] = lab.route(an, CAMERA, listeners[number], Rewrite(turn, 96, 0, 0))
        if turn % 50 == 49:
            lab.worker.unsource(AN, CAMERA)
            lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
            for number, listener in listeners.items():
                sinks[number] = lab.route(an, CAMERA, listener, Rewrite(10_000 + turn, 96, 0, 0))
        lab.notices += lab.worker.poll()
    lab.settle()
    counters = lab.worker.counters()
    assert counters["forwarded"] > 10_000
    assert counters["dropped_unprotect"] == counters["dropped_malformed"] == counters["send_failed"] == 0
