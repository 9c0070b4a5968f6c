"""The decision to let everybody read a record, and the one to take it back; and what files that people hold are."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from minutes import store
from minutes.document import Act, Official
from minutes.errors import N_
from minutes.publication import may_publish, may_withdraw
from minutes.redaction.suggestions import Suggestion, left_in, suggested, suggested_in
from minutes.text import Attached
from minutes.verification import Verdict
from server.errors import Problem
from server.received import words_in
from server.records_attaching import files_of
from server.records_drafting import stored_content
from server.records_public import KEPT
from server.records_reading import Reading, actor_of, reason_if_any, reason_of
from server.records_verify import Verifier

UNREAD = N_("Tệp không đọc được để tìm thông tin cá nhân")


class Publishing(Reading):
    """What of the records leaves the office."""

    async def publish(self, document_id: str, *, by: Official, reason: str, personal: str = "") -> None:
        """Make a sealed notice or directive readable by everybody. `personal`: why what looks like personal data in it
        and the files that go with it may be read too. Raises Refused for anything else, "personal_data" where that
        reason is needed; Problem("files_waiting")."""
        in_files = await self._look_into_files(document_id)
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            may_publish(document)
            why = reason_of(reason)
            left = left_in(await stored_content(connection, document), reason_if_any(personal), in_files)
            await store.publish(connection, document_id, actor_of(by), self._now(), why)
            await self._take(connection, document, Act.PUBLISH, by, f"{why} {left}".strip())

    async def personal_data(self, document_id: str) -> tuple[Suggestion, ...]:
        """What in a document looks like personal data, and in its files as far as they were looked into: that takes
        longer than a page may, so it is done when somebody publishes them."""
        text, known = await self.content(document_id), self._in_files
        in_files = [replace(what, file=one.name) for one in files_of(text) for what in known.get(one.digest, ())]
        return (*await asyncio.to_thread(suggested, text), *in_files)

    async def _look_into_files(self, document_id: str) -> tuple[Suggestion, ...]:
        """What looks like personal data in the files that go with a document; one that cannot be read is named."""
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            may_publish(document)
            files = files_of(await stored_content(connection, document))
        found: list[Suggestion] = []
        for one in files:
            known = self._in_files.get(one.digest)
            if known is None or any(what.what == UNREAD for what in known):
                known = self._in_files[one.digest] = await self._look_into(one)
            found += [replace(what, file=one.name) for what in known]
        for old in list(self._in_files)[:-KEPT]:
            del self._in_files[old]
        return tuple(found)

    async def _look_into(self, file: Attached) -> tuple[Suggestion, ...]:
        data = await asyncio.to_thread(self._archive.fetch, file.digest)
        try:
            pieces = await words_in(data, self._reader)
        except Problem as problem:
            if problem.code == "files_waiting":
                raise
            return (Suggestion(file.name, UNREAD),)
        return await asyncio.to_thread(suggested_in, pieces)

    def forget(self, digests: Iterable[str]) -> None:
        """As PublicRecords.forget."""
        gone = list(digests)
        super().forget(gone)
        for digest in gone:
            self._in_files.pop(digest, None)

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
