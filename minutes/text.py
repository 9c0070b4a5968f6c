"""What every document says that is neither minutes nor an invitation: one structure for all the other types.

Its JSON (fields marked * may be missing, as they are in documents of before there were such fields):

    {"document_id", "kind"*: "QĐ", "subject", "place_name", "competence"*, "addressees"*: ["…"], "bases": ["…"],
     "intro": ["…"], "body": [block, …], "closing", "recipients": ["…"], "annexes"*: [{"name", "title", "body"}],
     "urgency"*, "circulation"*, "drafting_unit"*, "drafter"*, "copies"*, "contact"*: ["…"], "minutes_id"*,
     "relation"*: {"act", "document_id", "number_symbol", "issued_on"}, "files"*: [{"name", "digest"}]}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, cast

from minutes.blocks import BLOCKS, Block, block_to_json, read_block
from minutes.document import Kind
from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import PARAGRAPH, Reader

ANNEXES = 50
FILES = 20
"""Files that go with one document."""
_DIGEST = re.compile(r"[0-9a-f]{64}")

Urgency = Literal["urgent", "very_urgent", "express"]
Circulation = Literal["return", "internal"]
RelationAct = Literal["amends", "corrects", "replaces", "recalls"]

URGENCIES: Mapping[Urgency, str] = MappingProxyType(
    {"urgent": "KHẨN", "very_urgent": "THƯỢNG KHẨN", "express": "HỎA TỐC"}
)
CIRCULATIONS: Mapping[Circulation, str] = MappingProxyType(
    {"return": "XEM XONG TRẢ LẠI", "internal": "LƯU HÀNH NỘI BỘ"}
)
RELATION_ACTS: tuple[RelationAct, ...] = ("amends", "corrects", "replaces", "recalls")


@dataclass(frozen=True, slots=True)
class Relation:
    """What this document does to an earlier one, which is named as it was issued (Decree 30/2020, art. 18)."""

    act: RelationAct
    document_id: str
    number_symbol: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Annex:
    """An annex in the same file. `name` is what it is, where that is not an annex (phụ lục): "Quy chế", for example,
    issued with a decision (template 1.3)."""

    name: str
    title: str
    body: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of its own that goes with the document. `digest` is its hex SHA-256, which is printed, so that whoever
    signs the document signs what is in it."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class TextContent:
    """A document of any type but minutes and invitations; what its type has no place for stays empty.

    `competence` is the issuing authority above the bases of a decision or resolution. `addressees` stand after
    "Kính gửi", `bases` are căn cứ. `drafting_unit` ends an official letter's symbol ("VP" of 15/UBND-VP). `drafter` and
    `copies` are the small code at its end, `contact` is the address block below its first page, a line each.
    """

    document_id: str
    kind: Kind
    subject: str
    place_name: str
    body: tuple[Block, ...]
    closing: str
    recipients: tuple[str, ...]
    competence: str = ""
    addressees: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    intro: tuple[str, ...] = ()
    annexes: tuple[Annex, ...] = ()
    urgency: Urgency | None = None
    circulation: Circulation | None = None
    drafting_unit: str = ""
    drafter: str = ""
    copies: int | None = None
    contact: tuple[str, ...] = ()
    minutes_id: str | None = None
    relation: Relation | None = None
    files: tuple[Attached, ...] = ()


def text_to_json(content: TextContent) -> dict[str, Any]:
    """A JSON object; read_text gives `content` back."""
    relation = content.relation
    return {
        "document_id": content.document_id,
        "kind": content.kind.value,
        "subject": content.subject,
        "place_name": content.place_name,
        "competence": content.competence,
        "addressees": list(content.addressees),
        "bases": list(content.bases),
        "intro": list(content.intro),
        "body": [block_to_json(block) for block in content.body],
        "closing": content.closing,
        "recipients": list(content.recipients),
        "annexes": [
            {"name": one.name, "title": one.title, "body": [block_to_json(block) for block in one.body]}
            for one in content.annexes
        ],
        "urgency": content.urgency,
        "circulation": content.circulation,
        "drafting_unit": content.drafting_unit,
        "drafter": content.drafter,
        "copies": content.copies,
        "contact": list(content.contact),
        "minutes_id": content.minutes_id,
        "relation": relation
        and {
            "act": relation.act,
            "document_id": relation.document_id,
            "number_symbol": relation.number_symbol,
            "issued_on": relation.issued_on.isoformat(),
        },
        "files": [{"name": one.name, "digest": one.digest} for one in content.files],
    }


def read_text(kind: Kind, reader: Reader) -> TextContent:
    """The content of a document of `kind`; raises InvalidContent."""
    reader.later_choice("kind", (kind.value,))
    content = TextContent(
        document_id=reader.line("document_id"),
        kind=kind,
        subject=reader.line("subject"),
        place_name=reader.line("place_name"),
        competence=reader.later_text("competence", PARAGRAPH),
        addressees=reader.later_lines("addressees"),
        bases=reader.lines("bases"),
        intro=reader.lines("intro", PARAGRAPH),
        body=reader.rows("body", read_block, BLOCKS),
        closing=reader.line("closing", empty=True),
        recipients=reader.lines("recipients"),
        annexes=reader.later_rows("annexes", _read_annex, ANNEXES),
        urgency=cast(Urgency | None, reader.later_choice("urgency", tuple(URGENCIES))),
        circulation=cast(Circulation | None, reader.later_choice("circulation", tuple(CIRCULATIONS))),
        drafting_unit=reader.later_text("drafting_unit", 20),
        drafter=reader.later_text("drafter", 20),
        copies=reader.later_count("copies"),
        contact=reader.later_lines("contact"),
        minutes_id=reader.later_line("minutes_id"),
        relation=reader.later_object("relation", _read_relation),
        files=reader.later_rows("files", _read_file, FILES),
    )
    if content.drafting_unit and "/" in content.drafting_unit:
        raise InvalidContent("drafting_unit", Reason(N_("không được có dấu “/”")))
    return content


def _read_annex(reader: Reader) -> Annex:
    return Annex(reader.line("name", empty=True), reader.line("title"), reader.rows("body", read_block, BLOCKS))


def _read_file(reader: Reader) -> Attached:
    file = Attached(reader.line("name"), reader.text("digest", 64))
    if not _DIGEST.fullmatch(file.digest):
        raise InvalidContent(reader.at("digest"), Reason(N_("không phải là mã kiểm tra")))
    return file


def _read_relation(reader: Reader) -> Relation:
    return Relation(
        act=cast(RelationAct, reader.choice("act", RELATION_ACTS)),
        document_id=reader.line("document_id"),
        number_symbol=reader.line("number_symbol"),
        issued_on=reader.day("issued_on"),
    )


def as_written_now(data: object) -> object:
    """The JSON of a notice or directive in the form that it had before all types shared one structure, in today's.

    Signed files bear the old form for ever. Anything else is given back as it is.
    """
    if not isinstance(data, dict) or "body" in data:
        return data
    blocks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("conclusions", {"block": "conclusion"}),
        ("paragraphs", {"block": "paragraph", "level": 1}),
    )
    for name, block in blocks:
        if isinstance(rows := data.get(name), list):
            body = [block | (row if isinstance(row, dict) else {"text": row}) for row in rows]
            rest = {key: value for key, value in data.items() if key != name}
            return {"bases": [], **rest, "body": body}
    return data
