"""What an agent takes to be signable: one file with one gap, and attributes that are of it; never anything else."""

import hashlib

import pytest
from asn1crypto import cms, tsp
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.errors import SigningFailed
from minutes.signable import inspect

CERTIFICATE = b"a certificate's bytes"
HEAD = b"%PDF-1.7\n/ByteRange [0 00000 00000 00000]\n/Contents "
GAP = b"<" + b"0" * 64 + b">"
TAIL = b"\n%%EOF\n"


def file(head: bytes = HEAD, gap: bytes = GAP, tail: bytes = TAIL) -> bytes:
    numbers = b"[0 %05d %05d %05d]" % (len(head), len(head) + len(gap), len(tail))
    return head.replace(b"[0 00000 00000 00000]", numbers) + gap + tail


def attributes(pdf: bytes, certificate: bytes = CERTIFICATE, **more: str) -> bytes:
    digest = hashlib.sha256(pdf.replace(GAP, b"")).digest()
    named = tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate).digest()})]})
    told = [("content_type", "data"), ("message_digest", digest), ("signing_certificate_v2", named), *more.items()]
    made: bytes = cms.CMSAttributes([cms.CMSAttribute({"type": name, "values": [one]}) for name, one in told]).dump()
    return made


def test_a_file_with_one_gap_and_its_own_attributes_is_signable() -> None:
    pdf = file()
    seen = inspect(pdf, attributes(pdf), CERTIFICATE)
    assert seen.document_digest == hashlib.sha256(pdf.replace(GAP, b"")).digest()


def test_an_attribute_that_is_there_twice_is_refused() -> None:
    pdf = file()
    with pytest.raises(SigningFailed):
        inspect(pdf, attributes(pdf, content_type="data"), CERTIFICATE)


def test_two_gaps_are_one_too_many() -> None:
    pdf = file(head=HEAD.replace(b"/Contents", b"/ByteRange [0 00000 00000 00000] /Contents"))
    with pytest.raises(SigningFailed):
        inspect(pdf, attributes(pdf), CERTIFICATE)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600), st.binary(max_size=300), st.binary(max_size=40))
def test_any_bytes_are_refused_in_good_order(pdf: bytes, part: bytes, certificate: bytes) -> None:
    with pytest.raises(SigningFailed):
        inspect(pdf, part, certificate)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_changed_byte_anywhere_is_refused(data: st.DataObject) -> None:
    pdf = file()
    part = attributes(pdf)
    which = data.draw(st.sampled_from(["pdf", "attributes", "certificate"]))
    changed = {"pdf": bytearray(pdf), "attributes": bytearray(part), "certificate": bytearray(CERTIFICATE)}
    place = data.draw(st.integers(0, len(changed[which]) - 1))
    changed[which][place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SigningFailed):
        inspect(bytes(changed["pdf"]), bytes(changed["attributes"]), bytes(changed["certificate"]))
