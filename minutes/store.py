"""Queries of the documents: texts, history, signatures, publication. The caller opens the transaction.

Names, titles and certificates are kept as values. Versions, acts and signatures are only ever added to.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.authority import Authority
from minutes.document import Act, Actor, Document, HistoryEntry, Kind, Publication, Signed, Signer, SignerRole, State
from minutes.errors import N_, Erased, NotFound, Reason, Withheld
from minutes.tables import (
    act_table,
    document_table,
    publication_table,
    signature_table,
    version_table,
    working_table,
)
from minutes.workflow import plan
from minutes.workflow.relation import Deed
from minutes.workflow.tables import relation_table
from rooms.proceedings import Unit


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _actor_out(actor: Actor) -> str:
    return _dump([actor.id, actor.name, actor.title])


def _actor_in(text_value: str) -> Actor:
    return Actor(*json.loads(text_value))


def _signers_out(signers: Sequence[Signer]) -> str:
    rows = [[one.role, one.account, one.name, list(one.title_lines), one.title, one.step, one.nth] for one in signers]
    return _dump(rows)


def _signers_in(text_value: str) -> tuple[Signer, ...]:
    return tuple(_signer(at, *row[:7]) for at, row in enumerate(json.loads(text_value), 1))


def _signer(
    at: int, role: SignerRole, account: str, name: str, lines: list[str], title: str,
    step: int | None = None, nth: int = 1,
) -> Signer:  # fmt: skip
    """One of the row at place `at`. Older rows have no step: their signers follow each other as they stand."""
    return Signer(role, account, name, tuple(lines), title, at if step is None else step, nth)


async def add(
    connection: AsyncConnection, document: Document, authority: Authority, content: object, by: Actor
) -> None:
    """Insert a new document with its first version."""
    await connection.execute(
        insert(document_table).values(
            id=document.id,
            kind=document.kind.value,
            state=document.state.value,
            unit_id=document.unit.id,
            unit_name=document.unit.name,
            abbreviation=authority.abbreviation,
            parent_name=authority.parent,
            meeting_id=document.meeting_id,
            title=document.title,
            place=document.place,
            version=document.version,
            code=document.code,
            signers=_signers_out(document.signers),
            published=False,
            workflow=_dump(plan.to_json(document.workflow)),
            created_at=document.created_at,
            changed_at=document.changed_at,
        )
    )
    await _add_version(connection, document.id, document.version, content, by, document.created_at)


async def _add_version(
    connection: AsyncConnection, document_id: str, version: int, content: object, by: Actor, at: datetime
) -> None:
    await connection.execute(
        insert(version_table).values(
            document_id=document_id, version=version, content=_dump(content), by=_actor_out(by), at=at
        )
    )


async def add_version(
    connection: AsyncConnection, document: Document, content: object, title: str, by: Actor, at: datetime
) -> int:
    """Save a new text after `document.version`; returns its version number."""
    version = document.version + 1
    await _add_version(connection, document.id, version, content, by, at)
    await change(connection, document.id, at, version=version, title=title)
    return version


async def change(connection: AsyncConnection, document_id: str, at: datetime, **values: Any) -> None:
    """Update columns of a document's row."""
    await connection.execute(
        update(document_table).where(document_table.c.id == document_id).values(changed_at=at, **values)
    )


async def set_signers(connection: AsyncConnection, document_id: str, signers: Sequence[Signer], at: datetime) -> None:
    """Others will sign a document that nobody has signed yet."""
    await change(connection, document_id, at, signers=_signers_out(signers))


async def log(
    connection: AsyncConnection, document_id: str, act: str, by: Actor, at: datetime, reason: str | None
) -> None:
    """Write one act to the history."""
    await connection.execute(
        insert(act_table).values(document_id=document_id, at=at, act=act, by=_actor_out(by), reason=reason)
    )


