"""Case files, what was put into them by hand, and retention periods."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _text(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def upgrade() -> None:
    """Make."""
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("unit_id", sa.String(64), nullable=False),
        *_text("unit_name"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_text("title"),
        sa.Column("meeting_id", sa.String(100), unique=True),
        *_text("retention"),
        sa.Column("opened_on", sa.Date(), nullable=False),
        *_text("opened_by"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ended_on", sa.Date()),
        *_text("closed_by", null=True),
        sa.Column("closed_at", sa.String(32)),
        *_text("items", null=True),
    )
    op.create_index("case_file_by_number", "case_file", ["unit_id", "year", "number"], unique=True)
    op.create_table(
        "case_added",
        sa.Column("case_id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("ref", sa.String(100), primary_key=True),
        *_text("by"),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "retention_period",
        sa.Column("unit_id", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(32), primary_key=True),
        *_text("title"),
        sa.Column("years", sa.Integer()),
        *_text("source", "by"),
        sa.Column("at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    for name in ("retention_period", "case_added", "case_file"):
        op.drop_table(name)
