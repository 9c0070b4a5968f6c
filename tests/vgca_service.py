"""What VGCA Sign Service does on an official's machine, as far as its protocol shows: fetches the file, signs it with a
key of its own, sends it back, and answers. `spoil` is what a hostile one would do to the file before it sends it.
"""

import io
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, FormData, WSMsgType, web
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.signers.pdf_signer import PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore


def own_certificate(folder: Path) -> ssl.SSLContext:
    """TLS of 127.0.0.1 by a certificate that nobody knows, as such services have it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "service.pem"
    file.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def signer_of(packed: bytes, pin: str) -> signers.Signer:
    """The key of a PKCS#12 file, as the token in the official's machine has it."""
    key, certificate, _others = pkcs12.load_key_and_certificates(packed, pin.encode())
    assert key is not None
    assert certificate is not None
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(
        asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        asn1_keys.PrivateKeyInfo.load(der),
        SimpleCertificateStore(),
    )


class VgcaService:
    """A service with one key. `asked` are the messages that came, `uploads` what was answered to each file sent."""

    def __init__(self, signer: signers.Signer, field: str, time_stamper: timestamps.TimeStamper | None = None) -> None:
        self.signer, self.field, self.time_stamper = signer, field, time_stamper
        self.spoil: Callable[[bytes, bytes], bytes] = lambda _issued, signed: signed
        self.asked: list[tuple[str, Any]] = []
        self.uploads: list[tuple[int, Any]] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, folder: Path, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/{act:SignApproved|SignIssued}", self._serve)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=own_certificate(folder)).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def sign(self, pdf: bytes, field: str | None = None) -> bytes:
        """One more signature, as other people's programs make it: without evidence, in the older form."""
        metadata = signers.PdfSignatureMetadata(
            field_name=field or self.field,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        )
        out = io.BytesIO()
        made = PdfSigner(metadata, signer=self.signer, timestamper=self.time_stamper)
        await made.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
        return out.getvalue()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                parameters = json.loads(message.data)
                self.asked.append((request.match_info["act"], parameters))
                await socket.send_json(await self.handle(parameters))
        return socket

    async def handle(self, parameters: dict[str, Any]) -> dict[str, Any]:
        async with ClientSession() as session:
            async with session.get(parameters["FileName"]) as response:
                if response.status != 200:
                    return {"Status": 1, "Message": f"{response.status}", "FileServer": ""}
                issued = await response.read()
            data = self.spoil(issued, await self.sign(issued))
            status, told = await self.send(parameters["FileUploadHandler"], data)
        number, date = parameters.get("DocNumber", ""), parameters.get("IssuedDate", "")
        done = status == 200 and told["Status"] is True
        return {
            "Status": 0 if done else 2, "Message": "" if done else told.get("Message", ""), "FileServer": "",
            "DocumentNumber": number, "DocumentDate": date,
        }  # fmt: skip

    async def send(self, address: str, data: bytes) -> tuple[int, Any]:
        form = FormData()
        form.add_field("uploadfile", data, filename="signed.pdf", content_type="application/pdf")
        async with ClientSession() as session, session.post(address, data=form) as response:
            told = await response.json() if response.content_type == "application/json" else {}
            self.uploads.append((response.status, told))
            return response.status, told
