"""Signing: the right key, the right order, and nothing that anybody can add afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutes import evidence, signing
from minutes.document import Signer
from minutes.errors import NoStatus, SigningFailed, WrongPin
from minutes.report import UNKNOWN_STATUS, Expected
from minutes.signing import Credential
from minutes.trust import Trust
from minutes.typeset import FieldBox, Typeset
from minutes.validation import validate
from server.demo_pki import Holder
from server.records_keys import open_keys
from tests.minutes.conftest import PIN, Office, SignedSample
from tests.minutes.sample_meeting import CHAIR, PROVINCE, SECRETARY

SECRETARY_SIGNER = Signer("secretary", SECRETARY.id, SECRETARY.name, ("THƯ KÝ",))
CHAIR_SIGNER = Signer("chair", CHAIR.id, CHAIR.name, ("CHỦ TỌA",))
SEAL_SIGNER = Signer("seal", PROVINCE.id, PROVINCE.name, ())


def test_a_wrong_pin_opens_nothing(office: Office) -> None:
    store = open_keys(office.directory).store
    with pytest.raises(WrongPin):
        store.person(CHAIR.id, "000000")
    with pytest.raises(WrongPin):
        store.seal(PROVINCE.id, "")


def test_nobody_has_a_key_by_default(office: Office) -> None:
    with pytest.raises(SigningFailed):
        open_keys(office.directory).store.person("stranger", PIN)
    with pytest.raises(SigningFailed):
        open_keys(office.directory).store.person("../people/duong", PIN)


def test_a_file_that_is_no_key_is_refused() -> None:
    with pytest.raises(WrongPin):
        Credential.load(b"not a key", "1234")


async def test_every_revision_of_the_three_signatures_validates(office: Office, signed: SignedSample) -> None:
    for count in (1, 2, 3):
        report = await validate(signed.revisions[count], office.trust, signed.expected[:count])
        assert report.problems == ()
        assert [check.name for check in report.signatures] == [
            SECRETARY.name,
            CHAIR.name,
            PROVINCE.name,
        ][:count]
        assert all(check.signed_at is not None for check in report.signatures)


async def test_each_signature_only_adds_to_the_file(signed: SignedSample) -> None:
    for before, later in zip(signed.revisions, signed.revisions[1:], strict=False):
        assert later.startswith(before)


async def test_a_field_cannot_be_signed_twice_or_invented(office: Office, signed: SignedSample) -> None:
    with pytest.raises(SigningFailed):
        await office.sign(signed.revisions[1], SECRETARY_SIGNER, office.credential(SECRETARY_SIGNER))
    leader = Signer("leader", CHAIR.id, CHAIR.name, ("CHỦ TỊCH",))
    with pytest.raises(SigningFailed):
        await office.sign(signed.revisions[0], leader, office.credential(CHAIR_SIGNER))


async def test_a_signature_after_the_seal_is_seen(office: Office, page: Typeset, signed: SignedSample) -> None:
    data = signing.prepare(page.pdf, page.fields)
    data = await office.sign(data, SECRETARY_SIGNER, office.credential(SECRETARY_SIGNER), first=True)
    data = await office.sign(data, SEAL_SIGNER, office.credential(SEAL_SIGNER))
    late = await office.sign(data, CHAIR_SIGNER, office.credential(CHAIR_SIGNER))
    report = await validate(late, office.trust)
    assert not report.ok
    assert "có thay đổi không được phép sau khi ký" in " ".join(report.problems)


async def test_a_field_added_after_the_first_signature_is_seen(office: Office, signed: SignedSample) -> None:
    late = signing.prepare(signed.revisions[1], (FieldBox("Them", "Thêm", 0, (10, 10, 60, 60)),))
    report = await validate(late, office.trust)
    assert not report.ok


async def test_a_rogue_authority_with_the_same_names_is_not_believed(
    office: Office, rogue: Office, signed: SignedSample
) -> None:
    fake = rogue.credential(SECRETARY_SIGNER)
    real = office.credential(SECRETARY_SIGNER)
    assert (fake.subject, fake.issuer) == (real.subject, real.issuer)
    forged = await rogue.sign(signed.revisions[0], SECRETARY_SIGNER, fake, first=True)
    assert (await validate(forged, rogue.trust)).ok
    report = await validate(forged, office.trust)
    assert not report.ok
    assert "không thuộc tổ chức chứng thực được tin cậy" in " ".join(report.problems)


async def test_a_rogue_time_stamp_is_not_believed(office: Office, rogue: Office, signed: SignedSample) -> None:
    mixed = Office(office.directory, office.pki, office.trust, rogue.time_stamper)
    with pytest.raises(SigningFailed):
        await mixed.sign(signed.revisions[0], SECRETARY_SIGNER, office.credential(SECRETARY_SIGNER), first=True)


async def test_a_trusted_but_different_signer_is_not_the_expected_one(office: Office, signed: SignedSample) -> None:
    credential = office.credential(CHAIR_SIGNER)
    swapped = await office.sign(signed.revisions[0], SECRETARY_SIGNER, credential, first=True)
    assert (await validate(swapped, office.trust)).ok
    report = await validate(swapped, office.trust, signed.expected[:1])
    assert report.problems == ("Chữ ký “ChuKyThuKy” không phải của người ký đã đăng ký",)


async def test_a_missing_and_a_surplus_signature_are_named(office: Office, signed: SignedSample) -> None:
    report = await validate(signed.revisions[1], office.trust, signed.expected[:2])
    assert report.problems == ("Thiếu chữ ký “ChuKyChuToa”",)
    report = await validate(signed.revisions[2], office.trust, signed.expected[:1])
    assert report.problems == ("Có chữ ký ngoài danh sách: “ChuKyChuToa”",)


@pytest.mark.parametrize("when", ["expired", "not yet valid"])
async def test_a_certificate_out_of_its_time_does_not_sign(office: Office, signed: SignedSample, when: str) -> None:
    now = datetime.now(UTC)
    start, end = (now - timedelta(days=9), now - timedelta(days=1)) if when == "expired" else (
        now + timedelta(days=1),
        now + timedelta(days=9),
    )  # fmt: skip
    holder = Holder(SECRETARY.id, SECRETARY.name, SECRETARY.unit.name, PIN)
    credential = Credential.load(office.pki.credential(holder, start=start, end=end), PIN)
    with pytest.raises(SigningFailed):
        await office.sign(signed.revisions[0], SECRETARY_SIGNER, credential, first=True)


async def test_a_revoked_certificate_does_not_sign_and_does_not_validate(
    office: Office, signed: SignedSample, tmp_path: Path
) -> None:
    credential = office.credential(SECRETARY_SIGNER)
    trust = tmp_path / "trust"
    trust.mkdir()
    for file in (office.directory / "trust").iterdir():
        (trust / file.name).write_bytes(file.read_bytes())
    office.pki.revoke(tmp_path, [credential.serial])
    revoking = Office(office.directory, office.pki, Trust.load(trust), office.time_stamper)
    with pytest.raises(SigningFailed):
        await revoking.sign(signed.revisions[0], SECRETARY_SIGNER, credential, first=True)
    report = await validate(signed.revisions[1], revoking.trust)
    assert not report.ok


async def test_without_a_revocation_list_nobody_is_believed_but_may_wait_for_one(
    office: Office, signed: SignedSample
) -> None:
    blind = Trust(office.trust.roots, office.trust.intermediates, ())
    credential = office.credential(SECRETARY_SIGNER)
    data = await Office(office.directory, office.pki, blind, office.time_stamper).sign(
        signed.revisions[0], SECRETARY_SIGNER, credential, first=True
    )
    report = await validate(data, blind)
    assert (report.ok, report.waits, report.signatures[0].reason) == (False, True, UNKNOWN_STATUS)
    with pytest.raises(NoStatus):
        await evidence.prove(data, trust=blind, time_stamper=office.time_stamper)
    proved = await evidence.prove(data, trust=office.trust, time_stamper=office.time_stamper)
    assert (await validate(proved, office.trust)).problems == ()


async def test_what_threads_share_is_read_by_none_of_them(office: Office, signed: SignedSample) -> None:
    """asn1crypto reads what it has loaded little by little, and two threads at once find a list half read."""
    keys = open_keys(office.directory)
    shared = Office(office.directory, office.pki, keys.trust, keys.time_stamper)
    data = await shared.sign(signed.revisions[2], SEAL_SIGNER, office.credential(SEAL_SIGNER))
    assert (await validate(data, keys.trust, signed.expected)).ok
    trusted = [*keys.trust.roots, *keys.trust.intermediates, *keys.trust.crls]
    assert [one for one in trusted if one.children is not None] == []
    assert not keys.time_stamper.cert_registry.certs


def test_expected_signatures_are_bound_to_issuer_and_serial(signed: SignedSample) -> None:
    assert len({one.serial for one in signed.expected}) == 3
    assert signed.expected[0] == Expected("ChuKyThuKy", signed.expected[1].issuer, signed.expected[0].serial)
