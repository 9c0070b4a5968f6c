"""A document with its files as one edXML message (QCVN 102:2016/BTTTT), written and read.

No official schema is published: names and order are those of the exchange axis' own tools.
"""

import base64
import binascii
import io
import re
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from xml.etree import ElementTree as ET

from minutes.document import KIND_NAMES, Kind
from minutes.exchange import status
from minutes.exchange.element import (
    LIMIT,
    XLINK,
    all_of,
    bad,
    clean,
    day,
    everything,
    first,
    found,
    local,
    parsed,
    raw,
    root,
    text,
    texts,
    under,
    written,
)
from minutes.exchange.status import Status
from minutes.reading import VIETNAM
from minutes.zipped import crowded

MOST_FILES, MOST_PLACES = 50, 500
_PRIORITIES: Mapping[str, str] = MappingProxyType({"Thường": "0", "Khẩn": "1", "Thượng khẩn": "2", "Hỏa tốc": "3"})
_NUMBERS: Mapping[str, int] = MappingProxyType({KIND_NAMES[kind]: place for place, kind in enumerate(Kind, 1)})
"""The types in the order of Decree 30/2020, art. 7; only that of letters (18) is attested, so the name goes with it."""


class Business(StrEnum):
    """What a message does (BussinessDocType): all but NEW are about earlier documents of the same sender."""

    NEW = "0"
    REVOKES = "1"
    UPDATES = "2"
    REPLACES = "3"


_REASONS: Mapping[Business, str] = MappingProxyType(
    {
        Business.NEW: "Mới",
        Business.REVOKES: "Thu hồi",
        Business.UPDATES: "Cập nhật",
        Business.REPLACES: "Thay thế",
    }
)


@dataclass(frozen=True, slots=True)
class File:
    """An attached file."""

    name: str
    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A document as it goes from one authority to others. `id` names the message, `priority` is in words. `to_organs`
    are the identifiers of those that it is sent to, `targets` the documents that it revokes, updates or replaces, as
    their own `document_id` names them. `everything`: what stands in a message that has come, but for its files, for
    `refuse_marked`: much of it is shown nowhere."""

    id: str
    organ_id: str
    organ_name: str
    number: str
    notation: str
    place: str
    issued_on: date
    kind_name: str
    subject: str
    competence: str
    position: str
    signer: str
    to_places: tuple[str, ...]
    priority: str = "Thường"
    pages: int | None = None
    due_on: date | None = None
    files: tuple[File, ...] = ()
    to_organs: tuple[str, ...] = ()
    business: Business = Business.NEW
    targets: tuple[str, ...] = ()
    everything: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def document_id(self) -> str:
        """What names the document everywhere: "OrganId,yyyy/MM/dd,CodeNumber/CodeNotation"."""
        return document_id(self.organ_id, self.issued_on, f"{self.number}/{self.notation}")


def document_id(organ_id: str, issued_on: date, number_symbol: str) -> str:
    """How a document is named between systems."""
    return f"{organ_id},{issued_on:%Y/%m/%d},{number_symbol}"


def dump(message: Message, at: datetime) -> bytes:
    """The message as XML. Its files' ids are made of its own, so that the same document is the same bytes."""
    made = root()
    envelope = under(made, "edXMLEnvelope")
    header = under(envelope, "edXMLHeader")
    _header(under(header, "MessageHeader"), message)
    trace = under(header, "TraceHeaderList", id="TraceHeaderList", version="1.0", mustUnderstand="1")
    stamp = f"{at.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
    texts(under(trace, "TraceHeader"), OrganId=message.organ_id, Timestamp=stamp)
    _business(under(trace, "Bussiness"), message)
    under(header, "DigitalSignature")
    manifest = under(under(envelope, "edXMLBody"), "edXMLManifest", version="1.0")
    encoded = under(made, "AttachmentEncoded")
    for place, file in enumerate(message.files):
        content_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{message.id}/{place}"))
        reference = under(manifest, "Reference")
        reference.set(f"{{{XLINK}}}type", "simple")
        reference.set(f"{{{XLINK}}}href", f"cid:{content_id}")
        texts(reference, ContentId=f"cid:{content_id}", ContentType=file.media, AttachmentName=file.name)
        texts(
            under(encoded, "Attachment"),
            ContentType=file.media,
            ContentId=content_id,
            Description=file.name,
            ContentTransferEncoded=base64.b64encode(file.content).decode(),
            AttachmentName=file.name,
        )
    return written(made)


