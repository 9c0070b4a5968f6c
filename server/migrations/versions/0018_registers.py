"""Registers: decisions on numbering, documents on paper, incoming documents."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = ("unit_id", "year", "series", "number")


def _column(name: str, length: int | None = None, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text() if length is None else sa.String(length), nullable=null, primary_key=key)


def upgrade() -> None:
    """Make."""
    with op.batch_alter_table("register_entry") as table:
        table.alter_column("document_id", existing_type=sa.String(32), nullable=True)
    op.create_table(
        "numbering_rule",
        _column("unit_id", 64, key=True),
        sa.Column("valid_from", sa.Date(), primary_key=True),
        sa.Column("common", sa.Boolean(), nullable=False),
        _column("by"),
        _column("at", 32),
    )
    op.create_table(
        "outgoing_paper",
        _column("unit_id", 64, key=True),
        sa.Column("year", sa.Integer(), primary_key=True),
        _column("series", 16, key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        _column("kind", 4),
        sa.Column("issued_on", sa.Date(), nullable=False),
        *(_column(name) for name in ("subject", "signer", "recipients", "keeper")),
        sa.Column("copies", sa.Integer(), nullable=False),
        _column("note"),
        _column("by"),
        sa.ForeignKeyConstraint(KEY, [f"register_entry.{name}" for name in KEY]),
    )
    op.create_table(
        "incoming_document",
        _column("unit_id", 64, key=True),
        sa.Column("year", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        _column("author"),
        _column("number_symbol", 100),
        sa.Column("issued_on", sa.Date(), nullable=False),
        _column("kind_name", 100),
        *(_column(name) for name in ("subject", "handler", "note", "mark")),
        sa.Column("transferred_on", sa.Date()),
        _column("taken_by", null=True),
        _column("taken_at", 32, null=True),
        _column("digest", 64, null=True),
        _column("verdict", null=True),
        _column("by"),
        _column("at", 32),
    )
    op.create_index("incoming_by_mark", "incoming_document", ["unit_id", "mark"])


def downgrade() -> None:
    """Undo."""
    for name in ("incoming_document", "outgoing_paper", "numbering_rule"):
        op.drop_table(name)
    with op.batch_alter_table("register_entry") as table:
        table.alter_column("document_id", existing_type=sa.String(32), nullable=False)
