"""Whose packets are forwarded at all: held and silent sources, voices that have waited; and taps. On both workers."""

import time

from tests.media.conftest import Lab
from tests.media.test_forward_lines import block

AN, BINH = 1, 2  # transports
VOICE = 14  # SSRC
LEVEL = 1  # identifier of a header extension


def test_held_source_is_forwarded_to_nobody_and_leaves_no_hole(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False)
    lab.route(an, VOICE, binh)
    for i in range(9):
        lab.worker.hold(AN, VOICE, 3 <= i < 6)
        an.say(i, 960 * i, VOICE, b"%d" % i)
        lab.settle()
    assert [(h.sequence, h.timestamp, h.body) for h in binh.hear()] == [
        (50 + at, 9000 + 960 * i, b"%d" % i) for at, i in enumerate((0, 1, 2, 6, 7, 8))
    ]
    assert lab.worker.sources(AN)[0].packets == 9


def loud(level: int) -> bytes:
    return block((LEVEL, bytes((0x80 | level,))))


def test_gate_closes_after_a_second_of_silence_and_opens_at_once(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, level_id=LEVEL, gate=60)
    lab.route(an, VOICE, binh)
    an.say(0, 0, VOICE, b"hello", extension=loud(30))
    heard = binh.hear()
    began, i = time.monotonic(), 0
    while time.monotonic() - began < 1.2:
        i += 1
        an.say(i, 960 * i, VOICE, b"hush", extension=loud(90))
        heard += binh.hear()  # nobody's buffer holds them all
    assert [h.sequence for h in heard] == list(range(50, 50 + len(heard)))
    assert 2 < len(heard) < i  # it went on for the hangover, and no longer
    an.say(i + 1, 960 * (i + 1), VOICE, b"again", extension=loud(60))
    an.say(i + 2, 960 * (i + 2), VOICE, b"again", extension=loud(90))
    assert [(h.sequence, h.body) for h in binh.hear()] == [
        (50 + len(heard), b"again"), (51 + len(heard), b"again"),
    ]  # fmt: skip


def test_what_says_nothing_of_its_loudness_passes_the_gate(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, level_id=LEVEL, gate=60)
    lab.route(an, VOICE, binh)
    an.say(0, 0, VOICE)
    assert len(binh.hear()) == 1


def test_voice_that_waited_in_a_cut_line_is_forwarded_for_two_seconds_of_it_and_then_what_is_said_now(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, codec="opus")
    lab.worker.tap(AN, VOICE, True)
    lab.route(an, VOICE, binh)
    for i in range(60):  # a minute of it, at once
        an.say(i, 48_000 * i, VOICE, b"%d" % i)
    heard = binh.hear()
    assert 3 <= len(heard) < 40, "and what time has passed meanwhile"
    assert [(h.sequence, h.timestamp) for h in heard] == [
        (50 + number, 9000 + 48_000 * int(h.body)) for number, h in enumerate(heard)
    ], "no hole in the numbers, and the time of each"
    time.sleep(0.03)  # what is said next takes its time
    an.say(60, 48_000 * 59 + 960, VOICE, b"now")
    [now] = binh.hear()
    assert (now.sequence, now.timestamp, now.body) == (50 + len(heard), 9000 + 48_000 * 59 + 960, b"now")
    assert len(lab.worker.tapped()) == 61, "a recorder gets all of it"


def test_voice_after_a_pause_and_with_another_clock_is_forwarded(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, codec="opus")
    lab.route(an, VOICE, binh)
    an.say(0, 0, VOICE)
    an.say(1, 48_000, VOICE)
    an.say(2, 2**32 - 48_000, VOICE)
    assert len(binh.hear()) == 3
    an.say(3, 480_000, VOICE)  # eleven seconds on at once: one packet is nothing
    assert binh.hear() == []
    an.say(4, 480_000, VOICE)
    assert len(binh.hear()) == 1


def test_tapped_source_is_told_packet_by_packet(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False)
    lab.worker.tap(AN, VOICE, True)
    lab.worker.hold(AN, VOICE, True)  # a recorder hears what nobody else does; who may be recorded is not decided here
    an.say(65535, 0, VOICE, b"one", marker=True, padding=3)
    an.say(1, 1920, VOICE, b"three")
    lab.settle()
    an.say(0, 960, VOICE, b"two")
    lab.settle()
    told = lab.worker.tapped()
    first = told[0].position
    assert [(t.transport, t.ssrc, t.position - first, t.timestamp, t.marker, t.late, t.payload) for t in told] == [
        (AN, VOICE, 0, 0, True, False, b"one"),
        (AN, VOICE, 2, 1920, False, False, b"three"),
        (AN, VOICE, 1, 960, False, True, b"two"),
    ]
    assert abs(told[0].received - time.monotonic_ns() // 1000) < 10_000_000
    lab.worker.tap(AN, VOICE, False)
    an.say(2, 2880, VOICE, b"four")
    lab.settle()
    assert lab.worker.tapped() == []
