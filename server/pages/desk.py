"""The desk: records on their way from draft to archive, what waits for whom, and the acts that move them on."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.content import MinutesContent
from minutes.document import KIND_NAMES, PUBLISHABLE, Document, Kind, State
from minutes.errors import Conflict, NotFound, Reason, RecordError, Refused, WrongPin
from minutes.secrecy import refuse_secrets
from minutes.tasks.reviewing import reviewed
from minutes.workflow.consultation import mine
from minutes.workflow.relation import Deed, in_force
from server import directory
from server.auth import utcnow
from server.directory import Account
from server.editing.shapes import parts_of
from server.errors import Problem
from server.i18n import N_, Reader, script_strings
from server.keys import CONFIG, DATABASE, EDITING, EXCHANGE, HANDING, PIN_ATTEMPTS, RECORDS, REGISTERS, TASKS
from server.pages import (
    archive,
    current,
    desk_choices,
    desk_form,
    form,
    incidents,
    reader_of,
    require,
    rights_log,
    see_other,
    wording,
)
from server.pages.caching import PRIVATE, pdf, private
from server.pages.desk_acts import CHECKS, DEEDS, RULES, Doing, Unfilled, access, actor, possible
from server.pages.desk_told import told
from server.pages.public import document_path
from server.pages.tasks import words as task_words
from server.rights import Act, may
from server.tasks import day_of

DUTIES = 10
"""Tasks of its unit that the desk shows; the page of tasks has all."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/desk", index),
        web.get("/desk/{id}", show),
        web.get("/desk/{id}/edit", edit),
        web.post("/desk/{id}/edit", save),
        web.get("/desk/{id}/pdf", file),
        web.post("/desk/{id}/{act}", act),
    ]


async def index(request: web.Request) -> web.Response:
    """GET /desk: what waits for the account, the first due first; then the other records of its unit."""
    account = require(request, "desk.open")
    records, reader, now = request.app[RECORDS], reader_of(request), utcnow()
    mine = await records.waiting(account)
    taken = {document.id for _waiting, document in mine}
    documents = [
        document
        for unit in (account.unit.id, *sorted(account.inherits))
        for document in await records.documents(unit_id=unit)
        if document.id not in taken and may(account, "document.read", access(document))
    ]
    turns = await records.turns([document.id for document in documents])
    to_sign = [acts for _waiting, one in mine if (acts := possible(one, account) & {"sign", "seal"})]
    groups = [(state, [document for document in documents if document.state is state]) for state in State]
    duties = reviewed(await desk_choices.duties(request.app[TASKS], account), day_of(now))
    given = [one for one in duties if one.person and one.person.id == account.id and not one.done]
    return private(
        request,
        "desk/list.html",
        alarm=await archive.alarm(request),
        incidents=await incidents.waiting(request, account),
        came=await desk_choices.came(request.app[EXCHANGE], account),
        undecided=await desk_choices.undecided(request.app[TASKS], account),
        undirected=await desk_choices.undirected(request.app[REGISTERS], account),
        changed_rights=await rights_log.waiting(request, account),
        way_in=await rights_log.way_in(request, account),
        mine=mine,
        rights=sum(
            one.waits and may(account, "delegation.confirm", one) for one in await records.delegations(account.unit.id)
        ),
        signing=len(to_sign),
        sealing=all("seal" in acts for acts in to_sign),
        returned=await records.returned([*(document for _waiting, document in mine), *documents]),
        tasks=wording.tasks([waiting.turn.task for waiting, _document in mine], reader),
        groups=[(state, found) for state, found in groups if found],
        words=wording,
        held=records.held,
        next_step=lambda document: wording.next_step(
            document, turns.get(document.id, ()), reader, now, held=records.held(document.id)
        ),
        due=lambda moment: wording.due(moment, reader, now),
        given=given,
        duties=[one for one in duties if one not in given][:DUTIES],
        receiving=await desk_choices.receiving(request.app[HANDING], request.app[DATABASE], account, day_of(now)),
        duty_words=task_words(request),
    )


