"""The packets of a frame are made equally long before anybody is sent them, where little is lacking; and padding of
our own goes between packets of sound."""

import random
from collections.abc import Iterator

import pytest

from media.forward import Rewrite
from tests.media.conftest import Heard, Lab, Person

AN, BINH, CHI = 1, 2, 3  # transports
CAMERA, VOICE = 12, 14  # SSRCs
FRAMES = 8


@pytest.fixture
def lab(native: bool) -> Iterator[Lab]:
    made = Lab(native, started=False)  # so that it finds together what comes before
    yield made
    made.close()


def camera(lab: Lab) -> tuple[Person, Person]:
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    return an, binh


def frames(an: Person, binh: Person, sizes: list[int], **kinds: int) -> list[list[Heard]]:
    """Some frames of packets of these sizes, all there when the worker begins, as they are heard."""
    for number in range(FRAMES * len(sizes)):
        an.say(number, number // len(sizes), CAMERA, bytes(sizes[number % len(sizes)]), **kinds)
    an.lab.worker.start()
    heard = binh.hear()
    assert [len(h.payload) for h in heard] == sizes * FRAMES
    return [heard[at : at + len(sizes)] for at in range(0, len(heard), len(sizes))]


def test_packets_of_a_frame_get_one_length(lab: Lab):
    an, binh = camera(lab)
    for frame in frames(an, binh, [914, 914, 907, 915]):
        assert [len(h.body) for h in frame] == [915] * 4
        assert [h.first for h in frame] == [0xA0, 0xA0, 0xA0, 0x80]
        assert [h.body[914 - n :] for h, n in zip(frame[:3], (0, 0, 7), strict=True)] == [
            b"\1",
            b"\1",
            b"\0" * 7 + b"\x08",
        ]


def test_what_was_padded_is_resent_and_sent_to_others_with_the_same_octets(lab: Lab):
    an, binh = camera(lab)
    chi = lab.person(CHI)
    lab.route(an, CAMERA, chi, Rewrite(701, 100, 50, 9000))
    heard = [h for frame in frames(an, binh, [914, 910, 915, 908]) for h in frame]
    assert [h.body for h in chi.hear()] == [h.body for h in heard]
    assert any(h.first == 0xA0 for h in heard)
    assert lab.worker.resend(1, [h.sequence for h in heard]) == len(heard)
    assert binh.hear_raw() == [h.raw for h in heard]


@pytest.mark.parametrize("sizes", [[1100, 1091], [200, 207], [1000, 300, 300]])
def test_much_is_not_padded(lab: Lab, sizes: list[int]):
    an, binh = camera(lab)
    assert all(h.first == 0x80 for frame in frames(an, binh, sizes) for h in frame)


def test_padding_of_the_publishers_own_is_left_alone(lab: Lab):
    an, binh = camera(lab)
    for frame in frames(an, binh, [900, 904], padding=2):
        assert [len(h.body) for h in frame] == [902, 906]


def test_padding_alone_lends_its_length_to_nobody(lab: Lab):
    an, binh = camera(lab)
    for number in range(20):
        an.say(number, 0, CAMERA, bytes(0 if number % 2 else 250), padding=255 * (number % 2))
    lab.worker.start()
    assert [(len(h.body), h.first) for h in binh.hear()] == [(250, 0x80)] * 10


def test_frames_are_not_mixed(lab: Lab):
    an, binh = camera(lab)
    for number in range(30):
        an.say(number, number, CAMERA, bytes(900 + number % 2))
    lab.worker.start()
    assert [(len(h.body), h.first) for h in binh.hear()] == [(900 + i % 2, 0x80) for i in range(30)]


def test_octets_are_counted_without_padding(lab: Lab):
    an, binh = camera(lab)
    frames(an, binh, [914, 914, 915, 915])
    expected = FRAMES * 2 * (914 + 915)
    assert lab.worker.sources(AN)[0].octets == lab.worker.sinks(BINH)[0].octets == expected


def talk(native: bool, seed: int) -> list[tuple[int, int, bytes]]:
    """A conversation with losses, pauses, redundancy and probes, as it is heard."""
    chance, lab = random.Random(seed), Lab(native, history=64)
    try:
        an, binh = lab.person(AN), lab.person(BINH)
        lab.worker.congestion(BINH, send=3)
        lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, codec="opus")
        rewrite = Rewrite(900, 111, 5, 1000, red_payload_type=63, stamped=True)
        sink, number, late = lab.route(an, VOICE, binh, rewrite), 0, [0]
        heard = []
        acts = ("say", "say", "say", "skip", "late", "pad", "pad", "pause", "resume", "resume", "red")
        for _ in range(600):
            what = chance.choice(acts)
            if what == "pad":
                heard.append((0, 0, b"%d" % lab.worker.pad(sink, chance.randrange(1, 600))))
            elif what in ("pause", "resume"):
                lab.worker.pause(sink, what == "pause")
            elif what == "red":
                lab.worker.red(sink, chance.random() < 0.5)
            elif what == "late" and late:
                said = late.pop(chance.randrange(len(late)))
                an.say(said, said, VOICE, b"word %d" % said)
            elif what in ("say", "skip"):
                number += 1
                if what == "say":
                    an.say(number, number, VOICE, b"word %d" % number)
                else:
                    late.append(number)
            lab.settle()
            heard += [(h.sequence, h.timestamp, bytes((h.first & 0x20,)) + h.body) for h in binh.hear()]
        return heard
    finally:
        lab.close()


@pytest.mark.parametrize("seed", range(3))
def test_both_workers_put_the_same_padding_between_packets_of_sound_and_no_number_serves_twice(seed: int):
    heard = talk(False, seed)
    assert heard == talk(True, seed)
    numbers = [number for number, timestamp, _ in heard if timestamp]
    assert len(set(numbers)) == len(numbers) > 200
