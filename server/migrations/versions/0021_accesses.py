"""Who has looked at what."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.Column("thing", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(100), nullable=False),
        sa.Column("deed", sa.String(16), nullable=False),
    )
    op.create_index("access_to", "access", ["thing", "ref"])
    op.create_index("access_by", "access", ["unit_id", "at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("access")
