"""What a citizen sees, without account and without JavaScript: posted documents, their files, the check of a file."""

import hashlib
import re
from pathlib import Path
from urllib.parse import quote, urlencode

import segno
from aiohttp import web

from minutes.document import KIND_NAMES, Document
from minutes.errors import NotFound
from minutes.publication import PublicDocument
from minutes.searching import query as query_of
from minutes.verification import MAX_BYTES, Verdict
from minutes.workflow.relation import Changed
from server.errors import Problem
from server.i18n import N_
from server.keys import CHECKS_RUNNING, CONFIG, RECORDS
from server.pages import current, form, reader_of, upload_of
from server.pages.archive import proof_of
from server.pages.caching import knows, pdf, private, public
from server.pages.wording import RELATIONS, issuer, told
from server.rights import DocumentAccess, may
from server.verdicts import sentence

ASK_FIRST = "public, no-cache"
"""A file may be kept, but it is asked for each time whether it is still published."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/", home),
        web.get("/documents", documents),
        web.get(r"/documents/{unit}/{year:\d{4}}/{number:.+}", document),
        web.get("/files/{digest}.pdf", file),
        web.get("/verify", verify),
        web.post("/verify", verify_upload),
        web.get("/feed.atom", feed),
    ]


def document_path(found: PublicDocument) -> str:
    """Own path of a published document."""
    return f"/documents/{quote(found.unit.id, safe='')}/{found.year}/{quote(found.number_symbol)}"


def change_path(of: PublicDocument | Document, change: Changed) -> str:
    """Own path of a published document that has changed `of`, whose unit issued both."""
    return f"/documents/{quote(of.unit.id, safe='')}/{change.year}/{quote(change.number_symbol)}"


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 1 <= len(text) <= 6 and int(text) > 0 else 1


async def home(request: web.Request) -> web.Response:
    """GET /: what this is, the newest documents, and where to check one."""
    newest = await request.app[RECORDS].public_list()
    return public(request, "public/home.html", documents=newest.items[:5], path_of=document_path)


async def documents(request: web.Request) -> web.Response:
    """GET /documents?q=…&page=…: the published documents, the newest first, or those that say what is looked for."""
    query = request.query.get("q", "").strip()[: query_of.LONGEST]
    page = await request.app[RECORDS].public_list(query=query, page=_page_number(request.query.get("page", "1")))
    return public(
        request,
        "public/documents.html",
        query=query,
        page=page,
        path_of=document_path,
        address=lambda number: f"/documents?{urlencode({'q': query, 'page': number})}",
    )


async def document(request: web.Request) -> web.Response:
    """GET /documents/{unit}/{year}/{number}: one published document as text, with its status in one sentence."""
    info = request.match_info
    records = request.app[RECORDS]
    try:
        found = await records.public_document(info["unit"], int(info["year"]), info["number"])
    except NotFound as error:
        raise Problem("not_found") from error
    address = request.app[CONFIG].base_url
    check = f"{address}/verify?code={quote(found.code, safe='')}"
    qr = segno.make(check, error="m", micro=False).svg_data_uri(scale=4, border=2)
    reader = reader_of(request)
    return public(
        request,
        "public/document.html",
        document=found,
        address=address,
        qr=qr,
        told=lambda reason: told(reason, reader),
        change_path=change_path,
        path_of=document_path,
        relations=RELATIONS,
    )


async def file(request: web.Request) -> web.Response:
    """GET /files/{digest}.pdf: the issued file itself, only while it is published."""
    digest = request.match_info["digest"]
    if not _DIGEST.fullmatch(digest):
        raise Problem("not_found")
    try:
        data = await request.app[RECORDS].public_pdf(digest)
    except NotFound as error:
        raise Problem("not_found") from error
    headers = {"ETag": f'"{digest}"', "Cache-Control": ASK_FIRST}
    if knows(request, digest):
        return web.Response(status=304, headers=headers)
    return pdf(data, f"{digest[:16]}.pdf", headers=headers)


BY_CODE = N_("Có văn bản mang mã này và bản lưu trữ còn nguyên vẹn. Bản đang cầm trên tay phải giống hệt văn bản đó.")
"""A code proves nothing about the sheet that it is printed on."""
REDACTED_BY_CODE = N_(
    "Có văn bản mang mã này. Bản công bố đã lược bỏ một số thông tin không được công khai, còn nguyên vẹn; bản gốc đầy "
    "đủ cũng mang mã này và cũng là văn bản thật."
)
"""The original and what is published in its place bear one code."""


async def verify(request: web.Request) -> web.Response:
    """GET /verify: the form; with ?code= from a document's QR, the verdict on the archived file."""
    code = request.query.get("code", "").strip()
    if not code:
        return public(request, "public/verify.html", sentence="")
    records = request.app[RECORDS]
    try:
        if len(code) > 64:
            raise NotFound
        found = await records.by_code(code)
        data = await records.public_pdf(found.digest)
    except NotFound:
        issued = len(code) <= 64 and await records.is_issued(code)
        what = "not_posted" if issued else "unknown_code"
        return private(request, "public/verify.html", status=200 if issued else 404, sentence=what)
    reader = reader_of(request)
    async with request.app[CHECKS_RUNNING].turn():
        verdict = await records.verify(data)
        proof = await proof_of(request, verdict)
    by_code = REDACTED_BY_CODE if found.redacted else BY_CODE
    said = by_code if verdict.kind == "genuine" else sentence(verdict)
    return public(
        request,
        "public/verdict.html",
        verdict=verdict,
        sentence=reader.gettext(said),
        told=lambda reason: told(reason, reader),
        public=found,
        path_of=document_path,
        change_path=change_path,
        kind_names=KIND_NAMES,
        issuer=issuer,
        by_code=True,
        proof=proof,
        named=True,
        name="",
    )


