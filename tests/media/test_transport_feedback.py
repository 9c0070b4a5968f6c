"""transport-cc feedback: written by us and read by us, read from bytes that others wrote, and refused where it lies."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import rtcp
from media.errors import RtcpError
from media.feedback import MAX_GAP, FeedbackWriter
from media.rtcp import Block, Ceiling, TransportFeedback

SMALL = st.tuples(st.just(rtcp.SMALL), st.integers(0, 255))
LARGE = st.tuples(st.just(rtcp.LARGE), st.integers(-0x8000, 0x7FFF))
MISSING = st.just((rtcp.MISSING, 0))
STATUSES = st.lists(
    st.one_of(
        st.tuples(st.one_of(SMALL, LARGE, MISSING), st.just(1)),
        st.tuples(st.one_of(SMALL, LARGE, MISSING), st.integers(2, 60)),
    ),
    min_size=1,
    max_size=8,
).map(lambda runs: [item for item, times in runs for _ in range(times)])
MICROSECONDS = 64000


def received(packets: list[rtcp.Packet]) -> dict[int, int]:
    """16-bit sequence -> microseconds (modulo the reference time's wrap) of all that the feedback says arrived."""
    found = {}
    for packet in packets:
        assert isinstance(packet, TransportFeedback)
        at = packet.reference * MICROSECONDS
        deltas = iter(packet.deltas)
        for place, status in enumerate(packet.statuses):
            if status != rtcp.MISSING:
                at += next(deltas) * rtcp.TICK
                found[packet.base + place & 0xFFFF] = at
    return found


@given(STATUSES, st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 0xFFFFFF), st.integers(0, 2**32 - 1))
def test_feedback_survives_the_way_through_bytes(
    packets: list[tuple[int, int]], base: int, number: int, reference: int, media: int
) -> None:
    statuses = bytes(status for status, _ in packets)
    deltas = tuple(delta for status, delta in packets if status != rtcp.MISSING)
    feedback = TransportFeedback(media, base, number, reference, statuses, deltas)
    data = rtcp.transport_feedback(9, feedback)
    assert len(data) % 4 == 0
    assert rtcp.read(data) == [feedback]


def test_a_long_run_of_losses_takes_a_few_octets() -> None:
    feedback = TransportFeedback(1, 0, 0, 0, bytes(20_000) + b"\1", (5,))
    data = rtcp.transport_feedback(9, feedback)
    assert len(data) <= 32
    assert rtcp.read(data) == [feedback]


# RTCP header, sender SSRC, media SSRC, then base sequence, status count, reference time and count, chunks, deltas.
HEAD = "8fcd{:04x} 00000001 00000002 "


