"""What is published in place of a document, with information left out."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.add_column("document", sa.Column("rendition", sa.String(length=64), nullable=True))
    op.create_table(
        "rendition",
        sa.Column("digest", sa.String(length=64), primary_key=True),
        sa.Column("document_id", sa.String(length=32), sa.ForeignKey("document.id"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("removed", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
    )
    op.create_index("ix_rendition_document_id", "rendition", ["document_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_rendition_document_id", "rendition")
    op.drop_table("rendition")
    op.drop_column("document", "rendition")
