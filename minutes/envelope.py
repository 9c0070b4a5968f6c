"""How signatures lie in the bytes of a file: what must be true before cryptography has anything to say.

A signature covers two stretches of the file and leaves a hole between them for itself (ISO 32000-2, 12.8.1). Whatever
could stand in the hole besides the signature, or before the first and after the last stretch, is signed by nobody.
Everything here is cheap; most forged files are found out here.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from asn1crypto import cms  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.general import SigningError, ValueErrorWithMessage
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from minutes.errors import N_, Reason

BROKEN = (
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
"""What pyHanko and asn1crypto raise on hostile bytes: their own errors, and what their parsers leak."""
_RANGE = re.compile(rb"/ByteRange\b")
_HEX = re.compile(rb"(?:[0-9a-f]*|[0-9A-F]*)")
_END = re.compile(rb"%%EOF[\r\n]{0,2}\Z")
_SUBFILTERS = frozenset({"/ETSI.CAdES.detached", "/ETSI.RFC3161", "/adbe.pkcs7.detached"})


def is_time_stamp(found: EmbeddedPdfSignature) -> bool:
    """Whether it is a time-stamp over the document rather than somebody's signature."""
    return bool(found.sig_object.get("/Type") == "/DocTimeStamp")


def stamped_at(token: cms.SignedData) -> datetime:
    """The time that a time-stamp token (RFC 3161) tells, whoever has made it. Raises BROKEN."""
    told: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return told


def own_stamp(found: EmbeddedPdfSignature) -> datetime | None:
    """The time of a signature's own time-stamp, unproved; None where it has none. Raises BROKEN."""
    tokens = [
        one["content"]
        for attribute in found.signer_info["unsigned_attrs"]
        if attribute["type"].native == "signature_time_stamp_token"
        for one in attribute["values"]
    ]
    return stamped_at(tokens[0]) if tokens else None


def misplaced(pdf: bytes, found: Sequence[EmbeddedPdfSignature]) -> Reason | None:
    """Why the signatures of a file cannot be taken as they lie there, in words; None when they can."""
    if not pdf.startswith(b"%PDF-"):
        return Reason(N_("Có dữ liệu lạ ở đầu tệp"))
    if len(_RANGE.findall(pdf)) != len(found):
        return Reason(N_("Tệp khai nhiều phạm vi ký cho cùng một chữ ký, hoặc giấu chữ ký"))
    ends = []
    for one in found:
        if not _holds_only_itself(pdf, one):
            return Reason(N_("Phạm vi của một chữ ký trong tệp không đúng quy cách"))
        ends.append(int(one.byte_range[2]) + int(one.byte_range[3]))
    if ends != sorted(set(ends)):
        return Reason(N_("Phạm vi của các chữ ký trong tệp chồng lên nhau"))
    if not all(_END.search(pdf, max(0, end - 8), end) for end in ends):
        return Reason(N_("Phạm vi của một chữ ký trong tệp không đúng quy cách"))
    return None


def _holds_only_itself(pdf: bytes, one: EmbeddedPdfSignature) -> bool:
    """The hole holds one signature written in hexadecimal, zeros after it, and nothing else."""
    edges = [int(edge) for edge in one.byte_range]
    if len(edges) != 4 or edges[0] != 0 or not 0 < edges[1] < edges[2] <= edges[2] + edges[3] <= len(pdf):
        return False
    if str(one.sig_object.get("/SubFilter")) not in _SUBFILTERS:
        return False
    hole = pdf[edges[1] : edges[2]]
    # Small and capital digits mixed would let a byte change its value's writing and not its value.
    if hole[:1] != b"<" or hole[-1:] != b">" or not _HEX.fullmatch(hole, 1, len(hole) - 1):
        return False
    contents = bytes.fromhex(hole[1:-1].decode())
    if contents != one.pkcs7_content:
        return False
    written = cms.ContentInfo.load(contents).dump()
    return contents.startswith(written) and not contents[len(written) :].strip(b"\x00") and _plain(one)


def _plain(one: EmbeddedPdfSignature) -> bool:
    """Whether the parts of a signature that nobody signs are as they must be (RFC 5652, 5.1 and 5.3)."""
    signed, signer = one.signed_data, one.signer_info
    content = signed["encap_content_info"]["content_type"].native
    if (content == "tst_info") != is_time_stamp(one) or content not in ("data", "tst_info"):
        return False
    versions = (signed["version"].native, signer["version"].native)
    by_name = signer["sid"].name == "issuer_and_serial_number"
    if versions != ("v1" if by_name and content == "data" else "v3", "v1" if by_name else "v3"):
        return False
    if by_name and signer["sid"].chosen["issuer"].dump() != one.signer_cert.issuer.dump():
        return False  # names are the same in other letters, too
    if [each.dump() for each in signed["digest_algorithms"]] != [signer["digest_algorithm"].dump()]:
        return False
    beside = [attribute["type"].native for attribute in signer["unsigned_attrs"]]
    if any(len(attribute["values"]) != 1 for attribute in signer["unsigned_attrs"]):
        return False  # of several time-stamps each would prove another time
    return not beside if is_time_stamp(one) else beside in ([], ["signature_time_stamp_token"])


def intact(found: EmbeddedPdfSignature) -> bool:
    """Whether what a signature covers is as it was, and the signature is by the key of the certificate that comes with
    it; whose certificate that is has yet to be seen."""
    content = found.signed_data["encap_content_info"]
    if is_time_stamp(found):
        named = content["content"].parsed["message_imprint"]["hashed_message"].native
        if named != found.compute_digest():
            return False
        digest = hashlib.new(found.md_algorithm, bytes(content["content"])).digest()
    else:
        digest = found.compute_digest()
    same, signed = validate_sig_integrity(found.signer_info, found.signer_cert, content["content_type"].native, digest)
    return bool(same and signed)


def covers_whole(found: Sequence[EmbeddedPdfSignature], size: int) -> bool:
    """Whether the last signature ends exactly with the file; pyHanko lets bytes after %%EOF pass."""
    return any(int(one.byte_range[2]) + int(one.byte_range[3]) == size for one in found)
