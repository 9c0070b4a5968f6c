"""A record as a value: its kind, its states and acts, who signs it and in which order.

Which act leads where is in minutes.transitions. Publishing is not a state but a logged decision on a sealed document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol

from minutes.errors import N_, Reason, Refused
from minutes.workflow.capacity import Capacity, capacity_of
from minutes.workflow.plan import SHORT_WAY, Workflow
from rooms.proceedings import Unit

MARK = "giaoban:"
"""Stands before the document's id among the keywords of every PDF that is made here."""


class Kind(StrEnum):
    """Type of document, in the order of Decree 30/2020, art. 7; the value is the abbreviation of its Appendix III.

    Official letters (công văn) and personal letters (thư công) have no abbreviation: theirs is ours, and never printed.
    """

    RESOLUTION = "NQ"
    DECISION = "QĐ"
    DIRECTIVE = "CT"
    REGULATION = "QC"
    RULES = "QyĐ"
    COMMUNIQUE = "TC"
    NOTICE = "TB"
    GUIDANCE = "HD"
    PROGRAMME = "CTr"
    PLAN = "KH"
    OPTION = "PA"
    SCHEME = "ĐA"
    PROJECT = "DA"
    REPORT = "BC"
    MINUTES = "BB"
    SUBMISSION = "TTr"
    CONTRACT = "HĐ"
    LETTER = "CV"
    TELEGRAM = "CĐ"
    MEMORANDUM = "BGN"
    AGREEMENT = "BTT"
    AUTHORISATION = "GUQ"
    INVITATION = "GM"
    INTRODUCTION = "GGT"
    LEAVE = "GNP"
    SENDING_SLIP = "PG"
    TRANSFER_SLIP = "PC"
    ADVICE_SLIP = "PB"
    PERSONAL_LETTER = "ThC"


KIND_NAMES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.RESOLUTION: "Nghị quyết",
        Kind.DECISION: "Quyết định",
        Kind.DIRECTIVE: "Chỉ thị",
        Kind.REGULATION: "Quy chế",
        Kind.RULES: "Quy định",
        Kind.COMMUNIQUE: "Thông cáo",
        Kind.NOTICE: "Thông báo",
        Kind.GUIDANCE: "Hướng dẫn",
        Kind.PROGRAMME: "Chương trình",
        Kind.PLAN: "Kế hoạch",
        Kind.OPTION: "Phương án",
        Kind.SCHEME: "Đề án",
        Kind.PROJECT: "Dự án",
        Kind.REPORT: "Báo cáo",
        Kind.MINUTES: "Biên bản",
        Kind.SUBMISSION: "Tờ trình",
        Kind.CONTRACT: "Hợp đồng",
        Kind.LETTER: "Công văn",
        Kind.TELEGRAM: "Công điện",
        Kind.MEMORANDUM: "Bản ghi nhớ",
        Kind.AGREEMENT: "Bản thỏa thuận",
        Kind.AUTHORISATION: "Giấy ủy quyền",
        Kind.INVITATION: "Giấy mời",
        Kind.INTRODUCTION: "Giấy giới thiệu",
        Kind.LEAVE: "Giấy nghỉ phép",
        Kind.SENDING_SLIP: "Phiếu gửi",
        Kind.TRANSFER_SLIP: "Phiếu chuyển",
        Kind.ADVICE_SLIP: "Phiếu báo",
        Kind.PERSONAL_LETTER: "Thư công",
    }
)

PUBLISHABLE = frozenset(Kind) - {
    Kind.MINUTES, Kind.SUBMISSION, Kind.CONTRACT, Kind.MEMORANDUM, Kind.AGREEMENT, Kind.AUTHORISATION, Kind.INVITATION,
    Kind.INTRODUCTION, Kind.LEAVE, Kind.SENDING_SLIP, Kind.TRANSFER_SLIP, Kind.ADVICE_SLIP,
}  # fmt: skip
"""What may be posted for everybody at all: minutes are of an internal meeting, the others are to those they name or for
work inside (Law 104/2016, art. 6)."""


