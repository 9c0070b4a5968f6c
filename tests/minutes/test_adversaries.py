"""Whatever is done to a signed file, it is not good afterwards, and what is wrong is said in words."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from minutes import signing
from minutes.report import Expected
from minutes.trust import Trust
from minutes.typeset import Typeset
from minutes.validation import validate
from tests.minutes import forgeries
from tests.minutes.conftest import Office, SignedSample
from tests.minutes.test_signing import CHAIR_SIGNER, SEAL_SIGNER, SECRETARY_SIGNER


@pytest.mark.parametrize(("forge", "said"), forgeries.FORGERIES, ids=lambda one: getattr(one, "__name__", ""))
async def test_a_forgery_is_not_good_and_is_called_what_it_is(
    office: Office, signed: SignedSample, forge: Callable[[bytes], bytes], said: str
) -> None:
    report = await validate(forge(signed.final), office.trust, signed.expected)
    assert not report.ok
    assert not report.waits
    assert said in " ".join(report.problems)


async def test_a_page_hidden_before_signing_and_shown_afterwards_is_seen(office: Office, page: Typeset) -> None:
    prepared = forgeries.with_a_hidden_tree(signing.prepare(page.pdf, page.fields))
    data = await office.sign(prepared, SECRETARY_SIGNER, office.credential(SECRETARY_SIGNER), first=True)
    assert (await validate(data, office.trust)).ok
    report = await validate(forgeries.hidden_tree_shown(data, prepared), office.trust)
    assert not report.ok
    assert "có thay đổi không được phép sau khi ký" in " ".join(report.problems)


async def test_no_bit_can_be_flipped_unseen(office: Office, signed: SignedSample) -> None:
    """A stride through the whole file, and all of where structure is written: ranges, tables, trailers, starts."""
    data = signed.final
    places = set(range(0, len(data), len(data) // 90))
    for found in re.finditer(rb"/ByteRange \[[^\]]*\]|startxref\s+\d+\s+%%EOF", data):
        places |= set(range(found.start(), found.end(), 9))
    for place in sorted(places):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        assert not (await validate(bytes(flipped), office.trust, signed.expected)).ok, place


async def test_no_digit_of_the_last_time_stamp_can_be_changed_unseen(office: Office, signed: SignedSample) -> None:
    """The one place that nothing after it protects: the certificates and the unsigned parts of the last signature."""
    start, end = forgeries.last_hole(signed.final)
    written = len(signed.final[start:end].rstrip(b"0>"))
    for place in [*range(start + 1, start + written, 61), start + written + 40, end - 2]:
        changed = bytearray(signed.final)
        changed[place] = ord("0") if changed[place] != ord("0") else ord("3")
        assert not (await validate(bytes(changed), office.trust, signed.expected)).ok, place


async def test_a_rogue_authority_of_the_same_name_is_named(office: Office, rogue: Office, signed: SignedSample) -> None:
    data = signed.revisions[0]
    for number, signer in enumerate((SECRETARY_SIGNER, CHAIR_SIGNER, SEAL_SIGNER)):
        data = await rogue.sign(data, signer, rogue.credential(signer), first=number == 0)
    report = await validate(data, office.trust, signed.expected)
    assert not report.ok
    assert {check.reason for check in report.signatures} == {"chứng thư số không thuộc tổ chức chứng thực được tin cậy"}
    assert "Chữ ký “ChuKyThuKy” không phải của người ký đã đăng ký" in report.problems


async def test_a_weak_digest_is_not_accepted(office: Office, signed: SignedSample) -> None:
    credential = office.credential(SECRETARY_SIGNER)
    metadata = signers.PdfSignatureMetadata(
        field_name=SECRETARY_SIGNER.field, md_algorithm="sha1", subfilter=fields.SigSeedSubFilter.PADES
    )
    signer = signers.SimpleSigner.load_pkcs12_data(
        (office.directory / "keys" / "people" / f"{SECRETARY_SIGNER.account}.p12").read_bytes(), [], b"135790"
    )
    out = io.BytesIO()
    await signers.PdfSigner(metadata, signer, timestamper=office.time_stamper).async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(signed.revisions[0])), output=out
    )
    report = await validate(
        out.getvalue(), office.trust, [Expected(SECRETARY_SIGNER.field, credential.issuer, credential.serial)]
    )
    assert not report.ok
    assert "thuật toán đã bị coi là không an toàn" in " ".join(report.problems)


def revoking(office: Office, serial: int, since: datetime, folder: Path) -> Trust:
    trust = folder / "trust"
    trust.mkdir()
    for file in (office.directory / "trust").iterdir():
        (trust / file.name).write_bytes(file.read_bytes())
    office.pki.revoke(folder, [serial], since=since)
    return Trust.load(trust)


async def test_a_certificate_revoked_before_signing_is_named(
    office: Office, signed: SignedSample, tmp_path: Path
) -> None:
    early = datetime.now(UTC) - timedelta(minutes=30)
    trust = revoking(office, signed.expected[1].serial, early, tmp_path)
    for data in (signed.revisions[2], signed.final):
        report = await validate(data, trust)
        assert [check.ok for check in report.signatures][:2] == [True, False]
        assert report.signatures[1].reason == "chứng thư số đã bị thu hồi"


async def test_a_certificate_revoked_or_expired_after_signing_takes_nothing_from_it(
    office: Office, signed: SignedSample, tmp_path: Path
) -> None:
    later = datetime.now(UTC) + timedelta(days=30)
    trust = revoking(office, signed.expected[1].serial, later, tmp_path)
    report = await validate(signed.final, trust, signed.expected, at=later + timedelta(days=30))
    assert report.problems == ()


async def test_a_file_whose_last_time_stamp_has_expired_is_not_good(office: Office, signed: SignedSample) -> None:
    report = await validate(signed.final, office.trust, signed.expected, at=datetime.now(UTC) + timedelta(days=3660))
    assert not report.ok
    assert not report.waits
    assert report.problems[0].startswith("Dấu thời gian: ")


async def test_an_earlier_revision_lacks_what_came_later(office: Office, signed: SignedSample) -> None:
    report = await validate(signed.revisions[1], office.trust, signed.expected)
    assert report.problems == ("Thiếu chữ ký “ChuKyChuToa”", "Thiếu chữ ký “DauCoQuan”")


async def test_nested_arrays_without_end_are_not_good(office: Office) -> None:
    deep = b"%PDF-1.7\n1 0 obj\n" + b"[" * 400_000 + b"\nendobj\ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
    assert not (await validate(deep, office.trust)).ok
