"""Signatures that were made while no time-stamp was to be had, and time-stamps over time-stamps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutes import appearance, evidence, signing
from minutes.errors import SigningFailed
from minutes.trust import Trust
from minutes.validation import validate
from tests.minutes.conftest import Office, SignedSample
from tests.minutes.test_adversaries import revoking
from tests.minutes.test_signing import CHAIR_SIGNER, SEAL_SIGNER, SECRETARY_SIGNER


async def unstamped(office: Office, signed: SignedSample) -> bytes:
    data = signed.revisions[0]
    for number, signer in enumerate((SECRETARY_SIGNER, CHAIR_SIGNER, SEAL_SIGNER)):
        data = await signing.sign(
            data,
            signer.field,
            office.credential(signer),
            trust=office.trust,
            time_stamper=None,
            image=appearance.handwriting(signer.name),
            certify=number == 0,
            seal=signer is SEAL_SIGNER,
        )
    return data


async def test_signatures_without_time_wait_and_are_proved_by_one_stamp_over_all(
    office: Office, signed: SignedSample
) -> None:
    waiting = await unstamped(office, signed)
    report = await validate(waiting, office.trust, signed.expected)
    assert (report.ok, report.waits, report.stamped) == (False, True, False)
    proved = await evidence.prove(waiting, trust=office.trust, time_stamper=office.time_stamper)
    assert proved.startswith(waiting)
    report = await validate(proved, office.trust, signed.expected)
    assert (report.problems, report.stamped) == ((), True)
    stamp = evidence.last_stamp(proved)
    assert stamp is not None
    assert {check.signed_at for check in report.signatures} == {stamp.at}


async def test_what_waits_and_is_changed_does_not_wait_any_more(office: Office, signed: SignedSample) -> None:
    waiting = bytearray(await unstamped(office, signed))
    waiting[len(waiting) // 3] ^= 1
    report = await validate(bytes(waiting), office.trust, signed.expected)
    assert (report.ok, report.waits) == (False, False)


async def test_a_certificate_revoked_before_any_stamp_cannot_be_proved(
    office: Office, signed: SignedSample, tmp_path: Path
) -> None:
    waiting = await unstamped(office, signed)
    early = datetime.now(UTC) - timedelta(minutes=1)
    trust = revoking(office, signed.expected[1].serial, early, tmp_path)
    with pytest.raises(SigningFailed):
        await evidence.prove(waiting, trust=trust, time_stamper=office.time_stamper)


async def test_a_file_without_a_stamp_has_no_last_one(office: Office, signed: SignedSample) -> None:
    assert evidence.last_stamp(signed.revisions[2]) is None
    with pytest.raises(ValueError, match="not a signed PDF"):
        evidence.last_stamp(b"nothing")


async def test_without_revocation_data_nothing_is_proved(office: Office, signed: SignedSample) -> None:
    blind = Trust(office.trust.roots, office.trust.intermediates, ())
    with pytest.raises(SigningFailed):
        await evidence.prove(signed.final, trust=blind, time_stamper=office.time_stamper)


async def test_years_later_the_stamp_still_says_that_the_certificates_were_good(
    office: Office, signed: SignedSample, tmp_path: Path
) -> None:
    proved = await evidence.prove(await unstamped(office, signed), trust=office.trust, time_stamper=office.time_stamper)
    later = datetime.now(UTC) + timedelta(days=30)
    trust = revoking(office, signed.expected[1].serial, later, tmp_path)
    report = await validate(proved, trust, signed.expected, at=later + timedelta(days=300))
    assert report.problems == ()
