"""The right to sign for the head: who has it, for which kinds, from when until when, on which document.

Decree 30/2020, art. 13.3: an authorisation (TUQ.) is in writing, limited in time and content, and may not be passed on;
13.4: signing by order (TL.) is laid down in a rule of the office. Whoever keeps the records writes down what a document
says; it is a right only when a leader, and not the one who is to have it, has confirmed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from minutes.document import KIND_NAMES, Kind, Signer
from minutes.errors import N_, Reason, Refused
from minutes.wording import short_date
from minutes.workflow.capacity import DELEGATED, Capacity


@dataclass(frozen=True, slots=True)
class Delegation:
    """`kinds` empty: all. `until` None: as long as the rule stands (never for TUQ.). `basis` is the document that says
    so, as in "Quyết định số 05/QĐ-UBND ngày 10/01/2026"."""

    id: int
    unit: str
    account: str
    name: str
    capacity: Capacity
    kinds: frozenset[Kind]
    since: date
    until: date | None
    basis: str
    by_name: str
    at: datetime
    confirmed_at: datetime | None = None
    confirmed_by: str = ""
    revoked_at: datetime | None = None
    revoked_by: str = ""
    reason: str = ""

    def covers(self, kind: Kind) -> bool:
        """Whether documents of `kind` are in it."""
        return not self.kinds or kind in self.kinds

    @property
    def waits(self) -> bool:
        """Whether a leader has still to confirm it."""
        return self.confirmed_at is None and self.revoked_at is None

    def holds(self, day: date) -> bool:
        """Whether it is good on `day`."""
        return (
            self.confirmed_at is not None
            and self.revoked_at is None
            and self.since <= day
            and (self.until is None or day <= self.until)
        )


def sound(delegation: Delegation) -> Delegation:
    """`delegation` if it may be put on record; raises Refused("wrong_delegation")."""
    if delegation.capacity is Capacity.OWN:
        _refuse(N_("Người đứng đầu ký bằng quyền của mình, không cần ủy quyền."))
    if not delegation.basis.strip():
        _refuse(N_("Xin ghi văn bản giao quyền ký."))
    if delegation.capacity is Capacity.AUTHORISED and delegation.until is None:
        _refuse(N_("Ủy quyền phải có thời hạn (Nghị định 30/2020, Điều 13): xin ghi ngày hết hạn."))
    if delegation.until is not None and delegation.until < delegation.since:
        _refuse(N_("Ngày hết hạn trước ngày bắt đầu."))
    return delegation


def _refuse(text: str) -> None:
    raise Refused("wrong_delegation", Reason(text))


def refuse_without_right(kind: Kind, signers: Sequence[Signer], known: Sequence[Delegation], day: date) -> None:
    """Raises Refused("no_delegation") and says which signer may not sign `kind` in their capacity on `day`.

    `known` are the delegations of the issuing unit. A deputy (KT.) needs none, but where one is on record for
    the deputy it decides.
    """
    for signer in signers:
        if signer.capacity is Capacity.OWN or signer.role == "seal":
            continue
        theirs = [one for one in known if one.account == signer.account and one.capacity is signer.capacity]
        if signer.capacity not in DELEGATED and not any(one.confirmed_at for one in theirs):
            continue
        if any(one.covers(kind) and one.holds(day) for one in theirs):
            continue
        raise Refused("no_delegation", _why(kind, signer, theirs, day))


def _why(kind: Kind, signer: Signer, theirs: Sequence[Delegation], day: date) -> Reason:
    named = {"name": signer.name, "mark": f"{signer.capacity.value}."}
    covering = [one for one in theirs if one.covers(kind)]
    if not theirs:
        text = N_("Chưa duyệt được: %(name)s chưa được giao quyền ký %(mark)s; xin ghi văn bản giao quyền.")
        return Reason(text, **named)
    if not covering:
        text = N_("Chưa duyệt được: quyền ký %(mark)s của %(name)s không bao gồm loại văn bản %(kind)s.")
        return Reason(text, **named, kind=Reason(KIND_NAMES[kind]))
    waiting = next((one for one in covering if one.waits), None)
    if waiting is not None:
        text = N_("Chưa duyệt được: quyền ký %(mark)s của %(name)s (%(basis)s) còn chờ lãnh đạo xác nhận.")
        return Reason(text, **named, basis=waiting.basis)
    newest = max(covering, key=lambda one: (one.until or date.max, one.since))
    if newest.revoked_at is not None:
        text = N_("Chưa duyệt được: quyền ký %(mark)s của %(name)s (%(basis)s) đã bị thu hồi.")
        return Reason(text, **named, basis=newest.basis)
    if day < newest.since:
        text = N_("Chưa duyệt được: quyền ký %(mark)s của %(name)s (%(basis)s) đến ngày %(day)s mới bắt đầu.")
        return Reason(text, **named, basis=newest.basis, day=short_date(newest.since))
    text = N_("Chưa duyệt được: quyền ký %(mark)s của %(name)s (%(basis)s) đã hết hạn ngày %(day)s.")
    return Reason(text, **named, basis=newest.basis, day=short_date(newest.until or newest.since))