async def open_document(request: web.Request, permission: Act = "document.read") -> tuple[Account, Document]:
    """The signed-in account and the document of the path. Raises Problem; strangers learn nothing of its existence."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    try:
        document = await request.app[RECORDS].get(request.match_info["id"])
    except NotFound as error:
        raise Problem("not_yours") from error
    asked, charged = await request.app[RECORDS].asked(document.id), await request.app[TASKS].charged(document)
    allowed = access(document, asked, charged | await request.app[RECORDS].sent_to(document))
    if not may(account, "document.receive", allowed):
        raise Problem("not_yours")  # the same answer as for one that does not exist
    return require(request, permission, allowed), document


async def show(request: web.Request) -> web.Response:
    """GET /desk/{id}: where a record stands, what may be done, its text and its history; to whom it was issued, its
    text alone."""
    account, document = await open_document(request, "document.receive")
    if not may(account, "document.read", access(document, await request.app[RECORDS].asked(document.id))):
        return await _issued(request, document)
    editing = request.app[EDITING]
    if editing.quiet(document.id):
        with contextlib.suppress(RecordError):
            await editing.settle(document.id)
            document = await request.app[RECORDS].get(document.id)
    return await document_page(request, account, document)


async def _issued(request: web.Request, document: Document) -> web.Response:
    records = request.app[RECORDS]
    return private(
        request,
        "desk/issued.html",
        document=document,
        content=await records.content(document.id),
        changes=await records.changes(document.id),
        words=wording,
    )


async def document_page(
    request: web.Request,
    account: Account,
    document: Document,
    *,
    sentence: str = "",
    failed: str = "",
    typed: Mapping[str, str] | None = None,
) -> web.Response:
    """The record's own page; `sentence` is what went wrong with the form of the act `failed`."""
    records, reader = request.app[RECORDS], reader_of(request)
    related = await records.documents(meeting_id=document.meeting_id) if document.meeting_id else ()
    changes = await records.changes(document.id)
    asked, turns = await records.asked(document.id), await records.turns([document.id])
    acts = possible(document, account, asked)
    if not in_force(changes):
        acts -= {"change"}
    history, text = await records.history(document.id), await records.content(document.id)
    if any(one.kind is Kind.NOTICE for one in related):
        acts -= {"notice"}
    public_path = ""
    if document.published and document.number_symbol and document.year:
        published = await records.public_document(document.unit.id, document.year, document.number_symbol)
        public_path = document_path(published)
    return private(
        request,
        "desk/show.html",
        status=422 if sentence else 200,
        document=document,
        content=text,
        history=history,
        **await told(request, account, document, acts, text),
        related=[one for one in related if one.id != document.id and may(account, "document.read", access(one))],
        acts=acts,
        ways=request.app[CONFIG].signing.ways,
        asked=asked,
        changes=changes,
        in_force=in_force(changes),
        held=records.held(document.id),
        recalled=any(one.deed is Deed.RECALLS for one in changes),
        my_request=mine(asked, account.id, account.unit.id) is not None,
        forms=await desk_choices.filled(request.app[DATABASE], document, account, acts, utcnow(), typed or {}, failed),
        steps=steps_of(document, reader, asked=bool(asked)),
        next_step=wording.next_step(
            document,
            turns.get(document.id, ()),
            reader,
            utcnow(),
            held=records.held(document.id),
            in_force=in_force(changes),
        ),
        words=wording,
        kind_name=KIND_NAMES[document.kind],
        checks=CHECKS,
        **await desk_choices.exchanged(request.app[EXCHANGE], account, document),
        public_path=public_path,
        may_redact=may(account, "document.redact", access(document)),
        personal=await records.personal_data(document.id) if "publish" in acts else (),
        sentence=sentence,
        failed=failed,
        typed=defaultdict(str, typed or {}),
    )


