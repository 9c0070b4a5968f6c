"""How what is forwarded leaves: several packets to one address in one message, and all of them all the same."""

import ctypes
import socket
import struct
from itertools import chain

import pytest

from media import gcm, ipsec_mb
from media.forward import Rewrite
from tests.media.conftest import GCM128, GCM256, USUAL, Lab, Person, rtp

AN, BINH, CHI = 1, 2, 3  # transports
VOICE, CAMERA = 11, 12  # SSRCs
SOL_UDP, UDP_GRO = 17, 104
SO_NO_CHECK = 11


@pytest.fixture
def native() -> bool:
    return True  # the twin sends one by one


def frame(an: Person, first: int, sizes: list[int]) -> None:
    """Say the packets of one video frame at once, so that the worker finds them together."""
    last = first + len(sizes) - 1
    packets = [
        an.out.protect(rtp(first + i, 3000 * first, CAMERA, bytes([i]) * size, marker=first + i == last))
        for i, size in enumerate(sizes)
    ]
    for packet in packets:
        an.say_raw(packet)


def messages(person: Person) -> list[list[int]]:
    """Sizes of the datagrams that came in one message each."""
    person.lab.settle()
    found = []
    while True:
        try:
            data, controls, _, _ = person.socket.recvmsg(65536, 64)
        except BlockingIOError:
            return found
        size = next((struct.unpack("=i", value[:4])[0] for _, kind, value in controls if kind == UDP_GRO), len(data))
        found.append([len(data[at : at + size]) for at in range(0, len(data), size)])


