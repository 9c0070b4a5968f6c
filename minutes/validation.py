"""The judgement of a signed PDF: who signed, whether every signature holds, and whether anything came after.

A file is good only if for every signature the AdES verdict **and** pyHanko's own bottom line are good, nothing but
permitted updates follows it (DocMDP), the last signature or time-stamp covers the file to its last byte, and the
signers are the ones expected. AdES verdicts alone ignore later changes, and so do other tools.

What has a time-stamp over the document is judged as of the times that the stamps prove (ETSI EN 319 102-1, 5.6.3):
a certificate that expired or was revoked after signing takes nothing from the signature. What has none yet is judged
as of now. Cheap things come first: how the signatures lie in the file, then digests, then certificates.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESSubIndic
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffPolicy,
    DiffResult,
    ModificationLevel,
    SuspiciousModification,
)
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm
from pyhanko.sign.general import SigningError, ValueErrorWithMessage
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    ades,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError, SignatureValidationError
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from minutes.envelope import covers_whole, intact, is_time_stamp, misplaced
from minutes.errors import N_, Reason
from minutes.trust import CLOCK_TOLERANCE, Trust, common_name, issuer_of

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
    StopIteration,
    InvalidSignature,
    UnsupportedAlgorithm,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Expected:
    """A signature that must be there: the field and the certificate (issuer in one line, serial number)."""

    field: str
    issuer: str
    serial: int


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One signature. `name` is the certificate's common name, `reason` says in words why it is not good. `waits`: the
    only thing wrong is that no time-stamp proves yet when it was made."""

    field: str
    name: str
    issuer: str
    serial: int
    signed_at: datetime | None
    ok: bool
    reason: Reason | None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All signatures of a file in order, document time-stamps left out of the list but not of the judgement.

    `stamped`: a time-stamp over the document is there. `waits`: it is not good yet, and nothing is wrong but that
    time-stamps are missing, which can be added.
    """

    signatures: tuple[SignatureCheck, ...]
    whole_file: bool
    ok: bool
    problems: tuple[Reason, ...]
    waits: bool = False
    stamped: bool = False


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


_CHANGED = Reason(N_("nội dung đã bị sửa sau khi ký"))
_BROKEN_SIGNATURE = Reason(N_("cấu trúc chữ ký bị hỏng"))
_ODD = Reason(N_("cấu trúc tệp có chỗ bất thường nên không xác nhận được"))
_REVOKED = Reason(N_("chứng thư số đã bị thu hồi"))
_UNTRUSTED = Reason(N_("chứng thư số không thuộc tổ chức chứng thực được tin cậy"))
_EXPIRED = Reason(N_("chứng thư số hết hạn hoặc chưa có hiệu lực vào lúc ký"))
_WEAK = Reason(N_("dùng thuật toán đã bị coi là không an toàn"))
_UNKNOWN_STATUS = Reason(N_("không có thông tin để biết chứng thư số còn hiệu lực vào lúc ký"))
_WAITS = Reason(N_("chờ dấu thời gian"))
_NO_TIME = Reason(N_("không có dấu thời gian tin cậy"))

_WORDS: dict[AdESSubIndic, Reason] = {
    AdESFailure.FORMAT_FAILURE: _BROKEN_SIGNATURE,
    AdESFailure.HASH_FAILURE: _CHANGED,
    AdESFailure.SIG_CRYPTO_FAILURE: _CHANGED,
    AdESFailure.REVOKED: _REVOKED,
    AdESIndeterminate.REVOKED_NO_POE: _REVOKED,
    AdESIndeterminate.REVOKED_CA_NO_POE: _REVOKED,
    AdESFailure.NOT_YET_VALID: _EXPIRED,
    AdESIndeterminate.NOT_YET_VALID: _EXPIRED,
    AdESIndeterminate.EXPIRED: _EXPIRED,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: _EXPIRED,
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED: _EXPIRED,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE: _WEAK,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: _WEAK,
    AdESIndeterminate.TRY_LATER: _UNKNOWN_STATUS,
    AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE: _UNKNOWN_STATUS,
    AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND: _UNTRUSTED,
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: _UNTRUSTED,
    AdESIndeterminate.NO_POE: _NO_TIME,
    AdESIndeterminate.TIMESTAMP_ORDER_FAILURE: _NO_TIME,
}


UNSIGNED = N_("Tệp không có chữ ký số")
"""The one problem of a file that nobody has signed."""


async def validate(
    pdf: bytes, trust: Trust, expected: Sequence[Expected] | None = None, *, at: datetime | None = None
) -> Report:
    """Judge a file as of `at` (None: now); never raises for what is in it.

    `expected` None: any signer who chains to a trusted root will do (but there must be one). Time and memory are
    bounded only by the file: judge files of strangers in a process of their own (server.judging).
    """
    at = at or datetime.now(UTC)
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = list(reader.embedded_signatures)
    except _BROKEN:
        return _refused(Reason(N_("Không đọc được tệp PDF này")))
    if not found:
        hidden = b"/ByteRange" in pdf
        return _refused(Reason(N_("Chữ ký số trong tệp đã bị gỡ bỏ") if hidden else UNSIGNED))
    try:
        wrong = misplaced(pdf, found)
        whole = covers_whole(found, len(pdf))
        sound = [intact(one) for one in found]
    except _BROKEN:
        return _refused(Reason(N_("Cấu trúc chữ ký trong tệp bị hỏng")))
    checks: list[SignatureCheck] = []
    problems: list[Reason] = [] if wrong is None else [wrong]
    if not whole:
        problems.append(Reason(N_("Có dữ liệu nằm ngoài phạm vi chữ ký cuối cùng")))
    if wrong is not None or not all(sound):
        checks = [
            _unexamined(one, whole=good) for one, good in zip(found, sound, strict=True) if not is_time_stamp(one)
        ]
        if any(is_time_stamp(one) and not good for one, good in zip(found, sound, strict=True)):
            problems.append(Reason(N_("Dấu thời gian: %(reason)s"), reason=_CHANGED))
    else:
        stamps = [one for one in found if is_time_stamp(one)]
        policy = _lasting_policy(trust, reader) if stamps else None
        for one in found:
            if not is_time_stamp(one):
                checks.append(await _check(one, trust, policy, at))
        # Where one signature is good by the stamps, every stamp is: the verdict begins with their chain.
        reason = None if any(check.ok for check in checks) else await _stamps_problem(stamps, trust, at)
        if reason:
            problems.append(Reason(N_("Dấu thời gian: %(reason)s"), reason=reason))
    problems += _unexpected(checks, expected)
    faults = [check for check in checks if check.reason]
    problems += [Reason(N_("Chữ ký “%(field)s”: %(reason)s"), field=one.field, reason=one.reason) for one in faults]
    waits = bool(faults) and all(check.waits for check in faults) and len(problems) == len(faults)
    stamped = any(is_time_stamp(one) for one in found)
    return Report(tuple(checks), whole, not problems, tuple(problems), waits, stamped)


def _refused(why: Reason) -> Report:
    return Report((), False, False, (why,))


def _unexamined(found: EmbeddedPdfSignature, *, whole: bool) -> SignatureCheck:
    """A signature in a file that is broken elsewhere, or itself."""
    reason = Reason(N_("không xét đến, vì tệp đã bị sửa ở chỗ khác")) if whole else _CHANGED
    return replace(_who(found), ok=False, reason=reason)


def _who(found: EmbeddedPdfSignature) -> SignatureCheck:
    try:
        certificate = found.signer_cert
        issuer, serial = issuer_of(certificate), int(certificate.serial_number)
        return SignatureCheck(str(found.field_name), common_name(certificate), issuer, serial, None, True, None)
    except _BROKEN:
        return SignatureCheck(str(found.field_name), "", "", 0, None, False, _BROKEN_SIGNATURE)


async def _check(
    found: EmbeddedPdfSignature, trust: Trust, lasting: PdfSignatureValidationSpec | None, at: datetime
) -> SignatureCheck:
    """`lasting`: how to judge by the time-stamps over the document, where there are any."""
    check = _who(found)
    if check.reason is not None:
        return check
    signed_at: datetime | None = None
    reason: Reason | None
    try:
        if lasting is None:
            context = trust.context(at)
            status = await async_validate_pdf_signature(found, context, trust.context(at))
            reason = _problem(status)
            if reason is None and status.timestamp_validity is None:
                return replace(check, ok=False, reason=_WAITS, waits=True)
            signed_at = status.timestamp_validity.timestamp if status.timestamp_validity is not None else None
        else:
            verdict = await ades.ades_lta_validation(found, lasting, ValidationTimingInfo(at, at, True))
            signed_at, reason = verdict.best_signature_time, _lasting_problem(verdict)
            if reason is not None:
                signed_at, reason = await _as_of_its_stamp(found, trust, lasting, at) or (signed_at, reason)
    except _BROKEN:
        reason = _ODD
    return replace(check, signed_at=signed_at, ok=reason is None, reason=reason)


def _problem(status: PdfSignatureStatus) -> Reason | None:
    """Why pyHanko's own verdict is not good enough, in words; None when it is, but for a time-stamp."""
    if not status.intact or not status.valid:
        return _CHANGED
    if status.revoked:
        return _REVOKED
    if not status.trusted:
        return _WORDS.get(status.trust_problem_indic, _UNTRUSTED) if status.trust_problem_indic else _UNTRUSTED
    if status.coverage not in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return Reason(N_("chữ ký không bao trùm toàn bộ văn bản"))
    level = status.modification_level
    if not status.docmdp_ok or level is None or level > ModificationLevel.FORM_FILLING:
        return Reason(N_("có thay đổi không được phép sau khi ký"))
    if status.timestamp_validity is not None and not status.timestamp_validity.trusted:
        return _NO_TIME
    if not status.bottom_line:
        return Reason(N_("chữ ký không hợp lệ"))
    return None


