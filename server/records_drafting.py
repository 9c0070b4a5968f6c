"""New documents in the database: minutes from a meeting, a notice from minutes, a directive from its text."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, draft, fit, store
from minutes.authority import Authority
from minutes.content import Content, MinutesContent
from minutes.document import Actor, Document, Kind, Signer, State, in_signing_order
from minutes.errors import N_, Reason, Refused, UnprintableContent
from minutes.publication import folded
from minutes.typeset import Heading, Typesetter
from rooms.proceedings import Proceedings, Unit
from server import directory
from server.records_keys import KeyStore

_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L, O, which people confuse when they type a code from paper."""

SYSTEM = Actor("system", "Hệ thống", "")


_ROUNDS = 8
"""Trial settings of a draft that has signs which cannot be printed."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A first draft before it is stored."""

    text: Content
    authority: Authority
    signers: tuple[Signer, ...]
    meeting_id: str | None


def minutes(
    proceedings: Proceedings, authority: Authority, keys: KeyStore, typesetter: Typesetter, now: datetime
) -> Drafted:
    """The draft of the minutes of a closed meeting, set once to see that it can be printed (so call it in a thread)."""
    text: Content = draft.minutes(proceedings, secrets.token_hex(16), authority)
    signers = draft.minutes_signers(proceedings, keys.has_person)
    for _ in range(_ROUNDS):
        try:
            typesetter.typeset(Kind.MINUTES, text, Heading(authority, text.document_id, signers), at=now)
            break
        except UnprintableContent as error:
            text = fit.without(text, error.sign)
            signers = _renamed(signers, error.sign)
    else:
        text = fit.plain(text)
        signers = tuple(replace(one, name=fit.plain_text(one.name), title=fit.plain_text(one.title)) for one in signers)
    return Drafted(text, authority, signers, proceedings.meeting.id)


def _renamed(signers: tuple[Signer, ...], sign: str) -> tuple[Signer, ...]:
    return tuple(
        replace(
            one,
            name=one.name.replace(sign, fit.UNPRINTABLE),
            title=one.title.replace(sign, fit.UNPRINTABLE),
        )
        for one in signers
    )


async def notice(connection: AsyncConnection, minutes_id: str, by: Actor, leader: Signer | None, now: datetime) -> str:
    """Draft the notice of the conclusions in sealed minutes, or give the one that is there; raises
    Refused("minutes_not_sealed")."""
    # Who locks the minutes' row drafts; who comes second finds the first one's notice.
    source = await store.get(connection, minutes_id, lock=True)
    text = await stored_content(connection, source)
    sealed = source.state is State.SEALED
    if not isinstance(text, MinutesContent) or not sealed or source.number_symbol is None or source.issued_on is None:
        raise Refused("minutes_not_sealed", Reason(N_("Chỉ lập được thông báo kết luận từ biên bản đã phát hành.")))
    for existing in await store.search(connection, 1, meeting_id=source.meeting_id, kind=Kind.NOTICE.value):
        return existing.id
    document_id = secrets.token_hex(16)
    chair = next(signer for signer in source.signers if signer.role == "chair")
    drafted = draft.notice(
        text, document_id, number_symbol=source.number_symbol, issued_on=source.issued_on, chair=chair
    )
    signers = (leader or draft.leader_of(source.signers), Signer("seal", source.unit.id, source.unit.name, ()))
    authority = await store.authority(connection, minutes_id)
    return await add(connection, Drafted(drafted, authority, signers, source.meeting_id), by, now)


async def directive(
    connection: AsyncConnection, data: dict[str, Any], by: Actor, unit: Unit, leader: Signer, now: datetime
) -> str:
    """Add a draft directive; raises InvalidContent and SecretContent."""
    text = content.from_json(Kind.DIRECTIVE, {**data, "document_id": secrets.token_hex(16)})
    signers = (leader, Signer("seal", unit.id, unit.name, ()))
    return await add(connection, Drafted(text, await authority_of(connection, unit), signers, None), by, now)


async def stored_content(connection: AsyncConnection, document: Document) -> Content:
    """The newest text of a document."""
    return content.read_stored(document.kind, await store.content(connection, document.id, document.version))


async def add(connection: AsyncConnection, drafted: Drafted, by: Actor, now: datetime) -> str:
    """Store a draft and return its id. Raises InvalidContent for a text that could not be read back."""
    text, authority = drafted.text, drafted.authority
    kind, title = content.kind_of(text), content.title_of(text)
    stored = content.to_json(text)
    content.read_unmarked(kind, stored)
    document = Document(
        id=text.document_id,
        kind=kind,
        unit=authority.unit,
        meeting_id=drafted.meeting_id,
        state=State.DRAFT,
        title=title,
        place=authority.place_name,
        version=1,
        code="-".join("".join(secrets.choice(_CODE_LETTERS) for _ in range(4)) for _ in range(3)),
        created_at=now,
        changed_at=now,
        signers=in_signing_order(kind, drafted.signers),
    )
    await store.add(connection, document, authority, stored, folded(title), by)
    await store.log(connection, document.id, "draft", by, now, None)
    return document.id


async def authority_of(connection: AsyncConnection, unit: Unit) -> Authority:
    """The letterhead's values from the directory; from the unit's own name if the directory does not know it."""
    known = await directory.unit(connection, unit.id)
    return Authority(unit, known.symbol, known.place) if known else Authority.of(unit)
