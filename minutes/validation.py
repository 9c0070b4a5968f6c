"""The judgement of a signed PDF: who signed, whether every signature holds, and whether anything came after.

A file is good only if for every signature the AdES verdict **and** pyHanko's own bottom line are good, nothing but
permitted updates follows it (DocMDP), the last signature or time-stamp covers the file to its last byte, and the
signers are the ones expected. AdES verdicts alone ignore later changes, and so do other tools.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError, ValueErrorWithMessage
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    ades,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from minutes.errors import N_, Reason
from minutes.signing import CLOCK_TOLERANCE, Trust, issuer_of

# Whatever pyHanko and asn1crypto raise on hostile bytes; beyond their own errors these are the leaks of parsers.
_BROKEN = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ValueErrorWithMessage,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    OverflowError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Expected:
    """A signature that must be there: the field and the certificate (issuer in one line, serial number)."""

    field: str
    issuer: str
    serial: int


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One signature. `name` is the certificate's common name, `reason` says in words why it is not good."""

    field: str
    name: str
    issuer: str
    serial: int
    signed_at: datetime | None
    ok: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Report:
    """All signatures of a file in order, document time-stamps left out of the list but not of the judgement."""

    signatures: tuple[SignatureCheck, ...]
    whole_file: bool
    ok: bool
    problems: tuple[Reason, ...]


def embedded(pdf: bytes) -> bytes:
    """The source file attached to one of our documents (its content as JSON). Raises ValueError where there is none."""
    try:
        root = PdfFileReader(io.BytesIO(pdf)).root
        data = root["/AF"][0]["/EF"]["/F"].data
    except _BROKEN as error:
        raise ValueError("no source file is attached") from error
    if not isinstance(data, bytes):
        raise ValueError("no source file is attached")
    return data


async def validate(pdf: bytes, trust: Trust, expected: Sequence[Expected] | None = None) -> Report:
    """Judge a file; never raises for what is in it.

    `expected` None: any signer who chains to a trusted root will do (but there must be one).
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = list(reader.embedded_signatures)
    except _BROKEN as error:
        return Report((), False, False, (Reason(N_("Không đọc được tệp PDF: %(error)s"), error=type(error).__name__),))
    if not found:
        return Report((), False, False, (Reason(N_("Tệp không có chữ ký số")),))
    checks = []
    problems: list[Reason] = []
    stamped = any(_is_time_stamp(one) for one in found)
    for one in found:
        if _is_time_stamp(one):
            reason = await _time_stamp_problem(one, trust)
            if reason:
                problems.append(Reason(N_("Dấu thời gian: %(reason)s"), reason=reason))
            continue
        check = await _check(one, trust, long_term=stamped)
        checks.append(check)
        if check.reason:
            problems.append(Reason(N_("Chữ ký “%(field)s”: %(reason)s"), field=check.field, reason=check.reason))
    whole = _covers_whole(found, len(pdf))
    if not whole:
        problems.append(Reason(N_("Có dữ liệu nằm ngoài phạm vi chữ ký cuối cùng")))
    problems += _unexpected(checks, expected)
    return Report(tuple(checks), whole, not problems, tuple(problems))


def _is_time_stamp(found: EmbeddedPdfSignature) -> bool:
    return bool(found.sig_object.get("/Type") == "/DocTimeStamp")


def _covers_whole(found: Sequence[EmbeddedPdfSignature], size: int) -> bool:
    """Whether the last signature's own byte range ends exactly with the file; pyHanko lets bytes after %%EOF pass."""
    try:
        ranges = [[int(edge) for edge in one.sig_object["/ByteRange"]] for one in found]
    except _BROKEN:
        return False
    return any(
        len(edges) == 4 and edges[0] == 0 and edges[2] >= edges[1] and edges[2] + edges[3] == size for edges in ranges
    )