def _lasting_problem(verdict: ades.AdESLTAValidationResult) -> Reason | None:
    if verdict.ades_subindic is not AdESPassed.OK:
        return _WORDS.get(verdict.ades_subindic, Reason(N_("chữ ký không hợp lệ")))
    if verdict.api_status is None:
        return _BROKEN_SIGNATURE
    own = verdict.signature_timestamp_status
    if own is not None and own.ades_subindic is not AdESPassed.OK:
        return _NO_TIME
    # The verdict has weighed a revocation, and the end of the certificates of time-stamps, against the times that are
    # proved; pyHanko leaves what was found before that in the status.
    settled = replace(verdict.api_status, revocation_details=None, timestamp_validity=None)
    reason = _problem(settled if own is not None else replace(verdict.api_status, revocation_details=None))
    if reason is None and verdict.oldest_evidence_record_timestamp is None:
        return Reason(N_("không được dấu thời gian lưu trữ nào bảo vệ"))
    return reason


async def _as_of_its_stamp(
    found: EmbeddedPdfSignature, trust: Trust, lasting: PdfSignatureValidationSpec, at: datetime
) -> tuple[datetime, Reason | None] | None:
    """The signature as of the first time-stamp over the document after it: (when it was made, what is wrong).

    None where no stamp proves it. This is what pyHanko's verdict leaves out: signatures without a time-stamp of their
    own, and expired certificates of which revocation lists tell.
    """
    stamps = [one for one in found.reader.embedded_signatures if is_time_stamp(one)]
    later = [one for one in stamps if one.signed_revision > found.signed_revision]
    if not later or await _stamps_problem(later, trust, at) is not None:
        return None
    moment, believed = _made(later[0]), _as_it_was(found.reader, trust)
    status = await async_validate_pdf_signature(
        found, believed.context(moment), believed.context(moment), diff_policy=lasting.diff_policy
    )
    own = status.timestamp_validity
    return own.timestamp if own is not None else moment, _problem(status)


