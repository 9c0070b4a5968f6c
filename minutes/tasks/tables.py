"""Tables of tasks. Names are kept as values; the history is only ever added to."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text

from minutes.tables import UtcDateTime, metadata

task_table = Table(
    "task",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("authority_id", String(64), nullable=False),
    Column("authority_name", Text, nullable=False),
    Column("document_id", ForeignKey("document.id"), index=True),  # none: of a document that came
    Column("received", String(20), nullable=False),
    Column("kind", String(4), nullable=False),
    Column("symbol", String(80), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("place", String(20), nullable=False),
    Column("item", Text),
    Column("text", Text, nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("owner_name", Text),
    Column("co_units", Text, nullable=False),
    Column("deadline", Date),
    Column("assigned_on", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("person", Text),
    Column("asked_until", Date),
    Column("escalated", Integer, nullable=False),
    Column("reported_on", Date),
    Column("reporter", String(64), nullable=False),
    Column("reminded_on", Date),
    Index("task_by_authority", "authority_id", "state"),
    Index("task_by_received", "authority_id", "received"),
    Index("task_by_owner", "owner_id", "state"),
    Index("task_by_deadline", "state", "deadline"),
)

act_table = Table(
    "task_act",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("task_id", ForeignKey("task.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("act", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

helping_table = Table(
    "task_unit",
    metadata,
    Column("task_id", ForeignKey("task.id"), primary_key=True),
    Column("unit_id", String(64), primary_key=True, index=True),
)
"""Which known units help; the names stand in the task."""

pressing_table = Table(
    "task_pressing",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("pressing", Text, nullable=False),
)
