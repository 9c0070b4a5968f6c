"""Signing by a program that takes the whole file and sends it back signed (VGCA Sign Service)."""

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]

from minutes import evidence, returned, store
from minutes.document import Actor, Official
from minutes.errors import Unproved
from minutes.report import Expected
from minutes.trust import issuer_of
from server import directory
from server.records_signing import Signing, digest_of, over, turn_of
from server.records_stamping import changed
from server.records_verify import in_thread


class Returning(Signing):
    """A file goes out under a ticket, is fetched by whoever shows it, and comes back by it once."""

    async def issue_file(self, document_id: str, *, by: Official, seal: bool = False) -> str:
        """A ticket for `issued_file` and `accept_file`. Raises Refused("not_your_turn")."""
        document = await self.get(document_id)
        signer = turn_of(document, by, seal=seal)
        return await self._wait(document, signer, by, await self._working(document), None)

    async def issued_file(self, ticket: str) -> bytes:
        """The file that was issued under `ticket`. Raises Refused("ticket_over", "changed_meanwhile")."""
        waiting = await self._waiting(ticket)
        if waiting.half is not None:
            raise over()
        async with self._database.read() as connection:
            pdf = await store.working(connection, waiting.document_id)
        if digest_of(pdf) != waiting.issued:
            raise changed()
        return pdf

    async def accept_file(self, ticket: str, data: bytes) -> str:
        """Take the signed file back. Returns the document's id.

        Raises SigningFailed, Refused("ticket_over", "changed_meanwhile", "certificate_not_bound").
        """
        waiting = await self._waiting(ticket)
        if waiting.half is not None:
            raise over()
        by = await self._actor(waiting.account)
        document, signer, issued = await self._as_issued(waiting, by)

        async def look() -> asn1_x509.Certificate:
            return returned.signer_of(issued, data, signer.field)

        certificate = await in_thread(look)
        await self._demand_bound(signer, certificate)
        newest = Expected(signer.field, issuer_of(certificate), int(certificate.serial_number))
        await self._keep(document, signer, by, await self._proved(data), newest, waiting)
        return document.id

    async def _proved(self, data: bytes) -> bytes:
        """The file with the evidence for its newest signature and a time-stamp over all of it, for other programs put
        in neither. Where no time-stamp is to be had it stays as it is, and waits for one like any other."""
        try:
            return await in_thread(lambda: evidence.prove(data, trust=self._trust, time_stamper=self._time_stamper))
        except Unproved:
            return data

    async def _actor(self, account_id: str) -> Actor:
        """Who began it, if the account is still good."""
        async with self._database.read() as connection:
            account = await directory.account(connection, account_id)
        if account is None:
            raise over()
        return Actor(account.id, account.name, account.title)
