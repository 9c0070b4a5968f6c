"""The versions of a document's text: who wrote them, what became of it between two of them, and an older one again."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from minutes import store
from minutes.content import read_stored, to_json
from minutes.document import Actor, Document
from minutes.errors import NotFound, RecordError
from server.editing import tables
from server.editing.differences import compared
from server.editing.shapes import parts_of
from server.errors import Problem
from server.keys import DATABASE, EDITING
from server.pages import desk, form, reader_of, see_other, wording
from server.pages.caching import private
from server.pages.desk_acts import actor, possible


@dataclass(frozen=True, slots=True)
class Version:
    """A text that was kept. `authors` is who wrote in it."""

    number: int
    authors: tuple[Actor, ...]
    at: datetime


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/desk/{id}/versions", show),
        web.post("/desk/{id}/versions/{version}/restore", restore),
    ]


async def _versions(request: web.Request, document: Document) -> list[Version]:
    async with request.app[DATABASE].read() as connection:
        found = await store.versions(connection, document.id)
        known = await tables.authors(connection, document.id)
    return [Version(number, known.get(number, (by,)), at) for number, by, at in found]


async def _content(request: web.Request, document: Document, version: int) -> dict[str, Any]:
    async with request.app[DATABASE].read() as connection:
        return to_json(read_stored(document.kind, await store.content(connection, document.id, version)))


def _number(text: str | None, fallback: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else fallback


async def show(request: web.Request) -> web.Response:
    """GET /desk/{id}/versions?from=2&to=5: all versions, and what became of the text between two of them."""
    _account, document = await desk.open_document(request)
    return await _page(request, document)


async def _page(request: web.Request, document: Document, sentence: str = "") -> web.Response:
    account, document = await desk.open_document(request)
    with contextlib.suppress(RecordError):
        await request.app[EDITING].settle(document.id)
    versions = await _versions(request, document)
    newest = versions[0].number
    new = _number(request.query.get("to"), newest)
    old = _number(request.query.get("from"), max(1, new - 1))
    try:
        parts = compared(
            parts_of(document.kind), await _content(request, document, old), await _content(request, document, new)
        )
    except NotFound as error:
        raise Problem("not_found") from error
    return private(
        request,
        "desk/versions.html",
        status=422 if sentence else 200,
        document=document,
        versions=versions,
        newest=newest,
        old=old,
        new=new,
        parts=parts,
        changed=any(part.changed for part in parts),
        may_restore="edit" in possible(document, account),
        words=wording,
        sentence=sentence,
    )


async def restore(request: web.Request) -> web.Response:
    """POST /desk/{id}/versions/{version}/restore: an older text again, as a new version."""
    account, document = await desk.open_document(request, "document.edit")
    await form(request)
    version = _number(request.match_info["version"], 0)
    try:
        content = await _content(request, document, version)
    except NotFound as error:
        raise Problem("not_found") from error
    try:
        await request.app[EDITING].become(document.id, content, actor(account))
    except RecordError as error:
        return await _page(request, document, wording.sentence(error, document.kind, reader_of(request)))
    return see_other(f"/desk/{document.id}/versions")
