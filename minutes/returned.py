"""A whole file that went out to be signed elsewhere (VGCA Sign Service) and has come back: it must be exactly the file
that was issued, with one signature after it, in the field that was prepared for it.

Validation alone would not do: a file that was signed elsewhere as well can be valid and still be another file.
"""

import io

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError, ValueErrorWithMessage
from pyhanko.sign.validation import EmbeddedPdfSignature

from minutes.envelope import covers_whole
from minutes.errors import N_, Reason, SigningFailed

MAX_ADDED = 4 * 2**20
"""Octets that a signature may add to a file; ours add some 60,000."""
_BROKEN = (
    PdfError, SigningError, ValueErrorWithMessage, ValueError, TypeError, KeyError, IndexError, AttributeError,
    AssertionError, NotImplementedError, RecursionError, OverflowError, OSError,
)  # fmt: skip


def signer_of(issued: bytes, returned: bytes, field: str) -> asn1_x509.Certificate:
    """The certificate of the one signature that `returned` adds to `issued`. Raises SigningFailed for anything else.

    That the signature holds, and whose it is, is still to be found out.
    """
    if len(returned) > len(issued) + MAX_ADDED:
        raise _refused(N_("tệp gửi lại lớn hơn nhiều so với tệp đã phát hành để ký"))
    if len(returned) <= len(issued) or not returned.startswith(issued):
        raise _refused(N_("tệp gửi lại không phải là tệp đã phát hành để ký, hoặc đã bị sửa"))
    before = {str(one.field_name) for one in _signatures(issued)}
    added = [one for one in _signatures(returned) if str(one.field_name) not in before]
    if len(added) != 1:
        raise _refused(N_("tệp gửi lại không có đúng một chữ ký mới"))
    if str(added[0].field_name) != field:
        raise _refused(N_("chữ ký mới không nằm ở ô dành cho người ký"))
    try:
        # What stood unsigned behind the signature would be covered by our time-stamp, as if it belonged there.
        if not covers_whole(added, len(returned)):
            raise _refused(N_("tệp gửi lại có dữ liệu thêm vào sau chữ ký"))
        return added[0].signer_cert
    except _BROKEN as error:
        raise _refused(N_("chữ ký mới có cấu trúc bị hỏng")) from error


def _signatures(pdf: bytes) -> list[EmbeddedPdfSignature]:
    try:
        return list(PdfFileReader(io.BytesIO(pdf)).embedded_signatures)
    except _BROKEN as error:
        raise _refused(N_("tệp gửi lại không đọc được")) from error


def _refused(text: str) -> SigningFailed:
    return SigningFailed(Reason(text))
