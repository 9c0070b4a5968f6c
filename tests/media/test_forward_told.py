"""What a worker tells: what is missing, what is new, what it has counted. Every story runs on both workers."""

import struct

from media.forward import MISSING, NEW_STREAM, RTCP
from tests.media.conftest import Lab, rtp

AN, BINH, CHI = 1, 2, 3  # transports
VOICE, CAMERA = 11, 12  # SSRCs


def test_missing_packets_are_told_and_told_again_until_they_come(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    late = an.out.protect(rtp(3, 0, CAMERA))
    for sequence in (1, 2, 5):
        an.say(sequence, 0, CAMERA)
    (notice,) = lab.told(MISSING)[:1]
    assert (notice.transport, notice.ssrc, notice.data) == (AN, CAMERA, struct.pack("!HH", 3, 4))
    an.say_raw(late)
    # Packet 4 never comes: once more three times, then silence.
    lab.wait(lambda: sum(notice.data[-2:] == struct.pack("!H", 4) for notice in lab.notices) == 4)
    assert lab.notices[-1].data == struct.pack("!H", 4)
    assert lab.worker.sources(AN)[0].packets == 4


def test_no_more_than_256_missing_packets_are_remembered(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    an.say(0, 0, CAMERA)
    an.say(402, 0, CAMERA)
    first, *again = lab.told(MISSING)
    expected = struct.pack("!256H", *range(146, 402))
    assert first.data == expected
    assert all(notice.data == expected for notice in again)


def test_nothing_is_asked_for_where_retransmission_was_not_agreed(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False)
    for sequence in (1, 5):
        an.say(sequence, 0, VOICE)
    assert lab.told(MISSING) == []


def test_new_stream_is_announced_once_with_its_packet(lab: Lab):
    an = lab.person(AN)
    packet = rtp(1, 2, 99, b"who am I", extension=b"\x10\x55\0\0")
    an.say_raw(an.out.protect(packet))
    an.say(2, 2, 99)
    (notice,) = lab.told(NEW_STREAM)
    assert (notice.transport, notice.ssrc, notice.data) == (AN, 99, packet)
    assert lab.count("dropped_unknown_ssrc") == 2


def test_no_more_than_32_unknown_streams_are_announced(lab: Lab):
    an = lab.person(AN)
    for ssrc in range(100, 140):
        an.say(1, 0, ssrc)
    assert [notice.ssrc for notice in lab.told(NEW_STREAM)] == list(range(100, 132))
    assert lab.count("dropped_unknown_ssrc") == 40
    for ssrc in (139, 131):
        lab.worker.source(AN, ssrc, clock_rate=90000, nack=False)
        an.say(2, 0, ssrc)
    lab.settle()
    assert [stats.packets for stats in lab.worker.sources(AN)] == [1, 1]
    an.say(2, 0, 138)  # 131 has left its place
    assert lab.told(NEW_STREAM)[-1].ssrc == 138


def test_rtcp_goes_both_ways(lab: Lab):
    an = lab.person(AN)
    report = struct.pack("!BBHI", 0x80, 201, 1, 4242)
    an.say_raw(an.out.protect_rtcp(report))
    (notice,) = lab.told(RTCP)
    assert (notice.transport, notice.data) == (AN, report)
    for _ in range(2):
        lab.worker.rtcp(AN, report)
    assert [an.incoming.unprotect_rtcp(raw) for raw in an.hear_raw()] == [report, report]
    assert lab.count("forwarded") == 0


def test_levels_jitter_and_octets_are_measured(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, level_id=3)
    assert lab.worker.sources(AN)[0].level == 127
    an.say(1, 0, VOICE, b"12345678", extension=b"\x10\x01\x30\x94\0\0\0\0", padding=3)
    lab.settle()
    (stats,) = lab.worker.sources(AN)
    assert (stats.ssrc, stats.packets, stats.octets, stats.jitter) == (VOICE, 1, 8, 0)
    assert 20 <= stats.level < 127
    an.say(2, 48000 * 1600, VOICE, profile=0x1000, extension=b"\x07\0\x03\x01\x05\0\0\0")
    lab.settle()
    (stats,) = lab.worker.sources(AN)
    assert 5 <= stats.level < 20
    assert 48000 * 99 <= stats.jitter <= 48000 * 100  # RFC 3550 A.8: a sixteenth of the difference


def test_sink_tells_what_a_sender_report_needs(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    (stats,) = lab.worker.sinks(BINH)
    assert (stats.packets, stats.running) == (0, False)
    an.say(65535, 1000, CAMERA, b"123", padding=2)
    an.say(0, 4000, CAMERA, b"4567")
    lab.settle()
    assert lab.worker.sinks(BINH) == [(sink, 2, 7, 12000, 8000, (50 - 65535) & 0xFFFF, 0, True, (AN, CAMERA), False)]
    assert lab.worker.sinks(AN) == []
