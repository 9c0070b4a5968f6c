"""What a receiver says of a document that it was sent, as an edXML message: it has come, is refused, has its number…"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from types import MappingProxyType
from xml.etree import ElementTree as ET

from minutes.errors import N_
from minutes.exchange.element import bad, day, everything, first, found, root, text, texts, under, written
from minutes.reading import VIETNAM


class Code(StrEnum):
    """How far a document has come where it was sent to (StatusCode, as the exchange axis' own tools have them)."""

    ARRIVED = "01"
    REFUSED = "02"
    RECEIVED = "03"
    ASSIGNED = "04"
    UNDER_WAY = "05"
    DONE = "06"
    TAKING_BACK = "13"
    """The sender wants it back before it was received."""
    GIVEN_BACK = "15"
    KEPT = "16"
    """What the sender wants back, or changed, is kept as it is."""


SAID: Mapping[Code, str] = MappingProxyType(
    {
        Code.ARRIVED: N_("Đã đến, chờ tiếp nhận"),
        Code.REFUSED: N_("Từ chối tiếp nhận"),
        Code.RECEIVED: N_("Đã tiếp nhận, vào sổ"),
        Code.ASSIGNED: N_("Đã phân công xử lý"),
        Code.UNDER_WAY: N_("Đang xử lý"),
        Code.DONE: N_("Đã hoàn thành"),
        Code.TAKING_BACK: N_("Yêu cầu lấy lại văn bản"),
        Code.GIVEN_BACK: N_("Đồng ý thu hồi, cập nhật"),
        Code.KEPT: N_("Từ chối thu hồi, cập nhật"),
    }
)
_ALSO = {"14": Code.GIVEN_BACK}
"""What an older tool writes by mistake."""


@dataclass(frozen=True, slots=True)
class Status:
    """`document_id` names the document that it is about, `to_organ` who has sent that; `organ_id` is who says so,
    `said` adds some words, `staff` is the name of who has acted there."""

    organ_id: str
    organ_name: str
    to_organ: str
    document_id: str
    code: Code
    at: datetime
    said: str = ""
    staff: str = ""
    everything: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """What stands in one that has come, for `refuse_marked`."""


def dump(status: Status) -> bytes:
    """The status as XML."""
    made = root()
    header = under(under(made, "edXMLEnvelope"), "edXMLHeader")
    said = under(header, "Status")
    _organ, issued, code = (*status.document_id.split(",", 2), "", "")[:3]
    about = under(said, "ResponseFor")
    texts(about, OrganId=status.to_organ, Code=code, PromulgationDate=issued, DocumentId=status.document_id)
    texts(under(said, "From"), OrganId=status.organ_id, OrganName=status.organ_name)
    texts(said, StatusCode=status.code.value, Description=status.said)
    texts(said, Timestamp=f"{status.at.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}")
    texts(under(said, "StaffInfo"), Staff=status.staff)
    return written(made)


def read(said: ET.Element) -> Status:
    """A status as somebody sent it. Raises InvalidContent("file")."""
    about, sender = first(said, "ResponseFor"), first(said, "From")
    whole = next((one for one in said.iter() if text(one, "StatusCode")), said)
    number = text(whole, "StatusCode").zfill(2)
    code = _ALSO.get(number) or (Code(number) if number in tuple(Code) else None)
    named, organ = text(about, "DocumentId"), text(sender, "OrganId")
    if code is None or not named or not organ:
        raise bad()
    return Status(
        organ_id=organ,
        organ_name=text(sender, "OrganName"),
        to_organ=text(about, "OrganId"),
        document_id=named,
        code=code,
        at=_moment(text(whole, "Timestamp")),
        said=text(whole, "Description")[:500],
        staff=text(found(said, "StaffInfo"), "Staff")[:200],
        everything=everything(said),
    )


def _moment(said: str) -> datetime:
    """ "2026/02/05 10:45:31", or with the day first; without a time of day: its beginning."""
    date = day(said)
    if date is None:
        raise bad()
    try:
        return datetime.combine(date, time.fromisoformat(said.partition(" ")[2] or "00:00"), VIETNAM)
    except ValueError as error:
        raise bad() from error
