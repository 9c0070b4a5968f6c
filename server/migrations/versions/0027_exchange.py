"""The exchange of documents between authorities."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.create_table(
        "exchange_message",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.Column("organ_id", sa.String(64), nullable=False),
        sa.Column("organ_name", sa.Text(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("document_id", sa.String(32)),
        sa.Column("business", sa.String(1), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("code", sa.String(2), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("sent_at", sa.String(32)),
    )
    op.create_index("ix_exchange_message_document_id", "exchange_message", ["document_id"])
    op.create_index("exchange_message_due", "exchange_message", ["state", "due_at"])
    op.create_index("exchange_message_key", "exchange_message", ["key", "organ_id"])
    op.create_table(
        "exchange_status",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(2), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("came_at", sa.String(32), nullable=False),
    )
    op.create_index("ix_exchange_status_message_id", "exchange_status", ["message_id"])
    op.create_table(
        "arrival",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.Column("package", sa.String(64), nullable=False),
        sa.Column("organ_id", sa.String(64), nullable=False),
        sa.Column("to_organ", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("business", sa.String(1), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("number_symbol", sa.String(100), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("kind_name", sa.String(100), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("pages", sa.Integer()),
        sa.Column("came_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("year", sa.Integer()),
        sa.Column("number", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("recall", sa.String(10), nullable=False),
        sa.Column("recall_by", sa.Text(), nullable=False),
        sa.Column("recall_at", sa.String(32)),
        sa.Column("recall_answer", sa.Text(), nullable=False),
    )
    op.create_index("arrival_once", "arrival", ["unit_id", "package"], unique=True)
    op.create_index("arrival_by_state", "arrival", ["unit_id", "state"])
    op.create_index("arrival_by_number", "arrival", ["unit_id", "year", "number"])
    op.create_table(
        "exchange_trouble",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("exchange_trouble", "arrival", "exchange_status", "exchange_message"):
        op.drop_table(table)
