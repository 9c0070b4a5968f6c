"""From who keeps a case file to the authority's archive: one person hands it over, another receives it (Law
33/2024/QH15 on archives, art. 17; Decree 30/2020, art. 30), and a record of both is printed (biên bản giao nhận hồ sơ,
tài liệu)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from minutes.casefiles.case import Case, CaseState
from minutes.casefiles.lists import kept_for, pages
from minutes.document import Actor
from minutes.errors import N_, Reason, Refused
from minutes.reading import VIETNAM
from minutes.sheets import Column, sheet

_COLUMNS = (
    Column("STT", 5, centred=True),
    Column("Số, ký hiệu hồ sơ", 12, centred=True),
    Column("Tiêu đề hồ sơ", 40),
    Column("Thời hạn bảo quản", 12, centred=True),
    Column("Số văn bản, tài liệu", 9, centred=True),
    Column("Số trang", 8, centred=True),
    Column("Ghi chú", 14),
)


class Step(StrEnum):
    """Of handing over."""

    OFFERED = "offered"
    TAKEN_BACK = "taken_back"
    REFUSED = "refused"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Handing:
    """One step; `reason` is why it was refused."""

    step: Step
    by: Actor
    at: datetime
    reason: str = ""


def waiting(steps: Sequence[Handing]) -> Handing | None:
    """By whom a case file is offered and not yet received."""
    return steps[-1] if steps and steps[-1].step is Step.OFFERED else None


def refuse(case: Case, steps: Sequence[Handing], step: Step) -> None:
    """Raises Refused where a step cannot follow: "case_open", "case_handed", "case_offered", "case_not_offered"."""
    if case.state is not CaseState.CLOSED:
        raise Refused("case_open", Reason(N_("Chỉ giao nộp được hồ sơ đã kết thúc.")))
    if case.handed_on is not None:
        raise Refused("case_handed", Reason(N_("Hồ sơ này đã giao nộp.")))
    if step is Step.OFFERED and waiting(steps) is not None:
        raise Refused("case_offered", Reason(N_("Hồ sơ này đã được giao, đang chờ lưu trữ nhận.")))
    if step is not Step.OFFERED and waiting(steps) is None:
        raise Refused("case_not_offered", Reason(N_("Hồ sơ này chưa được giao, hoặc bên giao đã lấy lại.")))


def submitted_by(case: Case) -> date | None:
    """The day by which what is kept for good goes on to the historical archive: within five years, counted from the
    year in which the authority's archive received it (Law 33/2024/QH15, art. 17). None: it does not, or is there."""
    taken = case.submission is not None and case.submission.accepted is True
    if case.period.years is not None or case.handed_on is None or taken or case.state is not CaseState.CLOSED:
        return None
    return date(case.handed_on.year + 5, 12, 31)


def record(letterhead: Sequence[str], case: Case, steps: Sequence[Handing]) -> dict[str, Any]:
    """Biên bản giao nhận hồ sơ, tài liệu, as data of minutes.sheets. Raises Refused before it is received."""
    offered = next((one for one in reversed(steps) if one.step is Step.OFFERED), None)
    received = steps[-1] if steps and steps[-1].step is Step.RECEIVED else None
    if offered is None or received is None:
        raise Refused("case_not_received", Reason(N_("Lưu trữ cơ quan chưa nhận hồ sơ này.")))
    paper = "Có bản giấy" if any(one.paper for one in case.items) else "Điện tử"
    row = ["1", case.code, case.title, kept_for(case), str(len(case.items)), str(pages(case) or ""), paper]
    closing = (
        "Cộng: 1 hồ sơ. Mục lục văn bản, tài liệu và mã kiểm tra SHA-256 của từng tệp có trong hồ sơ; bên nhận đã kiểm "
        "tra và nhận đủ. Biên bản này được lập thành hai bản, mỗi bên giữ một bản."
    )
    cover = (f"Hồ sơ số {case.code}", f"Bên giao: {_who(offered)}", f"Bên nhận: {_who(received)}")
    signatures = ("Đại diện bên giao", "Đại diện bên nhận")
    title = "Biên bản giao nhận hồ sơ, tài liệu"
    return sheet(title, letterhead, _COLUMNS, [row], unit="hồ sơ", closing=closing, cover=cover, signatures=signatures)


def _who(one: Handing) -> str:
    local = one.at.astimezone(VIETNAM)
    name = ", ".join(part for part in (one.by.name, one.by.title) if part)
    return f"{name}; {local:%H:%M} ngày {local:%d/%m/%Y}"
