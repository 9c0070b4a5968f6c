"""Word files at the desk: the text of one into a draft, looked at first, and a document as one."""

import contextlib
import re
from typing import Any

from aiohttp import web

from minutes.content import from_json
from minutes.document import KIND_NAMES, Document
from minutes.errors import InvalidContent, RecordError, SecretContent
from minutes.fit import cut
from minutes.word.taking import Taken, taken
from server import doors
from server.directory import Account
from server.editing.differences import compared
from server.editing.shapes import parts_of
from server.errors import Problem, answer
from server.i18n import N_, Reader
from server.keys import EDITING, RECORDS, WORD_FILES
from server.pages import form, reader_of, see_other, upload_of, wording
from server.pages.caching import PRIVATE, private
from server.pages.desk import edit_page, open_document
from server.pages.desk_acts import actor, possible
from server.pages.desk_form import where

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/desk/{id}/word", export),
        web.post("/desk/{id}/word", take),
        web.post("/desk/{id}/word/{answer}", decide),
    ]


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
    """POST /desk/{id}/word: what a Word file would make of the draft, which stays as it is until it is agreed to."""
    account, document = await open_document(request, "document.edit")
    typed = await form(request)
    sent = upload_of(request)
    reader = reader_of(request)
    found: Taken | None = None
    try:
        if doors.unasked(typed):
            raise Problem("class_unasked")
        if sent is None:
            raise Problem("no_file")
        read = await request.app[WORD_FILES].read(sent.file)
        try:
            found = taken(document.kind, read, document.unit.name)
        except ValueError as error:
            raise Problem("word_unreadable") from error
        return await _look(request, account, document, found)
    except Problem as problem:
        found_answer = answer(problem.code)
        sentence = reader.gettext(found_answer.text)
        return await edit_page(request, document, status=found_answer.status, sentence=sentence)
    except RecordError as error:
        parts = found.parts if found else {}
        return await edit_page(request, document, status=422, sentence=_refusal(error, document, parts, reader))


OF_THE_FILE = N_(
    "Chưa nhập được tệp Word, dự thảo giữ nguyên. Trong tệp, %(where)s: %(why)s. Xin sửa trong Word rồi chọn lại tệp."
)
OF_THE_FILE_AT = N_(
    "Chưa nhập được tệp Word, dự thảo giữ nguyên. Trong tệp, %(where)s, đoạn “%(words)s”: %(why)s. Xin sửa đoạn đó "
    "trong Word rồi chọn lại tệp."
)
OF_THE_DRAFT = N_(
    "Chưa nhập được tệp Word vì dự thảo đang mở có chỗ chưa lưu được, không phải do tệp. %(where)s: %(why)s. Xin sửa "
    "chỗ đó trong dự thảo rồi chọn lại tệp."
)


def _refusal(error: RecordError, document: Document, parts: dict[str, Any], reader: Reader) -> str:
    """Why what a file says cannot become the draft's text: whose fault it is, where to look, and what to do.

    `parts` is what the file has, nothing else of the draft was to be replaced."""
    if not isinstance(error, InvalidContent) or isinstance(error, SecretContent):
        return wording.sentence(error, document.kind, reader)
    found = {"where": where(document.kind, error.field, reader), "why": wording.told(error.reason, reader)}
    if re.split(r"[.\[]", error.field)[0] not in parts:
        return reader.gettext(OF_THE_DRAFT, **found)
    words = cut(_at(parts, error.field), 80)
    return reader.gettext(OF_THE_FILE_AT, **found, words=words) if words else reader.gettext(OF_THE_FILE, **found)


def _at(parts: dict[str, Any], path: str) -> str:
    """What stands at a content path such as "body[3].text", as one line; "" where it is no text."""
    value: Any = parts
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (LookupError, ValueError, TypeError):
            return ""
    if isinstance(value, dict):
        value = value.get("text", "")
    return " ".join(value.split()) if isinstance(value, str) else ""


async def _look(
    request: web.Request, account: Account, document: Document, found: Taken, *, status: int = 200, sentence: str = ""
) -> web.Response:
    """The text as it would be, and what of it is another than now. Raises RecordError for what could not be kept."""
    if "edit" not in possible(document, account):
        raise Problem("draft_closed")
    editing = request.app[EDITING]
    with contextlib.suppress(RecordError):
        await editing.settle(document.id)
    document = await request.app[RECORDS].get(document.id)
    now: dict[str, Any] = await editing.said(document.id)
    whole = {**now, **found.parts}
    await request.app[RECORDS].refuse_unsound(document.id, whole)
    content = from_json(document.kind, whole)
    parts = compared(parts_of(document.kind), now, whole)
    return private(
        request,
        "desk/word.html",
        status=status,
        document=document,
        content=content,
        parts=parts,
        changed=any(part.changed for part in parts),
        ours=found.ours,
        name=request.app[WORD_FILES].wait(account.id, document.id, found.parts),
        words=wording,
        kind_name=KIND_NAMES[document.kind],
        sentence=sentence,
    )


CHANGED = N_("Trong lúc đồng chí xem, dự thảo đã được người khác sửa; xin xem lại chỗ khác nhau rồi quyết định.")


async def decide(request: web.Request) -> web.Response:
    """POST /desk/{id}/word/apply and /drop: take what was looked at in place of the draft's text, or leave it."""
    account, document = await open_document(request, "document.edit")
    fields = await form(request)
    files, reader = request.app[WORD_FILES], reader_of(request)
    parts: dict[str, Any] = {}
    if request.match_info["answer"] not in ("apply", "drop"):
        raise Problem("not_found")
    try:
        if request.match_info["answer"] == "apply":
            parts = files.waiting(account.id, document.id, fields.get("name", ""))
            with contextlib.suppress(RecordError):
                await request.app[EDITING].settle(document.id)
            document = await request.app[RECORDS].get(document.id)
            if fields.get("version") != str(document.version):
                found = Taken(parts, ours=fields.get("ours") == "yes")
                return await _look(request, account, document, found, status=409, sentence=reader.gettext(CHANGED))
            await request.app[EDITING].become(document.id, parts, actor(account))
        files.drop(account.id, document.id)
    except Problem as problem:
        found_answer = answer(problem.code)
        sentence = reader.gettext(found_answer.text)
        return await edit_page(request, document, status=found_answer.status, sentence=sentence)
    except RecordError as error:
        return await edit_page(request, document, status=422, sentence=_refusal(error, document, parts, reader))
    return see_other(f"/desk/{document.id}/edit")
