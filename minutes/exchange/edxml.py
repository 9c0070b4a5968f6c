"""A document with its files as one edXML message (QCVN 102:2016/BTTTT), written and read.

No official schema is published: names and order are those of the exchange axis' own tools. What is read is matched by
local names, for systems differ in prefixes and namespaces; it is bounded, and has no document type of its own.
"""

import base64
import binascii
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from xml.etree import ElementTree as ET

from minutes.document import KIND_NAMES, Kind
from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import REFUSED, VIETNAM

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
_XLINK = "http://www.w3.org/1999/xlink"
LIMIT = 75 * 2**20
"""Octets of the longest message that is read: its files are in base64."""
MOST_FILES, LONGEST = 50, 10_000
MOST_PARTS = 100_000
"""Tags and quotation marks in a message: of some million, reading alone takes all memory and half a minute."""
_PRIORITIES: Mapping[str, str] = MappingProxyType({"Thường": "0", "Khẩn": "1", "Thượng khẩn": "2", "Hỏa tốc": "3"})
_NUMBERS: Mapping[str, int] = MappingProxyType({KIND_NAMES[kind]: place for place, kind in enumerate(Kind, 1)})
"""The types in the order of Decree 30/2020, art. 7; only that of letters (18) is attested, so the name goes with it."""


@dataclass(frozen=True, slots=True)
class File:
    """An attached file."""

    name: str
    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A document as it goes from one authority to others. `id` names the message, `priority` is in words."""

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


def dump(message: Message, at: datetime) -> bytes:
    """The message as XML. Its files' ids are made of its own, so that the same document is the same bytes."""
    ET.register_namespace("edXML", NAMESPACE)
    ET.register_namespace("xlink", _XLINK)
    root = _element("edXML")
    envelope = _under(root, "edXMLEnvelope")
    header = _under(envelope, "edXMLHeader")
    _header(_under(header, "MessageHeader"), message)
    trace = _under(header, "TraceHeaderList", id="TraceHeaderList", version="1.0", mustUnderstand="1")
    stamp = f"{at.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
    _texts(_under(trace, "TraceHeader"), OrganId=message.organ_id, Timestamp=stamp)
    business = _under(trace, "Bussiness")
    _texts(business, BussinessDocType="0", BussinessDocReason="Mới", DocumentId=_document_id(message), Paper="0")
    _under(header, "DigitalSignature")
    manifest = _under(_under(envelope, "edXMLBody"), "edXMLManifest", version="1.0")
    encoded = _under(root, "AttachmentEncoded")
    for place, file in enumerate(message.files):
        content_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{message.id}/{place}"))
        reference = _under(manifest, "Reference")
        reference.set(f"{{{_XLINK}}}type", "simple")
        reference.set(f"{{{_XLINK}}}href", f"cid:{content_id}")
        _texts(reference, ContentId=f"cid:{content_id}", ContentType=file.media, AttachmentName=file.name)
        _texts(
            _under(encoded, "Attachment"),
            ContentType=file.media,
            ContentId=content_id,
            Description=file.name,
            ContentTransferEncoded=base64.b64encode(file.content).decode(),
            AttachmentName=file.name,
        )
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _header(header: ET.Element, message: Message) -> None:
    _texts(_under(header, "From"), OrganId=message.organ_id, OrganName=message.organ_name)
    for place in message.to_places:
        _texts(_under(header, "To"), OrganId="", OrganName=place)
    _texts(_under(header, "Code"), CodeNumber=message.number, CodeNotation=message.notation)
    _texts(_under(header, "PromulgationInfo"), Place=message.place, PromulgationDate=f"{message.issued_on:%Y/%m/%d}")
    kind = str(_NUMBERS.get(message.kind_name, ""))
    _texts(_under(header, "DocumentType"), Type=kind, TypeName=message.kind_name)
    _texts(header, Subject=message.subject, Content=message.subject)
    _texts(
        _under(header, "SignerInfo"),
        Competence=message.competence,
        Position=message.position,
        FullName=message.signer,
    )
    if message.due_on is not None:
        _texts(header, DueDate=f"{message.due_on:%Y/%m/%d}")
    places = _under(header, "ToPlaces")
    for place in message.to_places:
        _texts(places, Place=place)
    pages = "" if message.pages is None else str(message.pages)
    _texts(_under(header, "OtherInfo"), Priority=_PRIORITIES.get(message.priority, "0"), PageAmount=pages)
    _texts(header, SteeringType="0", DocumentId=_document_id(message))


