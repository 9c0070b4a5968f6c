"""Who must do what about a document, until when: one answer for the desk, the menu and the reminders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from minutes.document import PUBLISHABLE, Document, Kind, State
from minutes.errors import N_
from minutes.workflow.consultation import Asked

REMINDED_BEFORE = timedelta(1)


class Task(StrEnum):
    """What there is to do."""

    WRITE = "write"
    REMARK = "remark"
    GATHER = "gather"
    CHECK = "check"
    APPROVE = "approve"
    SIGN = "sign"
    SEAL = "seal"
    NOTICE = "notice"
    """To draft the notice of the conclusions in sealed minutes."""
    PUBLISH = "publish"
    """To decide whether everybody may read it."""


TASKS: Mapping[Task, str] = MappingProxyType(
    {
        Task.WRITE: N_("Soạn thảo"),
        Task.REMARK: N_("Góp ý"),
        Task.GATHER: N_("Tổng hợp ý kiến"),
        Task.CHECK: N_("Kiểm tra"),
        Task.APPROVE: N_("Duyệt"),
        Task.SIGN: N_("Ký số"),
        Task.SEAL: N_("Đóng dấu"),
        Task.NOTICE: N_("Lập thông báo kết luận"),
        Task.PUBLISH: N_("Quyết định công khai"),
    }
)
"""What waits for somebody, as a label."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn: the person `account`, or whoever of the unit has the role; no role: anybody of the unit. `name`
    is the person's, or the unit's that was asked; "" where the role says it."""

    task: Task
    account: str = ""
    unit: str = ""
    role: str = ""
    name: str = ""
    due_at: datetime | None = None


def turns(document: Document, asked: Sequence[Asked] = (), *, noticed: bool = False) -> tuple[Turn, ...]:
    """Everybody whose turn it is. `asked` are those of the open round; `noticed`: the notice has been drafted."""
    unit, until = document.unit.id, document.due_at
    match document.state:
        case State.DRAFT | State.REVISED:
            return (Turn(Task.WRITE, unit=unit, role="secretary", due_at=until),)
        case State.COMMENTS:
            open_ones = [one for one in asked if one.remark is None]
            if not open_ones:
                return (Turn(Task.GATHER, unit=unit, role="secretary", due_at=until),)
            return tuple(
                Turn(Task.REMARK, account=one.account, unit=one.unit, name=one.name, due_at=one.due_at)
                for one in open_ones
            )
        case State.CHECK:
            return (Turn(Task.CHECK, unit=unit, role=document.workflow.check, due_at=until),)
        case State.REVIEW:
            return (Turn(Task.APPROVE, unit=unit, role="leader", due_at=until),)
        case State.APPROVED:
            return tuple(
                Turn(Task.SIGN, account=one.account, name=one.name, due_at=until) for one in document.next_signers
            )
        case State.SIGNED:
            return (Turn(Task.SEAL, unit=unit, role="clerk", due_at=until),)
        case State.STAMPING | State.DISCARDED:
            return ()  # the system's, and nobody's
        case State.SEALED:
            return _after_the_seal(document, noticed)


def _after_the_seal(document: Document, noticed: bool) -> tuple[Turn, ...]:
    if document.kind is Kind.MINUTES and not noticed:
        return (Turn(Task.NOTICE, unit=document.unit.id, role="secretary"),)
    if document.kind in PUBLISHABLE and document.publication is None:
        return tuple(Turn(Task.PUBLISH, unit=document.unit.id, role=role) for role in ("leader", "clerk"))
    return ()


def days_over(due_at: datetime | None, now: datetime) -> int:
    """How many days a deadline has passed, counted up: from 1; 0 if it has not."""
    if due_at is None or now <= due_at:
        return 0
    return -((due_at - now) // timedelta(1))
