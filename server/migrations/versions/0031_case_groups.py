"""Groups of case files, and which of them a case file is in."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.create_table(
        "case_group",
        sa.Column("unit_id", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.add_column("case_file", sa.Column("group_code", sa.String(32), nullable=False, server_default="chung"))


def downgrade() -> None:
    """Undo."""
    op.drop_column("case_file", "group_code")
    op.drop_table("case_group")
