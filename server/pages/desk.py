"""The desk: records on their way from draft to archive, what waits for whom, and the acts that move them on."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from minutes import wording as phrases
from minutes.document import KIND_NAMES, Actor, Document, Kind, State, acts_in
from minutes.document import Act as Step
from minutes.errors import Conflict, NotFound, Reason, RecordError, Refused, WrongPin
from server.auth import Act, DocumentAccess, may
from server.directory import Account
from server.errors import Problem
from server.i18n import N_, Reader
from server.keys import PIN_ATTEMPTS, RECORDS
from server.pages import current, desk_form, form, reader_of, require, see_other, wording
from server.pages.caching import PRIVATE, pdf, private
from server.pages.public import document_path
from server.records import Records


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


def access(document: Document) -> DocumentAccess:
    """The document as `may` sees it; the seal is the unit's, not a person's."""
    signers = frozenset(signer.account for signer in document.signers if signer.role != "seal")
    return DocumentAccess(document.unit.id, signers)


@dataclass(frozen=True, slots=True)
class Rule:
    """One act at the desk: the step of the state table (None: it changes no state) and the permission it needs."""

    step: Step | None
    permission: Act
    applies: Callable[[Document, Account], bool] = lambda _document, _account: True


_RULES: Mapping[str, Rule] = {
    "edit": Rule(Step.EDIT, "document.edit"),
    "submit": Rule(Step.SUBMIT, "document.submit"),
    "return": Rule(Step.RETURN, "document.return"),
    "approve": Rule(Step.APPROVE, "document.approve"),
    "sign": Rule(
        Step.SIGN,
        "document.sign",
        lambda document, account: document.next_signer is not None and document.next_signer.account == account.id,
    ),
    "seal": Rule(Step.SEAL, "document.seal"),
    "void": Rule(Step.VOID, "document.void"),
    "notice": Rule(
        None,
        "document.notice",
        lambda document, _account: document.kind is Kind.MINUTES and document.state is State.SEALED,
    ),
    "publish": Rule(
        Step.PUBLISH,
        "document.publish",
        lambda document, _account: document.kind is not Kind.MINUTES and not document.published,
    ),
    "withdraw": Rule(Step.WITHDRAW, "document.withdraw", lambda document, _account: document.published),
}


def possible(document: Document, account: Account | None) -> frozenset[str]:
    """The acts that `account` can do to `document` now."""
    steps = acts_in(document.state)
    return frozenset(
        name
        for name, rule in _RULES.items()
        if account is not None
        and (rule.step is None or rule.step in steps)
        and may(account, rule.permission, access(document))
        and rule.applies(document, account)
    )


def waits(document: Document, account: Account, noticed: frozenset[str | None]) -> bool:
    """Whether `document` waits for `account`: a turn to act, or a decision that has not been taken."""
    acts = possible(document, account)
    if "publish" in acts and document.publication is None:
        return True
    if "notice" in acts and document.meeting_id not in noticed:
        return True
    return bool(acts & {"submit", "approve", "sign", "seal"})


async def index(request: web.Request) -> web.Response:
    """GET /desk: the unit's records, those that wait for the account first."""
    account = require(request, "desk.open")
    documents = await request.app[RECORDS].documents(unit_id=account.unit.id)
    noticed = frozenset(document.meeting_id for document in documents if document.kind is Kind.NOTICE)
    mine = [document for document in documents if waits(document, account, noticed)]
    groups = [
        (state, [document for document in documents if document.state is state and document not in mine])
        for state in State
    ]
    return private(
        request,
        "desk/list.html",
        mine=mine,
        groups=[(state, found) for state, found in groups if found],
        words=wording,
        next_step=lambda document: wording.next_step(document, reader_of(request)),
    )


