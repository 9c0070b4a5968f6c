"""What is found: every document from its first draft on, what has come, and every meeting that is over.

An entry changes in the transaction that changes what it is about. What has none, for it is older than the search, gets
it in `server.records_indexing`, and what has come in `server.registers`.
"""

from collections.abc import Iterable
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.content import Content, title_of
from minutes.document import Document
from minutes.registers import store as registers
from minutes.searching import store as searching
from minutes.searching.entry import of_document, of_meeting, of_received
from minutes.workflow import store as workflow
from minutes.workflow.relation import Deed
from rooms import BrokenChain, Proceedings
from rooms import store as rooms_store
from server.recordings import keepers

log = structlog.get_logger("giaoban.search")


async def follow(connection: AsyncConnection, document: Document, text: Content | None) -> None:
    """The document is now so, and says `text`; None: its archived file cannot be read. While a rendition is published
    in its place, `text` is that of the rendition, and what was left out is found by nobody."""
    if document.rendition is not None:
        document = replace(document, title=title_of(text) if text else "")
    done = (await workflow.changes(connection, [document.id])).get(document.id, ())
    public = document.published and not any(one.deed is Deed.RECALLS for one in done)
    asked = await workflow.asked(connection, document.id)
    await searching.put(connection, of_document(document, text, asked, public=public))


async def follow_received(
    connection: AsyncConnection, unit_id: str, year: int, number: int, texts: Iterable[str]
) -> None:  # fmt: skip
    """A document has come to a unit; `texts` are those of its file's pages."""
    one = await registers.one_incoming(connection, unit_id, year, number)
    await searching.put(connection, of_received(unit_id, one, texts))


async def follow_meeting(connection: AsyncConnection, meeting_id: str) -> None:
    """The meeting is over, or something came late."""
    facts = await rooms_store.facts(connection, meeting_id)
    if not facts:  # disposed of with its case file
        return
    try:
        proceedings = Proceedings.from_facts(facts)
    except BrokenChain:
        log.error("the record of a meeting is damaged; it is not found by a search", meeting=meeting_id)
        return
    await searching.put(connection, of_meeting(proceedings, keepers(proceedings.meeting, proceedings.facts)))
