"""What is known of a state secret that got in: never what it says, only who, when, by which door, and its digests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from minutes.document import Actor
from minutes.errors import N_, InvalidContent, Reason, Refused
from minutes.reading import LINE
from minutes.secrecy import refuse_secrets


class Thing(StrEnum):
    """What the secret is in."""

    DOCUMENT = "document"
    RECEIVED = "received"
    ARRIVAL = "arrival"
    """What came by the exchange axis and has no number yet."""
    PAPER = "paper"
    RECORDING = "recording"
    PROOF = "proof"
    """A file by which a unit has proved what it reports of a task."""


DOORS: Mapping[Thing, str] = MappingProxyType(
    {
        Thing.DOCUMENT: N_("soạn thảo hoặc nhập tệp Word tại bàn làm việc"),
        Thing.RECEIVED: N_("sổ đăng ký văn bản đến"),
        Thing.ARRIVAL: N_("trục liên thông văn bản"),
        Thing.PAPER: N_("tài liệu gửi lên cuộc họp"),
        Thing.RECORDING: N_("ghi âm, ghi hình cuộc họp"),
        Thing.PROOF: N_("báo cáo kết quả thực hiện nhiệm vụ"),
    }
)
"""By which door it came."""


class Level(StrEnum):
    """The class that the mark names."""

    UNKNOWN = "unknown"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        Level.UNKNOWN: N_("Chưa rõ mức độ"),
        Level.FIRST: N_("Mật"),
        Level.SECOND: N_("Tối mật"),
        Level.THIRD: N_("Tuyệt mật"),
    }
)
"""As a page shows them."""


class IncidentState(StrEnum):
    """Where an incident stands."""

    HELD = "held"
    """Nobody can read it; somebody has to decide."""
    ERASED = "erased"
    RELEASED = "released"
    """It was no secret: it is where it was."""


STATES: Mapping[IncidentState, str] = MappingProxyType(
    {
        IncidentState.HELD: N_("Đang cách ly"),
        IncidentState.ERASED: N_("Đã xóa"),
        IncidentState.RELEASED: N_("Đã đưa trở lại"),
    }
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the secret lies and how it came. `ref` is the id of the thing, `name` what it is called in a report, never
    a title; `digests` are those of its contents (names of keys), `files` of recordings."""

    thing: Thing
    ref: str
    name: str
    came_by: str
    came_at: datetime
    digests: tuple[str, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of a unit's year. `seen` is how it was recognised, in words without the secret itself; `record` the
    digest of the record of its erasure, `report_id` the document that reports it."""

    id: str
    unit_id: str
    unit_name: str
    year: int
    number: int
    origin: Origin
    level: Level
    seen: str
    found_by: Actor
    found_at: datetime
    state: IncidentState = IncidentState.HELD
    decided_by: Actor | None = None
    decided_at: datetime | None = None
    reason: str = ""
    record: str = ""
    report_id: str | None = None

    @property
    def code(self) -> str:
        """As people call it."""
        return f"{self.number:02d}/{self.year}"


def seen(text: str) -> str:
    """How it was recognised, as it is typed. Raises InvalidContent, SecretContent."""
    said = " ".join(text.split())
    if not said or len(said) > LINE:
        raise InvalidContent("seen", Reason(N_("xin ghi, không quá %(limit)s ký tự"), limit=LINE))
    refuse_secrets("seen", said)
    return said


def refuse_decided(incident: Incident) -> None:
    """Raises Refused("incident_decided") where it is not held any more."""
    if incident.state is not IncidentState.HELD:
        raise Refused("incident_decided", Reason(N_("Sự cố này đã được xử lý.")))
