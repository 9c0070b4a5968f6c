"""The state table: which act leads a document from which state to which, by the workflow of its authority.

Rule: everything that decides which act is possible in which state is in TRANSITIONS; nothing else compares states to
allow or refuse an act.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from minutes.days.calendar import Calendar
from minutes.document import STATE_NAMES, Act, State
from minutes.errors import N_, Reason, Refused
from minutes.workflow.plan import Comments, Workflow, due


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the state table; it holds for documents whose workflow is one of `only`."""

    state: State
    act: Act
    to: State
    only: Callable[[Workflow], bool] = lambda _workflow: True


def _asks(workflow: Workflow) -> bool:
    return workflow.asks


def _asks_not(workflow: Workflow) -> bool:
    return not workflow.asks


def _checks(workflow: Workflow) -> bool:
    return workflow.checks


def _checks_not(workflow: Workflow) -> bool:
    return not workflow.checks


def _free_to_check(workflow: Workflow) -> bool:
    return workflow.comments is not Comments.REQUIRED and workflow.checks


def _free_to_review(workflow: Workflow) -> bool:
    return workflow.comments is not Comments.REQUIRED and not workflow.checks


TRANSITIONS: tuple[Row, ...] = (
    Row(State.DRAFT, Act.EDIT, State.DRAFT),
    Row(State.DRAFT, Act.CONSULT, State.COMMENTS, _asks),
    Row(State.DRAFT, Act.SUBMIT, State.CHECK, _free_to_check),
    Row(State.DRAFT, Act.SUBMIT, State.REVIEW, _free_to_review),
    Row(State.DRAFT, Act.DISCARD, State.DISCARDED),
    Row(State.REVISED, Act.DISCARD, State.DISCARDED),
    Row(State.DISCARDED, Act.RESTORE, State.DRAFT),
    Row(State.COMMENTS, Act.REMARK, State.COMMENTS),
    Row(State.COMMENTS, Act.GATHER, State.REVISED),
    Row(State.REVISED, Act.EDIT, State.REVISED),
    Row(State.REVISED, Act.ANSWER, State.REVISED),
    Row(State.REVISED, Act.CONSULT, State.COMMENTS, _asks),
    Row(State.REVISED, Act.SUBMIT, State.CHECK, _checks),
    Row(State.REVISED, Act.SUBMIT, State.REVIEW, _checks_not),
    Row(State.CHECK, Act.CHECKED, State.REVIEW),
    Row(State.CHECK, Act.TAKE_BACK, State.REVISED, _asks),
    Row(State.CHECK, Act.TAKE_BACK, State.DRAFT, _asks_not),
    Row(State.REVIEW, Act.TAKE_BACK, State.REVISED, lambda workflow: workflow.asks and not workflow.checks),
    Row(State.REVIEW, Act.TAKE_BACK, State.DRAFT, lambda workflow: not workflow.asks and not workflow.checks),
    Row(State.CHECK, Act.RETURN, State.REVISED, _asks),
    Row(State.CHECK, Act.RETURN, State.DRAFT, _asks_not),
    Row(State.REVIEW, Act.RETURN, State.REVISED, _asks),
    Row(State.REVIEW, Act.RETURN, State.DRAFT, _asks_not),
    Row(State.REVIEW, Act.APPROVE, State.APPROVED),
    Row(State.APPROVED, Act.SIGN, State.APPROVED),
    Row(State.APPROVED, Act.SIGN_LAST, State.SIGNED),
    Row(State.APPROVED, Act.VOID, State.REVISED, _asks),
    Row(State.APPROVED, Act.VOID, State.DRAFT, _asks_not),
    Row(State.SIGNED, Act.SEAL, State.SEALED),
    Row(State.SIGNED, Act.SEAL_WAITING, State.STAMPING),
    Row(State.STAMPING, Act.STAMP, State.SEALED),
    Row(State.STAMPING, Act.VOID, State.REVISED, _asks),
    Row(State.STAMPING, Act.VOID, State.DRAFT, _asks_not),
    Row(State.SIGNED, Act.VOID, State.REVISED, _asks),
    Row(State.SIGNED, Act.VOID, State.DRAFT, _asks_not),
    Row(State.SEALED, Act.RENEW, State.SEALED),
    Row(State.SEALED, Act.PUBLISH, State.SEALED),
    Row(State.SEALED, Act.WITHDRAW, State.SEALED),
)

WITH_AUTHOR = frozenset(row.state for row in TRANSITIONS if row.act is Act.EDIT)
"""Where the text is its author's to change."""


def after(state: State, act: Act, workflow: Workflow) -> State:
    """The state that `act` leads to; raises Refused("wrong_state") when the table has no such row."""
    for row in TRANSITIONS:
        if row.state is state and row.act is act and row.only(workflow):
            return row.to
    if state is State.DRAFT and act is Act.SUBMIT:
        raise Refused("comments_first", Reason(N_("Loại văn bản này phải lấy ý kiến trước khi trình.")))
    text = N_("Việc này không làm được khi văn bản ở trạng thái “%(state)s”; xin tải lại trang.")
    raise Refused("wrong_state", Reason(text, state=Reason(STATE_NAMES[state])))


def acts_in(state: State, workflow: Workflow) -> tuple[Act, ...]:
    """The acts that the table knows for `state`, in table order."""
    return tuple(row.act for row in TRANSITIONS if row.state is state and row.only(workflow))


def deadline(state: State, workflow: Workflow, now: datetime, calendar: Calendar) -> datetime | None:
    """Until when a document that enters `state` now must have left it; None: no deadline."""
    days = {
        State.COMMENTS: workflow.comment_days,
        State.CHECK: workflow.check_days,
        State.REVIEW: workflow.review_days,
        State.APPROVED: workflow.sign_days,
        State.SIGNED: workflow.seal_days,
    }
    return due(now, days.get(state, 0), calendar)