def _document_id(message: Message) -> str:
    return f"{message.organ_id},{message.issued_on:%Y/%m/%d},{message.number}/{message.notation}"


def _element(name: str) -> ET.Element:
    return ET.Element(f"{{{NAMESPACE}}}{name}")


def _under(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)


def _texts(parent: ET.Element, **values: str) -> None:
    for name, value in values.items():
        _under(parent, name).text = value


def load(data: bytes) -> Message:
    """A message as somebody sent it. Raises InvalidContent("file")."""
    root = _parsed(data)
    header = _first(root, "MessageHeader")
    sender, code = _first(header, "From"), _first(header, "Code")
    signer = _found(header, "SignerInfo")
    issued = _day(_text(_found(header, "PromulgationInfo"), "PromulgationDate"))
    if issued is None:
        raise _bad()
    pages = _text(_found(header, "OtherInfo"), "PageAmount")
    places = [one for one in header.iter() if _local(one) == "Place"]
    urgency = _text(_found(header, "OtherInfo"), "Priority")
    return Message(
        id=_text(header, "DocumentId"),
        organ_id=_text(sender, "OrganId"),
        organ_name=_text(sender, "OrganName"),
        number=_text(code, "CodeNumber"),
        notation=_text(code, "CodeNotation"),
        place=_text(_found(header, "PromulgationInfo"), "Place"),
        issued_on=issued,
        kind_name=_text(_found(header, "DocumentType"), "TypeName"),
        subject=_text(header, "Subject"),
        competence=_text(signer, "Competence"),
        position=_text(signer, "Position"),
        signer=_text(signer, "FullName"),
        to_places=tuple(_clean(one.text or "") for one in places[1:501]),
        priority=next((name for name, number in _PRIORITIES.items() if number == urgency), "Thường"),
        pages=int(pages) if re.fullmatch(r"[0-9]{1,6}", pages) else None,
        due_on=_day(_text(header, "DueDate")),
        files=tuple(_files(root)),
    )


def _parsed(data: bytes) -> ET.Element:
    if len(data) > LIMIT:
        raise _bad()
    try:
        text = data.decode("utf-8-sig")
        # A document type may have entities that grow without end; a message has none.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise _bad()
        if sum(map(text.count, "<\"'")) > MOST_PARTS:
            raise _bad()
        return ET.fromstring(text.encode())  # noqa: S314 - no document type, so no entities; expat reads nothing else
    except (ET.ParseError, UnicodeError, ValueError, RecursionError, LookupError) as error:
        raise _bad() from error


def _files(root: ET.Element) -> Iterator[File]:
    for number, one in enumerate(one for one in root.iter() if _local(one) == "Attachment"):
        if number == MOST_FILES:
            raise _bad()
        try:
            # Long lines are broken by some.
            content = base64.b64decode("".join(_raw(one, "ContentTransferEncoded").split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise _bad() from error
        yield File(_text(one, "AttachmentName"), _text(one, "ContentType"), content)


def _local(one: ET.Element) -> str:
    return one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""


def _found(parent: ET.Element | None, name: str) -> ET.Element | None:
    return next((one for one in parent.iter() if _local(one) == name), None) if parent is not None else None


def _first(parent: ET.Element, name: str) -> ET.Element:
    found = _found(parent, name)
    if found is None:
        raise _bad()
    return found


def _raw(parent: ET.Element | None, name: str) -> str:
    children = () if parent is None else parent
    return next((one.text or "" for one in children if _local(one) == name), "")


def _text(parent: ET.Element | None, name: str) -> str:
    return _clean(_raw(parent, name))


def _clean(text: str) -> str:
    if len(text) > LONGEST or REFUSED.search(text):
        raise _bad()
    return " ".join(text.split())


def _day(text: str) -> date | None:
    found = re.match(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?!\d)|(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)", text, re.ASCII)
    if found is None:
        return None
    year, month, day, other_day, other_month, other_year = found.groups()
    try:
        return date(int(year or other_year), int(month or other_month), int(day or other_day))
    except ValueError as error:
        raise _bad() from error


def _bad() -> InvalidContent:
    return InvalidContent("file", Reason(N_("không phải là tệp edXML đọc được")))
