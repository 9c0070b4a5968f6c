"""Recognising a file that was made from one of ours."""

import random

import pytest

from minutes.errors import Reason
from minutes.judged import answer, answered
from minutes.report import (
    CHANGED,
    EXPIRED,
    ODD,
    REVOKED,
    UNSIGNED,
    UNTRUSTED,
    Expected,
    Fault,
    Report,
    SignatureCheck,
    fault_of,
    unexpected,
)
from minutes.verification import BLOCK, difference, fingerprint, likeliest_source, marked_ids


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def test_a_fingerprint_has_one_hash_a_whole_block() -> None:
    assert len(fingerprint(noise(BLOCK * 3 + 7, 1))) == 3
    assert fingerprint(b"") == fingerprint(b"x" * (BLOCK - 1)) == ()


def test_one_changed_byte_changes_one_hash() -> None:
    data = bytearray(noise(BLOCK * 10, 1))
    before = fingerprint(bytes(data))
    data[BLOCK * 4] ^= 1
    after = fingerprint(bytes(data))
    assert [place for place in range(10) if before[place] != after[place]] == [4]


@pytest.mark.parametrize(
    ("upload", "equal", "original", "found"),
    [
        (57, 56, 57, True),
        (10, 10, 57, True),
        (114, 57, 57, True),
        (57, 14, 57, False),
        (57, 15, 57, True),
        (200, 2, 57, False),
    ],
)
def test_a_quarter_of_equal_blocks_is_recognised(upload: int, equal: int, original: int, found: bool) -> None:
    assert (likeliest_source(upload, {"a": equal}, {"a": original}) == "a") is found


def test_of_several_sources_the_nearest_is_named() -> None:
    assert likeliest_source(50, {"a": 20, "b": 40}, {"a": 50, "b": 50}) == "b"
    assert likeliest_source(0, {}, {}) is None


def test_ids_are_read_from_the_metadata_once_each() -> None:
    one, two = "a" * 32, "0123456789abcdef" * 2
    data = f"<k>giaoban:{one}</k> giaoban:{two} giaoban:{one} giaoban:{one}9 giaoban:XYZ".encode()
    assert marked_ids(data) == (one, two)
    assert len(marked_ids(b"".join(b"giaoban:%032x\n" % number for number in range(1000)))) == 100


def test_the_difference_is_said_in_words() -> None:
    original = noise(100, 1)
    flipped = original[:-1] + bytes([original[-1] ^ 1])
    for upload, fault, said in (
        (original[:50], Fault.CUT, "cắt ngắn"),
        (original + b"1234567", Fault.ADDED, "7 byte được thêm"),
        (flipped, Fault.ALTERED, "1 byte khác"),
        (b"other", Fault.ALTERED, "khác với bản đã phát hành"),
    ):
        found, reason = difference(original, upload)
        assert (found, said in reason) == (fault, True)
    before = original[:50] + b"%%EOF\n"
    assert difference(before + original, before)[0] is Fault.EARLIER


EXPECTED = Expected("ChuKyThuKy", "CA", 7)


def judged(reason: Reason | None, serial: int = 7) -> Report:
    check = SignatureCheck(EXPECTED.field, "A", "CA", serial, None, reason is None, reason)
    problems = (*unexpected([check], [EXPECTED]), *([reason] if reason else []))
    return Report((check,), True, not problems, problems)


@pytest.mark.parametrize(
    ("report", "fault"),
    [
        (judged(None), None),
        (judged(CHANGED), Fault.ALTERED),
        (judged(None, serial=8), Fault.SIGNER),
        (judged(UNTRUSTED), Fault.SIGNER),
        (judged(REVOKED), Fault.REVOKED),
        (judged(EXPIRED), Fault.EXPIRED),
        (judged(ODD), None),
        (Report((), False, False, (Reason(UNSIGNED),)), Fault.UNSIGNED),
    ],
)
def test_what_is_wrong_with_signatures_has_a_name(report: Report, fault: Fault | None) -> None:
    assert fault_of(report) is fault
    answered_report = answered(answer(report))
    assert fault_of(answered_report) is fault, "also when another process has judged it"
