"""Who has accepted a clock that was behind."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.add_column("clock_acceptance", sa.Column("by", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("clock_acceptance") as table:
        table.drop_column("by")
