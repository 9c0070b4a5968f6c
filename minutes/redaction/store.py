"""Renditions that were made. The caller opens the transaction. Rows are only ever added."""

import json

from sqlalchemy import Column, ForeignKey, String, Table, Text, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Actor
from minutes.errors import N_, NotFound, Reason
from minutes.redaction import Rendition
from minutes.tables import UtcDateTime, metadata

rendition_table = Table(
    "rendition",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("removed", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("serial", Text, nullable=False),
)


async def add(connection: AsyncConnection, rendition: Rendition) -> None:
    """Keep a rendition whose file is in the archive."""
    await connection.execute(
        insert(rendition_table).values(
            digest=rendition.digest,
            document_id=rendition.document_id,
            title=rendition.title,
            content=json.dumps(rendition.content, ensure_ascii=False),
            removed=json.dumps(dict(rendition.removed)),
            at=rendition.at,
            by=json.dumps([rendition.by.id, rendition.by.name, rendition.by.title], ensure_ascii=False),
            issuer=rendition.issuer,
            serial=str(rendition.serial),
        )
    )


async def get(connection: AsyncConnection, digest: str) -> Rendition:
    """Raises NotFound."""
    query = select(rendition_table).where(rendition_table.c.digest == digest)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason(N_("Không có bản công bố này.")))
    return _rendition(row)


def _rendition(row: RowMapping) -> Rendition:
    return Rendition(
        digest=row["digest"],
        document_id=row["document_id"],
        title=row["title"],
        content=json.loads(row["content"]),
        removed=json.loads(row["removed"]),
        at=row["at"],
        by=Actor(*json.loads(row["by"])),
        issuer=row["issuer"],
        serial=int(row["serial"]),
    )
