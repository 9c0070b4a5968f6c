"""VGCA Sign Service: the program of the Government Cipher Committee on an official's machine, spoken to by the page.

It is given an address to fetch the file from and one to send it to when it is signed; both carry a ticket, in the query
string, which no log keeps. It brings no session: the ticket says who asked, for which file, and it is good once.
"""

from aiohttp import BodyPartReader, web

from minutes.errors import RecordError
from minutes.returned import MAX_ADDED
from server import clients
from server.errors import Problem
from server.keys import CONFIG, RECORDS
from server.pages import reader_of, require
from server.pages.caching import PRIVATE
from server.pages.desk_acts import actor
from server.pages.signing import chosen, signable
from server.pages.signing_elsewhere import asked, refusal
from server.pages.wording import told
from server.uploads import UNREAD, UPLOADS


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.post("/signing/vgca/issue", issue),
        web.post("/signing/vgca/state", state),
        web.get("/signing/vgca/file.pdf", file),
        web.post("/signing/vgca/upload", upload),
    ]


async def issue(request: web.Request) -> web.Response:
    """POST /signing/vgca/issue: the function of the service to call for one document, and its parameters."""
    fields = await asked(request, "vgca")
    try:
        account, found = await chosen(request, fields.get("document", ""))
        ticket = await request.app[RECORDS].issue_file(found.document.id, by=actor(account), seal=found.seal)
    except RecordError as error:
        return refusal(request, error)
    base, document = request.app[CONFIG].base_url, found.document
    parameters = {
        "FileUploadHandler": f"{base}/signing/vgca/upload?ticket={ticket}",
        "SessionId": "",
        "JWTToken": "",
        "FileName": f"{base}/signing/vgca/file.pdf?ticket={ticket}",
        "MetaData": [{"Key": "document", "Value": document.id}],
    }
    if found.seal and document.issued_on is not None:
        # The number is printed already; the service shows it to the clerk.
        parameters |= {"DocNumber": document.number_symbol or "", "IssuedDate": document.issued_on.isoformat()}
    act = "SignIssued" if found.seal else "SignApproved"
    return web.json_response({"act": act, "parameters": parameters}, headers=PRIVATE)


async def state(request: web.Request) -> web.Response:
    """POST /signing/vgca/state: whether a document was taken over, whatever the service says."""
    fields = await asked(request, "vgca")
    account = require(request, "desk.sign")
    try:
        await chosen(request, fields.get("document", ""))
    except RecordError:
        document = await request.app[RECORDS].get(fields.get("document", ""))
        return web.json_response({"signed": signable(document, account) is None}, headers=PRIVATE)
    return web.json_response({"signed": False}, headers=PRIVATE)


async def file(request: web.Request) -> web.Response:
    """GET /signing/vgca/file.pdf?ticket=…: the file that is to be signed."""
    try:
        data = await request.app[RECORDS].issued_file(request.query.get("ticket", ""))
    except RecordError as error:
        raise Problem("not_allowed") from error
    return web.Response(body=data, content_type="application/pdf", headers=PRIVATE)


async def upload(request: web.Request) -> web.Response:
    """POST /signing/vgca/upload?ticket=…: the signed file comes back, as one part of a form."""
    records, ticket = request.app[RECORDS], request.query.get("ticket", "")
    try:
        # A ticket that is good for nothing is not worth reading a file for.
        issued = await records.issued_file(ticket)
        await records.accept_file(ticket, await _part(request, len(issued) + MAX_ADDED))
    except RecordError as error:
        return _answer(Status=False, Message=told(error.reason, reader_of(request)))
    return _answer(Status=True, Message="")


def _answer(**values: object) -> web.Response:
    return web.json_response({"FileName": "", "FileServer": "", **values}, headers=PRIVATE)


async def _part(request: web.Request, limit: int) -> bytes:
    """The first file of a form; whatever the program calls it. Its sender has a ticket, so it is somebody known."""
    async with request.app[UPLOADS].place(known=True, who=clients.address(request)) as reading:
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.filename is None:
                    continue
                data = bytearray()
                while chunk := await part.read_chunk(65_536):
                    reading.got(len(chunk))
                    data += chunk
                    if len(data) > limit:
                        raise Problem("too_large")
                return bytes(data)
        except UNREAD as error:
            raise Problem("bad_form") from error
    raise Problem("no_file")