def _header(header: ET.Element, message: Message) -> None:
    texts(under(header, "From"), OrganId=message.organ_id, OrganName=message.organ_name)
    for organ in message.to_organs:
        texts(under(header, "To"), OrganId=organ, OrganName="")
    for place in message.to_places if not message.to_organs else ():
        texts(under(header, "To"), OrganId="", OrganName=place)
    texts(under(header, "Code"), CodeNumber=message.number, CodeNotation=message.notation)
    texts(under(header, "PromulgationInfo"), Place=message.place, PromulgationDate=f"{message.issued_on:%Y/%m/%d}")
    kind = str(_NUMBERS.get(message.kind_name, ""))
    texts(under(header, "DocumentType"), Type=kind, TypeName=message.kind_name)
    texts(header, Subject=message.subject, Content=message.subject)
    signer = under(header, "SignerInfo")
    texts(signer, Competence=message.competence, Position=message.position, FullName=message.signer)
    if message.due_on is not None:
        texts(header, DueDate=f"{message.due_on:%Y/%m/%d}")
    places = under(header, "ToPlaces")
    for place in message.to_places:
        texts(places, Place=place)
    pages = "" if message.pages is None else str(message.pages)
    texts(under(header, "OtherInfo"), Priority=_PRIORITIES.get(message.priority, "0"), PageAmount=pages)
    texts(header, SteeringType="0", DocumentId=message.document_id)


def _business(business: ET.Element, message: Message) -> None:
    texts(business, BussinessDocType=message.business.value, BussinessDocReason=_REASONS[message.business])
    texts(business, DocumentId=message.targets[0] if message.targets else message.document_id, Paper="0")
    if message.targets:
        replaced = under(business, "ReplacementInfoList")
        for target in message.targets:
            info = under(replaced, "ReplacementInfo")
            texts(info, DocumentId=target)
            organs = under(info, "OrganIdList")
            for organ in message.to_organs:
                texts(organs, OrganId=organ)


def read(data: bytes) -> Message | Status:
    """Whatever somebody has sent: a document, or what is said of one. Raises InvalidContent("file")."""
    said = parsed(data)
    return status.read(said) if found(said, "StatusCode") is not None else _read(said)


def load(data: bytes) -> Message:
    """A document as somebody sent it. Raises InvalidContent("file")."""
    return _read(parsed(data))


def _read(said: ET.Element) -> Message:
    header = first(said, "MessageHeader")
    sender, code = first(header, "From"), first(header, "Code")
    signer, issued = found(header, "SignerInfo"), day(text(found(header, "PromulgationInfo"), "PromulgationDate"))
    if issued is None:
        raise bad()
    pages = text(found(header, "OtherInfo"), "PageAmount")
    places = [one for one in header.iter() if local(one) == "Place"]
    urgency = text(found(header, "OtherInfo"), "Priority")
    organs = [text(one, "OrganId") for one in all_of(header, "To", MOST_PLACES)]
    named = text(header, "DocumentId")
    business, targets = _done(found(said, "Bussiness"), named)
    return Message(
        id=named,
        organ_id=text(sender, "OrganId"),
        organ_name=text(sender, "OrganName"),
        number=text(code, "CodeNumber"),
        notation=text(code, "CodeNotation"),
        place=text(found(header, "PromulgationInfo"), "Place"),
        issued_on=issued,
        kind_name=text(found(header, "DocumentType"), "TypeName"),
        subject=text(header, "Subject"),
        competence=text(signer, "Competence"),
        position=text(signer, "Position"),
        signer=text(signer, "FullName"),
        to_places=tuple(clean(one.text or "") for one in places[1 : MOST_PLACES + 1]),
        priority=next((name for name, number in _PRIORITIES.items() if number == urgency), "Thường"),
        pages=int(pages) if re.fullmatch(r"[0-9]{1,6}", pages) else None,
        due_on=day(text(header, "DueDate")),
        files=tuple(_files(said)),
        to_organs=tuple(one for one in organs if one),
        business=business,
        targets=targets,
        everything=everything(said),
    )


def _done(said: ET.Element | None, own: str) -> tuple[Business, tuple[str, ...]]:
    """What a message does, and to which documents: some name the earlier one, some send it once more."""
    number = text(said, "BussinessDocType")
    if number not in tuple(Business) or number == Business.NEW:
        return Business.NEW, ()
    named = [text(said, "DocumentId")]
    named += [text(one, "DocumentId") for one in all_of(said, "ReplacementInfo", MOST_PLACES)]
    return Business(number), tuple(one for one in dict.fromkeys(named) if one and one != own) or (own,)


def _files(said: ET.Element) -> Iterator[File]:
    left = LIMIT
    for one in all_of(said, "Attachment", MOST_FILES):
        try:
            # Long lines are broken by some.
            content = base64.b64decode("".join(raw(one, "ContentTransferEncoded").split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise bad() from error
        name = text(one, "AttachmentName")
        if content.startswith(b"PK") and name.lower().endswith(".pdf"):
            content = _unpacked(content, left)
            left -= len(content)
        yield File(name, text(one, "ContentType"), content)


def _unpacked(content: bytes, most: int) -> bytes:
    """The one file that some tools pack for the way: together no more of them than a message could bring unpacked."""
    if crowded(io.BytesIO(content)):
        raise bad()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            (entry,) = packed.infolist()
            with packed.open(entry) as file:
                data = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise bad() from error
    if len(data) > most:
        raise bad()
    return data
