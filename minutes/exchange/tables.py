"""The tables of the exchange (minutes.exchange.store says what their rows are)."""

from sqlalchemy import Column, Date, Index, Integer, String, Table, Text

from minutes.tables import UtcDateTime, metadata

message_table = Table(
    "exchange_message",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False),
    Column("organ_id", String(64), nullable=False),  # of the receiver
    Column("organ_name", Text, nullable=False),
    Column("key", String(200), nullable=False),  # what names the document on the axis
    Column("document_id", String(32), index=True),  # none: a status
    Column("business", String(1), nullable=False),
    Column("targets", Text, nullable=False),
    Column("code", String(2), nullable=False),  # of a status
    Column("said", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Index("exchange_message_due", "state", "due_at"),
    Index("exchange_message_key", "key", "organ_id"),
)

status_table = Table(
    "exchange_status",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message_id", Integer, nullable=False, index=True),
    Column("code", String(2), nullable=False),
    Column("said", Text, nullable=False),
    Column("staff", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("came_at", UtcDateTime, nullable=False),
)

arrival_table = Table(
    "arrival",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("unit_id", String(64), nullable=False),
    Column("package", String(64), nullable=False),  # SHA-256 of the message: what comes twice is taken once
    Column("organ_id", String(64), nullable=False),
    Column("to_organ", String(64), nullable=False),
    Column("key", String(200), nullable=False),
    Column("business", String(1), nullable=False),
    Column("targets", Text, nullable=False),
    Column("arrived_on", Date, nullable=False),
    Column("author", Text, nullable=False),
    Column("number_symbol", String(100), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("kind_name", String(100), nullable=False),
    Column("subject", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("verdict", Text),
    Column("pages", Integer),
    Column("came_at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),
    Column("year", Integer),
    Column("number", Integer),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("recall", String(10), nullable=False),
    Column("recall_by", Text, nullable=False),
    Column("recall_at", UtcDateTime),
    Column("recall_answer", Text, nullable=False),
    Index("arrival_once", "unit_id", "package", unique=True),
    Index("arrival_by_state", "unit_id", "state"),
    Index("arrival_by_number", "unit_id", "year", "number"),
)

trouble_table = Table(
    "exchange_trouble",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("said", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""Messages that were taken off the axis and are none, or for nobody here."""
