import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.payload import is_keyframe
from media.rtp import ONE_BYTE, TWO_BYTE, RtpError, distance, element, elements, parse_header, payload
from tests.media.conftest import rtp


def test_header_is_read_with_contributors_and_extension():
    data = rtp(7, 9, 11, b"body", payload_type=111, marker=True, csrcs=(1, 2), extension=b"\x12abc")
    header = parse_header(data)
    assert (header.sequence, header.timestamp, header.ssrc) == (7, 9, 11)
    assert (header.payload_type, header.marker, header.padding) == (111, True, False)
    assert (header.profile, header.extension, header.size) == (ONE_BYTE, b"\x12abc", 28)
    assert payload(data, header) == b"body"
    assert element(header, 1) == b"abc"
    assert element(header, 2) is None


def test_payload_ends_before_the_padding():
    data = rtp(1, body=b"body", padding=7)
    assert payload(data, parse_header(data)) == b"body"


@pytest.mark.parametrize("data", [b"", rtp(1)[:11], b"\x40" + rtp(1)[1:], b"\x8f" + rtp(1)[1:], b"\x90" + rtp(1)[1:]])
def test_header_longer_than_the_packet_is_refused(data: bytes):
    with pytest.raises(RtpError):
        parse_header(data)


@pytest.mark.parametrize("body", [b"", b"\0", b"abc\x05"])
def test_padding_longer_than_the_payload_is_refused(body: bytes):
    data = rtp(1, body=body)
    data = bytes([data[0] | 0x20]) + data[1:]
    with pytest.raises(RtpError):
        payload(data, parse_header(data))


@pytest.mark.parametrize(
    ("profile", "block", "expected"),
    [
        (ONE_BYTE, b"\x10a\x21bc\0\0\x30d", [(1, b"a"), (2, b"bc"), (3, b"d")]),
        (ONE_BYTE, b"\x10a\xf0b\x20c", [(1, b"a")]),
        (ONE_BYTE, b"\x10a\x2fb", [(1, b"a")]),
        (TWO_BYTE, b"\x01\x01a\0\x02\x00\x20\x03bcd", [(1, b"a"), (2, b""), (0x20, b"bcd")]),
        (TWO_BYTE | 5, b"\x01\x01a\x02", [(1, b"a")]),
        (TWO_BYTE, b"\x01\x01a\x02\x05b", [(1, b"a")]),
        (0x1234, b"\x10a", []),
    ],
)
def test_extension_elements(profile: int, block: bytes, expected: list[tuple[int, bytes]]):
    assert elements(profile, block) == expected


@given(st.integers(0, 0xFFFF), st.binary(max_size=80))
def test_any_extension_block_has_elements_inside_it(profile: int, block: bytes):
    assert sum(len(value) for _, value in elements(profile, block)) <= len(block)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_packet_or_an_rtp_error(data: bytes):
    try:
        header = parse_header(data)
        assert header.size + len(payload(data, header)) <= len(data)
    except RtpError:
        pass


@given(st.sampled_from(["VP8", "H264", "opus"]), st.binary(max_size=40))
def test_any_payload_has_an_answer(codec: str, body: bytes):
    assert is_keyframe(codec, body) in (True, False)


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_distance_undoes_the_wrap(start: int, step: int):
    assert distance(start, (start + step) & 0xFFFF) == step


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\x10\x00", True),
        (b"\x10\x01", False),  # an inter frame
        (b"\x00\x00", False),  # not the start of a partition
        (b"\x11\x00", False),  # the second partition
        (b"\x90\x80\x12\x00", True),  # picture id of 7 bits
        (b"\x90\x80\x92\x34\x00", True),  # of 15 bits
        (b"\x90\xf0\x92\x34\x01\x20\x00", True),  # with TL0PICIDX, TID and KEYIDX
        (b"\x90\xf0\x92\x34\x01\x20\x01", False),
        (b"\x90\xf0\x92\x34\x01\x20", False),
        (b"\x90\x80\x92", False),
        (b"\x90", False),
        (b"\x10", False),
        (b"", False),
    ],
)
def test_vp8_key_frame(body: bytes, expected: bool):
    assert is_keyframe("vp8", body) is expected


def aggregate(*units: bytes) -> bytes:
    return b"\x78" + b"".join(struct.pack("!H", len(unit)) + unit for unit in units)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\x65abc", True),
        (b"\x67abc", True),
        (b"\x41abc", False),
        (b"\x68abc", False),
        (aggregate(b"\x67ab", b"\x68c", b"\x65d"), True),
        (aggregate(b"\x06ab", b"\x65c"), True),
        (aggregate(b"\x06ab", b"\x41c"), False),
        (b"\x78\x00\x09\x65a", False),  # longer than the packet
        (b"\x78\x00\x00", False),
        (b"\x7c\x85a", True),
        (b"\x7c\x05a", False),  # a later fragment
        (b"\x7c\x81a", False),
        (b"\x7c", False),
        (b"", False),
    ],
)
def test_h264_key_frame(body: bytes, expected: bool):
    assert is_keyframe("H264", body) is expected
