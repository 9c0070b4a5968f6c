"""RTCP: values to bytes and back, and whatever else a peer may send."""

import contextlib

import pytest
from aiortc import rtp as other
from hypothesis import given
from hypothesis import strategies as st

from media import rtcp
from media.errors import RtcpError

SSRC = st.integers(0, 2**32 - 1)


def test_a_sender_report_survives_the_way_through_bytes() -> None:
    report = rtcp.SenderReport(1, 0x1122334455667788, 0xFFFFFFFF, 3, 4)
    assert rtcp.read(rtcp.sender_report(report)) == [report]


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=128, unique=True), SSRC)
def test_a_nack_names_exactly_the_missing_packets(sequences: list[int], media: int) -> None:
    ordered = sorted(sequences)
    [nack] = rtcp.read(rtcp.nack(9, media, ordered))
    assert isinstance(nack, rtcp.Nack)
    assert nack.media == media
    assert sorted(nack.sequences) == ordered


def test_a_nack_packs_neighbours_across_the_wrap_into_one_pair() -> None:
    data = rtcp.nack(9, 8, [65530, 65535, 0, 10])
    assert len(data) == 16
    assert rtcp.read(data) == [rtcp.Nack(8, (65530, 65535, 0, 10))]


def test_pli_and_fir_both_ask_for_a_key_frame() -> None:
    assert rtcp.read(rtcp.picture_loss(1, 2)) == [rtcp.KeyRequest(2)]
    fir = bytes.fromhex("84ce0006 00000001 00000000 00000002 07000000 00000003 01000000")
    assert rtcp.read(fir) == [rtcp.KeyRequest(2), rtcp.KeyRequest(3)]


def test_another_implementation_reads_what_we_write() -> None:
    block = rtcp.Block(5, 12, -3, 70000, 9, 0x01020304, 65536)
    compound = rtcp.receiver_report(1, [block]) + rtcp.description([1], "u7") + rtcp.picture_loss(1, 5)
    compound += rtcp.bandwidth(1, 2_500_000, [5, 6]) + rtcp.sender_report(rtcp.SenderReport(1, 2, 3, 4, 5))
    report, names, loss, remb, sender = other.RtcpPacket.parse(compound)
    assert (report.reports[0].ssrc, report.reports[0].fraction_lost, report.reports[0].packets_lost) == (5, 12, -3)
    assert report.reports[0].highest_sequence == 70000
    assert names.chunks[0].items == [(1, b"u7")]
    assert (loss.fmt, loss.media_ssrc) == (1, 5)
    bitrate, ssrcs = other.unpack_remb_fci(remb.fci)
    assert abs(bitrate - 2_500_000) < 2_500_000 / 2**17
    assert ssrcs == [5, 6]
    assert sender.sender_info.rtp_timestamp == 3


def test_a_report_carried_forward_keeps_wall_clock_and_media_time_together() -> None:
    report = rtcp.SenderReport(1, 100 << 32, 2**32 - 1, 0, 0)
    assert rtcp.later(report, 0.5, 90000) == ((100 << 32) + (1 << 31), 44999)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\xc8\x00\x06" + bytes(20), b"\x00\xc8\x00\x00", bytes(1501)])
def test_lengths_that_do_not_add_up_are_refused(data: bytes) -> None:
    with pytest.raises(RtcpError):
        rtcp.read(data)


def test_unknown_types_are_skipped_and_what_follows_is_read() -> None:
    unknown = bytes.fromhex("80d00002 00000001 deadbeef")
    assert rtcp.read(unknown + rtcp.picture_loss(1, 2)) == [rtcp.KeyRequest(2)]


def test_padding_is_taken_off_before_a_packet_is_read() -> None:
    plain = rtcp.nack(1, 2, [7])
    padded = bytes((plain[0] | 0x20,)) + plain[1:2] + (len(plain) // 4).to_bytes(2, "big") + plain[4:] + b"\0\0\0\4"
    assert rtcp.read(padded) == [rtcp.Nack(2, (7,))]


@given(st.binary(max_size=300))
def test_garbage_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(RtcpError):
        rtcp.read(data)


@given(st.integers(200, 206), st.integers(0, 63), st.binary(max_size=120))
def test_garbage_with_a_good_header_is_read_or_refused(kind: int, low: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    with contextlib.suppress(RtcpError):
        rtcp.read(bytes((0x80 | low, kind)) + (len(body) // 4).to_bytes(2, "big") + body)


def test_the_way_to_a_publisher_and_back_is_measured_by_his_answer_to_our_time() -> None:
    ours = rtcp.receiver_reference(7, 0x0001_0002_0003_0004)
    assert ours == bytes.fromhex("80cf0004 00000007 04000002 0001000200030004")
    assert rtcp.read(ours) == []
    other, answer = "0000000a 00010000 00008000", "00000007 00020003 00004000"
    [first, second] = rtcp.read(bytes.fromhex(f"80cf0008 00000001 05000006 {other} {answer}"))
    assert (first, second) == (rtcp.Delay(10, 0x10000, 0x8000), rtcp.Delay(7, 0x20003, 0x4000))
    assert isinstance(second, rtcp.Delay)
    assert rtcp.round_trip(second, 0x20003 + 0x4000 + 6554) == pytest.approx(0.1, abs=0.001)
    assert rtcp.round_trip(rtcp.Delay(7, 0, 0), 5) is None
    with pytest.raises(RtcpError):
        rtcp.read(bytes.fromhex("80cf0002 00000001 05000006"))


BLOCKS = st.lists(
    st.builds(rtcp.Block, SSRC, st.sampled_from((0, 0, 7)), *[st.integers(0, 999)] * 3, SSRC, SSRC), max_size=4
)


@given(BLOCKS, st.sampled_from((b"", rtcp.description([5], "d1"), rtcp.picture_loss(1, 2), rtcp.nack(1, 2, [3]))))
def test_a_report_that_nothing_was_lost_is_told_by_its_looks(blocks: list[rtcp.Block], behind: bytes) -> None:
    compound = rtcp.receiver_report(1, blocks) + behind
    said = rtcp.read(compound)
    assert rtcp.is_calm(compound) == all(isinstance(one, rtcp.Block) and one.fraction == 0 for one in said)


@given(
    st.lists(
        st.tuples(st.sampled_from((200, 201, 202, 205, 206)), st.integers(0, 33), st.binary(max_size=60)), max_size=3
    )
)
def test_what_looks_calm_can_be_read_and_says_nothing_else(parts: list[tuple[int, int, bytes]]) -> None:
    data = b"".join(bytes((0x80 + low, kind, 0, len(body) // 4)) + body for kind, low, body in parts)
    if rtcp.is_calm(data):
        assert all(isinstance(one, rtcp.Block) and one.fraction == 0 for one in rtcp.read(data))
