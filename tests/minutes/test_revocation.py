"""What is believed about a certificate: only what its authority has said, and everything that it has said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import crl
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.sign.timestamps import TimeStamper

from minutes import appearance, evidence, signing
from minutes.document import Signer
from minutes.report import REVOKED, UNKNOWN_STATUS
from minutes.revocation import Fault, believing, fault, is_about, own_answer, own_list, said
from minutes.signing import Credential
from minutes.trust import Trust
from minutes.validation import validate
from server.time_stamper import HttpTimeStamper
from tests.minutes import forgeries
from tests.minutes.certification import Certification, certification
from tests.minutes.conftest import Office, SignedSample
from tests.minutes.statements import HOUR, answer, key_of, listing, lookalike, now
from tests.minutes.test_signing import SECRETARY_SIGNER
from tests.server.records_office import joined

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certification]:
    with certification(tmp_path_factory.mktemp("authority"), revoked={"other": now() - 20 * DAY}) as running:
        yield running


@pytest.fixture(scope="module")
def pinned(authority: Certification, tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return authority.write_trust(tmp_path_factory.mktemp("trust"), lists=True)


@pytest.fixture(scope="module")
def blind(authority: Certification, pinned: Trust) -> Trust:
    """The same without a word about anybody that "ca" has issued a certificate to."""
    return replace(pinned, crls=(listing(authority, now() - DAY, now() + 600 * DAY, by="root"),))


async def sign(
    data: bytes,
    credential: Credential,
    trust: Trust,
    stamper: TimeStamper | None,
    *,
    signer: Signer = SECRETARY_SIGNER,
    seal: bool = True,
) -> bytes:
    image = appearance.handwriting(signer.name)
    return await signing.sign(
        data, signer.field, credential, trust=trust, time_stamper=stamper, image=image, certify=True, seal=seal
    )


# Whose statement it is


def test_the_authority_and_the_responder_it_has_named_are_believed(authority: Certification, pinned: Trust) -> None:
    chair, ca, known = authority.certificate("chair"), authority.certificate("ca"), pinned.intermediates
    for name in ("ca", "ocsp"):
        told = own_answer(answer(chair, ca, authority.certificate(name), key_of(authority, name)).dump(), known)
        assert told is not None
        assert said(told)[0] == "good"
        assert is_about(told, chair)
        assert not is_about(told, authority.certificate("secretary"))


def test_nobody_else_is(authority: Certification, pinned: Trust) -> None:
    chair, ca = authority.certificate("chair"), authority.certificate("ca")
    mine = ec.generate_private_key(ec.SECP256R1())
    lies = {
        "signed with another key": answer(chair, ca, ca, mine),
        "the authority's certificate with another key in it": answer(chair, ca, lookalike(ca, mine), mine),
        "a responder's with another key": answer(chair, ca, lookalike(authority.certificate("ocsp"), mine), mine),
        "by an official": answer(chair, ca, authority.certificate("other"), key_of(authority, "other")),
        "by the time-stamper's authority for itself": answer(chair, pinned.roots[0], ca, key_of(authority, "ca")),
        "from before the responder was there": answer(
            chair, ca, authority.certificate("ocsp"), key_of(authority, "ocsp"), began=now() - 60 * DAY
        ),
        "about two at once": answer(chair, ca, ca, key_of(authority, "ca"), copies=2),
    }
    known = (*pinned.intermediates, *pinned.roots)
    assert [why for why, one in lies.items() if own_answer(one.dump(), known) is not None] == []


def test_a_list_with_the_signature_of_another_is_nobodys(authority: Certification, pinned: Trust) -> None:
    true = listing(authority, now() - 9 * DAY, now() - 2 * DAY)
    forged = listing(authority, now() - 10 * DAY, now() + 9 * DAY, key=ec.generate_private_key(ec.SECP256R1()))
    forged["signature"] = true["signature"]
    forged = crl.CertificateList.load(forged.dump(force=True))
    assert own_list(true.dump(), pinned.intermediates) is not None
    assert own_list(forged.dump(), pinned.intermediates) is None


def test_an_authority_that_a_file_brings_along_must_come_from_one_that_is_pinned(
    authority: Certification, pinned: Trust
) -> None:
    ca = authority.certificate("ca")
    only_root = replace(pinned, intermediates=())
    listed = listing(authority, now(), now() + DAY).dump()
    assert len(believing(only_root, [ca.dump()], [listed], []).crls) == len(only_root.crls) + 1
    mine = ec.generate_private_key(ec.SECP256R1())
    forged = listing(authority, now(), now() + DAY, key=mine).dump()
    for offered in (lookalike(ca, mine), authority.certificate("chair")):
        believed = believing(only_root, [offered.dump(), b"garbage"], [listed, forged, b""], [b"\x30\x00"])
        assert believed.intermediates == ()
        assert [one.dump() for one in believed.crls] == [one.dump() for one in only_root.crls]


@given(st.binary(max_size=200))
def test_hostile_bytes_are_nobodys_statement(noise: bytes) -> None:
    assert own_list(noise, []) is None
    assert own_answer(noise, []) is None


# What follows from it


def test_whoever_says_revoked_is_believed(authority: Certification, blind: Trust) -> None:
    chair, ca = authority.certificate("chair"), authority.certificate("ca")
    good = answer(chair, ca, ca, key_of(authority, "ca"), good_for=3 * DAY)
    listed = listing(authority, now(), now() + DAY, {"chair": now() - HOUR})
    believed = replace(blind, ocsps=(good,), crls=(listed,))
    assert fault(chair, believed, now()) is Fault.REVOKED
    assert fault(chair, believed, now() - 2 * HOUR) is None
    revoked = answer(chair, ca, ca, key_of(authority, "ca"), status="revoked", began=now() - HOUR)
    believed = replace(blind, ocsps=(good, revoked), crls=(listing(authority, now(), now() + DAY),))
    assert fault(chair, believed, now()) is Fault.REVOKED
    assert fault(chair, believed, now() - 2 * HOUR) is None


def test_silence_counts_only_from_whoever_would_have_spoken(authority: Certification, blind: Trust) -> None:
    chair, ca, ends = authority.certificate("chair"), authority.certificate("ca"), now() + 365 * DAY
    key = key_of(authority, "ca")
    cases = {
        "nothing": (replace(blind), now(), Fault.UNKNOWN),
        "a list": (replace(blind, crls=(listing(authority, now(), now() + DAY),)), now(), None),
        "a list that ended": (
            replace(blind, crls=(listing(authority, now() - 9 * DAY, now() - DAY),)), now(), Fault.UNKNOWN
        ),
        "a later list": (replace(blind, crls=(listing(authority, now() + DAY, now() + 2 * DAY),)), now(), None),
        "a list from after the certificate's end": (
            replace(blind, crls=(listing(authority, ends + DAY, ends + 2 * DAY),)), now(), Fault.UNKNOWN
        ),
        "an answer": (replace(blind, ocsps=(answer(chair, ca, ca, key),)), now(), None),
        "an answer that ended": (replace(blind, ocsps=(answer(chair, ca, ca, key),)), now() + DAY, Fault.UNKNOWN),
        "an answer without an end, soon": (
            replace(blind, ocsps=(answer(chair, ca, ca, key, good_for=None),)), now() + HOUR / 3, None
        ),
        "and later": (
            replace(blind, ocsps=(answer(chair, ca, ca, key, good_for=None),)), now() + HOUR, Fault.UNKNOWN
        ),
        "do not know": (
            replace(blind, ocsps=(answer(chair, ca, ca, key, status="unknown"),)), now(), Fault.UNKNOWN
        ),
    }  # fmt: skip
    found = {case: fault(chair, believed, moment) for case, (believed, moment, _) in cases.items()}
    assert found == {case: expected for case, (_, _, expected) in cases.items()}


# What follows for a signed file


async def test_nobody_clears_himself_by_an_answer_in_his_file(
    authority: Certification, pinned: Trust, blind: Trust, signed: SignedSample
) -> None:
    other, ca = authority.credential("other"), authority.certificate("ca")
    mine = ec.generate_private_key(ec.SECP256R1())
    for responder, key in ((lookalike(ca, mine), mine), (authority.certificate("other"), key_of(authority, "other"))):
        forged = answer(other.certificate, ca, responder, key)
        accomplice = replace(blind, ocsps=(forged,), crls=(*blind.crls, listing(authority, now(), now() + DAY)))
        stamper = HttpTimeStamper(authority.time_stamper_url)
        data = await sign(signed.revisions[0], other, accomplice, stamper)
        report = await validate(data, pinned)
        assert [check.reason for check in report.signatures] == [REVOKED]


async def test_an_answer_in_the_file_proves_years_later_that_the_certificate_was_good(
    authority: Certification, office: Office, pinned: Trust, blind: Trust, signed: SignedSample
) -> None:
    chair, ca = authority.credential("chair"), authority.certificate("ca")
    told = answer(chair.certificate, ca, authority.certificate("ocsp"), key_of(authority, "ocsp"))
    strangers = answer(authority.certificate("seal"), ca, ca, key_of(authority, "ca"))
    believed = joined(office.trust, replace(blind, ocsps=(told, strangers)))
    data = await sign(signed.revisions[0], chair, believed, office.time_stamper)
    assert told.dump() in data
    assert strangers.dump() not in data  # who else signs is nobody's business
    later = now() + 400 * DAY  # the signer's certificate has ended, and so have answer and list
    report = await validate(data, joined(office.trust, blind), at=later)
    assert report.problems == ()
    assert report.signatures[0].signed_at is not None
    # What comes to light later counts as well, even against an answer in the file.
    listed = listing(authority, now() + DAY, now() + 8 * DAY, {"chair": now() - HOUR})
    report = await validate(data, joined(office.trust, replace(blind, crls=(*blind.crls, listed))), at=later)
    assert [check.reason for check in report.signatures] == [REVOKED]


async def test_a_signature_whose_list_had_ended_when_it_was_proved_is_not_good(
    authority: Certification, office: Office, blind: Trust, signed: SignedSample
) -> None:
    began, ends = now() - DAY, now() + DAY
    listed = listing(authority, began, ends)
    believed = joined(office.trust, replace(blind, crls=(*blind.crls, listed)))
    waiting = await sign(signed.revisions[0], authority.credential("chair"), believed, None)
    late = now() + 9 * DAY
    credential = Credential.load((office.directory / "tsa.p12").read_bytes(), "tsa")
    stamper = credential.time_stamper()
    stamper.fixed_dt = late  # type: ignore[attr-defined]
    data = await evidence.prove(waiting, trust=believed, time_stamper=stamper)
    judged_at = late + DAY
    report = await validate(data, joined(office.trust, blind), at=judged_at)
    assert [check.reason for check in report.signatures] == [UNKNOWN_STATUS]
    for crls, reason in (
        ((listing(authority, late, late + DAY),), None),
        ((listing(authority, now() + 366 * DAY, now() + 370 * DAY),), UNKNOWN_STATUS),
        ((listing(authority, late, late + DAY, {"chair": late - HOUR}),), REVOKED),
    ):
        report = await validate(data, joined(office.trust, replace(blind, crls=(*blind.crls, *crls))), at=judged_at)
        assert [check.reason for check in report.signatures] == [reason]


async def test_a_second_time_stamp_in_a_signature_does_not_make_it_older(
    authority: Certification, office: Office, pinned: Trust, signed: SignedSample
) -> None:
    believed = joined(office.trust, pinned)
    credential = Credential.load((office.directory / "tsa.p12").read_bytes(), "tsa")
    data = await sign(signed.revisions[0], authority.credential("chair"), believed, office.time_stamper, seal=False)
    mine = credential.time_stamper()
    mine.fixed_dt = now() - 10 * DAY  # type: ignore[attr-defined]
    forged = await forgeries.with_another_token(data, mine)
    assert (await validate(forged, believed)).problems[0] == "Phạm vi của một chữ ký trong tệp không đúng quy cách"
    proved = await evidence.prove(forged, trust=believed, time_stamper=office.time_stamper)
    assert not (await validate(proved, believed)).ok
