"""What was handed in to the historical archive, and what it has answered."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.add_column("case_file", sa.Column("submission", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("case_file", "submission")