def raw(rest: str) -> bytes:
    body = bytes.fromhex(rest)
    body += bytes(-len(body) % 4)
    return bytes.fromhex(HEAD.format(2 + len(body) // 4)) + body


def test_the_chunks_of_the_draft_are_read() -> None:
    """Section 3.1.3: a run of 221 packets not received. Section 3.1.4: a one-bit and a two-bit vector (of which the
    second status, reserved in the draft's own table, is a large delta here)."""
    [feedback] = rtcp.read(raw("0005 00f2 000003 07 00dd 9f1c c950 01 02 03 04 05 06 07 08 fff7 0a 0b 0c"))
    assert isinstance(feedback, TransportFeedback)
    assert (feedback.media, feedback.base, feedback.number, feedback.reference) == (2, 5, 7, 3)
    assert feedback.statuses[:221] == bytes(221)
    assert feedback.statuses[221:235] == bytes([0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0])
    assert feedback.statuses[235:] == bytes([0, 2, 1, 1, 1, 0, 0])
    assert feedback.deltas == (1, 2, 3, 4, 5, 6, 7, 8, -9, 10, 11, 12)


def test_a_vector_that_is_longer_than_the_count_is_cut() -> None:
    [feedback] = rtcp.read(raw("0005 0003 000003 07 bfff 01 02 03"))
    assert feedback == TransportFeedback(2, 5, 7, 3, b"\1\1\1", (1, 2, 3))


def test_a_packet_that_arrived_before_its_predecessor_has_a_negative_delta() -> None:
    [feedback] = rtcp.read(raw("0005 0002 000003 07 d800 05 fffe"))
    assert feedback == TransportFeedback(2, 5, 7, 3, b"\1\2", (5, -2))


@pytest.mark.parametrize(
    ("what", "rest"),
    [
        ("shorter than its fixed part", "0005 0001"),
        ("no packets", "0005 0000 000003 07"),
        ("more packets than numbers can tell apart", "0005 ffff 000003 07" + " 1fff" * 9),
        ("chunks that end before the count is reached", "0005 0020 000003 07 0001 0001"),
        ("an empty run", "0005 0001 000003 07 0000"),
        ("a reserved status", "0005 0002 000003 07 7002"),
        ("small deltas that are not there", "0005 000e 000003 07 bfff"),
        ("large deltas that are not there", "0005 0002 000003 07 4002 0001"),
    ],
)
def test_feedback_that_does_not_hold_what_it_announces_is_refused(what: str, rest: str) -> None:
    with pytest.raises(RtcpError):
        rtcp.read(raw(rest))


@given(st.binary(min_size=8, max_size=80), st.integers(0, 0x7FFF), st.sampled_from([205, 206]))
def test_garbage_in_the_shape_of_feedback_is_read_or_refused(rest: bytes, count: int, kind: int) -> None:
    body = struct.pack("!IIHH", 1, 2, 5, count) + rest if kind == 205 else struct.pack("!II4s", 1, 0, b"REMB") + rest
    body += bytes(-len(body) % 4)
    with contextlib.suppress(RtcpError):
        for packet in rtcp.read(struct.pack("!BBH", 0x8F, kind, len(body) // 4) + body):
            if isinstance(packet, TransportFeedback):
                assert len(packet.statuses) == count
                assert len(packet.deltas) == count - packet.statuses.count(rtcp.MISSING)


@given(st.integers(0, 1 << 40), st.lists(st.integers(0, 2**32 - 1), max_size=10))
def test_a_ceiling_survives_the_way_through_bytes(bits: int, ssrcs: list[int]) -> None:
    [ceiling] = rtcp.read(rtcp.bandwidth(1, bits, ssrcs))
    assert isinstance(ceiling, Ceiling)
    assert bits * (1 - 2**-17) <= ceiling.bits_per_second <= bits
    assert ceiling.ssrcs == tuple(ssrcs)


def test_report_blocks_are_read_from_both_kinds_of_report() -> None:
    blocks = [Block(5, 12, -3, 70000, 9, 0x01020304, 65536), Block(6, 255, 0x7FFFFF, 1, 2, 3, 4)]
    data = rtcp.receiver_report(1, blocks)
    assert rtcp.read(data) == blocks
    plain = rtcp.sender_report(rtcp.SenderReport(1, 2, 3, 4, 5))
    both = bytes((plain[0] | 2, plain[1])) + (6 + 12).to_bytes(2, "big") + plain[4:] + data[8:]
    assert rtcp.read(both) == [rtcp.SenderReport(1, 2, 3, 4, 5), *blocks]
    with pytest.raises(RtcpError):
        rtcp.read(bytes((data[0] + 1,)) + data[1:])


def test_the_round_trip_is_what_the_receiver_did_not_hold_the_report_for() -> None:
    # The example of RFC 3550 section 6.4.1, figure 2: 6.125 s.
    block = Block(1, 0, 0, 0, 0, lsr=0xB705_2000, dlsr=0x0005_4000)
    assert rtcp.round_trip(block, 0xB710_8000) == 6.125
    assert rtcp.round_trip(block._replace(lsr=0), 0xB710_8000) is None
    assert rtcp.round_trip(Block(1, 0, 0, 0, 0, lsr=0xFFFF_FFFF, dlsr=0), 0x0000_7FFF) == 0.5
    assert rtcp.round_trip(Block(1, 0, 0, 0, 0, lsr=100, dlsr=30), 120) == 0.0


def test_a_publisher_is_told_what_arrived_and_what_did_not() -> None:
    writer = FeedbackWriter(9)
    first = writer.write(7, [(65534, 1_000_000), (65535, 1_000_500), (1, 1_020_000)])
    second = writer.write(7, [(3, 1_040_000), (2, 1_041_000), (7, 1_090_000)])
    [one], [two] = (rtcp.read(data) for [data] in (first, second))
    assert isinstance(one, TransportFeedback)
    assert isinstance(two, TransportFeedback)
    assert (one.media, one.base, one.number, one.statuses) == (7, 65534, 0, b"\1\1\0\1")
    assert received([one]) == {65534: 1_000_000, 65535: 1_000_500, 1: 1_020_000}
    assert (two.base, two.number, two.statuses) == (2, 1, b"\1\2\0\0\0\1")
    assert received([two]) == {2: 1_041_000, 3: 1_040_000, 7: 1_090_000}


def test_a_packet_that_comes_after_it_was_reported_missing_is_reported_with_all_that_followed() -> None:
    writer = FeedbackWriter(9)
    writer.write(7, [(10, 0), (12, 1000)])
    [data] = writer.write(7, [(13, 2000), (11, 3000)])
    [late] = rtcp.read(data)
    assert isinstance(late, TransportFeedback)
    assert (late.base, len(late.statuses)) == (11, 3)
    assert received([late]) == {11: 3000, 12: 1000, 13: 2000}


def test_a_packet_that_comes_twice_is_reported_once() -> None:
    writer = FeedbackWriter(9)
    writer.write(7, [(10, 0), (11, 1000)])
    assert writer.write(7, [(11, 2000)]) == []


def test_a_cut_line_is_not_reported_as_loss() -> None:
    writer = FeedbackWriter(9)
    writer.write(7, [(10, 0)])
    [data] = writer.write(7, [(10 + MAX_GAP + 2, 9_000_000)])
    [feedback] = rtcp.read(data)
    assert isinstance(feedback, TransportFeedback)
    assert (feedback.base, feedback.statuses) == (10 + MAX_GAP + 2, b"\1")
    assert received([feedback]) == {10 + MAX_GAP + 2: 9_000_000}


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 1 << 45),
    st.lists(st.tuples(st.integers(-20, 1500), st.integers(0, 9_000_000)), min_size=1, max_size=60),
    st.integers(1, 10),
)
def test_whatever_arrives_is_reported_as_it_arrived(
    sequence: int, at: int, steps: list[tuple[int, int]], calls: int
) -> None:
    """Gaps, packets that come late, pauses longer than a delta holds, wraps of sequence and reference time."""
    expected: dict[int, int] = {}
    arrivals = []
    for step, passed in steps:
        sequence, at = sequence + step & 0xFFFF, at + passed
        arrivals.append((sequence, at))
        expected.setdefault(sequence, at)
    writer, told = FeedbackWriter(9), {}
    for start in range(0, len(arrivals), calls):
        for data in writer.write(7, arrivals[start : start + calls]):
            assert len(data) <= 1200
            told.update(received(rtcp.read(data)))
    wrap = (1 << 24) * MICROSECONDS
    for sequence, at in told.items():
        assert (expected[sequence] - at) % wrap < rtcp.TICK
    assert told.keys() == expected.keys()


def test_a_compound_cannot_speak_of_millions_of_packets() -> None:
    """By runs of the missing, 28 octets speak of 32,764 packets: 53 of them cost milliseconds of everybody's time."""
    body = struct.pack("!IIHHI4H", 1, 2, 0, 4 * 8191, 0, *[8191] * 4)
    one = struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body
    assert len(rtcp.read(one)) == 1
    with pytest.raises(RtcpError):
        rtcp.read(one * 2)
