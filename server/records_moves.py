"""A record on its way from the first draft to the frozen text: edit, submit, send back, approve, void."""

import asyncio
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, register, signing, store
from minutes.content import Content
from minutes.document import Act, Document, Official
from minutes.errors import N_, Conflict, Reason, Refused, UnfilledContent
from minutes.fit import cut
from minutes.numbering import store as numbers
from minutes.register import EntryState
from minutes.registers import store as registers
from minutes.starting import unfilled
from minutes.tasks.issuing import refuse_past_deadlines, refuse_several_owners
from minutes.text import TextContent
from minutes.transitions import after
from minutes.typeset import Heading
from minutes.workflow import store as workflow
from minutes.workflow.consultation import unanswered
from minutes.workflow.delegation import refuse_without_right
from server import certificates, records_checking, records_relations
from server.certificates import Holder
from server.records_attaching import Attaching
from server.records_drafting import stored_content
from server.records_reading import actor_of, reason_of


class Moves(Attaching):
    """The acts before the first signature, and the one that gives the number up."""

    async def edit(self, document_id: str, data: dict[str, Any], *, by: Official, expected_version: int) -> int:
        """Save a new version and return its number. Raises Conflict, InvalidContent, SecretContent, Refused."""
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            _may_edit(document, expected_version)
            text = await self._sound(connection, document, data)
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            _may_edit(document, expected_version)
            now, title = self._now(), content.title_of(text)
            version = await store.add_version(connection, document, content.to_json(text), title, actor_of(by), now)
            await self._take(connection, document, Act.EDIT, by)
            return version

    async def refuse_unsound(self, document_id: str, data: dict[str, Any]) -> None:
        """Raises InvalidContent or SecretContent where `data` could not be kept as the document's text."""
        async with self._database.read() as connection:
            await self._sound(connection, await store.get(connection, document_id), data)

    async def _sound(self, connection: AsyncConnection, document: Document, data: dict[str, Any]) -> Content:
        text = content.from_json(document.kind, _with_fixed_fields(data, await stored_content(connection, document)))
        refuse_several_owners(text)
        # Whatever cannot be printed is told to the one who wrote it, not to the one who approves.
        await self._preview(connection, document, text)
        return text

    async def submit(self, document_id: str, *, by: Official) -> None:
        """Hand the draft to the one who checks or approves. Raises Refused("remarks_open") while remarks wait for an
        answer, Refused("own_draft") where nobody could check it, UnfilledContent where the template's "…" is still
        there."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            waiting = unanswered(await workflow.asked(connection, document_id))
            if waiting:
                text = N_("Còn %(count)s ý kiến góp ý chưa được trả lời; xin tiếp thu hoặc giải trình rồi trình.")
                raise Refused("remarks_open", Reason(text, count=len(waiting)))
            today = self._now().astimezone(content.VIETNAM).date()
            _refuse_unready(await stored_content(connection, document), today)
            await records_checking.refuse_nobody(connection, document, by.id)
            await self._take(connection, document, Act.SUBMIT, by)

    async def pass_check(self, document_id: str, *, by: Official) -> None:
        """Form and law are as they should be. Raises Refused("own_draft") for who has written in it or submitted
        it."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            why = await records_checking.why_not(connection, document, by.id)
            if why is not None:
                raise Refused("own_draft", why)
            await self._take(connection, document, Act.CHECKED, by)

    async def not_to_check(self, document: Document, account_id: str) -> str | None:
        """Why the account does not check this text; None: it may, as far as its own hand goes."""
        async with self._database.read() as connection:
            return await records_checking.why_not(connection, document, account_id)

    async def send_back(self, document_id: str, *, by: Official, reason: str) -> None:
        """Return the draft to its author with a reason."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            await self._take(connection, document, Act.RETURN, by, reason_of(reason))

    async def take_back(self, document_id: str, *, by: Official) -> None:
        """Have a submitted draft back while nobody has checked or approved it."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            await self._take(connection, document, Act.TAKE_BACK, by)

    async def discard(self, document_id: str, *, by: Official, reason: str) -> None:
        """Go on no more with a draft; it stays on record, and can be restored."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            await self._take(connection, document, Act.DISCARD, by, reason_of(reason))

    async def restore(self, document_id: str, *, by: Official) -> None:
        """Take up a draft again that was discarded."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            await self._take(connection, document, Act.RESTORE, by)

    async def approve(self, document_id: str, *, by: Official) -> None:
        """Reserve the number, freeze the text and make the file to sign: all in one transaction, or nothing."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            now = self._now()
            day = now.astimezone(content.VIETNAM).date()
            after(document.state, Act.APPROVE, document.workflow)
            await self._refuse_without_keys(connection, document)
            known = await workflow.delegations(connection, document.unit.id)
            refuse_without_right(document.kind, document.signers, known, day)
            stored = await store.content(connection, document_id, document.version)
            text = content.from_json(document.kind, stored)
            _refuse_unready(text, day)
            await self._refuse_lost_files(text)
            authority = await store.authority(connection, document_id)
            await records_relations.refuse_wrong(connection, document, text)
            symbol = register.symbol(document.kind, authority.abbreviation, content.drafting_unit(text))
            series, above = await registers.place(connection, document.unit.id, document.kind, day)
            await numbers.reserve(connection, document, series, symbol, day, now, above)
            document = await self._take(connection, document, Act.APPROVE, by)
            heading = Heading(
                authority,
                document_id,
                document.signers,
                document.number_symbol,
                day,
                f"{self._base_url}/verify?code={document.code}",
                document.code,
            )
            page = await asyncio.to_thread(self._typesetter.typeset, document.kind, text, heading, at=now)
            prepared = await asyncio.to_thread(signing.prepare, page.pdf, page.fields)
            await store.put_working(connection, document_id, prepared)

    async def _refuse_without_keys(self, connection: AsyncConnection, document: Document) -> None:
        """A number is not given to what nobody could sign."""
        needed = {signer: Holder(signer.account, signer.role == "seal") for signer in document.signers}
        able = await certificates.holders(connection, needed.values())
        for signer, holder in needed.items():
            has_key = self._keys.has_seal if holder.seal else self._keys.has_person
            if holder not in able and not has_key(signer.account):
                text = N_("Chưa duyệt được: %(name)s chưa có chứng thư số để ký. Xin cấp chứng thư số rồi duyệt lại.")
                raise Refused("no_key", Reason(text, name=signer.name))

    async def void(self, document_id: str, *, by: Official, reason: str) -> None:
        """Give up the number, which is never used again; the text returns to draft and signatures made are void."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            after(document.state, Act.VOID, document.workflow)
            why = reason_of(reason)
            await numbers.end_entry(connection, document, EntryState.VOID, self._now(), why)
            await store.put_working(connection, document_id, None)
            none_left: dict[str, None] = dict.fromkeys(("year", "number", "symbol", "issued_on"))
            await self._take(connection, document, Act.VOID, by, f"{document.number_symbol}: {why}", **none_left)


def _may_edit(document: Document, expected_version: int) -> None:
    after(document.state, Act.EDIT, document.workflow)
    if document.version != expected_version:
        raise Conflict(document.version)


def _refuse_unready(text: Content, day: date) -> None:
    refuse_several_owners(text)
    refuse_past_deadlines(text, day)
    found = unfilled(text) if isinstance(text, TextContent) else None
    if found is not None:
        path, line = found
        raise UnfilledContent(path, cut(line, 120))


def _with_fixed_fields(data: dict[str, Any], before: Content) -> dict[str, Any]:
    """What an editor may not change is taken from the text before: the id and the evidence of the meeting."""
    kept = content.to_json(before)
    fixed = {name: kept[name] for name in content.FIXED_FIELDS if name in kept}
    return {**data, **fixed} if isinstance(data, dict) else data
