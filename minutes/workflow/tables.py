"""Tables of the workflow. Names and titles are kept as values."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, String, Table, Text

from minutes.tables import UtcDateTime, metadata

plan_table = Table(
    "workflow",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("kind", String(4), primary_key=True),
    Column("plan", Text, nullable=False),
)

plan_log_table = Table(
    "workflow_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False, index=True),
    Column("kind", String(4), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
)

turn_table = Table(
    "turn",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("task", String(16), nullable=False),
    Column("account_id", String(64), nullable=False, index=True),
    Column("unit_id", String(64), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("due_at", UtcDateTime, index=True),
    Column("reminded_at", UtcDateTime),
    Column("overdue_at", UtcDateTime),
)
"""Written anew in every transaction that changes whose turn it is."""

asked_table = Table(
    "asked",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("unit_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
)

remark_table = Table(
    "remark",
    metadata,
    Column("asked_id", ForeignKey("asked.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("agrees", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("answer", String(16)),
    Column("reply", Text, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("answered_by", Text),
)

delegation_table = Table(
    "delegation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False, index=True),
    Column("account_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("capacity", String(4), nullable=False),
    Column("kinds", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("basis", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("confirmed_by", Text),
    Column("revoked_at", UtcDateTime),
    Column("revoked_by", Text),
    Column("reason", Text),
)

relation_table = Table(
    "relation",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("target_id", ForeignKey("document.id"), primary_key=True),
    Column("act", String(16), nullable=False),
    Column("effective_at", UtcDateTime, nullable=False),
)
"""Written when `document_id` is sealed; `target_id` is the document that it changes."""
