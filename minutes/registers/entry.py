"""What a line of either register says (Decree 30/2020, Appendix IV)."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from minutes.document import KIND_NAMES, Kind
from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import LINE, PARAGRAPH, Reader
from minutes.register import EntryState
from minutes.report import Report
from minutes.searching.tokens import folded
from minutes.secrecy import refuse_secrets

MOST_COPIES = 100_000


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that goes out on paper, as the clerk enters it; its number is the register's."""

    kind: Kind
    issued_on: date
    subject: str
    signer: str
    recipients: str
    keeper: str
    copies: int
    note: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A line of the register of outgoing documents. `document_id` is None for one on paper."""

    series: str
    number: int
    symbol: str
    issued_on: date
    kind_name: str
    subject: str
    signer: str
    recipients: str
    keeper: str
    copies: int | None
    note: str
    state: EntryState
    reserved_at: datetime
    reason: str | None = None
    document_id: str | None = None

    @property
    def number_symbol(self) -> str:
        """As in "07/TB-UBND": numbers below ten have two digits."""
        return f"{self.number:02d}/{self.symbol}"


@dataclass(frozen=True, slots=True)
class Received:
    """A document that has come, as the clerk enters it. `author` is who issued it, `handler` who is to deal with it."""

    arrived_on: date
    author: str
    number_symbol: str
    issued_on: date
    kind_name: str
    subject: str
    handler: str
    note: str

    @property
    def mark(self) -> str:
        """What is equal where the same document comes twice: issuer, number and date."""
        parts = (plain(self.author), plain(self.number_symbol), self.issued_on.isoformat())
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A line of the register of incoming documents; `number` is that of arrival. `verdict` is the judgement of the
    received file (`digest`: its SHA-256 in the archive, `pages`: how many it has) as it was when it came."""

    year: int
    number: int
    received: Received
    entered_by: str
    entered_at: datetime
    transferred_on: date | None = None
    taken_by: str = ""
    taken_at: datetime | None = None
    digest: str | None = None
    verdict: Report | None = None
    pages: int | None = None


def plain(text: str) -> str:
    """Equal for what people take for the same: without marks, case and spaces."""
    return "".join(one for one in folded(unicodedata.normalize("NFC", text)) if one.isalnum())


def paper(fields: Mapping[str, object]) -> Paper:
    """Read a paper document. Raises InvalidContent, SecretContent."""
    reader = Reader(fields, "")
    kind = Kind(reader.choice("kind", tuple(Kind)))
    made = Paper(
        kind=kind,
        issued_on=reader.day("issued_on"),
        subject=_open(reader, "subject"),
        signer=reader.line("signer").strip(),
        recipients=reader.text("recipients", PARAGRAPH).strip(),
        keeper=reader.line("keeper", empty=True).strip(),
        copies=_count(reader, "copies"),
        note=reader.line("note", empty=True).strip(),
    )
    refuse_secrets("note", made.note)
    reader.finish()
    return made


def received(fields: Mapping[str, object], today: date) -> Received:
    """Read a document that has come by `today`. Raises InvalidContent, SecretContent."""
    reader = Reader(fields, "")
    arrived = reader.day("arrived_on")
    made = Received(
        arrived_on=arrived,
        author=reader.line("author").strip(),
        number_symbol=reader.text("number_symbol", 100).strip(),
        issued_on=reader.day("issued_on"),
        kind_name=reader.text("kind_name", 100, empty=True).strip(),
        subject=_open(reader, "subject"),
        handler=reader.line("handler", empty=True).strip(),
        note=reader.line("note", empty=True).strip(),
    )
    refuse_secrets("note", made.note)
    reader.finish()
    if arrived > today or arrived.year != today.year:
        raise InvalidContent("arrived_on", Reason(N_("phải là một ngày trong năm nay, không sau hôm nay")))
    if made.issued_on > arrived:
        raise InvalidContent("issued_on", Reason(N_("sau ngày đến")))
    return made


def kind_and_subject(kind_name: str, subject: str) -> str:
    """The column "Tên loại và trích yếu nội dung"; letters have no name of type."""
    return " ".join(part for part in (kind_name, " ".join(subject.split())) if part)


def name_of(kind: Kind) -> str:
    """As in the register: a letter's is empty."""
    return "" if kind is Kind.LETTER else KIND_NAMES[kind]


def _open(reader: Reader, name: str) -> str:
    text = reader.text(name, LINE).strip()
    refuse_secrets(name, text)
    return text


def _count(reader: Reader, name: str) -> int:
    text = reader.text(name, 6)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_COPIES):
        raise InvalidContent(name, Reason(N_("phải là số nguyên từ 1 đến %(limit)s"), limit=MOST_COPIES))
    return int(text)