def steps_of(document: Document, reader: Reader, *, asked: bool) -> list[tuple[str, str, str]]:
    """(what, who, "done" | "now" | "later" | "skipped") for each step of the record's way; `asked`: somebody was, for
    remarks."""
    workflow, at = document.workflow, document.state
    rows = [(N_("Dự thảo"), reader.gettext(N_("Thư ký")), at is State.DRAFT)]
    if workflow.asks:
        rows.append((ASK_STEP, "", at in (State.COMMENTS, State.REVISED)))
    if workflow.checks:
        role = reader.gettext(wording.ROLES[workflow.check])
        rows.append((N_("Kiểm tra thể thức, pháp lý"), role, at is State.CHECK))
    rows.append((N_("Duyệt, cấp số"), reader.gettext(N_("Lãnh đạo")), at is State.REVIEW))
    rows += _signatures(document, reader)
    if document.kind in PUBLISHABLE:
        undecided = at is State.SEALED and not document.published
        rows.append((N_("Công khai"), reader.gettext(N_("Lãnh đạo, văn thư")), undecided))
    over = 0 if at is State.DISCARDED else len(rows)
    here = [index for index, (_what, _who, now) in enumerate(rows) if now] or [over]
    signed = {one.signer.name for one in document.signed}
    told = []
    for index, (what, who, now) in enumerate(rows):
        over = index < here[0] or (who in signed and what == SIGN_STEP)
        if over and what == ASK_STEP and not asked:
            told.append((reader.gettext(what), reader.gettext(N_("không lấy ý kiến")), "skipped"))
        else:
            told.append((reader.gettext(what), who, "now" if now else "done" if over else "later"))
    return told


ASK_STEP = N_("Lấy ý kiến, hoàn thiện")
SIGN_STEP = N_("Ký số")


def _signatures(document: Document, reader: Reader) -> list[tuple[str, str, bool]]:
    """A row for each who signs; those of one step are all "now"."""
    seal = N_("Đóng dấu, vào sổ, lưu trữ")
    clerk = reader.gettext(N_("Văn thư"))
    return [
        (seal, clerk, signer in document.next_signers)
        if signer.role == "seal"
        else (SIGN_STEP, signer.name, signer in document.next_signers)
        for signer in document.signers
    ]


async def file(request: web.Request) -> web.Response:
    """GET /desk/{id}/pdf: the record's PDF as it stands."""
    _account, document = await open_document(request, "document.receive")
    data = await request.app[RECORDS].pdf(document.id)
    return pdf(data, f"{document.kind.value}-{document.id[:8]}.pdf", headers=PRIVATE)


# --- editing --------------------------------------------------------------------------------------------------


async def edit(request: web.Request) -> web.Response:
    """GET /desk/{id}/edit: the text as form fields."""
    account, document = await open_document(request, "document.edit")
    if "edit" not in possible(document, account):
        return see_other(f"/desk/{document.id}")
    with contextlib.suppress(RecordError):
        await request.app[EDITING].settle(document.id)
    return await edit_page(request, document)


async def edit_page(request: web.Request, document: Document, *, status: int = 200, sentence: str = "") -> web.Response:
    """The editor with the text as it is kept; `sentence` is what went wrong."""
    records = request.app[RECORDS]
    document = await records.get(document.id)
    typed = desk_form.typed_of(document.kind, await records.content_json(document.id))
    return await _edit_page(request, document, typed, document.version, status=status, sentence=sentence, plain=False)


async def _edit_page(
    request: web.Request,
    document: Document,
    typed: Mapping[str, str],
    version: int,
    *,
    status: int = 200,
    sentence: str = "",
    theirs: Mapping[str, str] | None = None,
    plain: bool = True,
) -> web.Response:
    """`plain`: what was typed into the form is shown again, so the form stays."""
    shown = {**typed, **(theirs or {})}
    rows = {
        name: max(desk_form.row_count(name, typed), desk_form.row_count(name, shown)) for name in desk_form.BLANK_ROWS
    }
    parts, reader = parts_of(document.kind), reader_of(request)
    return private(
        request,
        "desk/edit.html",
        status=status,
        document=document,
        kind_name=KIND_NAMES[document.kind],
        fields=desk_form.FIELDS[document.kind],
        typed=defaultdict(str, typed),
        theirs=theirs or {},
        rows=rows,
        blanks=desk_form.BLANK_ROWS,
        blocks=desk_form.BLOCKS.items(),
        units=await _units(request),
        items=await _items(request, document),
        parts=parts,
        plain=plain,
        strings=script_strings(reader.language),
        draft={
            "id": document.id,
            "me": require(request, "document.edit", access(document)).id,
            "parts": [
                {"name": part.name, "label": reader.gettext(part.label), "kinds": part.kinds, "single": part.single}
                for part in parts
            ],
        },
        version=version,
        sentence=sentence,
    )


