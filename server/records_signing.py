"""Signing: whose turn it is, with which key, and what becomes of a file that is signed.

A key that is here (the key store, a PKCS#12 file of one request) signs in one step. A key that is elsewhere (a token,
a remote service, VGCA Sign Service) takes two, and between them the signing waits in a table: under a ticket that is
shown once, for a while, and for the file as it was issued only. Every file is validated as a whole before it counts;
one that does not hold is thrown away.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimeStamper

from minutes import appearance, interrupted, signing, store
from minutes.document import Act, Document, Official, Signer
from minutes.errors import N_, NoStatus, NoTimeStamp, Reason, Refused, Unproved
from minutes.interrupted import Interrupted
from minutes.interrupted import store as waiting_store
from minutes.interrupted.store import Waiting
from minutes.report import UNKNOWN_STATUS, Expected, Report
from minutes.signing import Credential
from minutes.transitions import after
from minutes.trust import issuer_of
from minutes.validation import validate
from minutes.verification import fingerprint
from server import certificates, records_relations
from server.certificates import Holder
from server.records_drafting import stored_content
from server.records_keys import KeyStore
from server.records_stamping import Stamping, changed, not_good
from server.records_verify import expected_signatures, in_thread

T = TypeVar("T")

log = structlog.get_logger("giaoban.signing")

UNPROVED = "Chưa có dấu thời gian: dịch vụ cấp dấu thời gian không trả lời."
UNKNOWN = "Chưa biết chứng thư số có bị thu hồi hay không: tổ chức chứng thực chưa trả lời."
"""What the history says of a signature that waits."""
WAITS = timedelta(minutes=30)
"""Between the two steps of a signature."""


@dataclass(frozen=True, slots=True)
class ToSign:
    """What goes to whoever has the key. `ticket` is secret and good for one signature."""

    document: Document
    ticket: str
    half: Interrupted


class Signing(Stamping):
    """The acts from the frozen text to the archive. Signing takes some hundred milliseconds and runs in threads."""

    @property
    def pictures(self) -> KeyStore:
        """Where the pictures of signatures and seals lie."""
        return self._keys

    # With a key that is here

    async def sign(self, document_id: str, *, by: Official, pin: str) -> None:
        """Sign as the person whose turn it is, with the key store's key. Raises WrongPin, SigningFailed,
        Refused("not_your_turn")."""
        document = await self.get(document_id)
        signer = turn_of(document, by, seal=False)
        credential = await asyncio.to_thread(self._keys.person, signer.account, pin)
        for _ in document.next_signers[1:]:
            try:
                return await self._sign(document, signer, by, credential)
            except Refused as refused:
                if refused.code != "changed_meanwhile":
                    raise
                # Somebody of the same step was faster: the signature is made anew over theirs.
                document = await self.get(document_id)
                signer = turn_of(document, by, seal=False)
        return await self._sign(document, signer, by, credential)

    async def seal(self, document_id: str, *, by: Official, pin: str) -> None:
        """Put the agency's signature last, complete the register entry and archive the file."""
        document = await self.get(document_id)
        signer = turn_of(document, by, seal=True)
        credential = await asyncio.to_thread(self._keys.seal, signer.account, pin)
        await self._sign(document, signer, by, credential)

    async def unlock(self, holder: Holder, pin: str) -> None:
        """Try a PIN on the key store's key of `holder`. Raises WrongPin, SigningFailed where there is none."""
        await asyncio.to_thread(self._keys.seal if holder.seal else self._keys.person, holder.id, pin)

    async def sign_with(self, document_id: str, *, by: Official, credential: Credential, seal: bool = False) -> None:
        """Sign with a key that the signer has brought for this once. Raises SigningFailed, Refused("not_your_turn",
        "certificate_not_bound")."""
        document = await self.get(document_id)
        signer = turn_of(document, by, seal=seal)
        await self._demand_bound(signer, credential.certificate)
        await self._sign(document, signer, by, credential)

    async def _sign(self, document: Document, signer: Signer, by: Official, credential: Credential) -> None:
        pdf = await self._working(document)
        signed = await self._stamped(
            lambda stamper: self._way(signing.sign, document, signer, stamper)(pdf, signer.field, credential)
        )
        newest = Expected(signer.field, credential.issuer, credential.serial)
        await self._keep(document, signer, by, signed, newest)

    # With a key that is elsewhere

    async def begin_signing(
        self, document_id: str, *, by: Official, certificate: asn1_x509.Certificate, seal: bool = False
    ) -> ToSign:
        """The first step: what the key of `certificate` is to sign. Beginning again replaces what was begun before.

        Raises SigningFailed, Refused("not_your_turn", "certificate_not_bound").
        """
        document = await self.get(document_id)
        signer = turn_of(document, by, seal=seal)
        await self._demand_bound(signer, certificate)
        pdf = await self._working(document)
        half = await self._stamped(
            lambda stamper: self._way(interrupted.begin, document, signer, stamper)(pdf, signer.field, certificate)
        )
        return ToSign(document, await self._wait(document, signer, by, pdf, half), half)

    async def finish_signing(self, ticket: str, *, by: Official, signature: bytes) -> str:
        """The second step: the raw signature has come back. Returns the document's id.

        Raises SigningFailed, Refused("ticket_over", "changed_meanwhile").
        """
        waiting = await self._waiting(ticket)
        if waiting.account != by.id or waiting.half is None:
            raise over()
        document, signer, _pdf = await self._as_issued(waiting, by)
        await self._finish(document, signer, by, waiting.half, signature, waiting)
        return document.id

    # Between the steps

    async def _wait(
        self, document: Document, signer: Signer, by: Official, pdf: bytes, half: Interrupted | None
    ) -> str:
        ticket, now = secrets.token_urlsafe(32), self._now()
        waiting = Waiting(
            document.id,
            by.id,
            digest_of(ticket.encode()),
            signer.field,
            len(document.signed),
            digest_of(pdf),
            now + WAITS,
            signer.role == "seal",
            half,
        )
        async with self._database.begin() as connection:
            await waiting_store.purge(connection, now)
            await waiting_store.put(connection, waiting)
        return ticket

    async def _waiting(self, ticket: str) -> Waiting:
        async with self._database.read() as connection:
            found = await waiting_store.by_ticket(connection, digest_of(ticket.encode()), self._now())
        if found is None:
            raise over()
        return found

    async def _as_issued(self, waiting: Waiting, by: Official) -> tuple[Document, Signer, bytes]:
        """The document, its signer and its file, if they are still those for which the signing was begun."""
        document = await self.get(waiting.document_id)
        signer = turn_of(document, by, seal=waiting.seal)
        pdf = await self._working(document)
        if (signer.field, len(document.signed), digest_of(pdf)) != (waiting.field, waiting.position, waiting.issued):
            raise changed()
        return document, signer, pdf

    # The file

    async def _stamped(self, make: Callable[[TimeStamper | None], Coroutine[Any, Any, T]]) -> T:
        """What `make` makes with the time-stamper; where that does not answer, without: nobody's signing waits for it,
        the document does."""
        try:
            return await in_thread(lambda: make(self._time_stamper))
        except NoTimeStamp:
            log.warning("signed without a time-stamp: the service does not answer as it should")
            return await in_thread(lambda: make(None))

    def _way(
        self, make: Callable[..., T], document: Document, signer: Signer, stamper: TimeStamper | None
    ) -> Callable[..., T]:
        """`make` (signing.sign or interrupted.begin) with all that belongs to this document and signer. Draws the
        picture, so call it in a thread."""
        sealing = signer.role == "seal"
        image = self._keys.seal_image(signer.account) if sealing else self._keys.person_image(signer.account)
        return partial(
            make,
            trust=self._trust,
            time_stamper=stamper,
            image=image or (appearance.seal(signer.name) if sealing else appearance.handwriting(signer.name)),
            certify=not document.signed,
            seal=sealing,
            location=document.place,
        )

    async def _finish(
        self,
        document: Document,
        signer: Signer,
        by: Official,
        half: Interrupted,
        signature: bytes,
        waiting: Waiting,
    ) -> None:
        signed = await self._stamped(
            lambda stamper: interrupted.finish(half, signature, trust=self._trust, time_stamper=stamper)
        )
        certificate = asn1_x509.Certificate.load(half.certificate)
        newest = Expected(signer.field, issuer_of(certificate), int(certificate.serial_number))
        await self._keep(document, signer, by, signed, newest, waiting)

    async def _keep(
        self,
        document: Document,
        signer: Signer,
        by: Official,
        signed: bytes,
        newest: Expected,
        waiting: Waiting | None = None,
    ) -> None:
        """Take over a file with one more signature, if all of it holds, but for time-stamps that may come later."""
        report = await in_thread(lambda: validate(signed, self._trust, [*expected_signatures(document), newest]))
        if not report.ok and not report.waits:
            raise not_good(report)
        sealing = signer.role == "seal"
        act, issuing = document.signing_act(), sealing and report.ok and report.stamped
        if sealing and not issuing:
            act = Act.SEAL_WAITING
        digest = await self._deposit(signed) if issuing else None
        async with self._database.begin() as connection:
            current = await self._unchanged(connection, document)
            if waiting is not None and not await waiting_store.forget(connection, document.id, waiting.account):
                raise over()
            now = self._now()
            await records_relations.refuse_wrong(connection, current, await stored_content(connection, current))
            await store.add_signature(connection, current, signer, newest.issuer, newest.serial, now)
            if digest is not None:
                await self._issue(connection, current, digest, fingerprint(signed), now)
            await store.put_working(connection, document.id, None if issuing else signed)
            missing = _unproved(report)
            await self._take(connection, current, act, by, str(missing.reason) if missing else None, digest=digest)
        if missing is not None and act is Act.SEAL_WAITING:
            self._held[document.id] = missing

    async def _demand_bound(self, signer: Signer, certificate: asn1_x509.Certificate) -> None:
        async with self._database.read() as connection:
            await certificates.demand(connection, Holder(signer.account, signer.role == "seal"), certificate)


