"""The use cases of the records: draft, review, approve, sign, seal, publish, and what the public may read.

Each method is one act or one question. Whether the asker may do it at all is decided before (server.rights). Errors are
those of minutes.errors. Each concern is a class in a file of its own; here they come together with the drafting.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from minutes import store
from minutes.document import Document, Kind, Official, Signer, State
from minutes.starting import Answered
from minutes.workflow.relation import Deed
from rooms.proceedings import Meeting, Proceedings, Unit
from server import certificates, records_drafting, records_relations, tasks
from server.casefiles_opening import open_for
from server.certificates import Holder
from server.records_arranging import Arranging
from server.records_consulting import Consulting
from server.records_indexing import Indexing
from server.records_moves import Moves
from server.records_publishing import Publishing
from server.records_reading import actor_of
from server.records_redacting import Redacting
from server.records_returned import Returning


class Records(Arranging, Consulting, Indexing, Moves, Returning, Redacting, Publishing):
    """What officials do, on top of what everybody may read."""

    async def document_of(self, meeting_id: str) -> str | None:
        """The id of the minutes of a meeting, if they exist."""
        async with self._database.read() as connection:
            return await store.minutes_of(connection, meeting_id)

    async def draft_minutes(self, proceedings: Proceedings) -> str:
        """Draft the minutes of a closed meeting; the same meeting again gives the same document. Returns its id."""
        meeting, now = proceedings.meeting, self._now()
        async with self._database.read() as connection:
            existing = await store.minutes_of(connection, meeting.id)
            authority = await records_drafting.authority_of(connection, meeting.authority)
            able = await certificates.holders(connection)
            told = await tasks.told(connection, meeting, now)
        if existing is not None:
            return existing
        drafted = await asyncio.to_thread(
            records_drafting.minutes,
            proceedings,
            authority,
            lambda account: self._keys.has_person(account) or Holder(account) in able,
            self._typesetter,
            now,
            told,
        )
        async with self._database.begin() as connection:
            existing = await store.minutes_of(connection, meeting.id)
            if existing is None:
                existing = await records_drafting.add(connection, drafted, records_drafting.SYSTEM, now)
                await open_for(connection, proceedings, now)
            return existing

    async def draft_notice(self, minutes_id: str, by: Official, *, leader: Signer | None = None) -> str:
        """Draft the notice of the conclusions in sealed minutes, for `leader` (default: the chair) to sign.

        The same minutes again give the same notice. Returns its id.
        """
        async with self._database.begin() as connection:
            return await records_drafting.notice(connection, minutes_id, actor_of(by), leader, self._now())

    async def draft_invitation(self, meeting: Meeting, by: Official, papers: Sequence[str] = ()) -> str:
        """Draft the invitation to a meeting, or draft it anew from the sheet as it is now. Once one is sealed, the next
        one replaces it by number. `papers` are named in it. Returns its id. Raises Refused("invitation_under_way")."""
        now = self._now()
        async with self._database.read() as connection:
            authority = await records_drafting.authority_of(connection, meeting.authority)
            newest = await records_drafting.newest_invitation(connection, meeting.id)
        replaced = newest if newest is not None and newest.state is State.SEALED else None
        drafted = await asyncio.to_thread(
            records_drafting.invited, meeting, authority, replaced, papers, self._typesetter, now
        )
        async with self._database.begin() as connection:
            return await records_drafting.put_invitation(connection, drafted, actor_of(by), now)

    async def invitation(self, meeting_id: str) -> Document | None:
        """The invitation to a meeting that was drafted last."""
        async with self._database.read() as connection:
            return await records_drafting.newest_invitation(connection, meeting_id)

    async def draft_change(self, document_id: str, deed: Deed, by: Official) -> str:
        """Draft the document that amends, corrects, replaces or recalls an issued one. Returns its id. Raises
        Refused("wrong_relation")."""
        async with self._database.begin() as connection:
            drafted = await records_drafting.change(connection, document_id, deed, actor_of(by), self._now())
            text = await records_drafting.stored_content(connection, await store.get(connection, drafted))
            await records_relations.refuse_wrong(connection, await store.get(connection, drafted), text)
            return drafted

    async def draft_text(self, kind: Kind, data: dict[str, Any], by: Official, *, unit: Unit, leader: Signer) -> str:
        """Add a draft of `kind`; `data` is the JSON of a TextContent, whose document_id is replaced. Returns its id."""
        async with self._database.begin() as connection:
            return await records_drafting.text(connection, kind, data, actor_of(by), unit, leader, self._now())

    async def begin(
        self, kind: Kind, subject: str, by: Official, *, unit: Unit, leader: Signer, answered: Answered | None = None
    ) -> str:
        """Begin a document of `kind`, one of minutes.starting.STARTED, in the words of its template. Returns its id."""
        async with self._database.begin() as connection:
            return await records_drafting.begun(
                connection, kind, subject, actor_of(by), unit, leader, self._now(), answered
            )
