"""What is forwarded, and how it is rewritten. Every story runs on both workers."""

import importlib
import struct

import pytest

from media.forward import MISSING, Forwarder, Rewrite
from tests.media.conftest import CM80, GCM128, GCM256, Lab, rtp

AN, BINH, CHI = 1, 2, 3  # transports
VOICE, CAMERA = 11, 12  # SSRCs


def test_native_core_was_built():
    assert importlib.import_module("media._forward").Worker


@pytest.mark.parametrize("profile", [GCM128, GCM256, CM80])
def test_packet_arrives_rewritten_with_its_payload_intact(lab: Lab, profile: str):
    an, binh = lab.person(AN, profile), lab.person(BINH, profile)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh, Rewrite(ssrc=700, payload_type=100, sequence=50, timestamp=9000))
    body = bytes(range(256)) * 4
    an.say(60000, 4_000_000_000, CAMERA, body, marker=True)
    an.say(60001, 4_000_003_000, CAMERA, body[::-1])
    first, second = binh.hear()
    assert (first.ssrc, first.payload_type, first.sequence, first.timestamp) == (700, 100, 50, 9000)
    assert (second.ssrc, second.payload_type, second.sequence, second.timestamp) == (700, 100, 51, 12000)
    assert (first.body, first.marker) == (body, True)
    assert (second.body, second.marker) == (body[::-1], False)
    counters = lab.worker.counters()
    assert counters["forwarded"] == 2
    assert counters["sent_bytes"] == len(first.raw) + len(second.raw)


def test_extensions_and_contributors_are_left_behind_and_padding_stays(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    an.say(1, 0, CAMERA, b"picture", extension=b"\x10\x55\0\0", csrcs=(5, 6), padding=4)
    (heard,) = binh.hear()
    assert heard.first == 0xA0
    assert heard.body == b"picture\0\0\0\x04"


def test_two_listeners_get_their_own_numbers(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI, CM80)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False)
    lab.route(an, VOICE, binh, Rewrite(1000, 96, 10, 0))
    lab.route(an, VOICE, chi, Rewrite(2000, 111, 20000, 77))
    for i in range(5):
        an.say(100 + i, 960 * i, VOICE, b"%d" % i)
    assert [(h.ssrc, h.sequence, h.timestamp, h.body) for h in binh.hear()] == [
        (1000, 10 + i, 960 * i, b"%d" % i) for i in range(5)
    ]
    assert [(h.ssrc, h.sequence, h.timestamp, h.body) for h in chi.hear()] == [
        (2000, 20000 + i, 77 + 960 * i, b"%d" % i) for i in range(5)
    ]


