"""A task (nhiệm vụ): its states and the one table that says which act leads where.

Days are days in Viet Nam; the last day of the term itself is still in time. What ends on a day off of the authority
ends with its next working day (Civil Code 91/2015/QH13, art. 148.5): `Task.closes` is that day, and whatever counts
days counts from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from minutes.days.calendar import Calendar, calendar
from minutes.document import KIND_NAMES, Actor, Kind
from minutes.errors import N_, Reason, Refused
from minutes.reading import Reader
from minutes.secrecy import refuse_secrets
from rooms.proceedings import Unit

WORDS = 2000
"""Characters of a report or a reason."""


class State(StrEnum):
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    UNDER_WAY = "under_way"
    REPORTED = "reported"
    """The unit says that it is done; the authority has not said so yet."""
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class Act(StrEnum):
    ACCEPT = "accept"
    BEGIN = "begin"
    HAND = "hand"
    """The unit names the person who does it."""
    REPORT = "report"
    CONFIRM = "confirm"
    RETURN = "return"
    ASK = "ask"
    """The unit asks for a later deadline."""
    GRANT = "grant"
    REFUSE = "refuse"
    ESCALATE = "escalate"
    """It is overdue for so long that a leader is told."""
    CORRECT = "correct"
    RESTATE = "restate"
    """A later sealed document says the same task anew, perhaps with another deadline."""
    CANCEL = "cancel"


OPEN = frozenset({State.ASSIGNED, State.ACCEPTED, State.UNDER_WAY, State.REPORTED})
STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.ASSIGNED: N_("Mới giao"),
        State.ACCEPTED: N_("Đã nhận"),
        State.UNDER_WAY: N_("Đang thực hiện"),
        State.REPORTED: N_("Đã báo cáo hoàn thành"),
        State.CONFIRMED: N_("Đã xác nhận hoàn thành"),
        State.CANCELLED: N_("Đã hủy"),
    }
)
ACT_NAMES: Mapping[Act | str, str] = MappingProxyType(
    {
        "assign": N_("Giao nhiệm vụ"),
        "answer": N_("Soạn văn bản trả lời"),
        Act.ACCEPT: N_("Nhận nhiệm vụ"),
        Act.BEGIN: N_("Bắt đầu thực hiện"),
        Act.HAND: N_("Phân công người thực hiện"),
        Act.REPORT: N_("Báo cáo hoàn thành"),
        Act.CONFIRM: N_("Xác nhận hoàn thành"),
        Act.RETURN: N_("Chưa đạt, yêu cầu làm tiếp"),
        Act.ASK: N_("Xin lùi thời hạn"),
        Act.GRANT: N_("Đồng ý lùi thời hạn"),
        Act.REFUSE: N_("Không đồng ý lùi thời hạn"),
        Act.ESCALATE: N_("Báo cáo lãnh đạo vì quá hạn"),
        Act.CORRECT: N_("Sửa thông tin nhiệm vụ"),
        Act.RESTATE: N_("Nhắc lại tại văn bản sau"),
        Act.CANCEL: N_("Hủy nhiệm vụ"),
    }
)
DONE_NAMES: Mapping[Act | str, str] = MappingProxyType(
    {
        **ACT_NAMES,
        Act.ACCEPT: N_("Đã nhận nhiệm vụ"),
        Act.BEGIN: N_("Đã bắt đầu thực hiện"),
        Act.HAND: N_("Đã phân công người thực hiện"),
        Act.REPORT: N_("Đã báo cáo hoàn thành"),
        Act.CONFIRM: N_("Đã xác nhận hoàn thành"),
        Act.RETURN: N_("Đã yêu cầu làm tiếp vì chưa đạt"),
        Act.ASK: N_("Đã xin lùi thời hạn"),
        Act.GRANT: N_("Đã đồng ý lùi thời hạn"),
        Act.REFUSE: N_("Đã không đồng ý lùi thời hạn"),
        Act.CORRECT: N_("Đã sửa thông tin nhiệm vụ"),
        Act.CANCEL: N_("Đã hủy nhiệm vụ"),
    }
)
"""The same as what was done, for the history: what an official may press is an order in other languages."""

_SAME = {Act.HAND, Act.ASK, Act.GRANT, Act.REFUSE, Act.ESCALATE, Act.CORRECT, Act.RESTATE}


def _row(state: State, *same: Act, **leads: State) -> Mapping[Act, State]:
    kept = dict.fromkeys(same, state)
    return MappingProxyType({**kept, **{Act(name): to for name, to in leads.items()}})


TRANSITIONS: Mapping[State, Mapping[Act, State]] = MappingProxyType(
    {
        State.ASSIGNED: _row(
            State.ASSIGNED, *_SAME,
            accept=State.ACCEPTED, begin=State.UNDER_WAY, report=State.REPORTED, cancel=State.CANCELLED,
        ),
        State.ACCEPTED: _row(
            State.ACCEPTED, *_SAME, begin=State.UNDER_WAY, report=State.REPORTED, cancel=State.CANCELLED
        ),
        State.UNDER_WAY: _row(State.UNDER_WAY, *_SAME, report=State.REPORTED, cancel=State.CANCELLED),
        State.REPORTED: _row(
            State.REPORTED, Act.CORRECT, Act.RESTATE, Act.GRANT, Act.REFUSE,
            confirm=State.CONFIRMED, **{"return": State.UNDER_WAY}, cancel=State.CANCELLED,
        ),
        State.CONFIRMED: MappingProxyType({}),
        State.CANCELLED: MappingProxyType({}),
    }
)  # fmt: skip
"""state -> act -> next state; what has no row is refused."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a task stands: which row of which sealed document, and the item of the agenda that it comes from; or which
    line of its authority's register of incoming documents: then `document_id` is "" and there is no kind."""

    document_id: str
    kind: Kind | None
    symbol: str
    issued_on: date
    place: str
    """The number that is printed before the row."""
    item: str | None = None
    received: str = ""
    """Year and number of arrival, as in "2026/5"."""

    @property
    def called(self) -> str:
        """As a sentence names it."""
        return f"{KIND_NAMES[self.kind] if self.kind else 'Văn bản đến'} số {self.symbol}"