async def _open(request: web.Request, permission: Act = "document.read") -> tuple[Account, Document]:
    """The signed-in account and the document of the path. Raises Problem; strangers learn nothing of its existence."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    try:
        document = await request.app[RECORDS].get(request.match_info["id"])
    except NotFound as error:
        raise Problem("not_allowed") from error
    if not may(account, "document.read", access(document)):
        raise Problem("not_allowed")
    return require(request, permission, access(document)), document


async def show(request: web.Request) -> web.Response:
    """GET /desk/{id}: where a record stands, what may be done, its text and its history."""
    _account, document = await _open(request)
    return await _page(request, document)


async def _page(
    request: web.Request,
    document: Document,
    *,
    sentence: str = "",
    failed: str = "",
    typed: Mapping[str, str] | None = None,
) -> web.Response:
    records, reader, account = request.app[RECORDS], reader_of(request), current(request)
    related = await records.documents(meeting_id=document.meeting_id) if document.meeting_id else ()
    acts = possible(document, account)
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
        content=await records.content(document.id),
        history=await records.history(document.id),
        related=[one for one in related if one.id != document.id and may(account, "document.read", access(one))],
        acts=acts,
        steps=steps_of(document, reader),
        next_step=wording.next_step(document, reader),
        words=wording,
        phrases=phrases,
        kind_name=KIND_NAMES[document.kind],
        checks=CHECKS,
        public_path=public_path,
        sentence=sentence,
        failed=failed,
        typed=defaultdict(str, typed or {}),
    )


def steps_of(document: Document, reader: Reader) -> list[tuple[str, str, str]]:
    """(what, who, "done" | "now" | "later") for each step of the record's way."""
    rows = [(reader.gettext(N_("Dự thảo")), reader.gettext(N_("Thư ký")))]
    rows.append((reader.gettext(N_("Duyệt, cấp số")), reader.gettext(N_("Lãnh đạo"))))
    for signer in document.signers:
        seal = signer.role == "seal"
        label = N_("Đóng dấu, vào sổ, lưu trữ") if seal else N_("Ký số")
        rows.append((reader.gettext(label), reader.gettext(N_("Văn thư")) if seal else signer.name))
    now = {State.DRAFT: 0, State.REVIEW: 1}.get(document.state, 2 + len(document.signed))
    if document.kind is not Kind.MINUTES:
        rows.append((reader.gettext(N_("Công khai")), reader.gettext(N_("Lãnh đạo, văn thư"))))
        now += document.published
    marks = ("done" if index < now else "now" if index == now else "later" for index in range(len(rows)))
    return [(what, who, mark) for (what, who), mark in zip(rows, marks, strict=True)]


async def file(request: web.Request) -> web.Response:
    """GET /desk/{id}/pdf: the record's PDF as it stands."""
    _account, document = await _open(request)
    data = await request.app[RECORDS].pdf(document.id)
    return pdf(data, f"{document.kind.value}-{document.id[:8]}.pdf", headers=PRIVATE)


# --- editing --------------------------------------------------------------------------------------------------


async def edit(request: web.Request) -> web.Response:
    """GET /desk/{id}/edit: the text as form fields."""
    account, document = await _open(request, "document.edit")
    if "edit" not in possible(document, account):
        return see_other(f"/desk/{document.id}")
    content = await request.app[RECORDS].content_json(document.id)
    return await _edit_page(request, document, desk_form.typed_of(document.kind, content), document.version)


async def _edit_page(
    request: web.Request,
    document: Document,
    typed: Mapping[str, str],
    version: int,
    *,
    status: int = 200,
    sentence: str = "",
    theirs: Mapping[str, str] | None = None,
) -> web.Response:
    shown = {**typed, **(theirs or {})}
    rows = {
        name: max(desk_form.row_count(name, typed), desk_form.row_count(name, shown)) for name in desk_form.BLANK_ROWS
    }
    content = await request.app[RECORDS].content(document.id)
    groups = getattr(content, "attendance", ())
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
        units=sorted({group.unit for group in groups}),
        version=version,
        sentence=sentence,
    )


async def save(request: web.Request) -> web.Response:
    """POST /desk/{id}/edit: a new version of the text; when somebody was faster, both texts are shown."""
    account, document = await _open(request, "document.edit")
    typed = await form(request)
    records, reader = request.app[RECORDS], reader_of(request)
    version = typed.get("expected_version", "")
    expected = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    before = await records.content_json(document.id)
    content = desk_form.read(document.kind, before, typed)
    try:
        await records.edit(document.id, content, by=_actor(account), expected_version=expected)
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
    return see_other(f"/desk/{document.id}")


# --- acts -----------------------------------------------------------------------------------------------------

CHECKS: tuple[tuple[str, str], ...] = (
    ("secret", N_("Văn bản không chứa bí mật nhà nước, bí mật công tác.")),
    ("personal", N_("Văn bản không chứa thông tin riêng tư của cá nhân, bí mật gia đình, bí mật kinh doanh.")),
    ("agreed", N_("Người có thẩm quyền đã đồng ý công khai văn bản này.")),
)
"""What must be ticked before a document is posted: form name and msgid."""