def test_packets_of_one_size_leave_as_one_message_and_a_shorter_one_ends_it(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    binh.socket.setsockopt(SOL_UDP, UDP_GRO, 1)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    sizes = [1000] * 7 + [300, 200, 200, 500]
    frame(an, 0, sizes)
    assert list(chain(*messages(binh))) == [size + 28 for size in sizes]
    assert lab.worker.resend(sink, range(50, 61)) == 11
    assert messages(binh) == [[1028] * 7 + [328], [228, 228], [528]]


def test_rest_of_a_frame_is_waited_for(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    binh.socket.setsockopt(SOL_UDP, UDP_GRO, 1)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    came: list[list[int]] = []
    for turn in range(50):
        frame(an, 4 * turn, [800] * 4)
        came += messages(binh)
    assert sum(len(sizes) for sizes in came) == 200
    # Whether this process gets the time to say a frame in one go is the system's business.
    assert [828] * 4 in came


def test_frame_whose_end_never_comes_is_forwarded_all_the_same(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    for number in range(100):
        an.say(number, 7, CAMERA, bytes(800))
        if number % 10 == 9:
            assert len(binh.hear()) == 10


def test_what_comes_together_is_heard_one_by_one_and_in_order(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    sizes = [1200, 1200, 800, 1200, 1, 1, 900, 900, 900, 901, 900, 5]
    frame(an, 10, sizes)
    heard = binh.hear()
    assert [h.sequence for h in heard] == list(range(50, 62))
    assert [len(h.payload) for h in heard] == sizes
    assert [h.payload[:1] for h in heard] == [bytes([i]) for i in range(12)]


def test_a_hundred_packets_asked_for_again_come_in_more_than_one_message(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    binh.socket.setsockopt(SOL_UDP, UDP_GRO, 1)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    frame(an, 0, [1100] * 100)
    assert list(chain(*messages(binh))) == [1128] * 100
    assert lab.worker.resend(sink, range(50, 150)) == 100
    came = messages(binh)
    assert list(chain(*came)) == [1128] * 100
    assert max(len(sizes) for sizes in came) == 65507 // 1128
    assert lab.count("resent") == 100


def test_where_segmentation_is_refused_plain_datagrams_arrive():
    lab = Lab(native=True)
    lab.socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # Linux answers EINVAL to UDP_SEGMENT then
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    frame(an, 0, [1000] * 20)
    assert [h.sequence for h in binh.hear()] == list(range(50, 70))
    assert lab.worker.resend(sink, range(50, 70)) == 20
    assert len(binh.hear_raw()) == 20
    counters = lab.worker.counters()
    assert (counters["forwarded"], counters["resent"], counters["send_failed"]) == (20, 20, 0)
    lab.close()


@pytest.mark.parametrize("profile", [GCM128, GCM256])
def test_whoever_encrypts_writes_the_same_octets(profile: str, monkeypatch: pytest.MonkeyPatch):
    sent = {}
    for provider in ("ipsec-mb", "OpenSSL", "libsrtp"):
        if provider != "ipsec-mb":
            monkeypatch.setattr(ipsec_mb, "find", dict)
        if provider == "libsrtp":
            monkeypatch.setattr(gcm, "_library", lambda: None)
        assert gcm.provider() == provider
        lab = Lab(native=True)
        an, binh = lab.person(AN, profile), lab.person(BINH, profile)
        lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
        lab.worker.congestion(BINH, send=3)
        lab.route(an, CAMERA, binh, USUAL._replace(sequence=32767, rtx_ssrc=900, rtx_payload_type=101))
        heard = sent[provider] = []
        for number in range(33_500):  # the rollover counter grows
            an.say(number, number, CAMERA, b"%d" % number)
            if number % 200 == 0:
                heard += [h.raw for h in binh.hear()]
        lab.close()
    assert len(sent["libsrtp"]) > 33_000
    assert sent["ipsec-mb"] == sent["libsrtp"]
    assert sent["OpenSSL"] == sent["libsrtp"]


def test_fast_encryption_is_there_with_what_it_may_lack():
    """If an upgrade hides OpenSSL, or brings a library that we do not know, all works on but costs more: say so."""
    assert gcm.find() is not None
    assert sorted(ipsec_mb.find()) == [16, 32]


@pytest.mark.parametrize("size", [16, 32])
def test_library_that_gives_wrong_answers_is_not_used(size: int):
    routines = ipsec_mb.find()[size]
    library = ctypes.CDLL(ipsec_mb.LIBRARY)
    decrypts = ctypes.cast(library[f"aes_gcm_dec_{size * 8}_sse"], ctypes.c_void_p).value  # another tag, nothing else
    assert ipsec_mb.is_right(size, routines)
    assert decrypts is not None
    assert not ipsec_mb.is_right(size, routines._replace(encrypt=decrypts))


def test_voice_ends_the_message_of_a_picture_that_came_with_it():
    lab = Lab(native=True, started=False)  # so that all of it is there at once
    an, binh = lab.person(AN), lab.person(BINH)
    binh.socket.setsockopt(SOL_UDP, UDP_GRO, 1)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, codec="opus")
    lab.route(an, CAMERA, binh)
    lab.route(an, VOICE, binh, Rewrite(701, 111, 50, 0))
    for i in range(3):
        an.say(i, 960 * i, VOICE, bytes(90 - i))
    frame(an, 0, [1000] * 5 + [500])
    frame(an, 6, [700] * 3)
    lab.worker.start()
    lab.wait_until_received(12)
    # The first frame ends its message itself; the second is ended by the oldest voice, and the others follow.
    assert messages(binh) == [[1028] * 5 + [528], [728] * 3 + [118], [117, 116]]
    lab.close()


def test_an_address_that_takes_nothing_costs_the_others_nothing(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.target(BINH, ("255.255.255.255", 9))  # EACCES without SO_BROADCAST
    lab.route(an, CAMERA, binh)
    lab.route(an, CAMERA, chi, Rewrite(701, 100, 50, 0))
    frame(an, 0, [700] * 10)
    assert [h.sequence for h in chi.hear()] == list(range(50, 60))
    counters = lab.worker.counters()
    assert (counters["forwarded"], counters["send_failed"]) == (10, 10)
