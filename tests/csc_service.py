"""A remote signing service (CSC API v2) on loopback that really signs: tokens, credentials, authorisation, hashes."""

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

CLIENT = ("giaoban", "bi-mat-cua-may")
_ALGORITHMS = {"1.2.840.113549.1.1.11": rsa.RSAPrivateKey, "1.2.840.10045.4.3.2": ec.EllipticCurvePrivateKey}


@dataclass
class Key:
    """One credential: `multisign` hashes by one authorisation."""

    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    pin: str
    multisign: int = 20

    def sign(self, digest: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return self.private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


@dataclass
class CscService:
    """`calls` are the paths that were asked; `answers` replace what a path would say."""

    keys: dict[str, Key] = field(default_factory=dict)
    otp: str = ""
    calls: list[str] = field(default_factory=list)
    answers: dict[str, web.Response] = field(default_factory=dict)
    port: int = 0
    page: int = 1
    _tokens: set[str] = field(default_factory=set)
    _allowed: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/csc/v2"

    def add(self, name: str, packed: bytes, pin: str, own_pin: str, **options: Any) -> bytes:
        """Keep the key of a PKCS#12 file under a PIN of the service; returns the certificate (DER)."""
        private, certificate, _others = pkcs12.load_key_and_certificates(packed, pin.encode())
        assert isinstance(private, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey))
        assert certificate is not None
        self.keys[name] = Key(private, certificate, own_pin, **options)
        return certificate.public_bytes(Encoding.DER)

    async def start(self) -> None:
        app = web.Application(middlewares=[self._guard])
        app.router.add_post("/csc/v2/oauth2/token", self._token)
        app.router.add_post("/csc/v2/credentials/list", self._list)
        app.router.add_post("/csc/v2/credentials/authorize", self._authorize)
        app.router.add_post("/csc/v2/signatures/signHash", self._sign)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        path = request.path.removeprefix("/csc/v2/")
        self.calls.append(path)
        if path in self.answers:
            told = self.answers[path]
            return web.Response(body=told.body, status=told.status, headers=told.headers)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if path != "oauth2/token" and (scheme != "Bearer" or token not in self._tokens):
            return _error("invalid_request", 401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (
            form.get("grant_type") != "client_credentials"
            or (form.get("client_id"), form.get("client_secret")) != CLIENT
        ):
            return _error("invalid_client", 401)
        self._tokens.add(secrets.token_urlsafe())
        return web.json_response({"access_token": [*self._tokens][-1], "token_type": "Bearer", "expires_in": 3600})

    async def _list(self, request: web.Request) -> web.Response:
        message = await request.json()
        names = sorted(self.keys)
        start = int(message.get("pageToken", "0"))
        shown = names[start : start + self.page]
        infos = [
            {
                "credentialID": name,
                "multisign": self.keys[name].multisign,
                "cert": {"certificates": [_text(self.keys[name].certificate.public_bytes(Encoding.DER))]},
            }
            for name in shown
        ]
        more = {"nextPageToken": str(start + self.page)} if start + self.page < len(names) else {}
        return web.json_response({"credentialIDs": shown, "credentialInfos": infos, **more})

    async def _authorize(self, request: web.Request) -> web.Response:
        message = await request.json()
        key = self.keys.get(message["credentialID"])
        told = {one["id"]: one["value"] for one in message["authData"]}
        if key is None or message["numSignatures"] != len(message["hashes"]):
            return _error("invalid_request")
        if told.get("PIN") != key.pin:
            return _error("invalid_pin")
        if self.otp and told.get("OTP") != self.otp:
            return _error("invalid_otp")
        sad = secrets.token_urlsafe()
        self._allowed[sad] = (message["credentialID"], message["hashes"])
        return web.json_response({"SAD": sad, "expiresIn": 300})

    async def _sign(self, request: web.Request) -> web.Response:
        message = await request.json()
        allowed = self._allowed.pop(message["SAD"], None)
        if allowed != (message["credentialID"], message["hashes"]):
            return _error("invalid_sad")
        key = self.keys[message["credentialID"]]
        if not isinstance(key.private, _ALGORITHMS[message["signAlgo"]]):
            return _error("invalid_request")
        try:
            digests = [base64.b64decode(one, validate=True) for one in message["hashes"]]
        except binascii.Error:
            return _error("invalid_request")
        return web.json_response({"signatures": [_text(key.sign(one)) for one in digests]})


def _error(code: str, status: int = 400) -> web.Response:
    return web.json_response({"error": code, "error_description": code}, status=status)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
