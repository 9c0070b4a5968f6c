"""Time and order on a tape: what is lost, late, paused or wrapped moves nothing that is there."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.tape import (
    ASK_EVERY,
    JUMP,
    PATIENCE,
    SEGMENT,
    SEGMENTS_A_SECOND,
    SEGMENTS_AT_ONCE,
    SILENCE,
    WINDOW,
    Ask,
    Begin,
    Block,
    Clock,
    End,
    Reorder,
    Tape,
)
from tests.media import footage
from tests.media.footage import Packet

SECOND = 1_000_000


def opus(position, *, at=None, received=None, timestamp=0):
    """20 ms of sound that came when it was said."""
    ticks = timestamp + 960 * (position if at is None else at)
    return Packet(position, ticks & 0xFFFFFFFF, False, 20_000 * position if received is None else received, b"\xfcx")


def blocks(steps):
    return [step.at for step in steps if isinstance(step, Block)]


def ends(steps):
    return [step for step in steps if isinstance(step, End)]


def run(tape, packets):
    return [step for packet in packets for step in tape.push(packet)]


@pytest.fixture
def sound():
    return Tape(1, "opus", 48_000, Clock())


@pytest.fixture
def picture():
    return Tape(2, "VP8", 90_000, Clock())


def test_who_begins_anew_with_every_packet_makes_few_segments(sound):
    hostile = [opus(number, timestamp=JUMP * (number % 2)) for number in range(1500)]
    steps = [*run(sound, hostile), *sound.end()]
    assert len(ends(steps)) <= SEGMENTS_AT_ONCE + 30 * SEGMENTS_A_SECOND
    after = [opus(number) for number in range(1500, 1800)]
    assert len(blocks([*run(sound, after), *sound.end()])) > 250, "he who is honest again is kept again"


def test_a_picture_that_changes_its_size_with_every_frame_makes_few_segments(picture):
    steps = []
    for number in range(900):
        size = (16 + 16 * (number % 2)).to_bytes(2, "little") + b"\x10\0"
        frame = b"\x10" + b"\x10\x02\0\x9d\x01\x2a" + size + bytes(40)
        steps += picture.push(Packet(number, 3000 * number, True, 33_333 * number, frame))
    assert 1 < len(ends(steps)) <= SEGMENTS_AT_ONCE + 30 * SEGMENTS_A_SECOND


def test_sound_keeps_its_distance_across_losses(sound):
    steps = run(sound, [opus(number) for number in range(200) if number not in (3, 4, 50)])
    assert [at // 20_000 for at in blocks([*steps, *sound.end()])] == [
        number for number in range(200) if number not in (3, 4, 50)
    ]


def test_late_packets_are_put_in_their_place(sound):
    order = list(range(300))
    shuffled = sorted(order[1:], key=lambda number: number + random.Random(5 * number).uniform(0, 10))
    steps = run(sound, [opus(0), *(opus(number) for number in shuffled)])
    assert blocks([*steps, *sound.end()]) == [20_000 * number for number in order]


def test_a_packet_that_does_not_come_is_waited_for_a_second_and_no_longer(sound):
    assert len(blocks(run(sound, [opus(0), *(opus(number) for number in range(2, 52))]))) == 1
    assert PATIENCE == SECOND
    assert len(blocks(sound.push(opus(52)))) == 51


def test_many_packets_wait_for_none(sound):
    steps = run(sound, [opus(0), *(opus(number, received=0) for number in range(2, WINDOW + 3))])
    assert len(blocks(steps)) == WINDOW + 2


def test_timestamps_go_on_when_32_bits_are_full(sound):
    steps = run(sound, [opus(number, timestamp=2**32 - 960 * 10) for number in range(30)])
    assert blocks(steps) == [20_000 * number for number in range(30)]


def test_a_pause_of_the_publisher_stays_a_pause(sound):
    # Three seconds without a packet, as with discontinuous transmission.
    late = [opus(number, at=number + 150, received=20_000 * (number + 150)) for number in range(10, 20)]
    steps = [*run(sound, [opus(number) for number in range(10)]), *run(sound, late), *sound.end()]
    assert blocks(steps)[9:11] == [180_000, 180_000 + 3 * SECOND + 20_000]
    assert [end.length for end in ends(steps)] == [3 * SECOND + 400_000]


def test_silence_of_the_line_ends_the_segment_and_the_next_begins_anew(sound):
    run(sound, [opus(number) for number in range(10)])
    assert sound.tick(180_000 + SILENCE - 1) == []
    assert sound.tick(180_000 + SILENCE) == [End(0, 200_000)]
    again = run(sound, [opus(10, at=1000, received=20 * SECOND)])
    assert [type(step) for step in again] == [Begin, Block]
    assert blocks(again) == [0]
    assert sound.end() == [End(20 * SECOND, 20_000)]


def test_another_count_of_time_begins_another_segment(sound):
    jumped = [opus(number, timestamp=123_456_789) for number in range(10, 20)]
    steps = [*run(sound, [opus(number) for number in range(10)]), *run(sound, jumped), *sound.end()]
    assert ends(steps) == [End(0, 200_000), End(200_000, 200_000)]


def test_a_segment_of_sound_ends_after_a_minute(sound):
    steps = run(sound, [opus(number) for number in range(SEGMENT // 20_000 + 1)])
    assert ends(steps) == [End(0, SEGMENT)]
    assert blocks(steps)[-1] == 0


def test_a_segment_of_pictures_goes_on_until_a_key_frame_and_one_is_asked_for(picture):
    frames = footage.pictures("VP8", 40)
    key, delta = frames[0], frames[1]
    stream = [key, *[delta] * (SEGMENT // 33_333 + 60), key]
    steps = run(picture, footage.packets("VP8", stream))
    (end,) = ends(steps)
    assert end.length == pytest.approx(SEGMENT + 2 * SECOND, abs=100_000)
    asked = [index for index, step in enumerate(steps) if isinstance(step, Ask)]
    assert len(asked) == 3
    assert blocks(steps[: asked[0]])[-1] < SEGMENT
    assert ASK_EVERY == SECOND


def test_a_picture_begins_with_a_key_frame_and_asks_for_it(picture):
    frames = footage.pictures("VP8", 40)
    steps = run(picture, footage.packets("VP8", frames[25:], first=25))
    kinds = [type(step) for step in steps]
    assert kinds[0] is Ask
    assert kinds.index(Begin) < kinds.index(Block)
    assert steps[kinds.index(Begin)].frame.key
    assert len(blocks(steps)) == 10


def test_after_a_cut_the_picture_waits_for_a_key_frame(picture):
    stream = list(footage.packets("VP8", footage.pictures("VP8", 40)))
    half = next(packet.position for packet in stream if packet.timestamp == 20 * 3000)
    steps = run(picture, stream[:half])
    assert len(ends(picture.end())) == 1
    later = run(picture, stream[half:])
    assert (len(blocks(steps)), len(blocks(later))) == (20, 10)
    assert isinstance(later[0], Ask)


def test_a_picture_of_another_size_begins_another_segment(picture):
    small = list(footage.packets("VP8", footage.pictures("VP8", 10)))
    large = footage.packets(
        "VP8", footage.pictures("VP8", 10, size=(640, 480)), position=small[-1].position + 1, first=10
    )
    steps = run(picture, [*small, *large])
    assert [step.frame.size for step in steps if isinstance(step, Begin)] == [(320, 240), (640, 480)]
    assert len(ends(steps)) == 1


NTP = 3_900_000_000 << 32


def test_sender_reports_bring_sound_and_picture_together():
    """The pictures' packets take 80 ms longer; the reports know that both were taken at the same moment."""
    clock = Clock()
    sound, picture = Tape(1, "opus", 48_000, clock), Tape(2, "VP8", 90_000, clock)
    run(sound, [opus(number, timestamp=5000) for number in range(30)])
    run(picture, footage.packets("VP8", footage.pictures("VP8", 30), timestamp=777, received=80_000))
    sound.report(NTP, 5000)
    picture.report(NTP, 777)
    (one,), (other,) = ends(sound.end()), ends(picture.end())
    assert one.began == other.began == 0


