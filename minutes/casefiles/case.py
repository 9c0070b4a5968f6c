"""A case file and what lies in it. Nothing is copied into it: an item names what it stands for and its digest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from minutes.casefiles.group import Group, proposed
from minutes.casefiles.retention import Period
from minutes.errors import N_, Reason, Refused


class CaseState(StrEnum):
    """Of a case file."""

    OPEN = "open"
    CLOSED = "closed"
    """The list of contents is frozen."""
    DISPOSED = "disposed"
    """The contents are destroyed; the list stays."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A case file was handed in to the historical archive, as the bag with this SHA-256. `accepted` None: it has not
    answered; `answer` is who has, and why not."""

    digest: str
    on: date
    by: str
    accepted: bool | None = None
    answer: str = ""


class ItemKind(StrEnum):
    """What lies in a case file."""

    DOCUMENT = "document"
    PROCEEDINGS = "proceedings"
    PAPER = "paper"
    RECORDING = "recording"
    RECEIVED = "received"
    ATTACHMENT = "attachment"
    """A file that goes with a document."""
    PROOF = "proof"
    """A file by which a unit has proved what it reports of a task; its `ref` begins with the id of the task."""


NOTICE = timedelta(days=30)
"""How long before that day somebody is told (Decree 30/2020, Appendix VI)."""


@dataclass(frozen=True, slots=True)
class Item:
    """`ref` is the id of the thing, `name` its file, `digest` the SHA-256 of its bytes (None: it has none, as what came
    on paper, or is not finished). `said` are the fields of a document's metadata."""

    kind: ItemKind
    ref: str
    name: str
    title: str
    digest: str | None
    said: dict[str, str] = field(default_factory=dict)

    @property
    def paper(self) -> str:
        """Where the paper of a document lies that came without a file; "" where nobody has said, or there is a file."""
        return self.said.get("PaperPlace", "") if self.kind is ItemKind.RECEIVED and self.digest is None else ""


@dataclass(frozen=True, slots=True)
class Case:
    """A case file of a unit's year; `number` counts in the list of case files (danh mục hồ sơ)."""

    id: str
    unit_id: str
    unit_name: str
    year: int
    number: int
    title: str
    meeting_id: str | None
    period: Period
    opened_on: date
    opened_by: str
    state: CaseState = CaseState.OPEN
    ended_on: date | None = None
    closed_by: str = ""
    closed_at: datetime | None = None
    items: tuple[Item, ...] = ()
    """The frozen list of contents."""
    handed_on: date | None = None
    handed_by: str = ""
    disposal_id: str | None = None
    submission: Submission | None = None
    group: Group = field(default_factory=lambda: proposed()[0])
    """Who opens it."""

    @property
    def code(self) -> str:
        """As in the list of case files: year, then number."""
        return f"{self.year}.{self.number:02d}"

    @property
    def due_on(self) -> date | None:
        """The day by which a closed one is handed over to the authority's archive: within a year from the end of the
        work (Decree 30/2020, art. 30). None: it is not closed, or was handed over."""
        if self.ended_on is None or self.handed_on is not None:
            return None
        return self.ended_on + timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Removal:
    """Something that was put in by hand was taken out again."""

    kind: ItemKind
    ref: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """A case file went from one group to another; `old` and `new` are their titles as they were."""

    old: str
    new: str
    by: str
    at: datetime


def refuse_unfinished(case: Case, items: Sequence[Item]) -> None:
    """Raises Refused: "case_closed", "case_empty", or "case_unfinished" naming what is still under way."""
    if case.state is not CaseState.OPEN:
        raise Refused("case_closed", Reason(N_("Hồ sơ này đã kết thúc.")))
    if not items:
        raise Refused("case_empty", Reason(N_("Hồ sơ chưa có tài liệu nào.")))
    unplaced = [one.title for one in items if one.kind is ItemKind.RECEIVED and not (one.digest or one.paper)]
    if unplaced:
        text = N_("Chưa kết thúc được hồ sơ: xin ghi nơi để bản giấy, ở dữ liệu đặc tả của văn bản đến (%(titles)s).")
        raise Refused("case_paper", Reason(text, titles="; ".join(unplaced[:5])))
    waiting = [one.title for one in items if one.digest is None and not one.paper]
    if waiting:
        text = N_("Chưa kết thúc được hồ sơ: còn tài liệu chưa xong (%(titles)s).")
        raise Refused("case_unfinished", Reason(text, titles="; ".join(waiting[:5])))
