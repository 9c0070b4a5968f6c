"""One of our documents as it goes to others: an edXML message made of the archived file and what the System knows."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from minutes.document import Document
from minutes.exchange import edxml
from minutes.exchange.arrival import PDF
from minutes.exchange.edxml import File, Message
from minutes.exchange.status import Status
from minutes.exchange.store import Outgoing, Sent

_UNSAFE = re.compile(r"[^\w.+-]+")


def safe(name: str) -> str:
    """A name that every file system takes."""
    return _UNSAFE.sub("-", unicodedata.normalize("NFC", name)).strip("-.")[:100] or "van-ban"


def media_of(data: bytes) -> str:
    """The media type of a file that goes with a document, as far as it matters."""
    return PDF if data.startswith(b"%PDF-") else "application/octet-stream"


def key_of(organ_id: str, document: Document) -> str:
    """What names an issued document on the axis."""
    assert document.issued_on is not None, "it is sealed"
    return edxml.document_id(organ_id, document.issued_on, document.number_symbol or "")


def message(organ_id: str, one: Document, said: Mapping[str, str], files: tuple[File, ...]) -> Message:
    """A sealed document of the authority with this identifier; `said` are its metadata."""
    leader = next((signer for signer in reversed(one.signers) if signer.role != "seal"), one.signers[0])
    assert one.issued_on is not None, "it is sealed"
    return Message(
        id=one.id,
        organ_id=organ_id,
        organ_name=one.unit.name,
        number=said["CodeNumber"],
        notation=said["CodeNotation"],
        place=one.place,
        issued_on=one.issued_on,
        kind_name=said["TypeName"],
        subject=" ".join(one.title.split()),
        competence=" ".join(leader.title_lines[:-1]),
        position=leader.title_lines[-1] if leader.title_lines else "",
        signer=leader.name,
        to_places=tuple(part for part in said["To"].split("; ") if part),
        priority=said["Priority"],
        pages=int(said["PageAmount"]),
        files=files,
    )


def addressed(made: Message, to: Outgoing) -> Message:
    """The same for one receiver."""
    return replace(made, to_organs=(to.organ_id,), business=to.business, targets=to.targets)


def answer(organ_id: str, organ_name: str, one: Sent) -> Status:
    """What we say of a document that came."""
    said = one.message
    assert said.code is not None, "it is a status"
    return Status(organ_id, organ_name, said.organ_id, said.key, said.code, one.at, said.said, said.by)
