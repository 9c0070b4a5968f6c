"""The acts at the desk: which step of the state table each is, who may do it, and how its form is read."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from minutes.document import PUBLISHABLE, Actor, Document, Kind, Signer, State
from minutes.document import Act as Step
from minutes.reading import VIETNAM
from minutes.transitions import acts_in
from minutes.workflow.capacity import Capacity, Signing, title_lines
from minutes.workflow.consultation import Answer, Asked, Invited
from minutes.workflow.plan import OFFICE_CLOSES
from minutes.workflow.relation import Deed
from server import directory, doors
from server.database import Database
from server.directory import Account
from server.i18n import N_
from server.records import Records
from server.rights import Act, DocumentAccess, may

MOST_SIGNERS = 4
"""Rows of the form in which signers are chosen."""


def access(document: Document, asked: Sequence[Asked] = (), charged: frozenset[str] = frozenset()) -> DocumentAccess:
    """The document as `may` sees it; the seal is the unit's, not a person's."""
    return DocumentAccess(
        document.unit.id,
        frozenset(signer.account for signer in document.signers if signer.role != "seal"),
        in_turn=frozenset(signer.account for signer in document.next_signers if signer.role != "seal"),
        sealing=document.state is State.SIGNED,
        asked=frozenset(one.account for one in asked if one.account),
        asked_units=frozenset(one.unit for one in asked if one.unit),
        checker=document.workflow.check if document.state is State.CHECK else "none",
        charged=charged,
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """One act at the desk: the step of the state table (None: it changes no state) and the permission it needs."""

    step: Step | None
    permission: Act
    applies: Callable[[Document, Account], bool] = lambda _document, _account: True


def _may_be_discarded(document: Document) -> bool:
    """What belongs to a meeting stays: there is one of each, and others look for it."""
    return document.kind not in (Kind.MINUTES, Kind.INVITATION) and document.meeting_id is None


RULES: Mapping[str, Rule] = {
    "edit": Rule(Step.EDIT, "document.edit"),
    "signers": Rule(Step.EDIT, "document.signers", lambda document, _account: document.kind is not Kind.MINUTES),
    "consult": Rule(Step.CONSULT, "document.consult"),
    "remark": Rule(Step.REMARK, "document.remark"),
    "gather": Rule(Step.GATHER, "document.consult"),
    "answer": Rule(Step.ANSWER, "document.consult"),
    "submit": Rule(Step.SUBMIT, "document.submit"),
    "take-back": Rule(Step.TAKE_BACK, "document.submit"),
    "discard": Rule(Step.DISCARD, "document.discard", lambda document, _account: _may_be_discarded(document)),
    "restore": Rule(Step.RESTORE, "document.discard"),
    "check": Rule(Step.CHECKED, "document.check"),
    "return": Rule(Step.RETURN, "document.return"),
    "approve": Rule(Step.APPROVE, "document.approve"),
    "sign": Rule(
        Step.SIGN,
        "document.sign",
        lambda document, account: any(signer.account == account.id for signer in document.next_signers),
    ),
    "seal": Rule(Step.SEAL, "document.seal"),
    "void": Rule(Step.VOID, "document.void"),
    "notice": Rule(
        None,
        "document.notice",
        lambda document, _account: document.kind is Kind.MINUTES and document.state is State.SEALED,
    ),
    "change": Rule(
        None,
        "document.change",
        lambda document, _account: document.state is State.SEALED and document.kind is not Kind.INVITATION,
    ),
    "publish": Rule(
        Step.PUBLISH,
        "document.publish",
        lambda document, _account: document.kind in PUBLISHABLE and not document.published,
    ),
    "withdraw": Rule(Step.WITHDRAW, "document.withdraw", lambda document, _account: document.published),
}


def possible(document: Document, account: Account | None, asked: Sequence[Asked] = ()) -> frozenset[str]:
    """The acts that `account` can do to `document` now; `asked`: everybody who was ever asked for remarks."""
    steps = acts_in(document.state, document.workflow)
    return frozenset(
        name
        for name, rule in RULES.items()
        if account is not None
        and (rule.step is None or rule.step in steps)
        and may(account, rule.permission, access(document, asked))
        and rule.applies(document, account)
    )


CHECKS: tuple[tuple[str, str], ...] = (
    ("secret", N_("Văn bản không chứa bí mật nhà nước, bí mật công tác.")),
    ("personal", N_("Văn bản không chứa thông tin riêng tư của cá nhân, bí mật gia đình, bí mật kinh doanh.")),
    ("agreed", N_("Người có thẩm quyền đã đồng ý công khai văn bản này.")),
)
"""What must be ticked before a document is posted: form name and msgid."""

REASON = 500


class Unfilled(Exception):
    """A form was sent without something it needs; the text is a msgid."""


@dataclass(frozen=True, slots=True)
class Doing:
    """One act by one account on one document with the fields of its form."""

    records: Records
    database: Database
    document: Document
    account: Account
    fields: Mapping[str, str]

    @property
    def by(self) -> Actor:
        """The account as the history keeps it."""
        return actor(self.account)


def actor(account: Account, unit_id: str = "") -> Actor:
    """The account as the history keeps it. Who acts in the place of the unit `unit_id`, which is no more, is named with
    their own unit."""
    own = unit_id in ("", account.unit.id)
    return Actor(account.id, account.name if own else f"{account.name} ({account.unit.short_name})", account.title)


def reason(fields: Mapping[str, str]) -> str:
    """What a form gives as the reason; raises Unfilled."""
    text = fields.get("reason", "").replace("\r\n", "\n").strip()
    if not text:
        raise Unfilled(N_("Xin ghi lý do."))
    if len(text) > REASON:
        raise Unfilled(N_("Lý do dài quá 500 ký tự."))
    return text


def pin_of(fields: Mapping[str, str]) -> str:
    pin = fields.get("pin", "")
    if not pin or len(pin) > 100:
        raise Unfilled(N_("Xin nhập mã PIN."))
    return pin


def day(text: str) -> date:
    """What a date field holds; raises Unfilled."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Unfilled(N_("Xin chọn ngày.")) from error


