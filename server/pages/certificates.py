"""Certificates and pictures of signatures: the clerk binds those of the unit, everybody leaves their own picture."""

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web

from minutes import appearance, handwriting
from minutes.errors import RecordError
from server import certificates, directory
from server.auth import utcnow
from server.certificates import Bound, Holder, Standing, standing
from server.directory import Account
from server.errors import Problem
from server.keys import CONFIG, DATABASE, JOBS, RECORDS
from server.pages import form, reader_of, require, see_other, upload_of
from server.pages.caching import PRIVATE, private
from server.pages.wording import told
from server.revocation import REVOCATION_JOB


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/certificates", show),
        web.post("/certificates/{kind:person|seal}/{holder}", bind),
        web.post(r"/certificates/{kind:person|seal}/{holder}/{id:\d{1,9}}/end", unbind),
        web.post("/certificates/picture", seal_picture),
        web.get("/certificates/picture.png", seal_image),
        web.get("/account", mine),
        web.post("/account/picture", my_picture),
        web.get("/account/picture.png", my_image),
    ]


# --- of the unit ----------------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.Response:
    """GET /certificates: the unit's people and its seal, with the certificates that are bound to them."""
    return await _page(request, require(request, "certificate.bind"))


async def _page(request: web.Request, account: Account, *, sentence: str = "", failed: str = "") -> web.Response:
    async with request.app[DATABASE].read() as connection:
        people = [one for one in await directory.accounts(connection) if one.unit.id == account.unit.id]
        holders = [(Holder(account.unit.id, seal=True), account.unit.name, "")]
        holders += [(Holder(one.id), one.name, one.title) for one in people]
        rows = [(holder, name, title, await certificates.of(connection, holder)) for holder, name, title in holders]
    in_store = {holder for holder, *_who in rows if _in_store(request, holder)}
    standing = await _standing(request, [one for *_who, bound in rows for one in bound])
    return private(
        request, "account/certificates.html", status=422 if sentence else 200, rows=rows, standing=standing,
        in_store=in_store,
        has_picture=request.app[RECORDS].pictures.seal_image(account.unit.id) is not None,
        sentence=sentence, failed=failed,
    )  # fmt: skip


def _in_store(request: web.Request, holder: Holder) -> bool:
    """Whether the installation keeps a key of theirs, which its PIN opens."""
    pictures = request.app[RECORDS].pictures
    known = pictures.has_seal if holder.seal else pictures.has_person
    return "store" in request.app[CONFIG].signing.ways and known(holder.id)


async def _standing(request: web.Request, bound: Sequence[Bound]) -> dict[int, Standing]:
    """What each certificate is worth now, by its id."""
    trust, now = request.app[RECORDS].trust, utcnow()
    return await asyncio.to_thread(lambda: {one.id: standing(one, trust, now) for one in bound})


async def bind(request: web.Request) -> web.Response:
    """POST /certificates/{kind}/{holder}: bind the certificate of a file."""
    account, holder = await _holder(request)
    await form(request)
    try:
        certificate = certificates.read(await _sent(request, certificates.MAX_BYTES))
        async with request.app[DATABASE].begin() as connection:
            await certificates.bind(connection, holder, certificate, account.id, utcnow())
    except RecordError as error:
        return await _page(request, account, sentence=told(error.reason, reader_of(request)), failed=holder.id)
    for job in request.app[JOBS]:
        if job.name == REVOCATION_JOB:
            job.wake()  # nothing is known yet of the new certificate
    return see_other("/certificates")


async def unbind(request: web.Request) -> web.Response:
    """POST /certificates/{kind}/{holder}/{id}/end: nothing is signed with it any more."""
    _account, holder = await _holder(request)
    await form(request)
    async with request.app[DATABASE].begin() as connection:
        await certificates.unbind(connection, holder, int(request.match_info["id"]), utcnow())
    return see_other("/certificates")


async def _holder(request: web.Request) -> tuple[Account, Holder]:
    """Who asks and whose certificate it is: of their own unit. Raises Problem."""
    account = require(request, "certificate.bind")
    holder = Holder(request.match_info["holder"], request.match_info["kind"] == "seal")
    if holder.seal:
        if holder.id != account.unit.id:
            raise Problem("not_allowed")
        return account, holder
    async with request.app[DATABASE].read() as connection:
        found = await directory.account(connection, holder.id)
    if found is None or found.unit.id != account.unit.id:
        raise Problem("not_allowed")
    return account, holder


async def _sent(request: web.Request, limit: int) -> bytes:
    sent = upload_of(request)
    return b"" if sent is None else await sent.octets(limit)


async def seal_picture(request: web.Request) -> web.Response:
    """POST /certificates/picture: the picture of the unit's seal."""
    account = require(request, "certificate.bind")
    pictures = request.app[RECORDS].pictures
    try:
        await _keep_picture(request, lambda drawn: pictures.put_seal_image(account.unit.id, drawn), seal=True)
    except RecordError as error:
        return await _page(request, account, sentence=told(error.reason, reader_of(request)), failed="picture")
    return see_other("/certificates")


async def seal_image(request: web.Request) -> web.Response:
    """GET /certificates/picture.png: as it will stand in documents."""
    unit = require(request, "certificate.bind").unit
    kept = request.app[RECORDS].pictures.seal_image(unit.id)
    return _image(await asyncio.to_thread(appearance.seal, unit.name) if kept is None else kept)


# --- of oneself -----------------------------------------------------------------------------------------------


async def mine(request: web.Request) -> web.Response:
    """GET /account: my picture and my certificates."""
    return await _mine(request, require(request, "desk.sign"))


async def _mine(request: web.Request, account: Account, sentence: str = "") -> web.Response:
    async with request.app[DATABASE].read() as connection:
        bound = await certificates.of(connection, Holder(account.id))
    return private(
        request, "account/mine.html", status=422 if sentence else 200, bound=bound, sentence=sentence,
        standing=await _standing(request, bound),
        in_store=_in_store(request, Holder(account.id)),
        has_picture=request.app[RECORDS].pictures.person_image(account.id) is not None,
    )  # fmt: skip


async def my_picture(request: web.Request) -> web.Response:
    """POST /account/picture: the picture of my handwritten signature; with `remove`, the drawn one again."""
    account = require(request, "desk.sign")
    pictures = request.app[RECORDS].pictures
    try:
        await _keep_picture(request, lambda drawn: pictures.put_person_image(account.id, drawn), seal=False)
    except RecordError as error:
        return await _mine(request, account, told(error.reason, reader_of(request)))
    return see_other("/account")


async def my_image(request: web.Request) -> web.Response:
    """GET /account/picture.png: as it will stand in documents."""
    account = require(request, "desk.sign")
    kept = request.app[RECORDS].pictures.person_image(account.id)
    return _image(await asyncio.to_thread(appearance.handwriting, account.name) if kept is None else kept)


async def _keep_picture(request: web.Request, keep: Callable[[bytes | None], None], *, seal: bool) -> None:
    fields = await form(request)
    if "remove" in fields:
        await asyncio.to_thread(keep, None)
        return
    data = await _sent(request, handwriting.MAX_BYTES)
    drawn = await asyncio.to_thread(lambda: handwriting.ink(data, seal=seal))
    await asyncio.to_thread(keep, drawn)


def _image(data: bytes) -> web.Response:
    return web.Response(body=data, content_type="image/png", headers=PRIVATE)