async def _units(request: web.Request) -> list[str]:
    """The units that may be charged with something, as a sentence names them."""
    async with request.app[DATABASE].read() as connection:
        return [unit.short_name for unit in await directory.units(connection, utcnow().date().isoformat())]


async def _items(request: web.Request, document: Document) -> list[str]:
    """What the document's meeting dealt with, as its minutes name it."""
    records = request.app[RECORDS]
    minutes = await records.document_of(document.meeting_id) if document.meeting_id else None
    content = await records.content(minutes) if minutes else None
    return [part.heading for part in content.course] if isinstance(content, MinutesContent) else []


async def save(request: web.Request) -> web.Response:
    """POST /desk/{id}/edit: a new version of the text; when somebody was faster, both texts are shown."""
    account, document = await open_document(request, "document.edit")
    typed = await form(request)
    records, reader = request.app[RECORDS], reader_of(request)
    version = typed.get("expected_version", "")
    expected = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    editing = request.app[EDITING]
    with contextlib.suppress(RecordError):
        await editing.settle(document.id)  # what is being written in the editor becomes a version first
    before = await records.content_json(document.id)
    content = desk_form.read(document.kind, before, typed)
    try:
        await records.edit(document.id, content, by=actor(account), expected_version=expected)
    except Conflict as conflict:
        saved = desk_form.typed_of(document.kind, await records.content_json(document.id))
        return await _edit_page(
            request,
            document,
            typed,
            conflict.current,
            status=409,
            sentence=reader.gettext(
                N_(
                    "Trong lúc đồng chí sửa, người khác đã lưu một bản mới. Nội dung đồng chí gõ vẫn còn nguyên "
                    "dưới đây; chỗ nào khác với bản đã lưu thì bản đã lưu hiện ngay bên dưới. "
                    "Đồng chí xem lại rồi lưu."
                )
            ),
            theirs=desk_form.differences(document.kind, typed, saved),
        )
    except RecordError as error:
        sentence = wording.sentence(error, document.kind, reader)
        return await _edit_page(request, document, typed, expected, status=422, sentence=sentence)
    await editing.follow(document.id)
    return see_other(f"/desk/{document.id}")


# --- acts -----------------------------------------------------------------------------------------------------


async def act(request: web.Request) -> web.Response:
    """POST /desk/{id}/{act}: do it and go back to the record; what went wrong is one sentence on the same page."""
    name = request.match_info["act"]
    deed = DEEDS.get(name)
    if deed is None:
        raise Problem("not_found")
    account, document = await open_document(request, RULES[name].permission)
    fields = await form(request)
    reader = reader_of(request)
    records = request.app[RECORDS]
    attempts, now = request.app[PIN_ATTEMPTS], time.monotonic()
    trying = name in ("sign", "seal")
    try:
        for field, text in fields.items():
            refuse_secrets(field, text)
        with contextlib.suppress(NotFound):
            await request.app[EDITING].settle(document.id)
        seen = fields.get("version", str(document.version))
        if seen != str((await records.get(document.id)).version):
            raise Refused(
                "changed_meanwhile", Reason(N_("Văn bản vừa được người khác xử lý; xin xem lại rồi làm tiếp."))
            )
        if trying and not attempts.begin(account.id, now):
            raise Unfilled(N_("Đã nhập sai mã PIN nhiều lần. Xin đợi 15 phút rồi thử lại."))
        made = await deed(Doing(records, request.app[DATABASE], document, account, fields))
    except Unfilled as unfilled:
        if trying:
            attempts.untried(account.id, now)
        return await document_page(
            request, account, document, sentence=reader.gettext(str(unfilled)), failed=name, typed=fields
        )
    except RecordError as error:
        if trying and not isinstance(error, WrongPin):
            attempts.untried(account.id, now)
        document = await records.get(document.id)
        sentence = wording.sentence(error, document.kind, reader)
        return await document_page(request, account, document, sentence=sentence, failed=name, typed=fields)
    if trying:
        attempts.succeeded(account.id)
    await request.app[EDITING].follow(document.id)
    return see_other(f"/desk/{made if isinstance(made, str) else document.id}")
