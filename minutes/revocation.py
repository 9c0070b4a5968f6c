"""What authorities say of certificates: revocation lists (RFC 5280, 5) and answers about one certificate (OCSP, RFC
6960, 4.2). Whether a statement is an authority's own is decided here, before pyHanko sees it.

For pyHanko's library takes for the authority whoever shows a certificate with its serial number and its signature's
bytes, whatever key is in it, and takes a list for verified where another one with the same signature's bytes was; so
anybody could write "good" for a revoked certificate into a file. It also looks into no list once an answer says "good",
and believes lists of today about certificates that had expired before, which lists leave out. Here whoever says
"revoked" is believed, and silence counts only from somebody who would have spoken.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator.policy_decl import FRESHNESS_FALLBACK_VALIDITY_DEFAULT
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator

from minutes.trust import CLOCK_TOLERANCE, Trust

UNTIL_ASKED_AGAIN: timedelta = FRESHNESS_FALLBACK_VALIDITY_DEFAULT
"""How long an answer is good that names no end (RFC 6960, 4.2.2.1: there is always a newer one)."""
_WEAK = frozenset({"md2", "md5", "sha1"})
_MOST_RESPONDERS = 4
_UNREADABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError, RecursionError,
)  # fmt: skip


class Fault(Enum):
    """Why a certificate does not count."""

    REVOKED = auto()
    UNKNOWN = auto()
    """Nobody who could know has said that it was good."""


def authorities(
    pinned: Sequence[asn1_x509.Certificate], offered: Iterable[asn1_x509.Certificate]
) -> tuple[asn1_x509.Certificate, ...]:
    """The pinned ones, and those of `offered` whom one of them, or one of those, has made an authority."""
    known, left = list(pinned), [one for one in offered if _is_authority(one)]
    while True:
        more = [one for one in left if any(_issued(issuer, one) for issuer in known)]
        if not more:
            return tuple(known)
        known += more
        left = [one for one in left if one not in more]


def own_list(data: bytes, known: Sequence[asn1_x509.Certificate]) -> asn1_crl.CertificateList | None:
    """The list in `data` (DER), if one of the authorities `known` has signed it; None for anything else."""
    try:
        listed = asn1_crl.CertificateList.load(data, strict=True)
        makers = (one for one in known if one.subject == listed.issuer)
        signed = any(_signed(listed, "tbs_cert_list", "signature", maker.public_key) for maker in makers)
        x509.load_der_x509_crl(data)
    except (*_UNREADABLE, UnsupportedAlgorithm):
        return None
    return listed if signed else None


def own_answer(data: bytes, known: Sequence[asn1_x509.Certificate]) -> asn1_ocsp.OCSPResponse | None:
    """The answer in `data` (DER), if it is about one certificate and signed by the authority that issued it, or by a
    responder whom that authority itself has named (RFC 6960, 4.2.2.2); None for anything else."""
    try:
        answer = asn1_ocsp.OCSPResponse.load(data, strict=True)
        single = _single(answer)
        if single is None:
            return None
        basic = answer.basic_ocsp_response
        for issuer in known:
            if _same_issuer(single["cert_id"], issuer):
                keys = _responders(basic, issuer)
                if any(_signed(basic, "tbs_response_data", "signature", key) for key in keys):
                    return answer
    except _UNREADABLE:
        return None
    return None


def is_about(answer: asn1_ocsp.OCSPResponse, certificate: asn1_x509.Certificate) -> bool:
    """Whether an answer (one that own_answer has let pass) is about this certificate."""
    single = _single(answer)
    if single is None or single["cert_id"]["serial_number"].native != certificate.serial_number:
        return False
    asked = single["cert_id"]
    return bool(asked["issuer_name_hash"].native == getattr(certificate.issuer, _hash_of(asked), None))


def said(answer: asn1_ocsp.OCSPResponse) -> tuple[str, datetime, datetime]:
    """(good, revoked or unknown; since when the responder knows it; until when the answer is good)."""
    single = _single(answer)
    began: datetime = single["this_update"].native
    return str(single["cert_status"].name), began, single["next_update"].native or began + UNTIL_ASKED_AGAIN


def issuer_of_this(
    certificate: asn1_x509.Certificate, known: Iterable[asn1_x509.Certificate]
) -> asn1_x509.Certificate | None:
    """Which of the authorities has issued a certificate."""
    return next((one for one in known if _issued(one, certificate)), None)


def chain_of(certificate: asn1_x509.Certificate, trust: Trust) -> tuple[asn1_x509.Certificate, ...]:
    """A certificate and the authorities above it without the root; empty where they lead to none that is pinned."""
    chain, roots = [certificate], {one.dump() for one in trust.roots}
    while len(chain) <= len(trust.intermediates) + 1:
        issuer = issuer_of_this(chain[-1], (*trust.roots, *trust.intermediates))
        if issuer is None:
            break
        if issuer.dump() in roots:
            return tuple(chain)
        chain.append(issuer)
    return ()


def question(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bytes:
    """What a responder is asked about a certificate (OCSPRequest in DER). Without a nonce, so that answers made in
    advance will do (RFC 5019); SHA-1 only names the issuer in it."""
    asked = {
        "hash_algorithm": {"algorithm": "sha1"},
        "issuer_name_hash": issuer.subject.sha1,
        "issuer_key_hash": issuer.public_key.sha1,
        "serial_number": certificate.serial_number,
    }
    request = asn1_ocsp.OCSPRequest({"tbs_request": {"request_list": [{"req_cert": asked}]}})
    return bytes(request.dump())


def believing(trust: Trust, certificates: Iterable[bytes], lists: Iterable[bytes], answers: Iterable[bytes]) -> Trust:
    """What is trusted, and of what a file brings along (DER) only what authorities we know have made; shared with
    nobody."""
    trust = trust.for_one_use()
    offered = list(_read(certificates))
    known = authorities((*trust.roots, *trust.intermediates), offered)
    held = {one.dump() for one in (*trust.crls, *trust.ocsps)}
    more = [own_list(one, known) for one in dict.fromkeys(lists) if one not in held]
    told = [own_answer(one, known) for one in dict.fromkeys(answers) if one not in held]
    return replace(
        trust,
        intermediates=tuple(one for one in known if one not in trust.roots),
        crls=trust.crls + tuple(one for one in more if one is not None),
        ocsps=trust.ocsps + tuple(one for one in told if one is not None),
    )


def for_file(trust: Trust, certificates: Iterable[asn1_x509.Certificate]) -> Trust:
    """The same without answers about anybody else than these and the authorities: what goes into a file. Shared with
    nobody."""
    trust = trust.for_one_use()
    wanted = [*certificates, *trust.intermediates]
    return replace(trust, ocsps=tuple(one for one in trust.ocsps if any(is_about(one, each) for each in wanted)))


def fault(certificate: asn1_x509.Certificate, believed: Trust, moment: datetime) -> Fault | None:
    """What is wrong with a certificate that was used at `moment`, by all that authorities have said until today."""
    known = False
    for listed in believed.crls:
        if listed.issuer == certificate.issuer:
            since = _listed(listed, certificate.serial_number)
            if since is not None and since <= moment:
                return Fault.REVOKED
            part = listed["tbs_cert_list"]
            complete = listed.delta_crl_indicator_value is None
            known |= complete and _tells(part["this_update"].native, part["next_update"].native, certificate, moment)
    for answer in believed.ocsps:
        if is_about(answer, certificate):
            status, began, until = said(answer)
            if status == "revoked" and _single(answer)["cert_status"].chosen["revocation_time"].native <= moment:
                return Fault.REVOKED
            known |= status != "unknown" and _tells(began, until, certificate, moment)
    return None if known else Fault.UNKNOWN


def _tells(began: datetime, until: datetime | None, certificate: asn1_x509.Certificate, moment: datetime) -> bool:
    """Whether the silence of a statement means that the certificate was good: it reaches to the moment, and it is not
    from after the certificate's end, when authorities forget it (RFC 5280, 3.3)."""
    end = until or began + UNTIL_ASKED_AGAIN
    return moment - CLOCK_TOLERANCE <= end and began <= certificate.not_valid_after


