"""Time-stampers (RFC 3161) that threads may share.

What asn1crypto has loaded is read little by little, by whoever looks at it, and not safely by two threads at once:
fields are missing for a moment, or a list ends early. pyHanko's stampers remember such values. So a stamper that is
shared remembers bytes alone, and each use gets one of its own.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import new as hash_of
from typing import Any

from asn1crypto import algos as asn1_algos  # type: ignore[import-untyped]
from asn1crypto import cms as asn1_cms
from asn1crypto import core as asn1_core
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.general import (
    SigningError,
    ValueErrorWithMessage,
    as_signing_certificate,
    simple_cms_attribute,
)
from pyhanko.sign.timestamps import DummyTimeStamper, TimeStamper, TimestampRequestError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator.errors import PathError

from minutes.trust import Trust

ASTRAY = timedelta(hours=1)
"""By which a service's clock and ours may differ."""
BROKEN = (
    SigningError, SignatureValidationError, ValueErrorWithMessage, PathError, ValueError, TypeError, KeyError,
    IndexError, AttributeError, AssertionError, NotImplementedError, RecursionError, OverflowError,
)  # fmt: skip
"""What pyHanko and asn1crypto leak on hostile bytes beside their own errors."""


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


class Believed(SharedStamper):
    """A stamper whose word is looked at before it is taken: a token that nobody will ever believe (of an authority that
    is not trusted, broken, or of another time than ours) is none, so that what is signed waits for a good one instead
    of being thrown away, or kept with a worthless one.

    Given: the stamper, who is trusted, and what tells the time."""

    def __init__(self, stamper: TimeStamper, trust: Trust, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._stamper = stamper
        self._trust = trust
        self._now = now

    async def estimate(self, md_algorithm: str) -> asn1_cms.ContentInfo:
        """The stamper's own, of whatever time it is, looked at once. Raises TimestampRequestError."""
        if md_algorithm not in self._estimates and isinstance(self._stamper, SharedStamper):
            token = await self._stamper.estimate(md_algorithm)
            await self._look(token)
            self._estimates[md_algorithm] = token.dump()
        return await super().estimate(md_algorithm)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> asn1_cms.ContentInfo:
        """A token that holds. Raises TimestampRequestError."""
        token = await self._stamper.async_timestamp(message_digest, md_algorithm)
        if abs(await self._look(token) - self._now()) > ASTRAY:
            raise TimestampRequestError("the service tells another time than ours")
        return token

    async def _look(self, token: asn1_cms.ContentInfo) -> datetime:
        """The time that a token tells, if it holds. Raises TimestampRequestError."""
        try:
            signed = asn1_cms.ContentInfo.load(token.dump())["content"]
            told = signed["encap_content_info"]["content"].parsed
            moment, imprint = told["gen_time"].native, told["message_imprint"]["hashed_message"].native
            context = self._trust.for_one_use().context(moment, known=False)
            found = await validate_tst_signed_data(signed, context, lambda _algorithm: imprint)
            status = TimestampSignatureStatus(**found)
        except BROKEN as error:
            raise TimestampRequestError("the time-stamp cannot be read") from error
        if not (status.intact and status.valid and status.trusted) or status.revoked:
            raise TimestampRequestError("the time-stamp does not hold")
        assert isinstance(moment, datetime)
        return moment


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
    """An authority in this process, for demonstrations and tests. Given: the certificate, in DER, and what signs octets
    with its key (ECDSA, or RSA PKCS#1 v1.5) by the name of a digest algorithm. `fixed_dt`: the time that it tells,
    unless it is now."""

    def __init__(self, certificate: bytes, sign: Callable[[bytes, str], bytes]) -> None:
        super().__init__()
        self._certificate = certificate
        self._sign = sign
        self.fixed_dt: datetime | None = None

    async def async_request_tsa_response(self, req: asn1_tsp.TimeStampReq) -> asn1_tsp.TimeStampResp:
        """The answer, made here."""
        maker = _Maker(asn1_x509.Certificate.load(self._certificate), self._sign, self.fixed_dt)
        return maker.request_tsa_response(req)


class _Maker(DummyTimeStamper):
    """pyHanko's own signs with RSA alone and reads its key anew for each token, which OpenSSL examines every time: a
    signature takes a millisecond, that seventy."""

    def __init__(
        self, certificate: asn1_x509.Certificate, sign: Callable[[bytes, str], bytes], fixed_dt: datetime | None
    ) -> None:
        # By whatever digest a document is named in the request, the token itself is signed with a strong one.
        super().__init__(certificate, None, fixed_dt=fixed_dt, override_md="sha256")
        self._sign = sign

    def _sign_tst_info(
        self, tst_info_data: bytes, md_algorithm: str, dt: datetime
    ) -> tuple[bytes, asn1_cms.CMSAttributes]:
        values = {
            "content_type": "tst_info",
            "signing_time": asn1_cms.Time({"utc_time": asn1_core.UTCTime(dt)}),
            "signing_certificate": as_signing_certificate(self.tsa_cert),
            "message_digest": hash_of(md_algorithm, tst_info_data).digest(),
        }
        attributes = [simple_cms_attribute(*value) for value in values.items()]  # type: ignore[no-untyped-call]
        signed = asn1_cms.CMSAttributes(attributes)
        return self._sign(signed.dump(), md_algorithm), signed

    def _build_signed_data(
        self, tst_info_data: bytes, md_algorithm: str, signature: bytes, signed_attrs: asn1_cms.CMSAttributes
    ) -> dict[str, Any]:
        made: dict[str, Any] = super()._build_signed_data(tst_info_data, md_algorithm, signature, signed_attrs)
        if self.tsa_cert.public_key.algorithm == "ec":
            (signer,) = made["signer_infos"]
            signer["signature_algorithm"] = asn1_algos.SignedDigestAlgorithm({"algorithm": f"{md_algorithm}_ecdsa"})
        return made