def _unproved(report: Report) -> Unproved | None:
    """What a file still waits for."""
    if report.ok:
        return None
    unknown = any(one.reason == UNKNOWN_STATUS for one in report.signatures)
    return NoStatus(Reason(UNKNOWN)) if unknown else NoTimeStamp(Reason(UNPROVED))


def turn_of(document: Document, by: Official, *, seal: bool) -> Signer:
    """Who signs next, if that is `by`, or the seal if it is the seal's turn. Raises Refused."""
    if seal:
        after(document.state, Act.SEAL, document.workflow)
        return next(one for one in document.next_signers if one.role == "seal")
    act = document.signing_act()
    if act is Act.SEAL:
        raise Refused("not_your_turn", Reason(N_("Văn bản đang chờ văn thư đóng dấu.")))
    after(document.state, act, document.workflow)
    mine = next((one for one in document.next_signers if one.account == by.id), None)
    if mine is None:
        text = N_("Chưa đến lượt đồng chí ký văn bản này; đang chờ chữ ký của %(name)s.")
        raise Refused("not_your_turn", Reason(text, name=", ".join(one.name for one in document.next_signers)))
    return mine


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def over() -> Refused:
    text = N_("Lần ký này đã quá hạn, đã xong hoặc đã được bắt đầu lại ở nơi khác. Xin bắt đầu ký lại.")
    return Refused("ticket_over", Reason(text))