@dataclass(frozen=True, slots=True)
class Task:
    """`owner` leads it; its id is "" where no unit of that name is known, and it is None where the row names none.
    `person` is who does it (account and name). `asked_until`: the later deadline that is asked for. `escalated`: 1 the
    unit's leader was told that it is overdue, 2 the authority's too. `reported_on` is the day of the newest report,
    `reporter` whose it is. `office`: when the authority works."""

    id: int
    authority: Unit
    source: Source
    text: str
    owner: Unit | None
    co_units: tuple[Unit, ...]
    deadline: date | None
    assigned_on: date
    state: State = State.ASSIGNED
    person: Actor | None = None
    asked_until: date | None = None
    escalated: int = 0
    reported_on: date | None = None
    reporter: str = ""
    reminded_on: date | None = None
    office: Calendar = field(default_factory=calendar, compare=False)

    @property
    def open(self) -> bool:
        """Whether anything is still to be done about it."""
        return self.state in OPEN

    @property
    def done(self) -> bool:
        """Whether its unit has done it, or says so."""
        return self.state in (State.REPORTED, State.CONFIRMED)

    @property
    def undecided(self) -> bool:
        """Whether it waits for its authority: to confirm what was reported, or to say of a later deadline."""
        return self.state is State.REPORTED or (self.open and self.asked_until is not None)

    @property
    def closes(self) -> date | None:
        """The last day of its term."""
        return None if self.deadline is None else self.office.closing(self.deadline)

    def late(self, today: date) -> int:
        """Days past the term's last one, counted to the report where there is one; 0 in time; negative: days left."""
        closes = self.closes
        if closes is None or self.state is State.CANCELLED:
            return 0
        return ((self.reported_on if self.done and self.reported_on else today) - closes).days

    def overdue(self, today: date) -> bool:
        """Whether it is open and was not done in time."""
        return self.open and self.late(today) > 0