class State(StrEnum):
    """Where a document stands between the first draft and the archive."""

    DRAFT = "draft"
    COMMENTS = "comments"
    """Others have been asked for their remarks."""
    REVISED = "revised"
    """Back with its author, after remarks or a return."""
    CHECK = "check"
    """Form and law are being checked."""
    REVIEW = "review"
    APPROVED = "approved"
    """The text is frozen and carries its number; people are signing."""
    SIGNED = "signed"
    """All people have signed; the seal is missing."""
    STAMPING = "stamping"
    """Sealed, but no time-stamp proves it: the service could not be reached. Nothing is issued before it is stamped."""
    SEALED = "sealed"
    """Sealed, entered in the register and archived."""
    DISCARDED = "discarded"
    """A false start that its authority goes on with no more; it has no number, and can be taken up again."""


STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: "Dự thảo",
        State.COMMENTS: "Đang lấy ý kiến",
        State.REVISED: "Đang hoàn thiện",
        State.CHECK: "Chờ kiểm tra",
        State.REVIEW: "Chờ duyệt",
        State.APPROVED: "Đã duyệt, đang ký số",
        State.SIGNED: "Đã ký, chờ đóng dấu",
        State.STAMPING: "Đã đóng dấu, chờ phát hành",
        State.SEALED: "Đã phát hành",
        State.DISCARDED: "Đã bỏ",
    }
)


class Act(StrEnum):
    """What a person does to a document; every one is written to the document's history."""

    EDIT = "edit"
    CONSULT = "consult"
    """Others are asked for remarks."""
    REMARK = "remark"
    GATHER = "gather"
    """The round of remarks ends; the author goes on with what has come."""
    ANSWER = "answer"
    """The author accepts or declines a remark."""
    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    """Who has submitted it wants it back before anybody has checked or approved it."""
    DISCARD = "discard"
    RESTORE = "restore"
    """What was discarded is a draft again."""
    CHECKED = "checked"
    """Form and law are as they should be."""
    RETURN = "return"
    APPROVE = "approve"
    SIGN = "sign"
    """One of several people signs; others follow."""
    SIGN_LAST = "sign_last"
    """The last person signs."""
    SEAL = "seal"
    SEAL_WAITING = "seal_waiting"
    """The seal was put on while no time-stamp was to be had."""
    STAMP = "stamp"
    """The time-stamp has come; done by the system, never by a person."""
    RENEW = "renew"
    """Another time-stamp over the last one, before that one's certificate expires; done by the system."""
    VOID = "void"
    """The number is given up with a reason; the text returns to draft."""
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class Official(Protocol):
    """Whoever acts on a document: rooms.proceedings.Person and Actor both are."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """An official as the history keeps them: account id, name and title at the time."""

    id: str
    name: str
    title: str


SignerRole = Literal["secretary", "chair", "leader", "seal"]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who must sign. `account` is an account id, for the seal the unit's id.

    `title_lines` are printed above the signature, as in ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"); `title` is the position in
    plain words. Those of one `step` sign in any order, the steps one after the other. `nth` counts those of one role.
    """

    role: SignerRole
    account: str
    name: str
    title_lines: tuple[str, ...]
    title: str = ""
    step: int = 1
    nth: int = 1

    @property
    def capacity(self) -> Capacity:
        """In whose place they sign, as the printed lines say: so no other word of it can disagree."""
        return capacity_of(self.title_lines)

    @property
    def field(self) -> str:
        """Name of the PDF signature field."""
        return FIELD_NAMES[self.role] + (str(self.nth) if self.nth > 1 else "")


FIELD_NAMES: Mapping[SignerRole, str] = MappingProxyType(
    {"secretary": "ChuKyThuKy", "chair": "ChuKyChuToa", "leader": "ChuKyNguoiCoThamQuyen", "seal": "DauCoQuan"}
)

