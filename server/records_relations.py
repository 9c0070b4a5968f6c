"""What a record does to an earlier one: checked before it gets its number, true from its seal on."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store
from minutes.content import Content
from minutes.document import Document, Kind
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.exchange import store as exchange
from minutes.exchange.edxml import Business
from minutes.text import TextContent
from minutes.workflow import store as workflow
from minutes.workflow.relation import Deed, refuse_wrong_relation
from server.records_drafting import stored_content

BUSINESS: Mapping[Deed, Business] = MappingProxyType(
    {
        Deed.AMENDS: Business.UPDATES,
        Deed.CORRECTS: Business.UPDATES,
        Deed.REPLACES: Business.REPLACES,
        Deed.RECALLS: Business.REVOKES,
    }
)
"""As the exchange axis calls it: whoever was sent the old one is sent the new one."""
_LETTERS = frozenset({Kind.LETTER})


def _named(text: Content) -> tuple[Deed, str] | None:
    """What the text says that it does, and the id of the document that it names."""
    relation = text.relation if isinstance(text, TextContent) else None
    return (Deed(relation.act), relation.document_id) if relation else None


async def refuse_wrong(
    connection: AsyncConnection, document: Document, text: Content, *, lock: bool = True, sealed: bool = False
) -> None:
    """Raises Refused("wrong_relation") where the text names a document to which this cannot be done. `sealed`: it bears
    all signatures already, so what has happened since then is not asked."""
    named = _named(text)
    if named is None:
        return
    deed, target_id = named
    try:
        # Locked: of two that would replace the same document the second one waits and is refused.
        target = await store.get(connection, target_id, lock=lock)
    except NotFound as error:
        raise Refused("wrong_relation", Reason(N_("Không có văn bản mà dự thảo này nêu."))) from error
    done = (await workflow.changes(connection, [target_id])).get(target_id, ())
    written_at = None if sealed else await store.written_at(connection, document)
    refuse_wrong_relation(deed, document, target, done, _LETTERS, written_at)


async def recalled(connection: AsyncConnection, document: Document) -> Document | None:
    """The document that this sealed one recalls."""
    named = _named(await stored_content(connection, document))
    return await store.get(connection, named[1]) if named is not None and named[0] is Deed.RECALLS else None


async def business_of(connection: AsyncConnection, document: Document) -> tuple[Business, Document | None]:
    """What a sealed document does, in the terms of the exchange axis, and to which of ours."""
    named = _named(await stored_content(connection, document))
    if named is None:
        return Business.NEW, None
    return BUSINESS[named[0]], await store.get(connection, named[1])


async def take_effect(connection: AsyncConnection, document: Document, now: datetime) -> Document | None:
    """The document is being sealed: what it does to another one, which is given, holds from now on. Raises
    Refused("wrong_relation")."""
    text = await stored_content(connection, document)
    await refuse_wrong(connection, document, text, sealed=True)
    named = _named(text)
    if named is None:
        return None
    await workflow.relate(connection, document.id, named[1], named[0], now)
    await exchange.pass_on(connection, document, named[1], BUSINESS[named[0]], document.unit.name, now)
    return await store.get(connection, named[1])