def test_sequence_wraps_in_and_out_without_a_loss(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    lab.route(an, CAMERA, binh, Rewrite(700, 100, 32767, 0))
    heard = []
    for i in range(70_000):
        an.say(65_000 + i, i, CAMERA, struct.pack("!I", i))
        if i % 100 == 99:
            heard += binh.hear()
    assert [h.sequence for h in heard] == [(32767 + i) & 0xFFFF for i in range(70_000)]
    assert [h.body for h in heard] == [struct.pack("!I", i) for i in range(70_000)]
    assert not lab.told(MISSING)
    (stats,) = lab.worker.sources(AN)
    assert (stats.base, stats.highest, stats.packets) == (65_000, 65_000 + 69_999, 70_000)


def test_who_joins_late_begins_low(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    for i in range(20):
        an.say(65530 + i, i, CAMERA)
    lab.settle()
    lab.route(an, CAMERA, binh, Rewrite(700, 100, 3, 500))
    an.say(65530 + 20, 20, CAMERA)
    assert [(h.sequence, h.timestamp) for h in binh.hear()] == [(3, 500)]


def test_packets_out_of_order_keep_their_numbers(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    for sequence in (65534, 0, 65535, 2, 1):
        an.say(sequence, 0, CAMERA, b"%d" % sequence)
    assert [(h.sequence, h.body) for h in binh.hear()] == [
        (50, b"65534"), (52, b"0"), (51, b"65535"), (54, b"2"), (53, b"1"),
    ]  # fmt: skip


def test_packet_replayed_by_somebody_is_dropped(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    said = an.say(1, 0, CAMERA)
    an.say(2, 0, CAMERA)
    an.say_raw(said)
    assert [h.sequence for h in binh.hear()] == [50, 51]
    assert lab.count("dropped_replay") == 1
    assert lab.worker.sources(AN)[0].duplicates == 1


def test_packet_older_than_the_history_is_dropped(native: bool):
    lab = Lab(native, history=64)
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    late = an.out.protect(rtp(2, 0, CAMERA))
    for sequence in (1, *range(3, 67)):
        an.say(sequence, 0, CAMERA)
    an.say_raw(late)
    assert [h.sequence for h in binh.hear()] == [50, *range(52, 116)]
    assert lab.count("dropped_replay") == 1
    lab.close()


def test_listener_without_keys_or_target_misses_nothing_but_time(lab: Lab):
    an = lab.person(AN)
    lab.worker.open(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.route(1, AN, CAMERA, BINH, Rewrite(700, 100, 50, 0))
    an.say(1, 0, CAMERA)
    lab.settle()
    lab.worker.close(BINH)
    binh = lab.person(BINH)
    lab.route(an, CAMERA, binh)
    an.say(2, 0, CAMERA)
    assert [h.sequence for h in binh.hear()] == [50]
    assert lab.count("forwarded") == 1


def test_nothing_is_sent_while_there_is_no_target_and_it_goes_on_at_another(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    an.say(1, 0, CAMERA)
    assert len(binh.hear()) == 1
    lab.worker.target(BINH, None)
    an.say(2, 0, CAMERA)
    lab.settle()
    assert binh.hear() == []
    lab.worker.target(BINH, binh.address)
    an.say(3, 0, CAMERA)
    assert len(binh.hear()) == 1
    assert lab.count("forwarded") == 2


def test_pause_leaves_no_hole(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    for i in range(3):
        an.say(i, 3000 * i, CAMERA)
    lab.settle()
    lab.worker.pause(sink, True)
    for i in range(3, 8):
        an.say(i, 3000 * i, CAMERA)
    lab.settle()
    assert not lab.worker.sinks(BINH)[0].running
    lab.worker.pause(sink, False)
    for i in range(8, 10):
        an.say(i, 3000 * i, CAMERA)
    heard = binh.hear()
    assert [h.sequence for h in heard] == [50, 51, 52, 53, 54]
    assert [h.timestamp - 9000 for h in heard] == [0, 3000, 6000, 24000, 27000]


def test_number_kept_free_for_a_lost_packet_is_not_given_to_another(lab: Lab):
    """Under GCM two packets with one number would give the key away."""
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    lost = an.out.protect(rtp(11, 0, CAMERA, b"lost"))
    an.say(10, 0, CAMERA, b"a")
    an.say(12, 0, CAMERA, b"", padding=5)  # closes its own number, not the one before
    lab.settle()
    lab.worker.pause(sink, True)
    lab.settle()
    lab.worker.pause(sink, False)
    an.say(13, 0, CAMERA, b"b")
    an.say_raw(lost)
    assert [(h.sequence, h.body) for h in binh.hear()] == [(50, b"a"), (52, b"b"), (51, b"lost")]


def test_padding_alone_is_dropped_without_a_hole(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    an.say(1, 0, CAMERA, b"a")
    for sequence in range(2, 60):
        an.say(sequence, 0, CAMERA, b"", padding=200)
    an.say(60, 0, CAMERA, b"b")
    an.say(61, 0, CAMERA, b"")
    an.say(62, 0, CAMERA, b"c")
    heard = binh.hear()
    assert [(h.sequence, h.body) for h in heard] == [(50, b"a"), (51, b"b"), (52, b"c")]
    assert lab.worker.resend(sink, [50, 51, 52]) == 3
    assert binh.hear_raw() == [h.raw for h in heard]


def test_switch_goes_on_in_sequence_and_time(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.worker.source(CHI, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    an.say(1000, 5000, CAMERA, b"an")
    chi.say(7, 123456, CAMERA, b"unheard")
    lab.settle()
    lab.worker.switch(sink, CHI, CAMERA)
    an.say(1001, 8000, CAMERA, b"unheard")
    chi.say(8, 126456, CAMERA, b"chi")
    chi.say(9, 129456, CAMERA, b"chi")
    first, second, third = binh.hear()
    assert [(h.sequence, h.body, h.ssrc) for h in (first, second, third)] == [
        (50, b"an", 700), (51, b"chi", 700), (52, b"chi", 700),
    ]  # fmt: skip
    assert 0 < second.timestamp - first.timestamp < 90000 * 10
    assert third.timestamp - second.timestamp == 3000
    assert lab.worker.resend(sink, [50, 51]) == 2
    assert binh.hear_raw() == [first.raw, second.raw]


def test_late_packet_from_before_the_switch_does_not_take_the_former_speakers_number(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI)
    for speaker in (an, chi):
        lab.worker.source(speaker.number, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    late = chi.out.protect(rtp(11, 0, CAMERA, b"chi"))
    for sequence in (10, 11, 12):
        an.say(sequence, 0, CAMERA, b"an")
    chi.say(10, 0, CAMERA, b"chi")
    lab.settle()
    lab.worker.switch(sink, CHI, CAMERA)
    chi.say(13, 0, CAMERA, b"chi")
    chi.say_raw(late)
    assert [(h.sequence, h.body) for h in binh.hear()] == [(50, b"an"), (51, b"an"), (52, b"an"), (53, b"chi")]


def test_what_a_withdrawn_source_sent_is_not_resent(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI)
    for speaker in (an, chi):
        lab.worker.source(speaker.number, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    an.say(1, 0, CAMERA)
    lab.settle()
    lab.worker.switch(sink, CHI, CAMERA)
    chi.say(1, 0, CAMERA)
    lab.settle()
    lab.worker.unsource(AN, CAMERA)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    assert lab.worker.resend(sink, [50, 51]) == 1


def test_switch_to_and_fro_never_uses_a_number_twice(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI)
    for speaker in (an, chi):
        lab.worker.source(speaker.number, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    for turn in range(100):
        speaker = (an, chi)[turn % 2]
        lab.worker.switch(sink, speaker.number, CAMERA)
        speaker.say(turn * 3, 0, CAMERA, b"%d" % turn)
        speaker.say(turn * 3 + 2, 0, CAMERA, b"%d" % turn)
        lab.settle()
    sequences = [h.sequence for h in binh.hear()]
    assert len(set(sequences)) == len(sequences) == 200


def test_publisher_that_begins_anew_far_away_is_followed(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    lab.route(an, CAMERA, binh)
    for sequence in (10, 11, 20_000, 20_001):
        an.say(sequence, 0, CAMERA)
    assert [h.sequence for h in binh.hear()] == [50, 51, 52, 53]
    assert not lab.told(MISSING)
    (stats,) = lab.worker.sources(AN)
    assert (stats.highest, stats.highest - stats.base + 1, stats.packets) == (20_001, 4, 4)


def test_late_packet_from_inside_the_jump_does_not_fill_an_older_gap(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    for sequence in (10, 12):
        an.say(sequence, 0, CAMERA)
    inside = an.out.protect(rtp(19_998, 0, CAMERA))
    an.say(20_000, 0, CAMERA)
    an.say_raw(inside)
    assert [h.sequence for h in binh.hear()] == [50, 52, 53]
    assert lab.count("dropped_replay") == 1


def test_packet_from_before_the_first_one_counts_as_expected(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    for sequence in (11, 10):
        an.say(sequence, 0, CAMERA)
    lab.settle()
    (stats,) = lab.worker.sources(AN)
    assert (stats.base, stats.highest, stats.packets) == (10, 11, 2)


def test_resent_packet_is_the_same_to_the_byte(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    for i in range(5):
        an.say(i, i, CAMERA, bytes([i]) * 1000, marker=i == 4, padding=i)
    heard = binh.hear()
    assert lab.worker.resend(sink, [52, 54, 60, 49]) == 2
    assert binh.hear_raw() == [heard[2].raw, heard[4].raw]
    assert lab.count("resent") == 2
    assert lab.count("forwarded") == 5
    (stats,) = lab.worker.sinks(BINH)
    assert (stats.packets, stats.resent) == (5, 2)


def test_packet_beyond_the_window_is_not_resent(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh)
    for i in range(600):
        an.say(i, 0, CAMERA)
        if i % 100 == 0:
            binh.hear()
    assert binh.hear()[-1].sequence == 649
    assert lab.worker.resend(sink, [50, 137, 521]) == 0  # SRTP lets out again what is 127 packets old
    assert lab.worker.resend(sink, [522, 649]) == 2


@pytest.mark.parametrize(
    "rewrite", [Rewrite(1 << 32, 96, 0, 0), Rewrite(1, 128, 0, 0), Rewrite(1, 96, 1 << 15, 0), Rewrite(1, 96, 0, -1)]
)
def test_rewrite_out_of_range_is_refused(lab: Lab, rewrite: Rewrite):
    lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    with pytest.raises(ValueError):
        lab.worker.route(1, AN, CAMERA, AN, rewrite)


def test_commands_refuse_what_would_break_the_tables(lab: Lab):
    an = lab.person(AN)
    worker: Forwarder = lab.worker
    worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, an)
    for wrong in (
        lambda: worker.open(AN),
        lambda: worker.open(0),
        lambda: worker.keys(AN, GCM128, bytes(28), bytes(28)),
        lambda: worker.source(AN, CAMERA, clock_rate=90000, nack=False),
        lambda: worker.source(AN, 5, clock_rate=0, nack=False),
        lambda: worker.source(AN, 1 << 32, clock_rate=90000, nack=False),
        lambda: worker.route(sink, AN, CAMERA, AN, Rewrite(5, 96, 0, 0)),
        lambda: worker.route(99, AN, CAMERA, AN, Rewrite(700, 96, 0, 0)),  # the SSRC has begun under these keys
        lambda: worker.bind(AN, ("localhost", 1)),
        lambda: worker.bind(AN, ("127.0.0.1", 0)),
        lambda: worker.rtcp(AN, b"short"),
    ):
        with pytest.raises(ValueError):
            wrong()
    worker.open(BINH)
    for wrong in (
        lambda: worker.keys(BINH, "NULL", bytes(28), bytes(28)),
        lambda: worker.keys(BINH, GCM256, bytes(28), bytes(28)),
    ):
        with pytest.raises(ValueError):
            wrong()
    for missing in (
        lambda: worker.bind(9, ("127.0.0.1", 1)),
        lambda: worker.source(9, 1, clock_rate=90000, nack=False),
        lambda: worker.route(99, AN, 12345, AN, Rewrite(5, 96, 0, 0)),
        lambda: worker.switch(sink, AN, 12345),
        lambda: worker.pause(12345, True),
    ):
        with pytest.raises(KeyError):
            missing()


def test_no_more_than_32_sources(lab: Lab):
    lab.person(AN)
    for ssrc in range(32):
        lab.worker.source(AN, ssrc, clock_rate=90000, nack=False)
    with pytest.raises(ValueError):
        lab.worker.source(AN, 32, clock_rate=90000, nack=False)
