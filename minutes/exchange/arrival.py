"""A document that has come by the exchange axis: it waits to be received, is refused, or is taken back by its sender.

Decree 30/2020, art. 18.4: who receives a recall destroys the electronic copy and says so through the system; art. 21.2:
what cannot be confirmed is refused, and what is received gets its number.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from minutes.errors import N_, Reason, Refused
from minutes.exchange.edxml import Business
from minutes.registers.entry import Received
from minutes.report import Report


class ArrivalState(StrEnum):
    """How far what has come is."""

    WAITING = "waiting"
    RECEIVED = "received"
    """It has its number, and is a line of the register."""
    REFUSED = "refused"


class RecallState(StrEnum):
    """What has become of the sender's wish to have it back."""

    NONE = ""
    ASKED = "asked"
    DESTROYED = "destroyed"
    KEPT = "kept"
    """The receiver has said why not."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that came with it, in the archive."""

    name: str
    media: str
    digest: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """`document_id` is the sender's name for the document; `organ_id` the sender, `to_organ` the identifier that it was
    sent to. `business` and `targets`: what it does to earlier ones. `number` and `year`: its line of the register."""

    id: str
    unit_id: str
    organ_id: str
    to_organ: str
    document_id: str
    business: Business
    targets: tuple[str, ...]
    received: Received
    files: tuple[Kept, ...]
    verdict: Report | None
    pages: int | None
    came_at: datetime
    state: ArrivalState = ArrivalState.WAITING
    year: int | None = None
    number: int | None = None
    reason: str = ""
    """Why it was refused."""
    decided_by: str = ""
    decided_at: datetime | None = None
    recall: RecallState = RecallState.NONE
    recall_by: str = ""
    """Number, day and issuer of what recalls or replaces it, in words; or that the sender has asked by a message."""
    recall_at: datetime | None = None
    recall_answer: str = ""
    """What was answered, and by whom."""

    @property
    def main(self) -> Kept | None:
        """The file that is the document itself."""
        return next((one for one in self.files if one.media == PDF), None)


PDF = "application/pdf"


def refuse_decided(one: Arrival) -> None:
    """Raises Refused("arrival_decided") where it does not wait any more."""
    if one.state is not ArrivalState.WAITING:
        raise Refused("arrival_decided", Reason(N_("Văn bản này đã được tiếp nhận hoặc từ chối.")))


def refuse_taken_back(one: Arrival) -> None:
    """Raises Refused("arrival_recalled") where its sender has taken it back."""
    if one.recall is not RecallState.NONE:
        raise Refused("arrival_recalled", Reason(N_("Nơi gửi đã thu hồi văn bản này; không tiếp nhận được nữa.")))


def refuse_unasked(one: Arrival) -> None:
    """Raises Refused("not_recalled") where there is no recall that waits for an answer."""
    if one.recall is not RecallState.ASKED:
        raise Refused("not_recalled", Reason(N_("Nơi gửi không yêu cầu thu hồi văn bản này, hoặc đã được trả lời.")))
