"""Signing by whichever way the installation has: documents that wait for me, one or many, with one PIN entry."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import BodyPartReader, web

from minutes.document import Document, Kind
from minutes.errors import NotFound, Reason, RecordError, WrongPin
from server import certificates, key_files
from server.bulk_signing import MAX_DOCUMENTS, Row, Run
from server.certificates import Holder
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import BULK, CONFIG, DATABASE, PIN_ATTEMPTS, RECORDS, REMOTE
from server.middleware import policy
from server.pages import check_csrf, reader_of, require, see_other, wording
from server.pages.caching import private
from server.pages.desk_acts import Unfilled, access, actor, possible
from server.records_signing import ToSign
from server.rights import may
from server.uploads import UNREAD, UPLOADS

MAX_PART = 65_536
"""Octets of a PKCS#12 file, those of officials have about 4,000; and of any other field."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/signing", show),
        web.get("/signing/program", program),
        web.post("/signing", sign),
        web.get("/signing/runs/{run}", run_page),
    ]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A document that its asker may sign now, as themselves or with the unit's seal."""

    document: Document
    seal: bool

    @property
    def holder(self) -> Holder:
        """Whose key signs it."""
        signer = next(one for one in self.document.next_signers if (one.role == "seal") is self.seal)
        return Holder(signer.account, self.seal)


def signable(document: Document, account: Account) -> Chosen | None:
    """`document` as `account` may sign it now; None where it may not. May both (never so far), the seal waits."""
    acts = possible(document, account)
    if "sign" in acts:
        return Chosen(document, seal=False)
    return Chosen(document, seal=True) if "seal" in acts else None


async def waiting(request: web.Request, account: Account) -> list[Chosen]:
    """What waits for the signature or the seal of `account`, the first due first."""
    found = [signable(document, account) for _waiting, document in await request.app[RECORDS].waiting(account)]
    seen: dict[str, Chosen] = {one.document.id: one for one in found if one is not None}
    return list(seen.values())[:MAX_DOCUMENTS]


async def chosen(request: web.Request, document_id: str) -> tuple[Account, Chosen]:
    """A document that the asker may sign now. Raises Problem and RecordError."""
    account = require(request, "desk.sign")
    try:
        document = await request.app[RECORDS].get(document_id)
    except NotFound as error:
        raise Problem("not_allowed") from error
    if not may(account, "document.read", access(document)):
        raise Problem("not_allowed")
    found = signable(document, account)
    if found is None:
        raise RecordError(Reason(N_("Văn bản không chờ đồng chí ký; có thể người khác vừa xử lý.")))
    return account, found


# --- the page -------------------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.Response:
    """GET /signing?document=ID: what waits for my signature, and the ways to sign; `document` is ticked already."""
    account = require(request, "desk.sign")
    wanted = set(request.query.getall("document", []))
    return await _page(request, account, wanted)


async def program(request: web.Request) -> web.Response:
    """GET /signing/program: how the program that signs with a token gets into the official's machine."""
    require(request, "desk.sign")
    return private(request, "desk/program.html", origin=request.app[CONFIG].base_url)


async def _page(
    request: web.Request, account: Account, ticked: set[str], *, sentence: str = "", failed: str = ""
) -> web.Response:
    config = request.app[CONFIG].signing
    agent, vgca = f"http://127.0.0.1:{config.agent_port}", f"wss://127.0.0.1:{config.vgca_port}"
    documents = await waiting(request, account)
    response = private(
        request,
        "desk/signing.html",
        status=422 if sentence else 200,
        documents=documents,
        seals=sum(one.seal for one in documents),
        ticked=ticked,
        ways=config.ways,
        agent=agent,
        vgca=vgca,
        words=wording,
        sentence=sentence,
        failed=failed,
    )
    programs = [address for way, address in (("agent", agent), ("vgca", vgca)) if way in config.ways]
    response.headers["Content-Security-Policy"] = policy(*programs)
    return response


# --- with a key that is here ----------------------------------------------------------------------------------


