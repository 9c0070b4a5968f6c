"""Time-stampers (RFC 3161) that threads may share.

What asn1crypto has loaded is read little by little, by whoever looks at it, and not safely by two threads at once:
fields are missing for a moment, or a list ends early. pyHanko's stampers remember such values. So a stamper that is
shared remembers bytes alone, and each use gets one of its own.
"""

from datetime import datetime

from asn1crypto import cms as asn1_cms  # type: ignore[import-untyped]
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.timestamps import DummyTimeStamper, TimeStamper, TimestampRequestError


class SharedStamper(TimeStamper):
    """Owned: the bytes of the token by which the size of others is estimated, by digest algorithm."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._estimates: dict[str, bytes] = {}

    async def estimate(self, md_algorithm: str) -> asn1_cms.ContentInfo:
        """A token over nothing, asked for once. Raises TimestampRequestError."""
        if md_algorithm not in self._estimates:
            fresh = _OneUse(self)
            token = await TimeStamper.async_dummy_response(fresh, md_algorithm)
            self._estimates[md_algorithm] = token.dump()
        return asn1_cms.ContentInfo.load(self._estimates[md_algorithm])


class _OneUse(TimeStamper):
    """Given: the stamper that is shared."""

    def __init__(self, shared: SharedStamper) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._shared = shared

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> asn1_cms.ContentInfo:
        return await self._shared.async_timestamp(message_digest, md_algorithm)

    async def async_dummy_response(self, md_algorithm: str) -> asn1_cms.ContentInfo:
        token = await self._shared.estimate(md_algorithm)
        self._register_dummy(md_algorithm, token)  # type: ignore[no-untyped-call]
        return token


def for_one_use(stamper: TimeStamper) -> TimeStamper:
    """The stamper to give to pyHanko for one signature or time-stamp."""
    return _OneUse(stamper) if isinstance(stamper, SharedStamper) else stamper


class NoStamper(SharedStamper):
    """No service is named yet. What is signed meanwhile waits for one."""

    async def async_request_tsa_response(self, req: asn1_tsp.TimeStampReq) -> asn1_tsp.TimeStampResp:
        """Raises TimestampRequestError."""
        raise TimestampRequestError("no time-stamping service is named")


class OwnStamper(SharedStamper):
    """An authority in this process, for demonstrations and tests. Given: certificate and RSA key (PKCS#8), in DER.
    `fixed_dt`: the time that it tells, unless it is now."""

    def __init__(self, certificate: bytes, key: bytes) -> None:
        super().__init__()
        self._certificate = certificate
        self._key = key
        self.fixed_dt: datetime | None = None

    async def async_request_tsa_response(self, req: asn1_tsp.TimeStampReq) -> asn1_tsp.TimeStampResp:
        """The answer, made here."""
        certificate = asn1_x509.Certificate.load(self._certificate)
        key = asn1_keys.PrivateKeyInfo.load(self._key)
        maker = DummyTimeStamper(certificate, key, fixed_dt=self.fixed_dt)
        return maker.request_tsa_response(req)
