"""Remote signing by the API of the Cloud Signature Consortium, version 2: the key is with a trust service, which asks
its holder's PIN or one-time password and signs hashes.

Only the configured address is ever called, without redirects, with bounds on time and size. A person's credential is
the one whose certificate is bound to them here; what the service calls it matters to nobody.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]

from minutes.errors import N_, Reason, RecordError, SigningFailed, WrongPin
from server import certificates

TIMEOUT = ClientTimeout(total=60, connect=10)
"""Seconds; the holder may have to confirm on a phone."""
MAX_ANSWER = 2**20
_PAGES = 50
_KEPT = 600.0
"""Seconds for which the list of credentials is believed."""
_SHA256 = "2.16.840.1.101.3.4.2.1"
_ALGORITHMS = {"rsa": "1.2.840.113549.1.1.11", "ec": "1.2.840.10045.4.3.2"}
_WRONG = frozenset({"invalid_pin", "invalid_otp"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A key at the service: its name there, its certificate, and how many hashes one authorisation may sign."""

    id: str
    certificate: asn1_x509.Certificate
    multisign: int


class RemoteSigning:
    """Given: base address of the service (…/csc/v2) and the client's credentials. Any trouble is SigningFailed."""

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._url = url.rstrip("/")
        self._client = (client_id, client_secret)
        self._token, self._token_until = "", 0.0
        self._credentials: dict[bytes, Credential] = {}
        self._known_until = 0.0
        self._turn = asyncio.Lock()

    async def credential(self, bound: Sequence[certificates.Bound]) -> Credential:
        """The key of the first of these certificates that the service has."""
        async with self._turn:
            if not any(one.der in self._credentials for one in bound) or time.monotonic() > self._known_until:
                self._credentials = {one.certificate.dump(): one for one in await self._list()}
                self._known_until = time.monotonic() + _KEPT
        found = next((self._credentials[one.der] for one in bound if one.der in self._credentials), None)
        if found is None:
            raise SigningFailed(Reason(N_("dịch vụ ký số từ xa không có chứng thư số nào gắn với tài khoản này")))
        return found

    async def sign(
        self, credential: Credential, attributes: Sequence[bytes], *, pin: str, otp: str = ""
    ) -> tuple[bytes, ...]:
        """The raw signatures of `attributes`, in order, by one authorisation. Raises WrongPin."""
        if len(attributes) > credential.multisign:
            text = N_("dịch vụ ký số từ xa chỉ ký được %(count)s văn bản một lần; xin chọn ít hơn")
            raise SigningFailed(Reason(text, count=credential.multisign))
        hashes = [base64.b64encode(hashlib.sha256(one).digest()).decode() for one in attributes]
        secrets = [{"id": "PIN", "value": pin}] + ([{"id": "OTP", "value": otp}] if otp else [])
        common = {"credentialID": credential.id, "hashes": hashes, "hashAlgorithmOID": _SHA256}
        authorised = await self._call(
            "credentials/authorize", {**common, "numSignatures": len(hashes), "authData": secrets}
        )
        algorithm = _ALGORITHMS.get(str(credential.certificate.public_key.algorithm), "")
        told = await self._call(
            "signatures/signHash", {**common, "SAD": _text(authorised, "SAD"), "signAlgo": algorithm}
        )
        values = told.get("signatures")
        if not isinstance(values, list) or len(values) != len(hashes):
            raise _strange()
        return tuple(_decoded(one) for one in values)

    async def _list(self) -> list[Credential]:
        found: list[Credential] = []
        page: Mapping[str, Any] = {"credentialInfo": True, "certificates": "single", "certInfo": False}
        for _ in range(_PAGES):
            told = await self._call("credentials/list", page)
            infos = told.get("credentialInfos")
            if not isinstance(infos, list):
                raise _strange()
            found += [_credential(one) for one in infos if isinstance(one, dict)]
            if not told.get("nextPageToken"):
                break
            page = {**page, "pageToken": _text(told, "nextPageToken")}
        return found

    async def _call(self, path: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {await self._access()}"}
        return await self._post(path, headers=headers, json=dict(message))

    async def _access(self) -> str:
        """An access token by the client's credentials (RFC 6749, 4.4)."""
        if time.monotonic() >= self._token_until:
            client_id, client_secret = self._client
            grant = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
            told = await self._post("oauth2/token", data={**grant, "scope": "service"})
            lifetime = told.get("expires_in", 0)
            self._token = _text(told, "access_token")
            self._token_until = time.monotonic() + max(0, min(lifetime if isinstance(lifetime, int) else 0, 3600) - 30)
        return self._token

    async def _post(self, path: str, **options: Any) -> Mapping[str, Any]:
        try:
            async with (
                ClientSession(timeout=TIMEOUT) as session,
                session.post(f"{self._url}/{path}", allow_redirects=False, **options) as response,
            ):
                data = b""
                while len(data) <= MAX_ANSWER and (more := await response.content.read(65_536)):
                    data += more
                if len(data) > MAX_ANSWER or response.content_type != "application/json":
                    raise _strange()
                told = _parsed(data)
                if response.status == 200:
                    return told
        except (ClientError, TimeoutError, OSError) as error:
            raise SigningFailed(Reason(N_("không liên lạc được với dịch vụ ký số từ xa"))) from error
        code = str(told.get("error", ""))[:60]
        if code in _WRONG:
            raise WrongPin(Reason(N_("Mã PIN không đúng.")))
        raise SigningFailed(Reason(N_("dịch vụ ký số từ xa từ chối (%(code)s)"), code=code))


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _strange() from error
    if not isinstance(told, dict):
        raise _strange()
    return told


def _credential(info: Mapping[str, Any]) -> Credential:
    certificate, multisign = info.get("cert"), info.get("multisign", 1)
    first = certificate.get("certificates") if isinstance(certificate, dict) else None
    if not isinstance(first, list) or not first:
        raise _strange()
    try:
        read = certificates.read(_decoded(first[0]))
    except RecordError as error:
        raise _strange() from error
    return Credential(_text(info, "credentialID"), read, multisign if isinstance(multisign, int) else 1)


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 8192:
        raise _strange()
    return value


def _decoded(value: Any) -> bytes:
    try:
        if not isinstance(value, str) or len(value) > 65_536:
            raise ValueError("not base64")
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise _strange() from error


def _strange() -> SigningFailed:
    return SigningFailed(Reason(N_("dịch vụ ký số từ xa trả lời không đúng quy cách")))
