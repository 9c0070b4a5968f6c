"""Changes of units, people and their rights; the end of an office; sign-in links that were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.create_table(
        "directory_change",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("by_id", sa.String(40), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("deed", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False, index=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.String(40), nullable=False, index=True),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("rights", sa.Boolean(), nullable=False),
        sa.Column("confirms", sa.Integer(), sa.ForeignKey("directory_change.id"), unique=True),
    )
    op.add_column("account", sa.Column("ends_on", sa.String(10), nullable=True))
    op.add_column("account", sa.Column("links_from", sa.String(32), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("account", "links_from")
    op.drop_column("account", "ends_on")
    op.drop_table("directory_change")