REASON = 500
CHANGED = N_("Văn bản vừa được người khác xử lý; xin xem lại rồi làm tiếp.")


class _Unfilled(Exception):
    """A form was sent without something it needs; the text is a msgid."""


def _actor(account: Account) -> Actor:
    return Actor(account.id, account.name, account.title)


def _reason(fields: Mapping[str, str]) -> str:
    reason = fields.get("reason", "").replace("\r\n", "\n").strip()
    if not reason:
        raise _Unfilled(N_("Xin ghi lý do."))
    if len(reason) > REASON:
        raise _Unfilled(N_("Lý do dài quá 500 ký tự."))
    return reason


def _pin(fields: Mapping[str, str]) -> str:
    pin = fields.get("pin", "")
    if not pin or len(pin) > 100:
        raise _Unfilled(N_("Xin nhập mã PIN."))
    return pin


async def _submit(records: Records, document: Document, by: Actor, _fields: Mapping[str, str]) -> None:
    await records.submit(document.id, by=by)


async def _return(records: Records, document: Document, by: Actor, fields: Mapping[str, str]) -> None:
    await records.send_back(document.id, by=by, reason=_reason(fields))


async def _approve(records: Records, document: Document, by: Actor, _fields: Mapping[str, str]) -> None:
    await records.approve(document.id, by=by)


async def _sign(records: Records, document: Document, by: Actor, fields: Mapping[str, str]) -> None:
    await records.sign(document.id, by=by, pin=_pin(fields))


async def _seal(records: Records, document: Document, by: Actor, fields: Mapping[str, str]) -> None:
    await records.seal(document.id, by=by, pin=_pin(fields))


async def _void(records: Records, document: Document, by: Actor, fields: Mapping[str, str]) -> None:
    await records.void(document.id, by=by, reason=_reason(fields))


async def _notice(records: Records, document: Document, by: Actor, _fields: Mapping[str, str]) -> str:
    return await records.draft_notice(document.id, by)


async def _publish(records: Records, document: Document, by: Actor, fields: Mapping[str, str]) -> None:
    if not all(f"check.{name}" in fields for name, _text in CHECKS):
        raise _Unfilled(N_("Chưa đánh dấu đủ các điều kiện công khai."))
    await records.publish(document.id, by=by, reason=_reason(fields))


async def _withdraw(records: Records, document: Document, by: Actor, fields: Mapping[str, str]) -> None:
    await records.withdraw(document.id, by=by, reason=_reason(fields))


_Deed = Callable[[Records, Document, Actor, Mapping[str, str]], Awaitable[Any]]
_DEEDS: Mapping[str, _Deed] = {
    "submit": _submit,
    "return": _return,
    "approve": _approve,
    "sign": _sign,
    "seal": _seal,
    "void": _void,
    "notice": _notice,
    "publish": _publish,
    "withdraw": _withdraw,
}


async def act(request: web.Request) -> web.Response:
    """POST /desk/{id}/{act}: do it and go back to the record; what went wrong is one sentence on the same page."""
    name = request.match_info["act"]
    deed = _DEEDS.get(name)
    if deed is None:
        raise Problem("not_found")
    account, document = await _open(request, _RULES[name].permission)
    fields = await form(request)
    reader = reader_of(request)
    records = request.app[RECORDS]
    attempts, now = request.app[PIN_ATTEMPTS], time.monotonic()
    trying = name in ("sign", "seal")
    try:
        if fields.get("version", str(document.version)) != str(document.version):
            raise Refused(
                "changed_meanwhile", Reason(N_("Văn bản vừa được người khác xử lý; xin xem lại rồi làm tiếp."))
            )
        if trying and not attempts.begin(account.id, now):
            raise _Unfilled(N_("Đã nhập sai mã PIN nhiều lần. Xin đợi 15 phút rồi thử lại."))
        made = await deed(records, document, _actor(account), fields)
    except _Unfilled as unfilled:
        if trying:
            attempts.untried(account.id, now)
        return await _page(request, document, sentence=reader.gettext(str(unfilled)), failed=name, typed=fields)
    except RecordError as error:
        if trying and not isinstance(error, WrongPin):
            attempts.untried(account.id, now)
        document = await records.get(document.id)
        sentence = wording.sentence(error, document.kind, reader)
        return await _page(request, document, sentence=sentence, failed=name, typed=fields)
    if trying:
        attempts.succeeded(account.id)
    return see_other(f"/desk/{made if isinstance(made, str) else document.id}")
