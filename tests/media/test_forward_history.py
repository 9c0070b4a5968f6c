"""What may have to be sent again is kept, however fast it came: the native core's history grows as packets come."""

import os
import random
import time

import pytest

from media.forward import Rewrite
from tests.media.conftest import USUAL, Lab, Person

AN, BINH = 1, 2  # transports
VOICE, CAMERA = 11, 12  # SSRCs
REPEATED = USUAL._replace(rtx_ssrc=900, rtx_payload_type=101)


@pytest.mark.parametrize("count", [60, 64, 65, 130, 500])
def test_each_of_many_packets_is_sent_again_as_it_was(lab: Lab, count: int):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    sink = lab.route(an, CAMERA, binh, Rewrite(700, 96, 10, 0, 701, 97, 1))
    first: dict[int, bytes] = {}
    for start in range(0, count, 50):
        for number in range(start, min(count, start + 50)):
            an.say(65_500 + number, 3000 * number, CAMERA, b"%d" % number * 40)
        first.update((heard.sequence, heard.payload) for heard in binh.hear())
    assert len(first) == count
    sequences = list(first)
    random.Random(count).shuffle(sequences)
    again: dict[int, bytes] = {}
    for start in range(0, count, 20):
        part = sequences[start : start + 20]
        assert lab.worker.resend(sink, part) == len(part)
        repairs = [heard.payload for heard in binh.hear()]
        again.update((int.from_bytes(body[:2], "big"), body[2:]) for body in repairs)
    assert again == first


def test_packets_that_a_gap_left_out_are_taken_when_they_come_late(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    lab.route(an, CAMERA, binh, Rewrite(700, 96, 100, 0))
    for number in (0, 1, 90, 91, *range(2, 90)):
        an.say(number, 0, CAMERA, b"%d" % number)
    assert {heard.payload for heard in binh.hear()} == {b"%d" % number for number in range(92)}


def camera(lab: Lab) -> tuple[Person, Person, int]:
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False, codec="H264")
    return an, binh, lab.route(an, CAMERA, binh, REPEATED)


@pytest.mark.parametrize("size", [10, 1000, 1300])
def test_all_of_the_history_can_be_had_again(native: bool, size: int):
    lab = Lab(native, 128)  # so few that they come within half a second
    an, binh, sink = camera(lab)
    heard = []
    for number in range(150):
        an.say(number, number, CAMERA, b"%04d" % number + bytes(size))
        if number % 50 == 49:
            heard += binh.hear()
    assert len(heard) == 150
    for first in range(150 - 128, 150, 64):
        assert lab.worker.resend(sink, range(50 + first, 50 + first + 64)) == 64
        assert [h.payload[2:6] for h in binh.hear()] == [b"%04d" % n for n in range(first, first + 64)]
    assert lab.worker.resend(sink, range(50, 50 + 22)) == 0
    lab.close()


def test_frame_larger_than_what_the_history_has_used_so_far_is_forwarded_whole(lab: Lab):
    """A slow stream uses little of its ring; then a key frame comes, of which nothing may be written over."""
    an, binh, sink = camera(lab)
    number = 0
    for _ in range(40):
        an.say(number, 0, CAMERA, bytes(1200))
        number += 1
        if number % 10 == 0:
            binh.hear()
    time.sleep(1.1)  # no synchronisation: the history has to have grown old
    packets = [b"%04d" % i + bytes(1200) for i in range(100)]
    for i, body in enumerate(packets):
        an.say(number + i, 7, CAMERA, body, marker=i == 99)
    heard = binh.hear()
    assert [h.payload for h in heard] == packets
    assert lab.worker.resend(sink, [h.sequence for h in heard[20:]]) == 80
    assert [h.payload[2:] for h in binh.hear()] == packets[20:]


def test_memory_of_a_stream_follows_its_bitrate():
    """Speech of an hour takes no more than a few pages, in the native worker."""
    lab = Lab(native=True)
    before = resident()
    for number in range(1, 31):
        person = lab.person(number)
        lab.worker.source(number, VOICE, clock_rate=48000, nack=False, codec="opus")
        for i in range(300):
            person.say(i, 960 * i, VOICE, bytes(80))
        lab.settle()
    assert resident() - before < 30 * 100_000
    lab.close()


def test_memory_of_a_burst_is_given_back_and_what_came_last_can_still_be_had():
    lab = Lab(native=True)
    people, before = [lab.person(number) for number in range(1, 13)], resident()
    binh = lab.person(20)
    sinks = []
    for person in people:
        lab.worker.source(person.number, CAMERA, clock_rate=90000, nack=False, codec="H264")
        sinks.append(lab.route(person, CAMERA, binh, REPEATED._replace(ssrc=700 + person.number, rtx_ssrc=0)))
    peak, number = 0, 0
    for count in (350, 240, 160):
        for person in people:
            for start in range(number, number + count, 50):
                for turn in range(start, min(start + 50, number + count)):
                    person.say(turn, 0, CAMERA, b"%04d" % turn + bytes(1200))
                lab.settle()
                binh.hear_raw()
        number += count
        peak = max(peak, resident() - before)
        for sink in sinks:
            assert lab.worker.resend(sink, range(50 + number - 64, 50 + number)) == 64
            assert [heard.payload[:4] for heard in binh.hear()] == [
                b"%04d" % turn for turn in range(number - 64, number)
            ]
        time.sleep(1.1)  # no synchronisation: a lap of the history has to have taken long
    assert peak > 12 * 350 * 1200
    assert resident() - before < peak - 12 * 150_000
    lab.close()


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
