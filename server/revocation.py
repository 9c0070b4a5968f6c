"""Revocation lists, fetched by the server itself: only from addresses in certificates that are pinned
here or bound to somebody here, only from hosts on the list (`signing.revocation_hosts`), bounded in time and size.

An uploaded file can never make this server call anybody: its certificates are not among those. What is fetched is kept
only if the issuer that we pin has signed it, so a host can withhold but not forge. Lists lie in trust/fetched, so that
signing and judging go on while the authority cannot be reached, until the lists end.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import structlog
from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from minutes.trust import Trust
from server import certificates
from server.database import Database
from server.records import Records

log = structlog.get_logger("giaoban.revocation")

TIME = 10.0
MOST_LIST = 16 << 20
FETCHED = "fetched"
"""Folder under trust/."""


class Fetcher:
    """Given: the hosts that may be asked. `host` or `host:port`; without a port any port of the host is meant."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)

    def allows(self, url: str) -> bool:
        """Whether this address may be asked at all."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            return False
        return bool({parts.hostname, f"{parts.hostname}:{port}"} & self._hosts)

    async def get(self, url: str, most: int) -> bytes | None:
        """What is there, if it comes in time and is not too long; no redirect is followed."""
        if not self.allows(url):
            return None
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIME)) as session,
                session.get(url, allow_redirects=False) as response,
            ):
                if response.status != 200:
                    return None
                data = b""
                while len(data) <= most and (more := await response.content.read(65_536)):
                    data += more
        except (aiohttp.ClientError, OSError, ValueError):
            return None
        return data if len(data) <= most else None


def lists_named(certificates: Iterable[asn1_x509.Certificate]) -> tuple[str, ...]:
    """The addresses of revocation lists that certificates carry, each once."""
    found: dict[str, None] = {}
    for certificate in certificates:
        for point in certificate.crl_distribution_points:
            if point.url is not None:
                found[point.url] = None
    return tuple(found)


def good_list(data: bytes, issuers: Sequence[asn1_x509.Certificate], now: datetime) -> asn1_crl.CertificateList | None:
    """The list, if one of `issuers` has signed it and it is of today; None for anything else."""
    try:
        loaded = x509.load_der_x509_crl(data)
        until = loaded.next_update_utc
        if until is None or not loaded.last_update_utc <= now < until:
            return None
        for issuer in issuers:
            key = x509.load_der_x509_certificate(issuer.dump()).public_key()
            if issuer.subject.dump() == loaded.issuer.public_bytes() and loaded.is_signature_valid(key):  # type: ignore[arg-type]
                return asn1_crl.CertificateList.load(loaded.public_bytes(Encoding.DER))
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return None
    return None


def with_fetched(pinned: Trust, folder: Path, now: datetime) -> Trust:
    """What is pinned, and the fetched lists under `folder` (trust/) that hold as of `now`."""
    issuers = [*pinned.intermediates, *pinned.roots]
    fetched = folder / FETCHED
    found = [good_list(path.read_bytes(), issuers, now) for path in sorted(fetched.glob("*.crl"))]
    return replace(pinned, crls=pinned.crls + tuple(one for one in found if one is not None))


class Revocation:
    """Given: the database (who is bound to which certificate), records, what is pinned, its folder, the hosts.
    Owned: the lists in trust/fetched."""

    def __init__(self, database: Database, records: Records, pinned: Trust, folder: Path, hosts: Iterable[str]) -> None:
        self._database = database
        self._records = records
        self._pinned = pinned
        self._folder = folder
        self._fetcher = Fetcher(hosts)

    async def refresh(self, now: datetime) -> int:
        """Fetch every list anew; how many came. One that cannot be had leaves the one that is there."""
        issuers = [*self._pinned.intermediates, *self._pinned.roots]
        async with self._database.read() as connection:
            bound = await certificates.every_bound(connection)
        count = 0
        for url in lists_named([*issuers, *bound]):
            data = await self._fetcher.get(url, MOST_LIST)
            if data is None or await asyncio.to_thread(good_list, data, issuers, now) is None:
                log.warning("a revocation list could not be had", host=urlsplit(url).hostname)
                continue
            await asyncio.to_thread(self._keep, url, data)
            count += 1
        self._records.believe(await asyncio.to_thread(with_fetched, self._pinned, self._folder, now))
        return count

    def _keep(self, url: str, data: bytes) -> None:
        folder = self._folder / FETCHED
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.crl"
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