async def history(connection: AsyncConnection, document_id: str) -> tuple[HistoryEntry, ...]:
    """All acts, the oldest first."""
    rows = await connection.execute(
        select(act_table).where(act_table.c.document_id == document_id).order_by(act_table.c.id)
    )
    return tuple(HistoryEntry(row["at"], row["act"], _actor_in(row["by"]), row["reason"]) for row in rows.mappings())


_MOVES = (Act.RETURN, Act.VOID, Act.SUBMIT, Act.TAKE_BACK)


async def returned(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, HistoryEntry]:
    """The act by which a draft came back to its author, of those of these documents that were not submitted again."""
    rows = await connection.execute(
        select(act_table).where(act_table.c.document_id.in_(ids), act_table.c.act.in_(_MOVES)).order_by(act_table.c.id)
    )
    last = {
        row["document_id"]: HistoryEntry(row["at"], row["act"], _actor_in(row["by"]), row["reason"])
        for row in rows.mappings()
    }
    return {id: one for id, one in last.items() if one.act in (Act.RETURN, Act.VOID)}


WITHHELD, ERASED = '"withheld"', '"erased"'
"""Stand in place of the text of a version that was taken out."""


def taken_out() -> ColumnElement[bool]:
    """Of a row of documents: whether its text was set aside or erased."""
    table = version_table
    newest = (table.c.document_id == document_table.c.id) & (table.c.version == document_table.c.version)
    return select(table.c.version).where(newest, table.c.content.in_((WITHHELD, ERASED))).exists()


async def content(connection: AsyncConnection, document_id: str, version: int) -> Any:
    """The JSON of one version; raises NotFound, Withheld, Erased."""
    found = await connection.scalar(
        select(version_table.c.content).where(
            version_table.c.document_id == document_id, version_table.c.version == version
        )
    )
    if found is None:
        raise NotFound(Reason(N_("Không có phiên bản %(version)s của văn bản này."), version=version))
    if found == WITHHELD:
        raise Withheld(Reason(N_("Tài liệu này đang được cách ly, không ai đọc được")))
    if found == ERASED:
        raise Erased(Reason(N_("Nội dung của tài liệu này đã được xóa theo quy định")))
    return json.loads(found)


async def written_at(connection: AsyncConnection, document: Document) -> datetime:
    """When the text of the document, as it is now, was written."""
    where = version_table.c.document_id == document.id, version_table.c.version == document.version
    found: datetime | None = await connection.scalar(select(version_table.c.at).where(*where))
    assert found is not None, "every document has the version that it names"
    return found


async def versions(connection: AsyncConnection, document_id: str) -> tuple[tuple[int, Actor, datetime], ...]:
    """(version, who kept it, when) of every text, the newest first."""
    columns = (version_table.c.version, version_table.c.by, version_table.c.at)
    query = select(*columns).where(version_table.c.document_id == document_id)
    rows = await connection.execute(query.order_by(version_table.c.version.desc()))
    return tuple((row.version, _actor_in(row.by), row.at) for row in rows)


async def get(connection: AsyncConnection, document_id: str, *, lock: bool = False) -> Document:
    """One document; raises NotFound. `lock` keeps other writers off its row until the transaction ends."""
    query = select(document_table).where(document_table.c.id == document_id)
    found = await _documents(connection, query.with_for_update() if lock else query)
    if not found:
        raise NotFound(Reason(N_("Không có văn bản này.")))
    return found[0]


async def names(connection: AsyncConnection, digest: str, *, but: str) -> bool:
    """Whether a document other than `but` names this content as one of its files."""
    table = version_table
    named = table.c.content.contains(digest, autoescape=True) & (table.c.document_id != but)
    return (await connection.execute(select(table.c.version).where(named).limit(1))).first() is not None


async def several(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Document]:
    """Documents by id, those that exist."""
    query = select(document_table).where(document_table.c.id.in_(ids))
    return {one.id: one for one in await _documents(connection, query)}