async def verify_upload(request: web.Request) -> web.Response:
    """POST /verify: the verdict on one uploaded file of at most 50 MB. Raises Problem."""
    checks = request.app[CHECKS_RUNNING]
    checks.refuse_full()  # before anybody has sent fifty megabytes for nothing
    await form(request)
    sent = upload_of(request)
    if sent is None:
        return private(request, "public/verify.html", status=400, sentence="no_file")
    records, reader = request.app[RECORDS], reader_of(request)
    async with checks.turn():
        data = await sent.octets(MAX_BYTES)
        if not data:
            return private(request, "public/verify.html", status=400, sentence="no_file")
        verdict = await records.verify(data)
        found = await _published(request, verdict)
        if verdict.attached and not _may_read(request, verdict) and not _goes_with(found, data):
            verdict = await records.unknown(data)
        proof = await proof_of(request, verdict)
    named = found is not None or verdict.kind == "genuine" or _may_read(request, verdict)
    return private(
        request,
        "public/verdict.html",
        verdict=verdict,
        sentence=reader.gettext(sentence(verdict)),
        told=lambda reason: told(reason, reader),
        public=found,
        path_of=document_path,
        change_path=change_path,
        kind_names=KIND_NAMES,
        issuer=issuer,
        by_code=False,
        proof=proof,
        named=named,
        name=Path(sent.filename).name[:120],
    )


def _goes_with(found: PublicDocument | None, data: bytes) -> bool:
    """Whether everybody may know that a file goes with a document: many have a form, and few the letter that it went
    with."""
    digest = hashlib.sha256(data).hexdigest()
    return found is not None and any(one.digest == digest for one in found.content.files)


async def _published(request: web.Request, verdict: Verdict) -> PublicDocument | None:
    if verdict.document is None or not verdict.document.published:
        return None
    try:
        return await request.app[RECORDS].by_code(verdict.document.code)
    except NotFound:
        return None


def _may_read(request: web.Request, verdict: Verdict) -> bool:
    """A changed copy must not tell a stranger the subject of a document that was never published."""
    if verdict.document is None:
        return False
    signers = frozenset(signer.account for signer in verdict.document.signers if signer.role != "seal")
    return may(current(request), "document.read", DocumentAccess(verdict.document.unit.id, signers))


async def feed(request: web.Request) -> web.Response:
    """GET /feed.atom: the newest documents (RFC 4287)."""
    newest = await request.app[RECORDS].public_list()
    return public(
        request,
        "public/feed.atom",
        content_type="application/atom+xml",
        max_age=300,
        documents=sorted(newest.items, key=lambda found: found.published_at, reverse=True),
        path_of=document_path,
        base_url=request.app[CONFIG].base_url,
    )