async def sign(request: web.Request) -> web.Response:
    """POST /signing: sign the ticked documents one after the other; goes on to the page that tells how far it is."""
    account = require(request, "desk.sign")
    fields, key_file = await _form(request, account)
    ticked = {name.removeprefix("document.") for name in fields if name.startswith("document.")}
    way = _way(fields, request.app[CONFIG].signing.ways)
    reader, attempts, now = reader_of(request), request.app[PIN_ATTEMPTS], time.monotonic()
    prepare = _WAYS.get(way)
    if prepare is None:
        raise Problem("bad_message")
    try:
        documents = [one for one in await waiting(request, account) if one.document.id in ticked]
        if not documents:
            raise Unfilled(N_("Chưa chọn văn bản nào còn chờ đồng chí ký."))
        asked = Asked(
            request, account, documents, fields.get(f"pin.{way}", ""), fields.get("otp", "").strip(), key_file
        )
        if not attempts.begin(account.id, now):
            raise Unfilled(N_("Đã nhập sai mã PIN nhiều lần. Xin đợi 15 phút rồi thử lại."))
        work = await prepare(asked)
    except Unfilled as unfilled:
        attempts.untried(account.id, now)
        return await _page(request, account, ticked, sentence=reader.gettext(str(unfilled)), failed=way)
    except RecordError as error:
        if not isinstance(error, WrongPin):
            attempts.untried(account.id, now)
        sentence = wording.sentence(error, Kind.MINUTES, reader)
        return await _page(request, account, ticked, sentence=sentence, failed=way)
    attempts.succeeded(account.id)
    run = request.app[BULK].start(account.id, [(one.document, one.seal) for one in documents], work)
    named = urlencode([("document", one.document.id) for one in documents])
    return see_other(f"/signing/runs/{run.id}?{named}")


def _way(fields: Mapping[str, str], offered: Sequence[str]) -> str:
    """The way that was chosen, "" for one that is not offered. The key Enter presses the first button of a form, in
    whichever field it was hit: then it is the way whose PIN was entered."""
    way = fields.get("way", "")
    filled = [one for one in offered if fields.get(f"pin.{one}")]
    if len(filled) == 1 and not fields.get(f"pin.{way}"):
        way = filled[0]
    return way if way in offered else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one form asks for."""

    request: web.Request
    account: Account
    documents: list[Chosen]
    pin: str
    otp: str
    key_file: bytes

    def checked_pin(self) -> str:
        """The PIN; raises Unfilled."""
        if not self.pin or len(self.pin) > 100:
            raise Unfilled(N_("Xin nhập mã PIN."))
        return self.pin


Work = Callable[[Row], Awaitable[object]]


async def _by_store(asked: Asked) -> Work:
    """The key store's keys: opened once to try the PIN, before anything is begun."""
    records, by, pin = asked.request.app[RECORDS], actor(asked.account), asked.checked_pin()
    for holder in {one.holder for one in asked.documents}:
        await records.unlock(holder, pin)

    async def work(row: Row) -> None:
        await (records.seal if row.seal else records.sign)(row.document.id, by=by, pin=pin)

    return work


async def _by_file(asked: Asked) -> Work:
    """A PKCS#12 file of this request: it is in memory until the last of the chosen documents is signed."""
    records, by, pin = asked.request.app[RECORDS], actor(asked.account), asked.checked_pin()
    if not asked.key_file:
        raise Unfilled(N_("Xin chọn tệp khóa (.p12, .pfx)."))
    credential = await key_files.opened(asked.key_file, pin)

    async def work(row: Row) -> None:
        await records.sign_with(row.document.id, by=by, credential=credential, seal=row.seal)

    return work


