"""Making the index anew, or what is missing of it."""

from minutes import store
from minutes.searching import store as searching
from minutes.searching.entry import Subject
from rooms import store as rooms_store
from server import search_index
from server.records_reading import Reading

AT_ONCE = 20
"""Documents in one transaction, so that nobody who writes waits long."""


class Indexing(Reading):
    """The index of all documents and meetings."""

    async def reindex(self) -> tuple[int, int]:
        """Forget the index and make it anew: how many documents and meetings it has then."""
        async with self._database.begin() as connection:
            await searching.clear(connection)
        return await self.index_missing()

    async def index_again(self, document_id: str) -> None:
        """Take up one document anew."""
        async with self._database.begin() as connection:
            await self._index(connection, await store.get(connection, document_id))

    async def index_missing(self) -> tuple[int, int]:
        """Take up the documents and the meetings that are over which have no entry; how many of each there were."""
        async with self._database.read() as connection:
            documents = await searching.missing(connection, Subject.DOCUMENT, await store.all_ids(connection))
            over = await rooms_store.over(connection)
            meetings = await searching.missing(connection, Subject.MEETING, over)
        for first in range(0, len(documents), AT_ONCE):
            async with self._database.begin() as connection:
                found = await store.several(connection, documents[first : first + AT_ONCE])
                for document in found.values():
                    await self._index(connection, document)
        for meeting in meetings:
            async with self._database.begin() as connection:
                await search_index.follow_meeting(connection, meeting)
        return len(documents), len(meetings)
