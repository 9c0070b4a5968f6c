"""Signing with a key that is elsewhere: what the page's script fetches, hands over, and brings back."""

import base64
import binascii
from collections.abc import Mapping

from aiohttp import web

from minutes.errors import RecordError
from server import certificates
from server.errors import Problem
from server.i18n import N_
from server.keys import CONFIG, RECORDS
from server.pages import form, reader_of, require, wording
from server.pages.caching import PRIVATE
from server.pages.desk_acts import actor
from server.pages.signing import chosen


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.post("/signing/begin", begin), web.post("/signing/finish", finish)]


async def begin(request: web.Request) -> web.Response:
    """POST /signing/begin: the file of one document with room for the signature, and what the key is to sign of it."""
    fields = await asked(request, "agent")
    records = request.app[RECORDS]
    try:
        account, found = await chosen(request, fields.get("document", ""))
        certificate = certificates.read(_decoded(fields, "certificate"))
        begun = await records.begin_signing(
            found.document.id, by=actor(account), certificate=certificate, seal=found.seal
        )
    except RecordError as error:
        return refusal(request, error)
    half = begun.half
    return web.json_response(
        {"ticket": begun.ticket, "pdf": _text(half.pdf), "attributes": _text(half.attributes)}, headers=PRIVATE
    )


async def finish(request: web.Request) -> web.Response:
    """POST /signing/finish: the raw signature has come back from the token."""
    fields = await asked(request, "agent")
    account = require(request, "desk.sign")
    try:
        document_id = await request.app[RECORDS].finish_signing(
            fields.get("ticket", ""), by=actor(account), signature=_decoded(fields, "signature")
        )
    except RecordError as error:
        return refusal(request, error)
    return web.json_response({"document": document_id}, headers=PRIVATE)


async def asked(request: web.Request, way: str) -> Mapping[str, str]:
    """The fields of a script's form, where the installation offers `way`. Raises Problem."""
    fields = await form(request)
    require(request, "desk.sign")
    if way not in request.app[CONFIG].signing.ways:
        raise Problem("bad_message")
    return fields


def refusal(request: web.Request, error: RecordError) -> web.Response:
    """Why it was not signed, in a sentence."""
    reader = reader_of(request)
    sentence = wording.told(error.reason, reader) or reader.gettext(N_("Chưa ký được; xin thử lại."))
    return web.json_response({"message": sentence}, status=422, headers=PRIVATE)


def _decoded(fields: Mapping[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(fields.get(name, ""), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Problem("bad_form") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
