"""An RFC 3161 time-stamp over a checkpoint: somebody else's word that the log was so at that time.

The token is kept with the certificates that it needs (they lie in its unsigned part), so that `openssl ts -verify`
can judge it decades later with nothing but the root. It is deposited like any other file: the next checkpoint, and
the time-stamp over that one, cover it before the certificate of the first one ends.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from asn1crypto import cms, tsp  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus

from minutes.errors import N_, Damaged, Reason, SigningFailed
from minutes.stamper import BROKEN
from minutes.trust import Trust

LIMIT = 200_000
"""Octets of the largest token that is read."""


async def anchor(stamper: TimeStamper, note: str, trust: Trust) -> bytes:
    """The token (DER) over the signed note of a checkpoint. Raises SigningFailed where there is none to be had."""
    try:
        token = await stamper.async_timestamp(hashlib.sha256(note.encode()).digest(), "sha256")
    except (TimestampRequestError, OSError, *BROKEN) as error:
        text = N_("Dịch vụ cấp dấu thời gian không trả lời (%(error)s)")
        raise SigningFailed(Reason(text, error=type(error).__name__)) from error
    signed = token["content"]
    held, trust = {one.chosen.dump() for one in signed["certificates"]}, trust.for_one_use()
    chain = [one for one in (*trust.intermediates, *trust.roots) if one.dump() not in held]
    added = [cms.CertificateChoices(name="certificate", value=one) for one in chain]
    signed["certificates"] = cms.CertificateSet([*signed["certificates"], *added])
    return bytes(token.dump(force=True))


async def judge(token: bytes, note: str, trust: Trust) -> datetime:
    """When the token says that the note was there. Raises Damaged: not of this note, changed, or not by
    anybody whom the pinned roots know."""
    try:
        signed, imprint, moment = _read(token)
    except BROKEN as error:
        raise Damaged(Reason(N_("không đọc được dấu thời gian"))) from error
    if imprint != hashlib.sha256(note.encode()).digest():
        raise Damaged(Reason(N_("dấu thời gian không phải của điểm chốt này")))
    try:
        # As of its own time: that it was made then is proved by the checkpoints and time-stamps that followed it.
        context = trust.for_one_use().context(moment)
        found = await validate_tst_signed_data(signed, context, lambda _algorithm: imprint)
        status = TimestampSignatureStatus(**found)
    except BROKEN as error:
        raise Damaged(Reason(N_("dấu thời gian không kiểm tra được"))) from error
    if not status.intact or not status.valid:
        raise Damaged(Reason(N_("dấu thời gian đã bị sửa")))
    if not status.trusted or status.revoked:
        raise Damaged(Reason(N_("dấu thời gian không thuộc tổ chức được tin cậy")))
    return moment


def _read(token: bytes) -> tuple[cms.SignedData, bytes, datetime]:
    if len(token) > LIMIT:
        raise ValueError("too long for a time-stamp")
    content = cms.ContentInfo.load(token, strict=True)
    signed = content["content"]
    stamped = signed["encap_content_info"]["content"].parsed
    if not isinstance(stamped, tsp.TSTInfo):
        raise ValueError("not a time-stamp")
    imprint, moment = stamped["message_imprint"], stamped["gen_time"].native
    if imprint["hash_algorithm"]["algorithm"].native != "sha256" or not isinstance(moment, datetime):
        raise ValueError("not a time-stamp that we ask for")
    return signed, bytes(imprint["hashed_message"].native), moment