def _listed(listed: asn1_crl.CertificateList, serial: int) -> datetime | None:
    """Since when a certificate is on a list."""
    point = listed.issuing_distribution_point_value
    if point is not None and point["indirect_crl"].native:
        return None  # serial numbers of other issuers stand there, too
    entry = x509.load_der_x509_crl(listed.dump()).get_revoked_certificate_by_serial_number(serial)
    if entry is None:
        return None
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = x509.ReasonFlags.unspecified
    return None if reason is x509.ReasonFlags.remove_from_crl else entry.revocation_date_utc


def _single(answer: asn1_ocsp.OCSPResponse) -> Any:
    """The one SingleResponse of a basic answer; None where there is not just one."""
    if answer["response_status"].native != "successful":
        return None
    if answer["response_bytes"]["response_type"].native != "basic_ocsp_response":
        return None
    responses = answer.response_data["responses"]
    return responses[0] if len(responses) == 1 else None


def _hash_of(asked: asn1_ocsp.CertId) -> str:
    return str(asked["hash_algorithm"]["algorithm"].native)


def _same_issuer(asked: asn1_ocsp.CertId, issuer: asn1_x509.Certificate) -> bool:
    name, key = (getattr(one, _hash_of(asked), None) for one in (issuer.subject, issuer.public_key))
    return bool(asked["issuer_name_hash"].native == name and asked["issuer_key_hash"].native == key)


