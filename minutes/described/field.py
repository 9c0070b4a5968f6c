"""The fields that people may fill in, of each thing that has metadata; the other ones the System fills in by itself.

Names are those of Decree 30/2020, Appendix VI, where it has one, else those that the archives' older circulars use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import LINE, PARAGRAPH, Reader


class Subject(StrEnum):
    """What is described."""

    FONDS = "fonds"
    """All that an authority keeps (phông lưu trữ)."""
    CASE = "case"
    DOCUMENT = "document"
    RECEIVED = "received"


class Form(StrEnum):
    """How a field is typed."""

    LINE = "line"
    AREA = "area"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Field:
    """`initial` holds until somebody writes something else; `choices`: nothing else may be written."""

    name: str
    label: str
    form: Form = Form.LINE
    initial: str = ""
    choices: tuple[str, ...] = ()


_RIGHTS = Field("Rights", N_("Quyền truy cập"), initial="Hạn chế", choices=("Hạn chế", "Không hạn chế"))
_LANGUAGE = Field("Language", N_("Ngôn ngữ"), initial="Tiếng Việt")
_KEYWORD = Field("Keyword", N_("Từ khóa"))
_RELIABLE = Field(
    "ConfidenceLevel", N_("Mức độ tin cậy"), initial="Gốc điện tử", choices=("Gốc điện tử", "Số hóa", "Hỗn hợp")
)
_CONDITION = Field("Format", N_("Tình trạng vật lý"), initial="Bình thường")
_SIGN = Field("InforSign", N_("Ký hiệu thông tin"))
_NOTE = Field("Description", N_("Ghi chú"), Form.AREA)
_OF_ALL = (_RIGHTS, _LANGUAGE, _KEYWORD, _RELIABLE, _CONDITION, _SIGN)

FIELDS: Mapping[Subject, tuple[Field, ...]] = MappingProxyType(
    {
        Subject.FONDS: (
            Field("FondsCode", N_("Mã phông lưu trữ")),
            Field("FondsName", N_("Tên phông lưu trữ")),
            Field("State", N_("Tình trạng phông"), initial="Phông mở", choices=("Phông mở", "Phông đóng")),
            Field("FondsHistory", N_("Lịch sử đơn vị hình thành phông"), Form.AREA),
            Field("KeyGroups", N_("Các nhóm tài liệu chủ yếu"), Form.AREA),
            Field("LookupTools", N_("Công cụ tra cứu"), initial="Hệ thống quản lý tài liệu điện tử"),
            _LANGUAGE,
            Field("Backup", N_("Sao lưu dự phòng")),
            _NOTE,
        ),
        Subject.CASE: (*_OF_ALL, Field("PaperFileCode", N_("Mã hồ sơ giấy gốc")), _NOTE),
        Subject.DOCUMENT: (
            *_OF_ALL,
            Field("Autograph", N_("Bút tích")),
            Field("IssuedAmount", N_("Số lượng bản phát hành")),
            Field("DueDate", N_("Hạn trả lời văn bản"), Form.DAY),
            _NOTE,
        ),
        Subject.RECEIVED: (
            *_OF_ALL,
            Field("Autograph", N_("Bút tích")),
            Field("SignerInfo", N_("Chức vụ, họ tên người ký")),
            Field("PaperPlace", N_("Nơi để bản giấy (văn bản không có tệp)")),
            Field("Priority", N_("Mức độ khẩn"), choices=("", "Khẩn", "Thượng khẩn", "Hỏa tốc")),
            _NOTE,
        ),
    }
)


def initial(subject: Subject) -> dict[str, str]:
    """What holds where nobody has written anything."""
    return {one.name: one.initial for one in FIELDS[subject]}


def read(subject: Subject, typed: Mapping[str, object]) -> dict[str, str]:
    """The fields of a form, all of which must be there; days as in "2026-02-28". Raises InvalidContent."""
    reader, found = Reader(typed, ""), dict[str, str]()
    for one in FIELDS[subject]:
        if one.form is Form.DAY:
            day = reader.optional_date(one.name)
            found[one.name] = "" if day is None else day.isoformat()
            continue
        text = reader.text(one.name, PARAGRAPH if one.form is Form.AREA else LINE, empty=True).strip()
        if one.choices and text not in one.choices:
            raise InvalidContent(one.name, Reason(N_("phải là một trong %(known)s"), known=", ".join(one.choices)))
        found[one.name] = text
    reader.finish()
    return found
