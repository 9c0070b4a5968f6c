"""Simulcast and temporal layers: what a listener gets is one unbroken stream. Every story runs on both workers."""

import struct

from media.forward import SWITCHED, Rewrite
from media.payload import read_vp8
from tests.media.conftest import Heard, Lab

AN, BINH = 1, 2  # transports
SMALL, LARGE = 21, 22  # SSRCs of An's camera
USUAL = Rewrite(ssrc=700, payload_type=100, sequence=50, timestamp=9000)


def vp8(
    number: int, tl0: int = 0, temporal: int = 0, *, key: bool = False, sync: bool = False, begins: bool = True
) -> bytes:
    """A payload with a 15-bit picture id, TL0PICIDX and TID."""
    head = bytes((0x80 | 0x10 * begins, 0xE0)) + struct.pack("!H", 0x8000 | number & 0x7FFF)
    return head + bytes((tl0 & 0xFF, temporal << 6 | sync << 5, 0x00 if key else 0x01)) + b"%d" % number


def camera(lab: Lab, *ssrcs: int) -> None:
    for ssrc in ssrcs:
        lab.worker.source(AN, ssrc, clock_rate=90000, nack=False, codec="VP8")


def pictures(heard: list[Heard]) -> list[tuple[int, int, int, bytes]]:
    """(sequence, picture id, TL0PICIDX, what the picture said) of what was heard."""
    found = []
    for packet in heard:
        picture = read_vp8(packet.body)
        assert picture is not None
        found.append((packet.sequence, picture.number, picture.tl0, packet.body[7:]))
    return found


def test_sink_goes_over_at_the_key_frame_and_not_before(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL, LARGE)
    sink = lab.route(an, SMALL, binh, USUAL)
    an.say(1, 0, SMALL, vp8(100, 10, key=True))
    an.say(500, 0, LARGE, vp8(3000, 77))
    lab.settle()
    lab.worker.switch(sink, AN, LARGE, at_key=True)
    an.say(501, 3000, LARGE, vp8(3001, 78))
    an.say(2, 3000, SMALL, vp8(101, 11))
    lab.settle()
    (stats,) = lab.worker.sinks(BINH)
    assert (stats.source, stats.waiting) == ((AN, SMALL), True)
    an.say(502, 6000, LARGE, vp8(3002, 79, key=True))
    an.say(503, 9000, LARGE, vp8(3003, 80))
    an.say(3, 9000, SMALL, vp8(102, 12))
    assert pictures(binh.hear()) == [
        (50, 100, 10, b"100"), (51, 101, 11, b"101"), (52, 102, 12, b"3002"), (53, 103, 13, b"3003"),
    ]  # fmt: skip
    (stats,) = lab.worker.sinks(BINH)
    assert (stats.source, stats.waiting) == ((AN, LARGE), False)
    assert [(notice.transport, notice.ssrc) for notice in lab.told(SWITCHED)] == [(BINH, 700)]


def test_a_sink_that_waits_can_be_called_back(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL, LARGE)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.switch(sink, AN, LARGE, at_key=True)
    lab.worker.switch(sink, AN, SMALL)
    an.say(1, 0, LARGE, vp8(9, key=True))
    an.say(1, 0, SMALL, vp8(5))
    assert [says for *_, says in pictures(binh.hear())] == [b"5"]
    assert not lab.worker.sinks(BINH)[0].waiting


def test_the_end_of_what_a_sink_waits_for_leaves_it_where_it_is(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL, LARGE)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.switch(sink, AN, LARGE, at_key=True)
    lab.worker.unsource(AN, LARGE)
    an.say(1, 0, SMALL, vp8(5))
    assert len(binh.hear()) == 1
    assert not lab.worker.sinks(BINH)[0].waiting


def test_the_end_of_what_a_sink_came_from_does_not_end_it(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL, LARGE)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.switch(sink, AN, LARGE, at_key=True)
    an.say(1, 0, LARGE, vp8(5, key=True))
    lab.settle()
    lab.worker.unsource(AN, SMALL)
    an.say(2, 3000, LARGE, vp8(6))
    assert len(binh.hear()) == 2


def test_timestamps_follow_the_clock_that_two_sources_share(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL, LARGE)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.align(AN, SMALL, 1000)
    lab.worker.align(AN, LARGE, 2**32 - 5000)
    an.say(1, 100_000, SMALL, vp8(1, key=True))
    lab.settle()
    lab.worker.switch(sink, AN, LARGE, at_key=True)
    # 100,000 + 1,000 + two frames of 3,000 on the common clock
    an.say(1, 101_000 + 6000 + 5000, LARGE, vp8(1, key=True))
    first, second = binh.hear()
    assert second.timestamp - first.timestamp == 6000


