"""What a line of either register says (Decree 30/2020, Appendix IV)."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from minutes.document import Kind
from minutes.errors import N_, InvalidContent, Reason, SecretContent, SeveralWrong
from minutes.reading import LINE, PARAGRAPH, Reader
from minutes.register import EntryState
from minutes.report import Report
from minutes.searching.tokens import folded
from minutes.secrecy import refuse_secrets

MOST_COPIES = 100_000
OPINION = 1000
"""Characters of what a leader says of a document."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that goes out on paper, as the clerk enters it; its number is the register's. Where a number is only
    reserved, signer, recipients and copies may not be known yet."""

    kind: Kind
    issued_on: date
    subject: str
    signer: str
    recipients: str
    keeper: str
    copies: int | None
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
    """A document that has come, as the clerk enters it. `author` is who issued it, `handler` who is to deal with it, as
    a leader has said since."""

    arrived_on: date
    author: str
    number_symbol: str
    issued_on: date
    kind_name: str
    subject: str
    note: str
    handler: str = ""

    @property
    def mark(self) -> str:
        """What is equal where the same document comes twice: issuer, number and date."""
        parts = (plain(self.author), plain(self.number_symbol), self.issued_on.isoformat())
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A line of the register of incoming documents; `number` is that of arrival. `verdict` is the judgement of the
    received file (`digest`: its SHA-256 in the archive, `pages`: how many it has) as it was when it came.

    `direction` is what a leader (`directed_by`) has said of it, and `deadline` by when it is to be dealt with;
    `outcome` and the number of the `answer` (`answer_id`: of a document of ours) are what its handler reports, on
    `settled_on` (Decree 30/2020, art. 23, 24)."""

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
    direction: str = ""
    directed_by: str = ""
    deadline: date | None = None
    outcome: str = ""
    answer: str = ""
    answer_id: str = ""
    settled_on: date | None = None

    @property
    def ref(self) -> str:
        """As metadata, tasks and case files name it."""
        return f"{self.year}/{self.number}"


@dataclass(frozen=True, slots=True)
class Direction:
    """What a leader says of a document that came (ý kiến phân phối, chỉ đạo giải quyết): the account of the leader, the
    unit or the person who is to deal with it (neither: it is filed, and nobody has to), and by when."""

    leader: str
    opinion: str
    unit: str = ""
    person: str = ""
    deadline: date | None = None


def direction(fields: Mapping[str, object], today: date) -> Direction:
    """Read what a leader has said: `handler` is "unit/ID", "person/ID" or "". Raises InvalidContent, SecretContent."""
    reader = Reader(fields, "")
    leader, opinion = reader.line("leader"), reader.text("opinion", OPINION, empty=True).strip()
    of, _, id = reader.line("handler", empty=True).partition("/")
    deadline = reader.optional_date("deadline")
    reader.finish()
    refuse_secrets("opinion", opinion)
    if of not in ("", "unit", "person") or bool(of) != bool(id):
        raise InvalidContent("handler", Reason(N_("phải là một đơn vị hoặc cán bộ trong danh mục")))
    if deadline is not None and deadline < today:
        raise InvalidContent("deadline", Reason(N_("đã qua")))
    if not of and (deadline is not None or not opinion):
        raise InvalidContent("handler", Reason(N_("để trống")))
    return Direction(leader, opinion, id if of == "unit" else "", id if of == "person" else "", deadline)


def plain(text: str) -> str:
    """Equal for what people take for the same: without marks, case and spaces."""
    return "".join(one for one in folded(unicodedata.normalize("NFC", text)) if one.isalnum())


def paper(fields: Mapping[str, object], *, gone: bool = True) -> Paper:
    """Read a paper document; of one that has not `gone` out yet, what is only known then may be empty. Raises
    InvalidContent, SeveralWrong, SecretContent."""
    reader = Reader(fields, "")
    made = Paper(
        **_all(
            kind=lambda: Kind(reader.choice("kind", tuple(Kind))),
            issued_on=lambda: reader.day("issued_on"),
            subject=lambda: _open(reader, "subject"),
            signer=lambda: reader.line("signer", empty=not gone).strip(),
            recipients=lambda: reader.text("recipients", PARAGRAPH, empty=not gone).strip(),
            keeper=lambda: reader.line("keeper", empty=True).strip(),
            copies=lambda: _count(reader, "copies", empty=not gone),
            note=lambda: reader.line("note", empty=True).strip(),
        )
    )
    refuse_secrets("note", made.note)
    reader.finish()
    return made


def received(fields: Mapping[str, object], today: date) -> Received:
    """Read a document that has come by `today`. Raises InvalidContent, SeveralWrong, SecretContent."""
    reader = Reader(fields, "")
    made = Received(
        **_all(
            arrived_on=lambda: _this_year(reader, "arrived_on", today),
            author=lambda: reader.line("author").strip(),
            number_symbol=lambda: reader.text("number_symbol", 100).strip(),
            issued_on=lambda: reader.day("issued_on"),
            kind_name=lambda: reader.text("kind_name", 100, empty=True).strip(),
            subject=lambda: _open(reader, "subject"),
            note=lambda: reader.line("note", empty=True).strip(),
        )
    )
    refuse_secrets("note", made.note)
    reader.finish()
    if made.issued_on > made.arrived_on:
        text = N_("không được sau ngày đến (%(day)s)")
        raise InvalidContent("issued_on", Reason(text, day=f"{made.arrived_on:%d/%m/%Y}"))
    return made


def _all(**parts: Callable[[], Any]) -> dict[str, Any]:
    """Every part as it was read. Raises what is wrong with one of them, or SeveralWrong; SecretContent at once."""
    made, wrong = {}, []
    for name, read in parts.items():
        try:
            made[name] = read()
        except SecretContent:
            raise
        except InvalidContent as error:
            wrong.append(error)
    if len(wrong) > 1:
        raise SeveralWrong(tuple(wrong))
    if wrong:
        raise wrong[0]
    return made


def _this_year(reader: Reader, name: str, today: date) -> date:
    day = reader.day(name)
    if day > today or day.year != today.year:
        raise InvalidContent(name, Reason(N_("phải là một ngày trong năm nay, không sau hôm nay")))
    return day


def kind_and_subject(kind_name: str, subject: str) -> str:
    """The column "Tên loại và trích yếu nội dung"."""
    return " ".join(part for part in (kind_name, " ".join(subject.split())) if part)


def _open(reader: Reader, name: str) -> str:
    text = reader.text(name, LINE).strip()
    refuse_secrets(name, text)
    return text


def _count(reader: Reader, name: str, *, empty: bool) -> int | None:
    text = reader.text(name, 6, empty=empty)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_COPIES):
        raise InvalidContent(name, Reason(N_("phải là số nguyên từ 1 đến %(limit)s"), limit=MOST_COPIES))
    return int(text)
