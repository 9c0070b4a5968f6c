"""What a document does to an earlier one: it amends, corrects, replaces or recalls it, from its own seal on.

Decree 30/2020, art. 18: an error of content is put right by a document of the same form, an error of form or of
procedure by an official letter; who receives a recall destroys the copy and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from minutes.document import KIND_NAMES, Document, Kind, State
from minutes.errors import N_, Reason, Refused
from minutes.wording import short_date


class Deed(StrEnum):
    AMENDS = "amends"
    CORRECTS = "corrects"
    REPLACES = "replaces"
    RECALLS = "recalls"


ENDING = frozenset({Deed.REPLACES, Deed.RECALLS})
"""After these the old document is not in force."""

TOLD: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.AMENDS: N_("Văn bản này đã được sửa đổi, bổ sung bởi %(kind)s số %(number)s ngày %(day)s."),
        Deed.CORRECTS: N_("Văn bản này đã được đính chính bởi %(kind)s số %(number)s ngày %(day)s."),
        Deed.REPLACES: N_("Văn bản này đã được thay thế bởi %(kind)s số %(number)s ngày %(day)s, không còn hiệu lực."),
        Deed.RECALLS: N_("Văn bản này đã bị thu hồi bởi %(kind)s số %(number)s ngày %(day)s, không còn hiệu lực."),
    }
)


_NOTED: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.AMENDS: "Được sửa đổi, bổ sung bởi",
        Deed.CORRECTS: "Được đính chính bởi",
        Deed.REPLACES: "Được thay thế bởi",
        Deed.RECALLS: "Bị thu hồi theo",
    }
)

_DOING: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.AMENDS: "Sửa đổi, bổ sung",
        Deed.CORRECTS: "Đính chính",
        Deed.REPLACES: "Thay thế",
        Deed.RECALLS: "Thu hồi",
    }
)


def doing(deed: Deed, number_symbol: str, issued_on: date) -> str:
    """As it stands in the register beside the document that does `deed` to the one with this number."""
    return f"{_DOING[deed]} văn bản số {number_symbol} ngày {short_date(issued_on)}"


OVERTAKEN: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.REPLACES: N_(
            "Văn bản mà dự thảo này nêu đã được thay thế bởi %(kind)s số %(number)s ngày %(day)s, không còn hiệu lực; "
            "dự thảo này không dùng được nữa."
        ),
        Deed.RECALLS: N_(
            "Văn bản mà dự thảo này nêu đã bị thu hồi bởi %(kind)s số %(number)s ngày %(day)s, không còn hiệu lực; "
            "dự thảo này không dùng được nữa."
        ),
    }
)

UNSEEN: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.AMENDS: N_(
            "Sau khi dự thảo này được soạn, văn bản mà nó nêu đã được sửa đổi, bổ sung bởi %(kind)s số %(number)s ngày "
            "%(day)s. Xin đối chiếu, sửa dự thảo rồi trình lại."
        ),
        Deed.CORRECTS: N_(
            "Sau khi dự thảo này được soạn, văn bản mà nó nêu đã được đính chính bởi %(kind)s số %(number)s ngày "
            "%(day)s. Xin đối chiếu, sửa dự thảo rồi trình lại."
        ),
    }
)

NOT_ISSUED = Reason(N_("Chỉ sửa đổi, đính chính, thay thế, thu hồi được văn bản đã phát hành."))


@dataclass(frozen=True, slots=True)
class Changed:
    """What has happened to a document: `deed` by the sealed document `by_id`, of which the rest are values."""

    deed: Deed
    by_id: str
    kind: Kind
    number_symbol: str
    year: int
    issued_on: date
    published: bool
    effective_at: datetime

    @property
    def sentence(self) -> Reason:
        """One sentence for officials and citizens."""
        return self._said(TOLD[self.deed])

    @property
    def overtakes(self) -> Reason:
        """One sentence for who drafts something that was to be done to the same document."""
        return self._said(OVERTAKEN[self.deed])

    @property
    def unseen(self) -> Reason:
        """One sentence for who has drafted without knowing of it."""
        return self._said(UNSEEN[self.deed])

    def _said(self, text: str) -> Reason:
        return Reason(
            text,
            kind=Reason(KIND_NAMES[self.kind].lower()),
            number=self.number_symbol,
            day=short_date(self.issued_on),
        )

    @property
    def noted(self) -> str:
        """As it stands in the register beside the old document."""
        return f"{_NOTED[self.deed]} {KIND_NAMES[self.kind]} số {self.number_symbol} ngày {short_date(self.issued_on)}"


def in_force(changes: Sequence[Changed]) -> bool:
    """Whether a document that these have happened to is still in force."""
    return not any(one.deed in ENDING for one in changes)


def refuse_wrong_relation(
    deed: Deed, document: Document, target: Document, changes: Sequence[Changed], letters: frozenset[Kind],
    written_at: datetime | None = None,
) -> None:  # fmt: skip
    """Raises Refused("wrong_relation") where `document` cannot do `deed` to `target`, to which `changes` have happened.

    `letters` are the kinds of official letters, by which an error of form is corrected. What was amended or corrected
    after `written_at`, when the text was written, is not changed by it: of two that were drafted at once the second
    says nothing of the first. None: that is not asked any more.
    """
    if target.state is not State.SEALED:
        raise Refused("wrong_relation", NOT_ISSUED)
    if target.unit.id != document.unit.id:
        _refuse(N_("Văn bản được nêu do cơ quan khác ban hành; chỉ cơ quan ban hành mới sửa đổi, thu hồi được."))
    for one in changes:
        if one.deed in ENDING and one.by_id != document.id:
            raise Refused("wrong_relation", one.overtakes)
    for one in changes:
        if one.by_id != document.id and one.deed in UNSEEN and written_at is not None and one.effective_at > written_at:
            raise Refused("wrong_relation", one.unseen)
    if deed in (Deed.AMENDS, Deed.REPLACES) and document.kind is not target.kind:
        text = N_("Sai sót về nội dung phải được sửa đổi, thay thế bằng văn bản cùng hình thức (%(kind)s).")
        raise Refused("wrong_relation", Reason(text, kind=Reason(KIND_NAMES[target.kind])))
    if deed is Deed.CORRECTS and document.kind not in letters:
        _refuse(N_("Sai sót về thể thức, kỹ thuật trình bày được đính chính bằng công văn."))


def _refuse(text: str) -> None:
    raise Refused("wrong_relation", Reason(text))
