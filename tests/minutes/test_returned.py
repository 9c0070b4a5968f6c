"""A whole file that comes back signed is the one that was issued and one signature; anything else has a reason."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.errors import SigningFailed
from minutes.returned import signer_of
from tests.minutes.conftest import SignedSample
from tests.minutes.sample_meeting import SECRETARY

FIELD = "ChuKyThuKy"


def test_the_next_revision_is_taken_with_its_signers_certificate(signed: SignedSample) -> None:
    certificate = signer_of(signed.revisions[0], signed.revisions[1], FIELD)
    assert certificate.subject.native["common_name"] == SECRETARY.name


def test_two_revisions_at_once_and_another_field_are_refused(signed: SignedSample) -> None:
    for issued, returned, field in (
        (signed.revisions[0], signed.revisions[2], FIELD),
        (signed.revisions[0], signed.revisions[1], "ChuKyChuToa"),
        (signed.revisions[1], signed.revisions[1], FIELD),
        (signed.revisions[1], signed.revisions[0], FIELD),
        (signed.revisions[2], signed.revisions[3] + b"\n", "DauCoQuan"),
    ):
        with pytest.raises(SigningFailed):
            signer_of(issued, returned, field)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_bytes_behind_the_issued_file_are_refused(signed: SignedSample, data: st.DataObject) -> None:
    issued = signed.revisions[0]
    with pytest.raises(SigningFailed):
        signer_of(issued, issued + data.draw(st.binary(max_size=300)), FIELD)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_in_what_was_added_gives_a_certificate_or_a_refusal_and_never_an_error(
    signed: SignedSample, data: st.DataObject
) -> None:
    issued, returned = signed.revisions[0], bytearray(signed.revisions[1])
    place = data.draw(st.integers(0, len(returned) - 1))
    returned[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(SigningFailed):
        signer_of(issued, bytes(returned), FIELD)
        assert place >= len(issued), "what was issued has not been changed"
