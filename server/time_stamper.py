"""The RFC 3161 service that the installation names: asked over HTTP, bounded in time and size, never led elsewhere."""

import time

import aiohttp
from asn1crypto import cms, tsp  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimestampRequestError

from minutes.stamper import SharedStamper

TIME = 8.0
"""Seconds for one answer."""
PAUSE = 30.0
"""Seconds for which a service that has failed is not asked again, so that many signatures do not wait one by one."""
MOST = 64 * 1024
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class HttpTimeStamper(SharedStamper):
    """Whatever goes wrong is a TimestampRequestError (an OSError). The token is checked against what was asked; who has
    signed it is judged by whoever uses it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._silent_until = 0.0

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask, and read the answer. Raises TimestampRequestError."""
        if time.monotonic() < self._silent_until:
            raise TimestampRequestError("the service has just failed")
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIME)) as session,
                session.post(self._url, data=req.dump(), headers=_HEADERS, allow_redirects=False) as response,
            ):
                if response.status != 200 or response.content_type != "application/timestamp-reply":
                    raise TimestampRequestError(f"answered {response.status} {response.content_type}")
                answer = await response.content.read(MOST + 1)
                while len(answer) <= MOST and (more := await response.content.read(MOST)):
                    answer += more
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._silent_until = time.monotonic() + PAUSE
            if isinstance(error, TimestampRequestError):
                raise
            raise TimestampRequestError("the service cannot be reached") from error
        if len(answer) > MOST:
            raise TimestampRequestError("the answer is too long")
        return tsp.TimeStampResp.load(answer)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token over this digest. Raises TimestampRequestError."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            imprint = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            same = imprint["hashed_message"].native == message_digest
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise TimestampRequestError("the answer cannot be read") from error
        if not same:
            raise TimestampRequestError("the answer is to another question")
        return token