@dataclass(frozen=True, slots=True)
class Step:
    """One act with what it brings. `until`: a later deadline; `person`: who does it; `level`: of an escalation."""

    act: Act
    by: Actor
    reason: str = ""
    until: date | None = None
    person: Actor | None = None
    level: int = 0
    correction: "Correction | None" = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a task says from now on."""

    text: str
    owner: Unit | None
    co_units: tuple[Unit, ...]
    deadline: date | None
    source: Source | None = None
    """The later document that says it anew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history. `detail` are values at the time, by name: until, person, evidence, before, …"""

    at: datetime
    act: str
    by: Actor
    reason: str
    detail: Mapping[str, str] = field(default_factory=dict)


NEEDS_REASON = frozenset({Act.REPORT, Act.RETURN, Act.ASK, Act.REFUSE, Act.CORRECT, Act.CANCEL})
"""Acts that say something in a sentence: the report what was done, the others why."""


def said(text: str) -> str:
    """What somebody typed as reason or report: at most WORDS characters, no mark of secrecy. Raises InvalidContent."""
    clean = Reader({"reason": text.replace("\r\n", "\n").strip()}, "").text("reason", WORDS, empty=True)
    refuse_secrets("reason", clean)
    return clean


def acts_on(task: Task) -> frozenset[Act]:
    """The acts that are possible now, whoever may do them."""
    pending = task.asked_until is not None
    return frozenset(
        act
        for act in TRANSITIONS[task.state]
        if not (act in (Act.GRANT, Act.REFUSE) and not pending)
        and not (act is Act.ASK and (pending or task.deadline is None))
    )


def moved(task: Task, step: Step, today: date) -> Task:
    """The task after one act. Raises Refused: "wrong_state" where the table has no row, "reason_needed", "bad_day" for
    a deadline that is over or before the day on which the task was given, "own_report" for who would confirm what they
    themselves reported, "still_asked" while nobody has said whether the deadline that they asked for is granted."""
    if step.act not in acts_on(task):
        text = N_("Việc này không làm được khi nhiệm vụ ở trạng thái “%(state)s”.")
        raise Refused("wrong_state", Reason(text, state=Reason(STATE_NAMES[task.state])))
    if step.act in NEEDS_REASON and not step.reason:
        text = N_("Xin ghi kết quả thực hiện.") if step.act is Act.REPORT else N_("Xin ghi lý do.")
        raise Refused("reason_needed", Reason(text))
    after = replace(task, state=TRANSITIONS[task.state][step.act])
    match step.act:
        case Act.ACCEPT:
            return replace(after, person=step.person or task.person)
        case Act.BEGIN | Act.HAND:
            return replace(after, person=step.person or task.person)
        case Act.REPORT:
            return replace(after, reported_on=today, reporter=step.by.id)
        case Act.CONFIRM:
            if step.by.id == task.reporter:
                raise Refused("own_report", Reason(N_("Người báo cáo không tự xác nhận kết quả của mình.")))
            if task.asked_until is not None:
                text = N_("Đơn vị còn xin lùi thời hạn. Xin đồng ý hoặc không đồng ý trước khi xác nhận hoàn thành.")
                raise Refused("still_asked", Reason(text))
            return after
        case Act.RETURN:
            return replace(after, reported_on=None, reporter="")
        case Act.ASK:
            return replace(after, asked_until=_later(step.until, task, today))
        case Act.GRANT:
            until = _later(step.until or task.asked_until, task, task.reported_on or today)
            return replace(after, deadline=until, asked_until=None, escalated=0)
        case Act.REFUSE:
            return replace(after, asked_until=None)
        case Act.ESCALATE:
            return replace(after, escalated=max(task.escalated, step.level))
        case Act.CORRECT | Act.RESTATE:
            return _corrected(after, step.correction)
        case Act.CANCEL:
            return replace(after, asked_until=None)


def _later(until: date | None, task: Task, today: date) -> date:
    if until is None or until < today or (task.deadline is not None and until <= task.deadline):
        raise Refused("bad_day", Reason(N_("Thời hạn mới phải sau thời hạn cũ và chưa qua.")))
    return until


def _corrected(task: Task, correction: Correction | None) -> Task:
    """What it says from now on; another unit begins from the beginning, another deadline is reminded of anew."""
    if correction is None:
        return task
    if correction.source is None and correction.deadline not in (None, task.deadline):
        assert correction.deadline is not None
        if correction.deadline < task.assigned_on:
            text = N_("Thời hạn không được trước ngày giao nhiệm vụ (%(day)s).")
            raise Refused("bad_day", Reason(text, day=f"{task.assigned_on:%d/%m/%Y}"))
    same = (correction.owner and correction.owner.id) == (task.owner and task.owner.id)
    after = replace(
        task,
        text=correction.text,
        owner=correction.owner,
        co_units=correction.co_units,
        deadline=correction.deadline,
        source=correction.source or task.source,
        escalated=task.escalated if correction.deadline == task.deadline and same else 0,
        asked_until=task.asked_until if correction.deadline == task.deadline and same else None,
    )
    if same:
        return after
    return replace(after, state=State.ASSIGNED, person=None, reported_on=None, reporter="", reminded_on=None)
