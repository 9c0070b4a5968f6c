"""What is published in place of a document that holds information which the public may not read.

The text without that information is typeset, sealed by the agency, proved by a time-stamp and archived like any other
file; the original stays as it is and unpublished.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from minutes import appearance, content, redaction, signing, store
from minutes.authority import Authority
from minutes.deposits import store as deposits
from minutes.deposits.entry import Entry, Kind
from minutes.deposits.examine import label_of
from minutes.document import FIELD_NAMES, Act, Document, Official
from minutes.errors import N_, Reason, Refused
from minutes.publication import may_publish
from minutes.redaction import Redacted, Removal, Rendition
from minutes.redaction import store as renditions
from minutes.redaction.suggestions import Suggestion, left_in, suggested
from minutes.report import Expected
from minutes.signing import Credential
from minutes.typeset import Heading
from minutes.validation import validate
from minutes.verification import fingerprint
from server.records_drafting import stored_content
from server.records_reading import actor_of, reason_if_any, reason_of
from server.records_stamping import Stamping, changed, not_good
from server.records_verify import in_thread


class Redacting(Stamping):
    """Publishing with information left out."""

    async def suggested_removals(self, document_id: str) -> tuple[Suggestion, ...]:
        """What in a document looks like personal data."""
        return await asyncio.to_thread(suggested, await self.content(document_id))

    async def redacted(self, document_id: str, removals: Sequence[Removal]) -> Redacted:
        """The text as it would be published. Raises Refused (minutes.redaction.redact, minutes.publication)."""
        document = await self.get(document_id)
        may_publish(document)
        return await asyncio.to_thread(redaction.redact, await self.content(document_id), removals, document)

    async def publish_redacted(
        self, document_id: str, removals: Sequence[Removal], *, by: Official, reason: str, pin: str, personal: str = ""
    ) -> str:
        """Publish a sealed document with information left out. `personal`: why what still looks like personal data may
        be read. Returns the digest of the file. Raises Refused, WrongPin, SigningFailed; NoTimeStamp where the service
        does not answer, for it is not published unproved."""
        document, why, now = await self.get(document_id), reason_of(reason), self._now()
        may_publish(document)
        async with self._database.read() as connection:
            text = await stored_content(connection, document)
            authority = await store.authority(connection, document_id)
        made = await asyncio.to_thread(redaction.redact, text, removals, document)
        left = left_in(made.content, reason_if_any(personal))
        credential = await asyncio.to_thread(self._keys.seal, document.unit.id, pin)
        unsigned = await asyncio.to_thread(self._set, document, authority, made, now)
        signed = await in_thread(lambda: self._sealed(document, unsigned, credential))
        expected = [Expected(FIELD_NAMES["seal"], credential.issuer, credential.serial)]
        report = await in_thread(lambda: validate(signed, self._trust, expected))
        if not report.ok or not report.stamped:
            raise not_good(report)
        digest, by_whom = await self._deposit(signed), actor_of(by)
        rendition = Rendition(
            digest, document_id, redaction.subject(made.content), content.to_json(made.content), made.removed, now,
            by_whom, credential.issuer, credential.serial,
        )  # fmt: skip
        label = label_of(document.unit.id, document.year or 0, document.number_symbol or "")
        async with self._database.begin() as connection:
            current = await self._unchanged(connection, document)
            if current.published:
                raise changed()
            entry = Entry(digest, Kind.RENDITION, document_id, label, now)
            await deposits.append(connection, entry, fingerprint(signed))
            await renditions.add(connection, rendition)
            await store.publish(connection, document_id, by_whom, now, why, rendition=digest)
            await self._take(
                connection, current, Act.PUBLISH, by, f"{why} {redaction.told(made.removed)} {left}".strip()
            )
        return digest

    def _set(self, document: Document, authority: Authority, made: Redacted, now: datetime) -> bytes:
        """The pages, with the one field that the agency signs."""
        number, day = document.number_symbol, document.issued_on
        if number is None or day is None:
            raise Refused("not_sealed", Reason(N_("Chỉ công khai được văn bản đã phát hành.")))
        heading = Heading(
            authority, document.id, document.signers, number, day,
            f"{self._base_url}/verify?code={document.code}", document.code, redaction.notice_line(number, day),
        )  # fmt: skip
        page = self._typesetter.typeset(document.kind, made.content, heading, at=now)
        return signing.prepare(page.pdf, [box for box in page.fields if box.name == FIELD_NAMES["seal"]])

    async def _sealed(self, document: Document, unsigned: bytes, credential: Credential) -> bytes:
        seal = next(one for one in document.signers if one.role == "seal")
        return await signing.sign(
            unsigned,
            FIELD_NAMES["seal"],
            credential,
            trust=self._trust,
            time_stamper=self._time_stamper,
            image=self._keys.seal_image(seal.account) or appearance.seal(seal.name),
            certify=True,
            seal=True,
            location=document.place,
        )
