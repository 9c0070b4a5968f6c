"""Files that go with a document: attached to a draft, taken off it, and read."""

import contextlib

from aiohttp import web

from minutes.errors import NotFound, RecordError
from minutes.text import Attached
from server import doors
from server.errors import Problem, answer
from server.keys import CONFIG, EDITING, RECORDS
from server.page_reader import PageReader
from server.pages import form, reader_of, see_other, upload_of, wording
from server.pages.caching import PRIVATE, pdf, saved
from server.pages.desk import document_page, open_document
from server.pages.desk_acts import actor
from server.pages.public import ASK_FIRST
from server.received import MAX_BYTES, searched


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get(r"/desk/{id}/files/{place:\d{1,2}}", own),
        web.post("/desk/{id}/files", attach),
        web.post("/desk/{id}/files/remove", remove),
        web.get(r"/files/{digest:[0-9a-f]{64}}/{place:\d{1,2}}", posted),
    ]


async def own(request: web.Request) -> web.Response:
    """GET /desk/{id}/files/{place}: one of the files, for whoever may read the document, or was sent it."""
    _account, document = await open_document(request, "document.receive")
    try:
        file, data = await request.app[RECORDS].attached(document.id, int(request.match_info["place"]))
    except NotFound as error:
        raise Problem("not_found") from error
    return _sent(file, data, PRIVATE)


async def posted(request: web.Request) -> web.Response:
    """GET /files/{digest}/{place}: one that goes with a published document, which has this digest."""
    info = request.match_info
    try:
        file, data = await request.app[RECORDS].public_attached(info["digest"], int(info["place"]))
    except NotFound as error:
        raise Problem("not_found") from error
    return _sent(file, data, {"Cache-Control": ASK_FIRST})


def _sent(file: Attached, data: bytes, headers: dict[str, str]) -> web.Response:
    if data.startswith(b"%PDF-"):
        return pdf(data, f"{file.digest[:16]}.pdf", headers=headers)
    return saved(data, file.name, headers)


async def attach(request: web.Request) -> web.Response:
    """POST /desk/{id}/files: let a file go with the draft; it is searched for marks of secrecy before it is kept."""
    account, document = await open_document(request, "document.edit")
    typed = await form(request)
    sent, reader = upload_of(request), reader_of(request)
    try:
        if doors.unasked(typed):
            raise Problem("class_unasked")
        if sent is None:
            raise Problem("no_file")
        data = await sent.octets(MAX_BYTES)
        await searched(sent.filename, data, PageReader(request.app[CONFIG].secrecy.ocr.command))
        with contextlib.suppress(RecordError):  # what is being written becomes a version first
            await request.app[EDITING].settle(document.id)
        await request.app[RECORDS].attach(document.id, sent.filename, data, by=actor(account))
    except Problem as problem:
        told = reader.gettext(answer(problem.code).text)
        return await document_page(request, account, document, sentence=told, failed="files")
    except RecordError as error:
        told = wording.sentence(error, document.kind, reader)
        return await document_page(request, account, document, sentence=told, failed="files")
    await request.app[EDITING].follow(document.id)
    return see_other(f"/desk/{document.id}#files")


async def remove(request: web.Request) -> web.Response:
    """POST /desk/{id}/files/remove: take one off the draft."""
    account, document = await open_document(request, "document.edit")
    typed = await form(request)
    try:
        with contextlib.suppress(RecordError):
            await request.app[EDITING].settle(document.id)
        await request.app[RECORDS].detach(document.id, typed.get("digest", "")[:64], by=actor(account))
    except RecordError as error:
        told = wording.sentence(error, document.kind, reader_of(request))
        return await document_page(request, account, document, sentence=told, failed="files")
    await request.app[EDITING].follow(document.id)
    return see_other(f"/desk/{document.id}#files")
