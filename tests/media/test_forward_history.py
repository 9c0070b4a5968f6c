"""What may have to be sent again is kept, however fast it came: the native core's history grows as packets come."""

import random

import pytest

from media.forward import Rewrite
from tests.media.conftest import Lab

AN, BINH, CAMERA = 1, 2, 12


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
