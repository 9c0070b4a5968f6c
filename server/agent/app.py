"""The agent's HTTP: for the paired origin's scripts (certificates, jobs) and for the official (the job's page)."""

import asyncio
import base64
import binascii
import hashlib
import io
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pypdfium2  # type: ignore[import-untyped]
from aiohttp import web
from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]

from minutes.errors import N_, Reason, RecordError, SigningFailed, WrongPin
from minutes.signable import MAX_ATTRIBUTES, MAX_PDF, inspect
from server.agent.jobs import MAX_FILES, Job, Jobs
from server.agent.token import Token, TokenCertificate
from server.i18n import Reader, choose
from server.pages import page
from server.pages.wording import told
from web import STATIC

T = TypeVar("T")
MAX_REQUEST = 64 * 2**20
WIDTH, TALLEST = 900, 4000
"""Pixels of a page's picture, and of one that is taller than any page."""
MAX_PAGES = 60
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers then send "Origin: null" with our own form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Agent:
    """Given: the origin that it works for, the token, its own port (known once it listens)."""

    def __init__(self, origin: str, token: Token) -> None:
        self.origin = origin
        self.port = 0
        self.jobs = Jobs()
        self._token = token
        self._thread = ThreadPoolExecutor(max_workers=1)  # drivers of tokens are for one thread
        self._drawing = ThreadPoolExecutor(max_workers=1)  # so is PDFium; a browser asks for many pages at once

    async def certificates(self) -> tuple[TokenCertificate, ...]:
        """What is on the token now."""
        return await self._do(self._token.certificates)

    async def sign(self, job: Job, pin: str) -> None:
        """Sign a job that waits. Raises WrongPin, SigningFailed."""
        data = [one.attributes for one in job.files]
        job.busy = True
        try:
            job.signatures = await self._do(lambda: self._token.sign(job.certificate, pin, data))
            job.state = "signed"
        finally:
            job.busy = False

    async def look(self, work: Callable[[], T]) -> T:
        """Do what needs PDFium."""
        return await asyncio.get_running_loop().run_in_executor(self._drawing, work)

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


AGENT = web.AppKey("agent", Agent)


def origin_of(text: str) -> str:
    """`text` as an origin (RFC 6454); raises ValueError for anything else, and for http but on this machine."""
    parts = urlsplit(text.rstrip("/"))
    here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.path or parts.query or parts.username or not parts.hostname:
        raise ValueError("not an origin")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ValueError("not https")
    return f"{parts.scheme}://{parts.netloc}".lower()


def build_agent(origin: str, token: Token) -> web.Application:
    """The application of one agent for one installation's origin."""
    app = web.Application(middlewares=[_guard], client_max_size=MAX_REQUEST)
    app[AGENT] = Agent(origin, token)
    app.add_routes(
        [
            web.get("/", _home),
            web.get("/certificates", _certificates),
            web.post("/jobs", _begin),
            web.get("/jobs/{id}", _state),
            web.get("/jobs/{id}/page", _page),
            web.post("/jobs/{id}/page", _decide),
            web.get(r"/jobs/{id}/{number:\d{1,3}}.pdf", _file),
            web.get(r"/jobs/{id}/{number:\d{1,3}}/{page:\d{1,2}}.png", _picture),
            web.get(r"/static/{version:[0-9a-f]{12}}/{name:style\.css|favicon\.svg|js/form\.js}", _static),
        ]
    )
    return app


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who asks by another name than loopback's, or from another origin than ours and the paired one, gets nothing."""
    agent = request.app[AGENT]
    # A foreign name that was made to lead here (DNS rebinding) still stands in Host.
    if request.host not in (f"127.0.0.1:{agent.port}", f"localhost:{agent.port}"):
        return web.Response(status=421, headers=_HEADERS)
    origin = request.headers.get("Origin")
    own = f"http://{request.host}"
    if origin not in (None, own, agent.origin):
        return web.Response(status=403, headers=_HEADERS)
    if request.method == "OPTIONS":
        response: web.StreamResponse = web.Response(status=204)
    elif request.method not in ("GET", "HEAD") and origin is None:
        return web.Response(status=403, headers=_HEADERS)
    else:
        try:
            response = await handler(request)
        except RecordError as error:
            response = web.json_response({"message": told(error.reason, _reader(request))}, status=422)
    response.headers.update(_HEADERS)
    if origin == agent.origin:
        response.headers["Access-Control-Allow-Origin"] = agent.origin
        response.headers["Vary"] = "Origin"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = "content-type"
            response.headers["Access-Control-Allow-Private-Network"] = "true"
    return response


