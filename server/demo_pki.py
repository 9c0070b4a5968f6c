"""A certificate authority of its own for demonstrations: root, issuing CA, time-stamp authority, people and seals.

None of its certificates means anything outside the directory that it is made in.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.records_keys import TSA_PIN, KeyStore

LIFETIME = timedelta(days=3650)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Holder:
    """Who gets a key: `id` is the account, or the unit for a seal; `office` is the organisation's name."""

    id: str
    name: str
    office: str
    pin: str


class DemoPki:
    """Makes keys and certificates; `now` is the start of their validity (a little earlier is written)."""

    def __init__(self, now: datetime, organisation: str = "Giao ban - Chứng thực số thử nghiệm") -> None:
        self._start = now - timedelta(hours=1)
        self._organisation = organisation
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._issuing_key = ec.generate_private_key(ec.SECP256R1())
        root_name = self._name("Root CA thử nghiệm")
        self._root = self._authority(root_name, self._root_key, root_name, self._root_key, path_length=1)
        issuing_name = self._name("CA thử nghiệm phục vụ cơ quan nhà nước")
        self._issuing = self._authority(issuing_name, self._issuing_key, root_name, self._root_key, path_length=0)

    def write(self, directory: Path, people: Iterable[Holder], seals: Iterable[Holder]) -> None:
        """Fill `directory`: trust/ (roots, intermediates, revocation lists), tsa.p12 (PIN "tsa") and keys/.

        Each holder gets a PKCS#12 file under its own PIN. Existing files are replaced.
        """
        trust = directory / "trust"
        trust.mkdir(parents=True, exist_ok=True)
        (trust / "roots.pem").write_bytes(self._root.public_bytes(Encoding.PEM))
        (trust / "intermediates.pem").write_bytes(self._issuing.public_bytes(Encoding.PEM))
        (trust / "root.crl").write_bytes(self._revocations(self._root, self._root_key))
        (trust / "issuing.crl").write_bytes(self._revocations(self._issuing, self._issuing_key))
        # Not RSA: such a key takes long to make, and OpenSSL examines it at every start that reads it.
        tsa_key = ec.generate_private_key(ec.SECP256R1())
        tsa = self._leaf(self._name("TSA thử nghiệm"), tsa_key, time_stamping=True)
        _write_private(directory / "tsa.p12", self._pack(Holder("tsa", "TSA", "", TSA_PIN), tsa_key, tsa))
        keys = KeyStore(directory / "keys")
        for holder in people:
            keys.put_person(holder.id, self.credential(holder))
        for holder in seals:
            keys.put_seal(holder.id, self.credential(holder))

    def credential(
        self, holder: Holder, *, start: datetime | None = None, end: datetime | None = None, key: Key | None = None
    ) -> bytes:
        """A new certificate for `holder` and its key (P-256 unless given) as PKCS#12 under the holder's PIN."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder.office[:64]),
                x509.NameAttribute(NameOID.COMMON_NAME, holder.name[:64]),
            ]
        )
        return self._pack(holder, key, self._leaf(name, key, start=start, end=end))

    def _name(self, common_name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )

    def _builder(self, subject: x509.Name, key: Key, issuer: x509.Name) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def _authority(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        issuer: x509.Name,
        issuer_key: ec.EllipticCurvePrivateKey,
        *,
        path_length: int,
    ) -> x509.Certificate:
        return (
            self._builder(subject, key, issuer)
            .not_valid_before(self._start)
            .not_valid_after(self._start + 2 * LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )

    def _leaf(
        self,
        subject: x509.Name,
        key: Key,
        *,
        time_stamping: bool = False,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> x509.Certificate:
        builder = (
            self._builder(subject, key, self._issuing.subject)
            .not_valid_before(start or self._start)
            .not_valid_after(end or self._start + LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature", "content_commitment"), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._issuing_key.public_key()), critical=False
            )
        )
        if time_stamping:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(self._issuing_key, hashes.SHA256())

    def _revocations(
        self,
        issuer: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        revoked: Iterable[int] = (),
        since: datetime | None = None,
    ) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(self._start)
            .next_update(self._start + LIFETIME)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        for serial in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since or self._start).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def revoke(self, directory: Path, serials: Iterable[int], *, since: datetime | None = None) -> None:
        """Write the issuing CA's revocation list again, with these certificates on it. `since` None: from the start."""
        listed = self._revocations(self._issuing, self._issuing_key, serials, since)
        (directory / "trust" / "issuing.crl").write_bytes(listed)

    def _pack(self, holder: Holder, key: Key, certificate: x509.Certificate) -> bytes:
        # A demonstration's PINs are printed anyway; a high iteration count would only slow the start down.
        encryption = (
            PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(1_000)
            .hmac_hash(hashes.SHA256())
            .build(holder.pin.encode())
        )
        return pkcs12.serialize_key_and_certificates(holder.id.encode(), key, certificate, [self._issuing], encryption)


def _usage(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in allowed for name in names})


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def create(
    directory: Path,
    *,
    people: Iterable[tuple[str, str, str]],
    units: Iterable[tuple[str, str]],
    pin: str,
    now: datetime,
) -> None:
    """Make all keys of a demonstration in `directory`, or nothing: an existing directory is left alone.

    `people` are (account, name, name of the unit), `units` are (unit, name); all keys get the same PIN.
    """
    if directory.exists():
        return
    # An interrupted start leaves only the staging directory, which the next one makes anew.
    staging = directory.with_name(f"{directory.name}.part")
    if staging.exists():
        shutil.rmtree(staging)
    staging.mkdir(parents=True, mode=0o700)
    DemoPki(now).write(
        staging,
        [Holder(account, name, office, pin) for account, name, office in people],
        [Holder(unit, name, name, pin) for unit, name in units],
    )
    staging.replace(directory)
