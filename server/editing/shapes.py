"""Which parts a kind of document has for its editors, and what may stand in them.

A part is a list of blocks. A block has texts (merged letter by letter) and values (the last one set counts). A table
has two lists of its own, of rows and of columns; its cells are its texts, named ROW.COLUMN, where the row HEAD is the
header. An annex has the list of its own blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from minutes.blocks import BLOCKS as MOST
from minutes.blocks import COLUMNS, LEVELS
from minutes.document import Kind
from minutes.reading import LINE, MANY, PARAGRAPH
from minutes.templates import template_of
from minutes.text import ANNEXES, CIRCULATIONS, URGENCIES
from server.i18n import N_

HEAD = "head"
PARAGRAPH_LEVELS = ("0", "1", "2")


@dataclass(frozen=True, slots=True)
class Text:
    """`limit` in characters; `lines`: whether it may break into lines."""

    limit: int
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """`values`: name -> what it may be (None: an ISO date or ""); `inner`: list name -> kinds of its items, and how
    many. A list of one kind comes with its items, any other is empty at first."""

    texts: Mapping[str, Text]
    values: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    inner: Mapping[str, tuple[tuple[str, ...], int]] = field(default_factory=dict)


_LONG = Text(PARAGRAPH, lines=True)
BODY = ("prose", "table", "conclusion")
"""The kinds of blocks of a body."""

BLOCKS: Mapping[str, Block] = MappingProxyType(
    {
        "line": Block({"text": Text(LINE)}),
        "subject": Block({"text": Text(LINE, lines=True)}),
        "paragraph": Block({"text": _LONG}),
        "prose": Block({"text": _LONG}, {"level": (*LEVELS, *PARAGRAPH_LEVELS)}),
        "course": Block({"heading": Text(LINE), "text": Text(20 * PARAGRAPH, lines=True)}),
        "conclusion": Block(
            {"text": _LONG, "owner_unit": Text(LINE), "co_units": Text(PARAGRAPH, lines=True), "item": Text(LINE)},
            {"deadline": None},
        ),
        "code": Block({"text": Text(20)}),
        "count": Block({"text": Text(6)}),
        "urgency": Block({}, {"value": ("", *URGENCIES)}),
        "circulation": Block({}, {"value": ("", *CIRCULATIONS)}),
        "annex": Block({"name": Text(LINE), "title": Text(LINE)}, inner={"body": (BODY, MOST)}),
        "table": Block({}, inner={"rows": (("row",), MANY), "columns": (("column",), COLUMNS)}),
        "row": Block({}),
        "column": Block({}),
    }
)
CELL = _LONG


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document: its `label` (a msgid), the kinds of blocks it takes, and how many at most. `single`: it is
    one block, which stays. `small`: a word or a choice, shown beside others."""

    name: str
    label: str
    kinds: tuple[str, ...]
    most: int = MANY
    single: bool = False
    small: bool = False


_SUBJECT = Part("subject", N_("Trích yếu"), ("subject",), single=True)
_CLOSING = Part("closing", N_("Câu kết"), ("line",), single=True)
_RECIPIENTS = Part("recipients", N_("Nơi nhận"), ("line",))
_URGENCY = Part("urgency", N_("Độ khẩn"), ("urgency",), single=True, small=True)

_TEXT: tuple[Part, ...] = (
    _SUBJECT,
    Part("competence", N_("Thẩm quyền ban hành"), ("subject",), single=True),
    Part("addressees", N_("Kính gửi"), ("line",)),
    Part("bases", N_("Căn cứ"), ("line",)),
    Part("intro", N_("Phần mở đầu"), ("paragraph",)),
    Part("body", N_("Nội dung"), BODY, most=MOST),
    _CLOSING,
    _RECIPIENTS,
    Part("annexes", N_("Phụ lục"), ("annex",), most=ANNEXES),
    _URGENCY,
    Part("circulation", N_("Phạm vi lưu hành"), ("circulation",), single=True, small=True),
    Part("drafting_unit", N_("Chữ viết tắt của đơn vị soạn thảo"), ("code",), single=True, small=True),
    Part("drafter", N_("Ký hiệu người soạn thảo"), ("code",), single=True, small=True),
    Part("copies", N_("Số lượng bản phát hành"), ("count",), single=True, small=True),
    Part("contact", N_("Địa chỉ, điện thoại, thư điện tử ở cuối trang"), ("line",)),
)
_OF_EVERY_TEXT = ("subject", "body", "recipients", "annexes", "urgency", "circulation", "drafter", "copies")

_OWN: Mapping[Kind, tuple[Part, ...]] = MappingProxyType(
    {
        Kind.MINUTES: (
            Part("title", N_("Tên cuộc họp"), ("line",), single=True),
            Part("venue", N_("Địa điểm"), ("line",), single=True),
            Part("course", N_("Diễn biến cuộc họp"), ("course",)),
            Part("conclusions", N_("Kết luận"), ("conclusion",)),
            _RECIPIENTS,
        ),
        Kind.INVITATION: (
            _SUBJECT,
            Part("invitees", N_("Kính mời"), ("line",)),
            Part("chair_line", N_("Chủ trì"), ("line",), single=True),
            Part("venue", N_("Địa điểm"), ("line",), single=True),
            Part("agenda", N_("Nội dung, chương trình"), ("line",)),
            Part("notes", N_("Lưu ý"), ("paragraph",)),
            _CLOSING,
            _RECIPIENTS,
            _URGENCY,
        ),
    }
)


def parts_of(kind: Kind) -> tuple[Part, ...]:
    """The parts that editors of this kind of document may change, in the order of the page."""
    if kind in _OWN:
        return _OWN[kind]
    known = {*template_of(kind).parts, *_OF_EVERY_TEXT}
    return tuple(part for part in _TEXT if part.name in known)
