"""The archive's log: what each deposit is, checkpoints, and the results of examinations."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make, and write the leaves of what is there anew: they are of whole entries now."""
    # No batch: SQLite would make the table anew, and the fingerprints refer to it.
    op.add_column("deposit", sa.Column("about", sa.String(100), nullable=False, server_default=""))
    op.add_column("deposit", sa.Column("kind", sa.String(16), nullable=False, server_default="document"))
    op.add_column("deposit", sa.Column("label", sa.Text, nullable=False, server_default=""))
    op.add_column("deposit", sa.Column("at", sa.String(32), nullable=False, server_default=""))
    _rewrite(op.get_bind())
    op.drop_column("deposit", "document_id")
    op.create_index("ix_deposit_about", "deposit", ["about"])
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "examination",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("began", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32), nullable=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("beyond", sa.Integer, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("problem", sa.Text),
    )


def _rewrite(connection: sa.Connection) -> None:
    """Nothing but sealed documents was deposited before: their number and the time of the seal are on record."""
    rows = connection.execute(
        sa.text(
            "SELECT deposit.position, deposit.digest, document.id, document.unit_id, document.year, document.number, "
            "document.symbol, (SELECT max(document_act.at) FROM document_act WHERE document_act.act = 'seal' AND "
            "document_act.document_id = document.id), document.changed_at "
            "FROM deposit JOIN document ON document.id = deposit.document_id"
        )
    ).all()
    change = sa.text(
        "UPDATE deposit SET about = :about, label = :label, at = :at, leaf = :leaf WHERE position = :position"
    )
    for position, digest, document, unit, year, number, symbol, sealed, changed in rows:
        label, at = f"{unit}/{year}/{number or 0:02d}/{symbol}", sealed or changed
        said = at.replace(".000000", "").replace("+00:00", "Z")
        entry = {"about": document, "at": said, "digest": digest, "kind": "document", "label": label}
        line = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        leaf = hashlib.sha256(b"\x00" + line).hexdigest()
        values = {"about": document, "label": label, "at": at, "leaf": leaf, "position": position}
        connection.execute(change, values)


def downgrade() -> None:
    """Undo; the leaves stay those of whole entries."""
    op.drop_table("examination")
    op.drop_table("checkpoint")
    op.drop_index("ix_deposit_about", "deposit")
    op.add_column("deposit", sa.Column("document_id", sa.String(32), nullable=False, server_default=""))
    op.execute("UPDATE deposit SET document_id = about")
    for name in ("at", "label", "kind", "about"):
        op.drop_column("deposit", name)
