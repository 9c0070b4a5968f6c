"""The edge to cryptography: PAdES signatures, their time-stamps, and the judgement of a signed file (pyHanko).

People sign at PAdES B-LT (time-stamp and revocation data inside), the agency's seal at B-LTA: a document
time-stamp over everything. Nothing is fetched from the network: roots, intermediates, revocation lists and OCSP answers
are files of the installation, because addresses inside an uploaded file must never make this server call anybody.
"""

import io
from collections.abc import Mapping, Sequence

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, pkcs12
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields as pdf_fields
from pyhanko.sign import timestamps

from minutes.errors import N_, Reason, SigningFailed, WrongPin
from minutes.evidence import DIGEST
from minutes.interrupted import begin, finish
from minutes.stamper import OwnStamper
from minutes.trust import Trust, common_name, issuer_of
from minutes.typeset import FieldBox

WRONG_PIN = N_("Mã PIN không đúng.")
NO_KEY = N_("Tệp khóa không chứa chứng thư số và khóa RSA hoặc EC")

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Credential:
    """A certificate with its private key in memory (soft key)."""

    def __init__(self, certificate: asn1_x509.Certificate, key: PrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def load(cls, data: bytes, pin: str) -> "Credential":
        """From a PKCS#12 file of this installation; what others bring is opened by server.key_files. Raises WrongPin,
        or SigningFailed when the file holds no usable key."""
        try:
            key, certificate, _ = pkcs12.load_key_and_certificates(data, pin.encode())
        except ValueError:
            # OpenSSL does not tell a wrong PIN from a damaged file; the MAC fails for both.
            raise WrongPin(Reason(WRONG_PIN)) from None
        if certificate is None or not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
            raise SigningFailed(Reason(NO_KEY))
        return cls(asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)), key)

    @classmethod
    def plain(cls, certificate: bytes, key: bytes) -> "Credential":
        """From DER, the key as PKCS#8; both were checked when they came out of their file. Raises ValueError."""
        loaded = load_der_private_key(key, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(loaded, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
            raise ValueError("neither RSA nor EC")
        return cls(asn1_x509.Certificate.load(certificate), loaded)

    @property
    def subject(self) -> str:
        return str(self.certificate.subject.human_friendly)

    @property
    def name(self) -> str:
        """The subject's common name."""
        return common_name(self.certificate)

    @property
    def issuer(self) -> str:
        """The issuer's name in one canonical line; with `serial` it identifies the certificate."""
        return issuer_of(self.certificate)

    @property
    def serial(self) -> int:
        return int(self.certificate.serial_number)

    def sign(self, data: bytes, digest_algorithm: str) -> bytes:
        """The raw signature value: ECDSA or RSA PKCS#1 v1.5."""
        digest = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest_algorithm]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), digest)
        return self._key.sign(data, ec.ECDSA(digest))

    def time_stamper(self) -> OwnStamper:
        """An RFC 3161 authority in this process, for demonstrations and tests."""
        return OwnStamper(self.certificate.dump(), self.sign)


def prepare(pdf: bytes, boxes: Sequence[FieldBox]) -> bytes:
    """Append all visible, empty signature fields as one revision.

    They must exist before the first signature: a field added later would break that one. The last field (the
    seal) locks all fields once it is signed. Each field enters the tag tree, so that PDF/UA stays true.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for number, box in enumerate(boxes):
        lock = pdf_fields.FieldMDPSpec(pdf_fields.FieldMDPAction.ALL) if number == len(boxes) - 1 else None
        x1, y1, x2, y2 = (round(edge) for edge in box.box)
        spec = pdf_fields.SigFieldSpec(
            box.name,
            on_page=box.page,
            box=(x1, y1, x2, y2),
            field_mdp_spec=lock,
            readable_field_name=box.label,
        )
        pdf_fields.append_signature_field(writer, spec)
    if "/StructTreeRoot" in writer.root:
        _tag(writer, {box.name: box.label for box in boxes})
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _tag(writer: IncrementalPdfFileWriter, labels: Mapping[str, str]) -> None:
    """Nest the fields' annotations in Form elements at the end of the document (ISO 14289-1, 7.18.4)."""
    tree = writer.root["/StructTreeRoot"]
    top_reference = tree["/K"].raw_get(0)
    top = top_reference.get_object()
    key = int(tree["/ParentTreeNextKey"])
    entries = generic.ArrayObject()
    fields = writer.root["/AcroForm"]["/Fields"]
    for reference in [fields.raw_get(index) for index in range(len(fields))]:
        field = reference.get_object()
        label = labels.get(str(field["/T"]))
        if label is None:
            continue
        link = generic.DictionaryObject(  # type: ignore[no-untyped-call]
            {
                generic.pdf_name("/Type"): generic.pdf_name("/OBJR"),
                generic.pdf_name("/Obj"): reference,
                generic.pdf_name("/Pg"): field.raw_get("/P"),
            }
        )
        element = generic.DictionaryObject(  # type: ignore[no-untyped-call]
            {
                generic.pdf_name("/Type"): generic.pdf_name("/StructElem"),
                generic.pdf_name("/S"): generic.pdf_name("/Form"),
                generic.pdf_name("/P"): top_reference,
                generic.pdf_name("/K"): link,
                generic.pdf_name("/Alt"): generic.pdf_string(label),
            }
        )
        added = writer.add_object(element)
        top["/K"].append(added)
        entries.extend([generic.NumberObject(key), added])  # type: ignore[no-untyped-call]
        field["/StructParent"] = generic.NumberObject(key)  # type: ignore[no-untyped-call]
        key += 1
    parents = tree["/ParentTree"]
    if "/Nums" not in parents:
        raise SigningFailed(Reason(N_("Cây thẻ của tệp PDF có cấu trúc lạ")))
    parents["/Nums"].extend(entries)
    tree["/ParentTreeNextKey"] = generic.NumberObject(key)  # type: ignore[no-untyped-call]
    for changed in (top["/K"], parents["/Nums"], tree):
        writer.update_container(changed)


async def sign(
    pdf: bytes,
    field: str,
    credential: Credential,
    *,
    trust: Trust,
    time_stamper: timestamps.TimeStamper | None,
    image: bytes,
    certify: bool = False,
    seal: bool = False,
    location: str | None = None,
) -> bytes:
    """Fill one prepared field. `image` is a PNG shown in the field; a picture, since text would need its font inside.

    `certify` (the first signature): later changes other than filling in the fields are forbidden (DocMDP).
    `seal` (the last): a document time-stamp is added over everything (PAdES B-LTA).
    Without a time-stamper the signatures wait for `minutes.evidence.prove`, which nothing may come before.
    Raises NoTimeStamp, SigningFailed; the certificate must chain to a trusted root and not be revoked or expired.
    """
    half = await begin(
        pdf,
        field,
        credential.certificate,
        trust=trust,
        time_stamper=time_stamper,
        image=image,
        certify=certify,
        seal=seal,
        location=location,
    )
    return await finish(half, credential.sign(half.attributes, DIGEST), trust=trust, time_stamper=time_stamper)
