"""What the public may see of the records, as values, and what may be published at all.

Law 104/2016/QH13, art. 6: documents of internal meetings are not accessible to citizens, so minutes never are.
Documents for everybody are published by an explicit, logged decision once it is sealed.
"""

from dataclasses import dataclass
from datetime import date, datetime

from minutes.content import Content, kind_of, title_of
from minutes.document import KIND_NAMES, PUBLISHABLE, Document, Kind, Signature, State
from minutes.errors import N_, Reason, Refused
from minutes.searching.shown import Shown
from minutes.text import TextContent
from minutes.workflow.relation import Changed, in_force
from rooms.proceedings import Unit

PAGE_SIZE = 20

NEVER_PUBLIC = Reason(N_("Biên bản là tài liệu họp nội bộ, không công khai (Luật Tiếp cận thông tin, Điều 6)."))
NAMED_ONLY = N_("%(kind)s gửi đích danh hoặc dùng cho công việc nội bộ, không công khai.")
NOT_SEALED = Reason(N_("Chỉ công khai được văn bản đã phát hành."))
NOT_PUBLISHED = Reason(N_("Văn bản không ở trạng thái công khai."))


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """A published document as a citizen sees it; `digest` is the hex SHA-256 of the file, also its address.

    `content` is what it says, so that the page can be read without opening the PDF; `changes` is what later documents
    have done to it, the newest first.
    """

    id: str
    kind: Kind
    kind_name: str
    unit: Unit
    year: int
    number_symbol: str
    issued_on: date
    subject: str
    signatures: tuple[Signature, ...]
    published_at: datetime
    digest: str
    code: str
    content: TextContent
    changes: tuple[Changed, ...] = ()
    earlier: "PublicDocument | None" = None
    """What it amends, corrects, replaces or recalls (its content says which), where that can be read as well."""
    redacted: bool = False
    """Information was left out; `digest` is that of the rendition."""

    @property
    def in_force(self) -> bool:
        """Whether nothing has replaced or recalled it."""
        return in_force(self.changes)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One page of the public list; `page` counts from 1. `shown` is what of each item was looked for, empty if nothing
    was. `more`: there are more than `total`."""

    items: tuple[PublicDocument, ...]
    page: int
    pages: int
    total: int
    shown: tuple[Shown, ...] = ()
    more: bool = False


def may_publish(document: Document) -> None:
    """Raises Refused("never_public") for what is not for everybody, Refused("not_sealed") before the seal,
    Refused("published") twice."""
    if document.kind not in PUBLISHABLE:
        raise Refused("never_public", _never_public(document.kind))
    if document.state is not State.SEALED:
        raise Refused("not_sealed", NOT_SEALED)
    if document.published:
        raise Refused("published", Reason(N_("Văn bản đã được công khai.")))


def may_withdraw(document: Document) -> None:
    """Raises Refused("not_published") when there is nothing to withdraw."""
    if not document.published:
        raise Refused("not_published", NOT_PUBLISHED)


def public_view(document: Document, content: Content) -> PublicDocument:
    """The public's view; `content` is that of the file which is published, the document's own or its rendition."""
    if not isinstance(content, TextContent):
        raise Refused("never_public", _never_public(kind_of(content)))
    publication, number_symbol = document.publication, document.number_symbol
    if publication is None or not publication.in_force or number_symbol is None:
        raise Refused("not_published", NOT_PUBLISHED)
    if document.year is None or document.issued_on is None or document.public_digest is None:
        raise Refused("not_sealed", NOT_SEALED)
    return PublicDocument(
        id=document.id,
        kind=document.kind,
        kind_name=KIND_NAMES[document.kind],
        unit=document.unit,
        year=document.year,
        number_symbol=number_symbol,
        issued_on=document.issued_on,
        subject=title_of(content),
        signatures=document.signatures,
        published_at=publication.at,
        digest=document.public_digest,
        code=document.code,
        content=content,
        redacted=document.rendition is not None,
    )


def _never_public(kind: Kind) -> Reason:
    return NEVER_PUBLIC if kind is Kind.MINUTES else Reason(NAMED_ONLY, kind=Reason(KIND_NAMES[kind]))
