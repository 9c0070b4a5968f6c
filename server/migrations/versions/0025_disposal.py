"""Destructions of case files."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.add_column("case_file", sa.Column("disposal_id", sa.String(32)))
    op.create_table(
        "disposal",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("record", sa.String(64), nullable=False),
        sa.Column("paper", sa.String(64), nullable=False),
    )
    op.create_index("disposal_by_number", "disposal", ["unit_id", "year", "number"], unique=True)


def downgrade() -> None:
    """Undo."""
    op.drop_table("disposal")
    op.drop_column("case_file", "disposal_id")
