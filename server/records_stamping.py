"""From the last signature to the archive: the time-stamp over the document, its register entry, its deposit.

A document that was sealed while no time-stamp was to be had waits in its working file (a row like any other, so it
outlives a restart) and is issued by `stamp`. `server.stamping` calls it again and again.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import evidence, store
from minutes.deposits import store as deposits
from minutes.deposits.entry import Entry, Kind
from minutes.deposits.examine import label_of
from minutes.document import KIND_NAMES, PUBLISHABLE, Act, Document, Official, State
from minutes.errors import N_, Reason, Refused, SigningFailed
from minutes.numbering import store as numbers
from minutes.redaction.suggestions import suggested
from minutes.register import EntryState
from minutes.report import Report
from minutes.transitions import after
from minutes.validation import validate
from minutes.verification import fingerprint
from server import records_relations, tasks
from server.records_attaching import deposit_files, files_of
from server.records_drafting import SYSTEM, stored_content
from server.records_reading import Reading
from server.records_verify import expected_signatures, in_thread

_CHANGED = N_("Văn bản vừa được người khác xử lý; xin xem lại rồi làm tiếp.")


class Stamping(Reading):
    """What makes a sealed document an issued one."""

    async def waiting_for_a_stamp(self) -> tuple[str, ...]:
        """Ids of the documents that only a time-stamp keeps from being issued."""
        async with self._database.read() as connection:
            return tuple(one.id for one in await store.search(connection, 1000, state=State.STAMPING))

    async def stamp(self, document_id: str) -> None:
        """Complete a document that was sealed while no time-stamp was to be had: time-stamp, register, archive.

        Raises NoTimeStamp, NoStatus while that is still so; SigningFailed where a signature does not hold any more, as
        when its certificate was revoked before any time-stamp proved it: then it must be signed anew.
        """
        document = await self.get(document_id)
        after(document.state, Act.STAMP, document.workflow)
        self._held.pop(document_id, None)
        try:
            signed = await self._completed(document)
        except SigningFailed as error:
            self._held[document_id] = error
            raise
        digest = await self._deposit(signed)
        async with self._database.begin() as connection:
            current = await self._unchanged(connection, document)
            await self._issue(connection, current, digest, fingerprint(signed), self._now())
            await store.put_working(connection, document.id, None)
            await self._take(connection, current, Act.STAMP, SYSTEM, digest=digest)

    async def _completed(self, document: Document) -> bytes:
        pdf = await self._working(document)
        signed = await in_thread(lambda: evidence.prove(pdf, trust=self._trust, time_stamper=self._time_stamper))
        report = await in_thread(lambda: validate(signed, self._trust, expected_signatures(document)))
        if not report.ok or not report.stamped:
            raise not_good(report)
        return signed

    async def archived(self) -> tuple[tuple[str, str], ...]:
        """(id, digest) of every issued document."""
        async with self._database.read() as connection:
            return await store.archived(connection)

    async def renew(self, document_id: str) -> str:
        """Cover the last time-stamp of an archived file with a new one and deposit what comes of it; the older file
        stays in the archive and genuine. Returns the new digest.

        Raises NoTimeStamp, SigningFailed, Damaged, Refused.
        """
        document = await self.get(document_id)
        after(document.state, Act.RENEW, document.workflow)
        before = await asyncio.to_thread(self._archive.fetch, document.digest or "")
        made = await in_thread(lambda: evidence.prove(before, trust=self._trust, time_stamper=self._time_stamper))
        report = await in_thread(lambda: validate(made, self._trust, expected_signatures(document)))
        if not report.ok or not made.startswith(before):
            raise not_good(report)
        digest = await self._deposit(made)
        async with self._database.begin() as connection:
            current = await self._unchanged(connection, document)
            if current.digest != document.digest:
                raise changed()
            await self._enter(connection, current, digest, fingerprint(made), self._now())
            await self._take(connection, current, Act.RENEW, SYSTEM, digest=digest)
        return digest

    async def _deposit(self, signed: bytes) -> str:
        """Durable before visible: the file is on the disk before the database says that it was issued."""
        return await asyncio.to_thread(self._archive.deposit, signed)

    async def _issue(
        self, connection: AsyncConnection, document: Document, digest: str, blocks: Sequence[bytes], now: datetime
    ) -> None:
        await self._enter(connection, document, digest, blocks, now)
        label = label_of(document.unit.id, document.year or 0, document.number_symbol or "")
        await deposit_files(connection, document, label, now)
        await numbers.end_entry(connection, document, EntryState.COMPLETE, now, None)
        changed_one = await records_relations.take_effect(connection, document, now)
        if changed_one is not None:
            await self._index(connection, changed_one)
        await tasks.assign(connection, document, await stored_content(connection, document), now)

    async def _take(
        self, connection: AsyncConnection, document: Document, act: Act, by: Official, reason: str | None = None,
        **values: Any,
    ) -> Document:  # fmt: skip
        taken = await super()._take(connection, document, act, by, reason, **values)
        if act in (Act.SEAL, Act.STAMP):
            await self._announce(connection, taken)
        return taken

    async def _announce(self, connection: AsyncConnection, sealed: Document) -> None:
        """Who reads a document on the public pages must find there what has recalled it: the notice is posted with the
        recall, by who approved it. With what looks like personal data in it, or with files, somebody has to look
        first and publish it; the page of the recalled document says all the same that it is in force no more."""
        target = await records_relations.recalled(connection, sealed)
        if target is None or not target.published or sealed.published or sealed.kind not in PUBLISHABLE:
            return
        text = await stored_content(connection, sealed)
        if files_of(text) or suggested(text):
            return
        approvals = [one.by for one in await store.history(connection, sealed.id) if one.act == Act.APPROVE]
        why = f"Thu hồi {KIND_NAMES[target.kind].lower()} số {target.number_symbol} đang công khai"
        await store.publish(connection, sealed.id, approvals[-1], self._now(), why)
        await self._take(connection, await store.get(connection, sealed.id), Act.PUBLISH, approvals[-1], why)

    async def _enter(
        self, connection: AsyncConnection, document: Document, digest: str, blocks: Sequence[bytes], now: datetime
    ) -> None:
        label = label_of(document.unit.id, document.year or 0, document.number_symbol or "")
        await deposits.append(connection, Entry(digest, Kind.DOCUMENT, document.id, label, now), blocks)

    async def _unchanged(self, connection: AsyncConnection, seen: Document) -> Document:
        """The row as it is now; raises Refused when somebody acted while the signature was being made."""
        current = await store.get(connection, seen.id, lock=True)
        if (current.state, current.year, current.number, current.signed) != (
            seen.state,
            seen.year,
            seen.number,
            seen.signed,
        ):
            raise changed()
        return current

    async def _working(self, document: Document) -> bytes:
        async with self._database.read() as connection:
            return await store.working(connection, document.id)


def not_good(report: Report) -> SigningFailed:
    """A signed file that does not validate is thrown away; why."""
    problem = report.problems[0] if report.problems else ""
    return SigningFailed(Reason(N_("chữ ký không đạt khi kiểm tra lại (%(problem)s)"), problem=problem))


def changed() -> Refused:
    """Somebody acted while a signature was being made."""
    return Refused("changed_meanwhile", Reason(_CHANGED))
