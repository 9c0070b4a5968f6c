"""As of which times the signatures in a file are judged, and by what: the chain of time-stamps over the document.

A time-stamp proves that what it covers was there at its time. The last one must hold as of the day of judging, each
earlier one as of the one after it, and a signature as of the first one after it, or of its own, which that one covers
(EN 319 102-1, 5.6.3; EN 319 142-1, 5.4). Statements of authorities come from the installation and from the file alike,
for they are signed; minutes.revocation lets no others in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko_certvalidator.path import ValidationPath

from minutes.envelope import BROKEN, stamped_at
from minutes.errors import N_, Reason
from minutes.report import CHANGED, ODD, REVOKED, UNKNOWN_STATUS, WORDS
from minutes.revocation import Fault, believing, fault
from minutes.trust import Trust

_FAULTS = {Fault.REVOKED: REVOKED, Fault.UNKNOWN: UNKNOWN_STATUS}


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is believed of a file, and what its time-stamps prove: (revision, time) of each, the oldest first. `reason`:
    why they prove nothing."""

    believed: Trust
    stamps: tuple[tuple[int, datetime], ...]
    reason: Reason | None = None

    def first_after(self, revision: int) -> datetime | None:
        """When what stands in a revision was there for certain; None where no time-stamp covers it."""
        return next((made for stamped, made in self.stamps if stamped > revision), None)


async def proofs(reader: PdfFileReader, stamps: Sequence[EmbeddedPdfSignature], trust: Trust, at: datetime) -> Proofs:
    """Judge the time-stamps over a document, in the order in which they lie in the file, as of `at`."""
    believed = believing(trust, *_inside(reader))
    proved: list[tuple[int, datetime]] = []
    moment, reason = at, None
    try:
        for stamp in reversed(stamps):
            reason = await _stamp_problem(stamp, believed, moment)
            made = stamped_at(stamp.signed_data)
            if reason is None and made > moment:
                reason = Reason(N_("không theo đúng thứ tự thời gian"))
            if reason is not None:
                break
            proved.insert(0, (stamp.signed_revision, made))
            moment = made
    except BROKEN:
        reason = ODD
    return Proofs(believed, () if reason else tuple(proved), reason)


def standing(certificates: Iterable[asn1_x509.Certificate], believed: Trust, moment: datetime) -> Reason | None:
    """What authorities say against a chain of certificates that was used at `moment`; None where they say that it was
    good."""
    found = {fault(one, believed, moment) for one in certificates}
    return next((_FAULTS[one] for one in Fault if one in found), None)


def certificates_of(path: ValidationPath | None) -> tuple[asn1_x509.Certificate, ...]:
    """The certificates of a path, the root left out."""
    return () if path is None else tuple(path.iter_certs(include_root=False))


async def _stamp_problem(stamp: EmbeddedPdfSignature, believed: Trust, moment: datetime) -> Reason | None:
    status = await async_validate_pdf_timestamp(stamp, believed.context(moment), skip_diff=True)
    if not (status.intact and status.valid):
        return CHANGED
    if not status.trusted:
        words = WORDS.get(status.trust_problem_indic) if status.trust_problem_indic else None
        return words or Reason(N_("không thuộc tổ chức cấp dấu thời gian được tin cậy"))
    return standing(certificates_of(status.validation_path), believed, moment)


def _inside(reader: PdfFileReader) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """The certificates, revocation lists and OCSP answers that a file carries, each in DER."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
        certificates, lists, answers = (
            [one.get_object().data for one in part] for part in (store.certs.values(), store.crls, store.ocsps)
        )
    except (NoDSSFoundError, *BROKEN):
        return [], [], []
    return certificates, lists, answers
