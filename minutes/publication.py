"""What the public may see of the records, as values, and what may be published at all.

Law 104/2016/QH13, art. 6: documents of internal meetings are not accessible to citizens, so minutes never are.
A notice of conclusions or a directive is published by an explicit, logged decision once it is sealed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from minutes.content import Content, DirectiveContent, MinutesContent, NoticeContent
from minutes.document import KIND_NAMES, Document, Kind, State
from minutes.errors import N_, Reason, Refused
from minutes.wording import conclusion_sentences
from rooms.proceedings import Unit

PAGE_SIZE = 20

NEVER_PUBLIC = Reason(N_("Biên bản là tài liệu họp nội bộ, không công khai (Luật Tiếp cận thông tin, Điều 6)."))
NOT_SEALED = Reason(N_("Chỉ công khai được văn bản đã phát hành."))
NOT_PUBLISHED = Reason(N_("Văn bản không ở trạng thái công khai."))


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """A published document as a citizen sees it; `digest` is the hex SHA-256 of the file, also its address.

    `text` are the paragraphs of the body, so that the page can be read without opening the PDF.
    """

    id: str
    kind: Kind
    kind_name: str
    unit: Unit
    year: int
    number_symbol: str
    issued_on: date
    subject: str
    signers: tuple[str, ...]
    published_at: datetime
    digest: str
    code: str
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One page of the public list, newest first; `page` counts from 1."""

    items: tuple[PublicDocument, ...]
    page: int
    pages: int
    total: int


def may_publish(document: Document) -> None:
    """Raises Refused("never_public") for minutes, Refused("not_sealed") before the seal, Refused("published") twice."""
    if document.kind is Kind.MINUTES:
        raise Refused("never_public", NEVER_PUBLIC)
    if document.state is not State.SEALED:
        raise Refused("not_sealed", NOT_SEALED)
    if document.published:
        raise Refused("published", Reason(N_("Văn bản đã được công khai.")))


def may_withdraw(document: Document) -> None:
    """Raises Refused("not_published") when there is nothing to withdraw."""
    if not document.published:
        raise Refused("not_published", NOT_PUBLISHED)


def public_view(document: Document, content: Content) -> PublicDocument:
    """The public's view; the caller has made sure that the document is published."""
    publication, number_symbol = document.publication, document.number_symbol
    if publication is None or not publication.in_force or number_symbol is None:
        raise Refused("not_published", NOT_PUBLISHED)
    if document.year is None or document.issued_on is None or document.digest is None:
        raise Refused("not_sealed", NOT_SEALED)
    return PublicDocument(
        id=document.id,
        kind=document.kind,
        kind_name=KIND_NAMES[document.kind],
        unit=document.unit,
        year=document.year,
        number_symbol=number_symbol,
        issued_on=document.issued_on,
        subject=document.title,
        signers=tuple(signed.signer.name for signed in document.signed),
        published_at=publication.at,
        digest=document.digest,
        code=document.code,
        text=_body(content),
    )


def _body(content: Content) -> tuple[str, ...]:
    if isinstance(content, NoticeContent):
        rows = (f"{index}. {conclusion_sentences(line)}" for index, line in enumerate(content.conclusions, 1))
        return (*content.intro, *rows, content.closing)
    if isinstance(content, DirectiveContent):
        numbered = (f"{index}. {text}" for index, text in enumerate(content.paragraphs, 1))
        return (*content.bases, *content.intro, *numbered, content.closing)
    if isinstance(content, MinutesContent):
        raise Refused("never_public", NEVER_PUBLIC)
    return ()


def folded(text: str) -> str:
    """For searching: lower case without marks, đ as d, single spaces ("Thông báo" and "thong bao" are equal)."""
    spread = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(letter for letter in spread if not unicodedata.combining(letter)).replace("đ", "d")
    return re.sub(r"\s+", " ", bare).strip()
