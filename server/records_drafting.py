"""New documents in the database: minutes from a meeting, a notice from minutes, a directive from its text."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, draft, store
from minutes.authority import Authority
from minutes.content import Content, MinutesContent
from minutes.document import Actor, Document, Kind, Signer, State, in_signing_order
from minutes.errors import Refused
from minutes.publication import folded
from rooms.proceedings import Proceedings, Unit
from server import directory

_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L, O, which people confuse when they type a code from paper."""

SYSTEM = Actor("system", "Hệ thống", "")


async def minutes(connection: AsyncConnection, proceedings: Proceedings, now: datetime) -> str:
    """Draft the minutes of a closed meeting; returns the document's id."""
    meeting = proceedings.meeting
    authority = await _authority(connection, meeting.authority)
    document_id = secrets.token_hex(16)
    text = draft.minutes(proceedings, document_id, authority)
    await _add(connection, text, authority, draft.minutes_signers(proceedings), meeting.id, SYSTEM, now)
    return document_id


async def notice(connection: AsyncConnection, minutes_id: str, by: Actor, leader: Signer | None, now: datetime) -> str:
    """Draft the notice of the conclusions in sealed minutes; raises Refused("not_sealed")."""
    source = await store.get(connection, minutes_id)
    text = await stored_content(connection, source)
    sealed = source.state is State.SEALED
    if not isinstance(text, MinutesContent) or not sealed or source.number_symbol is None or source.issued_on is None:
        raise Refused("not_sealed", "Chỉ lập thông báo kết luận từ biên bản đã phát hành")
    document_id = secrets.token_hex(16)
    chair = next(signer for signer in source.signers if signer.role == "chair")
    drafted = draft.notice(
        text, document_id, number_symbol=source.number_symbol, issued_on=source.issued_on, chair=chair
    )
    signers = (leader or draft.leader_of(source.signers), Signer("seal", source.unit.id, source.unit.name, ()))
    authority = await store.authority(connection, minutes_id)
    await _add(connection, drafted, authority, signers, source.meeting_id, by, now)
    return document_id


async def directive(
    connection: AsyncConnection, data: dict[str, Any], by: Actor, unit: Unit, leader: Signer, now: datetime
) -> str:
    """Add a draft directive; raises InvalidContent and SecretContent."""
    authority = await _authority(connection, unit)
    document_id = secrets.token_hex(16)
    text = content.from_json(Kind.DIRECTIVE, {**data, "document_id": document_id})
    await _add(connection, text, authority, (leader, Signer("seal", unit.id, unit.name, ())), None, by, now)
    return document_id


async def stored_content(connection: AsyncConnection, document: Document) -> Content:
    """The newest text of a document."""
    return content.read_stored(document.kind, await store.content(connection, document.id, document.version))


async def _add(
    connection: AsyncConnection,
    text: Content,
    authority: Authority,
    signers: tuple[Signer, ...],
    meeting_id: str | None,
    by: Actor,
    now: datetime,
) -> None:
    kind, title = content.kind_of(text), content.title_of(text)
    document = Document(
        id=text.document_id,
        kind=kind,
        unit=authority.unit,
        meeting_id=meeting_id,
        state=State.DRAFT,
        title=title,
        place=authority.place_name,
        version=1,
        code="-".join("".join(secrets.choice(_CODE_LETTERS) for _ in range(4)) for _ in range(3)),
        created_at=now,
        changed_at=now,
        signers=in_signing_order(kind, signers),
    )
    await store.add(connection, document, authority, content.to_json(text), folded(title), by)
    await store.log(connection, document.id, "draft", by, now, None)


async def _authority(connection: AsyncConnection, unit: Unit) -> Authority:
    """The letterhead's values from the directory; from the unit's own name if the directory does not know it."""
    known = await directory.unit(connection, unit.id)
    return Authority(unit, known.symbol, known.place) if known else Authority.of(unit)
