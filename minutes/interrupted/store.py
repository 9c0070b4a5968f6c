"""Where interrupted signings wait: one a document and signer, good for a while, for one version of the file only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.interrupted import Interrupted
from minutes.tables import UtcDateTime, metadata

interrupted_table = Table(
    "interrupted_signing",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("ticket", String(64), nullable=False, unique=True),  # SHA-256 of what the holder shows
    Column("field", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("issued", String(64), nullable=False),  # SHA-256 of the file that the signature adds to
    Column("expires_at", UtcDateTime, nullable=False),
    # What `begin` made; nothing where the whole file goes out and comes back signed.
    Column("pdf", LargeBinary),
    Column("document_digest", LargeBinary(32)),
    Column("gap_start", Integer),
    Column("gap_end", Integer),
    Column("attributes", LargeBinary),
    Column("certificate", LargeBinary),
    Column("seal", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A signing that waits for the key: who signs which field of which file, as the how-manyeth signature, till when.

    `ticket` and `issued` are hex SHA-256: of the ticket that its holder shows, and of the file that the signature adds
    to. `half` None: the whole file went out, and comes back signed.
    """

    document_id: str
    account: str
    ticket: str
    field: str
    position: int
    issued: str
    expires_at: datetime
    seal: bool
    half: Interrupted | None = None


async def put(connection: AsyncConnection, waiting: Waiting) -> None:
    """Keep `waiting`; what the same signer had begun on the same document is forgotten."""
    await forget(connection, waiting.document_id, waiting.account)
    half = waiting.half
    await connection.execute(
        insert(interrupted_table).values(
            document_id=waiting.document_id,
            account=waiting.account,
            ticket=waiting.ticket,
            field=waiting.field,
            position=waiting.position,
            issued=waiting.issued,
            expires_at=waiting.expires_at,
            seal=waiting.seal,
            pdf=half and half.pdf,
            document_digest=half and half.document_digest,
            gap_start=half and half.start,
            gap_end=half and half.end,
            attributes=half and half.attributes,
            certificate=half and half.certificate,
        )
    )


async def by_ticket(connection: AsyncConnection, ticket: str, now: datetime) -> Waiting | None:
    """What waits under the ticket with this hex SHA-256, unless it has expired."""
    query = select(interrupted_table).where(interrupted_table.c.ticket == ticket, interrupted_table.c.expires_at > now)
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    half = None
    if row["pdf"] is not None:
        half = Interrupted(
            bytes(row["pdf"]),
            bytes(row["document_digest"]),
            row["gap_start"],
            row["gap_end"],
            bytes(row["attributes"]),
            bytes(row["certificate"]),
            row["seal"],
        )
    return Waiting(
        row["document_id"],
        row["account"],
        row["ticket"],
        row["field"],
        row["position"],
        row["issued"],
        row["expires_at"],
        row["seal"],
        half,
    )


async def forget(connection: AsyncConnection, document_id: str, account: str) -> bool:
    """Forget what a signer has begun on a document; whether there was anything."""
    of_signer = (interrupted_table.c.document_id == document_id, interrupted_table.c.account == account)
    return bool((await connection.execute(delete(interrupted_table).where(*of_signer))).rowcount)


async def purge(connection: AsyncConnection, now: datetime) -> None:
    """Forget what has expired."""
    await connection.execute(delete(interrupted_table).where(interrupted_table.c.expires_at <= now))
