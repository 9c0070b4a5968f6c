"""What makes signatures last: a time-stamp over the whole document, with the certificates and revocation data that
prove it and what it covers (PAdES, EN 319 142-1: DSS and document time-stamp, level B-LTA).

The same step is taken three times in a document's life. With the seal, at once. Later, where the time-stamping service
was down: a signature's own time-stamp is an unsigned attribute inside its CMS, and to add it afterwards would change
bytes that later signatures cover; a time-stamp over the document proves all signatures before it just as well
(EN 319 142-1, 5.3: either makes B-T). So signatures that wait are never touched, only followed. And every few years,
before the certificate of the last time-stamp expires: the next one covers it.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import LayoutError
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import timestamps
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper, TimestampDSSContentSettings
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import InsufficientRevinfoError, PathError, RevokedError, ValidationError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from minutes.envelope import is_time_stamp, stamped_at
from minutes.errors import N_, NoStatus, NoTimeStamp, Reason, SigningFailed
from minutes.revocation import for_file
from minutes.stamper import for_one_use
from minutes.trust import Trust

DIGEST = "sha256"
FAILURES = (
    SigningError,
    PathError,
    ValidationError,
    PdfError,
    LayoutError,
    timestamps.TimestampRequestError,
    OSError,
    ValueError,
)
"""What signing and time-stamping raise; `failed` says which of ours it is."""
# Evidence stands in the revision that the time-stamp covers, so that nothing ever follows the last one.
_EVIDENCE = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)


@dataclass(frozen=True, slots=True)
class LastStamp:
    """The last time-stamp over a document: when it was made, and until when its own certificate is good."""

    at: datetime
    good_until: datetime


def last_stamp(pdf: bytes) -> LastStamp | None:
    """None where there is none. Raises ValueError for what is no readable PDF. The stamp is not judged here."""
    try:
        stamps = [one for one in PdfFileReader(io.BytesIO(pdf)).embedded_signatures if is_time_stamp(one)]
        if not stamps:
            return None
        return LastStamp(stamped_at(stamps[-1].signed_data), stamps[-1].signer_cert.not_valid_after)
    except (PdfError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise ValueError("not a signed PDF") from error


async def prove(pdf: bytes, *, trust: Trust, time_stamper: timestamps.TimeStamper, at: datetime | None = None) -> bytes:
    """Add a time-stamp over the whole file, with evidence for it and for all that no earlier one covers.

    `at` is the time of judging what is covered (None: now). Raises NoTimeStamp, NoStatus; SigningFailed where what is
    to be proved does not hold any more, as when a certificate was revoked or has expired meanwhile.
    """
    out = io.BytesIO()
    try:
        unproved = _unproved(list(PdfFileReader(io.BytesIO(pdf)).embedded_signatures))
        known = for_file(trust, [one.signer_cert for one in unproved])
        context = known.context(at)
        paths = []
        for one in unproved:
            extended = {"time_stamping"} if is_time_stamp(one) else None
            validator = CertificateValidator(
                one.signer_cert, intermediate_certs=registry(known), validation_context=context
            )
            paths.append(await validator.async_validate_usage(set(), extended))  # type: ignore[no-untyped-call]
        await PdfTimeStamper(for_one_use(time_stamper)).async_timestamp_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)),
            DIGEST,
            validation_context=context,
            validation_paths=paths,
            output=out,
            dss_settings=_EVIDENCE,
        )
    except FAILURES as error:
        raise failed(error) from error
    return out.getvalue()


def _unproved(found: Sequence[EmbeddedPdfSignature]) -> Sequence[EmbeddedPdfSignature]:
    """The last time-stamp and what came after it; without one, everything."""
    stamps = [place for place, one in enumerate(found) if is_time_stamp(one)]
    return found[stamps[-1] :] if stamps else found


def registry(trust: Trust) -> SimpleCertificateStore:
    """The authorities' certificates, for files that bring only the signer's own."""
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([*trust.intermediates, *trust.roots])
    return store


def failed(error: Exception) -> SigningFailed:
    """The error of ours for one of FAILURES."""
    if isinstance(error, OSError):  # pyHanko's TimestampRequestError is one
        return NoTimeStamp(Reason(N_("dịch vụ cấp dấu thời gian không trả lời đúng")))
    reasons = list(_reasons(error))
    if any(isinstance(one, RevokedError) for one in reasons):
        return SigningFailed(Reason(N_("Chứng thư số đã bị thu hồi, không ký được nữa")))
    if any(isinstance(one, InsufficientRevinfoError) for one in reasons):
        return NoStatus(Reason(N_("chưa biết chứng thư số có bị thu hồi hay không")))
    return SigningFailed(Reason(N_("Phần mềm ký báo lỗi: %(error)s"), error=error))


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
