"""Remarks on a draft: who is asked, what they say, and what the author makes of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from minutes.errors import N_, Reason, Refused
from minutes.reading import PARAGRAPH, REFUSED
from minutes.secrecy import refuse_secrets

MOST_ASKED = 200
"""People and units in one round."""


class Answer(StrEnum):
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Remark:
    """What was said on version `version`; `agrees` without a text is agreement with the whole. `answer` is the author's
    with `reply`; None while it is open."""

    by_name: str
    by_title: str
    at: datetime
    version: int
    agrees: bool
    text: str
    answer: Answer | None = None
    reply: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One person (`account`) or one unit (`unit`, where anybody may speak) that is asked in `round`, from 1."""

    id: int
    round: int
    account: str
    unit: str
    name: str
    due_at: datetime
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a round is to ask: exactly one of `account` and `unit`."""

    account: str
    unit: str
    name: str


def round_of(invited: Sequence[Invited], due_at: datetime, now: datetime) -> tuple[Invited, ...]:
    """Those of a new round, each once. Raises Refused("nobody_asked"), ("too_many_asked"), ("deadline_passed")."""
    each = tuple(dict.fromkeys(invited))
    if not each:
        raise Refused("nobody_asked", Reason(N_("Xin chọn người hoặc đơn vị cần lấy ý kiến.")))
    if len(each) > MOST_ASKED:
        raise Refused("too_many_asked", Reason(N_("Mỗi lần chỉ lấy ý kiến tối đa %(limit)s nơi."), limit=MOST_ASKED))
    if due_at <= now:
        raise Refused("deadline_passed", Reason(N_("Hạn góp ý đã qua; xin chọn ngày sau hôm nay.")))
    return each


def mine(asked: Sequence[Asked], account: str, unit: str) -> Asked | None:
    """The open request that `account` of `unit` may answer: their own first, then their unit's."""
    waiting = [one for one in asked if one.remark is None]
    own = [one for one in waiting if one.account == account]
    return next(iter(own or [one for one in waiting if one.unit and one.unit == unit]), None)


def remark_text(text: str, *, agrees: bool) -> str:
    """The text of a remark, checked. Raises Refused("remark_needed") and SecretContent."""
    text = text.replace("\r\n", "\n").strip()
    if not text and not agrees:
        raise Refused("remark_needed", Reason(N_("Xin ghi ý kiến góp ý, hoặc chọn “Nhất trí”.")))
    if len(text) > PARAGRAPH or REFUSED.search(text):
        raise Refused("remark_needed", Reason(N_("Ý kiến dài quá %(limit)s ký tự hoặc có ký tự lạ."), limit=PARAGRAPH))
    refuse_secrets("remark", text)
    return text


def unanswered(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """Remarks that say something and that the author has not answered."""
    return tuple(one for one in asked if one.remark is not None and one.remark.text and one.remark.answer is None)
