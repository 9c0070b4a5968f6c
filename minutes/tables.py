"""Tables of the records. Names and titles are kept as values."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime as ISO text in UTC: sorts as text, and SQLite does not lose the zone."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


document_table = Table(
    "document",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(4), nullable=False),
    Column("state", String(16), nullable=False),
    Column("unit_id", String(64), nullable=False),
    Column("unit_name", Text, nullable=False),
    Column("abbreviation", String(40), nullable=False),
    Column("parent_name", Text),
    Column("meeting_id", String(64)),
    Column("title", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("code", String(20), nullable=False, unique=True),
    Column("signers", Text, nullable=False),
    Column("year", Integer),
    Column("number", Integer),
    Column("symbol", String(60)),
    Column("issued_on", Date),
    Column("digest", String(64)),
    Column("published", Boolean, nullable=False),
    Column("rendition", String(64)),  # the file that is published in place of the document's own
    Column("workflow", Text),
    Column("due_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("document_by_meeting", "meeting_id"),
    Index("document_by_changed", "changed_at"),
    Index(
        "one_minutes_a_meeting",
        "meeting_id",
        unique=True,
        sqlite_where=text("kind = 'BB'"),
        postgresql_where=text("kind = 'BB'"),
    ),
)

version_table = Table(
    "document_version",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

working_table = Table(
    "working_file",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
)

signature_table = Table(
    "signature",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
)

act_table = Table(
    "document_act",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("act", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
)

sequence_table = Table(
    "sequence",
    metadata,
    Column("name", String(160), primary_key=True),
    Column("last", Integer, nullable=False),
)

clock_table = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # of the one row
    Column("newest", UtcDateTime, nullable=False),  # the latest time that a document's number or a checkpoint bears
)

clock_acceptance_table = Table(
    "clock_acceptance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("newest", UtcDateTime, nullable=False),  # what was dated last, by a clock that was ahead
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False, server_default=""),  # "": before names were asked for
)

register_table = Table(
    "register_entry",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("series", String(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("symbol", String(60), nullable=False),
    Column("document_id", ForeignKey("document.id"), index=True),  # none: a document on paper
    Column("state", String(16), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("reason", Text),
)

publication_table = Table(
    "publication",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", Text),
    Column("withdrawn_reason", Text),
)
