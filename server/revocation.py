"""Revocation lists and OCSP answers, fetched by the server itself: only from addresses in certificates that are pinned
here or bound to somebody here, only from hosts on the list (`signing.revocation_hosts`), bounded in time and size.

An uploaded file can never make this server call anybody: its certificates are not among those. What is fetched is kept
only if the authority that we pin, or the responder that it has named, has signed it, so a host can withhold but not
forge. It lies in trust/fetched, so that signing and judging go on while the authority cannot be reached, until it ends;
where a responder is silent, lists are believed, and the other way round.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog
from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509

from minutes.revocation import is_about, issuer_of_this, own_answer, own_list, question, said
from minutes.trust import CLOCK_TOLERANCE, Trust
from server import certificates
from server.database import Database

log = structlog.get_logger("giaoban.revocation")

TIME = 10.0
MOST_LIST = 16 << 20
MOST_ANSWER = 64 << 10
REVOCATION_JOB = "revocation"
"""The name of the job that refreshes all; whoever binds a certificate wakes it."""
FETCHED = "fetched"
"""Folder under trust/."""
_HEADERS = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}


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

    async def get(self, url: str, most: int, asked: bytes | None = None) -> bytes | None:
        """What is there, or what is answered to `asked` (an OCSP request), if it comes in time and is not too long; no
        redirect is followed."""
        if not self.allows(url):
            return None
        way, headers = ("GET", None) if asked is None else ("POST", _HEADERS)
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIME)) as session,
                session.request(way, url, data=asked, headers=headers, allow_redirects=False) as response,
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


def good_list(data: bytes, pinned: Trust, now: datetime) -> asn1_crl.CertificateList | None:
    """The list, if a pinned authority has signed it and it is of today; None for anything else."""
    listed = own_list(data, _authorities(pinned))
    if listed is None:
        return None
    until = listed["tbs_cert_list"]["next_update"].native
    began = listed["tbs_cert_list"]["this_update"].native
    return listed if until is not None and began - CLOCK_TOLERANCE <= now < until else None


def good_answer(data: bytes, pinned: Trust, now: datetime) -> asn1_ocsp.OCSPResponse | None:
    """The answer, if a pinned authority or its responder has signed it, it is of today and says more than that it does
    not know; None for anything else."""
    answer = own_answer(data, _authorities(pinned))
    if answer is None:
        return None
    status, began, until = said(answer)
    return answer if status != "unknown" and began - CLOCK_TOLERANCE <= now < until else None


def with_fetched(pinned: Trust, folder: Path, now: datetime) -> Trust:
    """What is pinned, and what was fetched under `folder` (trust/) and holds as of `now`."""
    fetched = folder / FETCHED
    lists = [good_list(path.read_bytes(), pinned, now) for path in sorted(fetched.glob("*.crl"))]
    answers = [good_answer(path.read_bytes(), pinned, now) for path in sorted(fetched.glob("*.ocsp"))]
    return replace(
        pinned,
        crls=pinned.crls + tuple(one for one in lists if one is not None),
        ocsps=pinned.ocsps + tuple(one for one in answers if one is not None),
    )


def _authorities(pinned: Trust) -> tuple[asn1_x509.Certificate, ...]:
    own = pinned.for_one_use()
    return (*own.intermediates, *own.roots)


@dataclass
class _Look:
    """One look: what has come, and which addresses have not answered and are not asked again in it."""

    now: datetime
    count: int = 0
    silent: set[str] = field(default_factory=set)


class Believer(Protocol):
    """Who signs or judges by what is trusted."""

    def believe(self, trust: Trust) -> None:
        """From now on by this: newer statements have come."""


class Revocation:
    """Given: the database (who is bound to which certificate), who is told, what is pinned, its folder, the hosts.
    Owned: what lies in trust/fetched."""

    def __init__(
        self, database: Database, told: Sequence[Believer], pinned: Trust, folder: Path, hosts: Iterable[str]
    ) -> None:
        self._database = database
        self._told = told
        self._pinned = pinned
        self._folder = folder
        self._fetcher = Fetcher(hosts)

    async def refresh(self, now: datetime) -> int:
        """Fetch every list and every answer anew; how many came. What cannot be had leaves what is there."""
        used, look = await self._used(now), _Look(now)

        def judged(data: bytes) -> object:
            return good_list(data, self._pinned, now)

        for url in lists_named(used):
            await self._fetch(look, url, MOST_LIST, None, judged, _list(url))
        return await self._answers(look, used)

    async def ask(self, now: datetime) -> int:
        """The same with answers alone: one that names no end is good for minutes.revocation.UNTIL_ASKED_AGAIN."""
        return await self._answers(_Look(now), await self._used(now))

    async def _used(self, now: datetime) -> tuple[asn1_x509.Certificate, ...]:
        async with self._database.read() as connection:
            bound = await certificates.every_bound(connection)
        return tuple(one for one in (*_authorities(self._pinned), *bound) if now < one.not_valid_after)

    async def _answers(self, look: _Look, used: Iterable[asn1_x509.Certificate]) -> int:
        for certificate in used:
            await self._ask(look, certificate)
        believed = await asyncio.to_thread(with_fetched, self._pinned, self._folder, look.now)
        for one in self._told:
            one.believe(believed)
        return look.count

    async def _ask(self, look: _Look, certificate: asn1_x509.Certificate) -> None:
        """Ask the first responder that a certificate names and that may be asked."""
        url = next((one for one in certificate.ocsp_urls if self._fetcher.allows(one)), None)
        issuer = issuer_of_this(certificate, _authorities(self._pinned))
        if url is None or issuer is None:
            return

        def judged(data: bytes) -> object:
            answer = good_answer(data, self._pinned, look.now)
            return answer if answer is not None and is_about(answer, certificate) else None

        await self._fetch(look, url, MOST_ANSWER, question(certificate, issuer), judged, _answer(certificate))

    async def _fetch(
        self, look: _Look, url: str, most: int, asked: bytes | None, judged: Callable[[bytes], object], name: str
    ) -> None:
        if url in look.silent:
            return
        data = await self._fetcher.get(url, most, asked)
        if data is None or await asyncio.to_thread(judged, data) is None:
            log.warning("revocation information could not be had", host=urlsplit(url).netloc, kind=Path(name).suffix)
            look.silent |= {url} if data is None else set()
            return
        await asyncio.to_thread(self._keep, name, data)
        look.count += 1

    def _keep(self, name: str, data: bytes) -> None:
        folder = self._folder / FETCHED
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / name
        part = path.with_name(f"{name}.part")
        part.write_bytes(data)
        part.replace(path)


def _list(url: str) -> str:
    return f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.crl"


def _answer(certificate: asn1_x509.Certificate) -> str:
    return f"{hashlib.sha256(certificate.dump()).hexdigest()[:16]}.ocsp"