async def _check(found: EmbeddedPdfSignature, trust: Trust, *, long_term: bool) -> SignatureCheck:
    try:
        certificate = found.signer_cert
        name = str(certificate.subject.native.get("common_name", ""))
        issuer, serial = issuer_of(certificate), int(certificate.serial_number)
    except _BROKEN:
        broken = Reason(N_("cấu trúc chữ ký bị hỏng"))
        return SignatureCheck(str(found.field_name), "", "", 0, None, False, broken)
    signed_at: datetime | None = None
    try:
        status = await async_validate_pdf_signature(found, trust.context(), trust.context())
        stamp = status.timestamp_validity
        signed_at = stamp.timestamp if stamp is not None else None
        reason = _problem(status, long_term=long_term)
        if reason is None and long_term:
            verdict = await ades.ades_lta_validation(found, _long_term_policy(trust))
            if verdict.ades_subindic is not AdESPassed.OK:
                reason = Reason(N_("không đạt mức lưu trữ lâu dài (%(level)s)"), level=verdict.ades_subindic)
    except _BROKEN as error:
        reason = Reason(N_("không kiểm tra được (%(error)s)"), error=type(error).__name__)
    return SignatureCheck(str(found.field_name), name, issuer, serial, signed_at, reason is None, reason)


def _problem(status: PdfSignatureStatus, *, long_term: bool) -> Reason | None:
    """Why pyHanko's own verdict is not good enough, in words; None when it is."""
    if not status.intact or not status.valid:
        return Reason(N_("nội dung đã bị sửa sau khi ký"))
    if status.revoked:
        return Reason(N_("chứng thư số đã bị thu hồi"))
    if not status.trusted:
        return Reason(N_("chứng thư số không thuộc tổ chức chứng thực được tin cậy"))
    if status.coverage not in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return Reason(N_("chữ ký không bao trùm toàn bộ văn bản"))
    level = status.modification_level
    if not status.docmdp_ok or level is None or level > ModificationLevel.FORM_FILLING:
        return Reason(N_("có thay đổi không được phép sau khi ký"))
    if status.timestamp_validity is None or not status.timestamp_validity.trusted:
        return Reason(N_("không có dấu thời gian tin cậy"))
    if not status.bottom_line:
        return Reason(N_("chữ ký không hợp lệ"))
    return None


async def _time_stamp_problem(found: EmbeddedPdfSignature, trust: Trust) -> Reason | None:
    try:
        status = await async_validate_pdf_timestamp(found, trust.context())
    except _BROKEN as error:
        return Reason(N_("không kiểm tra được (%(error)s)"), error=type(error).__name__)
    if not (status.intact and status.valid):
        return Reason(N_("nội dung đã bị sửa sau khi đóng dấu thời gian"))
    if not status.trusted:
        return Reason(N_("không thuộc tổ chức cấp dấu thời gian được tin cậy"))
    return None


def _long_term_policy(trust: Trust) -> PdfSignatureValidationSpec:
    manager = SimpleTrustManager.build([CertTrustAnchor(root) for root in trust.roots])
    rules = CertRevTrustPolicy(REQUIRE_REVINFO)
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=CertValidationPolicySpec(
                trust_manager=manager, revinfo_policy=rules, time_tolerance=CLOCK_TOLERANCE
            ),
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
            ),
        )
    )


def _unexpected(checks: Sequence[SignatureCheck], expected: Sequence[Expected] | None) -> list[Reason]:
    if expected is None:
        return []
    found = {check.field: Expected(check.field, check.issuer, check.serial) for check in checks}
    if len(found) != len(checks):
        return [Reason(N_("Một trường chữ ký xuất hiện nhiều lần"))]
    problems = []
    for wanted in expected:
        if wanted.field not in found:
            problems.append(Reason(N_("Thiếu chữ ký “%(field)s”"), field=wanted.field))
        elif found.pop(wanted.field) != wanted:
            text = N_("Chữ ký “%(field)s” không phải của người ký đã đăng ký")
            problems.append(Reason(text, field=wanted.field))
    surplus = set(found) - {wanted.field for wanted in expected}
    return problems + [Reason(N_("Có chữ ký ngoài danh sách: “%(field)s”"), field=field) for field in sorted(surplus)]