async def _by_remote(asked: Asked) -> Work:
    """A key at a remote service: what is to be signed of all documents goes there at once, with one authorisation for
    each key. What fails for one document is told in its row."""
    request, by, pin = asked.request, actor(asked.account), asked.checked_pin()
    if len(asked.otp) > 20:
        raise Unfilled(N_("Mã xác nhận (OTP) quá dài."))
    records, remote = request.app[RECORDS], request.app[REMOTE]
    begun: dict[str, ToSign | RecordError] = {}
    signatures: dict[str, bytes] = {}
    for holder in dict.fromkeys(one.holder for one in asked.documents):
        async with request.app[DATABASE].read() as connection:
            bound = await certificates.of(connection, holder)
        key = await remote.credential(bound)
        ready: list[ToSign] = []
        for one in asked.documents:
            if one.holder == holder:
                try:
                    ready.append(
                        await records.begin_signing(
                            one.document.id, by=by, certificate=key.certificate, seal=holder.seal
                        )
                    )
                    begun[one.document.id] = ready[-1]
                except RecordError as error:
                    begun[one.document.id] = error
        if ready:
            attributes = [one.half.attributes for one in ready]
            values = await remote.sign(key, attributes, pin=pin, otp=asked.otp)
            signatures |= {one.document.id: value for one, value in zip(ready, values, strict=True)}

    async def work(row: Row) -> None:
        found = begun[row.document.id]
        if isinstance(found, RecordError):
            raise found
        await records.finish_signing(found.ticket, by=by, signature=signatures[row.document.id])

    return work


_WAYS: Mapping[str, Callable[[Asked], Awaitable[Work]]] = {
    "store": _by_store,
    "file": _by_file,
    "remote": _by_remote,
}


async def _form(request: web.Request, account: Account) -> tuple[Mapping[str, str], bytes]:
    """The fields of the form and the key file, read part by part, at the pace and in a place of any other upload. What
    server.uploads does with a file would put it on disk."""
    fields: dict[str, str] = {}
    key_file, parts = b"", 0
    async with request.app[UPLOADS].place(known=True, who=account.id) as reading:
        try:
            async for part in await request.multipart():
                parts += 1
                if not isinstance(part, BodyPartReader) or part.name is None or parts > 2 * MAX_DOCUMENTS:
                    raise Problem("bad_form")
                data = bytearray()
                while chunk := await part.read_chunk():
                    reading.got(len(chunk))
                    data += chunk
                    if len(data) > MAX_PART:
                        raise Problem("too_long")
                if part.filename is not None:
                    key_file = bytes(data)
                else:
                    fields[part.name] = data.decode()
        except UNREAD as error:
            raise Problem("bad_form") from error
    check_csrf(request, fields)
    return fields, key_file


# --- how far it is --------------------------------------------------------------------------------------------


async def run_page(request: web.Request) -> web.Response:
    """GET /signing/runs/{run}?document=ID…: which documents are signed, which are not and why; asked again while it
    goes on. Of a run that this process knows nothing of, what has become of the documents."""
    account = require(request, "desk.sign")
    runs, run_id = request.app[BULK], request.match_info["run"]
    run = runs.get(run_id, account.id) if runs.knows(run_id) else await _interrupted(request, account)
    if run is None:
        return see_other("/signing")
    reader = reader_of(request)
    errors = defaultdict(
        str,
        {
            row.document.id: wording.sentence(row.error, row.document.kind, reader)
            for row in run.rows
            if row.error is not None
        },
    )
    return private(request, "desk/signed.html", run=run, errors=errors, words=wording)


async def _interrupted(request: web.Request, account: Account) -> Run | None:
    """A run that a restart has cut off, by the documents that its address names; None where it names none."""
    rows: list[Row] = []
    for document_id in dict.fromkeys(request.query.getall("document", [])[:MAX_DOCUMENTS]):
        try:
            document = await request.app[RECORDS].get(document_id)
        except NotFound:
            continue
        if may(account, "document.read", access(document)):
            left = signable(document, account)
            signed = {one.signer.account: one.signer.role == "seal" for one in document.signed}
            by = next((one for one in (account.id, account.unit.id) if one in signed), None)
            done = left is None and by is not None
            seal = left.seal if left is not None else by is not None and signed[by]
            rows.append(Row(document, seal, "done" if done else "waiting"))
    return Run(request.match_info["run"], account.id, tuple(rows), interrupted=True) if rows else None