def _responders(basic: asn1_ocsp.BasicOCSPResponse, issuer: asn1_x509.Certificate) -> Iterator[asn1_keys.PublicKeyInfo]:
    """The keys that may sign answers about what `issuer` has issued."""
    yield issuer.public_key
    made = basic["tbs_response_data"]["produced_at"].native
    for one in list(basic["certs"])[:_MOST_RESPONDERS]:
        uses = one.extended_key_usage_value
        named = uses is not None and "ocsp_signing" in uses.native
        if named and one.not_valid_before <= made <= one.not_valid_after and _issued(issuer, one):
            yield one.public_key


def _is_authority(certificate: asn1_x509.Certificate) -> bool:
    try:
        return bool(certificate.ca)
    except _UNREADABLE:
        return False


def _issued(issuer: asn1_x509.Certificate, certificate: asn1_x509.Certificate) -> bool:
    try:
        named = issuer.subject == certificate.issuer
        return named and _signed(certificate, "tbs_certificate", "signature_value", issuer.public_key)
    except _UNREADABLE:
        return False


def _signed(statement: Any, part: str, signature: str, key: asn1_keys.PublicKeyInfo) -> bool:
    """Whether `part` of a signed ASN.1 value is signed with this key, by no weak digest."""
    algorithm = statement["signature_algorithm"]
    try:
        digest = algorithm.hash_algo
    except ValueError:
        digest = None  # newer algorithms have none to name
    if digest in _WEAK:
        return False
    try:
        DefaultSignatureValidator().validate_signature(
            signature=statement[signature].native,
            signed_data=statement[part].dump(),
            public_key_info=key,
            signature_algorithm=algorithm,
        )
    except (*_UNREADABLE, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _read(certificates: Iterable[bytes]) -> Iterator[asn1_x509.Certificate]:
    for one in dict.fromkeys(certificates):
        try:
            certificate = asn1_x509.Certificate.load(one, strict=True)
            readable = bool(certificate.subject.native and certificate.issuer_serial and certificate.public_key.sha1)
        except _UNREADABLE:
            readable = False
        if readable:
            yield certificate