SIGNING_ORDER: Mapping[Kind, tuple[SignerRole, ...]] = MappingProxyType(
    # Decree 30/2020, Appendix III template 1.9, and art. 32.2d: the agency signs after the competent person.
    dict.fromkeys(Kind, ("leader", "seal")) | {Kind.MINUTES: ("secretary", "chair", "seal")}
)


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature that was made and validated; the certificate is kept as issuer and serial number."""

    signer: Signer
    issuer: str
    serial: int
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs as everybody may see it: without account or certificate. `signed_at` is None until they have."""

    name: str
    title: str
    title_lines: tuple[str, ...]
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Publication:
    """The decision to publish, and the one to withdraw if there was one."""

    at: datetime
    by: Actor
    reason: str
    withdrawn_at: datetime | None = None
    withdrawn_by: Actor | None = None
    withdrawn_reason: str | None = None

    @property
    def in_force(self) -> bool:
        """Whether the public may read the document now."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Document:
    """One record as it stands. Names are those of the time of drafting, never looked up again.

    `version` counts the saved texts from 1. `number`, `symbol`, `year` and `issued_on` exist from approval.
    `code` is the short code printed under the QR. `digest` is the hex SHA-256 of the archived file. `workflow` is that
    of the unit and kind when it was drafted; `due_at` is the deadline of the step it is at.
    """

    id: str
    kind: Kind
    unit: Unit
    meeting_id: str | None
    state: State
    title: str
    place: str
    version: int
    code: str
    created_at: datetime
    changed_at: datetime
    signers: tuple[Signer, ...]
    signed: tuple[Signed, ...] = ()
    year: int | None = None
    number: int | None = None
    symbol: str | None = None
    issued_on: date | None = None
    digest: str | None = None
    publication: Publication | None = None
    workflow: Workflow = SHORT_WAY
    due_at: datetime | None = None
    rendition: str | None = None
    """Digest of the rendition that is published in its place, from which information was left out."""

    @property
    def public_digest(self) -> str | None:
        """Of the file that the public may read while it is published."""
        return self.rendition or self.digest

    @property
    def number_symbol(self) -> str | None:
        """As printed after "Số:", for example "07/BB-UBND"; None before approval."""
        return None if self.number is None else f"{self.number:02d}/{self.symbol}"

    @property
    def next_signers(self) -> tuple[Signer, ...]:
        """Whose turn it is: all of the first step that is not complete; nobody before approval and after the seal."""
        if self.state not in (State.APPROVED, State.SIGNED):
            return ()
        done = {signed.signer.field for signed in self.signed}
        waiting = [signer for signer in self.signers if signer.field not in done]
        return tuple(signer for signer in waiting if signer.step == min(one.step for one in waiting))

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Of the people, in signing order."""
        done = {one.signer.field: one.signed_at for one in self.signed}
        return tuple(
            Signature(one.name, one.title, one.title_lines, done.get(one.field))
            for one in self.signers
            if one.role != "seal"
        )

    @property
    def published(self) -> bool:
        """Whether the public may read it now."""
        return self.publication is not None and self.publication.in_force

    def signing_act(self) -> Act:
        """Which act the next signature is: the seal, the last person's, or one of several."""
        if any(signer.role == "seal" for signer in self.next_signers):
            return Act.SEAL
        people = sum(signer.role != "seal" for signer in self.signers)
        return Act.SIGN_LAST if people - len(self.signed) <= 1 else Act.SIGN


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One act on a document: who, when, what and why."""

    at: datetime
    act: str
    by: Actor
    reason: str | None


MOST_LEADERS = 8
"""Who sign one document together; more do not find room on its last page."""


def in_signing_order(kind: Kind, signers: tuple[Signer, ...], workflow: Workflow) -> tuple[Signer, ...]:
    """`signers` with their steps: exactly those the kind needs, in order; leaders may be several, who keep the steps
    that they were given. Raises Refused("wrong_signers")."""
    needed = SIGNING_ORDER[kind]
    roles = tuple(signer.role for signer in signers)
    leaders = roles.count("leader")
    expected = tuple(role for one in needed for role in ((one,) * max(leaders, 1) if one == "leader" else (one,)))
    if roles != expected or leaders > MOST_LEADERS:
        text = N_("%(kind)s cần đủ người ký theo đúng thứ tự.")
        raise Refused("wrong_signers", Reason(text, kind=Reason(KIND_NAMES[kind])))
    people = [signer for signer in signers if signer.role != "seal"]
    if len({signer.account for signer in people}) != len(people) and leaders:
        raise Refused("wrong_signers", Reason(N_("Mỗi người chỉ ký một lần.")))
    if leaders == 0 or len(people) == 1:
        people = [replace(one, step=1 if workflow.parallel else at) for at, one in enumerate(people, 1)]
    order = sorted({signer.step for signer in people})
    people = sorted(
        (replace(one, step=order.index(one.step) + 1) for one in people), key=lambda signer: signer.step
    )  # steps without gaps
    counted = [replace(one, nth=at if one.role == "leader" else 1) for at, one in enumerate(people, 1)]
    seals = [replace(one, step=len(order) + 1) for one in signers if one.role == "seal"]
    return (*counted, *seals)
