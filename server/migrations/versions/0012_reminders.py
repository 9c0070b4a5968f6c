"""Mail that is about no meeting: where its link leads."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.add_column("mail", sa.Column("path", sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("mail", "path")