async def all_ids(connection: AsyncConnection) -> tuple[str, ...]:
    """Of every document, the last changed first."""
    return tuple(await connection.scalars(select(document_table.c.id).order_by(document_table.c.changed_at.desc())))


async def authority(connection: AsyncConnection, document_id: str) -> Authority:
    """The letterhead's values as they were when the document was drafted; raises NotFound."""
    query = select(document_table).where(document_table.c.id == document_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason(N_("Không có văn bản này.")))
    unit = Unit(row["unit_id"], row["unit_name"])
    return Authority(unit, row["abbreviation"], row["place"], row["parent_name"])


async def minutes_of(connection: AsyncConnection, meeting_id: str) -> str | None:
    """The id of the minutes of a meeting."""
    query = select(document_table.c.id).where(
        document_table.c.meeting_id == meeting_id, document_table.c.kind == Kind.MINUTES.value
    )
    found: str | None = await connection.scalar(query)
    return found


async def search(
    connection: AsyncConnection, limit: int, *, readable: bool = False, **equal: object
) -> tuple[Document, ...]:
    """Documents whose columns equal what is given (None: any), the last changed first. `readable`: without those that
    were not issued and whose text was taken out, for of these nobody has anything to do."""
    query = select(document_table).order_by(document_table.c.changed_at.desc(), document_table.c.id).limit(limit)
    for name, value in equal.items():
        if value is not None:
            query = query.where(document_table.c[name] == value)
    if readable:
        query = query.where(document_table.c.digest.is_not(None) | ~taken_out())
    return await _documents(connection, query)


async def archived(connection: AsyncConnection) -> tuple[tuple[str, str], ...]:
    """(id, digest) of every issued document."""
    query = select(document_table.c.id, document_table.c.digest).where(document_table.c.digest.is_not(None))
    return tuple((row.id, row.digest) for row in await connection.execute(query.order_by(document_table.c.id)))


async def published(connection: AsyncConnection, offset: int, limit: int) -> tuple[tuple[Document, ...], int]:
    """Published documents, the last posted first, and how many there are. What was recalled is found by its own address
    alone."""
    recalled = select(relation_table.c.target_id).where(
        relation_table.c.target_id == document_table.c.id, relation_table.c.act == Deed.RECALLS.value
    )
    matching = (document_table.c.published, ~recalled.exists())
    total = await connection.scalar(select(func.count()).select_from(document_table).where(*matching))
    posted_at = (
        select(func.max(publication_table.c.at))
        .where(publication_table.c.document_id == document_table.c.id)
        .scalar_subquery()
    )
    newest = (posted_at.desc(), document_table.c.id)
    query = select(document_table).where(*matching).order_by(*newest).offset(offset).limit(limit)
    return await _documents(connection, query), total or 0


async def find_published(connection: AsyncConnection, **equal: object) -> Document:
    """The published document with these column values; raises NotFound for any other, as if it did not exist."""
    conditions = [document_table.c[name] == value for name, value in equal.items()]
    found = await _documents(connection, select(document_table).where(document_table.c.published, *conditions).limit(1))
    if not found:
        raise NotFound(Reason(N_("Không có văn bản công khai này.")))
    return found[0]


async def issued(connection: AsyncConnection, code: str) -> bool:
    """Whether a sealed document carries this code."""
    query = select(document_table.c.id).where(document_table.c.code == code, document_table.c.digest.is_not(None))
    return await connection.scalar(query.limit(1)) is not None


