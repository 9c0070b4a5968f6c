"""A signature in two steps, with a stored value between them: what is to be signed goes to whoever has the key (a
token, a card, a remote service), and what comes back completes the file, days or restarts later.

`begin` makes the file with room for the signature and the CMS signed attributes (RFC 5652, 5.3; PAdES, EN 319 142-1)
that alone go to the key; `finish` puts the raw signature, its time-stamp and evidence in place. A key in memory takes
the same way: `minutes.signing.sign` is both steps at once.
"""

import io
from dataclasses import dataclass

from asn1crypto import algos as asn1_algos  # type: ignore[import-untyped]
from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from PIL import Image
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields as pdf_fields
from pyhanko.sign import signers, timestamps
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSigner,
    PdfTBSDocument,
    SigDSSPlacementPreference,
)
from pyhanko.stamp import StaticStampStyle

from minutes.errors import N_, NoStatus, Reason, SigningFailed
from minutes.evidence import DIGEST, FAILURES, failed, prove, registry
from minutes.revocation import for_file
from minutes.stamper import for_one_use
from minutes.trust import Trust, common_name

# Evidence goes into the revision that is being signed, so that nothing ever follows the last signature
# and "covers the file to its last byte" can be demanded at every stage.
_EVIDENCE = DSSContentSettings(include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A signature that lacks only what the key does.

    `pdf` has zeros from `start` to `end` where the signature will stand, `document_digest` is the SHA-256 of all its
    other bytes. `attributes` (DER) are what the key signs, `certificate` (DER) is its own. `seal`: a document
    time-stamp follows (PAdES B-LTA).
    """

    pdf: bytes
    document_digest: bytes
    start: int
    end: int
    attributes: bytes
    certificate: bytes
    seal: bool


async def begin(
    pdf: bytes,
    field: str,
    certificate: asn1_x509.Certificate,
    *,
    trust: Trust,
    time_stamper: timestamps.TimeStamper | None,
    image: bytes,
    certify: bool = False,
    seal: bool = False,
    location: str | None = None,
) -> Interrupted:
    """Make ready to fill one prepared field; the options are those of minutes.signing.sign.

    The certificate must chain to a trusted root and not be revoked or expired. Where authorities say nothing about it
    now, evidence is left out and the signature waits for minutes.evidence.prove. Raises NoTimeStamp, SigningFailed.
    """
    style = StaticStampStyle(background=PdfImage(Image.open(io.BytesIO(image))), background_opacity=1.0, border_width=0)
    known, stamper = for_file(trust, [certificate]), time_stamper and for_one_use(time_stamper)
    external = ExternalSigner(certificate, registry(known), _signature_size(certificate))

    async def made(evidence: Trust | None) -> tuple[bytes, PreparedByteRangeDigest]:
        metadata = signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm=DIGEST,
            location=location,
            name=common_name(certificate),
            subfilter=pdf_fields.SigSeedSubFilter.PADES,
            certify=certify,
            docmdp_permissions=pdf_fields.MDPPerm.FILL_FORMS,
            embed_validation_info=evidence is not None,
            dss_settings=_EVIDENCE,
            validation_context=None if evidence is None else evidence.context(),
        )
        signer = PdfSigner(metadata, signer=external, timestamper=stamper, stamp_style=style)
        out = io.BytesIO()
        prepared, _document, _out = await signer.async_digest_doc_for_signing(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), existing_fields_only=True, output=out
        )
        return out.getvalue(), prepared

    try:
        try:
            data, prepared = await made(known)
        except FAILURES as error:
            if not isinstance(failed(error), NoStatus):
                raise
            data, prepared = await made(None)
        attributes = await external.signed_attrs(prepared.document_digest, DIGEST, use_pades=True)
    except FAILURES as error:
        raise failed(error) from error
    return Interrupted(
        data,
        prepared.document_digest,
        prepared.reserved_region_start,
        prepared.reserved_region_end,
        attributes.dump(),
        certificate.dump(),
        seal,
    )


async def finish(
    half: Interrupted, signature: bytes, *, trust: Trust, time_stamper: timestamps.TimeStamper | None
) -> bytes:
    """The signed file. `signature` is RSA PKCS#1 v1.5, or ECDSA as DER or as r and s (PKCS#11) over the attributes.
    Without a time-stamper the signature waits for `minutes.evidence.prove`.

    Raises NoTimeStamp; SigningFailed for a signature that the certificate's key has not made.
    """
    certificate = asn1_x509.Certificate.load(half.certificate)
    value = _checked(half, signature)
    external = ExternalSigner(certificate, registry(trust.for_one_use()), value)
    prepared = PreparedByteRangeDigest(half.document_digest, half.start, half.end)
    out = io.BytesIO(half.pdf)
    try:
        signed = await external.async_sign_prescribed_attributes(
            DIGEST,
            asn1_cms.CMSAttributes.load(half.attributes),
            timestamper=time_stamper and for_one_use(time_stamper),
        )
        await PdfTBSDocument.async_finish_signing(out, prepared, signed)
    except FAILURES as error:
        raise failed(error) from error
    if not half.seal or time_stamper is None:
        return out.getvalue()
    try:
        return await prove(out.getvalue(), trust=trust, time_stamper=time_stamper)
    except NoStatus:
        return out.getvalue()


def _public_key(certificate: bytes) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError as error:
        raise SigningFailed(Reason(N_("Chứng thư số không đọc được"))) from error
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise SigningFailed(Reason(N_("Chứng thư số không dùng khóa RSA hoặc EC")))
    return key


def _signature_size(certificate: asn1_x509.Certificate) -> int:
    """Octets that a signature needs at most: the modulus, or two numbers of the curve's size in DER."""
    key = _public_key(certificate.dump())
    octets = (key.key_size + 7) // 8
    return octets if isinstance(key, rsa.RSAPublicKey) else 2 * octets + 16


def _checked(half: Interrupted, signature: bytes) -> bytes:
    """The signature as CMS has it, if it is by the certificate's key."""
    key = _public_key(half.certificate)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, half.attributes, padding.PKCS1v15(), hashes.SHA256())
            return signature
        octets = (key.key_size + 7) // 8
        if len(signature) == 2 * octets:
            try:
                value: bytes = asn1_algos.DSASignature.from_p1363(signature).dump()
                key.verify(value, half.attributes, ec.ECDSA(hashes.SHA256()))
                return value
            except InvalidSignature:  # DER may happen to be as long
                pass
        key.verify(signature, half.attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SigningFailed(Reason(N_("chữ ký trả về không phải của chứng thư số này"))) from error
    return signature
