"""A token as a program sees it: SoftHSM, with a folder of its own, a PIN, keys and certificates."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pkcs11 import Attribute, ObjectClass

DRIVER = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "24681357"


@dataclass(frozen=True)
class SoftToken:
    """Tokens are found by way of the environment: set SOFTHSM2_CONF to `configuration` before a driver is opened."""

    configuration: Path

    @classmethod
    def make(cls, folder: Path, label: str = "Thiet bi ky so") -> "SoftToken":
        (folder / "tokens").mkdir(parents=True)
        configuration = folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
        made = cls(configuration)
        made._tool("--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "87654321")
        return made

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SOFTHSM2_CONF": str(self.configuration)}

    def put(self, packed: bytes, pin: str, key: str = "01", label: str = "Thiet bi ky so") -> bytes:
        """Put the key and certificate of a PKCS#12 file on it; returns the certificate (DER)."""
        private, certificate, _others = pkcs12.load_key_and_certificates(packed, pin.encode())
        assert private is not None
        assert certificate is not None
        pem = self.configuration.with_name("key.pem")
        pem.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._tool("--import", str(pem), "--token", label, "--label", "khoa", "--id", key, "--pin", PIN)
        pem.unlink()
        der = certificate.public_bytes(Encoding.DER)
        library = pkcs11.lib(DRIVER)
        library.reinitialize()
        with library.get_token(token_label=label).open(user_pin=PIN, rw=True) as session:
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: False,
                    Attribute.LABEL: "chung thu so",
                    Attribute.ID: bytes.fromhex(key),
                    Attribute.SUBJECT: certificate.subject.public_bytes(),
                    Attribute.VALUE: der,
                }
            )
        return der

    def _tool(self, *arguments: str) -> None:
        done = subprocess.run(
            ["softhsm2-util", *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
