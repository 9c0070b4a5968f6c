"""Payloads become the frames that the encoder made; what is not whole does not come out; nothing breaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.av1 import read_sequence
from media.depacketise import LARGEST, depacketiser, opus_samples
from media.picture import size_of
from tests.media import footage

CODECS = ["VP8", "VP9", "H264", "AV1"]


def run(codec, packets):
    """Frames of packets in order; a hole in the positions is told."""
    made, found, last = depacketiser(codec), [], None
    for packet in packets:
        gap = last is not None and packet.position != last + 1
        found += made.push(packet.timestamp, packet.marker, packet.payload, gap=gap)
        last = packet.position
    return found


def units(annex_b):
    return footage.H264Encoder._split_bitstream(annex_b)


def as_kept(codec, frame):
    """An encoded frame in the form that a file holds."""
    if codec == "AV1":
        return frame.removeprefix(b"\x12\0")  # without the temporal delimiter
    if codec != "H264":
        return frame
    return b"".join(len(unit).to_bytes(4, "big") + bytes(unit) for unit in units(frame))


@pytest.mark.parametrize("codec", CODECS)
def test_frames_come_out_as_they_went_in(codec):
    sent = footage.pictures(codec, 40)
    found = run(codec, footage.packets(codec, sent, timestamp=2**32 - 6000))
    assert [frame.data for frame in found] == [as_kept(codec, one) for one in sent]
    assert [frame.timestamp for frame in found[:4]] == [2**32 - 6000, 2**32 - 3000, 0, 3000]
    keys = [index for index, frame in enumerate(found) if frame.key]
    assert keys == [0, 30]
    assert {found[index].size for index in keys} == {(320, 240)}


@pytest.mark.parametrize("codec", CODECS)
def test_after_a_loss_nothing_comes_until_the_next_key_frame(codec):
    sent = list(footage.packets(codec, footage.pictures(codec, 40)))
    lost = next(packet for packet in sent if packet.timestamp == 10 * 3000)
    found = run(codec, [packet for packet in sent if packet is not lost])
    assert [frame.timestamp // 3000 for frame in found] == [*range(10), *range(30, 40)]


@pytest.mark.parametrize("codec", CODECS)
def test_a_stream_that_is_joined_in_the_middle_begins_with_a_key_frame(codec):
    sent = [packet for packet in footage.packets(codec, footage.pictures(codec, 40)) if packet.timestamp >= 9000]
    made = depacketiser(codec)
    first = made.push(sent[0].timestamp, sent[0].marker, sent[0].payload, gap=False)
    assert first == []
    assert [frame.timestamp // 3000 for frame in run(codec, sent)] == list(range(30, 40))


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_that_lost_its_last_packet_is_not_taken_for_whole(codec):
    sent = list(footage.packets(codec, footage.pictures(codec, 4, size=(640, 480))))
    last_of_first = max(packet.position for packet in sent if packet.timestamp == 0)
    assert last_of_first > 1, "the key frame takes several packets"
    assert run(codec, [packet for packet in sent if packet.position != last_of_first]) == []


def test_a_lost_frame_makes_the_stream_ask_for_a_key_frame():
    sent = list(footage.packets("VP8", footage.pictures("VP8", 4)))
    made = depacketiser("VP8")
    for packet in sent:
        if packet.timestamp == 0:
            made.push(packet.timestamp, packet.marker, packet.payload, gap=False)
    assert not made.starving
    late = next(packet for packet in sent if packet.timestamp == 6000)
    made.push(late.timestamp, late.marker, late.payload, gap=True)
    assert made.starving


def test_padding_between_frames_is_no_loss():
    made = depacketiser("VP8")
    frames = []
    for packet in footage.packets("VP8", footage.pictures("VP8", 4)):
        frames += made.push(packet.timestamp, packet.marker, packet.payload, gap=False)
        if packet.marker:
            frames += made.push(packet.timestamp, False, b"", gap=False)
    assert len(frames) == 4


def test_layers_of_one_vp9_picture_make_a_superframe():
    """Annex B of the VP9 bitstream: marker 0b110, bytes of a length less one, frames less one; lengths; marker."""
    key = footage.pictures("VP9", 1)[0]
    made = depacketiser("VP9")
    # I=0 L=1 B E, then TID U SID D and TL0PICIDX.
    assert made.push(0, False, bytes((0x2C, 0x00, 0)) + key, gap=False) == []
    (found,) = made.push(0, True, bytes((0x6C, 0x03, 0)) + b"upper", gap=False)
    width = (len(key).bit_length() + 7) // 8
    mark = bytes((0xC0 | (width - 1) << 3 | 1,))
    lengths = len(key).to_bytes(width, "little") + (5).to_bytes(width, "little")
    assert found.data == key + b"upper" + mark + lengths + mark
    assert (found.key, found.size) == (True, (320, 240))


@pytest.mark.parametrize(
    ("payload", "samples"),
    [(b"", 0), (b"\xfc\xff\xfe", 960), (b"\x78", 960), (b"\x08x", 960), (b"\x1bx", 0), (b"\x1b\x03", 0),
     (b"\xfb\x06x", 5760), (b"\xfb\x07x", 0), (b"\x19xx", 5760)],
)  # fmt: skip
def test_the_length_of_an_opus_packet(payload, samples):
    assert opus_samples(payload) == samples


def test_a_tone_is_what_the_encoder_made_of_it():
    sent = footage.tone(5)
    assert [frame.data for frame in run("opus", footage.packets("opus", sent))] == list(sent)
    assert {opus_samples(packet) for packet in sent} == {960}


def test_only_what_a_file_can_hold_has_a_depacketiser():
    assert depacketiser("PCMU") is None


def test_a_frame_without_end_is_bounded():
    made = depacketiser("VP8")
    made.push(0, False, b"\x10\x00" + bytes(1400), gap=False)
    for _ in range(LARGEST // 1400 + 2):
        assert made.push(0, False, b"\x00" + bytes(1400), gap=False) == []
    assert made.push(0, True, b"\x00x", gap=False) == []


HEADS = st.binary(max_size=12)
REAL = st.sampled_from(
    [packet.payload for codec in CODECS for packet in footage.packets(codec, footage.pictures(codec, 2))]
)
PAYLOADS = HEADS | REAL | st.builds(lambda real, at, junk: real[:at] + junk, REAL, st.integers(0, 40), HEADS)


@pytest.mark.parametrize("codec", [*CODECS, "opus"])
@settings(max_examples=120)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), PAYLOADS, st.booleans()), max_size=24))
def test_whatever_comes_it_stays_whole_and_bounded(codec, stream):
    made, waiting = depacketiser(codec), True
    for timestamp, marker, payload, gap in stream:
        for frame in made.push(timestamp, marker, payload, gap=gap):
            waiting = waiting and not frame.key
            assert not waiting or codec == "opus"
            assert frame.data
            assert frame.timestamp in range(4)
            if codec != "opus" and frame.key:
                assert all(0 < side <= 16_384 for side in frame.size)


@given(st.sampled_from(("VP8", "VP9", "H264")), st.binary(max_size=80))
def test_a_size_is_read_from_anything_or_from_nothing(codec, data):
    sequence = read_sequence(data)
    assert sequence is None or all(0 < side <= 16_384 for side in sequence.size)
    for candidate in (data, b"\x67" + data, b"\x10\x00\x00\x9d\x01\x2a" + data):
        found = size_of(codec, candidate)
        assert found is None or all(0 < side <= 16_384 for side in found)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [(176, 144), (322, 182), (1280, 720)])
def test_the_size_is_the_encoders(codec, size):
    (key,) = run(codec, footage.packets(codec, footage.pictures(codec, 1, size=size)))
    assert key.size == size
