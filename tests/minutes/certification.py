"""A certificate authority as a state has one, over HTTP on this machine (certomancer): root, issuing authority,
officials, a seal, time-stampers, OCSP and revocation lists. Its services can be told to misbehave."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from aiohttp import web
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from certomancer.integrations.aiohttp_animator import build_animator_app
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from minutes.signing import Credential
from minutes.trust import Trust

PEOPLE = ("secretary", "chair", "seal", "other")
AUTHORITIES = ("root", "ca", "tsa", "ocsp")
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass
class Certification:
    """Addresses of the services, the certificates, and how the services behave: `behaviour` sees every request and may
    answer it itself; `asked` are the paths that were asked for."""

    folder: Path
    url: str
    architecture: Any
    behaviour: Behaviour | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def time_stamper_url(self) -> str:
        return f"{self.url}/vn/tsa/tsa"

    def certificate(self, name: str) -> asn1_x509.Certificate:
        return self.architecture.get_cert(CertLabel(name))

    def credential(self, name: str) -> Credential:
        key = load_pem_private_key((self.folder / "keys" / f"{name}.pem").read_bytes(), None)
        assert isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey))
        return Credential(self.certificate(name), key)

    def fetched(self, path: str) -> bytes:
        with urlopen(f"{self.url}/vn/{path}", timeout=10) as answer:
            return bytes(answer.read())

    def write_trust(self, folder: Path, *, lists: bool) -> Trust:
        """roots.pem and intermediates.pem, with revocation lists or without."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, name in (("roots.pem", "root"), ("intermediates.pem", "ca")):
            (folder / file).write_bytes(pem.armor("CERTIFICATE", self.certificate(name).dump()))
        if lists:
            for name in ("root", "ca"):
                (folder / f"{name}.crl").write_bytes(self.fetched(f"crls/{name}/latest.crl"))
        return Trust.load(folder)


def _keys(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir()
    for name in names:
        # certomancer's time-stamper signs with RSA or EC; RSA is what services have.
        key: Any = rsa.generate_private_key(65537, 2048) if name == "tsa" else ec.generate_private_key(ec.SECP256R1())
        written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(written)


def _leaf(name: str, start: datetime, end: datetime, extra: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "subject": name,
        "issuer": "ca",
        "validity": {"valid-from": start.isoformat(), "valid-to": end.isoformat()},
        "extensions": [
            {
                "id": "key_usage",
                "critical": True,
                "smart-value": {"schema": "key-usage", "params": ["digital_signature", "non_repudiation"]},
            },
            {
                "id": "authority_information_access",
                "smart-value": {"schema": "aia-urls", "params": {"ocsp-responder-names": ["ca"]}},
            },
            {
                "id": "crl_distribution_points",
                "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": ["ca"]}},
            },
            *extra,
        ],
    }


def _authority(issuer: str, start: datetime, end: datetime, extra: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "validity": {"valid-from": start.isoformat(), "valid-to": end.isoformat()},
        "extensions": [
            {"id": "basic_constraints", "critical": True, "value": {"ca": True}},
            {
                "id": "key_usage",
                "critical": True,
                "smart-value": {
                    "schema": "key-usage",
                    "params": ["digital_signature", "key_cert_sign", "crl_sign"],
                },
            },
            *extra,
        ],
    }


def _configuration(url: str, tsa_life: timedelta, revoked: dict[str, datetime], list_life: str) -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    start, end = now - timedelta(days=30), now + timedelta(days=365)
    names = (*AUTHORITIES, *PEOPLE)
    only = ({"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]},)
    no_check = (
        {"id": "extended_key_usage", "value": ["ocsp_signing"]},
        {"id": "ocsp_no_check", "value": None},
    )
    lists = (
        {
            "id": "crl_distribution_points",
            "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": ["root"]}},
        },
    )
    certificates: dict[str, Any] = {
        "root": {"subject": "root", **_authority("root", start, now + timedelta(days=7000), ())},
        "ca": {"subject": "ca", **_authority("root", start, now + timedelta(days=6000), lists)},
        "tsa": _leaf("tsa", start, now + tsa_life, only),
        "ocsp": _leaf("ocsp", start, end, no_check),
        **{name: _leaf(name, start, end) for name in PEOPLE},
    }
    for name, since in revoked.items():
        certificates[name]["revocation"] = {"revoked-since": since.isoformat(), "reason": "key_compromise"}
    # A responder's own certificate is not asked about.
    certificates["ocsp"]["extensions"] = [certificates["ocsp"]["extensions"][0], *no_check]
    return {
        "external-url-prefix": url,
        "keysets": {"vn": {"path-prefix": "keys", "keys": {name: {"path": f"{name}.pem"} for name in names}}},
        "pki-architectures": {
            "vn": {
                "keyset": "vn",
                "entity-defaults": {"country-name": "VN", "organization-name": "Cơ quan chứng thực thử nghiệm"},
                "entities": {name: {"common-name": f"{name} thử nghiệm"} for name in names},
                "certs": certificates,
                "services": {
                    "ocsp": {"ca": {"for-issuer": "ca", "responder-cert": "ocsp", "signing-key": "ocsp"}},
                    "crl-repo": {
                        name: {"for-issuer": name, "signing-key": name, "simulated-update-schedule": list_life}
                        for name in ("root", "ca")
                    },
                    "time-stamping": {"tsa": {"signing-key": "tsa", "signing-cert": "tsa"}},
                },
            }
        },
    }


@contextlib.contextmanager
def certification(
    folder: Path,
    *,
    tsa_life: timedelta = timedelta(days=365),
    revoked: dict[str, datetime] | None = None,
    list_life: str = "P7D",
) -> Iterator[Certification]:
    """The services, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _keys(folder / "keys", (*AUTHORITIES, *PEOPLE))
    config = CertomancerConfig(
        _configuration(url, tsa_life, revoked or {}, list_life), key_search_dir=str(folder), external_url_prefix=url
    )
    made = Certification(folder, url, config.get_pki_arch(ArchLabel("vn")))

    @web.middleware
    async def watched(request: web.Request, handler: Any) -> web.StreamResponse:
        made.asked.append(request.path)
        answer = await made.behaviour(request) if made.behaviour is not None else None
        return answer if answer is not None else await handler(request)

    app = build_animator_app(config.pki_archs, with_web_ui=False)
    app.middlewares.insert(0, watched)
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def answers(status: int, kind: str, body: bytes, **headers: str) -> Behaviour:
    """The same answer to everything."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, content_type=kind, body=body, headers=headers)

    return behave


async def silent(_request: web.Request) -> None:
    """No answer for longer than anybody waits in a test."""
    await asyncio.sleep(3)
