"""Losses made good, by RTX (RFC 4588) and RED (RFC 2198), both ways. Every story runs on both workers."""

import struct

import pytest

from media.forward import MISSING, Rewrite
from media.payload import read_red, write_red
from tests.media.conftest import GCM128, Heard, Lab, rtp

AN, BINH = 1, 2  # transports
CAMERA, REPAIR, VOICE = 12, 13, 14  # SSRCs
WITH_RTX = Rewrite(700, 100, 50, 9000, rtx_ssrc=701, rtx_payload_type=101, rtx_sequence=7)
WITH_RED = Rewrite(800, 111, 50, 9000, red_payload_type=63)


def osn(sequence: int, body: bytes) -> bytes:
    return struct.pack("!H", sequence & 0xFFFF) + body


def spoken(lab: Lab, **kind: object) -> None:
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=True, codec="opus", **kind)  # type: ignore[arg-type]


def red(heard: Heard) -> tuple[bytes, list[tuple[int, bytes]]]:
    assert heard.payload_type == 63
    read = read_red(heard.body)
    assert read is not None
    return read


# Video: RTX from the publisher.


def test_retransmission_fills_the_hole_under_its_old_number(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    lab.worker.repair(AN, REPAIR, CAMERA)
    lab.route(an, CAMERA, binh)
    an.say(65535, 0, CAMERA, b"one")
    an.say(1, 6000, CAMERA, b"three")
    lab.settle()
    assert lab.told(MISSING)
    an.say(9000, 3000, REPAIR, osn(0, b"two"), payload_type=97, marker=True)
    heard = binh.hear()
    assert [(h.sequence, h.timestamp, h.body) for h in heard] == [
        (50, 9000, b"one"), (52, 15000, b"three"), (51, 12000, b"two"),
    ]  # fmt: skip
    assert heard[2].marker
    assert lab.count("repaired") == 1


@pytest.mark.parametrize(
    "payload", [osn(5, b"known"), osn(300, b"ahead"), osn(40000, b"ancient"), b"", b"\0", osn(4, b"")]
)
def test_retransmission_of_what_is_not_missing_changes_nothing(lab: Lab, payload: bytes):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.repair(AN, REPAIR, CAMERA)
    lab.route(an, CAMERA, binh)
    an.say(3, 0, CAMERA, b"three")
    an.say(5, 0, CAMERA, b"five")
    an.say(9000, 3000, REPAIR, payload, payload_type=97)
    assert [h.body for h in binh.hear()] == [b"three", b"five"]
    assert lab.count("repaired") == 0
    assert lab.worker.sources(AN)[0].highest == 5


def test_retransmissions_end_with_what_they_repair(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.repair(AN, REPAIR, CAMERA)
    with pytest.raises(ValueError, match="registered already"):
        lab.worker.repair(AN, REPAIR, CAMERA)
    lab.worker.unsource(AN, CAMERA)
    an.say(1, 0, REPAIR, osn(1, b"x"))
    assert lab.count("dropped_unknown_ssrc") == 1
    lab.worker.source(AN, REPAIR, clock_rate=90000, nack=False)


# Video: RTX to the subscriber.


def test_nack_is_answered_beside_the_stream(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh, WITH_RTX)
    for i in range(3):
        an.say(i, 3000 * i, CAMERA, b"p%d" % i, marker=i == 1, padding=3)
    assert len(binh.hear()) == 3
    assert lab.worker.resend(sink, [51, 50, 99]) == 2
    heard = binh.hear()
    assert [(h.ssrc, h.payload_type, h.sequence, h.timestamp, h.marker, h.first, h.body) for h in heard] == [
        (701, 101, 7, 12000, True, 0x80, osn(51, b"p1")),
        (701, 101, 8, 9000, False, 0x80, osn(50, b"p0")),
    ]
    assert lab.worker.sinks(BINH)[0].resent == 2


def test_retransmission_may_be_older_than_srtp_would_let_out_again(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh, WITH_RTX)
    plain = lab.route(an, CAMERA, binh, Rewrite(900, 100, 50, 0))
    for i in range(300):
        an.say(i, i, CAMERA, b"%d" % i)
        if i % 50 == 49:
            lab.settle()
    binh.hear()
    assert lab.worker.resend(plain, [50]) == 0
    assert lab.worker.resend(sink, [50]) == 1


def test_ssrc_of_retransmissions_is_used_once_only(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.unroute(lab.route(an, CAMERA, binh, WITH_RTX))
    with pytest.raises(ValueError, match="701 was used"):
        lab.route(an, CAMERA, binh, WITH_RTX._replace(ssrc=702))
    with pytest.raises(ValueError, match="of their own"):
        lab.route(an, CAMERA, binh, Rewrite(5, 96, 0, 0, rtx_ssrc=5))


# Sound: RED.


def test_missing_sound_is_restored_from_the_packet_after_it(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    spoken(lab, red=63)
    lab.route(an, VOICE, binh)
    an.say(10, 0, VOICE, write_red(111, b"one", None), payload_type=63)
    an.say(12, 1920, VOICE, write_red(111, b"three", (960, b"two")), payload_type=63)
    heard = binh.hear()
    assert [(h.sequence, h.timestamp, h.body) for h in heard] == [
        (50, 9000, b"one"), (52, 10920, b"three"), (51, 9960, b"two"),
    ]  # fmt: skip
    assert lab.count("restored") == 1
    assert not lab.told(MISSING)
    assert lab.worker.sources(AN)[0].packets == 3


def test_sound_that_arrives_after_it_was_restored_is_dropped(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    spoken(lab, red=63)
    lab.route(an, VOICE, binh)
    late = an.out.protect(rtp(11, 960, VOICE, write_red(111, b"two", (960, b"one")), payload_type=63))
    an.say(10, 0, VOICE, write_red(111, b"one", None), payload_type=63)
    an.say(12, 1920, VOICE, write_red(111, b"three", (960, b"two")), payload_type=63)
    an.say_raw(late)
    assert len(binh.hear()) == 3
    assert lab.count("dropped_replay") == 1


def test_nothing_is_restored_before_the_first_packet(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    spoken(lab, red=63)
    lab.route(an, VOICE, binh)
    an.say(10, 960, VOICE, write_red(111, b"two", (960, b"one")), payload_type=63)
    an.say(11, 1920, VOICE, b"plain", payload_type=111)
    assert [h.body for h in binh.hear()] == [b"two", b"plain"]
    assert lab.count("restored") == 0


@pytest.mark.parametrize("body", [b"\xef", b"\xef\0\0\xff\x6f", b"\xef\0\0\1", bytes([0xEF, 0, 0, 0]) * 9 + b"\x6f"])
def test_red_that_is_none_is_counted(lab: Lab, body: bytes):
    an, binh = lab.person(AN), lab.person(BINH)
    spoken(lab, red=63)
    lab.route(an, VOICE, binh)
    an.say(10, 960, VOICE, body, payload_type=63)
    assert not binh.hear()
    assert lab.count("dropped_malformed") == 1


def test_lossy_listener_gets_each_packet_twice_and_others_once(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(3)
    spoken(lab)
    lossy = lab.route(an, VOICE, binh, WITH_RED)
    lab.route(an, VOICE, chi)
    an.say(1, 0, VOICE, b"one")
    lab.settle()
    lab.worker.red(lossy, True)
    an.say(2, 960, VOICE, b"two")
    an.say(3, 1920, VOICE, b"three", padding=2)
    lab.settle()
    lab.worker.red(lossy, False)
    an.say(4, 2880, VOICE, b"four")
    first, second, third, fourth = binh.hear()
    assert (first.payload_type, first.body) == (111, b"one")
    assert red(second) == (b"two", [(960, b"one")])
    assert red(third) == (b"three", [(960, b"two")])
    assert (fourth.payload_type, fourth.body) == (111, b"four")
    assert [h.sequence for h in (first, second, third, fourth)] == [50, 51, 52, 53]
    assert [h.body[:5] for h in chi.hear()] == [b"one", b"two", b"three", b"four"]


def test_red_repeats_only_what_was_there_when_the_packet_came(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    spoken(lab)
    sink = lab.route(an, VOICE, binh, WITH_RED)
    lab.worker.red(sink, True)
    an.say(1, 0, VOICE, b"one")
    an.say(3, 1920, VOICE, b"three")
    lab.settle()
    an.say(2, 960, VOICE, b"two")
    heard = binh.hear()
    assert [red(h)[1] for h in heard] == [[], [], [(960, b"one")]]
    assert lab.worker.resend(sink, [52]) == 1
    assert binh.hear_raw() == [heard[1].raw]


def test_long_sound_is_not_repeated(lab: Lab):
    an, binh = lab.person(AN, GCM128), lab.person(BINH)
    spoken(lab)
    sink = lab.route(an, VOICE, binh, WITH_RED)
    lab.worker.red(sink, True)
    an.say(1, 0, VOICE, bytes(1100))
    an.say(2, 960, VOICE, bytes(700))
    an.say(3, 1920, VOICE, bytes(600))
    an.say(4, 2880, VOICE, bytes(100))
    assert [[len(body) for _, body in red(h)[1]] for h in binh.hear()] == [[], [], [], [600]]


def test_red_needs_a_payload_type(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    spoken(lab)
    with pytest.raises(ValueError, match="RED"):
        lab.worker.red(lab.route(an, VOICE, binh), True)
