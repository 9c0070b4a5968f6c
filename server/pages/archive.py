"""The archive as officials see it, and what anybody may take from it to check it without us."""

import asyncio
import re

from aiohttp import web

from minutes import store as documents
from minutes.deposits import store
from minutes.deposits.entry import Kind
from minutes.deposits.store import Examination
from minutes.errors import ClockBehind, Damaged, NotFound
from minutes.numbering import store as numbers
from minutes.verification import Verdict
from server.errors import Problem
from server.i18n import N_
from server.keys import CHECKS_RUNNING, DATABASE, KEEPER, VAULT
from server.pages import current, require
from server.pages.caching import private
from server.rights import DocumentAccess, may
from server.vault import last_anchor

PAGE_SIZE = 50
KINDS = {
    Kind.DOCUMENT: N_("Văn bản"),
    Kind.ANCHOR: N_("Dấu thời gian"),
    Kind.KEY: N_("Bàn giao khóa của kho lưu trữ"),
    Kind.PAPER: N_("Tài liệu họp"),
    Kind.RECORDING: N_("Ghi âm, ghi hình"),
    Kind.PROCEEDINGS: N_("Diễn biến cuộc họp"),
    Kind.ATTACHMENT: N_("Tệp kèm theo"),
}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/archive", index),
        web.get("/archive/checkpoint", checkpoint),
        web.get("/archive/key", key),
        web.get("/archive/keys", keys),
        web.get("/archive/proof/{digest}", proof),
    ]


async def alarm(request: web.Request) -> Examination | None:
    """The damage that stands, for those who may know of it."""
    return await request.app[KEEPER].alarm() if may(current(request), "archive.read") else None


async def index(request: web.Request) -> web.Response:
    """GET /archive[?page=]: how the archive is, and what the account's unit has in it, the newest first."""
    account = require(request, "archive.read")
    page = re.fullmatch(r"[1-9][0-9]{0,6}", request.query.get("page", "1"))
    number = int(page[0]) if page else 1
    looks = await request.app[KEEPER].examinations()
    async with request.app[DATABASE].read() as connection:
        size = await store.size(connection)
        mine, more = await store.of_unit(connection, account.unit.id, (number - 1) * PAGE_SIZE, PAGE_SIZE)
        anchor = await last_anchor(connection)
        accepted = await numbers.acceptances(connection)
    return private(
        request,
        "records/archive.html",
        alarm=await alarm(request),
        size=size,
        deposits=mine,
        page=number,
        more=more,
        checkpoint=await request.app[VAULT].latest(),
        anchor=anchor,
        accepted=accepted,
        whole=next((one for one in looks if one.whole), None),
        nightly=looks[0] if looks else None,
        kinds=KINDS,
    )


def _text(text: str, name: str) -> web.Response:
    headers = {"Cache-Control": "public, max-age=60", "Content-Disposition": f'inline; filename="{name}"'}
    return web.Response(text=text, content_type="text/plain", charset="utf-8", headers=headers)


async def checkpoint(request: web.Request) -> web.Response:
    """GET /archive/checkpoint: the last signed checkpoint, for whoever keeps one (C2SP tlog-checkpoint)."""
    last = await request.app[VAULT].latest()
    if last is None:
        raise Problem("not_found")
    return _text(last.note, "checkpoint.txt")


async def key(request: web.Request) -> web.Response:
    """GET /archive/key: the public key that checkpoints are signed with (C2SP signed-note)."""
    return _text(f"{request.app[VAULT].verifier}\n", "archive-key.txt")


async def keys(request: web.Request) -> web.Response:
    """GET /archive/keys: the handovers from the first key to the present one, each signed by both of its keys."""
    async with request.app[DATABASE].read() as connection:
        handed = await store.entries(connection, kind=Kind.KEY)
    archive = request.app[VAULT].archive
    notes = [(await asyncio.to_thread(archive.fetch, one.entry.digest)).decode() for one in handed]
    return _text("\n".join(notes), "archive-keys.txt")


async def proof(request: web.Request) -> web.Response:
    """GET /archive/proof/{digest}: that a document was deposited (C2SP tlog-proof), for all where it is posted; for who
    reads pages a page about it, unless `raw` is asked for."""
    digest = request.match_info["digest"]
    if not re.fullmatch(r"[0-9a-f]{64}", digest) or not await _may_see(request, digest):
        raise Problem("not_found")
    try:
        async with request.app[CHECKS_RUNNING].turn():
            made = await request.app[VAULT].proof(digest)
    except NotFound as error:
        raise Problem("not_found") from error
    if "text/html" not in request.headers.get("Accept", "") or "raw" in request.query:
        return _text(made, f"{digest[:16]}.tlog-proof")
    return private(request, "records/proof.html", proof=made, digest=digest)


async def _may_see(request: web.Request, digest: str) -> bool:
    async with request.app[DATABASE].read() as connection:
        issued = await store.issued(connection, [digest])
        if not issued:
            return False
        document = await documents.get(connection, issued[0].document_id)
    signers = frozenset(signer.account for signer in document.signers if signer.role != "seal")
    return document.published or may(current(request), "document.read", DocumentAccess(document.unit.id, signers))


async def proof_of(request: web.Request, verdict: Verdict) -> str:
    """The proof of a genuine document for the one who holds its file; "" of anything else."""
    digest = verdict.rendition.digest if verdict.rendition else verdict.document.digest if verdict.document else None
    if verdict.kind != "genuine" or digest is None:
        return ""
    try:
        return await request.app[VAULT].proof(digest)
    except (NotFound, Damaged, ClockBehind):
        return ""  # the verdict is about the file; what is wrong with log or clock is told elsewhere
