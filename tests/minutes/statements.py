"""What authorities say, and what others say in their name: revocation lists and OCSP answers made by hand."""

from datetime import UTC, datetime, timedelta

from asn1crypto import core, crl, keys, ocsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tests.minutes.certification import Certification

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def key_of(authority: Certification, name: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key((authority.folder / "keys" / f"{name}.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def answer(
    about: x509.Certificate,
    issuer: x509.Certificate,
    responder: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    *,
    status: str = "good",
    began: datetime | None = None,
    good_for: timedelta | None = HOUR,
    copies: int = 1,
) -> ocsp.OCSPResponse:
    """An OCSP answer about a certificate that `responder` has signed, or whoever calls himself so. `good_for` None: it
    names no end."""
    began = began or now()
    asked = {
        "hash_algorithm": {"algorithm": "sha1"},
        "issuer_name_hash": issuer.subject.sha1,
        "issuer_key_hash": issuer.public_key.sha1,
        "serial_number": about.serial_number,
    }
    value = ocsp.RevokedInfo({"revocation_time": began}) if status == "revoked" else core.Null()
    single = {"cert_id": asked, "cert_status": ocsp.CertStatus(name=status, value=value), "this_update": began}
    if good_for is not None:
        single["next_update"] = began + good_for
    told = ocsp.ResponseData(
        {
            "responder_id": ocsp.ResponderId(name="by_key", value=responder.public_key.sha1),
            "produced_at": began,
            "responses": [ocsp.SingleResponse(single) for _ in range(copies)],
        }
    )
    basic = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": told,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": key.sign(told.dump(), ec.ECDSA(hashes.SHA256())),
            "certs": [responder],
        }
    )
    body = {"response_type": "basic_ocsp_response", "response": core.ParsableOctetString(basic.dump())}
    return ocsp.OCSPResponse({"response_status": "successful", "response_bytes": body})


def lookalike(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The same certificate, its serial number and signature included, with another key in it."""
    forged = x509.Certificate.load(certificate.dump())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    forged["tbs_certificate"]["subject_public_key_info"] = keys.PublicKeyInfo.load(public)
    return x509.Certificate.load(forged.dump(force=True))


def listing(
    authority: Certification,
    began: datetime,
    until: datetime,
    revoked: dict[str, datetime] | None = None,
    *,
    by: str = "ca",
    key: ec.EllipticCurvePrivateKey | None = None,
) -> crl.CertificateList:
    """A revocation list of an authority, signed with its key unless another is given."""
    issuer = pyca.load_der_x509_certificate(authority.certificate(by).dump()).subject
    builder = pyca.CertificateRevocationListBuilder().issuer_name(issuer).last_update(began).next_update(until)
    for name, since in (revoked or {}).items():
        serial = authority.certificate(name).serial_number
        entry = pyca.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        builder = builder.add_revoked_certificate(entry)
    signed = builder.sign(key or key_of(authority, by), hashes.SHA256())
    return crl.CertificateList.load(signed.public_bytes(Encoding.DER))