async def _consult(doing: Doing) -> None:
    async with doing.database.read() as connection:
        accounts = await directory.accounts(connection)
        units = await directory.units(connection)
    invited = [Invited(one.id, "", one.name) for one in accounts if f"person.{one.id}" in doing.fields]
    invited += [Invited("", one.id, one.name) for one in units if f"unit.{one.id}" in doing.fields]
    due = datetime.combine(day(doing.fields.get("due", "")), OFFICE_CLOSES, VIETNAM)
    await doing.records.consult(doing.document.id, invited, due, by=doing.by)


async def _remark(doing: Doing) -> None:
    await doing.records.remark(
        doing.document.id,
        doing.fields.get("text", ""),
        by=doing.by,
        unit=doing.account.unit.id,
        agrees=doing.fields.get("agrees") == "yes",
    )


async def _gather(doing: Doing) -> None:
    await doing.records.gather(doing.document.id, by=doing.by)


async def _answer(doing: Doing) -> None:
    number, verdict = doing.fields.get("asked", ""), doing.fields.get("verdict", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10) or verdict not in tuple(Answer):
        raise Unfilled(N_("Xin chọn tiếp thu hoặc không tiếp thu."))
    reply = doing.fields.get("reply", "")
    await doing.records.answer(doing.document.id, int(number), Answer(verdict), reply, by=doing.by)


