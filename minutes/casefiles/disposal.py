"""Disposal of case files whose retention ran out: never without the recorded decision of a disposal council.

Law 33/2024/QH15 on archives: a council considers what is to be destroyed, the head decides, and a record of the
destruction is kept. The decision is a document of our own: signed, numbered, sealed, and it names every case file.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from minutes.casefiles.case import Case, CaseState, Item, ItemKind
from minutes.document import KIND_NAMES, Document, Kind, State
from minutes.errors import N_, Reason, Refused
from minutes.reading import VIETNAM
from minutes.wording import long_date

LAYOUT = "destruction.typ"
DECIDING = (Kind.DECISION, Kind.MINUTES)
"""What a decision may be written in."""
_ITEM = {
    ItemKind.DOCUMENT: "Văn bản",
    ItemKind.PROCEEDINGS: "Diễn biến cuộc họp",
    ItemKind.PAPER: "Tài liệu họp",
    ItemKind.RECORDING: "Ghi âm, ghi hình",
    ItemKind.RECEIVED: "Văn bản đến",
    ItemKind.ATTACHMENT: "Tệp kèm theo",
    ItemKind.PROOF: "Tệp chứng minh",
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of an item: its content is destroyed, or is `kept` because another case file has it."""

    item: Item
    kept: bool


@dataclass(frozen=True, slots=True)
class Disposal:
    """A destruction of a unit's year. `decision` names the document as people do; `record` is the digest of the record
    of the erasure, `paper` that of the printed record of the destruction (biên bản)."""

    id: str
    unit_id: str
    unit_name: str
    year: int
    number: int
    decision_id: str
    decision: str
    by: str
    at: datetime
    cases: tuple[str, ...]
    record: str
    paper: str

    @property
    def code(self) -> str:
        """As people call it."""
        return f"{self.number:02d}/{self.year}"


def ended(case: Case, today: date) -> bool:
    """Whether a case file may be listed for disposal: closed, and its time is over. A permanent one never may."""
    until = case.period.ends(case.ended_on) if case.ended_on else None
    return case.state is CaseState.CLOSED and until is not None and until <= today


def refuse_undue(cases: Sequence[Case], today: date) -> None:
    """Raises Refused("disposal_empty"), Refused("disposal_undue") naming the first that may not be disposed of."""
    if not cases:
        raise Refused("disposal_empty", Reason(N_("Xin chọn ít nhất một hồ sơ.")))
    for one in cases:
        if not ended(one, today):
            text = N_("Hồ sơ %(code)s chưa kết thúc, chưa hết thời hạn hoặc phải bảo quản vĩnh viễn, không được hủy.")
            raise Refused("disposal_undue", Reason(text, code=one.code))


def refuse_undecided(document: Document) -> None:
    """Raises Refused("disposal_undecided") where a document is no decision that holds."""
    if document.state is not State.SEALED or document.kind not in DECIDING:
        text = N_("Phải là quyết định hoặc biên bản của hội đồng xét hủy tài liệu đã ký số, cấp số và phát hành.")
        raise Refused("disposal_undecided", Reason(text))


def refuse_unnamed(document: Document, said: str, cases: Sequence[Case], former: str = "") -> None:
    """Raises Refused("disposal_early") where a decision was issued before the time was over, "disposal_unnamed" where
    its text (`said`) does not name one of the case files, or the unit `former` that they are of where that is not who
    has decided (both may have a case file of that number), and "disposal_itself" where it lies in one of them."""
    issued = document.issued_on
    if former.casefold() not in " ".join(said.split()).casefold():
        text = N_("Văn bản này không nêu “%(name)s”, là cơ quan có các hồ sơ đã chọn.")
        raise Refused("disposal_unnamed", Reason(text, name=former))
    for one in cases:
        if issued is None or not ended(one, issued):
            text = N_("Văn bản này có trước khi hồ sơ %(code)s hết thời hạn bảo quản.")
            raise Refused("disposal_early", Reason(text, code=one.code))
        if not names(said, one.code):
            text = N_("Văn bản này không nêu hồ sơ %(code)s; chỉ hủy được hồ sơ mà hội đồng đã xét.")
            raise Refused("disposal_unnamed", Reason(text, code=one.code))
        if any((item.kind, item.ref) == (ItemKind.DOCUMENT, document.id) for item in one.items):
            text = N_("Văn bản này nằm trong chính hồ sơ %(code)s sẽ hủy.")
            raise Refused("disposal_itself", Reason(text, code=one.code))


def names(said: str, code: str) -> bool:
    """Whether a text names a case file by its code: "2026.01" is not named by "2026.012"."""
    return re.search(rf"(?<![\w.]){re.escape(code)}(?!\w|\.\w)", said) is not None


def decision_name(document: Document) -> str:
    """As in "Quyết định số 07/QĐ-UBND ngày 05/02/2026"."""
    return f"{KIND_NAMES[document.kind]} số {document.number_symbol} ngày {document.issued_on:%d/%m/%Y}"


def printed(disposal: Disposal, place: str, fates: Iterable[tuple[Case, Sequence[Fate]]]) -> dict[str, Any]:
    """The data of LAYOUT: the record of the destruction, to be kept for good."""
    local = disposal.at.astimezone(VIETNAM)
    rows = [
        [case.code, case.title, str(at), f"{_ITEM[fate.item.kind]}: {fate.item.title}", fate.item.digest or "",
         "Giữ lại, thuộc hồ sơ khác" if fate.kept else "Đã hủy"]
        for case, found in fates
        for at, fate in enumerate(found, 1)
    ]  # fmt: skip
    return {
        "agency": disposal.unit_name,
        "number": f"Số: {disposal.code}",
        "dateline": f"{place}, {long_date(local.date())}",
        "title": "Biên bản tiêu hủy tài liệu hết thời hạn bảo quản",
        "lines": [
            "Căn cứ Luật Lưu trữ số 33/2024/QH15 và Nghị định số 30/2020/NĐ-CP về công tác văn thư;",
            f"Căn cứ {disposal.decision};",
            f"Hồi {local.hour:02d} giờ {local.minute:02d} phút, {long_date(local.date())}, {disposal.by} đã tiêu hủy "
            f"nội dung của {len(disposal.cases)} hồ sơ dưới đây trong Hệ thống quản lý tài liệu điện tử bằng cách hủy "
            "khóa giải mã và xóa tệp. Mã kiểm tra của từng tài liệu được giữ lại; kho lưu trữ có bản ghi việc xóa "
            f"(SHA-256 {disposal.record}).",
        ],
        "columns": ["Số hồ sơ", "Tiêu đề hồ sơ", "TT", "Tài liệu", "SHA-256", "Kết quả"],
        "widths": [9, 22, 5, 30, 22, 12],
        "rows": rows,
        "closing": "Biên bản này được bảo quản vĩnh viễn trong kho lưu trữ của cơ quan.",
        "signatures": ["Người thực hiện", "Đại diện hội đồng xét hủy", "Thủ trưởng cơ quan"],
        "signature_hint": "(Ký, ghi rõ họ tên)",
    }