async def _stamps_problem(stamps: Sequence[EmbeddedPdfSignature], trust: Trust, at: datetime) -> Reason | None:
    """The last stamp must hold as of `at`, each other one as of the one after it."""
    moment, believed = at, trust
    try:
        for stamp in reversed(stamps):
            status = await async_validate_pdf_timestamp(stamp, believed.context(moment))
            if not (status.intact and status.valid):
                return _CHANGED
            if not status.trusted:
                words = _WORDS.get(status.trust_problem_indic) if status.trust_problem_indic else None
                return words or Reason(N_("không thuộc tổ chức cấp dấu thời gian được tin cậy"))
            moment, believed = _made(stamp), _as_it_was(stamp.reader, trust)
    except _BROKEN:
        return _ODD
    return None


def _made(stamp: EmbeddedPdfSignature) -> datetime:
    made: datetime = stamp.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    return made


class _ReviewedOnce(DiffPolicy):
    """pyHanko compares the revisions after each signature anew for every signature that it judges."""

    def __init__(self) -> None:
        self._seen: dict[int, DiffResult | SuspiciousModification] = {}

    def review_file(
        self,
        reader: PdfFileReader,
        base_revision: int | HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult | SuspiciousModification:
        key = base_revision if isinstance(base_revision, int) else base_revision.revision
        if key not in self._seen:
            self._seen[key] = DEFAULT_DIFF_POLICY.review_file(reader, base_revision, field_mdp_spec, doc_mdp)
        return self._seen[key]


def _inside(reader: PdfFileReader) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """The certificates, OCSP responses and revocation lists that a file carries, each in DER."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
        held = (store.certs.values(), store.ocsps, store.crls)
        certificates, ocsps, crls = ([one.get_object().data for one in part] for part in held)
    except (NoDSSFoundError, *_BROKEN):
        return [], [], []
    return certificates, ocsps, crls


def _as_it_was(reader: PdfFileReader, trust: Trust) -> Trust:
    """The same roots, and what the file has kept of its time: as evidence, none of it as something to trust."""
    certificates, ocsps, crls = _inside(reader)
    return replace(
        trust,
        intermediates=trust.intermediates + tuple(asn1_x509.Certificate.load(one) for one in certificates),
        ocsps=trust.ocsps + tuple(asn1_ocsp.OCSPResponse.load(one) for one in ocsps),
        crls=trust.crls + tuple(asn1_crl.CertificateList.load(one) for one in crls),
    )


def _lasting_policy(trust: Trust, reader: PdfFileReader) -> PdfSignatureValidationSpec:
    """For one file: what is trusted and known besides what the file carries, and what was seen of its revisions."""
    inside = {one for part in _inside(reader) for one in part}  # what is known twice is weighed twice
    ocsps = [one for one in trust.ocsps if one.dump() not in inside]
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
            local_knowledge=LocalKnowledge(
                known_crls=[CRLContainer(one) for one in trust.crls if one.dump() not in inside],
                known_ocsps=[part for one in ocsps for part in OCSPContainer.load_multi(one)],
                known_certs=[one for one in trust.intermediates if one.dump() not in inside],
            ),
        ),
        diff_policy=_ReviewedOnce(),
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