async def _signers(doing: Doing) -> None:
    async with doing.database.read() as connection:
        known = {one.id: one for one in await directory.accounts(connection)}
    people = []
    for row in range(MOST_SIGNERS):
        typed = {name: doing.fields.get(f"signer.{row}.{name}", "").strip()[:200] for name in SIGNER_FIELDS}
        account = known.get(typed["account"])
        if account is None:
            continue
        if account.unit.id != doing.document.unit.id or typed["capacity"] not in tuple(Capacity):
            raise Unfilled(N_("Xin chọn người ký trong cơ quan và tư cách ký."))
        capacity, step = Capacity(typed["capacity"]), typed["step"]
        chosen = Signing(capacity, typed["head"], typed["own"], typed["collective"], typed["superior"])
        at = int(step) if step in ("1", "2", "3", "4") else row + 1
        lines = title_lines(chosen)
        people.append(Signer("leader", account.id, account.name, lines, account.title, step=at))
    if not people:
        raise Unfilled(N_("Xin chọn người ký."))
    await doing.records.set_signers(doing.document.id, people, by=doing.by)


SIGNER_FIELDS = ("account", "capacity", "head", "own", "collective", "superior", "step")


async def _submit(doing: Doing) -> None:
    await doing.records.submit(doing.document.id, by=doing.by)


async def _take_back(doing: Doing) -> None:
    await doing.records.take_back(doing.document.id, by=doing.by)


async def _discard(doing: Doing) -> None:
    if not RULES["discard"].applies(doing.document, doing.account):
        raise Unfilled(N_("Văn bản này thuộc hồ sơ cuộc họp, không bỏ được."))
    await doing.records.discard(doing.document.id, by=doing.by, reason=reason(doing.fields))


async def _restore(doing: Doing) -> None:
    await doing.records.restore(doing.document.id, by=doing.by)


async def _check(doing: Doing) -> None:
    await doing.records.pass_check(doing.document.id, by=doing.by)


async def _return(doing: Doing) -> None:
    await doing.records.send_back(doing.document.id, by=doing.by, reason=reason(doing.fields))


async def _approve(doing: Doing) -> None:
    await doing.records.approve(doing.document.id, by=doing.by)


async def _sign(doing: Doing) -> None:
    await doing.records.sign(doing.document.id, by=doing.by, pin=pin_of(doing.fields))


async def _seal(doing: Doing) -> None:
    await doing.records.seal(doing.document.id, by=doing.by, pin=pin_of(doing.fields))


async def _void(doing: Doing) -> None:
    await doing.records.void(doing.document.id, by=doing.by, reason=reason(doing.fields))


async def _notice(doing: Doing) -> str:
    return await doing.records.draft_notice(doing.document.id, doing.by)


async def _change(doing: Doing) -> str:
    deed = doing.fields.get("deed", "")
    if doors.unasked(doing.fields):
        raise Unfilled(doors.UNASKED)
    if deed not in tuple(Deed):
        raise Unfilled(N_("Xin chọn sửa đổi, đính chính, thay thế hay thu hồi."))
    return await doing.records.draft_change(doing.document.id, Deed(deed), doing.by)


async def _publish(doing: Doing) -> None:
    if not all(f"check.{name}" in doing.fields for name, _text in CHECKS):
        raise Unfilled(N_("Chưa đánh dấu đủ các điều kiện công khai."))
    personal = doing.fields.get("personal", "")
    await doing.records.publish(doing.document.id, by=doing.by, reason=reason(doing.fields), personal=personal)


async def _withdraw(doing: Doing) -> None:
    await doing.records.withdraw(doing.document.id, by=doing.by, reason=reason(doing.fields))


DEEDS: Mapping[str, Callable[[Doing], Awaitable[Any]]] = {
    "consult": _consult,
    "remark": _remark,
    "gather": _gather,
    "answer": _answer,
    "signers": _signers,
    "submit": _submit,
    "take-back": _take_back,
    "discard": _discard,
    "restore": _restore,
    "check": _check,
    "return": _return,
    "approve": _approve,
    "sign": _sign,
    "seal": _seal,
    "void": _void,
    "notice": _notice,
    "change": _change,
    "publish": _publish,
    "withdraw": _withdraw,
}
"""By the last part of the path of the form; what comes back is the id of a new document to go to, or nothing."""
