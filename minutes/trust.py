"""What an installation believes about certificates: pinned roots, their issuing authorities, revocation lists.

Never the operating system's roots, and nothing that a file brings along is trusted for being there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator import ValidationContext

CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Trust:
    """What the installation believes: pinned roots, their issuing CAs, and revocation lists. Never the system's."""

    roots: tuple[asn1_x509.Certificate, ...]
    intermediates: tuple[asn1_x509.Certificate, ...]
    crls: tuple[asn1_crl.CertificateList, ...]
    ocsps: tuple[asn1_ocsp.OCSPResponse, ...] = ()

    @classmethod
    def load(cls, directory: Path) -> "Trust":
        """From roots.pem, intermediates.pem and *.crl (PEM or DER) in `directory`; raises OSError or ValueError."""
        return cls(
            _certificates(directory / "roots.pem"),
            _certificates(directory / "intermediates.pem"),
            tuple(asn1_crl.CertificateList.load(_der(path.read_bytes())) for path in sorted(directory.glob("*.crl"))),
        )

    def for_one_use(self) -> "Trust":
        """The same, shared with nobody: what asn1crypto has loaded is not read safely by two threads at once."""
        parts = (self.roots, self.intermediates, self.crls, self.ocsps)
        return Trust(*(tuple(type(one).load(one.dump()) for one in part) for part in parts))

    def context(self, moment: datetime | None = None, *, known: bool = True) -> ValidationContext:
        """Fresh for every use, since a context caches what it has seen. `moment` None: now; an earlier one is judged by
        what the revocation lists of today say of it. `known`: whether somebody must have said that a certificate is not
        revoked."""
        return ValidationContext(
            trust_roots=list(self.roots),
            other_certs=list(self.intermediates),
            crls=list(self.crls),
            ocsps=list(self.ocsps),
            allow_fetching=False,
            revocation_mode="require" if known else "soft-fail",
            moment=moment,
            retroactive_revinfo=moment is not None,
            time_tolerance=CLOCK_TOLERANCE,
        )


def _der(data: bytes) -> bytes:
    return asn1_pem.unarmor(data)[2] if asn1_pem.detect(data) else data


def _certificates(path: Path) -> tuple[asn1_x509.Certificate, ...]:
    data = path.read_bytes()
    if not data.strip():
        return ()  # a new installation, which trusts nobody yet
    return tuple(asn1_x509.Certificate.load(der) for _, _, der in asn1_pem.unarmor(data, multiple=True))


def issuer_of(certificate: asn1_x509.Certificate) -> str:
    """The issuer's distinguished name in one line, the same for equal names."""
    return ", ".join(
        f"{attribute['type'].native}={attribute['value'].native}"
        for group in certificate.issuer.chosen
        for attribute in group
    )


def common_name(certificate: asn1_x509.Certificate) -> str:
    """The subject's common name, empty where there is none."""
    return str(certificate.subject.native.get("common_name", ""))
