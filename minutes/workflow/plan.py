"""Which steps a kind of document takes at one authority, and the working days of each: data, not code."""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from minutes.days.calendar import Calendar
from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import VIETNAM, Reader


class Comments(StrEnum):
    """Whether others are asked for remarks before a draft goes on."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


CHECKERS = ("none", "checker", "clerk", "secretary", "leader")
"""Roles that can check form and law; "none": no such step."""

MAX_DAYS = 90
OFFICE_CLOSES = time(17)
"""A step is due when the office closes on its last working day."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """The way of one kind at one authority. The default is the short way: draft, review, approve, sign, seal.

    `check`: the role that checks form and law. `parallel`: people sign in any order; the agency always signs last
    (Decree 30/2020, art. 32.2d). Days are working days, 0 is no deadline; an issued document leaves on the day of its
    signature or the next working day (art. 18.1), so the clerk has one.
    """

    comments: Comments = Comments.NONE
    check: str = "none"
    parallel: bool = False
    comment_days: int = 3
    check_days: int = 2
    review_days: int = 2
    sign_days: int = 2
    seal_days: int = 1

    @property
    def asks(self) -> bool:
        """Whether remarks can be asked for."""
        return self.comments is not Comments.NONE

    @property
    def checks(self) -> bool:
        """Whether form and law are checked."""
        return self.check != "none"


SHORT_WAY = Workflow()
"""Of a kind that its authority has set nothing for."""


def to_json(workflow: Workflow) -> dict[str, Any]:
    """As it is stored; from_json gives it back."""
    return asdict(workflow)


def from_json(data: object) -> Workflow:
    """Raises InvalidContent, which names the field."""
    reader = Reader(data, "")
    found = Workflow(
        comments=Comments(reader.choice("comments", tuple(Comments))),
        check=reader.choice("check", CHECKERS),
        parallel=reader.flag("parallel"),
        comment_days=_days(reader, "comment_days"),
        check_days=_days(reader, "check_days"),
        review_days=_days(reader, "review_days"),
        sign_days=_days(reader, "sign_days"),
        seal_days=_days(reader, "seal_days"),
    )
    reader.finish()
    return found


def _days(reader: Reader, name: str) -> int:
    days = reader.count(name)
    if days > MAX_DAYS:
        raise InvalidContent(name, Reason(N_("phải là số từ 0 đến %(limit)s"), limit=MAX_DAYS))
    return days


def due(now: datetime, days: int, calendar: Calendar) -> datetime | None:
    """The closing of the office `days` working days after `now`; None for 0 days."""
    if days == 0:
        return None
    return datetime.combine(calendar.after(now.astimezone(VIETNAM).date(), days), OFFICE_CLOSES, VIETNAM)