async def _documents(connection: AsyncConnection, query: Select[Any]) -> tuple[Document, ...]:
    rows = (await connection.execute(query)).mappings().all()
    ids = [row["id"] for row in rows]
    signed: dict[str, list[RowMapping]] = {}
    by_document = (
        select(signature_table).where(signature_table.c.document_id.in_(ids)).order_by(signature_table.c.position)
    )
    for row in (await connection.execute(by_document)).mappings():
        signed.setdefault(row["document_id"], []).append(row)
    decisions: dict[str, Publication] = {}
    in_order = (
        select(publication_table).where(publication_table.c.document_id.in_(ids)).order_by(publication_table.c.id)
    )
    for row in (await connection.execute(in_order)).mappings():
        decisions[row["document_id"]] = _publication(row)
    return tuple(_document(row, signed.get(row["id"], []), decisions.get(row["id"])) for row in rows)


def _document(row: RowMapping, signed: Sequence[RowMapping], publication: Publication | None) -> Document:
    signers = _signers_in(row["signers"])
    return Document(
        id=row["id"],
        kind=Kind(row["kind"]),
        unit=Unit(row["unit_id"], row["unit_name"]),
        meeting_id=row["meeting_id"],
        state=State(row["state"]),
        title=row["title"],
        place=row["place"],
        version=row["version"],
        code=row["code"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        signers=signers,
        # Signatures on a voided number stay on record under that number.
        signed=tuple(
            Signed(signers[one["position"]], one["issuer"], int(one["serial"]), one["signed_at"])
            for one in signed
            if (one["year"], one["number"]) == (row["year"], row["number"])
        ),
        year=row["year"],
        number=row["number"],
        symbol=row["symbol"],
        issued_on=row["issued_on"],
        digest=row["digest"],
        publication=publication,
        workflow=plan.from_json(json.loads(row["workflow"])) if row["workflow"] else plan.SHORT_WAY,
        due_at=row["due_at"],
        rendition=row["rendition"],
    )


def _publication(row: RowMapping) -> Publication:
    return Publication(
        at=row["at"],
        by=_actor_in(row["by"]),
        reason=row["reason"],
        withdrawn_at=row["withdrawn_at"],
        withdrawn_by=_actor_in(row["withdrawn_by"]) if row["withdrawn_by"] else None,
        withdrawn_reason=row["withdrawn_reason"],
    )


async def put_working(connection: AsyncConnection, document_id: str, pdf: bytes | None) -> None:
    """Keep the file that is being signed; None: there is none any more."""
    await connection.execute(delete(working_table).where(working_table.c.document_id == document_id))
    if pdf is not None:
        await connection.execute(insert(working_table).values(document_id=document_id, pdf=pdf))


async def working(connection: AsyncConnection, document_id: str) -> bytes:
    """The file that is being signed; raises NotFound."""
    found = await connection.scalar(select(working_table.c.pdf).where(working_table.c.document_id == document_id))
    if found is None:
        raise NotFound(Reason(N_("Văn bản này chưa có tệp để ký.")))
    return bytes(found)


async def add_signature(
    connection: AsyncConnection, document: Document, signer: Signer, issuer: str, serial: int, at: datetime
) -> None:
    """Record the signature of one of the document's signers."""
    await connection.execute(
        insert(signature_table).values(
            document_id=document.id,
            year=document.year,
            number=document.number,
            position=document.signers.index(signer),
            issuer=issuer,
            serial=str(serial),
            signed_at=at,
        )
    )


async def publish(
    connection: AsyncConnection, document_id: str, by: Actor, at: datetime, reason: str, rendition: str | None = None
) -> None:
    """Record the decision to publish, the rendition with this digest in its place if there is one."""
    await connection.execute(
        insert(publication_table).values(document_id=document_id, at=at, by=_actor_out(by), reason=reason)
    )
    await change(connection, document_id, at, published=True, rendition=rendition)


async def withdraw(connection: AsyncConnection, document_id: str, by: Actor, at: datetime, reason: str) -> None:
    """Record the decision to withdraw; the decision to publish stays on record."""
    await connection.execute(
        update(publication_table)
        .where(publication_table.c.document_id == document_id, publication_table.c.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_by=_actor_out(by), withdrawn_reason=reason)
    )
    await change(connection, document_id, at, published=False, rendition=None)
