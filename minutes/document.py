"""A record as a value: its kind, its state table, who signs it and in which order.

Rule: everything that decides which act is possible in which state is in TRANSITIONS; nothing else compares states
to allow or refuse an act. Publishing is not a state: it is a logged decision on a sealed document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol

from minutes.errors import N_, Reason, Refused
from rooms.proceedings import Unit

MARK = "giaoban:"
"""Stands before the document's id among the keywords of every PDF that is made here."""


class Kind(StrEnum):
    """Type of document; the value is the abbreviation of Decree 30/2020, Appendix III."""

    MINUTES = "BB"
    NOTICE = "TB"
    DIRECTIVE = "CT"


KIND_NAMES: Mapping[Kind, str] = MappingProxyType(
    {Kind.MINUTES: "Biên bản", Kind.NOTICE: "Thông báo", Kind.DIRECTIVE: "Chỉ thị"}
)


class State(StrEnum):
    """Where a document stands between the first draft and the archive."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    """The text is frozen and carries its number; people are signing."""
    SIGNED = "signed"
    """All people have signed; the seal is missing."""
    SEALED = "sealed"
    """Sealed, entered in the register and archived."""


STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: "Dự thảo",
        State.REVIEW: "Chờ duyệt",
        State.APPROVED: "Đã duyệt, đang ký số",
        State.SIGNED: "Đã ký, chờ đóng dấu",
        State.SEALED: "Đã phát hành",
    }
)


class Act(StrEnum):
    """What a person does to a document; every one is written to the document's history."""

    EDIT = "edit"
    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    SIGN = "sign"
    """One of several people signs; others follow."""
    SIGN_LAST = "sign_last"
    """The last person signs."""
    SEAL = "seal"
    VOID = "void"
    """The number is given up with a reason; the text returns to draft."""
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


TRANSITIONS: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        (State.DRAFT, Act.EDIT): State.DRAFT,
        (State.DRAFT, Act.SUBMIT): State.REVIEW,
        (State.REVIEW, Act.RETURN): State.DRAFT,
        (State.REVIEW, Act.APPROVE): State.APPROVED,
        (State.APPROVED, Act.SIGN): State.APPROVED,
        (State.APPROVED, Act.SIGN_LAST): State.SIGNED,
        (State.APPROVED, Act.VOID): State.DRAFT,
        (State.SIGNED, Act.SEAL): State.SEALED,
        (State.SIGNED, Act.VOID): State.DRAFT,
        (State.SEALED, Act.PUBLISH): State.SEALED,
        (State.SEALED, Act.WITHDRAW): State.SEALED,
    }
)


def after(state: State, act: Act) -> State:
    """The state that `act` leads to; raises Refused("wrong_state") when the table has no such row."""
    following = TRANSITIONS.get((state, act))
    if following is None:
        text = N_("Việc này không làm được khi văn bản ở trạng thái “%(state)s”; xin tải lại trang.")
        reason = Reason(text, state=Reason(STATE_NAMES[state]))
        raise Refused("wrong_state", reason)
    return following


def acts_in(state: State) -> tuple[Act, ...]:
    """The acts that the table knows for `state`, in table order."""
    return tuple(act for known, act in TRANSITIONS if known is state)


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
    plain words.
    """

    role: SignerRole
    account: str
    name: str
    title_lines: tuple[str, ...]
    title: str = ""

    @property
    def field(self) -> str:
        """Name of the PDF signature field."""
        return FIELD_NAMES[self.role]


FIELD_NAMES: Mapping[SignerRole, str] = MappingProxyType(
    {"secretary": "ChuKyThuKy", "chair": "ChuKyChuToa", "leader": "ChuKyNguoiCoThamQuyen", "seal": "DauCoQuan"}
)

SIGNING_ORDER: Mapping[Kind, tuple[SignerRole, ...]] = MappingProxyType(
    {
        # Decree 30/2020, Appendix III template 1.9, and art. 32.2d: the agency signs after the competent person.
        Kind.MINUTES: ("secretary", "chair", "seal"),
        Kind.NOTICE: ("leader", "seal"),
        Kind.DIRECTIVE: ("leader", "seal"),
    }
)


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature that was made and validated; the certificate is kept as issuer and serial number."""

    signer: Signer
    issuer: str
    serial: int
    signed_at: datetime


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
    `code` is the short code printed under the QR. `digest` is the hex SHA-256 of the archived file.
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

    @property
    def number_symbol(self) -> str | None:
        """As printed after "Số:", for example "07/BB-UBND"; None before approval."""
        return None if self.number is None else f"{self.number:02d}/{self.symbol}"

    @property
    def next_signer(self) -> Signer | None:
        """Whose turn it is; None before approval and after the seal."""
        if self.state not in (State.APPROVED, State.SIGNED):
            return None
        return self.signers[len(self.signed)]

    @property
    def published(self) -> bool:
        """Whether the public may read it now."""
        return self.publication is not None and self.publication.in_force

    def signing_act(self) -> Act:
        """Which act the next signature is: the seal, the last person's, or one of several."""
        waiting = self.signers[len(self.signed) :]
        if waiting and waiting[0].role == "seal":
            return Act.SEAL
        return Act.SIGN_LAST if len(waiting) <= 1 or waiting[1].role == "seal" else Act.SIGN


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One act on a document: who, when, what and why."""

    at: datetime
    act: str
    by: Actor
    reason: str | None


def in_signing_order(kind: Kind, signers: tuple[Signer, ...]) -> tuple[Signer, ...]:
    """Check that `signers` are exactly those the kind needs, in order; raises Refused("wrong_signers")."""
    if tuple(signer.role for signer in signers) != SIGNING_ORDER[kind]:
        text = N_("%(kind)s cần đủ người ký theo đúng thứ tự.")
        raise Refused("wrong_signers", Reason(text, kind=Reason(KIND_NAMES[kind])))
    return signers