def _from_paired(request: web.Request) -> Agent:
    agent = request.app[AGENT]
    if request.headers.get("Origin") != agent.origin:
        raise web.HTTPForbidden
    return agent


def _from_here(request: web.Request) -> Agent:
    """For pages that the official opens: never for a script of another origin, the paired one included."""
    agent = request.app[AGENT]
    if request.headers.get("Origin") not in (None, f"http://{request.host}"):
        raise web.HTTPForbidden
    return agent


def _reader(request: web.Request) -> Reader:
    return Reader(choose(request.headers.get("Accept-Language"), None))


def _render(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    agent, reader = request.app[AGENT], _reader(request)
    text = page(f"agent/{template}", reader, origin=agent.origin, **values)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


# --- for the installation's page ------------------------------------------------------------------------------


async def _certificates(request: web.Request) -> web.Response:
    agent = _from_paired(request)
    found = await agent.certificates()
    return web.json_response(
        {"certificates": [{"der": _text(one.der), "name": _named(one.der), "token": one.token} for one in found]}
    )


async def _begin(request: web.Request) -> web.Response:
    """Takes files with what is to be signed of each, looks at all of it, and says where its page is."""
    agent = _from_paired(request)
    certificate, files = _asked(await _json(request))
    chosen = next((one for one in await agent.certificates() if one.der == certificate), None)
    if chosen is None:
        raise SigningFailed(Reason(N_("chứng thư số không có trong thiết bị ký số")))
    job = agent.jobs.add(chosen, tuple(inspect(pdf, part, certificate) for pdf, part in files), time.monotonic())
    return web.json_response({"job": job.id, "page": f"http://{request.host}/jobs/{job.id}/page"})


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except (ValueError, LookupError, RecursionError) as error:
        raise _strange() from error


def _asked(message: Any) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    try:
        files = message["files"]
        if not isinstance(files, list) or not 0 < len(files) <= MAX_FILES:
            raise ValueError("no files, or too many")
        parts = [(_bytes(one["pdf"], MAX_PDF), _bytes(one["attributes"], MAX_ATTRIBUTES)) for one in files]
        return _bytes(message["certificate"], 16_384), parts
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise _strange() from error


def _strange() -> SigningFailed:
    return SigningFailed(Reason(N_("dữ liệu cần ký có cấu trúc lạ")))


def _bytes(text: Any, limit: int) -> bytes:
    if not isinstance(text, str) or len(text) > limit * 4 // 3 + 4:
        raise ValueError("not base64, or too long")
    return base64.b64decode(text, validate=True)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def _state(request: web.Request) -> web.Response:
    """How a job stands; the signatures are given once."""
    agent = _from_paired(request)
    job = agent.jobs.get(request.match_info["id"], time.monotonic())
    if job is None:
        return web.json_response({"state": "gone"})
    if job.state == "signed":
        agent.jobs.forget(job.id)
    return web.json_response({"state": job.state, "signatures": [_text(one) for one in job.signatures]})


# --- for the official -----------------------------------------------------------------------------------------


async def _home(request: web.Request) -> web.Response:
    _from_here(request)
    try:
        found = await request.app[AGENT].certificates()
        return _render(request, "home.html", certificates=[_named(one.der) for one in found], sentence="")
    except SigningFailed as error:
        return _render(request, "home.html", certificates=[], sentence=told(error.reason, _reader(request)))


def _named(der: bytes) -> str:
    name = asn1_x509.Certificate.load(der).subject.native
    return str(name.get("common_name", ""))


def _job(request: web.Request) -> Job:
    job = _from_here(request).jobs.get(request.match_info["id"], time.monotonic())
    if job is None:
        raise web.HTTPNotFound
    return job


async def _page(request: web.Request) -> web.Response:
    """The job's page: every file as pictures of its pages, its digest, and the field for the PIN."""
    return await _shown(request, _job(request))


async def _shown(request: web.Request, job: Job, sentence: str = "") -> web.Response:
    shown = await request.app[AGENT].look(lambda: [_looked_at(one.pdf) for one in job.files])
    digests = [hashlib.sha256(one.pdf).hexdigest() for one in job.files]
    files = [
        {**about, "digest": one.document_digest.hex(), "size": len(one.pdf), "whole": whole}
        for about, one, whole in zip(shown, job.files, digests, strict=True)
    ]
    return _render(
        request, "job.html", 422 if sentence else 200, job=job, files=files, signer=_named(job.certificate.der),
        token=job.certificate.token, sentence=sentence,
    )  # fmt: skip


def _looked_at(pdf: bytes) -> Mapping[str, Any]:
    with _opened(pdf) as document:
        title = document.get_metadata_value("Title")
        return {"title": title or "PDF", "pages": min(len(document), MAX_PAGES), "more": len(document) > MAX_PAGES}


def _opened(pdf: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise SigningFailed(Reason(N_("tệp PDF không mở được"))) from error


async def _file(request: web.Request) -> web.Response:
    job, number = _job(request), int(request.match_info["number"])
    if number >= len(job.files):
        raise web.HTTPNotFound
    return web.Response(body=job.files[number].pdf, content_type="application/pdf")


async def _picture(request: web.Request) -> web.Response:
    job, number, index = _job(request), int(request.match_info["number"]), int(request.match_info["page"])
    if number >= len(job.files) or index >= MAX_PAGES:
        raise web.HTTPNotFound

    try:
        drawn = await request.app[AGENT].look(lambda: picture(job.files[number].pdf, index))
    except IndexError as error:
        raise web.HTTPNotFound from error
    return web.Response(body=drawn, content_type="image/png")


def picture(pdf: bytes, index: int) -> bytes:
    """A page as a PNG of bounded size, whatever shape it has. Raises IndexError, SigningFailed."""
    out = io.BytesIO()
    with _opened(pdf) as document:
        if index >= len(document):
            raise IndexError
        document.init_forms()
        sheet = document[index]
        width, height = (max(one, 1.0) for one in sheet.get_size())
        sheet.render(scale=min(WIDTH / width, TALLEST / height)).to_pil().save(out, "PNG")
    return out.getvalue()


async def _decide(request: web.Request) -> web.Response:
    """The official has entered the PIN, or said no."""
    job = _job(request)
    posted = await request.post()
    if job.state != "waiting":
        return _render(request, "done.html", job=job)
    if job.busy:
        # A form that was sent twice: a wrong PIN would be tried twice, and few tries lock a token.
        return await _shown(request, job, _reader(request).gettext(N_("Đang ký bằng thiết bị; xin đợi.")))
    if "refuse" in posted:
        job.state = "refused"
        return _render(request, "done.html", job=job)
    pin = posted.get("pin")
    reader = _reader(request)
    if not isinstance(pin, str) or not pin or len(pin) > 100:
        return await _shown(request, job, reader.gettext(N_("Xin nhập mã PIN.")))
    try:
        await request.app[AGENT].sign(job, pin)
    except WrongPin:
        return await _shown(
            request, job, reader.gettext(N_("Mã PIN không đúng. Nhập sai nhiều lần, thiết bị sẽ bị khóa."))
        )
    except SigningFailed as error:
        return await _shown(request, job, told(error.reason, reader))
    return _render(request, "done.html", job=job)


async def _static(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / request.match_info["name"])