def test_a_clock_that_would_run_backwards_is_not_believed(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL, LARGE)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.align(AN, SMALL, 0)
    lab.worker.align(AN, LARGE, 0)
    an.say(1, 100_000, SMALL, vp8(1, key=True))
    lab.settle()
    lab.worker.switch(sink, AN, LARGE, at_key=True)
    an.say(1, 97_000, LARGE, vp8(1, key=True))
    first, second = binh.hear()
    assert 1 <= (second.timestamp - first.timestamp) & 0xFFFFFFFF < 90_000 * 10


# A cycle of three temporal layers as libvpx makes it: 0 2 1 2; (temporal, sync)
CYCLE = ((0, False), (2, True), (1, True), (2, False))


def cycle(lab: Lab, speaker: object, first: int, pictures_: int, *, key: bool = False) -> None:
    for i in range(first, first + pictures_):
        temporal, sync = CYCLE[i % 4]
        is_key = key and i == first
        body = vp8(i, i // 4, temporal, sync=sync, key=is_key)
        speaker.say(2 * i, 3000 * i, SMALL, body)  # type: ignore[attr-defined]
        speaker.say(2 * i + 1, 3000 * i, SMALL, vp8(i, i // 4, temporal, begins=False), marker=True)  # type: ignore[attr-defined]
    lab.settle()


def test_upper_temporal_layers_vanish_without_a_trace(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL)
    sink = lab.route(an, SMALL, binh, USUAL)
    cycle(lab, an, 0, 4, key=True)
    lab.worker.layers(sink, 0)
    cycle(lab, an, 4, 12)
    heard = pictures(binh.hear())
    assert [sequence for sequence, *_ in heard] == list(range(50, 50 + len(heard)))
    assert [says for *_, says in heard] == [b"%d" % i for i in (0, 1, 2, 3, 4, 8, 12) for _ in range(2)]
    numbers = [number for _, number, *_ in heard]
    assert numbers == [i for i in range(7) for _ in range(2)]
    assert [tl0 for *_, tl0, _ in heard][-2:] == [3, 3]


def test_a_layer_comes_back_where_a_picture_allows_it(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.layers(sink, 0)
    cycle(lab, an, 0, 5, key=True)
    lab.worker.layers(sink, 7)
    cycle(lab, an, 5, 7)
    # 5 is of layer 2 and may not skip layer 1, which comes back with 6, and layer 2 with the next that needs only 0
    says = [int(says) for *_, says in pictures(binh.hear())][::2]
    assert says == [0, 4, 6, 8, 9, 10, 11]


def test_what_was_dropped_is_not_asked_for_and_what_was_sent_is_the_same_again(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    camera(lab, SMALL)
    sink = lab.route(an, SMALL, binh, USUAL)
    lab.worker.layers(sink, 0)
    cycle(lab, an, 0, 12, key=True)
    heard = binh.hear()
    assert len(heard) == 6
    assert lab.worker.resend(sink, [h.sequence for h in heard]) == 6
    assert list(binh.hear_raw()) == [h.raw for h in heard]


def test_octets_are_counted_by_temporal_layer(lab: Lab):
    an = lab.person(AN)
    camera(lab, SMALL)
    cycle(lab, an, 0, 8, key=True)
    zero, one, two, three = lab.worker.sources(AN)[0].temporal
    assert zero == one
    assert two == 2 * zero
    assert three == 0 < zero


def test_key_frames_of_other_codecs_are_known(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    keys = {"H264": b"\x67sps", "VP9": bytes((0x08, 1)), "AV1": bytes((0x08, 1))}
    others = {"H264": b"\x61slice", "VP9": bytes((0x48, 1)), "AV1": bytes((0x00, 1))}
    for i, codec in enumerate(keys):
        small, large = 100 + 2 * i, 101 + 2 * i
        for ssrc in (small, large):
            lab.worker.source(AN, ssrc, clock_rate=90000, nack=False, codec=codec)
        sink = lab.route(an, small, binh, USUAL._replace(ssrc=700 + i))
        lab.worker.switch(sink, AN, large, at_key=True)
        an.say(1, 0, large, others[codec])
        an.say(2, 0, large, keys[codec])
    assert [h.body for h in binh.hear()] == list(keys.values())
