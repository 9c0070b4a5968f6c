"""The use cases of the records: draft, review, approve, sign, seal, publish, and what the public may read.

Each method is one act or one question. Whether the asker may do it at all is decided before (server.auth); that a
signature is the one whose turn it is, and by the person named, is decided here. Errors are those of minutes.errors.
Typesetting and signing take from ten to some hundred milliseconds and run in threads.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import appearance, archive, content, register, signing, store
from minutes.archive import Archive
from minutes.content import Content
from minutes.document import Act, Actor, Document, HistoryEntry, Kind, Official, Signer, State, after
from minutes.errors import N_, Conflict, Reason, Refused, SigningFailed
from minutes.publication import (
    folded,
    may_publish,
    may_withdraw,
)
from minutes.register import EntryState
from minutes.signing import Credential, Trust
from minutes.typeset import Heading, Typesetter
from minutes.validation import Expected, Report, validate
from minutes.verification import Verdict, fingerprint
from rooms.proceedings import Proceedings, Unit
from server import records_drafting
from server.database import Database
from server.records_drafting import stored_content
from server.records_keys import KeyStore
from server.records_public import PublicRecords
from server.records_verify import Verifier, expected_signatures, in_thread


class Records(PublicRecords):
    """What officials do, on top of what everybody may read. `now` returns an aware time."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        trust: Trust,
        time_stamper: TimeStamper,
        keys: KeyStore,
        base_url: str,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(database, archive)
        self._trust = trust
        self._time_stamper = time_stamper
        self._keys = keys
        self._base_url = base_url.rstrip("/")
        self._now = now
        self._typesetter = Typesetter()
        self._verifier = Verifier(database, archive, trust)

    # Drafting

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
        if existing is not None:
            return existing
        drafted = await asyncio.to_thread(
            records_drafting.minutes, proceedings, authority, self._keys, self._typesetter, now
        )
        async with self._database.begin() as connection:
            existing = await store.minutes_of(connection, meeting.id)
            return existing or await records_drafting.add(connection, drafted, records_drafting.SYSTEM, now)

    async def draft_notice(self, minutes_id: str, by: Official, *, leader: Signer | None = None) -> str:
        """Draft the notice of the conclusions in sealed minutes, for `leader` (default: the chair) to sign.

        The same minutes again give the same notice. Returns its id.
        """
        async with self._database.begin() as connection:
            return await records_drafting.notice(connection, minutes_id, _actor(by), leader, self._now())

    async def add_directive(self, data: dict[str, Any], by: Official, *, unit: Unit, leader: Signer) -> str:
        """Add a draft directive; `data` is the JSON of a DirectiveContent, whose document_id is replaced."""
        async with self._database.begin() as connection:
            return await records_drafting.directive(connection, data, _actor(by), unit, leader, self._now())

    # Reading

    async def get(self, document_id: str) -> Document:
        """One document; raises NotFound."""
        async with self._database.read() as connection:
            return await store.get(connection, document_id)

    async def content(self, document_id: str) -> Content:
        """The newest text; raises NotFound."""
        async with self._database.read() as connection:
            return await stored_content(connection, await store.get(connection, document_id))

    async def content_json(self, document_id: str) -> dict[str, Any]:
        """The newest text as JSON; raises NotFound."""
        return content.to_json(await self.content(document_id))

    async def history(self, document_id: str) -> tuple[HistoryEntry, ...]:
        """Every act on the document, the oldest first."""
        async with self._database.read() as connection:
            return await store.history(connection, document_id)

    async def documents(
        self,
        *,
        kind: Kind | None = None,
        state: State | None = None,
        meeting_id: str | None = None,
        unit_id: str | None = None,
        limit: int = 200,
    ) -> tuple[Document, ...]:
        """Documents that match everything given, the last changed first."""
        async with self._database.read() as connection:
            return await store.search(connection, limit, kind=kind, state=state, meeting_id=meeting_id, unit_id=unit_id)

    async def pdf(self, document_id: str) -> bytes:
        """The archived file; before the seal the file as signed so far; before approval a page marked as a draft."""
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            if document.digest is not None:
                return await asyncio.to_thread(self._archive.fetch, document.digest)
            if document.number is not None:
                return await store.working(connection, document_id)
            text = await stored_content(connection, document)
            return await self._preview(connection, document, text)

    async def _preview(self, connection: AsyncConnection, document: Document, text: Content) -> bytes:
        heading = Heading(await store.authority(connection, document.id), document.id, document.signers)
        page = await asyncio.to_thread(self._typesetter.typeset, document.kind, text, heading, at=document.changed_at)
        return page.pdf

    # From draft to approval

    async def edit(self, document_id: str, data: dict[str, Any], *, by: Official, expected_version: int) -> int:
        """Save a new version and return its number. Raises Conflict, InvalidContent, SecretContent, Refused."""
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            _may_edit(document, expected_version)
            text = content.from_json(
                document.kind, _with_fixed_fields(data, await stored_content(connection, document))
            )
            # Whatever cannot be printed is told to the one who wrote it, not to the one who approves.
            await self._preview(connection, document, text)
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            _may_edit(document, expected_version)
            now, title = self._now(), content.title_of(text)
            version = await store.add_version(
                connection, document, content.to_json(text), title, folded(title), _actor(by), now
            )
            await store.log(connection, document_id, Act.EDIT, _actor(by), now, None)
            return version

    async def submit(self, document_id: str, *, by: Official) -> None:
        """Hand the draft to the one who approves."""
        await self._move(document_id, Act.SUBMIT, by, None)

    async def send_back(self, document_id: str, *, by: Official, reason: str) -> None:
        """Return the draft to its author with a reason."""
        await self._move(document_id, Act.RETURN, by, _reason(reason))

    async def _move(self, document_id: str, act: Act, by: Official, reason: str | None) -> None:
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            now = self._now()
            await store.change(connection, document_id, now, state=after(document.state, act).value)
            await store.log(connection, document_id, act, _actor(by), now, reason)

    async def approve(self, document_id: str, *, by: Official) -> None:
        """Reserve the number, freeze the text and make the file to sign: all in one transaction, or nothing."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            state = after(document.state, Act.APPROVE)
            self._refuse_without_keys(document)
            stored = await store.content(connection, document_id, document.version)
            text = content.from_json(document.kind, stored)
            authority = await store.authority(connection, document_id)
            now = self._now()
            day = now.astimezone(content.VIETNAM).date()
            symbol = register.symbol(document.kind, authority.abbreviation)
            await store.reserve(connection, document, register.series(document.kind), symbol, day, now)
            await store.change(connection, document_id, now, state=state.value)
            document = await store.get(connection, document_id)
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
            await store.log(connection, document_id, Act.APPROVE, _actor(by), now, None)

    def _refuse_without_keys(self, document: Document) -> None:
        """A number is not given to what nobody could sign."""
        for signer in document.signers:
            has_key = self._keys.has_seal if signer.role == "seal" else self._keys.has_person
            if not has_key(signer.account):
                text = N_("Chưa duyệt được: %(name)s chưa có chứng thư số để ký. Xin cấp chứng thư số rồi duyệt lại.")
                raise Refused("no_key", Reason(text, name=signer.name))

    async def void(self, document_id: str, *, by: Official, reason: str) -> None:
        """Give up the number, which is never used again; the text returns to draft and signatures made are void."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            now, state, why = self._now(), after(document.state, Act.VOID), _reason(reason)
            await store.end_entry(connection, document, EntryState.VOID, now, why)
            await store.put_working(connection, document_id, None)
            await store.change(
                connection, document_id, now, state=state.value, year=None, number=None, symbol=None, issued_on=None
            )
            await store.log(connection, document_id, Act.VOID, _actor(by), now, f"{document.number_symbol}: {why}")

    # Signing

    async def sign(self, document_id: str, *, by: Official, pin: str) -> None:
        """Sign as the person whose turn it is. Raises WrongPin, SigningFailed, Refused("not_your_turn")."""
        document = await self.get(document_id)
        signer, act = document.next_signer, document.signing_act()
        if signer is None or act is Act.SEAL:
            after(document.state, Act.SIGN)
            raise Refused("not_your_turn", Reason(N_("Văn bản đang chờ văn thư đóng dấu.")))
        if signer.account != by.id:
            after(document.state, act)
            text = N_("Chưa đến lượt đồng chí ký văn bản này; đang chờ chữ ký của %(name)s.")
            raise Refused("not_your_turn", Reason(text, name=signer.name))
        credential = await asyncio.to_thread(self._keys.person, signer.account, pin)
        signed = await self._signed_file(document, signer, credential)
        async with self._database.begin() as connection:
            current = await self._unchanged(connection, document)
            now = self._now()
            await store.add_signature(connection, current, credential.issuer, credential.serial, now)
            await store.put_working(connection, document_id, signed)
            await store.change(connection, document_id, now, state=after(current.state, act).value)
            await store.log(connection, document_id, act, _actor(by), now, None)

    async def seal(self, document_id: str, *, by: Official, pin: str) -> None:
        """Put the agency's signature last, complete the register entry and archive the file."""
        document = await self.get(document_id)
        state = after(document.state, Act.SEAL)
        signer = document.next_signer
        if signer is None or signer.role != "seal":
            raise Refused("wrong_state", Reason(N_("Văn bản chưa đủ chữ ký.")))
        credential = await asyncio.to_thread(self._keys.seal, signer.account, pin)
        signed = await self._signed_file(document, signer, credential)
        blocks = fingerprint(signed)
        # Durable before visible: the file is on the disk before the database says that it was issued.
        digest = await asyncio.to_thread(self._archive.deposit, signed)
        async with self._database.begin() as connection:
            current = await self._unchanged(connection, document)
            now = self._now()
            await store.add_signature(connection, current, credential.issuer, credential.serial, now)
            position = await store.next_number(connection, "archive") - 1
            await archive.enter(connection, position, digest, document_id, blocks)
            await store.end_entry(connection, current, EntryState.COMPLETE, now, None)
            await store.put_working(connection, document_id, None)
            await store.change(connection, document_id, now, state=state.value, digest=digest)
            await store.log(connection, document_id, Act.SEAL, _actor(by), now, None)

    async def _signed_file(self, document: Document, signer: Signer, credential: Credential) -> bytes:
        """The working file with one more signature, validated as a whole; a regression is thrown away."""
        async with self._database.read() as connection:
            pdf = await store.working(connection, document.id)
        sealing = signer.role == "seal"
        image = self._keys.seal_image(signer.account) if sealing else self._keys.person_image(signer.account)

        async def work() -> tuple[bytes, Report]:
            drawn = image or (appearance.seal(signer.name) if sealing else appearance.handwriting(signer.name))
            signed = await signing.sign(
                pdf,
                signer.field,
                credential,
                trust=self._trust,
                time_stamper=self._time_stamper,
                image=drawn,
                certify=not document.signed,
                seal=sealing,
                location=document.place,
            )
            newest = Expected(signer.field, credential.issuer, credential.serial)
            return signed, await validate(signed, self._trust, [*expected_signatures(document), newest])

        signed, report = await in_thread(work)
        if not report.ok:
            text = N_("chữ ký không đạt khi kiểm tra lại (%(problem)s)")
            raise SigningFailed(Reason(text, problem=report.problems[0]))
        return signed

    async def _unchanged(self, connection: AsyncConnection, seen: Document) -> Document:
        """The row as it is now; raises Refused when somebody acted while the signature was being made."""
        current = await store.get(connection, seen.id, lock=True)
        if (current.state, current.year, current.number, current.signed) != (
            seen.state,
            seen.year,
            seen.number,
            seen.signed,
        ):
            text = N_("Văn bản vừa được người khác xử lý; xin xem lại rồi làm tiếp.")
            raise Refused("changed_meanwhile", Reason(text))
        return current

    # Publication

    async def publish(self, document_id: str, *, by: Official, reason: str) -> None:
        """Make a sealed notice or directive readable by everybody. Raises Refused for anything else."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            may_publish(document)
            after(document.state, Act.PUBLISH)
            now, why = self._now(), _reason(reason)
            await store.publish(connection, document_id, _actor(by), now, why)
            await store.log(connection, document_id, Act.PUBLISH, _actor(by), now, why)

    async def withdraw(self, document_id: str, *, by: Official, reason: str) -> None:
        """Take a document off the public pages; both decisions stay on record."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            may_withdraw(document)
            after(document.state, Act.WITHDRAW)
            now, why = self._now(), _reason(reason)
            await store.withdraw(connection, document_id, _actor(by), now, why)
            await store.log(connection, document_id, Act.WITHDRAW, _actor(by), now, why)

    # Verification

    async def verify(self, data: bytes) -> Verdict:
        """Judge a file that somebody holds (at most minutes.verification.MAX_BYTES)."""
        return await self._verifier.verify(data)

    async def damaged(self) -> tuple[str, ...]:
        """Digests of archived files that are missing or damaged."""
        return await self._verifier.damaged()


def _may_edit(document: Document, expected_version: int) -> None:
    after(document.state, Act.EDIT)
    if document.version != expected_version:
        raise Conflict(document.version)


def _with_fixed_fields(data: dict[str, Any], before: Content) -> dict[str, Any]:
    """What an editor may not change is taken from the text before: the id and the evidence of the meeting."""
    kept = content.to_json(before)
    fixed = {name: kept[name] for name in content.FIXED_FIELDS if name in kept}
    return {**data, **fixed} if isinstance(data, dict) else data


def _actor(by: Official) -> Actor:
    return Actor(by.id, by.name, by.title)


def _reason(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > content.LINE:
        raise Refused("reason_needed", Reason(N_("Xin ghi lý do, không quá %(limit)s ký tự."), limit=content.LINE))
    return text
