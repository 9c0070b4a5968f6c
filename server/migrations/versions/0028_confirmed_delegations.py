"""Who has confirmed a right to sign; what somebody had put down for themselves is still to be confirmed."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add."""
    op.add_column("delegation", sa.Column("confirmed_at", sa.String(length=32), nullable=True))
    op.add_column("delegation", sa.Column("confirmed_by", sa.Text(), nullable=True))
    connection = op.get_bind()
    names = ("id", "account_id", "at", "by", "confirmed_at", "confirmed_by")
    table = sa.table("delegation", *(sa.column(name) for name in names))
    for row in connection.execute(sa.select(table)).mappings().all():
        if json.loads(row["by"])[0] != row["account_id"]:
            given = {"confirmed_at": row["at"], "confirmed_by": row["by"]}
            connection.execute(table.update().where(table.c.id == row["id"]).values(**given))


def downgrade() -> None:
    """Undo."""
    op.drop_column("delegation", "confirmed_by")
    op.drop_column("delegation", "confirmed_at")
