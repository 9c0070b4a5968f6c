"""The decision to let everybody read a record, and the one to take it back; and what files that people hold are."""

from minutes import store
from minutes.document import Act, Official
from minutes.publication import may_publish, may_withdraw
from minutes.redaction.suggestions import left_in
from minutes.verification import Verdict
from server.records_drafting import stored_content
from server.records_reading import Reading, actor_of, reason_if_any, reason_of
from server.records_verify import Verifier


class Publishing(Reading):
    """What of the records leaves the office."""

    async def publish(self, document_id: str, *, by: Official, reason: str, personal: str = "") -> None:
        """Make a sealed notice or directive readable by everybody. `personal`: why what looks like personal data in it
        may be read too. Raises Refused for anything else, "personal_data" where that reason is needed."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            may_publish(document)
            why = reason_of(reason)
            left = left_in(await stored_content(connection, document), reason_if_any(personal))
            await store.publish(connection, document_id, actor_of(by), self._now(), why)
            await self._take(connection, document, Act.PUBLISH, by, f"{why} {left}".strip())

    async def withdraw(self, document_id: str, *, by: Official, reason: str) -> None:
        """Take a document off the public pages; both decisions stay on record."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            may_withdraw(document)
            why = reason_of(reason)
            await store.withdraw(connection, document_id, actor_of(by), self._now(), why)
            await self._take(connection, document, Act.WITHDRAW, by, why)

    async def unknown(self, data: bytes) -> Verdict:
        """What `verify` says of a file that nobody here knows."""
        return await self._verifier.unknown(data)

    async def verify(self, data: bytes) -> Verdict:
        """Judge a file that somebody holds (at most minutes.verification.MAX_BYTES)."""
        return await self._verifier.verify(data)

    @property
    def _verifier(self) -> Verifier:
        return Verifier(self._database, self._archive, self._trust, self._typesetter)
