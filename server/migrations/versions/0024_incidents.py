"""Incidents with state secrets, and who decides on them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def _text(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def upgrade() -> None:
    """Make."""
    op.create_table(
        "incident",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("unit_id", sa.String(64), nullable=False),
        *_text("unit_name"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("thing", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(160), nullable=False),
        *_text("name", "came_by"),
        sa.Column("came_at", sa.String(32), nullable=False),
        *_text("digests", "files"),
        sa.Column("level", sa.String(16), nullable=False),
        *_text("seen", "found_by"),
        sa.Column("found_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *_text("decided_by", null=True),
        sa.Column("decided_at", sa.String(32)),
        *_text("reason"),
        sa.Column("record", sa.String(64), nullable=False),
        sa.Column("report_id", sa.String(32)),
    )
    op.create_index("incident_by_number", "incident", ["unit_id", "year", "number"], unique=True)
    op.create_index("ix_incident_state", "incident", ["state"])
    op.create_table(
        "secrecy_officer",
        sa.Column("unit_id", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        *_text("name", "by"),
        sa.Column("at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    for name in ("secrecy_officer", "incident"):
        op.drop_table(name)
