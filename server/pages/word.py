"""Word files at the desk: the text of one into a draft, and a document as one."""

import contextlib

from aiohttp import web
from aiohttp.web_request import FileField

from minutes.errors import RecordError
from server import doors
from server.errors import Problem, answer
from server.keys import EDITING, RECORDS, WORD_FILES
from server.pages import form, reader_of, see_other, wording
from server.pages.caching import PRIVATE
from server.pages.desk import edit_page, open_document
from server.pages.desk_acts import actor

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/desk/{id}/word", export), web.post("/desk/{id}/word", take)]


async def export(request: web.Request) -> web.Response:
    """GET /desk/{id}/word: the newest text as a Word file."""
    _account, document = await open_document(request)
    with contextlib.suppress(RecordError):  # what is on the screen becomes a version first, where it can be kept
        await request.app[EDITING].settle(document.id)
    made = await request.app[RECORDS].word(document.id)
    name = f"{document.kind.value}-{document.id[:8]}.docx".encode("ascii", "replace").decode().replace("?", "D")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **PRIVATE}
    return web.Response(body=made, content_type=DOCX, headers=headers)


async def take(request: web.Request) -> web.Response:
    """POST /desk/{id}/word: the text of a Word file in place of what the draft says; that stays among the versions."""
    account, document = await open_document(request, "document.edit")
    typed = await form(request)
    sent = (await request.post()).get("file")
    reader = reader_of(request)
    try:
        if doors.unasked(typed):
            raise Problem("class_unasked")
        if not isinstance(sent, FileField) or not sent.filename:
            raise Problem("no_file")
        text = await request.app[WORD_FILES].read(sent.file)
        await request.app[EDITING].become(
            document.id, {name: value for name, value in text.items() if value}, actor(account)
        )
    except Problem as problem:
        found = answer(problem.code)
        return await edit_page(request, document, status=found.status, sentence=reader.gettext(found.text))
    except RecordError as error:
        return await edit_page(request, document, status=422, sentence=wording.sentence(error, document.kind, reader))
    return see_other(f"/desk/{document.id}/edit")
