"""The judgement of a signed PDF: who signed, whether every signature holds, and whether anything came after.

A file is good only if for every signature pyHanko's own bottom line is good, nothing but permitted updates follows it
(DocMDP), no authority says anything against a certificate of its chain (minutes.revocation), the last signature or
time-stamp covers the file to its last byte, and the signers are the ones expected.

What has a time-stamp over the document is judged as of the times that the stamps prove (minutes.proofs): a certificate
that expired or was revoked after signing takes nothing from the signature. What has none yet is judged as of now.
Cheap things come first: how the signatures lie in the file, then digests, then certificates.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
)

from minutes.envelope import BROKEN, covers_whole, intact, is_time_stamp, misplaced, own_stamp
from minutes.errors import N_, Reason
from minutes.proofs import Proofs, certificates_of, proofs, standing
from minutes.report import (
    BROKEN_SIGNATURE,
    CHANGED,
    NO_TIME,
    ODD,
    REVOKED,
    UNKNOWN_STATUS,
    UNSIGNED,
    UNTRUSTED,
    WAITS,
    WORDS,
    Expected,
    Report,
    SignatureCheck,
    unexpected,
)
from minutes.revocation import chain_of
from minutes.trust import CLOCK_TOLERANCE, Trust, common_name, issuer_of


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
    except BROKEN:
        return _refused(Reason(N_("Không đọc được tệp PDF này")))
    if not found:
        hidden = b"/ByteRange" in pdf
        return _refused(Reason(N_("Chữ ký số trong tệp đã bị gỡ bỏ") if hidden else UNSIGNED))
    try:
        wrong = misplaced(pdf, found)
        whole = covers_whole(found, len(pdf))
        sound = [intact(one) for one in found]
    except BROKEN:
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
            problems.append(Reason(N_("Dấu thời gian: %(reason)s"), reason=CHANGED))
    else:
        stamps = [one for one in found if is_time_stamp(one)]
        proved = await proofs(reader, stamps, trust, at)
        checks = [await _check(one, proved, at) for one in found if not is_time_stamp(one)]
        if proved.reason:
            problems.append(Reason(N_("Dấu thời gian: %(reason)s"), reason=proved.reason))
        if not checks:
            problems.append(Reason(UNSIGNED))
    problems += unexpected(checks, expected)
    faults = [check for check in checks if check.reason]
    problems += [Reason(N_("Chữ ký “%(field)s”: %(reason)s"), field=one.field, reason=one.reason) for one in faults]
    waits = bool(faults) and all(check.waits for check in faults) and len(problems) == len(faults)
    stamped = any(is_time_stamp(one) for one in found)
    return Report(tuple(checks), whole, not problems, tuple(problems), waits, stamped)


def _refused(why: Reason) -> Report:
    return Report((), False, False, (why,))


def _unexamined(found: EmbeddedPdfSignature, *, whole: bool) -> SignatureCheck:
    """A signature in a file that is broken elsewhere, or itself."""
    reason = Reason(N_("không xét đến, vì tệp đã bị sửa ở chỗ khác")) if whole else CHANGED
    return replace(_who(found), ok=False, reason=reason)


def _who(found: EmbeddedPdfSignature) -> SignatureCheck:
    try:
        certificate = found.signer_cert
        issuer, serial = issuer_of(certificate), int(certificate.serial_number)
        return SignatureCheck(str(found.field_name), common_name(certificate), issuer, serial, None, True, None)
    except BROKEN:
        return SignatureCheck(str(found.field_name), "", "", 0, None, False, BROKEN_SIGNATURE)


async def _check(found: EmbeddedPdfSignature, proved: Proofs, at: datetime) -> SignatureCheck:
    check = _who(found)
    if check.reason is not None:
        return check
    signed_at: datetime | None = None
    reason: Reason | None
    try:
        covered = proved.first_after(found.signed_revision)
        own, until = own_stamp(found), covered or at
        moment = own if own is not None and covered is not None else until
        status = await async_validate_pdf_signature(
            found, proved.believed.context(moment), proved.believed.context(until)
        )
        signed_at = own or covered
        reason = _problem(status) or _standing(status, proved, moment, until)
        if reason in (UNTRUSTED, UNKNOWN_STATUS):  # pyHanko calls both the same, and looks at one certificate at a time
            chain = chain_of(found.signer_cert, proved.believed)
            reason = standing(chain, proved.believed, moment) or reason
        if reason is None and own is not None and own > until + CLOCK_TOLERANCE:
            reason = NO_TIME  # it cannot have been made after what covers it
        if reason is None and covered is None and (proved.stamps or proved.reason):
            reason = NO_TIME if proved.reason else Reason(N_("không được dấu thời gian lưu trữ nào bảo vệ"))
        unproved = not proved.stamps and proved.reason is None
        if unproved and reason in (None, UNKNOWN_STATUS) and (reason or signed_at is None):
            return replace(check, signed_at=signed_at, ok=False, reason=reason or WAITS, waits=True)
    except BROKEN:
        reason = ODD
    return replace(check, signed_at=signed_at, ok=reason is None, reason=reason)


def _standing(status: PdfSignatureStatus, proved: Proofs, moment: datetime, until: datetime) -> Reason | None:
    own = status.timestamp_validity
    against = None if own is None else standing(certificates_of(own.validation_path), proved.believed, until)
    return standing(certificates_of(status.validation_path), proved.believed, moment) or (against and NO_TIME)


def _problem(status: PdfSignatureStatus) -> Reason | None:
    """Why pyHanko's own verdict is not good enough, in words; None when it is, but for a time-stamp."""
    if not status.intact or not status.valid:
        return CHANGED
    if status.revoked:
        return REVOKED
    if status.coverage not in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return Reason(N_("chữ ký không bao trùm toàn bộ văn bản"))
    level = status.modification_level
    if not status.docmdp_ok or level is None or level > ModificationLevel.FORM_FILLING:
        return Reason(N_("có thay đổi không được phép sau khi ký"))
    if not status.trusted:
        return WORDS.get(status.trust_problem_indic, UNTRUSTED) if status.trust_problem_indic else UNTRUSTED
    if status.timestamp_validity is not None and not status.timestamp_validity.trusted:
        return NO_TIME
    if not status.bottom_line:
        return Reason(N_("chữ ký không hợp lệ"))
    return None
