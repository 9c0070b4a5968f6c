"""The latest time that a document's number or a checkpoint bears, and when a clock was accepted that is behind it."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

DATED = (("register_entry", "reserved_at"), ("incoming_document", "at"), ("checkpoint", "at"))


def upgrade() -> None:
    """Make."""
    clock = op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("newest", sa.String(32), nullable=False),
    )
    op.create_table(
        "clock_acceptance",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("newest", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    connection = op.get_bind()
    given = []
    for name, at in DATED:
        last = connection.scalar(sa.select(sa.func.max(sa.column(at, sa.String()))).select_from(sa.table(name)))
        given += [last] if last else []
    if given:
        op.bulk_insert(clock, [{"id": 1, "newest": max(given)}])


def downgrade() -> None:
    """Undo."""
    op.drop_table("clock_acceptance")
    op.drop_table("clock")
