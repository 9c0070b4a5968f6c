"""Series of regular meetings.

The mark "weekly" or "monthly" on a meeting's sheet is read no more: it said neither on which days nor until when, so no
series can be made of it without deciding what nobody has decided. The form for a new series starts from such a meeting.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.create_table(
        "series",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=40), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_series_unit_id", "series", ["unit_id"])
    op.create_table(
        "series_date",
        sa.Column("series_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moved_to", sa.String(length=32), nullable=True),
        sa.Column("dropped", sa.Text(), nullable=True),
        sa.Column("meeting_id", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("series_id", "day"),
    )
    op.create_index("ix_series_date_meeting_id", "series_date", ["meeting_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_series_date_meeting_id", "series_date")
    op.drop_table("series_date")
    op.drop_index("ix_series_unit_id", "series")
    op.drop_table("series")
