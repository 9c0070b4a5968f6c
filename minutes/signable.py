"""What a signing program on the official's own machine must see before the key may move: that the bytes which it is
given to sign are CMS signed attributes, of the certificate that was chosen, over exactly the file that it shows.

A key that signs whatever a web page hands it would sign a letter of resignation, or a login, as readily as minutes.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms as asn1_cms  # type: ignore[import-untyped]

from minutes.errors import N_, Reason, SigningFailed

MAX_PDF = 32 * 2**20
MAX_ATTRIBUTES = 8192
"""Octets; ours have about 250."""
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
_NEEDED = frozenset({"content_type", "message_digest", "signing_certificate_v2"})
_ALLOWED = _NEEDED | {"signing_time", "cms_algorithm_protection"}


@dataclass(frozen=True, slots=True)
class Signable:
    """A file that waits for its signature: `document_digest` is the SHA-256 of all of it but the empty gap."""

    pdf: bytes
    attributes: bytes
    document_digest: bytes


def inspect(pdf: bytes, attributes: bytes, certificate: bytes) -> Signable:
    """Check that `attributes` (DER) say that the certificate (DER) signs `pdf`. Raises SigningFailed."""
    if len(pdf) > MAX_PDF or len(attributes) > MAX_ATTRIBUTES:
        raise _refused(N_("văn bản quá lớn"))
    digest = _digest(pdf)
    told = _told(attributes)
    if told["content_type"] != "data":
        raise _refused(N_("dữ liệu cần ký không phải của một văn bản"))
    if told["message_digest"] != digest:
        raise _refused(N_("dữ liệu cần ký không khớp với văn bản đang hiển thị"))
    # RFC 5035, 4: the first certificate named is the signer's; SHA-256 is its default and ours.
    named = told["signing_certificate_v2"]["certs"][0]
    algorithm = named["hash_algorithm"]["algorithm"] if named["hash_algorithm"] else "sha256"
    if algorithm != "sha256" or named["cert_hash"] != hashlib.sha256(certificate).digest():
        raise _refused(N_("dữ liệu cần ký là của một chứng thư số khác"))
    return Signable(pdf, attributes, digest)


def _digest(pdf: bytes) -> bytes:
    """Of everything but the gap of zeros; what stands around it must reach from the first byte to the last."""
    found = []
    for match in _BYTE_RANGE.finditer(pdf):
        start, before, after, rest = (int(number) for number in match.groups())
        if start == 0 and 0 < before < after < len(pdf) and after + rest == len(pdf):
            gap = pdf[before:after]
            if gap[:1] == b"<" and gap[-1:] == b">" and not gap[1:-1].strip(b"0"):
                found.append((before, after))
    if len(found) != 1:
        raise _refused(N_("tệp không có đúng một chỗ trống dành cho chữ ký"))
    before, after = found[0]
    digest = hashlib.sha256(pdf[:before])
    digest.update(pdf[after:])
    return digest.digest()


def _told(attributes: bytes) -> dict[str, Any]:
    try:
        parsed = asn1_cms.CMSAttributes.load(attributes, strict=True)
        told = {one["type"].native: one["values"].native for one in parsed}
        if len(told) != len(parsed) or not _NEEDED <= told.keys() <= _ALLOWED:
            raise ValueError("other attributes")
        if any(len(values) != 1 for values in told.values()) or parsed.dump(force=True) != attributes:
            raise ValueError("not DER")
        return {name: values[0] for name, values in told.items()}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise _refused(N_("dữ liệu cần ký có cấu trúc lạ")) from error


def _refused(text: str) -> SigningFailed:
    return SigningFailed(Reason(text))