def test_without_sender_reports_the_arrivals_count():
    clock = Clock()
    picture = Tape(2, "VP8", 90_000, clock)
    run(picture, footage.packets("VP8", footage.pictures("VP8", 30), received=80_000))
    (end,) = ends(picture.end())
    assert end.began == 80_000


def test_jitter_does_not_move_the_beginning(sound):
    delay = random.Random(3)
    packets = [opus(number, received=20_000 * number + delay.randrange(60_000)) for number in range(200)]
    packets[100] = packets[100]._replace(received=20_000 * 100)
    run(sound, packets)
    (end,) = ends(sound.end())
    assert end.began == 0


def test_what_a_file_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="H265"):
        Tape(1, "H265", 90_000, Clock())


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3 * SECOND)), max_size=80))
def test_packets_leave_in_order_and_once_whatever_order_they_came_in(arrivals):
    order, out = Reorder(), []
    for position, received in arrivals:
        out += order.push(Packet(position, 0, False, received, b"x"))
        assert len(order._held) <= WINDOW
    out += order.flush()
    positions = [packet.position for packet, _ in out]
    assert positions == sorted(set(positions))
    for before, (packet, gap) in zip(positions, out[1:], strict=False):
        assert gap == (packet.position != before + 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 2**32 - 1), st.integers(0, 20 * SECOND), st.binary(max_size=4)),
        max_size=40,
    )
)
def test_whatever_comes_segments_begin_go_forward_and_end(stream):
    tape = Tape(1, "opus", 48_000, Clock())
    steps = run(tape, [Packet(position, stamp, False, at, body) for position, stamp, at, body in stream])
    inside, last = False, -1
    for step in [*steps, *tape.end()]:
        if isinstance(step, Begin):
            assert not inside
            inside, last = True, -1
        elif isinstance(step, Block):
            assert inside
            assert step.at > last
            last = step.at
        elif isinstance(step, End):
            assert inside
            assert step.length > 0
            inside = False
    assert not inside
