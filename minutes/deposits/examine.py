"""What is wrong with a log: its rows against each other, against its checkpoints, and against the register.

Every function takes what was read and gives findings in the order of the log. Files are read and time-stamps judged
elsewhere; the words for what may be wrong with them are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from minutes.deposits.checkpoint import Checkpoint, Kept
from minutes.deposits.entry import Entry, Kind, Logged
from minutes.deposits.handover import LogKeys
from minutes.deposits.note import BadNote
from minutes.errors import N_, Reason
from rooms.proceedings.merkle import Growing


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is not as it was kept. `position`: the deposit (from 0) at or before which it is; `what` names the
    thing as people call it, `reason` says what is wrong with it."""

    position: int
    what: Reason
    reason: Reason

    @property
    def sentence(self) -> Reason:
        return Reason(N_("%(what)s: %(reason)s."), what=self.what, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed document as document and register have it. `label` as in its entry; `entered`: its number is in the
    register, completed; `unit`: its unit's name."""

    id: str
    digest: str
    label: str
    unit: str
    entered: bool


def name(logged: Logged) -> Reason:
    """What people call a deposit."""
    entry = logged.entry
    if entry.kind in (Kind.DOCUMENT, Kind.RENDITION):
        return document_name(entry.label)
    if entry.kind is Kind.ANCHOR:
        return Reason(N_("Dấu thời gian của điểm chốt số %(number)s"), number=entry.about.removeprefix("checkpoint-"))
    if entry.kind is Kind.ERASURE:
        return Reason(N_("Bản ghi xóa nội dung “%(label)s”"), label=entry.label)
    return Reason(N_("Tệp “%(label)s”"), label=entry.label)


def document_name(label: str) -> Reason:
    """A document by the label of its entry."""
    unit, year, number = [*label.split("/", 2), "", ""][:3]
    return Reason(N_("Văn bản số %(number)s năm %(year)s (%(unit)s)"), number=number, year=year, unit=unit)


def spelled(finding: Finding, units: Mapping[str, str]) -> Finding:
    """With the name of the unit in place of its id, where it is known."""
    what = finding.what
    unit = units.get(str(what.values.get("unit")))
    return finding if unit is None else replace(finding, what=Reason(what.text, **{**what.values, "unit": unit}))


def checkpoint_name(number: int) -> Reason:
    return Reason(N_("Điểm chốt số %(number)s"), number=number)


def label_of(unit: str, year: int, number_symbol: str) -> str:
    """The label of a document's entry."""
    return f"{unit}/{year}/{number_symbol}"


def rows(log: Sequence[Logged]) -> Iterator[Finding]:
    """Whether the log's rows follow each other, and each is as it was entered."""
    expected = 0
    for one in log:
        if one.position != expected:
            text = N_("thiếu lượt nộp lưu từ số %(first)s đến số %(last)s")
            yield Finding(expected, Reason(N_("Nhật ký lưu trữ")), Reason(text, first=expected + 1, last=one.position))
        if one.entry.leaf != one.leaf:
            yield Finding(one.position, name(one), Reason(N_("dòng nhật ký lưu trữ đã bị sửa")))
        expected = one.position + 1


def heads(log: Sequence[Logged], kept: Sequence[Kept], keys: LogKeys | None) -> Iterator[Finding]:
    """Whether every checkpoint is there, is signed by this installation, and the log still begins with what it says.

    The leaves are taken as they were kept, so that one altered row is one finding (`rows`) and not one of each
    checkpoint after it; who alters the leaf with it is found here. `keys` None: the key is lost.
    """
    roots = _roots([one.leaf for one in log], {one.size for one in kept})
    covered = 0
    for number, one in enumerate(kept):
        what = checkpoint_name(number)
        if one.number != number:
            yield Finding(covered, what, Reason(N_("bị mất")))
            return
        reason = _head(one, keys) or _grown(one, covered, len(log), roots.get(one.size))
        if reason is not None:
            yield Finding(covered, what, reason)
        else:
            covered = one.size


def outside(log: Sequence[Logged], found: Checkpoint) -> Finding | None:
    """Whether the log still begins with what a checkpoint says that somebody has kept elsewhere: a log that was cut
    off, or written anew and signed again, is whole in itself."""
    what = Reason(N_("Điểm chốt được giữ ở ngoài (%(size)s lượt nộp lưu)"), size=found.size)
    if found.size > len(log):
        text = N_("nhật ký lưu trữ đã bị cắt ngắn, chỉ còn %(count)s lượt nộp lưu")
        return Finding(len(log), what, Reason(text, count=len(log)))
    if _roots([one.leaf for one in log[: found.size]], {found.size})[found.size] != found.root:
        return Finding(0, what, Reason(N_("nhật ký lưu trữ hiện nay không còn khớp, đã bị ghi lại")))
    return None


def _roots(leaves: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The roots at these sizes, as far as there are so many leaves."""
    wanted, growing = set(sizes), Growing()
    found = {0: growing.root()} if 0 in wanted else {}
    for leaf in leaves:
        growing.add(leaf)
        if growing.size in wanted:
            found[growing.size] = growing.root()
    return found


def _head(kept: Kept, keys: LogKeys | None) -> Reason | None:
    if keys is None:
        return Reason(N_("không còn khóa để kiểm tra chữ ký"))
    try:
        said = Checkpoint.open(kept.note, keys.of(kept.number))
    except BadNote:
        return Reason(N_("chữ ký không đúng"))
    return None if (said.size, said.root) == (kept.size, kept.root) else Reason(N_("đã bị sửa"))


def _grown(kept: Kept, covered: int, size: int, root: bytes | None) -> Reason | None:
    if kept.size > size:
        text = N_("ghi nhận %(said)s lượt nộp lưu nhưng nhật ký chỉ còn %(count)s")
        return Reason(text, said=kept.size, count=size)
    if kept.size < covered:
        return Reason(N_("ít lượt nộp lưu hơn điểm chốt trước nó"))
    if root != kept.root:
        text = N_("không khớp với nhật ký: có lượt nộp lưu từ số %(first)s đến số %(last)s đã bị sửa hoặc đổi chỗ")
        return Reason(text, first=min(covered + 1, kept.size), last=kept.size)
    return None


def documents(log: Sequence[Logged], sealed: Iterable[Sealed]) -> Iterator[Finding]:
    """Whether documents, register and log say the same of every sealed file."""
    deposited = [one for one in log if one.entry.kind is Kind.DOCUMENT]
    # A document whose time-stamp was renewed has a later file; the earlier ones stay what they were.
    newest = {one.entry.about: one.entry.digest for one in deposited}
    known = {one.id: one for one in sealed}
    for one in deposited:
        document = known.get(one.entry.about)
        superseded = newest[one.entry.about] != one.entry.digest
        if document is None or (document.digest != one.entry.digest and not superseded):
            yield Finding(one.position, name(one), Reason(N_("không còn hồ sơ văn bản tương ứng")))
        elif document.label != one.entry.label:
            text = N_("số, năm hoặc cơ quan trong hồ sơ văn bản đã bị sửa")
            yield Finding(one.position, name(one), Reason(text))
        elif not document.entered:
            yield Finding(one.position, name(one), Reason(N_("không khớp với sổ đăng ký văn bản đi")))
    for document in known.values():
        if newest.get(document.id) != document.digest:
            text = N_("chưa được nộp vào kho lưu trữ, hoặc mã băm trong hồ sơ đã bị sửa")
            yield Finding(len(log), document_name(document.label), Reason(text))


def anchored(entry: Entry, kept: Sequence[Kept]) -> Kept | None:
    """The checkpoint that a time-stamp was deposited for, if it is still there."""
    return next((one for one in kept if one.about == entry.about), None)


def broken_chain() -> Reason:
    return Reason(N_("chuỗi bàn giao khóa của kho lưu trữ không liền mạch"))


def missing() -> Reason:
    return Reason(N_("tệp đã bị mất"))


def altered() -> Reason:
    return Reason(N_("tệp đã bị hỏng hoặc bị sửa"))


def held() -> Reason:
    return Reason(N_("đang được cách ly, chưa đối chiếu được"))


def erased_unrecorded() -> Reason:
    return Reason(N_("khóa đã bị hủy nhưng nhật ký không có bản ghi xóa"))


def lost_checkpoint() -> Reason:
    return Reason(N_("điểm chốt của dấu thời gian này đã bị mất"))
