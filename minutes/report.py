"""What is said of a signed file: who signed, whether each signature holds, and in which words it is told why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESSubIndic

from minutes.errors import N_, Reason


@dataclass(frozen=True, slots=True)
class Expected:
    """A signature that must be there: the field and the certificate (issuer in one line, serial number)."""

    field: str
    issuer: str
    serial: int


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One signature. `name` is the certificate's common name, `reason` says in words why it is not good. `waits`: the
    only thing wrong is that nothing proves yet when it was made, or that the certificate was good then."""

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
    proofs are missing, which can be added.
    """

    signatures: tuple[SignatureCheck, ...]
    whole_file: bool
    ok: bool
    problems: tuple[Reason, ...]
    waits: bool = False
    stamped: bool = False


class Fault(StrEnum):
    """What is wrong with a file, as far as it can be said in one sentence to whoever holds it."""

    EARLIER = "earlier"
    """It is as it was before the last signatures, or before the time-stamp over them."""
    CUT = "cut"
    ADDED = "added"
    """Something stands behind the last signature."""
    ALTERED = "altered"
    UNSIGNED = "unsigned"
    SIGNER = "signer"
    """A signature is by another certificate than it should be, or is missing."""
    REVOKED = "revoked"
    EXPIRED = "expired"
    CONTENT = "content"
    """Its signatures are good, but it does not say what was approved."""


CHANGED = Reason(N_("nội dung đã bị sửa sau khi ký"))
BROKEN_SIGNATURE = Reason(N_("cấu trúc chữ ký bị hỏng"))
ODD = Reason(N_("cấu trúc tệp có chỗ bất thường nên không xác nhận được"))
REVOKED = Reason(N_("chứng thư số đã bị thu hồi"))
UNTRUSTED = Reason(N_("chứng thư số không thuộc tổ chức chứng thực được tin cậy"))
EXPIRED = Reason(N_("chứng thư số hết hạn hoặc chưa có hiệu lực vào lúc ký"))
WEAK = Reason(N_("dùng thuật toán đã bị coi là không an toàn"))
UNKNOWN_STATUS = Reason(N_("không có thông tin để biết chứng thư số còn hiệu lực vào lúc ký"))
WAITS = Reason(N_("chờ dấu thời gian"))
NO_TIME = Reason(N_("không có dấu thời gian tin cậy"))

WORDS: dict[AdESSubIndic, Reason] = {
    AdESFailure.FORMAT_FAILURE: BROKEN_SIGNATURE,
    AdESFailure.HASH_FAILURE: CHANGED,
    AdESFailure.SIG_CRYPTO_FAILURE: CHANGED,
    AdESFailure.REVOKED: REVOKED,
    AdESIndeterminate.REVOKED_NO_POE: REVOKED,
    AdESIndeterminate.REVOKED_CA_NO_POE: REVOKED,
    AdESFailure.NOT_YET_VALID: EXPIRED,
    AdESIndeterminate.NOT_YET_VALID: EXPIRED,
    AdESIndeterminate.EXPIRED: EXPIRED,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: EXPIRED,
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED: EXPIRED,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE: WEAK,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: WEAK,
    AdESIndeterminate.TRY_LATER: UNKNOWN_STATUS,
    AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE: UNKNOWN_STATUS,
    AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND: UNTRUSTED,
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: UNTRUSTED,
    AdESIndeterminate.NO_POE: NO_TIME,
    AdESIndeterminate.TIMESTAMP_ORDER_FAILURE: NO_TIME,
}

UNSIGNED = N_("Tệp không có chữ ký số")
"""The one problem of a file that nobody has signed."""


_TWICE = N_("Một trường chữ ký xuất hiện nhiều lần")
_LACKING = N_("Thiếu chữ ký “%(field)s”")
_ANOTHERS = N_("Chữ ký “%(field)s” không phải của người ký đã đăng ký")
_SURPLUS = N_("Có chữ ký ngoài danh sách: “%(field)s”")


def fault_of(report: Report) -> Fault | None:
    """The fault of a file by what its signatures say; None where they are good, or that cannot be said in a word."""
    said = {one.text for one in report.problems}
    reasons = {one.reason for one in report.signatures}
    if not report.ok and not report.signatures:
        return Fault.UNSIGNED
    if CHANGED in reasons:
        return Fault.ALTERED
    if said & {_TWICE, _LACKING, _ANOTHERS, _SURPLUS} or UNTRUSTED in reasons:
        return Fault.SIGNER
    return Fault.REVOKED if REVOKED in reasons else Fault.EXPIRED if EXPIRED in reasons else None


def unexpected(checks: Sequence[SignatureCheck], expected: Sequence[Expected] | None) -> list[Reason]:
    """What is wrong with who has signed which field; `expected` None: nothing can be."""
    if expected is None:
        return []
    found = {check.field: Expected(check.field, check.issuer, check.serial) for check in checks}
    if len(found) != len(checks):
        return [Reason(_TWICE)]
    problems = []
    for wanted in expected:
        if wanted.field not in found:
            problems.append(Reason(_LACKING, field=wanted.field))
        elif found.pop(wanted.field) != wanted:
            problems.append(Reason(_ANOTHERS, field=wanted.field))
    surplus = set(found) - {wanted.field for wanted in expected}
    return problems + [Reason(_SURPLUS, field=field) for field in sorted(surplus)]
